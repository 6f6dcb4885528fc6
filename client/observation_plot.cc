#include "client/observation_plot.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "client/results.h"
#include "common/base/digest.h"
#include "common/base/text.h"

namespace eida::client {
namespace {

struct Observation {
  std::string name;
  Json content;  // eida/observation/v1
};

Result<Observation> Load(Api& api, const SweepData& data, const std::string& name) {
  std::vector<std::string> have;
  for (const v1::Job& job : data.jobs) {
    if (job.kind() != v1::JOB_KIND_OBSERVE || job.state() != v1::JOB_STATE_SUCCEEDED) continue;
    const std::string own = job.name().substr(std::string("observe/").size());
    have.push_back(own);
    if (!name.empty() && own != name) continue;
    EIDA_ASSIGN_OR_RETURN(const v1::Artifact artifact, FindArtifact(job, "observation"));
    EIDA_ASSIGN_OR_RETURN(const std::string text, api.Get(Digest(artifact.digest())));
    EIDA_ASSIGN_OR_RETURN(Json content, ParseJson(text, job.name()));
    return Observation{own, std::move(content)};
  }
  if (have.empty()) return NotFound("sweep " + data.Id() + " has no finished observation");
  return NotFound("sweep " + data.Id() + " has no finished observation \"" + name +
                  "\"; it has: " + Join(have, ", "));
}

void AddPoint(render::Series& series, double x, const std::vector<double>& values) {
  double mean = 0, square = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) square += (v - mean) * (v - mean);
  const double deviation =
      values.size() < 2 ? 0 : std::sqrt(square / static_cast<double>(values.size() - 1));
  series.x.push_back(x);
  series.y.push_back(mean);
  series.low.push_back(mean - deviation);
  series.high.push_back(mean + deviation);
}

// Of one size and dim, over repeats.
std::vector<double> Repeats(const Json& site, size_t size, size_t dim) {
  std::vector<double> values;
  for (const Json& repeat : site["sizes"][size]["cosine"])
    values.push_back(repeat[dim].get<double>());
  return values;
}

std::vector<Json> SitesOf(const Json& content, const std::string& side, const std::string& role) {
  std::vector<Json> sites;
  for (const Json& site : content["sites"]) {
    if (site["side"] == side && (role.empty() || site["role"] == role)) sites.push_back(site);
  }
  return sites;
}

Result<size_t> SizeIndex(const Json& content, int64_t sequences) {
  const auto sizes = content["sequences"].get<std::vector<int64_t>>();
  if (sequences == 0) return sizes.size() / 2;
  const auto found = std::find(sizes.begin(), sizes.end(), sequences);
  if (found != sizes.end()) return static_cast<size_t>(found - sizes.begin());
  return NotFound("nothing was observed with " + std::to_string(sequences) +
                  " sequences; there are: " + content["sequences"].dump());
}

void ByLayer(const std::vector<Json>& sites, size_t size, size_t dim, render::Series& series) {
  for (const Json& site : sites)
    AddPoint(series, LayerOf(site["name"].get<std::string>()), Repeats(site, size, dim));
}

// The mean over places in each repeat.
void BySequences(const std::vector<Json>& sites, const std::vector<int64_t>& sizes, size_t dim,
                 render::Series& series) {
  for (size_t size = 0; size < sizes.size(); ++size) {
    std::vector<double> means;
    for (const Json& site : sites) {
      const std::vector<double> own = Repeats(site, size, dim);
      means.resize(own.size());
      for (size_t r = 0; r < own.size(); ++r)
        means[r] += own[r] / static_cast<double>(sites.size());
    }
    AddPoint(series, static_cast<double>(sizes[size]), means);
  }
}

}  // namespace

int LayerOf(const std::string& name) {
  for (const std::string& part : Split(name, '.')) {
    if (!part.empty() && part.size() < 6 &&
        part.find_first_not_of("0123456789") == std::string::npos)
      return std::stoi(part);
  }
  return -1;
}

Result<render::LinePlot> ObservationPlot(Api& api, const SweepData& data,
                                         const ObservationChoice& choice) {
  EIDA_ASSIGN_OR_RETURN(const Observation observation, Load(api, data, choice.name));
  const Json& content = observation.content;
  const std::vector<Json> sites = SitesOf(content, choice.side, choice.role);
  if (sites.empty()) {
    std::set<std::string> roles;
    for (const Json& site : SitesOf(content, choice.side, ""))
      roles.insert(site["role"].get<std::string>());
    return NotFound("no " + choice.side + " of role \"" + choice.role +
                    "\" was observed; there are: " + Join({roles.begin(), roles.end()}, ", "));
  }
  EIDA_ASSIGN_OR_RETURN(const size_t size, SizeIndex(content, choice.sequences));
  const auto sizes = content["sequences"].get<std::vector<int64_t>>();
  const std::string what = choice.side == "input" ? "inputs" : "update directions";
  render::LinePlot plot;
  plot.title = choice.role.empty() ? "All " + what : what + " of " + choice.role;
  plot.title[0] = static_cast<char>(std::toupper(plot.title[0]));
  plot.subtitle = data.sweep.name() + " · " + observation.name + " · " +
                  std::to_string(content["repeats"].get<int64_t>()) + " repeats, " +
                  std::to_string(content["held_out"].get<int64_t>()) + " sequences held out" +
                  (choice.role.empty() ? "" : ", subspaces of " + std::to_string(sizes[size]));
  plot.x_label = choice.role.empty() ? "sequences" : "layer";
  plot.y_label = "mean cosine";
  const auto dims = content["dims"].get<std::vector<int64_t>>();
  for (size_t d = dims.size(); d-- > 0;) {
    render::Series series{std::to_string(dims[d]) + " dims"};
    series.mark = render::Mark::kDisc;
    if (choice.role.empty()) {
      BySequences(sites, sizes, d, series);
    } else {
      ByLayer(sites, size, d, series);
    }
    plot.series.push_back(std::move(series));
  }
  return plot;
}

}  // namespace eida::client
