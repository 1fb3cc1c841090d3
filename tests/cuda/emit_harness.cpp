//===- emit_harness.cpp - runs emitted kernels on the emulator beside the oracle ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emit_harness.h"
#include "tests/fuse/layouts.h"

#include "compiler/ir/constants.h"
#include "compiler/ir/context.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"
#include "compiler/reference/interpreter.h"
#include "runtime/half.h"
#include "tests/cuda/emulator/emulator.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace ricci::test {
namespace {

using namespace mlir;

constexpr uint8_t kOutside = 0xDB;

/// A tensor in memory of its own, or in a piece of other memory.
struct Placed {
  DType dtype{};
  Shape shape;
  Strides strides;
  int64_t low = 0; ///< elements before the one at index 0
  size_t count = 0;
  std::vector<uint8_t> memory;
  uint8_t *first = nullptr; ///< of the elements, the lowest

  Placed(Type type, ArrayRef<int64_t> layout) : dtype(elementDType(type)) {
    ArrayRef<int64_t> extents = cast<RankedTensorType>(type).getShape();
    shape.assign(extents.begin(), extents.end());
    strides.assign(layout.begin(), layout.end());
    int64_t high = 0;
    bool empty = llvm::is_contained(shape, 0);
    for (auto [extent, stride] : llvm::zip(shape, strides)) {
      int64_t last = (extent - 1) * stride;
      low -= std::min<int64_t>(last, 0), high += std::max<int64_t>(last, 0);
    }
    low = empty ? 0 : low;
    count = empty ? 0 : size_t(low + high + 1);
  }

  size_t size() const { return itemSize(dtype); }
  size_t bytes() const { return count * size(); }
  uint8_t *origin() const { return first + low * int64_t(size()); }
  /// Memory of its own: a multiple of 64 bytes, and perhaps one element more.
  void own(bool isUnaligned) {
    memory.assign(bytes() + 192, kOutside);
    auto address = reinterpret_cast<uintptr_t>(memory.data());
    first = memory.data() + (64 - address % 64) + (isUnaligned ? size() : 0);
  }
  /// Bytes from the lowest element, of every element in C order.
  std::vector<int64_t> offsets() const {
    std::vector<int64_t> list;
    Shape index(shape.size(), 0);
    int64_t at = low * int64_t(size());
    for (bool more = count != 0; more;) {
      list.push_back(at);
      size_t axis = shape.size();
      for (more = false; axis-- > 0 && !more;) {
        at += strides[axis] * int64_t(size());
        more = ++index[axis] < shape[axis];
        if (more)
          break;
        at -= index[axis] * strides[axis] * int64_t(size());
        index[axis] = 0;
      }
    }
    return list;
  }
  Tensor dense() const {
    Tensor t = Tensor::allocate(dtype, shape).value();
    auto *to = t.data<uint8_t>();
    for (int64_t offset : offsets()) {
      std::memcpy(to, first + offset, size());
      to += size();
    }
    return t;
  }
};

DType partOf(DType t) { return t == DType::c64 ? DType::f32 : t == DType::c128 ? DType::f64 : t; }
bool isFloating(DType t) {
  return kindOf(t) == DTypeKind::Float || kindOf(t) == DTypeKind::Complex;
}

double readPart(DType t, const uint8_t *p) {
  auto as = [&](auto value) {
    std::memcpy(&value, p, sizeof value);
    return value;
  };
  switch (t) {
  case DType::f16:
    return halfToFloat(as(uint16_t()));
  case DType::bf16:
    return bf16ToFloat(as(uint16_t()));
  case DType::f32:
    return double(as(float()));
  default:
    return as(double());
  }
}

void writePart(DType t, uint8_t *p, double value) {
  auto put = [&](auto bits) { std::memcpy(p, &bits, sizeof bits); };
  switch (t) {
  case DType::f16:
    return put(halfFromDouble(value));
  case DType::bf16:
    return put(bf16FromFloat(float(value)));
  case DType::f32:
    return put(float(value));
  default:
    return put(value);
  }
}

class Runner {
public:
  Runner(const std::string &text, const EmitOptions &options)
      : options_(options), random_(options.seed), context_(makeContext()),
        module_(parseSourceString<ModuleOp>(text, context_.get())) {
    if (!module_) {
      ADD_FAILURE() << "no module: " << text;
      return;
    }
    function_ = *module_->getOps<func::FuncOp>().begin();
    accumulates_ = function_->hasAttr(kAccumulateAttr);
    setLayouts(function_, options_.disorder, random_);
    auto oracle = makeReferenceProgram(*module_);
    if (oracle)
      oracle_ = *oracle;
    else
      ADD_FAILURE() << oracle.error().message;
    PassManager manager(context_.get());
    manager.addNestedPass<func::FuncOp>(createSplitReductions());
    manager.addNestedPass<func::FuncOp>(createSplitScans());
    FormKernelsOptions form;
    form.fuse = options.fuse;
    form.anyEpilogue = true;
    form.prologueBytes = 1;
    manager.addNestedPass<func::FuncOp>(createFormKernels(form));
    if (options.fuse)
      manager.addNestedPass<func::FuncOp>(createFormAttention());
    manager.addNestedPass<func::FuncOp>(createPlanMemory());
    isReady_ = oracle_ && succeeded(manager.run(*module_));
    EXPECT_TRUE(isReady_) << "the passes fail";
  }

