//===- stress.cpp - many threads compile, run and evict ----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// stress --seconds S --threads N --seed K    right results from all threads for so long
//        --cases C                           of so many random contractions and programs
//        --folder F                          which lie in this cache folder: nothing is compiled
// stress --fill F --cases C --seed K         puts them there
// stress --kernels N                         memory after N distinct kernels that were evicted
//
// Data are small integers, so that every type holds every result exactly.
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"
#include "tests/mappings.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
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

//===- data -------------------------------------------------------------------------------===//

/// Calls `of` with a null pointer of the element type.
template <typename Of> auto withType(DType dtype, Of of) {
  switch (dtype) {
  case DType::i32:
    return of(static_cast<int32_t *>(nullptr));
  case DType::f32:
    return of(static_cast<float *>(nullptr));
  case DType::f64:
    return of(static_cast<double *>(nullptr));
  default:
    return of(static_cast<int64_t *>(nullptr));
  }
}
constexpr DType kTypes[] = {DType::i32, DType::i64, DType::f32, DType::f64};

/// A tensor and its elements as integers, in C order.
struct Data {
  Tensor tensor;
  std::vector<int64_t> elements;
};

Data filled(Random &random, DType dtype, Shape shape) {
  Data data{Tensor::allocate(dtype, std::move(shape)).value(), {}};
  withType(dtype, [&]<typename T>(T *) {
    for (int64_t i = 0; i < data.tensor.size(); ++i) {
      data.elements.push_back(below(random, 19) - 9);
      data.tensor.data<T>()[i] = T(data.elements.back());
    }
  });
  return data;
}

void check(const Tensor &result, const std::vector<int64_t> &wanted, const std::string &what) {
  withType(result.dtype(), [&]<typename T>(T *) {
    if (result.size() != int64_t(wanted.size()))
      fail(fmt::format("{} has {} elements, not {}", what, result.size(), wanted.size()));
    for (size_t i = 0; i < wanted.size(); ++i)
      if (result.data<T>()[i] != T(wanted[i]))
        fail(
            fmt::format("element {} of {} is {}, not {}", i, what, result.data<T>()[i], wanted[i]));
  });
}

//===- cases ------------------------------------------------------------------------------===//

/// Two operands of up to four labels, in any order; some of the labels are summed.
void contraction(Random &structure, Random &random) {
  const DType dtype = kTypes[below(structure, 4)];
  const int64_t labels = 2 + below(structure, 3);
  std::vector<int64_t> extents;
  for (int64_t l = 0; l < labels; ++l)
    extents.push_back(1 + below(structure, 12));
  std::string names[3]; // of two operands and the result
  for (int64_t l = 0; l < labels; ++l) {
    const int64_t who = below(structure, 4);
    for (int o = 0; o < 3; ++o)
      if (o == 2 ? below(structure, 2) == 0 : who >= 2 || who == o)
        names[o] += char('i' + l);
  }
  for (std::string &name : names)
    std::shuffle(name.begin(), name.end(), structure);
  std::vector<Data> operands;
  for (int o = 0; o < 2; ++o) {
    Shape shape;
    for (char label : names[o])
      shape.push_back(extents[size_t(label - 'i')]);
    operands.push_back(filled(random, dtype, shape));
  }
  const std::string equation = fmt::format("{},{}->{}", names[0], names[1], names[2]);
  const Tensor result = einsum(equation, {operands[0].tensor, operands[1].tensor});

  std::vector<int64_t> wanted(size_t(result.size())), at(size_t(labels), 0);
  auto place = [&](const std::string &name) {
    int64_t index = 0;
    for (char label : name)
      index = index * extents[size_t(label - 'i')] + at[size_t(label - 'i')];
    return size_t(index);
  };
  for (bool isEnd = false; !isEnd;) {
    wanted[place(names[2])] +=
        operands[0].elements[place(names[0])] * operands[1].elements[place(names[1])];
    isEnd = true;
    for (size_t l = 0; l < at.size() && isEnd; ++l) {
      isEnd = ++at[l] == extents[l];
      if (isEnd)
        at[l] = 0;
    }
  }
  check(result, wanted, equation);
}

/// Functions that threads hand to each other, and drop while others run them.
struct Shared {
  std::mutex mutex;
  std::vector<std::pair<std::string, Function>> functions;
} shared;
constexpr size_t kMostShared = 8;

/// An elementwise program of a random structure, or its sums.
void program(Random &structure, Random &random) {
  const DType dtype = kTypes[below(structure, 4)];
  const Shape shape = {1 + below(structure, 20), 1 + below(structure, 40)};
  const Data x = filled(random, dtype, shape);
  std::string text = "x";
  std::vector<int64_t> wanted = x.elements;
  for (int64_t steps = 1 + below(structure, 4); steps > 0; --steps) {
    constexpr const char *kSteps[] = {"({} + 3)", "({} * x)", "maximum({}, -x)", "({} - x)"};
    const int64_t which = below(structure, 4);
    text = fmt::format(fmt::runtime(kSteps[which]), text);
    for (size_t i = 0; i < wanted.size(); ++i) {
      int64_t &value = wanted[i];
      const int64_t element = x.elements[i];
      value = which == 0   ? value + 3
              : which == 1 ? value * element
              : which == 2 ? std::max(value, -element)
                           : value - element;
    }
  }
  if (below(structure, 3) == 0) {
    text += ".sum(axis=1)";
    std::vector<int64_t> sums(size_t(shape[0]), 0);
    for (size_t i = 0; i < wanted.size(); ++i)
      sums[i / size_t(shape[1])] += wanted[i];
    wanted = std::move(sums);
  }
  if (below(random, 4) != 0)
    return check(evaluate(text, {{"x", x.tensor}}).front(), wanted, text);
  const std::string key = text + x.tensor.type().str();
  Function f;
  {
    std::lock_guard lock(shared.mutex);
    for (const auto &[known, function] : shared.functions)
      if (known == key)
        f = function;
  }
  if (!f) {
    f = compile(text, {{"x", dtype, shape}});
    std::lock_guard lock(shared.mutex);
    shared.functions.emplace_back(key, f);
    if (shared.functions.size() > kMostShared)
      shared.functions.erase(shared.functions.begin());
  }
  check(f({x.tensor}), wanted, text);
}

