//===- elementwise.cpp - scalar operations on every element -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/operations.h"
#include "compiler/reference/scalar.h"

#include <cassert>

namespace ricci::reference {
namespace {

/// Smith's algorithm, as NumPy divides complex numbers.
template <typename W> W divide(W a, W b) {
  if constexpr (isComplex<W>) {
    auto br = std::abs(b.real()), bi = std::abs(b.imag());
    if (br >= bi) {
      if (br == 0 && bi == 0)
        return W(a.real() / br, a.imag() / br);
      auto ratio = b.imag() / b.real(), scale = 1 / (b.real() + b.imag() * ratio);
      return W((a.real() + a.imag() * ratio) * scale, (a.imag() - a.real() * ratio) * scale);
    }
    auto ratio = b.real() / b.imag(), scale = 1 / (b.imag() + b.real() * ratio);
    return W((a.real() * ratio + a.imag()) * scale, (a.imag() * ratio - a.real()) * scale);
  } else {
    return a / b;
  }
}

/// `X` is the type that the operation is done in: the element type itself (float for 16-bit floats,
/// the unsigned type for integers, so that they wrap), or a wider one where the result is rounded.
template <typename T>
using Exact =
    std::conditional_t<isSmallFloat<T>, float, std::conditional_t<isInteger<T>, uint64_t, T>>;

template <typename T> Exact<T> exact(T x) {
  if constexpr (isInteger<T>)
    return widen(x);
  else if constexpr (std::is_same_v<T, Bool>)
    return x;
  else
    return value(x);
}

template <typename T> T element(Exact<T> x) {
  if constexpr (isInteger<T>)
    return T(x);
  else
    return convert<T>(x);
}

template <typename T> T binary(ScalarOp kind, T a, T b) {
  switch (kind) {
  case ScalarOp::Add:
    return element<T>(plus(exact(a), exact(b)));
  case ScalarOp::Multiply:
    return element<T>(times(exact(a), exact(b)));
  case ScalarOp::Subtract:
    if constexpr (!std::is_same_v<T, Bool>)
      return element<T>(exact(a) - exact(b));
    break;
  case ScalarOp::Divide:
    if constexpr (isFloat<T>)
      return element<T>(exact(a) / exact(b));
    else if constexpr (isComplex<T>)
      return narrow<T>(divide(widen(a), widen(b)));
    break;
  case ScalarOp::Maximum:
    if constexpr (!isComplex<T>)
      return value(a) >= value(b) || value(a) != value(a) ? a : b;
    break;
  case ScalarOp::Minimum:
    if constexpr (!isComplex<T>)
      return value(a) <= value(b) || value(a) != value(a) ? a : b;
    break;
  default:
    break;
  }
  assert(false && "the op's verifier knows which kinds a type has");
  return a;
}

template <typename T> T unary(ScalarOp kind, T a) {
  switch (kind) {
  case ScalarOp::Negative:
    if constexpr (isInteger<T>)
      return element<T>(0 - exact(a));
    else if constexpr (!std::is_same_v<T, Bool>)
      return element<T>(-exact(a));
    break;
  case ScalarOp::Absolute:
    if constexpr (std::is_same_v<T, Bool> || std::is_unsigned_v<T>)
      return a;
    else if constexpr (isInteger<T>)
      return a < 0 ? element<T>(0 - exact(a)) : a;
    else if constexpr (isFloat<T>)
      return element<T>(std::abs(exact(a)));
    break;
  case ScalarOp::Exp:
    if constexpr (isFloat<T> || isComplex<T>)
      return narrow<T>(std::exp(widen(a)));
    break;
  case ScalarOp::Sqrt:
    if constexpr (isFloat<T> || isComplex<T>)
      return narrow<T>(std::sqrt(widen(a)));
    break;
  case ScalarOp::Log:
    if constexpr (isFloat<T>)
      return narrow<T>(std::log(widen(a)));
    break;
  case ScalarOp::Tanh:
    if constexpr (isFloat<T>)
      return narrow<T>(std::tanh(widen(a)));
    break;
  default:
    break;
  }
  assert(false && "the op's verifier knows which kinds a type has");
  return a;
}

} // namespace

void elementwise(ScalarOp kind, const std::vector<Tensor> &inputs, const Tensor &out) {
  visit(inputs[0].dtype(), [&](auto tag) {
    using T = typename decltype(tag)::Type;
    Strides a = broadcastStrides(inputs[0], out.shape());
    if (inputs.size() == 2) {
      Strides b = broadcastStrides(inputs[1], out.shape());
      forEachOffset<3>(out.shape(), {a, b, out.strides()}, [&](int64_t i, int64_t j, int64_t o) {
        out.data<T>()[o] = binary(kind, inputs[0].data<T>()[i], inputs[1].data<T>()[j]);
      });
      return;
    }
    forEachOffset<2>(out.shape(), {a, out.strides()}, [&](int64_t i, int64_t o) {
      T x = inputs[0].data<T>()[i];
      if constexpr (isComplex<T>) {
        if (kind == ScalarOp::Absolute) {
          using Part = typename T::value_type;
          out.data<Part>()[o] = narrow<Part>(std::hypot(widen(x.real()), widen(x.imag())));
          return;
        }
      }
      out.data<T>()[o] = unary(kind, x);
    });
  });
}

} // namespace ricci::reference
