// RUN: ricci-opt %s --ricci-form-kernels --ricci-choose-schedule=cpu=x86-64-v3 | FileCheck %s

// Vectors run along the contiguous axis: the reduced one …
// CHECK-LABEL: func.func @rows
// CHECK: schedule(#ricci.schedule<"fused", {
// CHECK-SAME: mode = "rows", order = array<i64: 0, 1>
func.func @rows(%x: tensor<512x512xf32>) -> tensor<512xf32> {
  %0 = ricci.reduce max %x dims = [1] : tensor<512x512xf32> -> tensor<512xf32>
  return %0 : tensor<512xf32>
}

// … or a kept one.
// CHECK-LABEL: func.func @columns
// CHECK: schedule(#ricci.schedule<"fused", {
// CHECK-SAME: mode = "columns", order = array<i64: 1, 0>
func.func @columns(%x: tensor<512x512xf32>) -> tensor<512xf32> {
  %0 = ricci.reduce max %x dims = [0] : tensor<512x512xf32> -> tensor<512xf32>
  return %0 : tensor<512xf32>
}

// The same array the other way round.
// CHECK-LABEL: func.func @fortran
// CHECK: schedule(#ricci.schedule<"fused", {
// CHECK-SAME: mode = "columns", order = array<i64: 0, 1>
func.func @fortran(%x: tensor<512x512xf32> {ricci.strides = array<i64: 1, 512>}) -> tensor<512xf32> {
  %0 = ricci.reduce max %x dims = [1] : tensor<512x512xf32> -> tensor<512xf32>
  return %0 : tensor<512xf32>
}

// Without reductions the order is the result's.
// CHECK-LABEL: func.func @map
// CHECK: schedule(#ricci.schedule<"fused", {
// CHECK-SAME: mode = "columns", order = array<i64: 2, 0, 1>
func.func @map(%x: tensor<8x16x32xf32> {ricci.strides = array<i64: 16, 1, 128>}) -> (tensor<8x16x32xf32> {ricci.strides = array<i64: 16, 1, 128>}) {
  %0 = ricci.elementwise negative(%x) : (tensor<8x16x32xf32>) -> tensor<8x16x32xf32>
  return %0 : tensor<8x16x32xf32>
}

// The exponential of the first sum is kept for the last pass; the difference, which is cheap, is not.
// CHECK-LABEL: func.func @cached
// CHECK: schedule(#ricci.schedule<"fused", {
// CHECK-SAME: cached = array<i64: 3>
// CHECK-SAME: mode = "rows"
func.func @cached(%x: tensor<512x512xf32>) -> tensor<512x512xf32> {
  %0 = ricci.reduce max %x dims = [1] : tensor<512x512xf32> -> tensor<512xf32>
  %1 = ricci.reshape %0 : tensor<512xf32> -> tensor<512x1xf32>
  %2 = ricci.elementwise subtract(%x, %1) : (tensor<512x512xf32>, tensor<512x1xf32>) -> tensor<512x512xf32>
  %3 = ricci.elementwise exp(%2) : (tensor<512x512xf32>) -> tensor<512x512xf32>
  %4 = ricci.reduce sum %3 dims = [1] : tensor<512x512xf32> -> tensor<512xf32>
  %5 = ricci.reshape %4 : tensor<512xf32> -> tensor<512x1xf32>
  %6 = ricci.elementwise divide(%3, %5) : (tensor<512x512xf32>, tensor<512x1xf32>) -> tensor<512x512xf32>
  return %6 : tensor<512x512xf32>
}

// A cheap value is computed in every pass.
// CHECK-LABEL: func.func @not_cached
// CHECK: schedule(#ricci.schedule<"fused", {
// CHECK-NOT: cached
// CHECK: return
func.func @not_cached(%x: tensor<512x512xf32>) -> tensor<512x512xf32> {
  %0 = ricci.reduce max %x dims = [1] : tensor<512x512xf32> -> tensor<512xf32>
  %1 = ricci.reshape %0 : tensor<512xf32> -> tensor<512x1xf32>
  %2 = ricci.elementwise subtract(%x, %1) : (tensor<512x512xf32>, tensor<512x1xf32>) -> tensor<512x512xf32>
  %3 = ricci.reduce sum %2 dims = [1] : tensor<512x512xf32> -> tensor<512xf32>
  %4 = ricci.reshape %3 : tensor<512xf32> -> tensor<512x1xf32>
  %5 = ricci.elementwise multiply(%2, %4) : (tensor<512x512xf32>, tensor<512x1xf32>) -> tensor<512x512xf32>
  return %5 : tensor<512x512xf32>
}

