// How the numbers came about: settings, failures, cost, and what it takes to make them again.
#include <cmath>
#include <map>

#include "client/report/build.h"
#include "common/base/clock.h"
#include "common/base/text.h"

namespace eida::report {
namespace {

constexpr size_t kMostProblems = 40;

std::string Duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  char text[64];
  if (seconds < 60)
    snprintf(text, sizeof text, "%.1f s", seconds);
  else if (whole < 3600)
    snprintf(text, sizeof text, "%ld min %02ld s", static_cast<long>(whole / 60),
             static_cast<long>(whole % 60));
  else
    snprintf(text, sizeof text, "%ld h %02ld min", static_cast<long>(whole / 3600),
             static_cast<long>(whole / 60 % 60));
  return text;
}

Table Digests(const std::string& id, const std::string& caption, const std::string& what,
              const std::vector<std::pair<std::string, std::string>>& digests) {
  Table table;
  table.id = id;
  table.listed = false;
  table.caption = caption;
  table.columns = {{what}, {"SHA-256"}};
  for (const auto& [name, digest] : digests)
    table.rows.push_back({{Cell::Of(name), Cell::Of(digest)}});
  return table;
}

// What all variants have alike.
std::map<std::string, std::string> Shared(const Study& study) {
  std::map<std::string, std::string> shared = study.settings.front().second;
  for (const auto& [variant, settings] : study.settings) {
    std::erase_if(shared, [&](const auto& one) {
      const auto found = settings.find(one.first);
      return found == settings.end() || found->second != one.second;
    });
  }
  return shared;
}

std::string Listed(const std::map<std::string, std::string>& settings,
                   const std::map<std::string, std::string>& without) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : settings) {
    if (without.count(key) == 0) parts.push_back(key + " " + value);
  }
  return parts.empty() ? "nothing else" : Join(parts, ", ");
}

}  // namespace

Section SettingsSection(const Study& study) {
  Section section{"settings", "Settings", {}};
  if (study.settings.empty()) return section;
  Table table;
  table.id = "Settings";
  table.listed = false;
  table.caption = "What each variant was trained with, as the sweep was resolved";
  table.columns = {{"variant"}, {"settings"}};
  const std::map<std::string, std::string> shared = Shared(study);
  if (study.settings.size() > 1 && !shared.empty())
    table.rows.push_back({{Cell::Of("all"), Cell::Of(Listed(shared, {}))}});
  for (const auto& [variant, settings] : study.settings)
    table.rows.push_back(
        {{Cell::Of(variant),
          Cell::Of(Listed(settings, study.settings.size() > 1
                                        ? shared
                                        : std::map<std::string, std::string>()))}});
  section.blocks.push_back(std::move(table));
  return section;
}

Section ProblemsSection(const Study& study) {
  Section section{"problems", "What failed or is missing", {}};
  if (study.problems.empty()) {
    section.blocks.push_back(Paragraph{"Nothing: every job of the sweep succeeded."});
    return section;
  }
  Table table;
  table.id = "Missing";
  table.listed = false;
  table.caption = "Jobs without a result: what depends on them is missing above";
  table.columns = {{"job"}, {"state"}, {"why"}};
  for (size_t i = 0; i < study.problems.size() && i < kMostProblems; ++i) {
    const Problem& p = study.problems[i];
    table.rows.push_back({{Cell::Of(p.job), Cell::Of(p.state), Cell::Of(p.message)}});
  }
  if (study.problems.size() > kMostProblems)
    table.note = "And " + std::to_string(study.problems.size() - kMostProblems) +
                 " more: eidactl get jobs " + study.id + ".";
  section.blocks.push_back(std::move(table));
  return section;
}

Section ComputeSection(const Study& study) {
  Section section{"compute", "Compute time and energy", {}};
  Table table;
  table.id = "Compute";
  table.listed = false;
  table.caption = "Time that jobs of each kind held a slot, added up";
  table.columns = {{"kind of job"}, {"jobs"}, {"of them reused"}, {"time"}};
  double total = 0;
  for (const Compute& c : study.provenance.compute) {
    total += c.seconds;
    table.rows.push_back({{Cell::Of(c.kind), Cell::Of(std::to_string(c.jobs)),
                           Cell::Of(std::to_string(c.reused)), Cell::Of(Duration(c.seconds))}});
  }
  if (table.rows.empty()) {
    section.blocks.push_back(Paragraph{"No job has run to its end."});
    return section;
  }
  table.rows.push_back({{Cell::Of("all"), Cell::Of(""), Cell::Of(""), Cell::Of(Duration(total))}});
  table.note = "A reused job took over the result of an equal one and cost nothing here.";
  if (!study.provenance.workers.empty())
    table.note += " Workers: " + Join(study.provenance.workers, ", ") + ".";
  section.blocks.push_back(std::move(table));
  section.blocks.push_back(Paragraph{"Energy is not known: nothing measured it."});
  return section;
}

Section ReproduceSection(const Study& study, const Paper* paper) {
  Section section{"reproduce", "To reproduce", {}};
  const Provenance& p = study.provenance;
  section.blocks.push_back(Code{"eidactl run sweep.yaml" + p.options +
                                "    # the file below, with the model and data that it names\n"
                                "eidactl report " +
                                study.name + (paper == nullptr ? "" : " --paper " + paper->id) +
                                " -O report"});
  section.blocks.push_back(Paragraph{
      "eidactl " + p.client_version +
      (p.server_version.empty() ? "" : ", coordinator " + p.server_version) +
      ". On a CPU in fp32 with equal thread counts the same file gives the same bytes, whose "
      "digests are below. The sweep file, as it was submitted:"});
  section.blocks.push_back(Code{p.sweep_file});
  if (!p.signatures.empty()) {
    List how;
    for (const auto& [metric, signature] : p.signatures)
      how.items.push_back(metric + ": " + signature);
    section.blocks.push_back(Paragraph{"Texts were scored by:"});
    section.blocks.push_back(std::move(how));
  }
  if (!p.digests.empty())
    section.blocks.push_back(Digests("Inputs", "What went in: model and data", "input", p.digests));
  if (!p.artifacts.empty())
    section.blocks.push_back(
        Digests("Results", "What came out: weights, matrices and soups", "result", p.artifacts));
  return section;
}

}  // namespace eida::report
