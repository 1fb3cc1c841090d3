//===- fused_harness.cpp - runs the kernels of a function beside the oracle --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/fused_harness.h"
#include "tests/fuse/layouts.h"

#include "compiler/cpu/descriptor.h"
#include "compiler/fuse/kernel_schedule.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/constants.h"
#include "compiler/ir/context.h"
#include "compiler/ir/types.h"
#include "compiler/passes.h"
#include "compiler/reference/interpreter.h"
#include "runtime/half.h"
#include "tests/cpu/guarded_memory.h"
#include "tests/cpu/launch_harness.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ricci::test {
namespace {

using namespace mlir;

constexpr uint8_t kOutside = 0xDB, kGarbage = 0xFF;

/// A tensor in guarded memory.
struct Placed {
  DType dtype{};
  Shape shape;
  Strides strides;
  std::unique_ptr<GuardedMemory> memory;
  int64_t low = 0; ///< elements before the one at index 0
  size_t count = 0;

  Placed(Type type, ArrayRef<int64_t> layout, bool atEnd) : dtype(elementDType(type)) {
    ArrayRef<int64_t> extents = cast<RankedTensorType>(type).getShape();
    shape.assign(extents.begin(), extents.end());
    strides.assign(layout.begin(), layout.end());
    int64_t high = 0;
    bool empty = false;
    for (auto [extent, stride] : llvm::zip(shape, strides)) {
      empty |= extent == 0;
      int64_t last = (extent - 1) * stride;
      (last < 0 ? low : high) -= std::min<int64_t>(last, 0), high += std::max<int64_t>(last, 0);
    }
    if (empty)
      low = 0;
    count = empty ? 0 : size_t(low + high + 1);
    memory = std::make_unique<GuardedMemory>(count * size(), size(), atEnd, kOutside);
  }
  size_t size() const { return itemSize(dtype); }
  uint8_t *origin() const { return memory->data() + low * int64_t(size()); }
  /// Bytes from the first byte inside the pages, of every element in C order.
  std::vector<int64_t> offsets() const {
    std::vector<int64_t> list;
    if (count == 0)
      return list;
    Shape index(shape.size(), 0);
    int64_t at = origin() - (memory->data() - memory->dataOffset());
    for (;;) {
      list.push_back(at);
      size_t axis = shape.size();
      while (axis-- > 0) {
        at += strides[axis] * int64_t(size());
        if (++index[axis] < shape[axis])
          break;
        at -= index[axis] * strides[axis] * int64_t(size());
        index[axis] = 0;
      }
      if (axis == size_t(-1))
        return list;
    }
  }
  Tensor dense() const {
    Tensor t = Tensor::allocate(dtype, shape).value();
    uint8_t *to = t.data<uint8_t>(), *first = memory->data() - memory->dataOffset();
    for (int64_t offset : offsets()) {
      std::memcpy(to, first + offset, size());
      to += size();
    }
    return t;
  }
};

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

bool isFloating(DType t) {
  return kindOf(t) == DTypeKind::Float || kindOf(t) == DTypeKind::Complex;
}

class Runner {
public:
  Runner(const std::string &text, const Target &target, const FusedOptions &options)
      : target_(target), options_(options), random_(options.seed), context_(makeContext()),
        module_(parseSourceString<ModuleOp>(text, context_.get())) {
    if (!module_) {
      ADD_FAILURE() << "no module: " << text;
      return;
    }
    function_ = *module_->getOps<func::FuncOp>().begin();
    setLayouts(function_, options_.disorder, random_);
    auto oracle = makeReferenceProgram(*module_);
    if (oracle)
      oracle_ = *oracle;
    else
      ADD_FAILURE() << oracle.error().message;
    PassManager manager(context_.get());
    FormKernelsOptions form;
    form.fuse = options.fuse;
    form.epilogueBytes = options.epilogueBytes;
    form.prologueBytes = options.prologueBytes;
    ChooseScheduleOptions choose;
    choose.cpu = target.cpu;
    manager.addNestedPass<func::FuncOp>(createFormKernels(form));
    manager.addNestedPass<func::FuncOp>(createChooseSchedule(choose));
    compiled_ = oracle_ && succeeded(manager.run(*module_));
    EXPECT_TRUE(compiled_) << "the passes fail";
  }

  bool isReady() const { return compiled_; }
  auto kernels() { return function_.getOps<KernelOp>(); }

