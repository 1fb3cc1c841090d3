//===- passes.td - the compiler's passes ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
include "mlir/Pass/PassBase.td"

// In the order in which compiler/pipeline.cpp runs them. Each is one .cpp, whose folder is named.

// compiler/ir
def Simplify : Pass<"ricci-simplify", "::mlir::func::FuncOp"> {
  let summary = "Fold constants and chains of shape operations, merge equal operations";
  let description = [{
    Every result keeps its bits: nothing is reassociated, and what would round differently stays.
    Unused operations go away.
  }];
}

// compiler/contract
def OrderContractions : Pass<"ricci-order-contractions", "::mlir::func::FuncOp"> {
  let summary = "Turn every einsum into a tree of einsums of at most two operands";
  let description = [{
    Chooses the order of contractions by cost and memory. Afterwards every `ricci.einsum` has one or
    two operands; a label that one operand alone has is summed before it meets another.
  }];
}

// compiler/fuse
def ExpandProducts : Pass<"ricci-expand-products", "::mlir::func::FuncOp"> {
  let summary = "Write einsums that are as fast as their memory as multiplications and sums";
  let description = [{
    An einsum whose larger operand has each element in one product only (a matrix with a vector, a
    product of the same axes, an outer product) is expanded where something is computed from element
    to element before or behind it, so that it shares a kernel with that. Products of 16-bit floats
    are not rounded. A function that accumulates stays as it is.
  }];
}

// compiler/fuse
def AlignOperands : Pass<"ricci-align-operands", "::mlir::func::FuncOp"> {
  let summary = "Copy small operands that lie across large ones";
  let description = [{
    What is multiplied, or otherwise computed, with a much larger operand and is not contiguous
    along the axis in which that is, is copied into its order by an einsum, a kernel of its own.
    So is what varies along the last kept axis of a reduction of operands that broadcast against
    each other, as those of distances do: its vectors run along that axis.
  }];
}

