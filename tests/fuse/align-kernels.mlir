// RUN: ricci-opt %s --ricci-align-kernels=cpu=x86-64-v3 | FileCheck %s

// The operand that lies across is copied into the order in which the kernel goes.
// CHECK-LABEL: func.func @added
// CHECK: %[[COPY:.*]] = ricci.kernel "{#copy}{#1}{#2}->{#copy}{#1}{#2}" ins(%{{.*}} = %arg1
// CHECK-SAME: layouts([6400, 64, 1], [1, 31, 3100])
// CHECK: ricci.einsum "{#copy}{#1}{#2}->{#copy}{#1}{#2}"
// CHECK: ricci.kernel "multiply add" ins(%{{.*}} = %arg0, %{{.*}} = %[[COPY]]
// CHECK-SAME: layouts([3100, 31, 1], [1, 31, 3100], [3100, 31, 1])
func.func @added(%x: tensor<64x100x31xf32>, %w: tensor<31x100x64xf32>) -> tensor<64x100x31xf32> {
  %0 = ricci.kernel "multiply add" ins(%a = %x, %b = %w : tensor<64x100x31xf32>, tensor<31x100x64xf32>)
      -> tensor<64x100x31xf32> layouts([3100, 31, 1], [6400, 64, 1], [3100, 31, 1]) {
    %1 = ricci.elementwise multiply(%a, %a) : (tensor<64x100x31xf32>, tensor<64x100x31xf32>) -> tensor<64x100x31xf32>
    %2 = ricci.transpose %b perm = [2, 1, 0] : tensor<31x100x64xf32> -> tensor<64x100x31xf32>
    %3 = ricci.elementwise add(%1, %2) : (tensor<64x100x31xf32>, tensor<64x100x31xf32>) -> tensor<64x100x31xf32>
    ricci.yield %3 : tensor<64x100x31xf32>
  }
  return %0 : tensor<64x100x31xf32>
}

// Both operands lie in one order: the result is copied.
// CHECK-LABEL: func.func @result
// CHECK: %[[RESULT:.*]] = ricci.kernel "multiply" ins(%{{.*}} = %arg0, %{{.*}} = %arg1
// CHECK-SAME: layouts([65536, 8192, 256, 1], [65536, 8192, 256, 1], [1, 65536, 256, 8192])
// CHECK: %[[COPY:.*]] = ricci.kernel "{#copy}{{.*}}" ins(%{{.*}} = %[[RESULT]]
// CHECK-SAME: layouts([1, 65536, 256, 8192], [2048, 256, 8, 1])
// CHECK: return %[[COPY]]
func.func @result(%x: tensor<8x8x32x256xf32>, %y: tensor<8x8x32x256xf32>) -> tensor<256x8x32x8xf32> {
  %0 = ricci.kernel "multiply" ins(%a = %x, %b = %y : tensor<8x8x32x256xf32>, tensor<8x8x32x256xf32>)
      -> tensor<256x8x32x8xf32> layouts([65536, 8192, 256, 1], [65536, 8192, 256, 1], [2048, 256, 8, 1]) {
    %1 = ricci.elementwise multiply(%a, %b) : (tensor<8x8x32x256xf32>, tensor<8x8x32x256xf32>) -> tensor<8x8x32x256xf32>
    %2 = ricci.transpose %1 perm = [3, 0, 2, 1] : tensor<8x8x32x256xf32> -> tensor<256x8x32x8xf32>
    %3 = ricci.elementwise multiply(%2, %2) : (tensor<256x8x32x8xf32>, tensor<256x8x32x8xf32>) -> tensor<256x8x32x8xf32>
    ricci.yield %3 : tensor<256x8x32x8xf32>
  }
  return %0 : tensor<256x8x32x8xf32>
}

// The caller's memory says how the kernel goes.
// CHECK-LABEL: func.func @across_result
// CHECK: ricci.kernel "{#copy}{#1}{#2}->{#copy}{#1}{#2}" ins(%{{.*}} = %arg1
// CHECK-SAME: layouts([3100, 31, 1], [1, 64, 6400])
func.func @across_result(%x: tensor<64x100x31xf32>, %w: tensor<64x100x31xf32>) -> tensor<64x100x31xf32> {
  %0 = ricci.kernel "multiply add" ins(%a = %x, %b = %w : tensor<64x100x31xf32>, tensor<64x100x31xf32>)
      -> tensor<64x100x31xf32> layouts([1, 64, 6400], [3100, 31, 1], [1, 64, 6400]) {
    %1 = ricci.elementwise multiply(%a, %a) : (tensor<64x100x31xf32>, tensor<64x100x31xf32>) -> tensor<64x100x31xf32>
    %2 = ricci.elementwise add(%1, %b) : (tensor<64x100x31xf32>, tensor<64x100x31xf32>) -> tensor<64x100x31xf32>
    ricci.yield %2 : tensor<64x100x31xf32>
  }
  return %0 : tensor<64x100x31xf32>
}

