// RUN: ricci-opt %s --ricci-order-contractions | FileCheck %s

// The cheaper of two orders; the label that is last in the result comes last in the intermediate.
// CHECK-LABEL: func.func @chain
// CHECK-NEXT: %[[BC:.*]] = ricci.einsum "jk,kl->jl" ins(%arg1, %arg2 : tensor<200x300xf32>, tensor<300x50xf32>) -> tensor<200x50xf32>
// CHECK-NEXT: %[[R:.*]] = ricci.einsum "ij,jl->il" ins(%arg0, %[[BC]] : tensor<100x200xf32>, tensor<200x50xf32>) -> tensor<100x50xf32>
// CHECK-NEXT: return %[[R]]
func.func @chain(%a: tensor<100x200xf32>, %b: tensor<200x300xf32>, %c: tensor<300x50xf32>) -> tensor<100x50xf32> {
  %0 = ricci.einsum "ij,jk,kl->il" ins(%a, %b, %c : tensor<100x200xf32>, tensor<200x300xf32>, tensor<300x50xf32>) -> tensor<100x50xf32>
  return %0 : tensor<100x50xf32>
}

// Two operands with nothing to sum alone are left as they are, diagonals included.
// CHECK-LABEL: func.func @binary
// CHECK-NEXT: ricci.einsum "iij,jk->ik"
// CHECK-NEXT: return
func.func @binary(%a: tensor<3x3x4xf16>, %b: tensor<4x5xf16>) -> tensor<3x5xf16> {
  %0 = ricci.einsum "iij,jk->ik" ins(%a, %b : tensor<3x3x4xf16>, tensor<4x5xf16>) -> tensor<3x5xf16>
  return %0 : tensor<3x5xf16>
}

// A label of one operand alone is summed first. Intermediates of bf16 are f32.
// CHECK-LABEL: func.func @private_label
// CHECK-NEXT: %[[S:.*]] = ricci.einsum "ij->j" ins(%arg0 : tensor<3x4xbf16>) -> tensor<4xf32>
// CHECK-NEXT: ricci.einsum "j,jk->k" ins(%[[S]], %arg1 : tensor<4xf32>, tensor<4x5xbf16>) -> tensor<5xbf16>
func.func @private_label(%a: tensor<3x4xbf16>, %b: tensor<4x5xbf16>) -> tensor<5xbf16> {
  %0 = ricci.einsum "ij,jk->k" ins(%a, %b : tensor<3x4xbf16>, tensor<4x5xbf16>) -> tensor<5xbf16>
  return %0 : tensor<5xbf16>
}

// An axis of extent 1 only broadcasts: the other operand is summed alone.
// CHECK-LABEL: func.func @broadcast
// CHECK-NEXT: %[[S:.*]] = ricci.einsum "jk->k" ins(%arg1 : tensor<4x5xf32>) -> tensor<5xf32>
// CHECK-NEXT: ricci.einsum "ij,k->ik" ins(%arg0, %[[S]] : tensor<3x1xf32>, tensor<5xf32>) -> tensor<3x5xf32>
func.func @broadcast(%a: tensor<3x1xf32>, %b: tensor<4x5xf32>) -> tensor<3x5xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<3x1xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// Labels keep their names, whatever they are.
// CHECK-LABEL: func.func @names
// CHECK-NEXT: ricci.einsum "{#57}β,{#57}->β"
// CHECK-NEXT: ricci.einsum "β{…0},β->{…0}"
func.func @names(%a: tensor<2x3xi64>, %b: tensor<4x2xi64>, %c: tensor<4xi64>) -> tensor<3xi64> {
  %0 = ricci.einsum "β{…0},{#57}β,{#57}->{…0}" ins(%a, %b, %c : tensor<2x3xi64>, tensor<4x2xi64>, tensor<4xi64>) -> tensor<3xi64>
  return %0 : tensor<3xi64>
}
