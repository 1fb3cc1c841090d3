//===- scalar_ops_complex.cpp - operations on complex numbers ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Formulas and special values are those of NumPy's loops, and for exp, sqrt and power those of the
// C library that NumPy calls, with selects in place of branches.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/scalar_ops_detail.h"

#include <limits>

using namespace mlir;

namespace ricci {
namespace {

using FloatIs = arith::CmpFPredicate;

class ComplexOps {
public:
  ComplexOps(ElementBuilder &e, DType dtype) : e(e), isSingle_(dtype == DType::c64) {}

  Number add(Number a, Number b) { return {e.addf(a.re, b.re), e.addf(a.im, b.im)}; }
  Number subtract(Number a, Number b) { return {e.subf(a.re, b.re), e.subf(a.im, b.im)}; }
  Number multiply(Number a, Number b) {
    return {e.subf(e.mulf(a.re, b.re), e.mulf(a.im, b.im)),
            e.addf(e.mulf(a.re, b.im), e.mulf(a.im, b.re))};
  }
  Number divide(Number a, Number b);
  Number sign(Number a);
  Number sqrt(Number a);
  Number exp(Number a);
  Number power(Number a, Number b);

  Value absolute(Number a) { return e.math(ScalarOp::Hypot, {a.re, a.im}); }
  Value isNaN(Number a) { return e.compare(FloatIs::UNO, a.re, a.im); }
  /// The order of real parts, and of imaginary parts where those are equal: `strict` is OLT or OGT,
  /// `last` that or its inclusive form.
  Value compare(FloatIs strict, FloatIs last, Number a, Number b) {
    Value byReal = e.both(e.compare(strict, a.re, b.re), e.compare(FloatIs::ORD, a.im, b.im));
    Value byImag = e.both(e.compare(FloatIs::OEQ, a.re, b.re), e.compare(last, a.im, b.im));
    return e.either(byReal, byImag);
  }
  Value equal(Number a, Number b) {
    return e.both(e.compare(FloatIs::OEQ, a.re, b.re), e.compare(FloatIs::OEQ, a.im, b.im));
  }
  Value greaterEqual(Number a, Number b) { return compare(FloatIs::OGT, FloatIs::OGE, a, b); }
  Value lessEqual(Number a, Number b) { return compare(FloatIs::OLT, FloatIs::OLE, a, b); }

  Number select(Value condition, Number a, Number b) {
    return {e.select(condition, a.re, b.re), e.select(condition, a.im, b.im)};
  }

private:
  Value equals(Value a, double b) { return e.compare(FloatIs::OEQ, a, b); }
  Value isZero(Number a) { return e.both(equals(a.re, 0), equals(a.im, 0)); }
  Value scaled(Value a, double factor) { return e.mulf(a, e.number(a, factor)); }
  Number constant(Number like, double re, double im) {
    return {e.number(like.re, re), e.number(like.im, im)};
  }
  Number log(Number a);
  /// exp(b log a) of numbers of this type.
  Number expOfLog(Number a, Number b) { return exp(multiply(b, log(a))); }
  Number converted(Number a, Type element);
  /// a to the whole power b.re, for |b.re| < 100, in the order of NumPy's multiplications.
  Number wholePower(Number a, Value exponent);

  double greatest() const {
    return isSingle_ ? double(std::numeric_limits<float>::max())
                     : std::numeric_limits<double>::max();
  }
  double least() const {
    return isSingle_ ? double(std::numeric_limits<float>::min())
                     : std::numeric_limits<double>::min();
  }

  static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

