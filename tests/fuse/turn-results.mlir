// RUN: ricci-opt %s --ricci-turn-results=cpu=x86-64-v3 | FileCheck %s

// Contiguous along the batch: products of an entry first, then turned.
// CHECK-LABEL: func.func @batch
// CHECK: %[[PRODUCTS:.*]] = ricci.einsum "aebc,aed->abcd" ins(%arg0, %arg1
// CHECK-SAME: -> tensor<28x56x31x32xf32>
// CHECK: %[[TURNED:.*]] = ricci.einsum "abcd->dcba" ins(%[[PRODUCTS]]
// CHECK: return %[[TURNED]]
func.func @batch(%a: tensor<28x5x56x31xf32>, %b: tensor<28x5x32xf32>) -> tensor<32x31x56x28xf32> {
  %0 = ricci.einsum "aebc,aed->dcba" ins(%a, %b : tensor<28x5x56x31xf32>, tensor<28x5x32xf32>) -> tensor<32x31x56x28xf32>
  return %0 : tensor<32x31x56x28xf32>
}

// Two rows that follow each other fill no vector.
// CHECK-LABEL: func.func @few
// CHECK: ricci.einsum "bfac,abfde->[[ORDER:[abcde]+]]"
// CHECK: ricci.einsum "[[ORDER]]->aedbc"
func.func @few(%a: tensor<28x160x9x2xf32>, %b: tensor<9x28x160x9x8xf32>) -> tensor<9x8x9x28x2xf32> {
  %0 = ricci.einsum "bfac,abfde->aedbc" ins(%a, %b : tensor<28x160x9x2xf32>, tensor<9x28x160x9x8xf32>) -> tensor<9x8x9x28x2xf32>
  return %0 : tensor<9x8x9x28x2xf32>
}

// An einsum reads the products as they lie.
// CHECK-LABEL: func.func @read
// CHECK: %[[PRODUCTS:.*]] = ricci.einsum "adb,cad->[[ORDER:[abc]+]]"
// CHECK: %[[RESULT:.*]] = ricci.einsum "[[ORDER]],ad->cbd" ins(%[[PRODUCTS]], %arg2
// CHECK: return %[[RESULT]]
func.func @read(%a: tensor<28x96x31xf32>, %b: tensor<96x28x96xf32>, %c: tensor<28x50xf32>) -> tensor<96x31x50xf32> {
  %0 = ricci.einsum "adb,cad->cba" ins(%a, %b : tensor<28x96x31xf32>, tensor<96x28x96xf32>) -> tensor<96x31x28xf32>
  %1 = ricci.einsum "cba,ad->cbd" ins(%0, %c : tensor<96x31x28xf32>, tensor<28x50xf32>) -> tensor<96x31x50xf32>
  return %1 : tensor<96x31x50xf32>
}

// What is added to memory is added in order.
// CHECK-LABEL: func.func @added
// CHECK: %[[PRODUCTS:.*]] = ricci.einsum "adb,cad->[[ORDER:[abc]+]]"
// CHECK: %[[TURNED:.*]] = ricci.einsum "[[ORDER]]->cba" ins(%[[PRODUCTS]]
// CHECK: %[[SUM:.*]] = ricci.einsum "cba->cba" ins(%[[TURNED]]
// CHECK: return %[[SUM]]
func.func @added(%a: tensor<28x96x31xf32>, %b: tensor<96x28x96xf32>) -> tensor<96x31x28xf32> attributes {ricci.accumulate} {
  %0 = ricci.einsum "adb,cad->cba" ins(%a, %b : tensor<28x96x31xf32>, tensor<96x28x96xf32>) -> tensor<96x31x28xf32>
  return %0 : tensor<96x31x28xf32>
}

