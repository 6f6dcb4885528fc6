// English -> Romanian: how many, when, how much. One English phrase has one translation, made by
// rules: numerals agree with their nouns, "de" follows the larger ones, adjectives agree, half and
// quarter hours are said as they are.
#include "client/synth/numerals.h"
#include "client/synth/rows.h"
#include "client/synth/words.h"

namespace eida::synth {
namespace {

struct Phrase {
  std::string en, ro;
};

struct Noun {
  const char *one, *many;  // English
  const char *ro_one, *ro_many, *ro_the;
  Gender gender;
};
constexpr Gender kM = Gender::kMasculine, kF = Gender::kFeminine, kN = Gender::kNeuter;

constexpr Noun kThings[] = {
    {"book", "books", "carte", "cărți", "cartea", kF},
    {"house", "houses", "casă", "case", "casa", kF},
    {"car", "cars", "mașină", "mașini", "mașina", kF},
    {"lamp", "lamps", "lampă", "lămpi", "lampa", kF},
    {"shirt", "shirts", "cămașă", "cămăși", "cămașa", kF},
    {"ball", "balls", "minge", "mingi", "mingea", kF},
    {"flower", "flowers", "floare", "flori", "floarea", kF},
    {"cat", "cats", "pisică", "pisici", "pisica", kF},
    {"table", "tables", "masă", "mese", "masa", kF},
    {"window", "windows", "fereastră", "ferestre", "fereastra", kF},
    {"dog", "dogs", "câine", "câini", "câinele", kM},
    {"tree", "trees", "pom", "pomi", "pomul", kM},
    {"shoe", "shoes", "pantof", "pantofi", "pantoful", kM},
    {"rabbit", "rabbits", "iepure", "iepuri", "iepurele", kM},
    {"wall", "walls", "perete", "pereți", "peretele", kM},
    {"bag", "bags", "sac", "saci", "sacul", kM},
    {"chair", "chairs", "scaun", "scaune", "scaunul", kN},
    {"ticket", "tickets", "bilet", "bilete", "biletul", kN},
    {"train", "trains", "tren", "trenuri", "trenul", kN},
    {"clock", "clocks", "ceas", "ceasuri", "ceasul", kN},
    {"glass", "glasses", "pahar", "pahare", "paharul", kN},
    {"notebook", "notebooks", "caiet", "caiete", "caietul", kN},
    {"painting", "paintings", "tablou", "tablouri", "tabloul", kN},
    {"apple", "apples", "măr", "mere", "mărul", kN},
};

// Masculine, feminine, and both plurals (a neuter noun's plural is feminine).
struct Adjective {
  const char *en, *m, *f, *ms, *fs;
};
constexpr Adjective kAdjectives[] = {
    {"red", "roșu", "roșie", "roșii", "roșii"},
    {"black", "negru", "neagră", "negri", "negre"},
    {"white", "alb", "albă", "albi", "albe"},
    {"new", "nou", "nouă", "noi", "noi"},
    {"old", "vechi", "veche", "vechi", "vechi"},
    {"big", "mare", "mare", "mari", "mari"},
    {"small", "mic", "mică", "mici", "mici"},
    {"cheap", "ieftin", "ieftină", "ieftini", "ieftine"},
    {"green", "verde", "verde", "verzi", "verzi"},
    {"beautiful", "frumos", "frumoasă", "frumoși", "frumoase"},
};

struct Pair {
  const char *en, *ro;
};
constexpr Pair kOwners[] = {{"I have", "am"},      {"you have", "ai"},
                            {"she has", "ea are"}, {"he has", "el are"},
                            {"we have", "avem"},   {"they have", "ei au"},
                            {"I see", "văd"},      {"she buys", "ea cumpără"},
                            {"we sell", "vindem"}, {"they want", "ei vor"}};
constexpr Pair kDays[] = {{"Monday", "luni"},    {"Tuesday", "marți"}, {"Wednesday", "miercuri"},
                          {"Thursday", "joi"},   {"Friday", "vineri"}, {"Saturday", "sâmbătă"},
                          {"Sunday", "duminică"}};
constexpr Pair kMonths[] = {{"January", "ianuarie"},
                            {"February", "februarie"},
                            {"March", "martie"},
                            {"April", "aprilie"},
                            {"May", "mai"},
                            {"June", "iunie"},
                            {"July", "iulie"},
                            {"August", "august"},
                            {"September", "septembrie"},
                            {"October", "octombrie"},
                            {"November", "noiembrie"},
                            {"December", "decembrie"}};
constexpr Pair kEvents[] = {
    {"the train leaves", "trenul pleacă"},       {"the bus arrives", "autobuzul sosește"},
    {"the meeting starts", "ședința începe"},    {"the concert ends", "concertul se termină"},
    {"the shop opens", "magazinul se deschide"}, {"the museum closes", "muzeul se închide"},
    {"the lesson begins", "lecția începe"},      {"we meet", "ne întâlnim"}};
constexpr Pair kPartsOfDay[] = {{"in the morning", "dimineața"},
                                {"in the afternoon", "după-amiaza"},
                                {"in the evening", "seara"},
                                {"at night", "noaptea"}};
constexpr Pair kStuff[] = {{"water", "apă"},   {"milk", "lapte"},  {"wine", "vin"},
                           {"oil", "ulei"},    {"flour", "făină"}, {"rice", "orez"},
                           {"sugar", "zahăr"}, {"apples", "mere"}, {"potatoes", "cartofi"},
                           {"honey", "miere"}};
constexpr Noun kUnits[] = {{"litre", "litres", "litru", "litri", "", kM},
                           {"kilogram", "kilograms", "kilogram", "kilograme", "", kN},
                           {"bottle", "bottles", "sticlă", "sticle", "", kF},
                           {"box", "boxes", "cutie", "cutii", "", kF},
                           {"glass", "glasses", "pahar", "pahare", "", kN},
                           {"gram", "grams", "gram", "grame", "", kN}};
constexpr Noun kSpans[] = {{"minute", "minutes", "minut", "minute", "", kN},
                           {"hour", "hours", "oră", "ore", "", kF},
                           {"day", "days", "zi", "zile", "", kF},
                           {"week", "weeks", "săptămână", "săptămâni", "", kF},
                           {"month", "months", "lună", "luni", "", kF},
                           {"year", "years", "an", "ani", "", kM}};
constexpr Noun kMoney[] = {{"leu", "lei", "leu", "lei", "", kM},
                           {"euro", "euros", "euro", "euro", "", kM},
                           {"dollar", "dollars", "dolar", "dolari", "", kM},
                           {"crown", "crowns", "coroană", "coroane", "", kF}};

// Small numbers are said most.
int Number(Rng& rng) {
  const double kind = rng.Unit();
  if (kind < 0.35) return 1 + static_cast<int>(rng.Below(20));
  if (kind < 0.8) return 1 + static_cast<int>(rng.Below(99));
  return 1 + static_cast<int>(rng.Below(999));
}

// "two litres", "doi litri"; an adjective stands before the English noun and behind the Romanian
// one.
Phrase Count(int n, const Noun& noun, const Adjective* adjective = nullptr) {
  const bool one = n == 1, masculine = noun.gender == kM || (one && noun.gender == kN);
  Phrase phrase;
  phrase.en = EnglishNumber(n) + " " +
              (adjective == nullptr ? "" : std::string(adjective->en) + " ") +
              (one ? noun.one : noun.many);
  phrase.ro = RomanianCount(n, noun.gender, noun.ro_one, noun.ro_many);
  if (adjective != nullptr) {
    const char* agreed = one ? (masculine ? adjective->m : adjective->f)
                             : (masculine ? adjective->ms : adjective->fs);
    phrase.ro += std::string(" ") + agreed;
  }
  return phrase;
}

Phrase Owning(Rng& rng) {
  const Pair& owner = Pick(kOwners, rng);
  const Noun& noun = Pick(kThings, rng);
  const Adjective* adjective = Chance(0.5, rng) ? &Pick(kAdjectives, rng) : nullptr;
  const Phrase count = Count(Number(rng), noun, adjective);
  return {owner.en + (" " + count.en), owner.ro + (" " + count.ro)};
}

Phrase Price(Rng& rng) {
  const Noun& noun = Pick(kThings, rng);
  const Phrase price = Count(Number(rng), Pick(kMoney, rng));
  return {"the " + std::string(noun.one) + " costs " + price.en,
          std::string(noun.ro_the) + " costă " + price.ro};
}

Phrase Quantity(Rng& rng) {
  const Pair& owner = Pick(kOwners, rng);
  const Phrase amount = Count(Number(rng), Pick(kUnits, rng));
  const Pair& stuff = Pick(kStuff, rng);
  const Phrase bare = {amount.en + " of " + stuff.en, amount.ro + " de " + stuff.ro};
  if (Chance(0.3, rng)) return bare;
  return {owner.en + (" " + bare.en), owner.ro + (" " + bare.ro)};
}

Phrase Span(Rng& rng) {
  const Phrase span = Count(Number(rng), Pick(kSpans, rng));
  switch (rng.Below(3)) {
    case 0:
      return {"in " + span.en, "peste " + span.ro};
    case 1:
      return {span.en + " ago", "acum " + span.ro};
    default:
      return {"for " + span.en, "timp de " + span.ro};
  }
}

Phrase Date(Rng& rng) {
  const int day = 1 + static_cast<int>(rng.Below(30));
  const Pair& month = kMonths[day > 28 ? 2 + rng.Below(10) : rng.Below(12)];
  return {"the " + EnglishOrdinal(day) + " of " + month.en,
          (day == 1 ? "întâi" : RomanianNumber(day)) + " " + month.ro};
}

Phrase FullDate(Rng& rng) {
  Phrase date = Date(rng);
  if (Chance(0.7, rng)) {
    const int year = 1900 + static_cast<int>(rng.Below(150));
    date = {date.en + ", " + EnglishYear(year), date.ro + " " + RomanianNumber(year)};
  }
  if (Chance(0.5, rng)) return date;
  const Pair& day = Pick(kDays, rng);
  return {"on " + std::string(day.en) + ", " + date.en, std::string(day.ro) + ", " + date.ro};
}

// "half past three", "trei și jumătate". Hours are feminine, but for "ora unu".
Phrase Time(Rng& rng) {
  const auto hour = [](int h) { return h == 1 ? "unu" : RomanianNumber(h, kF); };
  const int h = 1 + static_cast<int>(rng.Below(12)), next = h % 12 + 1;
  static constexpr int kMinutes[] = {5, 10, 20, 25};
  switch (rng.Below(5)) {
    case 0:
      return {EnglishNumber(h) + " o'clock", "ora " + hour(h)};
    case 1:
      return {"half past " + EnglishNumber(h), hour(h) + " și jumătate"};
    case 2:
      return Chance(0.5, rng)
                 ? Phrase{"a quarter past " + EnglishNumber(h), hour(h) + " și un sfert"}
                 : Phrase{"a quarter to " + EnglishNumber(next), hour(next) + " fără un sfert"};
    case 3: {
      const int m = Pick(kMinutes, rng);
      return {EnglishNumber(m) + " past " + EnglishNumber(h), hour(h) + " și " + RomanianNumber(m)};
    }
    default: {
      const int m = Pick(kMinutes, rng);
      return {EnglishNumber(m) + " to " + EnglishNumber(next),
              hour(next) + " fără " + RomanianNumber(m)};
    }
  }
}

Phrase Event(Rng& rng) {
  const Pair& event = Pick(kEvents, rng);
  Phrase phrase = {event.en, event.ro};
  if (Chance(0.7, rng)) {
    const Pair& day = Pick(kDays, rng);
    phrase.en += std::string(" on ") + day.en;
    phrase.ro += std::string(" ") + day.ro;
  } else {
    const Phrase date = Date(rng);
    phrase.en += " on " + date.en;
    phrase.ro += " pe " + date.ro;
  }
  const Phrase time = Time(rng);
  phrase.en += " at " + time.en;
  phrase.ro += " la " + time.ro;
  if (Chance(0.4, rng)) {
    const Pair& part = Pick(kPartsOfDay, rng);
    phrase.en += std::string(" ") + part.en;
    phrase.ro += std::string(" ") + part.ro;
  }
  return phrase;
}

Phrase Draw(Rng& rng) {
  constexpr Phrase (*kForms[])(Rng&) = {Owning, Owning,   Price, Quantity,
                                        Span,   FullDate, Event, Event};
  return Pick(kForms, rng)(rng);
}

}  // namespace

Result<std::vector<Split>> Make_phrases(const Request& request) {
  const std::vector<Part> parts = {
      {"train", "train.tsv", true}, {"validation", "validation.tsv"}, {"test", "test.tsv"}};
  Rng rng(request.seed, "phrases");
  EIDA_ASSIGN_OR_RETURN(const auto rows, DrawRows(parts, request, [&](int64_t) {
                          const Phrase phrase = Draw(rng);
                          return Row{phrase.en, {phrase.en, phrase.ro}};
                        }));
  return TsvSplits(parts, "en\tro", rows);
}

}  // namespace eida::synth
