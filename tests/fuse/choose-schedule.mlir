// RUN: ricci-opt %s --ricci-form-kernels --ricci-choose-schedule=cpu=x86-64-v3 | FileCheck %s --check-prefixes=CHECK,V3
// RUN: ricci-opt %s --ricci-form-kernels --ricci-choose-schedule=cpu=x86-64-v4 | FileCheck %s --check-prefixes=CHECK,V4
// RUN: ricci-opt %s --ricci-form-kernels --ricci-choose-schedule=cpu=znver4 | FileCheck %s --check-prefix=BF16
// RUN: not ricci-opt %s --ricci-form-kernels --ricci-choose-schedule=cpu=pdp11 2>&1 | FileCheck %s --check-prefix=CPU

// CPU: error: {{.*}}pdp11

// A is contiguous along K, B along its columns. A dim is [extent, stride in A, B, C].
// CHECK-LABEL: func.func @matmul
// CHECK: schedule(#ricci.schedule<"contract", {blocks = array<i64: 
// CHECK-SAME: k = [array<i64: 480, 1, 800, 0>], m = [array<i64: 600, 480, 0, 800>], n = [array<i64: 800, 0, 1, 1>]
// CHECK-SAME: packing = ["k", "rows"]
// V3-SAME: tile = array<i64: 6, 16>
// V4-SAME: tile = array<i64: 14, 32>
func.func @matmul(%a: tensor<600x480xf32>, %b: tensor<480x800xf32>) -> tensor<600x800xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<600x480xf32>, tensor<480x800xf32>) -> tensor<600x800xf32>
  return %0 : tensor<600x800xf32>
}

// The other way round.
// CHECK-LABEL: func.func @columns_along_k
// CHECK: schedule(#ricci.schedule<"contract"
// CHECK-SAME: packing = ["rows", "k"], result = "f32"
// V3-SAME: tile = array<i64: 6, 16>
// V4-SAME: tile = array<i64: 14, 32>
func.func @columns_along_k(%a: tensor<480x600xf32>, %b: tensor<800x480xf32>) -> tensor<600x800xf32> {
  %0 = ricci.einsum "ji,kj->ik" ins(%a, %b : tensor<480x600xf32>, tensor<800x480xf32>) -> tensor<600x800xf32>
  return %0 : tensor<600x800xf32>
}

// The result is contiguous along A's label, so that A gives the columns: operands and strides change places.
// CHECK-LABEL: func.func @swapped
// CHECK: schedule(#ricci.schedule<"contract"
// CHECK-SAME: k = [array<i64: 480, 800, 1, 0>], m = [array<i64: 800, 1, 0, 600>], n = [array<i64: 600, 0, 480, 1>], operands = ["f16", "f32"], packing = ["rows", "k"]
// CHECK-SAME: swapped
// V3-SAME: tile = array<i64: 6, 16>
// V4-SAME: tile = array<i64: 14, 32>
func.func @swapped(%a: tensor<600x480xf32>, %b: tensor<480x800xf16>) -> tensor<800x600xf32> {
  %0 = ricci.einsum "ij,jk->ki" ins(%a, %b : tensor<600x480xf32>, tensor<480x800xf16>) -> tensor<800x600xf32>
  return %0 : tensor<800x600xf32>
}

// Contiguous along nothing.
// CHECK-LABEL: func.func @gather
// CHECK: schedule(#ricci.schedule<"contract"
// CHECK-SAME: k = [array<i64: 480, -2, 800, 0>]
// CHECK-SAME: packing = ["gather", "rows"]
// V3-SAME: tile = array<i64: 6, 16>
// V4-SAME: tile = array<i64: 14, 32>
func.func @gather(%a: tensor<600x480xf32> {ricci.strides = array<i64: 960, -2>}, %b: tensor<480x800xf32>) -> tensor<600x800xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<600x480xf32>, tensor<480x800xf32>) -> tensor<600x800xf32>
  return %0 : tensor<600x800xf32>
}

