//===- fork.h - processes that fork --------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of a process's threads only the one that forks is in the child. What the others were about must
// not be waited for there: their locks, what they compute for others, the static objects that they
// make. So a fork waits until nobody compiles or makes one (guarded_statics.cpp) and takes every
// ForkMutex, for kMostWait at most.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <chrono>
#include <mutex>

namespace ricci {

/// A mutex of what a child process uses too. It is held for a short time, so that a fork can wait
/// for it.
class ForkMutex : public std::mutex {
public:
  ForkMutex();
  ~ForkMutex();
  ForkMutex(const ForkMutex &) = delete;
  ForkMutex &operator=(const ForkMutex &) = delete;

private:
  friend struct ForkHandlers;
  ForkMutex *next_ = nullptr, *previous_ = nullptr; ///< of all of them
};

/// How often this process and those that it was forked from have forked. Work of another count is
/// done by a thread that is not in this process.
uint64_t forkCount();

/// Around the making of a static object of a function.
void beginStatic();
void endStatic();

/// While one is alive its thread does what a child cannot go on with, for long: it compiles. A fork
/// waits for the end; it is refused in the child of a fork that has waited in vain.
class ForkGuard {
public:
  static Expected<ForkGuard> enter();
  ForkGuard(ForkGuard &&o) noexcept : inside_(std::exchange(o.inside_, false)) {}
  ForkGuard &operator=(ForkGuard &&) = delete;
  ~ForkGuard();

  static constexpr std::chrono::milliseconds kMostWait{2000};

private:
  ForkGuard() = default;
  bool inside_ = true;
};

} // namespace ricci
