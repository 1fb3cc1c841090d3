//===- errors.h - diagnostics as Python exceptions ----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/error.h"
#include "tools/python/numpy_api.h"

#include <new>

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

/// Runs without the GIL. What `run` reads is held by the caller.
template <typename Run> auto withoutGil(Run run) {
  nb::gil_scoped_release release;
  return run();
}

/// For functions of CPython's own calling conventions: what `run` throws becomes the exception that
/// is set, and the result null.
template <typename Run> PyObject *guarded(Run run) {
  try {
    return run().release().ptr();
  } catch (nb::python_error &error) {
    error.restore();
  } catch (const nb::builtin_exception &error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  } catch (const std::bad_alloc &) {
    PyErr_NoMemory();
  } catch (const std::exception &error) {
    PyErr_SetString(PyExc_RuntimeError, error.what());
  }
  return nullptr;
}

} // namespace ricci::python
