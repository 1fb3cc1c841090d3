//===- math_samples.h - operands that try elementary functions ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/scalar_ops.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace ricci::test {

/// Operands of one function: special ones, and an endless, repeatable sequence of random ones, of
/// which some have random bits and some lie where the function is neither constant nor infinite.
template <typename T> class MathSamples {
public:
  explicit MathSamples(ScalarOp op) : op_(op), random_(unsigned(op) + 1) {}

  /// Limits of the format, thresholds of algorithms and domains with their neighbours; for two
  /// operands, all pairs of a shorter list.
  std::vector<std::pair<T, T>> special() const {
    using Limits = std::numeric_limits<T>;
    std::vector<T> points = {0,
                             1,
                             2,
                             3,
                             T(0.5),
                             T(1.5),
                             T(2.5),
                             100,
                             Limits::min(),
                             Limits::denorm_min(),
                             Limits::max(),
                             Limits::epsilon(),
                             Limits::infinity(),
                             Limits::quiet_NaN()};
    if (info(op_).arity == 2) {
      points.insert(points.end(), {T(1) / 3, T(1e10), T(1e-10), std::nextafter(T(1), T(2)),
                                   std::nextafter(T(1), T(0)), std::ldexp(T(1), Limits::digits),
                                   std::ldexp(T(1), Limits::digits) - 1});
      points = withNegatives(points);
      std::vector<std::pair<T, T>> pairs;
      for (T x : points)
        for (T y : points)
          pairs.push_back({x, y});
      return pairs;
    }
    const double thresholds[] = {0.25,
                                 0.625,
                                 0.9375,
                                 4,
                                 6,
                                 9,
                                 10,
                                 17.4,
                                 20,
                                 40,
                                 87.3,
                                 88.72284,
                                 89,
                                 89.4,
                                 103.972,
                                 104,
                                 126,
                                 127,
                                 128,
                                 149,
                                 150,
                                 708.396,
                                 709.782,
                                 709.7828,
                                 710.475,
                                 745.133,
                                 1022,
                                 1023,
                                 1024,
                                 1074,
                                 1075,
                                 0x1p15,
                                 0x1p20,
                                 0x1p28,
                                 0x1p60,
                                 1.41421,
                                 0.70711,
                                 0x1p-25,
                                 0x1p-54,
                                 1e22,
                                 1.5707963267948966};
    for (double threshold : thresholds)
      points.push_back(T(threshold));
    for (int i = 1; i <= 200; ++i) { // where sin, cos and tan are small
      points.push_back(T(i * 1.5707963267948966L));
      points.push_back(T(std::ldexp(1.5707963267948966L, i)));
    }
    std::vector<std::pair<T, T>> result;
    for (T x : withNegatives(points)) {
      for (T toward : {-Limits::infinity(), Limits::infinity()}) {
        T near = x;
        for (int i = 0; i < 20; ++i) {
          result.push_back({near, 0});
          near = std::nextafter(near, toward);
        }
      }
    }
    // The number of type f64 that lies nearest to a multiple of pi/2 (Muller, Elementary
    // Functions).
    result.push_back({T(6381956970095103.0 * 0x1p797), 0});
    return result;
  }

  std::pair<T, T> next() {
    bool two = info(op_).arity == 2;
    switch (random_() % 4) {
    case 0:
      return {anyBits(), two ? anyBits() : T(0)};
    case 1: // of moderate size
      return {moderate(), two ? moderate() : T(0)};
    default:
      return inRange(two);
    }
  }

private:
  static std::vector<T> withNegatives(std::vector<T> points) {
    for (size_t i = 0, n = points.size(); i < n; ++i)
      points.push_back(-points[i]);
    return points;
  }

  T anyBits() {
    uint64_t bits = random_();
    T x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
  }
  T uniform(double low, double high) {
    return T(low + (high - low) * (double(random_() >> 11) * 0x1p-53));
  }
  T moderate() {
    T size = std::exp2(uniform(-30, 12));
    return random_() % 2 ? size : -size;
  }

  std::pair<T, T> inRange(bool two) {
    constexpr double top = sizeof(T) == 4 ? 89 : 710;
    switch (op_) {
    case ScalarOp::Exp2:
      return {uniform(-1.55 * top, 1.45 * top), 0};
    case ScalarOp::Exp:
    case ScalarOp::Expm1:
    case ScalarOp::Sinh:
    case ScalarOp::Cosh:
      return {random_() % 2 ? uniform(-1.2 * top, 1.01 * top) : uniform(-2, 2), 0};
    case ScalarOp::Log:
    case ScalarOp::Log2:
    case ScalarOp::Log10:
    case ScalarOp::Arccosh:
      return {random_() % 2 ? uniform(0, 3) : uniform(0.9, 1.1), 0};
    case ScalarOp::Arcsin:
    case ScalarOp::Arccos:
    case ScalarOp::Arctanh:
    case ScalarOp::Log1p:
      return {uniform(-1, 1), 0};
    case ScalarOp::Sin:
    case ScalarOp::Cos:
    case ScalarOp::Tan:
      return {random_() % 2 ? uniform(-7, 7) : uniform(-1e6, 1e6), 0};
    case ScalarOp::Power: {
      // x^y of any size
      T x = random_() % 2 ? uniform(0.5, 2) : std::fabs(moderate());
      T y = uniform(-1.6 * top, 1.5 * top) / std::log2(x);
      return {x, std::isfinite(y) ? y : T(1)};
    }
    case ScalarOp::Logaddexp:
    case ScalarOp::Logaddexp2: {
      T x = uniform(-50, 50);
      return {x, x + uniform(-20, 20)};
    }
    default:
      break;
    }
    if (two) {
      T x = uniform(-100, 100);
      return {x, random_() % 2 ? uniform(-3, 3) : T(x * uniform(0.2, 5))};
    }
    return {uniform(-6, 6), 0};
  }

  ScalarOp op_;
  std::mt19937_64 random_;
};

} // namespace ricci::test
