//===- driver.cpp - a libcuda.so.1 without a GPU ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The functions of runtime/cuda_driver.h. Memory is the host's and may not be touched from outside;
// what a stream is asked for happens when somebody waits for it; kernels, whose code is the fake
// NVRTC's, run on the emulator. A test sets it up and looks into it by the functions of fake.h.
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/fake/fake.h"

#include "runtime/cuda_driver.h"
#include "tests/cuda/emulator/emulator.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <sys/mman.h>

using ricci::CUcontext, ricci::CUdevice, ricci::CUdeviceptr, ricci::CUevent, ricci::CUfunction;
using ricci::CUmemoryPool, ricci::CUmodule, ricci::CUresult, ricci::CUstream;
namespace emulator = ricci::emulator;

namespace {

constexpr CUresult kInvalidValue = 1, kInvalidDevice = 101, kInvalidContext = 201,
                   kInvalidImage = 200, kInvalidHandle = 400, kNotFound = 500, kLaunchFailed = 719;
constexpr size_t kPage = 4096;

/// Memory of a device, at the end of its pages.
struct Allocation {
  char *map = nullptr;
  size_t mapped = 0, bytes = 0;
  int device = 0;
  bool freed = false; ///< once the stream gets there
};

int numberFromEnvironment(const char *name, int otherwise) {
  const char *text = std::getenv(name);
  return text && *text ? std::atoi(text) : otherwise;
}

} // namespace

namespace ricci {
struct CUctx_st {
  int device;
};
struct CUstream_st {
  int device;
  std::deque<std::function<void()>> work;
  size_t begun = 0; ///< pieces of work ever
};
struct CUevent_st {
  CUstream stream = nullptr;
  size_t position = 0; ///< in the stream's work
};
struct CUmod_st {
  std::shared_ptr<emulator::Module> module;
  std::set<std::string> kernels;
  std::map<std::string, std::unique_ptr<CUfunc_st>> functions;
};
struct CUfunc_st {
  CUmodule module;
  std::string name;
};
struct CUmemPoolHandle_st {};
} // namespace ricci