  ElementBuilder &e;
  bool isSingle_;
};

/// Smith's algorithm.
Number ComplexOps::divide(Number a, Number b) {
  Value absRe = e.magnitude(b.re), absIm = e.magnitude(b.im);
  Value byReal = e.compare(FloatIs::OGE, absRe, absIm);
  Value greater = e.select(byReal, b.re, b.im), lesser = e.select(byReal, b.im, b.re);
  Value ratio = e.divf(lesser, greater);
  Value scale = e.divf(e.number(ratio, 1), e.addf(greater, e.mulf(lesser, ratio)));
  Value first = e.select(byReal, a.re, a.im), second = e.select(byReal, a.im, a.re);
  Value product = e.mulf(first, ratio);
  Value re = e.addf(e.select(byReal, first, e.mulf(second, ratio)),
                    e.select(byReal, e.mulf(second, ratio), first));
  // im: a.im - a.re * ratio, or a.im * ratio - a.re.
  Value im = e.subf(e.select(byReal, second, product), e.select(byReal, product, second));
  Number quotient{e.mulf(re, scale), e.mulf(im, scale)};
  Number byZero{e.divf(a.re, absRe), e.divf(a.im, absRe)};
  return select(isZero(b), byZero, quotient);
}

/// a / |a|; 0 of 0; of infinities, 1 or -1 in their direction where they have one.
Number ComplexOps::sign(Number a) {
  Value size = absolute(a), zero = e.number(size, 0), nan = e.number(size, kNaN);
  auto signOf = [&](Value v) {
    return e.select(e.compare(FloatIs::OGT, v, 0), e.number(v, 1), e.number(v, -1));
  };
  Number result{e.divf(a.re, size), e.divf(a.im, size)};
  result = select(equals(size, 0), {zero, zero}, result);
  Value reInfinite = e.isInfinite(a.re), imInfinite = e.isInfinite(a.im);
  Number towards = select(reInfinite, {signOf(a.re), zero}, {zero, signOf(a.im)});
  result = select(e.isInfinite(size), towards, result);
  Value nowhere = e.either(e.isNaN(size), e.both(reInfinite, imInfinite));
  return select(nowhere, {nan, nan}, result);
}

/// sqrt((|a| + |re|) / 2) is the greater part, and im / (2 * that) the other; scaled by powers of 4
/// where |a| would overflow or lose digits.
Number ComplexOps::sqrt(Number a) {
  Value absRe = e.magnitude(a.re), absIm = e.magnitude(a.im);
  auto isAbove = [&](Value v, double bound) { return e.compare(FloatIs::OGT, v, bound); };
  auto isBelow = [&](Value v, double bound) { return e.compare(FloatIs::OLT, v, bound); };
  Value isLarge = e.either(isAbove(absRe, greatest() / 4), isAbove(absIm, greatest() / 4));
  Value isSmall = e.both(isBelow(absRe, 4 * least()), isBelow(absIm, 4 * least()));
  double up = isSingle_ ? 0x1p24 : 0x1p54, rootDown = isSingle_ ? 0x1p-12 : 0x1p-27;
  auto choose = [&](double large, double small) {
    Value one = e.number(absRe, 1);
    return e.select(isLarge, e.number(one, large), e.select(isSmall, e.number(one, small), one));
  };
  Value factor = choose(0.25, up), back = choose(2, rootDown);
  Value re = e.mulf(absRe, factor), im = e.mulf(absIm, factor);
  Value size = e.math(ScalarOp::Hypot, {re, im});
  Value greater = e.sqrt(scaled(e.addf(size, re), 0.5));
  Value lesser = scaled(e.divf(im, greater), 0.5);
  // Exact for real and imaginary numbers; 0 / 0 is none.
  Value imIsZero = equals(absIm, 0), reIsZero = equals(absRe, 0);
  greater = e.select(imIsZero, e.sqrt(re), greater);
  greater = e.select(reIsZero, e.sqrt(scaled(im, 0.5)), greater);
  lesser = e.select(imIsZero, e.number(lesser, 0), e.select(reIsZero, greater, lesser));
  greater = e.mulf(greater, back);
  lesser = e.mulf(lesser, back);

  Value isNegative = e.compare(FloatIs::OLT, a.re, 0);
  Number result = select(isNegative, {lesser, greater}, {greater, lesser});
  Value infinity = e.number(re, ElementBuilder::infinity), nan = e.number(re, kNaN);
  Value reInfinite = e.isInfinite(a.re), imNaN = e.isNaN(a.im);
  Number negative{e.select(imNaN, nan, e.number(re, 0)), infinity};
  Number positive{infinity, e.select(imNaN, nan, e.number(re, 0))};
  Number special = select(isNegative, negative, positive);
  result = select(isNaN(a), {nan, nan}, result);
  result = select(reInfinite, special, result);
  result = select(e.isInfinite(a.im), {infinity, infinity}, result);
  result.im = e.withSign(result.im, a.im);
  return result;
}

Number ComplexOps::exp(Number a) {
  // exp(re) overflows before exp(re) * cos(im) need to: up to twice, take a factor out.
  double limit = isSingle_ ? 88 : 709;
  Value exponent = a.re, one = e.number(a.re, 1);
  Value step = e.math(ScalarOp::Exp, {e.number(a.re, limit)});
  Value factors[2];
  for (Value &factor : factors) {
    Value isOver = e.compare(FloatIs::OGT, exponent, limit);
    factor = e.select(isOver, step, one);
    exponent = e.select(isOver, e.subf(exponent, e.number(exponent, limit)), exponent);
  }
  // sin and cos of what is not finite is not wanted; a real number's are exact.
  Value imFinite = e.isFinite(a.im), imIsZero = equals(a.im, 0);
  Value angle = e.select(imFinite, a.im, e.number(a.im, 0));
  Value cosine = e.select(imIsZero, one, e.math(ScalarOp::Cos, {angle}));
  Value sine = e.select(imIsZero, a.im, e.math(ScalarOp::Sin, {angle}));
  Value size = e.math(ScalarOp::Exp, {exponent});
  // Beyond that: finite, so that a part of 0 stays.
  size = e.select(e.compare(FloatIs::OGT, exponent, limit), e.number(size, greatest()), size);
  auto grown = [&](Value v) { return e.mulf(size, e.mulf(e.mulf(v, factors[0]), factors[1])); };
  Number result{grown(cosine), grown(sine)};

  // An infinite re gives infinities or zeros in the direction of im.
  Value zero = e.number(size, 0), nan = e.number(size, kNaN),
        infinity = e.number(size, ElementBuilder::infinity);
  Value isPositive = e.compare(FloatIs::OGT, a.re, 0);
  Value limitSize = e.select(isPositive, infinity, zero);
  Number directed{e.withSign(limitSize, cosine),
                  e.select(imIsZero, a.im, e.withSign(limitSize, sine))};
  Number undirected{limitSize, e.select(isPositive, nan, e.withSign(zero, a.im))};
  Value reInfinite = e.isInfinite(a.re);
  result = select(reInfinite, directed, result);
  Number notFinite = select(reInfinite, undirected, {nan, nan});
  result = select(imFinite, result, notFinite);
  result.re = e.select(e.isNaN(a.re), nan, result.re);
  result.im = e.select(e.isNaN(a.re), e.select(imIsZero, a.im, nan), result.im);
  return result;
}

/// log|a| and the angle.
Number ComplexOps::log(Number a) {
  // A quarter of a number does not overflow.
  Value absRe = e.magnitude(a.re), absIm = e.magnitude(a.im);
  Value isLarge = e.either(e.compare(FloatIs::OGT, absRe, greatest() / 4),
                           e.compare(FloatIs::OGT, absIm, greatest() / 4));
  Value factor = e.select(isLarge, e.number(absRe, 0.25), e.number(absRe, 1));
  Value offset =
      e.select(isLarge, e.number(absRe, 2 * 0.693147180559945309417), e.number(absRe, 0));
  Value size = e.math(ScalarOp::Hypot, {e.mulf(a.re, factor), e.mulf(a.im, factor)});
  return {e.addf(e.math(ScalarOp::Log, {size}), offset), e.math(ScalarOp::Arctan2, {a.im, a.re})};
}

Number ComplexOps::converted(Number a, Type element) {
  auto convert = [&](Value v) -> Value {
    Type type = e.typeLike(v, element);
    return element.isF64() ? e.make<arith::ExtFOp>(type, v) : e.make<arith::TruncFOp>(type, v);
  };
  return {convert(a.re), convert(a.im)};
}

Number ComplexOps::wholePower(Number a, Value exponent) {
  // NaN and the like become 0, whose result is not taken.
  Value isSmall = e.compare(FloatIs::OLT, e.magnitude(exponent), 100);
  Value safe = e.select(isSmall, e.magnitude(exponent), e.number(exponent, 0));
  Value left = e.make<arith::FPToSIOp>(e.intTypeLike(safe, 32), safe);
  auto is = [&](int64_t n) {
    return e.compare(arith::CmpIPredicate::eq, left, e.integer(left, uint64_t(n)));
  };
  Value isNegative = e.compare(FloatIs::OLT, exponent, 0);
  Number result = constant(a, 1, 0), square = a, second;
  for (int bit = 0; bit < 7; ++bit) {
    if (bit > 0)
      square = multiply(square, square);
    if (bit == 1)
      second = square;
    Value masked = e.both(left, e.integer(left, uint64_t(1) << bit));
    Value isSet = e.compare(arith::CmpIPredicate::ne, masked, e.integer(left, 0));
    result = select(isSet, multiply(result, square), result);
  }
  Number inverse = divide(constant(a, 1, 0), result);
  Value isOne = is(1), isTwo = is(2), isThree = is(3);
  result = select(isOne, a, result);
  result = select(isTwo, second, result);
  result = select(isThree, multiply(a, second), result);
  return select(isNegative, inverse, result);
}

Number ComplexOps::power(Number a, Number b) {
  Number general;
  if (isSingle_) {
    // exp magnifies the error of b * log(a): in f64 nothing of it is left.
    LoopBuilder &builder = e.builder();
    ComplexOps wide(e, DType::c128);
    Type f64 = builder.getF64Type(), f32 = builder.getF32Type();
    general = converted(wide.expOfLog(converted(a, f64), converted(b, f64)), f32);
  } else {
    general = expOfLog(a, b);
  }
  Value isWhole = equals(e.subf(b.re, e.make<math::TruncOp>(b.re)), 0);
  isWhole = e.both(isWhole, equals(b.im, 0));
  isWhole = e.both(isWhole, e.compare(FloatIs::OLT, e.magnitude(b.re), 100));
  Number result = select(isWhole, wholePower(a, b.re), general);
  Number ofZero =
      select(e.compare(FloatIs::OGT, b.re, 0), constant(a, 0, 0), constant(a, kNaN, kNaN));
  result = select(isZero(a), ofZero, result);
  return select(isZero(b), constant(a, 1, 0), result);
}

} // namespace

Number emitComplexOp(ElementBuilder &e, ScalarOp op, DType dtype, llvm::ArrayRef<Number> x) {
  ComplexOps ops(e, dtype);
  auto real = [](Value v) { return Number{v, {}}; };
  auto compare = [&](FloatIs strict, FloatIs last) {
    return real(ops.compare(strict, last, x[0], x[1]));
  };
  // The first operand where it has a NaN or stands first in order, else the second.
  auto extremum = [&](Value isFirst) {
    return ops.select(e.either(ops.isNaN(x[0]), isFirst), x[0], x[1]);
  };
  auto extremumOfNumbers = [&](Value isFirst) {
    return ops.select(e.either(ops.isNaN(x[1]), isFirst), x[0], x[1]);
  };
  switch (op) {
  case ScalarOp::Add:
    return ops.add(x[0], x[1]);
  case ScalarOp::Subtract:
    return ops.subtract(x[0], x[1]);
  case ScalarOp::Multiply:
    return ops.multiply(x[0], x[1]);
  case ScalarOp::Divide:
    return ops.divide(x[0], x[1]);
  case ScalarOp::Power:
    return ops.power(x[0], x[1]);
  case ScalarOp::Negative:
    return {e.negate(x[0].re), e.negate(x[0].im)};
  case ScalarOp::Absolute:
    return real(ops.absolute(x[0]));
  case ScalarOp::Sign:
    return ops.sign(x[0]);
  case ScalarOp::Sqrt:
    return ops.sqrt(x[0]);
  case ScalarOp::Exp:
    return ops.exp(x[0]);
  case ScalarOp::Maximum:
    return extremum(ops.greaterEqual(x[0], x[1]));
  case ScalarOp::Minimum:
    return extremum(ops.lessEqual(x[0], x[1]));
  case ScalarOp::Fmax:
    return extremumOfNumbers(ops.greaterEqual(x[0], x[1]));
  case ScalarOp::Fmin:
    return extremumOfNumbers(ops.lessEqual(x[0], x[1]));
  case ScalarOp::Isnan:
    return real(ops.isNaN(x[0]));
  case ScalarOp::Isinf:
    return real(e.either(e.isInfinite(x[0].re), e.isInfinite(x[0].im)));
  case ScalarOp::Isfinite:
    return real(e.both(e.isFinite(x[0].re), e.isFinite(x[0].im)));
  case ScalarOp::Equal:
    return real(ops.equal(x[0], x[1]));
  case ScalarOp::NotEqual:
    return real(e.complement(ops.equal(x[0], x[1])));
  case ScalarOp::Less:
    return compare(FloatIs::OLT, FloatIs::OLT);
  case ScalarOp::LessEqual:
    return compare(FloatIs::OLT, FloatIs::OLE);
  case ScalarOp::Greater:
    return compare(FloatIs::OGT, FloatIs::OGT);
  case ScalarOp::GreaterEqual:
    return compare(FloatIs::OGT, FloatIs::OGE);
  case ScalarOp::Conjugate:
    return {x[0].re, e.negate(x[0].im)};
  case ScalarOp::Real:
    return real(x[0].re);
  case ScalarOp::Imag:
    return real(x[0].im);
  default:
    llvm_unreachable("not an operation on complex numbers");
  }
}

} // namespace ricci