// B is contiguous along another column label than the result.
// CHECK-LABEL: func.func @across
// CHECK: schedule(#ricci.schedule<"contract"
// CHECK-SAME: n = [array<i64: 60, 0, 90, 1>, array<i64: 90, 0, 1, 60>]
// CHECK-SAME: packing = ["k", "across"]
func.func @across(%a: tensor<40x480xf32>, %b: tensor<480x60x90xf32>) -> tensor<40x90x60xf32> {
  %0 = ricci.einsum "ij,jkl->ilk" ins(%a, %b : tensor<40x480xf32>, tensor<480x60x90xf32>) -> tensor<40x90x60xf32>
  return %0 : tensor<40x90x60xf32>
}

// Both batch labels walk as one.
// CHECK-LABEL: func.func @batched
// CHECK: schedule(#ricci.schedule<"contract", {batch = [array<i64: 96, 8192, 8192, 16384>]
// CHECK-SAME: packing = ["k", "k"]
func.func @batched(%a: tensor<8x12x128x64xf32>, %b: tensor<8x12x128x64xf32>) -> tensor<8x12x128x128xf32> {
  %0 = ricci.einsum "bhid,bhjd->bhij" ins(%a, %b : tensor<8x12x128x64xf32>, tensor<8x12x128x64xf32>) -> tensor<8x12x128x128xf32>
  return %0 : tensor<8x12x128x128xf32>
}

// Three axes walk as one. Bit i of `unit`: buffer i advances along vectors.
// CHECK-LABEL: func.func @copy
// CHECK: schedule(#ricci.schedule<"map", {batch = [array<i64: 120, 1, 1>]
// CHECK-SAME: unit = 3 : i64
func.func @copy(%a: tensor<4x5x6xf32>) -> tensor<4x5x6xf32> {
  %0 = ricci.einsum "ijk->ijk" ins(%a : tensor<4x5x6xf32>) -> tensor<4x5x6xf32>
  return %0 : tensor<4x5x6xf32>
}

// The first operand is constant along vectors.
// CHECK-LABEL: func.func @outer
// CHECK: schedule(#ricci.schedule<"map", {batch = [array<i64: 500, 0, 1, 1>, array<i64: 300, 1, 0, 500>]
// CHECK-SAME: unit = 6 : i64
func.func @outer(%a: tensor<300xi8>, %b: tensor<500xi8>) -> tensor<300x500xi8> {
  %0 = ricci.einsum "i,j->ij" ins(%a, %b : tensor<300xi8>, tensor<500xi8>) -> tensor<300x500xi8>
  return %0 : tensor<300x500xi8>
}

// Element by element: vectors run forwards only.
// CHECK-LABEL: func.func @backwards
// CHECK: schedule(#ricci.schedule<"map", {batch = [array<i64: 500, -1, 1>], bytes = {{.*}}, operands = ["f32"], result = "f32", seconds = {{[^,]*}}}>
func.func @backwards(%a: tensor<500xf32> {ricci.strides = array<i64: -1>}) -> tensor<500xf32> {
  %0 = ricci.einsum "i->i" ins(%a : tensor<500xf32>) -> tensor<500xf32>
  return %0 : tensor<500xf32>
}

// A repeated label walks along both axes: 210 + 3.
// CHECK-LABEL: func.func @diagonal
// CHECK: schedule(#ricci.schedule<"map", {batch = [array<i64: 3, 1, 1>, array<i64: 70, 213, 3>]
func.func @diagonal(%a: tensor<70x70x3xf64>) -> tensor<70x3xf64> {
  %0 = ricci.einsum "iij->ij" ins(%a : tensor<70x70x3xf64>) -> tensor<70x3xf64>
  return %0 : tensor<70x3xf64>
}

