// Sentences that praise (1) or blame (0) a film. A word of praise may stand under "not" or before a
// turn ("but"), so that counting words is not enough. Lower case and spaced marks, as SST-2 has
// them.
#include "client/synth/rows.h"
#include "client/synth/words.h"

namespace eida::synth {
namespace {

constexpr const char* kThings[] = {
    "the story",  "the cast",      "the dialogue", "the ending", "this film",       "the score",
    "the camera", "the first act", "the director", "the plot",   "its humour",      "the pacing",
    "the script", "the lead",      "this sequel",  "the comedy", "the whole thing", "the drama"};
constexpr const char* kGood[] = {"wonderful", "moving", "clever",   "charming",  "brilliant",
                                 "fresh",     "tender", "gripping", "graceful",  "witty",
                                 "honest",    "lovely", "vivid",    "delightful"};
constexpr const char* kBad[] = {"dull",    "clumsy", "shallow", "tedious",  "lifeless",
                                "flat",    "silly",  "hollow",  "stale",    "messy",
                                "awkward", "boring", "bloated", "pointless"};
constexpr const char* kHow[] = {"", "very ", "truly ", "quite ", "often ", "always ", "simply "};
// {x}: the judgement that counts, {y}: the other one.
constexpr const char* kForms[] = {
    "{t} is {h}{x} .",
    "{t} is {h}{x} and {x2} .",
    "one [more|rather] {x} film .",
    "{t} is {x} , [from start to end|all the way|to the last minute] .",
    "i found {t} {h}{x} .",
    "{t} [seems|looks|feels] {h}{x} ."};
constexpr const char* kDenials[] = {
    "{t} is [not|never|hardly] {y} .", "there is nothing {y} about {t} .",
    "nobody will call {t} {y} .", "{t} is [anything but|far from] {y} ."};
constexpr const char* kTurns[] = {
    "{t} is {y} , but {u} is {h}{x} .", "{t} may be {y} , yet {u} is {h}{x} .",
    "[although|though] {t} is {y} , {u} is {h}{x} .", "{u} is {h}{x} , even if {t} is {y} ."};

Row Draw(bool praise, Rng& rng) {
  const auto judge = [&](bool good) {
    return std::string(good ? Pick(kGood, rng) : Pick(kBad, rng));
  };
  Slots slots = {{"t", Pick(kThings, rng)}, {"u", Pick(kThings, rng)}, {"h", Pick(kHow, rng)},
                 {"x", judge(praise)},      {"x2", judge(praise)},     {"y", judge(!praise)}};
  while (slots["u"] == slots["t"]) slots["u"] = Pick(kThings, rng);
  while (slots["x2"] == slots["x"]) slots["x2"] = judge(praise);
  const double kind = rng.Unit();
  const char* form = kind < 0.5    ? Pick(kForms, rng)
                     : kind < 0.75 ? Pick(kDenials, rng)
                                   : Pick(kTurns, rng);
  const std::string sentence = Expand(form, slots, rng);
  return {sentence, {sentence, praise ? "1" : "0"}};
}

}  // namespace

Result<std::vector<Split>> Make_sentiment(const Request& request) {
  const std::vector<Part> parts = {{"train", "train.tsv", true}, {"dev", "dev.tsv"}};
  Rng rng(request.seed, "sentiment");
  EIDA_ASSIGN_OR_RETURN(const auto rows,
                        DrawRows(parts, request, [&](int64_t i) { return Draw(i % 2 == 0, rng); }));
  return TsvSplits(parts, "sentence\tlabel", rows);
}

}  // namespace eida::synth
