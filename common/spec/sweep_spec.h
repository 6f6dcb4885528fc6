// The typed sweep file (apiVersion eida/v1): what ParseSweep makes of sweep.yaml, defaults filled
// in. Parts that a job's spec carries unchanged (adapter, train, eval, checkpoint, numerics) are
// complete JSON objects in the form of docs/formats.md section 3.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/json.h"
#include "common/domain/records.h"

namespace eida::spec {

struct Place {
  int line = 0, column = 0, length = 1;  // from 1
};
struct SourcePlace {
  std::string file;  // the sweep file, or --set
  Place place;
};
// Path in the file ("data.splits.train", "variants[1].adapter") -> where its value stands.
using SourceMap = std::map<std::string, SourcePlace>;

struct ModelSpec {
  std::string path;    // as written
  std::string digest;  // "" = not pinned
  int labels = 2;
};

// Either a file, or a part of another split.
struct SplitSpec {
  std::string name;
  std::string file;
  std::string from;
  std::optional<double> fraction;
  std::optional<int64_t> items;
  int64_t seed = 0;
};

struct DataSpec {
  std::string task = "classification";
  std::string format = "tsv";
  std::string text = "text", text_pair, label = "label";  // column names; "" = none
  std::string source_lang, target_lang;                   // language codes of the tokenizer's
  int max_length = 128;
  std::vector<SplitSpec> splits;  // in file order
  std::map<std::string, int64_t> limit;
  const SplitSpec* Find(const std::string& name) const;
};

struct VariantSpec {
  std::string name;
  Json adapter;
  std::string place;  // of the variant in the file: "variants[1]"
  Json train;
};

struct AnalysisSpec {
  std::string name, type;     // type: an analyses.def id
  std::string preset;         // an analysis_presets.def id, "" = none; what it sets is set below
  std::string select;         // run selection, "" = all
  std::string with;           // pairs of a selected run with one of these; "" = among the selected
  std::string pairs = "all";  // all, same_variant, cross_variant, same_seed
  std::string at = "final";   // final, best
  std::string split;
  std::optional<int64_t> samples;  // absent = the whole split
  int64_t item_seed = 0;
  int alphas = 11;
  std::string space = "merged";  // merged, adapter
  double confidence = 0.95;      // level of the intervals of what is read from paths
  std::vector<std::string> layers = {"last"};
  std::string estimator = "unbiased";
  Json numerics;
};

struct SoupSpec {
  std::string name, type;  // type: a soups.def id
  std::string select;
  Json options = Json::object();  // of its type
  std::string split, report;
  std::optional<int64_t> split_half;  // the seed by which `split` is halved: chosen on one half,
                                      // reported on the other
  Json numerics;
};

// Subspaces of what the maps of the base model see (or of runs').
struct ObservationSpec {
  std::string name;
  bool of_runs = false;
  std::string select;  // of runs
  std::string split;
  int64_t seed = 0;
  Json settings;  // {targets, sizes, dims, repeats, held_out, ..}: a job's `observe`
  std::string precision = "fp32";
};

struct SweepSpec {
  std::string name, description;
  std::string preset;  // that the file was read with, "" = none
  std::map<std::string, std::string> labels;
  ModelSpec model;
  DataSpec data;
  std::vector<int64_t> seeds;
  std::vector<VariantSpec> variants;  // grids expanded, in grid order
  Json eval;                          // {every, metric, goal, split, report, batch_size}
  Json early_stop;                    // null, or {patience, min_delta, min_epochs, metric}
  Json checkpoint;                    // {every, keep}
  int slots_per_job = 1;  // slots of one worker that a training job takes, a process on each
  std::string device = "any";
  int pack = 1;  // LoRA runs that may train in one process, sharing their passes over the base
  int max_parallel = 0, max_failures = 0, priority = 0;
  RetryPolicy retries;
  std::vector<AnalysisSpec> analyses;
  std::vector<SoupSpec> soups;
  std::vector<ObservationSpec> observations;
  SourceMap places;
};

// The resolved form, defaults included; what `validate -o json` and the database show.
Json ToJson(const SweepSpec& spec);

}  // namespace eida::spec
