// Which items meet in a batch, and how a run goes through its epochs.
#include "worker/engine/train/order.h"

#include <set>

#include "tests/unit/engine/tiny.h"
#include "worker/engine/train/course.h"

namespace eida::engine {
namespace {

using ItemBatches = std::vector<std::vector<int64_t>>;

// Items of these lengths and nothing else.
Examples OfLengths(const std::vector<int64_t>& lengths) {
  EncodedRows examples;
  examples.tokens.starts = {0};
  for (size_t i = 0; i < lengths.size(); ++i) {
    examples.items.push_back(static_cast<int64_t>(i));
    examples.labels.push_back(0);
    examples.tokens.starts.push_back(examples.tokens.starts.back() + lengths[i]);
  }
  return Examples(examples);
}
// Between 3 and 40 tokens, none like its neighbours.
Examples VariousLengths(int64_t n = 200) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < n; ++i) lengths.push_back(3 + i * 17 % 38);
  return OfLengths(lengths);
}

int64_t LongestIn(const Examples& examples, const std::vector<int64_t>& batch) {
  int64_t longest = 0;
  for (const int64_t i : batch) longest = std::max(longest, examples.length(i));
  return longest;
}
int64_t TokensIn(const Examples& examples, const std::vector<int64_t>& batch) {
  int64_t total = 0;
  for (const int64_t i : batch) total += examples.length(i);
  return total;
}
int64_t PaddingOf(const Examples& examples, const ItemBatches& batches) {
  int64_t padding = 0;
  for (const auto& batch : batches)
    padding +=
        LongestIn(examples, batch) * static_cast<int64_t>(batch.size()) - TokensIn(examples, batch);
  return padding;
}
std::vector<int64_t> ItemsIn(const ItemBatches& batches) {
  std::vector<int64_t> all;
  for (const auto& batch : batches) all.insert(all.end(), batch.begin(), batch.end());
  return all;
}

constexpr Batching kEveryBatching[] = {Batching::kPadded, Batching::kBucketed, Batching::kPacked};

TEST(OrderTest, AnEpochTakesEachItemOnceInAnOrderOfItsOwn) {
  const Examples examples = VariousLengths();
  for (const int64_t tokens : {0, 120}) {
    for (const Batching batching : kEveryBatching) {
      const OrderSettings settings{1, 7, tokens, batching};
      std::vector<std::vector<int64_t>> epochs;
      for (const int64_t epoch : {0, 1}) {
        const ItemBatches batches = EpochBatches(examples, settings, epoch);
        EXPECT_EQ(batches, EpochBatches(examples, settings, epoch));
        epochs.push_back(ItemsIn(batches));
        EXPECT_EQ(epochs.back().size(), 200u);
        EXPECT_EQ(std::set<int64_t>(epochs.back().begin(), epochs.back().end()).size(), 200u);
        for (const auto& batch : batches) EXPECT_FALSE(batch.empty());
      }
      EXPECT_NE(epochs[0], epochs[1]);
      OrderSettings other = settings;
      other.seed = 2;
      EXPECT_NE(ItemsIn(EpochBatches(examples, other, 0)), epochs[0]);
    }
  }
}

TEST(OrderTest, BatchesOfItemsAreFullButForTheLast) {
  const Examples examples = VariousLengths();
  for (const Batching batching : kEveryBatching) {
    const ItemBatches batches = EpochBatches(examples, {1, 7, 0, batching}, 0);
    ASSERT_EQ(batches.size(), 29u);
    for (size_t i = 0; i < 28; ++i) EXPECT_EQ(batches[i].size(), 7u);
    EXPECT_EQ(batches.back().size(), 4u);
  }
  EXPECT_EQ(EpochBatches(examples, {1, 7, 0, Batching::kPadded}, 0),
            EpochBatches(examples, {1, 7, 0, Batching::kPacked}, 0));
}

TEST(OrderTest, BucketsBringLikeLengthsTogether) {
  const Examples examples = VariousLengths();
  for (const int64_t tokens : {0, 120}) {
    const auto padding = [&](Batching batching) {
      return PaddingOf(examples, EpochBatches(examples, {1, 7, tokens, batching}, 0));
    };
    EXPECT_LT(padding(Batching::kBucketed) * 2, padding(Batching::kPacked)) << tokens;
  }
}

TEST(OrderTest, ABudgetOfTokensIsFilledAndNeverExceeded) {
  const Examples examples = VariousLengths();
  for (const Batching batching : kEveryBatching) {
    const ItemBatches batches = EpochBatches(examples, {1, 7, 120, batching}, 3);
    const bool padded = batching == Batching::kPadded;
    const auto count = [&](const std::vector<int64_t>& batch) {
      return padded ? LongestIn(examples, batch) * static_cast<int64_t>(batch.size())
                    : TokensIn(examples, batch);
    };
    for (size_t i = 0; i < batches.size(); ++i) {
      EXPECT_LE(count(batches[i]), 120);
      if (batching == Batching::kBucketed || i + 1 == batches.size()) continue;
      std::vector<int64_t> more = batches[i];  // it was full: the next item did not fit
      more.push_back(batches[i + 1].front());
      EXPECT_GT(count(more), 120);
    }
  }
  const auto batches_of = [&](Batching batching) {
    return EpochBatches(examples, {1, 7, 120, batching}, 3).size();
  };
  EXPECT_LT(batches_of(Batching::kPacked), batches_of(Batching::kPadded));
}

