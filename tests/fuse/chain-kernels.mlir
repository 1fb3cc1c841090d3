// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=x86-64-v3},ricci-chain-kernels{cpu=x86-64-v3 min-bytes=1},ricci-plan-memory))' | FileCheck %s
// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=x86-64-v3},ricci-chain-kernels{cpu=x86-64-v3 min-bytes=1},ricci-plan-memory))' | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=x86-64-v3},ricci-chain-kernels{cpu=x86-64-v3 min-bytes=1000000}))' | FileCheck %s --check-prefix=SMALL

// Scores, exponentials, sums of values: 8 entries of 100 rows. Of the scores nothing is in the arena, and the
// exponentials take their place.
// SMALL-NOT: rows = array
// CHECK-LABEL: func.func @attention
// CHECK: ricci.kernel "bid,bjd->bij"
// CHECK-SAME: rows = array<i64: 8, 100, [[ROWS:[0-9]+]], 0>
// CHECK-SAME: arena([0])
// CHECK: ricci.kernel "max subtract exp"
// CHECK-SAME: rows = array<i64: 8, 100, [[ROWS]], 0>
// CHECK-SAME: arena([0])
// CHECK: ricci.kernel "bij,bjd->bid"
// CHECK-SAME: rows = array<i64: 8, 100, [[ROWS]], -1>
// CHECK-SAME: arena([-1])
func.func @attention(%q: tensor<8x100x64xf32>, %k: tensor<8x200x64xf32>, %v: tensor<8x200x64xf32>) -> tensor<8x100x64xf32> {
  %0 = ricci.einsum "bid,bjd->bij" ins(%q, %k : tensor<8x100x64xf32>, tensor<8x200x64xf32>) -> tensor<8x100x200xf32>
  %1 = ricci.reduce max %0 dims = [2] : tensor<8x100x200xf32> -> tensor<8x100xf32>
  %2 = ricci.reshape %1 : tensor<8x100xf32> -> tensor<8x100x1xf32>
  %3 = ricci.elementwise subtract(%0, %2) : (tensor<8x100x200xf32>, tensor<8x100x1xf32>) -> tensor<8x100x200xf32>
  %4 = ricci.elementwise exp(%3) : (tensor<8x100x200xf32>) -> tensor<8x100x200xf32>
  %5 = ricci.einsum "bij,bjd->bid" ins(%4, %v : tensor<8x100x200xf32>, tensor<8x200x64xf32>) -> tensor<8x100x64xf32>
  return %5 : tensor<8x100x64xf32>
}

// A product and the logarithm of its rows' sums.
// CHECK-LABEL: func.func @rows_of_a_product
// CHECK: ricci.kernel "ij,jk->ik"
// CHECK-SAME: rows = array<i64: 1, 100, [[ROWS:[0-9]+]], 0>
// CHECK: rows = array<i64: 1, 100, [[ROWS]], -1>
func.func @rows_of_a_product(%x: tensor<100x64xf32>, %w: tensor<64x300xf32>) -> tensor<100xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%x, %w : tensor<100x64xf32>, tensor<64x300xf32>) -> tensor<100x300xf32>
  %1 = ricci.elementwise exp(%0) : (tensor<100x300xf32>) -> tensor<100x300xf32>
  %2 = ricci.reduce sum %1 dims = [1] : tensor<100x300xf32> -> tensor<100xf32>
  %3 = ricci.elementwise log(%2) : (tensor<100xf32>) -> tensor<100xf32>
  return %3 : tensor<100xf32>
}

// Sums over the rows, not along them.
// CHECK-LABEL: func.func @columns_of_a_product
// CHECK-NOT: rows = array
func.func @columns_of_a_product(%x: tensor<100x64xf32>, %w: tensor<64x300xf32>) -> tensor<300xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%x, %w : tensor<100x64xf32>, tensor<64x300xf32>) -> tensor<100x300xf32>
  %1 = ricci.elementwise exp(%0) : (tensor<100x300xf32>) -> tensor<100x300xf32>
  %2 = ricci.reduce sum %1 dims = [0] : tensor<100x300xf32> -> tensor<300xf32>
  return %2 : tensor<300xf32>
}

// The scores are a result too; what is made of them still goes row by row into the second product.
// CHECK-LABEL: func.func @scores_too
// CHECK: ricci.kernel "ij,kj->ik"
// CHECK-NOT: rows = array
// CHECK: ricci.kernel "exp"
// CHECK-SAME: rows = array<i64: 1, 100, [[ROWS:[0-9]+]], 0>
// CHECK: ricci.kernel "ik,kl->il"
// CHECK-SAME: rows = array<i64: 1, 100, [[ROWS]], -1>
func.func @scores_too(%q: tensor<100x64xf32>, %k: tensor<200x64xf32>, %v: tensor<200x64xf32>) -> (tensor<100x200xf32>, tensor<100x64xf32>) {
  %0 = ricci.einsum "ij,kj->ik" ins(%q, %k : tensor<100x64xf32>, tensor<200x64xf32>) -> tensor<100x200xf32>
  %1 = ricci.elementwise exp(%0) : (tensor<100x200xf32>) -> tensor<100x200xf32>
  %2 = ricci.einsum "ik,kl->il" ins(%1, %v : tensor<100x200xf32>, tensor<200x64xf32>) -> tensor<100x64xf32>
  return %0, %2 : tensor<100x200xf32>, tensor<100x64xf32>
}

