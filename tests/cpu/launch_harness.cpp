//===- launch_harness.cpp - runs a schedule beside a naive loop --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/launch_harness.h"

#include "compiler/cpu/codegen.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/shared_functions.h"
#include "compiler/ir/context.h"
#include "compiler/prebuilt.h"
#include "runtime/half.h"
#include "tests/cpu/guarded_memory.h"

#include "mlir/IR/Location.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace ricci::test {
namespace {

/// One number in the arithmetic of the result's kind: two floats, or an integer modulo 2^64.
struct Exact {
  double re = 0, im = 0;
  uint64_t bits = 0;
};

bool isFloating(DType t) {
  return kindOf(t) == DTypeKind::Float || kindOf(t) == DTypeKind::Complex;
}

template <typename T> T peek(const uint8_t *p) {
  T value;
  std::memcpy(&value, p, sizeof(T));
  return value;
}
template <typename T> void poke(uint8_t *p, T value) { std::memcpy(p, &value, sizeof(T)); }

double peekFloat(DType t, const uint8_t *p) {
  switch (t) {
  case DType::f16:
    return halfToFloat(peek<uint16_t>(p));
  case DType::bf16:
    return bf16ToFloat(peek<uint16_t>(p));
  case DType::f32:
    return peek<float>(p);
  default:
    return peek<double>(p);
  }
}

void pokeFloat(DType t, uint8_t *p, double value) {
  switch (t) {
  case DType::f16:
    return poke(p, halfFromDouble(value));
  case DType::bf16:
    return poke(p, bf16FromFloat(float(value)));
  case DType::f32:
    return poke(p, float(value));
  default:
    return poke(p, value);
  }
}

Exact read(DType t, const uint8_t *p) {
  Exact n;
  if (isFloating(t)) {
    DType part = componentDType(t);
    n.re = peekFloat(part, p);
    if (kindOf(t) == DTypeKind::Complex)
      n.im = peekFloat(part, p + itemSize(part));
    return n;
  }
  std::memcpy(&n.bits, p, itemSize(t));
  if (kindOf(t) == DTypeKind::Int) {
    unsigned unused = 64 - 8 * unsigned(itemSize(t));
    n.bits = uint64_t(int64_t(n.bits << unused) >> unused);
  }
  n.re = kindOf(t) == DTypeKind::Int ? double(int64_t(n.bits)) : double(n.bits);
  return n;
}

void write(DType t, uint8_t *p, Exact n) {
  if (!isFloating(t)) {
    if (kindOf(t) == DTypeKind::Bool)
      n.bits = n.bits != 0;
    std::memcpy(p, &n.bits, itemSize(t));
    return;
  }
  DType part = componentDType(t);
  pokeFloat(part, p, n.re);
  if (kindOf(t) == DTypeKind::Complex)
    pokeFloat(part, p + itemSize(part), n.im);
}

Exact multiply(DType t, Exact a, Exact b) {
  if (kindOf(t) == DTypeKind::Bool)
    return {0, 0, uint64_t(a.bits && b.bits)};
  if (kindOf(t) == DTypeKind::Complex)
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re, 0};
  return {a.re * b.re, 0, a.bits * b.bits};
}

Exact add(DType t, Exact a, Exact b) {
  if (kindOf(t) == DTypeKind::Bool)
    return {0, 0, a.bits | b.bits};
  return {a.re + b.re, a.im + b.im, a.bits + b.bits};
}

/// What the operands hold: numbers so small that floats are exact, or fractions of [-1, 1). Where
/// the result is an integer, integers are any bits.
enum class Data { Integers, Fractions };

Exact randomNumber(DType t, DType result, Data data, Random &random) {
  auto part = [&] {
    return data == Data::Fractions ? double(int64_t(random() >> 11)) * 0x1p-52 - 1
                                   : double(int64_t(random() % 7) - 3);
  };
  switch (kindOf(t)) {
  case DTypeKind::Float:
    return {part(), 0, 0};
  case DTypeKind::Complex:
    return {part(), part(), 0};
  case DTypeKind::Bool:
    return {0, 0, random() & 1};
  default:
    if (!isFloating(result))
      return {0, 0, random()};
    return {0, 0, random() % 4 - (kindOf(t) == DTypeKind::Int ? 2 : 0)};
  }
}

