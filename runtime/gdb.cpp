//===- gdb.cpp - names of kernels for GDB ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// GDB stops where __jit_debug_register_code is called, and reads the ELF file in memory that the
// descriptor points at ("JIT Compilation Interface" in its manual). A kernel's has the section that
// its code is, without contents, and the names of what is in it.
//
//===----------------------------------------------------------------------===//
#include "runtime/gdb.h"

#include "runtime/fork.h"

#include <cstdint>
#include <cstring>
#include <elf.h>
#include <string>
#include <vector>

// The names and layouts are GDB's. Exported, because GDB finds what a stripped library exports.
extern "C" {
struct jit_code_entry {
  jit_code_entry *next_entry, *prev_entry;
  const char *symfile_addr;
  uint64_t symfile_size;
};
struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  jit_code_entry *relevant_entry, *first_entry;
};
enum : uint32_t { JIT_NOACTION, JIT_REGISTER_FN, JIT_UNREGISTER_FN };

__attribute__((visibility("default"))) jit_descriptor __jit_debug_descriptor = {1, JIT_NOACTION,
                                                                                nullptr, nullptr};
/// GDB has a breakpoint here.
__attribute__((visibility("default"), noinline)) void __jit_debug_register_code() {
  __asm__ volatile("" ::: "memory");
}
}

namespace ricci {
namespace {

/// Section headers, symbols and strings, in this order, behind the file's header.
struct SymbolFile {
  enum : uint16_t { Null, Text, Symbols, Strings, SectionNames, SectionCount };

  Elf64_Ehdr header{};
  Elf64_Shdr sections[SectionCount]{};
  Elf64_Sym symbols[3]{}; ///< none, what is before the entry, the entry
};

std::vector<char> symbolFile(std::string_view name, const void *code, size_t bytes, size_t entry) {
  constexpr std::string_view kNames("\0.text\0.symtab\0.strtab\0.shstrtab", 33);
  const std::string none(1, '\0');
  const std::string strings = none + std::string(name) + none + std::string(name) + ".parts" + none;

  SymbolFile file;
  std::memcpy(file.header.e_ident, ELFMAG, SELFMAG);
  file.header.e_ident[EI_CLASS] = ELFCLASS64;
  file.header.e_ident[EI_DATA] =
      __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
  file.header.e_ident[EI_VERSION] = EV_CURRENT;
  file.header.e_type = ET_REL;
#if defined(__x86_64__)
  file.header.e_machine = EM_X86_64;
#elif defined(__aarch64__)
  file.header.e_machine = EM_AARCH64;
#endif
  file.header.e_version = EV_CURRENT;
  file.header.e_shoff = offsetof(SymbolFile, sections);
  file.header.e_ehsize = sizeof(Elf64_Ehdr);
  file.header.e_shentsize = sizeof(Elf64_Shdr);
  file.header.e_shnum = SymbolFile::SectionCount;
  file.header.e_shstrndx = SymbolFile::SectionNames;

  auto section = [&](uint16_t index, std::string_view title, uint32_t type, uint64_t offset,
                     uint64_t size) -> Elf64_Shdr & {
    Elf64_Shdr &s = file.sections[index];
    s.sh_name = uint32_t(kNames.find(title));
    s.sh_type = type;
    s.sh_offset = offset;
    s.sh_size = size;
    s.sh_addralign = 1;
    return s;
  };
  Elf64_Shdr &text = section(SymbolFile::Text, ".text", SHT_NOBITS, 0, bytes);
  text.sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  text.sh_addr = reinterpret_cast<uintptr_t>(code);
  Elf64_Shdr &symbols = section(SymbolFile::Symbols, ".symtab", SHT_SYMTAB,
                                offsetof(SymbolFile, symbols), sizeof file.symbols);
  symbols.sh_link = SymbolFile::Strings;
  symbols.sh_info = 1; // the first that is global
  symbols.sh_entsize = sizeof(Elf64_Sym);
  section(SymbolFile::Strings, ".strtab", SHT_STRTAB, sizeof file, strings.size());
  section(SymbolFile::SectionNames, ".shstrtab", SHT_STRTAB, sizeof file + strings.size(),
          kNames.size());

  auto function = [&](Elf64_Sym &symbol, size_t nameAt, size_t begin, size_t end) {
    symbol.st_name = uint32_t(nameAt);
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = SymbolFile::Text;
    symbol.st_value = begin;
    symbol.st_size = end - begin;
  };
  function(file.symbols[2], 1, entry, bytes);
  if (entry > 0)
    function(file.symbols[1], name.size() + 2, 0, entry);

  std::vector<char> image(sizeof file + strings.size() + kNames.size());
  std::memcpy(image.data(), &file, sizeof file);
  std::memcpy(image.data() + sizeof file, strings.data(), strings.size());
  std::memcpy(image.data() + sizeof file + strings.size(), kNames.data(), kNames.size());
  return image;
}

/// Never destroyed: kernels may live as long as the process.
ForkMutex &descriptorMutex() {
  static auto *const mutex = new ForkMutex;
  return *mutex;
}

void tell(uint32_t action, jit_code_entry &entry) {
  __jit_debug_descriptor.relevant_entry = &entry;
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_register_code();
  __jit_debug_descriptor.action_flag = JIT_NOACTION;
  __jit_debug_descriptor.relevant_entry = nullptr;
}

class Registration {
public:
  explicit Registration(std::vector<char> file) : file_(std::move(file)) {
    entry_.symfile_addr = file_.data();
    entry_.symfile_size = file_.size();
    std::lock_guard lock(descriptorMutex());
    entry_.next_entry = __jit_debug_descriptor.first_entry;
    if (entry_.next_entry)
      entry_.next_entry->prev_entry = &entry_;
    __jit_debug_descriptor.first_entry = &entry_;
    tell(JIT_REGISTER_FN, entry_);
  }
  ~Registration() {
    std::lock_guard lock(descriptorMutex());
    (entry_.prev_entry ? entry_.prev_entry->next_entry : __jit_debug_descriptor.first_entry) =
        entry_.next_entry;
    if (entry_.next_entry)
      entry_.next_entry->prev_entry = entry_.prev_entry;
    tell(JIT_UNREGISTER_FN, entry_);
  }
  Registration(const Registration &) = delete;
  Registration &operator=(const Registration &) = delete;

private:
  std::vector<char> file_;
  jit_code_entry entry_{};
};

} // namespace

std::shared_ptr<void> tellGdb(std::string_view name, const void *code, size_t bytes, size_t entry) {
  return std::make_shared<Registration>(symbolFile(name, code, bytes, entry));
}

} // namespace ricci
