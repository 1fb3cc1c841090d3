// RUN: ricci-opt %s --split-input-file --verify-diagnostics

func.func @range(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has dimension 2; the operand has 2 axes}}
  %0 = ricci.reduce sum %a dims = [2] : tensor<3x4xf32> -> tensor<3xf32>
  return
}

// -----

func.func @order(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has dimensions that do not rise: 0 after 1}}
  %0 = ricci.reduce sum %a dims = [1, 0] : tensor<3x4xf32> -> tensor<f32>
  return
}

// -----

func.func @shape(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has a result of shape (4,); the operands give (3,)}}
  %0 = ricci.reduce sum %a dims = [1] : tensor<3x4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @nothing(%a: tensor<3x0xf32>) {
  // expected-error @+1 {{'max' of no elements has no value}}
  %0 = ricci.reduce max %a dims = [1] : tensor<3x0xf32> -> tensor<3xf32>
  return
}

// -----

func.func @max_type(%a: tensor<3xf32>) {
  // expected-error @+1 {{has element types 'f32' and 'f64', which must be the same}}
  %0 = ricci.reduce max %a dims = [0] : tensor<3xf32> -> tensor<f64>
  return
}

// -----

func.func @sum_type(%a: tensor<3xi8>) {
  // expected-error @+1 {{has element types 'i8' and 'i64', which must be the same}}
  %0 = ricci.reduce sum %a dims = [0] : tensor<3xi8> -> tensor<i64>
  return
}

// -----

func.func @any_type(%a: tensor<3xf32>) {
  // expected-error @+1 {{'any' takes i1, not 'f32'}}
  %0 = ricci.reduce any %a dims = [0] : tensor<3xf32> -> tensor<i1>
  return
}

// -----

func.func @arg_range(%a: tensor<3xf32>) {
  // expected-error @+1 {{has dimension -1; the operand has 1 axes}}
  %0 = ricci.arg_reduce argmax %a dim = -1 : tensor<3xf32> -> tensor<i64>
  return
}

// -----

func.func @arg_shape(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has a result of shape (4,); the operands give (3,)}}
  %0 = ricci.arg_reduce argmax %a dim = 1 : tensor<3x4xf32> -> tensor<4xi64>
  return
}

// -----

func.func @arg_nothing(%a: tensor<3x0xf32>) {
  // expected-error @+1 {{'argmin' of no elements has no value}}
  %0 = ricci.arg_reduce argmin %a dim = 1 : tensor<3x0xf32> -> tensor<3xi64>
  return
}

// -----

func.func @arg_type(%a: tensor<3xf32>) {
  // expected-error @+1 {{gives i64, not 'i32'}}
  %0 = ricci.arg_reduce argmin %a dim = 0 : tensor<3xf32> -> tensor<i32>
  return
}

// -----

func.func @scan_range(%a: tensor<f32>) {
  // expected-error @+1 {{has dimension 0; the operand has 0 axes}}
  %0 = ricci.scan cumsum %a dim = 0 : tensor<f32> -> tensor<f32>
  return
}

// -----

func.func @scan_shape(%a: tensor<3xf32>) {
  // expected-error @+1 {{has shapes (3,) and (4,), which must be the same}}
  %0 = ricci.scan cumsum %a dim = 0 : tensor<3xf32> -> tensor<4xf32>
  return
}

// -----

func.func @scan_type(%a: tensor<3xi8>) {
  // expected-error @+1 {{has element types 'i8' and 'i64', which must be the same}}
  %0 = ricci.scan cumsum %a dim = 0 : tensor<3xi8> -> tensor<3xi64>
  return
}

// -----

func.func @scan_start(%a: tensor<3x4xf32>, %b: tensor<3xf32>) {
  // expected-error @+1 {{starts from 'tensor<3xf32>', not one number for each line}}
  %0 = ricci.scan cumsum %a from %b dim = 0 : tensor<3x4xf32>, tensor<3xf32> -> tensor<3x4xf32>
  return
}
