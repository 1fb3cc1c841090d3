//===- einsum.cpp - ricci.einsum ----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plain CPython function in the vectorcall convention: the call of a small einsum costs about as
// much as its arguments do.
//
//===----------------------------------------------------------------------===//
#include "tools/python/module.h"

#include "runtime/thread_own.h"
#include "tools/python/arguments.h"
#include "tools/python/arrays.h"
#include "tools/python/device_array.h"
#include "tools/python/errors.h"

#include <fmt/format.h>

#include <string>
#include <unordered_set>

namespace ricci::python {

namespace {

Keywords parseKeywords(PyObject *const *values, PyObject *names) {
  struct Slot {
    const char *name;
    PyObject *Keywords::*member;
    PyObject *interned;
  };
  static Slot slots[] = {{"out", &Keywords::out, nullptr},
                         {"accumulate", &Keywords::accumulate, nullptr},
                         {"alpha", &Keywords::alpha, nullptr},
                         {"optimize", &Keywords::optimize, nullptr},
                         {"memory_limit", &Keywords::memoryLimit, nullptr},
                         {"device", &Keywords::device, nullptr},
                         {"allow_tf32", &Keywords::allowTf32, nullptr}};
  Keywords keywords;
  const Py_ssize_t count = names ? PyTuple_GET_SIZE(names) : 0;
  for (Py_ssize_t i = 0; i < count; ++i) {
    PyObject *name = PyTuple_GET_ITEM(names, i);
    bool known = false;
    for (Slot &slot : slots) {
      if (!slot.interned)
        slot.interned = PyUnicode_InternFromString(slot.name);
      known = name == slot.interned || PyUnicode_Compare(name, slot.interned) == 0;
      if (known) {
        keywords.*slot.member = values[i];
        break;
      }
    }
    if (!known)
      raise(PyExc_TypeError, fmt::format("einsum() got an unexpected keyword argument '{}'",
                                         nb::str(nb::borrow<nb::str>(name)).c_str()));
  }
  return keywords;
}

/// Texts that are known to name no view of an operand of this rank, so that they are parsed once.
class KnownComputations {
public:
  bool contains(const Call &call, int rank) {
    return !call.isSublist && keys.contains(write(call, rank));
  }
  void insert(const Call &call, int rank) {
    if (call.isSublist)
      return;
    if (keys.size() == 256)
      keys.clear();
    keys.insert(write(call, rank));
  }

private:
  const std::string &write(const Call &call, int rank) {
    key.assign(1, char(rank)).append(call.text);
    return key;
  }
  std::string key;
  std::unordered_set<std::string> keys;
};

/// The operand itself, seen differently: a permutation, a diagonal or the identity. Null for other
/// equations and for wrong ones. Strides are taken in bytes, so that it works for every byte order
/// and alignment.
nb::object einsumView(const Call &call, const nb::object &operand) {
  auto &computations = ownOfThread<KnownComputations>();
  PyArrayObject *array = arrayOf(operand);
  const int rank = PyArray_NDIM(array);
  if (computations.contains(call, rank))
    return {};
  Shape shape(PyArray_DIMS(array), PyArray_DIMS(array) + rank);
  Strides byteStrides(PyArray_STRIDES(array), PyArray_STRIDES(array) + rank);
  Expected<std::optional<Tensor>> view =
      try_einsum_view(call.equation(), Tensor::borrow(PyArray_DATA(array), DType::u8,
                                                      std::move(shape), std::move(byteStrides)));
  if (!view)
    return {}; // the computation says what is wrong, with the operand's own type
  if (!*view) {
    computations.insert(call, rank);
    return {};
  }
  // What is never stepped along has the stride it would have in an array of bytes in C order.
  byteStrides = (*view)->strides();
  for (size_t axis = 0; axis < byteStrides.size(); ++axis)
    if ((*view)->shape()[axis] == 1 || (*view)->size() == 0)
      byteStrides[axis] *= PyArray_ITEMSIZE(array);
  return viewOf(operand, (*view)->shape(), byteStrides);
}

nb::object einsumInto(const Call &call, const std::vector<Tensor> &operands,
                      const EinsumOptions &options, PyObject *object) {
  OutArray out(object);
  Tensor tensor = out.tensor();
  valueOrRaise(
      withoutGil([&] { return try_einsum_into(call.equation(), operands, tensor, options); }));
  return out.finish();
}

nb::object einsum(std::span<PyObject *const> arguments, const Keywords &keywords) {
  Call call = parseCall(arguments);
  const EinsumOptions options = parseOptions(keywords);
  const bool hasOut = keywords.out && keywords.out != Py_None;
  if (options.accumulate && !hasOut)
    raise(usageError("accumulate=True needs out=, the array to add to"));
  checkPath(options.order, call.operands.size());

  std::vector<nb::object> owners;
  owners.reserve(call.operands.size());
  std::vector<Tensor> operands;
  operands.reserve(call.operands.size());
  for (nb::handle operand : call.operands)
    owners.push_back(asArray(operand));
  // What is to be computed elsewhere is no view.
  const bool onCpu = options.device == Device();
  if (owners.size() == 1 && onCpu && !hasOut && options.alpha == Alpha(int64_t(1)) &&
      !deviceTensor(owners.front())) {
    operandDType(arrayOf(owners.front()), 1);
    if (nb::object view = einsumView(call, owners.front()))
      return view;
  }
  for (size_t i = 0; i < owners.size(); ++i)
    operands.push_back(operandTensor(owners[i], i + 1));
  if (hasOut)
    return einsumInto(call, operands, options, keywords.out);
  return toNumpy(
      valueOrRaise(withoutGil([&] { return try_einsum(call.equation(), operands, options); })));
}

PyObject *einsumEntry(PyObject *, PyObject *const *arguments, Py_ssize_t count, PyObject *names) {
  return guarded(
      [&] { return einsum({arguments, size_t(count)}, parseKeywords(arguments + count, names)); });
}

constexpr const char *kDoc =
    R"(einsum($module, /, *args, out=None, accumulate=False, alpha=1, optimize='auto', memory_limit=None, device=None, allow_tf32=False)
--

The einsum of the operands, as numpy.einsum computes it, by machine code made for this call.

