//===- schedule_product.cpp - decides how a product runs ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/schedule_product.h"

#include "compiler/fuse/cost_model.h"

#include <algorithm>

using namespace mlir;

namespace ricci {

ProductChooser::ProductChooser(const LabelledProduct &product, const Target &target)
    : product_(product), target_(target), operands_(product.operands.size()) {
  // The strides of an axis of extent 1 mean nothing.
  bool hasReduced = false;
  for (const LabelledProduct::Axis &axis : product.axes) {
    hasReduced |= !axis.kept;
    if (axis.extent != 1)
      (axis.kept ? kept_ : reduced_).push_back({axis.extent, axis.strides});
  }
  double elements = 1, points = 1;
  for (const LabelledProduct::Axis &axis : product.axes) {
    points *= double(axis.extent);
    elements *= axis.kept ? double(axis.extent) : 1;
  }
  DType result = product.result;
  bytes_ = elements * double(itemSize(result));
  for (size_t i = 0; i < operands_; ++i) {
    double read = double(itemSize(product.operands[i]));
    for (const LabelledProduct::Axis &axis : product.axes)
      read *= axis.strides[i] ? double(axis.extent) : 1;
    bytes_ += read;
  }
  double products = double(operands_) - 1, sums = hasReduced ? 1 : 0;
  flops_ =
      points * (kindOf(result) == DTypeKind::Complex ? 6 * products + 2 * sums : products + sums);
}

double ProductChooser::newSeconds(const KernelSpec &spec, double seconds) const {
  return !product_.known || isKnown(spec) ? 0 : leastSaved(seconds);
}

bool ProductChooser::isKnown(const KernelSpec &spec) const {
  return product_.known->contains(spec.keyOn(target_));
}

Schedule ProductChooser::start(Family family) const {
  Schedule s;
  s.spec.family = family;
  s.spec.operands = product_.operands;
  s.spec.result = product_.result;
  s.spec.epilogue = product_.epilogue;
  s.spec.prologue = product_.prologue;
  s.spec.computed = product_.computed;
  s.spec.pairs = isContraction(family) && pairs();
  s.accumulate = product_.accumulate;
  s.spec.accumulate = product_.accumulate && family != Family::Contract;
  return s;
}

bool ProductChooser::pairs() const {
  return target_.avx512bf16 && mayPair(product_.operands, product_.result);
}

bool ProductChooser::isLarge() const {
  double bytes = double(itemSize(product_.result));
  for (const Dim &dim : kept_)
    bytes *= double(dim.extent);
  // One schedule serves every size.
  return product_.size == 0 && !product_.staysInCache && leavesCaches(bytes, target_);
}

int ProductChooser::mostRows(int vectors) const {
  int parts = kindOf(product_.result) == DTypeKind::Complex ? 2 : 1;
  return (target_.vectorRegisters - parts * (vectors + 1)) / (parts * vectors);
}

namespace {

/// Whether vectors can run along this dim: every operand is contiguous or constant along it.
bool vectorizes(const Dim &dim, size_t operands) {
  bool advances = false;
  for (size_t i = 0; i < operands; ++i) {
    if (dim.strides[i] != 0 && dim.strides[i] != 1)
      return false;
    advances |= dim.strides[i] == 1;
  }
  return advances;
}

uint32_t unitBits(const Dim &dim) {
  uint32_t bits = 0;
  for (size_t i = 0; i < dim.strides.size(); ++i)
    bits |= uint32_t(dim.strides[i] == 1) << i;
  return bits;
}

/// Rows at once of a reduction by rows, which a vector's horizontal sums are made of, and by
/// columns, whose sums wait in the L1 cache.
constexpr int kRows = 4, kColumnRows = kMostRowsAtOnce;
/// Bytes of rows of which several lie in few lines.
constexpr double kShortRow = 256;

class Chooser : ProductChooser {
public:
  using ProductChooser::ProductChooser;

