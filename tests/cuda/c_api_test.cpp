//===- c_api_test.cpp - GPUs through the C interface ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// On the fake driver. RICCI_FAKE_NVRTC is the file of the fake NVRTC.
//
//===----------------------------------------------------------------------===//
#include "frontend/api/c_api.h"
#include "runtime/dlpack_abi.h"
#include "tests/cuda/fake/fake.h"

#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {

const bool kHasNvrtc = [] { return setenv("RICCI_NVRTC", RICCI_FAKE_NVRTC, 1) == 0; }();

class CApiOnGpu : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_TRUE(kHasNvrtc);
    ASSERT_EQ(ricci_set_cache_folder("off", nullptr), RICCI_OK);
    options_.device = nullptr;
  }
  void TearDown() override {
    for (ricci_tensor *tensor : tensors_)
      ricci_tensor_free(tensor);
    ricci_error_free(error_);
    EXPECT_GT(fake_cuda_calls("cuInit"), 0) << "another driver";
  }

  /// The message of an error, or "".
  std::string message(ricci_status status) {
    std::string text = status == RICCI_OK ? "" : ricci_error_message(error_);
    ricci_error_free(error_);
    error_ = nullptr;
    return text;
  }
  ricci_tensor *own(ricci_tensor *tensor) {
    tensors_.push_back(tensor);
    return tensor;
  }
  /// A matrix of the host, and the same on a device.
  ricci_tensor *matrix(std::vector<float> &data, int64_t rows, int64_t columns) {
    const int64_t shape[] = {rows, columns};
    ricci_tensor *tensor = nullptr;
    EXPECT_EQ(
        message(ricci_tensor_borrow(RICCI_F32, 2, shape, nullptr, data.data(), &tensor, &error_)),
        "");
    return own(tensor);
  }
  ricci_tensor *to(const ricci_tensor *tensor, const char *device) {
    ricci_tensor *result = nullptr;
    EXPECT_EQ(message(ricci_tensor_to(tensor, device, &result, &error_)), "");
    return own(result);
  }
  std::vector<float> elements(const ricci_tensor *tensor) {
    const ricci_tensor *host = to(tensor, "cpu");
    auto *data = static_cast<const float *>(ricci_tensor_data(host));
    return std::vector<float>(data, data + ricci_tensor_size(host));
  }

  std::vector<float> a_{1, 2, 3, 4, 5, 6}, b_{1, 0, 2, 1, 0, 3};
  const std::vector<float> product_{5, 11, 14, 23}; ///< (2, 3) by (3, 2)
  ricci_options options_ = RICCI_OPTIONS_INIT;
  ricci_error *error_ = nullptr;
  std::vector<ricci_tensor *> tensors_;
};

TEST_F(CApiOnGpu, OperandsOfTheHost) {
  const ricci_tensor *operands[] = {matrix(a_, 2, 3), matrix(b_, 3, 2)};
  options_.device = "cuda:1";
  ricci_tensor *result = nullptr;
  ASSERT_EQ(message(ricci_einsum("ij,jk->ik", operands, 2, &options_, &result, &error_)), "");
  EXPECT_EQ(ricci_tensor_gpu(own(result)), -1);
  EXPECT_EQ(elements(result), product_);
}

TEST_F(CApiOnGpu, OperandsOfTheDevice) {
  const ricci_tensor *operands[] = {to(matrix(a_, 2, 3), "cuda:1"), to(matrix(b_, 3, 2), "cuda:1")};
  EXPECT_EQ(ricci_tensor_gpu(operands[0]), 1);
  ricci_tensor *result = nullptr;
  ASSERT_EQ(message(ricci_einsum("ij,jk->ik", operands, 2, &options_, &result, &error_)), "");
  EXPECT_EQ(ricci_tensor_gpu(own(result)), 1) << "the device is that of the operands";
  EXPECT_EQ(elements(result), product_);
  // Into memory of the device, which is added to.
  options_.accumulate = 1;
  ASSERT_EQ(message(ricci_einsum_into("ij,jk->ik", operands, 2, &options_, result, &error_)), "");
  EXPECT_EQ(elements(result), (std::vector<float>{10, 22, 28, 46}));
  options_.accumulate = 0;
  // One of the host: nothing moves silently.
  const ricci_tensor *mixed[] = {operands[0], matrix(b_, 3, 2)};
  const std::string refused =
      message(ricci_einsum("ij,jk->ik", mixed, 2, &options_, &result, &error_));
  EXPECT_NE(refused.find("cuda:1"), std::string::npos) << refused;
  // Nor where the CPU was asked for, or what is written is there.
  options_.device = "cpu";
  EXPECT_EQ(message(ricci_einsum("ij,jk->ik", operands, 2, &options_, &result, &error_)),
            "operand 1 is on cuda:1, but the program runs on cpu");
  options_.device = nullptr;
  std::vector<float> zeros(4);
  EXPECT_EQ(
      message(ricci_einsum_into("ij,jk->ik", operands, 2, &options_, matrix(zeros, 2, 2), &error_)),
      "out is on cpu, but the operands are on cuda:1");
}

TEST_F(CApiOnGpu, DevicesAreListed) {
  std::vector<std::string> names;
  for (size_t i = 0; i < ricci_device_count(); ++i)
    names.emplace_back(ricci_device_name(i));
  EXPECT_EQ(names, (std::vector<std::string>{"cpu", "reference", "cuda:0", "cuda:1"}));
}

