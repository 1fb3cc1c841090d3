// RUN: ricci-opt %s | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --mlir-print-op-generic | ricci-opt | FileCheck %s

// CHECK-LABEL: func.func @kinds
func.func @kinds(%a: tensor<3x4xf32>, %b: tensor<4xf32>) {
  // CHECK: ricci.elementwise add(%{{.*}}, %{{.*}}) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %0 = ricci.elementwise add(%a, %b) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise sub(
  %1 = ricci.elementwise sub(%b, %a) : (tensor<4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise mul(
  %2 = ricci.elementwise mul(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise div(
  %3 = ricci.elementwise div(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise max(
  %4 = ricci.elementwise max(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise min(
  %5 = ricci.elementwise min(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise neg(
  %6 = ricci.elementwise neg(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise abs(
  %7 = ricci.elementwise abs(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise exp(
  %8 = ricci.elementwise exp(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise log(
  %9 = ricci.elementwise log(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise sqrt(
  %10 = ricci.elementwise sqrt(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise tanh(
  %11 = ricci.elementwise tanh(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  return
}

// CHECK-LABEL: func.func @types
func.func @types(%a: tensor<3x1xi1>, %b: tensor<4xi1>, %c: tensor<2xcomplex<f32>>, %d: tensor<0x1xui8>, %e: tensor<3xui8>) {
  // CHECK: ricci.elementwise mul({{.*}}) : (tensor<3x1xi1>, tensor<4xi1>) -> tensor<3x4xi1>
  %0 = ricci.elementwise mul(%a, %b) : (tensor<3x1xi1>, tensor<4xi1>) -> tensor<3x4xi1>
  // CHECK: ricci.elementwise abs({{.*}}) : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
  %1 = ricci.elementwise abs(%c) : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
  // CHECK: ricci.elementwise max({{.*}}) : (tensor<0x1xui8>, tensor<3xui8>) -> tensor<0x3xui8>
  %2 = ricci.elementwise max(%d, %e) : (tensor<0x1xui8>, tensor<3xui8>) -> tensor<0x3xui8>
  return
}
