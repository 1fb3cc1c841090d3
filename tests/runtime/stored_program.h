//===- stored_program.h - a small program with machine code -------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/serialize.h"

#include <gtest/gtest.h>

/// Launches of one kernel that stores `value` into its first buffer, two of them a chain, and one
/// of everything that an executable can hold.
inline ricci::Executable storedProgram(uint8_t value = 42) {
  using namespace ricci;
  // nop; mov rax, [rdi]; mov dword [rax], value; ret.
  const Image image{{0x90, 0x48, 0x8b, 0x07, 0xc7, 0x00, value, 0x00, 0x00, 0x00, 0xc3}, 1};
  const KernelPtr kernel = *loadImage("store " + std::to_string(value), image);
  Executable e;
  e.inputs = {{DType::f32, {2, 3}, {3, 1}}, {DType::c128, {}, {}}, {DType::i8, {4, 0}, {-1, 1}}};
  e.outputs = {{DType::i32, {1}, {1}}, {DType::i32, {1}, {1}}};
  e.arenaBytes = 128;
  e.constants = {{1, 2, 3, 4}, {}};
  e.source = "x[i]";
  e.gathers = {{0, 4}, {}};
  using Kind = BufferRef::Kind;
  e.launches = {
      {kernel, {{Kind::Output, 0, 0}, {Kind::Input, 2, -5}}, {7, -8}, 1, 1, 0},
      {kernel,
       {{Kind::Output, 1, 0}, {Kind::Arena, 0, 128}, {Kind::Constant, 1, 0}, {Kind::Status}},
       {},
       1,
       3,
       64},
      {kernel, {{Kind::Block, 4, 64}}, {}, 6, 1, 8},
      {kernel, {{Kind::Block, 4, 64}, {Kind::Output, 0, 0}}, {1}, 3, 1, 0}};
  e.launches[2].chain = {2, 3, 2, 1, 128};
  e.plan.equation = "ij,->i";
  e.plan.path = {{0, 1}, {}};
  e.plan.orderedBy = "greedy";
  e.plan.naiveScaling = 3;
  e.plan.optimizedScaling = 2;
  e.plan.naiveFlops = 1e9;
  e.plan.optimizedFlops = 1e8;
  e.plan.largestIntermediate = 77;
  e.plan.peakBytes = 128;
  e.plan.workspaceBytes = 64;
  e.plan.steps = {{"ij,->i", "contract f32", 12, 13, 1e-6, "i->i"}, {}};
  return e;
}

/// Whether the executable is `storedProgram(value)`, by all that it holds and by what it computes.
inline ::testing::AssertionResult isStoredProgram(const ricci::Executable &e, uint8_t value = 42) {
  using namespace ricci;
  auto different = [](const char *what) { return ::testing::AssertionFailure() << what; };
  const Executable wanted = storedProgram(value);
  if (*serialize(e) != *serialize(wanted))
    return different("it has other bytes");
  if (!(e.inputs == wanted.inputs) || !(e.outputs == wanted.outputs) ||
      e.arenaBytes != wanted.arenaBytes || e.constants != wanted.constants)
    return different("it has other types, arena or constants");
  auto sameSpan = [](Span a, Span b) { return a.begin == b.begin && a.end == b.end; };
  if (e.source != wanted.source ||
      !std::equal(e.gathers.begin(), e.gathers.end(), wanted.gathers.begin(), wanted.gathers.end(),
                  sameSpan))
    return different("it points to other places");
  for (size_t i = 0; i < wanted.launches.size(); ++i) {
    const Launch &a = e.launches[i], &b = wanted.launches[i];
    auto same = [](const BufferRef &x, const BufferRef &y) {
      return x.kind == y.kind && x.index == y.index && x.byteOffset == y.byteOffset;
    };
    if (!std::equal(a.buffers.begin(), a.buffers.end(), b.buffers.begin(), b.buffers.end(), same) ||
        a.descriptor != b.descriptor || a.tasks != b.tasks ||
        a.tasksPerWorker != b.tasksPerWorker || a.partsPerWorker != b.partsPerWorker ||
        a.workspaceBytes != b.workspaceBytes || a.tasksPerBlock != b.tasksPerBlock ||
        a.chain.launches != b.chain.launches || a.chain.entries != b.chain.entries ||
        a.chain.rows != b.chain.rows || a.chain.blockRows != b.chain.blockRows ||
        a.chain.blockBytes != b.chain.blockBytes || a.kernel->key() != b.kernel->key() ||
        a.kernel != e.launches[0].kernel)
      return different("it has another launch");
  }
  if (e.plan.path != wanted.plan.path || e.plan.str() != wanted.plan.str() ||
      e.plan.steps.size() != 2 || e.plan.steps[0].remaining != "i->i")
    return different("it has another plan");
#if defined(__x86_64__)
  float in[6] = {};
  double complex[2] = {};
  int8_t none = 0;
  int32_t out[2] = {};
  const Status status = e.run({Tensor::borrow(in, {2, 3}), Tensor::borrow(complex, DType::c128, {}),
                               Tensor::borrow(&none, {4, 0}, {-1, 1})},
                              {Tensor::borrow(out, {1}), Tensor::borrow(out + 1, {1})});
  if (!status || out[0] != value || out[1] != value)
    return different("it computes something else");
#endif
  return ::testing::AssertionSuccess();
}
