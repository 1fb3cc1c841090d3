//===- compile_latency.cpp - what the first call of a signature costs --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdlib>

namespace {

struct Signature {
  const char *name, *equation;
  std::vector<ricci::Shape> shapes;
};

const Signature kSignatures[] = {
    {"matmul", "ij,jk->ik", {{1024, 1024}, {1024, 1024}}},
    {"small matmul", "ij,jk->ik", {{8, 8}, {8, 8}}},
    {"matvec", "ij,j->i", {{4096, 4096}, {4096}}},
    {"transpose", "ij->ji", {{4096, 4096}}},
    {"row sum", "ij->i", {{4096, 4096}}},
    {"column sum", "ij->j", {{4096, 4096}}},
    {"outer", "i,j->ij", {{4096}, {4096}}},
    {"chain", "ij,jk,kl->il", {{100, 200}, {200, 300}, {300, 50}}},
};

/// Compiles anew in every iteration; a counter for each stage, in milliseconds.
void compile(benchmark::State &state, const Signature &signature, ricci::DType dtype) {
  std::vector<ricci::TensorType> operands;
  for (const ricci::Shape &shape : signature.shapes)
    operands.push_back({dtype, shape, ricci::contiguousStrides(shape)});
  std::vector<std::pair<std::string, double>> sums;
  for (auto _ : state) {
    ricci::clear_cache();
    auto start = std::chrono::steady_clock::now();
    auto executable = ricci::try_compile_einsum(signature.equation, operands);
    std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
    if (!executable) {
      state.SkipWithError(executable.error().message.c_str());
      return;
    }
    bool generated = false;
    for (const auto &[stage, milliseconds] : (*executable)->times.stages) {
      state.counters[stage] += milliseconds;
      generated |= stage == "codegen" && milliseconds > 0;
    }
    if (!generated) {
      state.SkipWithError("nothing was compiled: the cache was not cleared");
      return;
    }
  }
  for (auto &[stage, counter] : state.counters)
    counter = benchmark::Counter(counter.value, benchmark::Counter::kAvgIterations);
}

/// The first compilation of the process also loads libricci_compiler.
void load(benchmark::State &state) {
  for (auto _ : state)
    if (auto executable = ricci::try_compile_einsum("i->i", {{ricci::f32, {8}, {1}}}); !executable)
      state.SkipWithError(executable.error().message.c_str());
}
BENCHMARK(load)->Iterations(1)->Unit(benchmark::kMillisecond);

const bool registered = [] {
  setenv("RICCI_CACHE_DIR", "off", 1); // what lies on disk is not compiled
  for (const Signature &signature : kSignatures)
    for (ricci::DType dtype : {ricci::f32, ricci::f64, ricci::c64, ricci::b1})
      benchmark::RegisterBenchmark(
          (std::string(signature.name) + "/" + std::string(ricci::shortName(dtype))).c_str(),
          [&signature, dtype](benchmark::State &state) { compile(state, signature, dtype); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
  return true;
}();

} // namespace
