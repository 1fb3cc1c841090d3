//===- ricci_ops.td - the operations of the ricci dialect -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef RICCI_COMPILER_IR_RICCI_OPS_TD
#define RICCI_COMPILER_IR_RICCI_OPS_TD

include "compiler/ir/ricci_dialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Ricci_Op<string mnemonic, list<Trait> traits = []> : Op<Ricci_Dialect, mnemonic, traits> {
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Contractions and kernels
//===----------------------------------------------------------------------===//

def Ricci_EinsumOp : Ricci_Op<"einsum", [Pure]> {
  let summary = "an einsum of any number of operands";
  let description = [{
    Multiplies the operands' elements whose labels agree and sums over the labels that the output
    lacks. The equation is explicit and resolved: no ellipsis, no spaces. A label is one letter (any
    non-ASCII character counts as one) or a name in braces: `{…0}`, `{#57}`. A label may repeat in an
    operand (a diagonal); output labels are distinct and each is in some operand. An operand's axis
    has the label's extent, or 1 (broadcast); axes of one operand with the same label are equal.

    Operands are converted to the result's element type before they are multiplied; f16 and bf16
    results are computed in f32 and rounded once. On `i1`,
    multiplication is and, addition is or. An empty sum is 0.

    ```mlir
    %0 = ricci.einsum "ij,jk->ik" ins(%a, %b : tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    ```
  }];
  let arguments = (ins StrAttr:$equation, Variadic<Ricci_Tensor>:$inputs);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    custom<Equation>($equation) `ins` `(` $inputs `:` type($inputs) `)` `->` type($output) attr-dict
  }];
  let extraClassDeclaration = [{
    /// The parsed equation of a verified op.
    ::ricci::EinsumEquation parsedEquation();
  }];
}

def Ricci_KernelOp : Ricci_Op<"kernel", [Pure, IsolatedFromAbove, SingleBlock]> {
  let summary = "one launch";
  let description = [{
    Operations of the dialect that are carried out by one launch. The block's arguments stand for the
    operands; `ricci.yield` gives the results.

    - `label`: a name for plans and traces.
    - `schedule`: how it is carried out; absent until chosen.
    - `layouts`: the strides, in elements, of each operand and then of each result; absent until
      chosen.
    - `arena`: of each result, the byte offset in the arena, or -1 when it is a result of the
      function and lives in the caller's memory, or -2 - i when it lies where result i of the function
      will; absent until memory is planned. Of a result that is handed on by rows (the schedule's
      `rows`), the byte offset in a worker's memory for a block of them.

    ```mlir
    %0 = ricci.kernel "ij,jk->ik" ins(%x = %a, %y = %b : tensor<3x4xf32>, tensor<4x5xf32>)
        -> tensor<3x5xf32> schedule(#ricci.schedule<"contract", {mr = 6 : i64}>)
        layouts([4, 1], [5, 1], [5, 1]) arena([-1]) {
      %1 = ricci.einsum "ij,jk->ik" ins(%x, %y : tensor<3x4xf32>, tensor<4x5xf32>)
          -> tensor<3x5xf32>
      ricci.yield %1 : tensor<3x5xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<Ricci_Tensor>:$inputs, OptionalAttr<StrAttr>:$label,
                       OptionalAttr<Ricci_ScheduleAttr>:$schedule,
                       OptionalAttr<TypedArrayAttrBase<DenseI64ArrayAttr, "strides of each operand and result">>:$layouts,
                       OptionalAttr<DenseI64ArrayAttr>:$arena);
  let results = (outs Variadic<Ricci_Tensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasRegionVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [
    /// The body is one block with an argument for each input; the caller fills it.
    OpBuilder<(ins "::mlir::TypeRange":$outputs, "::mlir::ValueRange":$inputs)>
  ];
  let extraClassDeclaration = [{
    ::mlir::Block &block() { return getBody().front(); }
    ::ricci::YieldOp yield();
    /// Strides of an operand or result; `layouts` must be there.
    ::llvm::ArrayRef<int64_t> inputStrides(unsigned i);
    ::llvm::ArrayRef<int64_t> outputStrides(unsigned i);
  }];
}

def Ricci_YieldOp : Op<Ricci_Dialect, "yield", [Pure, Terminator, HasParent<"::ricci::KernelOp">]> {
  let summary = "the results of a kernel";
  let description = [{
    Ends the block of a `ricci.kernel`; its operands are the kernel's results, in order.

    ```mlir
    ricci.yield %0 : tensor<3x5xf32>
    ```
  }];
  let arguments = (ins Variadic<Ricci_Tensor>:$results);
  let assemblyFormat = "($results^ `:` type($results))? attr-dict";
}

//===----------------------------------------------------------------------===//
// Elementwise operations, reductions, scans
//===----------------------------------------------------------------------===//

def Ricci_ElementwiseOp : Ricci_Op<"elementwise", [Pure]> {
  let summary = "a scalar operation on every element";
  let description = [{
    Applies one scalar operation, with NumPy's broadcasting among the operands. The operation has
    NumPy's name; the table in `frontend/scalar_ops.def` says how many operands each takes, in which
    types it computes and which type it gives. The operands have one element type, that which the
    operation computes in (`ricci.cast` converts); only the first operand of `where` is `i1`.

    f16 and bf16 results are rounded after each operation. On `i1`, `add` and `maximum` are or,
    `multiply` and `minimum` are and.

    ```mlir
    %0 = ricci.elementwise multiply(%a, %b) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
    %1 = ricci.elementwise less(%a, %b) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3x4xi1>
    %2 = ricci.elementwise where(%1, %a, %0) : (tensor<3x4xi1>, tensor<3x4xf32>, tensor<3x4xf32>)
        -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$scalar, Variadic<Ricci_Tensor>:$inputs);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    custom<ScalarName>($scalar) `(` $inputs `)` attr-dict `:` functional-type($inputs, $output)
  }];
  let builders = [
    OpBuilder<(ins "::mlir::Type":$output, "::ricci::ScalarOp":$op, "::mlir::ValueRange":$inputs)>
  ];
  let extraClassDeclaration = [{
    /// The operation of a verified op.
    ::ricci::ScalarOp scalarOp();
  }];
}

