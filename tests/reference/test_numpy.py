"""The reference interpreter computes what NumPy computes: every operation on every dtype.

Modules are made here, one for each dtype, and run by `run_module`; NumPy computes the same on the
same values. What NumPy rounds once must be equal, signs of zeros included; transcendental functions
may differ by NumPy's own error.
"""

import math
import os
import re
import subprocess
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
RUN_MODULE = os.environ.get("RICCI_RUN_MODULE", str(ROOT / "build/release/tests/bin/run_module"))
DTYPES = {
    "b1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64,
    "f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64,
    "c64": np.complex64, "c128": np.complex128,
}
DTYPES = {name: np.dtype(dtype) for name, dtype in DTYPES.items()}
MLIR = {"b1": "i1", "u8": "ui8", "u16": "ui16", "u32": "ui32", "u64": "ui64",
        "c64": "complex<f32>", "c128": "complex<f64>"}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
PART = {"c64": "f32", "c128": "f64"}
FLOATS = ["f16", "bf16", "f32", "f64"]


def mlir_type(shape, name):
    return f"tensor<{''.join(f'{n}x' for n in shape)}{MLIR.get(name, name)}>"


def run(tmp_path, body, inputs, results, results_of):
    """The results of @main, whose arguments are %a0, %a1, …; `results` are (shape, dtype name)."""
    arguments = ", ".join(f"%a{i}: {mlir_type(a.shape, NAMES[a.dtype])}" for i, a in enumerate(inputs))
    types = ", ".join(mlir_type(*result) for result in results)
    names = ", ".join(results_of)
    module = tmp_path / "module.mlir"
    module.write_text(f"func.func @main({arguments}) -> ({types}) {{\n{body}\n  return {names} : {types}\n}}\n")
    done = subprocess.run([RUN_MODULE, module], input=b"".join(a.tobytes() for a in inputs), capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    outputs, at = [], 0
    for shape, name in results:
        count = int(np.prod(shape))
        outputs.append(np.frombuffer(done.stdout, DTYPES[name], count, at).reshape(shape))
        at += count * DTYPES[name].itemsize
    assert at == len(done.stdout)
    return outputs


def random_values(name, count, seed=0):
    """Of every size; floats also near 1."""
    random = np.random.default_rng(seed)
    dtype = DTYPES[name]
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        values = random.integers(info.min, info.max, count, dtype, endpoint=True)
        return values >> random.integers(0, info.bits, count, dtype)
    if name == "b1":
        return random.integers(0, 2, count).astype(bool)
    values = random.normal(size=(2, count)) * np.exp(random.normal(size=(2, count)) * [[2], [1]])
    return values[0].astype(dtype) if name not in PART else (values[0] + 1j * values[1]).astype(dtype)


def special_values(name):
    """Zeros, ends, NaN and infinities, and some numbers between."""
    dtype = DTYPES[name]
    if name == "b1":
        return np.array([False, True])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        values = [0, 1, 2, 3, 5, 7, 8, 13, 31, 63, 64, info.max, info.max - 1, info.max // 2]
        if dtype.kind == "i":
            values += [-1, -2, -3, -7, -8, -64, info.min, info.min + 1]
        return np.array(values, dtype)
    if name in PART:
        parts = np.array([0.0, -0.0, 1, -2.5, 3, np.inf, -np.inf, np.nan, 1e-3], DTYPES[PART[name]])
        values = np.empty((len(parts), len(parts)), dtype)
        values.real, values.imag = parts[:, None], parts
        return values.ravel()
    info = ml_dtypes.finfo(dtype)
    values = [0.0, 1, 0.5, 1.5, 2.5, 3, 7, 0.1, 1e-3, 10, 88, 100.5, 700, 1e4, np.inf, float(info.max),
              float(info.tiny), float(info.smallest_subnormal), 1 - float(info.eps) / 2, 2.0**24 + 1]
    with np.errstate(over="ignore"):
        return np.array(values + [-v for v in values] + [np.nan], np.float64).astype(dtype)


def pairs(values):
    return np.repeat(values, len(values)), np.tile(values, len(values))


#
# Scalar operations
#

TABLE = re.findall(r'RICCI_SCALAR_OP\(\w+, "(\w+)", (\d), (\w+),',
                   (ROOT / "frontend/scalar_ops.def").read_text())
KINDS = {
    "Numeric": "biufc", "NumericNoBool": "iufc", "RealNoBool": "iuf", "Divide": "fc", "Absolute": "biufc",
    "Round": "biuf", "Float": "f", "FloatComplex": "fc", "FloatToBool": "f", "ToBool": "biufc",
    "Compare": "biufc", "Bits": "biu", "Integer": "iu", "Select": "biufc", "Complex": "c", "ComplexToReal": "c",
}
TRANSCENDENTAL = {
    "power", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt", "sin", "cos", "tan", "arcsin",
    "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "erf", "hypot",
    "logaddexp", "logaddexp2",
}


def kind(name):
    return "f" if name in FLOATS else DTYPES[name].kind


def result_name(op, rule, name):
    if rule in ("FloatToBool", "ToBool", "Compare"):
        return "b1"
    return PART.get(name, name) if rule in ("Absolute", "ComplexToReal") else name


def numpy_power(x, y):
    """Integers: NumPy refuses negative exponents; they give the reciprocal, truncated."""
    if x.dtype.kind != "i":
        return np.power(x, y)
    reciprocal = np.where(x == 1, 1, np.where(x == -1, 1 - 2 * (y & 1), 0))
    return np.where(y < 0, reciprocal, np.power(x, np.maximum(y, 0))).astype(x.dtype)


def erf(x):
    return np.array([math.erf(v) for v in x.astype(np.float64)]).astype(x.dtype)


def expected(op, operands):
    function = {"power": numpy_power, "erf": erf}.get(op) or getattr(np, op)
    try:
        return np.asarray(function(*operands))
    except TypeError:  # ml_dtypes lacks it for bfloat16
        assert operands[0].dtype == DTYPES["bf16"]
        result = function(*(x.astype(np.float32) for x in operands))
        return result if result.dtype == bool else result.astype(operands[0].dtype)


def allowance(op, name, operands, want):
    """By element, how far the oracle may be from NumPy: NumPy's own error."""
    rounded = op in TRANSCENDENTAL or (name in PART and op in ("multiply", "divide", "sqrt", "absolute", "sign"))
    if not rounded or kind(name) in "biu":
        return np.zeros(want.shape)
    size = np.maximum(abs(want.real), abs(want.imag)).astype(np.longdouble)
    if op.startswith("logaddexp"):  # the sum of an operand and a logarithm
        size = np.maximum(size, np.minimum(abs(operands[0]), abs(operands[1])).astype(np.longdouble))
    info = ml_dtypes.finfo(DTYPES[PART.get(name, name)])
    ulps = 2 if name in ("f16", "bf16") else 4
    if op == "power" and name in PART:  # exp(y * log(x)): the error of the product becomes relative
        ulps = 8 * (4 + abs(np.log(np.maximum(size, np.longdouble(1e-300)))))
    return ulps * np.maximum(size * float(info.eps), np.longdouble(float(info.smallest_subnormal)))


def same(got, want, allowed=0):
    """By element: equal with the sign of zero, or, where it is allowed, near."""
    if got.dtype.kind in "biu":
        return got == want
    if got.dtype.kind == "c":
        return same(got.real, want.real, allowed) & same(got.imag, want.imag, allowed)
    got, want = got.astype(np.longdouble), want.astype(np.longdouble)
    with np.errstate(invalid="ignore"):
        equal = (got == want) & ((got != 0) | (np.signbit(got) == np.signbit(want)) | (allowed > 0))
        near = np.isfinite(got) & np.isfinite(want) & (abs(got - want) <= allowed)
    return equal | (near & (allowed > 0)) | (np.isnan(got) & np.isnan(want))


@pytest.mark.parametrize("name", DTYPES)
def test_scalar_operations(name, tmp_path):
    values = special_values(name)
    x, y = pairs(values)
    x = np.concatenate([x, random_values(name, 500)])
    y = np.concatenate([y, random_values(name, 500, 1)])
    condition = np.arange(len(x)) % 3 == 0
    ops = [(op, int(arity), rule) for op, arity, rule in TABLE if kind(name) in KINDS[rule]]
    t, b = mlir_type(x.shape, name), mlir_type(x.shape, "b1")
    body, results = [], []
    for op, arity, rule in ops:
        operands, types = {1: ("%a0", t), 2: ("%a0, %a1", f"{t}, {t}"), 3: ("%a2, %a0, %a1", f"{b}, {t}, {t}")}[arity]
        result = result_name(op, rule, name)
        results.append((x.shape, result))
        body.append(f"  %{op} = ricci.elementwise {op}({operands}) : ({types}) -> {mlir_type(x.shape, result)}")
    got = run(tmp_path, "\n".join(body), [x, y, condition], results, [f"%{op}" for op, _, _ in ops])
    assert len(got) >= 15
    wrong = []
    for (op, arity, rule), result in zip(ops, got):
        with np.errstate(all="ignore"):
            operands = {1: (x,), 2: (x, y), 3: (condition, x, y)}[arity]
            want = expected(op, operands)
            allowed = allowance(op, name, operands, want)
        assert want.dtype == result.dtype, op
        for i in np.flatnonzero(~same(result, want, allowed))[:4]:
            wrong.append(f"{op}({', '.join(str(v[i]) for v in operands)}) is {result[i]}, in NumPy {want[i]}")
    assert not wrong, "\n".join(wrong)


#
# Casts
#

def is_portable(values, dtype):
    """Where C defines the conversion of floats to integers; elsewhere NumPy's result depends on the
    build and on the length of the array."""
    if values.dtype.kind in "biu" or dtype.kind not in "iu":
        return np.ones(values.shape, bool)
    real = values.real.astype(np.longdouble)
    info = np.iinfo(dtype)
    with np.errstate(invalid="ignore"):
        truncated = np.trunc(real)
        return (truncated >= np.longdouble(info.min)) & (truncated <= np.longdouble(info.max))


@pytest.mark.parametrize("name", DTYPES)
def test_casts(name, tmp_path):
    x = np.concatenate([special_values(name), random_values(name, 300)])
    body, wrong = [], []
    for to in DTYPES:
        body.append(f"  %{to} = ricci.cast %a0 : {mlir_type(x.shape, name)} -> {mlir_type(x.shape, to)}")
    got = run(tmp_path, "\n".join(body), [x], [(x.shape, to) for to in DTYPES], [f"%{to}" for to in DTYPES])
    for to, result in zip(DTYPES, got):
        with np.errstate(all="ignore"):
            want = (x.real if name in PART and to not in PART else x).astype(DTYPES[to])
        if to == "b1":
            want = x.astype(bool)
        ok = same(result, want) | ~is_portable(x, DTYPES[to])
        wrong += [f"{x[i]} as {to} is {result[i]}, in NumPy {want[i]}" for i in np.flatnonzero(~ok)[:4]]
    assert not wrong, "\n".join(wrong)


def test_floats_outside_of_integers(tmp_path):
    """What x86's conversions give: the least int32 or int64, truncated to the width."""
    x = np.array([np.nan, np.inf, -np.inf, 3e9, -3e9, 1e20])
    least32, least64 = -2**31, -2**63
    want = {
        "i8": [0, 0, 0, 0, 0, 0], "u16": [0, 0, 0, 0, 0, 0], "i32": [least32] * 6,
        "i64": [least64, least64, least64, 3 * 10**9, -3 * 10**9, least64],
        "u32": [0, 0, 0, 3 * 10**9, 2**32 - 3 * 10**9 % 2**32, 0],
        "u64": [2**63, 0, 2**63, 3 * 10**9, 2**64 - 3 * 10**9, 0],
    }
    body = [f"  %{to} = ricci.cast %a0 : tensor<6xf64> -> {mlir_type(x.shape, to)}" for to in want]
    got = run(tmp_path, "\n".join(body), [x], [(x.shape, to) for to in want], [f"%{to}" for to in want])
    assert {to: result.tolist() for to, result in zip(want, got)} == want


#
# Reductions and scans
#

def numpy_reduce(op, x, axes):
    if op in ("max", "min", "any", "all"):
        return getattr(np, op)(x, axes)
    wide = {"f16": np.float64, "bf16": np.float64, "f32": np.float64, "f64": np.longdouble,
            "c64": np.complex128, "c128": np.clongdouble}.get(NAMES[x.dtype], x.dtype)
    return getattr(np, op)(x.astype(wide), axes, dtype=wide).astype(x.dtype)


@pytest.mark.parametrize("name", DTYPES)
def test_reductions(name, tmp_path):
    x = random_values(name, 3 * 5 * 4).reshape(3, 5, 4)
    if name in FLOATS or name in PART:
        x[0, 2, 1] = np.nan
        x[2, 0, 3] = np.inf
    ops = ["sum", "prod", "max", "min"] + (["any", "all"] if name == "b1" else [])
    cases = [(op, axes) for op in ops for axes in [(), (0,), (1,), (0, 2), (0, 1, 2)]]
    body, results = [], []
    for i, (op, axes) in enumerate(cases):
        shape = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
        results.append((shape, name))
        body.append(f"  %r{i} = ricci.reduce {op} %a0 dims = {list(axes)} : "
                    f"{mlir_type(x.shape, name)} -> {mlir_type(shape, name)}")
    got = run(tmp_path, "\n".join(body), [x], results, [f"%r{i}" for i in range(len(cases))])
    for (op, axes), result in zip(cases, got):
        with np.errstate(all="ignore"):
            want = np.asarray(numpy_reduce(op, x, axes))
            allowed = 0
            if op in ("sum", "prod") and name not in ("f16", "bf16") and kind(name) not in "biu":
                allowed = 8 * float(np.finfo(x.dtype).eps) * abs(want)
        assert np.all(same(result, want, allowed)), (op, axes, result, want)


@pytest.mark.parametrize("name", DTYPES)
def test_arg_reductions_and_scans(name, tmp_path):
    x = random_values(name, 6 * 5).reshape(6, 5)
    x[1], x[2, :3], x[4] = x[0], x[0, :3], x[0]  # equal elements
    if name in FLOATS or name in PART:
        x[3, 1], x[5, 1], x[0, 2], x[4, 3] = np.nan, np.nan, np.inf, -0.0
        if name in PART:
            x[2, 4] = complex(0, np.nan)
    t = mlir_type(x.shape, name)
    body, results, names, wants = [], [], [], []
    for axis in (0, 1):
        shape = (x.shape[1 - axis],)
        for op in ("argmax", "argmin"):
            body.append(f"  %{op}{axis} = ricci.arg_reduce {op} %a0 dim = {axis} : {t} -> {mlir_type(shape, 'i64')}")
            results.append((shape, "i64"))
            names.append(f"%{op}{axis}")
            wants.append(getattr(np, op)(x, axis))
        for op in ("cumsum", "cumprod"):
            body.append(f"  %{op}{axis} = ricci.scan {op} %a0 dim = {axis} : {t} -> {t}")
            results.append((x.shape, name))
            names.append(f"%{op}{axis}")
            with np.errstate(all="ignore"):
                wants.append(getattr(np, op)(x, axis, dtype=x.dtype))
    for op, result, want in zip(names, run(tmp_path, "\n".join(body), [x], results, names), wants):
        with np.errstate(all="ignore"):
            allowed = 16 * float(np.finfo(x.dtype).eps) * abs(want) if op.startswith("%cumprod") and name in PART else 0
        assert np.all(same(result, want, allowed)), (op, result, want)


#
# Shapes
#

@pytest.mark.parametrize("name", ["b1", "u8", "bf16", "f32", "c128"])
def test_shape_operations(name, tmp_path):
    x = random_values(name, 3 * 4 * 2).reshape(3, 4, 2)
    fill = random_values(name, 1, 7)[0].reshape(())
    pad = np.full((3 + 1, 4, 2 + 5), fill, DTYPES[name])
    pad[1:, :, 2:4] = x
    t = lambda shape: mlir_type(shape, name)
    cases = {
        f"windows %a0 dim = 1 size = 3 : {t(x.shape)}": np.lib.stride_tricks.sliding_window_view(x, 3, 1),
        f"windows %a0 dim = 2 size = 0 : {t(x.shape)}": np.empty((3, 4, 3, 0), x.dtype),
        f"windows %a0 dim = 0 size = 3 : {t(x.shape)}": np.lib.stride_tricks.sliding_window_view(x, 3, 0),
        f"pad %a0, %a1 low = [1, 0, 2] high = [0, 0, 3] : {t(x.shape)}, {t(())}": pad,
        f"transpose %a0 perm = [2, 0, 1] : {t(x.shape)}": x.transpose(2, 0, 1),
        f"slice %a0 start = [2, 1, 0] size = [2, 2, 2] step = [-2, 1, 1] : {t(x.shape)}": x[::-2, 1:3],
    }
    body = [f"  %r{i} = ricci.{op} -> {t(want.shape)}" for i, (op, want) in enumerate(cases.items())]
    body.append(f"  %c = ricci.concatenate dim = 1 (%a0, %e, %a0) : ({t((3, 4, 2))}, {t((3, 0, 2))}, "
                f"{t((3, 4, 2))}) -> {t((3, 8, 2))}")
    body.insert(0, f"  %e = ricci.slice %a0 start = [0, 0, 0] size = [3, 0, 2] step = [1, 1, 1] : "
                   f"{t(x.shape)} -> {t((3, 0, 2))}")
    wants = list(cases.values()) + [np.concatenate([x, x], 1)]
    names = [f"%r{i}" for i in range(len(cases))] + ["%c"]
    got = run(tmp_path, "\n".join(body), [x, fill], [(want.shape, name) for want in wants], names)
    for op, result, want in zip(names, got, wants):
        assert np.array_equal(result, want), (op, result, want)


def gather(tmp_path, x, indices, dims, position, shape):
    operands = "".join(f", {mlir_type(i.shape, 'i64')}" for i in indices)
    body = (f"  %r = ricci.gather %a0[{', '.join(f'%a{k + 1}' for k in range(len(indices)))}] dims = {dims} "
            f"position = {position} : ({mlir_type(x.shape, 'f32')}{operands}) -> {mlir_type(shape, 'f32')}")
    return run(tmp_path, body, [x, *indices], [(shape, "f32")], ["%r"])[0]


def test_gather(tmp_path):
    x = random_values("f32", 3 * 4 * 5).reshape(3, 4, 5)
    i = np.array([[0, -1, 2], [-3, 1, 1]])
    j = np.array([[4, -5, 0], [-1, 3, 2]])
    for indices, dims, position, want in [
        ([i], [0], 0, x[i]),
        ([i], [1], 1, x[:, i]),
        ([i], [1], 0, x.transpose(1, 0, 2)[i]),
        ([i], [1], 2, np.moveaxis(x, 1, 2)[:, :, i]),
        ([i, j], [0, 2], 0, x[i, :, j]),
        ([i, j], [0, 2], 1, np.moveaxis(x, 1, 0)[:, i, j]),
        ([i, i, j], [0, 1, 2], 0, x[i, i, j]),
        ([i[0, 0:1].reshape(())], [0], 0, x[0]),
        ([i[:, :0]], [2], 2, x[:, :, i[:, :0]]),
    ]:
        assert np.array_equal(gather(tmp_path, x, indices, dims, position, want.shape), want), (dims, position)


@pytest.mark.parametrize("dims, index, message", [
    ([0], 7, "index 7 is out of bounds for axis 0 with size 3"),
    ([1], -5, "index -5 is out of bounds for axis 1 with size 4"),
    ([2], 0, "index 0 is out of bounds for axis 2 with size 0"),
])
def test_gather_out_of_bounds(dims, index, message, tmp_path):
    x = np.empty((3, 4, 0), np.float32)
    shape = tuple(1 if axis in dims else n for axis, n in enumerate(x.shape))
    with pytest.raises(RuntimeError, match=message):
        gather(tmp_path, x, [np.array([index])], dims, dims[0], shape)


def test_iota_and_constants(tmp_path):
    body = """  %i = ricci.iota : tensor<5xi64>
  %d = ricci.constant dense<[[1.0, 0x7FC0], [-0.0, 2.5]]> : tensor<2x2xbf16>
  %s = ricci.constant dense<(1.0, -2.0)> : tensor<3xcomplex<f32>>
  %b = ricci.constant dense<[true, false, true]> : tensor<3xi1>
  %e = ricci.constant dense<> : tensor<0xui16>"""
    got = run(tmp_path, body, [], [((5,), "i64"), ((2, 2), "bf16"), ((3,), "c64"), ((3,), "b1"), ((0,), "u16")],
              ["%i", "%d", "%s", "%b", "%e"])
    assert got[0].tolist() == [0, 1, 2, 3, 4]
    assert np.all(same(got[1], np.array([[1, np.nan], [-0.0, 2.5]], DTYPES["bf16"])))
    assert got[2].tolist() == [1 - 2j] * 3
    assert got[3].tolist() == [True, False, True]
    assert got[4].size == 0