namespace {

struct State {
  std::recursive_mutex mutex;
  std::map<CUdeviceptr, Allocation> allocations;
  std::map<std::string, int> calls, failures;
  std::map<int, ricci::CUctx_st> contexts;
  CUresult broken = 0; ///< an error that stays
  std::string message; ///< what the emulator said
  int64_t modules = 0, streams = 0, events = 0, hostBlocks = 0;
  ricci::CUmemPoolHandle_st pool;
  uint64_t seed = uint64_t(numberFromEnvironment("FAKE_CUDA_SEED", 1));
};

State &state() {
  static auto *state = new State;
  return *state;
}

thread_local std::vector<CUcontext> contexts;

/// Counts the call; an error that a test has planted, or that stays.
CUresult enter(const char *name, bool needsContext = true) {
  State &s = state();
  ++s.calls[name];
  if (auto planted = s.failures.find(name); planted != s.failures.end()) {
    const CUresult result = planted->second;
    s.failures.erase(planted);
    return result;
  }
  if (needsContext && contexts.empty())
    return kInvalidContext;
  return needsContext ? s.broken : 0;
}

#define ENTER(name, ...)                                                                           \
  std::lock_guard lock(state().mutex);                                                             \
  if (CUresult planted = enter(#name __VA_OPT__(, ) __VA_ARGS__))                                  \
    return planted;

/// Memory of all devices may be touched while it lives.
class Unlocked {
public:
  Unlocked() { protect(PROT_READ | PROT_WRITE); }
  ~Unlocked() { protect(PROT_NONE); }

private:
  static void protect(int protection) {
    for (auto &[address, allocation] : state().allocations)
      mprotect(allocation.map + kPage, allocation.mapped - 2 * kPage, protection);
  }
};

Allocation *allocationAt(CUdeviceptr address, size_t bytes) {
  auto after = state().allocations.upper_bound(address);
  if (after == state().allocations.begin())
    return nullptr;
  auto &[begin, allocation] = *std::prev(after);
  return address + bytes <= begin + allocation.bytes ? &allocation : nullptr;
}

void release(CUdeviceptr address) {
  auto found = state().allocations.find(address);
  munmap(found->second.map, found->second.mapped);
  state().allocations.erase(found);
}

void runUntil(CUstream stream, size_t position) {
  while (stream->begun < position && !stream->work.empty()) {
    std::function<void()> work = std::move(stream->work.front());
    stream->work.pop_front();
    ++stream->begun;
    if (!state().broken)
      work();
  }
}

void push(CUstream stream, std::function<void()> work) { stream->work.push_back(std::move(work)); }

CUresult copyLater(CUstream stream, void *to, const void *from, size_t bytes) {
  push(stream, [=] {
    Unlocked unlocked;
    std::memcpy(to, from, bytes);
  });
  return 0;
}

void *pointer(CUdeviceptr address) { return reinterpret_cast<void *>(address); }

} // namespace

//===- for tests --------------------------------------------------------------------------===//

FAKE_CUDA int64_t fake_cuda_allocations() { return int64_t(state().allocations.size()); }
FAKE_CUDA int64_t fake_cuda_objects() {
  return state().modules + state().streams + state().events + state().hostBlocks;
}
FAKE_CUDA int fake_cuda_calls(const char *function) { return state().calls[function]; }
FAKE_CUDA void fake_cuda_fail(const char *function, int result) {
  state().failures[function] = result;
}
FAKE_CUDA void fake_cuda_repair() { state().broken = 0; }

//===- libcuda ----------------------------------------------------------------------------===//

FAKE_CUDA CUresult cuInit(unsigned) {
  ENTER(cuInit, false)
  return numberFromEnvironment("FAKE_CUDA_INIT", 0);
}
FAKE_CUDA CUresult cuDriverGetVersion(int *version) {
  *version = 13000;
  return 0;
}
FAKE_CUDA CUresult cuGetErrorName(CUresult result, const char **name) {
  static const std::map<int, const char *> names = {
      {1, "CUDA_ERROR_INVALID_VALUE"},     {2, "CUDA_ERROR_OUT_OF_MEMORY"},
      {100, "CUDA_ERROR_NO_DEVICE"},       {200, "CUDA_ERROR_INVALID_IMAGE"},
      {201, "CUDA_ERROR_INVALID_CONTEXT"}, {719, "CUDA_ERROR_LAUNCH_FAILED"}};
  auto found = names.find(result);
  *name = found == names.end() ? nullptr : found->second;
  return *name ? 0 : kInvalidValue;
}
FAKE_CUDA CUresult cuGetErrorString(CUresult result, const char **text) {
  *text = result == kLaunchFailed ? state().message.c_str() : "as the fake driver says";
  return 0;
}
FAKE_CUDA CUresult cuDeviceGetCount(int *count) {
  ENTER(cuDeviceGetCount, false)
  *count = numberFromEnvironment("FAKE_CUDA_DEVICES", 2);
  return 0;
}
FAKE_CUDA CUresult cuDeviceGet(CUdevice *device, int index) {
  ENTER(cuDeviceGet, false)
  *device = index;
  return 0;
}
FAKE_CUDA CUresult cuDeviceGetName(char *name, int bytes, CUdevice device) {
  snprintf(name, size_t(bytes), "Emulated GPU %d", device);
  return 0;
}
FAKE_CUDA CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice) {
  *bytes = size_t(1) << 30;
  return 0;
}
FAKE_CUDA CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice) {
  const int capability = numberFromEnvironment("FAKE_CUDA_CAPABILITY", 90);
  switch (attribute) {
  case ricci::kCudaMultiprocessors:
    *value = 4;
    return 0;
  case ricci::kCudaCapabilityMajor:
    *value = capability / 10;
    return 0;
  case ricci::kCudaCapabilityMinor:
    *value = capability % 10;
    return 0;
  case ricci::kCudaMemoryPools:
    *value = 1;
    return 0;
  case ricci::kCudaClock:
    *value = 1'000'000;
    return 0;
  case ricci::kCudaMemoryClock:
    *value = 500'000;
    return 0;
  case ricci::kCudaMemoryBusBits:
    *value = 80;
    return 0;
  }
  return kInvalidValue;
}
FAKE_CUDA CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice) {
  *pool = &state().pool;
  return 0;
}
FAKE_CUDA CUresult cuMemPoolSetAttribute(CUmemoryPool, int, void *) { return 0; }
FAKE_CUDA CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  ENTER(cuDevicePrimaryCtxRetain, false)
  *context = &state().contexts[device];
  (*context)->device = device;
  return 0;
}
FAKE_CUDA CUresult cuCtxPushCurrent_v2(CUcontext context) {
  contexts.push_back(context);
  return 0;
}
FAKE_CUDA CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  if (contexts.empty())
    return kInvalidContext;
  *context = contexts.back();
  contexts.pop_back();
  return 0;
}
FAKE_CUDA CUresult cuStreamCreate(CUstream *stream, unsigned) {
  ENTER(cuStreamCreate)
  *stream = new ricci::CUstream_st{contexts.back()->device, {}, 0};
  ++state().streams;
  return 0;
}
FAKE_CUDA CUresult cuStreamDestroy_v2(CUstream stream) {
  ENTER(cuStreamDestroy_v2)
  delete stream;
  --state().streams;
  return 0;
}
FAKE_CUDA CUresult cuStreamSynchronize(CUstream stream) {
  ENTER(cuStreamSynchronize)
  runUntil(stream, stream->begun + stream->work.size());
  return state().broken;
}
FAKE_CUDA CUresult cuEventCreate(CUevent *event, unsigned) {
  ENTER(cuEventCreate)
  *event = new ricci::CUevent_st;
  ++state().events;
  return 0;
}
FAKE_CUDA CUresult cuEventDestroy_v2(CUevent event) {
  ENTER(cuEventDestroy_v2)
  delete event;
  --state().events;
  return 0;
}
FAKE_CUDA CUresult cuEventRecord(CUevent event, CUstream stream) {
  ENTER(cuEventRecord)
  event->stream = stream;
  event->position = stream->begun + stream->work.size();
  return 0;
}
FAKE_CUDA CUresult cuEventSynchronize(CUevent event) {
  ENTER(cuEventSynchronize)
  if (event->stream)
    runUntil(event->stream, event->position);
  return state().broken;
}

