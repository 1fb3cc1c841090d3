// RUN: ricci-opt %s --split-input-file --verify-diagnostics --ricci-form-kernels | FileCheck %s

// Arguments and results have the caller's strides, intermediates are in C order.
// CHECK-LABEL: func.func @chain
// CHECK-SAME: (%[[A:.*]]: tensor<3x4xf32> {{.*}}, %[[B:.*]]: tensor<4x5xf32>, %[[C:.*]]: tensor<5x6xf32> {{.*}})
// CHECK-NEXT: %[[AB:.*]] = ricci.kernel "ij,jk->ik" ins(%[[X:.*]] = %[[A]], %[[Y:.*]] = %[[B]] : tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
// CHECK-SAME: layouts([1, -3], [5, 1], [5, 1]) {
// CHECK-NEXT: %[[R:.*]] = ricci.einsum "ij,jk->ik" ins(%[[X]], %[[Y]] : tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
// CHECK-NEXT: ricci.yield %[[R]]
// CHECK: %[[ABC:.*]] = ricci.kernel "ik,kl->il" ins(%{{.*}} = %[[AB]], %{{.*}} = %[[C]] :
// CHECK-SAME: layouts([5, 1], [0, 2], [1, 3]) {
// CHECK: return %[[ABC]]
func.func @chain(%a: tensor<3x4xf32> {ricci.strides = array<i64: 1, -3>}, %b: tensor<4x5xf32>,
                 %c: tensor<5x6xf32> {ricci.strides = array<i64: 0, 2>})
    -> (tensor<3x6xf32> {ricci.strides = array<i64: 1, 3>}) {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  %1 = ricci.einsum "ik,kl->il" ins(%0, %c : tensor<3x5xf32>, tensor<5x6xf32>) -> tensor<3x6xf32>
  return %1 : tensor<3x6xf32>
}

// One operand; a scalar's layout is empty.
// CHECK-LABEL: func.func @sum
// CHECK-NEXT: ricci.kernel "ij->" ins(%{{.*}} = %arg0 : tensor<3x4xi8>) -> tensor<i8> layouts([4, 1], []) {
func.func @sum(%a: tensor<3x4xi8>) -> tensor<i8> {
  %0 = ricci.einsum "ij->" ins(%a : tensor<3x4xi8>) -> tensor<i8>
  return %0 : tensor<i8>
}

// What is a kernel already stays.
// CHECK-LABEL: func.func @again
// CHECK-NEXT: ricci.kernel "i->i" ins(%{{.*}} = %arg0 : tensor<3xf32>) -> tensor<3xf32> layouts([7], [1]) {
// CHECK-NEXT: ricci.einsum
// CHECK-NEXT: ricci.yield
func.func @again(%a: tensor<3xf32>) -> tensor<3xf32> {
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> layouts([7], [1]) {
    %1 = ricci.einsum "i->i" ins(%x : tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @not_ordered(%a: tensor<3xf32>) -> tensor<f32> {
  // expected-error @+1 {{an einsum of more than two operands must be ordered first}}
  %0 = ricci.einsum "i,i,i->" ins(%a, %a, %a : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}
