//===- expand_outside_calls.cpp - casts and rounding without a library -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All expansions are exact: round to nearest even, infinities and signed zeros kept, every NaN
// quiet with its payload's high bits, as the F16C instructions have it. AVX512-BF16 is left unused:
// its conversion takes subnormals for zero.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/codegen.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

namespace ricci {
namespace {

using llvm::Type;
using llvm::Value;

/// Writes the expansion of one instruction, on scalars or on vectors alike.
class Expansion {
public:
  Expansion(llvm::Instruction *at, const Target &target) : b(at), target(target) {}

  Value *toFloat(Value *x) {
    return x->getType()->getScalarType()->isBFloatTy() ? bf16ToFloat(x) : halfToFloat(x);
  }

  Value *fromFloat(Value *x, Type *type) {
    return type->getScalarType()->isBFloatTy() ? floatToBf16(x, type) : floatToHalf(x, type);
  }

  /// f64 to f32 rounded to odd: rounding that again to 11 or fewer bits gives what one rounding
  /// would.
  Value *doubleToOddFloat(Value *x) {
    Type *floats = like(x, b.getFloatTy());
    Value *nearest = b.CreateFPTrunc(x, floats);
    Value *back = b.CreateFPExt(nearest, x->getType());
    Value *bits = bitsOf(nearest);
    Value *isEven = b.CreateICmpEQ(b.CreateAnd(bits, 1), c(bits, 0));
    Value *adjust = b.CreateAnd(b.CreateFCmpONE(back, x), isEven);
    Value *isBeyond = b.CreateFCmpOGT(magnitude(back), magnitude(x));
    Value *odd =
        b.CreateSelect(isBeyond, b.CreateSub(bits, c(bits, 1)), b.CreateAdd(bits, c(bits, 1)));
    return b.CreateBitCast(b.CreateSelect(adjust, odd, bits), floats);
  }

  Value *round(llvm::Intrinsic::ID id, Value *x) {
    Value *rounded = nullptr;
    switch (id) {
    case llvm::Intrinsic::roundeven:
    case llvm::Intrinsic::rint:
    case llvm::Intrinsic::nearbyint:
      rounded = nearestEven(x);
      break;
    case llvm::Intrinsic::trunc:
      rounded = truncate(x);
      break;
    case llvm::Intrinsic::floor: {
      Value *nearest = nearestEven(x);
      rounded = b.CreateFSub(nearest, oneIf(b.CreateFCmpOGT(nearest, x)));
      break;
    }
    case llvm::Intrinsic::ceil: {
      Value *nearest = nearestEven(x);
      rounded = b.CreateFAdd(nearest, oneIf(b.CreateFCmpOLT(nearest, x)));
      break;
    }
    case llvm::Intrinsic::round: {
      Value *whole = truncate(x);
      Value *rest = magnitude(b.CreateFSub(x, whole));
      Value *away = oneIf(b.CreateFCmpOGE(rest, llvm::ConstantFP::get(x->getType(), 0.5)));
      rounded = b.CreateFAdd(whole, withSign(away, x));
      break;
    }
    default:
      llvm_unreachable("not a rounding intrinsic");
    }
    // Infinities, NaN and what has no fraction stay; results of 0 take x's sign.
    return b.CreateSelect(hasFraction(x), withSign(rounded, x), x);
  }

private:
  Type *like(Value *shape, Type *scalar) {
    if (auto *vector = llvm::dyn_cast<llvm::VectorType>(shape->getType()))
      return llvm::VectorType::get(scalar, vector->getElementCount());
    return scalar;
  }
  Value *c(Value *shape, uint64_t value) { return llvm::ConstantInt::get(shape->getType(), value); }
  Value *bitsOf(Value *x) {
    unsigned bits = x->getType()->getScalarSizeInBits();
    return b.CreateBitCast(x, like(x, b.getIntNTy(bits)));
  }
  Value *magnitude(Value *x) { return b.CreateUnaryIntrinsic(llvm::Intrinsic::fabs, x); }
  Value *withSign(Value *x, Value *sign) {
    return b.CreateBinaryIntrinsic(llvm::Intrinsic::copysign, x, sign);
  }
  Value *isNaN(Value *x) { return b.CreateFCmpUNO(x, x); }

  Value *bf16ToFloat(Value *x) {
    Value *bits = b.CreateZExt(bitsOf(x), like(x, b.getInt32Ty()));
    Value *wide = b.CreateBitCast(b.CreateShl(bits, 16), like(x, b.getFloatTy()));
    Value *quiet = b.CreateOr(bitsOf(wide), c(bits, 0x00400000));
    return b.CreateSelect(isNaN(wide), b.CreateBitCast(quiet, wide->getType()), wide);
  }