def Ricci_ReduceOp : Ricci_Op<"reduce", [Pure]> {
  let summary = "a reduction over some axes";
  let description = [{
    Reduces over `dims`, given in rising order; these axes are dropped. The element type is kept
    (`ricci.cast` converts); `any` and `all` take `i1`. `sum` and `prod` give 0 and 1 over nothing;
    f16 and bf16 are accumulated in f32 and rounded once. `max` and `min` propagate NaN and need at
    least one element.

    ```mlir
    %0 = ricci.reduce sum %x dims = [1] : tensor<3x4xf32> -> tensor<3xf32>
    ```
  }];
  let arguments = (ins Ricci_ReduceKindAttr:$kind, Ricci_Tensor:$input, DenseI64ArrayAttr:$dims);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    `` $kind $input `dims` `=` $dims attr-dict `:` type($input) `->` type($output)
  }];
}

def Ricci_ArgReduceOp : Ricci_Op<"arg_reduce", [Pure]> {
  let summary = "the index of the greatest or least element along an axis";
  let description = [{
    The axis is dropped; of equal elements the first one counts, and a NaN is greater and less than
    any number. The axis has at least one element.

    ```mlir
    %0 = ricci.arg_reduce argmax %x dim = 1 : tensor<3x4xf32> -> tensor<3xi64>
    ```
  }];
  let arguments = (ins Ricci_ArgReduceKindAttr:$kind, Ricci_Tensor:$input, I64Attr:$dim);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    `` $kind $input `dim` `=` $dim attr-dict `:` type($input) `->` type($output)
  }];
}

def Ricci_ScanOp : Ricci_Op<"scan", [Pure]> {
  let summary = "running sums or products along an axis";
  let description = [{
    Element `i` of the axis of the result combines the operand's elements 0 to `i`, from the left.
    Where `before` is given, which lacks the axis, it comes before element 0. The element type is
    kept; f16 and bf16 round after each step.

    ```mlir
    %0 = ricci.scan cumsum %x dim = 0 : tensor<3x4xf32> -> tensor<3x4xf32>
    %1 = ricci.scan cumsum %x from %y dim = 0 : tensor<3x4xf32>, tensor<4xf32> -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins Ricci_ScanKindAttr:$kind, Ricci_Tensor:$input,
                       Optional<Ricci_Tensor>:$before, I64Attr:$dim);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    `` $kind $input (`from` $before^)? `dim` `=` $dim attr-dict
    `:` type($input) (`,` type($before)^)? `->` type($output)
  }];
}

def Ricci_CastOp : Ricci_Op<"cast", [Pure]> {
  let summary = "conversion of the element type";
  let description = [{
    Converts every element as NumPy's `astype` does. To the same type it folds away.

    ```mlir
    %0 = ricci.cast %x : tensor<3xi32> -> tensor<3xf32>
    ```
  }];
  let arguments = (ins Ricci_Tensor:$input);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
}

//===----------------------------------------------------------------------===//
// Shape operations and constants
//===----------------------------------------------------------------------===//

def Ricci_TransposeOp : Ricci_Op<"transpose", [Pure]> {
  let summary = "a permutation of the axes";
  let description = [{
    Axis `i` of the result is axis `perm[i]` of the operand. The identity folds away.

    ```mlir
    %0 = ricci.transpose %x perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
    ```
  }];
  let arguments = (ins Ricci_Tensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = "$input `perm` `=` $perm attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
}

def Ricci_ReshapeOp : Ricci_Op<"reshape", [Pure]> {
  let summary = "the same elements, in C order, in another shape";
  let description = [{
    ```mlir
    %0 = ricci.reshape %x : tensor<3x4xf32> -> tensor<12xf32>
    ```
  }];
  let arguments = (ins Ricci_Tensor:$input);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
}

def Ricci_BroadcastOp : Ricci_Op<"broadcast", [Pure]> {
  let summary = "NumPy's broadcast_to";
  let description = [{
    Aligned at the last axis, an axis of the operand has the result's extent or 1.

    ```mlir
    %0 = ricci.broadcast %x : tensor<4xf32> -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins Ricci_Tensor:$input);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($output)";
  let hasFolder = 1;
}

def Ricci_SliceOp : Ricci_Op<"slice", [Pure]> {
  let summary = "every step-th element of each axis from a start on";
  let description = [{
    Index `i` of an axis of the result is index `start + i * step` of the operand's axis, which must
    be inside it. A step may be negative, not 0. `size` is the result's shape.

    ```mlir
    %0 = ricci.slice %x start = [0, 3] size = [2, 2] step = [1, -1] : tensor<3x4xf32> -> tensor<2x2xf32>
    ```
  }];
  let arguments = (ins Ricci_Tensor:$input, DenseI64ArrayAttr:$start, DenseI64ArrayAttr:$size,
                       DenseI64ArrayAttr:$step);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    $input `start` `=` $start `size` `=` $size `step` `=` $step attr-dict
    `:` type($input) `->` type($output)
  }];
}

