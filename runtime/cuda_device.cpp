//===- cuda_device.cpp - GPUs: memory, copies, kernels ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cuda_device.h"

#include "runtime/fork.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ricci {
namespace {

constexpr int64_t kStagingBytes = 4 << 20;
/// More dynamic shared memory than this must be asked for.
constexpr uint32_t kDefaultSharedBytes = 48 << 10;

CUdeviceptr address(const void *pointer) { return reinterpret_cast<CUdeviceptr>(pointer); }

} // namespace

class CudaDevice::Current {
public:
  explicit Current(const CudaDevice &device) : driver_(device.driver_) {
    pushed_ = driver_.cuCtxPushCurrent_v2(device.context_) == 0;
  }
  Current(const Current &) = delete;
  ~Current() {
    CUcontext context;
    if (pushed_)
      driver_.cuCtxPopCurrent_v2(&context);
  }

private:
  const CudaDriver &driver_;
  bool pushed_;
};

Expected<int> CudaDevice::count() {
  Expected<const CudaDriver *> driver = CudaDriver::get();
  if (!driver)
    return std::move(driver.error());
  int count = 0;
  if (CUresult result = (*driver)->cuDeviceGetCount(&count))
    return machineError(
        fmt::format("the GPUs cannot be counted: {}", (*driver)->errorText(result)));
  return count;
}

Expected<CudaDevice *> CudaDevice::get(int index) {
  // Never closed: tensors may outlive main.
  static auto *mutex = new ForkMutex;
  static auto *devices = new std::map<int, CudaDevice *>;
  std::lock_guard lock(*mutex);
  if (auto found = devices->find(index); found != devices->end()) {
    if (found->second->driver_.isAbandoned())
      return std::move(CudaDriver::get().error());
    return found->second;
  }
  Expected<CudaDevice *> device = open(index);
  if (device)
    devices->emplace(index, *device);
  return device;
}

Expected<CudaDevice *> CudaDevice::open(int index) {
  Expected<int> devices = count();
  if (!devices)
    return machineError(
        fmt::format("there is no device cuda:{}: {}", index, devices.error().message));
  if (index < 0 || index >= *devices)
    return machineError(fmt::format("there is no device cuda:{}: the driver knows {} GPU{}", index,
                                    *devices, *devices == 1 ? "" : "s"));
  Expected<const CudaDriver *> driver = CudaDriver::get();
  std::unique_ptr<CudaDevice> device(new CudaDevice(**driver, index));
  if (Status s = device->initialize(); !s)
    return std::move(s.error());
  return device.release();
}

Status CudaDevice::check(CUresult result, const std::string &what) const {
  if (result == 0)
    return success();
  return machineError(fmt::format("cuda:{}{}: {} fails: {}", index_,
                                  name_.empty() ? "" : " (" + name_ + ")", what,
                                  driver_.errorText(result)));
}

Status CudaDevice::initialize() {
  char name[256] = "";
  size_t bytes = 0;
  int major = 0, minor = 0, pools = 0;
  CUresult result = driver_.cuDeviceGet(&handle_, index_);
  auto attribute = [&](int which, int &value) {
    if (!result)
      result = driver_.cuDeviceGetAttribute(&value, which, handle_);
  };
  if (!result)
    result = driver_.cuDeviceGetName(name, sizeof name, handle_);
  name_ = name;
  if (!result)
    result = driver_.cuDeviceTotalMem_v2(&bytes, handle_);
  memoryBytes_ = int64_t(bytes);
  attribute(kCudaMultiprocessors, multiprocessors_);
  attribute(kCudaCapabilityMajor, major);
  attribute(kCudaCapabilityMinor, minor);
  attribute(kCudaMemoryPools, pools);
  capability_ = 10 * major + minor;
  if (Status s = check(result, "asking for its properties"); !s)
    return s;
  // For predictions alone, so that a driver need not know them. In kHz; memory moves at both edges
  // of its clock.
  auto known = [&](int which) {
    int value = 0;
    return driver_.cuDeviceGetAttribute(&value, which, handle_) == 0 ? double(value) : 0.0;
  };
  clock_ = 1e3 * known(kCudaClock);
  memoryBandwidth_ = 2e3 * known(kCudaMemoryClock) * known(kCudaMemoryBusBits) / 8;
  if (!pools)
    return machineError(fmt::format("{} ({}) has no memory pools", device().str(), name_));
  if (Status s = check(driver_.cuDevicePrimaryCtxRetain(&context_, handle_), "making a context");
      !s)
    return s;
  Current current(*this);
  if (Status s = check(driver_.cuStreamCreate(&stream_, 0), "making a stream"); !s)
    return s;
  // Freed memory stays in the pool, for the next run.
  CUmemoryPool pool = nullptr;
  uint64_t all = UINT64_MAX;
  if (Status s = check(driver_.cuDeviceGetDefaultMemPool(&pool, handle_), "finding its pool"); !s)
    return s;
  return check(driver_.cuMemPoolSetAttribute(pool, kCudaPoolKeeps, &all), "setting up its pool");
}

