// What a sweep found, as plain values: what every page of the report is made from. Filled by
// client/report_study.h; nothing here knows a coordinator.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/render/plot.h"

namespace eida::report {

// metric id -> value as it was measured: shares in 0..1, losses in nats, BLEU in 0..100.
using Scores = std::map<std::string, double>;

// One run: a variant with a seed.
struct Model {
  std::string run, variant;
  int64_t seed = 0;
  std::string adapter = "none";  // a line of adapters.def; none = full fine-tuning
  int64_t rank = 0;              // r, 0 where the adapter has none
  int64_t trainable = 0, base = 0;
  std::string state;                     // of its training
  std::string problem;                   // why it has no result, "" when it has one
  double seconds = 0;                    // of training, 0 when unknown
  std::map<std::string, Scores> scores;  // by split
  std::map<std::string, int64_t> items;  // by split: of how many items
  std::map<std::string, int64_t> texts;  // by split: how many were written, one for each source
  bool trained() const { return state == "succeeded"; }
};

// A matrix of pairwise measures between models.
struct Pairs {
  std::string analysis, metric;                // as in the sweep file; cka, convexity_gap, ..
  std::vector<size_t> members;                 // indices into Study::models
  std::vector<std::vector<double>> values;     // NaN = no such pair
  std::vector<std::vector<double>> biased;     // CKA only: the biased estimate; empty = not kept
  std::vector<std::vector<double>> relative;   // paths only: the gap / the larger end loss
  std::string split, estimator, layer, space;  // "" = does not apply
  int64_t items = 0, points = 0;               // n; K, 0 for no path
};

struct SoupModel {
  std::string model;  // greedy soup, uniform soup, logit ensemble, best single
  Scores select, report;
};
struct Soup {
  std::string name, type, select_split, report_split;
  int64_t candidates = 0, accepted = 0;
  std::vector<SoupModel> models;
  std::optional<render::LinePlot> search;  // every candidate that was tried
};

// The mean cosine between held-out tokens and their projection at one place of the model.
struct ObservedSite {
  std::string name, role, side;  // side: input or update
  int64_t layer = -1;            // -1: of no layer
  // [size][dim][repeat], in the order of Observation::sequences and dims.
  std::vector<std::vector<std::vector<double>>> cosine;
};
struct Observation {
  std::string name, split;
  std::vector<int64_t> sequences, dims;
  int64_t repeats = 0, held_out = 0;
  std::vector<ObservedSite> sites;
};

// What one run wrote, and what would have been right.
struct Example {
  std::string run, source, text, reference;
};

// A row of the data.
struct DataRow {
  std::string text, text_pair, label;  // "" = it has none
};

struct Problem {
  std::string job, state, message;
};

// What the sweep's jobs of one kind cost.
struct Compute {
  std::string kind;
  int64_t jobs = 0, reused = 0;
  double seconds = 0;  // between start and end of each, all added up
};

struct Provenance {
  std::string sweep_file;  // as it was submitted
  std::string options;     // of the command line, what was laid over it: " --preset smoke"
  std::string client_version, server_version;                  // "" = unknown
  std::vector<std::pair<std::string, std::string>> digests;    // what -> SHA-256
  std::vector<std::pair<std::string, std::string>> artifacts;  // results -> SHA-256
  std::map<std::string, std::string> signatures;  // of the metrics of texts: how they were computed
  std::vector<std::string> workers;
  std::vector<Compute> compute;
  int64_t created_ms = 0, finished_ms = 0, read_ms = 0;
};

struct Study {
  std::string id, name, description,
      state;  // s3, qqp, .., running | succeeded | failed | cancelled
  std::string task, architecture, model_path, data_name;
  std::string metric, select_split, report_split;
  // Of each variant: train.lr -> 0.002, adapter.type -> lora, ..
  std::vector<std::pair<std::string, std::map<std::string, std::string>>> settings;
  std::vector<Model> models;
  std::vector<Pairs> pairs;
  std::vector<Soup> soups;
  std::vector<Observation> observations;
  std::vector<Example> examples;
  std::vector<DataRow> rows;  // the first ones of rows_split
  std::string rows_split;
  std::vector<Problem> problems;
  int64_t jobs = 0, jobs_done = 0;
  Provenance provenance;
};

}  // namespace eida::report
