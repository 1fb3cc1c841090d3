// RUN: ricci-opt %s --ricci-split-reductions | FileCheck %s
// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-split-reductions{cpu}))' | FileCheck %s --check-prefix=CPU

// CHECK-LABEL: func.func @all
// CHECK: %[[ROWS:.*]] = ricci.reshape %arg0 : tensor<1048576xf32> -> tensor<64x16384xf32>
// CHECK: %[[PARTS:.*]] = ricci.reduce sum %[[ROWS]] dims = [1] : tensor<64x16384xf32> -> tensor<64xf32>
// CHECK: ricci.reduce sum %[[PARTS]] dims = [0] : tensor<64xf32> -> tensor<f32>
func.func @all(%a: tensor<1048576xf32>) -> tensor<f32> {
  %0 = ricci.reduce sum %a dims = [0] : tensor<1048576xf32> -> tensor<f32>
  return %0 : tensor<f32>
}

// A kept axis before the one that is split. Parts of 16-bit floats are not rounded.
// CHECK-LABEL: func.func @columns
// CHECK: %[[WIDE:.*]] = ricci.cast %arg0 : tensor<5x1000000x3xf16> -> tensor<5x1000000x3xf32>
// CHECK: ricci.reshape %[[WIDE]] : tensor<5x1000000x3xf32> -> tensor<5x32x31250x3xf32>
// CHECK: ricci.reduce sum {{.*}} dims = [2] : tensor<5x32x31250x3xf32> -> tensor<5x32x3xf32>
// CHECK: %[[SUM:.*]] = ricci.reduce sum {{.*}} dims = [1] : tensor<5x32x3xf32> -> tensor<5x3xf32>
// CHECK: ricci.cast %[[SUM]] : tensor<5x3xf32> -> tensor<5x3xf16>
func.func @columns(%a: tensor<5x1000000x3xf16>) -> tensor<5x3xf16> {
  %0 = ricci.reduce sum %a dims = [1] : tensor<5x1000000x3xf16> -> tensor<5x3xf16>
  return %0 : tensor<5x3xf16>
}

// Blocks have several columns.
// CHECK-LABEL: func.func @many_columns
// CHECK: ricci.reshape %arg0 : tensor<4096x1024xf32> -> tensor<8x512x1024xf32>
func.func @many_columns(%a: tensor<4096x1024xf32>) -> tensor<1024xf32> {
  %0 = ricci.reduce max %a dims = [0] : tensor<4096x1024xf32> -> tensor<1024xf32>
  return %0 : tensor<1024xf32>
}

// Enough results, or too little to sum.
// CHECK-LABEL: func.func @enough
// CHECK-NOT: ricci.reshape
func.func @enough(%a: tensor<1000x100000xf32>, %b: tensor<100000xf32>) -> (tensor<1000xf32>, tensor<f32>) {
  %0 = ricci.reduce max %a dims = [1] : tensor<1000x100000xf32> -> tensor<1000xf32>
  %1 = ricci.reduce max %b dims = [0] : tensor<100000xf32> -> tensor<f32>
  return %0, %1 : tensor<1000xf32>, tensor<f32>
}

// CHECK-LABEL: func.func @contraction
// CHECK-DAG: ricci.reshape %arg0 : tensor<64x65536xf32> -> tensor<64x64x1024xf32>
// CHECK-DAG: ricci.reshape %arg1 : tensor<65536x64xf32> -> tensor<64x1024x64xf32>
// CHECK: %[[PARTS:.*]] = ricci.einsum "i{#part}j,{#part}jk->{#part}ik"
// CHECK: ricci.reduce sum %[[PARTS]] dims = [0] : tensor<64x64x64xf32> -> tensor<64x64xf32>
func.func @contraction(%a: tensor<64x65536xf32>, %b: tensor<65536x64xf32>) -> tensor<64x64xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<64x65536xf32>, tensor<65536x64xf32>) -> tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}

