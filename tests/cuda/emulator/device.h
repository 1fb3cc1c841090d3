//===- device.h - CUDA C++ for the host compiler ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Included before the text of a kernel. Every access to memory of that text calls `access`, through
// the hooks that -fsanitize=thread inserts; what is here is left alone, as RICCI_PLAIN says.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tests/cuda/emulator/abi.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define RICCI_CUDA_EMULATOR 1
#define RICCI_PLAIN __attribute__((no_sanitize("thread", "bounds", "alignment")))

extern "C" {
__attribute__((visibility("default"))) ricci_emulator::Services *ricci_emulator_services;
// The bounds of all static __shared__ arrays; null where there are none.
extern char __start_ricci_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_ricci_shared[] __attribute__((weak, visibility("hidden")));
__attribute__((visibility("default"))) RICCI_PLAIN void ricci_emulator_shared(char **begin,
                                                                              char **end) {
  *begin = __start_ricci_shared;
  *end = __stop_ricci_shared;
}
}

//===- qualifiers -------------------------------------------------------------------------===//

#define __global__ __attribute__((visibility("default")))
#define __device__
#define __host__
#define __constant__ static const
#define __shared__ static __attribute__((section("ricci_shared")))
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) __attribute__((aligned(n)))
// `extern __shared__ T name[]` is rewritten to this before the text is compiled.
#define RICCI_DYNAMIC_SHARED(T, name)                                                              \
  T *const name = reinterpret_cast<T *>(ricci_emulator::dynamicShared())

#define threadIdx (ricci_emulator::thread()->threadIdx)
#define blockIdx (ricci_emulator::thread()->blockIdx)
#define blockDim (ricci_emulator::thread()->blockDim)
#define gridDim (ricci_emulator::thread()->gridDim)
constexpr int warpSize = 32;

//===- vectors ----------------------------------------------------------------------------===//

#define RICCI_VECTORS(T, name, a2, a4)                                                             \
  struct name##1 { T x; };                                                                         \
  struct __attribute__((aligned(a2))) name##2 { T x, y; };                                         \
  RICCI_VECTOR3(T, name)                                                                           \
  struct __attribute__((aligned(a4))) name##4 { T x, y, z, w; };                                   \
  RICCI_PLAIN inline name##2 make_##name##2(T x, T y) { return {x, y}; }                           \
  RICCI_PLAIN inline name##3 make_##name##3(T x, T y, T z) { return {x, y, z}; }                   \
  RICCI_PLAIN inline name##4 make_##name##4(T x, T y, T z, T w) { return {x, y, z, w}; }
#define RICCI_VECTOR3(T, name)                                                                     \
  struct name##3 { T x, y, z; };
RICCI_VECTORS(signed char, char, 2, 4)
RICCI_VECTORS(unsigned char, uchar, 2, 4)
RICCI_VECTORS(short, short, 4, 8)
RICCI_VECTORS(unsigned short, ushort, 4, 8)
RICCI_VECTORS(int, int, 8, 16)
RICCI_VECTORS(float, float, 8, 16)
RICCI_VECTORS(long long, longlong, 16, 16)
RICCI_VECTORS(unsigned long long, ulonglong, 16, 16)
RICCI_VECTORS(double, double, 16, 16)
#undef RICCI_VECTOR3
#define RICCI_VECTOR3(T, name) // uint3 stands in abi.h
RICCI_VECTORS(unsigned, uint, 8, 16)
#undef RICCI_VECTOR3
#undef RICCI_VECTORS

//===- threads together -------------------------------------------------------------------===//

namespace ricci_emulator {

RICCI_PLAIN inline void *dynamicShared() { return ricci_emulator_services->dynamicShared; }
RICCI_PLAIN inline const Thread *thread() { return ricci_emulator_services->current; }

RICCI_PLAIN inline int barrier(BarrierOp op, unsigned line, int predicate) {
  return ricci_emulator_services->barrier(op, line, predicate);
}
RICCI_PLAIN inline void sync(unsigned line) { barrier(BarrierOp::Sync, line, 0); }
RICCI_PLAIN inline void fail(const char *message, unsigned line) {
  ricci_emulator_services->fail(message, line);
}

RICCI_PLAIN inline WarpCall callWarp(WarpOp op, unsigned line, unsigned mask, int argument,
                                     unsigned long long value, int width = 32) {
  WarpCall call{op, mask, line, width, argument, value, 0, {}};
  ricci_emulator_services->warp(&call);
  return call;
}

template <typename T>
RICCI_PLAIN T shuffle(WarpOp op, unsigned line, unsigned mask, T value, int argument,
                      int width = 32) {
  static_assert(sizeof(T) == 4 || sizeof(T) == 8, "CUDA shuffles 4 or 8 bytes");
  unsigned long long bits = 0;
  memcpy(&bits, &value, sizeof value);
  bits = callWarp(op, line, mask, argument, bits, width).result;
  memcpy(&value, &bits, sizeof value);
  return value;
}

RICCI_PLAIN inline void access(const void *p, unsigned long bytes, Access kind) {
  ricci_emulator_services->access(p, bytes, kind);
}

} // namespace ricci_emulator

