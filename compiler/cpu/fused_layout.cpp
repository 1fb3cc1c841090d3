//===- fused_layout.cpp - the descriptor of a fused kernel ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/fused_kernel.h"

namespace ricci {

using Kind = LoopProgram::Kind;

DType slotType(DType type) { return type == DType::f16 || type == DType::bf16 ? DType::f32 : type; }

DType accumulatorType(const LoopProgram::Node &node) {
  // A scan rounds every step, as its results do.
  return node.kind == Kind::Scan ? node.type : slotType(node.computed);
}

FusedLayout::FusedLayout(const LoopProgram &program) {
  size_t count = program.nodes.size();
  position.assign(count, -1), guard.assign(count, -1), gather.assign(count, -1);
  constant.assign(count, -1);
  slot.assign(count, -1);
  axes = int64_t(program.axes.size());
  walkers = int64_t(program.accesses.size());
  int64_t guards = 0, gathers = 0, parameters = 0, firstIndex = walkers;
  // What columns share stays in registers.
  bool columns = program.mode == LoopProgram::Mode::Columns && !program.sharesColumns;
  std::vector<bool> usedLater(count, false);
  for (size_t i = 0; i < count; ++i)
    for (int operand : program.nodes[i].operands)
      if (program.nodes[i].full || program.isReduction(int(i)) ||
          program.nodes[i].stage > program.nodes[size_t(operand)].stage)
        usedLater[size_t(operand)] = true;
  for (auto [i, node] : llvm::enumerate(program.nodes)) {
    if (node.kind == Kind::Position)
      position[i] = walkers++;
    if (!node.guards.empty()) {
      guard[i] = walkers;
      walkers += int64_t(node.guards.size());
      guards += int64_t(node.guards.size());
    }
    if (LoopProgram::isParameter(node))
      constant[i] = parameters++;
    if (!node.gathered.empty()) {
      gather[i] = gathers;
      gathers += int64_t(node.gathered.size());
    }
    bool isAccumulator = program.isReduction(int(i)) || node.kind == Kind::Scan;
    bool isKept = !node.full && !program.isUniform(int(i)) && usedLater[i] &&
                  node.kind != Kind::Load && node.kind != Kind::Constant &&
                  !program.isGuarded(int(i));
    if (node.cached || (columns && (isAccumulator || isKept))) {
      slot[i] = slotCount++;
      slotCount += node.kind == Kind::ArgReduce;
    }
  }
  for (const LoopProgram::Access &access : program.accesses)
    turned.push_back(program.turns(access) ? slotCount++ : -1);
  factors = Count + axes;
  offsets = factors + walkers * axes;
  guardExtents = offsets + (walkers - firstIndex);
  gathered = guardExtents + (walkers - firstIndex);
  slots = gathered + 3 * gathers;
  constants = slots + slotCount;
  size = constants + parameters;
}

} // namespace ricci
