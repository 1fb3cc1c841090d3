"""Einsums of operands that are computed element by element, and what is computed from their products: fused and not."""

import os

import numpy as np
import pytest
import ricci

PRODUCTS = [
    "abs(x) @ v",
    "u @ abs(x)",
    "einsum('ij,j->i', -x, v)",
    "einsum('ij,ij->', abs(x), x)",
    "einsum('ij,ij->j', abs(x), x + 1)",
    "einsum('ij->i', x * x)",
    "einsum('i,j->ij', u, v) + x",
    "einsum('ij,j->ij', x, v).sum(axis=0)",
    "einsum('ij,i->ji', -x, u)",
    "(v * x)[:, None, :] @ v[:, None]",
]
SIZES = [(1, 1), (1, 7), (7, 1), (3, 5), (0, 4), (4, 0), (17, 33), (64, 100), (5, 3000), (3000, 5), (130, 257)]


def arrays_of(size, dtype):
    rng = np.random.default_rng(size)
    m, n = size
    return {"x": rng.integers(-3, 4, (m, n)).astype(dtype), "u": rng.integers(-2, 3, m).astype(dtype),
            "v": rng.integers(-2, 3, n).astype(dtype)}


def in_numpy(program, arrays):
    """Sums of integers, which are exact in f8 whatever their order."""
    wide = {name: a.astype("f8") if a.dtype.kind == "f" else a for name, a in arrays.items()}
    return eval(program, {"einsum": np.einsum, "abs": np.abs, **wide})


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "i1", "c8", "f2"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("program", PRODUCTS)
def test_products_as_numpy(program, size, dtype):
    if dtype == "c8" and ("abs" in program):
        pytest.skip("a real result")
    arrays = arrays_of(size, dtype)
    got, want = ricci.evaluate(program, **arrays), in_numpy(program, arrays)
    assert got.shape == want.shape
    if dtype == "f2":
        want = want.astype("f2") if np.abs(want).max(initial=0) < 6e4 else want
        assert np.allclose(got, want, rtol=2e-3)
    else:
        assert np.array_equal(got, want)


@pytest.mark.parametrize("program", ["relu(x) @ v", "u @ relu(x)", "(x.astype('f4') * v) @ v"])
def test_threads_and_strides(program):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((600, 1500)).astype("f4")[::-2, ::3]
    arrays = {"x": x, "u": x[:, 3], "v": x[5]}
    used = {name: a for name, a in arrays.items() if name in program}
    results = []
    for threads in (1, 2, 5):
        ricci.set_num_threads(threads)
        results.append(ricci.evaluate(program, **used))
    ricci.set_num_threads(os.cpu_count())
    wide = {name: a.astype("f8") for name, a in used.items()}
    want = eval(program, {"relu": lambda a: np.maximum(a, 0), **wide})
    assert np.allclose(results[0], want, rtol=1e-4, atol=1e-4)
    assert all(np.array_equal(r, results[0]) for r in results[1:])


def test_a_narrow_operand_is_not_widened_in_memory():
    sizes = [ricci.spec("i8", (400, 300)), ricci.spec("f32", (300,))]
    plan = ricci.compile("(w.astype('f4') * s) @ s", w=sizes[0], s=sizes[1]).plan()
    assert len(plan.steps) == 1 and plan.peak_bytes == 0