// An axis of size 1 stands still, and is read once.
// CHECK-LABEL: func.func @broadcast
// CHECK: schedule(#ricci.schedule<"map", {batch = [array<i64: 500, 1, 1, 1>, array<i64: 300, 0, 500, 500>], bytes = 1202000 : i64
func.func @broadcast(%a: tensor<1x500xf32>, %b: tensor<300x500xf32>) -> tensor<300x500xf32> {
  %0 = ricci.einsum "ij,ij->ij" ins(%a, %b : tensor<1x500xf32>, tensor<300x500xf32>) -> tensor<300x500xf32>
  return %0 : tensor<300x500xf32>
}

// The operand is contiguous along n, the result along m: two axes that walk as one follow the first.
// CHECK-LABEL: func.func @permute
// CHECK: schedule(#ricci.schedule<"transpose", {blocks = array<i64: 64, 256>
// CHECK-SAME: m = [array<i64: 30, 120000, 1>, array<i64: 2000, 60, 30>], n = [array<i64: 60, 1, 60000>]
// CHECK-SAME: prefetches
func.func @permute(%a: tensor<30x40x50x60xf32>) -> tensor<60x40x50x30xf32> {
  %0 = ricci.einsum "abcd->dbca" ins(%a : tensor<30x40x50x60xf32>) -> tensor<60x40x50x30xf32>
  return %0 : tensor<60x40x50x30xf32>
}

// Each lane has a matrix; what it holds is unrolled.
// CHECK-LABEL: func.func @small_matrices
// CHECK: schedule(#ricci.schedule<"lanes", {
// CHECK-SAME: k = [array<i64: 3, 1, 3, 0>], m = [array<i64: 10000, 9, 9, 9>], n = [array<i64: 3, 0, 1, 1>, array<i64: 3, 3, 0, 3>]
func.func @small_matrices(%a: tensor<10000x3x3xf32>, %b: tensor<10000x3x3xf32>) -> tensor<10000x3x3xf32> {
  %0 = ricci.einsum "nij,njk->nik" ins(%a, %b : tensor<10000x3x3xf32>, tensor<10000x3x3xf32>) -> tensor<10000x3x3xf32>
  return %0 : tensor<10000x3x3xf32>
}

// CHECK-LABEL: func.func @rows
// CHECK: schedule(#ricci.schedule<"reduce_rows", {batch = [array<i64: 50, 5600, 1>]
// CHECK-SAME: k = [array<i64: 5600, 1, 0>]
// CHECK-SAME: unit = 1 : i64
func.func @rows(%a: tensor<50x70x80xf32>) -> tensor<50xf32> {
  %0 = ricci.einsum "ijk->i" ins(%a : tensor<50x70x80xf32>) -> tensor<50xf32>
  return %0 : tensor<50xf32>
}

// A scalar: no kept axes.
// CHECK-LABEL: func.func @trace
// CHECK: schedule(#ricci.schedule<"reduce_rows", {bytes
// CHECK-SAME: k = [array<i64: 50, 51, 0>]
func.func @trace(%a: tensor<50x50xf32>) -> tensor<f32> {
  %0 = ricci.einsum "ii->" ins(%a : tensor<50x50xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: func.func @columns
// CHECK: schedule(#ricci.schedule<"reduce_columns", {at_once = 8 : i64, batch = [array<i64: 700, 1, 1>]
// CHECK-SAME: k = [array<i64: 500, 700, 0>]
// CHECK-SAME: unit = 3 : i64
func.func @columns(%a: tensor<500x700xf32>) -> tensor<700xf32> {
  %0 = ricci.einsum "ij->j" ins(%a : tensor<500x700xf32>) -> tensor<700xf32>
  return %0 : tensor<700xf32>
}

// A vector has no columns.
// CHECK-LABEL: func.func @matvec
// CHECK: schedule(#ricci.schedule<"reduce_rows"
// CHECK-SAME: unit = 3 : i64
func.func @matvec(%a: tensor<500x700xf32>, %b: tensor<700xf32>) -> tensor<500xf32> {
  %0 = ricci.einsum "ij,j->i" ins(%a, %b : tensor<500x700xf32>, tensor<700xf32>) -> tensor<500xf32>
  return %0 : tensor<500xf32>
}

// Only what the function returns is added to, and a contraction's kernel decides that when it runs.
// CHECK-LABEL: func.func @add
// CHECK: schedule(#ricci.schedule<"contract", {blocks
// CHECK: schedule(#ricci.schedule<"contract", {accumulate, blocks
func.func @add(%a: tensor<600x480xf32>, %b: tensor<480x800xf32>, %c: tensor<800x800xf32>) -> tensor<600x800xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<600x480xf32>, tensor<480x800xf32>) -> tensor<600x800xf32>
  %1 = ricci.einsum "ij,jk->ik" ins(%0, %c : tensor<600x800xf32>, tensor<800x800xf32>) -> tensor<600x800xf32>
  return %1 : tensor<600x800xf32>
}

