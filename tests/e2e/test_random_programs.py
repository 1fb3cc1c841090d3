"""Random programs with and without fusion against NumPy; programs that once differed; that the check can fail."""

import os

import numpy as np
import numpy_program
import pytest
import random_programs
import ricci
from bounded import Bounded, disagreement

COUNT = 1000

# Found by random_programs.py: programs and the types of their arrays.
FOUND = [
    ("cumsum(a)", {"a": ("int64", ())}),
    ("cumsum(a, axis=1).prod(axis=1)", {"a": ("uint32", (1, 1))}),
    ("cumprod(a, axis=2)", {"a": ("float32", (7, 1, 1))}),
    ("cumsum(a, axis=-2).mean(axis=-1, keepdims=True)", {"a": ("float64", (1, 1))}),
    ("max(a, axis=0, keepdims=True)[[-1, -1, 0]]", {"a": ("float32", (3,))}),
    ("y = a + 1\n(y[:, [-2]], y)", {"a": ("float32", (17, 17))}),
    ("y = fmax(a, a)\nfmin(tanh(a), y[:, [-2]])", {"a": ("float64", (17, 17))}),
    ("concatenate([a[:1:], a * -1])", {"a": ("float32", (0,))}),
    ("a[:0].sum() == b", {"a": ("complex64", (2, 3)), "b": ("complex64", ())}),
    ("c = a[:, :0].all(axis=-1, keepdims=True)\nc ^ (b > 3) ^ (b > 5)", {"a": ("float32", (3, 4)), "b": ("int64", (3, 1))}),
    ("prod(a[:0]) // b", {"a": ("float64", (7, 2)), "b": ("float64", ())}),
    ("y = tril(a, 1)\nwhere(a > 3, a, vstack((y, y)))", {"a": ("float32", (0, 17))}),
    ("cbrt(logaddexp(a, 0.5))", {"a": ("float16", ())}),
    ("(arctan(a)[None, :] * b.T).sum(axis=1)", {"a": ("float32", (0,)), "b": ("float32", (0, 3))}),
    ("y = a + 1\n(a * y, arctan(y).reshape(1, 0) * b.T, tensordot(arctan(y), b, axes=1))",
     {"a": ("float16", (0,)), "b": ("float16", (0, 3))}),
    ("trace(a) // b > 4", {"a": ("int64", (7, 0, 0)), "b": ("int64", (0,))}),
]


@pytest.mark.slow
def test_random_programs():
    texts = []
    random_programs.run(range(COUNT), lambda seed, text: texts.append(text) if text else None, processes=os.cpu_count())
    assert not texts, "\n".join(texts)


@pytest.mark.parametrize("program, types", FOUND, ids=[program for program, _ in FOUND])
@pytest.mark.parametrize("fusion", ["on", "off"])
@pytest.mark.parametrize("device", ricci.devices())
def test_found(program, types, fusion, device, monkeypatch):
    monkeypatch.setenv("RICCI_FUSION", fusion)
    rng = np.random.default_rng(0)
    arrays = {name: np.asarray(rng.integers(1, 9, shape)).astype(dtype) for name, (dtype, shape) in types.items()}
    numpy_program.check(program, arrays, ricci.evaluate(program, device=device, **arrays))


def test_a_seed_is_a_program():
    first, second = (random_programs.Generator(7).program() for _ in range(2))
    assert first.text() == second.text()
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first.arrays.values(), second.arrays.values()))


@pytest.mark.parametrize("seed", range(20))
def test_the_check_refuses_what_is_wrong(seed, monkeypatch):
    """Where a last result of known elements changes by a little, the seed differs."""
    program = random_programs.Generator(seed).program()
    values = program.values()
    known = [n for n in program.results if values[n].size and np.isfinite(values[n].bound).all()
             and np.isfinite(values[n].array).all()]
    if not known:
        pytest.skip("no result to change")
    want, evaluate = values[known[0]], ricci.evaluate

    def wrong(text, **arguments):
        results = random_programs.results_of(evaluate(text, **arguments))
        at = program.results.index(known[0])
        changed = np.array(results[at])
        if changed.dtype.kind == "b":
            changed.flat[-1] ^= True
        else:
            changed.flat[-1] += changed.dtype.type(1 + 3 * want.bound.flat[-1])
        results[at] = changed
        return tuple(results)

    if want.array.dtype.kind not in "fc" or abs(want.array.flat[-1]) < 100:
        monkeypatch.setattr(ricci, "evaluate", wrong)
        assert random_programs.difference(program, random_programs.MODES)


def test_bounds():
    one = Bounded(np.float32(1), 1e-6)
    assert disagreement("x", np.float32(1 + 9e-7), one) is None
    assert disagreement("x", np.float32(1 + 2e-6), one)
    assert disagreement("x", 1.0, one)
    assert disagreement("x", np.float32([1]), one)
    assert disagreement("x", np.float32(np.nan), one)
    assert disagreement("x", np.float32(np.nan), Bounded(np.float32(np.nan))) is None
    assert disagreement("x", np.float32(np.inf), Bounded(np.float32(np.nan)))
