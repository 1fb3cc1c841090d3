//===- image.cpp - relocation-free machine code --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/image.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <sys/mman.h>

namespace ricci {
namespace {

class MappedKernel final : public Kernel {
public:
  MappedKernel(std::string key, void *code, size_t bytes, uint64_t entry)
      : key_(std::move(key)), code_(code), bytes_(bytes), entry_(entry) {}
  ~MappedKernel() override { munmap(code_, bytes_); }

  KernelFn entry() const override {
    return reinterpret_cast<KernelFn>(static_cast<uint8_t *>(code_) + entry_);
  }
  const std::string &key() const override { return key_; }
  size_t codeBytes() const override { return bytes_; }
  const uint8_t *code() const override { return static_cast<const uint8_t *>(code_); }

private:
  std::string key_;
  void *code_;
  size_t bytes_;
  uint64_t entry_;
};

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
  return std::shared_ptr<const Kernel>(
      std::make_shared<MappedKernel>(std::move(key), code, bytes, image.entry));
}

} // namespace ricci
