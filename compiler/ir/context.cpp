//===- context.cpp - the MLIR context Ricci works in ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/context.h"

#include "compiler/ir/dialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/MLIRContext.h"

namespace ricci {

void registerDialects(mlir::DialectRegistry &registry) {
  registry
      .insert<RicciDialect, mlir::func::FuncDialect, mlir::arith::ArithDialect,
              mlir::index::IndexDialect, mlir::math::MathDialect, mlir::scf::SCFDialect,
              mlir::vector::VectorDialect, mlir::memref::MemRefDialect, mlir::LLVM::LLVMDialect>();
}

std::unique_ptr<mlir::MLIRContext> makeContext() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  auto context =
      std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  context->loadDialect<RicciDialect, mlir::func::FuncDialect>();
  return context;
}

} // namespace ricci
