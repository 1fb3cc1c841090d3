//===- device_array.h - tensors of GPUs in Python -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"
#include "tools/python/numpy_api.h"

namespace ricci::python {

/// A ricci.DeviceArray of an object with __dlpack__ whose memory is a GPU's; null for others.
nb::object importDeviceArray(nb::handle object);

/// A tensor in a GPU's memory as a ricci.DeviceArray.
nb::object deviceArray(Tensor tensor);

/// Of a ricci.DeviceArray the tensor; null for other objects.
const Tensor *deviceTensor(nb::handle object);

} // namespace ricci::python
