#include "client/fetch/catalogue.h"

#include <algorithm>

#include "client/fetch/fetch.h"
#include "client/fetch/url.h"
#include "gmock/gmock.h"

namespace eida::fetch {
namespace {

using testing::HasSubstr;

class SourceTest : public testing::TestWithParam<Source> {};

// The three small languages are read leniently at run time: here every line must be whole.
#define EIDA_FETCH(id, kind, from, files, outputs, bytes, settings, licence, help) \
  {id, {files, outputs}},
const std::map<std::string, std::pair<const char*, const char*>> kTexts = {
#include "client/fetch/catalogue.def"
};
#undef EIDA_FETCH

TEST_P(SourceTest, IsWhole) {
  const Source& source = GetParam();
  const auto& [files, outputs] = kTexts.at(source.id);
  EXPECT_TRUE(ParseKnownFiles(files).ok()) << ParseKnownFiles(files).status();
  EXPECT_TRUE(ParseOutputs(outputs).ok()) << ParseOutputs(outputs).status();
  EXPECT_NE(source.licence, "");
  EXPECT_NE(source.help, "");
  const bool hub = source.from.rfind("hf:", 0) == 0;
  if (hub) {
    EXPECT_TRUE(ParseRepository(source.from).ok());
    EXPECT_EQ(ParseRepository(source.from)->dataset, !source.model);
    EXPECT_NE(ParseRepository(source.from)->revision, "main") << "a study wants what stays";
  } else {
    EXPECT_TRUE(CheckUrl(source.from).ok());
    EXPECT_TRUE(source.from.ends_with("/"));
    EXPECT_FALSE(source.files.empty());
  }
  EXPECT_EQ(source.model, source.outputs.empty());
  for (const Output& output : source.outputs) {
    EXPECT_NE(std::ranges::find(source.files, output.file, &KnownFile::name), source.files.end())
        << output.file;
  }
  const Result<Wanted> wanted = MakeWanted(source.id, "");
  ASSERT_TRUE(wanted.ok());
  EXPECT_THAT(SweepLines(*wanted), HasSubstr(wanted->directory));
}

INSTANTIATE_TEST_SUITE_P(Catalogue, SourceTest, testing::ValuesIn(Catalogue()),
                         [](const auto& info) {
                           std::string name = info.param.id;
                           std::erase_if(name, [](char c) { return c == '-'; });
                           return name;
                         });

TEST(CatalogueTest, IsSortedAndHasWhatThePapersUse) {
  EXPECT_TRUE(std::ranges::is_sorted(SourceIds()));
  for (const char* id : {"roberta-base", "bert-base-uncased", "gpt2", "mbart-large-cc25", "qqp",
                         "sst2", "e2e", "wmt16-ro-en"})
    EXPECT_NE(FindSource(id), nullptr) << id;
}

TEST(CatalogueTest, BadLinesAreRefused) {
  for (const char* text : {"x", "x 1", "x 1 2 3", "x -1 -", "x 1z -", "../x 1 -", "x 1 abc"})
    EXPECT_FALSE(ParseKnownFiles(text).ok()) << text;
  for (const char* text : {"x", "x = y", "x = nothing y", "../x = glue y", "x = glue ../y"})
    EXPECT_FALSE(ParseOutputs(text).ok()) << text;
}

TEST(WantedTest, AnUnknownNameIsToldWhatIsKnown) {
  const Result<Wanted> wanted = MakeWanted("roberta-bas", "");
  EXPECT_EQ(wanted.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(wanted.status()),
              testing::AllOf(HasSubstr("did you mean \"roberta-base\"?"), HasSubstr("sst2"),
                             HasSubstr("hf:owner/name")));
}

TEST(WantedTest, GoesWhereSweepsLook) {
  EXPECT_EQ(MakeWanted("gpt2", "")->directory, "models/gpt2");
  EXPECT_EQ(MakeWanted("sst2", "")->directory, "datasets/sst2");
  EXPECT_EQ(MakeWanted("hf:o/n", "")->directory, "models/n");
  EXPECT_EQ(MakeWanted("hf:datasets/o/n", "")->directory, "datasets/n");
  EXPECT_EQ(MakeWanted("gpt2", "x")->directory, "x");
}

TEST(WantedTest, SweepLinesNameEverySplit) {
  EXPECT_EQ(SweepLines(*MakeWanted("sst2", "")),
            "data:\n  task: sst2\n  splits:\n    train: datasets/sst2/train.tsv\n    dev: "
            "datasets/sst2/dev.tsv\n");
  EXPECT_EQ(SweepLines(*MakeWanted("gpt2", "my models/x")), "model:\n  path: \"my models/x\"\n");
}

}  // namespace
}  // namespace eida::fetch