// No length divides a prime: what equal parts leave is summed apart, from views.
// CHECK-LABEL: func.func @prime
// CHECK-DAG: %[[A1:.*]] = ricci.slice %arg0 start = [0, 65472] size = [64, 65] step = [1, 1]
// CHECK-DAG: %[[B1:.*]] = ricci.slice %arg1 start = [65472, 0] size = [65, 64] step = [1, 1]
// CHECK-DAG: %[[REST:.*]] = ricci.einsum "i{#rest},{#rest}k->ik" ins(%[[A1]], %[[B1]]
// CHECK-DAG: %[[A0:.*]] = ricci.slice %arg0 start = [0, 0] size = [64, 65472] step = [1, 1]
// CHECK: ricci.reshape %[[A0]] : tensor<64x65472xf16> -> tensor<64x66x992xf16>
// CHECK: ricci.einsum "i{#part}j,{#part}jk->{#part}ik" {{.*}} -> tensor<66x64x64xf32>
// CHECK: %[[SUM:.*]] = ricci.reduce sum
// CHECK: %[[BOTH:.*]] = ricci.elementwise add(%[[SUM]], %[[REST]])
// CHECK: ricci.cast %[[BOTH]] : tensor<64x64xf32> -> tensor<64x64xf16>
func.func @prime(%a: tensor<64x65537xf16>, %b: tensor<65537x64xf16>) -> tensor<64x64xf16> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<64x65537xf16>, tensor<65537x64xf16>) -> tensor<64x64xf16>
  return %0 : tensor<64x64xf16>
}