#define __syncthreads() ricci_emulator::sync(__LINE__)
#define __syncthreads_count(p)                                                                     \
  ricci_emulator::barrier(ricci_emulator::BarrierOp::Count, __LINE__, !!(p))
#define __syncthreads_and(p)                                                                       \
  ricci_emulator::barrier(ricci_emulator::BarrierOp::And, __LINE__, !!(p))
#define __syncthreads_or(p) ricci_emulator::barrier(ricci_emulator::BarrierOp::Or, __LINE__, !!(p))
#define RICCI_WARP(op, mask, argument)                                                             \
  ricci_emulator::callWarp(ricci_emulator::WarpOp::op, __LINE__, mask, argument, 0).result
#define __ballot_sync(mask, p) (unsigned(RICCI_WARP(Ballot, mask, !!(p))))
#define __any_sync(mask, p) (int(RICCI_WARP(Any, mask, !!(p))))
#define __all_sync(mask, p) (int(RICCI_WARP(All, mask, !!(p))))
#define RICCI_SHUFFLE(op, mask, ...)                                                               \
  ricci_emulator::shuffle(ricci_emulator::WarpOp::op, __LINE__, mask, __VA_ARGS__)
#define __shfl_sync(mask, ...) RICCI_SHUFFLE(Shuffle, mask, __VA_ARGS__)
#define __shfl_up_sync(mask, ...) RICCI_SHUFFLE(ShuffleUp, mask, __VA_ARGS__)
#define __shfl_down_sync(mask, ...) RICCI_SHUFFLE(ShuffleDown, mask, __VA_ARGS__)
#define __shfl_xor_sync(mask, ...) RICCI_SHUFFLE(ShuffleXor, mask, __VA_ARGS__)
// With and without a mask.
#define __syncwarp(...)                                                                            \
  ((void)ricci_emulator::callWarp(ricci_emulator::WarpOp::Sync, __LINE__,                          \
                                  ricci_emulator::maskOr(__VA_ARGS__), 0, 0))
#define __trap() ricci_emulator::fail("the kernel trapped", __LINE__)
namespace ricci_emulator {
RICCI_PLAIN inline unsigned maskOr(unsigned mask = 0xffffffffu) { return mask; }
} // namespace ricci_emulator
RICCI_PLAIN inline size_t __cvta_generic_to_shared(const void *p) { return (size_t)p; }
RICCI_PLAIN inline void __threadfence() {}
RICCI_PLAIN inline void __threadfence_block() {}
RICCI_PLAIN inline void __threadfence_system() {}

//===- atomics ----------------------------------------------------------------------------===//

#define RICCI_ATOMIC(name, expression)                                                             \
  template <typename T, typename U> RICCI_PLAIN T name(T *p, U given) {                            \
    ricci_emulator::access(p, sizeof(T), ricci_emulator::Access::Atomic);                          \
    const T old = *p, v = T(given);                                                                \
    *p = expression;                                                                               \
    return old;                                                                                    \
  }
RICCI_ATOMIC(atomicAdd, old + v)
RICCI_ATOMIC(atomicSub, old - v)
RICCI_ATOMIC(atomicMin, v < old ? v : old)
RICCI_ATOMIC(atomicMax, v > old ? v : old)
RICCI_ATOMIC(atomicExch, v)
RICCI_ATOMIC(atomicAnd, old &v)
RICCI_ATOMIC(atomicOr, old | v)
RICCI_ATOMIC(atomicXor, old ^ v)
#undef RICCI_ATOMIC
template <typename T, typename U, typename V> RICCI_PLAIN T atomicCAS(T *p, U compare, V value) {
  ricci_emulator::access(p, sizeof(T), ricci_emulator::Access::Atomic);
  const T old = *p;
  if (old == T(compare))
    *p = T(value);
  return old;
}

