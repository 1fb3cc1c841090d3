//===- types.h - checks and canonical forms of operand types -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <optional>

namespace ricci {

/// The type with canonical strides, so that equal layouts have one signature: an axis of size 1,
/// and every axis of an empty tensor, gets its C-order stride; strides of 0 on larger axes stay.
/// Without strides, C order. An input error when the ranks of shape and strides differ, an extent
/// is negative, or the element count, its bytes or an element's byte offset exceed 63 bits.
Expected<TensorType> normalizeType(const TensorType &type);

/// Whether `normalizeType` accepts the type; allocates nothing.
bool isValid(const TensorType &type);

/// "f32[3,4]", cut in the middle when the rank is large.
std::string describeType(const TensorType &type);

/// Whether two indices of the tensor are the same element, for a valid type; nothing where strides
/// that do not nest walk so many elements (a million) that finding out takes long. Allocates
/// nothing where the strides nest: each is beyond what the smaller ones reach together.
std::optional<bool> aliasesItself(const TensorType &type);

} // namespace ricci