void runCase(uint64_t seed, int64_t number, Random &random) {
  Random structure(seed * 1000003 + uint64_t(number));
  if (number % 2 == 0)
    contraction(structure, random);
  else
    program(structure, random);
}

/// What is wrong is an error, the same from every thread.
void mistake(Random &random) {
  const Tensor x = filled(random, DType::i64, {3, 4}).tensor;
  auto result = try_einsum("ij,jk->ik", {x, x});
  if (result || result.error().kind != ErrorKind::Input)
    fail("operands that do not fit are no error");
}

//===- what the program does --------------------------------------------------------------===//

int64_t residentBytes() {
  std::FILE *file = std::fopen("/proc/self/statm", "r");
  long long total = 0, resident = 0;
  if (!file || std::fscanf(file, "%lld %lld", &total, &resident) != 2)
    fail("cannot read /proc/self/statm");
  std::fclose(file);
  return int64_t(resident) * sysconf(_SC_PAGESIZE);
}

double mebibytes(int64_t bytes) { return double(bytes) / (1 << 20); }

struct Options {
  double seconds = 20;
  int threads = 8;
  uint64_t seed = 1;
  int64_t cases = 1000000, kernels = 0;
  std::string folder, fill;
};

int runFill(const Options &options) {
  set_cache_folder(options.fill);
  Random random(options.seed);
  for (int64_t number = 0; number < options.cases; ++number) {
    runCase(options.seed, number, random);
    clear_cache(); // a kernel of another's is not kept on disk
    shared.functions.clear();
  }
  return 0;
}

using Clock = std::chrono::steady_clock;

void work(const Options &options, uint64_t thread, Clock::time_point end,
          std::atomic<int64_t> &calls) {
  Random random(options.seed * 1000 + thread);
  while (Clock::now() < end) {
    const int64_t choice = below(random, 100);
    if (choice < 94)
      runCase(options.seed, below(random, options.cases), random);
    else if (choice < 97)
      mistake(random);
    else if (choice < 99)
      clear_cache();
    else
      release_memory();
    ++calls;
  }
}

int runThreads(const Options &options) {
  if (!options.folder.empty()) {
    set_cache_folder(options.folder);
    auto refuse = [](void *, LogLevel, std::string_view message) {
      if (message.substr(0, 8) == "compiled")
        fail(fmt::format("what lies on disk was {}", message));
    };
    set_log_callback(refuse, nullptr, LogLevel::Info);
  }
  std::atomic<int64_t> calls{0};
  const Clock::time_point begin = Clock::now();
  auto after = [&](double part) {
    return begin + std::chrono::duration_cast<Clock::duration>(
                       std::chrono::duration<double>(part * options.seconds));
  };
  std::vector<std::thread> workers;
  for (int t = 0; t < options.threads; ++t)
    workers.emplace_back([&, t] { work(options, uint64_t(t), after(1), calls); });
  // By its second half a process has all that it needs.
  std::vector<int64_t> resident;
  for (int quarter = 1; quarter <= 4; ++quarter) {
    std::this_thread::sleep_until(after(quarter / 4.0));
    resident.push_back(residentBytes());
  }
  for (std::thread &worker : workers)
    worker.join();
  std::printf(
      "%lld calls of %d threads in %g s, seed %llu; resident after each quarter: %.0f, %.0f, "
      "%.0f, %.0f MiB\n",
      static_cast<long long>(calls.load()), options.threads, options.seconds,
      static_cast<unsigned long long>(options.seed), mebibytes(resident[0]), mebibytes(resident[1]),
      mebibytes(resident[2]), mebibytes(resident[3]));
  constexpr int64_t kMostGrowth = 32 << 20; ///< noise of threads that are busy
  if (resident[3] - resident[1] > kMostGrowth)
    fail("memory grows");
  return calls > options.threads ? 0 : 1;
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
  const Tensor x = filled(random, DType::i64, {64}).tensor;
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
                  mebibytes(now), mebibytes(now - last));
      std::fflush(stdout);
      last = now;
    }
  }
  const int64_t grown = residentBytes() - first;
  const double each = double(grown) * 1000 / double(kernels - warm);
  std::printf("%.2f MiB for each 1000 kernels after the first %lld\n", each / (1 << 20),
              static_cast<long long>(warm));
  return grown < kMost * (kernels - warm) / 1000 ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const char *value = argv[i + 1];
    if (name == "--seconds")
      options.seconds = std::atof(value);
    else if (name == "--threads")
      options.threads = std::atoi(value);
    else if (name == "--seed")
      options.seed = uint64_t(std::atoll(value));
    else if (name == "--cases")
      options.cases = std::atoll(value);
    else if (name == "--folder")
      options.folder = value;
    else if (name == "--fill")
      options.fill = value;
    else if (name == "--kernels")
      options.kernels = std::atoll(value);
    else
      fail(fmt::format("there is no option {}", name));
  }
  const int status = !options.fill.empty() ? runFill(options)
                     : options.kernels > 0 ? runKernels(options.kernels)
                                           : runThreads(options);
  for (const std::string &line : writableCode())
    fail("writable and executable: " + line);
  return status;
}
