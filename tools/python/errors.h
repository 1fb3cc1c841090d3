//===- errors.h - diagnostics as Python exceptions ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"
#include "tools/python/numpy_api.h"

namespace ricci::python {

/// Throws ricci.Error as nb::python_error.
[[noreturn]] void raise(const Diagnostic &diagnostic);
/// Throws ricci.PathError.
[[noreturn]] void raisePathError(std::string message);
/// Throws a built-in exception, such as PyExc_TypeError.
[[noreturn]] void raise(PyObject *type, const std::string &message);

template <typename T> T valueOrRaise(Expected<T> expected) {
  if (!expected)
    raise(expected.error());
  return std::move(*expected);
}

/// A new reference that the C API returned, or null with an exception set.
inline nb::object stealOrRaise(PyObject *object) {
  if (!object)
    nb::raise_python_error();
  return nb::steal(object);
}

} // namespace ricci::python
