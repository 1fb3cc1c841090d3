//===- nvrtc_library.cpp - where NVRTC is ----------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/nvrtc_library.h"

#include "runtime/compiler_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <link.h>
#include <vector>

namespace ricci {
namespace fs = std::filesystem;

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

Expected<NvrtcLibrary> find() {
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
  NvrtcLibrary found{library, pathOf(library), ""};
  auto version = reinterpret_cast<int (*)(int *, int *)>(dlsym(library, "nvrtcVersion"));
  if (!version)
    return machineError(fmt::format("{} is no NVRTC: it lacks nvrtcVersion", found.path));
  int major = 0, minor = 0;
  version(&major, &minor);
  found.version = fmt::format("{}.{}", major, minor);
  return found;
}

} // namespace

Expected<const NvrtcLibrary *> NvrtcLibrary::get() {
  static const Expected<NvrtcLibrary> found = find();
  if (!found)
    return found.error();
  return &*found;
}

} // namespace ricci
