//===- program_builder.h - makes the nodes of a program ---------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/program.h"
#include "frontend/value.h"

namespace ricci {

class ProgramBuilder {
public:
  explicit ProgramBuilder(std::string source) { program_.source = std::move(source); }

  const Program &program() const { return program_; }
  const std::string &source() const { return program_.source; }
  const TensorType &type(TensorValue value) const {
    return program_.nodes[size_t(value.node)].type;
  }
  Program take() && { return std::move(program_); }
  void setResults(std::vector<int> results) { program_.results = std::move(results); }

  TensorValue input(int64_t index, TensorType type, Span span);

private:
  Program program_;
};

} // namespace ricci
