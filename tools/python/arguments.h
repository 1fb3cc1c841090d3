//===- arguments.h - Python arguments as an equation, operands and options ----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/ricci.h"
#include "tools/python/numpy_api.h"

#include <span>

namespace ricci::python {

/// The positional arguments of a call in either form of numpy.einsum.
struct Call {
  std::string_view text; ///< the equation, as UTF-8 that the first argument owns
  EinsumLabels labels;   ///< of the sublist form
  bool isSublist = false;
  std::vector<nb::handle> operands; ///< borrowed from the arguments

  EinsumEquation equation() const {
    return isSublist ? EinsumEquation(labels) : EinsumEquation(text);
  }
};

/// `einsum("ij,jk->ik", a, b)` or `einsum(a, [0, 1], b, [1, 2], [0, 2])`, with NumPy's exceptions
/// for what is neither.
Call parseCall(std::span<PyObject *const> arguments);

/// What the keyword arguments say; null for those that are not given.
struct Keywords {
  PyObject *out = nullptr, *accumulate = nullptr, *alpha = nullptr, *optimize = nullptr,
           *memoryLimit = nullptr, *device = nullptr, *allowTf32 = nullptr;
};

EinsumOptions parseOptions(const Keywords &keywords);

/// The truth of an object; null is false.
bool parseFlag(PyObject *object);
/// A device's name; null and None are the CPU.
Device parseDevice(PyObject *object);
/// The same as an option: only None leaves it to the operands.
void setDevice(ProgramOptions &options, PyObject *object);
/// The text of a str.
std::string_view utf8(PyObject *text);

/// A NumPy RuntimeError where an explicit path does not take this number of operands to one.
void checkPath(const OrderOptions &order, size_t operands);

} // namespace ricci::python
