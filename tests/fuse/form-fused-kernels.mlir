// RUN: ricci-opt %s --ricci-form-kernels | FileCheck %s
// RUN: ricci-opt %s --ricci-form-kernels=fuse=false | FileCheck %s --check-prefix=APART

// Both reductions go over the same rows, and the result is on all axes of them.
// CHECK-LABEL: func.func @softmax
// CHECK-NEXT: ricci.kernel "max subtract exp sum ..."
// CHECK-NOT: ricci.kernel
// CHECK: return
// APART-LABEL: func.func @softmax
// APART: "max"
// APART: "subtract"
// APART: "exp"
// APART: "sum"
// APART: "divide"
func.func @softmax(%x: tensor<32x64xf32>) -> tensor<32x64xf32> {
  %0 = ricci.reduce max %x dims = [1] : tensor<32x64xf32> -> tensor<32xf32>
  %1 = ricci.reshape %0 : tensor<32xf32> -> tensor<32x1xf32>
  %2 = ricci.elementwise subtract(%x, %1) : (tensor<32x64xf32>, tensor<32x1xf32>) -> tensor<32x64xf32>
  %3 = ricci.elementwise exp(%2) : (tensor<32x64xf32>) -> tensor<32x64xf32>
  %4 = ricci.reduce sum %3 dims = [1] : tensor<32x64xf32> -> tensor<32xf32>
  %5 = ricci.reshape %4 : tensor<32xf32> -> tensor<32x1xf32>
  %6 = ricci.elementwise divide(%3, %5) : (tensor<32x64xf32>, tensor<32x1xf32>) -> tensor<32x64xf32>
  return %6 : tensor<32x64xf32>
}

// The logarithm lives on the kept axis.
// CHECK-LABEL: func.func @log_sum_exp
// CHECK-NEXT: ricci.kernel "exp sum log"
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @log_sum_exp(%x: tensor<32x64xf32>) -> tensor<32xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<32x64xf32>) -> tensor<32x64xf32>
  %1 = ricci.reduce sum %0 dims = [1] : tensor<32x64xf32> -> tensor<32xf32>
  %2 = ricci.elementwise log(%1) : (tensor<32xf32>) -> tensor<32xf32>
  return %2 : tensor<32xf32>
}

// Several reduced axes; mean, then variance, then a result on all axes.
// CHECK-LABEL: func.func @batch_norm
// CHECK-NEXT: ricci.kernel "sum divide subtract multiply ..." ins(
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @batch_norm(%x: tensor<8x16x7x7xf32>) -> tensor<8x16x7x7xf32> {
  %n = ricci.constant dense<3.920000e+02> : tensor<f32>
  %0 = ricci.reduce sum %x dims = [0, 2, 3] : tensor<8x16x7x7xf32> -> tensor<16xf32>
  %1 = ricci.elementwise divide(%0, %n) : (tensor<16xf32>, tensor<f32>) -> tensor<16xf32>
  %2 = ricci.reshape %1 : tensor<16xf32> -> tensor<1x16x1x1xf32>
  %3 = ricci.elementwise subtract(%x, %2) : (tensor<8x16x7x7xf32>, tensor<1x16x1x1xf32>) -> tensor<8x16x7x7xf32>
  %4 = ricci.elementwise multiply(%3, %3) : (tensor<8x16x7x7xf32>, tensor<8x16x7x7xf32>) -> tensor<8x16x7x7xf32>
  %5 = ricci.reduce sum %4 dims = [0, 2, 3] : tensor<8x16x7x7xf32> -> tensor<16xf32>
  %6 = ricci.elementwise sqrt(%5) : (tensor<16xf32>) -> tensor<16xf32>
  %7 = ricci.reshape %6 : tensor<16xf32> -> tensor<1x16x1x1xf32>
  %8 = ricci.elementwise divide(%3, %7) : (tensor<8x16x7x7xf32>, tensor<1x16x1x1xf32>) -> tensor<8x16x7x7xf32>
  return %8 : tensor<8x16x7x7xf32>
}

