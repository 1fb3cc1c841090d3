"""`cases/einsum.json`: NumPy's results for every dtype, size, stride and device; the errors."""

import json
import re
import subprocess
import zlib
from pathlib import Path

import numpy as np
import oracle
import pytest
import ricci

CASES = json.loads((Path(__file__).parents[1] / "cases/einsum.json").read_text())
DRIVER = Path(ricci.__file__).parents[2] / "bin/ricci"
DEVICES = ricci.devices()


def case_id(case):
    return case["equation"].replace(" ", "_") + ":" + ";".join("x".join(map(str, s)) for s in case["shapes"])


GOOD = pytest.mark.parametrize("case", CASES["good"], ids=case_id)
DEVICE = pytest.mark.parametrize("device", DEVICES)


def seed(*parts):
    return np.random.default_rng(zlib.crc32(repr(parts).encode()))


def run(equation, operands, device):
    kept = [op.copy() for op in operands]
    what = "; ".join(f"{op.dtype}{op.shape} strides {op.strides}" for op in operands)
    try:
        result = ricci.einsum(equation, *operands, device=device)
        oracle.check(equation, operands, result)
    except (AssertionError, ricci.Error) as error:
        raise AssertionError(f"{equation!r} of {what} on {device}: {error}") from error
    for operand, before in zip(operands, kept):
        assert operand.tobytes() == before.tobytes(), f"{equation!r} of {what} changed an operand"
    return result


@GOOD
@DEVICE
def test_every_dtype(case, device):
    rng = seed("dtype", case_id(case))
    for dtype in oracle.DTYPES.values():
        result = run(case["equation"], [oracle.random_values(rng, s, dtype) for s in case["shapes"]], device)
        assert np.shape(result) == tuple(case["out_shape"])


@GOOD
@DEVICE
def test_random_strides_and_sizes(case, device):
    rng = seed("strides", case_id(case))
    terms = oracle.Terms(case["equation"], [len(s) for s in case["shapes"]])
    for dtype in oracle.DTYPES.values():
        shapes = oracle.random_sizes(rng, terms, case["shapes"])
        run(case["equation"], [oracle.random_array(rng, s, dtype) for s in shapes], device)


@pytest.mark.parametrize("case", [c for c in CASES["good"] if len(c["shapes"]) > 1], ids=case_id)
@DEVICE
def test_mixed_dtypes(case, device):
    rng = seed("mixed", case_id(case))
    for _ in range(8):
        dtypes = [oracle.DTYPES[name] for name in rng.choice(list(oracle.DTYPES), len(case["shapes"]))]
        run(case["equation"], [oracle.random_array(rng, s, d) for s, d in zip(case["shapes"], dtypes)], device)


@GOOD
@DEVICE
def test_out_of_random_strides(case, device):
    rng = seed("out", case_id(case))
    terms = oracle.Terms(case["equation"], [len(s) for s in case["shapes"]])
    for name in "i16", "f32", "f64", "bf16", "c64":
        dtype = oracle.DTYPES[name]
        shapes = oracle.random_sizes(rng, terms, case["shapes"])
        operands = [rng.integers(-3, 4, s).astype(dtype) for s in shapes]  # no order rounds in 24 bits
        want = oracle.numpy_einsum(case["equation"], [op.astype(np.complex128) for op in operands])
        out = oracle.random_array(rng, want.shape, dtype, writable=True)
        room = np.asarray(out if out.base is None else out.base)
        for accumulate in False, True:
            before = room.copy()
            out[...] = 1
            what = f"{case['equation']!r} of {shapes} into {name} strides {out.strides}, accumulate={accumulate}"
            assert ricci.einsum(case["equation"], *operands, out=out, accumulate=accumulate, device=device) is out
            with np.errstate(invalid="ignore"):
                expected = want + 1 if accumulate else want
                expected = (expected if name == "c64" else expected.real).astype(dtype)
            assert np.array_equal(out, expected), what
            # Nothing but the elements of `out` may have changed.
            out[...] = 0
            got = room.copy()
            room[...] = before
            out[...] = 0
            assert got.tobytes() == room.tobytes(), what


