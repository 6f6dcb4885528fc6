// What is wrong with files that a sweep names, at the place that names them.
#include "common/spec/wanted.h"

#include "common/spec/parse.h"
#include "gtest/gtest.h"
#include "tests/unit/spec/sample.h"

namespace eida::spec {
namespace {

TEST(WantedTest, AProblemStandsWhereItsFileIsNamed) {
  const std::string text = SampleSweep();
  const auto of = [&](const std::vector<std::string>& overrides) {
    const ParseResult parsed = ParseSweep(text, "sweep.yaml", overrides);
    EXPECT_TRUE(parsed.spec.has_value()) << Render(parsed.diagnostics, "sweep.yaml", false);
    return ToDiagnostics({{"model.path", "it has no config.json"}}, *parsed.spec, text,
                         "sweep.yaml")
        .front();
  };
  const Diagnostic in_file = of({});
  EXPECT_EQ(in_file.file, "sweep.yaml");
  EXPECT_GT(in_file.line, 1);
  EXPECT_NE(in_file.source_line.find("path:"), std::string::npos) << in_file.source_line;
  const Diagnostic set = of({"model.path=elsewhere"});
  EXPECT_EQ(set.file, "--set");
  EXPECT_EQ(set.line, 1);
  EXPECT_EQ(set.source_line, "") << "a line of another file";
}

}  // namespace
}  // namespace eida::spec