// 16-bit floats would be rounded before the addition too.
// CHECK-LABEL: func.func @rounded
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @rounded(%a: tensor<28x96x31xf16>, %b: tensor<96x28x96xf16>) -> tensor<96x31x28xf16> attributes {ricci.accumulate} {
  %0 = ricci.einsum "adb,cad->cba" ins(%a, %b : tensor<28x96x31xf16>, tensor<96x28x96xf16>) -> tensor<96x31x28xf16>
  return %0 : tensor<96x31x28xf16>
}

// Operands that are contiguous along the batch too: its entries are the lanes of vectors.
// CHECK-LABEL: func.func @lanes
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @lanes(%a: tensor<4x4x10000xf32>, %b: tensor<4x10000xf32>) -> tensor<4x10000xf32> {
  %0 = ricci.einsum "ijb,jb->ib" ins(%a, %b : tensor<4x4x10000xf32>, tensor<4x10000xf32>) -> tensor<4x10000xf32>
  return %0 : tensor<4x10000xf32>
}

// Sums are made as their operand lies, in memory or behind views.
// CHECK-LABEL: func.func @sums
// CHECK: %[[SUMS:.*]] = ricci.einsum "abcd->bcd" ins(%arg0
// CHECK: ricci.einsum "bcd->cdb" ins(%[[SUMS]]
func.func @sums(%a: tensor<128x200x2x8xf32>) -> tensor<2x8x200xf32> {
  %0 = ricci.einsum "abcd->cdb" ins(%a : tensor<128x200x2x8xf32>) -> tensor<2x8x200xf32>
  return %0 : tensor<2x8x200xf32>
}
// CHECK-LABEL: func.func @views
// CHECK: %[[SUMS:.*]] = ricci.einsum "abc->bc"
// CHECK: ricci.einsum "bc->cb" ins(%[[SUMS]]
func.func @views(%a: tensor<800000x128xf32>) -> tensor<128x500xf32> {
  %0 = ricci.reshape %a : tensor<800000x128xf32> -> tensor<1600x500x128xf32>
  %1 = ricci.einsum "abc->cb" ins(%0 : tensor<1600x500x128xf32>) -> tensor<128x500xf32>
  return %1 : tensor<128x500xf32>
}
// CHECK-LABEL: func.func @strided
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @strided(%a: tensor<128x200x2x8xf32> {ricci.strides = array<i64: 3200, 1, 1600, 200>}) -> tensor<2x8x200xf32> {
  %0 = ricci.einsum "abcd->cdb" ins(%a : tensor<128x200x2x8xf32>) -> tensor<2x8x200xf32>
  return %0 : tensor<2x8x200xf32>
}

// Rows or columns that fill vectors, few products, and products without sums stay.
// CHECK-LABEL: func.func @rows
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @rows(%a: tensor<50x100x60xf32>, %b: tensor<50x60x80xf32>) -> tensor<100x50x80xf32> {
  %0 = ricci.einsum "bij,bjk->ibk" ins(%a, %b : tensor<50x100x60xf32>, tensor<50x60x80xf32>) -> tensor<100x50x80xf32>
  return %0 : tensor<100x50x80xf32>
}
// CHECK-LABEL: func.func @small
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @small(%a: tensor<5x6x7xf32>, %b: tensor<5x7x8xf32>) -> tensor<6x8x5xf32> {
  %0 = ricci.einsum "bij,bjk->ikb" ins(%a, %b : tensor<5x6x7xf32>, tensor<5x7x8xf32>) -> tensor<6x8x5xf32>
  return %0 : tensor<6x8x5xf32>
}
// CHECK-LABEL: func.func @no_sums
// CHECK-COUNT-1: ricci.einsum
// CHECK-NEXT: return
func.func @no_sums(%a: tensor<50x100xf32>, %b: tensor<50x80xf32>) -> tensor<100x80x50xf32> {
  %0 = ricci.einsum "bi,bk->ikb" ins(%a, %b : tensor<50x100xf32>, tensor<50x80xf32>) -> tensor<100x80x50xf32>
  return %0 : tensor<100x80x50xf32>
}