// A reduction over other axes is another kernel.
// CHECK-LABEL: func.func @other_axes
// CHECK-NEXT: ricci.kernel "max"
// CHECK: ricci.kernel "sum"
// CHECK: return
func.func @other_axes(%x: tensor<32x32xf32>) -> (tensor<32xf32>, tensor<32xf32>) {
  %0 = ricci.reduce max %x dims = [0] : tensor<32x32xf32> -> tensor<32xf32>
  %1 = ricci.reduce sum %x dims = [1] : tensor<32x32xf32> -> tensor<32xf32>
  return %0, %1 : tensor<32xf32>, tensor<32xf32>
}

// A kernel cannot read what it reduces at another index: %1 reads all maxima in every row.
// CHECK-LABEL: func.func @not_aligned
// CHECK-NEXT: ricci.kernel "max"
// CHECK: ricci.kernel "subtract sum"
// CHECK: return
func.func @not_aligned(%x: tensor<32x32xf32>) -> tensor<32xf32> {
  %0 = ricci.reduce max %x dims = [1] : tensor<32x32xf32> -> tensor<32xf32>
  %1 = ricci.elementwise subtract(%x, %0) : (tensor<32x32xf32>, tensor<32xf32>) -> tensor<32x32xf32>
  %2 = ricci.reduce sum %1 dims = [1] : tensor<32x32xf32> -> tensor<32xf32>
  return %2 : tensor<32xf32>
}

// Contraction, softmax of its rows, contraction: three launches.
// CHECK-LABEL: func.func @attention
// CHECK-NEXT: ricci.kernel "ik,jk->ij"
// CHECK: ricci.kernel "multiply max subtract exp ..."
// CHECK: ricci.kernel "ij,jk->ik"
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @attention(%q: tensor<32x16xf32>, %k: tensor<64x16xf32>, %v: tensor<64x16xf32>) -> tensor<32x16xf32> {
  %c = ricci.constant dense<0.25> : tensor<f32>
  %s = ricci.einsum "ik,jk->ij" ins(%q, %k : tensor<32x16xf32>, tensor<64x16xf32>) -> tensor<32x64xf32>
  %x = ricci.elementwise multiply(%s, %c) : (tensor<32x64xf32>, tensor<f32>) -> tensor<32x64xf32>
  %0 = ricci.reduce max %x dims = [1] : tensor<32x64xf32> -> tensor<32xf32>
  %1 = ricci.reshape %0 : tensor<32xf32> -> tensor<32x1xf32>
  %2 = ricci.elementwise subtract(%x, %1) : (tensor<32x64xf32>, tensor<32x1xf32>) -> tensor<32x64xf32>
  %3 = ricci.elementwise exp(%2) : (tensor<32x64xf32>) -> tensor<32x64xf32>
  %4 = ricci.reduce sum %3 dims = [1] : tensor<32x64xf32> -> tensor<32xf32>
  %5 = ricci.reshape %4 : tensor<32xf32> -> tensor<32x1xf32>
  %6 = ricci.elementwise divide(%3, %5) : (tensor<32x64xf32>, tensor<32x1xf32>) -> tensor<32x64xf32>
  %7 = ricci.einsum "ij,jk->ik" ins(%6, %v : tensor<32x64xf32>, tensor<64x16xf32>) -> tensor<32x16xf32>
  return %7 : tensor<32x16xf32>
}

// Maps of one input share a kernel, those of different inputs do not.
// CHECK-LABEL: func.func @maps
// CHECK-NEXT: ricci.kernel "exp negative" ins(%{{.*}} = %arg0 : tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>)
// CHECK: ricci.kernel "sqrt" ins(%{{.*}} = %arg1
// CHECK: return
func.func @maps(%x: tensor<64xf32>, %y: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>, tensor<64xf32>) {
  %0 = ricci.elementwise exp(%x) : (tensor<64xf32>) -> tensor<64xf32>
  %1 = ricci.elementwise sqrt(%y) : (tensor<64xf32>) -> tensor<64xf32>
  %2 = ricci.elementwise negative(%x) : (tensor<64xf32>) -> tensor<64xf32>
  return %0, %1, %2 : tensor<64xf32>, tensor<64xf32>, tensor<64xf32>
}

