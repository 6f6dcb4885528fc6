// METEOR's jar stood in for by a script that speaks its protocol.
#include "worker/metrics/meteor/jar.h"

#include "common/base/digest.h"
#include "common/base/fs.h"
#include "gtest/gtest.h"

namespace eida::metrics {
namespace {

class JarTest : public testing::Test {
 protected:
  // A "java" that runs `script` (sh), which reads METEOR's requests.
  MeteorJar Jar(const std::string& script) {
    MeteorJar jar{scratch_.path() + "/meteor.jar", scratch_.path() + "/java"};
    EXPECT_TRUE(WriteFileAtomic(jar.path, "").ok());
    EXPECT_TRUE(WriteFileAtomic(jar.java, "#!/bin/sh\n" + script, 0755).ok());
    return jar;
  }
  std::string Said() { return ReadFile(scratch_.path() + "/said").value_or(""); }
  static Result<Score> Scored(const MeteorJar& jar, const Texts& texts) {
    EIDA_RETURN_IF_ERROR(CheckJar(jar));
    EIDA_ASSIGN_OR_RETURN(const Corpus corpus, CorpusOf(texts));
    return MeteorByJar(jar, corpus);
  }
  TempDir scratch_{"eida-jar-test"};
  const Texts texts_ = {{"It's a cat.", "no"}, {{"A cat!", "the cat"}, {"yes"}}};
};

constexpr char kMeteor[] = R"(
echo "$@" >>"${0%/*}/said"
while read -r line; do
  echo "$line" >>"${0%/*}/said"
  case "$line" in
    SCORE*) echo "3.0 2.0" ;;
    EVAL*) printf '0.5\n0.25\n0.375\n' ;;
  esac
done
)";

TEST_F(JarTest, AsksAsTheChallengeDoes) {
  const MeteorJar jar = Jar(kMeteor);
  const Result<Score> score = Scored(jar, texts_);
  ASSERT_TRUE(score.ok()) << score.status();
  EXPECT_EQ(score->value, 0.375);
  EXPECT_EQ(score->items, (std::vector<double>{0.5, 0.25}));
  const std::string call = "-Xmx2G -jar " + jar.path + " - - -stdio -l en -norm\n";
  EXPECT_EQ(Said(), call + "SCORE ||| a cat ||| the cat ||| it 's a cat\nSCORE ||| yes ||| no\n" +
                        call + "EVAL ||| 3.0 2.0 ||| 3.0 2.0\n");
}

TEST_F(JarTest, AProgramThatDoesNotAnswerIsSaidSo) {
  const auto error = [&](const std::string& script) {
    return Message(Scored(Jar(script), texts_).status());
  };
  EXPECT_NE(error("echo 'no class found' >&2; exit 3").find("gave 0 of 2 lines (exit 3)"),
            std::string::npos);
  EXPECT_NE(error("echo 'no class found' >&2; exit 3").find("no class found"), std::string::npos);
  EXPECT_NE(error("echo 1; echo 2; cat >/dev/null").find("gave 2 of 3 lines"), std::string::npos);
  EXPECT_NE(error("read -r x; case $x in SCORE*) echo 1; echo 2;; *) echo a; echo b; echo c;; esac")
                .find("answered \"a\" for a score"),
            std::string::npos);
}

TEST_F(JarTest, WhatIsNotThereIsNamed) {
  MeteorJar jar = Jar(kMeteor);
  jar.path += "x";
  EXPECT_NE(Message(Scored(jar, texts_).status()).find("there is no METEOR at " + jar.path),
            std::string::npos);
  jar = Jar(kMeteor);
  jar.java += "x";
  EXPECT_NE(Message(Scored(jar, texts_).status()).find("there is no Java at " + jar.java),
            std::string::npos);
}

TEST_F(JarTest, AsAMetricItIsTheJarOfThatDigest) {
  const MeteorJar jar = Jar(kMeteor);
  const auto read = [](const std::string& digest) {
    return ReadWanted({{"metric", "meteor"}, {"jar", digest}});
  };
  const std::string empty = DigestOf("").str(), other = DigestOf("another").str();
  unsetenv("EIDA_METEOR_JAR");
  EXPECT_NE(Message(read(empty).status()).find("EIDA_METEOR_JAR names no jar"), std::string::npos);
  setenv("EIDA_METEOR_JAR", jar.path.c_str(), 1);
  setenv("EIDA_JAVA", jar.java.c_str(), 1);
  EXPECT_EQ(Message(read(other).status()),
            "metric meteor: jar is " + other + ", but the SHA-256 of " + jar.path + " is " + empty);
  EXPECT_NE(Message(read("5f0a").status()).find("it is a SHA-256"), std::string::npos);
  EXPECT_NE(Message(ReadWanted("meteor").status()).find("option \"jar\" is missing"),
            std::string::npos);
  unsetenv("EIDA_METEOR_JAR");
  unsetenv("EIDA_JAVA");
}

TEST_F(JarTest, TheEnvironmentNamesIt) {
  unsetenv("EIDA_METEOR_JAR");
  EXPECT_FALSE(MeteorJarOfEnvironment().has_value());
  setenv("EIDA_METEOR_JAR", "/opt/meteor.jar", 1);
  ASSERT_TRUE(MeteorJarOfEnvironment().has_value());
  EXPECT_EQ(MeteorJarOfEnvironment()->path, "/opt/meteor.jar");
  unsetenv("EIDA_METEOR_JAR");
}

}  // namespace
}  // namespace eida::metrics
