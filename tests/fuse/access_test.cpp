//===- access_test.cpp - views and maps against brute force --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/access.h"
#include "compiler/fuse/fusion.h"
#include "compiler/ir/context.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <random>

namespace ricci::test {
namespace {

using Shape = std::vector<int64_t>;
using llvm::ArrayRef;

int64_t count(ArrayRef<int64_t> shape) {
  int64_t n = 1;
  for (int64_t extent : shape)
    n *= extent;
  return n;
}

/// Every index of a shape in C order.
std::vector<Shape> indices(ArrayRef<int64_t> shape) {
  std::vector<Shape> list;
  for (int64_t linear = 0; linear < count(shape); ++linear) {
    Shape index(shape.size());
    int64_t rest = linear;
    for (size_t i = shape.size(); i-- > 0; rest /= shape[i])
      index[i] = rest % shape[i];
    list.push_back(index);
  }
  return list;
}

int64_t offsetOf(const StridedView &view, ArrayRef<int64_t> index) {
  int64_t offset = view.offset;
  for (auto [i, stride] : llvm::zip_equal(index, view.strides))
    offset += i * stride;
  return offset;
}

std::vector<int64_t> offsets(const StridedView &view) {
  std::vector<int64_t> list;
  for (const Shape &index : indices(view.shape))
    list.push_back(offsetOf(view, index));
  return list;
}

/// All shapes of up to three axes with this many elements, of extents 1 to 12 (any of 0).
std::vector<Shape> shapesOf(int64_t elements) {
  std::vector<Shape> list;
  if (elements == 1)
    list.push_back({});
  for (int64_t i : {0, 1, 2, 3, 4, 6, 12}) {
    if (i == elements)
      list.push_back({i});
    for (int64_t j : {0, 1, 2, 3, 4, 6, 12}) {
      if (i * j == elements)
        list.push_back({i, j});
      for (int64_t k : {0, 1, 2, 3, 4, 6, 12})
        if (i * j * k == elements)
          list.push_back({i, j, k});
    }
  }
  return list;
}

/// Whether any strides give these offsets.
bool stridesExist(ArrayRef<int64_t> shape, ArrayRef<int64_t> wanted) {
  StridedView view;
  view.shape.assign(shape.begin(), shape.end());
  view.offset = wanted.empty() ? 0 : wanted[0];
  int64_t step = count(shape);
  for (int64_t extent : shape) {
    step = extent ? step / extent : 0;
    view.strides.push_back(extent > 1 && !wanted.empty() ? wanted[size_t(step)] - wanted[0] : 0);
  }
  return ArrayRef<int64_t>(offsets(view)) == wanted;
}

TEST(Access, ReshapeViewFindsStridesWhereTheyExist) {
  std::mt19937 random(1);
  for (int64_t elements : {0, 1, 2, 4, 12})
    for (const Shape &from : shapesOf(elements))
      for (const Shape &to : shapesOf(elements))
        for (int layout = 0; layout < 6; ++layout) {
          StridedView view;
          view.shape.assign(from.begin(), from.end());
          view.strides.assign(from.size(), 0);
          view.offset = layout;
          // C order, backwards, with gaps, or anything.
          int64_t next = layout == 1 ? -1 : layout == 2 ? 3 : 1;
          for (size_t i = from.size(); i-- > 0;) {
            view.strides[i] = layout < 4 ? next : int64_t(random() % 5) - 2;
            next *= from[i];
            next += layout == 3 && i == 1;
          }
          SCOPED_TRACE(fmt::format("{} by {} to {}", from,
                                   Shape(view.strides.begin(), view.strides.end()), to));
          auto result = reshapeView(view, to);
          std::vector<int64_t> wanted = offsets(view);
          ASSERT_EQ(result.has_value(), stridesExist(to, wanted));
          if (result) {
            EXPECT_EQ(ArrayRef<int64_t>(result->shape), ArrayRef<int64_t>(to));
            EXPECT_EQ(offsets(*result), wanted);
          }
        }
}

/// One operation on an argument, as MLIR.
class ViewTest : public testing::Test {
protected:
  mlir::Operation *parse(const std::string &argument, const std::string &operation) {
    std::string text = fmt::format("func.func @f(%a: {}) {{\n  %0 = ricci.{}\n  return\n}}\n",
                                   argument, operation);
    module_ = mlir::parseSourceString<mlir::ModuleOp>(text, context_.get());
    if (!module_) {
      ADD_FAILURE() << text;
      return nullptr;
    }
    mlir::Operation *found = nullptr;
    module_->walk([&](mlir::Operation *op) {
      if (isView(op))
        found = op;
    });
    return found;
  }

