//===- arrays.h - NumPy arrays as tensors, and back ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"
#include "tools/python/numpy_api.h"

#include <optional>

namespace ricci::python {

inline PyArrayObject *arrayOf(const nb::object &object) {
  return reinterpret_cast<PyArrayObject *>(object.ptr());
}

/// The type of a dtype's elements, whatever their byte order; nothing where Ricci has no such type.
std::optional<DType> dtypeOf(PyArray_Descr *descr);

/// An operand as an exact ndarray, without a copy for arrays and for what has __dlpack__.
nb::object asArray(nb::handle object);

/// What the array holds; an exception that names operand `number` (from 1) for other dtypes.
DType operandDType(PyArrayObject *array, size_t number);

/// Borrows the array's memory; nothing where that takes a copy: for foreign byte order, for data
/// that are not aligned, and for strides that are no multiple of the item size.
std::optional<Tensor> borrowArray(PyArrayObject *array, DType dtype);

/// A C-contiguous copy in native byte order, as an exact ndarray.
nb::object nativeCopy(nb::handle array, DType dtype);

/// An operand's tensor. `keep` holds what owns its memory: the array or a copy.
Tensor operandTensor(nb::object &keep, size_t number);

/// A tensor of new memory as an ndarray, of no axes as a NumPy scalar.
nb::object toNumpy(Tensor tensor);

/// A view of `base`, an exact ndarray, with its dtype and its write permission; of no axes a
/// scalar.
nb::object viewOf(const nb::object &base, const Shape &shape,
                  const std::vector<int64_t> &byteStrides);

} // namespace ricci::python
