//===- numpy_api.h - NumPy's C API, shared by the module's files --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Arrays are read and made through it because a call of a small einsum has a microsecond to spend;
// nanobind's ndarray and the buffer protocol take several.
//
//===----------------------------------------------------------------------===//
#pragma once

#include <nanobind/nanobind.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL ricci_numpy_api
#ifndef RICCI_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

namespace nb = nanobind;
