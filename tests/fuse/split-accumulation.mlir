// RUN: ricci-opt %s --ricci-split-accumulation=cpu=x86-64-v3 | FileCheck %s

// What moves is computed, then added in order.
// CHECK-LABEL: func.func @transpose
// CHECK: %[[MOVED:.*]] = ricci.einsum "ij->ji" ins(%arg0
// CHECK: %[[SUM:.*]] = ricci.einsum "ji->ji" ins(%[[MOVED]]
// CHECK: return %[[SUM]]
func.func @transpose(%a: tensor<100x200xf32>) -> tensor<200x100xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "ij->ji" ins(%a : tensor<100x200xf32>) -> tensor<200x100xf32>
  return %0 : tensor<200x100xf32>
}

// A factor is for the second.
// CHECK-LABEL: func.func @scaled
// CHECK: %[[MOVED:.*]] = ricci.einsum "ij->ji" ins(%arg1
// CHECK: ricci.einsum "ji,->ji" ins(%[[MOVED]], %arg0
func.func @scaled(%alpha: tensor<f32>, %a: tensor<100x200xf32>) -> tensor<200x100xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum ",ij->ji" ins(%alpha, %a : tensor<f32>, tensor<100x200xf32>) -> tensor<200x100xf32>
  return %0 : tensor<200x100xf32>
}

// 64 MiB leave the caches.
// CHECK-LABEL: func.func @large
// CHECK: %[[PRODUCT:.*]] = ricci.einsum "ij,jk->ik"
// CHECK: ricci.einsum "ik->ik" ins(%[[PRODUCT]]
func.func @large(%a: tensor<4096x16xf32>, %b: tensor<16x4096xf32>) -> tensor<4096x4096xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<4096x16xf32>, tensor<16x4096xf32>) -> tensor<4096x4096xf32>
  return %0 : tensor<4096x4096xf32>
}

// Small ones, those in order, sums, 16-bit floats, and functions that do not accumulate stay.
// CHECK-LABEL: func.func @small
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @small(%a: tensor<64x16xf32>, %b: tensor<16x64xf32>) -> tensor<64x64xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<64x16xf32>, tensor<16x64xf32>) -> tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}
// CHECK-LABEL: func.func @in_order
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @in_order(%alpha: tensor<f32>, %a: tensor<4096x4096xf32>) -> tensor<4096x4096xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum ",ij->ij" ins(%alpha, %a : tensor<f32>, tensor<4096x4096xf32>) -> tensor<4096x4096xf32>
  return %0 : tensor<4096x4096xf32>
}
// CHECK-LABEL: func.func @sum
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @sum(%a: tensor<100x200x300xf32>) -> tensor<300x100xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "ijk->ki" ins(%a : tensor<100x200x300xf32>) -> tensor<300x100xf32>
  return %0 : tensor<300x100xf32>
}
// CHECK-LABEL: func.func @narrow
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @narrow(%a: tensor<100x200xf16>) -> tensor<200x100xf16> attributes {ricci.accumulate} {
  %0 = ricci.einsum "ij->ji" ins(%a : tensor<100x200xf16>) -> tensor<200x100xf16>
  return %0 : tensor<200x100xf16>
}
// CHECK-LABEL: func.func @overwrites
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @overwrites(%a: tensor<100x200xf32>) -> tensor<200x100xf32> {
  %0 = ricci.einsum "ij->ji" ins(%a : tensor<100x200xf32>) -> tensor<200x100xf32>
  return %0 : tensor<200x100xf32>
}
