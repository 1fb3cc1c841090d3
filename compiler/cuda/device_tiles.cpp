//===- device_tiles.cpp - tiles in shared memory, and matrix units ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Instructions as in the PTX ISA, "cp.async", "ldmatrix" and "mma": of sm_80, what is wide of
// sm_90, and of sm_90a what groups of four warps do together ("wgmma").
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/device_chunks.h"

namespace ricci {

static constexpr DeviceChunk kChunks[] = {
    {"sharedAddress", R"(
FN u32 sharedAddress(const void *pointer) { return (u32)__cvta_generic_to_shared(pointer); }
)"},
    // n elements on their way past the registers; zeros where they do not exist. Both addresses are
    // multiples of their bytes.
    {"copyAsync", R"(
template <int n, class T> FN void copyAsync(T *to, const T *from, bool exists) {
  const int bytes = n * sizeof(T), existing = exists ? bytes : 0;
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorCopyAsync(to, from, bytes, existing);
#else
  if (bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :: "r"(sharedAddress(to)), "l"(from), "r"(existing) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;"
                 :: "r"(sharedAddress(to)), "l"(from), "n"(bytes == 16 ? 8 : bytes), "r"(existing)
                 : "memory");
#endif
}
)"},
    // The same of elements at any address, which are there at once.
    {"copyElements", R"(
template <int n, class T> FN void copyElements(T *to, const T *from, bool exists) {
#pragma unroll 1
  for (int i = 0; i < n; ++i)
    to[i] = exists ? from[i] : T{};
}
)"},
    {"commitCopies", R"(
FN void commitCopies() {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorCommitCopies();
#else
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
)"},
    // Until at most so many groups of the thread's copies are on their way.
    {"waitForCopies", R"(
template <int groups> FN void waitForCopies() {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorWaitForCopies(groups);
#else
  asm volatile("cp.async.wait_group %0;" :: "n"(groups) : "memory");
#endif
}
)"},

    // Four matrices of 8 x 8 elements of 16 bits: each lane says where a row of 16 bytes is, and
    // gets two neighbours of a row of each, or of a column.
    {"loadMatrices", R"(
FN void loadMatrices(u32 (&to)[4], const void *row) {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorLoadMatrices(to, row);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(sharedAddress(row))
               : "memory");
#endif
}
)"},
    {"loadMatricesTransposed", R"(
FN void loadMatricesTransposed(u32 (&to)[4], const void *row) {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorLoadMatricesTransposed(to, row);
#else
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(sharedAddress(row))
               : "memory");
#endif
}
)"},

    // Products of 16 rows and 8 columns over 16 steps, by the threads of a warp together.
    {"multiplyTilesF16", R"(
FN void multiplyTilesF16(float (&sums)[4], const u32 (&rows)[4], const u32 (&columns)[2]) {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorMmaF16(sums, rows, columns, sums);
#else
  asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(rows[0]), "r"(rows[1]), "r"(rows[2]), "r"(rows[3]), "r"(columns[0]), "r"(columns[1]));
#endif
}
)"},
    {"multiplyTilesBf16", R"(
FN void multiplyTilesBf16(float (&sums)[4], const u32 (&rows)[4], const u32 (&columns)[2]) {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorMmaBf16(sums, rows, columns, sums);
#else
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(rows[0]), "r"(rows[1]), "r"(rows[2]), "r"(rows[3]), "r"(columns[0]), "r"(columns[1]));
#endif
}
)"},
    // The nearest number of 11 bits.
    {"toTf32", R"(
FN u32 toTf32(float x) {
#ifdef RICCI_CUDA_EMULATOR
  return ricciEmulatorToTf32(x);
#else
  u32 result;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(x));
  return result;
#endif
}
)"},
    // The same over 8 steps, of f32 rounded to tf32.
    {"multiplyTilesTf32", R"(
FN void multiplyTilesTf32(float (&sums)[4], const u32 (&rows)[4], const u32 (&columns)[2]) {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorMmaTf32(sums, rows, columns, sums);
#else
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(rows[0]), "r"(rows[1]), "r"(rows[2]), "r"(rows[3]), "r"(columns[0]), "r"(columns[1]));
#endif
}
)"},
    // Of 8 rows and 8 columns over 4 steps.
    {"multiplyTilesF64", R"(
FN void multiplyTilesF64(double (&sums)[2], double row, double column) {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorMmaF64(sums, row, column, sums);
#else
  asm("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0, %1}, {%2}, {%3}, {%0, %1};"
      : "+d"(sums[0]), "+d"(sums[1]) : "d"(row), "d"(column));
#endif
}
)"},
    // Of 16 rows and 8 columns over 8 steps.
    {"multiplyTilesWideF64", R"(
FN void multiplyTilesWideF64(double (&sums)[4], const double (&rows)[4], const double (&columns)[2]) {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorMmaWideF64(sums, rows, columns, sums);
#else
  asm("mma.sync.aligned.m16n8k8.row.col.f64.f64.f64.f64 "
      "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+d"(sums[0]), "+d"(sums[1]), "+d"(sums[2]), "+d"(sums[3])
      : "d"(rows[0]), "d"(rows[1]), "d"(rows[2]), "d"(rows[3]), "d"(columns[0]), "d"(columns[1]));
#endif
}
)"},

    // What this thread wrote to shared memory is there for products of groups, after a barrier.
    {"publishTiles", R"(
FN void publishTiles() {
#ifndef RICCI_CUDA_EMULATOR
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}
)"},
    // Products of groups are on their way from here to where they are waited for.
    {"beginProducts", R"(
FN void beginProducts() {
#ifndef RICCI_CUDA_EMULATOR
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}
)"},
    {"commitProducts", R"(
FN void commitProducts() {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorCommitProducts();
#else
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}
)"},
    {"waitForProducts", R"(
template <int groups> FN void waitForProducts() {
#ifdef RICCI_CUDA_EMULATOR
  ricciEmulatorWaitForProducts(groups);
#else
  asm volatile("wgmma.wait_group.sync.aligned %0;" :: "n"(groups) : "memory");
#endif
}
)"},
    // What products of groups gave is read no earlier than here, after the wait for them.
    {"settle", R"(
template <int n> FN void settle(float (&sums)[n][4]) {
#ifndef RICCI_CUDA_EMULATOR
#pragma unroll
  for (int i = 0; i < n; ++i)
    asm volatile("" : "+f"(sums[i][0]), "+f"(sums[i][1]), "+f"(sums[i][2]), "+f"(sums[i][3])
                 :: "memory");
#endif
}
)"},
    // What they multiply is not overwritten before either.
    {"keep", R"(
template <int n> FN void keep(u32 (&rows)[n][4]) {
#ifndef RICCI_CUDA_EMULATOR
#pragma unroll
  for (int i = 0; i < n; ++i)
    asm volatile("" : "+r"(rows[i][0]), "+r"(rows[i][1]), "+r"(rows[i][2]), "+r"(rows[i][3])
                 :: "memory");
#endif
}
)"},
    // A tile of rows of 128 bytes, whose 16 bytes change places with the number of the row; every
    // eight rows 1024 bytes further. Further along columns: `lead` bytes.
    {"tileDescriptor", R"(
FN u64 tileDescriptor(const void *tile, int lead) {
  return (u64)(sharedAddress(tile) >> 4 & 0x3fff) | (u64)(lead >> 4) << 16 | (u64)(1024 >> 4) << 32 |
         (u64)1 << 62;
}
)"},
};

llvm::ArrayRef<DeviceChunk> tileChunks() { return kChunks; }

} // namespace ricci