// compiler/fuse
def SplitAccumulation : Pass<"ricci-split-accumulation", "::mlir::func::FuncOp"> {
  let summary = "Compute large sums first and add them in a second kernel";
  let description = [{
    Of a function that accumulates on a CPU: an einsum that moves the elements of its operand, or a
    contraction whose result leaves the caches, is computed apart, and an einsum that keeps the order
    of axes adds it, and multiplies it by a factor. Results of 16-bit floats, which would be rounded
    twice, stay as they are.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"\"native\"",
                        "native, x86-64, x86-64-v2 to x86-64-v4, or a name LLVM knows">];
}

// compiler/fuse
def TurnResults : Pass<"ricci-turn-results", "::mlir::func::FuncOp"> {
  let summary = "Compute results that lie across their products first and turn them in a second kernel";
  let description = [{
    An einsum of two operands, whose result is contiguous along a label of both or has few rows or
    columns that follow each other, computes it in another order, in which vectors run along rows or
    columns, where two kernels are predicted to be faster. So does one that sums an operand which has
    all labels of the result: in the order in which that lies. A second einsum moves it; one that reads
    the result may read it in that order. Where the function accumulates, a third one adds it.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"\"native\"",
                        "native, x86-64, x86-64-v2 to x86-64-v4, or a name LLVM knows">];
}

// compiler/fuse
def SplitReductions : Pass<"ricci-split-reductions", "::mlir::func::FuncOp"> {
  let summary = "Compute long reductions and contractions of few results in parts";
  let description = [{
    One result is the work of one block of threads, or of one task: a reduction, or the sum of an
    einsum, becomes one with more results and a second one over these. Sums of 16-bit floats still
    round once. A function that accumulates stays as it is.
  }];
  let options = [Option<"cpu", "cpu", "bool", /*default=*/"false",
                        "parts are tasks of a CPU, not blocks of a GPU">];
}

// compiler/fuse
def SplitScans : Pass<"ricci-split-scans", "::mlir::func::FuncOp"> {
  let summary = "Compute long scans and arg-reductions in parts";
  let description = [{
    One task, or one block of threads, goes along the axis: where these are few, or one is too long
    to wait for, parts of the axis are reduced, and what follows from that for each part is put
    together. Arg-reductions give the same index as before. Sums of floats are added in another
    order; scans of 16-bit floats, which round each step, and products of floats stay as they are.
  }];
  let options = [Option<"cpu", "cpu", "bool", /*default=*/"false",
                        "parts are tasks of a CPU, not blocks of a GPU">];
}

// compiler/fuse
def FormKernels : Pass<"ricci-form-kernels", "::mlir::func::FuncOp"> {
  let summary = "Group operations into kernels, one launch each";
  let description = [{
    Afterwards the function holds `ricci.kernel` operations, and constants that lie in memory, only.
  }];
  let options = [Option<"fuse", "fuse", "bool", /*default=*/"true",
                        "whether operations share a kernel">,
                 Option<"epilogueBytes", "epilogue-bytes", "int64_t", /*default=*/"16 << 20",
                        "results of at least so many bytes have a contraction's epilogue">,
                 Option<"anyEpilogue", "any-epilogue", "bool", /*default=*/"false",
                        "what is computed from an einsum's result alone, element by element, is in "
                        "its kernel, whatever else it reads">,
                 Option<"prologueBytes", "prologue-bytes", "int64_t", /*default=*/"0",
                        "a contraction computes an operand of at least so many bytes itself, where "
                        "it can; 0: none">];
}

// compiler/cuda
def FormAttention : Pass<"ricci-cuda-form-attention", "::mlir::func::FuncOp"> {
  let summary = "Put a contraction, the softmax of its rows and the contraction of these into one kernel";
  let description = [{
    For a GPU. Where nobody else reads the scores, or what the softmax gives, neither is stored: the
    kernel keeps a running maximum and a running sum of each row. Only what `chooseAttentionGrid`
    has a grid for is put together.
  }];
}

// compiler/fuse
def AlignKernels : Pass<"ricci-align-kernels", "::mlir::func::FuncOp"> {
  let summary = "Copy operands that a fused kernel reads across";
  let description = [{
    Operands of a fused kernel that lie in another order than it goes in are copied into that order by
    a kernel of their own, where both are predicted to be faster.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"\"native\"",
                        "native, x86-64, x86-64-v2 to x86-64-v4, or a name LLVM knows">];
}

// compiler/fuse
def ChooseSchedule : Pass<"ricci-choose-schedule", "::mlir::func::FuncOp"> {
  let summary = "Give every kernel its schedule and layouts";
  let description = [{
    Decides, from the shapes, the strides and the CPU alone, how each kernel is carried out: sets
    `schedule` and `layouts` of every `ricci.kernel`. The passes after it only obey.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"\"native\"",
                        "native, x86-64, x86-64-v2 to x86-64-v4, or a name LLVM knows">,
                 Option<"size", "size", "int64_t", /*default=*/"0",
                        "an extent that is to vary, 0: none">];
}

def ChainKernels : Pass<"ricci-chain-kernels", "::mlir::func::FuncOp"> {
  let summary = "Run kernels that hand rows to each other block by block";
  let description = [{
    Where a kernel computes, row by row, what the next one reads row by row, and that would leave the
    cache on its way, both get `rows` in their schedules: a worker does them for one block of rows
    after the other, and only a block of rows is ever in memory. Attention is a contraction, a
    softmax and a contraction so.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"\"native\"",
                        "native, x86-64, x86-64-v2 to x86-64-v4, or a name LLVM knows">,
                 Option<"minBytes", "min-bytes", "int64_t", /*default=*/"0",
                        "results of fewer bytes are stored whole; 0: those that fit into L2">];
}

def PlanMemory : Pass<"ricci-plan-memory", "::mlir::func::FuncOp"> {
  let summary = "Give every intermediate its place in the arena";
  let description = [{
    Sets `arena` of every `ricci.kernel` so that intermediates that live at the same time do not
    overlap; results of the function stay in the caller's memory (-1). What a kernel reads at the
    very index at which it writes, and nobody reads after it, has its result's place, be it in the
    caller's memory (-2 - the result's position). Of what a chain of kernels hands on by rows, it is
    the place of a block in a worker's own memory.

    With `size`, an extent that is to vary, offsets are linear in it: an intermediate that has it
    takes whole lines of 64 bytes for each of its indices, and no memory is used twice, because
    what fits at one size may not at another.
  }];
  let options = [Option<"size", "size", "int64_t", /*default=*/"0",
                        "an extent that is to vary, 0: none">];
}

// compiler/cpu
def EmitLoops : Pass<"ricci-emit-loops", "::mlir::ModuleOp"> {
  let summary = "Turn each kernel into a function of scf, vector and memref operations";
  let description = [{
    Replaces the program by one function per kernel, named after it and marked `ricci.entry`, on 1-D
    buffers, a descriptor, a workspace and a range of the work. From here on there are no tensors.
  }];
  let options = [Option<"cpu", "cpu", "std::string", /*default=*/"\"native\"",
                        "native, x86-64, x86-64-v2 to x86-64-v4, or a name LLVM knows">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::index::IndexDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def KernelAbi : Pass<"ricci-kernel-abi", "::mlir::ModuleOp"> {
  let summary = "Give the entry functions the C signature of a kernel";
  let description = [{
    A `func.func` marked `ricci.entry`, before its conversion to the LLVM dialect, becomes
    `void NAME(void *const *buffers, const int64_t *descriptor, void *workspace, int64_t begin,
    int64_t end)`; all others become private.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}
