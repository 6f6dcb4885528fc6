// What PEFT's configurations mean, and what of them is refused.
#include "common/catalog/peft.h"

#include "common/catalog/module_pattern.h"
#include "gtest/gtest.h"

namespace eida::catalog::peft {
namespace {

TEST(ModulePatternTest, MatchesAsPythonDoes) {
  const auto matches = [](const char* pattern, const char* path) {
    const auto made = ModulePattern::Make(pattern);
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() && made->Matches(path);
  };
  EXPECT_TRUE(matches(".*\\.(query|value)", "layer.0.query"));
  EXPECT_FALSE(matches(".*\\.(query|value)", "layer.0.query2")) << "the whole path";
  EXPECT_FALSE(matches("query", "layer.0.query"));
  EXPECT_TRUE(matches("(?:layer|h)\\.[0-2]\\.\\w+", "h.2.attn"));
  EXPECT_FALSE(matches(".*layer\\.\\d{1,2}\\.(?!attention).*", "x.layer.11.attention.self"));
  EXPECT_TRUE(matches(".*layer\\.\\d{1,2}\\.(?!attention).*", "x.layer.11.output"));
  EXPECT_TRUE(matches("^a+?[^b]$", "aac"));
  // Exponential for a backtracking matcher.
  EXPECT_FALSE(
      matches("(a*)*(a*)*(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

TEST(ModulePatternTest, WhatIsReadOtherwiseIsRefused) {
  for (const auto& [pattern, named] : {std::pair<const char*, const char*>{"(?P<x>a)", "(?P"},
                                       {"(?i)a", "(?i"},
                                       {"(?<=a)b", "(?<"},
                                       {"(?<!a)b", "(?<"},
                                       {"a\\Z", "\\Z"},
                                       {"\\Aa", "\\A"},
                                       {"(a)\\1", "\\1"},
                                       {"a++", "++"},
                                       {"a*+b", "*+"},
                                       {"a{2}+", "}+"},
                                       {"a{,3}", "{,"},
                                       {"[]a]", "begins with ]"},
                                       {"[^]a]", "begins with ]"},
                                       {"[[:alpha:]]", "[ within a set"},
                                       {"[\\b]", "\\b"},
                                       {"(a", "no regular expression"},
                                       {"a)", "no regular expression"},
                                       {"*a", "no regular"}}) {
    const Status status = ModulePattern::Make(pattern).status();
    EXPECT_NE(Message(status).find(named), std::string::npos) << pattern << ": " << status;
    EXPECT_NE(Message(status).find(pattern), std::string::npos) << "names the pattern";
  }
  EXPECT_FALSE(ModulePattern::Make(std::string(5000, 'a')).ok());
}

constexpr char kAt[] = "bert.encoder.layer.";

// Two BERT layers with query, value and output maps, a norm, and a head.
ModelNames Bert() {
  ModelNames model{*Find(Models(), "bert"), {}, {}};
  for (const std::string layer : {"0", "1"}) {
    for (const char* module : {"attention.self.query", "attention.self.value", "output.dense"}) {
      for (const SiteShape& site : SitesOf(model.entry, kAt + layer + "." + module, 8, 8)) {
        model.sites.push_back(site);
        model.parameters.push_back({site.weight(), false});
        model.parameters.push_back({site.bias(), false});
      }
    }
    for (const char* end : {"weight", "bias"})
      model.parameters.push_back({kAt + layer + ".output.LayerNorm." + end, false});
  }
  for (const char* end : {"weight", "bias"})
    model.parameters.push_back({std::string("classifier.") + end, true});
  return model;
}

std::vector<std::string> Factors(const std::vector<std::string>& modules) {
  std::vector<std::string> names;
  for (const std::string& module : modules) {
    names.push_back(KeyA(kAt + module));
    names.push_back(KeyB(kAt + module));
  }
  return names;
}

const std::vector<std::string> kQueries = {"0.attention.self.query", "1.attention.self.query"};
const std::vector<std::string> kHead = {KeyOf("classifier.weight"), KeyOf("classifier.bias")};

std::vector<std::string> Plus(std::vector<std::string> names,
                              const std::vector<std::string>& more) {
  names.insert(names.end(), more.begin(), more.end());
  return names;
}

// `changes`: text of a JSON object that goes over a plain configuration.
Result<Meaning> Read(const std::string& changes, const std::vector<std::string>& names) {
  OrderedJson config = *ParseOrdered(
      R"({"peft_type": "LORA", "task_type": null, "r": 2, "lora_alpha": 4, "lora_dropout": 0.1,
          "target_modules": ["query"], "bias": "none", "modules_to_save": null, "use_dora": false,
          "loftq_config": {}, "layers_to_transform": null, "a_later_setting": null})",
      "config");
  config.update(*ParseOrdered(changes, "changes"));
  return MeaningOf(config, Bert(), names);
}

Json SettingsOf(const std::string& changes, const std::vector<std::string>& names) {
  const auto read = Read(changes, names);
  EXPECT_TRUE(read.ok()) << changes << ": " << read.status();
  return read.ok() ? read->settings : Json::object();
}

std::string ErrorOf(const std::string& changes, const std::vector<std::string>& names) {
  return Message(Read(changes, names).status());
}

TEST(PeftMeaningTest, APlainAdapter) {
  const Meaning meaning = Read("{}", Factors(kQueries)).value();
  EXPECT_EQ(meaning.settings, (Json{{"type", "lora"},
                                    {"r", 2},
                                    {"alpha", 4.0},
                                    {"dropout", 0.1},
                                    {"bias", "none"},
                                    {"train_head", false},
                                    {"targets", {kAt + kQueries[0], kAt + kQueries[1]}}}));
  EXPECT_FALSE(meaning.has_head);
  EXPECT_EQ(meaning.tensors.size(), 4u);
}

TEST(PeftMeaningTest, TargetsAreEndsOrOnePatternWithoutTheExcluded) {
  const auto targets = [](const std::string& changes, const std::vector<std::string>& modules) {
    return SettingsOf(changes, Factors(modules))["targets"].size();
  };
  EXPECT_EQ(
      targets(R"({"target_modules": ["bert.encoder.layer.1.output.dense"]})", {"1.output.dense"}),
      1u);
  EXPECT_EQ(targets(R"j({"target_modules": ".*layer\\.0\\..*(query|dense)"})j",
                    {"0.attention.self.query", "0.output.dense"}),
            2u);
  EXPECT_EQ(targets(R"({"target_modules": "all-linear", "exclude_modules": ["query", "dense"]})",
                    {"0.attention.self.value", "1.attention.self.value"}),
            2u);
  EXPECT_EQ(
      targets(R"({"target_modules": ["query"], "exclude_modules": ".*\\.0\\..*"})", {kQueries[1]}),
      1u);
  EXPECT_EQ(targets(R"({"layers_to_transform": [1], "layers_pattern": "layer"})", {kQueries[1]}),
            1u);
  EXPECT_EQ(targets(R"({"layers_to_transform": 0})", {kQueries[0]}), 1u);
  EXPECT_NE(ErrorOf(R"({"layers_to_transform": [0], "layers_pattern": "h"})", {}).find("no linear"),
            std::string::npos);
}

TEST(PeftMeaningTest, TheFirstPatternOfTheFileHolds) {
  const Json ranks = SettingsOf(
      R"({"rank_pattern": {"query": 3, "layer\\.1\\..*": 5}, "target_modules": ["query", "value"]})",
      Factors({"0.attention.self.query", "0.attention.self.value", "1.attention.self.query",
               "1.attention.self.value"}))["rank_pattern"];
  EXPECT_EQ(ranks,
            Json::array({Json::array({kAt + kQueries[0], 3}), Json::array({kAt + kQueries[1], 3}),
                         Json::array({std::string(kAt) + "1.attention.self.value", 5})}));
  const Json alphas = SettingsOf(R"({"alpha_pattern": {"layer\\.1\\..*": 0.5, "query": 8}})",
                                 Factors(kQueries))["alpha_pattern"];
  EXPECT_EQ(alphas, Json::array({Json::array({kAt + kQueries[0], 8.0}),
                                 Json::array({kAt + kQueries[1], 0.5})}));
}

TEST(PeftMeaningTest, HeadsBiasesAndSavedModules) {
  const Meaning head = Read(R"({"task_type": "SEQ_CLS"})", Plus(Factors(kQueries), kHead)).value();
  EXPECT_TRUE(head.has_head);
  EXPECT_FALSE(head.settings.contains("train_head"));
  const std::string norm = "bert.encoder.layer.0.output.LayerNorm.";
  const Json saved = SettingsOf(
      R"({"modules_to_save": ["layer.0.output.LayerNorm"]})",
      Plus(Factors(kQueries),
           {KeyOf(norm + "weight"), KeyOf(norm + "bias"),
            "base_model.model.bert.encoder.layer.0.output.LayerNorm.original_module.bias"}));
  EXPECT_EQ(saved["modules_to_save"], Json{norm.substr(0, norm.size() - 1)});
  const Meaning own =
      Read(R"({"bias": "lora_only"})", Plus(Factors(kQueries), {KeyOfInnerBias(kAt + kQueries[0]),
                                                                KeyOfInnerBias(kAt + kQueries[1])}))
          .value();
  EXPECT_EQ(own.tensors.at(KeyOf(kAt + kQueries[0] + ".bias")), KeyOfInnerBias(kAt + kQueries[0]));
  EXPECT_NE(ErrorOf(R"({"bias": "all"})", Factors(kQueries)).find(".bias is not in the file"),
            std::string::npos);
  EXPECT_NE(ErrorOf("{}", Plus(Factors(kQueries), {kHead[0]})).find("only a part of the head"),
            std::string::npos);
}

TEST(PeftMeaningTest, ABareModelHasNoPrefix) {
  std::vector<std::string> names;
  for (const std::string& module : kQueries) {
    names.push_back(KeyA("encoder.layer." + module));
    names.push_back(KeyB("encoder.layer." + module));
  }
  const Meaning meaning = Read(R"({"task_type": "FEATURE_EXTRACTION", "target_modules":
                                  "encoder\\.layer\\..*query"})",
                               names)
                              .value();
  EXPECT_EQ(meaning.tensors.at(KeyA(kAt + kQueries[0])), names[0]);
}

TEST(PeftMeaningTest, WhatChangesTheFunctionOtherwiseIsRefusedByItsKey) {
  for (const auto& [changes, named] :
       {std::pair<const char*, const char*>{R"({"peft_type": "LOHA"})", "peft_type is \"LOHA\""},
        {R"({"peft_type": null})", "peft_type is null"},
        {R"({"use_dora": true})", "use_dora is set"},
        {R"({"use_qalora": true})", "use_qalora is set"},
        {R"({"lora_bias": true})", "lora_bias is set"},
        {R"({"layer_replication": [[0, 1]]})", "layer_replication is set"},
        {R"({"trainable_token_indices": [3]})", "trainable_token_indices is set"},
        {R"({"target_parameters": ["x"]})", "target_parameters is set"},
        {R"({"alora_invocation_tokens": [1]})", "alora_invocation_tokens is set"},
        {R"({"kasa_config": {"beta": 1}})", "kasa_config is set"},
        {R"({"a_later_setting": 3})",
         "a_later_setting is 3, a setting that this version does not know"},
        {R"({"init_lora_weights": "pissa"})", "init_lora_weights is \"pissa\""},
        {R"({"init_lora_weights": "loftq"})", "init_lora_weights"},
        {R"({"task_type": "TOKEN_CLS"})", "task_type is \"TOKEN_CLS\""},
        {R"({"task_type": "CAUSAL_LM"})", "task_type"},
        {R"({"r": 0})", "r is 0"},
        {R"({"r": "2"})", "r is \"2\""},
        {R"({"lora_alpha": 0})", "lora_alpha is 0"},
        {R"({"lora_dropout": 1.0})", "lora_dropout is 1.0"},
        {R"({"bias": "some"})", "bias is \"some\""},
        {R"({"use_rslora": "yes"})", "use_rslora"},
        {R"({"target_modules": null})", "target_modules is null"},
        {R"({"target_modules": [3]})", "target_modules is [3]"},
        {R"({"target_modules": ["qery"]})",
         "target_modules is [\"qery\"], which means no linear map"},
        {R"({"target_modules": "(?i)query"})",
         "target_modules: the regular expression \"(?i)query\" has (?i"},
        {R"({"exclude_modules": "a++"})", "exclude_modules: the regular expression"},
        {R"j({"rank_pattern": {"(?P<a>q)": 2}})j", "rank_pattern: the regular expression"},
        {R"({"rank_pattern": {"query": 1.5}})", "rank_pattern.query is 1.5"},
        {R"({"alpha_pattern": {"query": -1}})", "alpha_pattern.query is -1"},
        {R"({"alpha_pattern": [1]})", "alpha_pattern is [1]"},
        {R"({"modules_to_save": ["a|b"]})", "modules_to_save is \"a|b\""},
        {R"({"modules_to_save": "classifier"})", "modules_to_save is \"classifier\""},
        {R"({"layers_to_transform": "1"})", "layers_to_transform"},
        {R"({"layers_pattern": "l.*", "layers_to_transform": [0]})", "layers_pattern"}}) {
    const std::string error = ErrorOf(changes, Factors(kQueries));
    EXPECT_NE(error.find(named), std::string::npos) << changes << ": " << error;
  }
  EXPECT_NE(ErrorOf("{}", Plus(Factors(kQueries), {"base_model.model.bert.x.lora_embedding_A"}))
                .find("adapts an embedding"),
            std::string::npos);
  EXPECT_NE(ErrorOf("{}", Plus(Factors(kQueries), Factors({"0.output.dense"})))
                .find("2 tensors are not what the configuration"),
            std::string::npos);
  EXPECT_NE(ErrorOf("{}", Factors({kQueries[0]})).find("is not in the file"), std::string::npos);
  EXPECT_NE(Message(ParseOrdered("{", "file").status()).find("file: not valid JSON at byte"),
            std::string::npos);
}

}  // namespace
}  // namespace eida::catalog::peft
