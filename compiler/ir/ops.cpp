//===- ops.cpp - rules and folds of the ricci operations --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/dialect.h"

#include "compiler/ir/types.h"

#include "mlir/IR/Builders.h"

#include "llvm/ADT/SmallBitVector.h"

namespace ricci {

using namespace mlir;

static RankedTensorType tensorOf(Value value) { return cast<RankedTensorType>(value.getType()); }
static ArrayRef<int64_t> shapeOf(Value value) { return tensorOf(value).getShape(); }

/// "(3, 4)", as NumPy writes shapes.
static std::string str(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << '(';
  llvm::interleaveComma(shape, stream);
  stream << (shape.size() == 1 ? ",)" : ")");
  return text;
}

static LogicalResult verifySameElementType(Operation *op, Value a, Value b) {
  if (tensorOf(a).getElementType() == tensorOf(b).getElementType())
    return mlir::success();
  return op->emitOpError() << "has element types " << tensorOf(a).getElementType() << " and "
                           << tensorOf(b).getElementType() << ", which must be the same";
}

static LogicalResult verifySameShape(Operation *op, Value input, Value output) {
  if (shapeOf(input) == shapeOf(output))
    return mlir::success();
  return op->emitOpError() << "has shapes " << str(shapeOf(input)) << " and "
                           << str(shapeOf(output)) << ", which must be the same";
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
// ElementwiseOp and ReduceOp
//===----------------------------------------------------------------------===//

static bool isUnary(ElementwiseKind kind) {
  switch (kind) {
  case ElementwiseKind::Neg:
  case ElementwiseKind::Abs:
  case ElementwiseKind::Exp:
  case ElementwiseKind::Log:
  case ElementwiseKind::Sqrt:
  case ElementwiseKind::Tanh:
    return true;
  case ElementwiseKind::Add:
  case ElementwiseKind::Sub:
  case ElementwiseKind::Mul:
  case ElementwiseKind::Div:
  case ElementwiseKind::Max:
  case ElementwiseKind::Min:
    return false;
  }
  llvm_unreachable("unknown kind");
}

static bool isDefinedFor(ElementwiseKind kind, DTypeKind type) {
  bool inexact = type == DTypeKind::Float || type == DTypeKind::Complex;
  switch (kind) {
  case ElementwiseKind::Add:
  case ElementwiseKind::Mul:
  case ElementwiseKind::Abs:
    return true;
  case ElementwiseKind::Sub:
  case ElementwiseKind::Neg:
    return type != DTypeKind::Bool;
  case ElementwiseKind::Max:
  case ElementwiseKind::Min:
    return type != DTypeKind::Complex;
  case ElementwiseKind::Div:
  case ElementwiseKind::Exp:
  case ElementwiseKind::Sqrt:
    return inexact;
  case ElementwiseKind::Log:
  case ElementwiseKind::Tanh:
    return type == DTypeKind::Float;
  }
  llvm_unreachable("unknown kind");
}

/// NumPy's broadcast of a shape into another; false where an axis does not fit.
static bool broadcastInto(SmallVectorImpl<int64_t> &result, ArrayRef<int64_t> shape) {
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

LogicalResult ElementwiseOp::verify() {
  StringRef name = stringifyElementwiseKind(getKind());
  size_t arity = isUnary(getKind()) ? 1 : 2;
  if (getInputs().size() != arity)
    return emitOpError() << "'" << name << "' takes " << arity << " operand(s), not "
                         << getInputs().size();

  SmallVector<int64_t> shape;
  for (Value input : getInputs()) {
    if (failed(verifySameElementType(*this, getInputs().front(), input)))
      return failure();
    if (!broadcastInto(shape, shapeOf(input)))
      return emitOpError() << "has shapes " << str(shapeOf(getInputs().front())) << " and "
                           << str(shapeOf(input)) << ", which do not broadcast";
  }
  if (ArrayRef<int64_t>(shape) != shapeOf(getOutput()))
    return emitOpError() << "has a result of shape " << str(shapeOf(getOutput()))
                         << "; the operands give " << str(shape);

  Type element = tensorOf(getInputs().front()).getElementType();
  DTypeKind type = kindOf(*mlirToDType(element));
  if (!isDefinedFor(getKind(), type))
    return emitOpError() << "'" << name << "' is not defined for " << element;
  if (getKind() == ElementwiseKind::Abs && type == DTypeKind::Complex)
    element = cast<ComplexType>(element).getElementType();
  if (tensorOf(getOutput()).getElementType() != element)
    return emitOpError() << "has a result of " << tensorOf(getOutput()).getElementType()
                         << "; the operands give " << element;
  return mlir::success();
}

LogicalResult ReduceOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getInput());
  llvm::SmallBitVector dropped(shape.size());
  int64_t previous = -1;
  bool overNothing = false;
  for (int64_t dim : getDims()) {
    if (dim < 0 || dim >= int64_t(shape.size()))
      return emitOpError() << "has dimension " << dim << "; the operand has " << shape.size()
                           << " axes";
    if (dim <= previous)
      return emitOpError() << "has dimensions that do not rise: " << dim << " after " << previous;
    previous = dim;
    dropped.set(dim);
    overNothing |= shape[dim] == 0;
  }
  SmallVector<int64_t> kept;
  for (size_t i = 0; i < shape.size(); ++i)
    if (!dropped[i])
      kept.push_back(shape[i]);
  if (ArrayRef<int64_t>(kept) != shapeOf(getOutput()))
    return emitOpError() << "has a result of shape " << str(shapeOf(getOutput()))
                         << "; the operand gives " << str(kept);

  switch (getKind()) {
  case ReduceKind::Sum:
  case ReduceKind::Prod:
    return mlir::success();
  case ReduceKind::Max:
  case ReduceKind::Min:
    if (kindOf(elementDType(getInput().getType())) == DTypeKind::Complex)
      return emitOpError() << "'" << stringifyReduceKind(getKind()) << "' is not defined for "
                           << tensorOf(getInput()).getElementType();
    if (overNothing && !llvm::is_contained(kept, 0))
      return emitOpError() << "'" << stringifyReduceKind(getKind())
                           << "' of no elements has no value";
    return verifySameElementType(*this, getInput(), getOutput());
  case ReduceKind::Any:
  case ReduceKind::All:
    if (!tensorOf(getOutput()).getElementType().isInteger(1))
      return emitOpError() << "'" << stringifyReduceKind(getKind()) << "' gives i1, not "
                           << tensorOf(getOutput()).getElementType();
    return mlir::success();
  }
  llvm_unreachable("unknown kind");
}

//===----------------------------------------------------------------------===//
// CastOp and the shape operations
//===----------------------------------------------------------------------===//

LogicalResult CastOp::verify() { return verifySameShape(*this, getInput(), getOutput()); }

// cast %x : T -> T  ==>  %x
OpFoldResult CastOp::fold(FoldAdaptor) {
  return getInput().getType() == getOutput().getType() ? getInput() : nullptr;
}

LogicalResult TransposeOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getInput());
  ArrayRef<int64_t> perm = getPerm();
  if (perm.size() != shape.size())
    return emitOpError() << "has a permutation of " << perm.size() << " axes; the operand has "
                         << shape.size();
  llvm::SmallBitVector seen(perm.size());
  SmallVector<int64_t> expected;
  for (int64_t axis : perm) {
    if (axis < 0 || axis >= int64_t(shape.size()) || seen[axis])
      return emitOpError() << "has [" << perm << "], which is no permutation of the axes";
    seen.set(axis);
    expected.push_back(shape[axis]);
  }
  if (ArrayRef<int64_t>(expected) != shapeOf(getOutput()))
    return emitOpError() << "has a result of shape " << str(shapeOf(getOutput()))
                         << "; the operand gives " << str(expected);
  return verifySameElementType(*this, getInput(), getOutput());
}