// The second product has the first one's result as columns: all of its rows are wanted at once.
// CHECK-LABEL: func.func @as_columns
// CHECK-NOT: rows = array
func.func @as_columns(%q: tensor<100x64xf32>, %k: tensor<200x64xf32>, %v: tensor<200x100xf32>) -> tensor<200x200xf32> {
  %0 = ricci.einsum "ij,kj->ik" ins(%q, %k : tensor<100x64xf32>, tensor<200x64xf32>) -> tensor<100x200xf32>
  %1 = ricci.einsum "il,lk->ik" ins(%v, %0 : tensor<200x100xf32>, tensor<100x200xf32>) -> tensor<200x200xf32>
  return %1 : tensor<200x200xf32>
}

// Another product between the two comes first.
// CHECK-LABEL: func.func @values_between
// CHECK: ricci.kernel "kx,xl->kl"
// CHECK: ricci.kernel "ij,kj->ik"
// CHECK-SAME: rows = array
// CHECK: ricci.kernel "exp"
// CHECK: ricci.kernel "ik,kl->il"
// CHECK-SAME: rows = array
func.func @values_between(%q: tensor<100x64xf32>, %k: tensor<200x64xf32>, %x: tensor<200x32xf32>, %w: tensor<32x64xf32>) -> tensor<100x64xf32> {
  %0 = ricci.einsum "ij,kj->ik" ins(%q, %k : tensor<100x64xf32>, tensor<200x64xf32>) -> tensor<100x200xf32>
  %1 = ricci.elementwise exp(%0) : (tensor<100x200xf32>) -> tensor<100x200xf32>
  %2 = ricci.einsum "kx,xl->kl" ins(%x, %w : tensor<200x32xf32>, tensor<32x64xf32>) -> tensor<200x64xf32>
  %3 = ricci.einsum "ik,kl->il" ins(%1, %2 : tensor<100x200xf32>, tensor<200x64xf32>) -> tensor<100x64xf32>
  return %3 : tensor<100x64xf32>
}

// The place of q, read for the last time by the first kernel of the chain, is not free before its end.
// CHECK-LABEL: func.func @operands_live_on
// CHECK: ricci.kernel "sum"
// CHECK-SAME: arena([0])
// CHECK: ricci.kernel "ij,kj->ik"
// CHECK: ricci.kernel "ik,kl->il"
// CHECK-SAME: arena([25600])
// CHECK: ricci.kernel "sum"
func.func @operands_live_on(%q: tensor<5x100x64xf32>, %k: tensor<200x64xf32>, %v: tensor<200x64xf32>) -> tensor<64xf32> {
  %0 = ricci.reduce sum %q dims = [0] : tensor<5x100x64xf32> -> tensor<100x64xf32>
  %1 = ricci.einsum "ij,kj->ik" ins(%0, %k : tensor<100x64xf32>, tensor<200x64xf32>) -> tensor<100x200xf32>
  %2 = ricci.einsum "ik,kl->il" ins(%1, %v : tensor<100x200xf32>, tensor<200x64xf32>) -> tensor<100x64xf32>
  %3 = ricci.reduce sum %2 dims = [0] : tensor<100x64xf32> -> tensor<64xf32>
  return %3 : tensor<64xf32>
}

// The second product has too many columns to keep: the first and what follows it are a chain without it.
// CHECK-LABEL: func.func @many_columns
// CHECK: ricci.kernel "ij,jk->ik"
// CHECK-SAME: rows = array<i64: 1, 100, [[ROWS:[0-9]+]], 0>
// CHECK: ricci.kernel "max subtract exp"
// CHECK-SAME: rows = array<i64: 1, 100, [[ROWS]], -1>
// CHECK: ricci.kernel "ik,kl->il"
// CHECK-NOT: rows = array
// CHECK: return
func.func @many_columns(%x: tensor<100x64xf32>, %w: tensor<64x1000xf32>, %u: tensor<1000x9000xf32>) -> tensor<100x9000xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%x, %w : tensor<100x64xf32>, tensor<64x1000xf32>) -> tensor<100x1000xf32>
  %1 = ricci.reduce max %0 dims = [1] : tensor<100x1000xf32> -> tensor<100xf32>
  %2 = ricci.reshape %1 : tensor<100xf32> -> tensor<100x1xf32>
  %3 = ricci.elementwise subtract(%0, %2) : (tensor<100x1000xf32>, tensor<100x1xf32>) -> tensor<100x1000xf32>
  %4 = ricci.elementwise exp(%3) : (tensor<100x1000xf32>) -> tensor<100x1000xf32>
  %5 = ricci.einsum "ik,kl->il" ins(%4, %u : tensor<100x1000xf32>, tensor<1000x9000xf32>) -> tensor<100x9000xf32>
  return %5 : tensor<100x9000xf32>
}