/// The offsets that a buffer's elements span: [low, high], or nothing.
struct Reach {
  int64_t low = 0, high = 0;
  bool empty = false;
  size_t elements() const { return empty ? 0 : size_t(high - low + 1); }
};

Reach reachOf(const LabelledProduct &product, size_t buffer) {
  Reach reach;
  for (const auto &axis : product.axes) {
    bool has = axis.strides[buffer] != 0 || (buffer == product.operands.size() && axis.kept);
    if (axis.extent == 0) {
      reach.empty |= has;
      continue;
    }
    int64_t last = (axis.extent - 1) * axis.strides[buffer];
    (last < 0 ? reach.low : reach.high) += last;
  }
  return reach;
}

/// Calls `body` with the offset of every buffer for every index of the axes that are (not) kept.
template <typename Body>
void forIndices(const LabelledProduct &product, bool kept, std::vector<int64_t> offsets,
                Body body) {
  std::vector<const LabelledProduct::Axis *> axes;
  for (const auto &axis : product.axes)
    if (axis.kept == kept) {
      axes.push_back(&axis);
      if (axis.extent == 0)
        return;
    }
  std::vector<int64_t> index(axes.size(), 0);
  auto move = [&](size_t d, int64_t steps) {
    for (size_t b = 0; b < offsets.size(); ++b)
      offsets[b] += steps * axes[d]->strides[b];
  };
  for (;;) {
    body(offsets);
    size_t d = axes.size();
    while (d-- > 0) {
      if (++index[d] < axes[d]->extent) {
        move(d, 1);
        break;
      }
      move(d, 1 - axes[d]->extent);
      index[d] = 0;
    }
    if (d == size_t(-1))
      return;
  }
}

/// How the tasks of a launch are divided.
enum class Split { Whole, Each, Random };

constexpr uint8_t kOutside = 0xDB, kGarbage = 0xFF;

/// The buffers of one launch in guarded memory.
struct Memory {
  std::vector<std::unique_ptr<GuardedMemory>> buffers;
  std::vector<uint8_t *> origins; ///< the elements at index 0
  size_t skipped, odd;

  /// `skipped` elements and `odd` bytes of each buffer lie before its first.
  Memory(const LabelledProduct &product, bool atEnd, size_t skipped = 0, size_t odd = 0)
      : skipped(skipped), odd(odd) {
    for (size_t i = 0; i <= product.operands.size(); ++i) {
      size_t size = itemSize(i < product.operands.size() ? product.operands[i] : product.result);
      Reach reach = reachOf(product, i);
      buffers.push_back(std::make_unique<GuardedMemory>((skipped + reach.elements()) * size + odd,
                                                        size, atEnd, kOutside));
      origins.push_back(firstOf(i, size) - (reach.empty ? 0 : reach.low) * int64_t(size));
    }
  }

  uint8_t *firstOf(size_t buffer, size_t size) const {
    return buffers[buffer]->data() + skipped * size + odd;
  }

  void fill(const LabelledProduct &product, Data data, Random &random) {
    for (size_t i = 0; i < product.operands.size(); ++i) {
      size_t size = itemSize(product.operands[i]), count = reachOf(product, i).elements();
      for (size_t e = 0; e < count; ++e)
        write(product.operands[i], firstOf(i, size) + e * size,
              randomNumber(product.operands[i], product.result, data, random));
    }
    if (product.accumulate)
      forIndices(product, true, std::vector<int64_t>(origins.size(), 0), [&](auto &offsets) {
        write(product.result, origins.back() + offsets.back() * int64_t(itemSize(product.result)),
              randomNumber(product.result, product.result, data, random));
      });
  }

