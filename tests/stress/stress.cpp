//===- stress.cpp - many threads compile, run and evict ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// stress --seconds S --threads N --seed K    right results from all threads for so long
// stress --kernels N                         memory after N distinct kernels that were evicted
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"
#include "tests/mappings.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace ricci;

namespace {

using Random = std::mt19937_64;

int64_t below(Random &random, int64_t n) { return int64_t(random() % uint64_t(n)); }

[[noreturn]] void fail(const std::string &what) {
  std::fprintf(stderr, "stress: %s\n", what.c_str());
  std::_Exit(1);
}

Tensor filled(Random &random, Shape shape) {
  Tensor tensor = Tensor::allocate(DType::i64, std::move(shape)).value();
  for (int64_t i = 0; i < tensor.size(); ++i)
    tensor.data<int64_t>()[i] = below(random, 19) - 9;
  return tensor;
}

/// A matrix product by einsum, checked element by element.
void product(Random &random) {
  const int64_t m = 1 + below(random, 12), n = 1 + below(random, 12), k = 1 + below(random, 12);
  Tensor a = filled(random, {m, k}), b = filled(random, {k, n});
  Tensor c = einsum("ij,jk->ik", {a, b});
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      int64_t sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += a.data<int64_t>()[i * k + l] * b.data<int64_t>()[l * n + j];
      if (c.data<int64_t>()[i * n + j] != sum)
        fail(fmt::format("a product of {}x{}x{} is wrong", m, n, k));
    }
}

/// An elementwise program of a random structure, of its kernels there are thousands.
void elementwise(Random &random) {
  Tensor x = filled(random, {1 + below(random, 300)});
  std::string text = "x";
  std::vector<int64_t> wanted(x.data<int64_t>(), x.data<int64_t>() + x.size());
  for (int64_t steps = 1 + below(random, 6); steps > 0; --steps) {
    const int64_t which = below(random, 4);
    constexpr const char *kSteps[] = {"({} + 3)", "({} * x)", "maximum({}, -x)", "({} & 1023)"};
    text = fmt::format(fmt::runtime(kSteps[which]), text);
    for (int64_t i = 0; i < x.size(); ++i) {
      const uint64_t value = uint64_t(wanted[size_t(i)]), element = uint64_t(x.data<int64_t>()[i]);
      wanted[size_t(i)] = which == 0   ? int64_t(value + 3)
                          : which == 1 ? int64_t(value * element)
                          : which == 2 ? std::max(int64_t(value), -int64_t(element))
                                       : int64_t(value & 1023);
    }
  }
  Tensor result = evaluate(text, {{"x", x}}).front();
  if (std::memcmp(result.data<int64_t>(), wanted.data(), wanted.size() * 8) != 0)
    fail(fmt::format("{} on {} elements is wrong", text, x.size()));
}

/// What is wrong is an error, the same from every thread.
void mistake(Random &random) {
  Tensor x = filled(random, {3, 4});
  auto result = try_einsum("ij,jk->ik", {x, x});
  if (result || result.error().kind != ErrorKind::Input)
    fail("operands that do not fit are no error");
}

void work(uint64_t seed, std::chrono::steady_clock::time_point end, std::atomic<int64_t> &calls) {
  Random random(seed);
  std::vector<Function> held;
  while (std::chrono::steady_clock::now() < end) {
    const int64_t choice = below(random, 100);
    if (choice < 45)
      product(random);
    else if (choice < 90)
      elementwise(random);
    else if (choice < 93)
      mistake(random);
    else if (choice < 97)
      held.push_back(compile("x * 2 + y", {{"x", f64, {1 + below(random, 20)}}, {"y", f64, {}}}));
    else if (choice < 99)
      clear_cache();
    else
      release_memory();
    if (held.size() > 8)
      held.clear();
    ++calls;
  }
}

int runThreads(double seconds, int threads, uint64_t seed) {
  std::atomic<int64_t> calls{0};
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                       std::chrono::duration<double>(seconds));
  std::vector<std::thread> workers;
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&, t] { work(seed * 1000 + uint64_t(t), end, calls); });
  for (std::thread &worker : workers)
    worker.join();
  std::printf("%lld calls of %d threads in %g s, seed %llu\n", static_cast<long long>(calls.load()),
              threads, seconds, static_cast<unsigned long long>(seed));
  return calls > threads ? 0 : 1;
}

int64_t residentBytes() {
  std::FILE *file = std::fopen("/proc/self/statm", "r");
  long long total = 0, resident = 0;
  if (!file || std::fscanf(file, "%lld %lld", &total, &resident) != 2)
    fail("cannot read /proc/self/statm");
  std::fclose(file);
  return int64_t(resident) * sysconf(_SC_PAGESIZE);
}

/// The `number`-th of thousands of structures: digits choose operations.
std::string structure(int64_t number) {
  constexpr const char *kSteps[] = {"({} + 3)",    "({} * x)", "maximum({}, -x)",
                                    "({} & 1023)", "({} - x)", "minimum({}, x)"};
  std::string text = "x";
  for (number += 6; number > 0; number /= 6)
    text = fmt::format(fmt::runtime(kSteps[number % 6]), text);
  return text;
}

int runKernels(int64_t kernels) {
  constexpr int64_t kMost = 2 << 20; ///< for each 1000
  Random random(1);
  Tensor x = filled(random, {64});
  int64_t warm = std::min<int64_t>(200, kernels / 3), last = 0, first = 0;
  for (int64_t i = 0; i < kernels; ++i) {
    evaluate(structure(i), {{"x", x}});
    if (i % 100 == 99)
      clear_cache();
    if (i + 1 == warm)
      first = last = residentBytes();
    else if (i + 1 > warm && (i + 1 - warm) % 1000 == 0) {
      const int64_t now = residentBytes();
      std::printf("%lld kernels: %.1f MiB, %+.2f MiB\n", static_cast<long long>(i + 1),
                  double(now) / (1 << 20), double(now - last) / (1 << 20));
      std::fflush(stdout);
      last = now;
    }
  }
  const int64_t grown = residentBytes() - first;
  const double each = double(grown) * 1000 / double(kernels - warm);
  std::printf("%.2f MiB for each 1000 kernels after the first %lld\n", each / (1 << 20),
              static_cast<long long>(warm));
  // A short run has noise of its own.
  return grown < std::max<int64_t>(kMost * (kernels - warm) / 1000, 4 << 20) ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
  double seconds = 20;
  int threads = 8;
  uint64_t seed = 1;
  int64_t kernels = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--seconds")
      seconds = std::atof(argv[i + 1]);
    else if (name == "--threads")
      threads = std::atoi(argv[i + 1]);
    else if (name == "--seed")
      seed = uint64_t(std::atoll(argv[i + 1]));
    else if (name == "--kernels")
      kernels = std::atoll(argv[i + 1]);
    else
      fail(fmt::format("there is no option {}", name));
  }
  const int status = kernels > 0 ? runKernels(kernels) : runThreads(seconds, threads, seed);
  for (const std::string &line : writableCode())
    fail("writable and executable: " + line);
  return status;
}
