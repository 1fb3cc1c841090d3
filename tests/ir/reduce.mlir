// RUN: ricci-opt %s | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --mlir-print-op-generic | ricci-opt | FileCheck %s

// CHECK-LABEL: func.func @kinds
func.func @kinds(%a: tensor<3x4x0xi8>, %b: tensor<3x4xf32>) {
  // CHECK: ricci.reduce sum %{{.*}} dims = [0, 2] : tensor<3x4x0xi8> -> tensor<4xi64>
  %0 = ricci.reduce sum %a dims = [0, 2] : tensor<3x4x0xi8> -> tensor<4xi64>
  // CHECK: ricci.reduce prod %{{.*}} dims = [] : tensor<3x4xf32> -> tensor<3x4xf32>
  %1 = ricci.reduce prod %b dims = [] : tensor<3x4xf32> -> tensor<3x4xf32>
  // CHECK: ricci.reduce max %{{.*}} dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
  %2 = ricci.reduce max %b dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
  // CHECK: ricci.reduce min %{{.*}} dims = [0] : tensor<3x4x0xi8> -> tensor<4x0xi8>
  %3 = ricci.reduce min %a dims = [0] : tensor<3x4x0xi8> -> tensor<4x0xi8>
  // CHECK: ricci.reduce any %{{.*}} dims = [0, 1] : tensor<3x4xf32> -> tensor<i1>
  %4 = ricci.reduce any %b dims = [0, 1] : tensor<3x4xf32> -> tensor<i1>
  // CHECK: ricci.reduce all %{{.*}} dims = [2] : tensor<3x4x0xi8> -> tensor<3x4xi1>
  %5 = ricci.reduce all %a dims = [2] : tensor<3x4x0xi8> -> tensor<3x4xi1>
  return
}
