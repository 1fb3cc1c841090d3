//===- device_test.cpp - memory, copies and kernels of a GPU ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cuda_code.h"
#include "runtime/cuda_device.h"
#include "runtime/dlpack.h"
#include "tests/cuda/fake/fake.h"

#include <gtest/gtest.h>
#include <numeric>

namespace ricci::test {
namespace {

CudaDevice &gpu(int index = 0) { return *CudaDevice::get(index).value(); }

/// Every test leaves nothing behind.
class CudaDeviceTest : public testing::Test {
protected:
  void SetUp() override { gpu().synchronize("before a test").value(); }
  void TearDown() override {
    fake_cuda_repair();
    gpu().synchronize("after a test").value();
    EXPECT_EQ(fake_cuda_allocations(), 0);
  }
};

std::string messageOf(const Status &s) { return s ? "" : s.error().message; }

TEST_F(CudaDeviceTest, Properties) {
  EXPECT_EQ(CudaDevice::count().value(), 2);
  EXPECT_EQ(gpu().name(), "Emulated GPU 0");
  EXPECT_EQ(gpu().arch(), "sm_90a");
  EXPECT_EQ(gpu().multiprocessors(), 4);
  EXPECT_EQ(gpu().memoryBytes(), int64_t(1) << 30);
  EXPECT_EQ(gpu(1).device().str(), "cuda:1");
  EXPECT_EQ(&gpu(), &gpu());
}

TEST_F(CudaDeviceTest, ThereIsNoThird) {
  auto third = CudaDevice::get(2);
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error().kind, ErrorKind::Machine);
  EXPECT_EQ(third.error().message, "there is no device cuda:2: the driver knows 2 GPUs");
}

TEST_F(CudaDeviceTest, CopiesOfAnyLength) {
  for (int64_t bytes : {1, 1000, 4 << 20, (4 << 20) + 1, 13 << 20}) {
    std::vector<uint8_t> data(static_cast<size_t>(bytes));
    for (size_t i = 0; i < data.size(); ++i)
      data[i] = uint8_t(i * 7 + i / 251);
    const std::vector<uint8_t> copy = data;
    auto memory = gpu().allocate(bytes).value(), other = gpu().allocate(bytes).value();
    ASSERT_TRUE(gpu().copyIn(memory.get(), data.data(), bytes));
    // What was given may change now.
    std::fill(data.begin(), data.end(), uint8_t(0));
    ASSERT_TRUE(gpu().copyWithin(other.get(), memory.get(), bytes));
    ASSERT_TRUE(gpu().copyOut(data.data(), other.get(), bytes));
    EXPECT_EQ(data, copy) << bytes;
  }
  EXPECT_TRUE(gpu().copyIn(nullptr, nullptr, 0));
  EXPECT_TRUE(gpu().copyOut(nullptr, nullptr, 0));
}

TEST_F(CudaDeviceTest, NoMemoryLeft) {
  auto memory = gpu().allocate(int64_t(1) << 40);
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().kind, ErrorKind::Machine);
  EXPECT_EQ(memory.error().message,
            "cuda:0 (Emulated GPU 0) has no 1099511627776 bytes of memory left");
  EXPECT_EQ(gpu().allocate(0).value(), nullptr);
}

TEST_F(CudaDeviceTest, ErrorsNameDeviceAndWork) {
  fake_cuda_fail("cuMemcpyHtoDAsync_v2", 1);
  auto memory = gpu(1).allocate(8).value();
  EXPECT_EQ(messageOf(gpu(1).copyIn(memory.get(), &memory, 8)),
            "cuda:1 (Emulated GPU 1): copying 8 bytes to it fails: CUDA_ERROR_INVALID_VALUE (as "
            "the fake driver says)");
  memory.reset();
  EXPECT_TRUE(gpu(1).synchronize("the end"));
}

std::shared_ptr<const Kernel> kernel(const std::string &source, const std::string &name = "k") {
  return makeCudaKernel(cudaKernelKey("a test", "sm_90a", "99.1", source),
                        {name, "a test", "sm_90a", source});
}

const std::string kDouble = R"(// emulated
extern "C" __global__ void k(float *x, long long n) {
  const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    x[i] *= 2;
})";

TEST_F(CudaDeviceTest, LaunchesKernels) {
  auto module = gpu().load(kernel(kDouble)).value();
  EXPECT_EQ(gpu().load(kernel(kDouble)).value(), module) << "loaded once";
  std::vector<float> data(100, 3);
  auto memory = gpu().allocate(400).value();
  ASSERT_TRUE(gpu().copyIn(memory.get(), data.data(), 400));
  ASSERT_TRUE(gpu().launch(*module, {{4, 1, 1}, {32, 1, 1}, 0},
                           {reinterpret_cast<uint64_t>(memory.get()), 99}));
  ASSERT_TRUE(gpu().copyOut(data.data(), memory.get(), 400));
  EXPECT_EQ(data[98], 6);
  EXPECT_EQ(data[99], 3);
}

