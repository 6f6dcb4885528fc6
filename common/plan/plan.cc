#include "common/plan/plan.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "common/base/digest.h"
#include "common/catalog/catalog.h"
#include "common/inputs/gather.h"
#include "common/plan/data_parts.h"
#include "common/plan/job_list.h"
#include "common/plan/parameters.h"
#include "common/spec/selection.h"

namespace eida::plan {
namespace {

constexpr size_t kMaxPairs = 1'000'000;

std::string ShortHash(const Json& value) { return DigestOf(Canonical(value)).str().substr(0, 16); }

bool Wanted(const std::string& pairs, const RunRecord& a, const RunRecord& b) {
  if (pairs == "same_variant") return a.variant == b.variant;
  if (pairs == "cross_variant") return a.variant != b.variant;
  if (pairs == "same_seed") return a.seed == b.seed;
  return true;
}

class Planner {
 public:
  Planner(const spec::SweepSpec& spec, const std::string& source, const PlanInputs& inputs)
      : spec_(spec), source_(source), inputs_(inputs) {}

  Result<Plan> Run() {
    EIDA_RETURN_IF_ERROR(Shared());
    EIDA_RETURN_IF_ERROR(Runs());
    for (size_t i = 0; i < plan_.runs.size(); ++i) {
      for (const char* role : {"split", "report"})
        Evaluate(i, "final", spec_.eval[role].get<std::string>(), std::nullopt, 0, EvalNumerics());
      if (Generates())
        Generate(plan_.runs[i].name, plan_.runs[i].id, Weights(i, "final", "weights"));
    }
    for (const spec::AnalysisSpec& analysis : spec_.analyses)
      EIDA_RETURN_IF_ERROR(Analyse(analysis));
    for (const spec::SoupSpec& soup : spec_.soups) EIDA_RETURN_IF_ERROR(Soup(soup));
    for (const spec::ObservationSpec& o : spec_.observations) EIDA_RETURN_IF_ERROR(Observe(o));
    plan_.jobs = jobs_.Take();
    Head();
    return std::move(plan_);
  }

 private:
  // The parts that every job's spec shares, and the files behind them.
  Status Shared() {
    const auto model = inputs_.files.find(spec_.model.path);
    if (model == inputs_.files.end())
      return InvalidArgument("the files of model.path \"" + spec_.model.path + "\" were not given");
    for (const auto& [name, digest] : model->second)
      model_inputs_.push_back({"model/" + name, digest});
    model_ = {{"digest", inputs::ModelDigest(model->second)},
              {"architecture", inputs_.model.architecture},
              {"labels", spec_.model.labels}};
    EIDA_ASSIGN_OR_RETURN(data_, DataParts::Of(spec_.data, inputs_));
    return OkStatus();
  }

  // The model and what the job sees of the data, in its spec and its inputs.
  void See(const std::set<std::string>& splits, NewJob& job) const {
    DataPart part = data_.For(splits);
    job.spec["model"] = model_;
    job.spec["data"] = std::move(part.data);
    job.inputs = model_inputs_;
    job.inputs.insert(job.inputs.end(), part.inputs.begin(), part.inputs.end());
  }

  Json EvalNumerics() const {
    return {{"precision", spec_.eval["precision"]},
            {"batch_size", spec_.eval["batch_size"]},
            {"batching", "bucketed"}};
  }

  // For jobs that measure losses.
  Json Smoothed(Json numerics) const {
    if (!spec_.eval.contains("label_smoothing")) return numerics;
    numerics["label_smoothing"] = spec_.eval["label_smoothing"];
    // What runs are chosen by, models are compared by.
    if (spec_.eval["metric"] == "loss_smoothed") numerics["loss"] = "loss_smoothed";
    return numerics;
  }

  bool Generates() const { return spec_.eval.contains("generate"); }

  // What a run learns from, and what it is judged by on the way.
  std::set<std::string> TrainingSplits() const {
    std::set<std::string> splits = {"train"};
    if (!spec_.eval["every"].is_null()) splits.insert(spec_.eval["split"].get<std::string>());
    return splits;
  }

