#!/usr/bin/env python3
"""Prints function_dtypes.txt: the dtype of every function's result, as NumPy has it.

Sections are lines of names that share a table, then its rows. A row is an operand (a dtype or a
Python number) and one result for each dtype in the other operand's place, "-" where NumPy raises.
Needs numpy and ml_dtypes.
"""
import warnings

import ml_dtypes
import numpy as np

warnings.simplefilter("ignore")
NAMES = "b1 i8 i16 i32 i64 u8 u16 u32 u64 f16 bf16 f32 f64 c64 c128".split()
DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
          "float16", ml_dtypes.bfloat16, "float32", "float64", "complex64", "complex128"]
SHORT = {np.dtype(d): n for d, n in zip(DTYPES, NAMES)}
UNARY = """negative positive absolute abs fabs sign floor ceil trunc fix rint exp exp2 expm1 log log2
log10 log1p sqrt cbrt sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh asin
acosh square reciprocal conjugate conj real imag isnan isinf isfinite signbit invert bitwise_not
logical_not degrees radians deg2rad rad2deg round sum prod max min amax any all mean var std ptp
argmax argmin cumsum cumprod count_nonzero""".split()
BINARY = """add subtract multiply divide true_divide floor_divide remainder mod fmod power pow maximum
minimum fmax fmin arctan2 hypot logaddexp logaddexp2 copysign nextafter heaviside equal not_equal less
less_equal greater greater_equal bitwise_and bitwise_or bitwise_xor left_shift right_shift logical_and
logical_or logical_xor""".split()
OPERATORS = "+ - * / // % ** & | ^ << >> == <".split()
LITERALS = ["True", "2", "3", "2.0", "0.5", "2j"]


def dtype_of(call):
    try:
        return SHORT[np.asarray(call()).dtype]
    except Exception:
        return "-"


def row(call):
    return " ".join(dtype_of(lambda: call(np.ones(2, d))) for d in DTYPES)


def operator(op):
    return lambda x, y: eval(f"x {op} y", {"x": x, "y": y})


def table(function):
    rows = [f"{n} {row(lambda y: function(np.ones(2, d), y))}" for n, d in zip(NAMES, DTYPES)]
    rows += [f"{n} {row(lambda y: function(y, eval(n)))}" for n in LITERALS]
    return "\n".join(rows)


def sections(tables):
    groups = {}
    for name, text in tables:
        groups.setdefault(text, []).append(name)
    for text, names in groups.items():
        print(f"{' '.join(names)}\n{text}\n")


sections((name, f"x {row(getattr(np, name))}") for name in UNARY)
sections([(name, table(getattr(np, name))) for name in BINARY]
         + [(op, table(operator(op))) for op in OPERATORS])
