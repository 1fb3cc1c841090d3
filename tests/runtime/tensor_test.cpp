//===- tensor_test.cpp - strided tensors ---------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/tensor.h"

#include <gtest/gtest.h>

#include <complex>
#include <limits>
#include <numeric>

using namespace ricci;

TEST(Shape, Texts) {
  EXPECT_EQ(formatShape({}), "()");
  EXPECT_EQ(formatShape({3}), "(3,)");
  EXPECT_EQ(formatShape({3, 4}), "(3, 4)");
  EXPECT_EQ((TensorType{DType::bf16, {3, 4}, {4, 1}}.str()), "bf16[3,4]");
  EXPECT_EQ((TensorType{DType::f32, {}, {}}.str()), "f32[]");
}

TEST(Shape, CountsAreChecked) {
  const int64_t big = int64_t(1) << 62;
  EXPECT_EQ(*elementCount({}, DType::f64), 1);
  EXPECT_EQ(*elementCount({3, 4, 5}, DType::f64), 60);
  EXPECT_EQ(*elementCount({3, 0, 5}, DType::f64), 0);
  EXPECT_EQ(*elementCount({big}, DType::i8), big);
  for (const Shape &shape : {Shape{big, 2}, Shape{big}, Shape{0, big, big}, Shape{big, 0}})
    EXPECT_FALSE(elementCount(shape, DType::f32)) << formatShape(shape);
  Expected<int64_t> negative = elementCount({3, -1}, DType::f32);
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().message, "shape (3, -1) has the negative extent -1");
}

TEST(Shape, Contiguity) {
  EXPECT_EQ(contiguousStrides({2, 3, 4}), (Strides{12, 4, 1}));
  EXPECT_EQ(contiguousStrides({2, 0, 4}), (Strides{4, 4, 1}));
  EXPECT_TRUE(isContiguous({}, {}));
  EXPECT_TRUE(isContiguous({2, 3}, {3, 1}));
  EXPECT_TRUE(isContiguous({2, 1, 3}, {3, 77, 1}));
  EXPECT_TRUE(isContiguous({1, 1}, {-5, 0}));
  EXPECT_TRUE(isContiguous({4, 0}, {-1, 9}));
  EXPECT_FALSE(isContiguous({2, 3}, {1, 2}));
  EXPECT_FALSE(isContiguous({2, 3}, {4, 1}));
  EXPECT_FALSE(isContiguous({3}, {-1}));
  EXPECT_FALSE(isContiguous({3}, {0}));
}

TEST(Tensor, BorrowedAndAllocated) {
  float data[6] = {};
  Tensor t = Tensor::borrow(data, {2, 3});
  EXPECT_EQ(t.dtype(), DType::f32);
  EXPECT_EQ(t.strides(), (Strides{3, 1}));
  EXPECT_EQ(t.size(), 6);
  EXPECT_FALSE(t.readOnly());
  EXPECT_EQ(t.data<float>(), data);
  const int64_t constant[2] = {1, 2};
  EXPECT_TRUE(Tensor::borrow(constant, {2}).readOnly());
  EXPECT_EQ(Tensor().size(), 1);

  Expected<Tensor> own = Tensor::allocate(DType::f64, {3, 0});
  ASSERT_TRUE(own);
  EXPECT_EQ(own->size(), 0);
  EXPECT_NE(own->raw(), nullptr);
  EXPECT_FALSE(Tensor::allocate(DType::f64, {-2}));
  Expected<Tensor> huge = Tensor::allocate(DType::i8, {std::numeric_limits<int64_t>::max()});
  ASSERT_FALSE(huge);
  EXPECT_EQ(huge.error().kind, ErrorKind::Machine);
  EXPECT_NE(huge.error().message.find("9223372036854775807 bytes"), std::string::npos);
}

/// Every element by its index.
template <typename T> static void checkCopy(const Tensor &view) {
  Expected<Tensor> copy = view.contiguous();
  ASSERT_TRUE(copy);
  ASSERT_TRUE(copy->isContiguous());
  ASSERT_EQ(copy->shape(), view.shape());
  ASSERT_EQ(copy->dtype(), view.dtype());
  for (int64_t i = 0; i < view.size(); ++i) {
    int64_t rest = i, offset = 0;
    for (int64_t axis = view.rank(); axis-- > 0;) {
      offset += rest % view.shape()[axis] * view.strides()[axis];
      rest /= view.shape()[axis];
    }
    ASSERT_EQ(copy->data<T>()[i], view.data<T>()[offset]) << i;
  }
}