@pytest.mark.slow
@DEVICE
def test_many_programs_in_one_process(device):
    """What one compilation leaves behind must not reach the next."""
    rng = seed("many", device)
    for _ in range(1500):
        case = CASES["good"][rng.integers(len(CASES["good"]))]
        terms = oracle.Terms(case["equation"], [len(s) for s in case["shapes"]])
        shapes = oracle.random_sizes(rng, terms, case["shapes"], sizes=(0, 1, 2, 3, 5, 7, 11, 17, 33, 64))
        dtypes = [oracle.DTYPES[name] for name in rng.choice(list(oracle.DTYPES), len(shapes))]
        if rng.random() < 0.5:
            dtypes = dtypes[:1] * len(shapes)
        run(case["equation"], [oracle.random_array(rng, s, d) for s, d in zip(shapes, dtypes)], device)


@GOOD
def test_every_order_agrees_on_integers(case):
    """On integer-valued data no order of contractions rounds."""
    rng = seed("order", case_id(case))
    for dtype in [np.int64, np.float64]:
        operands = [rng.integers(-9, 9, s).astype(dtype) for s in case["shapes"]]
        want = np.einsum(case["equation"], *operands)
        left_to_right = [(0, 1)] * (len(operands) - 1) or [(0,)]
        for optimize in ["auto", "greedy", "optimal", 0.01, True, False, left_to_right]:
            got = ricci.einsum(case["equation"], *operands, optimize=optimize)
            assert np.array_equal(got, want), f"optimize={optimize!r}"


# What each message must tell: the reason in the case file, as words of the message.
WORDS = {
    "size of j: 4 in operand 0, 5 in operand 1": ["label 'j' is 4 in operand 1 and 5 in operand 2"],
    "k is in no operand": ["label 'k'", "in no operand"],
    "i twice in the output": ["label 'i'", "twice in the output"],
    "two operands named, one given": ["names 2 operands", "1 is given"],
    "one operand named, two given": ["names 1 operand", "2 are given"],
    "rank 2 given, 3 labels": ["operand 1 has 2 axes", "3 labels"],
    "a second arrow": ["second '->'"],
    "a lone dot": ["lone '.'"],
    "four dots": ["4 dots"],
    "two ellipses": ["'...'", "twice", "operand 1"],
    "not a label": [r"'\$' is not a label"],
    "diagonal of 3 by 4": ["label 'i'", "operand 1", r"\b3\b", r"\b4\b", "diagonal"],
    "diagonal of 1 by 3": ["label 'i'", "operand 1", r"\b1\b", r"\b3\b", "diagonal"],
    "ellipsis dims missing from the output": ["output lacks '...'"],
    "empty equation for a rank-1 operand": ["operand 1 has 1 axis", "0 labels"],
    "no labels for rank-1 operands": ["operand 1 has 1 axis", "0 labels"],
    "ellipsis dims 2 and 3 do not broadcast": [r"'\.\.\.'", "broadcast", r"\b2\b", r"\b3\b"],
}
HALF_ARROW = {"i-j": ["'-' without '>'"], "i>j": ["'>' without '-'"]}
BAD = pytest.mark.parametrize("case", CASES["bad"], ids=case_id)


def words(case):
    return HALF_ARROW[case["equation"]] if case["why"] == "half an arrow" else WORDS[case["why"]]


@BAD
@DEVICE
def test_bad_case_in_the_module(case, device):
    with pytest.raises(ValueError) as caught:
        ricci.einsum(case["equation"], *[np.ones(s, np.float32) for s in case["shapes"]], device=device)
    assert isinstance(caught.value, ricci.Error)
    assert caught.value.kind == "input"
    for word in words(case):
        assert re.search(word, caught.value.message), f"{caught.value.message!r} does not tell {word!r}"
    if case["equation"].strip():
        assert case["equation"] in str(caught.value)


@BAD
@DEVICE
def test_bad_case_in_the_driver(case, device, tmp_path):
    specs = ["f32[" + ",".join(map(str, s)) + "]" for s in case["shapes"]]
    out = tmp_path / "out.npy"
    done = subprocess.run([DRIVER, "einsum", case["equation"], *specs, "-o", out, f"--device={device}"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("error: ")
    for word in words(case):
        assert re.search(word, done.stderr), f"{done.stderr!r} does not tell {word!r}"
    assert list(tmp_path.iterdir()) == []


def test_every_bad_case_has_words():
    for case in CASES["bad"]:
        assert words(case)