  void run(const Schedule &schedule, const Target &target, Split split, bool atEnd,
           Random &random) {
    KernelFn kernel = kernelOf(schedule.spec, target);
    if (!kernel)
      return;
    LaunchData launch = describeLaunch(schedule, target);
    std::vector<void *> pointers(origins.begin(), origins.end());
    if (schedule.swapped)
      std::swap(pointers[0], pointers[1]);
    auto range = [&](int64_t begin, int64_t end) {
      GuardedMemory workspace(size_t(launch.workspaceBytes), 64, atEnd, kGarbage);
      kernel(pointers.data(), launch.descriptor.data(), workspace.data(), begin, end);
      EXPECT_TRUE(workspace.edgesHold(kGarbage)) << "writes beyond its workspace";
    };
    switch (split) {
    case Split::Whole:
      return range(0, launch.tasks);
    case Split::Each:
      for (int64_t task = launch.tasks; task-- > 0;)
        range(task, task + 1);
      return;
    case Split::Random: {
      std::vector<int64_t> cuts{0, launch.tasks};
      for (uint64_t i = random() % 4; i > 0 && launch.tasks > 0; --i)
        cuts.push_back(int64_t(random() % uint64_t(launch.tasks)));
      std::sort(cuts.begin(), cuts.end());
      std::vector<size_t> order(cuts.size() - 1);
      for (size_t i = 0; i < order.size(); ++i)
        order[i] = i;
      std::shuffle(order.begin(), order.end(), random);
      for (size_t i : order)
        range(cuts[i], cuts[i + 1]);
    }
    }
  }
};

/// Writes what the launch should leave into `expected`, a copy of the result's memory.
void naive(const LabelledProduct &product, const Memory &memory, std::vector<uint8_t> &expected) {
  DType t = product.result;
  size_t operands = product.operands.size();
  const GuardedMemory &result = *memory.buffers.back();
  uint8_t *origin = expected.data() + result.dataOffset() + (memory.origins.back() - result.data());
  forIndices(product, true, std::vector<int64_t>(operands + 1, 0), [&](auto &start) {
    Exact sum;
    bool reduced = false;
    for (const auto &axis : product.axes)
      reduced |= !axis.kept;
    forIndices(product, false, start, [&](auto &offsets) {
      Exact term;
      for (size_t i = 0; i < operands; ++i) {
        DType from = product.operands[i];
        Exact n = read(from, memory.origins[i] + offsets[i] * int64_t(itemSize(from)));
        if (kindOf(from) == DTypeKind::Bool || kindOf(t) == DTypeKind::Bool)
          n.bits = n.bits != 0;
        term = i == 0 ? n : multiply(t, term, n);
      }
      sum = reduced ? add(t, sum, term) : term;
    });
    uint8_t *at = origin + start.back() * int64_t(itemSize(t));
    write(t, at, product.accumulate ? add(t, read(t, at), sum) : sum);
  });
}

std::string describe(const Schedule &s, const LabelledProduct &product, const Target &target) {
  std::string text = s.spec.name() + " on " + target.cpu;
  for (const auto &axis : product.axes) {
    text += std::string(axis.kept ? "; kept " : "; reduced ") + std::to_string(axis.extent) + " by";
    for (int64_t stride : axis.strides)
      text += " " + std::to_string(stride);
  }
  if (s.spec.family == Family::Contract)
    text += "; blocks " + std::to_string(s.blockRows) + " " + std::to_string(s.blockColumns) + " " +
            std::to_string(s.blockK) + "; packing " + std::to_string(int(s.spec.packing[0])) + " " +
            std::to_string(int(s.spec.packing[1]));
  return text;
}

} // namespace