// What two kernels want is computed in both where that is cheap (%0) …
// CHECK-LABEL: func.func @cheap
// CHECK-NEXT: ricci.kernel "negative sum" ins(%{{.*}} = %arg0
// CHECK: ricci.kernel "negative max" ins(%{{.*}} = %arg0
// CHECK: return
func.func @cheap(%x: tensor<64x64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %0 = ricci.elementwise negative(%x) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = ricci.reduce sum %0 dims = [0] : tensor<64x64xf32> -> tensor<64xf32>
  %2 = ricci.reduce max %0 dims = [1] : tensor<64x64xf32> -> tensor<64xf32>
  return %1, %2 : tensor<64xf32>, tensor<64xf32>
}

// … and lies in memory where it is dear.
// CHECK-LABEL: func.func @dear
// CHECK-NEXT: %[[DEAR:.*]] = ricci.kernel "sin tanh"
// CHECK: ricci.kernel "sum" ins(%{{.*}} = %[[DEAR]]
// CHECK: ricci.kernel "max" ins(%{{.*}} = %[[DEAR]]
// CHECK: return
func.func @dear(%x: tensor<64x64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %0 = ricci.elementwise sin(%x) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = ricci.elementwise tanh(%0) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %2 = ricci.reduce sum %1 dims = [0] : tensor<64x64xf32> -> tensor<64xf32>
  %3 = ricci.reduce max %1 dims = [1] : tensor<64x64xf32> -> tensor<64xf32>
  return %2, %3 : tensor<64xf32>, tensor<64xf32>
}

// An exponential that would be computed again for every row is computed before; a sum is not.
// CHECK-LABEL: func.func @broadcast
// CHECK-NEXT: %[[ROW:.*]] = ricci.kernel "exp" ins(%{{.*}} = %arg1
// CHECK: ricci.kernel "add multiply" ins(%{{.*}} = %{{.*}}, %{{.*}} = %{{.*}}, %{{.*}} = %{{.*}} :
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @broadcast(%x: tensor<64x64xf32>, %y: tensor<64xf32>) -> tensor<64x64xf32> {
  %0 = ricci.elementwise exp(%y) : (tensor<64xf32>) -> tensor<64xf32>
  %1 = ricci.elementwise add(%y, %y) : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %2 = ricci.elementwise multiply(%x, %0) : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64x64xf32>
  %3 = ricci.elementwise multiply(%2, %1) : (tensor<64x64xf32>, tensor<64xf32>) -> tensor<64x64xf32>
  return %3 : tensor<64x64xf32>
}

// A row that has left the cache is read again by another kernel.
// CHECK-LABEL: func.func @long_rows
// CHECK-NEXT: %[[MAX:.*]] = ricci.kernel "max"
// CHECK: ricci.kernel "subtract" ins(%{{.*}} = %[[MAX]], %{{.*}} = %arg0
// CHECK: return
func.func @long_rows(%x: tensor<4x1000000xf32>) -> tensor<4x1000000xf32> {
  %0 = ricci.reduce max %x dims = [1] : tensor<4x1000000xf32> -> tensor<4xf32>
  %1 = ricci.reshape %0 : tensor<4xf32> -> tensor<4x1xf32>
  %2 = ricci.elementwise subtract(%x, %1) : (tensor<4x1000000xf32>, tensor<4x1xf32>) -> tensor<4x1000000xf32>
  return %2 : tensor<4x1000000xf32>
}

