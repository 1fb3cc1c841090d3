//===- scalar_operands.h - operands that scalar operations are tested on -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tests/cpu/scalar_oracle.h"

#include <random>
#include <sstream>
#include <string>

namespace ricci::test {

inline std::vector<double> specialNumbers() {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  std::vector<double> list = {0, 0.5, 1, 1.5, 2, 2.5, 3, 7, 0.49999999999999994, 100.25, inf, nan};
  for (double x : std::vector<double>(list))
    list.push_back(-x);
  return list;
}

/// Where conversions to integers and to narrower floats turn.
inline std::vector<double> boundaryNumbers() {
  std::vector<double> list = specialNumbers();
  for (int exponent : {7,  8,  15,  16,   23,  24,  31,   32,   52,    53,
                       63, 64, 127, 1023, -14, -24, -126, -149, -1022, -1074})
    for (double x : {std::ldexp(1.0, exponent), std::ldexp(0.75, exponent)})
      for (double near :
           {x, std::nextafter(x, 0), std::nextafter(x, 1e308), x + 0.5, x - 1,
            double(std::nextafter(float(x), 0.0f)), double(std::nextafter(float(x), 1e38f))})
        list.insert(list.end(), {near, -near});
  // What rounding twice gets wrong.
  for (double x : {1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-10 + 0x1p-11 - 0x1p-40, 1 + 0x1p-8 + 0x1p-40,
                   1 + 0x1p-8 + 0x1p-9, 65519.99, 65520.0, 0x1p-25 + 0x1p-60})
    list.insert(list.end(), {x, -x});
  return list;
}

template <typename T> struct Operands {
  std::vector<T> x, y;
};

using Random = std::mt19937_64;

template <typename T> T randomElement(Random &random) {
  if constexpr (isComplexType<T>) {
    using F = typename T::value_type;
    F re = randomElement<F>(random);
    return T(re, randomElement<F>(random));
  } else if constexpr (std::is_same_v<T, Bool>) {
    return {uint8_t(random() & 1)};
  } else if constexpr (std::is_integral_v<T>) {
    uint64_t magnitude = random() >> (random() % 64);
    return T(random() & 1 ? magnitude : 0 - magnitude);
  } else {
    if (random() % 4 == 0) // any bits
      return std::bit_cast<T>(
          std::conditional_t<sizeof(T) == 2, uint16_t,
                             std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>>(random()));
    return cast<T>(std::ldexp(double(int64_t(random())), int(random() % 24) - 75));
  }
}

template <typename T> std::vector<T> specialElements() {
  std::vector<T> list;
  if constexpr (isComplexType<T>) {
    using F = typename T::value_type;
    auto parts = {F(0),        F(-0.0),      F(1),   F(-2),
                  F(INFINITY), F(-INFINITY), F(NAN), std::numeric_limits<F>::max()};
    for (F re : parts)
      for (F im : parts)
        list.push_back(T(re, im));
  } else if constexpr (std::is_same_v<T, Bool>) {
    list = {{0}, {1}};
  } else if constexpr (std::is_integral_v<T>) {
    constexpr T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    list = {
        0,          1,  2,   3,     5,     7,     8,     10,    15,     16,    31,           32,
        63,         64, 100, T(-1), T(-2), T(-3), T(-5), T(-8), T(-64), least, T(least + 1), most,
        T(most - 1)};
  } else {
    for (double x : specialNumbers())
      list.push_back(cast<T>(x));
    using L = std::numeric_limits<decltype(number(T{}))>;
    for (auto x : {L::max(), L::lowest(), L::min(), L::denorm_min(), -L::denorm_min()})
      list.push_back(cast<T>(x));
    for (double x : {0x1p-14, 0x1p-24, 65504.0, 2049.0, 8388607.5, 8388609.0})
      list.push_back(cast<T>(x));
  }
  return list;
}

/// All pairs of special elements, and random ones: a count that leaves a rest for no vector.
template <typename T> Operands<T> operandPairs() {
  Operands<T> operands;
  auto special = specialElements<T>();
  for (T x : special)
    for (T y : special) {
      operands.x.push_back(x);
      operands.y.push_back(y);
    }
  Random random(7);
  while (operands.x.size() < special.size() * special.size() + 500 || operands.x.size() % 8) {
    operands.x.push_back(randomElement<T>(random));
    operands.y.push_back(randomElement<T>(random));
  }
  return operands;
}

template <typename T> std::vector<T> castOperands() {
  std::vector<T> list = specialElements<T>();
  if constexpr (isFloatType<T>)
    for (double x : boundaryNumbers())
      list.push_back(cast<T>(x));
  if constexpr (std::is_integral_v<T>)
    for (int bit = 0; bit < int(8 * sizeof(T)); ++bit)
      for (int rest = 0; rest < bit; ++rest)
        for (int odd : {-1, 0, 1}) { // halves of the last place of floats, and next to them
          T x = T((uint64_t(1) << bit) + (uint64_t(1) << rest) + uint64_t(odd));
          list.insert(list.end(), {x, T(-uint64_t(x))});
        }
  Random random(11);
  for (size_t count = list.size() + 500; list.size() < count || list.size() % 8;)
    list.push_back(randomElement<T>(random));
  return list;
}

template <typename T> std::string print(T element) {
  std::ostringstream out;
  out.precision(17);
  if constexpr (isComplexType<T>)
    out << element;
  else
    out << +number(element);
  return out.str();
}

inline std::vector<DType> allDTypes() {
  std::vector<DType> list(kNumDTypes);
  for (int i = 0; i < kNumDTypes; ++i)
    list[size_t(i)] = DType(i);
  return list;
}

inline constexpr int kNumScalarOps = int(ScalarOp::Imag) + 1;

/// An operation that takes emitMath: its results are near to the exact ones.
inline bool isElementary(ScalarOp op, DType dtype) {
  switch (op) {
  case ScalarOp::Rint:
  case ScalarOp::Copysign:
  case ScalarOp::Nextafter:
  case ScalarOp::Heaviside:
    return false;
  case ScalarOp::Sqrt:
  case ScalarOp::Absolute:
  case ScalarOp::Sign:
    return kindOf(dtype) == DTypeKind::Complex;
  case ScalarOp::FloorDivide:
  case ScalarOp::Remainder:
  case ScalarOp::Fmod:
    return kindOf(dtype) == DTypeKind::Float;
  case ScalarOp::Power:
    return kindOf(dtype) == DTypeKind::Float || kindOf(dtype) == DTypeKind::Complex;
  default:
    return info(op).rule == TypeRule::Float || info(op).rule == TypeRule::FloatComplex;
  }
}

} // namespace ricci::test
