//===- block.h - the threads of a block as fibers -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"
#include "runtime/executable.h"
#include "tests/cuda/emulator/memory.h"

#include <array>
#include <functional>
#include <memory>
#include <random>

namespace ricci::emulator {

/// Calls a kernel with its parameters.
using KernelEntry = void (*)(void **parameters);

/// Runs the blocks of one launch, one after another. A thread runs until it waits for others; who
/// runs next is random.
class BlockRunner {
public:
  /// `services` is what the kernel's module calls; it is filled in.
  BlockRunner(ricci_emulator::Services &services, MemoryChecker &memory, const Grid &grid,
              uint64_t seed);
  BlockRunner(const BlockRunner &) = delete;
  ~BlockRunner();

  /// One block, to its end or to the first error.
  Status run(KernelEntry kernel, void **parameters, std::array<uint32_t, 3> block);

private:
  enum class State : uint8_t { Ready, AtBarrier, InWarp, Ended };
  struct Copy {
    void *to;
    const void *from;
    unsigned bytes, sourceBytes;
  };
  struct Product {
    void (*run)(const void *);
    std::vector<char> what;
  };
  struct Fiber {
    ricci_emulator::Thread thread; ///< first: its address is the fiber's
    void *stackPointer = nullptr;
    State state = State::Ended;
    unsigned line = 0; ///< where it waits
    ricci_emulator::BarrierOp barrierOp{};
    int predicate = 0, barrierResult = 0;
    ricci_emulator::WarpCall *call = nullptr;
    std::vector<std::vector<Copy>> copies;      ///< groups; the last is not committed
    std::vector<std::vector<Product>> products; ///< likewise
  };

  // Called by the kernel, on a fiber's stack.
  static void access(const void *address, unsigned long bytes, ricci_emulator::Access kind);
  static int barrier(ricci_emulator::BarrierOp op, unsigned line, int predicate);
  static void warp(ricci_emulator::WarpCall *call);
  static void copyAsync(void *to, const void *from, unsigned bytes, unsigned sourceBytes);
  static void commitCopies();
  static void waitForCopies(unsigned groupsLeft);
  static void product(void (*run)(const void *), const void *what, unsigned bytes);
  static void commitProducts();
  static void waitForProducts(unsigned groupsLeft);
  static void fail(const char *message, unsigned line);
  static void fiberMain();

  size_t index() const; ///< of the running fiber
  Moment now() const;
  void makeReady(size_t fiber);
  void yield();
  /// After `error_` is set.
  [[noreturn]] void stop();
  bool isAllowed(const void *address, size_t bytes, ricci_emulator::Access kind);
  void checkAccess(const void *address, size_t bytes, ricci_emulator::Access kind);
  void finishBarrier();
  void tryFinishWarp(size_t warp);
  std::string deadlock() const;
  std::string whatIsRunning() const;

  static BlockRunner *running_; ///< one at a time

  ricci_emulator::Services &services_;
  MemoryChecker &memory_;
  const Grid &grid_;
  std::mt19937_64 random_;
  std::vector<Fiber> fibers_;
  std::vector<size_t> ready_;
  std::vector<uint32_t> warpEpochs_;
  size_t atBarrier_ = 0, ended_ = 0;
  uint32_t blocksRun_ = 0, blockEpoch_ = 0;
  KernelEntry kernel_ = nullptr;
  void **parameters_ = nullptr;
  void *scheduler_ = nullptr; ///< its stack pointer
  char *stacks_ = nullptr;
  std::string error_;
};

} // namespace ricci::emulator
