//===- sweep_vector_math.cpp - the greatest errors of elementary functions ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   sweep_vector_math f32|f64 [--cpu=native] [--stride=1] [--samples=10000000] [function ...]
//
// f32: every (or every stride-th) bit pattern, for functions of two operands and f64 samples.
// Prints for each function the greatest distance from glibc's result in the next wider type, in
// units of the last place, and where it is.
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/math_kernel.h"
#include "tests/cpu/math_samples.h"

#include <fmt/format.h>

#include <bit>
#include <cstdlib>
#include <cstring>

namespace ricci::test {
namespace {

struct Options {
  DType dtype = DType::f32;
  std::string cpu = "native";
  int64_t stride = 1, samples = 10'000'000;
  std::vector<ScalarOp> functions;
};

template <typename T> class Sweep {
public:
  Sweep(ScalarOp op, const Target &target)
      : op_(op), lanes_(target.lanes(dtype())),
        kernel_(mathKernel(op, dtype(), target.lanes(dtype()), target)), x_(block), y_(block),
        result_(block) {}

  void add(T x, T y) {
    x_[used_] = x;
    y_[used_] = y;
    if (++used_ == block)
      flush();
  }

  void finish(const std::string &cpu) {
    for (; used_ != 0;)
      add(x_[0], y_[0]);
    std::string at = fmt::format("{:a}", worstX_);
    if (info(op_).arity == 2)
      at += fmt::format(", {:a}", worstY_);
    fmt::print("{} {} {}: {:.3f} at {}\n", nameOf(op_), shortName(dtype()), cpu, worst_, at);
    std::fflush(stdout);
  }

private:
  static constexpr DType dtype() { return sizeof(T) == 4 ? DType::f32 : DType::f64; }
  static constexpr size_t block = 4096;

  void flush() {
    void *unary[] = {x_.data(), result_.data()}, *binary[] = {x_.data(), y_.data(), result_.data()};
    kernel_->entry()(info(op_).arity == 2 ? binary : unary, nullptr, nullptr, 0, int64_t(block));
    for (size_t i = 0; i < block; ++i) {
      double error = mathError(op_, x_[i], y_[i], result_[i]);
      if (error > worst_) {
        worst_ = error;
        worstX_ = x_[i];
        worstY_ = y_[i];
      }
    }
    used_ = 0;
  }

  ScalarOp op_;
  int lanes_;
  std::shared_ptr<const Kernel> kernel_;
  std::vector<T> x_, y_, result_;
  size_t used_ = 0;
  double worst_ = -1;
  T worstX_ = 0, worstY_ = 0;
};

template <typename T> void run(const Options &options) {
  for (ScalarOp op : options.functions) {
    Sweep<T> sweep(op, targetOf(options.cpu));
    if (sizeof(T) == 4 && info(op).arity == 1) {
      for (int64_t bits = 0; bits < int64_t(1) << 32; bits += options.stride)
        sweep.add(T(std::bit_cast<float>(uint32_t(bits))), 0);
    } else {
      MathSamples<T> samples(op);
      for (auto [x, y] : samples.special())
        sweep.add(x, y);
      for (int64_t i = 0; i < options.samples; ++i) {
        auto [x, y] = samples.next();
        sweep.add(x, y);
      }
    }
    sweep.finish(options.cpu);
  }
}

bool parse(int argc, char **argv, Options &options) {
  for (int i = 1; i < argc; ++i) {
    std::string argument = argv[i];
    auto value = [&](const char *name) -> const char * {
      size_t length = std::strlen(name);
      return argument.compare(0, length, name) == 0 ? argv[i] + length : nullptr;
    };
    if (argument == "f32" || argument == "f64")
      options.dtype = argument == "f32" ? DType::f32 : DType::f64;
    else if (const char *cpu = value("--cpu="))
      options.cpu = cpu;
    else if (const char *stride = value("--stride="))
      options.stride = std::max(std::atoll(stride), 1ll);
    else if (const char *samples = value("--samples="))
      options.samples = std::atoll(samples);
    else if (auto op = parseScalarOp(argument))
      options.functions.push_back(*op);
    else
      return false;
  }
  if (options.functions.empty())
    options.functions = elementaryFunctions();
  return true;
}

} // namespace
} // namespace ricci::test

int main(int argc, char **argv) {
  using namespace ricci::test;
  Options options;
  if (!parse(argc, argv, options)) {
    fmt::print(stderr, "usage: {} f32|f64 [--cpu=NAME] [--stride=N] [--samples=N] [function ...]\n",
               argv[0]);
    return 1;
  }
  if (options.dtype == ricci::DType::f32)
    run<float>(options);
  else
    run<double>(options);
  return 0;
}
