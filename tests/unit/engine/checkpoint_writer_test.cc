#include "worker/engine/train/checkpoint_writer.h"

#include <torch/torch.h>

#include "common/base/clock.h"
#include "tests/unit/engine/tiny.h"

namespace eida::engine {
namespace {

RunState RunStateOf(int64_t step, int64_t numbers) {
  RunState state;
  state.step = step;
  state.optimizer_steps = step - 1;
  state.epoch = {2, 7, 19};
  state.scaler = {1024, 17};
  state.skipped = 1;
  state.early_stop = {0.25, 2};
  at::manual_seed(1);
  state.trainable = {{"w", at::randn({numbers})}};
  state.exp_avg = {{"w", at::randn({numbers})}};
  state.exp_avg_sq = {{"w", at::rand({numbers})}};
  return state;
}

TEST(CheckpointWriterTest, WritesBesideAndAnnouncesOnce) {
  const TempDir dir("eida-writer");
  const std::string path = JoinPath(dir.path(), "c.safetensors");
  CheckpointWriter writer;
  EXPECT_FALSE(writer.busy());
  EXPECT_FALSE(writer.Wait().value().has_value());
  writer.Start({RunStateOf(9, 1000), "run", path, Json::object(), {{"train/loss", 0.5}}});
  EXPECT_TRUE(writer.busy());
  const auto written = writer.Wait().value();
  ASSERT_TRUE(written.has_value());
  EXPECT_EQ(written->step, 9);
  EXPECT_EQ(written->path, path);
  EXPECT_EQ(written->metrics.at("train/loss"), 0.5);
  EXPECT_FALSE(writer.busy());
  EXPECT_FALSE(writer.Poll().value().has_value());
  const RunState expected = RunStateOf(9, 1000), read = ReadCheckpoint(path, "run").value();
  EXPECT_TRUE(at::equal(read.trainable.at("w"), expected.trainable.at("w")));
  EXPECT_EQ(read.optimizer_steps, 8);
  EXPECT_EQ(read.epoch.index, 2);
  EXPECT_EQ(read.epoch.begin, 7);
  EXPECT_EQ(read.epoch.end, 19);
  EXPECT_EQ(read.scaler.scale, 1024);
  EXPECT_EQ(read.scaler.good_steps, 17);
  EXPECT_EQ(read.skipped, 1);
  EXPECT_EQ(read.early_stop.best, 0.25);
  EXPECT_EQ(read.early_stop.waited, 2);
}

// The step waits for Start alone, which hands the copy over: not for the disk.
TEST(CheckpointWriterTest, StartDoesNotWaitForTheDisk) {
  const TempDir dir("eida-writer");
  const std::string path = JoinPath(dir.path(), "c.safetensors");
  CheckpointWriter writer;
  RunState state = RunStateOf(9, 16'000'000);  // 192 MB
  const Stopwatch watch;
  writer.Start({std::move(state), "run", path, Json::object(), Json::object()});
  const double started = watch.Seconds();
  ASSERT_TRUE(writer.Wait().value().has_value());
  EXPECT_LT(started * 5, watch.Seconds());
}

TEST(CheckpointWriterTest, AFileThatCannotBeWrittenIsAnErrorOnce) {
  const TempDir dir("eida-writer");
  CheckpointWriter writer;
  writer.Start({RunStateOf(1, 10), "run", JoinPath(dir.path(), "no/such/place"), Json::object(),
                Json::object()});
  const auto failed = writer.Wait();
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(Message(failed.status()).find("no/such/place"), std::string::npos);
  EXPECT_FALSE(writer.busy());
  EXPECT_TRUE(writer.Poll().ok());
}

}  // namespace
}  // namespace eida::engine
