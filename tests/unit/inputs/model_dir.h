// A Hugging Face directory of a tiny BERT, with real headers and no meaning, and a sweep of it.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "common/base/fs.h"
#include "common/base/json.h"

namespace eida::inputs {

// The bytes of a safetensors file with f32 zeros of these shapes.
inline std::string SafetensorsBytes(const std::map<std::string, std::vector<int64_t>>& shapes) {
  Json header = Json::object();
  int64_t offset = 0;
  for (const auto& [name, shape] : shapes) {
    int64_t bytes = 4;
    for (int64_t d : shape) bytes *= d;
    header[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  const std::string text = header.dump();
  const uint64_t length = text.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + text + std::string(static_cast<size_t>(offset), '\0');
}

inline std::map<std::string, std::vector<int64_t>> TinyBertShapes(int64_t layers, int64_t h = 8,
                                                                  int64_t f = 16,
                                                                  int64_t vocabulary = 30) {
  std::map<std::string, std::vector<int64_t>> shapes = {
      {"embeddings.word_embeddings.weight", {vocabulary, h}},
      {"embeddings.position_ids", {1, 32}},
      {"embeddings.LayerNorm.weight", {h}},
      {"pooler.dense.weight", {h, h}},
      {"pooler.dense.bias", {h}}};
  for (int64_t i = 0; i < layers; ++i) {
    const std::string at = "encoder.layer." + std::to_string(i) + ".";
    for (const char* name : {"attention.self.query", "attention.self.key", "attention.self.value",
                             "attention.output.dense"})
      shapes[at + name + ".weight"] = {h, h};
    shapes[at + "intermediate.dense.weight"] = {f, h};
    shapes[at + "output.dense.weight"] = {h, f};
  }
  return shapes;
}

inline std::string TinyConfig(int64_t layers, int64_t vocabulary = 30) {
  return Json{{"model_type", "bert"},         {"hidden_size", 8},
              {"num_hidden_layers", layers},  {"num_attention_heads", 2},
              {"intermediate_size", 16},      {"vocab_size", vocabulary},
              {"max_position_embeddings", 32}}
      .dump();
}

inline std::string TinyTokenizer(int64_t tokens) {
  Json vocabulary = Json::object();
  for (int64_t i = 0; i < tokens; ++i) vocabulary["t" + std::to_string(i)] = i;
  return Json{{"model", {{"type", "WordPiece"}, {"vocab", vocabulary}}},
              {"added_tokens", Json::array()}}
      .dump();
}

// A LoRA on the tiny BERT's queries as PEFT writes it, without meaning; file name -> content.
inline std::map<std::string, std::string> TinyPeftAdapter(int64_t r = 2) {
  std::map<std::string, std::vector<int64_t>> shapes;
  for (const char* layer : {"0", "1"}) {
    const std::string at =
        std::string("base_model.model.bert.encoder.layer.") + layer + ".attention.self.query.lora_";
    shapes[at + "A.weight"] = {r, 8};
    shapes[at + "B.weight"] = {8, r};
  }
  return {{"adapter_config.json", Json{{"peft_type", "LORA"},
                                       {"r", r},
                                       {"lora_alpha", 6},
                                       {"lora_dropout", 0.25},
                                       {"target_modules", {"query"}}}
                                      .dump()},
          {"adapter_model.safetensors", SafetensorsBytes(shapes)}};
}

// File name -> content.
inline std::map<std::string, std::string> TinyModel() {
  return {{"config.json", TinyConfig(2)},
          {"tokenizer.json", TinyTokenizer(30)},
          {"model.safetensors", SafetensorsBytes(TinyBertShapes(2))}};
}

inline void WriteTinyModel(const std::string& directory) {
  MakeDirs(directory).IgnoreError();
  for (const auto& [name, content] : TinyModel())
    WriteFileAtomic(JoinPath(directory, name), content).IgnoreError();
}

// The directory is model/, the data reviews.tsv: 2 runs of each variant.
inline constexpr char kTinySweep[] = R"(apiVersion: eida/v1
kind: Sweep
name: tiny
model: {path: model, head: {classification: {labels: 2}}}
data:
  task: classification
  format: tsv
  columns: {text: text, label: label}
  max_length: 16
  splits:
    train: reviews.tsv
    select: {from: train, items: 2, seed: 0}
    report: {from: train, items: 2, seed: 1}
seeds: 0..1
train: {epochs: 1, batch_size: 2, lr: 1.0e-3}
variants:
  - {name: full, adapter: {type: none}}
  - {name: lora, adapter: {type: lora, r: 2, alpha: 4, targets: [query, value]}}
)";

}  // namespace eida::inputs
