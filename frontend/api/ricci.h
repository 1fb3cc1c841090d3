//===- ricci.h - the C++ API -----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// `#include <ricci/ricci.h>`; C++17.
///
///     ricci::Tensor a = ricci::Tensor::borrow(data, {M, K});      // zero copy, any strides
///     ricci::Tensor c = ricci::einsum("ij,jk->ik", {a, b});       // compiled once, then cached
///     float *p = c.data<float>();
///
///     ricci::Function f = ricci::compile("softmax(q @ k.T / 8.0, axis=-1)",
///                                        {{"q", ricci::f32, {128, 64}}, {"k", ricci::f32, {256,
///                                        64}}});
///     ricci::Tensor s = f({q, k});
///     ricci::save("s.npy", s);                                    // a file of NumPy's
///     ricci::Tensor y = (ricci::exp(-x * x) * ricci::tanh(x)).eval(); // x: a tensor
///
/// Every function may be called from any number of threads at once. A function comes in two forms:
/// `f` throws `ricci::Error`, `try_f` returns `ricci::Expected`. Errors are of kind Input (the
/// equation, the program or an operand is wrong), Usage (an option is), Machine (no memory, no
/// libricci_compiler) or Internal. Operands are read while the call runs and never kept.
///
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/expr.h"
#include "frontend/api/files.h"
#include "frontend/api/function.h"
#include "runtime/log.h"
#include "runtime/parallel.h"

#include <complex>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ricci {

/// An equation as lists of labels: any non-negative integers, -1 for the ellipsis. Without an
/// output, the implicit form: the ellipsis, then the labels that occur once, in ascending order.
struct EinsumLabels {
  std::vector<std::vector<int64_t>> operands;
  std::optional<std::vector<int64_t>> output;
};

/// How functions take an equation: a text in NumPy's grammar (any Unicode letter is a label) or
/// EinsumLabels. Refers to what it was made from, which must outlive the call.
class EinsumEquation {
public:
  EinsumEquation(const char *text) : text_(text) {}
  EinsumEquation(const std::string &text) : text_(text) {}
  EinsumEquation(std::string_view text) : text_(text) {}
  EinsumEquation(const EinsumLabels &labels) : labels_(&labels) {}

  std::string_view text() const { return text_; }
  const EinsumLabels *labels() const { return labels_; } ///< null for a text

private:
  std::string_view text_;
  const EinsumLabels *labels_ = nullptr;
};

/// A factor of an einsum.
using Alpha = std::variant<int64_t, double, std::complex<double>>;

struct EinsumOptions : ProgramOptions {
  /// out += the result, instead of =. Only for the `into` forms.
  bool accumulate = false;
  /// Multiplies the result, whose dtype it must not change: an integer for integers, a complex
  /// number for complex ones only. It is multiplied where that takes least, so its rounding may be
  /// an operand's. For the functions that run.
  Alpha alpha = int64_t(1);
};

/// The einsum of the operands as numpy.einsum computes it: a label that repeats in one operand is a
/// diagonal and needs equal sizes, across operands a size of 1 broadcasts, and so do the axes of
/// `...`. The result is a new C-contiguous tensor; its dtype is the promotion of the operands'
/// (NumPy 2). Compiled once for each equation, signature (dtypes, shapes, strides) and options,
/// then cached.
Tensor einsum(EinsumEquation equation, const std::vector<Tensor> &operands,
              const EinsumOptions &options = {});
Expected<Tensor> try_einsum(EinsumEquation equation, const std::vector<Tensor> &operands,
                            const EinsumOptions &options = {});

/// The same into `out`, which must have the result's dtype and shape, any strides that give every
/// element its own place, and writable memory. An operand that overlaps `out` is copied first. When
/// an error is reported before the run, `out` is untouched.
void einsum_into(EinsumEquation equation, const std::vector<Tensor> &operands, Tensor &out,
                 const EinsumOptions &options = {});
Status try_einsum_into(EinsumEquation equation, const std::vector<Tensor> &operands, Tensor &out,
                       const EinsumOptions &options = {});

/// For an equation over one operand that keeps every label (a permutation, a diagonal, the
/// identity): the strided view of the operand that is its result, as NumPy returns it. It shares
/// the operand's memory and, unless that is borrowed, keeps it alive; it is read-only where the
/// operand is. Nothing for other equations that are right; an error for those that are wrong.
std::optional<Tensor> einsum_view(EinsumEquation equation, const Tensor &operand);
Expected<std::optional<Tensor>> try_einsum_view(EinsumEquation equation, const Tensor &operand);

/// The compiled program for operands of these types, from the cache or new. Types without strides
/// are in C order. The executable's own input types have canonical strides: those of axes of size 1
/// and of empty tensors are the C-order ones. Its output is C-contiguous unless `outputStrides` (in
/// elements) is given.
Expected<std::shared_ptr<const Executable>>
try_compile_einsum(EinsumEquation equation, const std::vector<TensorType> &operands,
                   const EinsumOptions &options = {}, const Strides *outputStrides = nullptr);

/// What the compiler decides for operands of these types, in the labels of this equation.
Expected<Plan> plan_einsum(EinsumEquation equation, const std::vector<TensorType> &operands,
                           const EinsumOptions &options = {});

/// The program at one stage of compilation: text, or for Stage::Obj the bytes of the object.
/// Stage::Ast needs no compiler.
Expected<std::string> emit_einsum(EinsumEquation equation, const std::vector<TensorType> &operands,
                                  const EinsumOptions &options, Stage stage);

/// What programs can run on here, beside the CPU the reference interpreter and the GPUs that the
/// driver knows, in its order; `Device::str` gives their names.
std::vector<Device> devices();

/// Forgets every compiled program of this process. Calls that run, and executables that are held,
/// are not affected. What lies on disk stays: `ricci cache clear` removes it.
void clear_cache();

/// Gives memory that the pool keeps for reuse (docs/embedding.md) back to the system.
void release_memory();

/// Where compiled programs are kept on disk, from now on and for the whole process: a folder, or
/// "off"; "" is what the environment says (docs/caching.md).
void set_cache_folder(std::string_view path);

/// Hands messages up to the level `most` to `callback`, one line each, instead of stderr; null
/// takes that back. RICCI_LOG plays no part then. It may be called from any thread that calls into
/// Ricci, and may not throw.
void set_log_callback(LogCallback callback, void *context, LogLevel most = LogLevel::Warning);

/// How many threads a run may use, from now on and for the whole process; without it, RICCI_THREADS
/// or the CPUs the process may run on. Results do not depend on it. A usage error for counts
/// below 1.
void set_num_threads(int count);

/// Runs are done by the program's own threads from now on (docs/embedding.md): `run(pool, n, task,
/// job)` calls task(job, i) for every i from 0 to n - 1, each once and on any thread, and returns
/// when all have returned; it may not throw. n is at most the number of threads that a run may use.
/// Null takes that back. The pool must live while calls run. A forked process begins without it.
void set_thread_pool(ThreadPool run, void *pool);

} // namespace ricci
