//===- array_text.cpp - tensors as NumPy prints them ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/array_text.h"

#include "tools/ricci/elements.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace ricci::driver {
namespace {

constexpr int kPrecision = 8;
constexpr int64_t kThreshold = 1000, kEdgeItems = 3;
constexpr size_t kLineWidth = 75;

std::string scientific(double value, int precision) {
  char text[64];
  auto r = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific, precision);
  return std::string(text, r.ptr);
}

std::string fixed(double value, int precision) {
  char text[512];
  auto r = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, precision);
  return std::string(text, r.ptr);
}

/// Digits after the point that the shortest form of `value` needs, as d.ddde+xx.
int shortestFraction(DType dtype, double value) {
  std::string digits = shortestScientific(dtype, value);
  size_t point = digits.find('.');
  return point == std::string::npos ? 0 : int(digits.find('e') - point - 1);
}

/// The same in positional form.
int positionalFraction(DType dtype, double value) {
  std::string digits = shortestScientific(dtype, value);
  size_t e = digits.find('e');
  int exponent = 0;
  std::from_chars(digits.data() + e + 1 + (digits[e + 1] == '+'), digits.data() + digits.size(),
                  exponent);
  return std::max(0, shortestFraction(dtype, value) - exponent);
}

/// One format for all shown floats, chosen from their values.
class FloatFormat {
public:
  FloatFormat(DType dtype, const std::vector<double> &values, bool plus)
      : dtype_(dtype), plus_(plus) {
    std::vector<double> finite;
    std::copy_if(values.begin(), values.end(), std::back_inserter(finite),
                 [](double x) { return std::isfinite(x); });
    chooseExponent(finite);
    for (double x : finite)
      if (exponent_)
        precision_ = std::max(precision_, std::min(kPrecision, shortestFraction(dtype_, x)));
    size_t exponentDigits = 0;
    for (double x : finite) {
      std::string text = number(x);
      size_t point = text.find('.');
      left_ = std::max(left_, point);
      right_ = std::max(right_, text.size() - point - 1);
      if (exponent_)
        exponentDigits = std::max(exponentDigits, text.size() - text.find('e') - 2);
    }
    exponentDigits_ = exponentDigits;
    if (finite.size() != values.size())
      widenForNonFinite(values);
  }

  std::string operator()(double x) const {
    if (!std::isfinite(x)) {
      std::string text = std::isnan(x) ? (plus_ ? "+nan" : "nan")
                         : x < 0       ? "-inf"
                                       : (plus_ ? "+inf" : "inf");
      return fmt::format("{:>{}}", text, left_ + right_ + 1);
    }
    std::string text = number(x);
    if (exponent_) {
      size_t digits = text.size() - text.find('e') - 2;
      text.insert(text.find('e') + 2, std::string(exponentDigits_ - digits, '0'));
    }
    size_t point = text.find('.');
    std::string out(left_ - point, ' ');
    out += text;
    return out.append(left_ + 1 + right_ - out.size(), ' ');
  }

private:
  void chooseExponent(const std::vector<double> &finite) {
    double largest = 0, smallest = INFINITY;
    for (double x : finite)
      if (x != 0) {
        largest = std::max(largest, std::abs(x));
        smallest = std::min(smallest, std::abs(x));
      }
    if (largest == 0)
      return;
    double limit = dtype_ == DType::f16    ? 1e3
                   : dtype_ == DType::bf16 ? 1e2
                   : dtype_ == DType::f32  ? 1e6
                                           : 1e8;
    exponent_ = largest >= limit || smallest < 1e-4 || largest / smallest > 1000;
  }

  /// With a point, without padding, and in positional form without trailing zeros.
  std::string number(double x) const {
    std::string text;
    if (exponent_) {
      text = scientific(x, precision_);
      if (text.find('.') == std::string::npos)
        text.insert(text.find('e'), ".");
    } else {
      text = fixed(x, std::min(kPrecision, positionalFraction(dtype_, x)));
      if (text.find('.') == std::string::npos)
        text += '.';
      text.erase(text.find_last_not_of('0') + 1);
    }
    return plus_ && !std::signbit(x) ? "+" + text : text;
  }

  void widenForNonFinite(const std::vector<double> &values) {
    size_t width = 0;
    for (double x : values)
      if (std::isnan(x))
        width = std::max<size_t>(width, 3);
      else if (std::isinf(x))
        width = std::max<size_t>(width, 3 + (plus_ || x < 0));
    // NumPy reserves room for both spellings whichever occurs.
    bool negative = plus_ || std::any_of(values.begin(), values.end(),
                                         [](double x) { return std::isinf(x) && x < 0; });
    width = std::max<size_t>(width, 3 + negative);
    if (left_ + right_ + 1 < width)
      left_ = width - right_ - 1;
  }