// Nine parts are joined in steps of eight.
// CHECK-LABEL: func.func @nine
// CHECK-NEXT: %[[EIGHT:.*]] = ricci.kernel "concatenate" ins({{.*}}) -> tensor<16xf32>
// CHECK: ricci.concatenate dim = 0 (%{{.*}}) : (tensor<2xf32>) -> tensor<2xf32>
// CHECK: ricci.concatenate dim = 0 (%{{.*}}, %{{.*}}) : (tensor<16xf32>, tensor<2xf32>) -> tensor<18xf32>
// CHECK-NOT: concatenate
// CHECK: return
func.func @nine(%x: tensor<2xf32>) -> tensor<18xf32> {
  %0 = ricci.concatenate dim = 0 (%x, %x, %x, %x, %x, %x, %x, %x, %x) : (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<18xf32>
  return %0 : tensor<18xf32>
}

// A reshape that merges axes finds its operand in memory; one that splits them does not need to.
// CHECK-LABEL: func.func @merges
// CHECK-NEXT: ricci.kernel "exp" ins({{.*}}) -> tensor<4x6xf32>
// CHECK: ricci.kernel "cumsum"
// CHECK: return
func.func @merges(%x: tensor<4x6xf32>) -> tensor<24xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %1 = ricci.reshape %0 : tensor<4x6xf32> -> tensor<24xf32>
  %2 = ricci.scan cumsum %1 dim = 0 : tensor<24xf32> -> tensor<24xf32>
  return %2 : tensor<24xf32>
}
// CHECK-LABEL: func.func @splits
// CHECK-NEXT: ricci.kernel "exp sum"
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @splits(%x: tensor<24xf32>) -> tensor<4xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<24xf32>) -> tensor<24xf32>
  %1 = ricci.reshape %0 : tensor<24xf32> -> tensor<4x6xf32>
  %2 = ricci.reduce sum %1 dims = [1] : tensor<4x6xf32> -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// Results are stored through transpose and reshape …
// CHECK-LABEL: func.func @stored_through
// CHECK-NEXT: ricci.kernel "exp" ins({{.*}}) -> tensor<24xf32>
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @stored_through(%x: tensor<4x6xf32>) -> tensor<24xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<4x6xf32>) -> tensor<4x6xf32>
  %1 = ricci.transpose %0 perm = [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  %2 = ricci.reshape %1 : tensor<6x4xf32> -> tensor<24xf32>
  return %2 : tensor<24xf32>
}
// … and are copied where they are views of, or the same as, something in memory.
// CHECK-LABEL: func.func @copies
// CHECK-NEXT: %[[T:.*]] = ricci.kernel "copy" ins(%{{.*}} = %arg0 : tensor<4x6xf32>) -> tensor<6x4xf32>
// CHECK: %[[A:.*]]:3 = ricci.kernel "copy" ins(%{{.*}} = %arg0 : tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>, tensor<4x6xf32>)
// CHECK: return %[[A]]#1, %[[A]]#2, %[[T]], %[[A]]#0 :
func.func @copies(%x: tensor<4x6xf32>) -> (tensor<4x6xf32>, tensor<4x6xf32>, tensor<6x4xf32>, tensor<4x6xf32>) {
  %0 = ricci.transpose %x perm = [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  %1 = ricci.slice %x start = [3, 0] size = [4, 6] step = [-1, 1] : tensor<4x6xf32> -> tensor<4x6xf32>
  return %x, %x, %0, %1 : tensor<4x6xf32>, tensor<4x6xf32>, tensor<6x4xf32>, tensor<4x6xf32>
}

// What nobody reads is in no kernel.
// CHECK-LABEL: func.func @unused
// CHECK-NEXT: ricci.kernel "negative"
// CHECK-NOT: exp
// CHECK: return
func.func @unused(%x: tensor<6xf32>) -> tensor<6xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<6xf32>) -> tensor<6xf32>
  %1 = ricci.elementwise negative(%x) : (tensor<6xf32>) -> tensor<6xf32>
  return %1 : tensor<6xf32>
}

// What is repeated is stored in the shape in which its axes are joined, without a copy between.
// CHECK-LABEL: func.func @repeated
// CHECK-COUNT-1: ricci.kernel
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @repeated(%x: tensor<40x50xf32>) -> tensor<40x100xf32> {
  %0 = ricci.reshape %x : tensor<40x50xf32> -> tensor<40x50x1xf32>
  %1 = ricci.broadcast %0 : tensor<40x50x1xf32> -> tensor<40x50x2xf32>
  %2 = ricci.reshape %1 : tensor<40x50x2xf32> -> tensor<40x100xf32>
  return %2 : tensor<40x100xf32>
}
