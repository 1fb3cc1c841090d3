"""Reductions and contractions of few results and many terms, which are computed in parts: as NumPy, on any threads."""

import os

import numpy as np
import pytest
import ricci

PROGRAMS = [
    "x.sum()",
    "x.max() - x.min()",
    "(x * x).sum()",
    "x.reshape(2, -1)[:, ::-1].sum(axis=1)",
    "x[::2].sum()",
    "einsum('i,i->', x, x)",
    "einsum('i,i->', x, x + 1)",
    "(x > 3).any() | (x == x).all()",
    "x.argmax() + x.sum()",
]
LENGTHS = [1 << 20, (1 << 20) - 2, 2 * 1048583, 3 << 20]


def arrays_of(length, dtype):
    rng = np.random.default_rng(length)
    return {"x": rng.integers(-1, 2, length).astype(dtype)}


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i1", "f2"])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_as_numpy(program, length, dtype):
    arrays = arrays_of(length, dtype)
    got = ricci.evaluate(program, **arrays)
    # Sums of integers, which are exact in f8 whatever their order.
    wide = {name: a.astype("f8") if a.dtype.kind == "f" else a for name, a in arrays.items()}
    want = np.asarray(eval(program, {"einsum": np.einsum, **wide}))
    assert got.shape == want.shape
    if dtype == "f2" and want.dtype == "f8":
        want = np.where(np.abs(want) > 65504, np.inf * np.sign(want), want)
        assert np.allclose(got, want, rtol=1e-3)
    else:
        assert np.array_equal(got, want)


@pytest.mark.parametrize("m, n, k", [(1, 1, 1 << 20), (3, 5, 300_007), (64, 64, 30_000), (64, 64, 100_003), (100, 7, 20_011)])
@pytest.mark.parametrize("equation", ["ki,kj->ij", "ik,jk->ij", "ki,jk->ji"])
def test_contractions_as_numpy(equation, m, n, k):
    rng = np.random.default_rng(k)
    sizes = {"i": m, "j": n, "k": k}
    a, b = (rng.integers(-1, 2, [sizes[c] for c in term]).astype("f4") for term in equation.split("->")[0].split(","))
    want = np.einsum(equation, a.astype("f8"), b.astype("f8"), optimize=True)
    assert np.array_equal(ricci.einsum(equation, a, b), want)
    assert np.array_equal(ricci.einsum(equation, a[::-1, ::-1], b[::-1, ::-1]), want[::-1, ::-1])
    total = np.ones(want.shape, "f4")
    ricci.einsum(equation, a, b, out=total, accumulate=True)
    assert np.array_equal(total, want + 1)


@pytest.mark.parametrize("program", ["x.sum()", "einsum('i,i->', x, x)", "exp(x - x.max()).sum()", "x.var()",
                                     "x.reshape(-1, 100).mean(axis=0)", "einsum('ik,ij->kj', x.reshape(-1, 20), x.reshape(-1, 20))"])
def test_threads_change_no_bit(program):
    x = np.random.default_rng(0).standard_normal(4_000_000).astype("f4")
    results = []
    for threads in (1, 2, 3, 7):
        ricci.set_num_threads(threads)
        results.append(ricci.evaluate(program, x=x))
    ricci.set_num_threads(os.cpu_count())
    want = eval(program, {"einsum": np.einsum, "exp": np.exp, "x": x.astype("f8")})
    assert np.allclose(results[0], want, rtol=1e-4, atol=1e-3 * np.abs(want).max())
    assert all(np.array_equal(r, results[0]) for r in results[1:])


def test_a_sum_of_everything_is_no_single_task():
    plan = ricci.compile("x.sum()", x=ricci.spec("f32", (1 << 22,))).plan()
    assert len(plan.steps) == 2 and plan.peak_bytes == 256