TEST(OrderTest, PackedItemsMeetInPlainShuffledOrder) {
  const Examples examples = VariousLengths();
  EXPECT_EQ(ItemsIn(EpochBatches(examples, {1, 7, 120, Batching::kPacked}, 0)),
            ItemsIn(EpochBatches(examples, {1, 9, 0, Batching::kPadded}, 0)));
}

TEST(OrderTest, AnItemBeyondTheBudgetIsAloneInItsBatch) {
  const Examples examples = OfLengths({5, 50, 5, 5, 50, 5});
  for (const Batching batching : kEveryBatching) {
    for (const auto& batch : EpochBatches(examples, {1, 7, 20, batching}, 0))
      EXPECT_EQ(LongestIn(examples, batch) == 50,
                batch.size() == 1 && TokensIn(examples, batch) == 50);
  }
}

TrainSettings CourseSettings(OrderSettings order, int64_t accumulate, double epochs) {
  TrainSettings s;
  s.order = order;
  s.grad_accum = accumulate;
  s.epochs = epochs;
  return s;
}

TEST(CourseTest, BatchesOfItemsAreCountedAsTheTrainerDoes) {
  const Examples examples = VariousLengths(81);
  TrainSettings s = CourseSettings({1, 8, 0, Batching::kPadded}, 3, 2.5);
  Course course(s, examples);  // 11 micro-batches, 4 updates an epoch
  EXPECT_EQ(course.updates(), 10);
  EXPECT_EQ(course.MicroBatches(0).size(), 3u);
  EXPECT_EQ(course.MicroBatches(3).size(), 2u);
  EXPECT_EQ(course.At(7).index, 1);
  EXPECT_EQ(course.EpochsAfter(6), 1.5);
  EXPECT_TRUE(course.Due({1, 0}, 4));
  EXPECT_FALSE(course.Due({1, 0}, 5));
  EXPECT_FALSE(course.Due({2, 0}, 4));
  EXPECT_TRUE(course.Due({2, 0}, 8));
  EXPECT_TRUE(course.Due({0, 5}, 5));
  EXPECT_FALSE(course.Due({0, 0}, 5));
  s.steps = 7;
  EXPECT_EQ(Course(s, examples).updates(), 7);
}

// With a budget every epoch has its own number of updates.
TEST(CourseTest, EpochsOfDifferentLengthsFollowOneAnother) {
  const Examples examples = VariousLengths();
  const OrderSettings order{5, 0, 150, Batching::kPadded};
  const TrainSettings s =
      CourseSettings({order.seed, 1, order.batch_tokens, order.batching}, 2, 5.5);
  std::vector<int64_t> updates;
  for (int64_t e = 0; e < 6; ++e) {
    const auto batches = EpochBatches(examples, s.order, e).size();
    updates.push_back(static_cast<int64_t>(batches + 1) / 2);
  }
  ASSERT_GT(std::set<int64_t>(updates.begin(), updates.end()).size(), 1u)
      << "this seed should have epochs of different lengths";
  Course course(s, examples);
  int64_t begin = 0;
  for (int64_t e = 0; e < 5; ++e) {
    ItemBatches seen;
    for (int64_t step = begin; step < begin + updates[e]; ++step) {
      const ItemBatches micro = course.MicroBatches(step);
      EXPECT_EQ(course.epoch().index, e);
      seen.insert(seen.end(), micro.begin(), micro.end());
      EXPECT_EQ(course.Due({1, 0}, step + 1), step + 1 == begin + updates[e]);
    }
    EXPECT_EQ(seen, EpochBatches(examples, s.order, e));
    begin += updates[e];
    EXPECT_EQ(course.EpochsAfter(begin), e + 1);
  }
  EXPECT_EQ(course.updates(), begin + (updates[5] + 1) / 2);

  // A run given in steps, resumed in the middle of its third epoch.
  TrainSettings stepped = s;
  stepped.steps = 1'000'000;
  Course from_start(stepped, examples), resumed(stepped, examples);
  const int64_t middle = updates[0] + updates[1] + 3;
  from_start.At(middle);
  resumed.Resume(from_start.epoch());
  for (int64_t step = middle; step < middle + 60; ++step)
    EXPECT_EQ(resumed.MicroBatches(step), from_start.MicroBatches(step));
  EXPECT_EQ(resumed.epoch().begin, from_start.epoch().begin);
}

TEST(CourseTest, ACycleIsTheRunOrAnEpochAsFarAsTheRunTakesIt) {
  const Examples examples = VariousLengths(81);
  TrainSettings s = CourseSettings({1, 8, 0, Batching::kPadded}, 3, 2.5);
  EXPECT_EQ(Course(s, examples).Cycle(5).end, 10);
  s.schedule.restarts = true;
  Course course(s, examples);
  EXPECT_EQ(course.Cycle(5).begin, 4);
  EXPECT_EQ(course.Cycle(5).end, 8);
  EXPECT_EQ(course.Cycle(9).begin, 8);
  EXPECT_EQ(course.Cycle(9).end, 10);
}

}  // namespace
}  // namespace eida::engine
