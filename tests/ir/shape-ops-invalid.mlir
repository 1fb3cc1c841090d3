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
  // expected-error @+1 {{has a result of shape (3, 4); the operands give (4, 3)}}
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

func.func @windows_dim(%a: tensor<3xf32>) {
  // expected-error @+1 {{has dimension 1; the operand has 1 axes}}
  %0 = ricci.windows %a dim = 1 size = 2 : tensor<3xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @windows_size(%a: tensor<3xf32>) {
  // expected-error @+1 {{has windows of size 4 along an axis of extent 3}}
  %0 = ricci.windows %a dim = 0 size = 4 : tensor<3xf32> -> tensor<0x4xf32>
  return
}

// -----

func.func @windows_result(%a: tensor<3xf32>) {
  // expected-error @+1 {{has a result of shape (3, 2); the operands give (2, 2)}}
  %0 = ricci.windows %a dim = 0 size = 2 : tensor<3xf32> -> tensor<3x2xf32>
  return
}

// -----

func.func @pad_value(%a: tensor<3xf32>, %v: tensor<1xf32>) {
  // expected-error @+1 {{has a value of shape (1,); it is a scalar}}
  %0 = ricci.pad %a, %v low = [1] high = [1] : tensor<3xf32>, tensor<1xf32> -> tensor<5xf32>
  return
}

// -----

func.func @pad_rank(%a: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @+1 {{has 1 low and 2 high pads; the operand has 1 axes}}
  %0 = ricci.pad %a, %v low = [1] high = [1, 1] : tensor<3xf32>, tensor<f32> -> tensor<5xf32>
  return
}

// -----

func.func @pad_negative(%a: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @+1 {{axis 0 has pads 1 and -1; a pad is at least 0}}
  %0 = ricci.pad %a, %v low = [1] high = [-1] : tensor<3xf32>, tensor<f32> -> tensor<3xf32>
  return
}

// -----

func.func @pad_overflow(%a: tensor<3xf32>, %v: tensor<f32>) {
  // expected-error @+1 {{axis 0 has pads 9223372036854775807 and 0, which are too large}}
  %0 = ricci.pad %a, %v low = [9223372036854775807] high = [0] : tensor<3xf32>, tensor<f32> -> tensor<3xf32>
  return
}

// -----

func.func @pad_type(%a: tensor<3xf32>, %v: tensor<f64>) {
  // expected-error @+1 {{has element types 'f32' and 'f64', which must be the same}}
  %0 = ricci.pad %a, %v low = [1] high = [1] : tensor<3xf32>, tensor<f64> -> tensor<5xf32>
  return
}

// -----

func.func @concatenate_nothing() {
  // expected-error @+1 {{has no operands}}
  %0 = ricci.concatenate dim = 0 () : () -> tensor<0xf32>
  return
}

// -----

func.func @concatenate_shapes(%a: tensor<3x4xf32>, %b: tensor<3x5xf32>) {
  // expected-error @+1 {{has shapes (3, 4) and (3, 5), which differ beside dimension 0}}
  %0 = ricci.concatenate dim = 0 (%a, %b) : (tensor<3x4xf32>, tensor<3x5xf32>) -> tensor<6x4xf32>
  return
}

// -----

func.func @concatenate_rank(%a: tensor<3x4xf32>, %b: tensor<4xf32>) {
  // expected-error @+1 {{has shapes (3, 4) and (4,), which differ beside dimension 0}}
  %0 = ricci.concatenate dim = 0 (%a, %b) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<4x4xf32>
  return
}

// -----

func.func @concatenate_size(%a: tensor<9223372036854775807xi1>) {
  // expected-error @+1 {{has operands that are too large together}}
  %0 = ricci.concatenate dim = 0 (%a, %a) : (tensor<9223372036854775807xi1>, tensor<9223372036854775807xi1>) -> tensor<3xi1>
  return
}

// -----

func.func @concatenate_result(%a: tensor<3x4xf32>) {
  // expected-error @+1 {{has a result of shape (3, 4); the operands give (3, 8)}}
  %0 = ricci.concatenate dim = 1 (%a, %a) : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
  return
}

// -----

func.func @gather_count(%a: tensor<3x4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{has 1 indices for 2 dimensions; there is one for each, and at least one}}
  %0 = ricci.gather %a[%i] dims = [0, 1] position = 0 : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_order(%a: tensor<3x4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{has dimensions that do not rise: 0 after 1}}
  %0 = ricci.gather %a[%i, %i] dims = [1, 0] position = 0 : (tensor<3x4xf32>, tensor<2xi64>, tensor<2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_index_type(%a: tensor<3x4xf32>, %i: tensor<2xi32>) {
  // expected-error @+1 {{has an index of 'i32', not of i64}}
  %0 = ricci.gather %a[%i] dims = [0] position = 0 : (tensor<3x4xf32>, tensor<2xi32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @gather_index_shapes(%a: tensor<3x4xf32>, %i: tensor<2xi64>, %j: tensor<1xi64>) {
  // expected-error @+1 {{has shapes (2,) and (1,), which must be the same}}
  %0 = ricci.gather %a[%i, %j] dims = [0, 1] position = 0 : (tensor<3x4xf32>, tensor<2xi64>, tensor<1xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @gather_position(%a: tensor<3x4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{has position 2 among 1 other axes}}
  %0 = ricci.gather %a[%i] dims = [0] position = 2 : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<4x2xf32>
  return
}

// -----

func.func @gather_result(%a: tensor<3x4xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{has a result of shape (2, 4); the operands give (4, 2)}}
  %0 = ricci.gather %a[%i] dims = [0] position = 1 : (tensor<3x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
  return
}

// -----

func.func @iota() {
  // expected-error @+1 {{gives a tensor of i64 with one axis, not 'tensor<2x3xi64>'}}
  %0 = ricci.iota : tensor<2x3xi64>
  return
}

// -----

func.func @constant() {
  // expected-error @+1 {{has elements that are not dense}}
  %0 = ricci.constant sparse<0, 1.0> : tensor<2xf32>
  return
}