// Axes that a view joins are one no more in another order.
// CHECK-LABEL: func.func @joined
// CHECK-COUNT-1: ricci.kernel
// CHECK: return
func.func @joined(%x: tensor<100x32x300xf32>, %w: tensor<300x100x32xf32>) -> tensor<100x32x300xf32> {
  %0 = ricci.kernel "multiply add" ins(%a = %x, %b = %w : tensor<100x32x300xf32>, tensor<300x100x32xf32>)
      -> tensor<100x32x300xf32> layouts([9600, 300, 1], [3200, 32, 1], [9600, 300, 1]) {
    %1 = ricci.elementwise multiply(%a, %a) : (tensor<100x32x300xf32>, tensor<100x32x300xf32>) -> tensor<100x32x300xf32>
    %2 = ricci.reshape %b : tensor<300x100x32xf32> -> tensor<300x3200xf32>
    %3 = ricci.transpose %2 perm = [1, 0] : tensor<300x3200xf32> -> tensor<3200x300xf32>
    %4 = ricci.reshape %3 : tensor<3200x300xf32> -> tensor<100x32x300xf32>
    %5 = ricci.elementwise add(%1, %4) : (tensor<100x32x300xf32>, tensor<100x32x300xf32>) -> tensor<100x32x300xf32>
    ricci.yield %5 : tensor<100x32x300xf32>
  }
  return %0 : tensor<100x32x300xf32>
}

// What lies in order, is small, or is read in part stays.
// CHECK-LABEL: func.func @in_order
// CHECK-COUNT-1: ricci.kernel
// CHECK: return
func.func @in_order(%x: tensor<64x100x31xf32>, %w: tensor<64x100x31xf32>) -> tensor<64x100x31xf32> {
  %0 = ricci.kernel "multiply add" ins(%a = %x, %b = %w : tensor<64x100x31xf32>, tensor<64x100x31xf32>)
      -> tensor<64x100x31xf32> layouts([3100, 31, 1], [3100, 31, 1], [3100, 31, 1]) {
    %1 = ricci.elementwise multiply(%a, %a) : (tensor<64x100x31xf32>, tensor<64x100x31xf32>) -> tensor<64x100x31xf32>
    %2 = ricci.elementwise add(%1, %b) : (tensor<64x100x31xf32>, tensor<64x100x31xf32>) -> tensor<64x100x31xf32>
    ricci.yield %2 : tensor<64x100x31xf32>
  }
  return %0 : tensor<64x100x31xf32>
}
// CHECK-LABEL: func.func @small
// CHECK-COUNT-1: ricci.kernel
// CHECK: return
func.func @small(%x: tensor<20x10x31xf32>, %w: tensor<31x10x20xf32>) -> tensor<20x10x31xf32> {
  %0 = ricci.kernel "multiply add" ins(%a = %x, %b = %w : tensor<20x10x31xf32>, tensor<31x10x20xf32>)
      -> tensor<20x10x31xf32> layouts([310, 31, 1], [200, 20, 1], [310, 31, 1]) {
    %1 = ricci.elementwise multiply(%a, %a) : (tensor<20x10x31xf32>, tensor<20x10x31xf32>) -> tensor<20x10x31xf32>
    %2 = ricci.transpose %b perm = [2, 1, 0] : tensor<31x10x20xf32> -> tensor<20x10x31xf32>
    %3 = ricci.elementwise add(%1, %2) : (tensor<20x10x31xf32>, tensor<20x10x31xf32>) -> tensor<20x10x31xf32>
    ricci.yield %3 : tensor<20x10x31xf32>
  }
  return %0 : tensor<20x10x31xf32>
}
// CHECK-LABEL: func.func @part
// CHECK-COUNT-1: ricci.kernel
// CHECK: return
func.func @part(%x: tensor<64x100x30xf32>, %w: tensor<31x100x64xf32>) -> tensor<64x100x30xf32> {
  %0 = ricci.kernel "multiply add" ins(%a = %x, %b = %w : tensor<64x100x30xf32>, tensor<31x100x64xf32>)
      -> tensor<64x100x30xf32> layouts([3000, 30, 1], [6400, 64, 1], [3000, 30, 1]) {
    %1 = ricci.elementwise multiply(%a, %a) : (tensor<64x100x30xf32>, tensor<64x100x30xf32>) -> tensor<64x100x30xf32>
    %2 = ricci.slice %b start = [1, 0, 0] size = [30, 100, 64] step = [1, 1, 1] : tensor<31x100x64xf32> -> tensor<30x100x64xf32>
    %3 = ricci.transpose %2 perm = [2, 1, 0] : tensor<30x100x64xf32> -> tensor<64x100x30xf32>
    %4 = ricci.elementwise add(%1, %3) : (tensor<64x100x30xf32>, tensor<64x100x30xf32>) -> tensor<64x100x30xf32>
    ricci.yield %4 : tensor<64x100x30xf32>
  }
  return %0 : tensor<64x100x30xf32>
}
