//===- npz.cpp - .npz files -----------------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/npy.h"
#include "runtime/utf8.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <minizip/unzip.h>
#include <minizip/zip.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <unistd.h>

namespace ricci {
namespace {

/// Deflate makes at most 1032 bytes of one; a member that claims more is corrupt or hostile.
constexpr uint64_t kMaxDeflateRatio = 1032;

struct CloseZip {
  void operator()(void *zip) const {
    unzCloseCurrentFile(zip);
    unzClose(zip);
  }
};
using Zip = std::unique_ptr<void, CloseZip>;

/// Fills `to` from the current member; false when the member ends first or is corrupt.
bool readExactly(void *zip, void *to, int64_t bytes) {
  char *at = static_cast<char *>(to);
  while (bytes > 0) {
    const int got = unzReadCurrentFile(zip, at, unsigned(std::min<int64_t>(bytes, 1 << 30)));
    if (got <= 0)
      return false;
    at += got;
    bytes -= got;
  }
  return true;
}

/// "'a', 'b' and 3 more".
std::string listMembers(void *zip) {
  constexpr size_t shown = 20;
  std::vector<std::string> names;
  size_t count = 0;
  for (int state = unzGoToFirstFile(zip); state == UNZ_OK; state = unzGoToNextFile(zip)) {
    if (++count > shown)
      continue;
    char name[256] = {};
    if (unzGetCurrentFileInfo64(zip, nullptr, name, sizeof name - 1, nullptr, 0, nullptr, 0) !=
        UNZ_OK)
      break;
    std::string_view text = name;
    if (text.size() > 4 && text.substr(text.size() - 4) == ".npy")
      text.remove_suffix(4);
    names.push_back(fmt::format("'{}'", printable(text)));
  }
  if (names.empty())
    return "it has no members";
  std::string list = fmt::format("it has {}", fmt::join(names, ", "));
  return count > shown ? list + fmt::format(" and {} more", count - shown) : list;
}

Expected<Tensor> readMember(void *zip, NpyOptions options) {
  unz_file_info64 info;
  if (unzGetCurrentFileInfo64(zip, &info, nullptr, 0, nullptr, 0, nullptr, 0) != UNZ_OK)
    return inputError("the zip directory is corrupt");
  if (info.flag & 1)
    return inputError("the member is encrypted");
  if (info.compression_method != 0 && info.compression_method != 8)
    return inputError(
        fmt::format("compression method {} is not supported: only stored and deflated are",
                    info.compression_method));
  const Diagnostic corrupt = inputError("the compressed data is corrupt or cut off");
  const uint64_t size = info.uncompressed_size;
  if (size > (uint64_t(1) << 62) || size / kMaxDeflateRatio > info.compressed_size + 64)
    return inputError(
        fmt::format("the member claims {} bytes, more than {} compressed bytes can hold", size,
                    uint64_t(info.compressed_size)));
  if (unzOpenCurrentFile(zip) != UNZ_OK)
    return corrupt;

  std::string head(std::min<uint64_t>(size, uint64_t(kNpyPreamble)), '\0');
  if (!readExactly(zip, head.data(), int64_t(head.size())))
    return corrupt;
  Expected<int64_t> offset = npyDataOffset(head);
  if (!offset)
    return std::move(offset.error());
  if (*offset > int64_t(size))
    return inputError(
        fmt::format("the member ends within its header: it has {} bytes of {}", size, *offset));
  const size_t have = head.size();
  if (*offset > int64_t(have)) {
    head.resize(size_t(*offset));
    if (!readExactly(zip, head.data() + have, *offset - int64_t(have)))
      return corrupt;
  }
  Expected<NpyHeader> header = parseNpyHeader(head, options);
  if (!header)
    return std::move(header.error());
  // What was read beyond a very short header belongs to the data.
  const std::string_view early = std::string_view(head).substr(size_t(*offset));
  if (header->dataBytes() > int64_t(size) - *offset)
    return detail::shortData(*header, int64_t(size) - *offset);

  Expected<Tensor> flat = Tensor::allocate(DType::u8, {header->dataBytes()});
  if (!flat)
    return flat;
  const int64_t copied = std::min<int64_t>(int64_t(early.size()), header->dataBytes());
  std::copy_n(early.data(), copied, flat->data<char>());
  if (!readExactly(zip, flat->data<char>() + copied, header->dataBytes() - copied))
    return corrupt;
  // The checksum is known at the end of the member only.
  char rest[4096];
  int got;
  while ((got = unzReadCurrentFile(zip, rest, sizeof rest)) > 0) {
  }
  if (got < 0 || unzCloseCurrentFile(zip) != UNZ_OK)
    return corrupt;
  return detail::npyFromOwned(*header, std::move(*flat));
}

} // namespace

Expected<Tensor> readNpz(const std::string &path, const std::string &name, NpyOptions options) {
  int64_t bytes = 0;
  Expected<int> fd = detail::openRegular(path, bytes);
  if (!fd)
    return std::move(fd.error());
  close(*fd);
  Zip zip(unzOpen64(path.c_str()));
  if (!zip)
    return inputError(path + ": this is no zip file, so no .npz");
  // The second argument of unzLocateFile: 1 compares case.
  if (unzLocateFile(zip.get(), (name + ".npy").c_str(), 1) != UNZ_OK &&
      unzLocateFile(zip.get(), name.c_str(), 1) != UNZ_OK)
    return inputError(fmt::format("{}: no member '{}'; {}", path, name, listMembers(zip.get())));
  Expected<Tensor> tensor = readMember(zip.get(), options);
  if (!tensor)
    return detail::inFile(path + ":" + name, std::move(tensor.error()));
  return tensor;
}

Status writeNpz(const std::string &path, const std::vector<NpzMember> &members) {
  zipFile zip = zipOpen64(path.c_str(), APPEND_STATUS_CREATE);
  if (!zip)
    return inputError(fmt::format("{}: cannot write: {}", path, std::strerror(errno)));
  auto write = [&](const void *data, int64_t bytes) {
    const char *at = static_cast<const char *>(data);
    for (int64_t count; bytes > 0; at += count, bytes -= count) {
      count = std::min<int64_t>(bytes, 1 << 30);
      if (zipWriteInFileInZip(zip, at, unsigned(count)) != ZIP_OK)
        return false;
    }
    return true;
  };
  // The earliest date there is, so that equal arrays make equal files.
  zip_fileinfo info = {};
  info.tmz_date.tm_mday = 1;
  info.tmz_date.tm_year = 1980;
  bool written = true;
  for (const NpzMember &member : members) {
    Tensor data = member.tensor;
    if (!data.isContiguous()) {
      Expected<Tensor> copy = data.contiguous();
      if (!copy) {
        zipClose(zip, nullptr);
        return detail::inFile(path, std::move(copy.error()));
      }
      data = std::move(*copy);
    }
    const std::string header = makeNpyHeader(data.dtype(), data.shape());
    constexpr int kStored = 0, kZip64 = 1;
    written = written &&
              zipOpenNewFileInZip64(zip, (member.name + ".npy").c_str(), &info, nullptr, 0, nullptr,
                                    0, nullptr, kStored, 0, kZip64) == ZIP_OK &&
              write(header.data(), int64_t(header.size())) &&
              write(data.raw(), data.size() * int64_t(itemSize(data.dtype()))) &&
              zipCloseFileInZip(zip) == ZIP_OK;
  }
  const int why = errno; // of the write that failed
  const bool closed = zipClose(zip, nullptr) == ZIP_OK;
  if (written && closed)
    return success();
  return inputError(
      fmt::format("{}: cannot write: {}", path, std::strerror(written ? errno : why)));
}

} // namespace ricci
