//===- interrupt_test.cpp - ending a call early ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/interrupt.h"

#include "runtime/executable.h"

#include "tests/runtime/function_kernel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

using namespace ricci;

namespace {

std::atomic<int> tasksDone{0}, questions{0};
std::atomic<bool> stop{false};

/// 60 ms for each call, however many tasks it has.
void slow(void *const *, const int64_t *, void *, int64_t begin, int64_t end) {
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  if ((tasksDone += int(end - begin)) >= 3)
    stop = true;
}

class Interrupt : public testing::Test {
protected:
  void SetUp() override {
    tasksDone = 0, questions = 0, stop = false;
    setInterruptCheck([] {
      ++questions;
      return stop.load();
    });
  }
  void TearDown() override { setInterruptCheck(nullptr); }

  /// Launches of `tasks` tasks that are expected to take `seconds` in all.
  static Executable launches(size_t count, int64_t tasks, double seconds) {
    Executable e;
    for (size_t i = 0; i < count; ++i) {
      e.launches.push_back({std::make_shared<FunctionKernel>(slow), {}, {}, tasks, tasks, 0});
      PlanStep step;
      step.predictedSeconds = seconds;
      e.plan.steps.push_back(step);
    }
    return e;
  }
};

TEST_F(Interrupt, EndsALongLaunchBetweenItsTasks) {
  Status status = launches(1, 20, 4).run({}, {}); // a task for each look
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "interrupted");
  EXPECT_GE(tasksDone, 3);
  EXPECT_LT(tasksDone, 8);
}

/// 1 ms for each task.
void steady(void *const *, const int64_t *, void *, int64_t begin, int64_t end) {
  std::this_thread::sleep_for(std::chrono::milliseconds(end - begin));
  tasksDone += int(end - begin);
}

TEST_F(Interrupt, EndsALaunchThatTakesMuchLongerThanPredicted) {
  Executable e = launches(1, 1000, 0.1); // 1 s in truth
  e.launches[0].kernel = std::make_shared<FunctionKernel>(steady);
  setInterruptCheck([] { return tasksDone > 0; });
  EXPECT_FALSE(e.run({}, {}));
  EXPECT_LE(tasksDone, 200);
}

TEST_F(Interrupt, LotsGrowToAFifthOfASecond) {
  Executable e = launches(1, 600, 600); // 0.6 s in truth
  e.launches[0].kernel = std::make_shared<FunctionKernel>(steady);
  EXPECT_TRUE(e.run({}, {}));
  EXPECT_EQ(tasksDone, 600);
  EXPECT_LE(questions, 8);
}

TEST_F(Interrupt, EndsBetweenLaunches) {
  EXPECT_FALSE(launches(10, 1, 1e-6).run({}, {}));
  EXPECT_LT(tasksDone, 8);
}

TEST_F(Interrupt, AShortLaunchIsOnePart) {
  EXPECT_TRUE(launches(1, 20, 1e-3).run({}, {}));
  EXPECT_EQ(tasksDone, 20);
  EXPECT_EQ(questions, 0);
}

TEST_F(Interrupt, NobodyIsAskedWithoutACheck) {
  setInterruptCheck(nullptr);
  EXPECT_TRUE(launches(2, 20, 4).run({}, {}));
  EXPECT_EQ(tasksDone, 40);
  EXPECT_EQ(questions, 0);
  EXPECT_FALSE(interrupted());
}

TEST_F(Interrupt, AYesDoesNotOutliveItsCall) {
  stop = true;
  while (!interrupted())
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(interrupted());
  stop = false;
  EXPECT_FALSE(interrupted());
}

} // namespace
