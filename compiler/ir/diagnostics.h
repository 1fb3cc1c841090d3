//===- diagnostics.h - MLIR's diagnostics as Ricci's ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"

#include <optional>

namespace ricci {

/// Where the lines of a program's source begin, to turn bytes into lines and columns and back.
class SourceLines {
public:
  explicit SourceLines(const std::string &source);
  /// Line and column, both from 1; columns count bytes.
  std::pair<unsigned, unsigned> position(size_t offset) const;
  size_t offset(unsigned line, unsigned column) const;

private:
  std::vector<size_t> begins_;
  size_t size_;
};

/// The location of a range of bytes in a program's source; the file is named "program".
mlir::Location locationOf(Span span, const SourceLines &lines, mlir::MLIRContext *context);
/// The range of bytes that a location, or the first location it is made of, stands for.
std::optional<Span> spanOf(mlir::Location location, const SourceLines &lines);

/// While it lives, errors and warnings of the context are kept here instead of being printed.
class ScopedDiagnosticCapture {
public:
  explicit ScopedDiagnosticCapture(mlir::MLIRContext *context, std::string source = {});

  bool hasError() const { return hasError_; }
  /// The first error with its notes, spans in the source where the locations have them. When a pass
  /// failed without one, a diagnostic that says so: `what` names the step.
  Diagnostic take(ErrorKind kind, const std::string &what);

private:
  void handle(mlir::Diagnostic &diagnostic);

  std::string source_;
  Diagnostic first_;
  bool hasError_ = false;
  mlir::ScopedDiagnosticHandler handler_;
};

} // namespace ricci
