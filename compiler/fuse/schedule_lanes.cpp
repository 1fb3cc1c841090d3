//===- schedule_lanes.cpp - decides how many small entries run ------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/schedule_product.h"

using namespace mlir;

namespace ricci {

namespace {

/// Extent of a dim that lies outside the entries of the result and may be inside them, at most.
constexpr int64_t kFewTimes = 16;

class LanesChooser : ProductChooser {
public:
  using ProductChooser::ProductChooser;

  std::optional<Schedule> choose() const {
    std::optional<Schedule> best;
    if (product_.size) // one schedule serves every size
      return best;
    SmallVector<Dim> kept(kept_), reduced(reduced_);
    sortByBuffer(kept, result());
    sortByBuffer(reduced, 0);
    const Dims dims = merged(kept), summed = merged(reduced);
    for (size_t entries = 0; entries < dims.size(); ++entries) {
      Schedule s = start(Family::Lanes);
      s.k = summed;
      s.m = {dims[entries]};
      for (auto [i, dim] : llvm::enumerate(dims)) {
        if (i == entries)
          continue;
        bool isInside = i < entries || (dim.extent <= kFewTimes && readsAgain(dim, dims[entries]));
        (isInside ? s.n : s.batch).push_back(dim);
      }
      s.spec.entry = entryOf(s);
      if (!s.spec.entry)
        continue;
      s.bytes = bytes_;
      s.predictedSeconds = predictSeconds(s, target_);
      if (!best || s.predictedSeconds < best->predictedSeconds)
        best = s;
    }
    return best;
  }

private:
  /// Whether an operand of the entries would be read once for each index of the dim: it lacks the
  /// dim, or has all of it within an entry.
  bool readsAgain(const Dim &dim, const Dim &entries) const {
    for (size_t i = 0; i < operands_; ++i)
      if (std::abs(dim.strides[i]) < std::abs(entries.strides[i]))
        return true;
    return false;
  }
};

} // namespace

std::optional<Schedule> chooseLanes(const LabelledProduct &product, const Target &target) {
  return LanesChooser(product, target).choose();
}

} // namespace ricci
