//===- kernel_abi.cpp - the entry's C signature --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/codegen.h"
#include "compiler/ir/dialect.h"
#include "compiler/passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

#include <limits>

using namespace mlir;

namespace ricci {

#define GEN_PASS_DEF_KERNELABI
#include "compiler/passes.h.inc"

namespace {

bool isBuffer(Type type) {
  auto memref = dyn_cast<MemRefType>(type);
  return memref && memref.getRank() == 1 && memref.isDynamicDim(0) &&
         memref.getLayout().isIdentity() && !memref.getMemorySpace();
}

/// Whether the arguments are buffers…, descriptor, workspace, begin, end.
bool hasLoopsSignature(func::FuncOp entry) {
  ArrayRef<Type> types = entry.getArgumentTypes();
  if (types.size() < 4 || entry.getNumResults() != 0 || entry.isExternal())
    return false;
  auto index = IndexType::get(entry.getContext());
  auto elementOf = [](Type type) { return cast<MemRefType>(type).getElementType(); };
  ArrayRef<Type> tail = types.take_back(4);
  return llvm::all_of(types.drop_back(2), isBuffer) && elementOf(tail[0]) == index &&
         elementOf(tail[1]).isInteger(8) && tail[2] == index && tail[3] == index;
}

/// Builds memref descriptors from plain pointers.
class DescriptorBuilder {
public:
  DescriptorBuilder(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {
    Type i64 = builder.getI64Type();
    auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
    auto sizes = LLVM::LLVMArrayType::get(i64, 1);
    type = LLVM::LLVMStructType::getLiteral(builder.getContext(),
                                            {pointer, pointer, i64, sizes, sizes});
    auto constant = [&](int64_t value) {
      return LLVM::ConstantOp::create(builder, loc, i64, builder.getI64IntegerAttr(value));
    };
    Value empty = LLVM::PoisonOp::create(builder, loc, type);
    Value offset = insert(empty, constant(0), {2});
    Value size = insert(offset, constant(std::numeric_limits<int64_t>::max()), {3, 0});
    base = insert(size, constant(1), {4, 0});
  }

  /// What a descriptor from `build` points at.
  static Value pointerOf(OpBuilder &builder, Value memref) {
    DescriptorBuilder of(builder, memref.getLoc());
    Value descriptor =
        UnrealizedConversionCastOp::create(builder, of.loc, of.type, memref).getResult(0);
    return LLVM::ExtractValueOp::create(builder, of.loc, descriptor, ArrayRef<int64_t>{1});
  }

  Value build(Value pointer, Type memref) {
    Value descriptor = insert(insert(base, pointer, {0}), pointer, {1});
    return UnrealizedConversionCastOp::create(builder, loc, memref, descriptor).getResult(0);
  }

private:
  Value insert(Value into, Value value, ArrayRef<int64_t> position) {
    return LLVM::InsertValueOp::create(builder, loc, into, value, position);
  }

  OpBuilder &builder;
  Location loc;
  Type type;
  Value base; ///< everything but the pointers
};

struct KernelAbi : impl::KernelAbiBase<KernelAbi> {
  void runOnOperation() override {
    if (failed(applyKernelAbi(getOperation())))
      signalPassFailure();
  }
};

} // namespace

// Before:
//   func.func @k(%b0: memref<?xf32>, %desc: memref<?xindex>, %work: memref<?xi8>,
//                %begin: index, %end: index) attributes {ricci.entry}
// After:
//   func.func @k(%buffers: !llvm.ptr, %desc: !llvm.ptr, %work: !llvm.ptr, %begin: i64, %end: i64)
//       attributes {ricci.entry} {
//     %p0 = llvm.load %buffers[0] invariant
//     %b0 = builtin.unrealized_conversion_cast <descriptor of %p0> : !llvm.struct<…> to
//     memref<?xf32>
static LogicalResult applyKernelAbi(func::FuncOp entry) {
  MLIRContext *context = entry.getContext();
  auto pointer = LLVM::LLVMPointerType::get(context);
  Type i64 = IntegerType::get(context, 64);
  auto abiType = FunctionType::get(context, {pointer, pointer, pointer, i64, i64}, {});
  if (entry.getFunctionType() == abiType)
    return mlir::success();
  if (!hasLoopsSignature(entry))
    return entry.emitError("an entry takes buffers, a descriptor, a workspace and two indices");

  Block &body = entry.front();
  Location loc = entry.getLoc();
  unsigned count = body.getNumArguments();
  for (Type type : abiType.getInputs())
    body.addArgument(type, loc);
  auto abiArgument = [&](unsigned i) { return body.getArgument(count + i); };

  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  DescriptorBuilder descriptors(builder, loc);
  for (unsigned i = 0; i < count; ++i) {
    BlockArgument argument = body.getArgument(i);
    Value value;
    if (i >= count - 2) {
      value = UnrealizedConversionCastOp::create(builder, loc, argument.getType(),
                                                 Value(abiArgument(i - (count - 5))))
                  .getResult(0);
    } else if (i >= count - 4) {
      value = descriptors.build(abiArgument(i - (count - 5)), argument.getType());
    } else {
      Value slot = LLVM::GEPOp::create(builder, loc, pointer, pointer, abiArgument(0),
                                       ArrayRef<LLVM::GEPArg>{int32_t(i)});
      Value data = LLVM::LoadOp::create(builder, loc, pointer, slot, /*alignment=*/0,
                                        /*isVolatile=*/false, /*isNonTemporal=*/false,
                                        /*isInvariant=*/true);
      value = descriptors.build(data, argument.getType());
    }
    argument.replaceAllUsesWith(value);
  }
  body.eraseArguments(0, count);
  entry.setFunctionType(abiType);
  entry.removeArgAttrsAttr();
  // Nothing else points at the tables that it reads and at the scratch memory that it writes.
  for (unsigned i = 0; i < 3; ++i)
    entry.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  for (unsigned i = 0; i < 2; ++i)
    entry.setArgAttr(i, LLVM::LLVMDialect::getReadonlyAttrName(), builder.getUnitAttr());
  return mlir::success();
}

// Before:
//   func.func private @f(%b: memref<?xf32>, %i: index)
//   call @f(%x, %j)
// After:
//   func.func private @f(%b: !llvm.ptr, %i: index)
//   call @f(%px, %j)
/// A descriptor is five arguments, most of them on the stack.
static void passPointers(func::FuncOp function) {
  auto pointer = LLVM::LLVMPointerType::get(function.getContext());
  SmallVector<Type> types(function.getArgumentTypes());
  for (Type &type : types)
    if (isBuffer(type))
      type = pointer;
  function.setFunctionType(
      FunctionType::get(function.getContext(), types, function.getResultTypes()));
  if (function.isExternal())
    return;
  Block &body = function.front();
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  DescriptorBuilder descriptors(builder, function.getLoc());
  for (BlockArgument argument : body.getArguments()) {
    Type type = argument.getType();
    if (!isBuffer(type))
      continue;
    auto uses = llvm::map_to_vector(argument.getUses(), [](OpOperand &use) { return &use; });
    argument.setType(pointer);
    Value buffer = descriptors.build(argument, type);
    for (OpOperand *use : uses)
      use->set(buffer);
  }
}

static void passPointers(func::CallOp call) {
  OpBuilder builder(call);
  for (OpOperand &operand : call->getOpOperands())
    if (isBuffer(operand.get().getType()))
      operand.set(DescriptorBuilder::pointerOf(builder, operand.get()));
}

LogicalResult applyKernelAbi(ModuleOp module) {
  MLIRContext *context = module.getContext();
  context->loadDialect<LLVM::LLVMDialect>();
  SmallVector<func::FuncOp> entries;
  bool isShared = false;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function->hasAttr(kEntryAttr)) {
      entries.push_back(function);
      continue;
    }
    passPointers(function);
    if (function->hasAttr(kSharedAttr)) {
      isShared = true;
      continue;
    }
    function.setPrivate();
    // Otherwise the linker would take it for an entry.
    if (!function.isExternal())
      function->setAttr("llvm.linkage", LLVM::LinkageAttr::get(context, LLVM::Linkage::Internal));
  }
  module.walk([&](func::CallOp call) { passPointers(call); });
  if (entries.empty() && !isShared)
    return module.emitError("no function marked ricci.entry");
  for (func::FuncOp entry : entries)
    if (failed(applyKernelAbi(entry)))
      return mlir::failure();
  return mlir::success();
}

} // namespace ricci
