//===- contractions.cpp - einsums beside OpenBLAS ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Ricci and its yardstick run in turn, so that what else the machine does hits both.
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"

#include <benchmark/benchmark.h>
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <regex>

namespace {

struct Case {
  std::string name, equation;
  std::vector<ricci::Shape> shapes;
};

/// The file's cases. It is our own file, one object each: {"name": …, "equation": …, "shapes":
/// [[…], …]}.
std::vector<Case> readCases() {
  std::ifstream file(RICCI_CONTRACTIONS);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  static const std::regex object(
      R"re("name":\s*"([^"]*)",\s*"equation":\s*"([^"]*)",\s*"shapes":\s*\[((\s*\[[0-9, ]*\],?)*)\s*\])re");
  static const std::regex list(R"(\[([0-9, ]*)\])"), number("[0-9]+");
  std::vector<Case> cases;
  using Matches = std::sregex_iterator;
  for (Matches c(text.begin(), text.end(), object), end; c != end; ++c) {
    Case item{(*c)[1], (*c)[2], {}};
    std::string shapes = (*c)[3];
    for (Matches l(shapes.begin(), shapes.end(), list); l != end; ++l) {
      std::string extents = (*l)[1];
      item.shapes.emplace_back();
      for (Matches n(extents.begin(), extents.end(), number); n != end; ++n)
        item.shapes.back().push_back(std::stoll(n->str()));
    }
    cases.push_back(std::move(item));
  }
  return cases;
}

double seconds(const std::function<void()> &run) {
  auto start = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

ricci::Tensor randomTensor(ricci::DType dtype, ricci::Shape shape) {
  ricci::Tensor tensor = ricci::Tensor::allocate(dtype, std::move(shape)).value();
  uint64_t state = 1;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    double value = double(int64_t(state >> 40)) * 0x1p-24 - 0.5;
    dtype == ricci::f32 ? void(tensor.data<float>()[i] = float(value))
                        : void(tensor.data<double>()[i] = value);
  }
  return tensor;
}

void gemm(ricci::DType dtype, bool transposeA, bool transposeB, int64_t m, int64_t n, int64_t k,
          const void *a, const void *b, void *c) {
  auto ta = transposeA ? CblasTrans : CblasNoTrans, tb = transposeB ? CblasTrans : CblasNoTrans;
  int lda = int(transposeA ? m : k), ldb = int(transposeB ? k : n);
  if (dtype == ricci::f32)
    cblas_sgemm(CblasRowMajor, ta, tb, int(m), int(n), int(k), 1, static_cast<const float *>(a),
                lda, static_cast<const float *>(b), ldb, 0, static_cast<float *>(c), int(n));
  else
    cblas_dgemm(CblasRowMajor, ta, tb, int(m), int(n), int(k), 1, static_cast<const double *>(a),
                lda, static_cast<const double *>(b), ldb, 0, static_cast<double *>(c), int(n));
}

/// Flops a second of the best GEMM, and bytes a second of copying (each read and written).
struct Rates {
  double gemm, copy;
};
const Rates &rates(ricci::DType dtype) {
  static std::map<ricci::DType, Rates> known;
  auto [entry, isNew] = known.try_emplace(dtype);
  if (isNew) {
    constexpr int64_t n = 1024;
    ricci::Tensor a = randomTensor(dtype, {n, n}), b = randomTensor(dtype, {n, n}),
                  c = randomTensor(dtype, {n, n});
    ricci::Tensor from = randomTensor(dtype, {16 << 20}), to = randomTensor(dtype, {16 << 20});
    double multiply = 1e9, copy = 1e9, bytes = double(from.size()) * double(ricci::itemSize(dtype));
    for (int i = 0; i < 10; ++i) {
      multiply =
          std::min(multiply,
                   seconds([&] { gemm(dtype, false, false, n, n, n, a.raw(), b.raw(), c.raw()); }));
      copy = std::min(copy, seconds([&] { std::memcpy(to.raw(), from.raw(), size_t(bytes)); }));
    }
    entry->second = {2.0 * n * n * n / multiply, 2 * bytes / copy};
  }
  return entry->second;
}

/// A contraction of two operands as matrix products.
struct Product {
  int64_t batch = 1, m = 1, n = 1, k = 1;
  bool exact = false; ///< it is just these products, as the operands lie in memory
  bool transposeA = false, transposeB = false;
};

std::optional<Product> productOf(const Case &item) {
  std::smatch match;
  if (!std::regex_match(item.equation, match, std::regex("([a-z]*),([a-z]*)->([a-z]*)")))
    return std::nullopt;
  std::string a = match[1], b = match[2], c = match[3],
              groups[4]; // batch, m, n, k in the order of a and b
  std::map<char, int64_t> extents;
  auto has = [](const std::string &term, char label) {
    return term.find(label) != std::string::npos;
  };
  for (size_t i = 0; i < a.size(); ++i) {
    extents[a[i]] = item.shapes[0][i];
    groups[has(b, a[i]) ? (has(c, a[i]) ? 0 : 3) : 1] += a[i];
  }
  for (size_t i = 0; i < b.size(); ++i) {
    extents[b[i]] = item.shapes[1][i];
    if (!has(a, b[i]))
      groups[2] += b[i];
  }
  if (groups[1].empty() || groups[2].empty() || groups[3].empty())
    return std::nullopt;
  auto total = [&](const std::string &labels) {
    int64_t n = 1;
    for (char label : labels)
      n *= extents[label];
    return n;
  };
  const auto &[batch, m, n, k] = groups;
  Product p{total(batch), total(m), total(n), total(k)};
  p.transposeA = a == batch + k + m && a != batch + m + k;
  p.transposeB = b == batch + n + k && b != batch + k + n;
  p.exact = (p.transposeA || a == batch + m + k) && (p.transposeB || b == batch + k + n) &&
            c == batch + m + n;
  return p;
}

void contraction(benchmark::State &state, const Case &item, ricci::DType dtype) {
  ricci::set_num_threads(1);
  openblas_set_num_threads(1);
  std::vector<ricci::Tensor> operands;
  std::vector<ricci::TensorType> types;
  for (const ricci::Shape &shape : item.shapes) {
    operands.push_back(randomTensor(dtype, shape));
    types.push_back(operands.back().type());
  }
  auto executable = ricci::try_compile_einsum(item.equation, types);
  if (!executable) {
    state.SkipWithError(executable.error().message.c_str());
    return;
  }
  const ricci::TensorType &resultType = (*executable)->outputs[0];
  ricci::Tensor result = randomTensor(dtype, resultType.shape);
  double flops = 0, size = double(ricci::itemSize(dtype)), bytes = double(result.size()) * size;
  const std::vector<ricci::PlanStep> &steps = (*executable)->plan.steps;
  for (const ricci::PlanStep &step : steps)
    flops += step.flops;
  for (const ricci::Tensor &operand : operands)
    bytes += double(operand.size()) * size;
  if (steps.size() == 1)
    bytes = steps[0].bytes; // of a diagonal, what it holds

  auto product = productOf(item);
  ricci::Tensor a, b, c;
  if (product) {
    a = randomTensor(dtype, {product->batch, product->m, product->k});
    b = randomTensor(dtype, {product->batch, product->k, product->n});
    c = randomTensor(dtype, {product->batch, product->m, product->n});
  }
  auto blas = [&] {
    auto entry = [&](ricci::Tensor &t, int64_t i) {
      return static_cast<char *>(t.raw()) + i * (t.size() / product->batch) * int64_t(size);
    };
    for (int64_t i = 0; i < product->batch; ++i)
      gemm(dtype, product->transposeA, product->transposeB, product->m, product->n, product->k,
           entry(a, i), entry(b, i), entry(c, i));
  };

  const Rates &best = rates(dtype);
  double ours = 1e9, theirs = 1e9;
  for (auto _ : state) {
    double time = seconds([&] { ricci::einsum_into(item.equation, operands, result); });
    state.SetIterationTime(time);
    ours = std::min(ours, time);
    if (product)
      theirs = std::min(theirs, seconds(blas));
  }
  state.counters["ms"] = ours * 1e3;
  state.counters["gflops"] = flops / ours * 1e-9;
  state.counters["efficiency"] = std::max(flops / best.gemm, bytes / best.copy) / ours;
  if (product)
    state.counters[product->exact ? "blas" : "roof"] = theirs / ours;
}

const bool registered = [] {
  for (const Case &item : readCases())
    for (ricci::DType dtype : {ricci::f32, ricci::f64})
      benchmark::RegisterBenchmark(
          (item.name + "/" + std::string(ricci::shortName(dtype))).c_str(),
          [item, dtype](benchmark::State &state) { contraction(state, item, dtype); })
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
  return true;
}();

} // namespace
