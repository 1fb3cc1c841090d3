//===- host_devices.cpp - devices in the CPU's memory --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/host_devices.h"

#include "runtime/chain.h"
#include "runtime/cpu_id.h"
#include "runtime/interrupt.h"
#include "runtime/machine.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace ricci {
namespace {

int workersOf(const LaunchGroup &group, int threads) {
  return int(std::clamp<int64_t>(group.tasks() / group.tasksPerWorker(), 1, threads));
}

/// How a long launch, or chain, is cut, so that it can be interrupted between two lots of its
/// tasks: by the prediction at first, then by the clock.
class Lots {
public:
  Lots(const Executable &e, const LaunchGroup &group, int workers)
      : workers_(workers), size_(group.tasks()) {
    if (!interruptible() || e.plan.steps.size() != e.launches.size())
      return;
    double seconds = 0;
    for (const Launch &launch : group)
      seconds += e.plan.steps[size_t(&launch - e.launches.data())].predictedSeconds / workers;
    if (seconds < kShort)
      return;
    clock_ = true;
    resize(kFirst / seconds);
    start_ = Clock::now();
  }

  int64_t size() const { return size_; }
  /// After the work of a lot.
  void next() {
    if (!clock_)
      return;
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - start_).count();
    resize(std::clamp(kLot / std::max(seconds, 1e-9), 1.0 / 16, 16.0));
    start_ = now;
  }

private:
  using Clock = std::chrono::steady_clock;
  static constexpr double kShort = 0.05, kFirst = 0.02, kLot = 0.2; // seconds

  void resize(double factor) {
    size_ = int64_t(std::clamp(double(size_) * factor, double(workers_), 1e18));
  }

  int workers_;
  int64_t size_;
  bool clock_ = false;
  Clock::time_point start_;
};

/// Memory and copies are the host's.
class HostDevice : public DeviceInterface {
public:
  Expected<std::shared_ptr<void>> allocate(int64_t bytes) override {
    if (bytes == 0)
      return std::shared_ptr<void>();
    MemoryPool &pool = MemoryPool::global();
    Expected<void *> data = pool.allocate(bytes);
    if (!data)
      return std::move(data.error());
    return std::shared_ptr<void>(*data, [&pool, bytes](void *p) { pool.release(p, bytes); });
  }
  Status copyIn(void *to, const void *from, int64_t bytes) override {
    return copyWithin(to, from, bytes);
  }
  Status copyOut(void *to, const void *from, int64_t bytes) override {
    return copyWithin(to, from, bytes);
  }
  Status copyWithin(void *to, const void *from, int64_t bytes) override {
    if (bytes != 0)
      std::memcpy(to, from, size_t(bytes));
    return success();
  }
  Status synchronize(const std::string &) override { return success(); }
};

class ReferenceDevice final : public HostDevice {
public:
  Device device() const override { return DeviceKind::Reference; }
  Expected<DeviceProperties> properties() const override {
    return DeviceProperties{"the naive interpreter", "", machineMemoryBytes(), 1};
  }
  Status launch(const Executable &e, TensorList inputs, TensorList outputs) override {
    return e.host->run(inputs.vector(), outputs.vector());
  }
};

class CpuDevice final : public HostDevice {
public:
  Device device() const override { return DeviceKind::Cpu; }
  Expected<DeviceProperties> properties() const override {
    Expected<int> threads = numThreads();
    if (!threads)
      return std::move(threads.error());
    return DeviceProperties{cpuName(), "", machineMemoryBytes(), *threads};
  }
  Status launch(const Executable &e, TensorList inputs, TensorList outputs) override;
};

} // namespace

Status CpuDevice::launch(const Executable &e, TensorList inputs, TensorList outputs) {
  assert(!e.host);
  Expected<int> threads = numThreads();
  if (!threads)
    return std::move(threads.error());
  int64_t workspaceBytes = 0;
  for (size_t l = 0; l < e.launches.size();) {
    const LaunchGroup group = LaunchGroup::at(e.launches, l);
    Expected<int64_t> each = group.workerBytes();
    if (!each)
      return std::move(each.error());
    int64_t bytes;
    if (__builtin_mul_overflow(*each, int64_t(workersOf(group, *threads)), &bytes))
      return machineError("workspaces of all workers together exceed 2**63 bytes");
    workspaceBytes = std::max(workspaceBytes, bytes);
    l += group.count;
  }
  PoolBlock arena, workspace;
  for (auto [block, bytes] :
       {std::pair(&arena, e.arenaBytes), std::pair(&workspace, workspaceBytes)}) {
    if (bytes == 0)
      continue;
    Expected<PoolBlock> got = PoolBlock::allocate(bytes);
    if (!got)
      return std::move(got.error());
    *block = std::move(*got);
  }

  BufferTable table;
  // Of nothing there is no place, and none beside it: not by an offset of a null pointer.
  auto at = [](const void *memory, int64_t offset) {
    return reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(memory) + uintptr_t(offset));
  };
  auto pointerOf = [&](const BufferRef &ref) -> void * {
    switch (ref.kind) {
    case BufferRef::Kind::Input:
      assert(size_t(ref.index) < inputs.size());
      return at(inputs[ref.index].raw(), ref.byteOffset);
    case BufferRef::Kind::Output:
      assert(size_t(ref.index) < outputs.size());
      return at(outputs[ref.index].raw(), ref.byteOffset);
    case BufferRef::Kind::Arena:
      return at(arena.data(), ref.byteOffset);
    case BufferRef::Kind::Constant:
      return at(e.constants[size_t(ref.index)].data(), ref.byteOffset); // kernels only read it
    case BufferRef::Kind::Status:
    case BufferRef::Kind::Block:
      return nullptr; // each part of the tasks has its own
    }
    return nullptr;
  };
  for (size_t l = 0; l < e.launches.size();) {
    const LaunchGroup group = LaunchGroup::at(e.launches, l);
    const int64_t tasks = group.tasks();
    if (tasks > 0 && l > 0 && interrupted())
      return interruptedError();
    l += group.count;
    if (tasks <= 0)
      continue;
    void **buffers = table.resize(group.buffers()), **next = buffers;
    for (const Launch &launch : group)
      next = std::transform(launch.buffers.begin(), launch.buffers.end(), next, pointerOf);
    const int workers = workersOf(group, *threads);
    GroupRun run(group, buffers, workspace.data(), *group.workerBytes());
    for (Lots lots(e, group, workers); run.first < tasks; lots.next()) {
      if (run.first > 0 && interrupted())
        return interruptedError();
      const int64_t lot = std::min(lots.size(), tasks - run.first);
      parallelFor(lot, GroupRun::run, &run, workers, group.partsPerWorker());
      run.first += lot;
    }
    if (Status s = statusOf(run.status(), e); !s)
      return s;
  }
  return success();
}

// Never destroyed: tensors may outlive main.
DeviceInterface &cpuDevice() {
  static auto *const device = new CpuDevice;
  return *device;
}
DeviceInterface &referenceDevice() {
  static auto *const device = new ReferenceDevice;
  return *device;
}

} // namespace ricci
