//===- serialize.h - executables as bytes -------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The form in which executables and kernels outlive the process. Little-endian, every list after
// its length. Read by the build that wrote it alone, so there is no version in it; but nothing is
// taken on trust: bytes that are cut off, or make no sense, are an error.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/image.h"

#include <functional>
#include <string>
#include <string_view>

namespace ricci {

using KernelPtr = std::shared_ptr<const Kernel>;

/// The kernels that the launches use, each once, in the order of their first use.
std::vector<KernelPtr> kernelsOf(const Executable &executable);

/// Everything but the machine code and the compile times: launches name their kernels by key. An
/// executable with a host program has no such form: an internal error.
Expected<std::string> serialize(const Executable &executable);

/// `findKernel` gives the kernel of a key; null where there is none, which is an error. What comes
/// back is consistent: every launch refers to inputs, outputs, constants and arena that exist.
Expected<std::shared_ptr<Executable>>
deserialize(std::string_view bytes,
            const std::function<KernelPtr(const std::string &)> &findKernel);

/// The code of a kernel that has any; of another an internal error.
Expected<std::string> serializeKernel(const Kernel &kernel);
/// Of a kernel of the CPU.
Expected<Image> deserializeImage(std::string_view bytes);
/// The kernel of that key, ready to run.
Expected<KernelPtr> deserializeKernel(const std::string &key, std::string_view bytes);

} // namespace ricci
