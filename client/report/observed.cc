#include "client/report/observed.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "client/report/papers/published.h"
#include "common/base/text.h"

namespace eida::report {
namespace {

constexpr double kGain = 0.03;
const char* const kSides[] = {"input", "update"};

std::string SideText(const std::string& side) {
  return side == "input" ? "inputs" : "update directions";
}

size_t IndexOf(const std::vector<int64_t>& values, int64_t value) {
  return static_cast<size_t>(std::find(values.begin(), values.end(), value) - values.begin());
}

Sample At(const ObservedSite& site, size_t size, size_t dim) {
  return size < site.cosine.size() && dim < site.cosine[size].size()
             ? SampleOf(site.cosine[size][dim])
             : SampleOf({});
}

std::vector<const ObservedSite*> SitesOf(const Observation& o, const std::string& side,
                                         const std::string& role) {
  std::vector<const ObservedSite*> sites;
  for (const ObservedSite& site : o.sites) {
    if (site.side == side && (role.empty() || site.role == role)) sites.push_back(&site);
  }
  return sites;
}

std::vector<std::string> Roles(const Observation& o, const std::string& side) {
  std::vector<std::string> roles;
  for (const ObservedSite& site : o.sites) {
    if (site.side == side && std::find(roles.begin(), roles.end(), site.role) == roles.end())
      roles.push_back(site.role);
  }
  return roles;
}

// The input that query, key and value share stands under one of their names.
const PublishedFigure* Oracle(const std::string& architecture, const std::string& side,
                              const std::string& role) {
  const bool fused = side == "input" && (role == "qkv" || role == "key" || role == "value");
  return FindObserved(architecture, side, fused ? "query" : role);
}

// The document's values by layer; null where it prints none at so many dims.
const std::vector<double>* ValuesAt(const PublishedFigure& figure, int64_t dims) {
  return dims == 64 ? &figure.of_64 : dims == 32 ? &figure.of_32 : nullptr;
}

void AddPoint(double x, const Sample& sample, render::Series& line) {
  if (sample.n == 0) return;
  line.x.push_back(x);
  line.y.push_back(sample.mean);
  line.low.push_back(sample.mean - sample.deviation);
  line.high.push_back(sample.mean + sample.deviation);
}

void AddPublished(const PublishedFigure& figure, render::LinePlot& plot) {
  const size_t ours = plot.series.size();
  for (const auto& [dims, values] : {std::pair{64, &figure.of_64}, std::pair{32, &figure.of_32}}) {
    render::Series line{std::to_string(dims) + " dims, published"};
    line.dashed = true;
    line.mark = render::Mark::kRing;
    for (size_t own = 0; own < ours; ++own) {
      if (plot.series[own].label == std::to_string(dims) + " dims")
        line.color = render::SeriesColor(own);
    }
    for (size_t layer = 0; layer < values->size(); ++layer) {
      line.x.push_back(static_cast<double>(layer));
      line.y.push_back((*values)[layer]);
    }
    plot.series.push_back(std::move(line));
  }
}

std::string Note(const Observation& o) {
  return "Observation " + o.name + ", split " + o.split + ": " + std::to_string(o.repeats) +
         " repeats, " + std::to_string(o.held_out) + " sequences held out.";
}

// 0, 1, 2, 5 -> "0–2, 5".
std::string Ranges(const std::set<int64_t>& numbers) {
  std::vector<std::string> parts;
  for (auto at = numbers.begin(); at != numbers.end();) {
    int64_t last = *at;
    const int64_t first = *at++;
    while (at != numbers.end() && *at == last + 1) last = *at++;
    parts.push_back(std::to_string(first) + (last > first ? "–" + std::to_string(last) : ""));
  }
  return Join(parts, ", ");
}

// The mean over places, of each repeat.
Sample MeanOverSites(const std::vector<const ObservedSite*>& sites, size_t size, size_t dim) {
  std::vector<double> of_repeat;
  for (const ObservedSite* site : sites) {
    if (size >= site->cosine.size() || dim >= site->cosine[size].size()) continue;
    const std::vector<double>& own = site->cosine[size][dim];
    of_repeat.resize(std::max(of_repeat.size(), own.size()));
    for (size_t r = 0; r < own.size(); ++r)
      of_repeat[r] += own[r] / static_cast<double>(sites.size());
  }
  return SampleOf(of_repeat);
}

// "query 0–3, 5; attn_out 2; classifier.dense".
std::string ByRole(const std::vector<const ObservedSite*>& sites) {
  std::vector<std::string> roles, parts;
  std::map<std::string, std::set<int64_t>> layers;
  for (const ObservedSite* site : sites) {
    if (site->layer < 0)
      parts.push_back(site->name);
    else if (layers[site->role].insert(site->layer).second && layers[site->role].size() == 1)
      roles.push_back(site->role);
  }
  for (const std::string& role : roles) parts.push_back(role + " " + Ranges(layers[role]));
  return Join(parts, "; ");
}

// Where the document's figure has a value.
std::vector<const ObservedSite*> Readable(std::vector<const ObservedSite*> sites,
                                          const std::vector<double>& published) {
  std::erase_if(sites, [&](const ObservedSite* site) {
    const auto layer = static_cast<size_t>(site->layer);
    return site->layer < 0 || layer >= published.size() || std::isnan(published[layer]);
  });
  return sites;
}

double MeanOf(const std::vector<double>& values) { return SampleOf(values).mean; }

}  // namespace

size_t ShownSize(const Observation& o, const std::string& architecture) {
  const size_t published = IndexOf(o.sequences, architecture == "gpt2" ? 128 : 256);
  return published < o.sequences.size() ? published : o.sequences.size() / 2;
}

Figure ByLayer(const Observation& o, const std::string& side, const std::string& architecture) {
  Figure figure{"EF-" + o.name + "-" + side, "", "", {}};
  const size_t size = ShownSize(o, architecture);
  const std::string sequences =
      size < o.sequences.size() ? std::to_string(o.sequences[size]) : "no";
  bool published = false;
  for (const std::string& role : Roles(o, side)) {
    render::LinePlot plot;
    plot.title = (side == "input" ? "Inputs of " : "Update directions of ") + role;
    plot.subtitle = "subspaces of " + sequences + " sequences";
    plot.x_label = "layer";
    plot.y_label = "mean cosine";
    for (size_t d = o.dims.size(); d-- > 0;) {
      render::Series line{std::to_string(o.dims[d]) + " dims"};
      line.mark = render::Mark::kDisc;
      for (const ObservedSite* site : SitesOf(o, side, role)) {
        if (site->layer >= 0) AddPoint(static_cast<double>(site->layer), At(*site, size, d), line);
      }
      if (!line.x.empty()) plot.series.push_back(std::move(line));
    }
    if (plot.series.empty()) continue;
    if (const PublishedFigure* oracle = Oracle(architecture, side, role)) {
      AddPublished(*oracle, plot);
      published = true;
    }
    figure.panels.push_back(std::move(plot));
  }
  figure.caption = "Mean cosine between held-out " + SideText(side) +
                   " and their projection on a subspace, by layer, a panel for each role" +
                   (published ? "; dashed: the document's figure." : ".");
  figure.note = Note(o) + " Bands are one standard deviation over repeats.";
  return figure;
}

Figure BySequences(const Observation& o) {
  Figure figure{"EF-" + o.name + "-all",
                "Mean cosine over all places, by the number of sequences that the subspaces are "
                "made of.",
                Note(o),
                {}};
  for (const char* side : kSides) {
    const std::vector<const ObservedSite*> sites = SitesOf(o, side, "");
    if (sites.empty() || o.sequences.size() < 2) continue;
    render::LinePlot plot;
    plot.title = "All " + SideText(side);
    plot.subtitle = std::to_string(sites.size()) + " places";
    plot.x_label = "sequences";
    plot.y_label = "mean cosine";
    for (size_t d = o.dims.size(); d-- > 0;) {
      render::Series line{std::to_string(o.dims[d]) + " dims"};
      line.mark = render::Mark::kDisc;
      for (size_t s = 0; s < o.sequences.size(); ++s)
        AddPoint(static_cast<double>(o.sequences[s]), MeanOverSites(sites, s, d), line);
      plot.series.push_back(std::move(line));
    }
    figure.panels.push_back(std::move(plot));
  }
  return figure;
}

Table LayerMeans(const Observation& o, const std::string& architecture) {
  Table table;
  table.id = "EO-" + o.name;
  table.caption = "Mean cosine over layers, by role and dims";
  table.columns = {{"role"}};
  const bool published = std::any_of(
      ObservedFigures().begin(), ObservedFigures().end(),
      [&](const PublishedFigure& figure) { return figure.architecture == architecture; });
  const std::vector<int64_t> dims_shown(o.dims.rbegin(), o.dims.rend());
  for (const int64_t dims : dims_shown)
    table.columns.push_back({std::to_string(dims) + " dims",
                             published && ValuesAt(ObservedFigures().front(), dims) != nullptr
                                 ? Kind::kCompared
                                 : Kind::kNumber});
  const size_t size = ShownSize(o, architecture);
  for (const char* side : kSides) {
    table.rows.push_back({{Cell::Of(SideText(side))}, true});
    for (const std::string& role : Roles(o, side)) {
      Row row{{Cell::Of(role)}};
      const PublishedFigure* oracle = Oracle(architecture, side, role);
      for (const int64_t dims : dims_shown) {
        std::vector<const ObservedSite*> sites = SitesOf(o, side, role);
        const auto* values = oracle == nullptr ? nullptr : ValuesAt(*oracle, dims);
        if (values != nullptr) sites = Readable(std::move(sites), *values);
        Cell cell = Cell::Of(MeanOverSites(sites, size, IndexOf(o.dims, dims)), 3);
        if (values != nullptr) cell.published = MeanOf(*values);
        row.cells.push_back(cell);
      }
      table.rows.push_back(std::move(row));
    }
  }
  table.note = Note(o) + " n counts repeats.";
  if (published)
    table.note +=
        " The document's values are digitised from its figures (± 0.002); "
        "its updates of RoBERTa depend on the start of the head: the shape is to be met, not "
        "the third digit.";
  return table;
}

Rule ApplyRule(const Observation& o, const std::string& side, size_t size) {
  Rule rule;
  const size_t large = IndexOf(o.dims, 64), small = IndexOf(o.dims, 32);
  if (large >= o.dims.size() || small >= o.dims.size()) return rule;
  for (const ObservedSite* site : SitesOf(o, side, "")) {
    const Sample of_64 = At(*site, size, large), of_32 = At(*site, size, small);
    if (of_64.n == 0 || of_32.n == 0) continue;
    ++rule.all;
    if (of_64.mean - of_32.mean < kGain) continue;
    ++rule.large;
    rule.sites.push_back(site);
  }
  return rule;
}

Table RuleTable(const Observation& o, const std::string& architecture) {
  Table table;
  table.id = "ER-" + o.name;
  table.caption =
      "The rank rule: places that get 64 dims, as their mean cosine is 0.03 or more "
      "above that of 32";
  table.columns = {
      {"places"}, {"with 64 dims", Kind::kCompared}, {"of"}, {"published of"}, {"which, by layer"}};
  for (const char* side : kSides) {
    const Rule rule = ApplyRule(o, side, ShownSize(o, architecture));
    if (rule.all == 0) continue;
    Cell count = Cell::Of(SampleOf({static_cast<double>(rule.large)}), 0);
    std::string of = "–";
    for (const PublishedRule& published : RankRules()) {
      if (published.architecture != architecture || published.side != side) continue;
      count.published = static_cast<double>(published.large);
      of = std::to_string(published.all);
    }
    const std::string which = ByRole(rule.sites);
    table.rows.push_back({{Cell::Of(SideText(side)), count, Cell::Of(std::to_string(rule.all)),
                           Cell::Of(of), Cell::Of(which.empty() ? "none" : which)}});
  }
  table.note =
      "The document's lists deviate from its own rule at eight places that lie within "
      "0.0025 of 0.03. " +
      Note(o);
  return table;
}

}  // namespace eida::report
