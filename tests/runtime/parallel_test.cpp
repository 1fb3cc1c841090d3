//===- parallel_test.cpp - work over threads -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace ricci;

namespace {

struct Count {
  explicit Count(int64_t n) : done(size_t(n)) {}
  std::vector<std::atomic<int>> done;
  std::atomic<int> busy[kMaxThreads]{};
  std::atomic<int> clashes{0}, highestWorker{0}, calls{0};

  static void run(void *ctx, int64_t begin, int64_t end, int worker) {
    Count &c = *static_cast<Count *>(ctx);
    ++c.calls;
    if (c.busy[worker].fetch_add(1) != 0)
      ++c.clashes;
    for (int64_t i = begin; i < end; ++i)
      ++c.done[size_t(i)];
    int highest = c.highestWorker;
    while (worker > highest && !c.highestWorker.compare_exchange_weak(highest, worker)) {
    }
    --c.busy[worker];
  }

  void check(int64_t n, int workers) {
    for (auto &d : done)
      ASSERT_EQ(d, 1);
    EXPECT_EQ(clashes, 0);
    EXPECT_LT(highestWorker, std::min<int64_t>(n, workers));
  }
};

} // namespace

TEST(ParallelFor, EveryIndexOnce) {
  for (int64_t n : {1, 2, 3, 7, 100, 10007})
    for (int workers : {1, 2, 3, 8}) {
      Count count(n);
      parallelFor(n, Count::run, &count, workers);
      count.check(n, workers);
    }
}

TEST(ParallelFor, OneWorkerIsOneCallOnTheCaller) {
  Count count(1000);
  parallelFor(1000, Count::run, &count, 1);
  EXPECT_EQ(count.calls, 1);
  struct Who {
    std::thread::id id;
  } who;
  parallelFor(
      1000,
      [](void *ctx, int64_t, int64_t, int) {
        static_cast<Who *>(ctx)->id = std::this_thread::get_id();
      },
      &who, 1);
  EXPECT_EQ(who.id, std::this_thread::get_id());
}

TEST(ParallelFor, NoMoreWorkersThanParts) {
  // Each part takes a while, so that a worker too many would get one.
  std::atomic<int> highest{0};
  for (int i = 0; i < 20; ++i)
    parallelFor(
        2,
        [](void *ctx, int64_t, int64_t, int worker) {
          auto &seen = *static_cast<std::atomic<int> *>(ctx);
          if (worker > seen)
            seen = worker;
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
        },
        &highest, 8);
  EXPECT_LT(highest, 2);
}

TEST(ParallelFor, NothingToDo) {
  auto fail = [](void *, int64_t, int64_t, int) { ADD_FAILURE(); };
  parallelFor(0, fail, nullptr, 4);
  parallelFor(-1, fail, nullptr, 4);
}

TEST(ParallelFor, SeveralThreadsTakePart) {
  // Two parts that wait for each other can end only if two threads run them.
  struct Meeting {
    std::atomic<int> arrived{0};
    std::atomic<bool> met{false};
  } meeting;
  parallelFor(
      2,
      [](void *ctx, int64_t begin, int64_t end, int) {
        Meeting &m = *static_cast<Meeting *>(ctx);
        m.arrived += int(end - begin);
        for (int i = 0; i < 20000 && m.arrived < 2; ++i)
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        if (m.arrived == 2)
          m.met = true;
      },
      &meeting, 2);
  EXPECT_TRUE(meeting.met);
}

TEST(ParallelFor, Nested) {
  struct Sum {
    std::atomic<int64_t> value{0};
  } sum;
  parallelFor(
      20,
      [](void *ctx, int64_t begin, int64_t end, int) {
        for (int64_t i = begin; i < end; ++i)
          parallelFor(
              100,
              [](void *inner, int64_t b, int64_t e, int) {
                static_cast<Sum *>(inner)->value += e - b;
              },
              ctx, 3);
      },
      &sum, 3);
  EXPECT_EQ(sum.value, 2000);
}

TEST(ParallelFor, ManyCallers) {
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([] {
      for (int i = 0; i < 20; ++i) {
        Count count(500);
        parallelFor(500, Count::run, &count, 2 + i % 3);
        count.check(500, 2 + i % 3);
      }
    });
  for (std::thread &caller : callers)
    caller.join();
}

/// A pool with a thread for each task, the last first.
struct OwnThreads {
  std::atomic<int> runs{0}, most{0};
  static void run(void *pool, int n, void (*task)(void *job, int i), void *job) {
    auto &self = *static_cast<OwnThreads *>(pool);
    ++self.runs;
    self.most = std::max(self.most.load(), n);
    std::vector<std::thread> threads;
    for (int i = n; i-- > 0;)
      threads.emplace_back(task, job, i);
    for (std::thread &thread : threads)
      thread.join();
  }
};

TEST(ThreadPool, OfTheProgram) {
  OwnThreads own;
  const std::string before = parallelAdapter();
  setThreadPool(&OwnThreads::run, &own);
  EXPECT_STREQ(parallelAdapter(), "the program's");
  for (int workers : {1, 2, 5}) {
    Count count(1000);
    parallelFor(1000, Count::run, &count, workers);
    count.check(1000, workers);
  }
  EXPECT_EQ(own.runs, 2) << "one worker is the caller";
  EXPECT_EQ(own.most, 5);
  // One that leaves work out.
  setThreadPool([](void *, int, void (*task)(void *, int), void *job) { task(job, 1); }, nullptr);
  Count some(1000);
  parallelFor(1000, Count::run, &some, 3);
  some.check(1000, 3);
  setThreadPool([](void *, int, void (*)(void *, int), void *) {}, nullptr);
  Count none(1000);
  parallelFor(1000, Count::run, &none, 3);
  none.check(1000, 3);
  setThreadPool(nullptr, nullptr);
  EXPECT_EQ(parallelAdapter(), before);
  EXPECT_EQ(own.runs, 2);
}

#if !defined(__SANITIZE_THREAD__)
TEST(ThreadPool, IsNotInAForkedProcess) {
  setThreadPool([](void *, int, void (*)(void *, int), void *) { abort(); }, nullptr);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    Count count(100);
    parallelFor(100, Count::run, &count, 2);
    _exit(0);
  }
  setThreadPool(nullptr, nullptr);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(ParallelFor, WorksInAForkedProcess) {
  Count warm(100);
  parallelFor(100, Count::run, &warm, 2);
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    Count count(100);
    parallelFor(100, Count::run, &count, 2);
    int sum = 0;
    for (auto &d : count.done)
      sum += d;
    _exit(sum == 100 ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

TEST(NumThreads, IsChecked) {
  const int before = *numThreads();
  EXPECT_GE(before, 1);
  ASSERT_TRUE(setNumThreads(3));
  EXPECT_EQ(*numThreads(), 3);
  for (int wrong : {0, -1, kMaxThreads + 1}) {
    Status status = setNumThreads(wrong);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().kind, ErrorKind::Usage);
  }
  EXPECT_EQ(*numThreads(), 3);
  ASSERT_TRUE(setNumThreads(before));
}
