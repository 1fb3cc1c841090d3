//===- program_test.cpp - runs of programs on a GPU ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/cuda_code.h"
#include "runtime/cuda_program.h"
#include "runtime/serialize.h"
#include "tests/cuda/fake/fake.h"

#include <gtest/gtest.h>
#include <thread>

namespace ricci::test {
namespace {

// out[i] (of a stride) = a[i] + b[i] + c[0], through the arena; reports indices above the extent.
const std::string kAdd = R"(// emulated
extern "C" __global__ void add(const float *a, const float *b, float *sum, long long n,
                               long long stride) {
  const long long i = threadIdx.x;
  if (i < n)
    sum[i * stride] = a[i] + b[i];
})";
const std::string kAddConstant = R"(// emulated
struct Status { long long failed, index, extent, axis; };
extern "C" __global__ void add_constant(const float *a, const float *c, float *out, Status *status,
                                        long long n, long long stride, long long wrong) {
  const long long i = threadIdx.x;
  if (i < n)
    out[i * stride] = a[i] + c[0];
  if (i == 0 && wrong) {
    status->index = 9;
    status->extent = n;
    status->axis = 0;
    status->failed = 1;
  }
})";

std::shared_ptr<const Kernel> kernel(const std::string &source, const std::string &name) {
  return makeCudaKernel(cudaKernelKey(name, "sm_90a", "99.1", source),
                        {name, name, "sm_90a", source});
}

BufferRef ref(BufferRef::Kind kind, int64_t index = 0, int64_t offset = 0) {
  return {kind, index, offset};
}

/// For tensors of n floats; the result has this stride.
Executable makeProgram(int64_t n, int64_t stride = 1, bool wrong = false, int device = 0) {
  using Kind = BufferRef::Kind;
  Executable e;
  e.device = Device(DeviceKind::Cuda, device);
  e.inputs = {{DType::f32, {n}, {1}}, {DType::f32, {n}, {1}}};
  e.outputs = {{DType::f32, {n}, {stride}}};
  e.arenaBytes = 4 * n + 64;
  e.constants = {{0, 0, 128, 63}}; // 1.0f
  Launch add, constant;
  add.kernel = kernel(kAdd, "add");
  add.buffers = {ref(Kind::Input, 0), ref(Kind::Input, 1), ref(Kind::Arena, 0, 64)};
  add.descriptor = {n, 1};
  constant.kernel = kernel(kAddConstant, "add_constant");
  constant.buffers = {ref(Kind::Arena, 0, 64), ref(Kind::Constant, 0), ref(Kind::Output, 0),
                      ref(Kind::Status)};
  constant.descriptor = {n, stride, wrong};
  add.grid = constant.grid = {{1, 1, 1}, {64, 1, 1}, 0};
  e.launches = {add, constant};
  return e;
}

Tensor numbers(std::vector<float> &data) {
  return Tensor::borrow(data.data(), {int64_t(data.size())});
}

class CudaProgramTest : public testing::Test {
protected:
  void TearDown() override {
    fake_cuda_repair();
    for (int index : {0, 1})
      CudaDevice::get(index).value()->synchronize("after a test").value();
    EXPECT_EQ(fake_cuda_allocations(), 0) << "memory is left";
  }
};

TEST_F(CudaProgramTest, TensorsOfTheHost) {
  std::vector<float> a(50, 2), b(50, 3), out(50, -1);
  {
    const Executable e = makeProgram(50);
    for (int i = 0; i < 3; ++i) {
      a[7] = float(i);
      ASSERT_TRUE(e.run({numbers(a), numbers(b)}, {numbers(out)}));
      EXPECT_EQ(out[7], float(i + 4));
      EXPECT_EQ(out[49], 6);
    }
  }
}

TEST_F(CudaProgramTest, TensorsOfTheDevice) {
  std::vector<float> a(50, 2), b(50, 3);
  const Executable e = makeProgram(50, 1, false, 1);
  Tensor x = numbers(a).to(e.device), y = numbers(b).to(e.device);
  Tensor out = Tensor::allocate(DType::f32, {50}, e.device).value();
  const int copies = fake_cuda_calls("cuMemcpyHtoDAsync_v2");
  ASSERT_TRUE(e.run({x, y}, {out}));
  EXPECT_EQ(fake_cuda_calls("cuMemcpyHtoDAsync_v2"), copies + 1) << "the constant alone";
  EXPECT_EQ(out.to(Device()).data<float>()[20], 6);
  // Some here, some there.
  std::vector<float> result(50, -1);
  ASSERT_TRUE(e.run({x, numbers(b)}, {numbers(result)}));
  EXPECT_EQ(result[49], 6);
}

