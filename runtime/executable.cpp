//===- executable.cpp - running a compiled program -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/executable.h"

#include "runtime/byte_range.h"
#include "runtime/device_interface.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace ricci {
namespace {

/// So many outputs are compared pair by pair, without allocating.
constexpr size_t kFewOutputs = 8;

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

/// Whether an output overlaps another one or an input, in the time that sorting takes.
bool anyOverlaps(TensorList inputs, TensorList outputs) {
  struct Range {
    __int128 begin, end;
    bool isOutput;
  };
  std::vector<Range> ranges;
  for (const auto &[tensors, isOutput] : {std::pair(inputs, false), std::pair(outputs, true)})
    for (const Tensor &t : tensors)
      if (t.size() != 0) {
        auto [begin, end] = byteRange(t);
        ranges.push_back({begin, end, isOutput});
      }
  std::sort(ranges.begin(), ranges.end(),
            [](const Range &x, const Range &y) { return x.begin < y.begin; });
  __int128 end = 0, outputsEnd = 0; // of those that begin before
  for (const Range &r : ranges) {
    if (r.begin < (r.isOutput ? end : outputsEnd))
      return true;
    end = std::max(end, r.end);
    if (r.isOutput)
      outputsEnd = std::max(outputsEnd, r.end);
  }
  return false;
}

Status checkOverlaps(TensorList inputs, TensorList outputs) {
  if (outputs.size() > kFewOutputs && !anyOverlaps(inputs, outputs))
    return success();
  for (size_t o = 0; o < outputs.size(); ++o) {
    for (size_t i = 0; i < inputs.size(); ++i)
      if (mayOverlap(outputs[o], inputs[i]))
        return inputError(fmt::format("output {} overlaps operand {} in memory", o + 1, i + 1));
    for (size_t p = 0; p < o; ++p)
      if (mayOverlap(outputs[o], outputs[p]))
        return inputError(fmt::format("output {} overlaps output {} in memory", o + 1, p + 1));
  }
  return success();
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
  }
  return checkOverlaps(inputs, outputs);
}

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
  Expected<DeviceInterface *> runsOn = DeviceInterface::of(device);
  if (!runsOn)
    return std::move(runsOn.error());
  return (*runsOn)->launch(*this, inputs, outputs);
}

} // namespace ricci