  bool isReady() const { return isReady_; }

  std::vector<std::string> compare() {
    place();
    std::vector<Tensor> inputs, outputs;
    for (const auto &input : inputs_)
      inputs.push_back(input->dense());
    for (const auto &output : outputs_)
      outputs.push_back(output->dense()); // an accumulating function adds to it
    if (Status s = oracle_->run(inputs, outputs); !s)
      ADD_FAILURE() << "the oracle: " << s.error().message;
    std::vector<std::vector<uint8_t>> before;
    for (const auto &output : outputs_)
      before.push_back(output->memory);
    run();
    for (auto [i, output] : llvm::enumerate(outputs_))
      if (!testing::Test::HasFailure())
        check(i, *output, outputs[i], before[i]);
    return titles_;
  }

  LaunchStatus report(const std::vector<std::vector<int64_t>> &arguments) {
    place();
    for (auto [placed, elements] : llvm::zip(inputs_, arguments))
      for (auto [element, offset] : llvm::zip(elements, placed->offsets()))
        std::memcpy(placed->first + offset, &element, placed->size());
    run();
    return status_;
  }

  std::vector<CudaKernel> kernels() {
    std::vector<CudaKernel> list;
    for (KernelOp kernel : function_.getOps<KernelOp>())
      if (auto emitted = emitCuda(kernel, *resolveCudaTarget(options_.arch), options_.emit))
        list.push_back(std::move(*emitted));
      else
        ADD_FAILURE() << emitted.error().message;
    return list;
  }

private:
  static RankedTensorType typeOf(mlir::Value value) {
    return cast<RankedTensorType>(value.getType());
  }

  double specialFloat() {
    static constexpr double numbers[] = {0,    -0.0,  1,   -1,  2,         3,       -2.5, 0.5,
                                         -0.5, 1e-3,  7,   -9,  100,       4096,    1e4,  -1e4,
                                         6e-8, -6e-8, 1.5, NAN, -INFINITY, INFINITY};
    uint64_t any = random_();
    return any % 2 ? numbers[any / 2 % std::size(numbers)]
                   : double(int64_t(any >> 11)) * 0x1p-50 - 4;
  }

  uint64_t specialBits(unsigned width) {
    uint64_t any = random_(), least = uint64_t(1) << (width - 1);
    switch (any % 6) {
    case 0:
      return least;
    case 1:
      return least - 1;
    case 2:
      return ~uint64_t(0);
    case 3:
      return any >> 8;
    default:
      return (any >> 8) % 18 - 8;
    }
  }

  void fill(const Placed &placed, int argument) {
    uint8_t *p = placed.first;
    auto index = options_.indices.find(argument);
    for (size_t i = 0; i < placed.count; ++i, p += placed.size()) {
      if (isFloating(placed.dtype)) {
        DType part = partOf(placed.dtype);
        for (size_t at = 0; at < placed.size(); at += itemSize(part))
          writePart(part, p + at,
                    options_.special ? specialFloat()
                    : options_.tolerance != 0
                        ? options_.scale * (double(int64_t(random_() >> 11)) * 0x1p-50 - 4)
                        : double(int64_t(random_() % 7) - 3));
        continue;
      }
      uint64_t bits = random_();
      if (options_.special)
        bits = specialBits(8 * unsigned(placed.size()));
      if (options_.integersBelow)
        bits %= options_.integersBelow;
      if (placed.dtype == DType::b1)
        bits &= 1;
      if (index != options_.indices.end())
        bits = uint64_t(int64_t(bits % uint64_t(2 * index->second)) - index->second);
      std::memcpy(p, &bits, placed.size());
    }
  }

