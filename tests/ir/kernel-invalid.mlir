// RUN: ricci-opt %s --split-input-file --verify-diagnostics

func.func @yield_type(%a: tensor<3xf32>) -> tensor<4xf32> {
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<4xf32> {
    // expected-error @+1 {{gives ('tensor<3xf32>'), but the kernel's results are ('tensor<4xf32>')}}
    ricci.yield %x : tensor<3xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

func.func @no_yield(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{must end with 'ricci.yield'}}
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> {
    llvm.unreachable
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @isolated(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-note @+1 {{required by region isolation constraints}}
  %0 = ricci.kernel ins() -> tensor<3xf32> {
    // expected-error @+1 {{using value defined outside the region}}
    ricci.yield %a : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @other_dialect(%a: tensor<3xf32>) -> tensor<3xf32> {
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> {
    // expected-error @+1 {{is not of the ricci dialect, so not allowed in a kernel}}
    %1 = arith.addf %x, %x : tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @nested(%a: tensor<3xf32>) -> tensor<3xf32> {
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> {
    // expected-error @+1 {{is inside another kernel}}
    %1 = ricci.kernel ins(%y = %x : tensor<3xf32>) -> tensor<3xf32> {
      ricci.yield %y : tensor<3xf32>
    }
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @layout_count(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{has 1 layouts for 1 operand(s) and 1 result(s)}}
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> layouts([1]) {
    ricci.yield %x : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @layout_rank(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{has 2 strides for result 0 of 1 axes}}
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> layouts([1], [3, 1]) {
    ricci.yield %x : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @arena_count(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{has 2 places in the arena for 1 result(s)}}
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> arena([0, 64]) {
    ricci.yield %x : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @arena_place(%a: tensor<3xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{has the place -3 in the arena, of result 1 of a function with 1}}
  %0 = ricci.kernel ins(%x = %a : tensor<3xf32>) -> tensor<3xf32> arena([-3]) {
    ricci.yield %x : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @block_arguments(%a: tensor<3xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{has block arguments ('tensor<4xf32>') that differ from its operands ('tensor<3xf32>')}}
  %0 = "ricci.kernel"(%a) ({
  ^bb0(%x: tensor<4xf32>):
    "ricci.yield"(%x) : (tensor<4xf32>) -> ()
  }) : (tensor<3xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// expected-error @+1 {{a schedule's family is empty}}
func.func private @family() attributes {other.s = #ricci.schedule<"", {}>}

// -----

func.func @yield_outside(%a: tensor<3xf32>) {
  // expected-error @+1 {{expects parent op 'ricci.kernel'}}
  ricci.yield %a : tensor<3xf32>
}
