// RUN: ricci-opt %s --ricci-form-kernels=any-epilogue --ricci-cuda-form-attention | FileCheck %s

// Scores, softmax and mean are one kernel, and nothing of the scores is stored.
// CHECK-LABEL: func.func @attention
// CHECK-NEXT: ricci.kernel "bid,bjd->bij, softmax, bij,bjc->bic" ins({{.*}} = %arg0, {{.*}} = %arg1, {{.*}} = %arg2 :
// CHECK-SAME: -> tensor<2x64x32xf16> layouts([2048, 32, 1], [2048, 32, 1], [2048, 32, 1], [2048, 32, 1])
// CHECK: ricci.einsum "bid,bjd->bij"
// CHECK: ricci.reduce max
// CHECK: ricci.einsum "bij,bjc->bic"
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @attention(%q: tensor<2x64x32xf16>, %k: tensor<2x64x32xf16>, %v: tensor<2x64x32xf16>) -> tensor<2x64x32xf16> {
  %s = ricci.einsum "bid,bjd->bij" ins(%q, %k : tensor<2x64x32xf16>, tensor<2x64x32xf16>) -> tensor<2x64x64xf16>
  %m = ricci.reduce max %s dims = [2] : tensor<2x64x64xf16> -> tensor<2x64xf16>
  %m1 = ricci.reshape %m : tensor<2x64xf16> -> tensor<2x64x1xf16>
  %x = ricci.elementwise subtract(%s, %m1) : (tensor<2x64x64xf16>, tensor<2x64x1xf16>) -> tensor<2x64x64xf16>
  %e = ricci.elementwise exp(%x) : (tensor<2x64x64xf16>) -> tensor<2x64x64xf16>
  %d = ricci.reduce sum %e dims = [2] : tensor<2x64x64xf16> -> tensor<2x64xf16>
  %d1 = ricci.reshape %d : tensor<2x64xf16> -> tensor<2x64x1xf16>
  %p = ricci.elementwise divide(%e, %d1) : (tensor<2x64x64xf16>, tensor<2x64x1xf16>) -> tensor<2x64x64xf16>
  %o = ricci.einsum "bij,bjc->bic" ins(%p, %v : tensor<2x64x64xf16>, tensor<2x64x32xf16>) -> tensor<2x64x32xf16>
  return %o : tensor<2x64x32xf16>
}

// e * (1 / d), and logits that another kernel computes.
// CHECK-LABEL: func.func @inverse
// CHECK-COUNT-1: ricci.kernel
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @inverse(%q: tensor<64x32xf16>, %k: tensor<64x32xf16>, %v: tensor<64x32xf16>) -> tensor<64x32xf16> {
  %one = ricci.constant dense<1.0> : tensor<f16>
  %s = ricci.einsum "id,jd->ij" ins(%q, %k : tensor<64x32xf16>, tensor<64x32xf16>) -> tensor<64x64xf16>
  %t = ricci.elementwise tanh(%s) : (tensor<64x64xf16>) -> tensor<64x64xf16>
  %m = ricci.reduce max %t dims = [1] : tensor<64x64xf16> -> tensor<64xf16>
  %m1 = ricci.reshape %m : tensor<64xf16> -> tensor<64x1xf16>
  %x = ricci.elementwise subtract(%t, %m1) : (tensor<64x64xf16>, tensor<64x1xf16>) -> tensor<64x64xf16>
  %e = ricci.elementwise exp(%x) : (tensor<64x64xf16>) -> tensor<64x64xf16>
  %d = ricci.reduce sum %e dims = [1] : tensor<64x64xf16> -> tensor<64xf16>
  %i = ricci.elementwise divide(%one, %d) : (tensor<f16>, tensor<64xf16>) -> tensor<64xf16>
  %i1 = ricci.reshape %i : tensor<64xf16> -> tensor<64x1xf16>
  %p = ricci.elementwise multiply(%i1, %e) : (tensor<64x1xf16>, tensor<64x64xf16>) -> tensor<64x64xf16>
  %o = ricci.einsum "ij,jc->ic" ins(%p, %v : tensor<64x64xf16>, tensor<64x32xf16>) -> tensor<64x32xf16>
  return %o : tensor<64x32xf16>
}

// The softmax is wanted elsewhere too.
// CHECK-LABEL: func.func @weights
// CHECK-COUNT-3: ricci.kernel
// CHECK: return
func.func @weights(%q: tensor<64x32xf16>, %k: tensor<64x32xf16>, %v: tensor<64x32xf16>) -> (tensor<64x32xf16>, tensor<64x64xf16>) {
  %s = ricci.einsum "id,jd->ij" ins(%q, %k : tensor<64x32xf16>, tensor<64x32xf16>) -> tensor<64x64xf16>
  %m = ricci.reduce max %s dims = [1] : tensor<64x64xf16> -> tensor<64xf16>
  %m1 = ricci.reshape %m : tensor<64xf16> -> tensor<64x1xf16>
  %x = ricci.elementwise subtract(%s, %m1) : (tensor<64x64xf16>, tensor<64x1xf16>) -> tensor<64x64xf16>
  %e = ricci.elementwise exp(%x) : (tensor<64x64xf16>) -> tensor<64x64xf16>
  %d = ricci.reduce sum %e dims = [1] : tensor<64x64xf16> -> tensor<64xf16>
  %d1 = ricci.reshape %d : tensor<64xf16> -> tensor<64x1xf16>
  %p = ricci.elementwise divide(%e, %d1) : (tensor<64x64xf16>, tensor<64x1xf16>) -> tensor<64x64xf16>
  %o = ricci.einsum "ij,jc->ic" ins(%p, %v : tensor<64x64xf16>, tensor<64x32xf16>) -> tensor<64x32xf16>
  return %o, %p : tensor<64x32xf16>, tensor<64x64xf16>
}