    einsum("ij,jk->ik", a, b)
    einsum(a, [0, 1], b, [1, 2], [0, 2])     the sublist form: labels 0 to 51 and Ellipsis

Any Unicode letter is a label. Operands are read in place whatever their strides; only arrays in
foreign byte order, misaligned arrays, and arrays whose strides are no multiples of their item size
are copied first. Types: bool, (u)int8 to (u)int64, float16, bfloat16 (of ml_dtypes), float32,
float64, complex64, complex128; the result's is the promotion of the operands'. float16 and bfloat16
are summed in float32.

out: an array of the result's dtype and shape that receives the result and is returned. It may share
    memory with operands: those are copied first.
accumulate: adds the result to `out` instead of replacing what it holds.
alpha: a number that the result is multiplied by, before it is added to `out`. It must not change the
    result's dtype, and is multiplied where that takes least: its rounding may be an operand's.
optimize: how the order of contractions is found: "auto", "greedy", "optimal", a number of seconds to
    search, or a path, as a list of tuples or as numpy.einsum_path returns it. True and False stand
    for "auto": the order changes rounding at most.
memory_limit: bytes that the result and the intermediates may take; what needs more is refused.
device: "cpu", "cuda" or "cuda:N", a GPU, or "reference", a naive interpreter; None: that of the
    operands, where `out` must be then. Operands in the CPU's memory are copied to a GPU that is named; others that are
    elsewhere are an error.
allow_tf32: on a GPU, contractions of float32 may round their operands to 11 bits.

Returns a new C-contiguous array, a NumPy scalar where no label is left, or for one operand of which
only axes are permuted or diagonals taken a view, writable if the operand is. On a GPU or "reference"
that is a new array too.

Raises Error (a ValueError) for a wrong equation, shape or option, PathError for a path that does not
contract all operands, TypeError for arguments of wrong types. When it raises, `out` is unchanged.

Thread-safe; the GIL is released. Each equation, with the operands' dtypes, shapes and strides, is
compiled once.)";

PyMethodDef einsumMethod = {
    "einsum", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&einsumEntry)),
    METH_FASTCALL | METH_KEYWORDS, kDoc};

} // namespace

void addEinsum(nb::module_ &module) {
  nb::object name = module.attr("__name__");
  module.attr("einsum") = stealOrRaise(PyCFunction_NewEx(&einsumMethod, module.ptr(), name.ptr()));
}

} // namespace ricci::python
