#include "server/store/texts.h"

#include "tests/unit/store/samples.h"

namespace eida::store {
namespace {

std::string Joined(const std::vector<Piece>& pieces) {
  std::string text;
  for (const Piece& piece : pieces) text += piece.text;
  return text;
}

std::vector<std::string> Shared(const std::string& json, size_t min_size) {
  std::vector<std::string> shared;
  for (const Piece& piece : CutMembers(json, min_size)) {
    if (piece.shared) shared.emplace_back(piece.text);
  }
  return shared;
}

TEST(TextsTest, BigMembersOfAnObjectAreSharedAndSmallOnesAreNot) {
  EXPECT_EQ(Shared(R"({"a":[1,2,{"x":"}, \" {"}],"b":2,"c":"0123456789"})", 10),
            (std::vector<std::string>{R"([1,2,{"x":"}, \" {"}])", R"("0123456789")"}));
}

TEST(TextsTest, WhateverIsCutJoinsToTheSameBytes) {
  for (const std::string& text :
       {std::string(""), std::string("{"), std::string("}}}"), std::string("[1,2,3,{\"a\":1}]"),
        std::string("{\"a\":"), std::string("{\"a\":{},\"b\":[[[]]]}"), std::string("\"\\"),
        std::string("not json: at, all}"), std::string("{\"a\":\"\x01\"}"), SampleSpec(3)}) {
    for (const size_t min : {0, 1, 4, 96}) EXPECT_EQ(Joined(CutMembers(text, min)), text);
  }
}

TEST(TextsTest, SpecsThatAreNotJsonComeBackToo) {
  TempDir temp;
  const std::unique_ptr<Store> store = OpenStore(temp.path());
  AddSweep study = SampleStudy(4, 0);
  study.jobs[0].spec.spec = "";
  study.jobs[1].spec.spec = "{\"broken\":" + std::string(200, 'x');
  study.jobs[2].spec.spec =
      "\x01"
      "17\x01";
  study.jobs[3].spec.spec = R"({"text":")" + std::string(200, 'y') + R"("})";
  ASSERT_OK(store->Apply({study}));
  const Result<Snapshot> snapshot = store->Load();
  ASSERT_OK(snapshot);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(snapshot->jobs[i].spec.spec, study.jobs[i].spec.spec);
}

}  // namespace
}  // namespace eida::store
