// RUN: ricci-opt %s --split-input-file --verify-diagnostics --ricci-emit-loops=cpu=x86-64-v3

func.func @family(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: no family of kernels is called 'sparse'}}
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"sparse", {}>) {
    %1 = ricci.einsum "i->i" ins(%x : tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @no_operands(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'operands' is missing or of the wrong kind}}
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"map", {result = "f32"}>) {
    %1 = ricci.einsum "i->i" ins(%x : tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @dtype(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: not a dtype}}
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"map", {operands = ["f33"], result = "f32"}>) {
    %1 = ricci.einsum "i->i" ins(%x : tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @dims(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: a dim of 'batch' is not [extent, stride of each buffer]}}
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"map", {operands = ["f32"], result = "f32", batch = [array<i64: 3, 1>]}>) {
    %1 = ricci.einsum "i->i" ins(%x : tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @negative_extent(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: a dim of 'batch' is not [extent, stride of each buffer]}}
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"map", {operands = ["f32"], result = "f32", batch = [array<i64: -3, 1, 1>]}>) {
    %1 = ricci.einsum "i->i" ins(%x : tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @no_tile(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'tile' is missing or of the wrong kind}}
  %0 = ricci.kernel "i,i->i" ins(%x = %a, %y = %a : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"contract", {operands = ["f32", "f32"], result = "f32", blocks = array<i64: 6, 16, 1>, packing = ["rows", "k"]}>) {
    %1 = ricci.einsum "i,i->i" ins(%x, %y : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @blocks(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'blocks' has the wrong length}}
  %0 = ricci.kernel "i,i->i" ins(%x = %a, %y = %a : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"contract", {operands = ["f32", "f32"], result = "f32", tile = array<i64: 6, 16>, blocks = array<i64: 6, 16>, packing = ["rows", "k"]}>) {
    %1 = ricci.einsum "i,i->i" ins(%x, %y : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @pairs_of_f32(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'pairs' are those of a contraction of bf16}}
  %0 = ricci.kernel "i,i->i" ins(%x = %a, %y = %a : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"contract", {operands = ["f32", "f32"], result = "f32", pairs, tile = array<i64: 6, 16>, blocks = array<i64: 6, 16, 8>, packing = ["rows", "k"]}>) {
    %1 = ricci.einsum "i,i->i" ins(%x, %y : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @half_a_pair(%a: tensor<3xbf16>) -> tensor<3xbf16> {
  // expected-error @+1 {{bad schedule: a block of K is one of whole 'pairs'}}
  %0 = ricci.kernel "i,i->i" ins(%x = %a, %y = %a : tensor<3xbf16>, tensor<3xbf16>) -> tensor<3xbf16> schedule(#ricci.schedule<"contract", {operands = ["bf16", "bf16"], result = "bf16", pairs, tile = array<i64: 6, 16>, blocks = array<i64: 6, 16, 7>, packing = ["rows", "k"]}>) {
    %1 = ricci.einsum "i,i->i" ins(%x, %y : tensor<3xbf16>, tensor<3xbf16>) -> tensor<3xbf16>
    ricci.yield %1 : tensor<3xbf16>
  }
  return %0 : tensor<3xbf16>
}

// -----

func.func @no_instruction(%a: tensor<3xbf16>) -> tensor<3xbf16> {
  // expected-error @+1 {{'x86-64-v3' does not multiply bf16 in pairs}}
  %0 = ricci.kernel "i,i->i" ins(%x = %a, %y = %a : tensor<3xbf16>, tensor<3xbf16>) -> tensor<3xbf16> schedule(#ricci.schedule<"contract", {operands = ["bf16", "bf16"], result = "bf16", pairs, tile = array<i64: 6, 16>, blocks = array<i64: 6, 16, 8>, packing = ["rows", "k"]}>) {
    %1 = ricci.einsum "i,i->i" ins(%x, %y : tensor<3xbf16>, tensor<3xbf16>) -> tensor<3xbf16>
    ricci.yield %1 : tensor<3xbf16>
  }
  return %0 : tensor<3xbf16>
}

// -----

func.func @no_block(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: blocks are positive}}
  %0 = ricci.kernel "i,i->i" ins(%x = %a, %y = %a : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"contract", {operands = ["f32", "f32"], result = "f32", tile = array<i64: 6, 16>, blocks = array<i64: 6, 16, 0>, packing = ["rows", "k"]}>) {
    %1 = ricci.einsum "i,i->i" ins(%x, %y : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @packing(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: a packing is 'rows', 'k', 'across' or 'gather'}}
  %0 = ricci.kernel "i,i->i" ins(%x = %a, %y = %a : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"contract", {operands = ["f32", "f32"], result = "f32", tile = array<i64: 6, 16>, blocks = array<i64: 6, 16, 1>, packing = ["rows", "columns"]}>) {
    %1 = ricci.einsum "i,i->i" ins(%x, %y : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @one_packing(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'packing' needs two entries}}
  %0 = ricci.kernel "i,i->i" ins(%x = %a, %y = %a : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"contract", {operands = ["f32", "f32"], result = "f32", tile = array<i64: 6, 16>, blocks = array<i64: 6, 16, 1>, packing = ["rows"]}>) {
    %1 = ricci.einsum "i,i->i" ins(%x, %y : tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @one_operand(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: a contraction has two operands}}
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"contract", {operands = ["f32"], result = "f32", tile = array<i64: 6, 16>, blocks = array<i64: 6, 16, 1>, packing = ["rows", "k"]}>) {
    %1 = ricci.einsum "i->i" ins(%x : tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @lanes_without_entries(%a: tensor<400x3x3xf32>) -> tensor<400x3x3xf32> {
  // expected-error @+1 {{bad schedule: 'lanes' have one dim of entries in 'm', and few numbers in each}}
  %0 = ricci.kernel "nij->nji" ins(%x = %a : tensor<400x3x3xf32>) -> tensor<400x3x3xf32> schedule(#ricci.schedule<"lanes", {operands = ["f32"], result = "f32", n = [array<i64: 3, 1, 3>, array<i64: 3, 3, 1>]}>) {
    %1 = ricci.einsum "nij->nji" ins(%x : tensor<400x3x3xf32>) -> tensor<400x3x3xf32>
    ricci.yield %1 : tensor<400x3x3xf32>
  }
  return %0 : tensor<400x3x3xf32>
}

// -----

func.func @transpose_casts(%a: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{bad schedule: a transpose moves elements of one type}}
  %0 = ricci.kernel "ij->ji" ins(%x = %a : tensor<4x8xf32>) -> tensor<8x4xf32> schedule(#ricci.schedule<"transpose", {operands = ["f16"], result = "f32", n = [array<i64: 8, 1, 4>], m = [array<i64: 4, 8, 1>], blocks = array<i64: 64, 64>}>) {
    %1 = ricci.einsum "ij->ji" ins(%x : tensor<4x8xf32>) -> tensor<8x4xf32>
    ricci.yield %1 : tensor<8x4xf32>
  }
  return %0 : tensor<8x4xf32>
}

// -----

func.func @transpose_column(%a: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{bad schedule: a transpose has one dim in 'n', contiguous in the operand, and some in 'm'}}
  %0 = ricci.kernel "ij->ji" ins(%x = %a : tensor<4x8xf32>) -> tensor<8x4xf32> schedule(#ricci.schedule<"transpose", {operands = ["f32"], result = "f32", m = [array<i64: 4, 8, 1>], blocks = array<i64: 64, 64>}>) {
    %1 = ricci.einsum "ij->ji" ins(%x : tensor<4x8xf32>) -> tensor<8x4xf32>
    ricci.yield %1 : tensor<8x4xf32>
  }
  return %0 : tensor<8x4xf32>
}

// -----

func.func @transpose_rows(%a: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{bad schedule: dims of a transpose's 'm' follow each other in the result}}
  %0 = ricci.kernel "ij->ji" ins(%x = %a : tensor<4x8xf32>) -> tensor<8x4xf32> schedule(#ricci.schedule<"transpose", {operands = ["f32"], result = "f32", n = [array<i64: 8, 1, 4>], m = [array<i64: 2, 8, 1>, array<i64: 2, 16, 3>], blocks = array<i64: 64, 64>}>) {
    %1 = ricci.einsum "ij->ji" ins(%x : tensor<4x8xf32>) -> tensor<8x4xf32>
    ricci.yield %1 : tensor<8x4xf32>
  }
  return %0 : tensor<8x4xf32>
}

// -----

func.func @transpose_blocks(%a: tensor<4x8xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{bad schedule: blocks of a transpose are multiples of 64}}
  %0 = ricci.kernel "ij->ji" ins(%x = %a : tensor<4x8xf32>) -> tensor<8x4xf32> schedule(#ricci.schedule<"transpose", {operands = ["f32"], result = "f32", n = [array<i64: 8, 1, 4>], m = [array<i64: 4, 8, 1>], blocks = array<i64: 64, 16>}>) {
    %1 = ricci.einsum "ij->ji" ins(%x : tensor<4x8xf32>) -> tensor<8x4xf32>
    ricci.yield %1 : tensor<8x4xf32>
  }
  return %0 : tensor<8x4xf32>
}

// -----

func.func @none(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{a kernel without a schedule}}
  %0 = ricci.kernel "i->i" ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> {
    %1 = ricci.einsum "i->i" ins(%x : tensor<3xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @three_at_once(%a: tensor<30x40xf32>) -> tensor<30xf32> {
  // expected-error @+1 {{bad schedule: a reduction reads 1, 2, 4 or 8 rows 'at_once'}}
  %0 = ricci.kernel "ij->i" ins(%x = %a : tensor<30x40xf32>) -> tensor<30xf32> schedule(#ricci.schedule<"reduce_rows", {at_once = 3 : i64, batch = [array<i64: 30, 40, 1>], bytes = 1 : i64, flops = 1 : i64, k = [array<i64: 40, 1, 0>], operands = ["f32"], result = "f32", seconds = 1.0 : f64, unit = 1 : i64}>) layouts([40, 1], [1]) {
    %1 = ricci.einsum "ij->i" ins(%x : tensor<30x40xf32>) -> tensor<30xf32>
    ricci.yield %1 : tensor<30xf32>
  }
  return %0 : tensor<30xf32>
}

// -----

func.func @pieces_of_columns(%a: tensor<30x40xf32>) -> tensor<30xf32> {
  // expected-error @+1 {{bad schedule: sums of rows come in 'pieces'}}
  %0 = ricci.kernel "ij->i" ins(%x = %a : tensor<30x40xf32>) -> tensor<30xf32> schedule(#ricci.schedule<"reduce_columns", {batch = [array<i64: 30, 1, 1>], bytes = 1 : i64, flops = 1 : i64, k = [array<i64: 40, 1, 0>], operands = ["f32"], pieces, result = "f32", seconds = 1.0 : f64, unit = 1 : i64}>) layouts([40, 1], [1]) {
    %1 = ricci.einsum "ij->i" ins(%x : tensor<30x40xf32>) -> tensor<30xf32>
    ricci.yield %1 : tensor<30xf32>
  }
  return %0 : tensor<30xf32>
}