//===- loads and stores with a cache hint -------------------------------------------------===//

template <typename T> T __ldg(const T *p) { return *p; }
template <typename T> T __ldcg(const T *p) { return *p; }
template <typename T> T __ldca(const T *p) { return *p; }
template <typename T> T __ldcs(const T *p) { return *p; }
template <typename T> void __stcg(T *p, T value) { *p = value; }
template <typename T> void __stcs(T *p, T value) { *p = value; }
template <typename T> void __stwt(T *p, T value) { *p = value; }

//===- numbers ----------------------------------------------------------------------------===//

namespace ricci_emulator {
template <typename To, typename From> RICCI_PLAIN inline To bitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}
/// As the hardware converts: NaN is 0, what does not fit is the nearest end.
template <typename To, typename From> RICCI_PLAIN inline To convert(From x) {
  constexpr bool isSigned = To(-1) < To(0);
  constexpr To low = isSigned ? To(1ull << (sizeof(To) * 8 - 1)) : To(0);
  constexpr To high = To(~low);
  const From limit = From(isSigned ? 0.5 : 1) *
                     (sizeof(To) == 8 ? From(18446744073709551616.0) : From(4294967296.0));
  return x != x ? To(0) : x >= limit ? high : x <= From(low) ? low : To(x);
}
} // namespace ricci_emulator

RICCI_PLAIN inline int __float_as_int(float x) { return ricci_emulator::bitCast<int>(x); }
RICCI_PLAIN inline unsigned __float_as_uint(float x) {
  return ricci_emulator::bitCast<unsigned>(x);
}
RICCI_PLAIN inline float __int_as_float(int x) { return ricci_emulator::bitCast<float>(x); }
RICCI_PLAIN inline float __uint_as_float(unsigned x) { return ricci_emulator::bitCast<float>(x); }
RICCI_PLAIN inline long long __double_as_longlong(double x) {
  return ricci_emulator::bitCast<long long>(x);
}
RICCI_PLAIN inline double __longlong_as_double(long long x) {
  return ricci_emulator::bitCast<double>(x);
}
RICCI_PLAIN inline int __double2hiint(double x) { return int(__double_as_longlong(x) >> 32); }
RICCI_PLAIN inline int __double2loint(double x) { return int(__double_as_longlong(x)); }
RICCI_PLAIN inline double __hiloint2double(int hi, int lo) {
  return __longlong_as_double((long long)((unsigned long long)(unsigned)hi << 32 | (unsigned)lo));
}

#define RICCI_CONVERSIONS(from, name)                                                              \
  RICCI_PLAIN inline int __##name##2int_rz(from x) { return ricci_emulator::convert<int>(x); }     \
  RICCI_PLAIN inline unsigned __##name##2uint_rz(from x) {                                         \
    return ricci_emulator::convert<unsigned>(x);                                                   \
  }                                                                                                \
  RICCI_PLAIN inline long long __##name##2ll_rz(from x) {                                          \
    return ricci_emulator::convert<long long>(x);                                                  \
  }                                                                                                \
  RICCI_PLAIN inline unsigned long long __##name##2ull_rz(from x) {                                \
    return ricci_emulator::convert<unsigned long long>(x);                                         \
  }                                                                                                \
  RICCI_PLAIN inline int __##name##2int_rn(from x) {                                               \
    return ricci_emulator::convert<int>(nearbyint(x));                                             \
  }                                                                                                \
  RICCI_PLAIN inline long long __##name##2ll_rn(from x) {                                          \
    return ricci_emulator::convert<long long>(nearbyint(x));                                       \
  }
RICCI_CONVERSIONS(float, float)
RICCI_CONVERSIONS(double, double)
#undef RICCI_CONVERSIONS
RICCI_PLAIN inline float __double2float_rn(double x) { return float(x); }
RICCI_PLAIN inline float __int2float_rn(int x) { return float(x); }
RICCI_PLAIN inline float __uint2float_rn(unsigned x) { return float(x); }
RICCI_PLAIN inline float __ll2float_rn(long long x) { return float(x); }
RICCI_PLAIN inline float __ull2float_rn(unsigned long long x) { return float(x); }
RICCI_PLAIN inline double __ll2double_rn(long long x) { return double(x); }
RICCI_PLAIN inline double __ull2double_rn(unsigned long long x) { return double(x); }

