//===- parse_program.h - texts of the language to typed programs -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program.h"

namespace ricci {

struct Parameter {
  std::string name;
  TensorType type;
};

/// The program of `text` on parameters of these types: parsed, checked and expanded (calls of `def`
/// inlined). Inputs are numbered as `parameters`; every parameter is an input, used or not. The
/// prelude's functions are known to every program. An input error, with the place in the text,
/// where NumPy would raise or the language has no such thing.
Expected<Program> parseProgram(const std::string &text, const std::vector<Parameter> &parameters);

} // namespace ricci
