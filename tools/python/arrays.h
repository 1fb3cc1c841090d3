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
#include <string>

namespace ricci::python {

inline PyArrayObject *arrayOf(const nb::object &object) {
  return reinterpret_cast<PyArrayObject *>(object.ptr());
}

/// The type of a dtype's elements, whatever their byte order; nothing where Ricci has no such type.
std::optional<DType> dtypeOf(PyArray_Descr *descr);

/// The numpy.dtype of a type's elements.
nb::object dtypeObject(DType dtype);

/// An operand as an exact ndarray, without a copy for arrays and for what has __dlpack__.
nb::object asArray(nb::handle object);

/// How messages call an operand: by its number from 1, or by its name.
class OperandName {
public:
  OperandName(size_t number) : number_(number) {}
  OperandName(const char *name) : name_(name) {}
  std::string str() const; ///< "operand 2", "argument 'x'"

private:
  size_t number_ = 0;
  const char *name_ = nullptr;
};

/// What the array holds; an exception that names the operand for other dtypes.
DType operandDType(PyArrayObject *array, OperandName name);

/// Borrows the array's memory; nothing where that takes a copy: for foreign byte order, for data
/// that are not aligned, and for strides that are no multiple of the item size.
std::optional<Tensor> borrowArray(PyArrayObject *array, DType dtype);

/// A C-contiguous copy in native byte order, as an exact ndarray.
nb::object nativeCopy(nb::handle array, DType dtype);

/// An operand's tensor. `keep` holds what owns its memory: the array or a copy.
Tensor operandTensor(nb::object &keep, OperandName name);

/// The type that an operand's tensor would have; of both, also of a DeviceArray's.
TensorType operandType(const nb::object &array, OperandName name);

/// An array that receives a result: its memory, or where that takes a copy a copy's.
class OutArray {
public:
  /// An exception for what is no array, is read-only or has a dtype that no result has.
  explicit OutArray(PyObject *object);
  const Tensor &tensor() const { return tensor_; }
  /// After the run: copies into the array where needed, and gives it.
  nb::object finish();

private:
  nb::object out_, written_;
  Tensor tensor_;
};

/// A tensor of new memory as an ndarray, of no axes as a NumPy scalar; on a GPU as a DeviceArray.
nb::object toNumpy(Tensor tensor);

/// A view of `base`, an exact ndarray, with its dtype and its write permission; of no axes a
/// scalar.
nb::object viewOf(const nb::object &base, const Shape &shape,
                  const std::vector<int64_t> &byteStrides);

} // namespace ricci::python
