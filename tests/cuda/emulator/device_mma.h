//===- device_mma.h - matrix instructions, lane by lane -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// mma.sync.aligned.*.row.col of the PTX ISA (chapter "Matrix multiply-accumulate operation using
// mma instruction"), each lane with its registers. Sums go up in k with one rounding each; the
// hardware's order is its own.
//
//===----------------------------------------------------------------------===//
#pragma once

namespace ricci_emulator {

/// What the lanes of a warp show each other.
template <typename T> struct Lanes {
  const T *of[32];
};

/// The whole warp calls this; `mine` must live until the next call of `together`.
template <typename T> RICCI_PLAIN inline Lanes<T> together(const T *mine, unsigned line) {
  WarpCall call = callWarp(WarpOp::Exchange, line, 0xffffffffu, 0,
                           (unsigned long long)reinterpret_cast<size_t>(mine));
  Lanes<T> lanes;
  for (int i = 0; i < 32; ++i)
    lanes.of[i] = static_cast<const T *>(call.pointers[i]);
  return lanes;
}

/// ldmatrix of four matrices of 8 x 8 elements of 16 bits: lane i says where row i % 8 of matrix i
/// / 8 is, and gets of each matrix two neighbours of row lane / 4, or of its column.
RICCI_PLAIN inline void loadMatrices(unsigned (&to)[4], const void *row, bool transposed,
                                     unsigned line) {
  if ((size_t)row % 16)
    fail("a row of a matrix is not aligned to 16 bytes", line);
  const Lanes<char> rows = together(static_cast<const char *>(row), line);
  const unsigned lane = thread()->lane;
  unsigned words[4];
  for (unsigned matrix = 0; matrix < 4; ++matrix) {
    words[matrix] = 0;
    for (unsigned i = 0; i < 2; ++i) {
      const unsigned along = lane / 4, across = 2 * (lane % 4) + i;
      const char *from =
          rows.of[8 * matrix + (transposed ? across : along)] + 2 * (transposed ? along : across);
      access(from, 2, Access::Read);
      unsigned short bits;
      memcpy(&bits, from, 2);
      words[matrix] |= (unsigned)bits << 16 * i;
    }
  }
  for (int i = 0; i < 4; ++i)
    to[i] = words[i];
}

RICCI_PLAIN inline float half16(unsigned word, int i, bool isBfloat) {
  const unsigned short bits = (unsigned short)(word >> 16 * i);
  return isBfloat ? ricciEmulatorBfloatToFloat(bits) : ricciEmulatorHalfToFloat(bits);
}

struct Fragments16 {
  unsigned a[4], b[2];
};

/// m16n8k16, d and c of f32. a: rows lane / 4 and 8 more, columns 2 (lane % 4) and 8 more;
/// b: column lane / 4.
RICCI_PLAIN inline void mma16816(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                                 const float (&c)[4], bool isBfloat, unsigned line) {
  const Fragments16 mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  const Lanes<Fragments16> lanes = together(&mine, line);
  const unsigned lane = thread()->lane;
  float sums[4];
  for (int i = 0; i < 4; ++i) {
    const unsigned row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
    float sum = c[i];
    for (unsigned k = 0; k < 16; ++k) {
      const Fragments16 &x = *lanes.of[4 * (row % 8) + k % 8 / 2];
      const Fragments16 &y = *lanes.of[4 * column + k % 8 / 2];
      sum = fmaf(half16(x.a[row / 8 + 2 * (k / 8)], k % 2, isBfloat),
                 half16(y.b[k / 8], k % 2, isBfloat), sum);
    }
    sums[i] = sum;
  }
  together(&mine, line);
  for (int i = 0; i < 4; ++i)
    d[i] = sums[i];
}

/// The 19 bits of a float that tf32 has.
RICCI_PLAIN inline float tf32(unsigned bits) { return bitCast<float>(bits & 0xffffe000u); }

/// cvt.rna.tf32.f32: the nearest, ties away from zero. What is no number keeps its bits.
RICCI_PLAIN inline unsigned toTf32(float x) {
  const unsigned bits = bitCast<unsigned>(x);
  return (bits & 0x7f800000u) == 0x7f800000u ? bits : (bits + 0x1000u) & 0xffffe000u;
}

/// m16n8k8 of tf32.
RICCI_PLAIN inline void mma1688(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                                const float (&c)[4], unsigned line) {
  const Fragments16 mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  const Lanes<Fragments16> lanes = together(&mine, line);
  const unsigned lane = thread()->lane;
  float sums[4];
  for (int i = 0; i < 4; ++i) {
    const unsigned row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
    float sum = c[i];
    for (unsigned k = 0; k < 8; ++k)
      sum = fmaf(tf32(lanes.of[4 * (row % 8) + k % 4]->a[row / 8 + 2 * (k / 4)]),
                 tf32(lanes.of[4 * column + k % 4]->b[k / 4]), sum);
    sums[i] = sum;
  }
  together(&mine, line);
  for (int i = 0; i < 4; ++i)
    d[i] = sums[i];
}

struct Fragments64 {
  double a, b;
};

/// m8n8k4 of f64. a: row lane / 4, column lane % 4; b: row lane % 4, column lane / 4.
RICCI_PLAIN inline void mma884(double (&d)[2], double a, double b, const double (&c)[2],
                               unsigned line) {
  const Fragments64 mine{a, b};
  const Lanes<Fragments64> lanes = together(&mine, line);
  const unsigned lane = thread()->lane;
  double sums[2];
  for (unsigned i = 0; i < 2; ++i) {
    double sum = c[i];
    for (unsigned k = 0; k < 4; ++k)
      sum = fma(lanes.of[4 * (lane / 4) + k]->a, lanes.of[4 * (2 * (lane % 4) + i) + k]->b, sum);
    sums[i] = sum;
  }
  together(&mine, line);
  for (int i = 0; i < 2; ++i)
    d[i] = sums[i];
}

/// m16n8k8 of f64, in the fragments of m16n8k8 of tf32.
struct WideFragments64 {
  double a[4], b[2];
};

RICCI_PLAIN inline void mma1688(double (&d)[4], const double (&a)[4], const double (&b)[2],
                                const double (&c)[4], unsigned line) {
  const WideFragments64 mine{{a[0], a[1], a[2], a[3]}, {b[0], b[1]}};
  const Lanes<WideFragments64> lanes = together(&mine, line);
  const unsigned lane = thread()->lane;
  double sums[4];
  for (int i = 0; i < 4; ++i) {
    const unsigned row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
    double sum = c[i];
    for (unsigned k = 0; k < 8; ++k)
      sum = fma(lanes.of[4 * (row % 8) + k % 4]->a[row / 8 + 2 * (k / 4)],
                lanes.of[4 * column + k % 4]->b[k / 4], sum);
    sums[i] = sum;
  }
  together(&mine, line);
  for (int i = 0; i < 4; ++i)
    d[i] = sums[i];
}

//===- products of four warps -------------------------------------------------------------===//

enum class Element : int { F16, Bf16, Tf32 };

/// A tile of wgmma whose rows are of 128 bytes (the PTX ISA's "128-byte swizzle"). Flat is one that
/// is contiguous along rows or columns instead of along k.
struct GroupTile {
  const char *first;
  bool isFlat;
  int lead;
};

/// wgmma of 64 rows over 32 bytes of steps; A is a tile, or in registers where it has no address.
struct GroupProduct {
  float *sums; ///< of this thread: 4 for each 8 columns
  int columns;
  bool adds; ///< to sums, which are overwritten otherwise
  Element element;
  GroupTile a, b;
  float rows[2][16];              ///< of A, from registers: those of the fragments' two rows
  const unsigned (*registers)[4]; ///< which may not change before the product is waited for
  unsigned words[4];
  unsigned line;
};

RICCI_PLAIN inline float elementOfTile(const GroupTile &tile, unsigned side, unsigned k,
                                       Element element) {
  const unsigned bytes = element == Element::Tf32 ? 4 : 2;
  size_t at = (size_t)tile.first +
              (tile.isFlat ? side / 64 * tile.lead + k / 8 * 1024 + k % 8 * 128 + side % 64 * 2
                           : side / 8 * 1024 + side % 8 * 128 + k * bytes);
  at ^= (at >> 7 & 7) << 4;
  access((const void *)at, bytes, Access::Read);
  unsigned bits = 0;
  memcpy(&bits, (const void *)at, bytes);
  return element == Element::Tf32 ? tf32(bits) : half16(bits, 0, element == Element::Bf16);
}

RICCI_PLAIN inline void runGroupProduct(const void *what) {
  const GroupProduct &product = *static_cast<const GroupProduct *>(what);
  const unsigned lane = thread()->lane, warp = threadIdx.x / 32 % 4;
  const unsigned steps = product.element == Element::Tf32 ? 8 : 16;
  float rows[2][16];
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned k = 0; k < steps; ++k)
      rows[half][k] = product.registers ? product.rows[half][k]
                                        : elementOfTile(product.a, 16 * warp + lane / 4 + 8 * half,
                                                        k, product.element);
  for (int i = 0; product.registers && i < 4; ++i)
    if ((*product.registers)[i] != product.words[i])
      fail("registers change while they are multiplied", product.line);
  for (unsigned column = 0; column < (unsigned)product.columns; ++column) {
    if (column % 8 / 2 != lane % 4)
      continue;
    for (unsigned k = 0; k < steps; ++k) {
      const float y = elementOfTile(product.b, column, k, product.element);
      for (unsigned half = 0; half < 2; ++half) {
        float &sum = product.sums[column / 8 * 4 + half * 2 + column % 2];
        sum = fmaf(rows[half][k], y, k == 0 && !product.adds ? 0.0f : sum);
      }
    }
  }
}