  Value *floatToBf16(Value *x, Type *type) {
    Value *bits = bitsOf(x);
    Value *isOdd = b.CreateAnd(b.CreateLShr(bits, 16), 1);
    Value *rounded = b.CreateAdd(bits, b.CreateAdd(isOdd, c(bits, 0x7fff)));
    Value *quiet = b.CreateOr(bits, c(bits, 0x00400000));
    Value *high = b.CreateLShr(b.CreateSelect(isNaN(x), quiet, rounded), 16);
    return b.CreateBitCast(b.CreateTrunc(high, like(x, b.getInt16Ty())), type);
  }

  Value *halfToFloat(Value *x) {
    Type *floats = like(x, b.getFloatTy());
    if (target.f16c)
      return b.CreateFPExt(x, floats);
    Value *bits = b.CreateZExt(bitsOf(x), like(x, b.getInt32Ty()));
    Value *sign = b.CreateShl(b.CreateAnd(bits, 0x8000), 16);
    Value *shifted = b.CreateShl(b.CreateAnd(bits, 0x7fff), 13);
    Value *normal = b.CreateAdd(shifted, c(bits, uint64_t(127 - 15) << 23));
    // A subnormal's bits below 2^-14, less 2^-14: the subtraction normalizes.
    Value *biased = b.CreateBitCast(b.CreateAdd(shifted, c(bits, uint64_t(113) << 23)), floats);
    Value *subnormal = bitsOf(b.CreateFSub(biased, llvm::ConstantFP::get(floats, 0x1p-14)));
    Value *special = b.CreateOr(shifted, c(bits, 0x7f800000));
    special = b.CreateSelect(b.CreateICmpUGT(shifted, c(bits, 0x1f << 23)),
                             b.CreateOr(special, c(bits, 0x00400000)), special);
    Value *result = b.CreateSelect(b.CreateICmpULT(shifted, c(bits, 1 << 23)), subnormal, normal);
    result = b.CreateSelect(b.CreateICmpUGE(shifted, c(bits, 0x1f << 23)), special, result);
    return b.CreateBitCast(b.CreateOr(result, sign), floats);
  }

  Value *floatToHalf(Value *x, Type *type) {
    if (target.f16c)
      return b.CreateFPTrunc(x, type);
    Value *bits = bitsOf(x);
    Value *sign = b.CreateAnd(b.CreateLShr(bits, 16), 0x8000);
    Value *positive = b.CreateAnd(bits, 0x7fffffff);
    Value *isOdd = b.CreateAnd(b.CreateLShr(positive, 13), 1);
    // Modulo 2^32: less the difference of the biases, plus nearly half of the last place.
    uint32_t rebias = 0xfff - (uint32_t(127 - 15) << 23);
    Value *normal = b.CreateLShr(b.CreateAdd(b.CreateAdd(positive, c(bits, rebias)), isOdd), 13);
    // 2^-24, the last place of a half's subnormals, is the last place of 0.5: adding 0.5 rounds.
    Value *half = llvm::ConstantFP::get(x->getType(), 0.5);
    Value *sum = b.CreateFAdd(b.CreateBitCast(positive, x->getType()), half);
    Value *subnormal = b.CreateSub(bitsOf(sum), bitsOf(half));
    Value *payload = b.CreateAnd(b.CreateLShr(positive, 13), 0x3ff);
    Value *special =
        b.CreateSelect(isNaN(x), b.CreateOr(payload, c(bits, 0x7e00)), c(bits, 0x7c00));
    Value *result =
        b.CreateSelect(b.CreateICmpULT(positive, c(bits, uint64_t(113) << 23)), subnormal, normal);
    result = b.CreateSelect(b.CreateICmpUGE(positive, c(bits, uint64_t(127 + 16) << 23)), special,
                            result);
    result = b.CreateTrunc(b.CreateOr(result, sign), like(x, b.getInt16Ty()));
    return b.CreateBitCast(result, type);
  }

  /// 2^23 or 2^52: from here on, every number is whole.
  Value *wholeFrom(Value *x) {
    bool isFloat = x->getType()->getScalarType()->isFloatTy();
    return llvm::ConstantFP::get(x->getType(), isFloat ? 0x1p23 : 0x1p52);
  }
  Value *hasFraction(Value *x) { return b.CreateFCmpOLT(magnitude(x), wholeFrom(x)); }
  Value *nearestEven(Value *x) {
    Value *big = wholeFrom(x);
    return withSign(b.CreateFSub(b.CreateFAdd(magnitude(x), big), big), x);
  }
  Value *truncate(Value *x) {
    Value *nearest = magnitude(nearestEven(x));
    Value *beyond = oneIf(b.CreateFCmpOGT(nearest, magnitude(x)));
    return withSign(b.CreateFSub(nearest, beyond), x);
  }
  Value *oneIf(Value *condition) {
    Type *type = like(condition, floatType);
    return b.CreateSelect(condition, llvm::ConstantFP::get(type, 1.0),
                          llvm::ConstantFP::get(type, 0.0));
  }

