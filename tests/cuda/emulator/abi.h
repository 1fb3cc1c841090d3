//===- abi.h - what emulated kernels and the emulator know of each other ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

/// CUDA's uint3.
struct uint3 {
  unsigned x, y, z;
};

namespace ricci_emulator {

/// What a thread reads about itself.
struct Thread {
  uint3 threadIdx, blockIdx, blockDim, gridDim;
  unsigned lane;
  const char *stackBegin, *stackEnd;
};

enum class Access : int { Read, Write, Atomic };

/// What the threads of a warp do together. `Sync` alone orders memory.
enum class WarpOp : int {
  Sync,
  Shuffle,
  ShuffleUp,
  ShuffleDown,
  ShuffleXor,
  Ballot,
  Any,
  All,
  Exchange
};

/// One thread's part of it.
struct WarpCall {
  WarpOp op;
  unsigned mask;
  unsigned line; ///< of the text, to tell one call from another
  int width;
  int argument; ///< a lane, a distance or a predicate
  unsigned long long value, result;
  const void *pointers[32]; ///< Exchange: what each lane gave as its value
};

enum class BarrierOp : int { Sync, Count, And, Or };

/// What a kernel asks of the emulator. A function that finds an error does not return.
struct Services {
  Thread *current;
  void *dynamicShared;
  void (*access)(const void *address, unsigned long bytes, Access kind);
  int (*barrier)(BarrierOp op, unsigned line, int predicate);
  void (*warp)(WarpCall *call);
  void (*copyAsync)(void *shared, const void *global, unsigned bytes, unsigned sourceBytes);
  void (*commitCopies)();
  void (*waitForCopies)(unsigned groupsLeft);
  /// `run` is called with a copy of these bytes when the thread waits for the group.
  void (*product)(void (*run)(const void *), const void *what, unsigned bytes);
  void (*commitProducts)();
  void (*waitForProducts)(unsigned groupsLeft);
  void (*fail)(const char *message, unsigned line);
  float (*halfToFloat)(unsigned short);
  unsigned short (*floatToHalf)(float);
  unsigned short (*doubleToHalf)(double);
  float (*bfloatToFloat)(unsigned short);
  unsigned short (*floatToBfloat)(float);
};

} // namespace ricci_emulator
