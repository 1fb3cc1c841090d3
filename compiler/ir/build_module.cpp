//===- build_module.cpp - from the frontend's program to the ricci dialect --===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/build_module.h"

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
    switch (node.kind) {
    case Program::NodeKind::Input:
      values.push_back(entry->getArgument(node.input));
      break;
    case Program::NodeKind::Einsum: {
      SmallVector<Value> operands;
      for (int operand : node.operands)
        operands.push_back(values[operand]);
      values.push_back(EinsumOp::create(builder, location(node.span),
                                        tensorToMlir(node.type, &context),
                                        equationOf(node.einsum).str(), operands));
      break;
    }
    default:
      emitError(location(node.span), "this operation has no tensor IR yet");
      return nullptr;
    }
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
