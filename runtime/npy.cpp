//===- npy.cpp - tensors in files ----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ricci {
namespace {

Diagnostic fileError(const std::string &path, std::string_view what, int error) {
  return inputError(fmt::format("{}: {}: {}", path, what, std::strerror(error)));
}

std::string_view describeMode(mode_t mode) {
  if (S_ISDIR(mode))
    return "a directory";
  if (S_ISFIFO(mode))
    return "a pipe";
  if (S_ISSOCK(mode))
    return "a socket";
  return "a device";
}

/// Closes a file descriptor.
struct Fd {
  int fd;
  ~Fd() {
    if (fd >= 0)
      close(fd);
  }
};

/// Bytes of one number: complex elements are two.
size_t partSize(DType dtype) {
  return kindOf(dtype) == DTypeKind::Complex ? itemSize(dtype) / 2 : itemSize(dtype);
}

template <typename T, T (*swap)(T)> void swapAll(void *data, int64_t bytes) {
  T *values = static_cast<T *>(data);
  std::transform(values, values + bytes / int64_t(sizeof(T)), values, swap);
}
uint16_t swap16(uint16_t v) { return __builtin_bswap16(v); }
uint32_t swap32(uint32_t v) { return __builtin_bswap32(v); }
uint64_t swap64(uint64_t v) { return __builtin_bswap64(v); }

/// errno, or 0.
int writeAll(int fd, const void *data, size_t bytes) {
  const char *at = static_cast<const char *>(data);
  while (bytes > 0) {
    const ssize_t written = write(fd, at, std::min<size_t>(bytes, 1 << 30));
    if (written < 0) {
      if (errno == EINTR)
        continue;
      return errno;
    }
    at += written;
    bytes -= size_t(written);
  }
  return 0;
}

int writeContents(int fd, const std::string &header, const Tensor &data) {
  if (int error = writeAll(fd, header.data(), header.size()))
    return error;
  return writeAll(fd, data.raw(), size_t(data.size()) * itemSize(data.dtype()));
}

/// Creates a file of an unused name beside `target`; -1 with errno on failure.
int createTemporary(const std::string &target, mode_t mode, std::string &name) {
  const std::string directory = target.substr(0, target.rfind('/') + 1);
  for (int attempt = 0; attempt < 16; ++attempt) {
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != ssize_t(sizeof random))
      return -1;
    name = fmt::format("{}.ricci-{:016x}.tmp", directory, random);
    const int fd = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EEXIST)
      return fd;
  }
  return -1;
}

} // namespace

namespace detail {

Diagnostic inFile(const std::string &path, Diagnostic error) {
  error.message = path + ": " + error.message;
  return error;
}

Diagnostic shortData(const NpyHeader &header, int64_t available) {
  return inputError(fmt::format(
      "the data is cut off: shape {} of {} needs {} bytes, but {} follow the header",
      formatShape(header.shape), numpyName(header.dtype), header.dataBytes(), available));
}

Expected<int> openRegular(const std::string &path, int64_t &bytes) {
  struct stat info;
  // Asked before opening: opening a device can do things, and a pipe can wait for ever.
  if (stat(path.c_str(), &info) != 0)
    return fileError(path, "cannot read", errno);
  int fd = -1;
  if (S_ISREG(info.st_mode)) {
    fd = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
      return fileError(path, "cannot read", errno);
    if (fstat(fd, &info) != 0) {
      const int error = errno;
      close(fd);
      return fileError(path, "cannot read", error);
    }
  }
  if (!S_ISREG(info.st_mode)) {
    if (fd >= 0)
      close(fd);
    return inputError(
        fmt::format("{}: this is {}, not a regular file", path, describeMode(info.st_mode)));
  }
  bytes = info.st_size;
  return fd;
}

Tensor npyFromOwned(const NpyHeader &header, Tensor flat) {
  void *data = flat.raw();
  if (header.swapped) {
    switch (partSize(header.dtype)) {
    case 2:
      swapAll<uint16_t, swap16>(data, header.dataBytes());
      break;
    case 4:
      swapAll<uint32_t, swap32>(data, header.dataBytes());
      break;
    case 8:
      swapAll<uint64_t, swap64>(data, header.dataBytes());
      break;
    }
  }
  if (header.dtype == DType::b1) {
    uint8_t *bools = static_cast<uint8_t *>(data);
    std::transform(bools, bools + header.elements, bools,
                   [](uint8_t b) { return uint8_t(b != 0); });
  }
  return Tensor::share(std::make_shared<Tensor>(std::move(flat)), data, header.dtype, header.shape,
                       header.strides(), false);
}

} // namespace detail

