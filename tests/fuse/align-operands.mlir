// RUN: ricci-opt %s --ricci-align-operands | FileCheck %s

// CHECK-LABEL: func.func @einsum
// CHECK-SAME: %[[X:.*]]: tensor<100x200x150xf32>, %[[Y:.*]]: tensor<150x200xf32>
// CHECK: %[[C:.*]] = ricci.einsum "{#copy}{#1}->{#1}{#copy}" ins(%[[Y]] : tensor<150x200xf32>) -> tensor<200x150xf32>
// CHECK: ricci.einsum "ijk,jk->i" ins(%[[X]], %[[C]]
// CHECK: ricci.einsum "jk,ijk->i" ins(%[[C]], %[[X]]
func.func @einsum(%x: tensor<100x200x150xf32>, %y: tensor<150x200xf32>) -> (tensor<100xf32>, tensor<100xf32>) {
  %0 = ricci.einsum "ijk,kj->i" ins(%x, %y : tensor<100x200x150xf32>, tensor<150x200xf32>) -> tensor<100xf32>
  %1 = ricci.einsum "kj,ijk->i" ins(%y, %x : tensor<150x200xf32>, tensor<100x200x150xf32>) -> tensor<100xf32>
  return %0, %1 : tensor<100xf32>, tensor<100xf32>
}

// The large operand is contiguous along j: the other one follows it already.
// CHECK-LABEL: func.func @fortran
// CHECK-NOT: #copy
func.func @fortran(%x: tensor<100x200x150xf32> {ricci.strides = array<i64: 30000, 1, 200>}, %y: tensor<150x200xf32>) -> tensor<100xf32> {
  %0 = ricci.einsum "ijk,kj->i" ins(%x, %y : tensor<100x200x150xf32>, tensor<150x200xf32>) -> tensor<100xf32>
  return %0 : tensor<100xf32>
}

// Columns of its own, constant along the vectors, as large, read a few times, few points, a few elements apart.
// CHECK-LABEL: func.func @not_worth
// CHECK-NOT: #copy
func.func @not_worth(%x: tensor<100x200x150xf32>, %y: tensor<150x200x3xf32>, %z: tensor<200x100xf32>, %a: tensor<500x500xf32>, %b: tensor<4x500x500xf32>, %c: tensor<9x9x9xf32>, %d: tensor<9x9xf32>, %e: tensor<150x4xf32>, %f: tensor<100x4x150xf32>) -> (tensor<100x3xf32>, tensor<150xf32>, tensor<500xf32>, tensor<4xf32>, tensor<9xf32>, tensor<100xf32>) {
  %0 = ricci.einsum "ijk,kjl->il" ins(%x, %y : tensor<100x200x150xf32>, tensor<150x200x3xf32>) -> tensor<100x3xf32>
  %1 = ricci.einsum "ijk,ji->k" ins(%x, %z : tensor<100x200x150xf32>, tensor<200x100xf32>) -> tensor<150xf32>
  %2 = ricci.einsum "ij,ji->i" ins(%a, %a : tensor<500x500xf32>, tensor<500x500xf32>) -> tensor<500xf32>
  %3 = ricci.einsum "bij,ji->b" ins(%b, %a : tensor<4x500x500xf32>, tensor<500x500xf32>) -> tensor<4xf32>
  %4 = ricci.einsum "ijk,kj->i" ins(%c, %d : tensor<9x9x9xf32>, tensor<9x9xf32>) -> tensor<9xf32>
  %5 = ricci.einsum "ijk,kj->i" ins(%f, %e : tensor<100x4x150xf32>, tensor<150x4xf32>) -> tensor<100xf32>
  return %0, %1, %2, %3, %4, %5 : tensor<100x3xf32>, tensor<150xf32>, tensor<500xf32>, tensor<4xf32>, tensor<9xf32>, tensor<100xf32>
}

// CHECK-LABEL: func.func @elementwise
// CHECK-SAME: %[[X:.*]]: tensor<100x200x150xf32>, %[[Y:.*]]: tensor<150x200xf32>, %[[Z:.*]]: tensor<200x150xf32>
// CHECK: %[[D:.*]] = ricci.einsum "{#copy}{#1}->{#copy}{#1}" ins(%[[Z]]
// CHECK: %[[T:.*]] = ricci.transpose %[[Y]]
// CHECK: %[[C:.*]] = ricci.einsum "{#copy}{#1}->{#copy}{#1}" ins(%[[T]]
// CHECK: %[[M:.*]] = ricci.elementwise multiply(%[[X]], %[[C]])
// CHECK: ricci.elementwise add(%[[D]], %[[M]])
func.func @elementwise(%x: tensor<100x200x150xf32>, %y: tensor<150x200xf32>, %z: tensor<200x150xf32> {ricci.strides = array<i64: 1, 200>}) -> tensor<100x200x150xf32> {
  %0 = ricci.transpose %y perm = [1, 0] : tensor<150x200xf32> -> tensor<200x150xf32>
  %1 = ricci.elementwise multiply(%x, %0) : (tensor<100x200x150xf32>, tensor<200x150xf32>) -> tensor<100x200x150xf32>
  %2 = ricci.elementwise add(%z, %1) : (tensor<200x150xf32>, tensor<100x200x150xf32>) -> tensor<100x200x150xf32>
  return %2 : tensor<100x200x150xf32>
}

