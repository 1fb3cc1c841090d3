//===- program_writer.h - random programs of exact operations -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace ricci::test {

/// Writes a function of i64 tensors, whose every operation is exact: one operation a call of
/// `step`.
class ProgramWriter {
public:
  explicit ProgramWriter(uint64_t seed) : random_(seed) {
    for (Shape shape : {Shape{3, 4}, Shape{4}, Shape{2, 3, 4}, Shape{3, 1}})
      arguments_.push_back(shape),
          values_.push_back({fmt::format("%a{}", arguments_.size() - 1), shape});
  }

  std::string write(int operations) {
    for (int i = 0; i < operations; ++i)
      step();
    // The last value, and up to two others.
    std::vector<size_t> results{values_.size() - 1};
    for (uint64_t i = below(3); i > 0; --i)
      results.push_back(below(values_.size()));
    std::string parameters, names, types;
    for (size_t i = 0; i < arguments_.size(); ++i)
      parameters += fmt::format("{}%a{}: {}", i ? ", " : "", i, type(arguments_[i]));
    for (size_t i = 0; i < results.size(); ++i) {
      const Value &value = values_[results[i]];
      names += (i ? ", " : "") + value.name;
      types += (i ? ", " : "") + type(value.shape);
    }
    return fmt::format("func.func @main({}) -> ({}) {{\n{}  return {} : {}\n}}\n", parameters,
                       types, body_, names, types);
  }

private:
  struct Value {
    std::string name;
    Shape shape;
  };

  uint64_t below(uint64_t n) { return random_() % n; }
  static std::string type(const Shape &shape) {
    std::string text = "tensor<";
    for (int64_t extent : shape)
      text += std::to_string(extent) + "x";
    return text + "i64>";
  }
  template <typename List> static std::string numbers(const List &list) {
    return fmt::format("[{}]", fmt::join(list, ", "));
  }
  /// Recent values are taken more often, so that chains grow.
  const Value &any() {
    size_t n = values_.size();
    return below(2) ? values_[n - 1 - below(std::min<size_t>(n, 4))] : values_[below(n)];
  }
  void add(const Shape &shape, const std::string &operation) {
    std::string name = fmt::format("%{}", values_.size());
    body_ += fmt::format("  {} = ricci.{}\n", name, operation);
    values_.push_back({name, shape});
  }
  static std::optional<Shape> broadcast(Shape a, Shape b) {
    if (a.size() < b.size())
      std::swap(a, b);
    for (size_t i = 0; i < b.size(); ++i) {
      int64_t &to = a[a.size() - b.size() + i];
      if (to != b[i] && to != 1 && b[i] != 1)
        return std::nullopt;
      to = to == 1 ? b[i] : to;
    }
    return a;
  }
  static int64_t count(const Shape &shape) {
    int64_t n = 1;
    for (int64_t extent : shape)
      n *= extent;
    return n;
  }