LabelledProduct makeProduct(const std::string &equation, const std::map<char, int64_t> &extents,
                            llvm::ArrayRef<DType> operands, DType result, Disorder disorder) {
  std::vector<std::string> terms{""};
  for (char c : equation) {
    if (c == ',' || c == '>')
      terms.push_back("");
    else if (c != '-')
      terms.back() += c;
  }
  std::string labels = terms.back();
  for (size_t i = 0; i + 1 < terms.size(); ++i)
    for (char c : terms[i])
      if (labels.find(c) == std::string::npos)
        labels += c;
  LabelledProduct product;
  product.operands.assign(operands.begin(), operands.end());
  product.result = result;
  for (size_t i = 0; i < labels.size(); ++i)
    product.axes.push_back({extents.at(labels[i]), llvm::SmallVector<int64_t, 3>(terms.size(), 0),
                            i < terms.back().size()});
  auto chance = [&](bool wanted, unsigned oneIn) {
    return wanted && (*disorder.random)() % oneIn == 0;
  };
  for (size_t buffer = 0; buffer < terms.size(); ++buffer) {
    int64_t stride = chance(disorder.gap, 3) ? 2 : 1;
    for (size_t i = terms[buffer].size(); i-- > 0;) {
      auto &axis = product.axes[labels.find(terms[buffer][i])];
      int64_t sign = chance(disorder.flip, 3) ? -1 : 1;
      if (!(buffer + 1 < terms.size() && chance(disorder.zero, 6)))
        axis.strides[buffer] += sign * stride;
      stride = stride * std::max<int64_t>(axis.extent, 1) + (chance(disorder.pad, 2) ? 3 : 0);
    }
  }
  return product;
}

KernelSpec contractSpec(llvm::ArrayRef<DType> operands, DType result, const Target &target,
                        int vectors) {
  DType compute = computeType(result);
  int parts = kindOf(compute) == DTypeKind::Complex ? 2 : 1;
  if (vectors == 0)
    vectors = 2 / parts;
  KernelSpec spec;
  spec.family = Family::Contract;
  spec.operands.assign(operands.begin(), operands.end());
  spec.result = result;
  spec.tileRows = (target.vectorRegisters - parts * (vectors + 1)) / (parts * vectors);
  spec.tileColumns = vectors * target.lanes(componentDType(compute));
  return spec;
}

Schedule contractSchedule(const LabelledProduct &product, const KernelSpec &spec, Blocks blocks,
                          Packing a, Packing b) {
  Schedule s;
  s.spec = spec;
  s.accumulate = product.accumulate;
  for (size_t i = product.axes.size(); i-- > 0;) {
    const auto &axis = product.axes[i];
    bool inA = axis.strides[0] != 0, inB = axis.strides[1] != 0;
    Dims &group = !axis.kept ? s.k : inA == inB ? s.batch : inA ? s.m : s.n;
    group.push_back({axis.extent, axis.strides});
  }
  s.blockRows = blocks.rows, s.blockColumns = blocks.columns, s.blockK = blocks.k;
  s.spec.packing[0] = a, s.spec.packing[1] = b;
  return s;
}

Schedule transposeSchedule(const LabelledProduct &product, size_t column, size_t rows) {
  Schedule s;
  s.spec.family = Family::Transpose;
  s.spec.operands = product.operands;
  s.spec.result = product.result;
  s.blockRows = s.blockColumns = kTransposeUnit;
  for (size_t i = product.axes.size(); i-- > 0;) {
    Dims &group = i == column ? s.n : i + rows >= product.axes.size() ? s.m : s.batch;
    group.push_back({product.axes[i].extent, product.axes[i].strides});
  }
  return s;
}

Schedule elementwiseSchedule(Family family, const LabelledProduct &product, bool vectorized,
                             int rowsAtOnce) {
  Schedule s;
  s.spec.family = family;
  s.spec.operands = product.operands;
  s.spec.result = product.result;
  s.accumulate = s.spec.accumulate = product.accumulate;
  for (size_t i = product.axes.size(); i-- > 0;)
    (product.axes[i].kept ? s.batch : s.k)
        .push_back({product.axes[i].extent, product.axes[i].strides});
  if (vectorized) {
    s.spec.vectorized = true;
    const Dims &dims = family == Family::ReduceRows ? s.k : s.batch;
    for (size_t i = 0; i <= product.operands.size(); ++i)
      s.spec.unit |= uint32_t(dims[0].strides[i] == 1) << i;
    s.spec.rowsAtOnce = rowsAtOnce;
    s.spec.shared = sharedOperands(s);
  }
  return s;
}

