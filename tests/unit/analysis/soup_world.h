// A pool of low-rank members on a fake study, their results on both splits, and soup jobs over it.
#pragma once

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "common/base/fs.h"
#include "common/base/rng.h"
#include "fake_study.h"
#include "gtest/gtest.h"
#include "worker/analysis/path.h"
#include "worker/analysis/run_soup.h"

namespace eida::analysis {

inline std::string ReadBytes(const std::string& path) { return ReadFile(path).value_or(""); }

class SoupWorld {
 public:
  // Members near one good model, of `rank` each.
  explicit SoupWorld(int members, uint64_t seed = 3, int64_t rank = 2)
      : select(30), report(20), seed_(seed), rank_(rank) {
    select.base["w"] = report.base["w"] = torch::tensor({{0.25f, -0.5f, 0.0f}, {0.1f, 0.2f, 0.3f}});
    for (int i = 0; i < members; ++i) AddMember(i);
  }

  // Makes the job of that type with everything that it reads; `out` is a new directory.
  engine::Job Make(const std::string& type, const Json& options = Json::object()) {
    engine::Job job;
    job.kind = "soup";
    job.name = "soup/" + type;
    Json list = Json::array();
    for (size_t i = 0; i < names.size(); ++i) list.push_back({{"label", names[i]}});
    job.spec = {{"type", type},
                {"options", options},
                {"members", list},
                {"select", "select"},
                {"report", "validation"}};
    job.inputs = inputs;
    job.out = dir.path() + "/out" + std::to_string(++outs_);
    EXPECT_TRUE(MakeDirs(job.out).ok());
    return job;
  }
  Result<engine::JobResult> Run(const engine::Job& job, engine::Events& events) {
    select.evaluations = report.evaluations = 0;
    return MakeSoup(job, select, report, events);
  }
  engine::JobResult Done(const engine::Job& job) {
    QuietEvents events;
    auto result = Run(job, events);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? std::move(*result) : engine::JobResult();
  }
  // The error of a run that must not go well.
  std::string Refused(const engine::Job& job, const std::string& error_class) {
    QuietEvents events;
    const auto result = Run(job, events);
    EXPECT_FALSE(result.ok());
    if (result.ok()) return "";
    EXPECT_EQ(engine::ErrorClassOf(result.status()), error_class) << result.status();
    return Message(result.status());
  }
  Json Soup(const engine::Job& job) {
    return *ParseJson(ReadBytes(job.out + "/soup.json"), "soup");
  }

  // A model that is no low-rank update.
  void AddFullModel(const std::string& name) {
    const engine::Weights weights = {{"w", select.base["w"] + 0.1},
                                     {"head", torch::tensor({1.5f})}};
    select.files[name] = report.files[name] = weights;
    Evaluate(name, weights);
  }
  // Paths between all pairs, each measured from the second to the first where `turned`.
  void MeasurePaths(bool turned = false) {
    QuietEvents events;
    for (size_t i = 0; i < names.size(); ++i) {
      for (size_t j = i + 1; j < names.size(); ++j) {
        const size_t a = turned ? j : i, b = turned ? i : j;
        const engine::Weights from = *select.LoadMember(names[a]),
                              to = *select.LoadMember(names[b]);
        const auto path = MeasurePath(select, select.LineOf(from, to), *select.Evaluate(from),
                                      *select.Evaluate(to), *AlphaGrid(11), events);
        const std::string role = "path/" + std::to_string(a) + "/" + std::to_string(b);
        inputs[role] = dir.path() + "/curve-" + std::to_string(a) + "-" + std::to_string(b);
        std::ofstream(inputs[role]) << Pretty(CurveJson(path->curve));
      }
    }
  }
  std::string EvalOf(int member, const std::string& role) {
    return inputs.at(role + "/" + std::to_string(member));
  }

  TempDir dir;
  FakeStudy select, report;
  std::vector<std::string> names;
  std::map<std::string, std::string> inputs;

 private:
  void AddMember(int i) {
    Rng rng(seed_, "member/" + std::to_string(i));
    const auto draw = [&](std::initializer_list<int64_t> shape) {
      at::Tensor t = torch::empty(shape);
      for (int64_t k = 0; k < t.numel(); ++k)
        t.data_ptr<float>()[k] = static_cast<float>(rng.Unit() - 0.5);
      return t;
    };
    engine::LowRank member;
    catalog::SiteShape site;
    site.name = site.module = "w";
    site.out = 2, site.in = 3;
    member.maps.push_back({site, draw({rank_, 3}), draw({2, rank_}), 2.0});
    member.whole["head"] = draw({1});
    const std::string name = "lora/seed" + std::to_string(i);
    select.factors[name] = report.factors[name] = member;
    Evaluate(name, *select.Merge(member));
  }
  void Evaluate(const std::string& name, const engine::Weights& weights) {
    const std::string index = std::to_string(names.size());
    names.push_back(name);
    inputs["member/" + index] = name;
    for (auto [role, study] : {std::pair{"select", &select}, {"report", &report}}) {
      const std::string path = dir.path() + "/" + role + index;
      EXPECT_TRUE(engine::WriteEval(*study->Evaluate(weights), path).ok());
      inputs[std::string(role) + "/" + index] = path;
    }
  }

  uint64_t seed_;
  int64_t rank_;
  int outs_ = 0;
};

}  // namespace eida::analysis
