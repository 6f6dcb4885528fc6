// What the papers print, as data: the tables of papers/*.def.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace eida::report {

struct PublishedRow {
  std::string metric, heading;
  int decimals = 3;
  double factor = 1;                     // our value times this is in the unit that is printed
  std::map<std::string, double> values;  // by setting, as printed
};

struct PublishedTable {
  std::string id, task, split, caption;  // split: select (choices are made on it) or report
  std::vector<std::string> settings;     // keys (results.h), in the paper's order
  std::vector<PublishedRow> rows;
};

// In the papers' order.
const std::vector<PublishedTable>& ThesisTables();
const std::vector<PublishedTable>& EidaTables();

// A figure of the EIDA document: the mean cosine by layer.
struct PublishedFigure {
  std::string architecture, side, role;
  std::vector<double> of_64, of_32;  // NaN = not to be read
};
const std::vector<PublishedFigure>& ObservedFigures();
const PublishedFigure* FindObserved(const std::string& architecture, const std::string& side,
                                    const std::string& role);

// How many sites the document gives 64 dims by its rule.
struct PublishedRule {
  std::string architecture, side;
  int64_t large = 0, all = 0;
};
const std::vector<PublishedRule>& RankRules();

}  // namespace eida::report