def Ricci_WindowsOp : Ricci_Op<"windows", [Pure]> {
  let summary = "the sliding windows along an axis";
  let description = [{
    The axis of extent n becomes n - size + 1, and a last axis of extent `size` is added: index
    `(…, i, …, k)` of the result is index `(…, i + k, …)` of the operand.

    ```mlir
    %0 = ricci.windows %x dim = 0 size = 3 : tensor<7x4xf32> -> tensor<5x4x3xf32>
    ```
  }];
  let arguments = (ins Ricci_Tensor:$input, I64Attr:$dim, I64Attr:$size);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    $input `dim` `=` $dim `size` `=` $size attr-dict
    `:` type($input) `->` type($output)
  }];
}

def Ricci_PadOp : Ricci_Op<"pad", [Pure]> {
  let summary = "a tensor with a border of one value";
  let description = [{
    Puts `low[a]` elements before and `high[a]` elements after axis `a`. The value is a tensor of
    rank 0.

    ```mlir
    %0 = ricci.pad %x, %value low = [1, 0] high = [0, 2]
        : tensor<3x4xf32>, tensor<f32> -> tensor<4x6xf32>
    ```
  }];
  let arguments = (ins Ricci_Tensor:$input, Ricci_Tensor:$value, DenseI64ArrayAttr:$low,
                       DenseI64ArrayAttr:$high);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    $input `,` $value `low` `=` $low `high` `=` $high attr-dict
    `:` type($input) `,` type($value) `->` type($output)
  }];
}

def Ricci_ConcatenateOp : Ricci_Op<"concatenate", [Pure]> {
  let summary = "tensors one after the other along an axis";
  let description = [{
    The operands, at least one, agree in every other axis.

    ```mlir
    %0 = ricci.concatenate dim = 0 (%a, %b) : (tensor<3x4xf32>, tensor<1x4xf32>) -> tensor<4x4xf32>
    ```
  }];
  let arguments = (ins Variadic<Ricci_Tensor>:$inputs, I64Attr:$dim);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    `dim` `=` $dim ` ` `(` $inputs `)` attr-dict `:` functional-type($inputs, $output)
  }];
}

def Ricci_GatherOp : Ricci_Op<"gather", [Pure]> {
  let summary = "elements at indices that are values";
  let description = [{
    Index tensor `k` (i64; all have one shape) indexes axis `dims[k]` of the operand; `dims` rise.
    The result has the operand's other axes, in order, with the axes of the indices inserted before
    the `position`-th of them. A negative index counts from the end; one that is outside nevertheless
    reads nothing and is an error after the run.

    ```mlir
    %0 = ricci.gather %x[%i] dims = [1] position = 1 : (tensor<3x4xf32>, tensor<2x5xi64>)
        -> tensor<3x2x5xf32>
    ```
  }];
  let arguments = (ins Ricci_Tensor:$input, Variadic<Ricci_Tensor>:$indices,
                       DenseI64ArrayAttr:$dims, I64Attr:$position);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = [{
    $input `[` $indices `]` `dims` `=` $dims `position` `=` $position attr-dict
    `:` functional-type(operands, $output)
  }];
}

def Ricci_IotaOp : Ricci_Op<"iota", [Pure]> {
  let summary = "0, 1, 2, …";
  let description = [{
    ```mlir
    %0 = ricci.iota : tensor<5xi64>
    ```
  }];
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = "attr-dict `:` type($output)";
}

def Ricci_ConstantOp : Ricci_Op<"constant", [Pure, ConstantLike, AllTypesMatch<["value", "output"]>]> {
  let summary = "a tensor that the program knows";
  let description = [{
    One value for all elements, or all elements in C order.

    ```mlir
    %0 = ricci.constant dense<1.0> : tensor<2x3xf32>
    %1 = ricci.constant dense<[1, 2, 3]> : tensor<3xui8>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Ricci_Tensor:$output);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
}

#endif
