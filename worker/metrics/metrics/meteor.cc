// METEOR 1.5 for English with all its modules, by the jar that a user has: EIDA_METEOR_JAR names it
// where the worker runs. The jar and its paraphrase table have licences of their own and are no
// part of Eida. The option `jar` is the SHA-256 of that file: what decides the value is part of the
// job.
#include "common/base/digest.h"
#include "worker/metrics/meteor/jar.h"
#include "worker/metrics/metric.h"

namespace eida::metrics {

Result<Score> Metric_meteor(const Corpus& corpus, const Json& options) {
  const auto wanted = GetOr<std::string>(options, "jar", "");
  const std::optional<MeteorJar> jar = MeteorJarOfEnvironment();
  if (!jar)
    return InvalidArgument(
        "EIDA_METEOR_JAR names no jar where this worker runs: set it to meteor-1.5.jar, which has "
        "its data beside it, or use meteor_exact_stem");
  EIDA_RETURN_IF_ERROR(CheckJar(*jar));
  EIDA_ASSIGN_OR_RETURN(const Digest found, DigestOfFile(jar->path));
  if (found.str() != wanted)
    return InvalidArgument("jar is " + wanted + ", but the SHA-256 of " + jar->path + " is " +
                           found.str());
  return MeteorByJar(*jar, corpus);
}

}  // namespace eida::metrics
