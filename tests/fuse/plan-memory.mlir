// RUN: ricci-opt %s --split-input-file --verify-diagnostics --ricci-form-kernels --ricci-plan-memory | FileCheck %s

// Places are multiples of 64 bytes; the function's result is the caller's memory. %2 takes the place of %0, whose
// last reader was %1's kernel, and %3 that of %1, extended by nothing: it is no larger.
// CHECK-LABEL: func.func @chain
// CHECK: "ij->ij" {{.*}} -> tensor<10x10xf32> {{.*}} arena([0]) {
// CHECK: "ij->ji" {{.*}} -> tensor<10x10xf32> {{.*}} arena([448]) {
// CHECK: "ji->ij" {{.*}} -> tensor<10x10xf32> {{.*}} arena([0]) {
// CHECK: "ij->i" {{.*}} -> tensor<10xf32> {{.*}} arena([448]) {
// CHECK: "i->" {{.*}} -> tensor<f32> {{.*}} arena([-1]) {
func.func @chain(%a: tensor<10x10xf32>) -> tensor<f32> {
  %0 = ricci.einsum "ij->ij" ins(%a : tensor<10x10xf32>) -> tensor<10x10xf32>
  %1 = ricci.einsum "ij->ji" ins(%0 : tensor<10x10xf32>) -> tensor<10x10xf32>
  %2 = ricci.einsum "ji->ij" ins(%1 : tensor<10x10xf32>) -> tensor<10x10xf32>
  %3 = ricci.einsum "ij->i" ins(%2 : tensor<10x10xf32>) -> tensor<10xf32>
  %4 = ricci.einsum "i->" ins(%3 : tensor<10xf32>) -> tensor<f32>
  return %4 : tensor<f32>
}

// -----

