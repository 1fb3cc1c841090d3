//===- parallel.h - independent work over threads ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <cstdint>

namespace ricci {

/// Does [begin, end) as worker `worker`; may not throw.
using ParallelFn = void (*)(void *ctx, int64_t begin, int64_t end, int worker);

inline constexpr int kMaxThreads = 4096;

/// Calls `fn` on disjoint parts of [0, n) and returns when all of it is done. Parts run on up to
/// `maxWorkers` threads; no two parts run at once with the same worker number, and numbers are
/// below min(maxWorkers, n). There are up to `partsPerWorker` for each, of one size: several even
/// out the workers' speeds. With one worker `fn` runs once, on the caller, and no thread is
/// started. May be nested and called from any thread.
void parallelFor(int64_t n, ParallelFn fn, void *ctx, int maxWorkers, int64_t partsPerWorker = 4);

/// Threads that a run may use: what setNumThreads set, else RICCI_THREADS, else the CPUs that this
/// process may run on. A usage error where RICCI_THREADS is no number from 1 to kMaxThreads.
Expected<int> numThreads();
/// From now on, for every thread of the process; a usage error unless 1 <= n <= kMaxThreads.
Status setNumThreads(int n);

/// A program's own threads: calls task(job, i) for every i from 0 to n - 1, each once and on any
/// thread, several at once where it can, and returns when all have returned. May not throw.
using ThreadPool = void (*)(void *pool, int n, void (*task)(void *job, int i), void *job);
/// `run(pool, …)` runs all parallel work from now on; null: threads of Ricci do. A forked process
/// has no other thread of its parent, so there it is null until it is set again.
void setThreadPool(ThreadPool run, void *pool);

/// "oneTBB", "std::thread", or "the program's" where it has set a pool.
const char *parallelAdapter();

} // namespace ricci