// A copy and a sum have emitters of their own; a sum that is stored on all axes has not.
// CHECK-LABEL: func.func @plain
// CHECK: #ricci.schedule<"transpose"
// CHECK: #ricci.schedule<"reduce_rows"
// CHECK: #ricci.schedule<"fused"
func.func @plain(%x: tensor<64x64xf32>, %y: tensor<64x64xf32>, %z: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64xf32>, tensor<64x64xf32>) {
  %0 = ricci.transpose %x perm = [1, 0] : tensor<64x64xf32> -> tensor<64x64xf32>
  %1 = ricci.reduce sum %y dims = [1] : tensor<64x64xf32> -> tensor<64xf32>
  %2 = ricci.reduce sum %z dims = [0] : tensor<64x64xf32> -> tensor<64xf32>
  %3 = ricci.broadcast %2 : tensor<64xf32> -> tensor<64x64xf32>
  return %0, %1, %3 : tensor<64x64xf32>, tensor<64xf32>, tensor<64x64xf32>
}

// A number has no axes.
// CHECK-LABEL: func.func @scalar
// CHECK: schedule(#ricci.schedule<"fused", {
// CHECK-SAME: mode = "columns", order = array<i64>
func.func @scalar(%x: tensor<f32>) -> tensor<f32> {
  %0 = ricci.elementwise exp(%x) : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// Long chains of operations run in vectors of two registers where an axis has several of them, or
// is the only one, and is not reduced along them but in long rows.
// CHECK-LABEL: func.func @chains
// CHECK: schedule(#ricci.schedule<"fused", {{.*}}, wide}>)
// CHECK: schedule(#ricci.schedule<"fused", {{.*}}, wide}>)
// CHECK: schedule(#ricci.schedule<"fused", {{.*}} : f64}>)
// CHECK: schedule(#ricci.schedule<"fused", {{.*}}, wide}>)
// CHECK: schedule(#ricci.schedule<"fused", {{.*}} : f64}>)
func.func @chains(%x: tensor<3xf32>, %y: tensor<7x32xf32>, %u: tensor<7x31xf32>, %b: tensor<32xf32>, %c: tensor<31xf32>, %z: tensor<8x256xf32>, %w: tensor<8x255xf32>) -> (tensor<3xf32>, tensor<7x32xf32>, tensor<7x31xf32>, tensor<8xf32>, tensor<8xf32>) {
  %0 = ricci.elementwise exp(%x) : (tensor<3xf32>) -> tensor<3xf32>
  %1 = ricci.elementwise power(%y, %b) : (tensor<7x32xf32>, tensor<32xf32>) -> tensor<7x32xf32>
  %2 = ricci.elementwise power(%u, %c) : (tensor<7x31xf32>, tensor<31xf32>) -> tensor<7x31xf32>
  %3 = ricci.elementwise exp(%z) : (tensor<8x256xf32>) -> tensor<8x256xf32>
  %4 = ricci.reduce sum %3 dims = [1] : tensor<8x256xf32> -> tensor<8xf32>
  %5 = ricci.elementwise exp(%w) : (tensor<8x255xf32>) -> tensor<8x255xf32>
  %6 = ricci.reduce sum %5 dims = [1] : tensor<8x255xf32> -> tensor<8xf32>
  return %0, %1, %2, %4, %6 : tensor<3xf32>, tensor<7x32xf32>, tensor<7x31xf32>, tensor<8xf32>, tensor<8xf32>
}

// Short rows go together through each pass; rows of a long sum, and a scan, do not.
// CHECK-LABEL: func.func @short_rows
// CHECK: schedule(#ricci.schedule<"fused", {{.*}}grouped, mode = "rows"
// CHECK: schedule(#ricci.schedule<"fused", {{.*}}grouped, mode = "rows"
// CHECK-NOT: grouped
func.func @short_rows(%x: tensor<512x90xf32>, %y: tensor<512x128xf32>, %z: tensor<512x129xf32>, %w: tensor<512x20xf32>) -> (tensor<512xf32>, tensor<512xf32>, tensor<512xf32>, tensor<512x20xf32>) {
  %0 = ricci.reduce max %x dims = [1] : tensor<512x90xf32> -> tensor<512xf32>
  %1 = ricci.reduce max %y dims = [1] : tensor<512x128xf32> -> tensor<512xf32>
  %2 = ricci.reduce max %z dims = [1] : tensor<512x129xf32> -> tensor<512xf32>
  %3 = ricci.scan cumsum %w dim = 1 : tensor<512x20xf32> -> tensor<512x20xf32>
  return %0, %1, %2, %3 : tensor<512xf32>, tensor<512xf32>, tensor<512xf32>, tensor<512x20xf32>
}

// Shorter ones, one in each lane: what is inside is unrolled.
// CHECK-LABEL: func.func @entries
// CHECK: schedule(#ricci.schedule<"fused", {{.*}}inside = 1 : i64, mode = "entries", order = array<i64: 0, 1>
// CHECK: schedule(#ricci.schedule<"fused", {{.*}}inside = 2 : i64, mode = "entries", order = array<i64: 0, 1, 2>
// CHECK-NOT: mode = "entries"
func.func @entries(%x: tensor<5000x5xf32>, %y: tensor<5000x3x3xf32>, %z: tensor<20x5xf32>) -> (tensor<5000xf32>, tensor<5000x3x3xf32>, tensor<20xf32>) {
  %0 = ricci.reduce max %x dims = [1] : tensor<5000x5xf32> -> tensor<5000xf32>
  %1 = ricci.transpose %y perm = [0, 2, 1] : tensor<5000x3x3xf32> -> tensor<5000x3x3xf32>
  %2 = ricci.elementwise add(%y, %1) : (tensor<5000x3x3xf32>, tensor<5000x3x3xf32>) -> tensor<5000x3x3xf32>
  %3 = ricci.reduce max %z dims = [1] : tensor<20x5xf32> -> tensor<20xf32>
  return %0, %2, %3 : tensor<5000xf32>, tensor<5000x3x3xf32>, tensor<20xf32>
}

// From memory, short rows are summed one after the other along columns.
// CHECK-LABEL: func.func @rows_from_memory
// CHECK: schedule(#ricci.schedule<"fused", {{.*}}mode = "columns", order = array<i64: 1, 0>, row_by_row
// CHECK-NOT: row_by_row
func.func @rows_from_memory(%x: tensor<100000x200xf32>, %y: tensor<1000x200xf32>) -> (tensor<200xf32>, tensor<200xf32>) {
  %0 = ricci.reduce max %x dims = [0] : tensor<100000x200xf32> -> tensor<200xf32>
  %1 = ricci.reduce max %y dims = [0] : tensor<1000x200xf32> -> tensor<200xf32>
  return %0, %1 : tensor<200xf32>, tensor<200xf32>
}

// Loops of parts where they end at the same columns of every row, a few of them; windows end where their row does.
// CHECK-LABEL: func.func @parts
// CHECK: ricci.kernel "exp concatenate"
// CHECK-SAME: mode = "columns", order = array<i64: 0, 1>, parts
// CHECK: ricci.kernel "exp pad sum"
// CHECK-NOT: parts
func.func @parts(%x: tensor<512x50xf32>, %y: tensor<512x30xf32>, %v: tensor<f32>) -> (tensor<512x80xf32>, tensor<512x50xf32>) {
  %0 = ricci.elementwise exp(%x) : (tensor<512x50xf32>) -> tensor<512x50xf32>
  %1 = ricci.concatenate dim = 1 (%0, %y) : (tensor<512x50xf32>, tensor<512x30xf32>) -> tensor<512x80xf32>
  %2 = ricci.pad %0, %v low = [0, 1] high = [0, 1] : tensor<512x50xf32>, tensor<f32> -> tensor<512x52xf32>
  %3 = ricci.windows %2 dim = 1 size = 3 : tensor<512x52xf32> -> tensor<512x50x3xf32>
  %4 = ricci.reduce sum %3 dims = [2] : tensor<512x50x3xf32> -> tensor<512x50xf32>
  return %1, %4 : tensor<512x80xf32>, tensor<512x50xf32>
}
