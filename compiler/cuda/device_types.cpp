//===- device_types.cpp - types of elements on the device
//---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/device_chunks.h"

namespace ricci {

static constexpr DeviceChunk kChunks[] = {
    {"FN", R"(
#define FN static __device__ __forceinline__
)"},
    {"i8", "typedef signed char i8;\n"},
    {"u8", "typedef unsigned char u8;\n"},
    {"i16", "typedef short i16;\n"},
    {"u16", "typedef unsigned short u16;\n"},
    {"u32", "typedef unsigned int u32;\n"},
    {"i64", "typedef long long i64;\n"},
    {"u64", "typedef unsigned long long u64;\n"},

    {"floatOf", R"(
FN float floatOf(u32 bits) { union { u32 bits; float x; } u = {bits}; return u.x; }
)"},
    {"doubleOf", R"(
FN double doubleOf(u64 bits) { union { u64 bits; double x; } u = {bits}; return u.x; }
)"},
    {"kInfinity", "#define kInfinity floatOf(0x7f800000u)\n"},
    {"kNaN", "#define kNaN floatOf(0x7fc00000u)\n"},
    {"kInfinityF64", "#define kInfinityF64 doubleOf(0x7ff0000000000000ull)\n"},
    {"kNaNF64", "#define kNaNF64 doubleOf(0x7ff8000000000000ull)\n"},

    // Floats of 16 bits are computed with as f32.
    {"f16", "struct f16 { u16 bits; };\n"},
    {"fromF16", R"(
FN float fromF16(f16 x) {
#ifdef RICCI_CUDA_EMULATOR
  return ricciEmulatorHalfToFloat(x.bits);
#else
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
  return result;
#endif
}
)"},
    {"toF16", R"(
FN f16 toF16(float x) {
#ifdef RICCI_CUDA_EMULATOR
  return {ricciEmulatorFloatToHalf(x)};
#else
  f16 result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
  return result;
#endif
}
)"},
    {"toF16Once", R"(
FN f16 toF16Once(double x) {
#ifdef RICCI_CUDA_EMULATOR
  return {ricciEmulatorDoubleToHalf(x)};
#else
  f16 result;
  asm("cvt.rn.f16.f64 %0, %1;" : "=h"(result.bits) : "d"(x));
  return result;
#endif
}
)"},
    {"roundF16", R"(
FN float roundF16(float x) { return fromF16(toF16(x)); }
)"},
    {"roundF16Once", R"(
FN float roundF16Once(double x) { return fromF16(toF16Once(x)); }
)"},
    {"bf16", "struct bf16 { u16 bits; };\n"},
    {"fromBf16", R"(
FN float fromBf16(bf16 x) { return floatOf((u32)x.bits << 16); }
)"},
    {"toBf16", R"(
FN bf16 toBf16(float x) {
#ifdef RICCI_CUDA_EMULATOR
  return {ricciEmulatorFloatToBfloat(x)};
#else
  bf16 result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result.bits) : "f"(x));
  return result;
#endif
}
)"},
    {"roundBf16", R"(
FN float roundBf16(float x) { return fromBf16(toBf16(x)); }
)"},

    {"Complex c64 c128", R"(
template <class F> struct Complex { F re, im; };
typedef Complex<float> c64;
typedef Complex<double> c128;
template <class F> FN Complex<F> operator+(Complex<F> x, Complex<F> y) {
  return {x.re + y.re, x.im + y.im};
}
template <class F> FN Complex<F> operator-(Complex<F> x, Complex<F> y) {
  return {x.re - y.re, x.im - y.im};
}
template <class F> FN Complex<F> operator-(Complex<F> x) { return {-x.re, -x.im}; }
template <class F> FN Complex<F> operator*(Complex<F> x, Complex<F> y) {
  return {x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}
template <class F> FN bool operator==(Complex<F> x, Complex<F> y) {
  return x.re == y.re && x.im == y.im;
}
template <class F> FN bool operator!=(Complex<F> x, Complex<F> y) { return !(x == y); }
)"},

    // NumPy's conversions of floats: what does not fit gives the least integer, as on x86.
    {"truncated", R"(
template <class To, class F> FN To truncated(F x) {
  const u64 bound = (u64)1 << (8 * sizeof(To) - 1);
  return x >= -(F)bound && x < (F)bound ? (To)x : (To)bound;
}
)"},
    {"truncatedToU64", R"(
template <class F> FN u64 truncatedToU64(F x) {
  const F half = (F)((u64)1 << 63);
  return x >= half ? (u64)truncated<i64>(x - half) ^ (u64)1 << 63 : (u64)truncated<i64>(x);
}
)"},

    // Neighbours that move as one, where the address allows it.
    {"Pack loadPack storePack", R"(
template <class T, int n> struct alignas(sizeof(T) * n) Pack { T at[n]; };
template <int n, class T> FN Pack<T, n> loadPack(const T *from, bool isAligned) {
  Pack<T, n> pack;
  if (isAligned) {
    pack = *(const Pack<T, n> *)from;
  } else {
#pragma unroll
    for (int i = 0; i < n; ++i)
      pack.at[i] = from[i];
  }
  return pack;
}
template <class T, int n> FN void storePack(T *to, const Pack<T, n> &pack, bool isAligned) {
  if (isAligned) {
    *(Pack<T, n> *)to = pack;
  } else {
#pragma unroll
    for (int i = 0; i < n; ++i)
      to[i] = pack.at[i];
  }
}
)"},
    {"isAlignedTo", R"(
FN bool isAlignedTo(int bytes, const void *address) { return ((u64)address & (u64)(bytes - 1)) == 0; }
)"},
};

llvm::ArrayRef<DeviceChunk> typeChunks() { return kChunks; }

} // namespace ricci