  /// Which element (C order) of the operand every element of the result is.
  static std::vector<int64_t> meaning(mlir::Operation *op) {
    auto shape = [](mlir::Value v) {
      return mlir::cast<mlir::RankedTensorType>(v.getType()).getShape();
    };
    ArrayRef<int64_t> from = shape(op->getOperand(0)), to = shape(op->getResult(0));
    std::vector<int64_t> list;
    for (auto [linear, index] : llvm::enumerate(indices(to))) {
      Shape at(from.size(), 0);
      if (auto transpose = mlir::dyn_cast<TransposeOp>(op)) {
        for (auto [i, axis] : llvm::enumerate(transpose.getPerm()))
          at[size_t(axis)] = index[i];
      } else if (auto slice = mlir::dyn_cast<SliceOp>(op)) {
        for (size_t i = 0; i < from.size(); ++i)
          at[i] = slice.getStart()[i] + index[i] * slice.getStep()[i];
      } else if (mlir::isa<BroadcastOp>(op)) {
        for (size_t i = 0; i < from.size(); ++i)
          at[i] = from[i] == 1 ? 0 : index[i + to.size() - from.size()];
      } else if (auto windows = mlir::dyn_cast<WindowsOp>(op)) {
        at.assign(index.begin(), index.end() - 1);
        at[windows.getDim()] += index.back();
      } else {
        at = indices(from)[linear];
      }
      int64_t element = 0;
      for (size_t i = 0; i < from.size(); ++i)
        element = element * from[i] + at[i];
      list.push_back(element);
    }
    return list;
  }

  void expectRight(const std::string &argument, const std::string &operation) {
    SCOPED_TRACE(operation);
    mlir::Operation *op = parse(argument, operation);
    if (!op)
      return;
    auto shape = [](mlir::Value v) {
      return mlir::cast<mlir::RankedTensorType>(v.getType()).getShape();
    };
    ArrayRef<int64_t> from = shape(op->getOperand(0)), to = shape(op->getResult(0));
    std::vector<int64_t> wanted = meaning(op);
    // In memory, C order: the offset of an element is its number.
    StridedView view;
    view.shape.assign(from.begin(), from.end());
    int64_t next = 1;
    view.strides.assign(from.size(), 0);
    for (size_t i = from.size(); i-- > 0; next *= from[i])
      view.strides[i] = next;
    auto placed = viewThrough(op, view);
    ASSERT_EQ(placed.has_value(), mlir::isa<ReshapeOp>(op) ? stridesExist(to, wanted) : true);
    if (placed) {
      EXPECT_EQ(offsets(*placed), wanted);
    }
    // Computed: the map gives the operand's index.
    auto map = mapThrough(op, identityMap(to.size()));
    if (!map) {
      EXPECT_TRUE(mlir::isa<ReshapeOp>(op));
      EXPECT_TRUE(merges(from, to));
      return;
    }
    ASSERT_EQ(map->terms.size(), from.size());
    std::vector<int64_t> elements;
    for (const Shape &index : indices(to)) {
      int64_t element = 0;
      for (auto [term, extent] : llvm::zip_equal(map->terms, from)) {
        int64_t at = term.offset;
        for (auto [i, factor] : llvm::zip_equal(index, term.factors))
          at += i * factor;
        element = element * extent + at;
      }
      elements.push_back(element);
    }
    EXPECT_EQ(elements, wanted);
  }

