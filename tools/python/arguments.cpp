//===- arguments.cpp - Python arguments as an equation, operands and options --------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/python/arguments.h"

#include "tools/python/errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace ricci::python {

static const char *typeName(PyObject *object) { return Py_TYPE(object)->tp_name; }

std::string_view utf8(PyObject *text) {
  Py_ssize_t size = 0;
  const char *data = PyUnicode_AsUTF8AndSize(text, &size);
  if (!data)
    nb::raise_python_error();
  return {data, size_t(size)};
}

Device parseDevice(PyObject *object) {
  if (!object || object == Py_None)
    return {};
  if (!PyUnicode_Check(object))
    raise(PyExc_TypeError, fmt::format("device must be a str, not {}", typeName(object)));
  Expected<Device> device = ricci::parseDevice(utf8(object));
  if (!device)
    raise(device.error());
  return *device;
}

void setDevice(ProgramOptions &options, PyObject *object) {
  options.device = parseDevice(object);
  options.deviceIsFixed = object && object != Py_None;
}

namespace {

/// The labels of one sublist: NumPy's range and its exceptions.
std::vector<int64_t> parseSublist(PyObject *object) {
  nb::object list = stealOrRaise(
      PySequence_Fast(object, "the subscripts for each operand must be a list or a tuple"));
  std::vector<int64_t> labels;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.ptr()); ++i) {
    PyObject *item = PySequence_Fast_GET_ITEM(list.ptr(), i);
    if (item == Py_Ellipsis) {
      if (std::find(labels.begin(), labels.end(), -1) != labels.end())
        raise(PyExc_ValueError, "each subscripts list may have only one ellipsis");
      labels.push_back(-1);
      continue;
    }
    if (!PyIndex_Check(item))
      raise(PyExc_TypeError,
            fmt::format("each subscript must be either an integer or an ellipsis, not {}",
                        typeName(item)));
    const Py_ssize_t label = PyNumber_AsSsize_t(item, PyExc_TypeError);
    if (label == -1 && PyErr_Occurred())
      nb::raise_python_error();
    if (label < 0 || label >= 52)
      raise(PyExc_ValueError,
            fmt::format("subscript {} is not within the valid range [0, 52)", label));
    labels.push_back(label);
  }
  return labels;
}

[[noreturn]] void raiseOptimize(PyObject *given) {
  nb::str shown = nb::repr(given);
  raise(usageError(fmt::format("optimize={} is none of \"auto\", \"greedy\", \"optimal\", True, "
                               "False, a number of seconds above 0, and a path such as "
                               "[(0, 1), (0, 1)]",
                               shown.c_str())));
}

std::vector<std::vector<int64_t>> parsePath(PyObject *object) {
  nb::object list = stealOrRaise(PySequence_Fast(object, "a path is a list of tuples"));
  std::vector<std::vector<int64_t>> path;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.ptr()); ++i) {
    PyObject *step = PySequence_Fast_GET_ITEM(list.ptr(), i);
    // numpy.einsum_path begins its paths with this word.
    if (i == 0 && PyUnicode_Check(step) && utf8(step) == "einsum_path")
      continue;
    if (!PyTuple_Check(step) && !PyList_Check(step))
      raiseOptimize(object);
    std::vector<int64_t> positions;
    for (nb::handle position : nb::handle(step)) {
      if (!PyIndex_Check(position.ptr()))
        raiseOptimize(object);
      positions.push_back(PyNumber_AsSsize_t(position.ptr(), nullptr));
      if (PyErr_Occurred())
        nb::raise_python_error();
    }
    path.push_back(std::move(positions));
  }
  return path;
}

OrderOptions parseOrder(PyObject *object) {
  using Method = OrderOptions::Method;
  OrderOptions order;
  if (!object || PyBool_Check(object))
    return order;
  if (PyUnicode_Check(object)) {
    std::string_view name = utf8(object);
    if (name == "auto")
      return order;
    if (name != "greedy" && name != "optimal")
      raiseOptimize(object);
    order.method = name == "greedy" ? Method::Greedy : Method::Optimal;
    return order;
  }
  if (PyFloat_Check(object) || PyIndex_Check(object)) {
    order.seconds = PyFloat_AsDouble(object);
    if (PyErr_Occurred())
      nb::raise_python_error();
    if (!(order.seconds > 0) || !std::isfinite(order.seconds))
      raiseOptimize(object);
    return order;
  }
  if (!PyList_Check(object) && !PyTuple_Check(object))
    raise(PyExc_TypeError, fmt::format("optimize must be a str, a bool, a number or a list, not {}",
                                       typeName(object)));
  order.method = Method::Path;
  order.path = parsePath(object);
  return order;
}

