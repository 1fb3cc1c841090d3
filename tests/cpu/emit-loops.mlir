// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=x86-64-v3}),ricci-emit-loops{cpu=x86-64-v3})' -o %t
// RUN: FileCheck %s < %t
// RUN: FileCheck %s --check-prefix=NONE < %t
// RUN: FileCheck %s --check-prefix=ENTRY < %t
// RUN: ricci-opt %t | FileCheck %s

// Three kernels: both functions' contractions have one spec. Nothing of the program is left.
// NONE-NOT: tensor<
// NONE-NOT: ricci.kernel
// NONE-NOT: func.func @first
// ENTRY-COUNT-3: attributes {ricci.entry}
// ENTRY-NOT: ricci.entry

// CHECK-DAG: func.func private @fill_offsets
// CHECK-DAG: func.func private @fill_runs
// CHECK-DAG: func.func private @pack_f32_as_f32_rows

// Two operands and the result, the descriptor, the workspace, and a range of tasks.
// CHECK-LABEL: func.func @contract_f32_6x16_rows_rows
// CHECK-SAME: (%{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>, %{{.*}}: memref<?xf32>, %{{.*}}: memref<?xindex>, %{{.*}}: memref<?xi8>, %{{.*}}: index, %{{.*}}: index) attributes {ricci.entry}
// The micro-kernel: 6 rows of 2 vectors, carried in registers along K, two steps at once.
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK-COUNT-2: vector.load {{.*}} vector<8xf32>
// CHECK-NOT: vector.load
// CHECK-COUNT-12: vector.fma {{.*}} vector<8xf32>
// CHECK-NOT: vector.fma
// CHECK-COUNT-2: vector.load {{.*}} vector<8xf32>
// CHECK-NOT: vector.load
// CHECK-COUNT-12: vector.fma {{.*}} vector<8xf32>
// CHECK-NOT: vector.fma
// The last of an odd number.
// CHECK: scf.for
// CHECK-COUNT-12: vector.fma {{.*}} vector<8xf32>
// CHECK-NOT: vector.fma

// CHECK-LABEL: func.func @transpose_f64
// Four vectors of four numbers, turned by eight shuffles.
// CHECK-COUNT-4: vector.load {{.*}} vector<4xf64>
// CHECK-COUNT-8: vector.shuffle
// CHECK-COUNT-4: vector.store {{.*}} vector<4xf64>

// CHECK-LABEL: func.func @map_i32_101_add
// CHECK: vector.broadcast {{.*}} : i32 to vector<8xi32>
// CHECK: arith.muli {{.*}} : vector<8xi32>
// CHECK: arith.addi {{.*}} : vector<8xi32>
// CHECK: vector.store
func.func @first(%a: tensor<480x600xf32>, %b: tensor<480x800xf32>) -> tensor<600x800xf32> {
  %0 = ricci.einsum "ji,jk->ik" ins(%a, %b : tensor<480x600xf32>, tensor<480x800xf32>) -> tensor<600x800xf32>
  return %0 : tensor<600x800xf32>
}
func.func @second(%a: tensor<480x600xf32>, %b: tensor<480x800xf32>) -> tensor<800x600xf32> {
  %0 = ricci.einsum "ji,jk->ki" ins(%a, %b : tensor<480x600xf32>, tensor<480x800xf32>) -> tensor<800x600xf32>
  return %0 : tensor<800x600xf32>
}
func.func @third(%a: tensor<1000x1000xf64>) -> tensor<1000x1000xf64> {
  %0 = ricci.einsum "ij->ji" ins(%a : tensor<1000x1000xf64>) -> tensor<1000x1000xf64>
  return %0 : tensor<1000x1000xf64>
}
func.func @fourth(%a: tensor<50x60xi32>, %b: tensor<50xi32>) -> tensor<50x60xi32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "ij,i->ij" ins(%a, %b : tensor<50x60xi32>, tensor<50xi32>) -> tensor<50x60xi32>
  return %0 : tensor<50x60xi32>
}