  Status Runs() {
    // What the training does not look at must not decide whether it is reused.
    Json eval = spec_.eval["every"].is_null() ? Json{{"every", nullptr}} : spec_.eval;
    eval.erase("report");
    eval.erase("generate");
    for (const spec::VariantSpec& variant : spec_.variants) {
      const Result<Json> adapter = ResolvedAdapter(variant.adapter, inputs_);
      if (!adapter.ok()) return Annotate(adapter.status(), "variant \"" + variant.name + "\"");
      const Result<ParameterCount> parameters =
          CountParameters(inputs_.model, *adapter, spec_.model.labels);
      if (!parameters.ok())
        return Annotate(parameters.status(), "variant \"" + variant.name + "\"");
      for (int64_t seed : spec_.seeds) {
        RunRecord run;
        run.id = RunId(static_cast<int64_t>(plan_.runs.size()) + 1);
        run.index = static_cast<int>(plan_.runs.size());
        run.variant = variant.name;
        run.seed = seed;
        run.name = spec::RunName(variant.name, seed);
        run.settings = Canonical({{"adapter", *adapter}, {"train", variant.train}});
        run.trainable_parameters = parameters->trainable();
        run.base_parameters = parameters->base;
        NewJob job{JobKind::kTrain, "train/" + run.name, run.id};
        job.spec = {{"seed", seed},
                    {"adapter", *adapter},
                    {"train", variant.train},
                    {"eval", eval},
                    {"checkpoint", spec_.checkpoint}};
        if (!spec_.early_stop.is_null()) job.spec["early_stop"] = spec_.early_stop;
        See(TrainingSplits(), job);
        if (variant.adapter.contains("init")) {
          for (const auto& [name, digest] :
               inputs_.files.at(variant.adapter["init"].get<std::string>()))
            job.inputs.push_back({"init/" + name, digest});
        }
        job.cost = TrainCost(variant);
        job.bundle_key = PackOf(*adapter, variant.train);
        job.slots = spec_.slots_per_job;
        run.train_job = jobs_.Add(std::move(job));
        plan_.runs.push_back(std::move(run));
      }
    }
    return OkStatus();
  }

  // The bundle key of a run that may share a process: LoRA runs of equal numerics over the sweep's
  // model and data, in packs of spec_.pack. How runs are packed is no part of their fingerprints.
  std::string PackOf(const Json& adapter, const Json& train) {
    const auto type = GetOr<std::string>(adapter, "type", "none"),
               precision = GetOr<std::string>(train, "precision", "fp32");
    if (spec_.pack == 1 || (type != "lora" && type != "eva") || precision == "fp16") return "";
    const Json numerics = {
        {"precision", precision},
        {"gradient_checkpointing", train.value("gradient_checkpointing", Json())},
        {"label_smoothing", train.value("label_smoothing", Json())}};
    const std::string key = "train-" + ShortHash({{"model", model_},
                                                  {"data", data_.For(TrainingSplits()).data},
                                                  {"numerics", numerics}});
    return key + "-" + std::to_string(packed_[key]++ / spec_.pack);
  }

  // Seconds on some machine: only the order between jobs matters.
  double TrainCost(const spec::VariantSpec& variant) const {
    const double work = variant.train.contains("steps")
                            ? GetOr<double>(variant.train, "steps", 1) *
                                  GetOr<double>(variant.train, "batch_size", 32) / 1000
                            : GetOr<double>(variant.train, "epochs", 1);
    const double backward =
        GetOr<std::string>(variant.adapter, "type", "none") == "none" ? 1.5 : 1.0;
    return 10 * work * backward *
           std::max(0.1, static_cast<double>(inputs_.model.parameters) / 2e7);
  }

  ParentEdge Weights(size_t run, const std::string& at, const std::string& role) const {
    return {role, plan_.runs[run].train_job, at == "best" ? "best" : "weights"};
  }

  // The items of a split, and their files.
  void SeeItems(const std::string& split, const std::optional<int64_t>& samples, int64_t item_seed,
                const Json& numerics, NewJob& job) const {
    job.spec = {{"split", split},
                {"samples", samples ? Json(*samples) : Json(nullptr)},
                {"item_seed", item_seed},
                {"numerics", numerics}};
    See({split}, job);
  }

  JobId Evaluate(size_t run, const std::string& at, const std::string& split,
                 const std::optional<int64_t>& samples, int64_t item_seed, const Json& numerics) {
    NewJob job{JobKind::kEvaluate,
               "evaluate/" + plan_.runs[run].name + "/" + split +
                   (samples ? "-" + std::to_string(*samples) : "") + (at == "best" ? "/best" : ""),
               plan_.runs[run].id};
    SeeItems(split, samples, item_seed, Smoothed(numerics), job);
    job.parents = {Weights(run, at, "weights")};
    job.bundle_key = "evaluate-" + ShortHash(job.spec);
    job.cost = 2;
    return jobs_.Add(std::move(job));
  }

