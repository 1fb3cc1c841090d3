// RUN: ricci-opt %s | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --mlir-print-op-generic | ricci-opt | FileCheck %s

// CHECK-LABEL: func.func @kinds
func.func @kinds(%a: tensor<3x4xf32>, %b: tensor<4xf32>) {
  // CHECK: ricci.elementwise add(%{{.*}}, %{{.*}}) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %0 = ricci.elementwise add(%a, %b) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise subtract(
  %1 = ricci.elementwise subtract(%b, %a) : (tensor<4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise multiply(
  %2 = ricci.elementwise multiply(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise divide(
  %3 = ricci.elementwise divide(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise maximum(
  %4 = ricci.elementwise maximum(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise minimum(
  %5 = ricci.elementwise minimum(%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise negative(
  %6 = ricci.elementwise negative(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  // CHECK: ricci.elementwise absolute(
  %7 = ricci.elementwise absolute(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
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
func.func @types(%a: tensor<3x1xi1>, %b: tensor<4xi1>, %c: tensor<2xcomplex<f32>>, %d: tensor<0x1xui8>, %e: tensor<3xui8>, %f: tensor<3xbf16>) {
  // CHECK: ricci.elementwise multiply({{.*}}) : (tensor<3x1xi1>, tensor<4xi1>) -> tensor<3x4xi1>
  %0 = ricci.elementwise multiply(%a, %b) : (tensor<3x1xi1>, tensor<4xi1>) -> tensor<3x4xi1>
  // CHECK: ricci.elementwise absolute({{.*}}) : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
  %1 = ricci.elementwise absolute(%c) : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
  // CHECK: ricci.elementwise maximum({{.*}}) : (tensor<0x1xui8>, tensor<3xui8>) -> tensor<0x3xui8>
  %2 = ricci.elementwise maximum(%d, %e) : (tensor<0x1xui8>, tensor<3xui8>) -> tensor<0x3xui8>
  // CHECK: ricci.elementwise less({{.*}}) : (tensor<2xcomplex<f32>>, tensor<2xcomplex<f32>>) -> tensor<2xi1>
  %3 = ricci.elementwise less(%c, %c) : (tensor<2xcomplex<f32>>, tensor<2xcomplex<f32>>) -> tensor<2xi1>
  // CHECK: ricci.elementwise isnan({{.*}}) : (tensor<3xbf16>) -> tensor<3xi1>
  %4 = ricci.elementwise isnan(%f) : (tensor<3xbf16>) -> tensor<3xi1>
  // CHECK: ricci.elementwise where({{.*}}) : (tensor<4xi1>, tensor<3x1xi1>, tensor<4xi1>) -> tensor<3x4xi1>
  %5 = ricci.elementwise where(%b, %a, %b) : (tensor<4xi1>, tensor<3x1xi1>, tensor<4xi1>) -> tensor<3x4xi1>
  // CHECK: ricci.elementwise where({{.*}}) : (tensor<3x1xi1>, tensor<3xui8>, tensor<0x1x3xui8>) -> tensor<0x3x3xui8>
  %g = ricci.constant dense<1> : tensor<0x1x3xui8>
  %6 = ricci.elementwise where(%a, %e, %g) : (tensor<3x1xi1>, tensor<3xui8>, tensor<0x1x3xui8>) -> tensor<0x3x3xui8>
  return
}
