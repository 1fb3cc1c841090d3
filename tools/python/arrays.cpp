//===- arrays.cpp - NumPy arrays as tensors, and back -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/python/arrays.h"

#include "runtime/dlpack.h"
#include "tools/python/device_array.h"
#include "tools/python/errors.h"

#include <fmt/format.h>

#include <cstring>

namespace ricci::python {

namespace {

/// Results up to this size are copied into memory of NumPy's own; larger ones stay in the pool,
/// whose memory has been touched before.
constexpr int64_t kCopyBytes = 2048;

/// The type number that ml_dtypes registered for bfloat16, once that package is imported.
int bfloat16Number = -1;

int importBfloat16() {
  if (bfloat16Number < 0) {
    nb::object type = nb::module_::import_("ml_dtypes").attr("bfloat16");
    PyArray_Descr *descr = nullptr;
    if (!PyArray_DescrConverter(type.ptr(), &descr))
      nb::raise_python_error();
    bfloat16Number = descr->type_num;
    Py_DECREF(descr);
  }
  return bfloat16Number;
}

/// Whether an array's user-defined dtype is ml_dtypes.bfloat16. That package is imported already
/// if so.
bool isBfloat16(PyArray_Descr *descr) {
  if (descr->type_num < NPY_USERDEF)
    return false;
  if (bfloat16Number < 0) {
    nb::dict modules = nb::borrow<nb::dict>(PyImport_GetModuleDict());
    if (!modules.contains("ml_dtypes"))
      return false;
    importBfloat16();
  }
  return descr->type_num == bfloat16Number;
}

int typeNumber(DType dtype) {
  switch (dtype) {
  case DType::b1:
    return NPY_BOOL;
  case DType::i8:
    return NPY_INT8;
  case DType::i16:
    return NPY_INT16;
  case DType::i32:
    return NPY_INT32;
  case DType::i64:
    return NPY_INT64;
  case DType::u8:
    return NPY_UINT8;
  case DType::u16:
    return NPY_UINT16;
  case DType::u32:
    return NPY_UINT32;
  case DType::u64:
    return NPY_UINT64;
  case DType::f16:
    return NPY_FLOAT16;
  case DType::bf16:
    return importBfloat16();
  case DType::f32:
    return NPY_FLOAT32;
  case DType::f64:
    return NPY_FLOAT64;
  case DType::c64:
    return NPY_COMPLEX64;
  case DType::c128:
    return NPY_COMPLEX128;
  }
  return NPY_NOTYPE;
}

/// An ndarray over the memory of a DLPack tensor of a dtype that numpy.from_dlpack does not know;
/// null where it isn't one of bfloat16 in the CPU's memory.
nb::object importBfloat16DLPack(nb::handle object) {
  nb::object capsule = nb::steal(PyObject_CallMethod(object.ptr(), "__dlpack__", nullptr));
  void *pointer = capsule ? PyCapsule_GetPointer(capsule.ptr(), "dltensor") : nullptr;
  if (!pointer) {
    PyErr_Clear();
    return {};
  }
  auto *managed = static_cast<DLManagedTensor *>(pointer);
  if (managed->dl_tensor.dtype.code != kDLBfloat)
    return {};
  Expected<Tensor> tensor = try_from_dlpack(managed);
  if (!tensor)
    return {};
  PyCapsule_SetName(capsule.ptr(), "used_dltensor"); // its memory is the tensor's now
  const Shape &shape = tensor->shape();
  std::vector<npy_intp> strides;
  for (int64_t stride : tensor->strides())
    strides.push_back(npy_intp(stride * 2));
  PyArray_Descr *descr = PyArray_DescrFromType(importBfloat16()); // stolen below
  nb::object array = stealOrRaise(PyArray_NewFromDescr(
      &PyArray_Type, descr, int(shape.size()), reinterpret_cast<const npy_intp *>(shape.data()),
      strides.data(), tensor->raw(), 0, nullptr));
  nb::capsule owner(new Tensor(std::move(*tensor)),
                    [](void *held) noexcept { delete static_cast<Tensor *>(held); });
  if (PyArray_SetBaseObject(arrayOf(array), owner.release().ptr()) < 0)
    nb::raise_python_error();
  return array;
}

nb::object importDLPack(nb::handle object) {
  static PyObject *fromDLPack =
      nb::object(nb::module_::import_("numpy").attr("from_dlpack")).release().ptr();
  PyObject *array = PyObject_CallOneArg(fromDLPack, object.ptr());
  if (array)
    return nb::steal(array);
  nb::python_error why; // what NumPy says, unless there is a dtype behind it that it doesn't know
  if (nb::object known = importBfloat16DLPack(object))
    return known;
  throw why;
}

/// 0-d arrays become scalars, as numpy.einsum returns them.
nb::object returned(nb::object array) {
  return stealOrRaise(PyArray_Return(reinterpret_cast<PyArrayObject *>(array.release().ptr())));
}

} // namespace

std::optional<DType> dtypeOf(PyArray_Descr *descr) {
  // C has several names for one size: int64 may be long or long long.
  auto integer = [](size_t size, bool isSigned) {
    int log = size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3;
    return DType(int(isSigned ? DType::i8 : DType::u8) + log);
  };
  switch (descr->type_num) {
  case NPY_BOOL:
    return DType::b1;
  case NPY_BYTE:
    return DType::i8;
  case NPY_SHORT:
    return integer(sizeof(short), true);
  case NPY_INT:
    return integer(sizeof(int), true);
  case NPY_LONG:
    return integer(sizeof(long), true);
  case NPY_LONGLONG:
    return integer(sizeof(long long), true);
  case NPY_UBYTE:
    return DType::u8;
  case NPY_USHORT:
    return integer(sizeof(unsigned short), false);
  case NPY_UINT:
    return integer(sizeof(unsigned int), false);
  case NPY_ULONG:
    return integer(sizeof(unsigned long), false);
  case NPY_ULONGLONG:
    return integer(sizeof(unsigned long long), false);
  case NPY_HALF:
    return DType::f16;
  case NPY_FLOAT:
    return DType::f32;
  case NPY_DOUBLE:
    return DType::f64;
  case NPY_CFLOAT:
    return DType::c64;
  case NPY_CDOUBLE:
    return DType::c128;
  default:
    if (isBfloat16(descr))
      return DType::bf16;
    return std::nullopt;
  }
}

nb::object dtypeObject(DType dtype) {
  return stealOrRaise(reinterpret_cast<PyObject *>(PyArray_DescrFromType(typeNumber(dtype))));
}

nb::object asArray(nb::handle object) {
  if (PyArray_CheckExact(object.ptr()))
    return nb::borrow(object);
  static PyObject *dlpack = PyUnicode_InternFromString("__dlpack__");
  // NumPy takes its own subclasses and scalars.
  const bool ofNumpy = PyArray_Check(object.ptr()) || PyArray_IsScalar(object.ptr(), Generic);
  if (!ofNumpy && PyObject_HasAttr(object.ptr(), dlpack)) {
    if (nb::object onDevice = importDeviceArray(object))
      return onDevice;
    return importDLPack(object);
  }
  return stealOrRaise(PyArray_FromAny(object.ptr(), nullptr, 0, 0, NPY_ARRAY_ENSUREARRAY, nullptr));
}

std::string OperandName::str() const {
  return name_ ? fmt::format("argument '{}'", name_) : fmt::format("operand {}", number_);
}

DType operandDType(PyArrayObject *array, OperandName name) {
  if (std::optional<DType> dtype = dtypeOf(PyArray_DESCR(array)))
    return *dtype;
  nb::str dtype(nb::borrow(reinterpret_cast<PyObject *>(PyArray_DESCR(array))));
  raise(PyExc_TypeError,
        fmt::format("{} has dtype {}; Ricci computes with bool, (u)int8 to (u)int64, float16, "
                    "bfloat16, float32, float64, complex64 and complex128",
                    name.str(), dtype.c_str()));
}

std::optional<Tensor> borrowArray(PyArrayObject *array, DType dtype) {
  if (!PyArray_ISALIGNED(array) || !PyArray_ISNOTSWAPPED(array))
    return std::nullopt;
  const int rank = PyArray_NDIM(array);
  const npy_intp *dims = PyArray_DIMS(array), *byteStrides = PyArray_STRIDES(array);
  const int64_t size = int64_t(itemSize(dtype));
  const int shift = __builtin_ctzll(uint64_t(size));
  Shape shape(dims, dims + rank);
  Strides strides;
  strides.resize(size_t(rank));
  for (int axis = 0; axis < rank; ++axis) {
    if (dims[axis] <= 1)
      continue; // never stepped along
    if (byteStrides[axis] & (size - 1))
      return std::nullopt;
    strides[size_t(axis)] = byteStrides[axis] >> shift;
  }
  if (PyArray_ISWRITEABLE(array))
    return Tensor::borrow(PyArray_DATA(array), dtype, std::move(shape), std::move(strides));
  return Tensor::borrowConst(PyArray_DATA(array), dtype, std::move(shape), std::move(strides));
}

nb::object nativeCopy(nb::handle array, DType dtype) {
  constexpr int flags = NPY_ARRAY_CARRAY | NPY_ARRAY_ENSURECOPY | NPY_ARRAY_ENSUREARRAY;
  PyArray_Descr *descr = PyArray_DescrFromType(typeNumber(dtype)); // stolen
  return stealOrRaise(PyArray_FromAny(array.ptr(), descr, 0, 0, flags, nullptr));
}

Tensor operandTensor(nb::object &keep, OperandName name) {
  if (const Tensor *tensor = deviceTensor(keep))
    return *tensor;
  DType dtype = operandDType(arrayOf(keep), name);
  if (std::optional<Tensor> tensor = borrowArray(arrayOf(keep), dtype))
    return std::move(*tensor);
  keep = nativeCopy(keep, dtype);
  return borrowArray(arrayOf(keep), dtype).value();
}

TensorType operandType(const nb::object &array, OperandName name) {
  if (const Tensor *tensor = deviceTensor(array))
    return tensor->type();
  DType dtype = operandDType(arrayOf(array), name);
  if (std::optional<Tensor> tensor = borrowArray(arrayOf(array), dtype))
    return tensor->type();
  const int rank = PyArray_NDIM(arrayOf(array)); // a copy in C order is what a run reads
  Shape shape(PyArray_DIMS(arrayOf(array)), PyArray_DIMS(arrayOf(array)) + rank);
  Strides strides = contiguousStrides(shape);
  return {dtype, std::move(shape), std::move(strides)};
}

OutArray::OutArray(PyObject *object) {
  if (nb::object onDevice = PyArray_Check(object) ? nb::object() : importDeviceArray(object)) {
    tensor_ = *deviceTensor(onDevice);
    if (tensor_.readOnly())
      raise(inputError("out is read-only"));
    out_ = written_ = nb::borrow(object);
    return;
  }
  if (!PyArray_Check(object))
    raise(PyExc_TypeError,
          fmt::format("out must be a NumPy array, not {}", Py_TYPE(object)->tp_name));
  out_ = nb::borrow(object);
  if (!PyArray_ISWRITEABLE(arrayOf(out_)))
    raise(inputError("out is read-only"));
  PyArray_Descr *descr = PyArray_DESCR(arrayOf(out_));
  std::optional<DType> dtype = dtypeOf(descr);
  if (!dtype)
    raise(
        inputError(fmt::format("out has dtype {}, which no result has",
                               nb::str(nb::handle(reinterpret_cast<PyObject *>(descr))).c_str())));
  written_ = out_;
  std::optional<Tensor> tensor = borrowArray(arrayOf(out_), *dtype);
  if (!tensor) {
    written_ = nativeCopy(out_, *dtype);
    tensor = borrowArray(arrayOf(written_), *dtype).value();
  }
  tensor_ = std::move(*tensor);
}

nb::object OutArray::finish() {
  if (written_.ptr() != out_.ptr() && PyArray_CopyInto(arrayOf(out_), arrayOf(written_)) < 0)
    nb::raise_python_error();
  return out_;
}

nb::object toNumpy(Tensor tensor) {
  if (tensor.device().isCuda())
    return deviceArray(std::move(tensor));
  const int number = typeNumber(tensor.dtype());
  const int64_t bytes = tensor.size() * int64_t(itemSize(tensor.dtype()));
  const Shape &shape = tensor.shape();
  static_assert(sizeof(npy_intp) == sizeof(int64_t));
  const auto *dims = reinterpret_cast<const npy_intp *>(shape.data());
  PyArray_Descr *descr = PyArray_DescrFromType(number); // stolen by NewFromDescr
  if (bytes <= kCopyBytes) {
    nb::object array = stealOrRaise(PyArray_NewFromDescr(&PyArray_Type, descr, int(shape.size()),
                                                         dims, nullptr, nullptr, 0, nullptr));
    std::memcpy(PyArray_DATA(arrayOf(array)), tensor.raw(), size_t(bytes));
    return shape.empty() ? returned(std::move(array)) : array;
  }
  nb::object array =
      stealOrRaise(PyArray_NewFromDescr(&PyArray_Type, descr, int(shape.size()), dims, nullptr,
                                        tensor.raw(), NPY_ARRAY_CARRAY, nullptr));
  nb::capsule owner(new Tensor(std::move(tensor)),
                    [](void *held) noexcept { delete static_cast<Tensor *>(held); });
  if (PyArray_SetBaseObject(arrayOf(array), owner.release().ptr()) < 0)
    nb::raise_python_error();
  return array;
}

nb::object viewOf(const nb::object &base, const Shape &shape,
                  const std::vector<int64_t> &byteStrides) {
  PyArrayObject *array = arrayOf(base);
  PyArray_Descr *descr = PyArray_DESCR(array);
  Py_INCREF(descr); // stolen
  nb::object view = stealOrRaise(PyArray_NewFromDescr(
      &PyArray_Type, descr, int(shape.size()), reinterpret_cast<const npy_intp *>(shape.data()),
      reinterpret_cast<const npy_intp *>(byteStrides.data()), PyArray_DATA(array),
      PyArray_ISWRITEABLE(array) ? NPY_ARRAY_WRITEABLE : 0, nullptr));
  if (PyArray_SetBaseObject(arrayOf(view), nb::object(base).release().ptr()) < 0)
    nb::raise_python_error();
  return shape.empty() ? returned(std::move(view)) : view;
}

} // namespace ricci::python
