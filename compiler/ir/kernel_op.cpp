//===- kernel_op.cpp - ricci.kernel: its form and its rules -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/dialect.h"

#include "mlir/IR/Builders.h"

namespace ricci {

using namespace mlir;

void KernelOp::build(OpBuilder &builder, OperationState &state, TypeRange outputs,
                     ValueRange inputs) {
  state.addOperands(inputs);
  state.addTypes(outputs);
  Block &block = state.addRegion()->emplaceBlock();
  for (Value input : inputs)
    block.addArgument(input.getType(), input.getLoc());
}

YieldOp KernelOp::yield() { return cast<YieldOp>(block().getTerminator()); }

ArrayRef<int64_t> KernelOp::inputStrides(unsigned i) {
  return cast<DenseI64ArrayAttr>((*getLayouts())[i]).asArrayRef();
}

ArrayRef<int64_t> KernelOp::outputStrides(unsigned i) {
  return inputStrides(getInputs().size() + i);
}

//===----------------------------------------------------------------------===//
// Textual form
//
//   `ricci.kernel` (label)? `ins` `(` (%arg = %operand),* (`:` types)? `)` `->` types
//       (`schedule` `(` attr `)`)? (`layouts` `(` [strides],* `)`)? (`arena` `(` [offsets] `)`)?
//       region attr-dict
//===----------------------------------------------------------------------===//

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr label;
  OptionalParseResult hasLabel = parser.parseOptionalAttribute(label);
  if (hasLabel.has_value()) {
    if (failed(*hasLabel))
      return failure();
    result.addAttribute(getLabelAttrName(result.name), label);
  }

  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<Type> inputTypes;
  if (parser.parseKeyword("ins") || parser.parseLParen())
    return failure();
  SMLoc operandsLoc = parser.getCurrentLocation();
  if (failed(parser.parseOptionalRParen())) {
    auto parseOne = [&]() -> ParseResult {
      return failure(parser.parseArgument(arguments.emplace_back()) || parser.parseEqual() ||
                     parser.parseOperand(operands.emplace_back()));
    };
    if (parser.parseCommaSeparatedList(parseOne) || parser.parseColonTypeList(inputTypes) ||
        parser.parseRParen())
      return failure();
  }
  if (parser.resolveOperands(operands, inputTypes, operandsLoc, result.operands) ||
      parser.parseArrowTypeList(result.types))
    return failure();
  for (auto [argument, type] : llvm::zip_equal(arguments, inputTypes))
    argument.type = type;

  if (succeeded(parser.parseOptionalKeyword("schedule"))) {
    ScheduleAttr schedule;
    if (parser.parseLParen() ||
        parser.parseAttribute(schedule, getScheduleAttrName(result.name), result.attributes) ||
        parser.parseRParen())
      return failure();
  }
  if (succeeded(parser.parseOptionalKeyword("layouts"))) {
    SmallVector<Attribute> layouts;
    auto parseOne = [&]() -> ParseResult {
      layouts.push_back(DenseI64ArrayAttr::parse(parser, Type()));
      return success(layouts.back() != nullptr);
    };
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Paren, parseOne))
      return failure();
    result.addAttribute(getLayoutsAttrName(result.name), parser.getBuilder().getArrayAttr(layouts));
  }
  if (succeeded(parser.parseOptionalKeyword("arena"))) {
    if (parser.parseLParen())
      return failure();
    Attribute arena = DenseI64ArrayAttr::parse(parser, Type());
    if (!arena || parser.parseRParen())
      return failure();
    result.addAttribute(getArenaAttrName(result.name), arena);
  }
  return failure(parser.parseRegion(*result.addRegion(), arguments) ||
                 parser.parseOptionalAttrDict(result.attributes));
}

void KernelOp::print(OpAsmPrinter &p) {
  if (auto label = getLabelAttr()) {
    p << ' ';
    p.printAttributeWithoutType(label);
  }
  p << " ins(";
  llvm::interleaveComma(llvm::zip_equal(block().getArguments(), getInputs()), p,
                        [&](auto pair) { p << std::get<0>(pair) << " = " << std::get<1>(pair); });
  if (!getInputs().empty())
    p << " : " << getInputs().getTypes();
  p << ')';
  p.printArrowTypeList(getOutputs().getTypes());
  if (auto schedule = getScheduleAttr())
    p << " schedule(" << schedule << ')';
  if (auto layouts = getLayoutsAttr()) {
    p << " layouts(";
    llvm::interleaveComma(layouts.getAsRange<DenseI64ArrayAttr>(), p,
                          [&](DenseI64ArrayAttr strides) { strides.print(p); });
    p << ')';
  }
  if (auto arena = getArenaAttr()) {
    p << " arena(";
    arena.print(p);
    p << ')';
  }
  p << ' ';
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
  p.printOptionalAttrDict((*this)->getAttrs(), {getLabelAttrName(), getScheduleAttrName(),
                                                getLayoutsAttrName(), getArenaAttrName()});
}

//===----------------------------------------------------------------------===//
// Rules
//===----------------------------------------------------------------------===//

LogicalResult KernelOp::verify() {
  if (block().getArgumentTypes() != getInputs().getTypes())
    return emitOpError() << "has block arguments (" << block().getArgumentTypes()
                         << ") that differ from its operands (" << getInputs().getTypes() << ")";

  if (auto layouts = getLayouts()) {
    if (layouts->size() != getNumOperands() + getNumResults())
      return emitOpError() << "has " << layouts->size() << " layouts for " << getNumOperands()
                           << " operand(s) and " << getNumResults() << " result(s)";
    for (unsigned i = 0; i < layouts->size(); ++i) {
      bool isOperand = i < getNumOperands();
      unsigned number = isOperand ? i : i - getNumOperands();
      Type type = isOperand ? getOperand(number).getType() : getResult(number).getType();
      int64_t rank = cast<RankedTensorType>(type).getRank();
      int64_t strides = inputStrides(i).size();
      if (rank != strides)
        return emitOpError() << "has " << strides << " strides for "
                             << (isOperand ? "operand " : "result ") << number << " of " << rank
                             << " axes";
    }
  }

  if (auto arena = getArena()) {
    if (arena->size() != getNumResults())
      return emitOpError() << "has " << arena->size() << " places in the arena for "
                           << getNumResults() << " result(s)";
    Block *around = getOperation()->getBlock();
    int64_t results = around->mightHaveTerminator() ? around->getTerminator()->getNumOperands() : 0;
    for (int64_t offset : *arena)
      if (offset < -1 && -2 - offset >= results)
        return emitOpError() << "has the place " << offset << " in the arena, of result "
                             << -2 - offset << " of a function with " << results;
  }
  return mlir::success();
}

LogicalResult KernelOp::verifyRegions() {
  auto end = dyn_cast<YieldOp>(block().getTerminator());
  if (!end)
    return emitOpError() << "must end with 'ricci.yield'";
  if (end.getResults().getTypes() != getOutputs().getTypes())
    return end.emitOpError() << "gives (" << end.getResults().getTypes()
                             << "), but the kernel's results are (" << getOutputs().getTypes()
                             << ")";
  for (Operation &op : block()) {
    if (!isa_and_nonnull<RicciDialect>(op.getDialect()))
      return op.emitOpError() << "is not of the ricci dialect, so not allowed in a kernel";
    if (isa<KernelOp>(op))
      return op.emitOpError() << "is inside another kernel";
  }
  return mlir::success();
}

} // namespace ricci
