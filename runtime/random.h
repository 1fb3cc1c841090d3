//===- random.h - seeded random operands ---------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

namespace ricci {

/// Data for operands that are given as a type only. Floats and both parts of complex numbers are
/// near-normal with standard deviation 1/2, signed integers -9 to 9, unsigned ones 0 to 9, bools
/// fair. The same on every machine and for any number of threads.
Expected<Tensor> randomTensor(DType dtype, Shape shape, uint64_t seed);

} // namespace ricci
