// What single kinds promise beyond the contract.
#include <map>
#include <regex>
#include <set>

#include "client/synth/rows.h"
#include "client/synth/words.h"
#include "common/base/text.h"
#include "gmock/gmock.h"

namespace eida::synth {
namespace {

std::vector<std::string> LinesOf(const std::string& kind, size_t split, int64_t rows) {
  const auto splits = (*FindKind(kind))->make({rows, 0});
  EXPECT_TRUE(splits.ok());
  std::vector<std::string> lines = eida::Split((*splits)[split].content, '\n');
  lines.pop_back();
  return lines;
}

TEST(WordsTest, FormsArePickedAndSlotsFilled) {
  Rng rng(0);
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i)
    seen.insert(Expand("[a |]{x}[!|{y}]", {{"x", "b[c]"}, {"y", "?"}}, rng));
  EXPECT_EQ(seen, (std::set<std::string>{"a b[c]!", "a b[c]?", "b[c]!", "b[c]?"}));
}

TEST(ParaphrasesTest, TheHeaderIsQqpsAndQuestionsKeepTheirNumber) {
  const std::vector<std::string> lines = LinesOf("paraphrases", 0, 2000);
  EXPECT_EQ(lines[0], "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate");
  std::map<std::string, std::string> numbers;
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = eida::Split(lines[i], '\t');
    EXPECT_EQ(cells[0], std::to_string(i - 1));
    for (const size_t k : {1, 2})
      EXPECT_EQ(numbers.emplace(cells[k + 2], cells[k]).first->second, cells[k]) << lines[i];
  }
}

// Words that both questions have, of all words that one has.
double Shared(const std::string& a, const std::string& b) {
  const auto set = [](const std::string& text) {
    const std::vector<std::string> words = eida::Split(text.substr(0, text.size() - 1), ' ');
    return std::set<std::string>(words.begin(), words.end());
  };
  const std::set<std::string> x = set(a), y = set(b);
  size_t both = 0;
  for (const std::string& word : x) both += y.count(word);
  return static_cast<double>(both) / static_cast<double>(x.size() + y.size() - both);
}

TEST(ParaphrasesTest, SharedWordsDoNotTellDuplicates) {
  double sum[2] = {0, 0};
  int n[2] = {0, 0};
  std::vector<std::pair<double, int>> pairs;
  const std::vector<std::string> lines = LinesOf("paraphrases", 0, 4000);
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = eida::Split(lines[i], '\t');
    const int label = cells[5] == "1";
    pairs.emplace_back(Shared(cells[3], cells[4]), label);
    sum[label] += pairs.back().first;
    ++n[label];
  }
  EXPECT_NEAR(sum[0] / n[0], sum[1] / n[1], 0.12);
  // The best threshold on shared words, either way round.
  std::ranges::sort(pairs);
  int ones_below = 0, best = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    ones_below += pairs[i].second;
    if (i + 1 < pairs.size() && pairs[i + 1].first == pairs[i].first) continue;
    const int right = static_cast<int>(i + 1) - ones_below + (n[1] - ones_below);
    best = std::max({best, right, static_cast<int>(pairs.size()) - right});
  }
  EXPECT_LT(best, 0.72 * static_cast<double>(pairs.size()));
}

TEST(ParaphrasesTest, AnExchangeIsADuplicateOnlyWhereTheOrderIsFree) {
  const auto things = [](const std::string& question, const std::regex& form) {
    std::smatch found;
    return std::regex_search(question, found, form) ? std::pair(found.str(1), found.str(2))
                                                    : std::pair<std::string, std::string>();
  };
  const std::regex trip("from (\\w+) to (\\w+)"), back("to (\\w+) from (\\w+)"),
      between("between (\\w+) and (\\w+)"), apart("(?:are|do) (\\w+) and (\\w+)");
  int trips = 0, distances = 0;
  for (const std::string& line : LinesOf("paraphrases", 0, 4000)) {
    const std::vector<std::string> cells = eida::Split(line, '\t');
    const auto there = things(cells[3], trip), again = things(cells[4], back);
    if (!there.first.empty() && there == again) {  // from A to B, to A from B
      EXPECT_EQ(cells[5], "0") << line;
      ++trips;
    }
    const auto one = things(cells[3], between), two = things(cells[4], apart);
    distances +=
        !one.first.empty() && one.first == two.second && one.second == two.first && cells[5] == "1";
  }
  EXPECT_GT(trips, 20);
  EXPECT_GT(distances, 20);
}

TEST(PhrasesTest, OneEnglishPhraseHasOneTranslation) {
  std::map<std::string, std::string> translations;
  for (const uint64_t seed : {0, 1, 2}) {
    const auto splits = (*FindKind("phrases"))->make({5000, seed});
    for (const Split& split : *splits) {
      for (const std::string& line : eida::Split(split.content, '\n')) {
        const std::vector<std::string> cells = eida::Split(line, '\t');
        if (cells.size() == 2) {
          EXPECT_EQ(translations.emplace(cells[0], cells[1]).first->second, cells[1]);
        }
      }
    }
  }
}

TEST(PhrasesTest, RomanianIsWrittenWithCommasBelow) {
  std::string all;
  for (const std::string& line : LinesOf("phrases", 0, 2000)) all += line + "\n";
  EXPECT_NE(all.find("ș"), std::string::npos);
  EXPECT_EQ(all.find("\u015f"), std::string::npos);
  EXPECT_EQ(all.find("\u0163"), std::string::npos);
}

TEST(RestaurantsTest, AMeaningHasSeveralTextsAndEachSaysItsName) {
  std::map<std::string, int> texts;
  for (const std::string& line : LinesOf("restaurants", 0, 2000)) {
    const size_t bar = line.find("||");
    ASSERT_NE(bar, std::string::npos) << line;
    const std::string meaning = line.substr(0, bar), text = line.substr(bar + 2);
    const std::string name = meaning.substr(7, meaning.find(" | ") - 7);
    EXPECT_THAT(text, testing::HasSubstr(name));
    EXPECT_TRUE(text.ends_with(" .")) << text;
    ++texts[meaning];
  }
  int several = 0;
  for (const auto& [meaning, count] : texts) several += count > 1;
  EXPECT_GT(2 * several, static_cast<int>(texts.size()));
}

TEST(RowsTest, MoreRowsThanThereAreIsAnErrorThatSaysHowMany) {
  int drawn = 0;
  const auto rows = DrawRows({{"train", "train.tsv", true}}, {100, 0}, [&](int64_t) {
    return Row{std::to_string(drawn++ % 7), {"x"}};
  });
  ASSERT_FALSE(rows.ok());
  EXPECT_THAT(Message(rows.status()),
              testing::AllOf(testing::HasSubstr("after 7 different rows"),
                             testing::HasSubstr("ask for fewer with --rows")));
}

}  // namespace
}  // namespace eida::synth
