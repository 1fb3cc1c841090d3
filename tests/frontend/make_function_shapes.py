#!/usr/bin/env python3
"""Prints function_shapes.txt: programs and the types of their results, as NumPy has them.

A line is the type of every result, "-" where NumPy raises, then the program. The operands are those
of `OPERANDS` (and of function_shapes_test.cpp). Needs numpy 2.
"""
import itertools
import warnings

import numpy as np

warnings.simplefilter("ignore")
SHORT = {np.dtype(n): s for n, s in zip(
    "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128".split(),
    "b1 i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 c64 c128".split())}
OPERANDS = {"a": ("float32", (3, 4)), "b": ("float64", (4, 5)), "h": ("int32", (2, 3, 4)),
            "s": ("float32", ()), "z": ("float32", (0, 3)), "v": ("float16", (4,)),
            "o": ("uint8", (1, 3, 1)), "t": ("bool", (4, 4)), "c": ("complex64", (2, 4, 2)),
            "i": ("int64", (2,)), "j": ("int8", (3, 1)), "k": ("uint64", ())}
scope = {name: np.zeros(shape, dtype) for name, (dtype, shape) in OPERANDS.items()}
scope.update({n: getattr(np, n) for n in dir(np) if not n.startswith("_")}, np=np)
scope["sliding_window_view"] = np.lib.stride_tricks.sliding_window_view


def describe(value):
    if isinstance(value, (tuple, list)):
        return ";".join(map(describe, value))
    value = np.asarray(value)
    return f"{SHORT[value.dtype]}[{','.join(map(str, value.shape))}]"


def emit(program):
    try:
        result = describe(eval(program, dict(scope)))
    except Exception:
        result = "-"
    print(result, program)


def each(pattern, *choices):
    for choice in itertools.product(*choices):
        emit(pattern.format(*choice))


INDICES = """0 -3 5 -1 1:3 ::2 ::-1 5:1 -9:9 1:1 3:-9:-2 None ... i j k i,j i,0 0,i j,: :,i :,i,j i,:,j i,:,0
0,:,i 0,0,i i,0,i i,None,i i,...,j i,...,0 ...,i,0 ...,0,i :,i,...,i None,i,i i,j,None :,None,i ...,1 1,... ...,...
0,0,0,0 :,:,:,: :,k k,k k,:,i k,i,: [0] [0,1] [[0,1],[1,0]] [0,5] [] [[]] [0,1],[1] [0,1],[0,1,2] [0,1],:,[1,0]
:,[0,1],[1,0] (0,1) (0,1),(1,0) [True,False] [False,True,True] [True,False],[0] t a 1.0 1:3,None,::-2 -1,-1 2,2
0,[0,1],0 [0,1],0,0 :,0,[0,1] 0,None,[0,1] 0,...,[0,1] i[0] i[:1],j[:,0]""".split()
each("{}[{}]", "ahsvoz", INDICES)
SHAPES = ["12", "-1", "(3,4)", "(2,6)", "(-1,2)", "(5,-1)", "(-1,-1)", "(0,-1)", "()", "(1,-1,1)"]
each("reshape({}, {})", "ahsz", SHAPES)
each("{}.reshape({})", "ah", SHAPES + ["4, 3", "2, -1", "-1, 6, 2"])
each("broadcast_to({}, {})", "avso", ["4", "(3,4)", "(2,3,4)", "(3,1)", "()", "(2,3,7)", "(0,3,4)"])
each("{}({})", ["ravel", "squeeze", "transpose", "matrix_transpose", "atleast_1d", "atleast_2d", "atleast_3d",
                "flip", "flipud", "fliplr", "rot90", "copy", "trace", "diagonal", "tril", "triu", "diag",
                "diagflat", "zeros_like", "ones_like", "array", "asarray", "vstack", "hstack", "dstack",
                "column_stack", "stack", "concatenate", "unstack"], "ahsvotzc")
each("{}.{}()", "ahso", ["ravel", "flatten", "squeeze", "transpose", "copy", "trace", "diagonal"])
each("{}({}, {})", ["expand_dims", "squeeze", "flip", "repeat", "tile", "split", "array_split", "tril",
                    "trace", "diagonal", "roll", "hsplit", "vsplit", "dsplit", "pad", "sliding_window_view", "diag"],
     "ahsvo", ["-2", "0", "1", "2", "3", "(0,1)", "(0,0)", "(1,2)"])
each("{}({}, {})", ["swapaxes", "moveaxis", "roll", "repeat", "split", "array_split", "sliding_window_view"],
     "aho", ["0, 1", "1, 0", "-1, 0", "2, 2", "3, -1", "(1,2), (0,1)", "(0,1), 1", "1, (0,1)", "2, None"])
