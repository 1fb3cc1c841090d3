//===- device_array.cpp - tensors of GPUs in Python ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/python/device_array.h"

#include "runtime/dlpack.h"
#include "tools/python/arguments.h"
#include "tools/python/arrays.h"
#include "tools/python/errors.h"
#include "tools/python/module.h"

#include <fmt/format.h>
#include <nanobind/stl/string.h>

namespace ricci::python {

namespace {

struct DeviceArray {
  Tensor tensor;
};

/// The legacy default stream, in whose order a producer's work must come.
constexpr int kLegacyStream = 1;

/// With a version where the producer knows versions.
nb::object askForCapsule(nb::handle object) {
  nb::object method = object.attr("__dlpack__");
  try {
    return method(nb::arg("stream") = kLegacyStream, nb::arg("max_version") = nb::make_tuple(1, 0));
  } catch (nb::python_error &error) {
    if (!error.matches(PyExc_TypeError))
      throw;
  }
  return method(nb::arg("stream") = kLegacyStream);
}

template <typename Managed> Tensor take(nb::handle capsule, const char *name, const char *used) {
  auto *managed = static_cast<Managed *>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (!managed)
    nb::raise_python_error();
  Tensor tensor = valueOrRaise(try_from_dlpack(managed));
  PyCapsule_SetName(capsule.ptr(), used);
  return tensor;
}

/// Calls the deleter of a capsule that nobody has taken.
template <typename Managed> void drop(PyObject *capsule, const char *name) {
  if (!PyCapsule_IsValid(capsule, name))
    return;
  auto *managed = static_cast<Managed *>(PyCapsule_GetPointer(capsule, name));
  managed->deleter(managed);
}

nb::object exportCapsule(const DeviceArray &array, nb::object stream, nb::object maxVersion,
                         nb::object dlDevice, nb::object copy) {
  // Every run has ended when its result is there, so no stream has to wait.
  (void)stream;
  const Device device = array.tensor.device();
  if (!dlDevice.is_none() && !dlDevice.equal(nb::make_tuple(int(kDLCUDA), device.index)))
    raise(PyExc_BufferError, fmt::format("the array is on {}; numpy() copies it", device.str()));
  if (!copy.is_none() && nb::cast<bool>(copy))
    raise(PyExc_BufferError, "DeviceArray shares its memory and copies nothing");
  if (!maxVersion.is_none() && nb::cast<int>(maxVersion[0]) >= 1)
    return stealOrRaise(
        PyCapsule_New(to_dlpack(array.tensor), "dltensor_versioned", [](PyObject *capsule) {
          drop<DLManagedTensorVersioned>(capsule, "dltensor_versioned");
        }));
  return stealOrRaise(
      PyCapsule_New(valueOrRaise(try_to_dlpack_unversioned(array.tensor)), "dltensor",
                    [](PyObject *capsule) { drop<DLManagedTensor>(capsule, "dltensor"); }));
}

nb::tuple shapeOf(const DeviceArray &array) {
  nb::list shape;
  for (int64_t extent : array.tensor.shape())
    shape.append(extent);
  return nb::tuple(shape);
}

} // namespace

nb::object importDeviceArray(nb::handle object) {
  if (nb::isinstance<DeviceArray>(object))
    return nb::borrow(object);
  if (!nb::hasattr(object, "__dlpack_device__"))
    return {};
  nb::object device = object.attr("__dlpack_device__")();
  if (nb::cast<int>(nb::int_(device[0])) != int(kDLCUDA))
    return {};
  nb::object capsule = askForCapsule(object);
  const bool versioned = PyCapsule_IsValid(capsule.ptr(), "dltensor_versioned");
  return deviceArray(versioned ? take<DLManagedTensorVersioned>(capsule, "dltensor_versioned",
                                                                "used_dltensor_versioned")
                               : take<DLManagedTensor>(capsule, "dltensor", "used_dltensor"));
}

nb::object deviceArray(Tensor tensor) { return nb::cast(DeviceArray{std::move(tensor)}); }

const Tensor *deviceTensor(nb::handle object) {
  return nb::isinstance<DeviceArray>(object) ? &nb::cast<DeviceArray &>(object).tensor : nullptr;
}

void addDeviceArray(nb::module_ &module) {
  using namespace nb::literals;
  nb::class_<DeviceArray>(
      module, "DeviceArray",
      R"(An array in the memory of a GPU: what a call with operands there returns.

Others take it by DLPack, without a copy: torch.from_dlpack(a); numpy() copies it to the CPU.)")
      .def_prop_ro("shape", &shapeOf)
      .def_prop_ro("ndim", [](const DeviceArray &a) { return a.tensor.rank(); })
      .def_prop_ro("size", [](const DeviceArray &a) { return a.tensor.size(); })
      .def_prop_ro("dtype", [](const DeviceArray &a) { return dtypeObject(a.tensor.dtype()); })
      .def_prop_ro("device", [](const DeviceArray &a) { return a.tensor.device().str(); })
      .def(
          "numpy",
          [](const DeviceArray &a) {
            return toNumpy(valueOrRaise(withoutGil([&] { return a.tensor.try_to(Device()); })));
          },
          "A copy as a NumPy array.")
      .def("__dlpack__", &exportCapsule, nb::kw_only(), "stream"_a = nb::none(),
           "max_version"_a = nb::none(), "dl_device"_a = nb::none(), "copy"_a = nb::none())
      .def("__dlpack_device__",
           [](const DeviceArray &a) {
             return nb::make_tuple(int(kDLCUDA), a.tensor.device().index);
           })
      .def("__repr__", [](const DeviceArray &a) {
        return fmt::format("<ricci.DeviceArray {} on {}>", a.tensor.type().str(),
                           a.tensor.device().str());
      });
  module.def(
      "to_device",
      [](nb::handle object, nb::handle device) {
        nb::object array = asArray(object);
        const Device where = parseDevice(device.ptr());
        const Tensor tensor = operandTensor(array, size_t(1));
        if (!where.isCuda())
          return toNumpy(
              valueOrRaise(withoutGil([&] { return tensor.try_to(where); })).contiguous().value());
        return deviceArray(valueOrRaise(withoutGil([&] { return tensor.try_to(where); })));
      },
      "array"_a, "device"_a,
      R"(A copy of an array in the memory of a device.

device: "cuda" or "cuda:N": a DeviceArray, or the one that is given where it is there already; "cpu":
    a NumPy array.)");
}

} // namespace ricci::python
