//===- cuda_rates.cpp - what a GPU does in a second ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Nominal numbers, from NVIDIA's descriptions of the architectures; nothing of this is measured.
//
//===----------------------------------------------------------------------===//
#include "compiler/target/cuda_rates.h"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace ricci {

namespace {

struct Architecture {
  int capability;
  int processors; ///< of the GPU that is common
  double clock, memory;
  double flops[5]; ///< of a multiprocessor in a cycle, by CudaUnit
};

/// By the capability that each begins with.
constexpr Architecture kArchitectures[] = {
    {80, 108, 1.41e9, 1.56e12, {128, 64, 2048, 1024, 128}},  // A100
    {86, 84, 1.70e9, 0.94e12, {256, 4, 512, 256, 4}},        // RTX 3090
    {89, 128, 2.52e9, 1.01e12, {256, 4, 512, 256, 4}},       // RTX 4090
    {90, 132, 1.83e9, 3.35e12, {256, 128, 2048, 1024, 256}}, // H100, by mma.sync
    {100, 148, 1.85e9, 8.0e12, {256, 128, 2048, 1024, 128}}, // B200, by mma.sync
    {120, 170, 2.40e9, 1.79e12, {256, 4, 512, 256, 4}},      // RTX 5090
};

constexpr double kLaunch = 3e-6;

} // namespace

double predictedSeconds(const CudaWork &work, double bytes, CudaProperties properties) {
  const Architecture *known = std::begin(kArchitectures);
  for (const Architecture &architecture : kArchitectures)
    if (architecture.capability <= properties.capability)
      known = &architecture;
  double processors = properties.processors ? properties.processors : known->processors;
  double clock = properties.clock != 0 ? properties.clock : known->clock;
  double memory = properties.memory != 0 ? properties.memory : known->memory;
  double rounds = work.blocks / processors;
  if (work.isLarge)
    rounds = std::ceil(rounds);
  double flops = known->flops[size_t(work.unit)] * clock * work.efficiency;
  return kLaunch + std::max(bytes / memory, rounds * work.flopsOfBlock / flops);
}

} // namespace ricci
