//===- cuda_rates.h - what a GPU does in a second --------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include <cstdint>

namespace ricci {

/// What does the arithmetic of a kernel.
enum class CudaUnit : uint8_t { Scalar32, Scalar64, MatrixHalf, MatrixTf32, MatrixF64 };

/// Of a GPU; what is not known of it is 0.
struct CudaProperties {
  int capability = 80; ///< 10 * major + minor
  int processors = 0;
  double clock = 0;  ///< of the multiprocessors, in Hz
  double memory = 0; ///< bytes a second
};

/// What bounds a kernel's time.
struct CudaWork {
  CudaUnit unit = CudaUnit::Scalar32;
  double blocks = 1, flopsOfBlock = 0;
  /// Of the unit, that a block reaches.
  double efficiency = 1;
  /// Whether a multiprocessor is full with one of them: the last round may leave some idle.
  bool isLarge = false;
};

/// Seconds by the roofline: of arithmetic or of moving the bytes once, and of a launch. What is not
/// known of the GPU is as in a common one of its architecture.
double predictedSeconds(const CudaWork &work, double bytes, CudaProperties properties);

} // namespace ricci