std::string CudaDevice::arch() const {
  return fmt::format("sm_{}{}", capability_, capability_ >= 90 ? "a" : "");
}

//===- memory -----------------------------------------------------------------------------===//

Expected<std::shared_ptr<void>> CudaDevice::allocate(int64_t bytes) {
  if (bytes == 0)
    return std::shared_ptr<void>();
  Current current(*this);
  CUdeviceptr memory = 0;
  CUresult result = driver_.cuMemAllocAsync(&memory, size_t(bytes), stream_);
  if (result == kCudaOutOfMemory)
    return machineError(
        fmt::format("{} ({}) has no {} bytes of memory left", device().str(), name_, bytes));
  if (Status s = check(result, fmt::format("allocating {} bytes", bytes)); !s)
    return std::move(s.error());
  // Where the process ends the driver may be gone, and the memory with it.
  return std::shared_ptr<void>(reinterpret_cast<void *>(memory), [this](void *pointer) {
    if (driver_.isAbandoned())
      return;
    Current current(*this);
    driver_.cuMemFreeAsync(address(pointer), stream_);
  });
}

Status CudaDevice::makeStaging() {
  for (Staging &half : staging_) {
    if (half.memory)
      continue;
    if (Status s =
            check(driver_.cuEventCreate(&half.done, kCudaEventWithoutTime), "making an event");
        !s)
      return s;
    if (Status s = check(driver_.cuMemAllocHost_v2(&half.memory, size_t(kStagingBytes)),
                         "allocating page-locked memory");
        !s)
      return s;
  }
  return success();
}

Status CudaDevice::copyIn(void *to, const void *from, int64_t bytes) {
  if (bytes == 0)
    return success();
  std::lock_guard lock(stagingMutex_);
  Current current(*this);
  if (Status s = makeStaging(); !s)
    return s;
  CUresult result = 0;
  for (int64_t at = 0, half = 0; !result && at < bytes; at += kStagingBytes, half ^= 1) {
    Staging &staging = staging_[size_t(half)];
    const size_t count = size_t(std::min(kStagingBytes, bytes - at));
    result = driver_.cuEventSynchronize(staging.done);
    if (result)
      break;
    std::memcpy(staging.memory, static_cast<const char *>(from) + at, count);
    result =
        driver_.cuMemcpyHtoDAsync_v2(address(to) + CUdeviceptr(at), staging.memory, count, stream_);
    if (!result)
      result = driver_.cuEventRecord(staging.done, stream_);
  }
  return check(result, fmt::format("copying {} bytes to it", bytes));
}

