//===- einsum_loops.cpp - an einsum as a program of loops
//---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/einsum_loops.h"

namespace ricci {

using Kind = LoopProgram::Kind;

namespace {

class Builder {
public:
  Builder(const LabelledProduct &product, llvm::ArrayRef<BufferUse> buffers)
      : product_(product), buffers_(buffers) {
    bool isHalf = product.result == DType::f16 || product.result == DType::bf16;
    computed_ = isHalf ? DType::f32 : product.result;
  }

  LoopProgram build() {
    bool sums = false;
    for (const LabelledProduct::Axis &axis : product_.axes) {
      program_.axes.push_back({axis.extent, !axis.kept});
      sums |= !axis.kept;
    }
    size_t operands = product_.operands.size();
    int value = -1;
    for (size_t i = 0; i < operands; ++i) {
      int read = int(i) == product_.computed ? prologue(*product_.prologue, i)
                                             : load(addAccess(i, product_.operands[i]));
      int operand = cast(read, computed_);
      value = value < 0 ? operand : binary(ScalarOp::Multiply, value, operand);
    }
    if (sums) {
      LoopProgram::Node sum = make(Kind::Reduce, computed_, {value});
      sum.reduce = ReduceKind::Sum;
      sum.full = false;
      sum.stage = 1;
      value = add(std::move(sum));
    }
    int result = addAccess(operands, product_.result);
    if (product_.accumulate)
      value = binary(ScalarOp::Add, cast(load(result), computed_), value);
    value = cast(value, product_.result);
    if (product_.epilogue)
      value = epilogue(*product_.epilogue, value);
    program_.stores.push_back({value, result, false});
    return std::move(program_);
  }

private:
  /// The same nodes after the sums. Their operands are buffers after the result.
  int epilogue(const LoopProgram &from, int sums) {
    unsigned result = from.accesses[size_t(from.stores[0].access)].buffer;
    std::vector<int> accesses;
    size_t buffer = product_.operands.size();
    for (const LoopProgram::Access &access : from.accesses)
      accesses.push_back(access.buffer == result ? -1 : addAccess(++buffer, access.type));
    return inlined(from, accesses, sums);
  }

  /// The same nodes for an operand. What they read besides are the last buffers.
  int prologue(const LoopProgram &from, size_t operand) {
    std::vector<int> accesses;
    size_t read = from.accesses.size() - 1, next = product_.axes[0].strides.size() - (read - 1);
    for (size_t i = 0; i < read; ++i)
      accesses.push_back(addAccess(i == 0 ? operand : next++, from.accesses[i].type));
    return inlined(from, accesses, -1);
  }

  /// Loads are through these accesses; through -1 they are `sums`.
  int inlined(const LoopProgram &from, llvm::ArrayRef<int> accesses, int sums) {
    std::vector<int> nodes;
    for (const LoopProgram::Node &given : from.nodes) {
      if (given.kind == Kind::Load) {
        int access = accesses[size_t(given.access)];
        nodes.push_back(access < 0 ? sums : load(access));
        continue;
      }
      LoopProgram::Node node = given;
      node.stage = 0;
      node.full = false;
      for (int &operand : node.operands) {
        operand = nodes[size_t(operand)];
        node.stage = std::max(node.stage, program_.nodes[size_t(operand)].stage);
        node.full |= program_.nodes[size_t(operand)].full;
      }
      nodes.push_back(add(std::move(node)));
    }
    return nodes[size_t(from.stores[0].node)];
  }

  int addAccess(size_t buffer, DType type) {
    LoopProgram::Access access;
    access.buffer = buffers_[buffer].buffer;
    access.offset = buffers_[buffer].offset;
    access.type = type;
    for (const LabelledProduct::Axis &axis : product_.axes)
      access.strides.push_back(axis.strides[buffer]);
    program_.accesses.push_back(access);
    return int(program_.accesses.size()) - 1;
  }

  LoopProgram::Node make(Kind kind, DType type, llvm::ArrayRef<int> operands) const {
    LoopProgram::Node node;
    node.kind = kind;
    node.type = node.computed = type;
    node.operands.assign(operands.begin(), operands.end());
    for (int operand : operands) {
      const LoopProgram::Node &from = program_.nodes[size_t(operand)];
      node.full |= from.full;
      node.stage = std::max(node.stage, from.stage);
    }
    return node;
  }
  int add(LoopProgram::Node node) {
    program_.nodes.push_back(std::move(node));
    return int(program_.nodes.size()) - 1;
  }

  int load(int access) {
    const LoopProgram::Access &from = program_.accesses[size_t(access)];
    LoopProgram::Node node = make(Kind::Load, from.type, {});
    node.access = access;
    for (auto [axis, stride] : llvm::zip(program_.axes, from.strides))
      node.full |= axis.reduced && stride != 0;
    return add(std::move(node));
  }
  int cast(int node, DType type) {
    bool isSame = program_.nodes[size_t(node)].type == type;
    return isSame ? node : add(make(Kind::Cast, type, {node}));
  }
  int binary(ScalarOp op, int x, int y) {
    LoopProgram::Node node = make(Kind::Scalar, computed_, {x, y});
    node.scalar = op;
    return add(std::move(node));
  }

  const LabelledProduct &product_;
  llvm::ArrayRef<BufferUse> buffers_;
  LoopProgram program_;
  DType computed_;
};

} // namespace

LoopProgram einsumLoops(const LabelledProduct &product, llvm::ArrayRef<BufferUse> buffers) {
  return Builder(product, buffers).build();
}

} // namespace ricci
