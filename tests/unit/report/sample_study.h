// A study in the shape of the thesis' one, small enough to check by hand.
#pragma once

#include "client/report/study.h"

namespace eida::report {

// Classification; seeds 1, 2 and 69 of each variant. Variants: "base" (full fine-tuning), "a", "b"
// and "c" (LoRA of rank 1, 2 and 8), "c-worse" (rank 8, larger losses). Report accuracy is 0.80,
// 0.70, 0.71 and 0.75 + 0.01 * the position of the seed (c-worse: 0.60); the loss is 1 - accuracy.
// CKA of two seeds: full 0.7 (biased 0.75), LoRA 0.6 - 0.01 * rank (biased + 0.1); of two ranks
// with one seed 0.65 (biased 0.7). Gaps of two seeds: full 0.01, with seed 69 0.015; LoRA 0.001 *
// rank; of two ranks with one seed 0.004, with two seeds 0.3 (CKA 0.2). Between full and LoRA there
// are no pairs. The relative gap is twice the gap.
Study SampleStudy();

// Where the model of a variant and seed stands in `study.models`.
size_t ModelAt(const Study& study, const std::string& variant, int64_t seed);

}  // namespace eida::report
