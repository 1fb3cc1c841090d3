// RUN: ricci-opt %s --ricci-expand-products | FileCheck %s

// What computes the larger operand is fused with the sum.
// CHECK-LABEL: func.func @matrix_vector
// CHECK: %[[EXP:.*]] = ricci.elementwise exp(%arg0)
// CHECK: %[[V:.*]] = ricci.reshape %arg1 : tensor<4xf32> -> tensor<1x4xf32>
// CHECK: %[[PRODUCTS:.*]] = ricci.elementwise multiply(%[[EXP]], %[[V]]) : (tensor<3x4xf32>, tensor<1x4xf32>) -> tensor<3x4xf32>
// CHECK: ricci.reduce sum %[[PRODUCTS]] dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
func.func @matrix_vector(%a: tensor<3x4xf32>, %v: tensor<4xf32>) -> tensor<3xf32> {
  %0 = ricci.elementwise exp(%a) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  %1 = ricci.einsum "ij,j->i" ins(%0, %v : tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
  return %1 : tensor<3xf32>
}

// In batches, across, through a view, an axis of extent 1 in the result. 16-bit products are not
// rounded.
// CHECK-LABEL: func.func @batch
// CHECK: ricci.transpose {{.*}} perm = [0, 2, 1] : tensor<2x3x4xf16> -> tensor<2x4x3xf16>
// CHECK: ricci.cast {{.*}} -> tensor<2x3x4xf32>
// CHECK: %[[SUM:.*]] = ricci.reduce sum {{.*}} dims = [2] : tensor<2x3x4xf32> -> tensor<2x3xf32>
// CHECK: ricci.reshape %[[SUM]] : tensor<2x3xf32> -> tensor<2x1x3xf32>
// CHECK: ricci.cast {{.*}} : tensor<2x1x3xf32> -> tensor<2x1x3xf16>
func.func @batch(%a: tensor<2x3x4xf16>, %b: tensor<2x1x4xf16>) -> tensor<2x1x3xf16> {
  %0 = ricci.elementwise sqrt(%a) : (tensor<2x3x4xf16>) -> tensor<2x3x4xf16>
  %1 = ricci.transpose %0 perm = [0, 2, 1] : tensor<2x3x4xf16> -> tensor<2x4x3xf16>
  %2 = ricci.einsum "bmk,bkn->bmn" ins(%b, %1 : tensor<2x1x4xf16>, tensor<2x4x3xf16>) -> tensor<2x1x3xf16>
  return %2 : tensor<2x1x3xf16>
}

// Nothing is summed, and something goes on from every product.
// CHECK-LABEL: func.func @outer
// CHECK-NOT: ricci.einsum
// CHECK: ricci.elementwise multiply({{.*}}) : (tensor<3x1xf32>, tensor<1x4xf32>) -> tensor<3x4xf32>
// CHECK: ricci.elementwise exp
func.func @outer(%a: tensor<3xf32>, %b: tensor<4xf32>) -> tensor<3x4xf32> {
  %0 = ricci.einsum "i,j->ij" ins(%a, %b : tensor<3xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  %1 = ricci.elementwise exp(%0) : (tensor<3x4xf32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @bools
// CHECK: ricci.elementwise multiply
// CHECK: ricci.reduce any
func.func @bools(%a: tensor<3x4xi1>, %v: tensor<4xi1>) -> tensor<3xi1> {
  %0 = ricci.elementwise invert(%a) : (tensor<3x4xi1>) -> tensor<3x4xi1>
  %1 = ricci.einsum "ij,j->i" ins(%0, %v : tensor<3x4xi1>, tensor<4xi1>) -> tensor<3xi1>
  return %1 : tensor<3xi1>
}

// Elements that are in many products, a small operand that is computed, operands from memory,
// a diagonal, a value that others read: einsums stay.
// CHECK-LABEL: func.func @stay
// CHECK-COUNT-5: ricci.einsum
// CHECK-NOT: ricci.elementwise multiply
func.func @stay(%a: tensor<16x16xf32>, %b: tensor<16x16xf32>, %v: tensor<16xf32>)
    -> (tensor<16x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x16xf32>) {
  %0 = ricci.elementwise exp(%a) : (tensor<16x16xf32>) -> tensor<16x16xf32>
  %1 = ricci.einsum "ij,jk->ik" ins(%0, %b : tensor<16x16xf32>, tensor<16x16xf32>) -> tensor<16x16xf32>
  %2 = ricci.elementwise exp(%v) : (tensor<16xf32>) -> tensor<16xf32>
  %3 = ricci.einsum "ij,j->i" ins(%b, %2 : tensor<16x16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %4 = ricci.einsum "ij,j->i" ins(%a, %v : tensor<16x16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %5 = ricci.elementwise sqrt(%a) : (tensor<16x16xf32>) -> tensor<16x16xf32>
  %6 = ricci.einsum "ii,i->i" ins(%5, %v : tensor<16x16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %7 = ricci.elementwise exp(%b) : (tensor<16x16xf32>) -> tensor<16x16xf32>
  %8 = ricci.einsum "ij,j->i" ins(%7, %v : tensor<16x16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %1, %3, %4, %6, %8, %7 : tensor<16x16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16x16xf32>
}
