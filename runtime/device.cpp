//===- device.cpp - where programs run ----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/device.h"

#include <fmt/format.h>

#include <charconv>

namespace ricci {

std::string Device::str() const {
  switch (kind) {
  case DeviceKind::Cpu:
    return "cpu";
  case DeviceKind::Reference:
    return "reference";
  case DeviceKind::Cuda:
    break;
  }
  return fmt::format("cuda:{}", index);
}

Expected<Device> parseDevice(std::string_view name) {
  if (name == "cpu")
    return Device(DeviceKind::Cpu);
  if (name == "reference")
    return Device(DeviceKind::Reference);
  if (name == "cuda")
    return Device(DeviceKind::Cuda);
  if (name.starts_with("cuda:")) {
    int index = 0;
    const char *begin = name.data() + 5, *end = name.data() + name.size();
    auto [rest, error] = std::from_chars(begin, end, index);
    if (error == std::errc() && rest == end && begin != end && *begin != '-')
      return Device(DeviceKind::Cuda, index);
  }
  return usageError(fmt::format(
      "there is no device '{}'; the devices are cpu, cuda, cuda:N and reference", name));
}

} // namespace ricci
