#include "worker/metrics/meteor/jar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "common/base/fs.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"
#include "worker/metrics/bleu.h"
#include "worker/metrics/text/ptb.h"

namespace eida::metrics {
namespace {

std::string Line(const Text& text) { return Join(CaptionTokens(text), " "); }

// Gives the program lines and gets as many as `wanted` back.
Result<std::vector<std::string>> Ask(const MeteorJar& jar, const std::string& lines,
                                     size_t wanted) {
  const TempDir scratch("eida-meteor");
  const std::string in = scratch.path() + "/in", out = scratch.path() + "/out",
                    log = scratch.path() + "/log";
  EIDA_RETURN_IF_ERROR(WriteFileAtomic(in, lines));
  SubprocessOptions options;
  // The shell only opens the file that the program reads.
  options.argv = {"/bin/sh", "-c",     "exec \"$@\" <\"$EIDA_METEOR_IN\"",
                  "sh",      jar.java, "-Xmx2G",
                  "-jar",    jar.path, "-",
                  "-",       "-stdio", "-l",
                  "en",      "-norm"};
  options.env["EIDA_METEOR_IN"] = in;
  options.stdout_path = out;
  options.stderr_path = log;
  EIDA_ASSIGN_OR_RETURN(Subprocess process, Subprocess::Start(options));
  const ExitStatus exit = process.Wait();
  const std::string said = ReadFile(log).value_or("");
  EIDA_ASSIGN_OR_RETURN(const std::string answer, ReadFile(out));
  std::vector<std::string> answers = Split(answer, '\n');
  while (!answers.empty() && answers.back().empty()) answers.pop_back();
  if (exit.ok() && answers.size() == wanted) return answers;
  const std::string last = said.size() > 300 ? said.substr(said.size() - 300) : said;
  return FailedPrecondition(
      jar.path + " gave " + std::to_string(answers.size()) + " of " + std::to_string(wanted) +
      " lines (" + exit.ToString() +
      "): is it METEOR 1.5, with its data beside it? It said: " + std::string(Trim(last)));
}

Result<double> Number(const MeteorJar& jar, const std::string& line) {
  double value = 0;
  const std::string_view text = Trim(line);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return FailedPrecondition(jar.path + " answered \"" + Ellipsis(line, 60) + "\" for a score");
  return value;
}

}  // namespace

std::optional<MeteorJar> MeteorJarOfEnvironment() {
  const char* path = std::getenv("EIDA_METEOR_JAR");
  const char* java = std::getenv("EIDA_JAVA");
  if (path == nullptr || *path == '\0') return std::nullopt;
  MeteorJar jar;
  jar.path = path;
  if (java != nullptr && *java != '\0') jar.java = java;
  return jar;
}

Status CheckJar(const MeteorJar& jar) {
  if (!FileExists(jar.path))
    return InvalidArgument("there is no METEOR at " + jar.path +
                           ": set EIDA_METEOR_JAR to meteor-1.5.jar, or use meteor_exact_stem");
  if (!FileExists(jar.java))
    return InvalidArgument("there is no Java at " + jar.java + ": METEOR needs it (EIDA_JAVA)");
  return OkStatus();
}

Result<Score> MeteorByJar(const MeteorJar& jar, const Corpus& corpus) {
  std::string asked;
  for (size_t i = 0; i < corpus.size(); ++i) {
    asked += "SCORE";
    for (const Text& reference : corpus.references[i]) asked += " ||| " + Line(reference);
    asked += " ||| " + Line(corpus.hypotheses[i]) + "\n";
  }
  EIDA_ASSIGN_OR_RETURN(const auto counts, Ask(jar, asked, corpus.size()));
  const std::string sums = "EVAL ||| " + Join(counts, " ||| ") + "\n";
  EIDA_ASSIGN_OR_RETURN(const auto values, Ask(jar, sums, corpus.size() + 1));

  Score score;
  for (const std::string& value : values) {
    EIDA_ASSIGN_OR_RETURN(const double number, Number(jar, value));
    score.items.push_back(number);
  }
  score.value = score.items.back();
  score.items.pop_back();
  score.signature = "nrefs:" + NumberOfReferences(corpus) +
                    "|case:lc|tok:ptb-no-punctuation+meteor-norm|meteor:" + BaseName(jar.path) +
                    "|eida:" EIDA_VERSION;
  return score;
}

}  // namespace eida::metrics
