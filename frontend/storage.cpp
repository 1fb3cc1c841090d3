//===- storage.cpp - which names may share memory in NumPy ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/storage.h"

#include <algorithm>

namespace ricci {

/// Whether NumPy may give a view of the first operand.
static bool mayBeView(const Program::Node &node) {
  using Kind = Program::NodeKind;
  switch (node.kind) {
  case Kind::Reshape:
  case Kind::Transpose:
  case Kind::Broadcast:
  case Kind::Slice:
  case Kind::Windows:
    return true;
  case Kind::Einsum: // a diagonal or a permutation
    return node.operands.size() == 1;
  case Kind::Elementwise:
    return node.scalar == ScalarOp::Real || node.scalar == ScalarOp::Imag;
  default:
    return false;
  }
}

static bool holdsTensor(const Value &value) {
  if (const auto *sequence = value.as<SequenceValue>())
    return std::any_of(sequence->items.begin(), sequence->items.end(), holdsTensor);
  return value.is<TensorValue>();
}

int Storage::rootOf(int node) {
  const std::vector<Program::Node> &nodes = builder.program().nodes;
  for (size_t i = roots.size(); i <= size_t(node); ++i)
    roots.push_back(mayBeView(nodes[i]) ? roots[size_t(nodes[i].operands[0])] : int(i));
  return roots[size_t(node)];
}

void Storage::read(const Value &value, StorageId storage) {
  if (const auto *tensor = value.as<TensorValue>())
    reads.push_back({rootOf(tensor->node), storage});
  else if (holdsTensor(value))
    reads.push_back({kUnknown, kNoStorage});
}

StorageId Storage::of(const Value &value, size_t mark) {
  const auto *tensor = value.as<TensorValue>();
  if (!tensor) {
    // Arrays in a sequence are never taken for unshared.
    if (holdsTensor(value))
      for (size_t i = mark; i < reads.size(); ++i)
        hold(reads[i].storage);
    return kNoStorage;
  }
  int root = rootOf(tensor->node);
  bool unknown = false;
  for (size_t i = mark; i < reads.size(); ++i) {
    if (reads[i].root == root)
      return reads[i].storage;
    unknown |= reads[i].root == kUnknown;
  }
  holders.push_back(unknown);
  return StorageId(holders.size() - 1);
}

} // namespace ricci
