//===- nvrtc.cpp - CUDA C++ to machine code -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/nvrtc.h"

#include "runtime/nvrtc_library.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <functional>
#include <regex>
#include <vector>

namespace ricci {

/// Of nvrtc.h, as far as they are used.
struct Nvrtc::Functions {
  using Result = int;
  using Program = void *;
  Result (*countArchs)(int *count) = nullptr;
  Result (*archs)(int *list) = nullptr;
  const char *(*errorText)(Result) = nullptr;
  Result (*create)(Program *, const char *source, const char *name, int headers,
                   const char *const *headerTexts, const char *const *headerNames) = nullptr;
  Result (*compile)(Program, int options, const char *const *optionTexts) = nullptr;
  Result (*logSize)(Program, size_t *) = nullptr;
  Result (*log)(Program, char *) = nullptr;
  Result (*ptxSize)(Program, size_t *) = nullptr;
  Result (*ptx)(Program, char *) = nullptr;
  Result (*cubinSize)(Program, size_t *) = nullptr;
  Result (*cubin)(Program, char *) = nullptr;
  Result (*destroy)(Program *) = nullptr;

  /// The name of the first function that the library lacks; null where it has all.
  const char *load(void *library) {
    const char *missing = nullptr;
    auto get = [&](auto &function, const char *name) {
      function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
      if (!function && !missing)
        missing = name;
    };
    get(countArchs, "nvrtcGetNumSupportedArchs");
    get(archs, "nvrtcGetSupportedArchs");
    get(errorText, "nvrtcGetErrorString");
    get(create, "nvrtcCreateProgram");
    get(compile, "nvrtcCompileProgram");
    get(logSize, "nvrtcGetProgramLogSize");
    get(log, "nvrtcGetProgramLog");
    get(ptxSize, "nvrtcGetPTXSize");
    get(ptx, "nvrtcGetPTX");
    get(cubinSize, "nvrtcGetCUBINSize");
    get(cubin, "nvrtcGetCUBIN");
    get(destroy, "nvrtcDestroyProgram");
    return missing;
  }

  std::string text(Result (*size)(Program, size_t *), Result (*get)(Program, char *),
                   Program program) const {
    size_t bytes = 0;
    if (size(program, &bytes) != 0 || bytes == 0)
      return "";
    std::string text(bytes, '\0');
    return get(program, text.data()) == 0 ? text : "";
  }
};

Expected<Nvrtc> Nvrtc::find() {
  Expected<const NvrtcLibrary *> library = NvrtcLibrary::get();
  if (!library)
    return std::move(library.error());
  Nvrtc found;
  found.path_ = (*library)->path;
  found.version_ = (*library)->version;
  auto functions = std::make_shared<Functions>();
  if (const char *missing = functions->load((*library)->handle))
    return machineError(fmt::format("{} is no NVRTC: it lacks {}", found.path_, missing));
  found.functions_ = std::move(functions);
  return found;
}

Expected<const Nvrtc *> Nvrtc::get() {
  static const Expected<Nvrtc> found = find();
  if (!found)
    return found.error();
  return &*found;
}

Expected<std::string> Nvrtc::architectureFor(const CudaTarget &target) const {
  int count = 0;
  functions_->countArchs(&count);
  std::vector<int> known(size_t(std::max(count, 0)));
  if (!known.empty())
    functions_->archs(known.data());
  if (std::find(known.begin(), known.end(), target.capability) != known.end())
    return target.arch;
  int below = 0;
  for (int capability : known)
    if (capability < target.capability)
      below = std::max(below, capability);
  if (below == 0)
    return machineError(fmt::format("NVRTC {} ({}) compiles for none of {} and older; it knows {}",
                                    version_, path_, target.arch, fmt::join(known, ", ")));
  return fmt::format("compute_{}", below);
}

Expected<CudaBinary> Nvrtc::compile(const std::string &source, const std::string &name,
                                    const CudaTarget &target) const {
  Expected<std::string> arch = architectureFor(target);
  if (!arch)
    return std::move(arch.error());
  auto failure = [&](const char *what, int result, const std::string &log) {
    return internalError(fmt::format("NVRTC {} does not {} {} for {}: {}{}{}", version_, what, name,
                                     *arch, functions_->errorText(result), log.empty() ? "" : "\n",
                                     log));
  };
  Functions::Program program = nullptr;
  if (int result =
          functions_->create(&program, source.c_str(), (name + ".cu").c_str(), 0, nullptr, nullptr))
    return failure("take", result, "");
  std::unique_ptr<Functions::Program, std::function<void(Functions::Program *)>> owner(
      &program, [&](Functions::Program *p) { functions_->destroy(p); });
  const std::string architecture = "--gpu-architecture=" + *arch;
  // No product is fused with a sum unless the text says so.
  const char *options[] = {architecture.c_str(), "--fmad=false", "--ptxas-options=-v",
                           "-default-device", "-std=c++17"};
  const int result = functions_->compile(program, int(std::size(options)), options);
  std::string log = functions_->text(functions_->logSize, functions_->log, program);
  while (!log.empty() && (log.back() == '\0' || log.back() == '\n'))
    log.pop_back();
  if (result != 0)
    return failure("compile", result, log);

  CudaBinary binary;
  binary.arch = *arch;
  readResources(log, binary);
  binary.ptx = functions_->text(functions_->ptxSize, functions_->ptx, program);
  while (binary.ptx.ends_with('\0'))
    binary.ptx.pop_back();
  binary.image = arch->starts_with("sm_")
                     ? functions_->text(functions_->cubinSize, functions_->cubin, program)
                     : binary.ptx;
  if (binary.image.empty())
    return failure("give code of", result, log);
  return binary;
}

void readResources(std::string_view log, CudaBinary &binary) {
  static const std::regex pattern(
      R"((\d+) bytes spill (?:stores|loads)|Used (\d+) registers|(\d+) bytes stack frame)");
  for (std::cregex_iterator i(log.data(), log.data() + log.size(), pattern), end; i != end; ++i) {
    if ((*i)[1].matched)
      binary.spillBytes += std::atoi((*i)[1].str().c_str());
    else if ((*i)[3].matched)
      binary.stackBytes = std::max(binary.stackBytes, std::atoi((*i)[3].str().c_str()));
    else
      binary.registers = std::max(binary.registers, std::atoi((*i)[2].str().c_str()));
  }
}

} // namespace ricci
