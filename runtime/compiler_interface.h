//===- compiler_interface.h - how the library asks for compilation -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// libricci never links the compiler. It loads libricci_compiler, found beside itself, the first
// time something must be compiled, and talks to it through this interface.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/executable.h"

#include <optional>

namespace ricci {

struct Program; // frontend/program.h

/// How the order of contractions is found.
struct OrderOptions {
  enum class Method : uint8_t { Auto, Greedy, Optimal, Path } method = Method::Auto;
  double seconds = 0;                     ///< a time budget for the search; 0: none given
  std::vector<std::vector<int64_t>> path; ///< for Method::Path: opt_einsum form
};

/// Where machine code outlives the process. Every method may be called from any thread.
class KernelStore {
public:
  virtual ~KernelStore() = default;
  /// Null where there is none.
  virtual std::shared_ptr<const Kernel> findKernel(const std::string &key) = 0;
};

/// Kernels of a program that differs in its leading extents alone. They are taken where another one
/// would not be much faster, so that a new batch size compiles nothing.
struct KnownKernels {
  std::vector<std::string> keys;
  bool areTaken = false; ///< set by the compiler: where another one would be faster
};

struct CompileOptions {
  Device device;
  std::string cpu = "native"; ///< native, x86-64, x86-64-v2 … v4, or a name LLVM knows
  std::string arch = "sm_80"; ///< of a CUDA device: "sm_90a"
  OrderOptions order;
  std::optional<int64_t> memoryLimit; ///< bytes of intermediates and results
  /// Strides the results must have (for out=); empty: C-contiguous.
  std::vector<Strides> outputStrides;
  bool fuse = true; ///< without it every operation is a kernel of its own
  /// What is handed from kernel to kernel by blocks of rows has at least so many bytes; 0: more
  /// than the L2 cache.
  int64_t chainBytes = 0;
  bool allowTf32 = false;   ///< of a CUDA device: contractions of f32 may round to TF32
  std::string printIrAfter; ///< a pass name or "all"; the IR goes to stderr
  bool accumulate = false;  ///< outputs += the result, instead of =
  /// Asked for kernels before they are compiled; null: nobody is.
  KernelStore *kernels = nullptr;
  KnownKernels *known = nullptr; ///< null: none
  /// Equal strings mean equal code for equal programs: part of every cache key.
  std::string key() const;
};

enum class Stage : uint8_t {
  Ast,
  Tensor,
  Ordered,
  Kernels,
  Loops,
  Llvm,
  Asm,
  Obj,
  Cuda,
  Ptx,
  Cubin
};
std::optional<Stage> parseStage(std::string_view name);
std::string_view stageName(Stage stage);
/// All of them: "ast, tensor, …, ptx and cubin".
std::string stageNames();
/// Whether it is bytes that no terminal shows.
inline bool isBinary(Stage stage) { return stage == Stage::Obj || stage == Stage::Cubin; }
/// Whether only a program for a CUDA device gets there.
inline bool isCudaStage(Stage stage) { return stage >= Stage::Cuda; }

/// What a CPU target offers, for `doctor` and `--time`.
struct TargetInfo {
  std::string name;  ///< LLVM's CPU name: "znver4"
  std::string level; ///< "x86-64-v4"
  std::vector<std::string> features;
  int64_t l1Bytes = 0, l2Bytes = 0, l3Bytes = 0;
  int vectorBits = 0;
};

/// a + b * size, where `size` is the extent that a compiled object takes as an argument.
struct SizeFormula {
  int64_t constant = 0, factor = 0;
  int64_t at(int64_t size) const { return constant + factor * size; }
};

/// What an object file is made for.
struct ObjectOptions {
  std::string name;              ///< of its one function: a C identifier
  std::vector<std::string> cpus; ///< at least one; the function runs the best that the machine has
  bool parallel = false;         ///< whether the function takes a parallel_for
  /// The extent that is an argument of the function, in each of the programs; empty: none is.
  std::vector<int64_t> sizes;
  int64_t leastSize = 1; ///< for less the function returns RICCI_ERROR_USAGE
};

/// A relocatable ELF object with one global function and no outside symbols. Its arguments are with
/// `sizes` an int64_t, the pointers of the inputs and of the outputs, the workspace, and with
/// `parallel` an int (workers), a function and a pointer. It returns a value of ricci_status.
struct ObjectFile {
  std::string bytes;
  /// The workspace that a call needs: for intermediates, and that of each worker.
  SizeFormula arenaBytes, workerBytes;
};

/// Implemented by libricci_compiler. Every method may be called from any thread.
class CompilerInterface {
public:
  virtual ~CompilerInterface() = default;
  virtual Expected<std::shared_ptr<const Executable>> compile(const Program &program,
                                                              const CompileOptions &options) = 0;
  /// The text (for Obj and Cubin: the bytes) of one stage after `Ast`.
  virtual Expected<std::string> emit(const Program &program, const CompileOptions &options,
                                     Stage stage) = 0;
  /// An object for C. `programs` is one program, or the same at each of `object.sizes`. The
  /// options' CPU and device play no part.
  virtual Expected<ObjectFile> build(const std::vector<Program> &programs,
                                     const CompileOptions &options,
                                     const ObjectOptions &object) = 0;
  virtual Expected<TargetInfo> describeTarget(const std::string &cpu) = 0;
  virtual std::string versions() const = 0; ///< "LLVM 22.1.8"
  /// NVRTC's version and file: "13.0 (…/libnvrtc.so.13)". A machine error where there is none.
  virtual Expected<std::string> describeNvrtc() = 0;
  /// Drops every kernel that no executable holds.
  virtual void clearCaches() = 0;
};

/// Loads libricci_compiler on first use; an error of kind Machine when it is missing or does not
/// fit.
Expected<CompilerInterface *> loadCompiler();

/// The one symbol that libricci_compiler exports. `version` must be kCompilerInterfaceVersion.
inline constexpr int kCompilerInterfaceVersion = 5;
using CompilerEntry = CompilerInterface *(*)(int version);

} // namespace ricci
