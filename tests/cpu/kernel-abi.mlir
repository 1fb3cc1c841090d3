// RUN: ricci-opt %s --pass-pipeline='builtin.module(func.func(ricci-form-kernels,ricci-choose-schedule{cpu=x86-64-v4}),ricci-emit-loops{cpu=x86-64-v4},ricci-kernel-abi)' -o %t
// RUN: FileCheck %s < %t
// RUN: ricci-opt %t --ricci-kernel-abi | FileCheck %s
// RUN: ricci-opt %t --convert-vector-to-scf --convert-scf-to-cf --convert-vector-to-llvm --finalize-memref-to-llvm --convert-arith-to-llvm --convert-index-to-llvm --convert-math-to-llvm --convert-cf-to-llvm --convert-func-to-llvm --reconcile-unrealized-casts | FileCheck %s --check-prefix=LLVM

// Buffers come as an array of pointers. Doing it twice changes nothing.
// CHECK: func.func @reduce_rows_f64_10(%[[BUFFERS:.*]]: !llvm.ptr {llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: i64, %{{.*}}: i64) attributes {ricci.entry}
// CHECK: %[[SECOND:.*]] = llvm.getelementptr %[[BUFFERS]][1]
// CHECK: llvm.load %[[SECOND]] {{.*}} -> !llvm.ptr

// From einsum to the LLVM dialect by passes alone.
// LLVM: llvm.func @reduce_rows_f64_10(%{{.*}}: !llvm.ptr {llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr {llvm.noalias, llvm.readonly}, %{{.*}}: !llvm.ptr {llvm.noalias}, %{{.*}}: i64, %{{.*}}: i64)
// LLVM-NOT: {{(scf|arith|vector|memref|math|index|func)\.}}
// LLVM-NOT: unrealized_conversion_cast
func.func @main(%a: tensor<50x6000xf64>) -> tensor<50xf64> {
  %0 = ricci.einsum "ij->i" ins(%a : tensor<50x6000xf64>) -> tensor<50xf64>
  return %0 : tensor<50xf64>
}
