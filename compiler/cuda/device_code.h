//===- device_code.h - functions that kernels call
//----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Neither CUDA's nor C++'s headers: NVRTC reads nothing but the kernel. What is PTX has another
// form under RICCI_CUDA_EMULATOR, by which the tests run kernels on the host.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/StringRef.h"

#include <string>

namespace ricci {

/// Definitions of the types and functions that the text names, and of those that these name.
std::string deviceCodeFor(llvm::StringRef text);
/// Whether it is one of them: all types of elements have it under one name.
bool isDeviceFunction(llvm::StringRef name);

} // namespace ricci
