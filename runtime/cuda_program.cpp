//===- cuda_program.cpp - runs programs on GPUs -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cuda_program.h"

#include "runtime/pool.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace ricci {
namespace {

/// The bytes from a tensor's first element in memory to its last: where they begin, from the
/// element at index 0, and how many they are. Valid types have fewer than 2**63.
struct Hull {
  int64_t begin = 0, bytes = 0;
};

Hull hullOf(const TensorType &type) {
  Hull hull;
  const int64_t item = int64_t(itemSize(type.dtype));
  int64_t low = 0, high = 0;
  for (size_t axis = 0; axis < type.shape.size(); ++axis) {
    if (type.shape[axis] == 0)
      return hull;
    const int64_t reach = (type.shape[axis] - 1) * type.strides[axis];
    (reach < 0 ? low : high) += reach;
  }
  return {low * item, (high - low + 1) * item};
}

/// Copies the elements alone, between memory of one layout.
void copyElements(const TensorType &type, size_t axis, const char *from, char *to) {
  const int64_t item = int64_t(itemSize(type.dtype));
  if (axis == type.shape.size()) {
    std::memcpy(to, from, size_t(item));
    return;
  }
  for (int64_t i = 0; i < type.shape[axis]; ++i)
    copyElements(type, axis + 1, from + i * type.strides[axis] * item,
                 to + i * type.strides[axis] * item);
}

bool reportsStatus(const Launch &launch) {
  return std::any_of(launch.buffers.begin(), launch.buffers.end(),
                     [](const BufferRef &ref) { return ref.kind == BufferRef::Kind::Status; });
}

/// The memory on the device of one run's arguments.
class DeviceArguments {
public:
  explicit DeviceArguments(CudaDevice &device) : device_(device) {}

  Status add(const Tensor &tensor, bool copied) {
    if (tensor.device().isCuda()) {
      places_.push_back(static_cast<std::byte *>(tensor.raw()));
      return success();
    }
    const Hull hull = hullOf(tensor.type());
    Expected<std::shared_ptr<void>> memory = device_.allocate(hull.bytes);
    if (!memory)
      return std::move(memory.error());
    auto *data = static_cast<std::byte *>(memory->get());
    owned_.push_back(std::move(*memory));
    places_.push_back(data - hull.begin);
    if (!copied)
      return success();
    return device_.copyIn(data, static_cast<std::byte *>(tensor.raw()) + hull.begin, hull.bytes);
  }

  std::byte *operator[](size_t i) const { return places_[i]; }

  /// Argument `i` to the tensor in the CPU's memory that it is for.
  Status copyBack(size_t i, const Tensor &tensor) {
    if (tensor.device().isCuda())
      return success();
    const Hull hull = hullOf(tensor.type());
    const std::byte *from = places_[i] + hull.begin;
    if (hull.bytes == tensor.size() * int64_t(itemSize(tensor.dtype())))
      return device_.copyOut(static_cast<std::byte *>(tensor.raw()) + hull.begin, from, hull.bytes);
    // What lies between the elements is not the tensor's.
    Expected<PoolBlock> block = PoolBlock::allocate(hull.bytes);
    if (!block)
      return std::move(block.error());
    if (Status s = device_.copyOut(block->data(), from, hull.bytes); !s)
      return s;
    copyElements(tensor.type(), 0, reinterpret_cast<const char *>(block->data()) - hull.begin,
                 tensor.data<char>());
    return success();
  }

private:
  CudaDevice &device_;
  std::vector<std::byte *> places_; ///< of the elements at index 0
  std::vector<std::shared_ptr<void>> owned_;
};

} // namespace

