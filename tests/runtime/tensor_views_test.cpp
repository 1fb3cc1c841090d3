//===- tensor_views_test.cpp - views of tensors -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

using namespace ricci;

namespace {

/// 0, 1, 2 … in C order.
struct Numbers {
  std::vector<int32_t> data;
  Tensor tensor;
  explicit Numbers(Shape shape) {
    Expected<int64_t> count = elementCount(shape, DType::i32);
    data.resize(size_t(*count));
    std::iota(data.begin(), data.end(), 0);
    tensor = Tensor::borrow(data.data(), std::move(shape));
  }
};

/// The elements in C order.
std::vector<int32_t> elements(const Tensor &t) {
  Tensor copy = t.contiguous().value();
  return {copy.data<int32_t>(), copy.data<int32_t>() + copy.size()};
}

using Elements = std::vector<int32_t>;

} // namespace

TEST(TensorViews, SlicesAsPython) {
  Numbers n({10});
  auto slice = [&](Slice range) { return elements(n.tensor.slice(0, range)); };
  EXPECT_EQ(slice({2, 5, {}}), (Elements{2, 3, 4}));
  EXPECT_EQ(slice({-3, {}, {}}), (Elements{7, 8, 9}));
  EXPECT_EQ(slice({{}, {}, 4}), (Elements{0, 4, 8}));
  EXPECT_EQ(slice({{}, {}, -4}), (Elements{9, 5, 1}));
  EXPECT_EQ(slice({7, 2, -2}), (Elements{7, 5, 3}));
  EXPECT_EQ(slice({100, {}, -6}), (Elements{9, 3}));
  EXPECT_EQ(slice({-100, 100, 9}), (Elements{0, 9}));
  EXPECT_EQ(slice({5, 2, {}}), (Elements{}));
  EXPECT_EQ(slice({3, -100, -1}), (Elements{3, 2, 1, 0}));
  const int64_t least = std::numeric_limits<int64_t>::min();
  EXPECT_EQ(slice({{}, {}, least}), (Elements{9}));
  EXPECT_EQ(slice({least, {}, {}}), slice({}));

  Tensor rows = Numbers({4, 3}).tensor.slice(-2, {1, 3, {}});
  EXPECT_EQ(rows.shape(), (Shape{2, 3}));
  EXPECT_EQ(rows.strides(), (Strides{3, 1}));
  EXPECT_EQ(n.tensor.try_slice(0, {{}, {}, 0}).error().message, "the step of a slice is 0");
  EXPECT_EQ(n.tensor.try_slice(1, {}).error().message, "there is no axis 1 in shape (10,)");
}

TEST(TensorViews, SelectsAnIndex) {
  Numbers n({2, 3, 4});
  EXPECT_EQ(elements(n.tensor.select(1, -1)), (Elements{8, 9, 10, 11, 20, 21, 22, 23}));
  Tensor element = n.tensor.select(0, 1).select(0, 2).select(0, 3);
  EXPECT_EQ(element.shape(), Shape());
  EXPECT_EQ(*element.data<int32_t>(), 23);
  EXPECT_EQ(n.tensor.try_select(2, 4).error().message,
            "index 4 is out of range for axis 2 of size 4");
  EXPECT_FALSE(element.try_select(0, 0));
}

TEST(TensorViews, Transposes) {
  Numbers n({2, 3, 4});
  EXPECT_EQ(n.tensor.transpose().strides(), (Strides{1, 4, 12}));
  EXPECT_EQ(n.tensor.transpose().shape(), (Shape{4, 3, 2}));
  EXPECT_EQ(n.tensor.transpose({1, -1, 0}).shape(), (Shape{3, 4, 2}));
  EXPECT_EQ(Numbers({}).tensor.transpose().shape(), Shape());
  EXPECT_EQ(n.tensor.try_transpose({0, 1, -3}).error().message, "axis 0 is given twice");
  EXPECT_FALSE(n.tensor.try_transpose({0, 1}));
  EXPECT_FALSE(n.tensor.try_transpose({0, 1, 3}));
}