Status CudaDevice::copyOut(void *to, const void *from, int64_t bytes) {
  if (bytes == 0)
    return success();
  std::lock_guard lock(stagingMutex_);
  Current current(*this);
  if (Status s = makeStaging(); !s)
    return s;
  CUresult result = 0;
  auto countAt = [&](int64_t at) { return size_t(std::min(kStagingBytes, bytes - at)); };
  // Each half is on its way while the one before is taken out.
  for (int64_t at = 0; !result && at < bytes + kStagingBytes; at += kStagingBytes) {
    const int64_t before = at - kStagingBytes;
    if (at < bytes) {
      Staging &staging = staging_[size_t(at / kStagingBytes % 2)];
      result = driver_.cuMemcpyDtoHAsync_v2(staging.memory, address(from) + CUdeviceptr(at),
                                            countAt(at), stream_);
      if (!result)
        result = driver_.cuEventRecord(staging.done, stream_);
    }
    if (!result && before >= 0) {
      Staging &staging = staging_[size_t(before / kStagingBytes % 2)];
      result = driver_.cuEventSynchronize(staging.done);
      if (!result)
        std::memcpy(static_cast<char *>(to) + before, staging.memory, countAt(before));
    }
  }
  return check(result, fmt::format("copying {} bytes from it", bytes));
}

Status CudaDevice::copyWithin(void *to, const void *from, int64_t bytes) {
  if (bytes == 0)
    return success();
  Current current(*this);
  return check(driver_.cuMemcpyDtoDAsync_v2(address(to), address(from), size_t(bytes), stream_),
               fmt::format("copying {} bytes in it", bytes));
}

Status CudaDevice::zero(void *memory, int64_t bytes) {
  Current current(*this);
  return check(driver_.cuMemsetD8Async(address(memory), 0, size_t(bytes), stream_),
               "clearing memory");
}

//===- kernels ----------------------------------------------------------------------------===//

CudaModule::~CudaModule() {
  if (device_.driver_.isAbandoned())
    return;
  CudaDevice::Current current(device_);
  if (module_)
    device_.driver_.cuModuleUnload(module_);
}

Expected<std::shared_ptr<const CudaModule>>
CudaDevice::load(const std::shared_ptr<const Kernel> &kernel) {
  std::lock_guard lock(modulesMutex_);
  std::weak_ptr<const CudaModule> &place = modules_[kernel->key()];
  if (std::shared_ptr<const CudaModule> loaded = place.lock())
    return loaded;
  auto module = std::make_shared<CudaModule>(*this, kernel);
  const CudaCode &code = module->code();
  Current current(*this);
  // What is wrong with PTX is in the log.
  char log[2048] = "";
  int options[] = {kCudaJitErrorLog, kCudaJitErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log - 1)};
  CUresult result =
      driver_.cuModuleLoadDataEx(&module->module_, code.image.c_str(), 2, options, values);
  if (!result)
    result = driver_.cuModuleGetFunction(&module->function_, module->module_, code.name.c_str());
  Status s = check(result, fmt::format("loading the kernel {} for {}", code.title, code.arch));
  if (!s) {
    if (log[0])
      s.error().notes.push_back(log);
    return std::move(s.error());
  }
  place = module;
  return std::shared_ptr<const CudaModule>(std::move(module));
}

Status CudaDevice::launch(const CudaModule &module, const Grid &grid,
                          std::vector<uint64_t> parameters) {
  Current current(*this);
  std::vector<void *> pointers;
  for (uint64_t &parameter : parameters)
    pointers.push_back(&parameter);
  CUresult result = 0;
  if (grid.sharedBytes > kDefaultSharedBytes)
    result = driver_.cuFuncSetAttribute(module.function_, kCudaFunctionSharedBytes,
                                        int(grid.sharedBytes));
  const auto &[blocks, threads, sharedBytes] = grid;
  if (!result)
    result = driver_.cuLaunchKernel(module.function_, blocks[0], blocks[1], blocks[2], threads[0],
                                    threads[1], threads[2], sharedBytes, stream_, pointers.data(),
                                    nullptr);
  return check(result, fmt::format("the launch of {}", module.code().title));
}

Status CudaDevice::synchronize(const std::string &what) {
  Current current(*this);
  return check(driver_.cuStreamSynchronize(stream_), what);
}

} // namespace ricci
