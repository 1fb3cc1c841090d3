//===- guarded_memory.h - memory between pages that may not be touched -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace ricci::test {

/// Bytes with a forbidden page on either side. What is left of the last page is `fill` too.
class GuardedMemory {
public:
  GuardedMemory(size_t bytes, size_t alignment, bool atEnd, uint8_t fill) : bytes_(bytes) {
    size_t page = size_t(sysconf(_SC_PAGESIZE));
    inside_ = (bytes + page - 1) / page * page;
    total_ = inside_ + 2 * page;
    void *p = mmap(nullptr, total_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
      abort();
    map_ = static_cast<uint8_t *>(p);
    first_ = map_ + page;
    if (inside_ && mprotect(first_, inside_, PROT_READ | PROT_WRITE) != 0)
      abort();
    std::memset(first_, fill, inside_);
    data_ = atEnd ? first_ + (inside_ - bytes) / alignment * alignment : first_;
  }
  GuardedMemory(const GuardedMemory &) = delete;
  ~GuardedMemory() { munmap(map_, total_); }

  uint8_t *data() const { return data_; }
  /// All bytes between the forbidden pages.
  std::vector<uint8_t> all() const { return {first_, first_ + inside_}; }
  size_t dataOffset() const { return size_t(data_ - first_); }
  /// Whether the bytes outside of [data, data + bytes) are still `fill`.
  bool edgesHold(uint8_t fill) const {
    auto holds = [&](const uint8_t *from, const uint8_t *to) {
      return std::all_of(from, to, [&](uint8_t byte) { return byte == fill; });
    };
    return holds(first_, data_) && holds(data_ + bytes_, first_ + inside_);
  }

private:
  size_t bytes_, inside_, total_;
  uint8_t *map_, *first_, *data_;
};

} // namespace ricci::test
