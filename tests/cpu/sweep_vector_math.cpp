//===- sweep_vector_math.cpp - the greatest errors of elementary functions ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   sweep_vector_math f32|f64 [--cpu=native]... [--stride=1] [--samples=10000000] [function ...]
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
  std::vector<std::string> cpus;
  int64_t stride = 1, samples = 10'000'000;
  std::vector<ScalarOp> functions;
};

/// One function on several CPUs, so that the true values are computed once.
template <typename T> class Sweep {
public:
  Sweep(ScalarOp op, const std::vector<std::string> &cpus) : op_(op), x_(block), y_(block) {
    for (const std::string &cpu : cpus) {
      const Target &target = targetOf(cpu);
      versions_.push_back(
          {cpu, mathKernel(op, dtype(), target.lanes(dtype()), target), std::vector<T>(block)});
    }
  }

  void add(T x, T y) {
    x_[used_] = x;
    y_[used_] = y;
    if (++used_ == block)
      flush();
  }

  void finish() {
    while (used_ != 0)
      add(x_[0], y_[0]);
    for (const Version &version : versions_) {
      std::string at = fmt::format("{:a}", version.x);
      if (info(op_).arity == 2)
        at += fmt::format(", {:a}", version.y);
      fmt::print("{} {} {}: {:.3f} at {}\n", nameOf(op_), shortName(dtype()), version.cpu,
                 version.worst, at);
    }
    std::fflush(stdout);
  }

private:
  static constexpr DType dtype() { return sizeof(T) == 4 ? DType::f32 : DType::f64; }
  static constexpr size_t block = 4096;

  struct Version {
    std::string cpu;
    std::shared_ptr<const Kernel> kernel;
    std::vector<T> results;
    double worst = -1;
    T x = 0, y = 0;
  };

  void flush() {
    for (Version &version : versions_) {
      void *buffers[] = {x_.data(), y_.data(), version.results.data()};
      if (info(op_).arity == 1)
        buffers[1] = buffers[2];
      version.kernel->entry()(buffers, nullptr, nullptr, 0, int64_t(block));
    }
    std::vector<T> results(versions_.size());
    std::vector<double> errors(versions_.size());
    for (size_t i = 0; i < block; ++i) {
      for (size_t k = 0; k < versions_.size(); ++k)
        results[k] = versions_[k].results[i];
      T operands[] = {x_[i], y_[i]};
      mathErrors(op_, operands, results, errors);
      for (size_t k = 0; k < versions_.size(); ++k) {
        if (errors[k] > versions_[k].worst) {
          versions_[k].worst = errors[k];
          versions_[k].x = x_[i];
          versions_[k].y = y_[i];
        }
      }
    }
    used_ = 0;
  }

  ScalarOp op_;
  std::vector<Version> versions_;
  std::vector<T> x_, y_;
  size_t used_ = 0;
};

template <typename T> void run(const Options &options) {
  for (ScalarOp op : options.functions) {
    Sweep<T> sweep(op, options.cpus);
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
    sweep.finish();
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
      options.cpus.push_back(cpu);
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
  if (options.cpus.empty())
    options.cpus = {"native"};
  return true;
}

} // namespace
} // namespace ricci::test

int main(int argc, char **argv) {
  using namespace ricci::test;
  Options options;
  if (!parse(argc, argv, options)) {
    fmt::print(stderr,
               "usage: {} f32|f64 [--cpu=NAME]... [--stride=N] [--samples=N] [function ...]\n",
               argv[0]);
    return 1;
  }
  if (options.dtype == ricci::DType::f32)
    run<float>(options);
  else
    run<double>(options);
  return 0;
}
