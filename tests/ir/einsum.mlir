// RUN: ricci-opt %s | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --mlir-print-op-generic | ricci-opt | FileCheck %s

// CHECK-LABEL: func.func @matmul
// CHECK-SAME: %[[A:.*]]: tensor<3x4xf32>, %[[B:.*]]: tensor<4x5xf32>
func.func @matmul(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  // CHECK: ricci.einsum "ij,jk->ik" ins(%[[A]], %[[B]] : tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// Names in braces, letters outside of ASCII, a diagonal, a scalar, broadcast axes, mixed types.
// CHECK-LABEL: func.func @forms
func.func @forms(%a: tensor<2x3x3xf32>, %b: tensor<1x7xi8>, %c: tensor<f64>) -> tensor<2x7xf64> {
  // CHECK: ricci.einsum "{…0}ββ,{…0}{#57},->{…0}{#57}" ins(
  %0 = ricci.einsum "{…0}ββ,{…0}{#57},->{…0}{#57}" ins(%a, %b, %c : tensor<2x3x3xf32>, tensor<1x7xi8>, tensor<f64>) -> tensor<2x7xf64>
  return %0 : tensor<2x7xf64>
}

// CHECK-LABEL: func.func @element_types
func.func @element_types(%a: tensor<2xi1>, %b: tensor<2xui64>, %c: tensor<2xbf16>, %d: tensor<2xcomplex<f64>>) -> tensor<complex<f64>> {
  // CHECK: ricci.einsum "i,i,i,i->" ins({{.*}} : tensor<2xi1>, tensor<2xui64>, tensor<2xbf16>, tensor<2xcomplex<f64>>) -> tensor<complex<f64>>
  %0 = ricci.einsum "i,i,i,i->" ins(%a, %b, %c, %d : tensor<2xi1>, tensor<2xui64>, tensor<2xbf16>, tensor<2xcomplex<f64>>) -> tensor<complex<f64>>
  return %0 : tensor<complex<f64>>
}

// CHECK-LABEL: func.func @empty
func.func @empty(%a: tensor<0x4xf32>, %b: tensor<1x4xf32>) -> tensor<0x4xf32> {
  // CHECK: ricci.einsum "ij,ij->ij"
  %0 = ricci.einsum "ij,ij->ij" ins(%a, %b : tensor<0x4xf32>, tensor<1x4xf32>) -> tensor<0x4xf32>
  return %0 : tensor<0x4xf32>
}
