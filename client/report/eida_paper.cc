#include <algorithm>
#include <cmath>

#include "client/report/observed.h"
#include "client/report/paper.h"

namespace eida::report {
namespace {

void AddObservations(const Results& r, PaperPart& part) {
  Section section{"observations", "Subspaces of inputs and of update directions", {}};
  const std::string& architecture = r.study().architecture;
  for (const Observation& o : r.study().observations) {
    for (Table table : {RuleTable(o, architecture), LayerMeans(o, architecture)}) {
      if (!table.rows.empty()) section.blocks.push_back(std::move(table));
    }
    for (Figure figure :
         {ByLayer(o, "input", architecture), ByLayer(o, "update", architecture), BySequences(o)}) {
      if (!figure.panels.empty()) section.blocks.push_back(std::move(figure));
    }
  }
  if (!section.blocks.empty()) {
    part.sections.push_back(std::move(section));
    return;
  }
  for (const char* item : {"E-F (figures of cosines)", "E-R (lists of the rank rule)"})
    part.missing.push_back({item, "a finished observation (key observations of the sweep file)"});
}

std::string Grouped(int64_t n) {
  std::string digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

Finding BelowBaselines(const Results& r) {
  const Setting* eida = r.Find("eida");
  const Setting* full = r.Find("full");
  const Setting* lora = r.Find("lora 8");
  if (eida == nullptr || full == nullptr || lora == nullptr)
    return Untested("needs EIDA, LoRA of rank 8 and full fine-tuning with results");
  const double own = r.Reported(*eida, "accuracy").mean,
               of_full = r.Reported(*full, "accuracy").mean,
               of_lora = r.Reported(*lora, "accuracy").mean;
  if (std::isnan(own + of_full + of_lora)) return Untested("needs accuracies of all three");
  return Tested(own < of_full && own < of_lora, "EIDA " + Number(100 * own, 2) + ", LoRA " +
                                                    Number(100 * of_lora, 2) + ", full " +
                                                    Number(100 * of_full, 2));
}

Finding FewerParameters(const Results& r) {
  const Setting* eida = r.Find("eida");
  const Setting* full = r.Find("full");
  if (eida == nullptr || full == nullptr) return Untested("needs EIDA and full fine-tuning");
  const int64_t own = r.study().models[eida->models.front()].trainable;
  return Tested(r.Ratio(*eida) < 1,
                Grouped(own) + " parameters, " + Number(r.Ratio(*eida), 3) + " % of the base's");
}

Finding EidaBelowLoraBleu(const Results& r) {
  const Setting* eida = r.Find("eida");
  if (eida == nullptr || r.Lora().empty())
    return Untested("needs EIDA and LoRA with generated texts");
  const double own = r.Reported(*eida, "e2e_bleu").mean;
  const double lora = r.Reported(*r.Lora().front(), "e2e_bleu").mean;
  if (std::isnan(own + lora)) return Untested("the texts were not scored by e2e_bleu");
  return Tested(own < lora, "EIDA " + Number(100 * own, 1) + ", LoRA " + Number(100 * lora, 1));
}

// Both sides by the document's counts; a place or two may lie on the other side of the threshold.
Finding RuleCounts(const Results& r) {
  std::string text;
  bool holds = true, same_places = true;
  for (const Observation& o : r.study().observations) {
    for (const PublishedRule& published : RankRules()) {
      if (published.architecture != r.study().architecture) continue;
      const Rule rule = ApplyRule(o, published.side, ShownSize(o, published.architecture));
      if (rule.all == 0) continue;
      same_places &= rule.all == published.all;
      holds &= std::llabs(rule.large - published.large) <= 2;
      text += (text.empty() ? "" : "; ") + published.side + "s " + std::to_string(rule.large) +
              " of " + std::to_string(rule.all) + " (document: " + std::to_string(published.large) +
              " of " + std::to_string(published.all) + ")";
    }
  }
  if (text.empty()) return Untested("needs an observation of this architecture at 32 and 64 dims");
  return same_places ? Tested(holds, text) : Untested("observed are other places: " + text);
}

}  // namespace

PaperPart EidaPart(const Results& r) {
  PaperPart part;
  Section section{"scores", "Scores", {}};
  for (PublishedTable published : EidaTables()) {
    // METEOR itself is there where a user's jar gave it; the document's stands beside either.
    std::erase_if(published.rows, [&](const PublishedRow& row) {
      return row.metric == "meteor" &&
             !std::any_of(r.settings().begin(), r.settings().end(), [&](const Setting& setting) {
               return r.Reported(setting, row.metric).n > 0;
             });
    });
    const std::vector<std::string> settings = SettingsFor(published, r);
    Table table =
        ComparedTable(published, r, settings, [&](const PublishedRow& row, const Setting& setting) {
          return r.Reported(setting, row.metric);
        });
    table.note = NoteOn(r, settings, {r.study().report_split});
    AddTable(published, r, std::move(table),
             "runs of EIDA, LoRA or full fine-tuning with these "
             "scores",
             section, part);
  }
  if (!section.blocks.empty()) part.sections.push_back(std::move(section));
  AddObservations(r, part);
  return part;
}

const std::vector<Claim>& EidaClaims() {
  static const auto* const claims = new std::vector<Claim>{
      {"E1", "classification", "table 1",
       "On SST-2 EIDA is below LoRA and full fine-tuning (93.4 against 95.1 and 94.8).",
       BelowBaselines},
      {"E2", "classification", "4.2", "It trains 150,018 parameters: less than 1 % of the base's.",
       FewerParameters},
      {"E3", "e2e", "table 2",
       "On E2E it is below LoRA (BLEU 67.4 against 70.4 of a larger base, GPT-2 Medium).",
       EidaBelowLoraBleu},
      {"E4", "classification", "4.2",
       "The rule gives 64 dims to 10 of 49 inputs and to 51 of 73 updates (within two places).",
       RuleCounts},
      {"E5", "e2e", "5.2",
       "The rule gives 64 dims to 35 of 48 inputs and to 25 of 72 updates (within two places).",
       RuleCounts},
  };
  return *claims;
}

}  // namespace eida::report
