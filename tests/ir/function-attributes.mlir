// RUN: ricci-opt %s | ricci-opt | FileCheck %s

// CHECK: func.func @main(%{{.*}}: tensor<3x4xf32> {ricci.strides = array<i64: 1, 3>})
// CHECK-SAME: -> (tensor<3x4xf32> {ricci.strides = array<i64: -4, 1>}) attributes {ricci.accumulate}
func.func @main(%a: tensor<3x4xf32> {ricci.strides = array<i64: 1, 3>})
    -> (tensor<3x4xf32> {ricci.strides = array<i64: -4, 1>}) attributes {ricci.accumulate} {
  return %a : tensor<3x4xf32>
}

// CHECK: func.func private @loops(memref<?xf32>) attributes {ricci.entry}
func.func private @loops(memref<?xf32>) attributes {ricci.entry}
