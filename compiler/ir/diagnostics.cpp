//===- diagnostics.cpp - MLIR's diagnostics as Ricci's ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <algorithm>

namespace ricci {

using namespace mlir;
using ricci::Diagnostic;

static constexpr llvm::StringLiteral kSourceName = "program";

SourceLines::SourceLines(const std::string &source) : begins_{0}, size_(source.size()) {
  for (size_t at = source.find('\n'); at != std::string::npos; at = source.find('\n', at + 1))
    begins_.push_back(at + 1);
}

std::pair<unsigned, unsigned> SourceLines::position(size_t offset) const {
  offset = std::min(offset, size_);
  auto line = std::upper_bound(begins_.begin(), begins_.end(), offset) - begins_.begin();
  return {unsigned(line), unsigned(offset - begins_[line - 1]) + 1};
}

size_t SourceLines::offset(unsigned line, unsigned column) const {
  size_t index = std::min<size_t>(std::max(line, 1u), begins_.size()) - 1;
  return std::min(begins_[index] + std::max(column, 1u) - 1, size_);
}

Location locationOf(Span span, const SourceLines &lines, MLIRContext *context) {
  auto [line, column] = lines.position(span.begin);
  auto [endLine, endColumn] = lines.position(span.end);
  return FileLineColRange::get(StringAttr::get(context, kSourceName), line, column, endLine,
                               endColumn);
}

std::optional<Span> spanOf(Location location, const SourceLines &lines) {
  std::optional<Span> span;
  location->walk([&](Location part) {
    auto range = dyn_cast<FileLineColRange>(part);
    if (!range || range.getFilename() != kSourceName)
      return WalkResult::advance();
    span = Span{lines.offset(range.getStartLine(), range.getStartColumn()),
                lines.offset(range.getEndLine(), range.getEndColumn())};
    return WalkResult::interrupt();
  });
  return span;
}

ScopedDiagnosticCapture::ScopedDiagnosticCapture(MLIRContext *context, std::string source)
    : source_(std::move(source)),
      handler_(context, [this](mlir::Diagnostic &diagnostic) { handle(diagnostic); }) {}

void ScopedDiagnosticCapture::handle(mlir::Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() != DiagnosticSeverity::Error || hasError_)
    return;
  hasError_ = true;
  first_.message = diagnostic.str();
  if (auto span =
          source_.empty() ? std::nullopt : spanOf(diagnostic.getLocation(), SourceLines(source_))) {
    first_.source = source_;
    first_.spans.push_back(*span);
  }
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    first_.notes.push_back(note.str());
}

Diagnostic ScopedDiagnosticCapture::take(ErrorKind kind, const std::string &what) {
  Diagnostic result = std::move(first_);
  if (!hasError_)
    result.message = what + " failed without saying why";
  result.kind = kind;
  first_ = {};
  hasError_ = false;
  return result;
}

} // namespace ricci
