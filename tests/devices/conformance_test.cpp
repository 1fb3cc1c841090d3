//===- conformance_test.cpp - what every device must do ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"
#include "runtime/cuda_device.h"
#include "runtime/half.h"
#include "runtime/random.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <sstream>
#include <thread>

namespace ricci {
namespace {

std::vector<Device> devicesToTest() {
  std::vector<Device> devices;
  if (const char *names = std::getenv("RICCI_TEST_DEVICES")) {
    std::istringstream stream(names);
    for (std::string name; stream >> name;)
      devices.push_back(parseDevice(name).value());
    return devices;
  }
  devices = {DeviceKind::Cpu, DeviceKind::Reference};
  Expected<int> gpus = CudaDevice::count();
  for (int i = 0; gpus && i < *gpus; ++i)
    devices.emplace_back(DeviceKind::Cuda, i);
  return devices;
}

/// An element as a number.
std::complex<double> elementAt(const Tensor &t, int64_t i) {
  switch (t.dtype()) {
  case DType::b1:
  case DType::u8:
    return double(t.data<uint8_t>()[i]);
  case DType::i8:
    return double(t.data<int8_t>()[i]);
  case DType::i16:
    return double(t.data<int16_t>()[i]);
  case DType::u16:
    return double(t.data<uint16_t>()[i]);
  case DType::i32:
    return double(t.data<int32_t>()[i]);
  case DType::u32:
    return double(t.data<uint32_t>()[i]);
  case DType::i64:
    return double(t.data<int64_t>()[i]);
  case DType::u64:
    return double(t.data<uint64_t>()[i]);
  case DType::f16:
    return double(halfToFloat(t.data<uint16_t>()[i]));
  case DType::bf16:
    return double(bf16ToFloat(t.data<uint16_t>()[i]));
  case DType::f32:
    return double(t.data<float>()[i]);
  case DType::f64:
    return t.data<double>()[i];
  case DType::c64:
    return std::complex<double>(t.data<std::complex<float>>()[i]);
  case DType::c128:
    return t.data<std::complex<double>>()[i];
  }
  return 0;
}

/// Of sums of some dozens of numbers of about 1, in any order.
double toleranceOf(DType dtype) {
  switch (dtype) {
  case DType::f16:
    return 0.01;
  case DType::bf16:
    return 0.08;
  case DType::f32:
  case DType::c64:
    return 3e-5;
  case DType::f64:
  case DType::c128:
    return 1e-12;
  default:
    return 0;
  }
}

void expectEqual(const Tensor &got, const Tensor &wanted, const std::string &what) {
  const Tensor g = got.to(Device()).contiguous().value(),
               w = wanted.to(Device()).contiguous().value();
  ASSERT_EQ(g.dtype(), w.dtype()) << what;
  ASSERT_EQ(g.shape(), w.shape()) << what;
  const double tolerance = toleranceOf(w.dtype());
  for (int64_t i = 0; i < w.size(); ++i) {
    const std::complex<double> a = elementAt(g, i), b = elementAt(w, i);
    if (a == b || (std::isnan(a.real()) && std::isnan(b.real())))
      continue;
    ASSERT_LE(std::abs(a - b), tolerance * std::max(1.0, std::abs(b))) << what << ", element " << i;
  }
}

bool sameBytes(const Tensor &a, const Tensor &b) {
  return a.type() == b.type() &&
         (a.size() == 0 ||
          std::memcmp(a.raw(), b.raw(), size_t(a.size()) * itemSize(a.dtype())) == 0);
}

class Conformance : public testing::TestWithParam<Device> {
protected:
  DeviceInterface &device() { return *DeviceInterface::of(GetParam()).value(); }
  ProgramOptions on(Device device) const {
    ProgramOptions options;
    options.device = device;
    return options;
  }
  ProgramOptions here() const { return on(GetParam()); }
  ProgramOptions another() const {
    return on(GetParam().kind == DeviceKind::Cpu ? DeviceKind::Reference : DeviceKind::Cpu);
  }
  EinsumOptions einsumHere() const {
    EinsumOptions options;
    options.device = GetParam();
    return options;
  }

