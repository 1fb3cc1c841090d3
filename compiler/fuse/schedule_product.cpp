//===- schedule_product.cpp - decides how a product runs ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/dims.h"
#include "compiler/fuse/loop_program.h"

#include <cmath>
#include <numeric>
#include <vector>

using namespace mlir;

namespace ricci {

namespace {

using Axis = LabelledProduct::Axis;

Dim toDim(const Axis &axis) { return {axis.extent, axis.strides}; }

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

/// Rows and k that packing turns in registers at once, at most.
constexpr int64_t kTurned = 16;

/// Ways of the L2 cache, at least.
constexpr int64_t kWays = 8;

/// Tiles of rows that read columns of B which are not packed, at most.
constexpr int64_t kFewTiles = 4;

/// Elements of rows whose ends keep the next rows' loads from being on their way.
constexpr int64_t kShortRow = 2048;

/// Terms that a contraction in place adds up one after the other.
constexpr int64_t kMostSteps = 1 << 15;

/// Bytes of operands of the smallest contractions that are prefetched one ahead.
constexpr int64_t kLeastPrefetched = 512;

class Chooser {
public:
  Chooser(const LabelledProduct &product, const Target &target)
      : product_(product), target_(target), operands_(product.operands.size()) {
    // The strides of an axis of extent 1 mean nothing.
    for (const Axis &axis : product.axes) {
      hasReduced_ |= !axis.kept;
      if (axis.extent != 1)
        (axis.kept ? kept_ : reduced_).push_back(toDim(axis));
    }
    double elements = 1, points = 1;
    for (const Axis &axis : product.axes) {
      points *= double(axis.extent);
      elements *= axis.kept ? double(axis.extent) : 1;
    }
    DType result = product.result;
    bytes_ = elements * double(itemSize(result));
    for (size_t i = 0; i < operands_; ++i) {
      double read = double(itemSize(product.operands[i]));
      for (const Axis &axis : product.axes)
        read *= axis.strides[i] ? double(axis.extent) : 1;
      bytes_ += read;
    }
    double products = double(operands_) - 1, sums = hasReduced_ ? 1 : 0;
    flops_ =
        points * (kindOf(result) == DTypeKind::Complex ? 6 * products + 2 * sums : products + sums);
  }

  Schedule choose() {
    std::vector<Schedule> candidates;
    if (product_.epilogue || product_.prologue) {
      candidates.push_back(contract().value());
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
      if (auto s = contract()) {
        candidates.push_back(*s);
        if (auto inPlace = direct(*s))
          candidates.push_back(*inPlace);
        addKnownDirect(*s, candidates);
      }
    }
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
    Schedule best = fastest([&](const Schedule &s) {
      return s.predictedSeconds + newSeconds(s.spec, s.predictedSeconds);
    });
    if (best.predictedSeconds >
        fastest([](const Schedule &s) { return s.predictedSeconds; }).predictedSeconds)
      best.takesKnown = true;
    return best;
  }

private:
  size_t result() const { return operands_; }

  /// What a kernel must save of the time that one takes which exists.
  double newSeconds(const KernelSpec &spec, double seconds) const {
    return !product_.known || isKnown(spec) ? 0 : leastSaved(seconds);
  }
  bool isKnown(const KernelSpec &spec) const {
    return product_.known->contains(spec.key() + "|" + target_.key());
  }

