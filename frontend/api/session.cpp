//===- session.cpp - equations to cached executables ---------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/session.h"
#include "frontend/api/signature.h"
#include "frontend/einsum.h"
#include "frontend/types.h"
#include "runtime/cache.h"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <cstdlib>

namespace ricci {

using ExecutablePtr = std::shared_ptr<const Executable>;

namespace detail {

std::vector<TensorType> OperandTypes::list() const {
  std::vector<TensorType> result;
  result.reserve(count);
  for (size_t i = 0; i < count; ++i)
    result.push_back((*this)[i]);
  return result;
}

Expected<Program> makeProgram(EinsumEquation equation, const std::vector<TensorType> &operands) {
  const EinsumLabels *labels = equation.labels();
  Expected<EinsumSyntax> syntax =
      labels ? einsumFromLabels(labels->operands, labels->output) : parseEinsum(equation.text());
  if (!syntax)
    return std::move(syntax.error());
  return resolveEinsum(*syntax, operands);
}

namespace {

constexpr size_t kMaxExecutables = 4096;
constexpr int64_t kMaxBytes = int64_t(1) << 28; ///< of code and launch tables

using ExecutableCache = LruCache<Executable>;

/// Never destroyed: threads may still call while the process ends.
ExecutableCache &sharedCache() {
  static auto *cache = new ExecutableCache(kMaxExecutables, kMaxBytes);
  return *cache;
}

int64_t bytesOf(const Executable &executable) {
  size_t bytes = sizeof executable;
  for (const Launch &launch : executable.launches)
    bytes += sizeof launch + launch.kernel->codeBytes() +
             launch.buffers.size() * sizeof(BufferRef) + launch.descriptor.size() * sizeof(int64_t);
  return int64_t(bytes);
}

std::atomic<bool> compilerLoaded{false};

Expected<CompilerInterface *> compiler() {
  Expected<CompilerInterface *> result = loadCompiler();
  if (result)
    compilerLoaded = true;
  return result;
}

struct ThreadEntry {
  std::string key;
  std::weak_ptr<const Executable> executable;
};

/// Direct-mapped: a call's place follows from its hash, the last writer keeps it.
ThreadEntry &threadEntry(std::string_view key) {
  static thread_local std::array<ThreadEntry, 64> entries;
  return entries[std::hash<std::string_view>()(key) % entries.size()];
}

std::string_view cpuOf(const EinsumOptions &options) {
  if (!options.cpu.empty() && options.cpu != "native")
    return options.cpu;
  const char *fromEnvironment = std::getenv("RICCI_CPU");
  return fromEnvironment && *fromEnvironment ? fromEnvironment : "native";
}

CompileOptions compileOptions(const EinsumOptions &options) {
  CompileOptions result;
  result.device = options.device;
  result.cpu = cpuOf(options);
  result.order = options.order;
  result.memoryLimit = options.memoryLimit;
  result.printIrAfter = options.printIrAfter;
  result.accumulate = options.accumulate;
  return result;
}

const TensorType &resultType(const Program &program) {
  return program.nodes[size_t(program.results.front())].type;
}

Status checkMemory(const Program &program, const EinsumOptions &options) {
  if (!options.memoryLimit)
    return success();
  if (*options.memoryLimit < 0)
    return usageError(fmt::format("the memory limit {} is negative", *options.memoryLimit));
  const TensorType &result = resultType(program);
  Expected<int64_t> count = elementCount(result.shape, result.dtype);
  if (!count)
    return std::move(count.error());
  int64_t bytes = *count * int64_t(itemSize(result.dtype));
  if (bytes <= *options.memoryLimit)
    return success();
  return inputError(fmt::format("the result {} takes {} bytes, more than the memory limit of {}",
                                describeType(result), bytes, *options.memoryLimit));
}

Status checkOutType(const TensorType &result, const TensorType &out) {
  if (result.dtype == out.dtype && result.shape == out.shape)
    return success();
  return inputError(
      fmt::format("out is {}, but the result is {}", describeType(out), describeType(result)));
}

/// Compiles, or finds the program in the shared cache under its key and `suffix`.
Expected<ExecutablePtr> compileCached(const Program &program, const CompileOptions &options,
                                      std::string_view suffix) {
  auto compile = [&]() -> Expected<ExecutablePtr> {
    Expected<CompilerInterface *> loaded = compiler();
    if (!loaded)
      return std::move(loaded.error());
    return (*loaded)->compile(program, options);
  };
  if (!options.printIrAfter.empty())
    return compile();
  std::string key = fmt::format("{}\n{}{}", program.key(), options.key(), suffix);
  return sharedCache().getOrCompute(key, compile, bytesOf);
}
} // namespace

Expected<ExecutablePtr> executableFor(EinsumEquation equation, const OperandTypes &operands,
                                      const EinsumOptions &options, const TensorType *out) {
  const Strides *outputStrides =
      out && !isContiguous(out->shape, out->strides) ? &out->strides : nullptr;
  static thread_local std::string signature;
  writeSignature(signature, equation, operands, options, cpuOf(options), outputStrides);
  ThreadEntry &entry = threadEntry(signature);
  if (entry.key == signature && options.printIrAfter.empty())
    if (ExecutablePtr hit = entry.executable.lock()) {
      if (out)
        if (Status s = checkOutType(hit->outputs.front(), *out); !s)
          return std::move(s.error());
      return hit;
    }

  Expected<Program> program = makeProgram(equation, operands.list());
  if (!program)
    return std::move(program.error());
  if (out)
    if (Status s = checkOutType(resultType(*program), *out); !s)
      return std::move(s.error());
  if (Status s = checkMemory(*program, options); !s)
    return std::move(s.error());
  CompileOptions toCompile = compileOptions(options);
  if (outputStrides)
    toCompile.outputStrides = {normalizeType(*out).value().strides};
  Expected<ExecutablePtr> executable = compileCached(*program, toCompile, "");
  if (executable) {
    entry.key = signature;
    entry.executable = *executable;
  }
  return executable;
}

} // namespace detail

Expected<Plan> plan_einsum(EinsumEquation equation, const std::vector<TensorType> &operands,
                           const EinsumOptions &options) {
  Expected<Program> program = detail::makeProgram(equation, operands);
  if (!program)
    return std::move(program.error());
  if (Status s = detail::checkMemory(*program, options); !s)
    return std::move(s.error());
  // A plan is in the user's labels, which the program's key leaves out.
  std::string suffix =
      "\nplan " + program->nodes[size_t(program->results.front())].einsum.equation();
  Expected<ExecutablePtr> executable =
      detail::compileCached(*program, detail::compileOptions(options), suffix);
  if (!executable)
    return std::move(executable.error());
  return (*executable)->plan;
}

Expected<std::string> emit_einsum(EinsumEquation equation, const std::vector<TensorType> &operands,
                                  const EinsumOptions &options, Stage stage) {
  Expected<Program> program = detail::makeProgram(equation, operands);
  if (!program)
    return std::move(program.error());
  if (stage == Stage::Ast)
    return program->str();
  Expected<CompilerInterface *> loaded = detail::compiler();
  if (!loaded)
    return std::move(loaded.error());
  return (*loaded)->emit(*program, detail::compileOptions(options), stage);
}

void clear_cache() {
  detail::sharedCache().clear();
  if (!detail::compilerLoaded)
    return;
  if (Expected<CompilerInterface *> loaded = loadCompiler())
    (*loaded)->clearCaches();
}

} // namespace ricci
