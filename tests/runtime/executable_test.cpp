//===- executable_test.cpp - running a program ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/executable.h"

#include "runtime/parallel.h"
#include "runtime/pool.h"

#include "tests/runtime/function_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <thread>

using namespace ricci;

namespace {

/// buffers[1][i] = buffers[0][i] * descriptor[0] for each task i, by way of the workspace.
void scale(void *const *buffers, const int64_t *descriptor, void *workspace, int64_t begin,
           int64_t end) {
  auto *scratch = static_cast<float *>(workspace);
  for (int64_t i = begin; i < end; ++i) {
    scratch[0] = static_cast<const float *>(buffers[0])[i];
    scratch[15] = float(descriptor[0]);
    static_cast<float *>(buffers[1])[i] = scratch[0] * scratch[15];
  }
}

TensorType f32(Shape shape) { return {DType::f32, shape, contiguousStrides(shape)}; }

/// out = in * 2 * 3 over an intermediate in the arena.
Executable twoSteps(int64_t n) {
  Executable e;
  e.inputs = {f32({n})};
  e.outputs = {f32({n})};
  e.arenaBytes = 64 + n * 4;
  auto kernel = std::make_shared<FunctionKernel>(scale);
  using Kind = BufferRef::Kind;
  e.launches = {{kernel, {{Kind::Input, 0, 0}, {Kind::Arena, 0, 64}}, {2}, n, 1, 64},
                {kernel, {{Kind::Arena, 0, 64}, {Kind::Output, 0, 0}}, {3}, n, 1, 60}};
  return e;
}

std::string runError(const Executable &e, std::vector<Tensor> inputs, std::vector<Tensor> outputs) {
  Status status = e.run(inputs, outputs);
  return status ? "" : status.error().message;
}

} // namespace

TEST(Executable, RunsItsLaunches) {
  const int before = *numThreads();
  for (int threads : {1, 2, 3}) {
    ASSERT_TRUE(setNumThreads(threads));
    for (int64_t n : {1, 5, 10000}) {
      std::vector<float> in(static_cast<size_t>(n)), out(static_cast<size_t>(n), -1.0f);
      for (int64_t i = 0; i < n; ++i)
        in[size_t(i)] = float(i % 100);
      Executable e = twoSteps(n);
      Status status = e.run({Tensor::borrow(in.data(), {n})}, {Tensor::borrow(out.data(), {n})});
      ASSERT_TRUE(status);
      for (int64_t i = 0; i < n; ++i)
        ASSERT_EQ(out[size_t(i)], float(i % 100) * 6);
    }
  }
  ASSERT_TRUE(setNumThreads(before));
  EXPECT_GE(MemoryPool::global().keptBytes(), 10000 * 4); // the arena went back
}

