// Pairs of questions. Each asks something (an intent) about one or two things; a pair is a
// duplicate when both ask the same about the same. The others share nearly all words: the things
// are exchanged where their order counts, one thing is another, or another thing is asked about the
// same. Where the order does not count an exchange is a duplicate, so words alone do not decide.
#include <map>

#include "client/synth/rows.h"
#include "client/synth/words.h"

namespace eida::synth {
namespace {

enum class Order { kCounts, kFree, kSingle };  // of an intent's things

struct Intent {
  Order order;
  const std::vector<std::string>* things;
  std::vector<std::string> forms;
};

const std::vector<std::string> kCities = {
    "Lisbon", "Oslo",   "Vienna", "Prague", "Dublin", "Athens", "Madrid", "Warsaw",
    "Riga",   "Geneva", "Naples", "Porto",  "Lyon",   "Bergen", "Ghent",  "Cluj"};
const std::vector<std::string> kLanguages = {"Python", "Java",   "Rust", "Haskell", "Fortran",
                                             "Kotlin", "Erlang", "Ruby", "Scala",   "Lisp"};
const std::vector<std::string> kSkills = {"the piano", "chess",      "Spanish",    "algebra",
                                          "swimming",  "drawing",    "the violin", "cooking",
                                          "Greek",     "statistics", "sailing",    "singing"};
const std::vector<std::string> kDishes = {"rice",  "lentils",   "pancakes", "risotto", "dumplings",
                                          "bread", "omelettes", "soup",     "noodles", "beans"};

const std::vector<Intent>& Intents() {
  static const std::vector<Intent> intents = {
      {Order::kCounts,
       &kCities,
       {"How [can|do] I [get|travel] from {a} to {b}?",
        "What is the [best|easiest] way to [reach|get to] {b} from {a}?",
        "Which route [goes|leads] from {a} to {b}?",
        "How [can|do] I [get|travel] to {b} if I start in {a}?"}},
      {Order::kCounts,
       &kCities,
       {"How [much|expensive] is a ticket from {a} to {b}?",
        "What does it cost to [get|travel] from {a} to {b}?",
        "What is the price of a [trip|ticket] to {b} from {a}?"}},
      {Order::kCounts,
       &kCities,
       {"How long does it take to [get|travel] from {a} to {b}?",
        "How many hours is the [trip|way] from {a} to {b}?",
        "How long is the [trip|way] to {b} from {a}?"}},
      {Order::kCounts,
       &kLanguages,
       {"Why is {a} better than {b}?", "Why do [people|programmers] prefer {a} to {b}?",
        "What makes {b} worse than {a}?"}},
      {Order::kCounts,
       &kLanguages,
       {"How [can|do] I [translate|convert] a program from {a} to {b}?",
        "What is the [best|easiest] way to turn {a} into {b}?",
        "How [can|do] I [rewrite|port] {a} code in {b}?"}},
      {Order::kFree,
       &kLanguages,
       {"What is the difference between {a} and {b}?", "How do {a} and {b} differ?",
        "What do {a} and {b} not have in common?"}},
      {Order::kFree,
       &kCities,
       {"How far [apart are|is it between] {a} and {b}?",
        "What is the distance between {a} and {b}?",
        "How many kilometres are there between {a} and {b}?"}},
      {Order::kSingle,
       &kSkills,
       {"What is the [fastest|quickest] way to learn {a}?",
        "How [can|do] I learn {a} [fast|quickly]?",
        "How [can|do] I get [good|better] at {a} in a short time?"}},
      {Order::kSingle,
       &kSkills,
       {"How long does it take to learn {a}?",
        "How many [months|years] does it take to get good at {a}?",
        "How much time do I need for learning {a}?"}},
      {Order::kSingle,
       &kDishes,
       {"How [can|do] I [cook|make] {a} at home?", "What is the [best|easiest] recipe for {a}?",
        "What do I need to [cook|make] {a}?"}},
      {Order::kSingle,
       &kDishes,
       {"How long [can|do] I keep {a} in the fridge?", "After how many days will {a} go bad?",
        "For how long will {a} be good to eat?"}},
  };
  return intents;
}

struct Question {
  const Intent* intent;
  std::string a, b;
};

std::string Ask(const Question& question, size_t form, Rng& rng) {
  return Expand(question.intent->forms[form], {{"a", question.a}, {"b", question.b}}, rng);
}

const std::string& Other(const std::vector<std::string>& things, const Question& than, Rng& rng) {
  while (true) {
    const std::string& thing = Pick(things, rng);
    if (thing != than.a && thing != than.b) return thing;
  }
}

// A question that shares most words and asks something else.
Question Near(const Question& question, Rng& rng) {
  Question near = question;
  const uint64_t kind = rng.Below(8);
  if (question.intent->order == Order::kCounts && kind < 2) {
    std::swap(near.a, near.b);
  } else if (kind > 3) {
    std::vector<const Intent*> others;  // about the same things
    for (const Intent& other : Intents()) {
      const bool single = other.order == Order::kSingle;
      if (&other != question.intent && other.things == question.intent->things &&
          single == (question.intent->order == Order::kSingle))
        others.push_back(&other);
    }
    near.intent = Pick(others, rng);
  } else {
    const bool second = question.intent->order != Order::kSingle && Chance(0.5, rng);
    (second ? near.b : near.a) = Other(*question.intent->things, question, rng);
  }
  return near;
}

Row Draw(bool duplicate, Rng& rng) {
  Question first{&Pick(Intents(), rng)};
  first.a = Pick(*first.intent->things, rng);
  if (first.intent->order != Order::kSingle) first.b = Other(*first.intent->things, first, rng);
  Question second = duplicate ? first : Near(first, rng);
  if (duplicate && first.intent->order == Order::kFree && Chance(0.5, rng))
    std::swap(second.a, second.b);
  // Different forms where it is the same intent, so that equal texts are no way to tell.
  const size_t forms = first.intent->forms.size(), form = rng.Below(forms);
  const size_t other = second.intent == first.intent ? (form + 1 + rng.Below(forms - 1)) % forms
                                                     : rng.Below(second.intent->forms.size());
  const std::string one = Ask(first, form, rng), two = Ask(second, other, rng);
  return {std::min(one, two) + "\t" + std::max(one, two), {one, two, duplicate ? "1" : "0"}};
}

}  // namespace

Result<std::vector<Split>> Make_paraphrases(const Request& request) {
  const std::vector<Part> parts = {{"train", "train.tsv", true}, {"dev", "dev.tsv"}};
  Rng rng(request.seed, "paraphrases");
  EIDA_ASSIGN_OR_RETURN(auto rows,
                        DrawRows(parts, request, [&](int64_t i) { return Draw(i % 2 == 0, rng); }));
  std::map<std::string, size_t> questions;  // QQP numbers them
  size_t id = 0;
  for (std::vector<Row>& part : rows) {
    for (Row& row : part) {
      std::vector<std::string> cells = {std::to_string(id++)};
      for (size_t k = 0; k < 2; ++k) {
        const size_t number = questions.emplace(row.cells[k], questions.size() + 1).first->second;
        cells.push_back(std::to_string(number));
      }
      cells.insert(cells.end(), row.cells.begin(), row.cells.end());
      row.cells = std::move(cells);
    }
  }
  return TsvSplits(parts, "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate", rows);
}

}  // namespace eida::synth
