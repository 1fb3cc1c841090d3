//===- error.h - errors as values -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace ricci {

/// A half-open range of bytes in a source text.
struct Span {
  size_t begin = 0, end = 0;
};

/// Whose fault it is; the driver's exit code follows from it.
enum class ErrorKind : uint8_t {
  Input,   ///< the program, its operands or a file is wrong (exit code 1)
  Usage,   ///< the call is wrong: unknown option or value (2)
  Machine, ///< the machine lacks something: device, memory, library (3)
  Internal ///< a defect in Ricci
};

/// What is wrong and where. `render` gives the form of a good compiler:
///
///     label 'j' is 4 in operand 1 and 5 in operand 2
///       ij,jk->ik
///        ^ ^
///       operand 1: f32[3,4]
struct Diagnostic {
  ErrorKind kind = ErrorKind::Input;
  std::string message;
  std::string source;             ///< the text the spans point into; empty when there is none
  std::vector<Span> spans;        ///< what the carets underline, in order
  std::vector<std::string> notes; ///< one line each, printed below the carets

  /// The message, then the source line with carets (columns are those of a terminal) and the
  /// notes. Long lines are cut to a window around the first span. No trailing newline.
  std::string render() const;
};

/// Thrown by the throwing form of the API; `what()` is the rendered diagnostic.
class Error : public std::runtime_error {
public:
  explicit Error(Diagnostic d) : std::runtime_error(d.render()), diagnostic_(std::move(d)) {}
  const Diagnostic &diagnostic() const { return diagnostic_; }
  const std::string &message() const { return diagnostic_.message; }
  Span span() const { return diagnostic_.spans.empty() ? Span{} : diagnostic_.spans.front(); }

private:
  Diagnostic diagnostic_;
};

/// A value or the diagnostic that says why there is none.
template <typename T> class [[nodiscard]] Expected {
public:
  Expected(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Expected(Diagnostic error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T &operator*() { return std::get<0>(state_); }
  const T &operator*() const { return std::get<0>(state_); }
  T *operator->() { return &std::get<0>(state_); }
  const T *operator->() const { return &std::get<0>(state_); }
  Diagnostic &error() { return std::get<1>(state_); }
  const Diagnostic &error() const { return std::get<1>(state_); }
  /// The value; throws Error where there is none.
  T value() && {
    if (!*this)
      throw Error(std::move(error()));
    return std::move(**this);
  }

private:
  std::variant<T, Diagnostic> state_;
};

/// Success or a diagnostic.
using Status = Expected<std::monostate>;
inline Status success() { return std::monostate{}; }

inline Diagnostic inputError(std::string message) {
  return {ErrorKind::Input, std::move(message), {}, {}, {}};
}
inline Diagnostic usageError(std::string message) {
  return {ErrorKind::Usage, std::move(message), {}, {}, {}};
}
inline Diagnostic machineError(std::string message) {
  return {ErrorKind::Machine, std::move(message), {}, {}, {}};
}
inline Diagnostic internalError(std::string message) {
  return {ErrorKind::Internal, std::move(message), {}, {}, {}};
}

} // namespace ricci
