//===- compiler_loader.cpp - loading libricci_compiler -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/compiler_loader.h"

#include "runtime/fork.h"

#include <fmt/format.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <unistd.h>

namespace ricci {

Expected<CompilerInterface *> loadCompilerFrom(const std::string &path) {
  auto failure = [&](std::string why) {
    return machineError(fmt::format("cannot load the compiler {}: {}", path, why));
  };
  if (access(path.c_str(), R_OK) != 0)
    return failure(std::strerror(errno));
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) {
    const char *why = dlerror();
    return failure(why ? why : "unknown reason");
  }
  auto *entry = reinterpret_cast<CompilerEntry>(dlsym(library, "ricci_compiler_entry"));
  if (!entry)
    return failure("it is no Ricci compiler (no symbol ricci_compiler_entry)");
  if (CompilerInterface *compiler = entry(kCompilerInterfaceVersion))
    return compiler;
  return failure(
      fmt::format("it belongs to another version of Ricci (interface version {} is wanted)",
                  kCompilerInterfaceVersion));
}

Expected<std::string> libraryPath() {
  Dl_info info;
  if (!dladdr(reinterpret_cast<void *>(&loadCompiler), &info) || !info.dli_fname)
    return machineError("cannot find the compiler: the path of libricci is not known");
  std::string path = info.dli_fname;
  if (char *resolved = realpath(path.c_str(), nullptr)) {
    path = resolved;
    std::free(resolved);
  }
  return path;
}

Expected<std::string> compilerPath() {
  Expected<std::string> path = libraryPath();
  if (!path)
    return path;
  const size_t slash = path->rfind('/');
  return (slash == std::string::npos ? std::string("./") : path->substr(0, slash + 1)) +
         "libricci_compiler.so";
}

namespace {

/// A thread whose objects are destroyed has none of MLIR's caches any more; so has the main thread
/// when static objects are.
struct ThreadEnd {
  static thread_local bool isOver;
  ~ThreadEnd() { isOver = true; }
};
thread_local bool ThreadEnd::isOver = false;

Expected<ForkGuard> enterCompiler() {
  static thread_local ThreadEnd end;
  (void)end;
  if (ThreadEnd::isOver)
    return machineError("nothing can be compiled while a thread or the process ends: its objects "
                        "are being destroyed");
  return ForkGuard::enter();
}

/// The compiler, guarded from forks and from ends.
class GuardedCompiler final : public CompilerInterface {
public:
  explicit GuardedCompiler(CompilerInterface &compiler) : compiler_(compiler) {}

  Expected<std::shared_ptr<const Executable>> compile(const Program &program,
                                                      const CompileOptions &options) override {
    return guarded([&] { return compiler_.compile(program, options); });
  }
  Expected<std::string> emit(const Program &program, const CompileOptions &options,
                             Stage stage) override {
    return guarded([&] { return compiler_.emit(program, options, stage); });
  }
  Expected<ObjectFile> build(const std::vector<Program> &programs, const CompileOptions &options,
                             const ObjectOptions &object) override {
    return guarded([&] { return compiler_.build(programs, options, object); });
  }
  Expected<TargetInfo> describeTarget(const std::string &cpu) override {
    return guarded([&] { return compiler_.describeTarget(cpu); });
  }
  std::string versions() const override { return compiler_.versions(); }
  Expected<std::string> describeNvrtc() override {
    return guarded([&] { return compiler_.describeNvrtc(); });
  }
  void clearCaches() override { compiler_.clearCaches(); }

private:
  template <typename Call> static auto guarded(Call call) -> decltype(call()) {
    Expected<ForkGuard> guard = enterCompiler();
    if (!guard)
      return std::move(guard.error());
    return call();
  }

  CompilerInterface &compiler_;
};

} // namespace

Expected<CompilerInterface *> loadCompiler() {
  Expected<ForkGuard> guard = enterCompiler();
  if (!guard)
    return std::move(guard.error());
  static const Expected<CompilerInterface *> compiler = []() -> Expected<CompilerInterface *> {
    Expected<std::string> path = compilerPath();
    if (!path)
      return std::move(path.error());
    Expected<CompilerInterface *> loaded = loadCompilerFrom(*path);
    // Never destroyed, as the compiler itself is not.
    return loaded ? new GuardedCompiler(**loaded) : loaded;
  }();
  return compiler;
}

} // namespace ricci
