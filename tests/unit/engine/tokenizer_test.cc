// Tokenizers of every family against what the Python library makes of the same texts, as
// tests/parity/small_tokenizers.py wrote it down; and what the engine asks of any tokenizer.
#include "worker/engine/formats/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "common/base/json.h"
#include "worker/engine/formats/tokenizer_settings.h"

namespace eida::engine {
namespace {

using ::testing::HasSubstr;
using Texts = std::vector<std::string>;
using Ids = std::vector<int64_t>;

std::string TokenizerFile(const std::string& name) {
  return std::string(EIDA_SOURCE_DIR) + "/tests/golden/tokenizers/" + name + ".json";
}

const Json& TokenizerGolden() {
  static const Json golden = ReadJsonFile(TokenizerFile("golden")).value();
  return golden;
}

Tokenizer OpenGolden(const std::string& name) {
  return Tokenizer::Open(TokenizerFile(name)).value();
}

template <class T>
Ids Item(const TokenIds& ids, const std::vector<T>& of, int64_t i) {
  return {of.begin() + ids.starts[i], of.begin() + ids.starts[i + 1]};
}

Ids ItemIds(const TokenIds& ids, int64_t i) { return Item(ids, ids.ids, i); }

// The digest of tests/parity/small_tokenizers.py.
std::string IdsDigest(const Ids& ids) {
  std::string text;
  for (const int64_t id : ids) text += (text.empty() ? "" : ",") + std::to_string(id);
  Sha256 sha;
  sha.Update(text);
  return sha.FinishHex().substr(0, 16);
}

TokenIds EncodeAll(const Tokenizer& tokenizer, const Texts& texts, int threads = 1) {
  return tokenizer.Encode(texts, {}, 0, threads).value();
}

// 100 kB, cut as texts.long_lines() cuts them.
std::string LongLine(const std::string& separator) {
  std::string once, line;
  for (const std::string& text : TokenizerGolden().at("training").get<Texts>()) {
    for (const char c : text + separator) {
      if (c != ' ' || !separator.empty()) once += c;
    }
  }
  for (int i = 0; i < 40; ++i) line += once;
  size_t end = 100'000;
  while ((static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end);
}

class FamilyTest : public ::testing::TestWithParam<const char*> {
 protected:
  const Tokenizer tokenizer_ = OpenGolden(GetParam());
  const Json& golden_ = TokenizerGolden().at("tokenizers").at(GetParam());
  const Texts texts_ = TokenizerGolden().at("texts").get<Texts>();
};

TEST_P(FamilyTest, IdsAndSpecialTokensAreThoseOfPython) {
  const TokenIds ids = EncodeAll(tokenizer_, texts_);
  EncodeOptions plain;
  plain.special_tokens = false;
  const TokenIds own = tokenizer_.Encode(texts_, {}, plain).value();
  ASSERT_EQ(ids.size(), static_cast<int64_t>(golden_.at("ids").size()));
  for (int64_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(ItemIds(ids, i), golden_.at("ids")[i].get<Ids>()) << i << ": " << texts_[i];
    EXPECT_EQ(IdsDigest(Item(ids, ids.special, i)), golden_.at("special")[i]) << texts_[i];
    EXPECT_EQ(IdsDigest(ItemIds(own, i)), golden_.at("plain")[i]) << texts_[i];
  }
}

TEST_P(FamilyTest, LinesOfAHundredKilobytes) {
  const TokenIds ids = EncodeAll(tokenizer_, {LongLine(""), LongLine(" ")});
  EXPECT_EQ(IdsDigest(ItemIds(ids, 0)), golden_.at("long")[0]);
  EXPECT_EQ(IdsDigest(ItemIds(ids, 1)), golden_.at("long")[1]);
}

TEST_P(FamilyTest, PairsAreCutAtTheLongerText) {
  const Texts all = TokenizerGolden().at("pairs").get<Texts>();
  Texts first(all.begin(), all.begin() + 8), second(all.begin() + 8, all.end());
  for (const auto& [a, b] : {std::pair("", "x y"), std::pair("x y", ""), std::pair("", "")}) {
    first.push_back(a);
    second.push_back(b);
  }
  for (const auto& [length, rows] : golden_.at("pairs").items()) {
    // Where the template alone is longer, Python's library cuts nothing and the engine refuses.
    const auto ids = tokenizer_.Encode(first, second, std::stoi(length), 1);
    ASSERT_TRUE(ids.ok()) << length << Message(ids.status());
    for (int64_t i = 0; i < ids->size(); ++i) {
      EXPECT_EQ(ItemIds(*ids, i), rows[i][0].get<Ids>()) << length << " pair " << i;
      EXPECT_EQ(Item(*ids, ids->types, i), rows[i][1].get<Ids>()) << length << " pair " << i;
      EXPECT_EQ(Item(*ids, ids->special, i), rows[i][2].get<Ids>()) << length << " pair " << i;
    }
  }
}

TEST_P(FamilyTest, TextAgain) {
  const Json& ids = golden_.at("ids");
  for (size_t i = 0; i < golden_.at("text").size(); ++i)
    EXPECT_EQ(tokenizer_.Decode(ids[3 * i].get<Ids>(), true).value(), golden_.at("text")[i]);
  for (size_t i = 0; i < golden_.at("all_text").size(); ++i)
    EXPECT_EQ(tokenizer_.Decode(ids[5 * i + 1].get<Ids>(), false).value(),
              golden_.at("all_text")[i]);
}

// What was seen before, how items are shared out and a limit on their length change no id.
TEST_P(FamilyTest, ThreadsAndLimitsDoNotChangeIds) {
  Texts many;
  for (int i = 0; i < 8; ++i) many.insert(many.end(), texts_.begin(), texts_.end());
  many.push_back(LongLine(" "));
  const TokenIds one = EncodeAll(tokenizer_, many, 1), four = EncodeAll(tokenizer_, many, 4);
  EXPECT_EQ(one.starts, four.starts);
  EXPECT_EQ(one.ids, four.ids);
  EXPECT_EQ(one.types, four.types);
  EXPECT_EQ(one.special, four.special);
  EncodeOptions own;
  own.special_tokens = false;
  const TokenIds whole = tokenizer_.Encode(many, {}, own).value();
  own.max_length = 9;
  const TokenIds cut = tokenizer_.Encode(many, {}, own).value();
  for (int64_t i = 0; i < cut.size(); ++i) {
    Ids wanted = ItemIds(whole, i);
    wanted.resize(std::min<size_t>(wanted.size(), 9));
    EXPECT_EQ(ItemIds(cut, i), wanted) << many[i];
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, FamilyTest,
                         ::testing::Values("bert-uncased", "bert-cased", "gpt2", "roberta-prefix",
                                           "mbart", "mbart-converted"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(TokenizerTest, TextsThatAreNotUtf8AreNamedWithTheByte) {
  const Tokenizer tokenizer = OpenGolden("bert-uncased");
  const std::string surrogate = "ab \xed\xa0\x80";  // U+D800, which UTF-8 does not have
  const auto first = tokenizer.Encode({"good", surrogate, "\xff"}, {}, 0, 1);
  EXPECT_THAT(Message(first.status()),
              HasSubstr(TokenizerFile("bert-uncased") +
                        ": tokenising failed: item 1: not UTF-8 at byte 3 (0xed)"));
  const auto second = tokenizer.Encode({"good"}, {"cut of\xe2\x82"}, 0, 1);
  EXPECT_THAT(Message(second.status()),
              HasSubstr("item 0: second text: not UTF-8 at byte 6 (0xe2)"));
  // Several threads find the same one: the first.
  Texts many(4000, "some words that take a while");
  many[1900] = many[3999] = "\xc0";
  for (int i = 0; i < 5; ++i)
    EXPECT_THAT(Message(tokenizer.Encode(many, {}, 0, 4).status()),
                HasSubstr("item 1900: not UTF-8 at byte 0"));
}

TEST(TokenizerTest, NoRoomForTheTemplate) {
  const Tokenizer tokenizer = OpenGolden("bert-uncased");
  EXPECT_THAT(Message(tokenizer.Encode({"a"}, {}, 1, 1).status()),
              HasSubstr("item 0: max_length is 1, and 2 special tokens are added"));
  EXPECT_THAT(Message(tokenizer.Encode({"a"}, {"b"}, 2, 1).status()), HasSubstr("and 3 special"));
  EXPECT_EQ(tokenizer.Encode({"a b c"}, {}, 2, 1)->ids, (Ids{2, 3}));
  EXPECT_FALSE(tokenizer.Encode({"a"}, {}, -1, 1).ok());
  EXPECT_THAT(Message(tokenizer.Encode({"a", "b"}, {"c"}, 8, 1).status()),
              HasSubstr("2 texts were given 1 second texts"));
}

TEST(TokenizerTest, OnlyOneTextGivesWay) {
  const Tokenizer tokenizer = OpenGolden("gpt2");  // without a template
  const auto kept = [&](const std::string& a, const std::string& b, Truncation truncation) {
    EncodeOptions options;
    options.max_length = 4;
    options.truncation = truncation;
    return tokenizer.Encode({a}, b.empty() ? Texts{} : Texts{b}, options);
  };
  const Ids abc = EncodeAll(tokenizer, {"abcdefgh"}).ids, xy = EncodeAll(tokenizer, {"xq"}).ids;
  ASSERT_GT(abc.size(), 4u);
  ASSERT_EQ(xy.size(), 2u);
  EXPECT_EQ(kept("abcdefgh", "xq", Truncation::kOnlyFirst)->ids,
            (Ids{abc[0], abc[1], xy[0], xy[1]}));
  EXPECT_EQ(kept("xq", "abcdefgh", Truncation::kOnlySecond)->ids,
            (Ids{xy[0], xy[1], abc[0], abc[1]}));
  EXPECT_THAT(
      Message(kept("xq", "abcdefgh", Truncation::kOnlyFirst).status()),
      HasSubstr("item 0: only one text may be cut, and the other one leaves no room in 4 tokens"));
  EXPECT_THAT(Message(kept("abcdefgh", "", Truncation::kOnlySecond).status()),
              HasSubstr("there is none"));
}

TEST(TokenizerTest, MbartLanguagesAreChosenByName) {
  const Tokenizer tokenizer = OpenGolden("mbart");
  const auto settings =
      ReadTokenizerSettings(tokenizer, {TokenizerFile("mbart_config"), "", ""}).value();
  EXPECT_EQ(settings.bos, 0);
  EXPECT_EQ(settings.pad, 1);
  EXPECT_EQ(settings.eos, 2);
  EXPECT_EQ(settings.unk, 3);
  EXPECT_EQ(settings.mask, tokenizer.Id("<mask>"));
  const Ids own = [&] {
    EncodeOptions plain;
    plain.special_tokens = false;
    return tokenizer.Encode({"Bunica a pus"}, {}, plain)->ids;
  }();
  EncodeOptions options;
  for (const char* language : {"en_XX", "ro_RO"}) {
    options.frame = LanguageFrame(tokenizer, settings, language).value();
    Ids wanted = own;
    wanted.insert(wanted.end(), {2, *tokenizer.Id(language)});
    const TokenIds ids = tokenizer.Encode({"Bunica a pus"}, {}, options).value();
    EXPECT_EQ(ids.ids, wanted);
    EXPECT_EQ(ids.special.back() + ids.special[own.size()], 2);
    EXPECT_EQ(ids.special[0], 0);
  }
  EXPECT_NE(tokenizer.Id("en_XX"), tokenizer.Id("ro_RO"));
  EXPECT_THAT(Message(LanguageFrame(tokenizer, settings, "xx_XX").status()),
              HasSubstr("has no language code \"xx_XX\""));
  EXPECT_THAT(Message(LanguageFrame(tokenizer, {}, "ro_RO").status()), HasSubstr("eos_token"));
  options.frame = TokenFrame{{-100}, {}};
  EXPECT_THAT(Message(tokenizer.Encode({"a"}, {}, options).status()),
              HasSubstr("-100 is no token id"));
}

TEST(TokenizerTest, DecodingRefusesWhatIsNoIdAndKeepsNuls) {
  const Tokenizer tokenizer = OpenGolden("gpt2");
  const std::string text("a\0b \xf0\x9f\x99\x82", 8);
  const Ids ids = EncodeAll(tokenizer, {text}).ids;
  EXPECT_EQ(tokenizer.Decode(ids, true).value(), text);
  EXPECT_EQ(tokenizer.Decode({ids.begin(), ids.end() - 1}, true)->substr(0, 4), text.substr(0, 4));
  EXPECT_THAT(tokenizer.Decode({ids.begin(), ids.end() - 1}, true).value(),
              HasSubstr("\xef\xbf\xbd"));
  EXPECT_EQ(tokenizer.Decode({1'000'000}, true).value(), "");
  EXPECT_THAT(Message(tokenizer.Decode({5, -100}, true).status()),
              HasSubstr("cannot decode -100 at place 1"));
}

TEST(TokenizerTest, CleaningUpClosesSpacesExceptAfterBpe) {
  const std::string text = "yes , no . why ? do n't he 's a ' b";
  const Tokenizer unigram = OpenGolden("mbart"), bpe = OpenGolden("gpt2");
  EncodeOptions plain;
  plain.special_tokens = false;
  EXPECT_EQ(unigram.Decode(unigram.Encode({text}, {}, plain)->ids, true, true).value(),
            "yes, no. why? don't he's a'b");
  EXPECT_EQ(bpe.Decode(bpe.Encode({text}, {}, plain)->ids, true, true).value(), text);
}

TEST(TokenizerTest, RolesComeFromTheFilesInTheirOrder) {
  const Tokenizer tokenizer = OpenGolden("roberta-prefix");
  const TempDir dir;
  const auto file = [&](const std::string& name, const std::string& content) {
    EXPECT_TRUE(WriteFileAtomic(JoinPath(dir.path(), name), content).ok());
    return JoinPath(dir.path(), name);
  };
  const auto own =
      file("own.json", R"({"tokenizer_class": "RobertaTokenizerFast", "pad_token": "<unk>",
      "mask_token": null, "clean_up_tokenization_spaces": true})");
  const auto map = file("map.json", R"({"pad_token": {"content": "</s>", "lstrip": false}})");
  const auto settings = ReadTokenizerSettings(tokenizer, {own, "", ""}).value();
  EXPECT_EQ(settings.pad, 3);
  EXPECT_EQ(settings.mask, std::nullopt);
  EXPECT_EQ(settings.cls, 0);
  EXPECT_TRUE(settings.clean_up);
  EXPECT_EQ(ReadTokenizerSettings(tokenizer, {own, map, ""})->pad, 2);
  const auto newer = file("newer.json", R"({"pad_token": "<pad>", "added_tokens_decoder": {}})");
  EXPECT_EQ(ReadTokenizerSettings(tokenizer, {newer, map, ""})->pad, 1);
  const auto config = file("config.json", R"({"model_type": "roberta"})");
  EXPECT_EQ(ReadTokenizerSettings(tokenizer, {"", "", config})->eos, 2);
  EXPECT_EQ(ReadTokenizerSettings(tokenizer, {"", "", ""})->eos, std::nullopt);
  const auto strange = file("strange.json", R"({"pad_token": "<padding>"})");
  EXPECT_THAT(Message(ReadTokenizerSettings(tokenizer, {strange, "", ""}).status()),
              HasSubstr(strange + ": pad_token is \"<padding>\", which " + tokenizer.path()));
  const auto wrong = file("wrong.json", R"({"pad_token": 7})");
  EXPECT_THAT(Message(ReadTokenizerSettings(tokenizer, {wrong, "", ""}).status()),
              HasSubstr("pad_token is neither"));
}

TEST(TokenizerTest, FilesThatAreNoTokenizer) {
  const TempDir dir;
  const std::string path = JoinPath(dir.path(), "tokenizer.json");
  ASSERT_TRUE(WriteFileAtomic(path, "{\"version\": \"1.0\"}").ok());
  EXPECT_THAT(Message(Tokenizer::Open(path).status()),
              HasSubstr(path + " is not a tokenizer.json"));
  std::string content = ReadFile(TokenizerFile("gpt2")).value();
  ASSERT_TRUE(WriteFileAtomic(path, content.substr(0, content.size() / 2)).ok());
  EXPECT_THAT(Message(Tokenizer::Open(path).status()), HasSubstr("save the fast tokenizer again"));
  // A template that names a token which it does not define: an error where it is used, no panic.
  Json broken = ReadJsonFile(TokenizerFile("bert-uncased")).value();
  broken["post_processor"]["special_tokens"].erase("[SEP]");
  ASSERT_TRUE(WriteFileAtomic(path, Pretty(broken)).ok());
  const Tokenizer tokenizer = Tokenizer::Open(path).value();
  EXPECT_THAT(Message(tokenizer.Encode({"a"}, {}, 0, 1).status()),
              HasSubstr("its post_processor names a token that it does not define"));
  EncodeOptions plain;
  plain.special_tokens = false;
  EXPECT_TRUE(tokenizer.Encode({"a"}, {}, plain).ok());
}

TEST(TokenizerTest, VocabularyAndIds) {
  const Tokenizer tokenizer = OpenGolden("mbart");
  EXPECT_EQ(tokenizer.vocabulary(), *tokenizer.Id("<mask>") + 1);
  EXPECT_EQ(tokenizer.Id("no such token"), std::nullopt);
  EXPECT_EQ(tokenizer.Id(std::string("</s>\0", 5)), std::nullopt);
}

}  // namespace
}  // namespace eida::engine