Expected<std::shared_ptr<const CudaProgram>> CudaProgram::load(const Executable &executable,
                                                               CudaDevice &device) {
  std::shared_ptr<CudaProgram> program(new CudaProgram(device));
  for (const Launch &launch : executable.launches) {
    Expected<std::shared_ptr<const CudaModule>> module = device.load(launch.kernel);
    if (!module)
      return std::move(module.error());
    program->modules_.push_back(std::move(*module));
  }
  for (const std::vector<uint8_t> &constant : executable.constants) {
    Expected<std::shared_ptr<void>> memory = device.allocate(int64_t(constant.size()));
    if (!memory)
      return std::move(memory.error());
    if (Status s = device.copyIn(memory->get(), constant.data(), int64_t(constant.size())); !s)
      return std::move(s.error());
    program->constants_.push_back(std::move(*memory));
  }
  return std::shared_ptr<const CudaProgram>(std::move(program));
}

Status CudaProgram::run(const Executable &executable, TensorList inputs, TensorList outputs) const {
  DeviceArguments in(device_), out(device_);
  for (const Tensor &input : inputs)
    if (Status s = in.add(input, true); !s)
      return s;
  for (const Tensor &output : outputs)
    if (Status s = out.add(output, executable.accumulates); !s)
      return s;
  const bool hasStatus =
      std::any_of(executable.launches.begin(), executable.launches.end(), reportsStatus);
  Expected<std::shared_ptr<void>> arena = device_.allocate(executable.arenaBytes);
  Expected<std::shared_ptr<void>> statusWords =
      device_.allocate(hasStatus ? int64_t(sizeof(LaunchStatus)) : 0);
  for (auto *memory : {&arena, &statusWords})
    if (!*memory)
      return std::move(memory->error());
  if (hasStatus)
    if (Status s = device_.zero(statusWords->get(), sizeof(LaunchStatus)); !s)
      return s;

  auto placeOf = [&](const BufferRef &ref) -> const std::byte * {
    switch (ref.kind) {
    case BufferRef::Kind::Input:
      return in[size_t(ref.index)];
    case BufferRef::Kind::Output:
      return out[size_t(ref.index)];
    case BufferRef::Kind::Arena:
      return static_cast<std::byte *>(arena->get());
    case BufferRef::Kind::Constant:
      return static_cast<std::byte *>(constants_[size_t(ref.index)].get());
    case BufferRef::Kind::Block: // a GPU has no chains
    case BufferRef::Kind::Status:
      break;
    }
    return static_cast<std::byte *>(statusWords->get());
  };
  std::vector<std::string> titles;
  for (size_t i = 0; i < executable.launches.size(); ++i) {
    const Launch &launch = executable.launches[i];
    if (std::count(launch.grid.blocks.begin(), launch.grid.blocks.end(), 0u))
      continue;
    std::vector<uint64_t> parameters;
    for (const BufferRef &ref : launch.buffers)
      parameters.push_back(reinterpret_cast<uint64_t>(placeOf(ref) + ref.byteOffset));
    parameters.insert(parameters.end(), launch.descriptor.begin(), launch.descriptor.end());
    if (Status s = device_.launch(*modules_[i], launch.grid, std::move(parameters)); !s)
      return s;
    if (titles.size() < 3)
      titles.push_back(modules_[i]->code().title);
  }
  // A kernel that goes wrong shows here.
  if (Status s = device_.synchronize(fmt::format("a run of {}{}", fmt::join(titles, ", "),
                                                 executable.launches.size() > 3 ? ", …" : ""));
      !s)
    return s;
  LaunchStatus status;
  if (hasStatus)
    if (Status s = device_.copyOut(&status, statusWords->get(), sizeof status); !s)
      return s;
  for (size_t i = 0; i < outputs.size(); ++i)
    if (Status s = out.copyBack(i, outputs[i]); !s)
      return s;
  return statusOf(status, executable);
}

Status CudaDevice::launch(const Executable &executable, TensorList inputs, TensorList outputs) {
  std::shared_ptr<const CudaProgram> program = std::atomic_load(&executable.onDevice);
  if (!program) {
    // Two threads may both load it; one of them is kept.
    Expected<std::shared_ptr<const CudaProgram>> loaded = CudaProgram::load(executable, *this);
    if (!loaded)
      return std::move(loaded.error());
    program = std::move(*loaded);
    std::atomic_store(&executable.onDevice, program);
  }
  return program->run(executable, inputs, outputs);
}

} // namespace ricci
