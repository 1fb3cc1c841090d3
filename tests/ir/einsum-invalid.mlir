// RUN: ricci-opt %s --split-input-file --verify-diagnostics

func.func @extents(%a: tensor<3x4xf32>, %b: tensor<5x6xf32>) -> tensor<3x6xf32> {
  // expected-error @+1 {{label 'j' is 4 in operand 1 and 5 in operand 2}}
  %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<3x4xf32>, tensor<5x6xf32>) -> tensor<3x6xf32>
  return %0 : tensor<3x6xf32>
}

// -----

func.func @empty_is_not_broadcast(%a: tensor<0xf32>, %b: tensor<2xf32>) -> tensor<f32> {
  // expected-error @+1 {{label 'i' is 0 in operand 1 and 2 in operand 2}}
  %0 = ricci.einsum "i,i->" ins(%a, %b : tensor<0xf32>, tensor<2xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @diagonal(%a: tensor<3x1xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{label 'i' is 3 and 1 in operand 1}}
  %0 = ricci.einsum "ii->i" ins(%a : tensor<3x1xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @result_extent(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{label 'j' is 4 in the operands and 3 in the result}}
  %0 = ricci.einsum "ij->j" ins(%a : tensor<3x4xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @result_rank(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{result has 1 axes and 2 labels in the equation}}
  %0 = ricci.einsum "ij->ji" ins(%a : tensor<3x4xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @operand_rank(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{operand 1 has 2 axes and 1 labels in the equation}}
  %0 = ricci.einsum "i->i" ins(%a : tensor<3x4xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @operand_count(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{equation has 2 operand(s), the op has 1}}
  %0 = ricci.einsum "i,i->i" ins(%a : tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @no_arrow(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{equation has no '->'}}
  %0 = ricci.einsum "i" ins(%a : tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @two_arrows(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{equation has a second '->' at byte 4}}
  %0 = ricci.einsum "i->i->i" ins(%a : tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @two_outputs(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{equation has a ',' after '->'}}
  %0 = ricci.einsum "i->i,i" ins(%a : tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @no_letter(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{equation has '7' at byte 0, which is no letter, '{name}', ',' or '->'}}
  %0 = ricci.einsum "7->7" ins(%a : tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @open_brace(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{equation has a '{' without a name and a '}' at byte 1}}
  %0 = ricci.einsum "i{j->i" ins(%a : tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @unknown_output(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{output label 'k' is in no operand}}
  %0 = ricci.einsum "i->k" ins(%a : tensor<3xf32>) -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

func.func @repeated_output(%a: tensor<3xf32>) -> tensor<3x3xf32> {
  // expected-error @+1 {{output label 'i' is there twice}}
  %0 = ricci.einsum "i->ii" ins(%a : tensor<3xf32>) -> tensor<3x3xf32>
  return %0 : tensor<3x3xf32>
}

// -----

func.func @dynamic(%a: tensor<?xf32>) -> tensor<f32> {
  // expected-error @+1 {{must be variadic of statically shaped tensor}}
  %0 = ricci.einsum "i->" ins(%a : tensor<?xf32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @element_type(%a: tensor<3xi7>) -> tensor<f32> {
  // expected-error @+1 {{must be variadic of statically shaped tensor}}
  %0 = ricci.einsum "i->" ins(%a : tensor<3xi7>) -> tensor<f32>
  return %0 : tensor<f32>
}
