//===- object_header.cpp - the C header of a built program -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/object_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <dlfcn.h>
#include <set>

namespace ricci {

namespace {

/// Of C11 and C++23, and what <stdint.h> and common compilers define as macros.
const std::set<std::string_view> kReserved = {"alignas",
                                              "alignof",
                                              "and",
                                              "and_eq",
                                              "asm",
                                              "auto",
                                              "bitand",
                                              "bitor",
                                              "bool",
                                              "break",
                                              "case",
                                              "catch",
                                              "char",
                                              "char16_t",
                                              "char32_t",
                                              "char8_t",
                                              "class",
                                              "co_await",
                                              "co_return",
                                              "co_yield",
                                              "compl",
                                              "concept",
                                              "const",
                                              "const_cast",
                                              "consteval",
                                              "constexpr",
                                              "constinit",
                                              "continue",
                                              "decltype",
                                              "default",
                                              "delete",
                                              "do",
                                              "double",
                                              "dynamic_cast",
                                              "else",
                                              "enum",
                                              "explicit",
                                              "export",
                                              "extern",
                                              "false",
                                              "float",
                                              "for",
                                              "friend",
                                              "goto",
                                              "if",
                                              "inline",
                                              "int",
                                              "linux",
                                              "long",
                                              "main",
                                              "mutable",
                                              "namespace",
                                              "new",
                                              "noexcept",
                                              "not",
                                              "not_eq",
                                              "nullptr",
                                              "operator",
                                              "or",
                                              "or_eq",
                                              "private",
                                              "protected",
                                              "public",
                                              "register",
                                              "reinterpret_cast",
                                              "requires",
                                              "restrict",
                                              "return",
                                              "short",
                                              "signed",
                                              "sizeof",
                                              "static",
                                              "static_assert",
                                              "static_cast",
                                              "struct",
                                              "switch",
                                              "template",
                                              "this",
                                              "thread_local",
                                              "throw",
                                              "true",
                                              "try",
                                              "typedef",
                                              "typeid",
                                              "typename",
                                              "typeof",
                                              "typeof_unqual",
                                              "union",
                                              "unix",
                                              "unsigned",
                                              "using",
                                              "virtual",
                                              "void",
                                              "volatile",
                                              "wchar_t",
                                              "while",
                                              "xor",
                                              "xor_eq"};

bool hasIdentifierForm(std::string_view name) {
  auto isWord = [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') &&
         std::all_of(name.begin(), name.end(), isWord);
}

const char *cType(DType dtype) {
  switch (dtype) {
  case DType::b1:
  case DType::u8:
    return "uint8_t";
  case DType::i8:
    return "int8_t";
  case DType::i16:
    return "int16_t";
  case DType::i32:
    return "int32_t";
  case DType::i64:
    return "int64_t";
  case DType::u16:
  case DType::f16:
  case DType::bf16:
    return "uint16_t";
  case DType::u32:
    return "uint32_t";
  case DType::u64:
    return "uint64_t";
  case DType::f32:
  case DType::c64:
    return "float";
  case DType::f64:
  case DType::c128:
    return "double";
  }
  return "void";
}

const char *remark(DType dtype) {
  switch (dtype) {
  case DType::b1:
    return ", each 0 or 1";
  case DType::f16:
    return ", the bits of IEEE half-precision numbers";
  case DType::bf16:
    return ", the bits of bfloat16 numbers";
  case DType::c64:
  case DType::c128:
    return ", each a real and an imaginary part";
  default:
    return "";
  }
}

std::string sizeText(const SizeFormula &formula, const std::string &size) {
  if (formula.factor == 0)
    return std::to_string(formula.constant);
  std::string text = formula.factor == 1 ? size : fmt::format("{}*{}", formula.factor, size);
  return formula.constant == 0 ? text : fmt::format("{}{:+}", text, formula.constant);
}

std::string typeText(const detail::SizedType &type, const std::string &size) {
  std::vector<std::string> extents;
  for (const SizeFormula &extent : type.shape)
    extents.push_back(sizeText(extent, size));
  return fmt::format("{}[{}]", shortName(type.dtype), fmt::join(extents, ","));
}

/// A text as it may stand in a comment, on lines of their own.
std::string commented(const std::string &text) {
  std::string lines = " *     ";
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\n';
    if (c == '\n' && i + 1 < text.size())
      lines += "\n *     ";
    else if (c != '\r' && c != '\n')
      lines += c;
    // Neither an end nor a beginning of a comment, no trigraph, no line that goes on.
    if ((c == '*' && next == '/') || (c == '/' && next == '*') || (c == '?' && next == '?') ||
        (c == '\\' && next == '\n'))
      lines += ' ';
  }
  return lines + "\n";
}

/// Gives every argument a name of its own.
class Names {
public:
  std::string add(std::string name, const std::string &otherwise) {
    if (!hasIdentifierForm(name) || name.starts_with("__"))
      name = otherwise;
    while (kReserved.count(name) || !used_.insert(name).second)
      name += "_";
    return name;
  }

private:
  std::set<std::string> used_;
};

std::string upper(std::string text) {
  for (char &c : text)
    c = char(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// A macro's value: a formula of its arguments.
std::string workspaceMacro(const detail::HeaderFacts &facts, const std::string &size) {
  const std::string macro = upper(facts.options->name) + "_WORKSPACE_BYTES";
  std::vector<std::string> arguments, terms;
  auto add = [&](int64_t constant, std::string factor) {
    if (constant == 0)
      return;
    terms.push_back(fmt::format("{}u{}", constant, factor.empty() ? "" : " * " + factor));
  };
  std::string bySize = fmt::format("(size_t)({})", size), byWorkers = "(size_t)(workers)";
  const bool parallel = facts.options->parallel;
  if (facts.options->size)
    arguments.push_back(size);
  if (parallel)
    arguments.push_back("workers");
  add(facts.arenaBytes.constant + (parallel ? 0 : facts.workerBytes.constant), "");
  add(facts.arenaBytes.factor + (parallel ? 0 : facts.workerBytes.factor), bySize);
  if (parallel) {
    add(facts.workerBytes.constant, byWorkers);
    add(facts.workerBytes.factor, byWorkers + " * " + bySize);
  }
  std::string value = terms.empty() ? "0u" : fmt::format("{}", fmt::join(terms, " + "));
  if (arguments.empty())
    return fmt::format("#define {} ((size_t){})\n", macro, value);
  return fmt::format("#define {}({}) ((size_t)0 + {})\n", macro, fmt::join(arguments, ", "), value);
}

} // namespace

bool isCIdentifier(std::string_view name) {
  return hasIdentifierForm(name) && !kReserved.count(name);
}

/// Whether the C library has a function or an object of this name: calls of the whole program would
/// go to the built function instead. Asked of this machine's, which knows more than the standard.
static bool isOfTheCLibrary(const std::string &name) {
  for (const char *library : {"libc.so.6", "libm.so.6"}) {
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    const bool known = handle && dlsym(handle, name.c_str());
    if (handle)
      dlclose(handle);
    if (known)
      return true;
  }
  return false;
}

/// Of the headers that the built one includes.
static bool isTypeOfHeader(std::string_view name) {
  if (name == "size_t" || name == "ptrdiff_t" || name == "wchar_t" || name == "max_align_t" ||
      name == "ricci_parallel_for" || name == "ricci_tasks")
    return true;
  if (name.size() < 2 || name.substr(name.size() - 2) != "_t")
    return false;
  name.remove_suffix(2);
  if (name.substr(0, 1) == "u")
    name.remove_prefix(1);
  if (name.substr(0, 3) != "int")
    return false;
  name.remove_prefix(3);
  for (std::string_view kind : {"_least", "_fast"})
    if (name.substr(0, kind.size()) == kind)
      name.remove_prefix(kind.size());
  return name == "8" || name == "16" || name == "32" || name == "64" || name == "max" ||
         name == "ptr";
}

Status checkFunctionName(std::string_view name) {
  auto refuse = [&](std::string_view why) {
    return usageError(fmt::format("'{}' cannot be the name of a C function{}", name, why));
  };
  if (!hasIdentifierForm(name))
    return refuse("");
  if (kReserved.count(name))
    return refuse(": C or C++ has the word for itself");
  if (name[0] == '_')
    return refuse(": names that begin with an underscore are reserved");
  if (isTypeOfHeader(name))
    return refuse(": a type has it");
  if (isOfTheCLibrary(std::string(name)))
    return refuse(": the C library has one, in whose place it would be called");
  return success();
}

std::string detail::writeHeader(const HeaderFacts &facts, std::string &declaration) {
  const BuildOptions &options = *facts.options;
  Names names;
  std::string about, size;
  std::vector<std::string> arguments;
  if (options.size) {
    size = names.add(options.size->name, "size");
    arguments.push_back("int64_t " + size);
    about += fmt::format(" *   {}: at least {}; the code is chosen for about {}\n", size,
                         facts.leastSize, options.size->typical);
  }
  auto describe = [&](const std::string &name, const SizedType &type) {
    about += fmt::format(" *   {}: {}{}\n", name, typeText(type, size), remark(type.dtype));
  };
  for (size_t i = 0; i < facts.parameters.size(); ++i) {
    std::string name = names.add(facts.names[i], fmt::format("operand_{}", i + 1));
    arguments.push_back(fmt::format("const {} *{}", cType(facts.parameters[i].dtype), name));
    describe(name, facts.parameters[i]);
  }
  for (size_t i = 0; i < facts.results.size(); ++i) {
    std::string name = facts.results.size() == 1 ? "result" : fmt::format("result_{}", i + 1);
    name = names.add(name, name);
    arguments.push_back(fmt::format("{} *{}", cType(facts.results[i].dtype), name));
    describe(name, facts.results[i]);
  }
  const std::string macro = upper(options.name) + "_WORKSPACE_BYTES";
  std::vector<std::string> macroArguments;
  if (options.size)
    macroArguments.push_back(size);
  std::string workspace = names.add("workspace", "");
  arguments.push_back("void *" + workspace);
  if (options.parallel) {
    std::string workers = names.add("workers", ""), parallelFor = names.add("parallel_for", ""),
                host = names.add("host", "");
    macroArguments.push_back(workers);
    arguments.push_back("int " + workers);
    arguments.push_back("ricci_parallel_for *" + parallelFor);
    arguments.push_back("void *" + host);
    about += fmt::format(" *   {0}: the most that {1} may use at once; with fewer than 2, or where "
                         "{1}\n *     is null, everything runs on the caller\n"
                         " *   {2}: handed to {1}\n",
                         workers, parallelFor, host);
  }
  about += fmt::format(
      " *   {}: {}{} bytes, aligned to 64, of this call alone; null where that is 0\n", workspace,
      macro, macroArguments.empty() ? "" : fmt::format("({})", fmt::join(macroArguments, ", ")));
  declaration = fmt::format("int {}({});", options.name, fmt::join(arguments, ", "));

  const std::string guard = "RICCI_BUILT_" + upper(options.name) + "_H";
  std::string text =
      fmt::format("/* Made by `ricci build` from\n *\n{} *\n", commented(facts.source));
  text += fmt::format(" * for {}.\n */\n#ifndef {}\n#define {}\n\n#include <stddef.h>\n"
                      "#include <stdint.h>\n\n",
                      fmt::join(facts.cpus, ", "), guard, guard);
  text += "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  if (options.parallel)
    text +=
        "#ifndef RICCI_PARALLEL_FOR\n#define RICCI_PARALLEL_FOR\n"
        "/** A part of a launch: tasks [begin, end), as worker `worker`. */\n"
        "typedef void ricci_tasks(void *context, int64_t begin, int64_t end, int worker);\n"
        "/** Calls `run` on disjoint parts of [0, tasks) and returns when all of it is done. Parts "
        "run at\n * once only with different worker numbers, from 0 to workers - 1. */\n"
        "typedef void ricci_parallel_for(void *host, int64_t tasks, int workers, ricci_tasks "
        "*run,\n                                void *context);\n#endif\n\n";
  text += fmt::format("/** Bytes of memory that a call of {} works in. */\n", options.name);
  text += workspaceMacro(facts, size) + "\n";
  text += fmt::format(
      "/**\n * All arrays are in C order and aligned for their type; results overlap "
      "nothing else.\n{} *\n"
      " * Returns 0, or without results {}3 where the machine lacks instructions that "
      "the\n * code is made of. May be called from any number of threads at once.\n */\n",
      about,
      std::string(facts.mayFail ? "1 where an index is out of range, " : "") +
          (options.size ? fmt::format("2 where {} is less than {}, ", size, facts.leastSize) : ""));
  if (declaration.size() <= 100) {
    text += declaration;
  } else {
    const std::string indent(options.name.size() + 5, ' ');
    text += fmt::format("int {}({});", options.name, fmt::join(arguments, ",\n" + indent));
  }
  return text + "\n\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n";
}

} // namespace ricci
