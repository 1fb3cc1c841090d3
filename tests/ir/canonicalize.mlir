// RUN: ricci-opt %s --canonicalize --cse | FileCheck %s

// CHECK-LABEL: func.func @identities
// CHECK-SAME: %[[A:.*]]: tensor<3x4xf32>
func.func @identities(%a: tensor<3x4xf32>) -> tensor<3x4xf32> {
  // CHECK-NEXT: return %[[A]]
  %0 = ricci.cast %a : tensor<3x4xf32> -> tensor<3x4xf32>
  %1 = ricci.transpose %0 perm = [0, 1] : tensor<3x4xf32> -> tensor<3x4xf32>
  %2 = ricci.reshape %1 : tensor<3x4xf32> -> tensor<3x4xf32>
  %3 = ricci.broadcast %2 : tensor<3x4xf32> -> tensor<3x4xf32>
  return %3 : tensor<3x4xf32>
}

// A square matrix keeps its transpose.
// CHECK-LABEL: func.func @transpose
func.func @transpose(%a: tensor<3x3xf32>) -> tensor<3x3xf32> {
  // CHECK: ricci.transpose
  %0 = ricci.transpose %a perm = [1, 0] : tensor<3x3xf32> -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// CHECK-LABEL: func.func @unused
func.func @unused(%a: tensor<3xf32>) {
  // CHECK-NEXT: return
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> {
    ricci.yield %x : tensor<3xf32>
  }
  return
}

// CHECK-LABEL: func.func @equal
func.func @equal(%a: tensor<3x4xf32>) -> (tensor<3xf32>, tensor<3xf32>) {
  // CHECK: %[[S:.*]] = ricci.einsum
  // CHECK-NEXT: return %[[S]], %[[S]]
  %0 = ricci.einsum "ij->i" ins(%a : tensor<3x4xf32>) -> tensor<3xf32>
  %1 = ricci.einsum "ij->i" ins(%a : tensor<3x4xf32>) -> tensor<3xf32>
  return %0, %1 : tensor<3xf32>, tensor<3xf32>
}