template <typename T> static void checkLayouts(DType dtype) {
  std::vector<T> data(240);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = T(i + 1);
  auto view = [&](int64_t offset, Shape shape, Strides strides) {
    return Tensor::borrow(data.data() + offset, dtype, std::move(shape), std::move(strides));
  };
  checkCopy<T>(view(0, {4, 5, 6}, {30, 6, 1}));
  checkCopy<T>(view(0, {6, 5, 4}, {1, 6, 30}));
  checkCopy<T>(view(0, {4, 3}, {60, 2}));
  checkCopy<T>(view(239, {4, 5, 6}, {-30, -6, -1}));
  checkCopy<T>(view(5, {4, 6}, {6, -1}));
  checkCopy<T>(view(0, {3, 4}, {0, 1}));
  checkCopy<T>(view(7, {3, 4}, {0, 0}));
  checkCopy<T>(view(0, {3, 4, 2}, {1, 0, -0}));
  checkCopy<T>(view(0, {5, 5}, {1, 1}));
  checkCopy<T>(view(9, {}, {}));
  checkCopy<T>(view(9, {1, 1}, {1000000, -7}));
  checkCopy<T>(view(0, {2, 1, 3}, {3, 99, 1}));
  checkCopy<T>(view(0, {2, 0, 3}, {3, 99, 1}));
}

TEST(Tensor, CopiesAnyStrides) {
  checkLayouts<uint8_t>(DType::u8);
  checkLayouts<int16_t>(DType::i16);
  checkLayouts<float>(DType::f32);
  checkLayouts<double>(DType::f64);
  checkLayouts<std::complex<double>>(DType::c128);
}

TEST(Tensor, DataLivesAsLongAsItsViews) {
  Tensor view;
  {
    Expected<Tensor> own = Tensor::allocate(DType::i32, {1000});
    ASSERT_TRUE(own);
    std::iota(own->data<int>(), own->data<int>() + 1000, 0);
    view = *own;
  }
  Expected<Tensor> other = Tensor::allocate(DType::i32, {1000});
  ASSERT_TRUE(other);
  EXPECT_NE(other->raw(), view.raw());
  EXPECT_EQ(view.data<int>()[999], 999);
}

TEST(Tensor, Overlap) {
  float data[100];
  Tensor first = Tensor::borrow(data, {10}), second = Tensor::borrow(data + 10, {10});
  EXPECT_FALSE(mayOverlap(first, second));
  EXPECT_TRUE(mayOverlap(first, first));
  EXPECT_TRUE(mayOverlap(Tensor::borrow(data, {11}), second));
  // Reaches back from its data pointer.
  EXPECT_TRUE(mayOverlap(first, Tensor::borrow(data + 19, {11}, {-1})));
  EXPECT_FALSE(mayOverlap(first, Tensor::borrow(data + 19, {10}, {-1})));
  EXPECT_FALSE(mayOverlap(first, Tensor::borrow(data, {0})));
  EXPECT_TRUE(mayOverlap(Tensor::borrow(data, {50}, {2}), Tensor::borrow(data + 1, {49}, {2})));
  const int64_t far = std::numeric_limits<int64_t>::max() / 2;
  EXPECT_TRUE(mayOverlap(first, Tensor::borrow(data, DType::f32, {3, 3}, {far, -far})));
}

TEST(Tensor, RefusesPointersToNoElements) {
  auto borrowed = [](void *data, DType dtype, Shape shape) -> std::string {
    try {
      Tensor::borrow(data, dtype, shape);
    } catch (const Error &error) {
      EXPECT_EQ(error.diagnostic().kind, ErrorKind::Usage);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(borrowed(nullptr, DType::f32, {4, 4}), "the data of f32[4,4] are a null pointer");
  EXPECT_EQ(borrowed(nullptr, DType::f32, {4, 0}), "");
  alignas(16) char bytes[64] = {};
  EXPECT_EQ(borrowed(bytes + 2, DType::f32, {4}),
            "the data of f32[4] are not aligned to the 4 bytes of their type");
  EXPECT_EQ(borrowed(bytes + 8, DType::c128, {2}), "");
  EXPECT_NE(borrowed(bytes + 4, DType::c128, {2}), "");
  EXPECT_EQ(borrowed(bytes + 1, DType::f32, {0}), "");
  EXPECT_THROW(Tensor::borrowConst(nullptr, DType::u8, {1}), Error);
}

TEST(Tensor, WithoutData) {
  const Tensor none;
  EXPECT_EQ(none.type(), TensorType());
  EXPECT_EQ(none.contiguous().error().message, "the data of f32[] are a null pointer");
  Tensor from = Tensor::allocate(DType::i8, {3}).value();
  const Tensor to = std::move(from);
  EXPECT_EQ(to.type().str(), "i8[3]");
  EXPECT_EQ(from.rank(), 0); // NOLINT(bugprone-use-after-move): as after the default constructor
}
