//===- build_module.cpp - from the frontend's program to the ricci dialect --===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/build_module.h"

#include "compiler/ir/constants.h"
#include "compiler/ir/diagnostics.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace ricci {

using namespace mlir;

static EinsumEquation equationOf(const Einsum &einsum) {
  EinsumEquation equation;
  for (const std::vector<Label> &labels : einsum.operands)
    equation.operands.emplace_back(labels.begin(), labels.end());
  equation.output.assign(einsum.output.begin(), einsum.output.end());
  equation.labelNames = einsum.labelNames;
  return equation;
}

static ReduceKind kindOf(Reduction reduction) {
  switch (reduction) {
  case Reduction::Sum:
    return ReduceKind::Sum;
  case Reduction::Prod:
    return ReduceKind::Prod;
  case Reduction::Max:
    return ReduceKind::Max;
  case Reduction::Min:
    return ReduceKind::Min;
  case Reduction::Any:
    return ReduceKind::Any;
  case Reduction::All:
    return ReduceKind::All;
  }
  llvm_unreachable("unknown reduction");
}

/// The operation of a node that is no input.
static Value buildNode(OpBuilder &builder, Location loc, const Program::Node &node,
                       ArrayRef<Value> operands) {
  using Kind = Program::NodeKind;
  RankedTensorType type = tensorToMlir(node.type, builder.getContext());
  switch (node.kind) {
  case Kind::Input:
    break;
  case Kind::Constant:
    return ConstantOp::create(builder, loc, type, constantFromBytes(type, node.data));
  case Kind::Iota:
    return IotaOp::create(builder, loc, type);
  case Kind::Elementwise:
    return ElementwiseOp::create(builder, loc, type, node.scalar, operands);
  case Kind::Cast:
    return CastOp::create(builder, loc, type, operands[0]);
  case Kind::Reduce:
    return ReduceOp::create(builder, loc, type, kindOf(node.reduction), operands[0], node.axes);
  case Kind::ArgReduce: {
    bool isMax = node.argReduction == ArgReduction::Argmax;
    return ArgReduceOp::create(builder, loc, type,
                               isMax ? ArgReduceKind::Argmax : ArgReduceKind::Argmin, operands[0],
                               node.axes[0]);
  }
  case Kind::Scan: {
    bool isSum = node.scan == Scan::Cumsum;
    return ScanOp::create(builder, loc, type, isSum ? ScanKind::Cumsum : ScanKind::Cumprod,
                          operands[0], Value(), node.axes[0]);
  }
  case Kind::Einsum:
    return EinsumOp::create(builder, loc, type, equationOf(node.einsum).str(), operands);
  case Kind::Reshape:
    return ReshapeOp::create(builder, loc, type, operands[0]);
  case Kind::Transpose:
    return TransposeOp::create(builder, loc, type, operands[0], node.axes);
  case Kind::Broadcast:
    return BroadcastOp::create(builder, loc, type, operands[0]);
  case Kind::Slice:
    return SliceOp::create(builder, loc, type, operands[0], node.start, node.type.shape, node.step);
  case Kind::Windows:
    return WindowsOp::create(builder, loc, type, operands[0], node.axes[0], node.start[0]);
  case Kind::Pad:
    return PadOp::create(builder, loc, type, operands[0], operands[1], node.start, node.step);
  case Kind::Concatenate:
    return ConcatenateOp::create(builder, loc, type, operands, node.axes[0]);
  case Kind::Gather:
    return GatherOp::create(builder, loc, type, operands[0], operands.drop_front(), node.axes,
                            node.start[0]);
  }
  llvm_unreachable("an input is no operation");
}

OwningOpRef<ModuleOp> buildModule(MLIRContext &context, const Program &program,
                                  const CompileOptions &options) {
  OpBuilder builder(&context);
  SourceLines lines(program.source);
  auto location = [&](Span span) { return locationOf(span, lines, &context); };
  Location whole = location({0, program.source.size()});
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, whole);

  int64_t numInputs = 0;
  for (const Program::Node &node : program.nodes)
    if (node.kind == Program::NodeKind::Input)
      numInputs = std::max(numInputs, node.input + 1);
  SmallVector<Type> argumentTypes(numInputs);
  SmallVector<Location> argumentLocations(numInputs, whole);
  SmallVector<DictionaryAttr> argumentAttrs(numInputs), resultAttrs;
  auto strides = [&](ArrayRef<int64_t> values) {
    NamedAttribute attribute =
        builder.getNamedAttr(kStridesAttr, builder.getDenseI64ArrayAttr(values));
    return builder.getDictionaryAttr(attribute);
  };
  for (const Program::Node &node : program.nodes) {
    if (node.kind != Program::NodeKind::Input)
      continue;
    argumentTypes[node.input] = tensorToMlir(node.type, &context);
    argumentLocations[node.input] = location(node.span);
    argumentAttrs[node.input] = strides(node.type.strides);
  }
  SmallVector<Type> resultTypes;
  for (auto [i, index] : llvm::enumerate(program.results)) {
    const TensorType &type = program.nodes[index].type;
    resultTypes.push_back(tensorToMlir(type, &context));
    resultAttrs.push_back(strides(i < options.outputStrides.size()
                                      ? options.outputStrides[i]
                                      : contiguousStrides(type.shape)));
  }

  builder.setInsertionPointToEnd(module->getBody());
  auto function = func::FuncOp::create(builder, whole, "main",
                                       builder.getFunctionType(argumentTypes, resultTypes));
  function.setAllArgAttrs(argumentAttrs);
  function.setAllResultAttrs(resultAttrs);
  if (options.accumulate)
    function->setAttr(kAccumulateAttr, builder.getUnitAttr());
  Block *entry = builder.createBlock(&function.getBody(), {}, argumentTypes, argumentLocations);

  std::vector<Value> values;
  values.reserve(program.nodes.size());
  for (const Program::Node &node : program.nodes) {
    if (node.kind == Program::NodeKind::Input) {
      values.push_back(entry->getArgument(node.input));
      continue;
    }
    SmallVector<Value> operands;
    for (int operand : node.operands)
      operands.push_back(values[operand]);
    values.push_back(buildNode(builder, location(node.span), node, operands));
  }
  SmallVector<Value> results;
  for (int index : program.results)
    results.push_back(values[index]);
  func::ReturnOp::create(builder, whole, results);
  return module;
}

std::string printModule(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

} // namespace ricci
