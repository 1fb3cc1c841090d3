//===- fork_test.cpp - processes that fork -------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/fork.h"

#include "runtime/cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace ricci;

// ThreadSanitizer does not follow a process of several threads into its child.
#if !defined(__SANITIZE_THREAD__)
namespace {

/// Whether the child of a fork, in which a hang is a failure, finds this true.
bool inChild(const std::function<bool()> &holds) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(holds() ? 0 : 1);
  }
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Does `work` on a thread that has begun when this has been made.
class Beside {
public:
  explicit Beside(std::function<void(std::atomic<bool> &begun)> work)
      : thread_([this, work = std::move(work)] { work(begun_); }) {
    while (!begun_)
      std::this_thread::yield();
  }
  ~Beside() { thread_.join(); }

private:
  std::atomic<bool> begun_{false};
  std::thread thread_;
};

void sleepFor(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

} // namespace

TEST(Fork, WaitsForALock) {
  ForkMutex mutex, another;
  Beside holder([&](std::atomic<bool> &begun) {
    std::lock_guard lock(mutex);
    begun = true;
    sleepFor(50);
    std::lock_guard second(another); // while the fork wants both
    sleepFor(20);
  });
  EXPECT_TRUE(inChild([&] {
    std::lock_guard lock(mutex), second(another);
    return true;
  }));
}

TEST(Fork, WaitsForTheEndOfACompile) {
  std::atomic<bool> ended{false};
  const uint64_t before = forkCount();
  Beside compiler([&](std::atomic<bool> &begun) {
    Expected<ForkGuard> guard = ForkGuard::enter(), nested = ForkGuard::enter();
    begun = true;
    sleepFor(100);
    ended = true;
  });
  EXPECT_TRUE(inChild([&] { return ended && ForkGuard::enter() && forkCount() == before + 1; }));
  EXPECT_EQ(forkCount(), before);
}

TEST(Fork, TheChildOfAForkThatWaitedInVainIsRefused) {
  std::atomic<bool> end{false};
  {
    Beside compiler([&](std::atomic<bool> &begun) {
      Expected<ForkGuard> guard = ForkGuard::enter();
      begun = true;
      while (!end)
        sleepFor(5);
    });
    EXPECT_TRUE(inChild([] {
      Expected<ForkGuard> guard = ForkGuard::enter();
      return !guard && guard.error().kind == ErrorKind::Machine &&
             guard.error().message.find("was forked while another thread compiled") !=
                 std::string::npos;
    }));
    EXPECT_TRUE(ForkGuard::enter()) << "the parent goes on";
    end = true;
  }
  EXPECT_TRUE(inChild([] { return bool(ForkGuard::enter()); })) << "another child is well";
}

TEST(Fork, AThreadThatCompilesMayFork) {
  Expected<ForkGuard> guard = ForkGuard::enter();
  EXPECT_TRUE(inChild([] { return bool(ForkGuard::enter()); }));
}

TEST(Fork, WhatAnotherThreadComputesIsNotWaitedFor) {
  LruCache<int> cache(10, 1000);
  std::atomic<bool> end{false};
  auto bytesOf = [](int) { return 1; };
  auto get = [&](auto compute) {
    Expected<std::shared_ptr<const int>> value = cache.getOrCompute("key", compute, bytesOf);
    return value ? **value : -1;
  };
  Beside computes([&](std::atomic<bool> &begun) {
    EXPECT_EQ(get([&]() -> Expected<std::shared_ptr<const int>> {
                begun = true;
                while (!end)
                  sleepFor(5);
                return std::make_shared<const int>(1);
              }),
              1);
  });
  EXPECT_TRUE(inChild([&] {
    auto two = []() -> Expected<std::shared_ptr<const int>> {
      return std::make_shared<const int>(2);
    };
    return get(two) == 2;
  }));
  end = true;
}
#endif