  /// The results against the oracle's under the kernels' schedules of now.
  void compare() {
    std::vector<std::vector<uint8_t>> first;
    for (Split split : {Split::Whole, Split::Each, Split::Pieces}) {
      bool atEnd = split != Split::Each;
      place(atEnd);
      std::vector<Tensor> inputs, outputs;
      for (const Placed *input : inputs_)
        inputs.push_back(input->dense());
      for (const Placed *output : outputs_)
        outputs.push_back(Tensor::allocate(output->dtype, output->shape).value());
      if (Status s = oracle_->run(inputs, outputs); !s) {
        ADD_FAILURE() << "the oracle: " << s.error().message;
        return;
      }
      std::vector<std::vector<uint8_t>> before;
      for (const Placed *output : outputs_)
        before.push_back(output->memory->all());
      run(split, atEnd);
      for (auto [i, output] : llvm::enumerate(outputs_))
        check(i, *output, outputs[i], before[i]);
      std::vector<std::vector<uint8_t>> results;
      for (const Placed *output : outputs_) {
        Tensor dense = output->dense();
        results.emplace_back(dense.data<uint8_t>(),
                             dense.data<uint8_t>() + dense.size() * int64_t(output->size()));
      }
      if (split == Split::Whole)
        first = results;
      EXPECT_EQ(results == first, true) << "tasks that are divided otherwise give other bits";
      if (testing::Test::HasFailure())
        return;
    }
  }

  LaunchStatus report(const std::vector<std::vector<int64_t>> &arguments) {
    place(true);
    for (auto [placed, elements] : llvm::zip(inputs_, arguments))
      for (auto [element, offset] : llvm::zip(elements, placed->offsets()))
        std::memcpy(placed->memory->data() - placed->memory->dataOffset() + offset, &element,
                    placed->size());
    run(Split::Whole, true);
    return status_;
  }

private:
  enum class Split { Whole, Each, Pieces };

  static RankedTensorType typeOf(mlir::Value value) {
    return cast<RankedTensorType>(value.getType());
  }

  void fill(const Placed &placed, int argument) {
    uint8_t *p = placed.memory->data();
    auto index = options_.indices.find(argument);
    for (size_t i = 0; i < placed.count; ++i, p += placed.size()) {
      if (isFloating(placed.dtype)) {
        DType part = componentDType(placed.dtype);
        auto number = [&] {
          return options_.tolerance != 0 ? double(int64_t(random_() >> 11)) * 0x1p-50 - 4
                                         : double(int64_t(random_() % 7) - 3);
        };
        for (size_t at = 0; at < placed.size(); at += itemSize(part))
          writePart(part, p + at, number());
        continue;
      }
      uint64_t bits = random_();
      if (placed.dtype == DType::b1)
        bits &= 1;
      if (index != options_.indices.end())
        bits = uint64_t(int64_t(bits % uint64_t(2 * index->second)) - index->second);
      std::memcpy(p, &bits, placed.size());
    }
  }

  /// Memory for every value: new numbers in the arguments.
  void place(bool atEnd) {
    values_.clear(), inputs_.clear(), outputs_.clear();
    auto add = [&](mlir::Value value, ArrayRef<int64_t> strides) {
      auto &placed = values_[value];
      placed = std::make_unique<Placed>(value.getType(), strides, atEnd);
      return placed.get();
    };
    random_.seed(options_.seed);
    for (auto [i, argument] : llvm::enumerate(function_.getArguments())) {
      auto strides = function_.getArgAttrOfType<DenseI64ArrayAttr>(unsigned(i), kStridesAttr);
      inputs_.push_back(add(argument, strides.asArrayRef()));
      fill(*inputs_.back(), int(i));
    }
    for (ConstantOp constant : function_.getOps<ConstantOp>()) {
      Strides strides = contiguousStrides(Shape(typeOf(constant.getOutput()).getShape()));
      Placed *placed = add(constant.getOutput(), strides);
      auto bytes = constantToBytes(cast<DenseElementsAttr>(constant.getValue()));
      std::memcpy(placed->memory->data(), bytes.data(), placed->count * placed->size());
    }
    for (KernelOp kernel : kernels())
      for (auto [i, result] : llvm::enumerate(kernel.getResults()))
        add(result, kernel.outputStrides(unsigned(i)));
    for (mlir::Value result : function_.getBody().front().getTerminator()->getOperands())
      outputs_.push_back(values_.at(result).get());
  }

  /// Where the kind of kernel can.
  static void makeStream(Schedule &s) {
    bool oneType =
        computeType(s.spec.result) == s.spec.result && kindOf(s.spec.result) != DTypeKind::Complex;
    if (s.spec.family == Family::Contract)
      s.spec.streams = s.spec.panels && oneType && totalExtent(s.k) <= s.blockK;
    s.streams = s.spec.family == Family::Contract ? s.spec.streams : !s.accumulate;
  }