  llvm::IRBuilder<> b;
  const Target &target;

public:
  Type *floatType = nullptr; ///< of the number that is rounded
};

/// copysign(%x, %sign) on bits.
Value *expandCopysign(llvm::IntrinsicInst &call) {
  llvm::IRBuilder<> b(&call);
  Value *x = call.getArgOperand(0), *sign = call.getArgOperand(1);
  Type *bits = x->getType()->getWithNewType(b.getIntNTy(x->getType()->getScalarSizeInBits()));
  auto mask = llvm::APInt::getSignMask(bits->getScalarSizeInBits());
  Value *high = b.CreateAnd(b.CreateBitCast(sign, bits), llvm::ConstantInt::get(bits, mask));
  Value *low = b.CreateAnd(b.CreateBitCast(x, bits), llvm::ConstantInt::get(bits, ~mask));
  return b.CreateBitCast(b.CreateOr(low, high), x->getType());
}

bool isSmallFloat(Type *type) {
  type = type->getScalarType();
  return type->isHalfTy() || type->isBFloatTy();
}

Value *expandCast(llvm::CastInst &cast, const Target &target) {
  Type *from = cast.getSrcTy(), *to = cast.getDestTy();
  if (!isSmallFloat(from) && !isSmallFloat(to))
    return nullptr;
  Expansion expand(&cast, target);
  llvm::IRBuilder<> b(&cast);
  Value *x = cast.getOperand(0);
  Type *floats = b.getFloatTy();
  if (auto *vector = llvm::dyn_cast<llvm::VectorType>(from))
    floats = llvm::VectorType::get(floats, vector->getElementCount());
  switch (cast.getOpcode()) {
  case llvm::Instruction::FPExt:
    return b.CreateFPCast(expand.toFloat(x), to);
  case llvm::Instruction::FPTrunc:
    if (from->getScalarType()->isDoubleTy())
      x = expand.doubleToOddFloat(x);
    return expand.fromFloat(x, to);
  case llvm::Instruction::FPToSI:
    return b.CreateFPToSI(expand.toFloat(x), to);
  case llvm::Instruction::FPToUI:
    return b.CreateFPToUI(expand.toFloat(x), to);
  case llvm::Instruction::SIToFP:
    return expand.fromFloat(b.CreateSIToFP(x, floats), to);
  case llvm::Instruction::UIToFP:
    return expand.fromFloat(b.CreateUIToFP(x, floats), to);
  default:
    return nullptr; // bitcast
  }
}

Value *expandRounding(llvm::IntrinsicInst &call, const Target &target) {
  switch (call.getIntrinsicID()) {
  case llvm::Intrinsic::roundeven:
  case llvm::Intrinsic::rint:
  case llvm::Intrinsic::nearbyint:
  case llvm::Intrinsic::trunc:
  case llvm::Intrinsic::floor:
  case llvm::Intrinsic::ceil:
  case llvm::Intrinsic::round:
    break;
  default:
    return nullptr;
  }
  Expansion expand(&call, target);
  expand.floatType = call.getType()->getScalarType();
  return expand.round(call.getIntrinsicID(), call.getArgOperand(0));
}

} // namespace

void expandHalfSigns(llvm::Module &module) {
  llvm::SmallVector<llvm::IntrinsicInst *> calls;
  for (llvm::Function &function : module) {
    bool hasSmallFloats = llvm::any_of(llvm::instructions(function), [](llvm::Instruction &i) {
      return isSmallFloat(i.getType());
    });
    for (llvm::Instruction &instruction : llvm::instructions(function))
      if (auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
          call && hasSmallFloats && call->getIntrinsicID() == llvm::Intrinsic::copysign)
        calls.push_back(call);
  }
  for (llvm::IntrinsicInst *call : calls) {
    call->replaceAllUsesWith(expandCopysign(*call));
    call->eraseFromParent();
  }
}

void expandOutsideCalls(llvm::Module &module, const Target &target) {
  bool hasSse41 = target.level != "x86-64";
  llvm::SmallVector<llvm::Instruction *> replaced;
  for (llvm::Function &function : module) {
    for (llvm::Instruction &instruction : llvm::instructions(function)) {
      Value *value = nullptr;
      if (auto *cast = llvm::dyn_cast<llvm::CastInst>(&instruction))
        value = expandCast(*cast, target);
      else if (auto *call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction); call && !hasSse41)
        value = expandRounding(*call, target);
      if (!value)
        continue;
      instruction.replaceAllUsesWith(value);
      replaced.push_back(&instruction);
    }
  }
  for (llvm::Instruction *instruction : replaced)
    instruction->eraseFromParent();
}

} // namespace ricci