  DType dtype_;
  bool plus_;
  bool exponent_ = false;
  int precision_ = 0;
  size_t left_ = 0, right_ = 0, exponentDigits_ = 0;
};

/// The words of the shown elements, in order.
class Words {
public:
  Words(const Tensor &tensor, const std::vector<std::vector<int64_t>> &shown) {
    Shape counts;
    for (const std::vector<int64_t> &axis : shown)
      counts.push_back(int64_t(axis.size()));
    std::vector<const void *> elements;
    forEachIndex(counts, [&](std::vector<int64_t> index) {
      for (size_t axis = 0; axis < index.size(); ++axis)
        index[axis] = shown[axis][size_t(index[axis])];
      elements.push_back(elementAt(tensor, index));
    });
    DType dtype = tensor.dtype();
    DTypeKind kind = kindOf(dtype);
    if (kind == DTypeKind::Float || kind == DTypeKind::Complex) {
      formatFloats(dtype, elements);
      return;
    }
    size_t width = kind == DTypeKind::Bool ? 5 : 0;
    for (const void *element : elements) {
      words_.push_back(elementText(dtype, element));
      width = std::max(width, words_.back().size());
    }
    for (std::string &word : words_)
      word.insert(0, width - word.size(), ' ');
  }

  const std::string &next() { return words_[position_++]; }

private:
  void formatFloats(DType dtype, const std::vector<const void *> &elements) {
    std::vector<double> real, imaginary;
    for (const void *element : elements) {
      std::complex<double> value = loadComplex(dtype, element);
      real.push_back(value.real());
      imaginary.push_back(value.imag());
    }
    FloatFormat realFormat(partType(dtype), real, false);
    if (kindOf(dtype) == DTypeKind::Float) {
      for (double x : real)
        words_.push_back(realFormat(x));
      return;
    }
    FloatFormat imaginaryFormat(partType(dtype), imaginary, true);
    for (size_t i = 0; i < real.size(); ++i) {
      std::string word = imaginaryFormat(imaginary[i]);
      word.insert(word.find_last_not_of(' ') + 1, "j");
      words_.push_back(realFormat(real[i]) + word);
    }
  }

  std::vector<std::string> words_;
  size_t position_ = 0;
};

class Layout {
public:
  Layout(const Tensor &tensor, std::vector<std::vector<int64_t>> shown)
      : shape_(tensor.shape()), shown_(std::move(shown)), words_(tensor, shown_) {}

  std::string text() { return block(0, 1, kLineWidth); }

private:
  bool summarized(size_t axis) const { return int64_t(shown_[axis].size()) < shape_[axis]; }

  /// The text of one axis and those after it, in brackets. Its lines but the first start with
  /// `indent` spaces.
  std::string block(size_t axis, size_t indent, size_t width) {
    std::string prefix(indent, ' ');
    size_t axesLeft = shape_.size() - axis;
    size_t count = shown_[axis].size();
    std::string text, line = prefix;
    auto add = [&](const std::string &word) {
      if (line.size() + word.size() > width - 1 && line.size() > prefix.size()) {
        text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
        line = prefix;
      }
      line += word;
    };
    for (size_t i = 0; i < count; ++i) {
      bool gap = summarized(axis) && i == size_t(kEdgeItems);
      if (axesLeft == 1) {
        if (gap) {
          add("...");
          line += ' ';
        }
        add(words_.next());
        if (i + 1 < count)
          line += ' ';
      } else {
        std::string separator(axesLeft - 1, '\n');
        if (gap)
          text += prefix + "..." + separator;
        text += prefix + block(axis + 1, indent + 1, width - 1);
        if (i + 1 < count)
          text += separator;
      }
    }
    if (axesLeft == 1)
      text += line;
    return "[" + text.substr(std::min(text.size(), prefix.size())) + "]";
  }

  Shape shape_;
  std::vector<std::vector<int64_t>> shown_;
  Words words_;
};

} // namespace

std::string arrayText(const Tensor &tensor) {
  if (tensor.rank() == 0)
    return elementText(tensor.dtype(), tensor.raw());
  int64_t size = tensor.size();
  if (size == 0)
    return "[]";
  std::vector<std::vector<int64_t>> shown;
  for (int64_t extent : tensor.shape()) {
    std::vector<int64_t> &axis = shown.emplace_back();
    bool cut = size > kThreshold && extent > 2 * kEdgeItems;
    for (int64_t i = 0; i < (cut ? kEdgeItems : extent); ++i)
      axis.push_back(i);
    for (int64_t i = extent - kEdgeItems; cut && i < extent; ++i)
      axis.push_back(i);
  }
  return Layout(tensor, std::move(shown)).text();
}

} // namespace ricci::driver
