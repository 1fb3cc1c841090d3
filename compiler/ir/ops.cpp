//===- ops.cpp - rules and folds of the ricci operations --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/dialect.h"

#include "compiler/ir/op_checks.h"
#include "compiler/ir/types.h"

#include "mlir/IR/Builders.h"

#include "llvm/ADT/SmallBitVector.h"

namespace ricci {

using namespace mlir;

std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << '(';
  llvm::interleaveComma(shape, stream);
  stream << (shape.size() == 1 ? ",)" : ")");
  return text;
}

bool broadcastInto(SmallVectorImpl<int64_t> &result, ArrayRef<int64_t> shape) {
  if (shape.size() > result.size())
    result.insert(result.begin(), shape.size() - result.size(), 1);
  size_t offset = result.size() - shape.size();
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t &extent = result[offset + i];
    if (extent == 1)
      extent = shape[i];
    else if (shape[i] != 1 && shape[i] != extent)
      return false;
  }
  return true;
}

LogicalResult verifySameElementType(Operation *op, Value a, Value b) {
  if (tensorOf(a).getElementType() == tensorOf(b).getElementType())
    return mlir::success();
  return op->emitOpError() << "has element types " << tensorOf(a).getElementType() << " and "
                           << tensorOf(b).getElementType() << ", which must be the same";
}

LogicalResult verifySameShape(Operation *op, Value input, Value output) {
  if (shapeOf(input) == shapeOf(output))
    return mlir::success();
  return op->emitOpError() << "has shapes " << shapeText(shapeOf(input)) << " and "
                           << shapeText(shapeOf(output)) << ", which must be the same";
}

LogicalResult verifyDim(Operation *op, int64_t dim, Value input) {
  int64_t rank = tensorOf(input).getRank();
  if (dim >= 0 && dim < rank)
    return mlir::success();
  return op->emitOpError() << "has dimension " << dim << "; the operand has " << rank << " axes";
}

LogicalResult verifyRisingDims(Operation *op, ArrayRef<int64_t> dims, Value input) {
  for (size_t i = 0; i < dims.size(); ++i) {
    if (failed(verifyDim(op, dims[i], input)))
      return failure();
    if (i > 0 && dims[i] <= dims[i - 1])
      return op->emitOpError() << "has dimensions that do not rise: " << dims[i] << " after "
                               << dims[i - 1];
  }
  return mlir::success();
}

LogicalResult verifyResultShape(Operation *op, Value output, ArrayRef<int64_t> expected) {
  if (shapeOf(output) == expected)
    return mlir::success();
  return op->emitOpError() << "has a result of shape " << shapeText(shapeOf(output))
                           << "; the operands give " << shapeText(expected);
}

//===----------------------------------------------------------------------===//
// EinsumOp
//===----------------------------------------------------------------------===//

/// A string whose bytes outside of ASCII print as they are: labels stay readable.
static ParseResult parseEquation(OpAsmParser &parser, StringAttr &equation) {
  return parser.parseAttribute(equation, parser.getBuilder().getNoneType());
}

static void printEquation(OpAsmPrinter &p, Operation *, StringAttr equation) {
  llvm::raw_ostream &stream = p.getStream();
  stream << '"';
  for (char c : equation.getValue()) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      stream << '\\' << llvm::hexdigit(static_cast<unsigned char>(c) >> 4)
             << llvm::hexdigit(c & 15);
    else
      stream << c;
  }
  stream << '"';
}

LogicalResult EinsumOp::verify() {
  auto emit = [&] { return emitOpError(); };
  FailureOr<EinsumEquation> equation = EinsumEquation::parse(getEquation(), emit);
  if (failed(equation))
    return failure();
  return equation->verify(getInputs().getTypes(), getOutput().getType(), emit);
}

EinsumEquation EinsumOp::parsedEquation() {
  return *EinsumEquation::parse(getEquation(), [&] { return emitOpError(); });
}

//===----------------------------------------------------------------------===//
// ElementwiseOp
//===----------------------------------------------------------------------===//

/// The name of a scalar operation, as a keyword.
static ParseResult parseScalarName(OpAsmParser &parser, StringAttr &scalar) {
  SMLoc location = parser.getCurrentLocation();
  StringRef name;
  if (parser.parseKeyword(&name))
    return failure();
  if (!parseScalarOp(name))
    return parser.emitError(location) << "no scalar operation is called '" << name << "'";
  scalar = parser.getBuilder().getStringAttr(name);
  return mlir::success();
}

static void printScalarName(OpAsmPrinter &p, Operation *, StringAttr scalar) {
  p << scalar.getValue();
}

void ElementwiseOp::build(OpBuilder &builder, OperationState &state, Type output, ScalarOp op,
                          ValueRange inputs) {
  build(builder, state, output, builder.getStringAttr(nameOf(op)), inputs);
}

