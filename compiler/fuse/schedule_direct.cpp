//===- schedule_direct.cpp - decides how a contraction runs in place -------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/schedule_product.h"

#include <cstdlib>
#include <numeric>

using namespace mlir;

namespace ricci {

namespace {

/// Ways of the L2 cache, at least.
constexpr int64_t kWays = 8;

/// Tiles of rows that read columns of B which are not packed, at most.
constexpr int64_t kFewTiles = 4;

/// Of the usual tile: what it is favoured by, so that contractions share kernels.
constexpr double kUsual = 0.96;
/// How much longer it takes to prefetch what is near, and not to prefetch what comes from memory.
constexpr double kNeedless = 1.02, kUnfetched = 1.4;

/// Rows that are worth a copy of B, at least.
constexpr int64_t kManyRows = 512;

/// Bytes of operands of the smallest contractions that are prefetched one ahead.
constexpr int64_t kLeastPrefetched = 512;

class DirectChooser : ProductChooser {
public:
  using ProductChooser::ProductChooser;

  /// The fastest tile; the usual one, two vectors of as many rows as there are registers for,
  /// unless another is clearly faster. Where kernels are known, theirs and that of the packed
  /// contraction: a tile of its own for each number of rows would compile for each.
  std::optional<Schedule> choose(const Schedule &packed) const {
    std::optional<Schedule> best;
    double least = HUGE_VAL, bestSeconds = 0, fastest = HUGE_VAL;
    const int lanes = target_.lanes(componentDType(computeType(packed.spec.result)));
    const int64_t m = std::max<int64_t>(totalExtent(packed.m), 1);
    auto consider = [&](const Schedule &s, double factor) {
      double seconds = predictSeconds(s, target_) * factor;
      if (double all = seconds + newSeconds(s.spec, seconds); all < least) {
        least = all;
        bestSeconds = seconds;
        best = s;
      }
    };
    Schedule tiled = packed;
    for (int vectors = 1; vectors <= kMostTileVectors; ++vectors)
      for (int rows = int(std::min<int64_t>(mostRows(vectors), m)); rows > 0; --rows) {
        tiled.spec.tileRows = rows;
        tiled.spec.tileColumns = vectors * lanes;
        auto s = direct(tiled);
        if (!s)
          continue;
        double factor = vectors == 2 && rows == mostRows(2) ? kUsual : 1;
        fastest = std::min(fastest, predictSeconds(*s, target_) * factor);
        bool isPacked = rows == std::min<int64_t>(packed.spec.tileRows, m) &&
                        vectors * lanes == packed.spec.tileColumns;
        bool isExisting = product_.known && isKnown(s->spec);
        if (!product_.known || isExisting || isPacked)
          consider(*s, factor);
        if (!product_.known || isExisting)
          continue;
        // The kernel may exist that prefetches where this one does not, or that does not.
        s->prefetches = s->spec.prefetches = !s->prefetches;
        if (!isKnown(s->spec))
          continue;
        consider(*s, factor * (s->prefetches ? kNeedless : kUnfetched));
      }
    if (best)
      best->takesKnown = bestSeconds > fastest;
    return best;
  }

private:
  /// The same contraction without packing, where B's rows are vectors, or copied to be, and stay in
  /// the cache.
  std::optional<Schedule> direct(const Schedule &packed) const {
    auto stride = [](const Dims &dims, size_t buffer) {
      return dims.empty() ? 0 : dims[0].strides[buffer];
    };
    if (packed.m.size() > 1 || packed.n.size() != 1 || packed.k.size() > 1)
      return std::nullopt;
    if (stride(packed.n, result()) != 1)
      return std::nullopt;
    DType compute = computeType(packed.spec.result), storedB = packed.spec.operands[1];
    if (kindOf(compute) == DTypeKind::Complex)
      return std::nullopt;
    int64_t m = totalExtent(packed.m), n = totalExtent(packed.n), k = totalExtent(packed.k);
    // There must be as many rows as in a tile at any size.
    if (product_.size && m % product_.size == 0)
      return std::nullopt;
    // Vectors that are partial, or end in columns that are added to, need masks of their type.
    bool masks = target_.avx512 || (target_.vectorBytes == 32 && itemSize(storedB) >= 4 &&
                                    itemSize(product_.result) >= 4);
    if (!masks &&
        (packed.accumulate ? n % packed.spec.tileColumns != 0 : n < packed.spec.tileColumns))
      return std::nullopt;
    // Those of AVX2 are held in vector registers, next to the columns that they are for.
    int vectors = packed.spec.tileColumns / target_.lanes(componentDType(compute));
    if (n < packed.spec.tileColumns && !target_.avx512 &&
        (packed.spec.tileRows + 2) * vectors + 1 > target_.vectorRegisters)
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
    // A small B of other strides is copied before many rows.
    bool copies = stride(packed.n, 1) != 1;
    if (copies && (!fits || m < kManyRows || !packed.batch.empty() || product_.size))
      return std::nullopt;
    if ((!fits && !isOnce && !isFew) ||
        (!contiguousA && double(m) * double(k) * double(bytes) > double(target_.l1Bytes)))
      return std::nullopt;
    Schedule s = packed;
    s.spec.family = Family::ContractDirect;
    s.streams = s.spec.streams = s.spec.panels = false;
    s.spec.accumulate = s.accumulate;
    s.spec.copies = copies;
    s.blockRows = s.blockColumns = s.blockK = 0;
    s.bytes = bytes_;
    // The last tile of rows overlaps the one before: a row must not be added to twice.
    if (s.accumulate && m % s.spec.tileRows != 0)
      return std::nullopt;
    // Entries of a batch that are fetched one ahead: none that prefetchers follow well, or that
    // take less time than finding the next one. Their number does not count, so that another one
    // compiles nothing. Of a lone matrix from memory, the next rows; not where it is B that is
    // large.
    int64_t read = (m * k + k * n) * bytes;
    if (!product_.size)
      s.prefetches = s.batch.empty()
                         ? fits && m >= 2 * s.spec.tileRows && leavesCaches(bytes_, target_)
                         : read >= kLeastPrefetched && read + m * n * bytes <= mostPrefetched();
    s.spec.prefetches = s.prefetches;
    return s;
  }

  /// Bytes of the largest batch entry, with its result, that is fetched ahead. Every tile fetches
  /// all lines that it reads of the next entry, also those that another tile has fetched: large
  /// tiles hide that, those of sixteen registers only where entries are small.
  int64_t mostPrefetched() const {
    return target_.avx512 ? 2 * target_.l2Bytes : target_.l2Bytes / 4;
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
};

} // namespace

std::optional<Schedule> chooseDirect(const LabelledProduct &product, const Target &target,
                                     const Schedule &packed) {
  return DirectChooser(product, target).choose(packed);
}

} // namespace ricci
