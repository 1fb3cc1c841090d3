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
  // expected-error @+1 {{has a result of shape (4,); the operand gives (3,)}}
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

func.func @complex_order(%a: tensor<3xcomplex<f32>>) {
  // expected-error @+1 {{'min' is not defined for 'complex<f32>'}}
  %0 = ricci.reduce min %a dims = [0] : tensor<3xcomplex<f32>> -> tensor<complex<f32>>
  return
}

// -----

func.func @any_type(%a: tensor<3xf32>) {
  // expected-error @+1 {{'any' gives i1, not 'f32'}}
  %0 = ricci.reduce any %a dims = [0] : tensor<3xf32> -> tensor<f32>
  return
}
