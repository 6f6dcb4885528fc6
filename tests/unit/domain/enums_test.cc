#include "common/domain/enums.h"

#include "common/domain/change.h"
#include "common/domain/messages.h"
#include "gtest/gtest.h"

namespace eida {
namespace {

template <class E>
void EveryTextReadsBack() {
  ASSERT_FALSE(AllValues<E>().empty());
  for (E value : AllValues<E>()) {
    const Result<E> again = ParseEnum<E>(ToString(value));
    ASSERT_TRUE(again.ok()) << ToString(value);
    EXPECT_EQ(*again, value);
  }
}

TEST(EnumsTest, EveryTextReadsBack) {
  EveryTextReadsBack<JobKind>();
  EveryTextReadsBack<JobState>();
  EveryTextReadsBack<SweepState>();
  EveryTextReadsBack<ErrorClass>();
  EveryTextReadsBack<WorkerState>();
}

TEST(EnumsTest, AnUnknownTextNamesTheChoices) {
  const Result<SweepState> result = ParseEnum<SweepState>("paused");
  EXPECT_EQ(Message(result.status()),
            "\"paused\" is none of: running, succeeded, failed, cancelled");
}

TEST(EnumsTest, TerminalAndActiveStatesDoNotOverlap) {
  int terminal = 0, active = 0;
  for (JobState state : AllValues<JobState>()) {
    EXPECT_FALSE(IsTerminal(state) && IsActive(state));
    terminal += IsTerminal(state);
    active += IsActive(state);
  }
  EXPECT_EQ(terminal, 4);
  EXPECT_EQ(active, 2);
}

}  // namespace
}  // namespace eida
