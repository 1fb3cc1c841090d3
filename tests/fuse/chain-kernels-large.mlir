// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=x86-64-v3},ricci-chain-kernels{cpu=x86-64-v3}))' | FileCheck %s

// The packed keys are more than a quarter of the L3 cache: a chain that spares 610 MiB of scores, but not one that
// spares 76.
// CHECK-LABEL: func.func @many_keys
// CHECK-COUNT-2: rows = array<i64: 1, 8000
// CHECK-LABEL: func.func @few_queries
// CHECK-NOT: rows = array
func.func @many_keys(%q: tensor<8000x64xf32>, %k: tensor<20000x64xf32>, %v: tensor<20000x64xf32>) -> tensor<8000x64xf32> {
  %0 = ricci.einsum "id,jd->ij" ins(%q, %k : tensor<8000x64xf32>, tensor<20000x64xf32>) -> tensor<8000x20000xf32>
  %1 = ricci.elementwise exp(%0) : (tensor<8000x20000xf32>) -> tensor<8000x20000xf32>
  %2 = ricci.einsum "ij,jd->id" ins(%1, %v : tensor<8000x20000xf32>, tensor<20000x64xf32>) -> tensor<8000x64xf32>
  return %2 : tensor<8000x64xf32>
}
func.func @few_queries(%q: tensor<1000x64xf32>, %k: tensor<20000x64xf32>, %v: tensor<20000x64xf32>) -> tensor<1000x64xf32> {
  %0 = ricci.einsum "id,jd->ij" ins(%q, %k : tensor<1000x64xf32>, tensor<20000x64xf32>) -> tensor<1000x20000xf32>
  %1 = ricci.elementwise exp(%0) : (tensor<1000x20000xf32>) -> tensor<1000x20000xf32>
  %2 = ricci.einsum "ij,jd->id" ins(%1, %v : tensor<1000x20000xf32>, tensor<20000x64xf32>) -> tensor<1000x64xf32>
  return %2 : tensor<1000x64xf32>
}