  Schedule start(Family family) const {
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

  /// Wherever the CPU can, so that sums are the same for every M and N.
  bool pairs() const { return target_.avx512bf16 && mayPair(product_.operands, product_.result); }

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

  /// The reduced dims in the order of the operand that is largest along them.
  SmallVector<Dim> sortedReduced() const {
    SmallVector<Dim> dims(reduced_);
    sortByBuffer(dims, 0);
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
    const bool hasRows = llvm::all_of(kept, [](const Dim &dim) { return dim.strides[0] != 0; });
    const bool inMemory =
        hasRows && (terms * item >= 64 || results * item <= double(target_.l2Bytes) / 2);
    sortByBuffer(kept, inMemory ? 0 : result());
    s.batch = merged(kept);
    s.k = merged(sortedReduced());
    // The longest dim that vectors can run along.
    std::optional<size_t> best;
    for (size_t i = 0; i < s.k.size(); ++i)
      if (vectorizes(s.k[i], operands_) && (!best || s.k[i].extent > s.k[*best].extent))
        best = i;
    if (best) {
      bringToFront(s.k, *best);
      s.spec.vectorized = true;
      s.spec.unit = unitBits(s.k[0]);
      s.spec.shared = sharedOperands(s);
      // One schedule serves every size.
      s.spec.together = operands_ == 1 && !product_.size && s.k[0].extent <= kShortRow;
    }
    return s;
  }

  std::optional<Schedule> reduceColumns() const {
    SmallVector<Dim> kept(kept_);
    sortByBuffer(kept, result());
    Dims dims = merged(kept);
    if (dims.empty() || dims[0].strides[result()] != 1 || !vectorizes(dims[0], operands_))
      return std::nullopt;
    Schedule s = start(Family::ReduceColumns);
    s.batch = dims;
    s.k = merged(sortedReduced());
    s.spec.vectorized = true;
    s.spec.unit = unitBits(dims[0]);
    return s;
  }

  std::optional<Schedule> contract() const {
    if (operands_ != 2)
      return std::nullopt;
    Schedule s = start(Family::Contract);
    SmallVector<Dim> groups[4]; // batch, m, n, k
    for (const Dim &dim : reduced_)
      groups[3].push_back(dim);
    for (const Dim &dim : kept_) {
      bool a = dim.strides[0] != 0, b = dim.strides[1] != 0;
      groups[a == b ? 0 : a ? 1 : 2].push_back(dim);
    }
    if (groups[1].empty() || groups[2].empty())
      return std::nullopt;
    // Vectors run along the columns: they are the group in which the result is contiguous.
    bool rowsHaveUnit = unitDim(groups[1], result()).has_value();
    bool columnsHaveUnit = unitDim(groups[2], result()).has_value();
    auto extent = [](ArrayRef<Dim> dims) {
      int64_t total = 1;
      for (const Dim &d : dims)
        total *= d.extent;
      return total;
    };
    s.swapped = rowsHaveUnit || (!columnsHaveUnit && extent(groups[1]) > extent(groups[2]));
    if (s.swapped) {
      std::swap(groups[1], groups[2]);
      std::swap(s.spec.operands[0], s.spec.operands[1]);
      if (s.spec.prologue)
        s.spec.computed = 1 - s.spec.computed;
      for (auto &group : groups)
        for (Dim &d : group)
          std::swap(d.strides[0], d.strides[1]);
    }
    auto &[batch, m, n, k] = groups;
    for (auto *group : {&batch, &m, &n})
      sortByBuffer(*group, result());
    // Rows may go in any order: the one in which A is contiguous, if it is along a row label.
    if (auto unit = unitDim(m, 0))
      bringToFront(m, *unit);
    bool rowsA = m[0].strides[0] == 1, columnsB = n[0].strides[1] == 1;
    // Columns start with the dim in which the result is contiguous: panels may lie within it. Where
    // B is contiguous in another one, that comes second, and the others in B's order: packing turns
    // the first two against each other and reads on along all that B is contiguous in.
    bool mayPanel = n[0].strides[result()] == 1;
    auto unitN = unitDim(n, 1);
    bool acrossB = s.spec.computed != 1 && mayPanel && unitN && *unitN > 0 && n[0].extent > 1;
    if (acrossB) {
      SmallVector<Dim> others(n.begin() + 1, n.end());
      sortByBuffer(others, 1);
      llvm::copy(others, n.begin() + 1);
    }
    // K goes in the order of an operand that is contiguous along it; of the larger, if both are.
    auto unitA = rowsA ? std::nullopt : unitDim(k, 0),
         unitB = columnsB ? std::nullopt : unitDim(k, 1);
    bool preferA = unitA && (!unitB || extent(m) >= extent(n));
    // What is computed goes along K's innermost dim.
    if (s.spec.computed == 0 ? unitA.has_value() : s.spec.computed == 1 && unitB)
      preferA = s.spec.computed == 0;
    size_t first = preferA || !unitB ? 0 : 1;
    sortByBuffer(k, first);
    if (unitA && unitB)
      interleaveUnits(k, first);
    // Pairs of real and imaginary parts are not turned in registers: what is not along rows is
    // gathered.
    bool turns = kindOf(product_.result) != DTypeKind::Complex;
    auto packing = [&](bool alongRows, size_t buffer) {
      if (alongRows)
        return Packing::AlongRows;
      return turns && (turnsAlongK(k, buffer) || int(buffer) == s.spec.computed) ? Packing::AlongK
                                                                                 : Packing::Gather;
    };
    s.spec.packing[0] = packing(rowsA, 0);
    s.spec.packing[1] = packing(columnsB, 1);
    s.batch = merged(batch), s.m = merged(m), s.n = merged(n), s.k = merged(k);
    // An epilogue needs panels.
    double cycles = product_.epilogue ? HUGE_VAL : chooseTile(s);
    auto consider = [&](const Schedule &candidate) {
      Schedule tiled = candidate;
      if (double c = chooseTile(tiled); c < cycles) {
        cycles = c;
        s = std::move(tiled);
      }
    };
    if (mayPanel && !s.n.empty()) {
      Schedule panels = s;
      panels.spec.panels = true;
      if (acrossB && turns)
        panels.spec.packing[1] = Packing::Across;
      consider(panels);
      if (mayStream(panels)) {
        // Rows, or columns, that follow each other in the result are stored in longer pieces.
        panels.streams = panels.spec.streams = true;
        Schedule rowsInOrder = panels;
        sortByBuffer(m, result());
        rowsInOrder.m = merged(m);
        rowsInOrder.spec.packing[0] = packing(m[0].strides[0] == 1, 0);
        sortByBuffer(n, result());
        for (Schedule &streams : {std::ref(panels), std::ref(rowsInOrder)}) {
          consider(streams);
          streams.n = merged(n);
          streams.spec.packing[1] = packing(n[0].strides[1] == 1, 1);
          consider(streams);
        }
      }
    }
    chooseBlocks(s);
    if (s.spec.prologue)
      arrangePrologue(s);
    return s;
  }

  /// Operands that are contiguous along different dims of K are both read in vectors when a block
  /// of K holds enough of either. Of the innermost dim, which is long, only a part comes before the
  /// other operand's:
  ///   200 of A, 204 of B  ->  40 of A, 204 of B, 5 of A
  void interleaveUnits(SmallVectorImpl<Dim> &k, size_t first) const {
    auto other = unitDim(k, 1 - first);
    if (*other == 0)
      return;
    Dim inner = k[0], second = k[*other];
    int64_t most = depth() / kTurned, part = 0;
    auto usedLanes = [&](int64_t extent) {
      return double(extent) / double(roundUp(extent, kTurned));
    };
    for (int64_t p = 8; p <= std::min(most, inner.extent); ++p)
      if (inner.extent % p == 0 && (p % 2 == 0 || !pairs()) &&
          (!part || usedLanes(p) >= usedLanes(part)))
        part = p;
    if (!part)
      return;
    k.erase(k.begin() + *other);
    k[0].extent = part;
    k.insert(k.begin() + 1, second);
    if (part == inner.extent)
      return;
    inner.extent /= part;
    for (int64_t &stride : inner.strides)
      stride *= part;
    k.insert(k.begin() + 2, inner);
  }
  /// Whether a block of K holds vectors of the dim in which the buffer is contiguous.
  bool turnsAlongK(ArrayRef<Dim> k, size_t buffer) const {
    auto unit = unitDim(k, buffer);
    if (pairs() && unit && *unit == 1 && k[0].extent % 2 != 0)
      return false;
    return unit && (*unit == 0 || (*unit == 1 && k[0].extent * kTurned <= depth()));
  }

  bool isLarge() const {
    double bytes = double(itemSize(product_.result));
    for (const Dim &dim : kept_)
      bytes *= double(dim.extent);
    // One schedule serves every size.
    return product_.size == 0 && !product_.staysInCache && leavesCaches(bytes, target_);
  }
  /// Whether the result may be stored past the caches: it would not stay in them, and is written
  /// once.
  bool mayStream(const Schedule &s) const {
    // A depth that varies may at another size take several blocks.
    return isLarge() && !product_.accumulate && !product_.size &&
           product_.result == computeType(product_.result) &&
           kindOf(product_.result) != DTypeKind::Complex && totalExtent(s.k) <= depth();
  }

  /// Whether the next block of B is fetched in time: it comes from memory, row by row. With many
  /// rows that gains nothing and costs nothing.
  bool mayPrefetch(const Schedule &s) const {
    double bytes = double(itemSize(s.spec.stored(1))) * double(totalExtent(s.k));
    for (const Dim &dim : s.n)
      bytes *= dim.strides[1] ? double(dim.extent) : 1;
    return s.spec.mayPrefetch() && !product_.size && totalExtent(s.k) <= depth() &&
           bytes > 2 * double(target_.l2Bytes);
  }

  /// The same contraction without packing, where B's rows are vectors and stay in the cache.
  std::optional<Schedule> direct(const Schedule &packed) const {
    auto stride = [](const Dims &dims, size_t buffer) {
      return dims.empty() ? 0 : dims[0].strides[buffer];
    };
    if (packed.m.size() > 1 || packed.n.size() != 1 || packed.k.size() > 1)
      return std::nullopt;
    if (stride(packed.n, 1) != 1 || stride(packed.n, result()) != 1)
      return std::nullopt;
    DType compute = computeType(packed.spec.result), storedB = packed.spec.operands[1];
    if (kindOf(compute) == DTypeKind::Complex)
      return std::nullopt;
    int64_t m = totalExtent(packed.m), n = totalExtent(packed.n), k = totalExtent(packed.k);
    // There must be as many rows as in a tile at any size.
    if (product_.size && m % product_.size == 0)
      return std::nullopt;
    // Partial vectors need masks of their type.
    bool masks = target_.avx512 || (target_.vectorBytes == 32 && itemSize(storedB) >= 4 &&
                                    itemSize(product_.result) >= 4);
    if (!masks && n % packed.spec.tileColumns != 0)
      return std::nullopt;
    int64_t bytes = int64_t(itemSize(compute));
    bool contiguousA = stride(packed.m, 0) == 1 || stride(packed.k, 0) == 1;
    // One tile of rows reads B once, from anywhere; a few read it from L3, and each strip of
    // columns again from L2. A long sum is exact enough in blocks alone.
    double bytesB = double(k) * double(n) * double(bytes), bytesOfAll = bytesB;
    for (const Dim &dim : packed.batch)
      bytesOfAll *= dim.strides[1] ? double(dim.extent) : 1;
    bool fits = bytesB <= double(target_.l2Bytes) / 2,
         isOnce = m <= packed.spec.tileRows && k <= kMostSteps,
         isFew = m <= kFewTiles * packed.spec.tileRows &&
                 bytesOfAll <= double(target_.l3Bytes) / 2 &&
                 stripStays(k, stride(packed.k, 1) * bytes, packed.spec.tileColumns * bytes);
    if ((!fits && !isOnce && !isFew) ||
        (!contiguousA && double(m) * double(k) * double(bytes) > double(target_.l1Bytes)))
      return std::nullopt;
    Schedule s = packed;
    s.spec.family = Family::ContractDirect;
    s.streams = s.spec.streams = s.spec.panels = false;
    s.spec.accumulate = s.accumulate;
    s.blockRows = s.blockColumns = s.blockK = 0;
    // The last tile of rows overlaps the one before: a row must not be added to twice.
    s.spec.tileRows = int(std::min<int64_t>(s.spec.tileRows, std::max<int64_t>(m, 1)));
    if (s.accumulate && m % s.spec.tileRows != 0)
      return std::nullopt;
    // Entries of a batch that are fetched one ahead: none that prefetchers follow well, or that
    // take less time than finding the next one. Their number does not count, so that another one
    // compiles nothing.
    int64_t read = (m * k + k * n) * bytes;
    s.prefetches = !s.batch.empty() && !product_.size && read >= kLeastPrefetched &&
                   read + m * n * bytes <= target_.l2Bytes / 4;
    s.spec.prefetches = s.prefetches;
    return s;
  }

  /// In place by the kernels that exist: their tiles need not be best when packed.
  void addKnownDirect(const Schedule &packed, std::vector<Schedule> &candidates) const {
    if (!product_.known)
      return;
    Schedule tiled = packed;
    int lanes = target_.lanes(componentDType(computeType(packed.spec.result)));
    for (int vectors = 1; vectors <= kMostTileVectors; ++vectors)
      for (int rows = mostRows(vectors); rows > 0; --rows) {
        tiled.spec.tileRows = rows;
        tiled.spec.tileColumns = vectors * lanes;
        auto inPlace = direct(tiled);
        if (inPlace && inPlace->spec.tileRows == rows && isKnown(inPlace->spec))
          candidates.push_back(std::move(*inPlace));
      }
  }

  /// Whether so many rows of a strip of columns, this far apart, are in the L2 cache together. Rows
  /// that are a power of two apart share its sets.
  bool stripStays(int64_t rows, int64_t stride, int64_t bytes) const {
    if (rows * bytes > target_.l2Bytes / 2)
      return false;
    int64_t lines = std::max<int64_t>(std::abs(stride) / 64, 1),
            sets = target_.l2Bytes / 64 / kWays;
    return rows <= sets / std::gcd(lines, sets) * kWays / 2;
  }

  /// Rows and vectors of the register tile: accumulators, a row of vectors and one broadcast fill
  /// the registers. 14x32 f32 on AVX-512 and 6x16 on AVX2, unless another tile wastes clearly less
  /// of this shape at its edges. Returns the predicted cycles.
  double chooseTile(Schedule &s) const {
    s.prefetches = mayPrefetch(s);
    DType compute = computeType(s.spec.result);
    bool complex = kindOf(compute) == DTypeKind::Complex;
    int parts = complex ? 2 : 1, lanes = target_.lanes(componentDType(compute));
    double least = HUGE_VAL, taken = HUGE_VAL;
    auto cycles = [&](int rows, int vectors) {
      s.spec.tileRows = rows;
      s.spec.tileColumns = vectors * lanes;
      taken = contractCycles(s, target_);
      least = std::min(least, taken);
      return taken + kClock * newSeconds(s.spec, taken / kClock);
    };
    int vectors = complex ? 1 : 2, rows = mostRows(vectors);
    double best = cycles(rows, vectors);
    best -= 0.04 * taken;
    for (int v = 1; v <= kMostTileVectors; ++v)
      for (int r = mostRows(v); r >= 4 && r * v * parts >= 8; --r)
        if (double c = cycles(r, v); c < best) {
          best = c;
          rows = r, vectors = v;
        }
    double chosen = cycles(rows, vectors);
    s.takesKnown = product_.known && taken > least * 1.04;
    return chosen;
  }

  /// Rows of a register tile of so many vectors, at most.
  int mostRows(int vectors) const {
    int parts = kindOf(product_.result) == DTypeKind::Complex ? 2 : 1;
    return (target_.vectorRegisters - parts * (vectors + 1)) / (parts * vectors);
  }

  static int64_t roundUp(int64_t n, int64_t tile) { return (n + tile - 1) / tile * tile; }

  /// `extent` in equal blocks of at most `most`, each a multiple of `tile`.
  static int64_t evenBlocks(int64_t extent, int64_t most, int64_t tile) {
    extent = std::max<int64_t>(extent, 1);
    most = std::max(most / tile * tile, tile);
    int64_t blocks = (extent + most - 1) / most;
    int64_t size = (extent + blocks - 1) / blocks;
    return (size + tile - 1) / tile * tile;
  }

  /// The most terms of a sum in one block. A panel of B is longer than the L1 cache would hold: it
  /// streams from L2 fast enough, and C is read and written less often. It is that of the default
  /// tile, so that a row's sums are the same for every M and N.
  int64_t depth() const {
    int64_t panel = target_.l2Bytes / (target_.vectorBytes == 64 ? 8 : 16);
    return std::max<int64_t>(panel / (2 * target_.vectorBytes), 64) * (pairs() ? 2 : 1);
  }

  /// As BLIS: a block of A stays in the L2 cache, a block of B in L3.
  void chooseBlocks(Schedule &s) const {
    int64_t bytes = packedItemSize(s.spec);
    s.blockK = evenBlocks(totalExtent(s.k), depth(), s.spec.pairs ? 2 : 1);
    int64_t rows = target_.l2Bytes / 2 / (s.blockK * bytes);
    s.blockRows = evenBlocks(totalExtent(s.m), rows, s.spec.tileRows);
    int64_t columns = std::min<int64_t>(target_.l3Bytes / 2, 8 << 20) / (s.blockK * bytes);
    // With one block of A there is no reason to leave the L2 cache.
    if (s.blockRows >= totalExtent(s.m))
      columns = std::max<int64_t>(target_.l2Bytes / (2 * s.blockK * bytes), 8 * s.spec.tileColumns);
    bool narrow = s.spec.result == DType::f16 || s.spec.result == DType::bf16;
    if (narrow)
      columns = std::min<int64_t>(columns, 1024);
    int64_t unit = s.spec.tileColumns;
    // A block should hold as many panels along the second dim as make a cache line of B: of each
    // run, or else of one panel of each run at a time.
    if (s.spec.packing[1] == Packing::Across) {
      int64_t run = roundUp(s.n[0].extent, unit),
              line = std::min<int64_t>(64 / int64_t(itemSize(s.spec.operands[1])), s.n[1].extent);
      // Where more of B's second dim fits a block in L3, B is read in longer pieces, up to a page:
      // short ones are bound by latency.
      int64_t page = 4096 / int64_t(itemSize(s.spec.operands[1]));
      int64_t most = std::min<int64_t>(target_.l3Bytes / 8, 4 << 20) / (s.blockK * bytes);
      int64_t piece = columns / (run * line > columns ? unit : run);
      if (!narrow && std::min(most / run, page) >= 4 * piece)
        columns = std::min(most, run * page);
      s.secondFirst = run * line > columns;
      unit = (s.secondFirst ? unit : run) * line;
    }
    s.blockColumns = evenBlocks(s.spec.panels ? paddedColumns(s) : totalExtent(s.n), columns, unit);
  }

  const LabelledProduct &product_;
  const Target &target_;
  size_t operands_;
  SmallVector<Dim> kept_, reduced_;
  bool hasReduced_ = false;
  double bytes_ = 0, flops_ = 0;
};

} // namespace

Schedule chooseSchedule(const LabelledProduct &product, const Target &target) {
  return Chooser(product, target).choose();
}

} // namespace ricci
