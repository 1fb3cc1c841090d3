// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-split-scans{cpu}))' | FileCheck %s
// RUN: ricci-opt %s --ricci-split-scans | FileCheck %s --check-prefix=GPU

// What comes before a part is the sum of the parts before it.
// CHECK-LABEL: func.func @sums
// CHECK: %[[PARTS:.*]] = ricci.reshape %arg0 : tensor<4194304xf32> -> tensor<64x65536xf32>
// CHECK: %[[BUT_LAST:.*]] = ricci.slice %[[PARTS]] start = [0, 0] size = [63, 65536]
// CHECK: %[[SUMS:.*]] = ricci.reduce sum %[[BUT_LAST]] dims = [1]
// CHECK: %[[ZERO:.*]] = ricci.constant dense<-0.000000e+00> : tensor<f32>
// CHECK: %[[PADDED:.*]] = ricci.pad %[[SUMS]], %[[ZERO]] low = [1] high = [0]
// CHECK: %[[BEFORE:.*]] = ricci.scan cumsum %[[PADDED]] dim = 0 : tensor<64xf32>
// CHECK: %[[SCAN:.*]] = ricci.scan cumsum %[[PARTS]] from %[[BEFORE]] dim = 1
// CHECK: ricci.reshape %[[SCAN]] : tensor<64x65536xf32> -> tensor<4194304xf32>
func.func @sums(%a: tensor<4194304xf32>) -> tensor<4194304xf32> {
  %0 = ricci.scan cumsum %a dim = 0 : tensor<4194304xf32> -> tensor<4194304xf32>
  return %0 : tensor<4194304xf32>
}

// Products of integers wrap in any order; an axis between others.
// CHECK-LABEL: func.func @products
// CHECK: ricci.reshape %arg0 : tensor<2x2097152x2xi32> -> tensor<2x32x65536x2xi32>
// CHECK: ricci.reduce prod {{.*}} dims = [2] : tensor<2x31x65536x2xi32> -> tensor<2x31x2xi32>
// CHECK: ricci.constant dense<1> : tensor<i32>
// CHECK: ricci.scan cumprod {{.*}} from {{.*}} dim = 2 : tensor<2x32x65536x2xi32>, tensor<2x32x2xi32>
func.func @products(%a: tensor<2x2097152x2xi32>) -> tensor<2x2097152x2xi32> {
  %0 = ricci.scan cumprod %a dim = 1 : tensor<2x2097152x2xi32> -> tensor<2x2097152x2xi32>
  return %0 : tensor<2x2097152x2xi32>
}

// Of a prime number of elements what equal parts leave is joined to them, where it must be.
// CHECK-LABEL: func.func @prime
// CHECK: %[[MOST:.*]] = ricci.reshape {{.*}} : tensor<64x1048576xi32> -> tensor<67108864xi32>
// CHECK: %[[END:.*]] = ricci.slice %[[MOST]] start = [67108863] size = [1] step = [1]
// CHECK-DAG: %[[LAST:.*]] = ricci.slice %arg0 start = [67108864] size = [15]
// CHECK-DAG: %[[FROM:.*]] = ricci.reshape %[[END]] : tensor<1xi32> -> tensor<i32>
// CHECK: %[[REST:.*]] = ricci.scan cumsum %[[LAST]] from %[[FROM]] dim = 0
// CHECK: ricci.concatenate dim = 0 (%[[MOST]], %[[REST]])
func.func @prime(%a: tensor<67108879xi32>) -> tensor<67108879xi32> {
  %0 = ricci.scan cumsum %a dim = 0 : tensor<67108879xi32> -> tensor<67108879xi32>
  return %0 : tensor<67108879xi32>
}

// CHECK-LABEL: func.func @greatest
// CHECK: %[[PARTS:.*]] = ricci.reshape %arg0 : tensor<4194304xf16> -> tensor<64x65536xf16>
// CHECK-DAG: %[[BEST:.*]] = ricci.reduce max %[[PARTS]] dims = [1]
// CHECK-DAG: ricci.arg_reduce argmax %[[PARTS]] dim = 1 : tensor<64x65536xf16> -> tensor<64xi64>
// CHECK: ricci.arg_reduce argmax %[[BEST]] dim = 0 : tensor<64xf16> -> tensor<i64>
// CHECK: ricci.reduce sum {{.*}} dims = [0] : tensor<64xi64> -> tensor<i64>
func.func @greatest(%a: tensor<4194304xf16>) -> tensor<i64> {
  %0 = ricci.arg_reduce argmax %a dim = 0 : tensor<4194304xf16> -> tensor<i64>
  return %0 : tensor<i64>
}

// The first of equal elements may be in two parts.
// CHECK-LABEL: func.func @prime_least
// CHECK: %[[WINDOWS:.*]] = ricci.windows %arg0 dim = 0 size = 65551
// CHECK: %[[PARTS:.*]] = ricci.slice %[[WINDOWS]] start = [0, 0] size = [64, 65551] step = [65536, 1]
// CHECK: ricci.arg_reduce argmin %[[PARTS]] dim = 1
func.func @prime_least(%a: tensor<4194319xi8>) -> tensor<i64> {
  %0 = ricci.arg_reduce argmin %a dim = 0 : tensor<4194319xi8> -> tensor<i64>
  return %0 : tensor<i64>
}

// What rounds or overflows elsewhere, what is short, and what are tasks enough.
// CHECK-LABEL: func.func @whole
// CHECK-NOT: ricci.reshape
// CHECK: return
func.func @whole(%a: tensor<8388608xf16>, %b: tensor<8388608xf32>, %c: tensor<8388608xcomplex<f32>>,
                 %d: tensor<1048576xf32>, %e: tensor<64x8388608xi8>)
    -> (tensor<8388608xf16>, tensor<8388608xf32>, tensor<i64>, tensor<1048576xf32>, tensor<64x8388608xi8>) {
  %0 = ricci.scan cumsum %a dim = 0 : tensor<8388608xf16> -> tensor<8388608xf16>
  %1 = ricci.scan cumprod %b dim = 0 : tensor<8388608xf32> -> tensor<8388608xf32>
  %2 = ricci.arg_reduce argmax %c dim = 0 : tensor<8388608xcomplex<f32>> -> tensor<i64>
  %3 = ricci.scan cumsum %d dim = 0 : tensor<1048576xf32> -> tensor<1048576xf32>
  %4 = ricci.scan cumsum %e dim = 1 : tensor<64x8388608xi8> -> tensor<64x8388608xi8>
  return %0, %1, %2, %3, %4
      : tensor<8388608xf16>, tensor<8388608xf32>, tensor<i64>, tensor<1048576xf32>, tensor<64x8388608xi8>
}

// One task of so many elements would be waited for.
// CHECK-LABEL: func.func @rows_too_long
// CHECK: ricci.reshape %arg0 : tensor<64x134217728xi8> -> tensor<64x4x33554432xi8>
func.func @rows_too_long(%a: tensor<64x134217728xi8>) -> tensor<64x134217728xi8> {
  %0 = ricci.scan cumsum %a dim = 1 : tensor<64x134217728xi8> -> tensor<64x134217728xi8>
  return %0 : tensor<64x134217728xi8>
}

// Blocks of a GPU are worth it earlier.
// GPU-LABEL: func.func @short
// GPU: ricci.reshape %arg0 : tensor<65536xf32> -> tensor<16x4096xf32>
func.func @short(%a: tensor<65536xf32>) -> tensor<65536xf32> {
  %0 = ricci.scan cumsum %a dim = 0 : tensor<65536xf32> -> tensor<65536xf32>
  return %0 : tensor<65536xf32>
}
