//===- object_header.h - the C header of a built program ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/object.h"

namespace ricci::detail {

/// A type whose extents may depend on the size: axis by axis.
struct SizedType {
  DType dtype{};
  std::vector<SizeFormula> shape;
};

/// What a header tells.
struct HeaderFacts {
  std::string source; ///< the program
  const BuildOptions *options = nullptr;
  std::vector<std::string> cpus;
  std::vector<std::string> names; ///< of the parameters
  std::vector<SizedType> parameters, results;
  bool mayFail = false; ///< an index may be out of range
  int64_t leastSize = 1;
  SizeFormula arenaBytes, workerBytes;
};

/// Its text; `declaration` receives the function's declaration on one line.
std::string writeHeader(const HeaderFacts &facts, std::string &declaration);

} // namespace ricci::detail
