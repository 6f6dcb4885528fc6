#include "client/report/build.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "client/report/writers.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/render/matrix_file.h"

namespace eida::report {
namespace {

std::string Plural(int64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

std::vector<std::string> Warnings(const Study& study) {
  std::vector<std::string> warnings;
  const std::string done =
      std::to_string(study.jobs_done) + " of " + Plural(study.jobs, "job") + " succeeded";
  if (study.state == "running")
    warnings.push_back("This sweep is still running: " + done +
                       " so far. What follows is what there is now; it will change.");
  else if (study.state != "succeeded")
    warnings.push_back("This sweep " +
                       std::string(study.state == "cancelled" ? "was cancelled" : "failed") + ": " +
                       done + ". What follows is what there is.");
  std::string missing;
  int64_t count = 0;
  for (const Model& model : study.models) {
    if (model.trained()) continue;
    ++count;
    if (count <= 12) missing += (missing.empty() ? "" : ", ") + model.run;
  }
  if (count > 12) missing += ", ..";
  if (count > 0)
    warnings.push_back(std::to_string(count) + " of " +
                       Plural(static_cast<int64_t>(study.models.size()), "run") +
                       " have no trained model: " + missing + ".");
  return warnings;
}

void AddFacts(const Study& study, Document& document) {
  std::set<std::string> variants;
  std::set<int64_t> seeds;
  for (const Model& model : study.models) {
    variants.insert(model.variant);
    seeds.insert(model.seed);
  }
  document.facts = {
      {"Sweep", study.name + " (" + study.id + "), " + study.state},
      {"Task", study.task + (study.data_name.empty() ? "" : ", " + study.data_name)},
      {"Model",
       study.model_path + (study.architecture.empty() ? "" : " (" + study.architecture + ")")},
      {"Runs", study.models.empty()
                   ? "none, observations of the model alone"
                   : Plural(static_cast<int64_t>(variants.size()), "variant") + ", " +
                         Plural(static_cast<int64_t>(seeds.size()), "seed")},
      {"Submitted", FormatTime({study.provenance.created_ms})}};
  if (study.provenance.finished_ms > 0)
    document.facts.push_back({"Ended", FormatTime({study.provenance.finished_ms})});
  document.facts.push_back({"Report made", FormatTime({study.provenance.read_ms})});
}

Section Reading(const Paper& paper) {
  Section section{"readings", "Readings and slips", {}};
  section.blocks.push_back(Paragraph{"Where the paper leaves a choice, this was taken:"});
  section.blocks.push_back(List{paper.readings});
  section.blocks.push_back(Paragraph{
      "Where the paper contradicts itself, its own tables or its code; reported, not repaired:"});
  section.blocks.push_back(List{paper.slips});
  return section;
}

Section NotCovered(const PaperPart& part) {
  Section section{"not-covered", "Not covered by this sweep", {}};
  Table table;
  table.id = "Not-covered";
  table.listed = false;
  table.caption = "Tables and figures of the paper that the sweep does not cover";
  table.columns = {{"item"}, {"what it needs"}};
  for (const Missing& missing : part.missing)
    table.rows.push_back({{Cell::Of(missing.item), Cell::Of(missing.what)}});
  section.blocks.push_back(std::move(table));
  return section;
}

void AddPaper(const Paper& paper, const Results& results, Document& document) {
  PaperPart part = paper.build(results);
  const Study& study = results.study();
  document.sections.push_back(
      {"claims",
       "What the paper says",
       {Paragraph{paper.setup + " This sweep: " + study.task + " on " + study.data_name +
                  ", model " + study.model_path +
                  ". Where these differ, orders and signs compare; digits need not."},
        ClaimsTable(paper.claims(), results)}});
  for (Section& section : part.sections) document.sections.push_back(std::move(section));
  if (!part.missing.empty()) document.sections.push_back(NotCovered(part));
  document.sections.push_back(Reading(paper));
}

std::string PictureCsv(const render::LinePlot& plot) {
  render::Table table{{{"series"}, {"x"}, {"y"}, {"low"}, {"high"}}, {}};
  const auto text = [](const std::vector<double>& values, size_t i) {
    return i < values.size() && std::isfinite(values[i]) ? FormatDouble(values[i]) : std::string();
  };
  for (const render::Series& s : plot.series) {
    for (size_t i = 0; i < s.x.size(); ++i)
      table.rows.push_back({s.label, text(s.x, i), text(s.y, i), text(s.low, i), text(s.high, i)});
  }
  return render::ToCsv(table);
}

std::string PictureCsv(const render::HeatMap& map) {
  std::vector<std::string> labels;
  for (size_t i = 0; i < map.labels.size(); ++i)
    labels.push_back((map.groups[i].empty() ? map.title : map.groups[i]) + " " + map.label_name +
                     " " + map.labels[i]);
  return render::MatrixToCsv(labels, map.values);
}

// Ids come from names in the sweep, which are letters, digits, -, _ and dots; anything else never
// gets into a path.
std::string FileStem(const std::string& id) {
  std::string stem;
  for (const char c : id) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_';
    stem += plain ? c : '_';
  }
  return stem;
}

Status AddFigure(const Figure& figure, Files& files) {
  for (size_t p = 0; p < figure.panels.size(); ++p) {
    const std::string stem = "figures/" + FileStem(PanelName(figure, p));
    for (const auto& [format, ending] :
         {std::pair{render::ImageFormat::kSvg, ".svg"}, {render::ImageFormat::kPng, ".png"}}) {
      EIDA_ASSIGN_OR_RETURN(std::string bytes, DrawPicture(figure.panels[p], format));
      files.emplace_back(stem + ending, std::move(bytes));
    }
    files.emplace_back(
        stem + ".csv",
        std::visit([](const auto& picture) { return PictureCsv(picture); }, figure.panels[p]));
  }
  return OkStatus();
}

}  // namespace

Document Build(const Study& study, const Paper* paper) {
  const Results results(study);
  Document document;
  document.title = study.name + (paper == nullptr ? ": results" : ": " + paper->title);
  document.subtitle = study.description;
  document.warnings = Warnings(study);
  AddFacts(study, document);
  if (paper != nullptr) AddPaper(*paper, results, document);
  std::vector<Section> more = {VariantsSection(results)};
  if (paper == nullptr) {
    more.push_back(AnalysesSection(study));
    more.push_back(SoupsSection(study));
    more.push_back(ObservationsSection(study));
  }
  more.push_back(TextsSection(study));
  more.push_back(SettingsSection(study));
  more.push_back(ProblemsSection(study));
  more.push_back(ComputeSection(study));
  more.push_back(ReproduceSection(study, paper));
  for (Section& section : more) {
    if (!section.blocks.empty()) document.sections.push_back(std::move(section));
  }
  return document;
}

Result<Files> ToFiles(const Document& document) {
  Files files;
  EIDA_ASSIGN_OR_RETURN(std::string html, ToHtml(document));
  files.emplace_back("report.html", std::move(html));
  files.emplace_back("report.md", ToMarkdown(document));
  for (const Section& section : document.sections) {
    for (const Block& block : section.blocks) {
      if (const auto* table = std::get_if<Table>(&block)) {
        const std::string stem = "tables/" + FileStem(table->id);
        files.emplace_back(stem + ".csv", ToCsv(*table));
        files.emplace_back(stem + ".md", ToMarkdown(*table));
        files.emplace_back(stem + ".tex", ToLatex(*table));
      } else if (const auto* figure = std::get_if<Figure>(&block)) {
        EIDA_RETURN_IF_ERROR(AddFigure(*figure, files));
      }
    }
  }
  return files;
}

}  // namespace eida::report
