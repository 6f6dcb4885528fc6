#include "worker/analysis/soups/kitchen.h"

#include <cmath>

#include "common/base/text.h"

namespace eida::analysis {

Status StudyKitchen::Load(int member) {
  if (loaded_ == member) return OkStatus();
  EIDA_ASSIGN_OR_RETURN(member_, pot_.study->LoadMember(pot_.weights[member]));
  loaded_ = member;
  return OkStatus();
}

Status StudyKitchen::Begin(int member) {
  EIDA_RETURN_IF_ERROR(Load(member));
  soup_ = member_;
  alone_ = member;
  return OkStatus();
}

Result<SoupScore> StudyKitchen::Try(int member, double alpha) {
  pot_.events->Progress(done_++, total_, "candidates");
  EIDA_ASSIGN_OR_RETURN(const std::optional<SoupScore> before, pot_.journal.Replay(member, alpha));
  if (before) return *before;
  if (pot_.events->StopRequested()) {
    EIDA_RETURN_IF_ERROR(pot_.journal.Save(*pot_.job, *pot_.events));
    return engine::Preempted();
  }
  if (member != tried_) EIDA_RETURN_IF_ERROR(pot_.journal.Save(*pot_.job, *pot_.events));
  tried_ = member;
  if (alone_) {
    const auto known = pot_.paths.Find(*alone_, member, alpha);
    if (known && known->metrics.count(pot_.metric) > 0) {
      pot_.journal.Add({member, alpha, *known, false});
      return *known;
    }
  }
  EIDA_ASSIGN_OR_RETURN(const SoupScore score, Evaluate(member, alpha));
  pot_.journal.Add({member, alpha, score, true});
  return score;
}

Result<SoupScore> StudyKitchen::Evaluate(int member, double alpha) {
  EIDA_RETURN_IF_ERROR(Load(member));
  EIDA_ASSIGN_OR_RETURN(const engine::EvalResult result,
                        pot_.study->Evaluate(pot_.study->Interpolate(soup_, member_, alpha)));
  SoupScore score = ScoreOf(result);
  if (!std::isfinite(score.metrics.at("loss"))) {
    return engine::NonfiniteError("the soup with member " + pot_.Label(member) + " at alpha " +
                                  FormatDouble(alpha) + " has a loss that is not finite");
  }
  return score;
}

Status StudyKitchen::Stir(int member, double alpha) {
  EIDA_RETURN_IF_ERROR(Load(member));
  soup_ = pot_.study->Interpolate(soup_, member_, alpha);
  alone_.reset();
  return OkStatus();
}

}  // namespace eida::analysis
