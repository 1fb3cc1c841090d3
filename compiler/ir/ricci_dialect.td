//===- ricci_dialect.td - the ricci dialect, its types and attributes -------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef RICCI_COMPILER_IR_RICCI_DIALECT_TD
#define RICCI_COMPILER_IR_RICCI_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Ricci_Dialect : Dialect {
  let name = "ricci";
  let cppNamespace = "::ricci";
  let summary = "tensor expressions: n-ary einsum, elementwise, reductions, kernels";
  let description = [{
    Tensor expressions with value semantics and static shapes. A program is one function, `@main`,
    whose arguments and results carry the strides (in elements) of the memory they are bound to:

    ```mlir
    func.func @main(%arg0: tensor<3x4xf32> {ricci.strides = array<i64: 4, 1>})
        -> (tensor<4x3xf32> {ricci.strides = array<i64: 3, 1>}) {
      %0 = ricci.einsum "ij->ji" ins(%arg0 : tensor<3x4xf32>) -> tensor<4x3xf32>
      return %0 : tensor<4x3xf32>
    }
    ```

    `ricci.accumulate` on the function means that the results are added to what their memory holds.

    Element types: `i1` for bool, `i8` to `i64` for signed and `ui8` to `ui64` for unsigned integers,
    `f16`, `bf16`, `f32`, `f64`, `complex<f32>` and `complex<f64>`. Integers wrap; floats follow
    NumPy for NaN, infinities, signed zeros and subnormals.

    Order of the stages: einsums of any number of operands become trees of einsums of at most two;
    every operation is put into a `ricci.kernel`; the kernels get schedules, layouts and a place in
    the arena; loops replace their bodies.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

def Ricci_Tensor : StaticShapeTensorOf<[
  I1, I8, I16, I32, I64, UI8, UI16, UI32, UI64, F16, BF16, F32, F64, Complex<F32>, Complex<F64>
]>;

def Ricci_ScheduleAttr : AttrDef<Ricci_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "how a kernel is carried out";
  let description = [{
    The family of emitter and its parameters: all that the passes after `ricci-choose-schedule` go
    by. The families and their parameters are described where the schedules are chosen.

    ```mlir
    #ricci.schedule<"contract", {mr = 6 : i64, nr = 16 : i64}>
    ```
  }];
  let parameters = (ins "::mlir::StringAttr":$family, "::mlir::DictionaryAttr":$params);
  let assemblyFormat = "`<` $family `,` $params `>`";
  let genVerifyDecl = 1;
}

class Ricci_Kind<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let genSpecializedAttr = 0;
  let cppNamespace = "::ricci";
}

def Ricci_ReduceKind : Ricci_Kind<"ReduceKind", "kind of reduction", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Prod", 1, "prod">,
  I32EnumAttrCase<"Max", 2, "max">, I32EnumAttrCase<"Min", 3, "min">,
  I32EnumAttrCase<"Any", 4, "any">, I32EnumAttrCase<"All", 5, "all">
]>;
def Ricci_ReduceKindAttr : EnumAttr<Ricci_Dialect, Ricci_ReduceKind, "reduce_kind">;

def Ricci_ArgReduceKind : Ricci_Kind<"ArgReduceKind", "kind of arg-reduction", [
  I32EnumAttrCase<"Argmax", 0, "argmax">, I32EnumAttrCase<"Argmin", 1, "argmin">
]>;
def Ricci_ArgReduceKindAttr : EnumAttr<Ricci_Dialect, Ricci_ArgReduceKind, "arg_reduce_kind">;

def Ricci_ScanKind : Ricci_Kind<"ScanKind", "kind of scan", [
  I32EnumAttrCase<"Cumsum", 0, "cumsum">, I32EnumAttrCase<"Cumprod", 1, "cumprod">
]>;
def Ricci_ScanKindAttr : EnumAttr<Ricci_Dialect, Ricci_ScanKind, "scan_kind">;

#endif
