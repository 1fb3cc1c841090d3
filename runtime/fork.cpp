//===- fork.cpp - processes that fork ------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/fork.h"

#include <atomic>
#include <condition_variable>
#include <new>
#include <pthread.h>
#include <thread>

namespace ricci {

namespace {

/// Who compiles. Never destroyed: threads may still compile while the process ends.
struct Gate {
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;       ///< threads
  bool closed = false;  ///< a fork waits
  bool refuses = false; ///< this is the child of a fork that has waited in vain
};
Gate &gate() {
  static auto *const instance = new Gate;
  return *instance;
}

/// Of the calling thread: a guard within a guard is none.
thread_local int guards = 0;

std::atomic<uint64_t> forks{0};

/// Static objects in the making, by other threads than one that forks; whether none may be begun.
std::atomic<int> statics{0};
std::atomic<bool> staticsWait{false};
thread_local int ownStatics = 0;

using Clock = std::chrono::steady_clock;

} // namespace

/// Called around every fork of the process.
struct ForkHandlers {
  ForkHandlers() {
    gate();
    pthread_atfork(&before, &afterInParent, &afterInChild);
  }

  static ForkHandlers &instance() {
    static auto *const handlers = new ForkHandlers;
    return *handlers;
  }

  void add(ForkMutex &mutex) {
    std::lock_guard lock(listMutex);
    mutex.next_ = first;
    if (first)
      first->previous_ = &mutex;
    first = &mutex;
  }
  void remove(ForkMutex &mutex) {
    std::lock_guard lock(listMutex);
    (mutex.previous_ ? mutex.previous_->next_ : first) = mutex.next_;
    if (mutex.next_)
      mutex.next_->previous_ = mutex.previous_;
  }

private:
  /// All or none: a thread may hold one of them and wait for another.
  bool tryLockAll() {
    for (ForkMutex *mutex = first; mutex; mutex = mutex->next_)
      if (!mutex->try_lock()) {
        for (ForkMutex *taken = first; taken != mutex; taken = taken->next_)
          taken->unlock();
        return false;
      }
    return true;
  }

  /// The mutexes and their list, and that no static object is in the making: nobody who holds a
  /// mutex waits to begin one. Nothing is held between two tries, since one in the making may be a
  /// mutex that joins the list.
  bool tryHoldAll() {
    std::unique_lock list(listMutex);
    if (!tryLockAll())
      return false;
    staticsWait = true;
    if (statics == ownStatics) {
      list.release();
      return true;
    }
    staticsWait = false;
    for (ForkMutex *mutex = first; mutex; mutex = mutex->next_)
      mutex->unlock();
    return false;
  }

  static void before() {
    const Clock::time_point deadline = Clock::now() + ForkGuard::kMostWait;
    Gate &g = gate();
    std::unique_lock lock(g.mutex);
    // Of two threads that fork at once the second comes after the first.
    g.changed.wait(lock, [&] { return !g.closed; });
    g.closed = true;
    // A thread may fork while it compiles itself, in a handler of signals: the child goes on.
    const int own = guards > 0;
    g.changed.wait_until(lock, deadline, [&] { return g.inside == own; });
    ForkHandlers &self = instance();
    while (!(self.locked = self.tryHoldAll()) && Clock::now() < deadline)
      std::this_thread::yield();
    lock.release(); // until the fork is done
  }

  void unlockAll() {
    if (!locked)
      return;
    staticsWait = false;
    for (ForkMutex *mutex = first; mutex; mutex = mutex->next_)
      mutex->unlock();
    listMutex.unlock();
  }

  static void afterInParent() {
    instance().unlockAll();
    Gate &g = gate();
    g.closed = false;
    g.mutex.unlock();
    g.changed.notify_all();
  }

  static void afterInChild() {
    instance().unlockAll();
    if (!instance().locked)
      new (&instance().listMutex) std::mutex; // a thread of the parent's may hold it
    forks.fetch_add(1, std::memory_order_relaxed);
    statics = ownStatics; // of a fork that has waited in vain
    Gate &g = gate();
    const int own = guards > 0;
    g.refuses |= g.inside != own || !instance().locked;
    g.inside = own;
    g.closed = false;
    new (&g.changed) std::condition_variable; // of the parent's, threads may wait for it
    g.mutex.unlock();
  }

  std::mutex listMutex;
  ForkMutex *first = nullptr;
  bool locked = false;
};

// Before anything of the library runs, so that no fork escapes.
[[maybe_unused]] static const ForkHandlers &installed = ForkHandlers::instance();

ForkMutex::ForkMutex() { ForkHandlers::instance().add(*this); }
ForkMutex::~ForkMutex() { ForkHandlers::instance().remove(*this); }

void beginStatic() {
  for (;;) {
    statics.fetch_add(1);
    if (ownStatics > 0 || !staticsWait)
      break;
    statics.fetch_sub(1);
    std::this_thread::yield();
  }
  ++ownStatics;
}
void endStatic() {
  --ownStatics;
  statics.fetch_sub(1);
}

uint64_t forkCount() { return forks.load(std::memory_order_relaxed); }

Expected<ForkGuard> ForkGuard::enter() {
  if (guards == 0) {
    Gate &g = gate();
    std::unique_lock lock(g.mutex);
    g.changed.wait(lock, [&] { return !g.closed; });
    if (g.refuses)
      return machineError("this process was forked while another thread compiled, and can compile "
                          "nothing itself: fork earlier, or start a new process");
    ++g.inside;
  }
  ++guards;
  return ForkGuard();
}

ForkGuard::~ForkGuard() {
  if (!inside_ || --guards > 0)
    return;
  Gate &g = gate();
  {
    std::lock_guard lock(g.mutex);
    --g.inside;
  }
  g.changed.notify_all();
}

} // namespace ricci