  void step() {
    Value x = any();
    size_t rank = x.shape.size(), axis = rank ? below(rank) : 0;
    std::string from = type(x.shape);
    switch (below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: {
      Value y = any();
      auto shape = broadcast(x.shape, y.shape);
      if (!shape || count(*shape) > 500)
        return;
      const char *ops[] = {"add", "subtract", "multiply", "maximum"};
      return add(*shape, fmt::format("elementwise {}({}, {}) : ({}, {}) -> {}", ops[below(4)],
                                     x.name, y.name, from, type(y.shape), type(*shape)));
    }
    case 5:
      return add(x.shape, fmt::format("elementwise negative({}) : ({}) -> {}", x.name, from, from));
    case 6:
    case 7:
    case 8: { // a reduction, mostly with keepdims
      if (rank == 0)
        return;
      std::vector<int64_t> dims{int64_t(axis)};
      if (axis + 1 < rank && below(3) == 0)
        dims.push_back(int64_t(axis + 1));
      Shape to, kept = x.shape;
      for (size_t i = 0; i < rank; ++i)
        if (std::find(dims.begin(), dims.end(), int64_t(i)) == dims.end())
          to.push_back(x.shape[i]);
        else
          kept[i] = 1;
      if (below(4) == 0)
        add(to, fmt::format("arg_reduce argmax {} dim = {} : {} -> {}", x.name, dims[0], from,
                            type(to = without(x.shape, axis))));
      else
        add(to, fmt::format("reduce {} {} dims = {} : {} -> {}", below(2) ? "sum" : "max", x.name,
                            numbers(dims), from, type(to)));
      if (values_.back().shape != to)
        values_.back().shape = to;
      if (below(3) == 0)
        return;
      if (count(kept) == count(to))
        add(kept, fmt::format("reshape {} : {} -> {}", values_.back().name, type(to), type(kept)));
      return;
    }
    case 9: {
      std::vector<int64_t> perm;
      for (size_t i = 0; i < rank; ++i)
        perm.push_back(int64_t(i));
      std::shuffle(perm.begin(), perm.end(), random_);
      Shape to;
      for (int64_t i : perm)
        to.push_back(x.shape[size_t(i)]);
      return add(to, fmt::format("transpose {} perm = {} : {} -> {}", x.name, numbers(perm), from,
                                 type(to)));
    }
    case 10: { // reshape: all axes as one, or one axis as two
      Shape to = below(2) ? Shape{count(x.shape)} : x.shape;
      if (!to.empty() && to[0] % 2 == 0 && below(2))
        to[0] /= 2, to.insert(to.begin() + 1, 2);
      return add(to, fmt::format("reshape {} : {} -> {}", x.name, from, type(to)));
    }
    case 11: {
      Shape start(rank, 0), step(rank, 1), to = x.shape;
      if (rank == 0)
        return;
      int64_t extent = to[axis];
      if (below(2)) {
        start[axis] = extent - 1, step[axis] = -1;
      } else if (extent > 1) {
        start[axis] = 1, to[axis] = extent - 1;
      }
      return add(to, fmt::format("slice {} start = {} size = {} step = {} : {} -> {}", x.name,
                                 numbers(start), numbers(to), numbers(step), from, type(to)));
    }
    case 12: {
      Shape to = x.shape;
      for (int64_t &extent : to)
        if (extent == 1)
          extent = 3;
      if (rank < 3)
        to.insert(to.begin(), 2);
      if (count(to) > 500)
        return;
      return add(to, fmt::format("broadcast {} : {} -> {}", x.name, from, type(to)));
    }
    case 13: {
      if (rank == 0)
        return;
      Shape to = x.shape;
      to[axis] *= 2;
      if (count(to) > 500)
        return;
      return add(to, fmt::format("concatenate dim = {} ({}, {}) : ({}, {}) -> {}", axis, x.name,
                                 x.name, from, from, type(to)));
    }
    case 14:
      if (rank == 0)
        return;
      if (below(2))
        return add(x.shape,
                   fmt::format("scan cumsum {} dim = {} : {} -> {}", x.name, axis, from, from));
      {
        Shape to = x.shape, low(rank, 0), high(rank, 0);
        low[axis] = 1, high[axis] = int64_t(below(2));
        to[axis] += low[axis] + high[axis];
        add({}, "constant dense<7> : tensor<i64>");
        return add(to,
                   fmt::format("pad {}, {} low = {} high = {} : {}, tensor<i64> -> {}", x.name,
                               values_.back().name, numbers(low), numbers(high), from, type(to)));
      }
    case 15:
      if (rank == 1) // a contraction with an argument
        return x.shape[0] == 4 ? add({3}, fmt::format("einsum \"j,ij->i\" ins({}, %a0 : {}, "
                                                      "tensor<3x4xi64>) -> tensor<3xi64>",
                                                      x.name, from))
                               : void();
      if (rank == 2 && x.shape[1] == 4)
        return add({x.shape[0]},
                   fmt::format("einsum \"ij,j->i\" ins({}, %a1 : {}, tensor<4xi64>) -> {}", x.name,
                               from, type({x.shape[0]})));
    }
  }
  static Shape without(Shape shape, size_t axis) {
    shape.erase(shape.begin() + ptrdiff_t(axis));
    return shape;
  }

  std::mt19937_64 random_;
  std::vector<Shape> arguments_;
  std::vector<Value> values_;
  std::string body_;
};

} // namespace ricci::test