RICCI_PLAIN inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
RICCI_PLAIN inline float __fadd_rn(float a, float b) { return a + b; }
RICCI_PLAIN inline float __fsub_rn(float a, float b) { return a - b; }
RICCI_PLAIN inline float __fmul_rn(float a, float b) { return a * b; }
RICCI_PLAIN inline float __fdiv_rn(float a, float b) { return a / b; }
RICCI_PLAIN inline float __frcp_rn(float a) { return 1.0f / a; }
RICCI_PLAIN inline float __fsqrt_rn(float a) { return sqrtf(a); }
RICCI_PLAIN inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
RICCI_PLAIN inline double __dadd_rn(double a, double b) { return a + b; }
RICCI_PLAIN inline double __dsub_rn(double a, double b) { return a - b; }
RICCI_PLAIN inline double __dmul_rn(double a, double b) { return a * b; }
RICCI_PLAIN inline double __ddiv_rn(double a, double b) { return a / b; }
RICCI_PLAIN inline double __drcp_rn(double a) { return 1.0 / a; }
RICCI_PLAIN inline double __dsqrt_rn(double a) { return sqrt(a); }
RICCI_PLAIN inline float __expf(float x) { return expf(x); }
RICCI_PLAIN inline float __logf(float x) { return logf(x); }
RICCI_PLAIN inline float rsqrtf(float x) { return float(1 / sqrt(double(x))); }
RICCI_PLAIN inline double rsqrt(double x) { return 1 / sqrt(x); }
RICCI_PLAIN inline float sinpif(float x) { return float(sin(M_PI * double(x))); }
RICCI_PLAIN inline float cospif(float x) { return float(cos(M_PI * double(x))); }
RICCI_PLAIN inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

RICCI_PLAIN inline int __clz(int x) { return x ? __builtin_clz(unsigned(x)) : 32; }
RICCI_PLAIN inline int __clzll(long long x) { return x ? __builtin_clzll(x) : 64; }
RICCI_PLAIN inline int __ffs(int x) { return __builtin_ffs(x); }
RICCI_PLAIN inline int __ffsll(long long x) { return __builtin_ffsll(x); }
RICCI_PLAIN inline int __popc(unsigned x) { return __builtin_popcount(x); }
RICCI_PLAIN inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
RICCI_PLAIN inline int __mulhi(int a, int b) { return int((long long)a * b >> 32); }
RICCI_PLAIN inline unsigned __umulhi(unsigned a, unsigned b) {
  return unsigned((unsigned long long)a * b >> 32);
}
RICCI_PLAIN inline long long __mul64hi(long long a, long long b) {
  return (long long)((__int128)a * b >> 64);
}
RICCI_PLAIN inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)((unsigned __int128)a * b >> 64);
}

#define RICCI_MIN_MAX(T)                                                                           \
  RICCI_PLAIN inline T min(T a, T b) { return b < a ? b : a; }                                     \
  RICCI_PLAIN inline T max(T a, T b) { return a < b ? b : a; }
RICCI_MIN_MAX(int)
RICCI_MIN_MAX(unsigned)
RICCI_MIN_MAX(long)
RICCI_MIN_MAX(unsigned long)
RICCI_MIN_MAX(long long)
RICCI_MIN_MAX(unsigned long long)
#undef RICCI_MIN_MAX
// Of a number and NaN the number, as fminf.
RICCI_PLAIN inline float min(float a, float b) { return fminf(a, b); }
RICCI_PLAIN inline float max(float a, float b) { return fmaxf(a, b); }
RICCI_PLAIN inline double min(double a, double b) { return fmin(a, b); }
RICCI_PLAIN inline double max(double a, double b) { return fmax(a, b); }

//===- for what the text says in PTX otherwise --------------------------------------------===//

RICCI_PLAIN inline float ricciEmulatorHalfToFloat(unsigned short bits) {
  return ricci_emulator_services->halfToFloat(bits);
}
RICCI_PLAIN inline unsigned short ricciEmulatorFloatToHalf(float x) {
  return ricci_emulator_services->floatToHalf(x);
}
RICCI_PLAIN inline unsigned short ricciEmulatorDoubleToHalf(double x) {
  return ricci_emulator_services->doubleToHalf(x);
}
RICCI_PLAIN inline float ricciEmulatorBfloatToFloat(unsigned short bits) {
  return ricci_emulator_services->bfloatToFloat(bits);
}
RICCI_PLAIN inline unsigned short ricciEmulatorFloatToBfloat(float x) {
  return ricci_emulator_services->floatToBfloat(x);
}

