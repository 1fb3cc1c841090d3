// RUN: ricci-opt %s --ricci-simplify | FileCheck %s

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic() -> (tensor<2x3xf32>, tensor<3xi8>, tensor<3xi1>, tensor<3xui8>) {
  // CHECK-DAG: %[[F:.*]] = ricci.constant dense<7.500000e-01> : tensor<2x3xf32>
  %0 = ricci.constant dense<1.5> : tensor<3xf32>
  %1 = ricci.constant dense<0.5> : tensor<2x1xf32>
  %2 = ricci.elementwise multiply(%0, %1) : (tensor<3xf32>, tensor<2x1xf32>) -> tensor<2x3xf32>
  // CHECK-DAG: %[[I:.*]] = ricci.constant dense<-128> : tensor<3xi8>
  %3 = ricci.constant dense<127> : tensor<3xi8>
  %4 = ricci.constant dense<1> : tensor<3xi8>
  %5 = ricci.elementwise add(%3, %4) : (tensor<3xi8>, tensor<3xi8>) -> tensor<3xi8>
  // CHECK-DAG: %[[B:.*]] = ricci.constant dense<true> : tensor<3xi1>
  %6 = ricci.elementwise less(%5, %4) : (tensor<3xi8>, tensor<3xi8>) -> tensor<3xi1>
  // CHECK-DAG: %[[U:.*]] = ricci.constant dense<255> : tensor<3xui8>
  %7 = ricci.constant dense<255> : tensor<3xui8>
  %8 = ricci.constant dense<1> : tensor<ui8>
  %9 = ricci.elementwise maximum(%7, %8) : (tensor<3xui8>, tensor<ui8>) -> tensor<3xui8>
  // CHECK: return %[[F]], %[[I]], %[[B]], %[[U]]
  return %2, %5, %6, %9 : tensor<2x3xf32>, tensor<3xi8>, tensor<3xi1>, tensor<3xui8>
}

