"""`cases/expressions.json` and some more programs: NumPy's results for dtypes, strides and devices; the errors."""

import json
import re
import subprocess
import zlib
from pathlib import Path

import numpy as np
import numpy_program
import oracle
import pytest
import ricci

CASES = json.loads((Path(__file__).parents[1] / "cases/expressions.json").read_text())
DRIVER = Path(ricci.__file__).parents[2] / "bin/ricci"
DEVICE = pytest.mark.parametrize("device", ricci.devices())
GOOD = pytest.mark.parametrize("case", CASES["good"], ids=lambda case: case["name"])
BAD = pytest.mark.parametrize("case", CASES["bad"], ids=lambda case: case["program"])


def seed(*parts):
    return np.random.default_rng(zlib.crc32(repr(parts).encode()))


def values(rng, shape, dtype):
    """Small numbers, so that no integer of the cases but those of int8 wraps."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.asarray(rng.integers(max(info.min, -100), min(info.max, 100), shape)).astype(dtype)
    return oracle.random_values(rng, shape, dtype)


def strided(rng, array):
    """The same values in memory with a random order of axes, negative steps and gaps."""
    order = rng.permutation(array.ndim)
    steps = [int(rng.choice([1, 2, -1, -2])) for _ in array.shape]
    room = np.zeros([array.shape[axis] * abs(steps[axis]) for axis in order], array.dtype)
    view = room.transpose(np.argsort(order))[(..., *(slice(None, None, step) for step in steps))]
    view[...] = array
    return view


def run(program, arrays, device):
    kept = {name: a.tobytes() for name, a in arrays.items()}
    what = "; ".join(f"{name}: {a.dtype}{a.shape} strides {a.strides}" for name, a in arrays.items())
    try:
        got = ricci.evaluate(program, device=device, **arrays)
        numpy_program.check(program, arrays, got)
    except (AssertionError, ricci.Error) as error:
        raise AssertionError(f"{program!r} of {what} on {device}: {error}") from error
    for name, array in arrays.items():
        assert array.tobytes() == kept[name], f"{program!r} of {what} changed {name}"
    return got


def arrays_of(case, rng, dtype=None):
    """Of the case's dtypes, or with its floats as `dtype`."""
    def own(p):
        return dtype if dtype and np.dtype(p["dtype"]).kind == "f" else p["dtype"]
    return {name: values(rng, p["shape"], own(p)) for name, p in case["params"].items()}


@GOOD
@DEVICE
def test_case(case, device):
    got = run(case["program"], arrays_of(case, seed(case["name"])), device)
    got = got if isinstance(got, tuple) else (got,)
    assert [(str(np.asarray(g).dtype), list(np.shape(g))) for g in got] == [
        (result["dtype"], result["shape"]) for result in case["results"]]


@GOOD
@DEVICE
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floats(case, device, dtype):
    run(case["program"], arrays_of(case, seed(case["name"], dtype), dtype), device)


@GOOD
@DEVICE
def test_strides(case, device):
    rng = seed(case["name"], "strides")
    run(case["program"], {name: strided(rng, a) for name, a in arrays_of(case, rng).items()}, device)


@GOOD
@DEVICE
def test_broadcast_operands(case, device):
    rng = seed(case["name"], "broadcast")
    arrays = {name: np.broadcast_to(a[:1], a.shape) if a.ndim and a.size else a
              for name, a in arrays_of(case, rng).items()}
    run(case["program"], arrays, device)


# What each message must tell: the reason in the case file, as words of the message.
WORDS = {
    "shapes (3, 4) and (3, 5) do not broadcast: axis 1 is 4 and 5": [r"\(3, 4\) and \(3, 5\)", "axis 1", "4", "5"],
    "matmul: 4 against 5": [r"\b4\b", r"\b5\b"],
    "12 elements do not divide by 5": [r"\b12\b", r"\b5\b"],
    "q is not defined": ["'q' is not defined"],
    "expression expected": ["expression"],
    "')' expected": [r"'\('|'\)'"],
    "shape has 2 entries": [r"\b2\b"],
    "index 5, axis size 3": [r"\b5\b", r"\b3\b"],
    "no function linalg.svd; use NumPy for it": ["linalg.svd", "NumPy"],
    "tensors are values: no assignment to a part; use where or concatenate": ["assign", "where", "concatenate"],
    "no function random.rand; pass random data in": ["random.rand", "pass"],
    "index 7, axis size 3": [r"\b7\b", r"\b3\b"],
    "two indices, rank 1": ["too many|two|2 ", "1"],
    "axis 2, rank 2": ["axis 2", "2"],
    "no function foo": ["foo"],
    "exp takes one argument": ["exp", r"\b1\b|one"],
    "repeated axis": ["axis|axes", "0|repeat|twice"],
    "axis 1 is 4 and 5": ["axis 1", r"\b4\b", r"\b5\b"],
    "a mask index gives a shape that depends on data; use where": ["where", "shape"],
    "no function __import__": ["__import__"],
    "no attribute __class__": ["__class__"],
    "'import' is not a statement here": ["import"],
    "a string is not a tensor": ["string"],
}


@BAD
@DEVICE
def test_bad_case_in_the_module(case, device):
    arrays = arrays_of(case, seed(case["program"]))
    with pytest.raises(ValueError) as caught:
        ricci.evaluate(case["program"], device=device, **arrays)
    assert isinstance(caught.value, ricci.Error)
    assert caught.value.kind == "input"
    for word in WORDS[case["why"]]:
        assert re.search(word, caught.value.message), f"{caught.value.message!r} does not tell {word!r}"
    lines = str(caught.value).split("\n")
    assert lines[1].strip() in case["program"]
    assert set(lines[2].strip()) <= set("^~ ") and "^" in lines[2]
    begin, end = caught.value.span
    assert 0 <= begin <= end <= len(case["program"])


