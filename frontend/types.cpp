//===- types.cpp - checks and canonical forms of operand types ---------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ricci {

static bool isEmpty(const Shape &shape) {
  return std::find(shape.begin(), shape.end(), 0) != shape.end();
}

/// Whether every element's byte offset fits 63 bits. Both lists have the same length.
static bool offsetsFit(const TensorType &type) {
  int64_t reach = int64_t(itemSize(type.dtype));
  for (size_t i = 0; i < type.shape.size(); ++i) {
    int64_t step;
    if (type.shape[i] <= 1)
      continue;
    if (type.strides[i] == INT64_MIN ||
        __builtin_mul_overflow(type.shape[i] - 1, std::abs(type.strides[i]), &step) ||
        __builtin_mul_overflow(step, int64_t(itemSize(type.dtype)), &step) ||
        __builtin_add_overflow(reach, step, &reach))
      return false;
  }
  return true;
}

Expected<TensorType> normalizeType(const TensorType &type) {
  if (type.rank() > kMaxRank)
    return inputError(fmt::format("{} axes; a tensor has at most {}", type.rank(), kMaxRank));
  for (size_t i = 0; i < type.shape.size(); ++i)
    if (type.shape[i] < 0)
      return inputError(fmt::format("axis {} has the negative size {}", i, type.shape[i]));
  if (auto count = elementCount(type.shape, type.dtype); !count)
    return std::move(count.error());
  Strides contiguous = contiguousStrides(type.shape);
  TensorType result{type.dtype, type.shape, type.strides};
  if (type.strides.empty() || (isEmpty(type.shape) && type.strides.size() == type.shape.size())) {
    result.strides = std::move(contiguous);
    return result;
  }
  if (type.strides.size() != type.shape.size())
    return inputError(
        fmt::format("{} strides for {} axes", type.strides.size(), type.shape.size()));
  for (size_t i = 0; i < type.shape.size(); ++i)
    if (type.shape[i] == 1)
      result.strides[i] = contiguous[i];
  if (!offsetsFit(result))
    return inputError("the strides reach beyond 63 bits of bytes");
  return result;
}

bool isValid(const TensorType &type) {
  int64_t bytes = int64_t(itemSize(type.dtype));
  if (type.strides.size() != type.shape.size() || type.rank() > kMaxRank)
    return false;
  for (int64_t size : type.shape)
    if (size < 0)
      return false;
  if (isEmpty(type.shape))
    return bool(elementCount(type.shape, type.dtype));
  for (int64_t size : type.shape)
    if (__builtin_mul_overflow(bytes, size, &bytes))
      return false;
  return offsetsFit(type);
}

std::string describeType(const TensorType &type) {
  constexpr size_t kShown = 16;
  if (type.shape.size() <= kShown)
    return type.str();
  auto join = [&](size_t begin, size_t end) {
    return fmt::format("{}", fmt::join(type.shape.begin() + int64_t(begin),
                                       type.shape.begin() + int64_t(end), ","));
  };
  size_t rank = type.shape.size();
  return fmt::format("{}[{},...,{}] ({} axes)", shortName(type.dtype), join(0, kShown / 2),
                     join(rank - kShown / 4, rank), rank);
}

namespace {
struct Axis {
  int64_t stride, size; ///< |stride|
};

/// Whether two indices of the axes give one offset, by a look at all offsets.
bool offsetsRepeat(const Axis *begin, const Axis *end, int64_t count) {
  std::vector<int64_t> offsets;
  offsets.reserve(size_t(count));
  offsets.push_back(0);
  for (const Axis *axis = begin; axis != end; ++axis) {
    const size_t known = offsets.size();
    for (int64_t i = 1; i < axis->size; ++i)
      for (size_t j = 0; j < known; ++j)
        offsets.push_back(offsets[j] + i * axis->stride);
  }
  std::sort(offsets.begin(), offsets.end());
  return std::adjacent_find(offsets.begin(), offsets.end()) != offsets.end();
}
} // namespace

std::optional<bool> aliasesItself(const TensorType &type) {
  constexpr int64_t kCounted = int64_t(1) << 20;
  if (isEmpty(type.shape))
    return false;
  std::array<Axis, 64> axes; // a valid type has at most 62 that are longer than 1
  Axis *end = axes.data();
  for (size_t i = 0; i < type.shape.size(); ++i) {
    if (type.shape[i] == 1)
      continue;
    if (type.strides[i] == 0)
      return true;
    *end++ = {std::abs(type.strides[i]), type.shape[i]};
  }
  std::sort(axes.data(), end, [](const Axis &a, const Axis &b) { return a.stride < b.stride; });
  // An axis whose stride is beyond what the smaller ones reach repeats nothing that they do not.
  int64_t reach = 0, count = 1, countToDecide = 1;
  Axis *toDecide = axes.data();
  for (Axis *axis = axes.data(); axis != end; ++axis) {
    count *= axis->size;
    if (axis->stride <= reach) {
      toDecide = axis + 1;
      countToDecide = count;
    }
    reach += axis->stride * (axis->size - 1);
  }
  if (toDecide == axes.data())
    return false;
  if (countToDecide > kCounted)
    return std::nullopt;
  return offsetsRepeat(axes.data(), toDecide, countToDecide);
}

} // namespace ricci
