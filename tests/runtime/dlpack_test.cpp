//===- dlpack_test.cpp - tensors of other libraries, by DLPack ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/dlpack.h"

#include <gtest/gtest.h>

using namespace ricci;

namespace {

/// A tensor of another library, which counts how often it is given back.
template <typename Managed> struct Foreign {
  alignas(16) float data[8] = {0, 1, 2, 3, 4, 5, 6, 7};
  int64_t shape[2] = {2, 3}, strides[2] = {4, 1};
  Managed managed{};
  int deleted = 0;

  Foreign() {
    DLTensor &t = managed.dl_tensor;
    t.data = data;
    t.device.device_type = kDLCPU;
    t.ndim = 2;
    t.dtype = {kDLFloat, 32, 1};
    t.shape = shape;
    t.strides = strides;
    managed.manager_ctx = this;
    managed.deleter = [](Managed *self) { ++static_cast<Foreign *>(self->manager_ctx)->deleted; };
    if constexpr (std::is_same_v<Managed, DLManagedTensorVersioned>)
      managed.version = {1, 1};
  }
};

} // namespace

TEST(DLPack, TakesOverAndGivesBackOnce) {
  Foreign<DLManagedTensorVersioned> foreign;
  {
    Tensor row;
    {
      Tensor t = from_dlpack(&foreign.managed);
      EXPECT_EQ(t.type(), (TensorType{DType::f32, {2, 3}, {4, 1}}));
      EXPECT_EQ(t.data<float>(), foreign.data);
      EXPECT_FALSE(t.readOnly());
      row = t.select(0, 1);
    }
    EXPECT_EQ(foreign.deleted, 0);
    EXPECT_EQ(row.data<float>()[0], 4);
  }
  EXPECT_EQ(foreign.deleted, 1);

  foreign.managed.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
  foreign.managed.dl_tensor.strides = nullptr;
  foreign.managed.dl_tensor.byte_offset = 4;
  Tensor t = from_dlpack(&foreign.managed);
  EXPECT_TRUE(t.readOnly());
  EXPECT_EQ(t.strides(), (Strides{3, 1}));
  EXPECT_EQ(t.data<float>()[0], 1);
}

TEST(DLPack, WithoutAVersion) {
  Foreign<DLManagedTensor> foreign;
  from_dlpack(&foreign.managed);
  EXPECT_EQ(foreign.deleted, 1);
}

TEST(DLPack, RefusesWhatItCannotHold) {
  auto message = [](auto change) {
    Foreign<DLManagedTensorVersioned> foreign;
    change(foreign.managed);
    Expected<Tensor> t = try_from_dlpack(&foreign.managed);
    EXPECT_EQ(foreign.deleted, 0);
    return t ? "" : t.error().message;
  };
  using Managed = DLManagedTensorVersioned;
  EXPECT_EQ(message([](Managed &m) { m.version.major = 2; }),
            "the tensor is of DLPack 2.1; Ricci reads version 1");
  EXPECT_EQ(message([](Managed &m) { m.dl_tensor.device.device_type = DLDeviceType(13); }),
            "the DLPack tensor is on device type 13, not in the memory of the CPU or "
            "a GPU");
  EXPECT_EQ(message([](Managed &m) { m.dl_tensor.dtype.lanes = 4; }),
            "the DLPack tensor has type code 2 of 32 bits and 4 lanes, with which Ricci does not "
            "compute");
  EXPECT_EQ(message([](Managed &m) { m.dl_tensor.byte_offset = 2; }),
            "the data of the DLPack tensor are not aligned to the 4 bytes of their type");
  EXPECT_NE(message([](Managed &m) { m.dl_tensor.shape[0] = -1; }), "");
  EXPECT_NE(message([](Managed &m) { m.dl_tensor.ndim = -1; }), "");
  EXPECT_EQ(message([](Managed &m) { m.dl_tensor.data = nullptr; }),
            "the DLPack tensor has no data");
}

TEST(DLPack, EveryTypeGoesOutAndIn) {
  for (int i = 0; i < kNumDTypes; ++i) {
    Tensor own = Tensor::allocate(DType(i), {3, 4}).value();
    const void *data = own.raw();
    DLManagedTensorVersioned *managed = to_dlpack(own.transpose());
    EXPECT_EQ(managed->version.major, 1u);
    EXPECT_EQ(managed->dl_tensor.dtype.bits, 8 * itemSize(DType(i)));
    own = Tensor(); // the managed tensor keeps the memory
    Tensor back = from_dlpack(managed);
    EXPECT_EQ(back.type(), (TensorType{DType(i), {4, 3}, {1, 4}}));
    EXPECT_EQ(back.raw(), data);
  }
}

TEST(DLPack, ReadOnlyNeedsAVersion) {
  const float constant[2] = {};
  Tensor t = Tensor::borrow(constant, {2});
  Tensor back = from_dlpack(to_dlpack(t));
  EXPECT_TRUE(back.readOnly());
  EXPECT_FALSE(try_to_dlpack_unversioned(t));
  float data[2] = {};
  Expected<DLManagedTensor *> managed = try_to_dlpack_unversioned(Tensor::borrow(data, {2}));
  ASSERT_TRUE(managed);
  EXPECT_EQ((*managed)->dl_tensor.ndim, 1);
  (*managed)->deleter(*managed);
}

TEST(DLPack, RefusesNull) {
  for (const Expected<Tensor> &tensor :
       {try_from_dlpack(static_cast<DLManagedTensorVersioned *>(nullptr)),
        try_from_dlpack(static_cast<DLManagedTensor *>(nullptr))}) {
    ASSERT_FALSE(tensor);
    EXPECT_EQ(tensor.error().message, "the DLPack tensor is a null pointer");
  }
}
