// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=znver4}),ricci-emit-loops{cpu=znver4})' | FileCheck %s

// Panels hold two numbers of bf16 in 32 bits. The micro-kernel takes a pair of K in a step.
// CHECK-DAG: func.func private @pack_bf16_as_pairs_rows({{.*}}memref<?xi32>
// CHECK-LABEL: func.func @contract_bf16_14x32_pairs_rows_rows
// CHECK: scf.for {{.*}} iter_args({{.*}}vector<16xf32>)
// CHECK-COUNT-2: vector.load {{.*}} vector<16xi32>
// CHECK: vector.broadcast {{.*}} : i32 to vector<16xi32>
// CHECK: vector.bitcast {{.*}} : vector<16xi32> to vector<32xbf16>
// CHECK: llvm.call_intrinsic "llvm.x86.avx512bf16.dpbf16ps.512"({{.*}}) : (vector<16xf32>, vector<32xbf16>, vector<32xbf16>) -> vector<16xf32>
func.func @packed(%a: tensor<480x600xbf16>, %b: tensor<480x800xbf16>) -> tensor<600x800xbf16> {
  %0 = ricci.einsum "ji,jk->ik" ins(%a, %b : tensor<480x600xbf16>, tensor<480x800xbf16>) -> tensor<600x800xbf16>
  return %0 : tensor<600x800xbf16>
}
