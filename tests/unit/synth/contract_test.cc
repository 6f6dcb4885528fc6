// What every kind of kinds.def keeps, without a test of its own.
#include <map>
#include <set>

#include "client/synth/synth.h"
#include "common/base/text.h"
#include "common/catalog/catalog.h"
#include "gmock/gmock.h"

namespace eida::synth {
namespace {

using testing::HasSubstr;

class ContractTest : public testing::TestWithParam<Kind> {
 protected:
  static std::vector<Split> Make(int64_t rows, uint64_t seed) {
    const auto splits = GetParam().make({rows, seed});
    EXPECT_TRUE(splits.ok()) << Message(splits.status());
    return splits.ok() ? *splits : std::vector<Split>();
  }
  static bool HasHeader() { return !GetParam().settings.back().ends_with("e2e"); }
  static std::vector<std::string> Lines(const Split& split) {
    std::vector<std::string> lines = eida::Split(split.content, '\n');
    EXPECT_EQ(lines.back(), "") << "the last line ends";
    lines.pop_back();
    if (HasHeader()) lines.erase(lines.begin());
    return lines;
  }
};

TEST_P(ContractTest, TheSameSeedGivesTheSameBytesAndAnotherOneOthers) {
  const std::vector<Split> a = Make(300, 5), b = Make(300, 5), c = Make(300, 6);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].content, b[i].content);
    EXPECT_NE(a[i].content, c[i].content);
  }
}

TEST_P(ContractTest, EverySplitHasAsManyRowsAsWereAskedFor) {
  const std::vector<Split> splits = Make(500, 0);
  ASSERT_GE(splits.size(), 2u);
  EXPECT_EQ(splits[0].name, "train");
  for (const Split& split : splits) {
    EXPECT_EQ(split.rows, split.name == "train" ? 500 : 50);
    EXPECT_EQ(static_cast<int64_t>(Lines(split).size()), split.rows);
  }
}

TEST_P(ContractTest, RowsAreWholeAndDistinct) {
  for (const Split& split : Make(500, 1)) {
    const size_t tabs = std::ranges::count(split.content.substr(0, split.content.find('\n')), '\t');
    std::set<std::string> seen;
    for (const std::string& line : Lines(split)) {
      EXPECT_TRUE(seen.insert(line).second) << line;
      EXPECT_EQ(static_cast<size_t>(std::ranges::count(line, '\t')), HasHeader() ? tabs : 0)
          << line;
      EXPECT_EQ(line.find_first_of("{}[]\"\r"), std::string::npos) << line;
      EXPECT_EQ(line.find("  "), std::string::npos) << line;
      EXPECT_EQ(line, std::string(Trim(line)));
    }
  }
}

TEST_P(ContractTest, ASplitHasNoSourceOfAnotherOne) {
  std::map<std::string, std::string> where;  // source -> split
  for (const Split& split : Make(12000, 2)) {
    for (const std::string& line : Lines(split)) {
      const std::vector<std::string> cells = eida::Split(line, '\t');
      const std::string source = cells.size() == 6   ? cells[3] + "\t" + cells[4]
                                 : cells.size() == 2 ? cells[0]
                                                     : line.substr(0, line.find("||"));
      EXPECT_EQ(where.emplace(source, split.name).first->second, split.name) << source;
    }
  }
}

TEST_P(ContractTest, LabelsAreBalanced) {
  const std::string task = GetParam().settings[0].substr(std::string("task: ").size());
  const catalog::Task* known = catalog::Find(catalog::Tasks(), task);
  ASSERT_NE(known, nullptr) << task;
  if (known->generates) GTEST_SKIP() << "has no labels";
  for (const Split& split : Make(400, 3)) {
    int64_t ones = 0;
    for (const std::string& line : Lines(split)) {
      EXPECT_THAT(line.substr(line.size() - 2), testing::AnyOf("\t0", "\t1"));
      ones += line.back() == '1';
    }
    EXPECT_EQ(2 * ones, split.rows) << split.name;
  }
}

TEST_P(ContractTest, ManyRowsCanBeHad) { EXPECT_EQ(Make(20000, 0)[0].rows, 20000); }

INSTANTIATE_TEST_SUITE_P(Kinds, ContractTest, testing::ValuesIn(Kinds()),
                         [](const auto& info) { return info.param.id; });

TEST(KindsTest, AnUnknownKindNamesTheKnownOnesAndWhatWasMeant) {
  const auto kind = FindKind("phrase");
  ASSERT_FALSE(kind.ok());
  EXPECT_THAT(Message(kind.status()),
              testing::AllOf(HasSubstr("did you mean \"phrases\""),
                             HasSubstr("paraphrases, phrases, restaurants, sentiment")));
}

}  // namespace
}  // namespace eida::synth
