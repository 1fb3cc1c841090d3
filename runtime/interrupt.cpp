//===- interrupt.cpp - ending a call early -------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/interrupt.h"

#include <atomic>
#include <chrono>

namespace ricci {

static std::atomic<InterruptCheck> theCheck{nullptr};

void setInterruptCheck(InterruptCheck check) { theCheck.store(check); }

bool interruptible() { return theCheck.load(std::memory_order_relaxed) != nullptr; }

bool interrupted() {
  const InterruptCheck check = theCheck.load(std::memory_order_relaxed);
  if (!check)
    return false;
  using Clock = std::chrono::steady_clock;
  static thread_local Clock::time_point last;
  static thread_local bool answer = false;
  const Clock::time_point now = Clock::now();
  // A yes is of the call that it ends, so it is asked for again.
  if (answer || now - last >= std::chrono::milliseconds(50)) {
    last = now;
    answer = check();
  }
  return answer;
}

Diagnostic interruptedError() { return machineError("interrupted"); }

} // namespace ricci
