//===- object.h - programs as object files for C -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// `#include <ricci/object.h>`. What `ricci build` makes (docs/ahead_of_time.md): an object with
/// one C function, which needs no library, and the header that declares it.
///
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/function.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ricci {

/// The extent of a first axis that is an argument of the function.
struct SizeArgument {
  std::string name;
  int64_t typical = 256; ///< what blocks and the order of contractions are chosen for
};

/// A parameter in C order. `sized`: the extent of its first axis is the size argument, whatever
/// `type` has there.
struct ObjectParameter {
  std::string name;
  TensorType type;
  bool sized = false;
};

struct BuildOptions : ProgramOptions {
  std::string name; ///< of the function
  /// Code for each of them; the function runs the best that the machine has. Empty: for `cpu`.
  std::vector<std::string> cpus;
  bool parallel = false; ///< the function takes a parallel_for
  std::optional<SizeArgument> size;
};

/// Texts of the two files.
struct BuiltObject {
  std::string object, header;
  std::string declaration; ///< of the function
  /// For `options.name` with results of the size `n` and this many workers.
  SizeFormula arenaBytes, workerBytes;
};

/// Compiles a program to an object. Errors: of kind Input where the program is wrong or its code
/// depends on the size, of kind Usage where the name is none for a C function
/// or the CPU is unknown.
BuiltObject build(std::string_view program, const std::vector<ObjectParameter> &parameters,
                  const BuildOptions &options);
Expected<BuiltObject> try_build(std::string_view program,
                                const std::vector<ObjectParameter> &parameters,
                                const BuildOptions &options);

/// Writes PREFIX.o and PREFIX.h, both or none. An input error where that cannot be.
void save_object(const std::string &prefix, const BuiltObject &object);
Status try_save_object(const std::string &prefix, const BuiltObject &object);

/// Reads "f32[64,32]", or "f32[N,32]" and "f32[N=1000,32]", whose N becomes `size`. An input error
/// where `size` has another name already.
Expected<ObjectParameter> parseObjectParameter(std::string name, std::string_view spec,
                                               std::optional<SizeArgument> &size);
/// The function's name from that of its files, without an extension: "out/my-layer" gives my_layer.
/// A usage error where `checkFunctionName` has one.
Expected<std::string> objectName(std::string_view prefix);
/// A usage error, which says why, where C has no function of this name: it is no identifier, a
/// keyword of C or C++, reserved (what begins with an underscore, types of <stdint.h>), or a
/// function of this machine's C library, in whose place it would be called.
Status checkFunctionName(std::string_view name);
/// Whether it is an identifier of C and C++ and no keyword of theirs.
bool isCIdentifier(std::string_view name);

} // namespace ricci
