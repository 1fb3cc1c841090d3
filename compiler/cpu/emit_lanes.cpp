//===- emit_lanes.cpp - many small entries, one in each lane ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Products of thousands of 3 x 3 matrices, a rotation of every point of a cloud, a gate on one of
// many qubits: what an entry computes fits no vector, and a loop over it costs more than itself.
// So a vector has the same number of many entries, and the entry is unrolled:
//
//   for each task (outer index, slab of entries): for entries, a vector of them at a time:
//     c[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + …   every letter a register
//
// The last vector of a slab does entries again that the one before has done, unless it adds to
// them; those are done one by one, as are slabs of less than a vector.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/emit_elementwise.h"
#include "compiler/cpu/entry_access.h"
#include "compiler/cpu/offsets.h"

using namespace mlir;

namespace ricci {

namespace {

/// Where a buffer has one number of an entry.
struct Place {
  int base = 0;       ///< combination of indices of dims with far strides
  int64_t number = 0; ///< from there
};

class LanesEmitter {
public:
  LanesEmitter(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target)
      : b_(b), entry_(*spec.entry), accumulates_(spec.accumulate), target_(narrowed(target)),
        kernel_(b, module, spec, target_), values_(kernel_.values),
        buffers_(size_t(kernel_.buffersCount())) {
    for (size_t i = 0; i < buffers_; ++i) {
      DType storage = i + 1 < buffers_ ? spec.operands[i] : spec.result;
      access_.emplace_back(b, values_, values_.lanes(), kernel_.buffers[i], storage,
                           entry_.apart[i], numbersOf(i));
    }
    // Results in the order of their places, so that they are stored as soon as they can be.
    for (int64_t kept = 0; kept < totalExtent(entry_.kept); ++kept)
      kept_.push_back(kept);
    llvm::sort(kept_, [&](int64_t x, int64_t y) {
      Place a = placeOf(buffers_ - 1, x, 0), b = placeOf(buffers_ - 1, y, 0);
      return std::pair(a.base, a.number) < std::pair(b.base, b.number);
    });
  }

  void emit() {
    using W = LanesWord;
    const int buffers = int(buffers_);
    int64_t at = W::Count;
    auto strides = [&] {
      at += buffers;
      return loadStrides(b_, kernel_.descriptor, at - buffers, buffers);
    };
    apart_ = strides();
    for (size_t dim = 0; dim < entry_.kept.size() + entry_.summed.size(); ++dim)
      strides_.push_back(strides());
    Value list = b_.idx(at), entries = kernel_.word(W::Entries), slab = kernel_.word(W::Slab),
          slabs = kernel_.word(W::Slabs), lanes = b_.idx(values_.lanes());
    kernel_.forTasks([&](Value task) {
      auto outer = offsetsAt(b_, kernel_.descriptor, list, b_.div(task, slabs), buffers);
      auto [first, end] = kernel_.block(b_.rem(task, slabs), slab, entries);
      base_ = basesOf(outer);
      Value count = b_.sub(end, first), lastVector = b_.sub(end, lanes), isVector;
      Value whole = b_.add(first, b_.mul(b_.div(count, lanes), lanes));
      // From here on entries go one by one.
      Value single = accumulates_ ? whole : b_.select(b_.lt(count, lanes), first, end);
      b_.forLoop(first, accumulates_ ? whole : single, lanes,
                 [&](Value i) { group(accumulates_ ? i : b_.min(i, lastVector), true); });
      b_.forLoop(single, end, b_.idx(1), [&](Value i) { group(i, false); });
    });
  }

private:
  static Target narrowed(Target target) {
    target.vectorBytes = std::min(target.vectorBytes, kEntryVectorBytes);
    return target;
  }
  size_t dims() const { return entry_.kept.size() + entry_.summed.size(); }
  const Dim &dim(size_t d) const {
    return d < entry_.kept.size() ? entry_.kept[d] : entry_.summed[d - entry_.kept.size()];
  }