// A divisor whose inverse is exact becomes a factor; 3.0, 0.0 and the least powers of two have none.
// CHECK-LABEL: func.func @divisions
// CHECK-SAME: (%[[X:.*]]: tensor<2xf32>)
func.func @divisions(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
  %0 = ricci.constant dense<-8.0> : tensor<f32>
  %1 = ricci.constant dense<3.0> : tensor<f32>
  %2 = ricci.constant dense<0.0> : tensor<f32>
  %3 = ricci.constant dense<0x00000001> : tensor<f32>
  // CHECK: %[[F:.*]] = ricci.constant dense<-1.250000e-01> : tensor<f32>
  // CHECK: ricci.elementwise multiply(%[[X]], %[[F]])
  %4 = ricci.elementwise divide(%x, %0) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  // CHECK-COUNT-3: ricci.elementwise divide
  %5 = ricci.elementwise divide(%x, %1) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %6 = ricci.elementwise divide(%x, %2) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  %7 = ricci.elementwise divide(%x, %3) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %4, %5, %6, %7 : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// What rounds inside, complex numbers, NaN and elements that differ are left to run time.
// CHECK-LABEL: func.func @left_to_run_time
func.func @left_to_run_time() -> (tensor<2xf32>, tensor<2xcomplex<f32>>, tensor<2xf32>, tensor<2xf32>) {
  %0 = ricci.constant dense<0.0> : tensor<2xf32>
  %1 = ricci.constant dense<(1.0, 0.0)> : tensor<2xcomplex<f32>>
  %2 = ricci.constant dense<[1.0, 2.0]> : tensor<2xf32>
  // CHECK: ricci.elementwise exp
  %3 = ricci.elementwise exp(%0) : (tensor<2xf32>) -> tensor<2xf32>
  // CHECK: ricci.elementwise add({{.*}}complex
  %4 = ricci.elementwise add(%1, %1) : (tensor<2xcomplex<f32>>, tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>>
  // CHECK: ricci.elementwise divide
  %5 = ricci.elementwise divide(%0, %0) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  // CHECK: ricci.elementwise add
  %6 = ricci.elementwise add(%2, %2) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %3, %4, %5, %6 : tensor<2xf32>, tensor<2xcomplex<f32>>, tensor<2xf32>, tensor<2xf32>
}

// Nothing is reassociated, and x + 0 is not x for -0.
// CHECK-LABEL: func.func @floats_keep_their_order
func.func @floats_keep_their_order(%a: tensor<2xf32>) -> tensor<2xf32> {
  %0 = ricci.constant dense<0.0> : tensor<f32>
  // CHECK: ricci.elementwise add
  %1 = ricci.elementwise add(%a, %0) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  // CHECK: ricci.elementwise add
  %2 = ricci.elementwise add(%1, %0) : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}

// CHECK-LABEL: func.func @where
// CHECK-SAME: %[[A:.*]]: tensor<3xf32>, %[[B:.*]]: tensor<2x3xf32>
func.func @where(%a: tensor<3xf32>, %b: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>) {
  // CHECK-NEXT: %[[R:.*]] = ricci.broadcast %[[A]]
  // CHECK-NEXT: return %[[R]], %[[B]]
  %t = ricci.constant dense<true> : tensor<i1>
  %f = ricci.constant dense<false> : tensor<3xi1>
  %0 = ricci.elementwise where(%t, %a, %b) : (tensor<i1>, tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %1 = ricci.elementwise where(%f, %a, %b) : (tensor<3xi1>, tensor<3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %0, %1 : tensor<2x3xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: func.func @cast_constants
func.func @cast_constants() -> (tensor<3xf32>, tensor<3xi8>, tensor<3xi1>, tensor<3xi8>) {
  // CHECK-DAG: %[[F:.*]] = ricci.constant dense<2.550000e+02> : tensor<3xf32>
  %0 = ricci.constant dense<255> : tensor<3xui8>
  %1 = ricci.cast %0 : tensor<3xui8> -> tensor<3xf32>
  // CHECK-DAG: %[[I:.*]] = ricci.constant dense<-2> : tensor<3xi8>
  %2 = ricci.constant dense<-2.75> : tensor<3xf64>
  %3 = ricci.cast %2 : tensor<3xf64> -> tensor<3xi8>
  // CHECK-DAG: %[[B:.*]] = ricci.constant dense<true> : tensor<3xi1>
  %4 = ricci.constant dense<0.5> : tensor<3xbf16>
  %5 = ricci.cast %4 : tensor<3xbf16> -> tensor<3xi1>
  // The value is outside of the type.
  // CHECK: %[[O:.*]] = ricci.cast
  %6 = ricci.constant dense<300.0> : tensor<3xf64>
  %7 = ricci.cast %6 : tensor<3xf64> -> tensor<3xi8>
  // CHECK: return %[[F]], %[[I]], %[[B]], %[[O]]
  return %1, %3, %5, %7 : tensor<3xf32>, tensor<3xi8>, tensor<3xi1>, tensor<3xi8>
}

// CHECK-LABEL: func.func @shapes_of_constants
func.func @shapes_of_constants() -> tensor<2x2x2xcomplex<f64>> {
  // CHECK-NEXT: %[[C:.*]] = ricci.constant dense<(1.000000e+00,2.000000e+00)> : tensor<2x2x2xcomplex<f64>>
  // CHECK-NEXT: return %[[C]]
  %0 = ricci.constant dense<(1.0, 2.0)> : tensor<complex<f64>>
  %1 = ricci.broadcast %0 : tensor<complex<f64>> -> tensor<3x4xcomplex<f64>>
  %2 = ricci.transpose %1 perm = [1, 0] : tensor<3x4xcomplex<f64>> -> tensor<4x3xcomplex<f64>>
  %3 = ricci.slice %2 start = [0, 1] size = [2, 2] step = [2, 1] : tensor<4x3xcomplex<f64>> -> tensor<2x2xcomplex<f64>>
  %4 = ricci.reshape %3 : tensor<2x2xcomplex<f64>> -> tensor<4xcomplex<f64>>
  %5 = ricci.windows %4 dim = 0 size = 1 : tensor<4xcomplex<f64>> -> tensor<4x1xcomplex<f64>>
  %6 = ricci.broadcast %5 : tensor<4x1xcomplex<f64>> -> tensor<4x2xcomplex<f64>>
  %7 = ricci.reshape %6 : tensor<4x2xcomplex<f64>> -> tensor<2x2x2xcomplex<f64>>
  return %7 : tensor<2x2x2xcomplex<f64>>
}

// CHECK-LABEL: func.func @casts
// CHECK-SAME: %[[A:.*]]: tensor<3xi8>, %[[B:.*]]: tensor<3xf16>
func.func @casts(%a: tensor<3xi8>, %b: tensor<3xf16>) -> (tensor<3xf32>, tensor<3xf16>, tensor<3xbf16>) {
  // CHECK-DAG: %[[F:.*]] = ricci.cast %[[A]] : tensor<3xi8> -> tensor<3xf32>
  %0 = ricci.cast %a : tensor<3xi8> -> tensor<3xi32>
  %1 = ricci.cast %0 : tensor<3xi32> -> tensor<3xf64>
  %2 = ricci.cast %1 : tensor<3xf64> -> tensor<3xf32>
  %3 = ricci.cast %b : tensor<3xf16> -> tensor<3xcomplex<f64>>
  %4 = ricci.cast %3 : tensor<3xcomplex<f64>> -> tensor<3xf16>
  // CHECK-DAG: %[[G:.*]] = ricci.cast %[[B]] : tensor<3xf16> -> tensor<3xbf16>
  %5 = ricci.cast %b : tensor<3xf16> -> tensor<3xf32>
  %6 = ricci.cast %5 : tensor<3xf32> -> tensor<3xbf16>
  // CHECK: return %[[F]], %[[B]], %[[G]]
  return %2, %4, %6 : tensor<3xf32>, tensor<3xf16>, tensor<3xbf16>
}

// Each inner cast may change a value.
// CHECK-LABEL: func.func @casts_that_round
func.func @casts_that_round(%a: tensor<3xi8>, %b: tensor<3xbf16>, %c: tensor<3xf64>, %d: tensor<3xui8>, %e: tensor<3xcomplex<f32>>) -> (tensor<3xi32>, tensor<3xf32>, tensor<3xf64>, tensor<3xi16>, tensor<3xcomplex<f32>>, tensor<3xi8>) {
  // CHECK-COUNT-12: ricci.cast
  %0 = ricci.cast %a : tensor<3xi8> -> tensor<3xui16>
  %1 = ricci.cast %0 : tensor<3xui16> -> tensor<3xi32>
  %2 = ricci.cast %b : tensor<3xbf16> -> tensor<3xf16>
  %3 = ricci.cast %2 : tensor<3xf16> -> tensor<3xf32>
  %4 = ricci.cast %c : tensor<3xf64> -> tensor<3xi64>
  %5 = ricci.cast %4 : tensor<3xi64> -> tensor<3xf64>
  %6 = ricci.cast %d : tensor<3xui8> -> tensor<3xi8>
  %7 = ricci.cast %6 : tensor<3xi8> -> tensor<3xi16>
  %8 = ricci.cast %e : tensor<3xcomplex<f32>> -> tensor<3xf64>
  %9 = ricci.cast %8 : tensor<3xf64> -> tensor<3xcomplex<f32>>
  %10 = ricci.cast %a : tensor<3xi8> -> tensor<3xi1>
  %11 = ricci.cast %10 : tensor<3xi1> -> tensor<3xi8>
  return %1, %3, %5, %7, %9, %11 : tensor<3xi32>, tensor<3xf32>, tensor<3xf64>, tensor<3xi16>, tensor<3xcomplex<f32>>, tensor<3xi8>
}

// CHECK-LABEL: func.func @transposes
// CHECK-SAME: %[[A:.*]]: tensor<2x3x4xf32>
func.func @transposes(%a: tensor<2x3x4xf32>) -> (tensor<4x3x2xf32>, tensor<2x3x4xf32>) {
  // CHECK-NEXT: %[[R:.*]] = ricci.transpose %[[A]] perm = [2, 1, 0]
  // CHECK-NEXT: return %[[R]], %[[A]]
  %0 = ricci.transpose %a perm = [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %1 = ricci.transpose %0 perm = [1, 0, 2] : tensor<3x4x2xf32> -> tensor<4x3x2xf32>
  %2 = ricci.transpose %0 perm = [2, 0, 1] : tensor<3x4x2xf32> -> tensor<2x3x4xf32>
  return %1, %2 : tensor<4x3x2xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @reshapes_and_broadcasts
// CHECK-SAME: %[[A:.*]]: tensor<2x6xf32>, %[[B:.*]]: tensor<3x1xf32>
func.func @reshapes_and_broadcasts(%a: tensor<2x6xf32>, %b: tensor<3x1xf32>) -> (tensor<2x6xf32>, tensor<2x3x4xf32>) {
  // CHECK-NEXT: %[[R:.*]] = ricci.broadcast %[[B]] : tensor<3x1xf32> -> tensor<2x3x4xf32>
  // CHECK-NEXT: return %[[A]], %[[R]]
  %0 = ricci.reshape %a : tensor<2x6xf32> -> tensor<12xf32>
  %1 = ricci.reshape %0 : tensor<12xf32> -> tensor<2x6xf32>
  %2 = ricci.broadcast %b : tensor<3x1xf32> -> tensor<1x3x4xf32>
  %3 = ricci.broadcast %2 : tensor<1x3x4xf32> -> tensor<2x3x4xf32>
  return %1, %3 : tensor<2x6xf32>, tensor<2x3x4xf32>
}

// CHECK-LABEL: func.func @slices
// CHECK-SAME: %[[A:.*]]: tensor<10x10x10x10xf32>
func.func @slices(%a: tensor<10x10x10x10xf32>) -> tensor<2x2x1x0xf32> {
  // CHECK-NEXT: %[[R:.*]] = ricci.slice %[[A]] start = [3, 9, 4, 0] size = [2, 2, 1, 0] step = [4, -3, 1, 1]
  // CHECK-NEXT: return %[[R]]
  %0 = ricci.slice %a start = [1, 0, 2, 7] size = [4, 10, 4, 2] step = [2, 1, 2, 1] : tensor<10x10x10x10xf32> -> tensor<4x10x4x2xf32>
  %1 = ricci.slice %0 start = [1, 9, 1, 9223372036854775807] size = [2, 2, 1, 0] step = [2, -3, 9223372036854775807, 5] : tensor<4x10x4x2xf32> -> tensor<2x2x1x0xf32>
  return %1 : tensor<2x2x1x0xf32>
}

// Equal operations are one; unused ones go away.
// CHECK-LABEL: func.func @equal
func.func @equal(%a: tensor<3xf32>) -> tensor<3xf32> {
  // CHECK-NEXT: %[[E:.*]] = ricci.elementwise exp
  // CHECK-NEXT: %[[R:.*]] = ricci.elementwise add(%[[E]], %[[E]])
  // CHECK-NEXT: return %[[R]]
  %0 = ricci.elementwise exp(%a) : (tensor<3xf32>) -> tensor<3xf32>
  %1 = ricci.elementwise exp(%a) : (tensor<3xf32>) -> tensor<3xf32>
  %2 = ricci.elementwise sin(%a) : (tensor<3xf32>) -> tensor<3xf32>
  %3 = ricci.elementwise add(%0, %1) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return %3 : tensor<3xf32>
}

// CHECK-LABEL: func.func @neutral
// CHECK-SAME: %[[A:.*]]: tensor<3xf32>, %[[I:.*]]: tensor<3xi32>, %[[B:.*]]: tensor<3xi1>
func.func @neutral(%a: tensor<3xf32>, %i: tensor<3xi32>, %b: tensor<3xi1>) -> (tensor<3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi1>) {
  // CHECK-NEXT: %[[W:.*]] = ricci.broadcast %[[A]] : tensor<3xf32> -> tensor<2x3xf32>
  // CHECK-NEXT: return %[[A]], %[[W]], %[[A]], %[[A]], %[[I]], %[[I]], %[[I]], %[[B]]
  %one = ricci.constant dense<1.0> : tensor<f32>
  %ones = ricci.constant dense<1.0> : tensor<2x1xf32>
  %zero = ricci.constant dense<0.0> : tensor<f32>
  %minus = ricci.constant dense<-0.0> : tensor<f32>
  %none = ricci.constant dense<0> : tensor<i32>
  %all = ricci.constant dense<-1> : tensor<i32>
  %true = ricci.constant dense<true> : tensor<i1>
  %0 = ricci.elementwise divide(%a, %one) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = ricci.elementwise multiply(%ones, %a) : (tensor<2x1xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %2 = ricci.elementwise subtract(%a, %zero) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %3 = ricci.elementwise add(%minus, %a) : (tensor<f32>, tensor<3xf32>) -> tensor<3xf32>
  %4 = ricci.elementwise add(%none, %i) : (tensor<i32>, tensor<3xi32>) -> tensor<3xi32>
  %5 = ricci.elementwise bitwise_and(%i, %all) : (tensor<3xi32>, tensor<i32>) -> tensor<3xi32>
  %6 = ricci.elementwise left_shift(%i, %none) : (tensor<3xi32>, tensor<i32>) -> tensor<3xi32>
  %7 = ricci.elementwise multiply(%b, %true) : (tensor<3xi1>, tensor<i1>) -> tensor<3xi1>
  return %0, %1, %2, %3, %4, %5, %6, %7 : tensor<3xf32>, tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi32>, tensor<3xi1>
}

// -0.0 + 0.0 is 0.0, 0 - x and 0 << x are not x, inf * (1 + 0j) has a NaN.
// CHECK-LABEL: func.func @not_neutral
func.func @not_neutral(%a: tensor<3xf32>, %i: tensor<3xi32>, %c: tensor<3xcomplex<f32>>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xcomplex<f32>>) {
  // CHECK: ricci.elementwise add
  // CHECK: ricci.elementwise subtract
  // CHECK: ricci.elementwise subtract
  // CHECK: ricci.elementwise left_shift
  // CHECK: ricci.elementwise multiply
  %zero = ricci.constant dense<0.0> : tensor<f32>
  %minus = ricci.constant dense<-0.0> : tensor<f32>
  %none = ricci.constant dense<0> : tensor<i32>
  %one = ricci.constant dense<(1.0, 0.0)> : tensor<complex<f32>>
  %0 = ricci.elementwise add(%a, %zero) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = ricci.elementwise subtract(%a, %minus) : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %2 = ricci.elementwise subtract(%none, %i) : (tensor<i32>, tensor<3xi32>) -> tensor<3xi32>
  %3 = ricci.elementwise left_shift(%none, %i) : (tensor<i32>, tensor<3xi32>) -> tensor<3xi32>
  %4 = ricci.elementwise multiply(%c, %one) : (tensor<3xcomplex<f32>>, tensor<complex<f32>>) -> tensor<3xcomplex<f32>>
  return %0, %1, %2, %3, %4 : tensor<3xf32>, tensor<3xf32>, tensor<3xi32>, tensor<3xi32>, tensor<3xcomplex<f32>>
}

// CHECK-LABEL: func.func @pairs
// CHECK-SAME: %[[A:.*]]: tensor<3xf32>, %[[I:.*]]: tensor<3xi32>
func.func @pairs(%a: tensor<3xf32>, %i: tensor<3xi32>) -> (tensor<3xf32>, tensor<3xi32>, tensor<f32>) {
  // CHECK-NEXT: %[[R:.*]] = ricci.constant dense<1.41421354> : tensor<f32>
  // CHECK-NEXT: return %[[A]], %[[I]], %[[R]]
  %0 = ricci.elementwise negative(%a) : (tensor<3xf32>) -> tensor<3xf32>
  %1 = ricci.elementwise negative(%0) : (tensor<3xf32>) -> tensor<3xf32>
  %2 = ricci.elementwise invert(%i) : (tensor<3xi32>) -> tensor<3xi32>
  %3 = ricci.elementwise invert(%2) : (tensor<3xi32>) -> tensor<3xi32>
  %two = ricci.constant dense<2.0> : tensor<f32>
  %root = ricci.elementwise sqrt(%two) : (tensor<f32>) -> tensor<f32>
  return %1, %3, %root : tensor<3xf32>, tensor<3xi32>, tensor<f32>
}
