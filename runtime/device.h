//===- device.h - where programs run ------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include <string>
#include <string_view>

namespace ricci {

enum class DeviceKind : uint8_t { Cpu, Reference, Cuda };

/// Where a program runs or the memory of a tensor is. The reference interpreter works in the CPU's
/// memory.
struct Device {
  DeviceKind kind = DeviceKind::Cpu;
  int index = 0; ///< of a GPU, as the driver counts them

  Device() = default;
  Device(DeviceKind kind, int index = 0) : kind(kind), index(index) {}

  bool isCuda() const { return kind == DeviceKind::Cuda; }
  bool operator==(const Device &o) const { return kind == o.kind && index == o.index; }
  bool operator!=(const Device &o) const { return !(*this == o); }
  /// "cpu", "reference", "cuda:1".
  std::string str() const;
};

/// The names that `str` gives, and "cuda" for the first GPU. A usage error for others; whether
/// there is such a GPU shows when it is used.
Expected<Device> parseDevice(std::string_view name);

} // namespace ricci