  // What a model writes for the reported split: a run, or a soup of runs.
  void Generate(const std::string& model, RunId run, const ParentEdge& weights) {
    const std::string split = spec_.eval["report"].get<std::string>();
    NewJob job{JobKind::kGenerate, "generate/" + model + "/" + split, run};
    Json options = spec_.eval["generate"], numerics = EvalNumerics();
    numerics["batch_size"] = options["batch_size"];
    SeeItems(split, std::nullopt, 0, numerics, job);
    job.spec["metrics"] = options["metrics"];
    options.erase("batch_size");
    options.erase("metrics");
    job.spec["generate"] = options;
    job.parents = {weights};
    job.bundle_key = "generate-" + ShortHash(job.spec);
    job.cost = 10;
    jobs_.Add(std::move(job));
  }

  std::vector<size_t> Select(const std::string& text, Status* status) const {
    const Result<spec::Selection> selection = spec::Selection::Parse(text);
    if (!selection.ok()) {
      *status = selection.status();
      return {};
    }
    std::vector<size_t> chosen;
    for (size_t i = 0; i < plan_.runs.size(); ++i) {
      if (selection->Matches(plan_.runs[i].variant, plan_.runs[i].seed, plan_.runs[i].name))
        chosen.push_back(i);
    }
    return chosen;
  }

  Json Members(const std::vector<size_t>& runs) const {
    Json members = Json::array();
    for (size_t i : runs)
      members.push_back({{"label", plan_.runs[i].name},
                         {"variant", plan_.runs[i].variant},
                         {"seed", plan_.runs[i].seed}});
    return members;
  }

  // The runs of an analysis and the pairs that it wants of them, by their places in `runs`. Of two
  // selections only the pairs across: rows of the one, columns of the other.
  struct Compared {
    std::vector<size_t> runs;
    size_t rows = 0;  // runs of the first selection
    std::vector<std::pair<size_t, size_t>> pairs;
  };
  Result<Compared> ComparedBy(const spec::AnalysisSpec& a) const {
    Status status;
    Compared of;
    of.runs = Select(a.select, &status);
    EIDA_RETURN_IF_ERROR(status);
    of.rows = of.runs.size();
    if (!a.with.empty()) {
      const std::vector<size_t> columns = Select(a.with, &status);
      EIDA_RETURN_IF_ERROR(status);
      of.runs.insert(of.runs.end(), columns.begin(), columns.end());
    }
    for (size_t i = 0; i < of.rows; ++i) {
      for (size_t j = a.with.empty() ? i + 1 : of.rows; j < of.runs.size(); ++j) {
        if (Wanted(a.pairs, plan_.runs[of.runs[i]], plan_.runs[of.runs[j]]))
          of.pairs.emplace_back(i, j);
      }
    }
    return of;
  }

  Status Analyse(const spec::AnalysisSpec& a) {
    EIDA_ASSIGN_OR_RETURN(const Compared of, ComparedBy(a));
    const std::vector<size_t>& runs = of.runs;
    NewJob matrix{JobKind::kMatrix, "matrix/" + a.name, RunId()};
    Json pairs = Json::array();
    for (const auto& [i, j] : of.pairs) pairs.push_back({i, j});
    if (pairs.size() > kMaxPairs)
      return InvalidArgument("analysis \"" + a.name + "\" has " + std::to_string(pairs.size()) +
                             " pairs, more than " + std::to_string(kMaxPairs));
    Json detail = {{"analysis", a.name},
                   {"split", a.split},
                   {"at", a.at},
                   {"precision", a.numerics["precision"]}};
    if (!a.preset.empty()) detail["preset"] = a.preset;
    if (!a.with.empty()) detail["rows"] = of.rows;
    if (catalog::Find(catalog::Analyses(), a.type)->by_path) {
      detail["alphas"] = a.alphas;
      detail["space"] = a.space;
      for (const Json& pair : pairs) {
        const size_t i = pair[0].get<size_t>(), j = pair[1].get<size_t>();
        matrix.parents.push_back({"pair/" + std::to_string(i) + "/" + std::to_string(j),
                                  Path(a, runs[i], runs[j]), "curve"});
      }
      matrix.quorum = 1;
    } else {
      detail["estimator"] = a.estimator;
      detail["layers"] = a.layers;
      detail["pool"] = "mean_nonspecial";
      for (size_t i = 0; i < runs.size(); ++i)
        matrix.parents.push_back({"member/" + std::to_string(i), Gram(a, runs[i]), "gram"});
      matrix.quorum = 2;
    }
    matrix.spec = {
        {"metric", a.type}, {"members", Members(runs)}, {"pairs", pairs}, {"detail", detail}};
    // Pairs of what failed are missing; the rest is drawn. Equal runs share their jobs.
    std::set<JobId> parents;
    for (const ParentEdge& edge : matrix.parents) parents.insert(edge.parent);
    matrix.quorum = std::min(matrix.quorum, static_cast<int>(parents.size()));
    jobs_.Add(std::move(matrix));
    return OkStatus();
  }

