#include "client/fetch/forms.h"

#include "gmock/gmock.h"

namespace eida::fetch {
namespace {

using testing::HasSubstr;

TEST(FormsTest, GlueKeepsWholeRowsAndCountsTheOthers) {
  const auto out =
      Convert(Form::kGlue,
              "id\tquestion1\tquestion2\tis_duplicate\r\n1\ta \"b\"\tc\t0\r\n2\ta\t\t1\n"
              "3\ta\n4\td\te\t1",
              "train.tsv");
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->content, "id\tquestion1\tquestion2\tis_duplicate\n1\ta \"b\"\tc\t0\n4\td\te\t1\n");
  EXPECT_EQ(out->rows, 2);
  EXPECT_EQ(out->dropped, 2);
}

TEST(FormsTest, AFileThatIsNoTsvIsRefused) {
  for (const char* content : {"", "<html>\n</html>", "a\tb\n"})
    EXPECT_EQ(Convert(Form::kGlue, content, "x").status().code(),
              absl::StatusCode::kInvalidArgument)
        << content;
}

TEST(FormsTest, E2eCsvBecomesALineARow) {
  const auto out =
      Convert(Form::kE2eCsv,
              "\xEF\xBB\xBF\"mr\",\"ref\"\r\n\"name[A], area[b]\",\"It is \"\"A\"\",\nhere.\"\n"
              "name[B],Plain\n,empty\n",
              "trainset.csv");
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->content, "name[A], area[b]||It is \"A\", here.\nname[B]||Plain\n");
  EXPECT_EQ(out->rows, 2);
  EXPECT_EQ(out->dropped, 1);
}

TEST(FormsTest, TheTestSetsHeaderIsInOtherLetters) {
  EXPECT_TRUE(Convert(Form::kE2eCsv, "MR,ref\na,b\n", "x").ok());
}

TEST(FormsTest, ABadCsvIsToldWithItsLine) {
  const auto wide = Convert(Form::kE2eCsv, "mr,ref\na,b\na,b,c\n", "x.csv");
  EXPECT_THAT(Message(wide.status()), HasSubstr("x.csv:3: has 3 fields"));
  const auto open = Convert(Form::kE2eCsv, "mr,ref\n\"a,b\n", "x.csv");
  EXPECT_THAT(Message(open.status()),
              HasSubstr("x.csv:2: a double quote is opened here and never closed"));
  const auto other = Convert(Form::kE2eCsv, "text,label\na,b\n", "x.csv");
  EXPECT_THAT(Message(other.status()), HasSubstr("expected mr, ref"));
}

TEST(FormsTest, PairsBecomeATable) {
  const auto out = Convert(Form::kPairs,
                           "{\"translation\": {\"en\": \"A\\tb\", \"ro\": \"\xC8\x98\"}}\n"
                           "{\"translation\": {\"ro\": \"\", \"en\": \"x\"}}\n",
                           "train.json");
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->content, "en\tro\nA b\t\xC8\x98\n");
  EXPECT_EQ(out->rows, 1);
  EXPECT_EQ(out->dropped, 1);
}

TEST(FormsTest, ALineThatIsNoPairIsToldWithItsNumber) {
  for (const char* line :
       {"not json", "{\"en\": \"x\"}", "{\"translation\": {\"en\": \"x\", \"ro\": 3}}",
        "{\"translation\": {\"en\": \"x\", \"de\": \"y\"}}"}) {
    const auto out = Convert(
        Form::kPairs, std::string("{\"translation\": {\"en\": \"a\", \"ro\": \"b\"}}\n") + line,
        "t.json");
    EXPECT_THAT(Message(out.status()), HasSubstr("t.json:2: ")) << line;
  }
}

}  // namespace
}  // namespace eida::fetch
