//===- cuda_device.h - GPUs: memory, copies, kernels --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/cuda_driver.h"
#include "runtime/device_interface.h"
#include "runtime/executable.h"

#include <array>
#include <map>
#include <mutex>

namespace ricci {

/// A loaded kernel.
class CudaModule;

/// A GPU, opened for the life of the process: its primary context, which it shares with other users
/// of CUDA in the process, and one stream, in whose order everything happens. The stream waits for
/// the legacy default stream and that for it.
class CudaDevice final : public DeviceInterface {
public:
  /// How many there are; 0 where there is a driver and no GPU. A machine error without a driver.
  static Expected<int> count();
  /// A machine error where there is no such GPU.
  static Expected<CudaDevice *> get(int index);
  CudaDevice(const CudaDevice &) = delete;

  Device device() const override { return Device(DeviceKind::Cuda, index_); }
  Expected<DeviceProperties> properties() const override {
    return DeviceProperties{name_, arch(), memoryBytes_, multiprocessors_};
  }
  const std::string &name() const { return name_; } ///< "NVIDIA H100 80GB HBM3"
  int64_t memoryBytes() const { return memoryBytes_; }
  int multiprocessors() const { return multiprocessors_; }
  int capability() const { return capability_; } ///< 10 * major + minor
  /// Of the multiprocessors, in Hz, and of memory, in bytes a second: 0 where the driver does not
  /// tell.
  double clock() const { return clock_; }
  double memoryBandwidth() const { return memoryBandwidth_; }
  /// What is compiled for it: "sm_86", and from 90 on with all of the architecture, "sm_90a".
  std::string arch() const;
  const CudaDriver &driver() const { return driver_; }

  /// Memory goes back in the stream's order.
  Expected<std::shared_ptr<void>> allocate(int64_t bytes) override;
  Status copyIn(void *to, const void *from, int64_t bytes) override;
  Status copyOut(void *to, const void *from, int64_t bytes) override;
  Status copyWithin(void *to, const void *from, int64_t bytes) override;
  Status zero(void *memory, int64_t bytes);

  /// Loads a kernel, once for all who use it.
  Expected<std::shared_ptr<const CudaModule>> load(const std::shared_ptr<const Kernel> &kernel);
  /// The parameters are 8 bytes each.
  Status launch(const CudaModule &module, const Grid &grid, std::vector<uint64_t> parameters);
  /// Loads the program at its first run.
  Status launch(const Executable &executable, TensorList inputs, TensorList outputs) override;
  Status synchronize(const std::string &what) override;

private:
  friend class CudaModule;
  /// Makes the context current while it lives.
  class Current;

  /// Page-locked memory, which copies pass through while the other half is filled.
  struct Staging {
    void *memory = nullptr;
    CUevent done = nullptr; ///< the last copy that used it
  };

  CudaDevice(const CudaDriver &driver, int index) : driver_(driver), index_(index) {}
  static Expected<CudaDevice *> open(int index);
  Status initialize();
  Status check(CUresult result, const std::string &what) const;
  Status makeStaging();

  const CudaDriver &driver_;
  int index_;
  std::string name_;
  int64_t memoryBytes_ = 0;
  int multiprocessors_ = 0, capability_ = 0;
  double clock_ = 0, memoryBandwidth_ = 0;
  CUdevice handle_ = 0;
  CUcontext context_ = nullptr;
  CUstream stream_ = nullptr;
  std::mutex stagingMutex_, modulesMutex_;
  std::array<Staging, 2> staging_;
  std::map<std::string, std::weak_ptr<const CudaModule>> modules_; ///< by the kernel's key
};

class CudaModule {
public:
  CudaModule(CudaDevice &device, std::shared_ptr<const Kernel> kernel)
      : device_(device), kernel_(std::move(kernel)) {}
  CudaModule(const CudaModule &) = delete;
  ~CudaModule();

  const CudaCode &code() const { return *kernel_->cuda(); }

private:
  friend class CudaDevice;
  CudaDevice &device_;
  std::shared_ptr<const Kernel> kernel_;
  CUmodule module_ = nullptr;
  CUfunction function_ = nullptr;
};

} // namespace ricci