  JobId Path(const spec::AnalysisSpec& a, size_t i, size_t j) {
    const JobId end_a = Evaluate(i, a.at, a.split, a.samples, a.item_seed, a.numerics),
                end_b = Evaluate(j, a.at, a.split, a.samples, a.item_seed, a.numerics);
    NewJob job{
        JobKind::kPath,
        "path/" + plan_.runs[i].name + "~" + plan_.runs[j].name + (a.at == "best" ? "/best" : ""),
        RunId()};
    SeeItems(a.split, a.samples, a.item_seed, Smoothed(a.numerics), job);
    job.spec["alphas"] = a.alphas;
    job.spec["space"] = a.space;
    if (a.confidence != spec::AnalysisSpec().confidence) job.spec["confidence"] = a.confidence;
    job.parents = {Weights(i, a.at, "a"),
                   Weights(j, a.at, "b"),
                   {"end_a", end_a, "eval"},
                   {"end_b", end_b, "eval"}};
    job.bundle_key = "path-" + ShortHash(job.spec);
    job.cost = 0.5 * (a.alphas - 2);
    return jobs_.Add(std::move(job));
  }

  JobId Gram(const spec::AnalysisSpec& a, size_t i) {
    NewJob job{JobKind::kGram,
               "gram/" + plan_.runs[i].name + "/" + a.split + (a.at == "best" ? "/best" : ""),
               plan_.runs[i].id};
    SeeItems(a.split, a.samples, a.item_seed, a.numerics, job);
    job.spec["layers"] = a.layers;
    job.parents = {Weights(i, a.at, "weights")};
    job.bundle_key = "gram-" + ShortHash(job.spec);
    job.cost = 2;
    return jobs_.Add(std::move(job));
  }

  Status Soup(const spec::SoupSpec& s) {
    Status status;
    const std::vector<size_t> runs = Select(s.select, &status);
    EIDA_RETURN_IF_ERROR(status);
    NewJob job{JobKind::kSoup, "soup/" + s.name, RunId()};
    job.spec = {{"type", s.type},    {"options", s.options}, {"members", Members(runs)},
                {"select", s.split}, {"report", s.report},   {"numerics", Smoothed(s.numerics)}};
    if (s.split_half) job.spec["split_half"] = *s.split_half;
    See({s.split, s.report}, job);
    for (size_t k = 0; k < runs.size(); ++k) {
      const std::string index = std::to_string(k);
      job.parents.push_back(Weights(runs[k], "final", "member/" + index));
      job.parents.push_back({"select/" + index,
                             Evaluate(runs[k], "final", s.split, std::nullopt, 0, s.numerics),
                             "eval"});
      job.parents.push_back({"report/" + index,
                             Evaluate(runs[k], "final", s.report, std::nullopt, 0, s.numerics),
                             "eval"});
    }
    EIDA_RETURN_IF_ERROR(CheckRank(s, runs));
    EIDA_ASSIGN_OR_RETURN(job.shortcuts, PathsOf(s, runs));
    const bool tries = catalog::Find(catalog::SoupMethods(), s.type)->path_steps > 0;
    job.cost = tries ? 8.0 * static_cast<double>(runs.size()) : 5;
    const JobId soup = jobs_.Add(std::move(job));
    if (Generates()) Generate("soup/" + s.name, RunId(), {"weights", soup, "weights"});
    return OkStatus();
  }

  // A rank that a soup asks for must be one that every map of its members can have.
  Status CheckRank(const spec::SoupSpec& s, const std::vector<size_t>& members) const {
    const auto rank = GetOr<int64_t>(s.options, "rank", 0);
    for (const size_t run : members) {
      if (rank == 0) break;
      const Json settings = Json::parse(plan_.runs[run].settings);
      const auto sites = catalog::TargetSites(
          inputs_.model.sites,
          GetOr<std::vector<std::string>>(settings["adapter"], "targets", {"query", "value"}));
      EIDA_RETURN_IF_ERROR(sites.status());
      for (const catalog::SiteShape& site : *sites) {
        if (rank <= std::min(site.in, site.out)) continue;
        return InvalidArgument("soup \"" + s.name + "\": rank is " + std::to_string(rank) +
                               ", but " + site.name + " of " + plan_.runs[run].name + " maps " +
                               std::to_string(site.in) + " to " + std::to_string(site.out) +
                               " numbers: its rank is at most " +
                               std::to_string(std::min(site.in, site.out)));
      }
    }
    return OkStatus();
  }