  /// Memory for every value, where the plan says: new numbers in the arguments.
  void place() {
    values_.clear(), inputs_.clear(), outputs_.clear();
    auto add = [&](Type type, ArrayRef<int64_t> strides) {
      auto placed = std::make_shared<Placed>(type, strides);
      placed->own(options_.unaligned);
      return placed;
    };
    for (auto [i, argument] : llvm::enumerate(function_.getArguments())) {
      auto strides = function_.getArgAttrOfType<DenseI64ArrayAttr>(unsigned(i), kStridesAttr);
      inputs_.push_back(add(argument.getType(), strides.asArrayRef()));
      values_[argument] = inputs_.back();
      fill(*inputs_.back(), int(i));
    }
    for (ConstantOp constant : function_.getOps<ConstantOp>()) {
      Strides strides = contiguousStrides(Shape(typeOf(constant.getOutput()).getShape()));
      auto placed = add(constant.getType(), strides);
      auto bytes = constantToBytes(cast<DenseElementsAttr>(constant.getValue()));
      std::memcpy(placed->first, bytes.data(), placed->bytes());
      constants_.push_back(placed);
      values_[constant.getOutput()] = placed;
    }
    Operation *end = function_.getBody().front().getTerminator();
    for (auto [i, result] : llvm::enumerate(end->getOperands())) {
      auto strides = function_.getResultAttrOfType<DenseI64ArrayAttr>(unsigned(i), kStridesAttr);
      outputs_.push_back(add(result.getType(), strides.asArrayRef()));
      if (accumulates_)
        fill(*outputs_.back(), -1);
      if (result.getDefiningOp<KernelOp>())
        values_[result] = outputs_.back();
    }
    auto eachResult = [&](auto use) {
      for (KernelOp kernel : function_.getOps<KernelOp>())
        for (auto [i, value] : llvm::enumerate(kernel.getResults()))
          if (int64_t offset = (*kernel.getArena())[i]; offset != -1)
            use(value, offset,
                std::make_shared<Placed>(value.getType(), kernel.outputStrides(unsigned(i))));
    };
    int64_t bytes = 0;
    eachResult([&](mlir::Value, int64_t offset, const std::shared_ptr<Placed> &placed) {
      bytes = std::max(bytes, offset + int64_t(placed->bytes()));
    });
    arena_.assign(size_t(bytes) + 64, kOutside);
    uint8_t *arena = arena_.data() + (64 - reinterpret_cast<uintptr_t>(arena_.data()) % 64) % 64;
    eachResult([&](mlir::Value value, int64_t offset, const std::shared_ptr<Placed> &placed) {
      placed->first = offset >= 0 ? arena + offset : outputs_[size_t(-2 - offset)]->first;
      values_[value] = placed;
    });
  }

  void run() {
    status_ = {};
    titles_.clear();
    auto target = resolveCudaTarget(options_.arch);
    for (KernelOp kernel : function_.getOps<KernelOp>()) {
      auto emitted = emitCuda(kernel, *target, options_.emit);
      if (!emitted) {
        ADD_FAILURE() << emitted.error().message;
        return;
      }
      titles_.push_back(emitted->title);
      SmallVector<mlir::Value> buffers(kernel.getInputs());
      buffers.append(kernel.getResults().begin(), kernel.getResults().end());
      std::vector<void *> pointers;
      for (const BufferUse &use : emitted->buffers) {
        const Placed &placed = *values_.at(buffers[use.buffer]);
        pointers.push_back(placed.origin() + use.offset * int64_t(placed.size()));
      }
      if (emitted->reportsStatus)
        pointers.push_back(&status_);
      std::vector<void *> parameters;
      for (void *&pointer : pointers)
        parameters.push_back(&pointer);
      for (int64_t &word : emitted->descriptor)
        parameters.push_back(&word);
      auto module =
          emulator::Module::load(emitted->source, {emitted->name}, RICCI_EMULATED_KERNELS);
      Status ran = module ? (*module)->launch(emitted->name, emitted->grid, parameters.data(),
                                              regions(), options_.seed)
                          : Status(module.error());
      if (!ran) {
        ADD_FAILURE() << ran.error().message << "\n" << emitted->source;
        return;
      }
    }
  }

