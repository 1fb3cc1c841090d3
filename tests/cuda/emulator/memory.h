//===- memory.h - what emulated kernels may touch, and in which order ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tests/cuda/emulator/abi.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace ricci::emulator {

/// Memory that a launch may touch.
struct Region {
  const void *begin = nullptr;
  size_t bytes = 0;
  std::string name; ///< in errors: "operand 1"
  bool readOnly = false;
  bool racy = false; ///< who writes last may win
};

/// Fills memory with what is a NaN of every float type, and large as an index.
void poison(void *memory, size_t bytes);

/// When an access happens. Two accesses of different threads are in order when a barrier of the
/// block lies between them, or they are of one warp and a __syncwarp does.
struct Moment {
  uint32_t block;      ///< unique
  uint32_t blockEpoch; ///< counts up at barriers, and never starts anew
  uint32_t warpEpoch;
  uint16_t thread; ///< of the block
};

/// Checks each access of a launch against the bounds of its regions, and against what other threads
/// have done to the same bytes.
class MemoryChecker {
public:
  explicit MemoryChecker(std::vector<Region> regions);

  /// Shared memory of the block that runs next. Its history does not matter.
  void setShared(const Region &statics, const Region &dynamic);
  /// Memory that anyone may read, or that is not looked at: the kernel's own constants.
  void setIgnored(const void *begin, const void *end);

  /// What is wrong with the access; empty where nothing is.
  std::string check(const void *address, size_t bytes, ricci_emulator::Access kind,
                    const Moment &now);

private:
  struct Touch {
    uint32_t block = 0, blockEpoch = 0, warpEpoch = 0;
    uint16_t thread = 0;
    bool any = false;
  };
  /// The last write of a byte and the last reads of two threads.
  struct Byte {
    Touch write, read, otherRead;
  };
  struct Area {
    Region region;
    bool shared = false;
    std::vector<std::vector<Byte>> pages; ///< empty where nothing was touched
  };

  static bool ordered(const Touch &earlier, const Moment &now);
  static void record(Byte &byte, bool isWrite, const Moment &now);
  std::string race(Area &area, size_t offset, size_t bytes, bool isWrite, const Moment &now);
  std::string outside(uintptr_t address, size_t bytes, bool isWrite) const;

  std::vector<Area> areas_; ///< the first two are shared memory
  size_t last_ = 0;         ///< the area of the last access
  uintptr_t ignoredBegin_ = 0, ignoredEnd_ = 0;
};

} // namespace ricci::emulator