/// cp.async of `bytes` (4, 8 or 16), the last `bytes - sourceBytes` of them zeros. The copy is made
/// when the thread waits for it, so what is read before is what was there.
RICCI_PLAIN inline void ricciEmulatorCopyAsync(void *shared, const void *global, unsigned bytes,
                                               unsigned sourceBytes) {
  ricci_emulator_services->copyAsync(shared, global, bytes, sourceBytes);
}
RICCI_PLAIN inline void ricciEmulatorCommitCopies() { ricci_emulator_services->commitCopies(); }
/// cp.async.wait_group.
RICCI_PLAIN inline void ricciEmulatorWaitForCopies(unsigned groupsLeft) {
  ricci_emulator_services->waitForCopies(groupsLeft);
}

#include "tests/cuda/emulator/device_mma.h"

//===- hooks ------------------------------------------------------------------------------===//

namespace ricci_emulator {

/// Of the text's own accesses; those to the thread's stack are not looked at.
RICCI_PLAIN inline void hook(const void *p, unsigned long bytes, Access kind) {
  const Thread *t = ricci_emulator_services->current;
  if ((const char *)p >= t->stackBegin && (const char *)p < t->stackEnd)
    return;
  ricci_emulator_services->access(p, bytes, kind);
}

template <unsigned long... I> struct Indices {};
template <unsigned long N, unsigned long... I> struct Count : Count<N - 1, N - 1, I...> {};
template <unsigned long... I> struct Count<0, I...> {
  using Type = Indices<I...>;
};
template <typename... A, unsigned long... I>
RICCI_PLAIN void callWith(void (*kernel)(A...), void **parameters, Indices<I...>) {
  kernel(*static_cast<A *>(parameters[I])...);
}
/// `call(f, {&a, &b})` is f(a, b), as cuLaunchKernel passes parameters.
template <typename... A> RICCI_PLAIN void call(void (*kernel)(A...), void **parameters) {
  callWith(kernel, parameters, typename Count<sizeof...(A)>::Type());
}

template <typename... A> constexpr unsigned long parameterCount(void (*)(A...)) {
  return sizeof...(A);
}

} // namespace ricci_emulator

extern "C" {
#define RICCI_HOOK(name, kind)                                                                     \
  RICCI_PLAIN void __tsan_##name##1(void *p) { ricci_emulator::hook(p, 1, kind); }                 \
  RICCI_PLAIN void __tsan_##name##2(void *p) { ricci_emulator::hook(p, 2, kind); }                 \
  RICCI_PLAIN void __tsan_##name##4(void *p) { ricci_emulator::hook(p, 4, kind); }                 \
  RICCI_PLAIN void __tsan_##name##8(void *p) { ricci_emulator::hook(p, 8, kind); }                 \
  RICCI_PLAIN void __tsan_##name##16(void *p) { ricci_emulator::hook(p, 16, kind); }
RICCI_HOOK(read, ricci_emulator::Access::Read)
RICCI_HOOK(write, ricci_emulator::Access::Write)
RICCI_HOOK(unaligned_read, ricci_emulator::Access::Read)
RICCI_HOOK(unaligned_write, ricci_emulator::Access::Write)
RICCI_HOOK(volatile_read, ricci_emulator::Access::Read)
RICCI_HOOK(volatile_write, ricci_emulator::Access::Write)
#undef RICCI_HOOK
RICCI_PLAIN void __tsan_read_range(void *p, unsigned long bytes) {
  ricci_emulator::hook(p, bytes, ricci_emulator::Access::Read);
}
RICCI_PLAIN void __tsan_write_range(void *p, unsigned long bytes) {
  ricci_emulator::hook(p, bytes, ricci_emulator::Access::Write);
}
RICCI_PLAIN void __tsan_func_entry(void *) {}
RICCI_PLAIN void __tsan_func_exit() {}
RICCI_PLAIN void __tsan_init() {}

// -fsanitize=bounds and -fsanitize=alignment: the first words of what they tell are the place.
struct RicciPlace {
  const char *file;
  unsigned line, column;
};
RICCI_PLAIN void __ubsan_handle_out_of_bounds(RicciPlace *place, unsigned long) {
  ricci_emulator_services->fail("an index is outside of its array", place->line);
}
RICCI_PLAIN void __ubsan_handle_type_mismatch_v1(RicciPlace *place, unsigned long) {
  ricci_emulator_services->fail("an address is not aligned to its type", place->line);
}
}
