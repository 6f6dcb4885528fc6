// `eidactl new`: what it writes, what it says, and what it refuses.
#include "common/base/fs.h"
#include "common/base/text.h"
#include "tests/unit/client/program.h"

namespace eida::client {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Outcome New(const std::vector<std::string>& arguments) {
  FakeApi api;
  std::vector<std::string> whole = {"new"};
  whole.insert(whole.end(), arguments.begin(), arguments.end());
  return Program(api).Run(whole);
}

class NewDataTest : public testing::Test {
 protected:
  std::string In(const std::string& name) const { return JoinPath(dir_.path(), name); }
  TempDir dir_;
};

TEST_F(NewDataTest, ItWritesTheSplitsAndSaysHowASweepNamesThem) {
  const Outcome outcome = New({"data", "phrases", "-O", In("p"), "--rows", "100"});
  ASSERT_EQ(outcome.code, kOk) << outcome.err;
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("train.tsv: 100 rows"), HasSubstr("test.tsv: 20 rows"),
                    HasSubstr("data:\n  task: translation\n"), HasSubstr("  target_lang: ro_RO\n"),
                    HasSubstr("    validation: " + In("p/validation.tsv"))));
  const Result<std::string> train = ReadFile(In("p/train.tsv"));
  ASSERT_TRUE(train.ok());
  EXPECT_EQ(train->substr(0, 6), "en\tro\n");
  EXPECT_EQ(std::ranges::count(*train, '\n'), 101);
}

TEST_F(NewDataTest, ADirectoryWithSomethingInItIsLeftAloneUnlessForced) {
  ASSERT_TRUE(WriteFileAtomic(In("notes.txt"), "mine").ok());
  const std::vector<std::string> made = {"data", "sentiment", "-O", dir_.path()};
  const Outcome outcome = New(made);
  EXPECT_EQ(outcome.code, kConflict);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("is not empty (it has notes.txt)"), HasSubstr("--force")));
  EXPECT_FALSE(FileExists(In("train.tsv")));
  std::vector<std::string> forced = made;
  forced.push_back("--force");
  EXPECT_EQ(New(forced).code, kOk);
  EXPECT_TRUE(FileExists(In("train.tsv")));
  EXPECT_EQ(*ReadFile(In("notes.txt")), "mine");
}

TEST_F(NewDataTest, AFileInPlaceOfTheDirectoryIsSaid) {
  ASSERT_TRUE(WriteFileAtomic(In("taken"), "x").ok());
  const Outcome outcome = New({"data", "sentiment", "-O", In("taken")});
  EXPECT_EQ(outcome.code, kConflict);
  EXPECT_THAT(outcome.err, HasSubstr("taken is a file"));
}

TEST_F(NewDataTest, UnknownKindsAndWordsAreUsageErrors) {
  const Outcome kind = New({"data", "sentimant", "-O", In("x")});
  EXPECT_EQ(kind.code, kUsage);
  EXPECT_THAT(kind.err, HasSubstr("did you mean \"sentiment\""));
  EXPECT_EQ(New({"dat", "sentiment", "-O", In("x")}).code, kUsage);
  EXPECT_EQ(New({"data", "sentiment", "-O", In("x"), "--rows", "0"}).code, kUsage);
  EXPECT_FALSE(FileExists(In("x")));
}

TEST_F(NewDataTest, OptionsOfTheOtherThingAreRefused) {
  const Outcome data = New({"data", "sentiment", "-O", In("x"), "--layers", "2"});
  EXPECT_EQ(data.code, kUsage);
  EXPECT_THAT(data.err, HasSubstr("--layers is for models"));
  EXPECT_THAT(New({"model", "bert", "-O", In("x"), "--rows", "2"}).err,
              HasSubstr("--rows is for data"));
}

// As far as it goes without a runner; with one: tests/e2e/test_new.py.
class NewModelTest : public NewDataTest {
 protected:
  NewModelTest() {
    EXPECT_TRUE(WriteFileAtomic(In("words.txt"), "some words\n").ok());
    EXPECT_TRUE(WriteFileAtomic(In("words.json"), "{}").ok());
  }
};

TEST_F(NewModelTest, UnknownFamiliesAreListed) {
  const Outcome outcome = New({"model", "brt", "--text", In("words.txt"), "-O", In("m")});
  EXPECT_EQ(outcome.code, kUsage);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("did you mean \"bart\""),
                                 HasSubstr("bart, bert, gpt2, mbart, roberta")));
}

TEST_F(NewModelTest, TextsMustBeGivenAndBeThere) {
  const auto model = [&](const std::vector<std::string>& texts) {
    std::vector<std::string> arguments = {"model", "bert", "-O", In("m")};
    if (!texts.empty()) arguments.push_back("--text");
    for (const std::string& text : texts) arguments.push_back(In(text));
    return New(arguments);
  };
  EXPECT_EQ(model({}).code, kUsage);
  EXPECT_THAT(model({}).err, HasSubstr("name .txt or .tsv files with --text"));
  const Outcome gone = model({"words.txt", "gone.tsv"});
  EXPECT_EQ(gone.code, kNotFound);
  EXPECT_THAT(gone.err, HasSubstr("gone.tsv: no such file"));
  EXPECT_THAT(model({"words.json"}).err, HasSubstr("words.json: --text takes .txt files"));
}

TEST_F(NewModelTest, AMissingRunnerIsSaid) {
  const Outcome outcome = New({"model", "bert", "--text", In("words.txt"), "-O", In("m")});
  EXPECT_EQ(outcome.code, kNotFound);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("eida-runner is not there"), HasSubstr("one directory")));
  EXPECT_FALSE(FileExists(In("m")));
}

TEST_F(NewModelTest, ADirectoryWithSomethingInItIsLeftAlone) {
  const Outcome outcome = New({"model", "bert", "--text", In("words.txt"), "-O", dir_.path()});
  EXPECT_EQ(outcome.code, kConflict);
  EXPECT_THAT(outcome.err, HasSubstr("is not empty (it has words.json)"));
}

}  // namespace
}  // namespace eida::client
