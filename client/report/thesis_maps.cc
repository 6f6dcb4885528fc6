// Figures 2 to 9 of the thesis.
#include <cmath>
#include <limits>
#include <map>

#include "client/report/heat.h"
#include "client/report/paper.h"

namespace eida::report {
namespace {

constexpr size_t kReadable = 8;  // items whose numbers can be read in a panel among others
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// Rank x rank: on the diagonal pairs of two seeds, else pairs of one seed.
Figure RankMap(const Pairs& cka, const Results& r, const std::string& id) {
  Figure figure{id, "", "", {}};
  const std::vector<const Setting*> lora = r.Lora();
  render::HeatMap map;
  map.title = "LoRA";
  map.subtitle = NoteOn(cka);
  map.value_label = cka.biased.empty() ? ValueLabel(cka) : "linear CKA (biased)";
  map.label_name = "rank";
  map.scale = {render::ColorMap::kMagma, 0, 1, std::nullopt};
  bool any = false;
  for (const Setting* row : lora) {
    map.groups.push_back("");
    map.labels.push_back(std::to_string(row->rank));
    std::vector<double> values;
    for (const Setting* column : lora) {
      const std::vector<Pair> pairs =
          row == column ? r.Same(cka, *row) : r.SameSeed(cka, *row, *column);
      const Sample sample = SampleOf(Values(pairs, true));
      any |= row != column && sample.n > 0;
      values.push_back(sample.n > 0 ? sample.mean : kNone);
    }
    map.values.push_back(std::move(values));
  }
  if (any) figure.panels.push_back(std::move(map));
  figure.caption =
      "Mean CKA between LoRA models: off the diagonal over seeds, of two ranks with one seed; on "
      "the diagonal over pairs of two seeds of one rank (as in the table of similarities). Lighter "
      "is more alike.";
  figure.note = MissingNote(figure.panels);
  return figure;
}

Panel SeedsOf(const Setting& setting, const Results& r) {
  Panel panel{setting.label, ""};
  panel.label_name = "seed";
  for (const size_t m : setting.models) {
    panel.models.push_back(m);
    panel.groups.push_back("");  // the title says it
    panel.labels.push_back(std::to_string(r.study().models[m].seed));
  }
  return panel;
}

void AddPanel(const Pairs& pairs, const Panel& panel, Figure& figure) {
  render::HeatMap map = HeatOf(pairs, panel);
  for (size_t i = 0; i < map.values.size(); ++i) {
    for (size_t j = 0; j < map.values.size(); ++j) {
      if (i != j && std::isfinite(map.values[i][j])) {
        figure.panels.push_back(std::move(map));
        return;
      }
    }
  }
}

Figure FullGaps(const Pairs& gap, const Results& r, const std::string& id) {
  Figure figure{id, "Convexity gap between fully fine-tuned models of different seeds.", "", {}};
  if (const Setting* full = r.Find("full")) AddPanel(gap, SeedsOf(*full, r), figure);
  return figure;
}

Figure SameRankGaps(const Pairs& gap, const Results& r, const std::string& id) {
  Figure figure{id,
                "Convexity gap between LoRA models of one rank and different seeds, a panel "
                "for each rank.",
                "",
                {}};
  for (const Setting* setting : r.Lora()) AddPanel(gap, SeedsOf(*setting, r), figure);
  return figure;
}

Figure SameSeedGaps(const Pairs& gap, const Results& r, const std::string& id) {
  Figure figure{id,
                "Convexity gap between LoRA models of different ranks and one seed, a panel "
                "for each seed.",
                "",
                {}};
  std::map<int64_t, Panel> by_seed;
  for (const Setting* setting : r.Lora()) {
    for (const size_t m : setting->models) {
      const int64_t seed = r.study().models[m].seed;
      Panel& panel = by_seed[seed];
      panel.title = "Seed " + std::to_string(seed);
      panel.label_name = "rank";
      panel.models.push_back(m);
      panel.groups.push_back("");
      panel.labels.push_back(std::to_string(setting->rank));
    }
  }
  for (const auto& [seed, panel] : by_seed) AddPanel(gap, panel, figure);
  return figure;
}

void AddFigure(Figure figure, const std::string& needs, Section& section, PaperPart& part) {
  if (figure.panels.empty()) {
    part.missing.push_back({figure.id, needs});
  } else {
    section.blocks.push_back(std::move(figure));
  }
}

using MakeFigure = Figure (*)(const Pairs&, const Results&, const std::string&);
struct GapFigure {
  const char *id, *task, *needs;
  MakeFigure make;
};
constexpr GapFigure kGapFigures[] = {
    {"F4", "classification", "gaps between seeds of full fine-tuning", FullGaps},
    {"F5", "translation", "gaps between seeds of full fine-tuning", FullGaps},
    {"F6", "classification", "gaps between seeds of one LoRA rank", SameRankGaps},
    {"F7", "classification", "gaps between LoRA ranks of one seed", SameSeedGaps},
    {"F8", "translation", "gaps between seeds of one LoRA rank", SameRankGaps},
    {"F9", "translation", "gaps between LoRA ranks of one seed", SameSeedGaps},
};

}  // namespace

Section ThesisRankMaps(const Results& r, PaperPart& part) {
  Section section{"ranks", "Similarity between ranks", {}};
  const Pairs* cka = r.Matrix("cka");
  for (const auto& [id, task] : {std::pair{"F2", "classification"}, {"F3", "translation"}}) {
    if (r.task() != task) {
      part.missing.push_back({id, TaskNeeded(task, r)});
    } else if (cka == nullptr) {
      part.missing.push_back({id, "an analysis of type cka over pairs of one seed"});
    } else {
      AddFigure(RankMap(*cka, r, id),
                "an analysis of type cka over pairs of one seed and two LoRA ranks", section, part);
    }
  }
  return section;
}

Section ThesisGapMaps(const Results& r, PaperPart& part) {
  Section section{"connectivity", "Linear mode connectivity", {}};
  const Pairs* gap = r.Matrix("convexity_gap");
  std::vector<Figure> figures;
  std::vector<Picture> all;
  for (const GapFigure& wanted : kGapFigures) {
    if (r.task() != wanted.task) {
      part.missing.push_back({wanted.id, TaskNeeded(wanted.task, r)});
      continue;
    }
    const std::string needs = "an analysis of type convexity_gap with " + std::string(wanted.needs);
    Figure figure{wanted.id, "", "", {}};
    if (gap != nullptr) figure = wanted.make(*gap, r, wanted.id);
    if (figure.panels.empty()) {
      part.missing.push_back({wanted.id, needs});
      continue;
    }
    all.insert(all.end(), figure.panels.begin(), figure.panels.end());
    figures.push_back(std::move(figure));
  }
  if (all.empty()) return section;
  ShareScale("convexity_gap", all);
  size_t next = 0;
  for (Figure& figure : figures) {
    for (Picture& panel : figure.panels) {
      panel = all[next++];
      auto& map = std::get<render::HeatMap>(panel);
      if (figure.panels.size() > 1 && map.values.size() > kReadable)
        map.annotate = render::Annotate::kOff;
    }
    figure.note = "All panels of this section share one scale. " + NoteOn(*gap) + ". " +
                  MissingNote(figure.panels);
    section.blocks.push_back(std::move(figure));
  }
  return section;
}

}  // namespace eida::report