FAKE_CUDA CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, CUstream stream) {
  ENTER(cuMemAllocAsync)
  if (bytes == 0)
    return kInvalidValue;
  if (bytes > size_t(1) << 30)
    return ricci::kCudaOutOfMemory;
  Allocation allocation;
  allocation.bytes = bytes;
  allocation.device = stream->device;
  allocation.mapped = (bytes + kPage - 1) / kPage * kPage + 2 * kPage;
  void *map = mmap(nullptr, allocation.mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED)
    return ricci::kCudaOutOfMemory;
  allocation.map = static_cast<char *>(map);
  // CUDA's alignment. What is not written is NaN.
  char *data = allocation.map + kPage;
  mprotect(data, allocation.mapped - 2 * kPage, PROT_READ | PROT_WRITE);
  std::memset(data, 0xff, allocation.mapped - 2 * kPage);
  mprotect(data, allocation.mapped - 2 * kPage, PROT_NONE);
  *address = reinterpret_cast<CUdeviceptr>(data);
  state().allocations[*address] = allocation;
  return 0;
}
FAKE_CUDA CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream) {
  // Also where all is broken: who frees cannot do otherwise.
  std::lock_guard lock(state().mutex);
  ++state().calls["cuMemFreeAsync"];
  auto found = state().allocations.find(address);
  if (contexts.empty() || found == state().allocations.end() || found->second.freed)
    return kInvalidValue;
  found->second.freed = true;
  if (state().broken)
    release(address);
  else
    push(stream, [=] { release(address); });
  return 0;
}
FAKE_CUDA CUresult cuMemAllocHost_v2(void **memory, size_t bytes) {
  ENTER(cuMemAllocHost_v2)
  *memory = std::malloc(bytes);
  ++state().hostBlocks;
  return *memory ? 0 : ricci::kCudaOutOfMemory;
}
FAKE_CUDA CUresult cuMemFreeHost(void *memory) {
  ENTER(cuMemFreeHost)
  std::free(memory);
  --state().hostBlocks;
  return 0;
}
FAKE_CUDA CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                                        CUstream stream) {
  ENTER(cuMemcpyHtoDAsync_v2)
  return allocationAt(to, bytes) ? copyLater(stream, pointer(to), from, bytes) : kInvalidValue;
}
FAKE_CUDA CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  ENTER(cuMemcpyDtoHAsync_v2)
  return allocationAt(from, bytes) ? copyLater(stream, to, pointer(from), bytes) : kInvalidValue;
}
FAKE_CUDA CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                                        CUstream stream) {
  ENTER(cuMemcpyDtoDAsync_v2)
  if (!allocationAt(to, bytes) || !allocationAt(from, bytes))
    return kInvalidValue;
  return copyLater(stream, pointer(to), pointer(from), bytes);
}
FAKE_CUDA CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes,
                                   CUstream stream) {
  ENTER(cuMemsetD8Async)
  if (!allocationAt(to, bytes))
    return kInvalidValue;
  push(stream, [=] {
    Unlocked unlocked;
    std::memset(pointer(to), value, bytes);
  });
  return 0;
}

