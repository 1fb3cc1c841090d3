//===- nvrtc.cpp - CUDA C++ to machine code -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/nvrtc.h"

#include "runtime/compiler_loader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <link.h>
#include <regex>
#include <vector>

namespace ricci {
namespace fs = std::filesystem;

/// Of nvrtc.h, as far as they are used.
struct Nvrtc::Functions {
  using Result = int;
  using Program = void *;
  Result (*version)(int *major, int *minor) = nullptr;
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
    get(version, "nvrtcVersion");
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

namespace {

/// The newest first.
constexpr const char *kNames[] = {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"};

/// lib folders of the packages nvidia-cuda-nvrtc (13) and nvidia-cuda-nvrtc-cu12.
void addPackages(const fs::path &sitePackages, std::vector<fs::path> &folders) {
  folders.push_back(sitePackages / "nvidia/cu13/lib");
  folders.push_back(sitePackages / "nvidia/cuda_nvrtc/lib");
}

/// Those of an environment, whatever the version of its Python.
void addEnvironment(const fs::path &environment, std::vector<fs::path> &folders) {
  std::error_code error;
  std::vector<fs::path> found;
  for (const fs::directory_entry &entry : fs::directory_iterator(environment / "lib", error))
    if (entry.path().filename().string().starts_with("python3"))
      found.push_back(entry.path() / "site-packages");
  std::sort(found.begin(), found.end());
  for (const fs::path &sitePackages : found)
    addPackages(sitePackages, folders);
}

std::vector<fs::path> packageFolders() {
  std::vector<fs::path> folders;
  if (Expected<std::string> library = libraryPath()) {
    fs::path folder = fs::path(*library).parent_path();
    for (int up = 0; up < 4 && folder.has_relative_path(); ++up, folder = folder.parent_path()) {
      addPackages(folder, folders);
      addEnvironment(folder / "venv", folders);
    }
  }
  for (const char *variable : {"VIRTUAL_ENV", "CONDA_PREFIX"})
    if (const char *environment = std::getenv(variable); environment && *environment)
      addEnvironment(environment, folders);
  return folders;
}

std::vector<fs::path> toolkitFolders() {
  std::vector<fs::path> folders;
  for (const char *variable : {"CUDA_HOME", "CUDA_PATH"})
    if (const char *root = std::getenv(variable); root && *root)
      for (const char *lib : {"lib64", "targets/x86_64-linux/lib", "lib"})
        folders.push_back(fs::path(root) / lib);
  for (const char *root : {"/usr/local/cuda", "/opt/cuda"})
    folders.push_back(fs::path(root) / "lib64");
  return folders;
}

void *openIn(const std::vector<fs::path> &folders) {
  std::error_code error;
  for (const fs::path &folder : folders)
    for (const char *name : kNames)
      if (fs::exists(folder / name, error))
        if (void *library = dlopen((folder / name).c_str(), RTLD_NOW | RTLD_LOCAL))
          return library;
  return nullptr;
}

void *openByName(int flags) {
  for (const char *name : kNames)
    if (void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL | flags))
      return library;
  return nullptr;
}

std::string pathOf(void *library) {
  link_map *map = nullptr;
  return dlinfo(library, RTLD_DI_LINKMAP, &map) == 0 && map ? map->l_name : "";
}

} // namespace

Expected<Nvrtc> Nvrtc::find() {
  void *library = nullptr;
  if (const char *given = std::getenv("RICCI_NVRTC"); given && *given) {
    library = dlopen(given, RTLD_NOW | RTLD_LOCAL);
    if (!library)
      return machineError(fmt::format("cannot load NVRTC, as RICCI_NVRTC says: {}", dlerror()));
  }
  if (!library)
    library = openByName(RTLD_NOLOAD);
  if (!library)
    library = openIn(packageFolders());
  if (!library)
    library = openByName(0);
  if (!library)
    library = openIn(toolkitFolders());
  if (!library)
    return machineError("there is no NVRTC to compile CUDA kernels with: no libnvrtc.so.13 or .12 "
                        "beside Ricci, on the library path, in CUDA_HOME or /usr/local/cuda; "
                        "`pip install nvidia-cuda-nvrtc` has one, and RICCI_NVRTC names a file");
  Nvrtc found;
  found.path_ = pathOf(library);
  auto functions = std::make_shared<Functions>();
  if (const char *missing = functions->load(library))
    return machineError(fmt::format("{} is no NVRTC: it lacks {}", found.path_, missing));
  int major = 0, minor = 0;
  functions->version(&major, &minor);
  found.version_ = fmt::format("{}.{}", major, minor);
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
  static const std::regex pattern(R"((\d+) bytes spill (?:stores|loads)|Used (\d+) registers)");
  for (std::cregex_iterator i(log.data(), log.data() + log.size(), pattern), end; i != end; ++i) {
    if ((*i)[1].matched)
      binary.spillBytes += std::atoi((*i)[1].str().c_str());
    else
      binary.registers = std::max(binary.registers, std::atoi((*i)[2].str().c_str()));
  }
}

} // namespace ricci
