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

}  // namespace
}  // namespace eida::client
