// Facts about places to eat and drink, `name : X | Type : pub | ..||text`, each with one to four
// texts that say all of them.
#include <algorithm>
#include <set>

#include "client/synth/rows.h"
#include "client/synth/words.h"
#include "common/base/text.h"

namespace eida::synth {
namespace {

constexpr const char* kFirst[] = {"Copper", "Silver", "Crooked", "Quiet",     "Velvet", "Hidden",
                                  "Amber",  "Little", "Painted", "Wandering", "Frosty", "Golden",
                                  "Lazy",   "Merry",  "Rusty",   "Sunny"};
constexpr const char* kSecond[] = {"Kettle", "Lantern", "Heron",   "Fig Tree", "Anchor",  "Walnut",
                                   "Mill",   "Badger",  "Teapot",  "Orchard",  "Harbour", "Magpie",
                                   "Barrel", "Compass", "Chimney", "Bridge"};
constexpr const char* kTypes[] = {"bistro", "tavern", "tea room", "diner"};
constexpr const char* kFoods[] = {"Greek",   "Thai",   "Polish", "Mexican",
                                  "Turkish", "Korean", "Basque", "vegan"};
constexpr const char* kPrices[] = {"low", "fair", "high"};
constexpr const char* kRatings[] = {"poor", "good", "excellent"};
constexpr const char* kAreas[] = {"old town", "harbour quarter", "station square",
                                  "theatre district"};

// The facts in the order of the meaning representation; "" = not told.
struct Place {
  std::string name, type, food, price, rating, area, family, near;
  std::string Meaning() const {
    std::vector<std::string> facts = {"name : " + name, "Type : " + type};
    const std::pair<const char*, const std::string*> others[] = {{"food", &food},
                                                                 {"price", &price},
                                                                 {"customer rating", &rating},
                                                                 {"area", &area},
                                                                 {"family friendly", &family},
                                                                 {"near", &near}};
    for (const auto& [key, value] : others) {
      if (!value->empty()) facts.push_back(std::string(key) + " : " + *value);
    }
    return Join(facts, " | ");
  }
};

std::string Name(Rng& rng) {
  return std::string("The ") + Pick(kFirst, rng) + " " + Pick(kSecond, rng);
}

Place DrawPlace(Rng& rng) {
  Place place{Name(rng), Pick(kTypes, rng)};
  const auto perhaps = [&](auto& values) {
    return std::string(Chance(0.5, rng) ? Pick(values, rng) : "");
  };
  place.food = perhaps(kFoods);
  place.price = perhaps(kPrices);
  place.rating = perhaps(kRatings);
  place.area = perhaps(kAreas);
  if (Chance(0.4, rng)) place.family = Chance(0.5, rng) ? "yes" : "no";
  if (Chance(0.4, rng)) place.near = Name(rng);
  if (place.near == place.name) place.near.clear();
  return place;
}

// "in the old town near The Mill", with a blank before; "" when neither is told.
std::string Where(const Place& place) {
  return (place.area.empty() ? "" : " in the " + place.area) +
         (place.near.empty() ? "" : " near " + place.near);
}

std::string Kind(const Place& place) {
  return (place.food.empty() ? "" : place.food + " ") + place.type;
}

// What is said of money, guests and children, a sentence each or joined to one.
std::vector<std::string> Remarks(const Place& place, Rng& rng) {
  std::vector<std::string> remarks;
  const std::string article = place.rating == "excellent" ? "an" : "a";
  const Slots slots = {{"p", place.price}, {"r", place.rating}, {"a", article}};
  const auto add = [&](const char* form) { remarks.push_back(Expand(form, slots, rng)); };
  if (!place.price.empty()) add("[its prices are {p}|prices are {p} there|it has {p} prices]");
  if (!place.rating.empty())
    add("[its customer rating is {r}|customers rate it as {r}|it has {a} {r} customer rating]");
  if (place.family == "yes")
    add("[it is family friendly|children are welcome|families are welcome there]");
  if (place.family == "no")
    add("[it is not family friendly|it is not a place for children|children are not welcome]");
  return remarks;
}

std::string Sentence(std::string text) {
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text + " .";
}

std::string Tell(const Place& place, Rng& rng) {
  const std::string where = Where(place);
  const char* form =
      where.empty()
          ? "[{n} is a {k}|there is a {k} called {n}|{n} is the name of a {k}]"
          : "[{n} is a {k}{w}|there is a {k} called {n}{w}|you can find a {k} named {n}{w}|"
            "the {k} {n} can be found{w}|the {k}{w} is called {n}]";
  std::string text =
      Sentence(Expand(form, {{"n", place.name}, {"k", Kind(place)}, {"w", where}}, rng));
  const std::vector<std::string> remarks = Remarks(place, rng);
  if (remarks.size() > 1 && Chance(0.5, rng)) return text + " " + Sentence(Join(remarks, " and "));
  for (const std::string& remark : remarks) text += " " + Sentence(remark);
  return text;
}

}  // namespace

Result<std::vector<Split>> Make_restaurants(const Request& request) {
  const std::vector<Part> parts = {
      {"train", "train.txt", true}, {"valid", "valid.txt"}, {"test", "test.txt"}};
  Rng rng(request.seed, "restaurants");
  std::set<std::string> meanings;
  std::vector<Split> splits;
  for (const Part& part : parts) {
    Split& split = splits.emplace_back(Split{part.name, part.file});
    const int64_t wanted = RowsOf(part, request);
    while (split.rows < wanted) {
      const Place place = DrawPlace(rng);
      const std::string meaning = place.Meaning();
      if (!meanings.insert(meaning).second) continue;
      std::set<std::string> texts;
      for (uint64_t tries = 1 + rng.Below(4); tries > 0; --tries) texts.insert(Tell(place, rng));
      for (const std::string& text : texts) {
        if (split.rows == wanted) break;
        split.content += meaning + "||" + text + "\n";
        ++split.rows;
      }
    }
  }
  return splits;
}

}  // namespace eida::synth
