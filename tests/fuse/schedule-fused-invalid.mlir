// RUN: ricci-opt %s --split-input-file --verify-diagnostics --ricci-emit-loops=cpu=x86-64-v3

func.func @missing_mode(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'mode' is missing or of the wrong kind}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {order = array<i64: 0, 1>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @wide_entries(%a: tensor<40x4xf32>) -> tensor<40xf32> {
  // expected-error @+1 {{bad schedule: 'entries' are neither 'wide' nor run by 'rows'}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<40x4xf32>) -> tensor<40xf32> schedule(#ricci.schedule<"fused", {inside = 1, mode = "entries", order = array<i64: 0, 1>, wide}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<40x4xf32> -> tensor<40xf32>
    ricci.yield %1 : tensor<40xf32>
  }
  return %0 : tensor<40xf32>
}

// -----

func.func @no_entries(%a: tensor<30x4xf32>) -> tensor<30xf32> {
  // expected-error @+1 {{bad schedule: 'entries' have few numbers 'inside', after an axis of many}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<30x4xf32>) -> tensor<30xf32> schedule(#ricci.schedule<"fused", {inside = 1, mode = "entries", order = array<i64: 0, 1>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<30x4xf32> -> tensor<30xf32>
    ricci.yield %1 : tensor<30xf32>
  }
  return %0 : tensor<30xf32>
}

// -----

func.func @no_mode(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'mode' is 'rows', 'columns' or 'entries'}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "diagonals", order = array<i64: 0, 1>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @no_order(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'order' is missing or of the wrong kind}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows"}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @short_order(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'order' has the wrong length}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @twice(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'order' has every axis once}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 1, 1>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @reduced_first(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: kept axes come before reduced ones in 'order'}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 1, 0>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @rows_of_nothing(%a: tensor<3x4xf32>) -> tensor<3x4xf32> {
  // expected-error @+1 {{bad schedule: 'rows' needs a reduced axis, 'columns' a kept one}}
  %0 = ricci.kernel "map" ins(%x = %a : tensor<3x4xf32>) -> tensor<3x4xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0, 1>}>) layouts([4, 1], [4, 1]) {
    %1 = ricci.elementwise exp(%x) : (tensor<3x4xf32>) -> tensor<3x4xf32>
    ricci.yield %1 : tensor<3x4xf32>
  }
  return %0 : tensor<3x4xf32>
}

// -----

func.func @columns_of_nothing(%a: tensor<3x4xf32>) -> tensor<f32> {
  // expected-error @+1 {{bad schedule: 'rows' needs a reduced axis, 'columns' a kept one}}
  %0 = ricci.kernel "all" ins(%x = %a : tensor<3x4xf32>) -> tensor<f32> schedule(#ricci.schedule<"fused", {mode = "columns", order = array<i64: 0, 1>}>) layouts([4, 1], []) {
    %1 = ricci.reduce max %x dims = [0, 1] : tensor<3x4xf32> -> tensor<f32>
    ricci.yield %1 : tensor<f32>
  }
  return %0 : tensor<f32>
}

// -----

func.func @cached_kept(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'cached' names nodes on all axes}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0, 1>, cached = array<i64: 1>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @cached_beyond(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'cached' names nodes on all axes}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0, 1>, cached = array<i64: 2>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @cached_negative(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'cached' names nodes on all axes}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0, 1>, cached = array<i64: -1>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @cached_scan(%a: tensor<3x4xf32>) -> tensor<3x4xf32> {
  // expected-error @+1 {{bad schedule: a scan, which is in one pass, is not cached}}
  %0 = ricci.kernel "scan" ins(%x = %a : tensor<3x4xf32>) -> tensor<3x4xf32> schedule(#ricci.schedule<"fused", {mode = "columns", order = array<i64: 0, 1>, cached = array<i64: 1>}>) layouts([4, 1], [4, 1]) {
    %1 = ricci.scan cumsum %x dim = 1 : tensor<3x4xf32> -> tensor<3x4xf32>
    ricci.yield %1 : tensor<3x4xf32>
  }
  return %0 : tensor<3x4xf32>
}

// -----

func.func @einsum(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: the kernel is not one of fused loops}}
  %0 = ricci.kernel "ij->i" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0, 1>}>) layouts([4, 1], [1]) {
    %1 = ricci.einsum "ij->i" ins(%x : tensor<3x4xf32>) -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @no_layouts(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: the kernel is not one of fused loops}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0, 1>}>) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @grouped_columns(%a: tensor<3x4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{bad schedule: 'grouped' needs rows that share nothing, no scan, and no pad along them}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<4xf32> schedule(#ricci.schedule<"fused", {grouped, mode = "columns", order = array<i64: 1, 0>}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [0] : tensor<3x4xf32> -> tensor<4xf32>
    ricci.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

func.func @row_by_row(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: rows are summed 'row_by_row' along columns}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0, 1>, row_by_row}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}

// -----

func.func @parts_of_nothing(%a: tensor<3x4xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{bad schedule: 'parts' need a few guards that end at the same columns of every row}}
  %0 = ricci.kernel "max" ins(%x = %a : tensor<3x4xf32>) -> tensor<3xf32> schedule(#ricci.schedule<"fused", {mode = "rows", order = array<i64: 0, 1>, parts}>) layouts([4, 1], [1]) {
    %1 = ricci.reduce max %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ricci.yield %1 : tensor<3xf32>
  }
  return %0 : tensor<3xf32>
}
