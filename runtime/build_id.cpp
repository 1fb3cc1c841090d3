//===- build_id.cpp - which build of Ricci this is ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/build_id.h"

#include "runtime/compiler_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace ricci {
namespace {

/// All `bytes` of the file at `offset`, or nothing.
std::vector<uint8_t> readAt(int file, uint64_t offset, size_t bytes) {
  std::vector<uint8_t> data(bytes);
  if (pread(file, data.data(), bytes, off_t(offset)) != ssize_t(bytes))
    data.clear();
  return data;
}

/// The build id among the notes of one segment.
std::string findBuildId(const std::vector<uint8_t> &notes) {
  auto padded = [](size_t bytes) { return (bytes + 3) / 4 * 4; };
  for (size_t at = 0; notes.size() - at >= sizeof(Elf64_Nhdr);) {
    Elf64_Nhdr note;
    std::memcpy(&note, notes.data() + at, sizeof note);
    at += sizeof note;
    const size_t name = padded(note.n_namesz), value = padded(note.n_descsz);
    if (name > notes.size() - at || value > notes.size() - at - name)
      break;
    const bool isGnu = note.n_namesz == 4 && std::memcmp(notes.data() + at, "GNU", 4) == 0;
    if (isGnu && note.n_type == NT_GNU_BUILD_ID && note.n_descsz > 0) {
      std::string id;
      for (size_t i = 0; i < note.n_descsz; ++i)
        id += fmt::format("{:02x}", notes[at + name + i]);
      return id;
    }
    at += name + value;
  }
  return "";
}

std::string elfBuildId(int file) {
  const std::vector<uint8_t> start = readAt(file, 0, sizeof(Elf64_Ehdr));
  if (start.empty() || std::memcmp(start.data(), ELFMAG, SELFMAG) != 0 ||
      start[EI_CLASS] != ELFCLASS64)
    return "";
  Elf64_Ehdr header;
  std::memcpy(&header, start.data(), sizeof header);
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    return "";
  const std::vector<uint8_t> table =
      readAt(file, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr));
  for (size_t at = 0; at < table.size(); at += sizeof(Elf64_Phdr)) {
    Elf64_Phdr segment;
    std::memcpy(&segment, table.data() + at, sizeof segment);
    if (segment.p_type != PT_NOTE || segment.p_filesz > 1 << 16)
      continue;
    std::string id = findBuildId(readAt(file, segment.p_offset, segment.p_filesz));
    if (!id.empty())
      return id;
  }
  return "";
}

} // namespace

std::string fileIdentity(const std::string &path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return "";
  std::string id = elfBuildId(file);
  struct stat s;
  if (id.empty() && fstat(file, &s) == 0)
    id = fmt::format("{} bytes, {}.{:09}, {}", s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec,
                     s.st_ino);
  close(file);
  return id;
}

namespace {

/// The build id of the loaded object that holds this code, from memory: its file may have been
/// replaced.
std::string loadedBuildId() {
  std::string id;
  dl_iterate_phdr(
      [](dl_phdr_info *info, size_t, void *found) {
        const auto self = reinterpret_cast<uintptr_t>(&fileIdentity);
        auto holds = [&](const Elf64_Phdr &segment) {
          return segment.p_type == PT_LOAD &&
                 self - (info->dlpi_addr + segment.p_vaddr) < segment.p_memsz;
        };
        const Elf64_Phdr *end = info->dlpi_phdr + info->dlpi_phnum;
        if (std::none_of(info->dlpi_phdr, end, holds))
          return 0;
        for (const Elf64_Phdr *segment = info->dlpi_phdr; segment != end; ++segment) {
          if (segment->p_type != PT_NOTE)
            continue;
          auto *notes = reinterpret_cast<const uint8_t *>(info->dlpi_addr + segment->p_vaddr);
          std::string id = findBuildId(std::vector<uint8_t>(notes, notes + segment->p_memsz));
          if (!id.empty())
            *static_cast<std::string *>(found) = id;
        }
        return 1;
      },
      &id);
  return id;
}

struct Identities {
  std::string compilerFile, compiler, both;
};

const Identities &identities() {
  static const auto &known = *new Identities([] {
    Identities made;
    Expected<std::string> library = libraryPath(), compiler = compilerPath();
    if (!library || !compiler)
      return made;
    std::string id = loadedBuildId();
    if (id.empty())
      id = fileIdentity(*library);
    made.compilerFile = *compiler;
    made.compiler = fileIdentity(*compiler);
    if (!id.empty() && !made.compiler.empty())
      made.both = id + " " + made.compiler;
    return made;
  }());
  return known;
}

} // namespace

const std::string &buildIdentity() { return identities().both; }

bool compilerIsUnchanged() {
  return fileIdentity(identities().compilerFile) == identities().compiler;
}

} // namespace ricci