ScalarOp ElementwiseOp::scalarOp() { return *parseScalarOp(getScalar()); }

LogicalResult ElementwiseOp::verify() {
  StringRef name = getScalar();
  std::optional<ScalarOp> op = parseScalarOp(name);
  if (!op)
    return emitOpError() << "has the scalar operation '" << name << "', which there is not";
  size_t arity = info(*op).arity;
  if (getInputs().size() != arity)
    return emitOpError() << "'" << name << "' takes " << arity << " operand(s), not "
                         << getInputs().size();

  bool hasCondition = info(*op).rule == TypeRule::Select;
  Type condition = tensorOf(getInputs().front()).getElementType();
  if (hasCondition && !condition.isInteger(1))
    return emitOpError() << "'" << name << "' has a condition of " << condition << ", not of i1";
  Value last = getInputs().back();
  SmallVector<int64_t> shape;
  for (auto [i, input] : llvm::enumerate(getInputs())) {
    if (!(hasCondition && i == 0) && failed(verifySameElementType(*this, input, last)))
      return failure();
    if (!broadcastInto(shape, shapeOf(input)))
      return emitOpError() << "has shapes " << shapeText(shapeOf(getInputs().front())) << " and "
                           << shapeText(shapeOf(input)) << ", which do not broadcast";
  }
  if (failed(verifyResultShape(*this, getOutput(), shape)))
    return failure();

  Type element = tensorOf(last).getElementType();
  DType type = *mlirToDType(element);
  if (computeDType(*op, type) != type)
    return emitOpError() << "'" << name << "' is not computed in " << element;
  Type expected = dtypeToMlir(resultDType(*op, type), getContext());
  if (tensorOf(getOutput()).getElementType() != expected)
    return emitOpError() << "has a result of " << tensorOf(getOutput()).getElementType()
                         << "; the operands give " << expected;
  return mlir::success();
}

//===----------------------------------------------------------------------===//
// ReduceOp, ArgReduceOp, ScanOp
//===----------------------------------------------------------------------===//

LogicalResult ReduceOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getInput());
  if (failed(verifyRisingDims(*this, getDims(), getInput())))
    return failure();
  SmallVector<int64_t> kept;
  bool overNothing = false;
  for (auto [axis, extent] : llvm::enumerate(shape)) {
    if (!llvm::is_contained(getDims(), int64_t(axis)))
      kept.push_back(extent);
    else
      overNothing |= extent == 0;
  }
  if (failed(verifyResultShape(*this, getOutput(), kept)))
    return failure();

  StringRef name = stringifyReduceKind(getKind());
  bool isExtreme = getKind() == ReduceKind::Max || getKind() == ReduceKind::Min;
  bool isLogical = getKind() == ReduceKind::Any || getKind() == ReduceKind::All;
  if (isExtreme && overNothing && !llvm::is_contained(kept, 0))
    return emitOpError() << "'" << name << "' of no elements has no value";
  if (isLogical && !tensorOf(getInput()).getElementType().isInteger(1))
    return emitOpError() << "'" << name << "' takes i1, not "
                         << tensorOf(getInput()).getElementType();
  return verifySameElementType(*this, getInput(), getOutput());
}

LogicalResult ArgReduceOp::verify() {
  if (failed(verifyDim(*this, getDim(), getInput())))
    return failure();
  SmallVector<int64_t> kept(shapeOf(getInput()));
  int64_t extent = kept[getDim()];
  kept.erase(kept.begin() + getDim());
  if (failed(verifyResultShape(*this, getOutput(), kept)))
    return failure();
  if (extent == 0 && !llvm::is_contained(kept, 0))
    return emitOpError() << "'" << stringifyArgReduceKind(getKind())
                         << "' of no elements has no value";
  if (!tensorOf(getOutput()).getElementType().isSignlessInteger(64))
    return emitOpError() << "gives i64, not " << tensorOf(getOutput()).getElementType();
  return mlir::success();
}

LogicalResult ScanOp::verify() {
  if (failed(verifyDim(*this, getDim(), getInput())) ||
      failed(verifySameShape(*this, getInput(), getOutput())))
    return failure();
  if (Value before = getBefore()) {
    SmallVector<int64_t> kept(shapeOf(getInput()));
    kept.erase(kept.begin() + getDim());
    if (shapeOf(before) != ArrayRef<int64_t>(kept))
      return emitOpError() << "starts from " << before.getType()
                           << ", not one number for each line";
    if (failed(verifySameElementType(*this, getInput(), before)))
      return failure();
  }
  return verifySameElementType(*this, getInput(), getOutput());
}

} // namespace ricci

#define GET_OP_CLASSES
#include "compiler/ir/ricci_ops.cpp.inc"