  /// The same on this device and another, with tensors of the host, then of the device.
  void compare(const std::string &text, const std::vector<NamedTensor> &arguments) {
    const std::vector<Tensor> wanted = evaluate(text, arguments, another());
    std::string what = GetParam().str() + ": " + text;
    for (const NamedTensor &argument : arguments)
      what += ", " + argument.name + " " + argument.tensor.type().str();
    auto check = [&](const std::vector<NamedTensor> &given) {
      Expected<std::vector<Tensor>> results = try_evaluate(text, given, here());
      ASSERT_TRUE(results) << what << ": " << results.error().message;
      ASSERT_EQ(results->size(), wanted.size()) << what;
      for (size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_EQ((*results)[i].device(), given.front().tensor.device()) << what;
        expectEqual((*results)[i], wanted[i], what);
      }
    };
    check(arguments);
    if (!GetParam().isCuda())
      return;
    std::vector<NamedTensor> there = arguments;
    for (NamedTensor &argument : there)
      argument.tensor = argument.tensor.to(GetParam());
    check(there);
  }
};

Tensor random(DType dtype, Shape shape, uint64_t seed = 1) {
  return randomTensor(dtype, std::move(shape), seed).value();
}

//===- the interface ----------------------------------------------------------------------===//

TEST_P(Conformance, Properties) {
  EXPECT_EQ(device().device(), GetParam());
  EXPECT_EQ(&device(), &device());
  const DeviceProperties properties = device().properties().value();
  EXPECT_FALSE(properties.name.empty());
  EXPECT_EQ(properties.arch.substr(0, 3), GetParam().isCuda() ? "sm_" : "");
  EXPECT_GT(properties.memoryBytes, 1 << 20);
  EXPECT_GE(properties.units, 1);
}

TEST_P(Conformance, Memory) {
  EXPECT_EQ(device().allocate(0).value(), nullptr);
  std::vector<std::shared_ptr<void>> blocks;
  for (int64_t bytes : {1, 63, 64, 4097, 5 << 20}) {
    blocks.push_back(device().allocate(bytes).value());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(blocks.back().get()) % 64, 0u) << bytes;
  }
  blocks.clear();
  EXPECT_TRUE(device().synchronize("giving memory back"));
  // What goes back can be had again.
  const int64_t most = device().properties().value().memoryBytes;
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(device().allocate(most / 2));
}

TEST_P(Conformance, MoreMemoryThanThereIs) {
  auto memory = device().allocate(int64_t(1) << 60);
  ASSERT_FALSE(memory);
  EXPECT_EQ(memory.error().kind, ErrorKind::Machine);
  EXPECT_NE(memory.error().message.find("1152921504606846976"), std::string::npos)
      << memory.error().message;
  EXPECT_TRUE(device().allocate(64)) << "all is well afterwards";
}

TEST_P(Conformance, Copies) {
  for (int64_t bytes : {1, 1000, 4 << 20, (4 << 20) + 1, 9 << 20}) {
    std::vector<uint8_t> data(static_cast<size_t>(bytes)), back(data.size());
    std::iota(data.begin(), data.end(), uint8_t(bytes));
    const std::vector<uint8_t> wanted = data;
    auto first = device().allocate(bytes).value(), second = device().allocate(bytes).value();
    ASSERT_TRUE(device().copyIn(first.get(), data.data(), bytes));
    std::fill(data.begin(), data.end(), uint8_t(0)); // it may change now
    ASSERT_TRUE(device().copyWithin(second.get(), first.get(), bytes));
    ASSERT_TRUE(device().copyOut(back.data(), second.get(), bytes));
    EXPECT_EQ(back, wanted);
  }
  EXPECT_TRUE(device().copyIn(nullptr, nullptr, 0));
  EXPECT_TRUE(device().copyWithin(nullptr, nullptr, 0));
  EXPECT_TRUE(device().copyOut(nullptr, nullptr, 0));
  EXPECT_TRUE(device().synchronize("copies"));
}

//===- tensors ----------------------------------------------------------------------------===//

TEST_P(Conformance, TensorsGoThereAndBack) {
  for (int i = 0; i < kNumDTypes; ++i)
    for (const Shape &shape : {Shape{}, Shape{7}, Shape{3, 0, 2}, Shape{5, 4, 3}}) {
      const Tensor tensor = random(DType(i), shape), there = tensor.to(GetParam());
      EXPECT_TRUE(sameBytes(there.to(Device()), tensor)) << tensor.type().str();
      EXPECT_TRUE(sameBytes(there.contiguous().value().to(Device()), tensor));
    }
}

TEST_P(Conformance, Views) {
  const Tensor tensor = random(DType::f64, {6, 5, 4});
  const Tensor views[] = {tensor.transpose({2, 0, 1}), tensor.slice(0, {5, std::nullopt, -2}),
                          tensor.slice(1, {1, 4, 2}).slice(2, {std::nullopt, std::nullopt, -1})};
  for (const Tensor &view : views) {
    const Tensor wanted = view.contiguous().value();
    EXPECT_TRUE(sameBytes(view.to(GetParam()).to(Device()).contiguous().value(), wanted));
    // A view of what is there.
    const Tensor there = tensor.to(GetParam());
    EXPECT_TRUE(sameBytes(there.transpose({2, 0, 1}).to(Device()).contiguous().value(),
                          views[0].contiguous().value()));
    compare("x * 2 + x.sum(axis=-1, keepdims=True)", {{"x", view}});
  }
}

//===- programs ---------------------------------------------------------------------------===//

TEST_P(Conformance, EveryTypeIsAddedAndSummed) {
  for (int i = 0; i < kNumDTypes; ++i)
    compare("(x + y, x.sum(axis=0), y.max())",
            {{"x", random(DType(i), {9, 17}, 1)}, {"y", random(DType(i), {17}, 2)}});
}

TEST_P(Conformance, EveryTypeIsContracted) {
  for (int i = 0; i < kNumDTypes; ++i)
    compare("einsum('bij,bkj->bik', x, y)",
            {{"x", random(DType(i), {2, 19, 23}, 1)}, {"y", random(DType(i), {2, 21, 23}, 2)}});
}

TEST_P(Conformance, AProgramOfEachFamily) {
  const std::vector<NamedTensor> arguments = {
      {"x", random(DType::f32, {13, 37}, 1)},   {"w", random(DType::f32, {37, 18}, 2)},
      {"b", random(DType::f32, {18}, 3)},       {"q", random(DType::f32, {2, 11, 8}, 4)},
      {"k", random(DType::f32, {2, 14, 8}, 5)}, {"i", random(DType::u8, {6}, 6)}};
  for (const char *text :
       {"exp(-x * x) * tanh(x) + where(x > 0, x, 0.5 * x)", // elementwise
        "x[:, None, :5] * x[None, :, :5]",                  // broadcast
        "(x.sum(), x.mean(axis=0), x.max(axis=1), (x > 0).any())",
        "softmax(x, axis=1)",
        "layer_norm(x)",
        "softmax(x, axis=0)",
        "(argmax(x, axis=1), argmin(x), cumsum(x, axis=1), cumsum(i))",
        "x[i % 13]",
        "x[i % 13, ::-1]",
        "take(x, i, axis=1)", // gathers
        "concatenate([x, x[::-1]], axis=0)",
        "pad(x, 2)",
        "x.T + 1", // layouts
        "x @ w",
        "w.T @ x.T",
        "x @ w[:, 0]",
        "gelu(x @ w + b)", // contractions
        "einsum('ij,jk,lk->il', x, w, w)",
        "einsum('ij->j', x)",
        "trace(x[:, :13])",
        "attention(q, k, k)",
        "sqrt(sum((x[:, None, :] - x[None, :, :]) ** 2, -1))",
        "einsum('ntk,k->nt', sliding_window_view(x, 5, axis=1), b[:5])", // convolution
        "x[:0] @ w",
        "sum(x[:, :0], axis=1)",
        "x.reshape(37, 13) * 2"})
    compare(text, arguments);
}

TEST_P(Conformance, SpecialValues) {
  Tensor x = random(DType::f32, {3, 8});
  const float special[] = {INFINITY, -INFINITY, NAN, -0.0f, 0.0f, 3e38f, 1e-42f, -1.0f};
  std::copy(std::begin(special), std::end(special), x.data<float>());
  compare("(x / 0, x - x, sqrt(x), log(x), maximum(x, 1), x.max(axis=1), exp(x), isnan(x))",
          {{"x", x}});
  const int32_t numbers[] = {INT32_MIN, -1, 0, 7};
  compare("(x // 0, x % 0, x // -1, -x, abs(x), x << 31, x * x)",
          {{"x", Tensor::borrowConst(numbers, DType::i32, {4})}});
}

//===- results in place -------------------------------------------------------------------===//

TEST_P(Conformance, IntoStridedOutputs) {
  const Tensor a = random(DType::f32, {9, 12}, 1), b = random(DType::f32, {12, 7}, 2);
  const Tensor wanted = einsum("ij,jk->ik", {a, b});
  std::vector<float> memory(9 * 14, -3.0f);
  Tensor out = Tensor::borrow(memory.data() + 13, {9, 7}, {14, -2});
  einsum_into("ij,jk->ik", {a, b}, out, einsumHere());
  expectEqual(out, wanted, "a strided output");
  for (size_t i = 0; i < memory.size(); i += 2)
    ASSERT_EQ(memory[i], -3.0f) << "between the elements, at " << i;
}

TEST_P(Conformance, IntoItsOwnMemory) {
  const Tensor x = random(DType::f64, {30, 30});
  const Tensor wanted = evaluate("x.T + x", {{"x", x}}, another()).front();
  Tensor there = x.to(GetParam()).contiguous().value();
  evaluate_into("x.T + x", {{"x", there}}, {there}, here());
  expectEqual(there, wanted, "an output that is an operand");
}

TEST_P(Conformance, Accumulates) {
  const Tensor a = random(DType::f64, {9, 12}, 1), b = random(DType::f64, {12, 7}, 2),
               c = random(DType::f64, {9, 7}, 3);
  const Tensor wanted =
      evaluate("c + 0.5 * (a @ b)", {{"a", a}, {"b", b}, {"c", c}}, another()).front();
  Tensor out = c.to(GetParam()).contiguous().value();
  EinsumOptions options = einsumHere();
  options.accumulate = true;
  options.alpha = 0.5;
  einsum_into("ij,jk->ik", {a.to(GetParam()), b.to(GetParam())}, out, options);
  expectEqual(out, wanted, "c += 0.5 a b");
}

//===- errors -----------------------------------------------------------------------------===//

TEST_P(Conformance, AnIndexThatNoAxisHas) {
  const int64_t indices[] = {0, 3, 7};
  const std::vector<NamedTensor> arguments = {{"x", random(DType::f32, {5, 2})},
                                              {"i", Tensor::borrowConst(indices, DType::i64, {3})}};
  auto result = try_evaluate("x[i] + 1", arguments, here());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "index 7 is out of bounds for axis 0 with size 5");
  EXPECT_EQ(result.error().kind, ErrorKind::Input);
  EXPECT_TRUE(try_evaluate("x[i % 5] + 1", arguments, here())) << "all is well afterwards";
}

