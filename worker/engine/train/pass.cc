#include "worker/engine/train/pass.h"

#include <torch/torch.h>

#include <algorithm>
#include <deque>

#include "worker/engine/guard.h"
#include "worker/engine/nn/low_rank.h"

namespace eida::engine {
namespace {

std::vector<int64_t> ItemsOf(const std::vector<Run*>& runs, int64_t i) {
  std::vector<int64_t> items;
  for (const Run* run : runs) items.insert(items.end(), run->items(i).begin(), run->items(i).end());
  return items;
}

// Where each run's rows end in the batch of all its items.
LaneRows RowsOf(const std::vector<Run*>& runs, int64_t i, const Batch& batch) {
  LaneRows::Ends items, tokens, decoded;
  for (const Run* run : runs) {
    const auto before = items.empty() ? 0 : items.back();
    items.push_back(before + static_cast<int64_t>(run->items(i).size()));
    tokens.push_back(batch.starts[items.back()]);
    if (batch.decoder.items() > 0) decoded.push_back(batch.decoder.starts[items.back()]);
  }
  std::vector<LaneRows::Ends> kinds = {items, tokens};
  if (!decoded.empty()) kinds.push_back(decoded);
  return LaneRows(std::move(kinds));
}

// Parameters that the checkpoint lacks, so that the model finds one; the lanes' own are used.
Weights InPlaceOfMissing(const Run& run) {
  Weights weights;
  for (const std::string& name : run.base().missing) weights[name] = run.over_base().at(name);
  return weights;
}

// The contexts and tensors of a pass: they live until its backward pass is done.
class Pass {
 public:
  Pass(const std::vector<Run*>& runs, int64_t i)
      : runs_(runs),
        i_(i),
        batch_(MakeBatch(first().examples(), ItemsOf(runs, i), first().base().device)),
        rows_(std::make_shared<LaneRows>(RowsOf(runs, i, batch_))),
        context_(first().PassContext(i)) {}

  // Whether the lanes' rows can be told apart.
  bool Tells() const { return runs_.size() == 1 || rows_->Tell(); }

  // Forward and backward. Statuses as PassesOf gives them.
  std::vector<Status> Go() {
    const at::Tensor losses = Losses();
    const at::Tensor values = losses.detach();
    std::vector<Status> statuses;
    const at::Tensor slopes = at::zeros({batch_.items()});
    const LaneRows::Ends& ends = rows_->EndsOf(batch_.items());
    const LaneRows::Ends& tokens = rows_->EndsOf(batch_.tokens());
    for (size_t k = 0; k < runs_.size(); ++k) {
      const int64_t first = k == 0 ? 0 : ends[k - 1], items = ends[k] - first;
      const double loss = values.narrow(0, first, items).sum().item<double>();
      statuses.push_back(runs_[k]->Take(i_, loss, tokens[k] - (k == 0 ? 0 : tokens[k - 1])));
      if (!statuses[k].ok()) continue;  // with slopes of 0
      std::fill_n(slopes.data_ptr<float>() + first, items, runs_[k]->Slope(i_));
    }
    if (std::any_of(statuses.begin(), statuses.end(), [](const Status& s) { return s.ok(); }))
      torch::autograd::backward({losses}, {slopes.to(losses.device())});
    return statuses;
  }

 private:
  const Run& first() const { return *runs_.front(); }

  // Of each item.
  at::Tensor Losses() {
    const Weights& weights = first().base().weights;
    const double smoothing = first().settings().label_smoothing;
    if (runs_.size() == 1) {
      return LossesOf(first().model(), {&first().over_base(), &weights}, batch_, context_,
                      smoothing)
          .sum;
    }
    std::vector<Lane> lanes;
    for (Run* run : runs_) {
      own_.push_back(run->LaneContext(i_));
      Lane lane{&own_.back(), &run->over_base(), std::nullopt};
      const Json& dropout = run->settings().dropout;
      if (dropout.is_number()) lane.dropout = dropout.get<double>();
      lanes.push_back(lane);
    }
    context_.SetPatches(nullptr);
    context_.SetLanes(std::move(lanes), rows_);
    missing_ = InPlaceOfMissing(first());
    return LossesOf(*first().base().model, {&missing_, &weights}, batch_, context_, smoothing).sum;
  }