// What lives until the end does not overlap: %0 is read last. A kernel's result never shares a byte with its operands.
// CHECK-LABEL: func.func @alive
// CHECK: "i->i" {{.*}} arena([0]) {
// CHECK: "i,i->i" {{.*}} arena([64]) {
// CHECK: "i,i->i" {{.*}} arena([128]) {
// CHECK: "i,i->i" {{.*}} arena([64]) {
// CHECK: "i,i->i" {{.*}} arena([-1]) {
func.func @alive(%a: tensor<16xf32>) -> tensor<16xf32> {
  %0 = ricci.einsum "i->i" ins(%a : tensor<16xf32>) -> tensor<16xf32>
  %1 = ricci.einsum "i,i->i" ins(%0, %0 : tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %2 = ricci.einsum "i,i->i" ins(%1, %1 : tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %3 = ricci.einsum "i,i->i" ins(%2, %a : tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  %4 = ricci.einsum "i,i->i" ins(%3, %0 : tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  return %4 : tensor<16xf32>
}

// -----

// Two free neighbours are one: 128 + 128 bytes hold the 256 of %3.
// CHECK-LABEL: func.func @joins
// CHECK: arena([0]) {
// CHECK: arena([128]) {
// CHECK: arena([256]) {
// CHECK: -> tensor<64xf32> {{.*}} arena([0]) {
// CHECK: arena([-1]) {
func.func @joins(%a: tensor<32xf32>, %b: tensor<64xf32>) -> tensor<f32> {
  %0 = ricci.einsum "i->i" ins(%a : tensor<32xf32>) -> tensor<32xf32>
  %1 = ricci.einsum "i->i" ins(%a : tensor<32xf32>) -> tensor<32xf32>
  %2 = ricci.einsum "i,i->" ins(%0, %1 : tensor<32xf32>, tensor<32xf32>) -> tensor<f32>
  %3 = ricci.einsum "i,->i" ins(%b, %2 : tensor<64xf32>, tensor<f32>) -> tensor<64xf32>
  %4 = ricci.einsum "i->" ins(%3 : tensor<64xf32>) -> tensor<f32>
  return %4 : tensor<f32>
}

// -----

// A result that nobody reads, and an empty one, still have a place of their own while they are written.
// CHECK-LABEL: func.func @unread
// CHECK: "i->i" {{.*}} arena([0]) {
// CHECK: "i->i" {{.*}} -> tensor<0xf32> {{.*}} arena([0]) {
// CHECK: "i->" {{.*}} arena([-1]) {
func.func @unread(%a: tensor<16xf32>, %b: tensor<0xf32>) -> tensor<f32> {
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<16xf32>) -> tensor<16xf32> layouts([1], [1]) {
    %3 = ricci.einsum "i->i" ins(%x : tensor<16xf32>) -> tensor<16xf32>
    ricci.yield %3 : tensor<16xf32>
  }
  %1 = ricci.kernel "i->i" ins(%x = %b : tensor<0xf32>) -> tensor<0xf32> layouts([1], [1]) {
    %3 = ricci.einsum "i->i" ins(%x : tensor<0xf32>) -> tensor<0xf32>
    ricci.yield %3 : tensor<0xf32>
  }
  %2 = ricci.kernel "i->" ins(%x = %1 : tensor<0xf32>) -> tensor<f32> layouts([1], []) {
    %3 = ricci.einsum "i->" ins(%x : tensor<0xf32>) -> tensor<f32>
    ricci.yield %3 : tensor<f32>
  }
  return %2 : tensor<f32>
}

// -----

func.func @bytes(%a: tensor<2000000000xf32>, %b: tensor<2000000000xf32>) -> tensor<f32> {
  // expected-error @+1 {{an intermediate of type 'tensor<2000000000x2000000000xf32>' has more bytes than an address can count}}
  %0 = ricci.einsum "i,j->ij" ins(%a, %b : tensor<2000000000xf32>, tensor<2000000000xf32>) -> tensor<2000000000x2000000000xf32>
  %1 = ricci.einsum "ij->" ins(%0 : tensor<2000000000x2000000000xf32>) -> tensor<f32>
  return %1 : tensor<f32>
}

// -----

func.func @together(%a: tensor<2000000000xi8>, %b: tensor<4000000000xi8>) -> tensor<i8> {
  %0 = ricci.einsum "i,j->ij" ins(%a, %b : tensor<2000000000xi8>, tensor<4000000000xi8>) -> tensor<2000000000x4000000000xi8>
  // expected-error @+1 {{the intermediates do not fit into memory}}
  %1 = ricci.einsum "ij->ji" ins(%0 : tensor<2000000000x4000000000xi8>) -> tensor<4000000000x2000000000xi8>
  %2 = ricci.einsum "ij,ji->" ins(%0, %1 : tensor<2000000000x4000000000xi8>, tensor<4000000000x2000000000xi8>) -> tensor<i8>
  return %2 : tensor<i8>
}

// -----

// The product of matrices is read where the result is written, and nobody else reads it: it lies in the result's memory. What is
// read at another index has a place of its own.
// CHECK-LABEL: func.func @replaced
// CHECK: ricci.kernel "ij,jk->ik" {{.*}} arena([-2]) {
// CHECK: ricci.kernel "multiply" {{.*}} arena([-1]) {
func.func @replaced(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = ricci.elementwise multiply(%0, %b) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %1 : tensor<8x8xf32>
}

// CHECK-LABEL: func.func @not_replaced
// CHECK: ricci.kernel "ij,jk->ik" {{.*}} arena([0]) {
// CHECK: ricci.kernel "multiply" {{.*}} arena([-1]) {
func.func @not_replaced(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = ricci.transpose %0 perm = [1, 0] : tensor<8x8xf32> -> tensor<8x8xf32>
  %2 = ricci.elementwise multiply(%1, %b) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %2 : tensor<8x8xf32>
}

// What a reduction reads in one pass, a later one overwrites.
// CHECK-LABEL: func.func @rows
// CHECK: ricci.kernel "ij,jk->ik" {{.*}} arena([-2]) {
// CHECK: ricci.kernel "max subtract" {{.*}} arena([-1]) {
func.func @rows(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %1 = ricci.reduce max %0 dims = [1] : tensor<8x8xf32> -> tensor<8xf32>
  %2 = ricci.reshape %1 : tensor<8xf32> -> tensor<8x1xf32>
  %3 = ricci.elementwise subtract(%0, %2) : (tensor<8x8xf32>, tensor<8x1xf32>) -> tensor<8x8xf32>
  return %3 : tensor<8x8xf32>
}