  void run(Split split, bool atEnd) {
    status_ = {};
    for (KernelOp kernel : kernels()) {
      auto schedule = fromAttribute(*kernel.getSchedule(), kernel);
      if (failed(schedule)) {
        ADD_FAILURE() << "a schedule does not read back";
        return;
      }
      if (options_.streams)
        makeStream(*schedule);
      KernelFn entry = kernelOf(schedule->spec, target_);
      if (!entry)
        return;
      LaunchData launch = describeLaunch(*schedule, target_);
      std::vector<void *> pointers;
      for (const BufferUse &use : buffersOf(kernel, *schedule)) {
        bool isInput = use.buffer < kernel.getInputs().size();
        mlir::Value value =
            isInput ? kernel.getInputs()[use.buffer]
                    : kernel.getResult(use.buffer - unsigned(kernel.getInputs().size()));
        const Placed &placed = *values_.at(value);
        pointers.push_back(placed.origin() + use.offset * int64_t(placed.size()));
      }
      if (schedule->spec.loops && schedule->spec.loops->has(LoopProgram::Kind::Gather))
        pointers.push_back(&status_);
      auto range = [&](int64_t begin, int64_t end) {
        GuardedMemory workspace(size_t(launch.workspaceBytes), 64, atEnd, kGarbage);
        entry(pointers.data(), launch.descriptor.data(), workspace.data(), begin, end);
        EXPECT_TRUE(workspace.edgesHold(kGarbage)) << "writes beyond its workspace";
      };
      int64_t middle = launch.tasks - launch.tasks / 3;
      if (split == Split::Whole || launch.tasks > 1000) {
        range(0, launch.tasks);
      } else if (split == Split::Each) {
        for (int64_t task = launch.tasks; task-- > 0;)
          range(task, task + 1);
      } else {
        range(middle, launch.tasks);
        range(0, middle);
      }
    }
  }

  void check(size_t number, const Placed &output, const Tensor &wanted,
             std::vector<uint8_t> expected) {
    std::vector<uint8_t> actual = output.memory->all();
    const uint8_t *want = wanted.data<uint8_t>();
    double largest = 1;
    bool isExact = options_.tolerance == 0 || !isFloating(output.dtype);
    DType part = componentDType(output.dtype);
    size_t partSize = itemSize(part), count = size_t(wanted.size());
    if (!isExact)
      for (size_t at = 0; at < count * output.size(); at += partSize)
        largest = std::max(largest, std::abs(readPart(part, want + at)));
    for (auto [i, offset] : llvm::enumerate(output.offsets())) {
      const uint8_t *is = actual.data() + offset, *should = want + i * output.size();
      bool equal = true;
      if (isExact && isFloating(output.dtype))
        for (size_t at = 0; at < output.size(); at += partSize)
          equal &= readPart(part, is + at) == readPart(part, should + at);
      else if (isExact)
        equal = std::memcmp(is, should, output.size()) == 0;
      else
        for (size_t at = 0; at < output.size(); at += partSize)
          equal &= std::abs(readPart(part, is + at) - readPart(part, should + at)) <=
                   options_.tolerance * largest;
      if (!equal) {
        auto text = [&](const uint8_t *p) {
          int64_t bits = 0;
          std::memcpy(&bits, p, std::min<size_t>(8, output.size()));
          return isFloating(output.dtype) ? std::to_string(readPart(part, p))
                                          : std::to_string(bits);
        };
        ADD_FAILURE() << "element " << i << " of result " << number << " is " << text(is)
                      << ", not " << text(should);
        return;
      }
      std::memcpy(expected.data() + offset, is, output.size());
    }
    EXPECT_EQ(actual == expected, true) << "result " << number << ": writes between its elements";
  }