TEST_F(CApiOnGpu, Programs) {
  const int64_t shapes[][2] = {{2, 3}, {3, 2}};
  const ricci_parameter parameters[] = {{"x", RICCI_F32, 2, shapes[0], nullptr},
                                        {"w", RICCI_F32, 2, shapes[1], nullptr}};
  options_.device = "cuda";
  ricci_function *function = nullptr;
  ASSERT_EQ(message(ricci_compile("maximum(x @ w - 12, 0)", parameters, 2, &options_, &function,
                                  &error_)),
            "");
  const ricci_tensor *operands[] = {to(matrix(a_, 2, 3), "cuda"), to(matrix(b_, 3, 2), "cuda")};
  ricci_tensor *result = nullptr;
  ASSERT_EQ(message(ricci_function_call(function, operands, 2, &result, 1, &error_)), "");
  own(result);
  EXPECT_EQ(elements(result), (std::vector<float>{0, 0, 2, 11}));
  // Into memory that the caller has there.
  std::vector<float> zeros(4);
  ricci_tensor *out = to(matrix(zeros, 2, 2), "cuda");
  int released = 0;
  ricci_tensor *shared = nullptr;
  ASSERT_EQ(message(ricci_tensor_share_on(
                "cuda", RICCI_F32, 2, ricci_tensor_shape(out), nullptr, ricci_tensor_data(out),
                [](void *count) { ++*static_cast<int *>(count); }, &released, &shared, &error_)),
            "");
  const ricci_tensor *outputs[] = {shared};
  ASSERT_EQ(message(ricci_function_into(function, operands, 2, outputs, 1, &error_)), "");
  EXPECT_EQ(elements(out), (std::vector<float>{0, 0, 2, 11}));
  ricci_tensor_free(shared);
  EXPECT_EQ(released, 1);
  // What runs there.
  char *text = nullptr;
  ASSERT_EQ(message(ricci_function_emit(function, "cuda", &text, nullptr, &error_)), "");
  EXPECT_NE(std::strstr(text, "extern \"C\" __global__"), nullptr);
  ricci_text_free(text);
  ASSERT_EQ(message(ricci_function_plan(function, &text, &error_)), "");
  EXPECT_EQ(std::strstr(text, " 0 s"), nullptr) << text;
  ricci_text_free(text);
  ricci_function_free(function);
}

/// Tensors of other libraries: address, device and shape, whose deleter is called.
TEST_F(CApiOnGpu, DLPack) {
  ricci_tensor *memory = to(matrix(a_, 2, 3), "cuda:1");
  int64_t shape[] = {3, 2}, strides[] = {1, 3}; // transposed
  static int deleted = 0;
  DLManagedTensor managed{};
  managed.dl_tensor = {
      ricci_tensor_data(memory), {kDLCUDA, 1}, 2, {kDLFloat, 32, 1}, shape, strides, 0};
  managed.deleter = [](DLManagedTensor *) { ++deleted; };
  ricci_tensor *tensor = nullptr;
  ASSERT_EQ(message(ricci_tensor_from_dlpack_unversioned(&managed, &tensor, &error_)), "");
  EXPECT_EQ(ricci_tensor_gpu(tensor), 1);
  EXPECT_EQ(elements(tensor), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  DLManagedTensorVersioned *lent = nullptr;
  ASSERT_EQ(message(ricci_tensor_to_dlpack(tensor, &lent, &error_)), "");
  EXPECT_EQ(int(lent->dl_tensor.device.device_type), int(kDLCUDA));
  EXPECT_EQ(lent->dl_tensor.device.device_id, 1);
  ricci_tensor_free(tensor);
  EXPECT_EQ(deleted, 0);
  lent->deleter(lent);
  EXPECT_EQ(deleted, 1);
}

TEST_F(CApiOnGpu, Errors) {
  ricci_tensor *host = matrix(a_, 2, 3), *result = nullptr;
  EXPECT_NE(message(ricci_tensor_to(host, "cuda:7", &result, &error_)).find("cuda:7"),
            std::string::npos);
  EXPECT_EQ(message(ricci_tensor_to(host, nullptr, &result, &error_)), "'device' is null");
  EXPECT_EQ(message(ricci_tensor_to(host, "reference", &result, &error_)),
            "the device 'reference' has no memory of its own: tensors are on cpu or cuda");
  EXPECT_EQ(ricci_tensor_to(nullptr, "cuda", &result, nullptr), RICCI_ERROR_USAGE);
  const int64_t shape[] = {2};
  EXPECT_EQ(message(ricci_tensor_share_on("cuda", RICCI_F32, 1, shape, nullptr, nullptr, nullptr,
                                          nullptr, &result, &error_)),
            "'data' is null");
  EXPECT_EQ(ricci_tensor_share_on("gpu", RICCI_F32, 1, shape, nullptr, a_.data(), nullptr, nullptr,
                                  &result, nullptr),
            RICCI_ERROR_USAGE);
}

/// f32 on matrix units is asked for; the two are different programs.
TEST_F(CApiOnGpu, Tf32) {
  const int64_t shape[] = {64, 64};
  const ricci_parameter parameters[] = {{"x", RICCI_F32, 2, shape, nullptr}};
  options_.device = "cuda";
  for (int allowed : {0, 1, 0}) {
    options_.allow_tf32 = allowed;
    ricci_function *function = nullptr;
    ASSERT_EQ(message(ricci_compile("x @ x", parameters, 1, &options_, &function, &error_)), "");
    char *text = nullptr;
    ASSERT_EQ(message(ricci_function_plan(function, &text, &error_)), "");
    EXPECT_EQ(std::strstr(text, "contract f32 tf32") != nullptr, allowed != 0) << text;
    ricci_text_free(text);
    ricci_function_free(function);
  }
}

} // namespace
