//===- npy_header.h - headers of .npy files ------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <string_view>

namespace ricci {

struct NpyOptions {
  bool bf16 = false;       ///< the file's two-byte void elements are bfloat16, and it has no others
  bool map = true;         ///< the tensor may refer to the file instead of memory
  bool voidIsBf16 = false; ///< as `bf16`, but elements of other dtypes are read as well
};

/// What a header says. NumPy's format: numpy.lib.format, versions 1.0 to 3.0.
struct NpyHeader {
  DType dtype = DType::f32;
  bool swapped = false; ///< the data is big-endian
  bool fortranOrder = false;
  Shape shape;
  int64_t elements = 0;   ///< of `shape`; their bytes fit 63 bits
  int64_t dataOffset = 0; ///< where the data begins

  int64_t dataBytes() const { return elements * int64_t(itemSize(dtype)); }
  Strides strides() const;
};

/// Bytes of a file that tell how long its header is.
inline constexpr int64_t kNpyPreamble = 12;
/// Longer headers are refused. NumPy writes 128 bytes in nearly all cases.
inline constexpr int64_t kNpyMaxHeader = 1 << 20;

/// Where the data begins, from the first bytes of a file (kNpyPreamble of them, or all).
Expected<int64_t> npyDataOffset(std::string_view preamble);
/// Parses the header at the beginning of `bytes`; what follows it is not looked at. Messages name
/// no file.
Expected<NpyHeader> parseNpyHeader(std::string_view bytes, NpyOptions options = {});
/// The header that np.save writes for a C-ordered array, padded to a multiple of 64 bytes.
std::string makeNpyHeader(DType dtype, const Shape &shape);

} // namespace ricci
