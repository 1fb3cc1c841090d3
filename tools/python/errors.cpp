//===- errors.cpp - diagnostics as Python exceptions --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/python/errors.h"

#include "runtime/utf8.h"

namespace ricci::python {

namespace {
const char *kindName(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::Input:
    return "input";
  case ErrorKind::Usage:
    return "usage";
  case ErrorKind::Machine:
    return "machine";
  case ErrorKind::Internal:
    break;
  }
  return "internal";
}

/// Texts may quote what the caller gave as bytes.
nb::object text(const std::string &utf8) {
  return stealOrRaise(
      PyUnicode_DecodeUTF8(utf8.data(), Py_ssize_t(utf8.size()), "backslashreplace"));
}

[[noreturn]] void raiseAs(const char *className, const Diagnostic &diagnostic) {
  nb::object span = nb::none();
  if (!diagnostic.spans.empty()) {
    std::string_view source = diagnostic.source;
    Span bytes = diagnostic.spans.front();
    span = nb::make_tuple(columns(source.substr(0, bytes.begin)),
                          columns(source.substr(0, bytes.end)));
  }
  nb::list notes;
  for (const std::string &note : diagnostic.notes)
    notes.append(text(note));
  nb::object type = nb::module_::import_("ricci._errors").attr(className);
  nb::object error = type(text(diagnostic.render()), text(diagnostic.message), span, notes,
                          kindName(diagnostic.kind));
  PyErr_SetObject(type.ptr(), error.ptr());
  nb::raise_python_error();
}
} // namespace

void raise(const Diagnostic &diagnostic) {
  if (PyErr_Occurred()) // an interrupt, whose exception a signal's handler has set
    nb::raise_python_error();
  raiseAs("Error", diagnostic);
}

void raisePathError(std::string message) { raiseAs("PathError", usageError(std::move(message))); }

void raise(PyObject *type, const std::string &message) {
  PyErr_SetObject(type, text(message).ptr());
  nb::raise_python_error();
}

} // namespace ricci::python