// Nothing is subtracted: where exp overflows, that is another result.
// CHECK-LABEL: func.func @no_maximum
// CHECK-COUNT-3: ricci.kernel
// CHECK: return
func.func @no_maximum(%q: tensor<64x32xf16>, %k: tensor<64x32xf16>, %v: tensor<64x32xf16>) -> tensor<64x32xf16> {
  %s = ricci.einsum "id,jd->ij" ins(%q, %k : tensor<64x32xf16>, tensor<64x32xf16>) -> tensor<64x64xf16>
  %e = ricci.elementwise exp(%s) : (tensor<64x64xf16>) -> tensor<64x64xf16>
  %d = ricci.reduce sum %e dims = [1] : tensor<64x64xf16> -> tensor<64xf16>
  %d1 = ricci.reshape %d : tensor<64xf16> -> tensor<64x1xf16>
  %p = ricci.elementwise divide(%e, %d1) : (tensor<64x64xf16>, tensor<64x1xf16>) -> tensor<64x64xf16>
  %o = ricci.einsum "ij,jc->ic" ins(%p, %v : tensor<64x64xf16>, tensor<64x32xf16>) -> tensor<64x32xf16>
  return %o : tensor<64x32xf16>
}

// The maximum and the sum over other axes than the mean: of columns.
// CHECK-LABEL: func.func @columns
// CHECK-COUNT-3: ricci.kernel
// CHECK: return
func.func @columns(%q: tensor<64x32xf16>, %k: tensor<64x32xf16>, %v: tensor<64x32xf16>) -> tensor<64x32xf16> {
  %s = ricci.einsum "id,jd->ij" ins(%q, %k : tensor<64x32xf16>, tensor<64x32xf16>) -> tensor<64x64xf16>
  %m = ricci.reduce max %s dims = [0] : tensor<64x64xf16> -> tensor<64xf16>
  %x = ricci.elementwise subtract(%s, %m) : (tensor<64x64xf16>, tensor<64xf16>) -> tensor<64x64xf16>
  %e = ricci.elementwise exp(%x) : (tensor<64x64xf16>) -> tensor<64x64xf16>
  %d = ricci.reduce sum %e dims = [0] : tensor<64x64xf16> -> tensor<64xf16>
  %p = ricci.elementwise divide(%e, %d) : (tensor<64x64xf16>, tensor<64xf16>) -> tensor<64x64xf16>
  %o = ricci.einsum "ij,jc->ic" ins(%p, %v : tensor<64x64xf16>, tensor<64x32xf16>) -> tensor<64x32xf16>
  return %o : tensor<64x32xf16>
}

// What follows the mean is a kernel of its own.
// CHECK-LABEL: func.func @epilogue
// CHECK: %[[MEAN:.*]] = ricci.kernel "id,jd->ij, softmax, ij,jc->ic"
// CHECK: ricci.kernel "add" ins({{.*}} = %arg3, {{.*}} = %[[MEAN]] : tensor<64x32xf16>, tensor<64x32xf16>) -> tensor<64x32xf16> layouts([32, 1], [32, 1], [32, 1])
// CHECK-NOT: ricci.kernel
// CHECK: return
func.func @epilogue(%q: tensor<64x32xf16>, %k: tensor<64x32xf16>, %v: tensor<64x32xf16>, %r: tensor<64x32xf16>) -> tensor<64x32xf16> {
  %s = ricci.einsum "id,jd->ij" ins(%q, %k : tensor<64x32xf16>, tensor<64x32xf16>) -> tensor<64x64xf16>
  %m = ricci.reduce max %s dims = [1] : tensor<64x64xf16> -> tensor<64xf16>
  %m1 = ricci.reshape %m : tensor<64xf16> -> tensor<64x1xf16>
  %x = ricci.elementwise subtract(%s, %m1) : (tensor<64x64xf16>, tensor<64x1xf16>) -> tensor<64x64xf16>
  %e = ricci.elementwise exp(%x) : (tensor<64x64xf16>) -> tensor<64x64xf16>
  %d = ricci.reduce sum %e dims = [1] : tensor<64x64xf16> -> tensor<64xf16>
  %d1 = ricci.reshape %d : tensor<64xf16> -> tensor<64x1xf16>
  %p = ricci.elementwise divide(%e, %d1) : (tensor<64x64xf16>, tensor<64x1xf16>) -> tensor<64x64xf16>
  %o = ricci.einsum "ij,jc->ic" ins(%p, %v : tensor<64x64xf16>, tensor<64x32xf16>) -> tensor<64x32xf16>
  %y = ricci.elementwise add(%o, %r) : (tensor<64x32xf16>, tensor<64x32xf16>) -> tensor<64x32xf16>
  return %y : tensor<64x32xf16>
}
