//===- memory.cpp - what emulated kernels may touch, and in which order -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emulator/memory.h"

#include <fmt/format.h>

namespace ricci::emulator {

using ricci_emulator::Access;

constexpr size_t kPage = 1024;

void poison(void *memory, size_t bytes) {
  constexpr uint8_t pattern[8] = {0xad, 0x7f, 0xf7, 0xff, 0xad, 0x7f, 0xf7, 0xff};
  for (size_t i = 0; i < bytes; ++i)
    static_cast<uint8_t *>(memory)[i] = pattern[i % 8];
}

MemoryChecker::MemoryChecker(std::vector<Region> regions) : areas_(2) {
  areas_[0].shared = areas_[1].shared = true;
  for (Region &region : regions)
    areas_.push_back({std::move(region), false, {}});
}

void MemoryChecker::setShared(const Region &statics, const Region &dynamic) {
  areas_[0].region = statics;
  areas_[1].region = dynamic;
}

void MemoryChecker::setIgnored(const void *begin, const void *end) {
  ignoredBegin_ = reinterpret_cast<uintptr_t>(begin);
  ignoredEnd_ = reinterpret_cast<uintptr_t>(end);
}

bool MemoryChecker::ordered(const Touch &earlier, const Moment &now) {
  if (!earlier.any)
    return true;
  if (earlier.block != now.block)
    return false;
  if (earlier.thread == now.thread || earlier.blockEpoch != now.blockEpoch)
    return true;
  return earlier.thread / 32 == now.thread / 32 && earlier.warpEpoch != now.warpEpoch;
}

void MemoryChecker::record(Byte &byte, bool isWrite, const Moment &now) {
  const Touch touch{now.block, now.blockEpoch, now.warpEpoch, now.thread, true};
  if (isWrite) {
    byte = {touch, {}, {}};
    return;
  }
  if (byte.read.any && byte.read.thread != now.thread)
    byte.otherRead = byte.read;
  byte.read = touch;
}

std::string MemoryChecker::race(Area &area, size_t offset, size_t bytes, bool isWrite,
                                const Moment &now) {
  if (area.pages.empty())
    area.pages.resize(area.region.bytes / kPage + 1);
  for (size_t at = offset; at < offset + bytes; ++at) {
    std::vector<Byte> &page = area.pages[at / kPage];
    if (page.empty())
      page.resize(kPage);
    Byte &byte = page[at % kPage];
    // Of shared memory only this block's history counts.
    if (area.shared && byte.write.block != now.block && byte.read.block != now.block)
      byte = {};
    const Touch *conflict = !ordered(byte.write, now)                  ? &byte.write
                            : isWrite && !ordered(byte.read, now)      ? &byte.read
                            : isWrite && !ordered(byte.otherRead, now) ? &byte.otherRead
                                                                       : nullptr;
    if (conflict)
      return fmt::format("{} byte {} of {}, which thread {}{} {} without a barrier between",
                         isWrite ? "writes" : "reads", at, area.region.name, conflict->thread,
                         conflict->block == now.block ? "" : " of another block",
                         conflict == &byte.write ? "wrote" : "read");
    record(byte, isWrite, now);
  }
  return "";
}

std::string MemoryChecker::outside(uintptr_t address, size_t bytes, bool isWrite) const {
  std::string nearest;
  size_t distance = SIZE_MAX;
  for (const Area &area : areas_) {
    const auto begin = reinterpret_cast<uintptr_t>(area.region.begin);
    const uintptr_t end = begin + area.region.bytes;
    if (!begin)
      continue;
    if (address >= begin && address + bytes > end && address + bytes - end < distance) {
      distance = address + bytes - end;
      nearest = fmt::format(", at byte {} of {}, which has {}", address - begin, area.region.name,
                            area.region.bytes);
    } else if (address < begin && begin - address < distance) {
      distance = begin - address;
      nearest = fmt::format(", {} bytes before {}", begin - address, area.region.name);
    }
  }
  return fmt::format("{} {} bytes that belong to no buffer{}", isWrite ? "writes" : "reads", bytes,
                     nearest);
}

std::string MemoryChecker::check(const void *pointer, size_t bytes, Access kind,
                                 const Moment &now) {
  const auto address = reinterpret_cast<uintptr_t>(pointer);
  const bool isWrite = kind != Access::Read;
  auto holds = [&](const Area &area) {
    const auto begin = reinterpret_cast<uintptr_t>(area.region.begin);
    return address >= begin && bytes <= area.region.bytes &&
           address - begin <= area.region.bytes - bytes;
  };
  if (!holds(areas_[last_])) {
    size_t found = 0;
    while (found < areas_.size() && !holds(areas_[found]))
      ++found;
    if (found == areas_.size()) {
      if (address >= ignoredBegin_ && address + bytes <= ignoredEnd_ && !isWrite)
        return "";
      return outside(address, bytes, isWrite);
    }
    last_ = found;
  }
  Area &area = areas_[last_];
  if (isWrite && area.region.readOnly)
    return fmt::format("writes {}, which is read-only", area.region.name);
  // Atomic operations are in order with each other, and kernels that mix them with others know why.
  if (kind == Access::Atomic || area.region.racy || area.region.readOnly)
    return "";
  return race(area, address - reinterpret_cast<uintptr_t>(area.region.begin), bytes, isWrite, now);
}

} // namespace ricci::emulator