// transpose %x perm = [0, 1, …]  ==>  %x
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  return llvm::is_sorted(getPerm()) ? getInput() : nullptr;
}

LogicalResult ReshapeOp::verify() {
  std::optional<int64_t> counts[2];
  for (auto [count, value] : llvm::zip_equal(counts, ValueRange{getInput(), getOutput()})) {
    // A 0 makes the tensor empty however large the other extents are.
    ArrayRef<int64_t> shape = shapeOf(value);
    int64_t product = llvm::is_contained(shape, 0) ? 0 : 1;
    for (int64_t extent : shape)
      if (__builtin_mul_overflow(product, extent, &product))
        return emitOpError() << "has the shape " << str(shape) << ", which is too large";
    count = product;
  }
  if (counts[0] != counts[1])
    return emitOpError() << "has shapes " << str(shapeOf(getInput())) << " of " << *counts[0]
                         << " and " << str(shapeOf(getOutput())) << " of " << *counts[1]
                         << " elements";
  return verifySameElementType(*this, getInput(), getOutput());
}

// reshape %x : T -> T  ==>  %x
OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  return getInput().getType() == getOutput().getType() ? getInput() : nullptr;
}

LogicalResult BroadcastOp::verify() {
  SmallVector<int64_t> shape(shapeOf(getOutput()));
  if (!broadcastInto(shape, shapeOf(getInput())) ||
      ArrayRef<int64_t>(shape) != shapeOf(getOutput()))
    return emitOpError() << "has an operand of shape " << str(shapeOf(getInput()))
                         << ", which does not broadcast to " << str(shapeOf(getOutput()));
  return verifySameElementType(*this, getInput(), getOutput());
}

// broadcast %x : T -> T  ==>  %x
OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  return getInput().getType() == getOutput().getType() ? getInput() : nullptr;
}

LogicalResult SliceOp::verify() {
  ArrayRef<int64_t> shape = shapeOf(getInput());
  if (getStart().size() != shape.size() || getSize().size() != shape.size() ||
      getStep().size() != shape.size())
    return emitOpError() << "has " << getStart().size() << " starts, " << getSize().size()
                         << " sizes and " << getStep().size() << " steps; the operand has "
                         << shape.size() << " axes";
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t start = getStart()[i], size = getSize()[i], step = getStep()[i];
    if (step == 0 || size < 0)
      return emitOpError() << "axis " << i << " has size " << size << " and step " << step
                           << "; a size is at least 0, a step not 0";
    if (size == 0)
      continue;
    int64_t last;
    if (start < 0 || start >= shape[i] || __builtin_mul_overflow(size - 1, step, &last) ||
        __builtin_add_overflow(start, last, &last) || last < 0 || last >= shape[i])
      return emitOpError() << "axis " << i << " has start " << start << ", size " << size
                           << " and step " << step << ", which leave its " << shape[i]
                           << " elements";
  }
  if (getSize() != shapeOf(getOutput()))
    return emitOpError() << "has a result of shape " << str(shapeOf(getOutput()))
                         << "; the sizes are " << str(getSize());
  return verifySameElementType(*this, getInput(), getOutput());
}

//===----------------------------------------------------------------------===//
// ConstantOp
//===----------------------------------------------------------------------===//

LogicalResult ConstantOp::verify() {
  if (!getValue().isSplat())
    return emitOpError() << "has elements that differ; a constant is one value";
  return mlir::success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

} // namespace ricci

#define GET_OP_CLASSES
#include "compiler/ir/ricci_ops.cpp.inc"