TEST_F(CudaDeviceTest, AKernelThatGoesWrong) {
  auto module = gpu().load(kernel(kDouble)).value();
  auto memory = gpu().allocate(400).value();
  ASSERT_TRUE(gpu().launch(*module, {{4, 1, 1}, {32, 1, 1}, 0},
                           {reinterpret_cast<uint64_t>(memory.get()), 101}));
  const std::string message = messageOf(gpu().synchronize("a run of something"));
  EXPECT_NE(message.find("cuda:0 (Emulated GPU 0): a run of something fails: "
                         "CUDA_ERROR_LAUNCH_FAILED (k: thread (4,0,0) of block (3,0,0) reads 4 "
                         "bytes that belong to no buffer, at byte 400"),
            std::string::npos)
      << message;
}

TEST_F(CudaDeviceTest, MuchSharedMemoryIsAskedFor) {
  const std::string source = R"(// emulated
extern "C" __global__ void k(float *out) {
  extern __shared__ float all[];
  all[threadIdx.x + 20000] = 1;
  out[threadIdx.x] = all[threadIdx.x + 20000];
})";
  auto module = gpu().load(kernel(source)).value();
  auto memory = gpu().allocate(128).value();
  const int before = fake_cuda_calls("cuFuncSetAttribute");
  ASSERT_TRUE(gpu().launch(*module, {{1, 1, 1}, {32, 1, 1}, 81920},
                           {reinterpret_cast<uint64_t>(memory.get())}));
  EXPECT_EQ(fake_cuda_calls("cuFuncSetAttribute"), before + 1);
  EXPECT_TRUE(gpu().synchronize("it"));
}

TEST_F(CudaDeviceTest, CodeThatDoesNotLoad) {
  auto none = gpu().load(kernel("no text"));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "cuda:0 (Emulated GPU 0): loading the kernel a test for sm_90a "
                                  "fails: CUDA_ERROR_INVALID_IMAGE (as the fake driver says)");
  EXPECT_EQ(none.error().notes, std::vector<std::string>{"this is no text of the fake NVRTC"});
  EXPECT_FALSE(gpu().load(kernel(kDouble, "another")));
}

TEST_F(CudaDeviceTest, TensorsGoThereAndBack) {
  std::vector<float> data(24);
  std::iota(data.begin(), data.end(), 0.0f);
  Tensor here = Tensor::borrow(data.data(), {4, 6});
  Tensor there = here.to(Device(DeviceKind::Cuda, 1));
  EXPECT_EQ(there.device().str(), "cuda:1");
  EXPECT_EQ(there.slice(0, {1, 3, {}}).device(), there.device());
  // A view of it, reversed, comes back in C order; on the way to another GPU too.
  Tensor view = there.transpose().slice(0, {{}, {}, -2});
  for (const Tensor &back : {view.to(Device()), view.to(Device(DeviceKind::Cuda)).to(Device())}) {
    EXPECT_TRUE(back.isContiguous());
    EXPECT_EQ(back.shape(), (Shape{3, 4}));
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t j = 0; j < 4; ++j)
        EXPECT_EQ(back.data<float>()[i * 4 + j], float(6 * j + 5 - 2 * i));
  }
  EXPECT_EQ(here.to(Device()).raw(), here.raw());
  EXPECT_EQ(there.to(there.device()).raw(), there.raw());
  EXPECT_EQ(there.contiguous()->device(), there.device());
  EXPECT_THROW(here.to(Device(DeviceKind::Cuda, 7)), Error);
  Tensor empty = Tensor::allocate(DType::f32, {0, 3}).value().to(Device(DeviceKind::Cuda));
  EXPECT_EQ(empty.to(Device()).size(), 0);
  there = view = Tensor();
  ASSERT_TRUE(gpu(1).synchronize("the end"));
}

TEST_F(CudaDeviceTest, DLPackKeepsTheDevice) {
  std::vector<float> data(6, 4);
  Tensor there = Tensor::borrow(data.data(), {2, 3}).to(Device(DeviceKind::Cuda));
  DLManagedTensorVersioned *managed = to_dlpack(there);
  EXPECT_EQ(managed->dl_tensor.device.device_type, kDLCUDA);
  EXPECT_EQ(managed->dl_tensor.device.device_id, 0);
  managed->dl_tensor.device.device_id = 0;
  Tensor back = from_dlpack(managed);
  EXPECT_EQ(back.device(), there.device());
  EXPECT_EQ(back.raw(), there.raw());
  there = Tensor();
  EXPECT_EQ(back.to(Device()).data<float>()[5], 4);
}

TEST_F(CudaDeviceTest, Names) {
  EXPECT_EQ(parseDevice("cuda").value().str(), "cuda:0");
  EXPECT_EQ(parseDevice("cuda:13").value().str(), "cuda:13");
  EXPECT_EQ(parseDevice("cpu").value().str(), "cpu");
  EXPECT_EQ(parseDevice("reference").value().str(), "reference");
  for (const char *name :
       {"", "cuda:", "cuda:-1", "cuda:x", "cuda:1 ", "gpu", "cuda:99999999999"}) {
    auto device = parseDevice(name);
    ASSERT_FALSE(device) << name;
    EXPECT_EQ(device.error().kind, ErrorKind::Usage);
  }
}

} // namespace
} // namespace ricci::test
