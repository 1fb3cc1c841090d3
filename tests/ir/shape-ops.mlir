// RUN: ricci-opt %s | ricci-opt | FileCheck %s
// RUN: ricci-opt %s --mlir-print-op-generic | ricci-opt | FileCheck %s

// CHECK-LABEL: func.func @all
func.func @all(%a: tensor<3x4xf32>, %b: tensor<0x4xf32>, %c: tensor<f32>) {
  // CHECK: ricci.cast %{{.*}} : tensor<3x4xf32> -> tensor<3x4xui8>
  %0 = ricci.cast %a : tensor<3x4xf32> -> tensor<3x4xui8>
  // CHECK: ricci.transpose %{{.*}} perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %1 = ricci.transpose %a perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  // CHECK: ricci.transpose %{{.*}} perm = [] : tensor<f32> -> tensor<f32>
  %2 = ricci.transpose %c perm = [] : tensor<f32> -> tensor<f32>
  // CHECK: ricci.reshape %{{.*}} : tensor<3x4xf32> -> tensor<2x6x1xf32>
  %3 = ricci.reshape %a : tensor<3x4xf32> -> tensor<2x6x1xf32>
  // CHECK: ricci.reshape %{{.*}} : tensor<0x4xf32> -> tensor<7x0xf32>
  %4 = ricci.reshape %b : tensor<0x4xf32> -> tensor<7x0xf32>
  // CHECK: ricci.broadcast %{{.*}} : tensor<f32> -> tensor<3x4xf32>
  %5 = ricci.broadcast %c : tensor<f32> -> tensor<3x4xf32>
  // CHECK: ricci.slice %{{.*}} start = [0, 3] size = [2, 2] step = [1, -2] : tensor<3x4xf32> -> tensor<2x2xf32>
  %6 = ricci.slice %a start = [0, 3] size = [2, 2] step = [1, -2] : tensor<3x4xf32> -> tensor<2x2xf32>
  // CHECK: ricci.slice %{{.*}} start = [3, 0] size = [0, 4] step = [1, 1] : tensor<3x4xf32> -> tensor<0x4xf32>
  %7 = ricci.slice %a start = [3, 0] size = [0, 4] step = [1, 1] : tensor<3x4xf32> -> tensor<0x4xf32>
  // CHECK: ricci.constant dense<1.000000e+00> : tensor<2x3xf32>
  %8 = ricci.constant dense<1.0> : tensor<2x3xf32>
  // CHECK: ricci.constant dense<(1.000000e+00,-2.000000e+00)> : tensor<complex<f64>>
  %9 = ricci.constant dense<(1.0, -2.0)> : tensor<complex<f64>>
  // CHECK: ricci.constant dense<255> : tensor<4xui8>
  %10 = ricci.constant dense<255> : tensor<4xui8>
  // CHECK: ricci.constant dense<[1, 2, 3]> : tensor<3xi16>
  %11 = ricci.constant dense<[1, 2, 3]> : tensor<3xi16>
  // CHECK: ricci.constant dense<{{\[\[}}true, false], [false, false{{\]\]}}> : tensor<2x2xi1>
  %12 = ricci.constant dense<[[true, false], [false, false]]> : tensor<2x2xi1>
  // CHECK: ricci.constant dense<> : tensor<0x3xbf16>
  %13 = ricci.constant dense<> : tensor<0x3xbf16>
  // CHECK: ricci.iota : tensor<5xi64>
  %14 = ricci.iota : tensor<5xi64>
  // CHECK: ricci.windows %{{.*}} dim = 0 size = 2 : tensor<3x4xf32> -> tensor<2x4x2xf32>
  %15 = ricci.windows %a dim = 0 size = 2 : tensor<3x4xf32> -> tensor<2x4x2xf32>
  // CHECK: ricci.pad %{{.*}}, %{{.*}} low = [1, 0] high = [0, 2] : tensor<3x4xf32>, tensor<f32> -> tensor<4x6xf32>
  %16 = ricci.pad %a, %c low = [1, 0] high = [0, 2] : tensor<3x4xf32>, tensor<f32> -> tensor<4x6xf32>
  // CHECK: ricci.concatenate dim = 0 (%{{.*}}, %{{.*}}) : (tensor<3x4xf32>, tensor<0x4xf32>) -> tensor<3x4xf32>
  %17 = ricci.concatenate dim = 0 (%a, %b) : (tensor<3x4xf32>, tensor<0x4xf32>) -> tensor<3x4xf32>
  return
}

// CHECK-LABEL: func.func @gathers
func.func @gathers(%a: tensor<3x4x5xf32>, %i: tensor<2x6xi64>, %j: tensor<i64>) {
  // CHECK: ricci.gather %{{.*}}[%{{.*}}] dims = [1] position = 1 : (tensor<3x4x5xf32>, tensor<2x6xi64>) -> tensor<3x2x6x5xf32>
  %0 = ricci.gather %a[%i] dims = [1] position = 1 : (tensor<3x4x5xf32>, tensor<2x6xi64>) -> tensor<3x2x6x5xf32>
  // CHECK: ricci.gather %{{.*}}[%{{.*}}, %{{.*}}] dims = [0, 2] position = 0 : (tensor<3x4x5xf32>, tensor<2x6xi64>, tensor<2x6xi64>) -> tensor<2x6x4xf32>
  %1 = ricci.gather %a[%i, %i] dims = [0, 2] position = 0 : (tensor<3x4x5xf32>, tensor<2x6xi64>, tensor<2x6xi64>) -> tensor<2x6x4xf32>
  // CHECK: ricci.gather %{{.*}}[%{{.*}}, %{{.*}}, %{{.*}}] dims = [0, 1, 2] position = 0 : (tensor<3x4x5xf32>, tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<f32>
  %2 = ricci.gather %a[%j, %j, %j] dims = [0, 1, 2] position = 0 : (tensor<3x4x5xf32>, tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<f32>
  return
}