Expected<Tensor> readNpy(const std::string &path, NpyOptions options) {
  int64_t bytes = 0;
  Expected<int> fd = detail::openRegular(path, bytes);
  if (!fd)
    return std::move(fd.error());
  Fd closer{*fd};
  if (bytes == 0)
    return inputError(path + ": the file is empty");
  void *map = mmap(nullptr, size_t(bytes), PROT_READ, MAP_PRIVATE, *fd, 0);
  if (map == MAP_FAILED)
    return machineError(
        fmt::format("{}: cannot map {} bytes: {}", path, bytes, std::strerror(errno)));
  std::shared_ptr<void> owner(map, [bytes](void *p) { munmap(p, size_t(bytes)); });

  Expected<NpyHeader> header =
      parseNpyHeader(std::string_view(static_cast<const char *>(map), size_t(bytes)), options);
  if (!header)
    return detail::inFile(path, std::move(header.error()));
  if (header->dataBytes() > bytes - header->dataOffset)
    return detail::inFile(path, detail::shortData(*header, bytes - header->dataOffset));

  auto *data = static_cast<uint8_t *>(map) + header->dataOffset;
  const bool aligned = header->dataOffset % int64_t(partSize(header->dtype)) == 0;
  const bool oddBools = header->dtype == DType::b1 &&
                        std::any_of(data, data + header->elements, [](uint8_t b) { return b > 1; });
  if (aligned && !header->swapped && !oddBools)
    return Tensor::share(std::move(owner), data, header->dtype, header->shape, header->strides(),
                         true);
  Expected<Tensor> flat = Tensor::allocate(DType::u8, {header->dataBytes()});
  if (!flat)
    return detail::inFile(path, std::move(flat.error()));
  std::memcpy(flat->raw(), data, size_t(header->dataBytes()));
  return detail::npyFromOwned(*header, std::move(*flat));
}

Status writeNpy(const std::string &path, const Tensor &tensor) {
  Tensor data = tensor;
  if (!data.isContiguous()) {
    Expected<Tensor> copy = data.contiguous();
    if (!copy)
      return detail::inFile(path, std::move(copy.error()));
    data = std::move(*copy);
  }
  const std::string header = makeNpyHeader(data.dtype(), data.shape());

  struct stat info;
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && S_ISCHR(info.st_mode)) {
    Fd device{open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY)};
    const int error = device.fd < 0 ? errno : writeContents(device.fd, header, data);
    return error ? Status(fileError(path, "cannot write", error)) : success();
  }
  if (exists && !S_ISREG(info.st_mode))
    return inputError(fmt::format("{}: cannot write: this is {}, not a regular file", path,
                                  describeMode(info.st_mode)));
  if (exists && access(path.c_str(), W_OK) != 0)
    return fileError(path, "cannot write", errno);
  std::string target = path;
  if (char *resolved = exists ? realpath(path.c_str(), nullptr) : nullptr) {
    target = resolved;
    std::free(resolved);
  }

  std::string temporary;
  const int fd = createTemporary(target, 0666, temporary);
  if (fd < 0)
    return fileError(path, "cannot write", errno);
  int error = writeContents(fd, header, data);
  if (!error && exists && fchmod(fd, info.st_mode & 07777) != 0)
    error = errno;
  if (close(fd) != 0 && !error)
    error = errno;
  if (!error && rename(temporary.c_str(), target.c_str()) != 0)
    error = errno;
  if (!error)
    return success();
  unlink(temporary.c_str());
  return fileError(path, "cannot write", error);
}

} // namespace ricci
