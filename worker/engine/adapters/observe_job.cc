// The job kind `observe`: docs/formats.md section 3.
#include <algorithm>
#include <numeric>

#include "common/base/clock.h"
#include "common/base/fs.h"
#include "worker/engine/adapters/observation.h"
#include "worker/engine/formats/member.h"
#include "worker/engine/study.h"
#include "worker/engine/train/evaluate.h"

namespace eida::engine {
namespace {

bool Ascending(const std::vector<int64_t>& numbers) {
  return !numbers.empty() && numbers.front() >= 1 &&
         std::adjacent_find(numbers.begin(), numbers.end(), std::greater_equal<>()) ==
             numbers.end();
}

Result<observe::ObservationSettings> ReadSettings(const Job& job) {
  const std::string where = "job " + job.name + ": observe: ";
  const Json asked = job.spec.value("observe", Json::object());
  observe::ObservationSettings s;
  s.targets = GetOr<std::vector<std::string>>(asked, "targets", {});
  s.sizes = GetOr<std::vector<int64_t>>(asked, "sizes", {256});
  s.dims = GetOr<std::vector<int64_t>>(asked, "dims", {4, 8, 16, 32, 64});
  s.repeats = GetOr<int64_t>(asked, "repeats", s.repeats);
  s.held_out = GetOr<int64_t>(asked, "held_out", s.held_out);
  s.batch_size = GetOr<int64_t>(asked, "batch_size", s.batch_size);
  s.draw.tokens_per_sequence = GetOr<int64_t>(asked, "tokens_per_sequence", 2);
  s.draw.token_probability = GetOr<double>(asked, "token_probability", 0.0075);
  s.draw.every_token = true;  // as the document's figures have it
  s.seed = GetOr<uint64_t>(job.spec, "seed", 0);
  if (s.targets.empty()) return ConfigError(where + "targets is empty");
  if (!Ascending(s.sizes) || !Ascending(s.dims))
    return ConfigError(where + "sizes and dims are numbers of at least 1 that ascend");
  if (std::min({s.repeats, s.held_out, s.batch_size, s.draw.tokens_per_sequence}) < 1)
    return ConfigError(where +
                       "repeats, held_out, batch_size and tokens_per_sequence are at least 1");
  if (!(s.draw.token_probability > 0 && s.draw.token_probability < 1))
    return ConfigError(where + "token_probability lies outside (0, 1)");
  return s;
}

// The trained model where there is one, else the base with the head that a run of that seed has.
Result<Weights> Over(const Job& job, const Base& base, uint64_t seed) {
  if (job.inputs.count("weights") == 0) return HeadAtStart(base, seed);
  return ReadMember(base, job.inputs.at("weights"));
}

Json ToJson(const observe::Observed& one) {
  Json sizes = Json::array();
  for (const auto& size : one.sizes)
    sizes.push_back({{"tokens", size.tokens}, {"cosine", size.cosine}});
  return {{"name", one.name},
          {"role", one.role},
          {"side", one.update ? "update" : "input"},
          {"sizes", sizes}};
}

std::vector<int64_t> RowsOf(const Examples& examples, const std::vector<int64_t>& positions) {
  std::vector<int64_t> rows;
  for (const int64_t position : positions)
    rows.push_back(examples.items[static_cast<size_t>(position)]);
  return rows;
}

// Of the last size and dim, over repeats and sites.
double MeanOf(const std::vector<observe::Observed>& all, bool update) {
  double sum = 0;
  int64_t n = 0;
  for (const observe::Observed& one : all) {
    if (one.update != update) continue;
    for (const auto& cosine : one.sizes.back().cosine) {
      sum += cosine.back();
      ++n;
    }
  }
  return n == 0 ? 0 : sum / static_cast<double>(n);
}

}  // namespace

Result<JobResult> RunObserve(const Job& job, Events& events) {
  const Stopwatch watch;
  const auto split = Require<std::string>(job.spec, "split", "job " + job.name + ": spec");
  if (!split.ok()) return ConfigError(Message(split.status()));
  EIDA_ASSIGN_OR_RETURN(const observe::ObservationSettings s, ReadSettings(job));
  EIDA_ASSIGN_OR_RETURN(const ItemChoice choice, ReadItemChoice(job, *split, false));
  EIDA_ASSIGN_OR_RETURN(
      const Numerics numerics,
      ReadNumerics(job.spec.value("numerics", Json::object()), "job " + job.name + ": numerics"));
  EIDA_ASSIGN_OR_RETURN(const std::shared_ptr<const Base> base, LoadBase(job));
  EIDA_ASSIGN_OR_RETURN(const std::shared_ptr<const Examples> examples,
                        LoadExamples(job, *base, choice));
  EIDA_ASSIGN_OR_RETURN(const Weights over, Over(job, *base, s.seed));
  if (events.StopRequested()) return Preempted();
  const TrainingData data{*examples, *base->model, numerics.compute, s.batch_size};
  events.Progress(0, s.repeats, "repeats");
  const auto all = observe::Observe(*base, over, data, s, [&](int64_t done) {
    events.Progress(done, s.repeats, "repeats");
    return done == s.repeats || !events.StopRequested();
  });
  if (!all.ok()) return Annotate(all.status(), "job " + job.name);
  Json sites = Json::array(), items = Json::array();
  for (const observe::Observed& one : all->places) sites.push_back(ToJson(one));
  for (const observe::Looked& looked : all->repeats)
    items.push_back({{"held_out", RowsOf(*examples, looked.held_out)},
                     {"sample", RowsOf(*examples, looked.sample)}});
  const Json file = {{"format", "eida/observation/v1"},
                     {"split", *split},
                     {"item_hash", examples->item_hash},
                     {"seed", s.seed},
                     {"sequences", s.sizes},
                     {"dims", s.dims},
                     {"repeats", s.repeats},
                     {"held_out", s.held_out},
                     {"items", items},
                     {"sites", sites}};
  const std::string path = job.out + "/observation.json";
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(path, Canonical(file)));
  JobResult result;
  result.artifacts.push_back({"observation", "observation", path, {{"split", *split}}});
  result.summary = {{"split", *split},
                    {"sites", all->places.size()},
                    {"repeats", s.repeats},
                    {"input_cosine", MeanOf(all->places, false)},
                    {"update_cosine", MeanOf(all->places, true)},
                    {"seconds", watch.Seconds()}};
  return result;
}

}  // namespace eida::engine
