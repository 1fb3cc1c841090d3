// RUN: ricci-opt %s | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --mlir-print-op-generic | ricci-opt | FileCheck %s

// CHECK-LABEL: func.func @planned
// CHECK-SAME: %[[A:.*]]: tensor<3x4xf32>, %[[B:.*]]: tensor<4x5xf32>
func.func @planned(%a: tensor<3x4xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  // CHECK: ricci.kernel "ij,jk->ik" ins(%[[X:.*]] = %[[A]], %[[Y:.*]] = %[[B]] : tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  // CHECK-SAME: schedule(#ricci.schedule<"contract", {mr = 6 : i64, packed = true}>)
  // CHECK-SAME: layouts([1, 3], [5, 1], [-5, 1]) arena([-1]) {
  // CHECK-NEXT: %[[C:.*]] = ricci.einsum "ij,jk->ik" ins(%[[X]], %[[Y]] :
  // CHECK-NEXT: ricci.yield %[[C]] : tensor<3x5xf32>
  // CHECK-NEXT: } {note = "kept"}
  %0 = ricci.kernel "ij,jk->ik" ins(%x = %a, %y = %b : tensor<3x4xf32>, tensor<4x5xf32>)
      -> tensor<3x5xf32> schedule(#ricci.schedule<"contract", {mr = 6, packed = true}>)
      layouts([1, 3], [5, 1], [-5, 1]) arena([-1]) {
    %1 = ricci.einsum "ij,jk->ik" ins(%x, %y : tensor<3x4xf32>, tensor<4x5xf32>)
        -> tensor<3x5xf32>
    ricci.yield %1 : tensor<3x5xf32>
  } {note = "kept"}
  return %0 : tensor<3x5xf32>
}

// CHECK-LABEL: func.func @bare
func.func @bare(%a: tensor<3xf32>) -> (tensor<3xf32>, tensor<f32>) {
  // CHECK: ricci.kernel ins(%[[X:.*]] = %{{.*}} : tensor<3xf32>) -> (tensor<3xf32>, tensor<f32>) {
  %0:2 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> (tensor<3xf32>, tensor<f32>) {
    %1 = ricci.elementwise exp(%x) : (tensor<3xf32>) -> tensor<3xf32>
    %2 = ricci.reduce sum %1 dims = [0] : tensor<3xf32> -> tensor<f32>
    ricci.yield %1, %2 : tensor<3xf32>, tensor<f32>
  }
  return %0#0, %0#1 : tensor<3xf32>, tensor<f32>
}

// A scalar's layout is empty; a kernel may have no operands.
// CHECK-LABEL: func.func @no_operands
func.func @no_operands() -> tensor<f32> {
  // CHECK: ricci.kernel ins() -> tensor<f32> layouts([]) arena([64]) {
  %0 = ricci.kernel ins() -> tensor<f32> layouts([]) arena([64]) {
    %1 = ricci.constant dense<1.0> : tensor<f32>
    ricci.yield %1 : tensor<f32>
  }
  return %0 : tensor<f32>
}