  const std::vector<Run*> runs_;
  const int64_t i_;
  const Batch batch_;
  const std::shared_ptr<const LaneRows> rows_;
  std::deque<Context> own_;
  Weights missing_;
  Context context_;
};

int64_t TokensOf(const Run& run, int64_t i) {
  int64_t tokens = 0;
  const TokenSpans& decoder = run.examples().decoder;
  for (const int64_t item : run.items(i)) {
    tokens += run.examples().length(item);
    if (decoder.size() > 0) tokens += decoder.starts[item + 1] - decoder.starts[item];
  }
  return tokens;
}

// "in micro-batch 2 of 4 at step 17 (32 items, 2048 tokens): "
std::string Where(const std::vector<Run*>& runs, int64_t i) {
  int64_t items = 0, tokens = 0;
  for (const Run* run : runs) {
    items += static_cast<int64_t>(run->items(i).size());
    tokens += TokensOf(*run, i);
  }
  return "in micro-batch " + std::to_string(i + 1) + " of " +
         std::to_string(runs.front()->micro_batches()) + " at step " +
         std::to_string(runs.front()->step() + 1) + " (" + std::to_string(items) + " items, " +
         std::to_string(tokens) + " tokens" +
         (runs.size() == 1 ? "" : ", of " + std::to_string(runs.size()) + " packed runs") + "): ";
}

Status WithAdvice(const Status& status) {
  if (status.ok() || ErrorClassOf(status) != "oom") return status;
  return OomError(Message(status) +
                  "; lower train.micro_batch (results stay the same) or set "
                  "train.gradient_checkpointing: true");
}

// One pass where that is possible, else one a run.
std::vector<Status> PassOf(const std::vector<Run*>& runs, int64_t i) {
  bool together = true;
  std::vector<Status> statuses;
  const Status status = WithAdvice(Guarded(Where(runs, i), [&] {
    Pass pass(runs, i);
    together = pass.Tells();
    if (together) statuses = pass.Go();
  }));
  if (!status.ok()) return std::vector<Status>(runs.size(), status);
  if (together) return statuses;
  for (Run* run : runs) statuses.push_back(PassOf({run}, i).front());
  return statuses;
}

bool IsOfLinearMap(const Base& base, const std::string& parameter) {
  if (base.model->IsHead(parameter)) return true;
  const std::string module = parameter.substr(0, parameter.rfind('.'));
  const std::vector<SiteShape>& sites = base.model->sites();
  return std::any_of(sites.begin(), sites.end(),
                     [&](const SiteShape& site) { return site.module == module; });
}

bool CanBeLane(const Run& run) {
  for (const auto& [name, tensor] : run.over_base()) {
    if (!IsOfLinearMap(run.base(), name)) return false;
  }
  for (const auto& [site, patches] : run.patches()) {
    for (const auto& patch : patches) {
      if (patch->low_rank() == nullptr) return false;
    }
  }
  return run.settings().compute != at::kHalf;  // its loss scale is its own
}

}  // namespace

bool CanShare(const Run& a, const Run& b) {
  const TrainSettings &left = a.settings(), &right = b.settings();
  return CanBeLane(a) && CanBeLane(b) && &a.base() == &b.base() && &a.examples() == &b.examples() &&
         left.compute == right.compute &&
         left.gradient_checkpointing == right.gradient_checkpointing &&
         left.label_smoothing == right.label_smoothing;
}

int64_t SharedTokens(const Base& base) {
  constexpr int64_t kMost = 4096, kNumbers = 200'000;
  if (!base.device.is_cpu()) return kMost;
  return std::min(kMost, kNumbers / base.model->sites().front().in);
}

std::vector<Status> PassesOf(const std::vector<Run*>& runs, int64_t i) {
  if (runs.empty()) return {};
  std::vector<Status> statuses;
  std::vector<Run*> group;
  const int64_t most = SharedTokens(runs.front()->base());
  int64_t held = 0;
  const auto go = [&] {
    if (group.empty()) return;
    for (Status& status : PassOf(group, i)) statuses.push_back(std::move(status));
    group.clear();
    held = 0;
  };
  for (Run* run : runs) {
    const int64_t tokens = TokensOf(*run, i);
    if (held + tokens > most) go();
    group.push_back(run);
    held += tokens;
  }
  go();
  return statuses;
}

}  // namespace eida::engine