// Who adds to memory does it in an einsum.
// CHECK-LABEL: func.func @accumulates
// CHECK-NOT: ricci.reshape
func.func @accumulates(%a: tensor<1000000xf32>, %b: tensor<1000000xf32>) -> tensor<f32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "i,i->" ins(%a, %b : tensor<1000000xf32>, tensor<1000000xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// On CPUs a task is longer, and computes more columns.
// CHECK-LABEL: func.func @few_columns
// CPU-LABEL: func.func @few_columns
// CPU: ricci.reshape %arg0 : tensor<1048576x100xf32> -> tensor<64x16384x100xf32>
func.func @few_columns(%a: tensor<1048576x100xf32>) -> tensor<100xf32> {
  %0 = ricci.reduce sum %a dims = [0] : tensor<1048576x100xf32> -> tensor<100xf32>
  return %0 : tensor<100xf32>
}

// A prime number of elements: what equal parts leave is reduced apart.
// CPU-LABEL: func.func @prime_maximum
// CPU-DAG: %[[MOST:.*]] = ricci.slice %arg0 start = [0] size = [4194288] step = [1]
// CPU-DAG: %[[LAST:.*]] = ricci.slice %arg0 start = [4194288] size = [13] step = [1]
// CPU-DAG: ricci.reshape %[[MOST]] : tensor<4194288xf32> -> tensor<63x66576xf32>
// CPU-DAG: %[[REST:.*]] = ricci.reduce max %[[LAST]]
// CPU: ricci.elementwise maximum({{.*}}, %[[REST]])
func.func @prime_maximum(%a: tensor<4194301xf32>) -> tensor<f32> {
  %0 = ricci.reduce max %a dims = [0] : tensor<4194301xf32> -> tensor<f32>
  return %0 : tensor<f32>
}

// CPU-LABEL: func.func @long_contraction
// CPU: ricci.einsum "{#part}ji,{#part}jk->{#part}ik" {{.*}} -> tensor<50x64x64xf32>
func.func @long_contraction(%a: tensor<100000x64xf32>, %b: tensor<100000x64xf32>) -> tensor<64x64xf32> {
  %0 = ricci.einsum "ji,jk->ik" ins(%a, %b : tensor<100000x64xf32>, tensor<100000x64xf32>) -> tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}

// Enough tasks, or too short.
// CPU-LABEL: func.func @enough_for_cores
// CPU-NOT: ricci.reshape
func.func @enough_for_cores(%a: tensor<64x1048576xf32>, %b: tensor<1000000xf32>, %c: tensor<512x4000xf32>)
    -> (tensor<64xf32>, tensor<f32>, tensor<512x512xf32>) {
  %0 = ricci.reduce sum %a dims = [1] : tensor<64x1048576xf32> -> tensor<64xf32>
  %1 = ricci.reduce sum %b dims = [0] : tensor<1000000xf32> -> tensor<f32>
  %2 = ricci.einsum "ij,kj->ik" ins(%c, %c : tensor<512x4000xf32>, tensor<512x4000xf32>) -> tensor<512x512xf32>
  return %0, %1, %2 : tensor<64xf32>, tensor<f32>, tensor<512x512xf32>
}

// Parts are those of the axis that is furthest apart in memory.
// CPU-LABEL: func.func @fortran_order
// CPU: ricci.reshape %arg0 : tensor<3000x3000xf32> -> tensor<3000x60x50xf32>
// CPU-LABEL: func.func @c_order
// CPU: ricci.reshape %arg0 : tensor<3000x3000xf32> -> tensor<60x50x3000xf32>
func.func @fortran_order(%a: tensor<3000x3000xf32> {ricci.strides = array<i64: 1, 3000>}) -> tensor<f32> {
  %0 = ricci.einsum "ij->" ins(%a : tensor<3000x3000xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}
func.func @c_order(%a: tensor<3000x3000xf32>) -> tensor<f32> {
  %0 = ricci.reduce sum %a dims = [0, 1] : tensor<3000x3000xf32> -> tensor<f32>
  return %0 : tensor<f32>
}

// Axes on both sides of those that stay: on a CPU the outer ones first, as memory lies, where the rows' pieces are short.
// CPU-LABEL: func.func @both_sides
// CPU-NEXT: %[[MAX:.*]] = ricci.reduce max %arg0 dims = [0] : tensor<2000x100x3x40xf32> -> tensor<100x3x40xf32>
// CPU-NEXT: %[[ALL:.*]] = ricci.reduce max %[[MAX]] dims = [1, 2] : tensor<100x3x40xf32> -> tensor<100xf32>
// CPU-NEXT: ricci.reduce max %arg1 dims = [0, 2] : tensor<20x100x4000xf32> -> tensor<100xf32>
// CPU-NEXT: ricci.reduce max %arg2 dims = [0, 2] : tensor<7x100x400xf32> -> tensor<100xf32>
// CPU-NEXT: return %[[ALL]]
// CHECK-LABEL: func.func @both_sides
// CHECK-NOT: dims = [0] : tensor<2000x100x3x40xf32>
// CHECK: return
func.func @both_sides(%a: tensor<2000x100x3x40xf32>, %b: tensor<20x100x4000xf32>, %c: tensor<7x100x400xf32>) -> (tensor<100xf32>, tensor<100xf32>, tensor<100xf32>) {
  %0 = ricci.reduce max %a dims = [0, 2, 3] : tensor<2000x100x3x40xf32> -> tensor<100xf32>
  %1 = ricci.reduce max %b dims = [0, 2] : tensor<20x100x4000xf32> -> tensor<100xf32>
  %2 = ricci.reduce max %c dims = [0, 2] : tensor<7x100x400xf32> -> tensor<100xf32>
  return %0, %1, %2 : tensor<100xf32>, tensor<100xf32>, tensor<100xf32>
}

// Not where a row is still in the cache when another reduction that depends on it goes over it.
// CPU-LABEL: func.func @chained
// CPU: ricci.reduce max %{{.*}} dims = [0, 2] : tensor<256x64x100xf32> -> tensor<64xf32>
// CPU: ricci.reduce sum %{{.*}} dims = [0, 2] : tensor<256x64x100xf32> -> tensor<64xf32>
func.func @chained(%a: tensor<256x64x100xf32>) -> tensor<64xf32> {
  %0 = ricci.reduce max %a dims = [0, 2] : tensor<256x64x100xf32> -> tensor<64xf32>
  %1 = ricci.reshape %0 : tensor<64xf32> -> tensor<64x1xf32>
  %2 = ricci.elementwise subtract(%a, %1) : (tensor<256x64x100xf32>, tensor<64x1xf32>) -> tensor<256x64x100xf32>
  %3 = ricci.reduce sum %2 dims = [0, 2] : tensor<256x64x100xf32> -> tensor<64xf32>
  return %3 : tensor<64xf32>
}
