//===- dialect.cpp - the ricci dialect --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/dialect.h"

#include "compiler/ir/types.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "llvm/ADT/TypeSwitch.h"

#include "compiler/ir/ricci_dialect.cpp.inc"
#include "compiler/ir/ricci_enums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "compiler/ir/ricci_attrs.cpp.inc"

namespace ricci {

using namespace mlir;

void RicciDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "compiler/ir/ricci_attrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "compiler/ir/ricci_ops.cpp.inc"
      >();
}

LogicalResult ScheduleAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                                   StringAttr family, DictionaryAttr params) {
  if (family.empty())
    return emitError() << "a schedule's family is empty";
  return mlir::success();
}

Operation *RicciDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                             Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, type, elements);
}

LogicalResult RicciDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  if (name == kGatherAttr && isa<GatherOp>(op) && isa<IntegerAttr>(attribute.getValue()))
    return mlir::success();
  if (name != kAccumulateAttr && name != kEntryAttr && name != kSharedAttr && name != kKnownAttr &&
      name != kTakesKnownAttr)
    return op->emitOpError() << "has an attribute '" << name << "' unknown to the ricci dialect";
  if (!isa<FunctionOpInterface>(op))
    return op->emitOpError() << "has '" << name << "', which only functions have";
  if (name == kKnownAttr) {
    auto keys = dyn_cast<ArrayAttr>(attribute.getValue());
    if (!keys || !llvm::all_of(keys, llvm::IsaPred<StringAttr>))
      return op->emitOpError() << "has '" << name << "' that is no list of strings";
    return mlir::success();
  }
  if (!isa<UnitAttr>(attribute.getValue()))
    return op->emitOpError() << "has '" << name << "' with a value";
  return mlir::success();
}

/// `ricci.strides`: one stride for each axis of a tensor.
static LogicalResult verifyStrides(Operation *op, Type type, NamedAttribute attribute,
                                   const Twine &what) {
  if (attribute.getName() != kStridesAttr)
    return op->emitOpError() << what << " has an attribute '" << attribute.getName().strref()
                             << "' unknown to the ricci dialect";
  auto strides = dyn_cast<DenseI64ArrayAttr>(attribute.getValue());
  if (!strides)
    return op->emitOpError() << what << ": 'ricci.strides' must be of the form array<i64: …>";
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return op->emitOpError() << what << " has 'ricci.strides' and is no ranked tensor";
  if (tensor.getRank() != strides.size())
    return op->emitOpError() << what << " has " << tensor.getRank() << " axes and "
                             << strides.size() << " strides";
  return mlir::success();
}

LogicalResult RicciDialect::verifyRegionArgAttribute(Operation *op, unsigned regionIndex,
                                                     unsigned argIndex, NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitOpError() << "has 'ricci.strides' and is no function";
  return verifyStrides(op, function.getArgumentTypes()[argIndex], attribute,
                       "argument " + Twine(argIndex));
}

LogicalResult RicciDialect::verifyRegionResultAttribute(Operation *op, unsigned regionIndex,
                                                        unsigned resultIndex,
                                                        NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitOpError() << "has 'ricci.strides' and is no function";
  return verifyStrides(op, function.getResultTypes()[resultIndex], attribute,
                       "result " + Twine(resultIndex));
}

} // namespace ricci
