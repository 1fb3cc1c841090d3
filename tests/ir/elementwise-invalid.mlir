// RUN: ricci-opt %s --split-input-file --verify-diagnostics

func.func @shapes(%a: tensor<3x4xf32>, %b: tensor<3x5xf32>) {
  // expected-error @+1 {{has shapes (3, 4) and (3, 5), which do not broadcast}}
  %0 = ricci.elementwise add(%a, %b) : (tensor<3x4xf32>, tensor<3x5xf32>) -> tensor<3x4xf32>
  return
}

// -----

func.func @result_shape(%a: tensor<3x1xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{has a result of shape (3,); the operands give (3, 4)}}
  %0 = ricci.elementwise add(%a, %b) : (tensor<3x1xf32>, tensor<4xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @element_types(%a: tensor<3xf32>, %b: tensor<3xf64>) {
  // expected-error @+1 {{has element types 'f32' and 'f64', which must be the same}}
  %0 = ricci.elementwise add(%a, %b) : (tensor<3xf32>, tensor<3xf64>) -> tensor<3xf64>
  return
}

// -----

func.func @result_type(%a: tensor<3xcomplex<f64>>) {
  // expected-error @+1 {{has a result of 'complex<f64>'; the operands give 'f64'}}
  %0 = ricci.elementwise abs(%a) : (tensor<3xcomplex<f64>>) -> tensor<3xcomplex<f64>>
  return
}

// -----

func.func @arity(%a: tensor<3xf32>) {
  // expected-error @+1 {{'add' takes 2 operand(s), not 1}}
  %0 = ricci.elementwise add(%a) : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @integer_division(%a: tensor<3xi32>) {
  // expected-error @+1 {{'div' is not defined for 'i32'}}
  %0 = ricci.elementwise div(%a, %a) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  return
}

// -----

func.func @negated_bool(%a: tensor<3xi1>) {
  // expected-error @+1 {{'neg' is not defined for 'i1'}}
  %0 = ricci.elementwise neg(%a) : (tensor<3xi1>) -> tensor<3xi1>
  return
}

// -----

func.func @complex_order(%a: tensor<3xcomplex<f32>>) {
  // expected-error @+1 {{'max' is not defined for 'complex<f32>'}}
  %0 = ricci.elementwise max(%a, %a) : (tensor<3xcomplex<f32>>, tensor<3xcomplex<f32>>) -> tensor<3xcomplex<f32>>
  return
}

// -----

func.func @kind(%a: tensor<3xf32>) {
  // expected-error @+2 {{expected ::ricci::ElementwiseKind to be one of: add, sub}}
  // expected-error @+1 {{failed to parse Ricci_ElementwiseKindAttr}}
  %0 = ricci.elementwise cosine(%a) : (tensor<3xf32>) -> tensor<3xf32>
  return
}