  Schedule choose() {
    std::vector<Schedule> candidates;
    if (product_.epilogue || product_.prologue) {
      candidates.push_back(choosePacked(product_, target_).value());
    } else if (reduced_.empty()) { // a sum of one term is the term
      if (auto s = transpose())
        candidates.push_back(*s);
      // The blocks of a map along two axes follow no formula of a size.
      if (candidates.empty() || !product_.size)
        candidates.push_back(map());
    } else {
      candidates.push_back(reduceRows());
      if (auto s = reduceColumns())
        candidates.push_back(*s);
      if (auto s = choosePacked(product_, target_)) {
        candidates.push_back(*s);
        if (auto inPlace = chooseDirect(product_, target_, *s))
          candidates.push_back(*inPlace);
        // Real numbers of few columns are faster in place.
        if (kindOf(product_.result) == DTypeKind::Complex)
          if (auto alongRows = choosePacked(product_, target_, /*turned=*/true))
            candidates.push_back(*alongRows);
      }
    }
    bool isFused = product_.epilogue || product_.prologue,
         isTiled = candidates[0].spec.family == Family::Transpose && hasTiles(candidates[0]);
    if (!isFused && !isTiled)
      if (auto s = chooseLanes(product_, target_))
        candidates.push_back(*s);
    for (Schedule &s : candidates) {
      if (s.spec.family == Family::Map || s.spec.family == Family::Transpose)
        s.streams = isLarge() && !product_.accumulate;
      if (s.spec.family == Family::Transpose)
        s.spec.streams = s.streams || s.prefetches;
      s.flops = flops_;
      s.bytes = bytes_;
      s.predictedSeconds = predictSeconds(s, target_);
    }
    auto fastest = [&](auto secondsOf) {
      return *std::min_element(
          candidates.begin(), candidates.end(),
          [&](const Schedule &x, const Schedule &y) { return secondsOf(x) < secondsOf(y); });
    };
    auto seconds = [&](const Schedule &s) {
      bool isNew = s.spec.family == Family::Lanes && !(product_.known && isKnown(s.spec));
      return s.predictedSeconds + (isNew ? kUnsharedSeconds : 0);
    };
    Schedule best = fastest(
        [&](const Schedule &s) { return seconds(s) + newSeconds(s.spec, s.predictedSeconds); });
    if (seconds(best) > seconds(fastest(seconds)))
      best.takesKnown = true;
    return best;
  }

private:
  Schedule map() const {
    Schedule s = start(Family::Map);
    SmallVector<Dim> dims(kept_);
    sortByBuffer(dims, result());
    s.batch = merged(dims);
    if (!s.batch.empty() && vectorizes(s.batch[0], operands_) &&
        s.batch[0].strides[result()] == 1) {
      s.spec.vectorized = true;
      s.spec.unit = unitBits(s.batch[0]);
    }
    return s;
  }

  std::optional<Schedule> transpose() const {
    if (operands_ != 1 || product_.operands[0] != product_.result || product_.accumulate)
      return std::nullopt;
    SmallVector<Dim> sorted(kept_);
    sortByBuffer(sorted, result());
    Dims dims = merged(sorted);
    auto mid = unitDim(dims, 1), inner = unitDim(dims, 0);
    if (!mid || !inner || *mid == *inner)
      return std::nullopt;
    Schedule s = start(Family::Transpose);
    Dim innerDim = dims[*inner], midDim = dims[*mid];
    dims.erase(dims.begin() + std::max(*inner, *mid));
    dims.erase(dims.begin() + std::min(*inner, *mid));
    s.n = {innerDim}, s.m = {midDim};
    // Dims that follow each other in the result are one row of it, of whole cache lines.
    int64_t run = midDim.extent;
    for (const Dim &dim : dims) {
      bool joins = s.batch.empty() && dim.strides[result()] == run;
      (joins ? s.m : s.batch).push_back(dim);
      run *= dim.extent;
    }
    chooseTransposeBlocks(s);
    return s;
  }

  /// Whether a transpose moves tiles, and enough of them for a task.
  bool hasTiles(const Schedule &s) const {
    constexpr int64_t kLeastNumbers = 256;
    int64_t tile = std::min<int64_t>(16, target_.vectorBytes / int64_t(itemSize(product_.result))),
            rows = totalExtent(s.m), columns = totalExtent(s.n);
    return std::min(rows, columns) >= tile && rows * columns >= kLeastNumbers;
  }