  // The paths between members that the sweep's analyses measure anyway and whose points are what
  // the soup tries first: same weights, split, items and numerics, and a grid that holds them.
  Result<std::vector<ParentEdge>> PathsOf(const spec::SoupSpec& s,
                                          const std::vector<size_t>& members) {
    const int steps = catalog::Find(catalog::SoupMethods(), s.type)->path_steps;
    const auto metric = GetOr<std::string>(s.options, "metric", "");
    std::vector<ParentEdge> paths;
    if (steps == 0 || s.split_half || (metric != "loss" && metric != "accuracy"))
      return paths;                            // what curves hold
    std::unordered_map<size_t, size_t> place;  // run -> member
    for (size_t k = 0; k < members.size(); ++k) place[members[k]] = k;
    std::set<std::string> known;
    for (const spec::AnalysisSpec& a : spec_.analyses) {
      if (!catalog::Find(catalog::Analyses(), a.type)->by_path || a.at != "final" ||
          a.space != "merged" || a.split != s.split || a.samples || a.numerics != s.numerics ||
          (a.alphas - 1) % steps != 0)
        continue;
      EIDA_ASSIGN_OR_RETURN(const Compared of, ComparedBy(a));
      const std::vector<size_t>& runs = of.runs;
      for (const auto& [i, j] : of.pairs) {
        const auto one = place.find(runs[i]), other = place.find(runs[j]);
        if (one == place.end() || other == place.end()) continue;
        const std::string role =
            "path/" + std::to_string(one->second) + "/" + std::to_string(other->second);
        if (known.insert(role).second) paths.push_back({role, Path(a, runs[i], runs[j]), "curve"});
      }
    }
    return paths;
  }

  Status Observe(const spec::ObservationSpec& o) {
    const auto targets = o.settings["targets"].get<std::vector<std::string>>();
    const auto sites = catalog::TargetSites(inputs_.model.sites, targets);
    if (!sites.ok()) return Annotate(sites.status(), "observation \"" + o.name + "\"");
    NewJob job{JobKind::kObserve, "observe/" + o.name, RunId()};
    job.spec = {{"split", o.split},
                {"seed", o.seed},
                {"observe", o.settings},
                {"numerics", {{"precision", o.precision}}}};
    See({o.split}, job);
    job.cost = 60;
    if (!o.of_runs) {
      jobs_.Add(std::move(job));
      return OkStatus();
    }
    Status status;
    for (const size_t run : Select(o.select, &status)) {
      NewJob own = job;
      own.name += "/" + plan_.runs[run].name;
      own.run = plan_.runs[run].id;
      own.parents = {Weights(run, "final", "weights")};
      jobs_.Add(std::move(own));
    }
    return status;
  }

  void Head() {
    SweepRecord& sweep = plan_.sweep;
    sweep.name = spec_.name;
    sweep.description = spec_.description;
    sweep.labels = spec_.labels;
    sweep.source = source_;
    // With what its files turned out to hold, and the data as a job that saw all of it would have
    // it.
    std::set<std::string> splits;
    for (const spec::SplitSpec& split : spec_.data.splits) splits.insert(split.name);
    Json resolved = ToJson(spec_);
    resolved["inputs"] = {{"model", model_}, {"data", data_.For(splits).data}};
    sweep.resolved = Canonical(resolved);
    sweep.retries = spec_.retries;
    sweep.max_parallel = spec_.max_parallel;
    sweep.max_failures = spec_.max_failures;
    sweep.priority = spec_.priority;
    Json all = {{"name", spec_.name}};
    for (const JobRecord& job : plan_.jobs)
      all["jobs"].push_back({job.spec.name, job.spec.fingerprint.str()});
    sweep.fingerprint = Fingerprint(DigestOf(Canonical(all)).str());
  }

  const spec::SweepSpec& spec_;
  const std::string& source_;
  const PlanInputs& inputs_;
  Plan plan_;
  JobList jobs_;
  Json model_;
  DataParts data_;
  std::vector<JobInput> model_inputs_;
  std::map<std::string, int> packed_;  // runs of each pack's kind so far
};

}  // namespace

Result<Plan> MakePlan(const spec::SweepSpec& spec, const std::string& source,
                      const PlanInputs& inputs) {
  return Planner(spec, source, inputs).Run();
}

}  // namespace eida::plan