FAKE_CUDA CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned count,
                                      int *options, void **values) {
  ENTER(cuModuleLoadDataEx)
  auto log = [&](const std::string &text) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == ricci::kCudaJitErrorLog)
        snprintf(static_cast<char *>(values[i]), 1024, "%s", text.c_str());
    return kInvalidImage;
  };
  const std::string text = static_cast<const char *>(image);
  if (!text.starts_with("// emulated"))
    return log("this is no text of the fake NVRTC");
  const std::vector<std::string> kernels = emulator::kernelNames(text);
  auto loaded = emulator::Module::load(text, kernels, RICCI_EMULATED_KERNELS);
  if (!loaded)
    return log(loaded.error().message);
  *module = new ricci::CUmod_st{*loaded, {kernels.begin(), kernels.end()}, {}};
  ++state().modules;
  return 0;
}
FAKE_CUDA CUresult cuModuleUnload(CUmodule module) {
  ENTER(cuModuleUnload)
  delete module;
  --state().modules;
  return 0;
}
FAKE_CUDA CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name) {
  ENTER(cuModuleGetFunction)
  if (!module->kernels.count(name))
    return kNotFound;
  auto &place = module->functions[name];
  if (!place)
    place.reset(new ricci::CUfunc_st{module, name});
  *function = place.get();
  return 0;
}
FAKE_CUDA CUresult cuFuncSetAttribute(CUfunction, int attribute, int) {
  ENTER(cuFuncSetAttribute)
  return attribute == ricci::kCudaFunctionSharedBytes ? 0 : kInvalidValue;
}
FAKE_CUDA CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY,
                                  unsigned gridZ, unsigned blockX, unsigned blockY, unsigned blockZ,
                                  unsigned sharedBytes, CUstream stream, void **parameters,
                                  void **) {
  ENTER(cuLaunchKernel)
  // The values are the caller's only until it returns. How many there are is not known; no kernel
  // has more than this.
  const ricci::Grid grid{{gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes};
  if (std::count(grid.blocks.begin(), grid.blocks.end(), 0u))
    return kInvalidValue;
  const size_t count = function->module->module->parameterCount(function->name);
  std::vector<uint64_t> values;
  for (size_t i = 0; i < count; ++i)
    values.push_back(*static_cast<uint64_t *>(parameters[i]));
  const int device = stream->device;
  // The module may be gone by then as far as its owner knows.
  push(stream, [=, module = function->module->module, name = function->name]() mutable {
    Unlocked unlocked;
    std::vector<void *> pointers;
    for (uint64_t &value : values)
      pointers.push_back(&value);
    std::vector<emulator::Region> regions;
    for (const auto &[address, allocation] : state().allocations)
      if (allocation.device == device)
        regions.push_back({pointer(address), allocation.bytes,
                           "memory of " + std::to_string(allocation.bytes) + " bytes", false,
                           false});
    ricci::Status s = module->launch(name, grid, pointers.data(), regions, state().seed++);
    if (!s) {
      state().message = s.error().message;
      state().broken = kLaunchFailed;
    }
  });
  return 0;
}
