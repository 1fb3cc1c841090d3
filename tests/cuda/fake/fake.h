//===- fake.h - looks into the fake driver ------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>

#define FAKE_CUDA extern "C" __attribute__((visibility("default")))

/// Pieces of device memory that are not freed, also those whose turn has not come.
FAKE_CUDA int64_t fake_cuda_allocations();
/// Modules, streams, events and pieces of page-locked memory.
FAKE_CUDA int64_t fake_cuda_objects();
/// How often a function was called.
FAKE_CUDA int fake_cuda_calls(const char *function);
/// The next call of a function gives this result.
FAKE_CUDA void fake_cuda_fail(const char *function, int result);
/// Forgets the error of a kernel.
FAKE_CUDA void fake_cuda_repair();