std::optional<int64_t> parseMemoryLimit(PyObject *object) {
  if (!object || object == Py_None)
    return std::nullopt;
  if (!PyIndex_Check(object))
    raise(PyExc_TypeError,
          fmt::format("memory_limit must be a number of bytes, not {}", typeName(object)));
  const Py_ssize_t bytes = PyNumber_AsSsize_t(object, nullptr); // clips: more is no limit
  if (bytes == -1 && PyErr_Occurred())
    nb::raise_python_error();
  return int64_t(bytes);
}

} // namespace

Call parseCall(std::span<PyObject *const> arguments) {
  if (arguments.empty())
    raise(PyExc_ValueError,
          "must provide the einstein sum subscripts string and at least one "
          "operand, or at least an operand and its corresponding subscripts list");
  Call call;
  PyObject *first = arguments.front();
  const bool isBytes = PyBytes_Check(first);
  if (PyUnicode_Check(first) || isBytes) {
    if (arguments.size() < 2)
      raise(PyExc_ValueError,
            "must provide at least one operand besides the einstein sum subscripts string");
    call.text = isBytes
                    ? std::string_view(PyBytes_AS_STRING(first), size_t(PyBytes_GET_SIZE(first)))
                    : utf8(first);
    call.operands.assign(arguments.begin() + 1, arguments.end());
    return call;
  }
  if (arguments.size() < 2)
    raise(PyExc_ValueError,
          "must provide at least an operand and its corresponding subscripts list");
  call.isSublist = true;
  size_t i = 0;
  for (; i + 1 < arguments.size(); i += 2) {
    call.operands.push_back(arguments[i]);
    call.labels.operands.push_back(parseSublist(arguments[i + 1]));
  }
  if (i < arguments.size())
    call.labels.output = parseSublist(arguments[i]);
  return call;
}

namespace {

/// A Python or NumPy number.
Alpha parseAlpha(PyObject *object) {
  if (PyIndex_Check(object)) {
    const long long whole = PyLong_AsLongLong(stealOrRaise(PyNumber_Index(object)).ptr());
    if (whole == -1 && PyErr_Occurred())
      nb::raise_python_error();
    return int64_t(whole);
  }
  if (PyComplex_Check(object)) {
    const Py_complex number = PyComplex_AsCComplex(object);
    return std::complex<double>(number.real, number.imag);
  }
  if (!PyNumber_Check(object))
    raise(PyExc_TypeError, fmt::format("alpha is a number, not {}", typeName(object)));
  // A NumPy complex of single precision is no Python complex, and has no float.
  if (PyObject_HasAttrString(object, "__complex__") && !PyFloat_Check(object)) {
    nb::object number =
        stealOrRaise(PyObject_CallOneArg(reinterpret_cast<PyObject *>(&PyComplex_Type), object));
    const Py_complex value = PyComplex_AsCComplex(number.ptr());
    if (value.imag != 0)
      return std::complex<double>(value.real, value.imag);
    return value.real;
  }
  const double number = PyFloat_AsDouble(object);
  if (number == -1 && PyErr_Occurred())
    nb::raise_python_error();
  return number;
}

} // namespace

bool parseFlag(PyObject *object) {
  const int isTrue = object ? PyObject_IsTrue(object) : 0;
  if (isTrue < 0)
    nb::raise_python_error();
  return isTrue != 0;
}

EinsumOptions parseOptions(const Keywords &keywords) {
  EinsumOptions options;
  options.order = parseOrder(keywords.optimize);
  options.memoryLimit = parseMemoryLimit(keywords.memoryLimit);
  setDevice(options, keywords.device);
  options.accumulate = parseFlag(keywords.accumulate);
  options.allowTf32 = parseFlag(keywords.allowTf32);
  if (keywords.alpha)
    options.alpha = parseAlpha(keywords.alpha);
  return options;
}

void checkPath(const OrderOptions &order, size_t operands) {
  if (order.method != OrderOptions::Method::Path)
    return;
  auto live = int64_t(operands);
  for (size_t i = 0; i < order.path.size(); ++i) {
    std::vector<int64_t> step = order.path[i];
    std::sort(step.begin(), step.end());
    if (step.empty() || step.front() < 0 || step.back() >= live ||
        std::adjacent_find(step.begin(), step.end()) != step.end())
      raisePathError(fmt::format("step {} of the path, ({}), is not made of distinct positions "
                                 "among the {} operands there are then",
                                 i + 1, fmt::join(order.path[i], ", "), live));
    live -= int64_t(step.size()) - 1;
  }
  if (live != 1)
    raisePathError(
        fmt::format("the path leaves {} operands uncontracted; it must end with one", live));
}

} // namespace ricci::python