each("{}({}, {}, {}, {})", ["trace", "diagonal"], "aho", ["0", "-1", "7"], ["0", "2"], ["1", "-1", "2"])
each("transpose({}, {})", "ah", ["None", "(1,0)", "(0,0)", "(0,)", "(-1,0,1)", "(2,0,1)", "(0,1,3)"])
each("{}.transpose({})", "ah", ["None", "1,0", "(1,0)", "2,0,1", "0,0,1"])
each("pad({}, {})", "ao", ["((1,2),(3,4))", "((1,2),)", "((1,),(2,))", "((1,2),(3,4),(5,6))", "-1", "1.5",
                           "1, constant_values=3", "1, constant_values=s", "(1,2), 'constant'",
                           "1, constant_values=(1,2)", "1, constant_values=[[1,2],[3,4]]"])
PAIRS = list("abhsvotcz")
each("{}({}, {})", ["matmul", "dot", "inner", "outer", "vdot", "kron", "vecdot", "matvec", "vecmat", "tensordot",
                    "broadcast_arrays", "meshgrid", "append"], PAIRS, PAIRS)
each("{} @ {}", PAIRS, PAIRS)
each("{}({}, {})", ["dot", "outer", "kron", "matmul"], "av", ["2", "2.0", "[1,2,3,4]", "True"])
each("tensordot({}, {})", ["a, b", "a, v", "a, a", "h, c", "h, a", "c, v", "a, t"],
     ["0", "1", "2", "-1", "(1,0)", "((0,1),(0,1))", "((0,),(0,))", "((0,0),(0,0))", "([1],[-1])", "((1,2),(0,1))"])
each("{}(({}, {}){})", ["concatenate"], PAIRS, PAIRS, ["", ", axis=None", ", axis=1", ", axis=-1"])
each("{}(({}, {}))", ["vstack", "hstack", "dstack", "column_stack", "stack"], "absvt", "absvt")
each("stack([{}, {}], axis={})", "as", "as", ["0", "1", "2", "-1", "3", "-4"])
each("concatenate({})", ["(a, 2.0), axis=None", "(h, 1), axis=None", "(a, 2.0)", "a", "[v, [1,2]]", "(a, a), dtype=float16",
                         "(a, a), dtype=int32", "(), 0", "h, axis=1"])
each("einsum({})", ["'ij,jk', a, b", "'ij,jk->ki', a, b", "'ij->', a", "'ii', t", "'...i,i', h, v", "'ij,jk', a, a",
                    "'i,->i', v, 2.0", "'i,j', v, [1,2]", "'bij,jk->bik', h, b", "'ij->ijk', a", "'ij', a, b", "a, [0,1], b, [1,2]",
                    "a, [0,1], b, [1,2], [2,0]", "h, [0,...], [...,0]", "'ij,jk,kl', a, b, ones((5,2))", "'i j , j k', a, b"])
each("{}({})", ["zeros", "ones", "full"], ["3", "(2,3)", "()", "-1", "2.0", "[2,0]"])
each("full({})", ["2, 1", "(2,3), 2.5", "2, True", "2, s", "(3,4), v", "(3,5), v", "2, 300, int8", "2, 1, 'int8'", "(2,2), [1,2]"])
each("{}_like({})", ["zeros", "ones"], ["a", "h, float64", "a, shape=(2,)", "[1,2]", "2.0", "t"])
each("full_like({})", ["a, 1", "o, 300", "o, 3.5", "a, v", "h, 1, float32"])
each("arange({})", ["3", "-3", "1, 5", "5, 1", "5, 0, -2", "0, 1, 0.1", "0.5, 3", "3.0", "3, dtype=int8", "300, dtype=int8",
                    "128, 200, dtype=int8", "2, dtype=bool", "3, dtype=bool", "0, 3, 0", "s", "stop=4", "3, dtype='float32'", "2.5, dtype=int"])
each("linspace({})", ["0, 1", "0, 1, 5", "0, 1, 0", "0, 1, -1", "0, 1, 5.0", "0, 9, 4, dtype=int", "0, 1, 5, endpoint=False"])
each("{}({})", ["eye", "tri"], ["3", "2, 4", "3, None, 1", "2, k=-5", "3, 4, 1, bool", "2.0", "3, dtype=float32"])
each("{}", ["identity(3)", "identity(2, int32)", "indices((2,3))", "indices(())", "array([[1,2],[3,4]])", "array([[1,2],[3]])",
            "array([True, 2])", "array([])", "array([a, a])", "array([s, 2.0])", "array([s, [1]])", "array([1,2], float32)",
            "array([300], int8)", "array(3)", "array([1,2], ndmin=3)", "array([v, [1,2,3,4]])"])
AXES = ["", ", axis=0", ", axis=-1", ", 2", ", None"]
each("take({}, {}{})", "ah", ["i", "1", "-7", "[0,1]", "j", "[[0]]", "k", "(0,1)", "t"], AXES)
each("take(z, {}{})", ["i", "1", "[[0]]"], AXES)
each("take(s, {})", ["i", "0", "1", "[[0]]"])
each("take_along_axis({})", ["a, j, 1", "a, j, 0", "a, array([[0,1,2,0]]), axis=0", "a, i, None", "a, i, 1", "h, zeros((2,1,4), int), 1",
                             "h, zeros((1,3,9), int8), -1", "a, t, 1", "h, zeros((2,2,4), int), 2", "v, k, 0"])
