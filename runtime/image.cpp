//===- image.cpp - relocation-free machine code --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/image.h"

#include "runtime/gdb.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace ricci {
namespace {

class MappedKernel final : public Kernel {
public:
  MappedKernel(std::string key, void *code, size_t bytes, uint64_t entry)
      : key_(std::move(key)), code_(code), bytes_(bytes), entry_(entry) {}
  ~MappedKernel() override {
    toldGdb_ = nullptr;
    munmap(code_, bytes_);
  }

  KernelFn entry() const override {
    return reinterpret_cast<KernelFn>(static_cast<uint8_t *>(code_) + entry_);
  }
  const std::string &key() const override { return key_; }
  size_t codeBytes() const override { return bytes_; }
  const uint8_t *code() const override { return static_cast<const uint8_t *>(code_); }

  /// Under this name.
  void showToGdb(std::string_view name) { toldGdb_ = tellGdb(name, code_, bytes_, size_t(entry_)); }

private:
  std::string key_;
  void *code_;
  size_t bytes_;
  uint64_t entry_;
  std::shared_ptr<void> toldGdb_;
};

/// A kernel's name from its key, which is what shapes the code, the CPU and its features: a name
/// already, or the text of a fused kernel, whose name ends in its hash.
std::string nameOf(std::string_view key) {
  for (int part = 0; part < 2; ++part)
    key = key.substr(0, key.rfind('|'));
  const bool isName = std::all_of(key.begin(), key.end(),
                                  [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  return isName ? std::string(key)
                : fmt::format("fused_{}_{:016x}", key.starts_with("rows") ? "rows" : "columns",
                              XXH3_64bits(key.data(), key.size()));
}

bool isSet(const char *variable) {
  const char *value = secure_getenv(variable);
  return value && *value && std::string_view(value) != "0";
}

/// A line for `perf report`: code without a file has no symbols. What cannot be written is left
/// out.
void tellPerf(std::string_view name, const void *code, size_t bytes) {
  std::string line =
      fmt::format("{:x} {:x} ricci {}\n", reinterpret_cast<uintptr_t>(code), bytes, name);
  const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
  int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0)
    return;
  [[maybe_unused]] ssize_t written = write(file, line.data(), line.size());
  close(file);
}

} // namespace

Expected<std::shared_ptr<const Kernel>> loadImage(std::string key, const Image &image) {
  const size_t bytes = image.bytes.size();
  if (image.entry >= bytes)
    return internalError(
        fmt::format("code image of {} bytes with its entry at {}", bytes, image.entry));
  auto failure = [&](std::string_view what, int error) {
    return machineError(
        fmt::format("cannot {} {} bytes of machine code: {}", what, bytes, std::strerror(error)));
  };
  void *code = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (code == MAP_FAILED)
    return failure("map memory for", errno);
  std::memcpy(code, image.bytes.data(), bytes);
  if (mprotect(code, bytes, PROT_READ | PROT_EXEC) != 0) {
    const int error = errno;
    munmap(code, bytes);
    return failure("make executable", error);
  }
  auto *begin = static_cast<char *>(code);
  __builtin___clear_cache(begin, begin + bytes);
  const std::string name = nameOf(key);
  if (isSet("RICCI_PERF"))
    tellPerf(name, code, bytes);
  auto kernel = std::make_shared<MappedKernel>(std::move(key), code, bytes, image.entry);
  if (isSet("RICCI_GDB"))
    kernel->showToGdb(name);
  return std::shared_ptr<const Kernel>(std::move(kernel));
}

} // namespace ricci
