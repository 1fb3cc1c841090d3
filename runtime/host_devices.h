//===- host_devices.h - devices in the CPU's memory ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/device_interface.h"

namespace ricci {

/// Runs machine code, on the host's threads.
DeviceInterface &cpuDevice();
/// Runs programs by the interpreter that the compiler's results are compared with.
DeviceInterface &referenceDevice();

} // namespace ricci