KernelFn kernelOf(const KernelSpec &spec, const Target &target) {
  static std::map<std::string, std::shared_ptr<const Kernel>> kernels;
  static auto context = makeContext();
  std::string key = spec.name() + "|" + target.key();
  auto [entry, isNew] = kernels.try_emplace(key);
  if (!isNew)
    return entry->second ? entry->second->entry() : nullptr;
  mlir::OwningOpRef<mlir::ModuleOp> module(
      mlir::ModuleOp::create(mlir::UnknownLoc::get(context.get())));
  emitKernel(*module, spec, target);
  auto prebuilt = usePrebuilt(*module, spec.name(), target, prebuiltFunctions());
  if (failed(lowerLoopsToLLVM(*module, target))) {
    ADD_FAILURE() << "lowering of " << key;
    return nullptr;
  }
  auto optimized = translateAndOptimize(*module, target);
  auto object = optimized ? emitObject(*optimized->module, target) : optimized.error();
  auto image = object ? linkImage(*object, prebuilt) : object.error();
  auto kernel = image ? loadImage(key, *image) : image.error();
  if (!kernel) {
    ADD_FAILURE() << key << ": " << kernel.error().render();
    return nullptr;
  }
  entry->second = *kernel;
  return entry->second->entry();
}

void expectRight(const Schedule &schedule, const LabelledProduct &product, const Target &target) {
  SCOPED_TRACE(describe(schedule, product, target));
  Random random(product.axes.size());
  // Whole rows of tiles also begin off a line of the caches that they are stored past, and where no
  // element begins a line.
  for (size_t placement = 0; placement < (schedule.streams ? 4 : 2); ++placement) {
    bool atEnd = placement == 0;
    Memory memory(product, atEnd, placement == 2 ? 1 : 0, placement == 3 ? 1 : 0);
    memory.fill(product, Data::Integers, random);
    std::vector<uint8_t> expected = memory.buffers.back()->all();
    naive(product, memory, expected);
    memory.run(schedule, target, atEnd ? Split::Whole : Split::Random, atEnd, random);
    std::vector<uint8_t> actual = memory.buffers.back()->all();
    auto [is, should] = std::mismatch(actual.begin(), actual.end(), expected.begin());
    if (is == actual.end())
      continue;
    const GuardedMemory &result = *memory.buffers.back();
    int64_t byte = (is - actual.begin()) - int64_t(result.dataOffset()),
            size = int64_t(itemSize(product.result));
    ADD_FAILURE() << "byte " << byte % size << " of element " << byte / size << " is " << int(*is)
                  << " and should be " << int(*should);
    return;
  }
}

void expectSplitsAgree(const Schedule &schedule, const LabelledProduct &product,
                       const Target &target) {
  SCOPED_TRACE(describe(schedule, product, target));
  EXPECT_GT(describeLaunch(schedule, target).tasks, 1);
  auto run = [&](Split split) {
    Random random(1);
    Memory memory(product, true);
    memory.fill(product, Data::Fractions, random);
    memory.run(schedule, target, split, true, random);
    return memory.buffers.back()->all();
  };
  auto whole = run(Split::Whole);
  EXPECT_EQ(whole, run(Split::Each));
  EXPECT_EQ(whole, run(Split::Random));
}

std::vector<double> runFilled(const Schedule &schedule, const LabelledProduct &product,
                              const Target &target, llvm::ArrayRef<double> values) {
  Random random(1);
  Memory memory(product, true);
  for (size_t i = 0; i < values.size(); ++i) {
    size_t size = itemSize(product.operands[i]), count = reachOf(product, i).elements();
    for (size_t e = 0; e < count; ++e)
      write(product.operands[i], memory.buffers[i]->data() + e * size, {values[i], 0, 0});
  }
  memory.run(schedule, target, Split::Whole, true, random);
  std::vector<double> result;
  forIndices(product, true, std::vector<int64_t>(memory.origins.size(), 0), [&](auto &offsets) {
    result.push_back(read(product.result, memory.origins.back() +
                                              offsets.back() * int64_t(itemSize(product.result)))
                         .re);
  });
  return result;
}

} // namespace ricci::test
