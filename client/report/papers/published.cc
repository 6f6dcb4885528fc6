#include "client/report/papers/published.h"

#include <cstdlib>
#include <limits>

#include "common/base/text.h"

namespace eida::report {
namespace {

std::vector<double> Numbers(const std::string& text) {
  std::vector<double> numbers;
  for (const std::string& word : Split(text, ' '))
    numbers.push_back(word == "-" ? std::numeric_limits<double>::quiet_NaN()
                                  : std::strtod(word.c_str(), nullptr));
  return numbers;
}

struct Builder {
  std::vector<PublishedTable> tables;
  void Table(const char* id, const char* task, const char* split, const char* settings,
             const char* caption) {
    tables.push_back({id, task, split, caption, eida::Split(settings, '|'), {}});
  }
  // Rows stand behind their table.
  void Row(const char* metric, const char* heading, int decimals, double factor,
           const char* values) {
    PublishedTable& table = tables.back();
    PublishedRow row{metric, heading, decimals, factor, {}};
    const std::vector<double> numbers = Numbers(values);
    for (size_t i = 0; i < table.settings.size() && i < numbers.size(); ++i)
      row.values[table.settings[i]] = numbers[i];
    table.rows.push_back(std::move(row));
  }
};

}  // namespace

#define EIDA_TABLE(id, task, split, settings, caption) \
  builder.Table(#id, #task, #split, settings, caption);
#define EIDA_ROW(table, metric, heading, decimals, factor, values) \
  builder.Row(#metric, heading, decimals, factor, values);

const std::vector<PublishedTable>& ThesisTables() {
  static const auto* const tables = [] {
    Builder builder;
#include "client/report/papers/thesis.def"
    return new std::vector<PublishedTable>(std::move(builder.tables));
  }();
  return *tables;
}

const std::vector<PublishedTable>& EidaTables() {
  static const auto* const tables = [] {
    Builder builder;
#include "client/report/papers/eida.def"
    return new std::vector<PublishedTable>(std::move(builder.tables));
  }();
  return *tables;
}

const std::vector<PublishedFigure>& ObservedFigures() {
  static const auto* const figures = new std::vector<PublishedFigure>{
#define EIDA_OBSERVED(architecture, side, role, of_64, of_32) \
  {#architecture, #side, #role, Numbers(of_64), Numbers(of_32)},
#include "client/report/papers/observed.def"
  };
  return *figures;
}

const PublishedFigure* FindObserved(const std::string& architecture, const std::string& side,
                                    const std::string& role) {
  for (const PublishedFigure& figure : ObservedFigures()) {
    if (figure.architecture == architecture && figure.side == side && figure.role == role)
      return &figure;
  }
  return nullptr;
}

const std::vector<PublishedRule>& RankRules() {
  static const auto* const rules = new std::vector<PublishedRule>{{"roberta", "input", 10, 49},
                                                                  {"roberta", "update", 51, 73},
                                                                  {"gpt2", "input", 35, 48},
                                                                  {"gpt2", "update", 25, 72}};
  return *rules;
}

}  // namespace eida::report
