// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=x86-64-v3}),ricci-emit-loops{cpu=x86-64-v3})' | FileCheck %s
// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=x86-64-v2}),ricci-emit-loops{cpu=x86-64-v2})' | FileCheck %s --check-prefix=SSE

// Vectors of two registers go past the caches wherever one of them may: NumPy's arrays begin at
// multiples of 16 bytes alone.
// CHECK: arith.andi %{{.*}}, %c31
// CHECK: vector.store {{.*}} {alignment = 32 : i64, nontemporal = true} : memref<?xf32>, vector<16xf32>
// SSE: arith.andi %{{.*}}, %c15
// SSE: vector.store {{.*}} {alignment = 16 : i64, nontemporal = true} : memref<?xf32>, vector<8xf32>
func.func @chain(%x: tensor<50000000xf32>) -> tensor<50000000xf32> {
  %0 = ricci.elementwise exp(%x) : (tensor<50000000xf32>) -> tensor<50000000xf32>
  return %0 : tensor<50000000xf32>
}