/// Eight rows start at a multiple of 1024 bytes; a step further in them is 32 bytes.
RICCI_PLAIN inline void checkTile(const GroupTile &tile, unsigned line) {
  if ((size_t)tile.first % (tile.isFlat ? 1024 : 32) || (size_t)tile.first % 1024 >= 128)
    fail("a tile of a product is not where its rows can be told", line);
}

RICCI_PLAIN inline void multiplyGroup(float *sums, int columns, Element element, const void *a,
                                      bool isFlatA, const void *b, bool isFlatB, int leadB,
                                      unsigned line) {
  GroupProduct product{};
  product.sums = sums, product.columns = columns, product.adds = true, product.element = element;
  product.a = {static_cast<const char *>(a), isFlatA, 0};
  product.b = {static_cast<const char *>(b), isFlatB, leadB};
  checkTile(product.a, line), checkTile(product.b, line);
  ricci_emulator_services->product(runGroupProduct, &product, sizeof product);
}

/// A in registers, as of m16n8k16.
RICCI_PLAIN inline void multiplyRows(float *sums, int columns, Element element,
                                     const unsigned (&rows)[4], const void *b, bool isFlatB,
                                     int leadB, bool adds, unsigned line) {
  GroupProduct product{};
  product.sums = sums, product.columns = columns, product.adds = adds, product.element = element;
  product.b = {static_cast<const char *>(b), isFlatB, leadB};
  product.registers = &rows, product.line = line;
  const Fragments16 mine{{rows[0], rows[1], rows[2], rows[3]}, {}};
  const Lanes<Fragments16> lanes = together(&mine, line);
  const unsigned lane = thread()->lane;
  for (unsigned half = 0; half < 2; ++half)
    for (unsigned k = 0; k < 16; ++k)
      product.rows[half][k] = half16(lanes.of[lane / 4 * 4 + k % 8 / 2]->a[half + 2 * (k / 8)],
                                     k % 2, element == Element::Bf16);
  for (int i = 0; i < 4; ++i)
    product.words[i] = rows[i];
  together(&mine, line);
  checkTile(product.b, line);
  ricci_emulator_services->product(runGroupProduct, &product, sizeof product);
}

} // namespace ricci_emulator

