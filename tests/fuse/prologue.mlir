// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels{prologue-bytes=1},ricci-choose-schedule{cpu=x86-64-v3}))' | FileCheck %s
// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels{prologue-bytes=1},ricci-choose-schedule{cpu=x86-64-v3}))' | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels{prologue-bytes=16777216}))' | FileCheck %s --check-prefix=LARGE
// RUN: ricci-opt %s --ricci-form-kernels | FileCheck %s --check-prefix=NONE

// Weights are widened and scaled while they are packed; dims have strides of the scale after the
// result's.
// CHECK-LABEL: func.func @widened
// CHECK: ricci.kernel "cast multiply, mk,kn->mn"
// CHECK-SAME: schedule(#ricci.schedule<"contract"
// CHECK-SAME: k = [array<i64: 1000, 1, 100, 0, 0>], m = [array<i64: 200, 1000, 0, 100, 0>], n = [array<i64: 100, 0, 1, 1, 1>]
// CHECK-SAME: packing = ["k", "rows"]
// CHECK: ricci.cast
// CHECK: ricci.einsum
// CHECK-NOT: ricci.kernel
// LARGE-LABEL: func.func @widened
// LARGE-COUNT-1: ricci.kernel
// NONE-LABEL: func.func @widened
// NONE-COUNT-2: ricci.kernel
func.func @widened(%x: tensor<200x1000xf32>, %w: tensor<1000x100xi8>, %s: tensor<100xf32>) -> tensor<200x100xf32> {
  %0 = ricci.cast %w : tensor<1000x100xi8> -> tensor<1000x100xf32>
  %1 = ricci.elementwise multiply(%0, %s) : (tensor<1000x100xf32>, tensor<100xf32>) -> tensor<1000x100xf32>
  %2 = ricci.einsum "mk,kn->mn" ins(%x, %1 : tensor<200x1000xf32>, tensor<1000x100xf32>) -> tensor<200x100xf32>
  return %2 : tensor<200x100xf32>
}

// Not widened, it pays where it does not stay in the caches.
// CHECK-LABEL: func.func @rows
// CHECK: ricci.kernel "exp, mk,kn->mn"
// CHECK-NOT: ricci.kernel
// LARGE-LABEL: func.func @rows
// LARGE-COUNT-2: ricci.kernel
func.func @rows(%x: tensor<200x1000xf32>, %w: tensor<1000x100xf32>) -> tensor<200x100xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<200x1000xf32>) -> tensor<200x1000xf32>
  %1 = ricci.einsum "mk,kn->mn" ins(%0, %w : tensor<200x1000xf32>, tensor<1000x100xf32>) -> tensor<200x100xf32>
  return %1 : tensor<200x100xf32>
}

// What is small and dear is computed once, before.
// CHECK-LABEL: func.func @scale
// CHECK: ricci.kernel "exp"
// CHECK: ricci.kernel "multiply, mk,kn->mn"
// CHECK-NOT: ricci.kernel
func.func @scale(%x: tensor<200x1000xf32>, %s: tensor<1000xf32>, %w: tensor<1000x100xf32>) -> tensor<200x100xf32> {
  %0 = ricci.elementwise exp(%s) : (tensor<1000xf32>) -> tensor<1000xf32>
  %1 = ricci.elementwise multiply(%x, %0) : (tensor<200x1000xf32>, tensor<1000xf32>) -> tensor<200x1000xf32>
  %2 = ricci.einsum "mk,kn->mn" ins(%1, %w : tensor<200x1000xf32>, tensor<1000x100xf32>) -> tensor<200x100xf32>
  return %2 : tensor<200x100xf32>
}

// Read elsewhere too; what another kernel has computed; a second contraction that would share the
// code; an axis along which nothing is contiguous that packing could load.
// CHECK-LABEL: func.func @read_twice
// CHECK-COUNT-2: ricci.kernel
func.func @read_twice(%x: tensor<200x1000xf32>, %w: tensor<1000x100xf32>) -> (tensor<200x100xf32>, tensor<200x1000xf32>) {
  %0 = ricci.elementwise exp(%x) : (tensor<200x1000xf32>) -> tensor<200x1000xf32>
  %1 = ricci.einsum "mk,kn->mn" ins(%0, %w : tensor<200x1000xf32>, tensor<1000x100xf32>) -> tensor<200x100xf32>
  return %1, %0 : tensor<200x100xf32>, tensor<200x1000xf32>
}
// CHECK-LABEL: func.func @two
// CHECK-COUNT-3: ricci.kernel
func.func @two(%x: tensor<200x1000xf32>, %w: tensor<1000x100xf32>, %u: tensor<100x50xf32>) -> tensor<200x50xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<200x1000xf32>) -> tensor<200x1000xf32>
  %1 = ricci.einsum "mk,kn->mn" ins(%0, %w : tensor<200x1000xf32>, tensor<1000x100xf32>) -> tensor<200x100xf32>
  %2 = ricci.einsum "mk,kn->mn" ins(%1, %u : tensor<200x100xf32>, tensor<100x50xf32>) -> tensor<200x50xf32>
  return %2 : tensor<200x50xf32>
}
// CHECK-LABEL: func.func @strided
// CHECK-COUNT-2: ricci.kernel
func.func @strided(%x: tensor<200x1000xf32> {ricci.strides = array<i64: 2000, 2>}, %w: tensor<1000x100xf32>) -> tensor<200x100xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<200x1000xf32>) -> tensor<200x1000xf32>
  %1 = ricci.einsum "mk,kn->mn" ins(%0, %w : tensor<200x1000xf32>, tensor<1000x100xf32>) -> tensor<200x100xf32>
  return %1 : tensor<200x100xf32>
}