TEST_F(CudaProgramTest, StridedResults) {
  std::vector<float> a(10, 2), b(10, 3), out(30, -1);
  for (int64_t stride : {3, -3}) {
    const Executable e = makeProgram(10, stride);
    float *first = out.data() + (stride < 0 ? 27 : 0);
    std::fill(out.begin(), out.end(), -1.0f);
    ASSERT_TRUE(e.run({numbers(a), numbers(b)}, {Tensor::borrow(first, {10}, {stride})}));
    for (size_t i = 0; i < 30; ++i)
      EXPECT_EQ(out[i], i % 3 == 0 ? 6 : -1) << i;
  }
}

TEST_F(CudaProgramTest, ReportsIndices) {
  std::vector<float> a(10, 2), b(10, 3), out(10);
  Status s = makeProgram(10, 1, true).run({numbers(a), numbers(b)}, {numbers(out)});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().kind, ErrorKind::Input);
  EXPECT_EQ(s.error().message, "index 9 is out of bounds for axis 0 with size 10");
}

TEST_F(CudaProgramTest, OtherDevices) {
  std::vector<float> a(10, 2), b(10, 3), out(10);
  const Executable e = makeProgram(10);
  Tensor there = numbers(a).to(Device(DeviceKind::Cuda, 1));
  Status s = e.run({numbers(b), there}, {numbers(out)});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().message, "operand 2 is on cuda:1, but the program runs on cuda:0");
  Executable cpu = makeProgram(10);
  cpu.device = Device();
  s = cpu.run({there, numbers(b)}, {numbers(out)});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().message, "operand 1 is on cuda:1, but the program runs on cpu");
  s = e.run({numbers(a), numbers(b)}, {there});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().message, "output 1 is on cuda:1, but the program runs on cuda:0");
}

/// Whatever fails, nothing is left and the next run is right.
TEST_F(CudaProgramTest, EveryCallMayFail) {
  std::vector<float> a(10, 2), b(10, 3), out(10);
  for (const char *function :
       {"cuMemAllocAsync", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuLaunchKernel",
        "cuStreamSynchronize", "cuModuleLoadDataEx", "cuModuleGetFunction", "cuMemsetD8Async",
        "cuEventRecord", "cuEventSynchronize"}) {
    {
      const Executable e = makeProgram(10);
      fake_cuda_fail(function, 1);
      Status s = e.run({numbers(a), numbers(b)}, {numbers(out)});
      EXPECT_FALSE(s) << function;
      if (!s) {
        EXPECT_EQ(s.error().kind, ErrorKind::Machine);
        EXPECT_EQ(s.error().message.find("cuda:0 (Emulated GPU 0): "), 0u) << s.error().message;
      }
      out[3] = 0;
      EXPECT_TRUE(e.run({numbers(a), numbers(b)}, {numbers(out)})) << function;
      EXPECT_EQ(out[3], 6);
    }
    CudaDevice::get(0).value()->synchronize("the end").value();
    EXPECT_EQ(fake_cuda_allocations(), 0) << function;
  }
}

TEST_F(CudaProgramTest, NothingIsLaunchedForNothing) {
  Executable e = makeProgram(0);
  e.launches[0].grid.blocks[0] = e.launches[1].grid.blocks[1] = 0;
  std::vector<float> none;
  EXPECT_TRUE(e.run({numbers(none), numbers(none)}, {numbers(none)}));
}

TEST_F(CudaProgramTest, ManyThreads) {
  const Executable e = makeProgram(40);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&e, t] {
      std::vector<float> a(40, float(t)), b(40, 3), out(40);
      for (int i = 0; i < 5; ++i) {
        Status s = e.run({numbers(a), numbers(b)}, {numbers(out)});
        EXPECT_TRUE(s) << (s ? "" : s.error().message);
        EXPECT_EQ(out[39], float(t + 4));
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(CudaProgramTest, WrittenAndReadBack) {
  const Executable e = makeProgram(12, 2, false, 1);
  const std::string bytes = serialize(e).value();
  std::map<std::string, std::string> kernels;
  for (const KernelPtr &kernel : kernelsOf(e))
    kernels[kernel->key()] = serializeKernel(*kernel).value();
  auto back = deserialize(
      bytes, [&](const std::string &key) { return deserializeKernel(key, kernels[key]).value(); });
  ASSERT_TRUE(back);
  EXPECT_EQ((*back)->device.str(), "cuda:1");
  std::vector<float> a(12, 2), b(12, 3), out(24, -1);
  ASSERT_TRUE((*back)->run({numbers(a), numbers(b)}, {Tensor::borrow(out.data(), {12}, {2})}));
  EXPECT_EQ(out[22], 6);
  // Cut off anywhere, it is an error.
  const auto &[key, code] = *kernels.begin();
  for (size_t count : {size_t(0), size_t(5), code.size() - 1})
    EXPECT_FALSE(deserializeKernel(key, std::string_view(code).substr(0, count)));
}

} // namespace
} // namespace ricci::test