  std::vector<emulator::Region> regions() const {
    std::vector<emulator::Region> list;
    auto add = [&](const char *name, const auto &placed, bool readOnly) {
      for (size_t i = 0; i < placed.size(); ++i)
        list.push_back({placed[i]->first, placed[i]->bytes(), name + std::to_string(i), readOnly});
    };
    add("operand ", inputs_, true);
    add("constant ", constants_, true);
    add("result ", outputs_, false);
    list.push_back({arena_.data(), arena_.size(), "the arena", false});
    list.push_back({&status_, sizeof status_, "the status", false});
    return list;
  }

  void check(size_t number, const Placed &output, const Tensor &wanted,
             std::vector<uint8_t> expected) {
    int64_t start = output.first - output.memory.data();
    const uint8_t *want = wanted.data<uint8_t>();
    DType part = partOf(output.dtype);
    size_t partSize = itemSize(part), size = output.size();
    bool isExact = options_.tolerance == 0 || !isFloating(output.dtype);
    double largest = 1;
    for (size_t at = 0; !isExact && at < size_t(wanted.size()) * size; at += partSize)
      if (double value = std::abs(readPart(part, want + at)); std::isfinite(value))
        largest = std::max(largest, value);
    for (auto [i, offset] : llvm::enumerate(output.offsets())) {
      const uint8_t *is = output.first + offset, *should = want + i * size;
      uint8_t *was = expected.data() + start + offset;
      bool equal = true;
      if (!isFloating(output.dtype)) {
        equal = std::memcmp(is, should, size) == 0;
      } else {
        for (size_t at = 0; at < size; at += partSize) {
          double a = readPart(part, is + at), b = readPart(part, should + at);
          double scale = options_.special ? std::abs(b) + 1e-30 : largest;
          bool sameZeros = !options_.special || a != 0 || b != 0 || size != partSize ||
                           std::signbit(a) == std::signbit(b);
          equal &= (std::isnan(a) && std::isnan(b)) || (a == b && sameZeros) ||
                   (!isExact && std::abs(a - b) <= options_.tolerance * scale);
        }
      }
      if (!equal) {
        auto text = [&](const uint8_t *p) {
          int64_t bits = 0;
          std::memcpy(&bits, p, std::min<size_t>(8, size));
          return isFloating(output.dtype) ? fmt::format("{}", readPart(part, p))
                                          : std::to_string(bits);
        };
        ADD_FAILURE() << "element " << i << " of result " << number << " is " << text(is)
                      << ", not " << text(should);
        return;
      }
      std::memcpy(was, is, size);
    }
    EXPECT_TRUE(output.memory == expected)
        << "result " << number << ": writes between its elements";
  }

  EmitOptions options_;
  std::mt19937_64 random_;
  std::unique_ptr<MLIRContext> context_;
  OwningOpRef<ModuleOp> module_;
  func::FuncOp function_;
  std::shared_ptr<const HostProgram> oracle_;
  bool isReady_ = false, accumulates_ = false;
  llvm::DenseMap<mlir::Value, std::shared_ptr<Placed>> values_;
  std::vector<std::shared_ptr<Placed>> inputs_, outputs_, constants_;
  std::vector<uint8_t> arena_;
  std::vector<std::string> titles_;
  LaunchStatus status_;
};

} // namespace

std::vector<std::string> expectEmulated(const std::string &text, const EmitOptions &options) {
  testing::ScopedTrace trace(__FILE__, __LINE__, text + "seed " + std::to_string(options.seed));
  Runner runner(text, options);
  return runner.isReady() ? runner.compare() : std::vector<std::string>();
}

std::vector<CudaKernel> emittedKernels(const std::string &text, const EmitOptions &options) {
  Runner runner(text, options);
  return runner.isReady() ? runner.kernels() : std::vector<CudaKernel>();
}

LaunchStatus emulatedStatus(const std::string &text,
                            const std::vector<std::vector<int64_t>> &arguments) {
  Runner runner(text, {});
  return runner.isReady() ? runner.report(arguments) : LaunchStatus();
}

} // namespace ricci::test
