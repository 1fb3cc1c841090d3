//===- device_interface.cpp - what every device does ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/device_interface.h"

#include "runtime/cuda_device.h"
#include "runtime/host_devices.h"

namespace ricci {

Expected<DeviceInterface *> DeviceInterface::of(Device device) {
  switch (device.kind) {
  case DeviceKind::Cpu:
    return &cpuDevice();
  case DeviceKind::Reference:
    return &referenceDevice();
  case DeviceKind::Cuda:
    break;
  }
  Expected<CudaDevice *> gpu = CudaDevice::get(device.index);
  if (!gpu)
    return std::move(gpu.error());
  return *gpu;
}

} // namespace ricci