// CHECK-LABEL: func.func @add_map
// CHECK: schedule(#ricci.schedule<"map", {accumulate, batch
func.func @add_map(%a: tensor<600xf32>) -> tensor<600xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "i->i" ins(%a : tensor<600xf32>) -> tensor<600xf32>
  return %0 : tensor<600xf32>
}

// Pairs along K, where the CPU multiplies them.
// CHECK-LABEL: func.func @bf16
// V3: schedule(#ricci.schedule<"contract", {{.*}}packing = ["k", "rows"], panels = "run by run", result
// V4: schedule(#ricci.schedule<"contract", {{.*}}packing = ["k", "rows"], panels = "run by run", result
// BF16: schedule(#ricci.schedule<"contract", {blocks = array<i64: {{[0-9]+, [0-9]+}}, 482>{{.*}}packing = ["k", "rows"], pairs, result
func.func @bf16(%a: tensor<600x481xbf16>, %b: tensor<481x800xbf16>) -> tensor<600x800xbf16> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<600x481xbf16>, tensor<481x800xbf16>) -> tensor<600x800xbf16>
  return %0 : tensor<600x800xbf16>
}

// Rows that are walked backwards, or far apart, are loops, which load any stride in vectors. Long sums
// stay as they are: reductions keep more sums at a time.
// CHECK-LABEL: func.func @backwards_rows
// CHECK: ricci.kernel "ij,j->i" {{.*}}#ricci.schedule<"fused"
// CHECK: ricci.elementwise multiply
func.func @backwards_rows(%a: tensor<2000x2000xf32> {ricci.strides = array<i64: 2000, -1>}, %b: tensor<2000xf32>) -> tensor<2000xf32> {
  %0 = ricci.einsum "ij,j->i" ins(%a, %b : tensor<2000x2000xf32>, tensor<2000xf32>) -> tensor<2000xf32>
  return %0 : tensor<2000xf32>
}
// CHECK-LABEL: func.func @long_backwards
// CHECK: #ricci.schedule<"reduce_rows"
func.func @long_backwards(%a: tensor<1000000xf32> {ricci.strides = array<i64: -1>}) -> tensor<f32> {
  %0 = ricci.einsum "i->" ins(%a : tensor<1000000xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// Weights that are contiguous along K are copied for many rows.
// CHECK-LABEL: func.func @layer
// CHECK: schedule(#ricci.schedule<"direct", {{.*}}copies
func.func @layer(%a: tensor<20000x64xf32>, %b: tensor<64x64xf32>) -> tensor<20000x64xf32> {
  %0 = ricci.einsum "bi,oi->bo" ins(%a, %b : tensor<20000x64xf32>, tensor<64x64xf32>) -> tensor<20000x64xf32>
  return %0 : tensor<20000x64xf32>
}