/// ldmatrix.sync.aligned.m8n8.x4.shared.b16, and with .trans.
#define ricciEmulatorLoadMatrices(to, row) ricci_emulator::loadMatrices(to, row, false, __LINE__)
#define ricciEmulatorLoadMatricesTransposed(to, row)                                               \
  ricci_emulator::loadMatrices(to, row, true, __LINE__)
/// d = a b + c in the fragments of mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32.
#define ricciEmulatorMmaF16(d, a, b, c) ricci_emulator::mma16816(d, a, b, c, false, __LINE__)
#define ricciEmulatorMmaBf16(d, a, b, c) ricci_emulator::mma16816(d, a, b, c, true, __LINE__)
#define ricciEmulatorToTf32(x) ricci_emulator::toTf32(x)
/// mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32.
#define ricciEmulatorMmaTf32(d, a, b, c) ricci_emulator::mma1688(d, a, b, c, __LINE__)
/// mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64; a and b are one number each.
#define ricciEmulatorMmaF64(d, a, b, c) ricci_emulator::mma884(d, a, b, c, __LINE__)
/// mma.sync.aligned.m16n8k8.row.col.f64.f64.f64.f64.
#define ricciEmulatorMmaWideF64(d, a, b, c) ricci_emulator::mma1688(d, a, b, c, __LINE__)
/// wgmma.mma_async of 64 rows; made when the thread waits for its group.
#define ricciEmulatorMultiplyGroupF16(sums, columns, ...)                                          \
  ricci_emulator::multiplyGroup(sums, columns, ricci_emulator::Element::F16, __VA_ARGS__, __LINE__)
#define ricciEmulatorMultiplyGroupBf16(sums, columns, ...)                                         \
  ricci_emulator::multiplyGroup(sums, columns, ricci_emulator::Element::Bf16, __VA_ARGS__, __LINE__)
#define ricciEmulatorMultiplyGroupTf32(sums, columns, ...)                                         \
  ricci_emulator::multiplyGroup(sums, columns, ricci_emulator::Element::Tf32, __VA_ARGS__, __LINE__)
/// The same with A in registers.
#define ricciEmulatorMultiplyRowsF16(sums, columns, ...)                                           \
  ricci_emulator::multiplyRows(sums, columns, ricci_emulator::Element::F16, __VA_ARGS__, __LINE__)
#define ricciEmulatorMultiplyRowsBf16(sums, columns, ...)                                          \
  ricci_emulator::multiplyRows(sums, columns, ricci_emulator::Element::Bf16, __VA_ARGS__, __LINE__)
RICCI_PLAIN inline void ricciEmulatorCommitProducts() { ricci_emulator_services->commitProducts(); }
RICCI_PLAIN inline void ricciEmulatorWaitForProducts(unsigned groupsLeft) {
  ricci_emulator_services->waitForProducts(groupsLeft);
}
