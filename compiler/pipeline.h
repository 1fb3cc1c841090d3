//===- pipeline.h - a program's way through the stages --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/codegen.h"
#include "compiler/fuse/schedule.h"
#include "compiler/ir/diagnostics.h"
#include "frontend/program.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/Pass.h"

#include <chrono>

namespace ricci {

/// The IR of one program on its way from stage to stage. Every step is timed, and its IR printed to
/// stderr where `--print-ir-after` asks for it.
class Pipeline {
public:
  Pipeline(mlir::MLIRContext &context, const Program &program, const CompileOptions &options,
           const Target &target);

  /// Makes the IR of `tensor`, `ordered` or `kernels` from the stage before.
  Status toTensor();
  Status toOrdered(Plan *plan);
  /// `objectSize`: for an object, an extent that is to vary, 0 where there is none. Objects have no
  /// chains.
  Status toKernels(std::optional<int64_t> objectSize = std::nullopt);
  /// All distinct kernels of the program as one module at the `loops` stage, then in the LLVM
  /// dialect.
  Status toLoops();
  Status toLlvmDialect();

  mlir::ModuleOp module() { return *module_; }
  CompileTimes &times() { return times_; }

private:
  /// From one function of operations to kernels with their schedules.
  Status toSchedules(bool epilogues, std::optional<int64_t> objectSize);
  /// CompileOptions::known, for the passes that choose.
  void setKnownKernels();
  bool isKnown(const Schedule &schedule) const;
  /// Whether a contraction has an epilogue, and would have to be compiled for it.
  bool hasNewEpilogue(mlir::ModuleOp module) const;
  /// Whether a program of known kernels takes about as long as the best one, which is not.
  bool isWorthKnown(mlir::ModuleOp known, mlir::ModuleOp best) const;
  Status runOnFunction(const char *stage, const char *name, std::unique_ptr<mlir::Pass> pass);
  Status step(const char *stage, const char *pass, llvm::function_ref<mlir::LogicalResult()> run);

  mlir::MLIRContext &context_;
  const Program &program_;
  const CompileOptions &options_;
  const Target &target_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
  CompileTimes times_;
};

/// An input error where `printIrAfter` names no pass of the pipeline.
Status checkPassName(const std::string &printIrAfter);

/// Adds `milliseconds` to a stage's time.
void addTime(CompileTimes &times, const std::string &stage, double milliseconds);

/// Milliseconds since it was made or last asked.
class Stopwatch {
public:
  double lap();

private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace ricci
