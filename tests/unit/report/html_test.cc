#include <algorithm>
#include <set>

#include "client/report/build.h"
#include "client/report/writers.h"
#include "gmock/gmock.h"
#include "tests/unit/report/sample_study.h"
#include "tests/unit/report/xml.h"

namespace eida::report {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kNasty[] = "<script>alert('x')</script> & \"quoted\" </td> ]]> \x01";

std::string Page(const Document& document) {
  const Result<std::string> html = ToHtml(document);
  EXPECT_TRUE(html.ok()) << html.status();
  return html.ok() ? *html : "";
}

TEST(Markup, TheReaderIsStrict) {
  EXPECT_EQ(ReadMarkup("<p class=\"a\">x &amp; y<br/></p>").error, "");
  for (const char* broken :
       {"<p>", "<p></b></p>", "</p>", "<p>a & b</p>", "<p a=x></p>", "<p a=\"1\" a=\"2\"></p>",
        "<p>1 > 0</p>", "<p>&nbsp;</p>", "<p><b</p>"})
    EXPECT_NE(ReadMarkup(broken).error, "") << broken;
}

TEST(Html, ReportsAreWellFormedAndNeedNothingBesideThem) {
  const Study study = SampleStudy();
  for (const Paper* paper : {FindPaper("thesis"), FindPaper("eida"), (const Paper*)nullptr}) {
    const std::string page = Page(Build(study, paper));
    const Markup markup = ReadMarkup(page);
    EXPECT_EQ(markup.error, "");
    EXPECT_THAT(markup.outside, IsEmpty());
    EXPECT_THAT(page, Not(HasSubstr("@import")));
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    std::set<std::string> ids(markup.ids.begin(), markup.ids.end());
    EXPECT_EQ(ids.size(), markup.ids.size()) << "an id stands twice";
    for (const std::string& reference : markup.references) EXPECT_THAT(ids, Contains(reference));
    EXPECT_FALSE(markup.references.empty());
  }
}

TEST(Html, WhateverASweepWroteIsText) {
  Study study = SampleStudy();
  study.name = study.description = study.model_path = study.data_name = kNasty;
  study.provenance.sweep_file = kNasty;
  study.settings = {{"base", {{kNasty, kNasty}}}};
  study.examples = {{"base/seed1", kNasty, kNasty, kNasty}};
  study.problems = {{"train/base/seed1", "failed", kNasty}};
  for (Model& model : study.models) {
    if (model.variant == "b") model.variant = kNasty;
  }
  study.soups[0].name = kNasty;
  study.pairs[0].analysis = kNasty;
  for (const Paper* paper : {FindPaper("thesis"), (const Paper*)nullptr}) {
    const std::string page = Page(Build(study, paper));
    EXPECT_EQ(ReadMarkup(page).error, "");
    EXPECT_THAT(page, Not(HasSubstr("<script")));
    EXPECT_THAT(page, Not(HasSubstr("\x01")));
    EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;"));
  }
}

TEST(Html, NumbersStandBesideThePublishedOnes) {
  const std::string page = Page(Build(SampleStudy(), FindPaper("thesis")));
  EXPECT_THAT(page, HasSubstr("81.0 ± 1.0"));
  EXPECT_THAT(page, HasSubstr("\u22129.6"));
  EXPECT_THAT(page, HasSubstr("tabular-nums"));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme"));
  EXPECT_THAT(page, HasSubstr("@media print"));
}

TEST(Html, WarningsStandBeforeAllElse) {
  Study study = SampleStudy();
  study.state = "running";
  study.jobs_done = 7;
  const std::string page = Page(Build(study, nullptr));
  const size_t warning = page.find("This sweep is still running: 7 of 40 jobs succeeded");
  ASSERT_NE(warning, std::string::npos);
  EXPECT_LT(warning, page.find("<nav"));
}

}  // namespace
}  // namespace eida::report
