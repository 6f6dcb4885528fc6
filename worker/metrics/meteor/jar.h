// METEOR itself, where a user has it: a jar with the paraphrase table in data/ beside it.
#pragma once

#include <optional>
#include <string>

#include "worker/metrics/metric.h"

namespace eida::metrics {

struct MeteorJar {
  std::string path;
  std::string java = "/usr/bin/java";
};

// What EIDA_METEOR_JAR names, and EIDA_JAVA where that is set; nothing without a jar.
std::optional<MeteorJar> MeteorJarOfEnvironment();

// InvalidArgument where the jar or Java is not there.
Status CheckJar(const MeteorJar& jar);

// METEOR 1.5 for English with all its modules, 0 to 1, the E2E challenge's way: its words without
// punctuation, `-stdio -l en -norm`, the value of the sums over items; `items` are its values.
// Starts the program twice (scores, then sums), each time for some seconds; blocks; the calling
// thread must not end before. FailedPrecondition with the program's last words where it does not
// answer as METEOR does.
Result<Score> MeteorByJar(const MeteorJar& jar, const Corpus& corpus);

}  // namespace eida::metrics