TEST(Executable, ManyThreadsRunItAtOnce) {
  const int64_t n = 2000;
  const Executable e = twoSteps(n);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&e, t] {
      std::vector<float> in(n, float(t)), out(n);
      for (int i = 0; i < 50; ++i) {
        std::fill(out.begin(), out.end(), -1.0f);
        if (!e.run({Tensor::borrow(in.data(), {n})}, {Tensor::borrow(out.data(), {n})}) ||
            out != std::vector<float>(n, float(t * 6)))
          ADD_FAILURE();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST(Executable, ManyBuffersAndNoTasks) {
  // 40 buffers: more than fit the stack table.
  Executable e;
  std::vector<float> data(41);
  std::vector<Tensor> inputs;
  Launch launch{std::make_shared<FunctionKernel>(
                    [](void *const *buffers, const int64_t *, void *, int64_t, int64_t) {
                      for (int i = 0; i < 40; ++i)
                        *static_cast<float *>(buffers[40]) += *static_cast<float *>(buffers[i]);
                    }),
                {},
                {},
                1,
                1,
                0};
  for (int64_t i = 0; i < 40; ++i) {
    data[size_t(i)] = float(i);
    inputs.push_back(Tensor::borrow(&data[size_t(i)], Shape{}));
    e.inputs.push_back(f32({}));
    launch.buffers.push_back({BufferRef::Kind::Input, i, 0});
  }
  e.outputs = {f32({})};
  launch.buffers.push_back({BufferRef::Kind::Output, 0, 0});
  e.launches = {launch, launch};
  e.launches[1].tasks = 0; // not called
  ASSERT_TRUE(e.run(inputs, {Tensor::borrow(&data[40], Shape{})}));
  EXPECT_EQ(data[40], 780);
}

/// Tasks from descriptor[0] on find an index that is out of range: it says which, slowly, where
/// none has before.
void report(void *const *buffers, const int64_t *descriptor, void *, int64_t begin, int64_t end) {
  auto *status = static_cast<LaunchStatus *>(buffers[0]);
  for (int64_t i = std::max(begin, descriptor[0]); i < end && !status->failed; ++i) {
    status->index = i;
    std::this_thread::yield();
    status->extent = i;
    std::this_thread::yield();
    status->axis = i;
    status->failed = 1;
  }
}

TEST(Executable, TellsTheFirstIndexOutOfRange) {
  const int before = *numThreads();
  Executable e;
  Launch launch{
      std::make_shared<FunctionKernel>(report), {{BufferRef::Kind::Status, 0, 0}}, {}, 64, 1, 0};
  for (int threads : {1, 8}) {
    ASSERT_TRUE(setNumThreads(threads));
    for (int64_t first : {0, 1, 37, 63, 64}) {
      launch.descriptor = {first};
      e.launches = {launch, launch};
      e.launches[1].descriptor = {0};
      const std::string wanted = std::to_string(first % 64); // of 64 the second launch tells
      for (int i = 0; i < 20; ++i)
        ASSERT_EQ(runError(e, {}, {}), "index " + wanted + " is out of bounds for axis " + wanted +
                                           " with size " + wanted);
    }
  }
  ASSERT_TRUE(setNumThreads(before));
}

TEST(Executable, AnIndexOutOfRangePointsIntoTheSource) {
  Executable e;
  LaunchStatus status{1, 7, 3, 2 * kMaxRank + 1};
  e.source = "x[i] + x[:, j]";
  e.gathers = {{2, 3}, {}, {12, 13}};
  Status s = statusOf(status, e);
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().render(), "index 7 is out of bounds for axis 1 with size 3\n"
                                "  x[i] + x[:, j]\n"
                                "              ^");
  for (int64_t nowhere : {1, 3}) {
    status.axis = nowhere * kMaxRank;
    EXPECT_EQ(statusOf(status, e).error().render(),
              "index 7 is out of bounds for axis 0 with size 3");
  }
  EXPECT_TRUE(statusOf({}, e));
}

TEST(Executable, FewTasksStayWithOneWorker) {
  const int before = *numThreads();
  ASSERT_TRUE(setNumThreads(4));
  // Counts the calls: one worker gets all tasks in one.
  auto kernel = std::make_shared<FunctionKernel>(
      [](void *const *buffers, const int64_t *, void *, int64_t begin, int64_t end) {
        auto *out = static_cast<int64_t *>(buffers[0]);
        __atomic_fetch_add(&out[0], 1, __ATOMIC_RELAXED);
        __atomic_fetch_add(&out[1], end - begin, __ATOMIC_RELAXED);
      });
  Executable e;
  e.outputs = {{DType::i64, {2}, {1}}};
  for (auto [tasks, oneCall] : {std::pair(19, true), {20, false}}) {
    int64_t out[2] = {};
    e.launches = {{kernel, {{BufferRef::Kind::Output, 0, 0}}, {}, tasks, 10, 0}};
    ASSERT_TRUE(e.run({}, {Tensor::borrow(out, {2})}));
    EXPECT_EQ(out[0] == 1, oneCall) << tasks;
    EXPECT_EQ(out[1], tasks);
  }
  ASSERT_TRUE(setNumThreads(before));
}

TEST(Executable, ChecksItsArguments) {
  Executable e = twoSteps(4);
  float in[8] = {}, out[8] = {};
  const float constant[4] = {};
  double wide[4] = {};
  Tensor good = Tensor::borrow(in, {4}), result = Tensor::borrow(out, {4});
  EXPECT_EQ(runError(e, {good}, {result}), "");
  EXPECT_EQ(runError(e, {}, {result}), "the program takes 1 operands, not 0");
  EXPECT_EQ(runError(e, {good}, {result, result}), "the program has 1 results, not 2");
  EXPECT_EQ(runError(e, {Tensor::borrow(in, {5})}, {result}),
            "operand 1 is f32[5], but the program was compiled for f32[4]");
  EXPECT_EQ(runError(e, {good}, {Tensor::borrow(wide, {4})}),
            "output 1 is f64[4], but the program was compiled for f32[4]");
  EXPECT_EQ(runError(e, {Tensor::borrow(in, {4}, {2})}, {result}),
            "operand 1 has strides (2), but the program was compiled for strides (1)");
  EXPECT_EQ(runError(e, {good}, {Tensor::borrow(constant, {4})}), "output 1 is read-only");
  EXPECT_EQ(runError(e, {Tensor::borrow(constant, {4})}, {result}), "");
  EXPECT_EQ(runError(e, {good}, {good}), "output 1 overlaps operand 1 in memory");
  EXPECT_EQ(runError(e, {good}, {Tensor::borrow(in + 3, {4})}),
            "output 1 overlaps operand 1 in memory");
  EXPECT_EQ(runError(e, {good}, {Tensor::borrow(in + 4, {4})}), "");
}

TEST(Executable, StridesOfUnitAxesDoNotMatter) {
  Executable e;
  e.inputs = {f32({1, 4})};
  e.outputs = {f32({1, 4})};
  float in[4] = {}, out[4] = {};
  EXPECT_EQ(
      runError(e, {Tensor::borrow(in, {1, 4}, {99, 1})}, {Tensor::borrow(out, {1, 4}, {-3, 1})}),
      "");
  EXPECT_NE(runError(e, {Tensor::borrow(in, {1, 4}, {4, 0})}, {Tensor::borrow(out, {1, 4})}), "");
  e.inputs = {f32({0, 4})};
  EXPECT_EQ(runError(e, {Tensor::borrow(static_cast<float *>(nullptr), {0, 4}, {7, 7})},
                     {Tensor::borrow(out, {1, 4})}),
            "");
}

TEST(Executable, OutputsMayNotShareElements) {
  Executable e;
  e.outputs = {{DType::f32, {4}, {0}}};
  float out[8] = {};
  EXPECT_EQ(runError(e, {}, {Tensor::borrow(out, {4}, {0})}),
            "output 1 has a stride of 0: its elements share memory");
  e.outputs = {f32({4}), f32({4})};
  EXPECT_EQ(runError(e, {}, {Tensor::borrow(out, {4}), Tensor::borrow(out + 2, {4})}),
            "output 2 overlaps output 1 in memory");
}

// Many outputs are sorted.
TEST(Executable, ManyOutputsMayNotShareElements) {
  constexpr int64_t kCount = 20;
  Executable e;
  std::vector<float> in(8), out(4 * kCount);
  std::vector<Tensor> outputs;
  e.inputs = {f32({4}), f32({4})};
  for (int64_t o = 0; o < kCount; ++o) {
    e.outputs.push_back(f32({4}));
    outputs.push_back(Tensor::borrow(&out[size_t(4 * (kCount - 1 - o))], {4}));
  }
  Tensor apart = Tensor::borrow(in.data(), {4}), shared = Tensor::borrow(&in[2], {4});
  EXPECT_EQ(runError(e, {apart, shared}, outputs), ""); // operands may share
  EXPECT_EQ(runError(e, {apart, Tensor::borrow(&out[41], {4})}, outputs),
            "output 9 overlaps operand 2 in memory");
  outputs[3] = Tensor::borrow(&out[5], {4});
  EXPECT_EQ(runError(e, {apart, shared}, outputs), "output 18 overlaps output 4 in memory");
}

TEST(Executable, MissingMemoryIsAMachineError) {
  Executable e = twoSteps(4);
  float in[4] = {}, out[4] = {};
  e.arenaBytes = int64_t(1) << 60;
  Status status = e.run({Tensor::borrow(in, {4})}, {Tensor::borrow(out, {4})});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::Machine);
  e = twoSteps(4);
  e.launches[0].workspaceBytes = int64_t(1) << 60;
  status = e.run({Tensor::borrow(in, {4})}, {Tensor::borrow(out, {4})});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind, ErrorKind::Machine);
}

TEST(Executable, AHostProgramOfTheReferenceDevice) {
  struct Fill : HostProgram {
    Status run(const std::vector<Tensor> &, const std::vector<Tensor> &outputs) const override {
      outputs[0].data<float>()[0] = 42;
      return success();
    }
  };
  Executable e;
  e.device = DeviceKind::Reference;
  e.outputs = {f32({})};
  e.host = std::make_shared<Fill>();
  float out = 0;
  ASSERT_TRUE(e.run({}, {Tensor::borrow(&out, Shape{})}));
  EXPECT_EQ(out, 42);
}

TEST(CompileTimes, Total) {
  EXPECT_EQ((CompileTimes{{{"a", 1.5}, {"b", 2}}}.total()), 3.5);
  EXPECT_EQ(CompileTimes{}.total(), 0);
}
