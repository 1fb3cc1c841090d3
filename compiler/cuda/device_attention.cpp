//===- device_attention.cpp - exponentials, pairs of 16-bit floats ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/device_chunks.h"

namespace ricci {

static constexpr DeviceChunk kChunks[] = {
    // 2^x with a relative error below 2^-22; what is below 2^-126 is 0.
    {"exp2Approximate", R"(
FN float exp2Approximate(float x) {
#ifdef RICCI_CUDA_EMULATOR
  return exp2f(x);
#else
  float result;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(x));
  return result;
#endif
}
)"},
    // Two neighbours in one register, the first in its low half.
    {"pairOf", R"(
template <class T> FN u32 pairOf(T first, T second) {
  return (u32)first.bits | (u32)second.bits << 16;
}
)"},
    {"toPairF16", R"(
FN u32 toPairF16(float first, float second) {
#ifdef RICCI_CUDA_EMULATOR
  return pairOf(toF16(first), toF16(second));
#else
  u32 result;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(second), "f"(first));
  return result;
#endif
}
)"},
    {"toPairBf16", R"(
FN u32 toPairBf16(float first, float second) {
#ifdef RICCI_CUDA_EMULATOR
  return pairOf(toBf16(first), toBf16(second));
#else
  u32 result;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(second), "f"(first));
  return result;
#endif
}
)"},
};

llvm::ArrayRef<DeviceChunk> attentionChunks() { return kChunks; }

} // namespace ricci
