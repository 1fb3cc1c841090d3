//===- device_interface.h - what every device does -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <memory>
#include <string>

namespace ricci {

struct Executable;

struct DeviceProperties {
  std::string name;        ///< "AMD EPYC 9B45", "NVIDIA H100 80GB HBM3"
  std::string arch;        ///< what is compiled for it: "sm_90a"; empty where `cpu` tells
  int64_t memoryBytes = 0; ///< that it has for this process
  int units = 0;           ///< threads of a CPU, multiprocessors of a GPU
};

/// A device that is open: its memory, and the programs that run on it. Lives as long as the
/// process. Every method may be called from any thread; errors are of kind Machine and name the
/// device.
class DeviceInterface {
public:
  /// A machine error where there is no such device.
  static Expected<DeviceInterface *> of(Device device);

  virtual Device device() const = 0;
  virtual Expected<DeviceProperties> properties() const = 0;

  /// Uninitialized memory, aligned for every type, that goes back to the device's pool. Null for 0
  /// bytes.
  virtual Expected<std::shared_ptr<void>> allocate(int64_t bytes) = 0;

  /// From the host's memory, which may change afterwards. What follows on the device sees it.
  virtual Status copyIn(void *to, const void *from, int64_t bytes) = 0;
  /// To the host's memory, where it is afterwards.
  virtual Status copyOut(void *to, const void *from, int64_t bytes) = 0;
  /// Between memory of the device that does not overlap.
  virtual Status copyWithin(void *to, const void *from, int64_t bytes) = 0;

  /// Launches the kernels of a program of this device and waits for its results. The tensors are
  /// those that Executable::run has checked, in the device's memory or in the host's.
  virtual Status launch(const Executable &executable, TensorList inputs, TensorList outputs) = 0;
  /// Waits for all that was asked for; `what` was, in the error.
  virtual Status synchronize(const std::string &what) = 0;

protected:
  ~DeviceInterface() = default;
};

} // namespace ricci