@BAD
def test_bad_case_in_the_driver(case, tmp_path):
    operands = [f"{name}=f32[{','.join(map(str, p['shape']))}]" for name, p in case["params"].items()]
    done = subprocess.run([DRIVER, "eval", case["program"], *operands, "-o", tmp_path / "out.npy"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error: ")
    for word in WORDS[case["why"]]:
        assert re.search(word, done.stderr), f"{done.stderr!r} does not tell {word!r}"
    assert list(tmp_path.iterdir()) == []


# Programs beside the cases: the prelude, corners of broadcasting, empty arrays, NaN.
X, Y = {"x": (7, 9)}, {"x": (7, 9), "y": (9,)}
@DEVICE
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "uint64", "int64", "float16", "bool"])
def test_where_wraps_python_integers(dtype, device):
    """NumPy's ufuncs refuse an integer that the dtype cannot hold; its where takes the lowest bits."""
    x, m = np.arange(4).astype(dtype), np.array([True, False, True, False])
    for number in "-3", "300", "-129", "70000", "2**40", "-2**62":
        for program in f"where(m, {number}, x)", f"where(m, x, {number})":
            run(program, {"m": m, "x": x}, device)


MORE = [
    ("logsumexp(x, axis=1)", X), ("log_softmax(x)", X), ("sigmoid(x) + silu(x)", X), ("gelu(x) - relu(x)", X),
    ("layer_norm(x, y, y)", Y), ("rms_norm(x, y)", Y), ("attention(x[None], x[None], x[None])", X),
    ("attention(x, x, x, tril(ones((7, 7))) == 1)", X),
    ("x - y; x * y", Y), ("a, c = x, x + 1\na * c", X), ("(x,)", X),
    ("x.sum(axis=(0, 1), keepdims=True) + x.std(ddof=1)", X),
    ("cumsum(x, axis=1) + cumprod(x, axis=0)", X),
    ("min(where(x > 0, x, nan)), max(x, axis=0), argmin(x, axis=1)", X),
    ("roll(x, 2, axis=1) + flip(x, axis=0) + repeat(x[:, :3], 3, axis=1) + tile(x[:, :3], (1, 3))", X),
    ("split(x, 3, axis=1)[1] @ y[:3]", Y),
    ("moveaxis(x[..., None], 0, -1).squeeze() + expand_dims(x, 0).swapaxes(1, 2)[0]", X),
    ("full((2, 3), 1.5) + zeros((3,)) + arange(3) + eye(3)[:2] + x[:2, :3]", X),
    ("clip(x, -0.5, 0.5) + hypot(x, 1.0) + arctan2(x, y) + copysign(x, -1.0)", Y),
    ("floor_divide(x, 0.25) + remainder(x, 0.25) + trunc(x) + rint(x * 4) + ceil(x)", X),
    ("np.sum(np.broadcast_to(y, (4, 9)), axis=0) + np.outer(y, y).trace()", Y),
    ("def f(t, k=2.0): return t * k\nf(x) + f(x, k=3)", X),
    ("x[:0].sum(axis=0) + x[:, :0].prod()", X),
    ("x[[0, -1, 2]][:, [1, 1]] + x[1:4, None, 0]", X),
    ("x ** -1.0 + x ** 0.5 + 2 ** x + square(x) + reciprocal(x)", X),
]


@pytest.mark.parametrize("program, shapes", MORE, ids=[program for program, _ in MORE])
@DEVICE
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_more(program, shapes, device, dtype):
    rng = seed(program, dtype)
    run(program, {name: strided(rng, values(rng, shape, dtype)) for name, shape in shapes.items()}, device)


@DEVICE
@pytest.mark.parametrize("dtype", [name for name in oracle.DTYPES if name != "bf16"])
def test_every_dtype(device, dtype):
    rng = seed("dtypes", dtype)
    x, y = (values(rng, shape, oracle.DTYPES[dtype]) for shape in [(5, 3), (3,)])
    run("(x + y, x * y, x == y, x @ y, x.sum(axis=0), x.prod(), concatenate([x, x]), x[::-1].T)", {"x": x, "y": y}, device)


@DEVICE
def test_bfloat16(device):
    rng = seed("bfloat16")
    x, y = (values(rng, shape, oracle.BF16) for shape in [(5, 3), (3,)])
    w, h = values(rng, (3,), np.float32), values(rng, (3,), np.float16)
    run("(x + y, x * 2 - y, x / y, x < y, exp(-x * x), x + w, x * h, concatenate([x, x]), x[::-1].T, -x, abs(x), sqrt(abs(x)))",
        {"x": x, "y": y, "w": w, "h": h}, device)


def test_the_check_refuses_what_is_wrong():
    x = values(seed("refuses"), (6, 5), np.float32)
    program = "softmax(x)"
    right, _ = numpy_program.run(program, {"x": x})
    numpy_program.check(program, {"x": x}, right[0])
    for wrong in right[0].astype(float), right[0][:, :4], right[0] * np.float32(1 + 1e-5), (right[0],):
        with pytest.raises(AssertionError):
            numpy_program.check(program, {"x": x}, wrong)
    a = np.arange(6)
    with pytest.raises(AssertionError):
        numpy_program.check("a * 2", {"a": a}, a * 2 + (a == 3))