TEST_P(Conformance, TensorsOfAnotherDevice) {
  auto gpu =
      DeviceInterface::of(Device(DeviceKind::Cuda, GetParam() == Device(DeviceKind::Cuda) ? 1 : 0));
  if (!gpu)
    GTEST_SKIP() << gpu.error().message;
  const Device other = (*gpu)->device();
  const Tensor a = random(DType::f32, {4, 4}), there = a.to(other);
  const Function f = compile("x + 1", {{"x", DType::f32, {4, 4}}}, here());
  auto result = f.try_call({there});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(other.str()), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find(GetParam().str()), std::string::npos)
      << result.error().message;
}

//===- threads ----------------------------------------------------------------------------===//

TEST_P(Conformance, ManyThreadsAtOnce) {
  const Tensor x = random(DType::f64, {40, 40});
  std::vector<Tensor> wanted;
  auto text = [](int i) { return "x * " + std::to_string(i % 3) + " + x @ x"; };
  for (int i = 0; i < 3; ++i)
    wanted.push_back(evaluate(text(i), {{"x", x}}, another()).front());
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      const Tensor there = x.to(GetParam());
      for (int i = t; i < t + 9; ++i)
        expectEqual(evaluate(text(i), {{"x", there}}, here()).front(), wanted[size_t(i % 3)],
                    text(i));
    });
  for (std::thread &thread : threads)
    thread.join();
}

std::string nameOf(const testing::TestParamInfo<Device> &info) {
  std::string name = info.param.str();
  std::erase(name, ':');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Devices, Conformance, testing::ValuesIn(devicesToTest()), nameOf);

} // namespace
} // namespace ricci
