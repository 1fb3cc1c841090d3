//===- npz.cpp - .npz files -----------------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/file_replacement.h"
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
#include <set>
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

/// Null: an archive without members, which minizip does not open.
static Expected<Zip> openZip(const std::string &path) {
  int64_t bytes = 0;
  Expected<int> fd = detail::openRegular(path, bytes);
  if (!fd)
    return std::move(fd.error());
  char head[22] = {};
  const bool empty = bytes == sizeof head && pread(*fd, head, sizeof head, 0) == sizeof head &&
                     std::string_view(head, 4) == "PK\x05\x06";
  close(*fd);
  if (empty)
    return Zip();
  Zip zip(unzOpen64(path.c_str()));
  if (!zip)
    return inputError(path + ": this is no zip file, so no .npz");
  return zip;
}

Expected<Tensor> readNpz(const std::string &path, const std::string &name, NpyOptions options) {
  Expected<Zip> opened = openZip(path);
  if (!opened)
    return std::move(opened.error());
  const Zip &zip = *opened;
  if (!zip)
    return inputError(fmt::format("{}: no member '{}'; it has no members", path, name));
  // The second argument of unzLocateFile: 1 compares case.
  if (unzLocateFile(zip.get(), (name + ".npy").c_str(), 1) != UNZ_OK &&
      unzLocateFile(zip.get(), name.c_str(), 1) != UNZ_OK)
    return inputError(fmt::format("{}: no member '{}'; {}", path, name, listMembers(zip.get())));
  Expected<Tensor> tensor = readMember(zip.get(), options);
  if (!tensor)
    return detail::inFile(path + ":" + name, std::move(tensor.error()));
  return tensor;
}

Expected<std::vector<NpzMember>> readNpz(const std::string &path, NpyOptions options) {
  Expected<Zip> zip = openZip(path);
  if (!zip)
    return std::move(zip.error());
  std::vector<NpzMember> members;
  if (!*zip)
    return members;
  int state = unzGoToFirstFile(zip->get());
  for (; state == UNZ_OK; state = unzGoToNextFile(zip->get())) {
    unz_file_info64 info;
    std::string name;
    auto read = [&] {
      return unzGetCurrentFileInfo64(zip->get(), &info, name.data(), name.size(), nullptr, 0,
                                     nullptr, 0) == UNZ_OK;
    };
    bool known = read();
    if (known) {
      name.resize(info.size_filename);
      known = read();
    }
    if (!known)
      return inputError(path + ": the zip directory is corrupt");
    if (constexpr std::string_view kEnd = ".npy";
        name.size() >= kEnd.size() &&
        name.compare(name.size() - kEnd.size(), kEnd.size(), kEnd) == 0)
      name.resize(name.size() - kEnd.size());
    Expected<Tensor> tensor = readMember(zip->get(), options);
    if (!tensor)
      return detail::inFile(path + ":" + printable(name), std::move(tensor.error()));
    members.push_back({std::move(name), std::move(*tensor)});
  }
  if (state != UNZ_END_OF_LIST_OF_FILE)
    return inputError(path + ": the zip directory is corrupt");
  return members;
}

static Status checkNames(const std::string &path, const std::vector<NpzMember> &members) {
  std::set<std::string_view> seen;
  for (const NpzMember &member : members) {
    auto refuse = [&](std::string_view what) {
      return usageError(fmt::format("{}: cannot write: the name '{}' {}", path,
                                    printable(elide(member.name, 40)), what));
    };
    if (member.name.find('\0') != std::string::npos)
      return refuse("has a zero byte");
    if (member.name.size() > 0xffff - 4)
      return refuse("is too long for a zip file");
    if (!seen.insert(member.name).second)
      return refuse("occurs twice");
  }
  return success();
}

Status writeNpz(FileReplacement &file, const std::string &path,
                const std::vector<NpzMember> &members) {
  if (Status s = checkNames(path, members); !s)
    return s;
  struct CloseNewZip {
    void operator()(void *zip) const { zipClose(zip, nullptr); }
  };
  // It opens the file in the making by its name.
  std::unique_ptr<void, CloseNewZip> zip(zipOpen64(file.temporary().c_str(), APPEND_STATUS_CREATE));
  if (!zip)
    return cannotWrite(path, errno);
  auto write = [&](std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t count = std::min<size_t>(bytes.size(), 1 << 30);
      if (zipWriteInFileInZip(zip.get(), bytes.data(), unsigned(count)) != ZIP_OK)
        return false;
      bytes.remove_prefix(count);
    }
    return true;
  };
  // Its errors do not all come with an errno.
  auto failed = [&] { return cannotWrite(path, errno ? errno : EIO); };
  // The earliest date there is, so that equal arrays make equal files.
  zip_fileinfo info = {};
  info.tmz_date.tm_mday = 1;
  info.tmz_date.tm_year = 1980;
  for (const NpzMember &member : members) {
    Expected<Tensor> data = detail::forFile(path, member.tensor);
    if (!data)
      return std::move(data.error());
    constexpr int kStored = 0, kZip64 = 1;
    constexpr unsigned kUtf8 = 1 << 11; // what says of a name that it is not in code page 437
    const bool ascii = std::all_of(member.name.begin(), member.name.end(),
                                   [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    errno = 0;
    if (zipOpenNewFileInZip4_64(zip.get(), (member.name + ".npy").c_str(), &info, nullptr, 0,
                                nullptr, 0, nullptr, kStored, 0, 0, -MAX_WBITS, DEF_MEM_LEVEL,
                                Z_DEFAULT_STRATEGY, nullptr, 0, 0, ascii ? 0 : kUtf8,
                                kZip64) != ZIP_OK ||
        !write(makeNpyHeader(data->dtype(), data->shape())) || !write(detail::bytesOf(*data)) ||
        zipCloseFileInZip(zip.get()) != ZIP_OK)
      return failed();
  }
  errno = 0;
  return zipClose(zip.release(), nullptr) == ZIP_OK ? success() : Status(failed());
}

Status writeNpz(const std::string &path, const std::vector<NpzMember> &members) {
  if (Status s = checkWritable(path); !s)
    return s;
  if (isDevice(path))
    return inputError(path + ": cannot write: an .npz cannot be written to a device");
  FileReplacement file(path);
  if (Status s = file.create(); !s)
    return s;
  if (Status s = writeNpz(file, path, members); !s)
    return s;
  if (Status s = file.close(); !s)
    return s;
  return file.commit();
}

} // namespace ricci
