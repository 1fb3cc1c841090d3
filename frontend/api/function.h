//===- function.h - programs, compiled and run ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Part of ricci.h. A program is a text in the language of `ricci eval`; what it computes is what
/// NumPy computes when it runs the same text.
///
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/parse_program.h"
#include "runtime/compiler_interface.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ricci {

inline constexpr DType b1 = DType::b1;
inline constexpr DType i8 = DType::i8, i16 = DType::i16, i32 = DType::i32, i64 = DType::i64;
inline constexpr DType u8 = DType::u8, u16 = DType::u16, u32 = DType::u32, u64 = DType::u64;
inline constexpr DType f16 = DType::f16, bf16 = DType::bf16, f32 = DType::f32, f64 = DType::f64;
inline constexpr DType c64 = DType::c64, c128 = DType::c128;

/// How a program is compiled and where it runs.
struct ProgramOptions {
  /// How the order of contractions is found.
  OrderOptions order;
  /// Bytes that the results and the intermediates may take together; a program that needs more is
  /// an error of kind Input before anything is allocated.
  std::optional<int64_t> memoryLimit;
  /// Where it runs. For a GPU, operands in the CPU's memory are copied to it, and results are in
  /// the CPU's memory where all operands are.
  Device device;
  /// Whether `device` was asked for. Else operands in the memory of a GPU choose that, where
  /// `device` is the CPU; with it they are an error.
  bool deviceIsFixed = false;
  /// native, x86-64, x86-64-v2 … v4, or a name LLVM knows. For "native" or "" the environment
  /// variable RICCI_CPU, where it is set, takes its place.
  std::string cpu = "native";
  /// Of a GPU: what is compiled for, such as "sm_90a". "": the GPU that it runs on, or sm_80 where
  /// there is none and nothing is run.
  std::string arch;
  /// Without it every operation is a kernel of its own: to find out what fusion does to a result.
  /// The environment variable RICCI_FUSION=off does the same.
  bool fuse = true;
  /// On a GPU, whether contractions of f32 may round their operands to TF32: 11 bits instead of 24,
  /// a relative error of each up to 2^-11, for the matrix units' sake. Sums stay f32.
  bool allowTf32 = false;
  /// Prints the IR after a pass, or after "all", on stderr; such a call compiles anew.
  std::string printIrAfter;
  /// Whether code that earlier processes have compiled is used, and kept for later ones, in the
  /// folder of the disk cache (docs/caching.md).
  bool diskCache = true;
};

/// A compiled program. Copies are cheap and share the code; any number of threads may call one at
/// once. A default-constructed function holds none: what is asked of it is a usage error.
class Function {
public:
  Function() = default;

  /// The program's first (often only) result for these arguments, in the order of `parameters()`.
  /// Each must have its parameter's dtype and shape; for strides that the function was not compiled
  /// for, code is compiled once and cached. Results are new C-contiguous tensors.
  Tensor operator()(TensorList arguments) const;
  /// All results.
  std::vector<Tensor> call(TensorList arguments) const;
  Expected<std::vector<Tensor>> try_call(TensorList arguments) const;

  /// The same into `outputs`, one for each result, of its dtype and shape, with any strides that
  /// give every element its own place, and writable. An argument that overlaps an output is copied
  /// first; outputs may not overlap. When an error is reported before the run, the outputs are
  /// untouched. Nothing is allocated but scratch memory, from the pool: on one thread of the CPU,
  /// calls after the first take nothing from the heap, unless launches that run together have more
  /// than 64 operands and results.
  void into(TensorList arguments, TensorList outputs) const;
  Status try_into(TensorList arguments, TensorList outputs) const;

  const std::vector<Parameter> &parameters() const;
  /// The types of the results, in C order.
  const std::vector<TensorType> &results() const;
  /// Whether the program's last line is a tuple, even of one.
  bool returnsTuple() const;
  /// The program's text.
  const std::string &source() const;

  /// One stage of its compilation: "ast", "tensor", "ordered", "kernels", "loops", "llvm", "asm" as
  /// text, or "obj", the bytes of an object file; "cuda", "ptx" and "cubin" as for a GPU.
  std::string emit(std::string_view stage) const;
  Expected<std::string> try_emit(Stage stage) const;
  /// What the compiler decided.
  Plan plan() const;
  Expected<Plan> try_plan() const;

  /// For the types that the function was compiled for, with canonical strides (those of axes of
  /// size 1 and of empty tensors are the C-order ones).
  const std::shared_ptr<const Executable> &executable() const;

  explicit operator bool() const { return state_ != nullptr; }

private:
  struct State;
  explicit Function(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  /// Throws where there is none.
  const State &state() const;
  friend Expected<Function> try_compile(Program program, std::vector<Parameter> parameters,
                                        const ProgramOptions &options);

  std::shared_ptr<const State> state_;
};

/// Compiles a program for parameters of these names and types; types without strides are in C
/// order. The program may use the prelude's functions (softmax, layer_norm …). Errors point into
/// the text.
Function compile(std::string_view program, const std::vector<Parameter> &parameters,
                 const ProgramOptions &options = {});
Expected<Function> try_compile(std::string_view program, const std::vector<Parameter> &parameters,
                               const ProgramOptions &options = {});

// For a program that is parsed already, or was made otherwise.

/// `parameters`: the program's inputs.
Expected<Function> try_compile(Program program, std::vector<Parameter> parameters,
                               const ProgramOptions &options = {});
/// As `Function::try_plan` and `Function::try_emit`. `Stage::Ast` needs no compiler.
Expected<Plan> plan_program(const Program &program, const ProgramOptions &options = {});
Expected<std::string> emit_program(const Program &program, const ProgramOptions &options,
                                   Stage stage);

/// A plan as the JSON that `ricci plan --json` prints, in one object: its names are those of the
/// Python module's plan.
std::string plan_json(const Plan &plan);

/// A tensor under the name that a program has for it.
struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// Runs a program on these tensors and returns its results. Compiled once for each text, names,
/// types and options, then cached. `isTuple`, where given, receives whether the last line is a
/// tuple.
std::vector<Tensor> evaluate(std::string_view program, const std::vector<NamedTensor> &arguments,
                             const ProgramOptions &options = {}, bool *isTuple = nullptr);
Expected<std::vector<Tensor>> try_evaluate(std::string_view program,
                                           const std::vector<NamedTensor> &arguments,
                                           const ProgramOptions &options = {},
                                           bool *isTuple = nullptr);
/// The same into `outputs`, under the rules of `Function::into`.
void evaluate_into(std::string_view program, const std::vector<NamedTensor> &arguments,
                   const std::vector<Tensor> &outputs, const ProgramOptions &options = {});
Status try_evaluate_into(std::string_view program, const std::vector<NamedTensor> &arguments,
                         const std::vector<Tensor> &outputs, const ProgramOptions &options = {});

} // namespace ricci
