//===- shapes.h - broadcasting of two shapes, axis by axis -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <string>
#include <string_view>
#include <vector>

namespace ricci {

/// How two shapes meet under NumPy's rule. All lists have one entry for each axis of the result;
/// the shorter shape is padded with 1 on the left.
struct BroadcastReport {
  enum class Axis : uint8_t { Equal, Stretch, Conflict };
  size_t leftRank = 0, rightRank = 0; ///< as given
  Shape left, right;                  ///< padded
  Shape result;                       ///< -1 at a conflict
  std::vector<Axis> axes;

  bool broadcasts() const;
  /// The table that `ricci shapes` prints, ending in a newline.
  std::string str() const;
  /// "shapes (3, 4) and (3, 5) do not broadcast: axis 1 is 4 on the left and 5 on the right", for
  /// the first axis in conflict; only when there is one.
  Diagnostic error() const;
};

BroadcastReport broadcastShapes(const Shape &left, const Shape &right);

/// Reads a shape as Python writes it: "(32, 512)", "(512,)", "()"; also "(512)".
Expected<Shape> parseShape(std::string_view text);

} // namespace ricci