// Constant along the vectors, or as large.
// CHECK-LABEL: func.func @elementwise_not_worth
// CHECK-NOT: #copy
func.func @elementwise_not_worth(%x: tensor<200x150xf32>, %y: tensor<150x200xf32>, %z: tensor<1x200xf32>) -> (tensor<200x150xf32>, tensor<200x150xf32>) {
  %0 = ricci.transpose %y perm = [1, 0] : tensor<150x200xf32> -> tensor<200x150xf32>
  %1 = ricci.elementwise multiply(%x, %0) : (tensor<200x150xf32>, tensor<200x150xf32>) -> tensor<200x150xf32>
  %2 = ricci.transpose %z perm = [1, 0] : tensor<1x200xf32> -> tensor<200x1xf32>
  %3 = ricci.elementwise multiply(%x, %2) : (tensor<200x150xf32>, tensor<200x1xf32>) -> tensor<200x150xf32>
  return %1, %3 : tensor<200x150xf32>, tensor<200x150xf32>
}

// Distances: vectors along the second axis, of what lies across it and is read for every row.
// CHECK-LABEL: func.func @distances
// CHECK-SAME: %[[X:.*]]: tensor<500x16xf32>, %[[Y:.*]]: tensor<400x16xf32>
// CHECK: %[[R:.*]] = ricci.reshape %[[Y]] {{.*}} -> tensor<1x400x16xf32>
// CHECK: %[[C:.*]] = ricci.einsum "{#copy}{#1}{#2}->{#copy}{#2}{#1}" ins(%[[R]] : tensor<1x400x16xf32>) -> tensor<1x16x400xf32>
// CHECK: %[[T:.*]] = ricci.transpose %[[C]] perm = [0, 2, 1]
// CHECK: ricci.elementwise subtract(%{{.*}}, %[[T]])
// CHECK-NOT: #copy
func.func @distances(%x: tensor<500x16xf32>, %y: tensor<400x16xf32>) -> tensor<500x400xf32> {
  %0 = ricci.reshape %x : tensor<500x16xf32> -> tensor<500x1x16xf32>
  %1 = ricci.reshape %y : tensor<400x16xf32> -> tensor<1x400x16xf32>
  %2 = ricci.elementwise subtract(%0, %1) : (tensor<500x1x16xf32>, tensor<1x400x16xf32>) -> tensor<500x400x16xf32>
  %3 = ricci.elementwise multiply(%2, %2) : (tensor<500x400x16xf32>, tensor<500x400x16xf32>) -> tensor<500x400x16xf32>
  %4 = ricci.reduce sum %3 dims = [2] : tensor<500x400x16xf32> -> tensor<500x400xf32>
  return %4 : tensor<500x400xf32>
}

// Side by side already; read in full elsewhere; as large as the whole; few columns of long sums.
// CHECK-LABEL: func.func @distances_not_worth
// CHECK-NOT: #copy
func.func @distances_not_worth(%x: tensor<500x1x16xf32>, %y: tensor<400x16xf32> {ricci.strides = array<i64: 1, 400>}, %w: tensor<400x16xf32>, %z: tensor<500x400x16xf32>, %u: tensor<500x1x640xf32>, %v: tensor<8x640xf32>) -> (tensor<500x400xf32>, tensor<500x400x16xf32>, tensor<500x400xf32>, tensor<500x400xf32>, tensor<500x8xf32>) {
  %0 = ricci.elementwise subtract(%x, %y) : (tensor<500x1x16xf32>, tensor<400x16xf32>) -> tensor<500x400x16xf32>
  %1 = ricci.reduce max %0 dims = [2] : tensor<500x400x16xf32> -> tensor<500x400xf32>
  %2 = ricci.elementwise add(%x, %w) : (tensor<500x1x16xf32>, tensor<400x16xf32>) -> tensor<500x400x16xf32>
  %3 = ricci.reduce max %2 dims = [2] : tensor<500x400x16xf32> -> tensor<500x400xf32>
  %4 = ricci.elementwise add(%z, %w) : (tensor<500x400x16xf32>, tensor<400x16xf32>) -> tensor<500x400x16xf32>
  %5 = ricci.reduce max %4 dims = [2] : tensor<500x400x16xf32> -> tensor<500x400xf32>
  %6 = ricci.elementwise add(%u, %v) : (tensor<500x1x640xf32>, tensor<8x640xf32>) -> tensor<500x8x640xf32>
  %7 = ricci.reduce max %6 dims = [2] : tensor<500x8x640xf32> -> tensor<500x8xf32>
  return %1, %2, %3, %5, %7 : tensor<500x400xf32>, tensor<500x400x16xf32>, tensor<500x400xf32>, tensor<500x400xf32>, tensor<500x8xf32>
}

// What is read before the last operation too: one copy, before both.
// CHECK-LABEL: func.func @read_twice
// CHECK-COUNT-1: #copy
// CHECK: ricci.elementwise subtract
// CHECK-NOT: #copy
// CHECK: return
func.func @read_twice(%x: tensor<500x1x16xf32>, %y: tensor<400x16xf32>) -> tensor<500x400xf32> {
  %0 = ricci.elementwise subtract(%x, %y) : (tensor<500x1x16xf32>, tensor<400x16xf32>) -> tensor<500x400x16xf32>
  %1 = ricci.elementwise multiply(%0, %y) : (tensor<500x400x16xf32>, tensor<400x16xf32>) -> tensor<500x400x16xf32>
  %2 = ricci.reduce sum %1 dims = [2] : tensor<500x400x16xf32> -> tensor<500x400xf32>
  return %2 : tensor<500x400xf32>
}