  /// Long pieces of rows of the operand, which memory likes, and as few rows as leave two blocks in
  /// the L2 cache. A short row costs more to prefetch than what the L3 cache takes to answer.
  void chooseTransposeBlocks(Schedule &s) const {
    int64_t bytes = int64_t(itemSize(product_.result)), rows = totalExtent(s.m);
    s.blockRows = kTransposeUnit;
    // Of few rows, more columns are as much work.
    s.blockColumns = 1024 / bytes * std::max<int64_t>(1, s.blockRows / std::max<int64_t>(1, rows));
    bool isShort = s.n[0].extent * bytes < 256;
    s.prefetches = product_.size == 0 && (isShort ? isLarge() : bytes_ > double(target_.l2Bytes));
  }

  /// The operand that is read most of.
  size_t largest() const {
    auto elements = [&](size_t operand) {
      double count = 1;
      for (const auto *dims : {&kept_, &reduced_})
        for (const Dim &dim : *dims)
          count *= dim.strides[operand] ? double(dim.extent) : 1;
      return count;
    };
    size_t largest = 0;
    for (size_t i = 1; i < operands_; ++i)
      if (elements(i) > elements(largest))
        largest = i;
    return largest;
  }

  /// The reduced dims in the order of the largest operand.
  Dims sortedReduced() const {
    SmallVector<Dim> sorted(reduced_);
    sortByBuffer(sorted, largest());
    Dims dims = merged(sorted);
    // The innermost one is a loop of its own.
    constexpr int64_t kShort = 8;
    if (!dims.empty() && dims[0].extent < kShort) {
      auto longest = std::max_element(
          dims.begin(), dims.end(), [](const Dim &a, const Dim &b) { return a.extent < b.extent; });
      bringToFront(dims, size_t(longest - dims.begin()));
    }
    return dims;
  }

  /// Rows one after the other as they lie in memory, where each is a line at least or the result
  /// stays in the cache; else as their sums do.
  Schedule reduceRows() const {
    Schedule s = start(Family::ReduceRows);
    SmallVector<Dim> kept(kept_);
    double results = 1, terms = 1;
    for (const Dim &dim : kept_)
      results *= double(dim.extent);
    for (const Dim &dim : reduced_)
      terms *= double(dim.extent);
    const double item = double(itemSize(product_.result));
    const size_t read = largest();
    const bool hasRows = llvm::all_of(kept, [&](const Dim &dim) { return dim.strides[read] != 0; });
    const bool inMemory =
        hasRows && (terms * item >= 64 || results * item <= double(target_.l2Bytes) / 2);
    sortByBuffer(kept, inMemory ? read : result());
    s.batch = merged(kept);
    s.k = sortedReduced();
    // The longest dim that vectors can run along.
    std::optional<size_t> best;
    for (size_t i = 0; i < s.k.size(); ++i)
      if (vectorizes(s.k[i], operands_) && (!best || s.k[i].extent > s.k[*best].extent))
        best = i;
    if (best) {
      bringToFront(s.k, *best);
      s.spec.vectorized = true;
      s.spec.unit = unitBits(s.k[0]);
      s.spec.inPieces = isInPieces(s);
      // Pieces follow each other in memory. Of less than a vector several hide what each costs.
      const double lanes = target_.lanes(componentDType(computeType(product_.result)));
      if (s.spec.inPieces ? double(s.k[0].extent) <= lanes : rowsAtOnce(s))
        s.spec.rowsAtOnce = kRows;
      s.spec.shared = sharedOperands(s);
    }
    return s;
  }

