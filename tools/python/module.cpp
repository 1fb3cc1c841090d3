//===- module.cpp - the extension module ricci._ricci -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#define RICCI_IMPORTS_NUMPY
#include "tools/python/module.h"
#include "frontend/api/ricci.h"
#include "runtime/interrupt.h"
#include "tools/python/errors.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci::python {

static void setNumThreads(int n) {
  try {
    set_num_threads(n);
  } catch (const Error &error) {
    raise(error.diagnostic());
  }
}

/// Calls a Python function, on any thread and with or without the GIL. What it raises is told as
/// what a destructor raises is.
static void callPython(void *function, LogLevel level, std::string_view message) {
  if (!Py_IsInitialized())
    return;
  nb::gil_scoped_acquire gil;
  nb::error_scope raised;
  nb::object &callback = *static_cast<nb::object *>(function);
  nb::str name(level == LogLevel::Warning ? "warning" : "info");
  if (!PyObject_CallFunctionObjArgs(callback.ptr(), name.ptr(),
                                    nb::str(message.data(), message.size()).ptr(), nullptr))
    PyErr_WriteUnraisable(callback.ptr());
}

static void setLogCallback(nb::object callback, const char *level) {
  static const std::pair<std::string_view, LogLevel> levels[] = {
      {"off", LogLevel::Off}, {"warning", LogLevel::Warning}, {"info", LogLevel::Info}};
  auto found = std::find_if(std::begin(levels), std::end(levels),
                            [&](const auto &known) { return known.first == level; });
  if (found == std::end(levels))
    raise(usageError(
        fmt::format("there is no log level '{}'; the levels are off, warning and info", level)));
  if (callback.is_none())
    return set_log_callback(nullptr, nullptr);
  if (!PyCallable_Check(callback.ptr()))
    raise(PyExc_TypeError, "the callback is not callable");
  // Never freed: another thread may be about to call it.
  set_log_callback(callPython, new nb::object(std::move(callback)), found->second);
}

static void addRest(nb::module_ &module) {
  using namespace nb::literals;
  module.attr("__version__") = RICCI_VERSION;
  module.def("set_num_threads", &setNumThreads, "n"_a,
             R"(How many threads a run may use, from now on and for the whole process.

Without it: the environment variable RICCI_THREADS, or the CPUs that this process may run on.
Results do not depend on it.)");
  module.def("set_log_callback", &setLogCallback, "callback"_a.none(), "level"_a = "warning",
             R"(Hands messages to callback(level, message) instead of stderr; None takes that back.

level: the most that is told: "off"; "warning", what a program can go on without; or "info", also
what is compiled and what is found on disk. The callback may be called on any thread.)");
  module.def(
      "clear_cache",
      [] {
        clear_cache();
        release_memory();
      },
      nb::call_guard<nb::gil_scoped_release>(),
      "Forgets every compiled program of this process, and gives memory that is kept for reuse "
      "back to the\nsystem. What lies on disk stays: `ricci cache clear`.");
  module.def(
      "devices",
      [] {
        nb::list names;
        for (Device device : devices())
          names.append(nb::str(device.str().c_str()));
        return names;
      },
      "The names that `device` may have on this machine.");
}

} // namespace ricci::python

/// Whether a signal's handler has raised an exception, as that of Ctrl-C does. Only Python's main
/// thread runs handlers; others need not be asked.
static unsigned long mainThread = 0;
static bool signalled() {
  if (PyThread_get_thread_ident() != mainThread)
    return false;
  PyGILState_STATE state = PyGILState_Ensure();
  const bool raised = PyErr_Occurred() || PyErr_CheckSignals() != 0;
  PyGILState_Release(state);
  return raised;
}

NB_MODULE(_ricci, module) {
  // Once for all files of the module; sets an exception where NumPy is missing or too old.
  if (_import_array() < 0)
    nanobind::raise_python_error();
  ricci::python::addEinsum(module);
  ricci::python::addPrograms(module);
  ricci::python::addPlan(module);
  ricci::python::addBuild(module);
  ricci::python::addDeviceArray(module);
  ricci::python::addRest(module);
  mainThread = nanobind::cast<unsigned long>(
      nanobind::module_::import_("threading").attr("main_thread")().attr("ident"));
  ricci::setInterruptCheck(signalled);
}