TEST(TensorViews, ReshapesWhereStridesAllow) {
  Numbers n({4, 6});
  EXPECT_EQ(n.tensor.reshape({2, -1}).shape(), (Shape{2, 12}));
  EXPECT_EQ(n.tensor.reshape({24}).strides(), (Strides{1}));
  EXPECT_EQ(n.tensor.reshape({1, 4, 1, 6, 1}).shape(), (Shape{1, 4, 1, 6, 1}));

  // Each axis of a transposed or sliced matrix can be split; its axes cannot be merged.
  Tensor t = n.tensor.transpose().slice(0, {{}, {}, 2}); // shape (3, 4), strides (2, 6)
  Tensor split = t.reshape({3, 2, 1, 2});
  EXPECT_EQ(split.strides()[0], 2);
  EXPECT_EQ(split.strides()[1], 12);
  EXPECT_EQ(split.strides()[3], 6);
  EXPECT_EQ(elements(split), elements(t));
  EXPECT_EQ(t.try_reshape({12}).error().message,
            "shape (3, 4) with strides [2,6] cannot be viewed as shape (12,); contiguous() makes a "
            "copy that can");
  EXPECT_EQ(elements(t.contiguous().value().reshape({12})), elements(t));
  EXPECT_FALSE(t.try_reshape({2, 6}));
  // Every second row, whose elements are one walk.
  Tensor rows = n.tensor.slice(1, {0, 6, 2}).slice(0, {1, {}, {}});
  EXPECT_EQ(elements(rows.reshape({9})), elements(rows));
  Tensor broadcast = Tensor::borrow(n.data.data(), {2, 3}, {0, 0});
  EXPECT_EQ(broadcast.reshape({6}).strides(), (Strides{0}));

  EXPECT_EQ(n.tensor.try_reshape({5, -1}).error().message,
            "shape (4, 6) has 24 elements, which shape (5, -1) cannot hold");
  EXPECT_FALSE(n.tensor.try_reshape({-1, -1}));
  EXPECT_FALSE(n.tensor.try_reshape({-2, -12}));
  EXPECT_FALSE(n.tensor.try_reshape({25}));
  Numbers empty({0, 3});
  EXPECT_EQ(empty.tensor.reshape({7, 0}).shape(), (Shape{7, 0}));
  EXPECT_EQ(empty.tensor.reshape({2, -1}).shape(), (Shape{2, 0}));
  EXPECT_FALSE(empty.tensor.try_reshape({0, -1}));
  EXPECT_EQ(Numbers({1, 1}).tensor.reshape({}).shape(), Shape());
}

/// Whatever can be viewed has the elements of the copy; NumPy's rule decides what can.
TEST(TensorViews, ReshapesEveryLayout) {
  Numbers n({2, 3, 4});
  int views = 0;
  std::vector<int64_t> axes{0, 1, 2};
  do {
    Tensor t = n.tensor.transpose(axes);
    for (const Shape &shape : {Shape{24},
                               {4, 6},
                               {6, 4},
                               {2, 12},
                               {12, 2},
                               {3, 8},
                               {8, 3},
                               {2, 3, 2, 2},
                               {2, 2, 2, 3},
                               {3, 2, 2, 2},
                               {1, 2, 12}}) {
      Expected<Tensor> view = t.try_reshape(shape);
      if (!view)
        continue;
      ++views;
      EXPECT_EQ(elements(*view), elements(t)) << formatShape(shape);
    }
  } while (std::next_permutation(axes.begin(), axes.end()));
  EXPECT_EQ(views, 18);
}

TEST(TensorViews, ShareMemoryAndPermission) {
  Tensor view;
  {
    Tensor own = Tensor::allocate(DType::i32, {10, 10}).value();
    std::iota(own.data<int32_t>(), own.data<int32_t>() + 100, 0);
    view = own.transpose().slice(0, {5, {}, {}});
    EXPECT_TRUE(own.asReadOnly().select(0, 0).readOnly());
    EXPECT_FALSE(view.readOnly());
  }
  EXPECT_EQ(view.select(1, 9).data<int32_t>()[0], 95);
  const float constant[4] = {};
  EXPECT_TRUE(Tensor::borrow(constant, {2, 2}).reshape({4}).readOnly());
}

TEST(TensorViews, FortranOrder) {
  EXPECT_EQ(fortranStrides({2, 3, 4}), (Strides{1, 2, 6}));
  EXPECT_EQ(fortranStrides({}), Strides());
  Numbers n({6});
  Tensor t = Tensor::borrow(n.data.data(), {2, 3}, fortranStrides({2, 3}));
  EXPECT_EQ(elements(t), (Elements{0, 2, 4, 1, 3, 5}));
}

TEST(TensorViews, WrongTypesAreErrors) {
  int32_t data[4] = {};
  Tensor t = Tensor::borrow(data, {2, 2}, {1});
  EXPECT_FALSE(t.isContiguous());
  EXPECT_EQ(t.try_reshape({4}).error().message, "shape (2, 2) has 2 axes, but there are 1 strides");
  EXPECT_FALSE(t.try_slice(0, {}));
  EXPECT_FALSE(t.contiguous());
  const int64_t far = std::numeric_limits<int64_t>::max() / 2;
  EXPECT_FALSE(Tensor::borrow(data, {4}, {far}).try_slice(0, {3, {}, {}}));
  EXPECT_FALSE(Tensor::borrow(data, {4}, {far}).try_slice(0, {{}, {}, 3}));
}
