// From a study to a document, and from a document to the files of a report.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/report/document.h"
#include "client/report/paper.h"
#include "client/report/study.h"

namespace eida::report {

// `paper` null: a general report of the sweep. Pure.
Document Build(const Study& study, const Paper* paper);

// Name within the report's directory -> content: report.html, report.md, tables/<id>.csv, .md and
// .tex, figures/<id>.svg, .png and .csv.
using Files = std::vector<std::pair<std::string, std::string>>;
Result<Files> ToFiles(const Document& document);

// The parts that build.cc puts together.
Section VariantsSection(const Results& results);
Section AnalysesSection(const Study& study);
Section SoupsSection(const Study& study);
Section ObservationsSection(const Study& study);
Section TextsSection(const Study& study);
Section SettingsSection(const Study& study);
Section ProblemsSection(const Study& study);
Section ComputeSection(const Study& study);
Section ReproduceSection(const Study& study, const Paper* paper);

}  // namespace eida::report
