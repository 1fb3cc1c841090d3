//===- scalar_harness.cpp - scalar operations in one kernel, run --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cpu/scalar_harness.h"

#include "compiler/cpu/codegen.h"
#include "compiler/cpu/scalar_ops.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace mlir;

namespace ricci::test {
namespace {

constexpr int kLanes = 8; ///< of the first vectors; others fill a register

Type withLanes(Type element, int lanes) {
  return lanes ? Type(VectorType::get({lanes}, element)) : element;
}

/// What lies in memory, in register form.
Value toRegister(LoopBuilder &b, DType dtype, Value v, int lanes) {
  Type type = registerType(b.getContext(), dtype, lanes);
  switch (dtype) {
  case DType::b1:
    return b.ne(v, b.op<arith::ConstantOp>(mlir::cast<TypedAttr>(b.getZeroAttr(v.getType()))));
  case DType::bf16:
    v = b.op<arith::BitcastOp>(withLanes(b.getBF16Type(), lanes), v);
    [[fallthrough]];
  case DType::f16:
    return b.op<arith::ExtFOp>(type, v);
  default:
    return v;
  }
}

Value toMemory(LoopBuilder &b, DType dtype, Value v, int lanes) {
  switch (dtype) {
  case DType::b1:
    return b.op<arith::ExtUIOp>(withLanes(b.getI8Type(), lanes), v);
  case DType::f16:
    return b.op<arith::TruncFOp>(withLanes(b.getF16Type(), lanes), v);
  case DType::bf16:
    v = b.op<arith::TruncFOp>(withLanes(b.getBF16Type(), lanes), v);
    return b.op<arith::BitcastOp>(withLanes(b.getI16Type(), lanes), v);
  default:
    return v;
  }
}

Number load(LoopBuilder &b, Value buffer, DType dtype, Value index, int lanes) {
  DType part = componentDType(dtype);
  Type element = ValueBuilder::storageType(b.getContext(), dtype);
  bool isComplex = part != dtype;
  Value at = isComplex ? b.mul(index, 2) : index;
  if (!lanes) {
    Number n{toRegister(b, part, b.load(buffer, at), 0), {}};
    if (isComplex)
      n.im = b.load(buffer, b.add(at, 1));
    return n;
  }
  auto type = VectorType::get({isComplex ? 2 * lanes : lanes}, element);
  Value v = b.op<vector::LoadOp>(type, buffer, ValueRange{at});
  if (!isComplex)
    return {toRegister(b, part, v, lanes), {}};
  auto parts = b.op<vector::DeinterleaveOp>(v);
  return {parts.getRes1(), parts.getRes2()};
}

void store(LoopBuilder &b, Number n, Value buffer, DType dtype, Value index, int lanes) {
  DType part = componentDType(dtype);
  bool isComplex = part != dtype;
  Value at = isComplex ? b.mul(index, 2) : index;
  Value re = toMemory(b, part, n.re, lanes);
  if (!lanes) {
    b.store(re, buffer, at);
    if (isComplex)
      b.store(n.im, buffer, b.add(at, 1));
    return;
  }
  Value v = isComplex ? Value(b.op<vector::InterleaveOp>(n.re, n.im)) : re;
  b.op<vector::StoreOp>(v, buffer, ValueRange{at});
}

/// One pass over the elements from `lo` to `hi`: buffers are x, y, the condition and the results.
void emitPass(LoopBuilder &b, const ScalarPrograms &programs, const Target &target,
              Block::BlockArgListType buffers, Value lo, Value hi, int lanes) {
  b.forLoop(lo, hi, b.idx(lanes ? lanes : 1), [&](Value i) {
    Number x = load(b, buffers[0], programs.dtype, i, lanes);
    Number y = load(b, buffers[1], programs.dtype, i, lanes);
    Number condition = load(b, buffers[2], DType::b1, i, lanes);
    ScalarOps ops(b, target);
    size_t k = 0;
    auto result = [&](Number n) {
      DType dtype = programs.resultType(k);
      EXPECT_EQ(n.re.getType(), registerType(b.getContext(), dtype, lanes));
      EXPECT_EQ(bool(n.im), kindOf(dtype) == DTypeKind::Complex);
      store(b, n, buffers[3 + k++], dtype, i, lanes);
    };
    for (ScalarOp op : programs.ops) {
      int arity = info(op).arity;
      if (arity == 3)
        result(ops.apply(op, programs.dtype, {condition, x, y}));
      else
        result(ops.apply(op, programs.dtype, llvm::ArrayRef<Number>({x, y}).take_front(arity)));
    }
    for (DType to : programs.casts)
      result(ops.cast(x, programs.dtype, to));
    for (const Elements &element : programs.constants)
      result(ops.constant(element.dtype, element.bytes.data(), lanes));
  });
}

Expected<std::shared_ptr<const Kernel>> compile(const ScalarPrograms &programs,
                                                const Target &target) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  context.loadDialect<arith::ArithDialect, func::FuncDialect, math::MathDialect,
                      memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
  std::string messages;
  ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    messages += diagnostic.str() + "\n";
    return mlir::success();
  });
  LoopBuilder b(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getLoc());
  SmallVector<Type> inputs;
  auto addBuffer = [&](Type element) {
    inputs.push_back(MemRefType::get({ShapedType::kDynamic}, element));
  };
  for (DType dtype : {programs.dtype, programs.dtype, DType::b1})
    addBuffer(ValueBuilder::storageType(&context, dtype));
  for (size_t i = 0; i < programs.size(); ++i)
    addBuffer(ValueBuilder::storageType(&context, programs.resultType(i)));
  addBuffer(b.getIndexType());
  addBuffer(b.getI8Type());
  inputs.append(2, b.getIndexType());
  func::FuncOp function = b.beginFunction(*module, "kernel", inputs, /*isPrivate=*/false);
  function->setAttr("ricci.entry", b.getUnitAttr());
  auto arguments = function.getBody().front().getArguments();
  Value begin = arguments[inputs.size() - 2], end = arguments.back();
  Value descriptor = arguments[inputs.size() - 4];
  Value first = b.load(descriptor, b.idx(1)), second = b.load(descriptor, b.idx(2));
  emitPass(b, programs, target, arguments, begin, first, kLanes);
  emitPass(b, programs, target, arguments, first, second, target.lanes(programs.dtype));
  emitPass(b, programs, target, arguments, second, end, 0);
  b.endFunction();
  if (failed(verify(*module)) || failed(lowerLoopsToLLVM(*module, target)))
    return internalError(messages);
  auto llvmModule = translateAndOptimize(*module, target);
  if (!llvmModule)
    return llvmModule.error();
  auto object = emitObject(*llvmModule->module, target);
  if (!object)
    return object.error();
  auto image = linkImage(*object);
  if (!image)
    return image.error();
  return loadImage("scalars", *image);
}

