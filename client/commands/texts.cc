#include <algorithm>

#include "client/commands/verb.h"
#include "client/output/format.h"
#include "client/results.h"
#include "client/select.h"
#include "common/base/digest.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

struct TextsArguments {
  std::string run, split;
  int64_t limit = 10;
};

// The `generate` job of a run, "[sweep/]run", on that split; "": on the reported one, else on the
// first that it writes texts of.
Result<v1::Job> FindGenerated(Api& api, const std::string& text, const std::string& split) {
  const SweepPath path = SplitSweep(text);
  EIDA_ASSIGN_OR_RETURN(const SweepData data, LoadSweep(api, path.sweep, split.empty()));
  const std::string prefix = "generate/" + path.rest + "/";
  const std::string wanted = split.empty() ? EvaluationOf(data).report : split;
  const v1::Job* found = nullptr;
  std::vector<std::string> splits;
  bool any = false;
  for (const v1::Job& job : data.jobs) {
    if (job.kind() != v1::JOB_KIND_GENERATE) continue;
    any = true;
    if (job.name().rfind(prefix, 0) != 0) continue;
    splits.push_back(job.name().substr(prefix.size()));
    if (found == nullptr || splits.back() == wanted) found = &job;
  }
  if (!split.empty() && !splits.empty() &&
      std::find(splits.begin(), splits.end(), split) == splits.end())
    return NotFound(path.rest + " writes no texts of split \"" + split +
                    "\" (it does of: " + Join(splits, ", ") + ")" + Meant(split, splits));
  if (found != nullptr) return *found;
  if (!any)
    return NotFound("sweep " + data.Id() + " generates no texts: its file has no eval.generate");
  return NotFound("sweep " + data.Id() + " has no run \"" + path.rest + "\" that writes texts" +
                  DidYouMean(data, path.rest));
}

// For people: a source, what was written, what would have been right.
std::string Block(const Json& line) {
  std::string block = "[" + line.value("item", Json()).dump() + "] " +
                      GetOr<std::string>(line, "source", "") + "\n  text       " +
                      GetOr<std::string>(line, "text", "") + "\n";
  for (const Json& reference : line.value("references", Json::array()))
    block += "  reference  " + reference.get<std::string>() + "\n";
  return block;
}

Result<std::vector<Json>> First(const std::string& file, const std::string& name, int64_t limit) {
  std::vector<Json> lines;
  for (const std::string& line : Split(file, '\n')) {
    if (line.empty()) continue;
    if (limit > 0 && static_cast<int64_t>(lines.size()) == limit) break;
    EIDA_ASSIGN_OR_RETURN(Json parsed, ParseJson(line, name));
    lines.push_back(std::move(parsed));
  }
  return lines;
}

Result<int> PrintTexts(Context& c, Session& session, const TextsArguments& a) {
  EIDA_ASSIGN_OR_RETURN(const v1::Job job, FindGenerated(session.api(), a.run, a.split));
  EIDA_ASSIGN_OR_RETURN(const v1::Artifact artifact, FindArtifact(job, "texts"));
  EIDA_ASSIGN_OR_RETURN(const std::string file, session.api().Get(Digest(artifact.digest())));
  EIDA_ASSIGN_OR_RETURN(const std::vector<Json> lines, First(file, job.name(), a.limit));
  if (c.options.output == "table" || c.options.output == "wide") {
    for (const Json& line : lines) *c.out << Block(line);
    return static_cast<int>(kOk);
  }
  render::Table table{{{"item"}, {"source"}, {"text"}, {"references"}}, {}};
  for (const Json& line : lines)
    table.rows.push_back({line.value("item", Json()).dump(), GetOr<std::string>(line, "source", ""),
                          GetOr<std::string>(line, "text", ""),
                          Join(GetOr<std::vector<std::string>>(line, "references", {}), " || ")});
  c.printer().List("Text", table, lines);
  return static_cast<int>(kOk);
}

}  // namespace

void Register_texts(CLI::App* app, Context& context) {
  auto a = std::make_shared<TextsArguments>();
  app->add_option("RUN", a->run, "Whose texts: a run's name, a sweep in front or not")->required();
  app->add_option("--split", a->split, "Of which split (the reported one)");
  app->add_option("--limit", a->limit, "The first so many (10); 0 = all")
      ->check(CLI::NonNegativeNumber);
  OnChosen(app, context, [a](Context& c) {
    return WithSession(c, Need::kExisting, [&](Session& s) { return PrintTexts(c, s, *a); });
  });
}

}  // namespace eida::client
