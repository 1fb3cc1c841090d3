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
  %0 = ricci.elementwise absolute(%a) : (tensor<3xcomplex<f64>>) -> tensor<3xcomplex<f64>>
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
  // expected-error @+1 {{'divide' is not computed in 'i32'}}
  %0 = ricci.elementwise divide(%a, %a) : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>
  return
}

// -----

func.func @negated_bool(%a: tensor<3xi1>) {
  // expected-error @+1 {{'negative' is not computed in 'i1'}}
  %0 = ricci.elementwise negative(%a) : (tensor<3xi1>) -> tensor<3xi1>
  return
}

// -----

func.func @complex_sine(%a: tensor<3xcomplex<f32>>) {
  // expected-error @+1 {{'sin' is not computed in 'complex<f32>'}}
  %0 = ricci.elementwise sin(%a) : (tensor<3xcomplex<f32>>) -> tensor<3xcomplex<f32>>
  return
}

// -----

func.func @condition(%a: tensor<3xi8>) {
  // expected-error @+1 {{'where' has a condition of 'i8', not of i1}}
  %0 = ricci.elementwise where(%a, %a, %a) : (tensor<3xi8>, tensor<3xi8>, tensor<3xi8>) -> tensor<3xi8>
  return
}

// -----

func.func @choices(%a: tensor<3xi1>, %b: tensor<3xi8>) {
  // expected-error @+1 {{has element types 'i1' and 'i8', which must be the same}}
  %0 = ricci.elementwise where(%a, %a, %b) : (tensor<3xi1>, tensor<3xi1>, tensor<3xi8>) -> tensor<3xi8>
  return
}

// -----

func.func @comparison(%a: tensor<3xf32>) {
  // expected-error @+1 {{has a result of 'f32'; the operands give 'i1'}}
  %0 = ricci.elementwise less(%a, %a) : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @name(%a: tensor<3xf32>) {
  // expected-error @+1 {{no scalar operation is called 'cosine'}}
  %0 = ricci.elementwise cosine(%a) : (tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @generic_name(%a: tensor<3xf32>) {
  // expected-error @+1 {{has the scalar operation 'cosine', which there is not}}
  %0 = "ricci.elementwise"(%a) {scalar = "cosine"} : (tensor<3xf32>) -> tensor<3xf32>
  return
}
