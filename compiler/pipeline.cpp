//===- pipeline.cpp - the only list of passes -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/pipeline.h"

#include "compiler/contract/order_contractions.h"
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/kernel_schedule.h"
#include "compiler/ir/build_module.h"
#include "compiler/ir/dialect.h"
#include "compiler/passes.h"
#include "runtime/interrupt.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace mlir;

namespace ricci {

static constexpr const char *kPassNames[] = {
    "ricci-simplify",         "ricci-order-contractions",  "ricci-align-operands",
    "ricci-expand-products",  "ricci-split-accumulation",  "ricci-turn-results",
    "ricci-split-reductions", "ricci-split-scans",         "ricci-form-kernels",
    "ricci-align-kernels",    "ricci-cuda-form-attention", "ricci-choose-schedule",
    "ricci-chain-kernels",    "ricci-plan-memory",         "ricci-emit-loops",
    "ricci-lower-loops",
};

Status checkPassName(const std::string &name) {
  if (name.empty() || name == "all" || llvm::is_contained(kPassNames, name))
    return success();
  return usageError(
      fmt::format("no pass is called '{}'; there are: {}", name, fmt::join(kPassNames, ", ")));
}

/// Those of all kernels; the verifier has read them.
static std::vector<Schedule> schedulesOf(ModuleOp module) {
  std::vector<Schedule> schedules;
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    for (KernelOp kernel : function.getOps<KernelOp>())
      schedules.push_back(*fromAttribute(*kernel.getSchedule(), kernel));
  return schedules;
}

double Stopwatch::lap() {
  auto now = std::chrono::steady_clock::now();
  double milliseconds = std::chrono::duration<double, std::milli>(now - start_).count();
  start_ = now;
  return milliseconds;
}

void addTime(CompileTimes &times, const std::string &stage, double milliseconds) {
  for (auto &[name, time] : times.stages)
    if (name == stage) {
      time += milliseconds;
      return;
    }
  times.stages.emplace_back(stage, milliseconds);
}

Pipeline::Pipeline(MLIRContext &context, const Program &program, const CompileOptions &options,
                   const Target &target)
    : context_(context), program_(program), options_(options), target_(target) {}

Status Pipeline::step(const char *stage, const char *pass,
                      llvm::function_ref<LogicalResult()> run) {
  if (interrupted())
    return interruptedError();
  Stopwatch watch;
  ScopedDiagnosticCapture capture(&context_, program_.source);
  LogicalResult result = run();
  addTime(times_, stage, watch.lap());
  if (interrupted())
    return interruptedError();
  if (failed(result))
    return capture.take(ErrorKind::Input, pass);
  if (options_.printIrAfter == "all" || options_.printIrAfter == pass)
    llvm::errs() << "// ----- IR after " << pass << " -----\n" << printModule(*module_) << "\n";
  return success();
}

Status Pipeline::runOnFunction(const char *stage, const char *name, std::unique_ptr<Pass> pass) {
  return step(stage, name, [&] {
    PassManager manager(&context_);
    manager.addNestedPass<func::FuncOp>(std::move(pass));
    return manager.run(*module_);
  });
}

// program -> one function of ricci operations on tensors
Status Pipeline::toTensor() {
  return step("tensor", "tensor", [&] {
    module_ = buildModule(context_, program_, options_);
    return verify(*module_);
  });
}

Status Pipeline::toOrdered(Plan *plan) {
  if (Status s = runOnFunction("simplify", "ricci-simplify", createSimplify()); !s)
    return s;
  // From here on no operation repeats another, and what is constant is a constant.
  return step("order", "ricci-order-contractions", [&] {
    return orderContractions(*module_, options_.order, options_.memoryLimit, plan);
  });
  // From here on every einsum has one or two operands.
}

Status Pipeline::toKernels(std::optional<int64_t> objectSize) {
  int64_t size = objectSize.value_or(0);
  auto run = [&](const char *name, std::unique_ptr<Pass> pass) {
    return runOnFunction("kernels", name, std::move(pass));
  };
  if (options_.fuse && !options_.device.isCuda() && !objectSize)
    if (Status s = run("ricci-align-operands", createAlignOperands()); !s)
      return s;
  if (options_.fuse)
    if (Status s = run("ricci-expand-products", createExpandProducts()); !s)
      return s;
  SplitAccumulationOptions accumulation;
  accumulation.cpu = options_.cpu;
  if (!options_.device.isCuda() && options_.fuse && !objectSize)
    if (Status s = run("ricci-split-accumulation", createSplitAccumulation(accumulation)); !s)
      return s;
  TurnResultsOptions results;
  results.cpu = options_.cpu;
  // Within a limit nothing is held twice.
  if (!options_.device.isCuda() && options_.fuse && !objectSize && !options_.memoryLimit)
    if (Status s = run("ricci-turn-results", createTurnResults(results)); !s)
      return s;
  // Objects run on one thread, and a size is no length to be divided.
  SplitReductionsOptions sums;
  SplitScansOptions scans;
  sums.cpu = scans.cpu = !options_.device.isCuda();
  if (options_.device.isCuda() || (options_.fuse && !objectSize)) {
    if (Status s = run("ricci-split-reductions", createSplitReductions(sums)); !s)
      return s;
    if (Status s = run("ricci-split-scans", createSplitScans(scans)); !s)
      return s;
  }
  bool anyKnown = options_.known && !options_.known->keys.empty();
  OwningOpRef<ModuleOp> unformed = anyKnown ? module_->clone() : nullptr;
  if (Status s = toSchedules(/*epilogues=*/true, objectSize); !s)
    return s;
  if (unformed && hasNewEpilogue(*module_)) {
    // Smaller sizes of the program may have kernels for what that contraction does at once.
    std::swap(module_, unformed);
    if (Status s = toSchedules(/*epilogues=*/false, objectSize); !s)
      return s;
    if (isWorthKnown(*module_, *unformed))
      options_.known->areTaken = true;
    else
      std::swap(module_, unformed);
  }
  // From here on every kernel has its schedule; nothing decides any more.
  if (options_.known)
    for (func::FuncOp function : module_->getOps<func::FuncOp>())
      options_.known->areTaken |= function->hasAttr(kTakesKnownAttr);
  PlanMemoryOptions memory;
  memory.size = size;
  return run("ricci-plan-memory", createPlanMemory(memory));
  // From here on every intermediate has its place.
}

Status Pipeline::toSchedules(bool epilogues, std::optional<int64_t> objectSize) {
  auto run = [&](const char *name, std::unique_ptr<Pass> pass) {
    return runOnFunction("kernels", name, std::move(pass));
  };
  FormKernelsOptions kernels;
  kernels.fuse = options_.fuse;
  kernels.anyEpilogue = options_.device.isCuda();
  if (!objectSize)
    kernels.prologueBytes = options_.device.isCuda() ? 256 << 10 : 16 << 20;
  if (!epilogues)
    kernels.epilogueBytes = INT64_MAX;
  if (Status s = run("ricci-form-kernels", createFormKernels(kernels)); !s)
    return s;
  // From here on the function holds ricci.kernel, one each launch, and constants in memory only.
  // For a GPU the emitter chooses.
  if (options_.device.isCuda())
    return options_.fuse ? run("ricci-cuda-form-attention", createFormAttention()) : success();
  AlignKernelsOptions alignment;
  alignment.cpu = options_.cpu;
  if (options_.fuse && !objectSize && !options_.memoryLimit)
    if (Status s = run("ricci-align-kernels", createAlignKernels(alignment)); !s)
      return s;
  if (options_.known && !options_.known->keys.empty())
    setKnownKernels();
  ChooseScheduleOptions schedule;
  schedule.cpu = options_.cpu;
  schedule.size = objectSize.value_or(0);
  if (Status s = run("ricci-choose-schedule", createChooseSchedule(schedule)); !s)
    return s;
  ChainKernelsOptions chains;
  chains.cpu = options_.cpu;
  chains.minBytes = options_.chainBytes;
  return options_.fuse && !objectSize ? run("ricci-chain-kernels", createChainKernels(chains))
                                      : success();
}

bool Pipeline::hasNewEpilogue(ModuleOp module) const {
  return llvm::any_of(schedulesOf(module), [&](const Schedule &schedule) {
    return schedule.spec.epilogue && !isKnown(schedule);
  });
}

bool Pipeline::isWorthKnown(ModuleOp known, ModuleOp best) const {
  auto all = schedulesOf(known);
  if (!llvm::all_of(all, [&](const Schedule &schedule) { return isKnown(schedule); }))
    return false;
  auto seconds = [](ArrayRef<Schedule> schedules) {
    double sum = 0;
    for (const Schedule &schedule : schedules)
      sum += schedule.predictedSeconds;
    return sum;
  };
  double least = seconds(schedulesOf(best));
  return seconds(all) <= least + leastSaved(least);
}

bool Pipeline::isKnown(const Schedule &schedule) const {
  return llvm::is_contained(options_.known->keys, schedule.spec.keyOn(target_));
}

void Pipeline::setKnownKernels() {
  Builder b(&context_);
  SmallVector<Attribute> keys;
  for (const std::string &key : options_.known->keys)
    keys.push_back(b.getStringAttr(key));
  for (func::FuncOp function : module_->getOps<func::FuncOp>())
    function->setAttr(kKnownAttr, b.getArrayAttr(keys));
}

Status Pipeline::toLoops() {
  return step("loops", "ricci-emit-loops", [&] {
    PassManager manager(&context_);
    EmitLoopsOptions loops;
    loops.cpu = options_.cpu;
    manager.addPass(createEmitLoops(loops));
    return manager.run(*module_);
  });
  // From here on no tensors: a function for each distinct kernel, on flat buffers.
}

Status Pipeline::toLlvmDialect() {
  return step("llvm", "ricci-lower-loops", [&] { return lowerLoopsToLLVM(*module_, target_); });
  // From here on the LLVM dialect alone.
}

} // namespace ricci