  /// Of a buffer at an index of what is kept and one of what is summed.
  Place placeOf(size_t buffer, int64_t kept, int64_t summed) const {
    Place place;
    int bases = 1;
    for (size_t d = 0; d < dims(); ++d) {
      int64_t &rest = d < entry_.kept.size() ? kept : summed;
      int64_t index = rest % dim(d).extent, stride = dim(d).strides[buffer];
      rest /= dim(d).extent;
      if (stride != Entry::kFar) {
        place.number += index * stride;
      } else {
        place.base += int(index) * bases;
        bases *= int(dim(d).extent);
      }
    }
    return place;
  }

  SmallVector<int64_t> numbersOf(size_t buffer) const {
    llvm::DenseSet<int64_t> numbers;
    for (int64_t kept = 0; kept < totalExtent(entry_.kept); ++kept)
      for (int64_t summed = 0; summed < totalExtent(entry_.summed); ++summed)
        numbers.insert(placeOf(buffer, kept, summed).number);
    return llvm::to_vector(numbers);
  }

  /// Where each combination of far strides begins, for every buffer: as Place::base counts them.
  std::vector<LoopBuilder::Values> basesOf(ArrayRef<Value> outer) {
    std::vector<LoopBuilder::Values> all;
    for (size_t buffer = 0; buffer < buffers_; ++buffer) {
      LoopBuilder::Values bases{outer[buffer]};
      for (size_t d = 0; d < dims(); ++d) {
        if (dim(d).strides[buffer] != Entry::kFar)
          continue;
        LoopBuilder::Values further;
        for (int64_t index = 0; index < dim(d).extent; ++index)
          for (Value base : bases)
            further.push_back(index ? b_.add(base, b_.mul(strides_[d][buffer], index)) : base);
        bases = further;
      }
      all.push_back(bases);
    }
    return all;
  }

  /// The entries from `first` on: a vector of them, or one.
  void group(Value first, bool isVector) {
    for (size_t buffer = 0; buffer < buffers_; ++buffer) {
      LoopBuilder::Values bases;
      Value from = b_.opaque(b_.mul(first, apart_[buffer]));
      for (Value base : base_[buffer])
        bases.push_back(b_.add(base, from));
      access_[buffer].begin(isVector, bases, apart_[buffer]);
    }
    EntryAccess &result = access_.back();
    for (int64_t kept : kept_) {
      // A sum begins with 0, so that it is no negative zero.
      std::optional<Number> sum;
      if (!entry_.summed.empty())
        sum = values_.zero(isVector ? values_.lanes() : 0);
      for (int64_t summed = 0; summed < totalExtent(entry_.summed); ++summed) {
        SmallVector<Number> factors;
        for (size_t i = 0; i + 1 < buffers_; ++i) {
          Place place = placeOf(i, kept, summed);
          factors.push_back(access_[i].read(place.base, place.number));
        }
        sum = kernel_.product(factors, sum ? &*sum : nullptr);
      }
      Place place = placeOf(buffers_ - 1, kept, 0);
      if (accumulates_)
        sum = values_.add(result.read(place.base, place.number), *sum);
      result.write(place.base, place.number, *sum);
    }
  }

  LoopBuilder &b_;
  const Entry &entry_;
  bool accumulates_;
  Target target_;
  ElementwiseKernel kernel_;
  ValueBuilder &values_;
  size_t buffers_;
  std::vector<EntryAccess> access_;
  SmallVector<int64_t> kept_;               ///< indices of what is kept
  SmallVector<Value> apart_;                ///< of every buffer
  std::vector<SmallVector<Value>> strides_; ///< of every dim, of every buffer
  std::vector<LoopBuilder::Values> base_;   ///< of the task
};

} // namespace

void emitLanes(LoopBuilder &b, ModuleOp module, const KernelSpec &spec, const Target &target) {
  LanesEmitter(b, module, spec, target).emit();
}

} // namespace ricci