  /// Whether rows of what is read from memory come in short pieces, next to those of other rows:
  /// one row after the other would be more streams than prefetchers follow.
  bool isInPieces(const Schedule &s) const {
    constexpr double kShortPiece = 2048;
    if (s.k.size() < 2 || s.batch.empty() || s.batch[0].extent < kRows || product_.size)
      return false;
    size_t largest = 0;
    for (size_t i = 1; i < operands_; ++i)
      if (bytesOf(s, i) > bytesOf(s, largest))
        largest = i;
    auto distance = [&](const Dim &dim) { return std::abs(double(dim.strides[largest])); };
    const double piece = double(s.k[0].extent), item = double(itemSize(s.spec.operands[largest]));
    return distance(s.k[0]) == 1 && piece * item <= kShortPiece && distance(s.batch[0]) >= piece &&
           distance(s.batch[0]) < 2 * piece && distance(s.k[1]) >= 2 * distance(s.batch[0]) &&
           bytesOf(s, largest) > double(target_.l2Bytes);
  }

  double rowBytes(int64_t extent) const {
    size_t widest = 0;
    for (DType operand : product_.operands)
      widest = std::max(widest, itemSize(operand));
    return double(extent) * double(widest);
  }

  /// Whether rows are summed several at once: to load once what they share, where the L1 cache does
  /// not hold it from row to row or where nothing waits for memory (readsRowByRow); to end
  /// together, where they are short.
  bool rowsAtOnce(Schedule s) const {
    double bytes = rowBytes(s.k[0].extent);
    s.spec.rowsAtOnce = kRows;
    if (!sharedOperands(s)) // one schedule serves every size
      return operands_ == 1 && bytes <= kShortRow && !product_.size;
    return product_.size || !leavesCaches(bytes_, target_) || bytes <= kShortRow ||
           bytes > 0.4 * double(target_.l1Bytes);
  }

  std::optional<Schedule> reduceColumns() const {
    SmallVector<Dim> kept(kept_);
    sortByBuffer(kept, result());
    Dims dims = merged(kept);
    if (dims.empty() || dims[0].strides[result()] != 1 || !vectorizes(dims[0], operands_))
      return std::nullopt;
    Schedule s = start(Family::ReduceColumns);
    s.batch = dims;
    s.k = sortedReduced();
    s.spec.vectorized = true;
    s.spec.unit = unitBits(dims[0]);
    if (product_.size || !readsRowByRow(rowBytes(dims[0].extent), bytes_, target_))
      s.spec.rowsAtOnce = kColumnRows;
    return s;
  }
};

/// Terms of a sum that loops add up exactly enough: they keep fewer sums at a time than reductions.
constexpr int64_t kMostTerms = 1 << 17;

/// Whether it goes element by element, for want of an axis that all operands are contiguous along.
bool isScalar(const Schedule &s) {
  bool mayBe = s.spec.family == Family::Map || s.spec.family == Family::ReduceRows ||
               s.spec.family == Family::ReduceColumns;
  return mayBe && !s.spec.vectorized && totalExtent(s.k) <= kMostTerms;
}

/// Whether a row that is summed is less than two vectors: a vector of rows at a time may be faster.
bool hasShortRows(const Schedule &s, const Target &target) {
  return s.spec.family == Family::ReduceRows && !s.k.empty() &&
         s.k[0].extent < 2 * target.lanes(componentDType(computeType(s.spec.result)));
}

/// Whether most of a tile would be padding: of few columns and short sums, or of a few long sums.
/// What is small runs by a kernel that many shapes share.
bool isNarrow(const Schedule &s) {
  constexpr int64_t kNarrow = 4, kMostSteps = 32, kMostSums = 16, kLong = 1 << 14;
  const int64_t m = totalExtent(s.m), n = totalExtent(s.n), k = totalExtent(s.k);
  return s.spec.family == Family::Contract &&
         ((k <= kMostSteps && std::min(m, n) <= kNarrow && std::max(m, n) >= kLong) ||
          (m * n <= kMostSums && k * totalExtent(s.batch) >= kLong && k <= kMostTerms));
}

} // namespace

bool mayBeLoops(const Schedule &s, const Target &target) {
  return isScalar(s) || hasShortRows(s, target) || isNarrow(s) || s.spec.family == Family::Lanes;
}

Schedule chooseSchedule(const LabelledProduct &product, const Target &target) {
  return Chooser(product, target).choose();
}

} // namespace ricci
