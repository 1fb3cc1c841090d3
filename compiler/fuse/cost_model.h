//===- cost_model.h - predicted times that choose between kernels ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cycles of one core, from the instructions that an emitter writes for its inner loop; they only
// have to rank the families and to be right within a factor of two. Constants come from Zen 3 and
// Zen 4: two loads a cycle, a packed number 0.3 (contiguous) to 1.5 (gathered) cycles.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/loop_program.h"
#include "compiler/fuse/schedule.h"

namespace ricci {

inline constexpr double kClock = 3e9; ///< cycles a second

/// What a kernel must save that hardly any other shape shares.
inline constexpr double kUnsharedSeconds = 1e-6;

/// Terms that are added up one after the other, at most: in a contraction in place, and in columns
/// that an operand is copied for.
inline constexpr int64_t kMostSteps = 1 << 15;

/// Whether a result of this size is gone from the caches before anybody reads it. It is stored past
/// them, which spares reading the lines that it overwrites.
bool leavesCaches(double bytes, const Target &target);
/// Of an operand, all that the launch reads.
double bytesOf(const Schedule &s, size_t operand);

/// Whether rows of so many bytes of so many in all are read one after the other, and fetched ahead,
/// where vectors run along a kept axis. Side by side they are streams that end before a prefetcher
/// has found them; a row of a page does not, and one of a line is no stream.
bool readsRowByRow(double row, double bytes, const Target &target);

/// What a new kernel must be predicted to save of so many seconds to be worth some 40 ms of
/// compilation for a new batch size. Predictions are up to three times the real times, and what is
/// saved is often less yet.
double leastSaved(double seconds);

/// How memory is taken to be: slow, so that what is read twice shows; or as fast as the best
/// streams, and the L3 cache where all fits, so that what else takes time does.
enum class Memory : uint8_t { Slow, Fast };

/// Seconds of one launch on one core: the larger of arithmetic and memory traffic, a part of the
/// smaller, and the launch.
double predictSeconds(const Schedule &schedule, const Target &target, Memory memory = Memory::Slow);

/// Cycles of a packed contraction whose register tile is chosen, apart from memory.
double contractCycles(const Schedule &schedule, const Target &target);

/// Cycles of a scalar operation on one vector of its type.
double scalarCycles(ScalarOp op, DType computed);
/// Whether a scan along rows computes what it scans, these nodes, by vectors.
bool scansByVectors(const LoopProgram &program, llvm::ArrayRef<int> nodes);

/// Cycles of a fused kernel, apart from memory.
double fusedCycles(const LoopProgram &program, const Target &target);

} // namespace ricci
