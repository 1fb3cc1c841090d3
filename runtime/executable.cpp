//===- executable.cpp - running a compiled program -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/executable.h"

#include "runtime/chain.h"
#include "runtime/cuda_program.h"
#include "runtime/interrupt.h"
#include "runtime/parallel.h"
#include "runtime/pool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>

namespace ricci {
namespace {

/// Strides count only where they are used.
bool sameLayout(const TensorType &a, const TensorType &b) {
  if (a.strides == b.strides || std::find(a.shape.begin(), a.shape.end(), 0) != a.shape.end())
    return true;
  for (size_t i = 0; i < a.shape.size(); ++i)
    if (a.shape[i] != 1 && a.strides[i] != b.strides[i])
      return false;
  return true;
}

/// "operand 2 is f32[3,4], but the program was compiled for f32[4,3]". Operands count from 1.
Status checkTensor(const char *what, size_t index, const Tensor &given, const TensorType &wanted,
                   const Device &device) {
  const TensorType &type = given.type();
  if (given.device().isCuda() && given.device() != device)
    return inputError(fmt::format("{} {} is on {}, but the program runs on {}", what, index + 1,
                                  given.device().str(), device.str()));
  if (type.dtype != wanted.dtype || type.shape != wanted.shape)
    return inputError(fmt::format("{} {} is {}, but the program was compiled for {}", what,
                                  index + 1, type.str(), wanted.str()));
  if (!sameLayout(type, wanted))
    return inputError(
        fmt::format("{} {} has strides ({}), but the program was compiled for strides ({})", what,
                    index + 1, fmt::join(type.strides, ", "), fmt::join(wanted.strides, ", ")));
  if (!given.raw() && given.size() != 0)
    return inputError(fmt::format("{} {} ({}) has no data", what, index + 1, type.str()));
  return success();
}

/// Whether some element of the tensor has two indices.
bool repeatsElements(const Tensor &t) {
  for (int64_t i = 0; i < t.rank(); ++i)
    if (t.shape()[i] > 1 && t.strides()[i] == 0)
      return t.size() != 0;
  return false;
}

Status checkArguments(const Executable &e, TensorList inputs, TensorList outputs) {
  if (inputs.size() != e.inputs.size())
    return inputError(
        fmt::format("the program takes {} operands, not {}", e.inputs.size(), inputs.size()));
  if (outputs.size() != e.outputs.size())
    return inputError(
        fmt::format("the program has {} results, not {}", e.outputs.size(), outputs.size()));
  for (size_t i = 0; i < inputs.size(); ++i)
    if (Status s = checkTensor("operand", i, inputs[i], e.inputs[i], e.device); !s)
      return s;
  for (size_t o = 0; o < outputs.size(); ++o) {
    if (Status s = checkTensor("output", o, outputs[o], e.outputs[o], e.device); !s)
      return s;
    if (outputs[o].readOnly())
      return inputError(fmt::format("output {} is read-only", o + 1));
    if (repeatsElements(outputs[o]))
      return inputError(
          fmt::format("output {} has a stride of 0: its elements share memory", o + 1));
    for (size_t i = 0; i < inputs.size(); ++i)
      if (mayOverlap(outputs[o], inputs[i]))
        return inputError(fmt::format("output {} overlaps operand {} in memory", o + 1, i + 1));
    for (size_t p = 0; p < o; ++p)
      if (mayOverlap(outputs[o], outputs[p]))
        return inputError(fmt::format("output {} overlaps output {} in memory", o + 1, p + 1));
  }
  return success();
}

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

} // namespace

Status statusOf(const LaunchStatus &status, const Executable &executable) {
  if (!status.failed)
    return success();
  Diagnostic error = inputError(fmt::format("index {} is out of bounds for axis {} with size {}",
                                            status.index, status.axis % kMaxRank, status.extent));
  const size_t gather = size_t(status.axis / kMaxRank);
  if (gather < executable.gathers.size() && executable.gathers[gather].end > 0) {
    error.source = executable.source;
    error.spans = {executable.gathers[gather]};
  }
  return error;
}

double CompileTimes::total() const {
  double sum = 0;
  for (const auto &[stage, milliseconds] : stages)
    sum += milliseconds;
  return sum;
}

Status Executable::run(TensorList inputs, TensorList outputs) const {
  if (Status s = checkArguments(*this, inputs, outputs); !s)
    return s;
  if (!lacking.empty())
    return machineError(fmt::format("this machine lacks {}, which the code may use", lacking));
  if (host)
    return host->run(inputs.vector(), outputs.vector());
  if (device.isCuda())
    return runOnCuda(*this, inputs, outputs);

  Expected<int> threads = numThreads();
  if (!threads)
    return std::move(threads.error());
  int64_t workspaceBytes = 0;
  for (size_t l = 0; l < launches.size();) {
    const LaunchGroup group = LaunchGroup::at(launches, l);
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
       {std::pair(&arena, arenaBytes), std::pair(&workspace, workspaceBytes)}) {
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
      return at(constants[size_t(ref.index)].data(), ref.byteOffset); // kernels only read it
    case BufferRef::Kind::Status:
    case BufferRef::Kind::Block:
      return nullptr; // each part of the tasks has its own
    }
    return nullptr;
  };
  for (size_t l = 0; l < launches.size();) {
    const LaunchGroup group = LaunchGroup::at(launches, l);
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
    for (Lots lots(*this, group, workers); run.first < tasks; lots.next()) {
      if (run.first > 0 && interrupted())
        return interruptedError();
      const int64_t lot = std::min(lots.size(), tasks - run.first);
      parallelFor(lot, GroupRun::run, &run, workers, group.partsPerWorker());
      run.first += lot;
    }
    if (Status s = statusOf(run.status(), *this); !s)
      return s;
  }
  return success();
}

} // namespace ricci
