// Every sweep file of deploy/examples is one.
#include <filesystem>
#include <set>

#include "common/base/fs.h"
#include "tests/unit/spec/reading.h"

namespace eida::spec {
namespace {

TEST(ExamplesTest, EveryOneIsASweepFile) {
  std::set<std::string> names;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(EIDA_SOURCE_DIR "/deploy/examples")) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string file = entry.path().filename();
    const ParseResult result = ParseSweep(ReadFile(entry.path()).value(), file, {});
    EXPECT_TRUE(result.spec.has_value()) << Render(result.diagnostics, file, false);
    if (!result.spec.has_value()) continue;
    EXPECT_TRUE(names.insert(result.spec->name).second) << result.spec->name << " twice";
  }
  for (const char* name : {"demo", "qqp-bert", "enro-mbart", "eida-sst2", "eida-e2e",
                           "observe-roberta", "observe-gpt2"})
    EXPECT_EQ(names.count(name), 1u) << name;
}

}  // namespace
}  // namespace eida::spec