  const Target &target_;
  FusedOptions options_;
  Random random_;
  std::unique_ptr<MLIRContext> context_;
  OwningOpRef<ModuleOp> module_;
  func::FuncOp function_;
  std::shared_ptr<const HostProgram> oracle_;
  bool compiled_ = false;
  std::map<mlir::Value, std::unique_ptr<Placed>, decltype([](mlir::Value a, mlir::Value b) {
             return a.getAsOpaquePointer() < b.getAsOpaquePointer();
           })>
      values_;
  std::vector<Placed *> inputs_, outputs_;
  LaunchStatus status_;
};

/// Every schedule of a kernel of fused loops: each axis once as the last of its kind, nothing or
/// everything cached; and entries of every length.
std::vector<ScheduleAttr> allSchedules(KernelOp kernel) {
  auto program = buildLoopProgram(kernel);
  if (!program)
    return {};
  Builder b(kernel.getContext());
  SmallVector<int64_t> kept, reduced, cached;
  for (auto [i, axis] : llvm::enumerate(program->axes))
    (axis.reduced ? reduced : kept).push_back(int64_t(i));
  for (auto [i, node] : llvm::enumerate(program->nodes))
    if (node.full && node.kind != LoopProgram::Kind::Scan)
      cached.push_back(int64_t(i));
  std::vector<ScheduleAttr> list;
  auto add = [&](StringRef mode, ArrayRef<int64_t> order) {
    const std::tuple<bool, bool, bool, bool> ways[] = {
        {false, false, false, false}, {true, false, false, false}, {false, true, false, false},
        {false, false, true, false},  {true, false, true, false},  {false, true, true, false},
        {false, false, false, true},  {true, false, false, true},  {false, true, true, true}};
    if (mode == "columns" && !reduced.empty() && list.empty()) {
      NamedAttrList params;
      params.append("mode", b.getStringAttr(mode));
      params.append("order", b.getDenseI64ArrayAttr(order));
      params.append("row_by_row", b.getUnitAttr());
      list.push_back(ScheduleAttr::get(b.getContext(), b.getStringAttr("fused"),
                                       params.getDictionary(b.getContext())));
    }
    LoopProgram arranged = *program;
    arranged.arrange(order, mode == "rows" ? LoopProgram::Mode::Rows : LoopProgram::Mode::Columns);
    const bool mayGroup = mode == "rows" && arranged.mayGroup();
    for (auto [withCached, wide, grouped, inParts] : ways) {
      bool scans = program->has(LoopProgram::Kind::Scan);
      if ((withCached && (cached.empty() || scans)) || (grouped && !mayGroup) ||
          (inParts && !arranged.hasParts()))
        continue;
      NamedAttrList params;
      params.append("mode", b.getStringAttr(mode));
      params.append("order", b.getDenseI64ArrayAttr(order));
      if (withCached)
        params.append("cached", b.getDenseI64ArrayAttr(cached));
      if (wide)
        params.append("wide", b.getUnitAttr());
      if (grouped)
        params.append("grouped", b.getUnitAttr());
      if (inParts)
        params.append("parts", b.getUnitAttr());
      list.push_back(ScheduleAttr::get(b.getContext(), b.getStringAttr("fused"),
                                       params.getDictionary(b.getContext())));
    }
  };
  auto lastOf = [](ArrayRef<int64_t> axes, size_t i) {
    SmallVector<int64_t> moved(axes);
    std::rotate(moved.begin() + i, moved.begin() + i + 1, moved.end());
    return moved;
  };
  for (size_t i = 0; i < kept.size(); ++i) {
    SmallVector<int64_t> order = lastOf(kept, i);
    order.append(reduced);
    add("columns", order);
    for (int inside = 1; inside < int(order.size()); ++inside) {
      LoopProgram entries = *program;
      entries.inside = inside;
      entries.arrange(order, LoopProgram::Mode::Entries);
      if (!entries.mayUnroll())
        continue;
      NamedAttrList params;
      params.append("mode", b.getStringAttr("entries"));
      params.append("order", b.getDenseI64ArrayAttr(order));
      params.append("inside", b.getI64IntegerAttr(inside));
      list.push_back(ScheduleAttr::get(b.getContext(), b.getStringAttr("fused"),
                                       params.getDictionary(b.getContext())));
    }
  }
  for (size_t i = 0; i < reduced.size(); ++i) {
    SmallVector<int64_t> order = kept, last = lastOf(reduced, i);
    order.append(last);
    add("rows", order);
  }
  return list;
}

} // namespace

size_t expectLikeOracle(const std::string &text, const Target &target,
                        const FusedOptions &options) {
  testing::ScopedTrace trace(__FILE__, __LINE__,
                             text + "on " + target.cpu + ", seed " + std::to_string(options.seed));
  Runner runner(text, target, options);
  if (!runner.isReady())
    return 0;
  runner.compare();
  size_t count = 0;
  for (KernelOp kernel : runner.kernels()) {
    ++count;
    if (!options.everySchedule || testing::Test::HasFailure())
      continue;
    ScheduleAttr chosen = *kernel.getSchedule();
    for (ScheduleAttr schedule : allSchedules(kernel)) {
      std::string name;
      llvm::raw_string_ostream(name) << schedule;
      SCOPED_TRACE(name);
      kernel.setScheduleAttr(schedule);
      runner.compare();
      if (testing::Test::HasFailure())
        break;
    }
    kernel.setScheduleAttr(chosen);
  }
  return count;
}

LaunchStatus statusOf(const std::string &text, const Target &target,
                      const std::vector<std::vector<int64_t>> &arguments) {
  Runner runner(text, target, {});
  return runner.isReady() ? runner.report(arguments) : LaunchStatus();
}

} // namespace ricci::test
