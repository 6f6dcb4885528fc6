// A paper's part of the report: its tables and figures with ours beside them.
#pragma once

#include <string>
#include <vector>

#include "client/report/claims.h"
#include "client/report/compare.h"
#include "client/report/document.h"
#include "client/report/results.h"

namespace eida::report {

struct PaperPart {
  std::vector<Section> sections;
  std::vector<Missing> missing;  // items of the paper that the sweep does not cover
};

struct Paper {
  std::string id, title;
  std::string setup;  // data, models and seeds of the paper, a sentence
  PaperPart (*build)(const Results& results);
  const std::vector<Claim>& (*claims)();
  std::vector<std::string> readings;  // where the paper is ambiguous
  std::vector<std::string> slips;     // where it contradicts itself, its code or its own tables
};
// thesis, eida.
const std::vector<Paper>& Papers();
const Paper* FindPaper(const std::string& id);  // null = there is none

PaperPart ThesisPart(const Results& results);
PaperPart EidaPart(const Results& results);
Section ThesisRankMaps(const Results& results, PaperPart& part);
Section ThesisGapMaps(const Results& results, PaperPart& part);

// "a sweep of task translation (this one: classification)".
std::string TaskNeeded(const std::string& task, const Results& results);

// A table and, on another task, or without results, the reason why it is missing.
void AddTable(const PublishedTable& published, const Results& results, Table table,
              const std::string& needs, Section& section, PaperPart& part);

}  // namespace eida::report
