//===- npy.cpp - tensors in files ----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/npy.h"

#include "runtime/file_replacement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
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

/// The tensor of an open file, in memory of its own.
static Expected<Tensor> readIntoMemory(int fd, NpyOptions options) {
  auto read = [fd](char *to, int64_t bytes, int64_t offset) -> Expected<int64_t> {
    int64_t done = 0;
    while (done < bytes) {
      const ssize_t got =
          pread(fd, to + done, size_t(std::min<int64_t>(bytes - done, 1 << 30)), offset + done);
      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        return inputError(fmt::format("cannot read: {}", std::strerror(errno)));
      if (got == 0)
        break;
      done += got;
    }
    return done;
  };
  std::string head;
  auto readHead = [&](int64_t bytes) -> Status {
    head.resize(size_t(bytes));
    Expected<int64_t> got = read(head.data(), bytes, 0);
    if (!got)
      return std::move(got.error());
    head.resize(size_t(*got));
    return success();
  };
  if (Status s = readHead(kNpyPreamble); !s)
    return std::move(s.error());
  Expected<int64_t> offset = npyDataOffset(head);
  if (!offset)
    return std::move(offset.error());
  if (Status s = readHead(*offset); !s)
    return std::move(s.error());
  Expected<NpyHeader> header = parseNpyHeader(head, options);
  if (!header)
    return std::move(header.error());
  // Before memory is sought for what a header claims.
  struct stat info;
  if (fstat(fd, &info) != 0)
    return inputError(fmt::format("cannot read: {}", std::strerror(errno)));
  if (header->dataBytes() > info.st_size - *offset)
    return detail::shortData(*header, info.st_size - *offset);
  Expected<Tensor> flat = Tensor::allocate(DType::u8, {header->dataBytes()});
  if (!flat)
    return flat;
  Expected<int64_t> got = read(flat->data<char>(), header->dataBytes(), *offset);
  if (!got)
    return std::move(got.error());
  if (*got < header->dataBytes())
    return detail::shortData(*header, *got);
  return detail::npyFromOwned(*header, std::move(*flat));
}

Expected<Tensor> readNpy(const std::string &path, NpyOptions options) {
  int64_t bytes = 0;
  Expected<int> fd = detail::openRegular(path, bytes);
  if (!fd)
    return std::move(fd.error());
  Fd closer{*fd};
  if (bytes == 0)
    return inputError(path + ": the file is empty");
  if (!options.map) {
    Expected<Tensor> read = readIntoMemory(*fd, options);
    if (!read)
      return detail::inFile(path, std::move(read.error()));
    return read;
  }
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

Expected<Tensor> detail::forFile(const std::string &path, const Tensor &tensor) {
  if (!tensor.raw() && tensor.size() != 0)
    return usageError(path + ": cannot write: the tensor has no data");
  Expected<Tensor> data = tensor.try_to(Device{});
  if (data && !data->isContiguous())
    data = data->contiguous();
  if (!data)
    return inFile(path, std::move(data.error()));
  return data;
}

std::string_view detail::bytesOf(const Tensor &tensor) {
  return {static_cast<const char *>(tensor.raw()),
          size_t(tensor.size()) * itemSize(tensor.dtype())};
}

Status writeNpy(const std::string &path, const Tensor &tensor) {
  if (Status s = checkWritable(path); !s)
    return s;
  Expected<Tensor> data = detail::forFile(path, tensor);
  if (!data)
    return std::move(data.error());
  return writeWhole(path, {makeNpyHeader(data->dtype(), data->shape()), detail::bytesOf(*data)});
}

} // namespace ricci
