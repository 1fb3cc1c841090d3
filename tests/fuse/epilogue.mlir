// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels{epilogue-bytes=0},ricci-choose-schedule{cpu=x86-64-v3}))' | FileCheck %s
// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels{epilogue-bytes=0},ricci-choose-schedule{cpu=x86-64-v3}))' | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --ricci-form-kernels | FileCheck %s --check-prefix=SMALL
// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels{any-epilogue}))' | FileCheck %s --check-prefix=ANY

// The sum with the bias is computed where the sums are; dims have strides of the bias after the result's.
// CHECK-LABEL: func.func @linear
// CHECK: ricci.kernel "mk,kn->mn, add maximum"
// CHECK-SAME: schedule(#ricci.schedule<"contract"
// CHECK-SAME: m = [array<i64: 200, 300, 0, 100, 0>], n = [array<i64: 100, 0, 1, 1, 1>]
// CHECK-SAME: panels
// CHECK: ricci.einsum
// CHECK: ricci.elementwise maximum
// CHECK-NOT: ricci.kernel
// A result that stays in the caches is left to a kernel of its own.
// SMALL-LABEL: func.func @linear
// SMALL-COUNT-2: ricci.kernel
func.func @linear(%x: tensor<200x300xf32>, %w: tensor<300x100xf32>, %b: tensor<100xf32>) -> tensor<200x100xf32> {
  %0 = ricci.einsum "mk,kn->mn" ins(%x, %w : tensor<200x300xf32>, tensor<300x100xf32>) -> tensor<200x100xf32>
  %1 = ricci.elementwise add(%0, %b) : (tensor<200x100xf32>, tensor<100xf32>) -> tensor<200x100xf32>
  %2 = ricci.elementwise maximum(%1, %1) : (tensor<200x100xf32>, tensor<200x100xf32>) -> tensor<200x100xf32>
  return %2 : tensor<200x100xf32>
}

// What is as large as the result is not read tile by tile.
// CHECK-LABEL: func.func @residual
// CHECK-COUNT-2: ricci.kernel
// ANY-LABEL: func.func @residual
// ANY: ricci.kernel "mk,kn->mn, add"
// ANY-NOT: ricci.kernel
func.func @residual(%x: tensor<200x300xf32>, %w: tensor<300x100xf32>, %r: tensor<200x100xf32>) -> tensor<200x100xf32> {
  %0 = ricci.einsum "mk,kn->mn" ins(%x, %w : tensor<200x300xf32>, tensor<300x100xf32>) -> tensor<200x100xf32>
  %1 = ricci.elementwise add(%0, %r) : (tensor<200x100xf32>, tensor<200x100xf32>) -> tensor<200x100xf32>
  return %1 : tensor<200x100xf32>
}

// The sums are read elsewhere.
// CHECK-LABEL: func.func @sums_too
// CHECK-COUNT-2: ricci.kernel
// ANY-LABEL: func.func @sums_too
// ANY-COUNT-2: ricci.kernel
func.func @sums_too(%x: tensor<200x300xf32>, %w: tensor<300x100xf32>, %b: tensor<100xf32>) -> (tensor<200x100xf32>, tensor<200x100xf32>) {
  %0 = ricci.einsum "mk,kn->mn" ins(%x, %w : tensor<200x300xf32>, tensor<300x100xf32>) -> tensor<200x100xf32>
  %1 = ricci.elementwise add(%0, %b) : (tensor<200x100xf32>, tensor<100xf32>) -> tensor<200x100xf32>
  %2 = ricci.elementwise multiply(%1, %0) : (tensor<200x100xf32>, tensor<200x100xf32>) -> tensor<200x100xf32>
  return %1, %2 : tensor<200x100xf32>, tensor<200x100xf32>
}

// Columns are a batch label: nothing is contiguous in panels.
// CHECK-LABEL: func.func @batch_last
// CHECK-COUNT-2: ricci.kernel
// ANY-LABEL: func.func @batch_last
// ANY: ricci.kernel "mkb,knb->mnb, add"
// ANY-NOT: ricci.kernel
func.func @batch_last(%x: tensor<200x300x8xf32>, %w: tensor<300x100x8xf32>, %b: tensor<8xf32>) -> tensor<200x100x8xf32> {
  %0 = ricci.einsum "mkb,knb->mnb" ins(%x, %w : tensor<200x300x8xf32>, tensor<300x100x8xf32>) -> tensor<200x100x8xf32>
  %1 = ricci.elementwise add(%0, %b) : (tensor<200x100x8xf32>, tensor<8xf32>) -> tensor<200x100x8xf32>
  return %1 : tensor<200x100x8xf32>
}
