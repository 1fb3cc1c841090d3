//===- parallel.cpp - independent work over threads ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/parallel.h"

#include "runtime/fork.h"
#include "runtime/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#if RICCI_TBB
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#endif

namespace ricci {
namespace {

/// Workers take parts from a shared counter, so a worker that starts late or never costs nothing.
struct Job {
  int64_t n, grain;
  ParallelFn fn;
  void *ctx;
  std::atomic<int64_t> next{0};

  void work(int worker) {
    for (;;) {
      const int64_t begin = next.fetch_add(grain, std::memory_order_relaxed);
      if (begin >= n)
        return;
      fn(ctx, begin, std::min(n, begin + grain), worker);
    }
  }
};

void runOnThreads(Job &job, int workers) {
  std::vector<std::thread> threads;
  try {
    threads.reserve(workers - 1);
    for (int w = 1; w < workers; ++w)
      threads.emplace_back([&job, w] { job.work(w); });
  } catch (const std::system_error &) {
    // The system gives no more threads: those that run do all of the work.
  }
  job.work(0);
  for (std::thread &thread : threads)
    thread.join();
}

#if RICCI_TBB
/// Where oneTBB's workers run for us. Never destroyed: a thread may still be in it at exit.
struct Arena {
  explicit Arena(int workers) : arena(workers) {
    // Without this oneTBB starts no more threads than there are CPUs, and warns.
    if (workers > tbb::info::default_concurrency())
      limit.emplace(tbb::global_control::max_allowed_parallelism, size_t(workers));
  }
  tbb::task_arena arena;
  std::optional<tbb::global_control> limit;
  const uint64_t forks = forkCount();
};

/// The widest so far; null in a process forked after oneTBB was started, because its threads exist
/// in the parent only.
std::shared_ptr<Arena> arenaFor(int workers) {
  static auto *const mutex = new ForkMutex;
  static auto *const current = new std::shared_ptr<Arena>;
  std::lock_guard lock(*mutex);
  if (*current && (*current)->forks != forkCount())
    return nullptr;
  if (!*current || (*current)->arena.max_concurrency() < workers)
    *current = std::make_shared<Arena>(workers);
  return *current;
}

void runOnTbb(Job &job, int workers) {
  const std::shared_ptr<Arena> where = arenaFor(workers);
  if (!where)
    return runOnThreads(job, workers);
  try {
    where->arena.execute([&] {
      tbb::parallel_for(0, workers, 1, [&](int w) { job.work(w); }, tbb::simple_partitioner());
    });
  } catch (...) {
    // oneTBB lacks memory or threads; none of its workers runs any more.
    job.work(0);
  }
}
#endif

std::atomic<int> chosenThreads{0};

struct ChosenPool {
  ThreadPool run;
  void *pool;
  uint64_t forks;
};
std::atomic<const ChosenPool *> chosenPool{nullptr};

/// Null where there is none in this process.
const ChosenPool *poolOfProgram() {
  const ChosenPool *chosen = chosenPool.load(std::memory_order_acquire);
  return chosen && chosen->forks == forkCount() ? chosen : nullptr;
}

} // namespace

void parallelFor(int64_t n, ParallelFn fn, void *ctx, int maxWorkers, int64_t partsPerWorker) {
  if (n <= 0)
    return;
  const int workers = int(std::min<int64_t>(std::max(maxWorkers, 1), n));
  if (workers == 1)
    return fn(ctx, 0, n, 0);
  const int64_t parts = std::min(n, int64_t(workers) * partsPerWorker);
  Job job{n, n / parts + (n % parts != 0), fn, ctx};
  if (const ChosenPool *chosen = poolOfProgram()) {
    auto work = [](void *job, int worker) { static_cast<Job *>(job)->work(worker); };
    chosen->run(chosen->pool, workers, work, &job);
    return job.work(0); // what a pool has left out
  }
#if RICCI_TBB
  runOnTbb(job, workers);
#else
  runOnThreads(job, workers);
#endif
}

Expected<int> numThreads() {
  if (const int chosen = chosenThreads.load(std::memory_order_relaxed))
    return chosen;
  static const Expected<int64_t> fromEnvironment =
      environmentInt("RICCI_THREADS", availableCpus(), 1, kMaxThreads);
  if (!fromEnvironment)
    return fromEnvironment.error();
  return int(*fromEnvironment);
}

Status setNumThreads(int n) {
  if (n < 1 || n > kMaxThreads)
    return usageError(
        fmt::format("the number of threads is {}, but must be from 1 to {}", n, kMaxThreads));
  chosenThreads.store(n, std::memory_order_relaxed);
  return success();
}

void setThreadPool(ThreadPool run, void *pool) {
  // Another thread may be about to use the one before, so none is ever freed.
  static auto *const mutex = new ForkMutex;
  static auto *const all = new std::deque<ChosenPool>;
  std::lock_guard lock(*mutex);
  chosenPool.store(run ? &all->emplace_back(ChosenPool{run, pool, forkCount()}) : nullptr,
                   std::memory_order_release);
}

const char *parallelAdapter() {
  if (poolOfProgram())
    return "the program's";
  return RICCI_TBB ? "oneTBB" : "std::thread";
}

} // namespace ricci
