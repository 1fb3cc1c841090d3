//===- types.cpp - element types as MLIR types ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/types.h"

namespace ricci {

using namespace mlir;

Type dtypeToMlir(DType type, MLIRContext *context) {
  auto integer = [&](unsigned bits, IntegerType::SignednessSemantics sign) -> Type {
    return IntegerType::get(context, bits, sign);
  };
  switch (type) {
  case DType::b1:
    return integer(1, IntegerType::Signless);
  case DType::i8:
  case DType::i16:
  case DType::i32:
  case DType::i64:
    return integer(8 * itemSize(type), IntegerType::Signless);
  case DType::u8:
  case DType::u16:
  case DType::u32:
  case DType::u64:
    return integer(8 * itemSize(type), IntegerType::Unsigned);
  case DType::f16:
    return Float16Type::get(context);
  case DType::bf16:
    return BFloat16Type::get(context);
  case DType::f32:
    return Float32Type::get(context);
  case DType::f64:
    return Float64Type::get(context);
  case DType::c64:
    return ComplexType::get(Float32Type::get(context));
  case DType::c128:
    return ComplexType::get(Float64Type::get(context));
  }
  llvm_unreachable("unknown dtype");
}

std::optional<DType> mlirToDType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type)) {
    bool isUnsigned = integer.isUnsigned();
    if (integer.isSigned())
      return std::nullopt;
    switch (integer.getWidth()) {
    case 1:
      return isUnsigned ? std::nullopt : std::optional(DType::b1);
    case 8:
      return isUnsigned ? DType::u8 : DType::i8;
    case 16:
      return isUnsigned ? DType::u16 : DType::i16;
    case 32:
      return isUnsigned ? DType::u32 : DType::i32;
    case 64:
      return isUnsigned ? DType::u64 : DType::i64;
    }
    return std::nullopt;
  }
  if (type.isF16())
    return DType::f16;
  if (type.isBF16())
    return DType::bf16;
  if (type.isF32())
    return DType::f32;
  if (type.isF64())
    return DType::f64;
  if (auto complex = dyn_cast<ComplexType>(type)) {
    if (complex.getElementType().isF32())
      return DType::c64;
    if (complex.getElementType().isF64())
      return DType::c128;
  }
  return std::nullopt;
}

RankedTensorType tensorToMlir(const TensorType &type, MLIRContext *context) {
  return RankedTensorType::get(type.shape, dtypeToMlir(type.dtype, context));
}

DType elementDType(Type tensorType) {
  return *mlirToDType(cast<RankedTensorType>(tensorType).getElementType());
}

} // namespace ricci