  /// Whether an axis of `to` holds several of `from`: no factors give their indices.
  static bool merges(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
    // An index of `from` must grow by a constant along every axis of `to`.
    auto axes = [&](int64_t linear) {
      Shape index = indices(from)[size_t(linear)];
      return index;
    };
    int64_t step = count(to);
    for (int64_t extent : to) {
      step /= extent;
      for (int64_t linear = 0; linear + 2 * step < count(to); ++linear) {
        if (linear / step % extent + 2 >= extent)
          continue;
        Shape a = axes(linear), b = axes(linear + step), c = axes(linear + 2 * step);
        for (size_t i = 0; i < a.size(); ++i)
          if (b[i] - a[i] != c[i] - b[i])
            return true;
      }
      for (int64_t linear = 0; linear + step < count(to); ++linear) {
        if (linear / step % extent + 1 >= extent)
          continue;
        Shape a = axes(0), b = axes(step), c = axes(linear), d = axes(linear + step);
        for (size_t i = 0; i < a.size(); ++i)
          if (b[i] - a[i] != d[i] - c[i])
            return true;
      }
    }
    return false;
  }

private:
  std::unique_ptr<mlir::MLIRContext> context_ = makeContext();
  mlir::OwningOpRef<mlir::ModuleOp> module_;
};

std::string type(const Shape &shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32>";
}

TEST_F(ViewTest, Reshapes) {
  for (int64_t elements : {0, 1, 2, 4, 12})
    for (const Shape &from : shapesOf(elements))
      for (const Shape &to : shapesOf(elements))
        if (elements != 0 || (from.size() < 3 && to.size() < 3))
          expectRight(type(from), fmt::format("reshape %a : {} -> {}", type(from), type(to)));
}

TEST_F(ViewTest, OtherViews) {
  for (Shape from : {Shape{2, 3, 4}, Shape{1, 3, 1}, Shape{0, 3, 2}}) {
    std::string argument = type(from);
    for (Shape perm :
         {Shape{0, 1, 2}, Shape{2, 0, 1}, Shape{1, 0, 2}, Shape{2, 1, 0}, Shape{1, 2, 0}})
      expectRight(argument, fmt::format("transpose %a perm = {} : {} -> {}", perm, argument,
                                        type({from[size_t(perm[0])], from[size_t(perm[1])],
                                              from[size_t(perm[2])]})));
    Shape to{5, from[0] == 1 ? 2 : from[0], 3, from[2] == 1 ? 4 : from[2]};
    expectRight(argument, fmt::format("broadcast %a : {} -> {}", argument, type(to)));
    expectRight(argument, fmt::format("windows %a dim = 1 size = 2 : {} -> {}", argument,
                                      type({from[0], 2, from[2], 2})));
    expectRight(
        argument,
        fmt::format(
            "slice %a start = [0, 2, 0] size = [{0}, 3, {1}] step = [1, -1, 1] : {2} -> {2}",
            from[0], from[2], argument));
    expectRight(
        argument,
        fmt::format("slice %a start = [0, 1, 0] size = [{0}, 1, {1}] step = [1, 2, 1] : {2} -> {3}",
                    from[0], from[2], argument, type({from[0], 1, from[2]})));
    expectRight(
        argument,
        fmt::format("slice %a start = [0, 0, 0] size = [{0}, 0, {1}] step = [1, 1, 1] : {2} -> {3}",
                    from[0], from[2], argument, type({from[0], 0, from[2]})));
  }
  expectRight(
      "tensor<2x5xf32>",
      "slice %a start = [1, 4] size = [2, 3] step = [-1, -2] : tensor<2x5xf32> -> tensor<2x3xf32>");
  expectRight("tensor<f32>", "broadcast %a : tensor<f32> -> tensor<2x0xf32>");
}

TEST(Access, BroadcastMapDropsAxesOfOneElement) {
  IndexMap map = identityMap(3);
  map.terms[2].offset = 7;
  IndexMap inner = broadcastMap({1, 4}, map);
  ASSERT_EQ(inner.terms.size(), 2u);
  EXPECT_EQ(inner.terms[0], (IndexTerm{0, {0, 0, 0}}));
  EXPECT_EQ(inner.terms[1], (IndexTerm{7, {0, 0, 1}}));
  EXPECT_TRUE(broadcastMap({}, map).terms.empty());
}

TEST(Access, EmbedTakesAxesInOrder) {
  auto factors = [](std::optional<IndexMap> map) {
    std::vector<Shape> list;
    if (map)
      for (const IndexTerm &term : map->terms)
        list.emplace_back(term.factors.begin(), term.factors.end());
    return list;
  };
  using Lists = std::vector<Shape>;
  // On all axes; those of extent 1 count for nothing on either side.
  EXPECT_EQ(factors(embed({3, 4}, {3, 4}, {false, true}, false)), (Lists{{1, 0}, {0, 1}}));
  EXPECT_EQ(factors(embed({3, 1, 4}, {1, 3, 4}, {false, false, true}, false)),
            (Lists{{0, 1, 0}, {0, 0, 0}, {0, 0, 1}}));
  EXPECT_EQ(factors(embed({}, {1}, {true}, false)), Lists{});
  EXPECT_TRUE(embed({}, {1}, {true}, false));
  // On the kept ones.
  EXPECT_EQ(factors(embed({3}, {3, 3}, {false, true}, true)), (Lists{{1, 0}}));
  EXPECT_EQ(factors(embed({3}, {3, 3}, {true, false}, true)), (Lists{{0, 1}}));
  EXPECT_EQ(factors(embed({3, 1}, {3, 4}, {false, true}, true)), (Lists{{1, 0}, {0, 0}}));
  EXPECT_EQ(factors(embed({0, 2}, {0, 5, 2}, {false, true, false}, true)),
            (Lists{{1, 0, 0}, {0, 0, 1}}));
  // Shapes that differ.
  EXPECT_FALSE(embed({4}, {3, 4}, {false, true}, true));
  EXPECT_FALSE(embed({3}, {3, 4}, {false, false}, false));
  EXPECT_FALSE(embed({3, 4, 2}, {3, 4}, {false, false}, false));
  EXPECT_FALSE(embed({4, 3}, {3, 4}, {false, false}, false));
  EXPECT_FALSE(embed({}, {0}, {false}, false));
}

} // namespace
} // namespace ricci::test
