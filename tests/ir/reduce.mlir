// RUN: ricci-opt %s | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --mlir-print-op-generic | ricci-opt | FileCheck %s

// CHECK-LABEL: func.func @kinds
func.func @kinds(%a: tensor<3x4x0xi8>, %b: tensor<3x4xf32>, %c: tensor<3x4xi1>, %d: tensor<3xcomplex<f64>>) {
  // CHECK: ricci.reduce sum %{{.*}} dims = [0, 2] : tensor<3x4x0xi8> -> tensor<4xi8>
  %0 = ricci.reduce sum %a dims = [0, 2] : tensor<3x4x0xi8> -> tensor<4xi8>
  // CHECK: ricci.reduce prod %{{.*}} dims = [] : tensor<3x4xf32> -> tensor<3x4xf32>
  %1 = ricci.reduce prod %b dims = [] : tensor<3x4xf32> -> tensor<3x4xf32>
  // CHECK: ricci.reduce max %{{.*}} dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
  %2 = ricci.reduce max %b dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
  // CHECK: ricci.reduce min %{{.*}} dims = [0] : tensor<3x4x0xi8> -> tensor<4x0xi8>
  %3 = ricci.reduce min %a dims = [0] : tensor<3x4x0xi8> -> tensor<4x0xi8>
  // CHECK: ricci.reduce any %{{.*}} dims = [0, 1] : tensor<3x4xi1> -> tensor<i1>
  %4 = ricci.reduce any %c dims = [0, 1] : tensor<3x4xi1> -> tensor<i1>
  // CHECK: ricci.reduce all %{{.*}} dims = [1] : tensor<3x4xi1> -> tensor<3xi1>
  %5 = ricci.reduce all %c dims = [1] : tensor<3x4xi1> -> tensor<3xi1>
  // CHECK: ricci.reduce max %{{.*}} dims = [0] : tensor<3xcomplex<f64>> -> tensor<complex<f64>>
  %6 = ricci.reduce max %d dims = [0] : tensor<3xcomplex<f64>> -> tensor<complex<f64>>
  return
}

// CHECK-LABEL: func.func @along_one_axis
func.func @along_one_axis(%a: tensor<3x4xf32>, %b: tensor<0x4x0xi1>) {
  // CHECK: ricci.arg_reduce argmax %{{.*}} dim = 1 : tensor<3x4xf32> -> tensor<3xi64>
  %0 = ricci.arg_reduce argmax %a dim = 1 : tensor<3x4xf32> -> tensor<3xi64>
  // CHECK: ricci.arg_reduce argmin %{{.*}} dim = 2 : tensor<0x4x0xi1> -> tensor<0x4xi64>
  %1 = ricci.arg_reduce argmin %b dim = 2 : tensor<0x4x0xi1> -> tensor<0x4xi64>
  // CHECK: ricci.scan cumsum %{{.*}} dim = 0 : tensor<3x4xf32> -> tensor<3x4xf32>
  %2 = ricci.scan cumsum %a dim = 0 : tensor<3x4xf32> -> tensor<3x4xf32>
  // CHECK: ricci.scan cumprod %{{.*}} dim = 2 : tensor<0x4x0xi1> -> tensor<0x4x0xi1>
  %3 = ricci.scan cumprod %b dim = 2 : tensor<0x4x0xi1> -> tensor<0x4x0xi1>
  // CHECK: ricci.scan cumsum %{{.*}} from %{{.*}} dim = 0 : tensor<3x4xf32>, tensor<4xf32> -> tensor<3x4xf32>
  %4 = ricci.slice %2 start = [2, 0] size = [1, 4] step = [1, 1] : tensor<3x4xf32> -> tensor<1x4xf32>
  %5 = ricci.reshape %4 : tensor<1x4xf32> -> tensor<4xf32>
  %6 = ricci.scan cumsum %a from %5 dim = 0 : tensor<3x4xf32>, tensor<4xf32> -> tensor<3x4xf32>
  return
}
