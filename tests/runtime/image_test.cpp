//===- image_test.cpp - machine code in memory ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/image.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace ricci;

#if defined(__x86_64__)
TEST(Image, RunsAndIsNeverWritable) {
  // nop; mov rax, [rdi]; mov dword [rax], 42; ret: stores 42 into buffers[0].
  Image image{{0x90, 0x48, 0x8b, 0x07, 0xc7, 0x00, 0x2a, 0x00, 0x00, 0x00, 0xc3}, 1};
  Expected<std::shared_ptr<const Kernel>> kernel = loadImage("answer", image);
  ASSERT_TRUE(kernel);
  EXPECT_EQ((*kernel)->key(), "answer");
  EXPECT_EQ((*kernel)->codeBytes(), 11u);
  int value = 0;
  void *buffers[] = {&value};
  (*kernel)->entry()(buffers, nullptr, nullptr, 0, 1);
  EXPECT_EQ(value, 42);

  // The mapping's line in /proc/self/maps says r-xp, and is gone with the kernel.
  const auto address = reinterpret_cast<uintptr_t>((*kernel)->entry());
  auto permissions = [&] {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      unsigned long begin = 0, end = 0;
      char mode[8] = {};
      if (std::sscanf(line.c_str(), "%lx-%lx %7s", &begin, &end, mode) == 3 && address >= begin &&
          address < end)
        return std::string(mode);
    }
    return std::string();
  };
  EXPECT_EQ(permissions(), "r-xp");
  std::shared_ptr<const Kernel> second = *kernel;
  *kernel = nullptr;
  EXPECT_EQ(permissions(), "r-xp");
  second = nullptr;
  EXPECT_EQ(permissions(), "");
}
#endif

namespace {

// GDB's layouts ("JIT Compilation Interface" in its manual), as it reads them.
struct CodeEntry {
  CodeEntry *next, *previous;
  const char *symbolFile;
  uint64_t symbolFileSize;
};
struct Descriptor {
  uint32_t version, action;
  CodeEntry *relevant, *first;
};

/// By its name, as GDB does: a reference from here would be to a copy.
const Descriptor &descriptor() {
  return *static_cast<Descriptor *>(dlsym(RTLD_DEFAULT, "__jit_debug_descriptor"));
}

/// A function of a symbol file: "name address size".
std::vector<std::string> functionsOf(const CodeEntry &entry) {
  std::vector<std::string> functions;
  const char *file = entry.symbolFile;
  auto at = [&](uint64_t offset, auto &value) {
    ASSERT_LE(offset + sizeof value, entry.symbolFileSize);
    std::memcpy(&value, file + offset, sizeof value);
  };
  Elf64_Ehdr header;
  at(0, header);
  EXPECT_EQ(std::memcmp(header.e_ident, ELFMAG, SELFMAG), 0);
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  for (size_t i = 0; i < sections.size(); ++i)
    at(header.e_shoff + i * sizeof(Elf64_Shdr), sections[i]);
  EXPECT_STREQ(file + sections[header.e_shstrndx].sh_offset + sections[1].sh_name, ".text");
  for (const Elf64_Shdr &section : sections)
    for (uint64_t s = 1; section.sh_type == SHT_SYMTAB && s < section.sh_size / sizeof(Elf64_Sym);
         ++s) {
      Elf64_Sym symbol;
      at(section.sh_offset + s * sizeof symbol, symbol);
      if (symbol.st_name != 0)
        functions.push_back(
            fmt::format("{} {} {}", file + sections[section.sh_link].sh_offset + symbol.st_name,
                        sections[symbol.st_shndx].sh_addr + symbol.st_value, symbol.st_size));
    }
  return functions;
}

std::vector<const CodeEntry *> toldToGdb() {
  std::vector<const CodeEntry *> entries;
  for (CodeEntry *e = descriptor().first; e; e = e->next) {
    EXPECT_EQ(e->previous, entries.empty() ? nullptr : entries.back());
    entries.push_back(e);
  }
  return entries;
}

} // namespace

TEST(Image, GdbIsToldNamesOnRequest) {
  EXPECT_EQ(descriptor().version, 1u);
  const Image image{{0x90, 0xc3}, 1}, whole{{0xc3}, 0};
  auto unasked = loadImage("unasked|cpu|features", image);
  EXPECT_EQ(toldToGdb().size(), 0u);
  setenv("RICCI_GDB", "1", 1);
  auto first = *loadImage("first|cpu|features", image), second = *loadImage("second|c|f", whole),
       third = *loadImage("third|c|f", whole);
  unsetenv("RICCI_GDB");
  ASSERT_EQ(toldToGdb().size(), 3u);
  const auto address = [](const auto &k) { return reinterpret_cast<uintptr_t>(k->code()); };
  EXPECT_EQ(functionsOf(*toldToGdb()[2]),
            (std::vector{fmt::format("first.parts {} 1", address(first)),
                         fmt::format("first {} 1", address(first) + 1)}));
  EXPECT_EQ(functionsOf(*toldToGdb()[1]), std::vector{fmt::format("second {} 1", address(second))});
  second = nullptr; // from the middle, the front and the end of the list
  EXPECT_EQ(toldToGdb().size(), 2u);
  third = nullptr;
  ASSERT_EQ(toldToGdb().size(), 1u);
  EXPECT_EQ(functionsOf(*toldToGdb()[0]).size(), 2u);
  first = nullptr;
  EXPECT_EQ(toldToGdb().size(), 0u);
}

TEST(Image, EntryMustBeInside) {
  EXPECT_FALSE(loadImage("empty", Image{}));
  Expected<std::shared_ptr<const Kernel>> outside = loadImage("outside", Image{{0xc3}, 1});
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().kind, ErrorKind::Internal);
}
