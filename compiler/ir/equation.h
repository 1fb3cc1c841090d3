//===- equation.h - the equation of an einsum op ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/TypeRange.h"

#include <string>
#include <vector>

namespace ricci {

/// The explicit, resolved equation of a `ricci.einsum`. A label is one letter (ASCII, or any other
/// character outside of ASCII) or any other name in braces: "ij,{…0}j->i{…0}".
struct EinsumEquation {
  std::vector<llvm::SmallVector<int32_t>> operands; ///< labels of each operand's axes; may repeat
  llvm::SmallVector<int32_t> output;                ///< distinct, each in some operand
  std::vector<std::string> labelNames;              ///< by label, without braces

  /// Linear in the length of the text. Labels are numbered in order of first appearance.
  static llvm::FailureOr<EinsumEquation>
  parse(llvm::StringRef text, llvm::function_ref<mlir::InFlightDiagnostic()> emitError);
  /// What `parse` takes; equal equations print alike.
  std::string str() const;
  /// The extent of every label, given the operands' types (as verified).
  llvm::SmallVector<int64_t> extents(mlir::TypeRange inputs) const;
  /// Checks ranks and extents of operands and result.
  llvm::LogicalResult verify(mlir::TypeRange inputs, mlir::Type output,
                             llvm::function_ref<mlir::InFlightDiagnostic()> emitError) const;
};

/// A label as equations spell it: a letter as it is, other names in braces.
std::string spellLabel(llvm::StringRef name);

} // namespace ricci
