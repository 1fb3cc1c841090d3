//===- dump.cpp - RICCI_DUMP_TO --------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/dump.h"

#include "runtime/log.h"
#include "runtime/nvrtc_library.h"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ricci::detail {

namespace {

std::string dumpFolder() {
  const char *folder = secure_getenv("RICCI_DUMP_TO");
  return folder ? folder : "";
}

/// Makes FOLDER/0001, or the first of its kind that does not exist; empty where it cannot.
std::string makeNumbered(const std::string &folder) {
  static std::atomic<int> next{1};
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return "";
  for (;;) {
    std::string path = fmt::format("{}/{:04}", folder, next++);
    if (mkdir(path.c_str(), 0777) == 0)
      return path;
    if (errno != EEXIST)
      return "";
  }
}

bool write(const std::string &path, std::string_view text) {
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0)
    return false;
  while (!text.empty()) {
    ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      break;
    text.remove_prefix(size_t(written));
  }
  int why = text.empty() ? 0 : errno;
  if (close(file) != 0 && why == 0)
    why = errno;
  errno = why;
  return why == 0;
}

using StageFile = std::pair<Stage, const char *>;

/// The stages that there are for a device, and the files that they go to.
std::vector<StageFile> filesFor(const Device &device) {
  std::vector<StageFile> files{{Stage::Ast, "1-ast.txt"},
                               {Stage::Tensor, "2-tensor.mlir"},
                               {Stage::Ordered, "3-ordered.mlir"}};
  // The interpreter has no kernels.
  if (device == DeviceKind::Reference)
    return files;
  files.push_back({Stage::Kernels, "4-kernels.mlir"});
  if (device.isCuda()) {
    files.push_back({Stage::Cuda, "5-cuda.cu"});
    if (NvrtcLibrary::get())
      files.insert(files.end(), {{Stage::Ptx, "6-ptx.ptx"}, {Stage::Cubin, "7-cubin.cubin"}});
    return files;
  }
  files.insert(files.end(), {{Stage::Loops, "5-loops.mlir"},
                             {Stage::Llvm, "6-llvm.ll"},
                             {Stage::Asm, "7-asm.s"},
                             {Stage::Obj, "8-obj.o"}});
  return files;
}

} // namespace

bool dumpsStages() { return !dumpFolder().empty(); }

void dumpStages(CompilerInterface &compiler, const Program &program, CompileOptions options) {
  static std::atomic<bool> warned{false};
  auto failed = [&](const std::string &path) {
    std::string why = std::strerror(errno);
    if (!warned.exchange(true))
      warn(fmt::format("cannot write to {}: {}; RICCI_DUMP_TO dumps nothing there", path, why));
  };
  const std::string folder = dumpFolder(), path = makeNumbered(folder);
  if (path.empty())
    return failed(folder);
  options.printIrAfter.clear();
  for (auto [stage, file] : filesFor(options.device)) {
    Expected<std::string> text = stage == Stage::Ast ? Expected<std::string>(program.str())
                                                     : compiler.emit(program, options, stage);
    // The stage that fails is the last one.
    const std::string name =
        path + "/" + (text ? std::string(file) : std::string(file, 2) + "error.txt");
    if (!write(name, text ? *text : text.error().render() + "\n"))
      return failed(name);
    // Without a kernel there is nothing to compile further.
    if (!text || (stage == Stage::Cuda && text->empty()))
      return;
  }
}

} // namespace ricci::detail
