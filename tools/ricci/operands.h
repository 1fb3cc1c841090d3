//===- operands.h - OPERAND arguments ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <optional>
#include <string>

namespace ricci::driver {

/// An operand whose type is known. Data of a file is mapped; data of a SPEC is made only when asked
/// for.
struct Operand {
  std::string text; ///< as given
  TensorType type;
  std::optional<Tensor> file; ///< of a file or a number; absent for a SPEC

  /// The data; a SPEC's is random, by the seed and the operand's position.
  Expected<Tensor> load(uint64_t seed, size_t position) const;
};

/// Opens a file or parses a SPEC: x.npy, x.npz:name, bf16:x.npy, f32[1024,768].
Expected<Operand> openOperand(const std::string &text);
Expected<std::vector<Operand>> openOperands(const std::vector<std::string> &texts);

std::vector<TensorType> typesOf(const std::vector<Operand> &operands);

/// Bytes of the data that SPECs stand for; an input error where the sum exceeds 63 bits.
Expected<int64_t> generatedBytes(const std::vector<Operand> &operands);

} // namespace ricci::driver
