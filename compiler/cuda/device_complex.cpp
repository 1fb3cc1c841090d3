//===- device_complex.cpp - functions of complex numbers on the device
//--------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The elementary functions are computed in f64: c64 takes them from there.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/device_chunks.h"

namespace ricci {

static constexpr DeviceChunk kChunks[] = {
    {"complexLess complexLessEqual", R"(
template <class F> FN bool complexLess(Complex<F> x, Complex<F> y) {
  return (x.re < y.re && x.im == x.im && y.im == y.im) || (x.re == y.re && x.im < y.im);
}
template <class F> FN bool complexLessEqual(Complex<F> x, Complex<F> y) {
  return (x.re < y.re && x.im == x.im && y.im == y.im) || (x.re == y.re && x.im <= y.im);
}
)"},
    // The first of equal ones.
    {"complexMaximum complexMinimum", R"(
template <class F> FN Complex<F> complexMaximum(Complex<F> x, Complex<F> y) {
  return x != x || complexLessEqual(y, x) ? x : y;
}
template <class F> FN Complex<F> complexMinimum(Complex<F> x, Complex<F> y) {
  return x != x || complexLessEqual(x, y) ? x : y;
}
)"},
    {"complexMaximumNumber complexMinimumNumber", R"(
template <class F> FN Complex<F> complexMaximumNumber(Complex<F> x, Complex<F> y) {
  return y != y || complexLessEqual(y, x) ? x : y;
}
template <class F> FN Complex<F> complexMinimumNumber(Complex<F> x, Complex<F> y) {
  return y != y || complexLessEqual(x, y) ? x : y;
}
)"},
    // Smith's algorithm, as NumPy divides.
    {"complexQuotient", R"(
template <class F> FN Complex<F> complexQuotient(Complex<F> x, Complex<F> y) {
  const F re = fabs(y.re), im = fabs(y.im);
  if (re == 0 && im == 0)
    return {x.re / re, x.im / re};
  if (re >= im) {
    const F ratio = y.im / y.re, scale = 1 / (y.re + y.im * ratio);
    return {(x.re + x.im * ratio) * scale, (x.im - x.re * ratio) * scale};
  }
  const F ratio = y.re / y.im, scale = 1 / (y.im + y.re * ratio);
  return {(x.re * ratio + x.im) * scale, (x.im * ratio - x.re) * scale};
}
)"},
    {"complexAbsolute", R"(
FN double complexAbsolute(c128 x) { return hypot(x.re, x.im); }
FN float complexAbsolute(c64 x) { return (float)hypot((double)x.re, (double)x.im); }
)"},
    // x / |x|, with a limit at infinity along an axis.
    {"complexSign", R"(
template <class F> FN Complex<F> complexSign(Complex<F> x) {
  const F length = complexAbsolute(x), nan = x.re - x.re + (x.im - x.im);
  if (length != length)
    return {length, length};
  if (isInfinite(length)) {
    if (!isInfinite(x.re))
      return {0, x.im > 0 ? (F)1 : (F)-1};
    return isInfinite(x.im) ? Complex<F>{nan, nan} : Complex<F>{x.re > 0 ? (F)1 : (F)-1, 0};
  }
  return length == 0 ? Complex<F>{0, 0} : Complex<F>{x.re / length, x.im / length};
}
)"},
    {"complexExp", R"(
FN c128 complexExp(c128 x) {
  if (x.im == 0)
    return {exp(x.re), x.im};
  if (x.re != x.re)
    return {x.re, x.re};
  if (!isFinite(x.im)) {
    if (x.re == -kInfinityF64)
      return {0, copysign(0.0, x.im)};
    return x.re == kInfinityF64 ? c128{kInfinityF64, kNaNF64} : c128{kNaNF64, kNaNF64};
  }
  const double cosine = cos(x.im), sine = sin(x.im);
  if (isInfinite(x.re)) {
    const double size = x.re > 0 ? kInfinityF64 : 0;
    return {copysign(size, cosine), copysign(size, sine)};
  }
  // exp(re) overflows before its products need to: up to twice, a factor is taken out.
  double exponent = x.re, first = 1, second = 1;
  if (exponent > 709) {
    first = exp(709.0);
    exponent -= 709;
  }
  if (exponent > 709) {
    second = exp(709.0);
    exponent -= 709;
  }
  const double size = exponent > 709 ? 0x1.fffffffffffffp1023 : exp(exponent);
  return {size * (cosine * first * second), size * (sine * first * second)};
}
FN c64 complexExp(c64 x) {
  const c128 y = complexExp(c128{x.re, x.im});
  return {(float)y.re, (float)y.im};
}
)"},
    // sqrt((|x| + |re|) / 2) is the greater part, and im / (2 * that) the other.
    {"complexSqrt", R"(
FN c128 complexSqrt(c128 x) {
  if (isInfinite(x.im))
    return {kInfinityF64, x.im};
  if (isInfinite(x.re)) {
    const double rest = x.im != x.im ? kNaNF64 : 0;
    return x.re > 0 ? c128{kInfinityF64, copysign(rest, x.im)}
                    : c128{rest, copysign(kInfinityF64, x.im)};
  }
  if (x.re != x.re || x.im != x.im)
    return {kNaNF64, kNaNF64};
  double re = fabs(x.re), im = fabs(x.im), factor = 1, back = 1;
  if (re > 0x1p1021 || im > 0x1p1021) {
    factor = 0.25;
    back = 2;
  } else if (re < 0x1p-1020 && im < 0x1p-1020) {
    factor = 0x1p54;
    back = 0x1p-27;
  }
  re *= factor;
  im *= factor;
  double greater = sqrt((hypot(re, im) + re) * 0.5), lesser = 0;
  if (im == 0) {
    greater = sqrt(re);
  } else if (re == 0) {
    greater = sqrt(im * 0.5);
    lesser = greater;
  } else {
    lesser = im / greater * 0.5;
  }
  greater *= back;
  lesser *= back;
  return x.re < 0 ? c128{lesser, copysign(greater, x.im)} : c128{greater, copysign(lesser, x.im)};
}
FN c64 complexSqrt(c64 x) {
  const c128 y = complexSqrt(c128{x.re, x.im});
  return {(float)y.re, (float)y.im};
}
)"},
    {"complexLog", R"(
FN c128 complexLog(c128 x) {
  const bool isLarge = fabs(x.re) > 0x1p1021 || fabs(x.im) > 0x1p1021;
  const double factor = isLarge ? 0.25 : 1, offset = isLarge ? 1.386294361119890618835 : 0;
  return {log(hypot(x.re * factor, x.im * factor)) + offset, atan2(x.im, x.re)};
}
)"},
    // NumPy's nc_pow: whole powers below 100 by multiplication.
    {"complexPower", R"(
FN c128 powerByLog(c128 x, c128 y) { return complexExp(y * complexLog(x)); }
FN c64 powerByLog(c64 x, c64 y) {
  const c128 power = powerByLog(c128{x.re, x.im}, c128{y.re, y.im});
  return {(float)power.re, (float)power.im};
}
template <class F> FN Complex<F> complexPower(Complex<F> x, Complex<F> y) {
  const F nan = (F)kNaN;
  if (y.re == 0 && y.im == 0)
    return {1, 0};
  if (x.re == 0 && x.im == 0)
    return y.re > 0 ? Complex<F>{0, 0} : Complex<F>{nan, nan};
  if (y.im != 0 || !(fabs(y.re) < 100) || y.re != trunc(y.re))
    return powerByLog(x, y);
  if (y.re == 1)
    return x;
  if (y.re == 2)
    return x * x;
  if (y.re == 3)
    return x * (x * x);
  Complex<F> result = {1, 0}, square = x;
  for (int rest = (int)fabs(y.re);;) {
    if (rest & 1)
      result = result * square;
    rest >>= 1;
    if (rest == 0)
      break;
    square = square * square;
  }
  return y.re < 0 ? complexQuotient(Complex<F>{1, 0}, result) : result;
}
)"},
};

llvm::ArrayRef<DeviceChunk> complexChunks() { return kChunks; }

} // namespace ricci
