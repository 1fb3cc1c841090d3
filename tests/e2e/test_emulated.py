"""The cases on a GPU. ctest runs this with the fake driver, whose kernels run on an emulator: tests/cuda/fake."""

import math

import numpy as np
import oracle
import pytest
import ricci
import test_cases
import test_expressions

DEVICE = "cuda:0"
pytestmark = pytest.mark.skipif(
    DEVICE not in ricci.devices(), reason="no GPU; ctest's environment has a fake one (tests/cuda/fake)")

EINSUMS = pytest.mark.parametrize("case", test_cases.CASES["good"], ids=test_cases.case_id)
PROGRAMS = pytest.mark.parametrize(
    "case",
    [c for c in test_expressions.CASES["good"] if sum(math.prod(p["shape"]) for p in c["params"].values()) <= 30000],
    ids=lambda case: case["name"])
SIZES = (0, 1, 2, 3, 5, 7, 11, 17, 33)


def operands_of(case, rng, dtype, random_strides):
    terms = oracle.Terms(case["equation"], [len(s) for s in case["shapes"]])
    shapes = oracle.random_sizes(rng, terms, case["shapes"], sizes=SIZES) if random_strides else case["shapes"]
    make = oracle.random_array if random_strides else oracle.random_values
    return [make(rng, shape, dtype) for shape in shapes]


def run_einsum(case, rng, dtype, random_strides=False):
    return test_cases.run(case["equation"], operands_of(case, rng, dtype, random_strides), DEVICE)


@EINSUMS
def test_einsum(case):
    rng = test_cases.seed("emulated", test_cases.case_id(case))
    assert np.shape(run_einsum(case, rng, np.float32)) == tuple(case["out_shape"])
    run_einsum(case, rng, oracle.DTYPES[rng.choice(list(oracle.DTYPES))], random_strides=True)


@pytest.mark.slow
@EINSUMS
def test_einsum_of_every_dtype(case):
    rng = test_cases.seed("emulated dtypes", test_cases.case_id(case))
    for dtype in oracle.DTYPES.values():
        run_einsum(case, rng, dtype, random_strides=True)


@PROGRAMS
def test_program(case):
    rng = test_expressions.seed("emulated", case["name"])
    test_expressions.run(case["program"], test_expressions.arrays_of(case, rng), DEVICE)


@pytest.mark.slow
@PROGRAMS
def test_program_of_strided_halves(case):
    rng = test_expressions.seed("emulated strides", case["name"])
    arrays = test_expressions.arrays_of(case, rng, "float16")
    test_expressions.run(case["program"], {n: test_expressions.strided(rng, a) for n, a in arrays.items()}, DEVICE)


@pytest.mark.slow
@pytest.mark.parametrize("program, shapes", test_expressions.MORE, ids=[program for program, _ in test_expressions.MORE])
def test_more_programs(program, shapes):
    rng = test_expressions.seed("emulated", program)
    test_expressions.run(
        program, {name: test_expressions.values(rng, shape, np.float32) for name, shape in shapes.items()}, DEVICE)


# Attention: one kernel with a running maximum, whatever the spelling.
SCORES = "einsum('bhid,bhjd->bhij', q, k)"
ATTENTION = [
    "softmax(q @ k.mT / 4, axis=-1) @ v",
    f"einsum('bhij,bhjd->bihd', softmax({SCORES} * 0.25 + bias, axis=-1), v).reshape(2, 40, 60)",
    f"softmax(where(arange(40)[:, None] >= arange(70), {SCORES} / 4, -inf), axis=-1) @ v",
    f"t = where(mask, {SCORES}, -inf); e = exp(t - max(t, axis=-1, keepdims=True)); "
    "(e / sum(e, axis=-1, keepdims=True)) @ v",
    "t = tanh(q @ np.swapaxes(k, -1, -2) / 4) * 3; e = exp(t - t.max(axis=-1, keepdims=True)); "
    "e * (1 / e.sum(axis=-1, keepdims=True)) @ v",
    "softmax(q @ k[:, :1].mT, axis=-1) @ v[:, :1]",
    "tanh(softmax(q @ k.mT / 4, axis=-1) @ v + bias[0, 0, :20])",
]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("program", ATTENTION)
def test_attention(program, dtype):
    rng = test_expressions.seed("emulated attention", program, dtype)
    shapes = {"q": (2, 3, 40, 16), "k": (2, 3, 70, 16), "v": (2, 3, 70, 20), "bias": (3, 1, 70)}
    arrays = {n: (rng.integers(-8, 9, shape) / 16).astype(dtype) for n, shape in shapes.items() if n in program}
    if "mask" in program:
        arrays["mask"] = rng.random((40, 70)) < 0.5
        arrays["mask"][3] = False  # a mean of nothing: NaN
    text = ricci.compile(program, device=DEVICE, **arrays).emit("cuda")
    assert text.startswith("// attention") and text.count("__global__") == (2 if "tanh(softmax" in program else 1)
    test_expressions.run(program, arrays, DEVICE)
    test_expressions.run(program, {n: test_expressions.strided(rng, a) for n, a in arrays.items()}, DEVICE)


def test_accumulate_into_strides():
    rng = np.random.default_rng(3)
    a, b = rng.integers(-3, 4, (5, 7)).astype(np.float32), rng.integers(-3, 4, (7, 6)).astype(np.float32)
    room = np.full((5, 13), 2, np.float32)
    assert ricci.einsum("ij,jk->ik", a, b, out=room[:, 1::2], accumulate=True, device=DEVICE).base is room
    assert np.array_equal(room[:, 1::2], a @ b + 2)
    assert (room[:, ::2] == 2).all()


def test_index_out_of_bounds():
    arrays = {"x": np.zeros(5, np.float32), "i": np.array([1, 7, 2]), "j": np.array([1, 4, 2])}
    for program, span in ("x[i] + x[j]", (2, 3)), ("x[j] + x[i]", (9, 10)), ("(x[j], x[i] * 2)", (9, 10)):
        with pytest.raises(ricci.Error, match="index 7 is out of bounds for axis 0 with size 5") as caught:
            ricci.evaluate(program, **arrays, device=DEVICE)
        assert caught.value.span == span
