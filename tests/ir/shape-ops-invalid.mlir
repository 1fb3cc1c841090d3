// RUN: ricci-opt %s --split-input-file --verify-diagnostics

func.func @cast(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has shapes (3, 4) and (4, 3), which must be the same}}
  %0 = ricci.cast %a : tensor<3x4xf32> -> tensor<4x3xf64>
  return
}

// -----

func.func @perm_count(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has a permutation of 1 axes; the operand has 2}}
  %0 = ricci.transpose %a perm = [0] : tensor<3x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @perm(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has [1, 1], which is no permutation of the axes}}
  %0 = ricci.transpose %a perm = [1, 1] : tensor<3x4xf32> -> tensor<4x4xf32>
  return
}

// -----

func.func @transposed_shape(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has a result of shape (3, 4); the operand gives (4, 3)}}
  %0 = ricci.transpose %a perm = [1, 0] : tensor<3x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @reshape(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has shapes (3, 4) of 12 and (13,) of 13 elements}}
  %0 = ricci.reshape %a : tensor<3x4xf32> -> tensor<13xf32>
  return
}

// -----

func.func @reshape_type(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has element types 'f32' and 'i32', which must be the same}}
  %0 = ricci.reshape %a : tensor<3x4xf32> -> tensor<12xi32>
  return
}

// -----

func.func @overflow(%a: tensor<4294967296x4294967296xi8>) {
  // expected-error @+1 {{has the shape (4294967296, 4294967296), which is too large}}
  %0 = ricci.reshape %a : tensor<4294967296x4294967296xi8> -> tensor<0xi8>
  return
}

// -----

func.func @broadcast(%a: tensor<3xf32>) {
  // expected-error @+1 {{has an operand of shape (3,), which does not broadcast to (3, 4)}}
  %0 = ricci.broadcast %a : tensor<3xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @broadcast_down(%a: tensor<1x3xf32>) {
  // expected-error @+1 {{has an operand of shape (1, 3), which does not broadcast to (3,)}}
  %0 = ricci.broadcast %a : tensor<1x3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @broadcast_into_one(%a: tensor<3xf32>) {
  // expected-error @+1 {{has an operand of shape (3,), which does not broadcast to (1,)}}
  %0 = ricci.broadcast %a : tensor<3xf32> -> tensor<1xf32>
  return
}

// -----

func.func @slice_rank(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has 1 starts, 2 sizes and 2 steps; the operand has 2 axes}}
  %0 = ricci.slice %a start = [0] size = [2, 2] step = [1, 1] : tensor<3x4xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @slice_step(%a: tensor<3xf32>) {
  // expected-error @+1 {{axis 0 has size 2 and step 0; a size is at least 0, a step not 0}}
  %0 = ricci.slice %a start = [0] size = [2] step = [0] : tensor<3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @slice_end(%a: tensor<3xf32>) {
  // expected-error @+1 {{axis 0 has start 1, size 2 and step 2, which leave its 3 elements}}
  %0 = ricci.slice %a start = [1] size = [2] step = [2] : tensor<3xf32> -> tensor<2xf32>
  return
}

// -----

func.func @slice_begin(%a: tensor<3xf32>) {
  // expected-error @+1 {{axis 0 has start 1, size 3 and step -1, which leave its 3 elements}}
  %0 = ricci.slice %a start = [1] size = [3] step = [-1] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_overflow(%a: tensor<3xf32>) {
  // expected-error @+1 {{axis 0 has start 0, size 3 and step 9223372036854775807, which leave its 3 elements}}
  %0 = ricci.slice %a start = [0] size = [3] step = [9223372036854775807] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @slice_result(%a: tensor<3xf32>) {
  // expected-error @+1 {{has a result of shape (3,); the sizes are (2,)}}
  %0 = ricci.slice %a start = [0] size = [2] step = [1] : tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @constant() {
  // expected-error @+1 {{has elements that differ; a constant is one value}}
  %0 = ricci.constant dense<[1.0, 2.0]> : tensor<2xf32>
  return
}
