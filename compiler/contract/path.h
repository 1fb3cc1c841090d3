//===- path.h - the order of contractions --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pure C++ (no MLIR). A network is an einsum without repeated labels inside an operand.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/compiler_interface.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ricci {

struct Network {
  std::vector<std::vector<int32_t>> operands; ///< distinct labels of each operand
  std::vector<int32_t> output;
  std::vector<int64_t> extents; ///< by label
};

struct ContractionPath {
  std::vector<std::vector<int64_t>> steps; ///< opt_einsum form: positions popped, result appended
  std::string method;                      ///< "dynamic programming (optimal)", "greedy", …
  double flops = 0;                        ///< as np.einsum_path counts
  double naiveFlops = 0;
  int64_t scaling = 0;            ///< most labels in one step
  int64_t naiveScaling = 0;       ///< number of labels
  double largestIntermediate = 0; ///< elements
};

/// Auto: dynamic programming to about 10 operands, greedy above; bounded time for any number. With
/// three operands or more, a label that only one operand has and that the output lacks is summed by
/// a step of its own. Equal calls give equal paths, but for a search with a time budget. The limit
/// is on every intermediate, not on the result. An input error says what is wrong with a given
/// path, that there are too many operands for Optimal, or that no order keeps the limit.
Expected<ContractionPath> findPath(const Network &network, const OrderOptions &options,
                                   std::optional<int64_t> memoryLimitElements);

} // namespace ricci