template <typename T> bool sameFloat(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

bool isSmallNaN(uint16_t bits, uint16_t infinity) { return (bits & 0x7fff) > infinity; }

} // namespace

bool sameElement(const Elements &a, const Elements &b, size_t i) {
  return visit(a.dtype, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T x = a.at<T>(i), y = b.at<T>(i);
    if constexpr (std::is_floating_point_v<T>)
      return sameFloat(x, y);
    else if constexpr (std::is_same_v<T, C64> || std::is_same_v<T, C128>)
      return sameFloat(x.real(), y.real()) && sameFloat(x.imag(), y.imag());
    else if constexpr (std::is_same_v<T, Half>)
      return x.bits == y.bits || (isSmallNaN(x.bits, 0x7c00) && isSmallNaN(y.bits, 0x7c00));
    else if constexpr (std::is_same_v<T, BFloat>)
      return x.bits == y.bits || (isSmallNaN(x.bits, 0x7f80) && isSmallNaN(y.bits, 0x7f80));
    else
      return std::memcmp(&x, &y, sizeof x) == 0;
  });
}

DType ScalarPrograms::resultType(size_t i) const {
  if (i < ops.size())
    return resultDType(ops[i], dtype);
  i -= ops.size();
  return i < casts.size() ? casts[i] : constants[i - casts.size()].dtype;
}

std::vector<Elements> runScalarPrograms(const ScalarPrograms &programs, const Target &target,
                                        const Elements &x, const Elements &y,
                                        const Elements &condition) {
  auto kernel = compile(programs, target);
  if (!kernel) {
    ADD_FAILURE() << kernel.error().render();
    return {};
  }
  size_t count = x.size();
  auto run = [&](int64_t first, int64_t second) {
    std::vector<Elements> results(programs.size());
    std::vector<void *> buffers;
    for (const Elements *input : {&x, &y, &condition})
      buffers.push_back(const_cast<uint8_t *>(input->bytes.data()));
    for (size_t i = 0; i < results.size(); ++i) {
      results[i].dtype = programs.resultType(i);
      results[i].bytes.resize(count * itemSize(results[i].dtype));
      buffers.push_back(results[i].bytes.data());
    }
    int64_t descriptor[] = {0, first, second};
    (*kernel)->entry()(buffers.data(), descriptor, nullptr, 0, int64_t(count));
    return results;
  };
  int64_t whole = int64_t(count) / 64 * 64; // a multiple of all numbers of lanes
  auto vectors = run(whole, whole);
  for (auto &others : {run(0, whole), run(0, 0)})
    for (size_t p = 0; p < vectors.size(); ++p)
      for (size_t i = 0; i < count; ++i)
        if (!sameElement(vectors[p], others[p], i)) {
          ADD_FAILURE() << "program " << p << " of " << shortName(programs.dtype)
                        << " depends on the number of lanes at element " << i;
          break;
        }
  return vectors;
}

} // namespace ricci::test
