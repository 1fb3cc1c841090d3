//===- device_chunks.h - the text of device functions
//-------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <array>

namespace ricci {

/// Definitions that are taken together. Those before it are before it in the text.
struct DeviceChunk {
  llvm::StringLiteral defines; ///< names, with spaces between
  llvm::StringLiteral text;
};

llvm::ArrayRef<DeviceChunk> typeChunks();      ///< device_types.cpp: elements, conversions, packs
llvm::ArrayRef<DeviceChunk> scalarChunks();    ///< device_scalars.cpp: operations on elements
llvm::ArrayRef<DeviceChunk> complexChunks();   ///< device_complex.cpp
llvm::ArrayRef<DeviceChunk> threadChunks();    ///< device_threads.cpp: between threads; status
llvm::ArrayRef<DeviceChunk> tileChunks();      ///< device_tiles.cpp: copies, matrix units
llvm::ArrayRef<DeviceChunk> attentionChunks(); ///< device_attention.cpp: powers of 2, pairs

inline std::array<llvm::ArrayRef<DeviceChunk>, 6> deviceChunks() {
  return {typeChunks(),   scalarChunks(), complexChunks(),
          threadChunks(), tileChunks(),   attentionChunks()};
}

} // namespace ricci
