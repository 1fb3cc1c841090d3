"""Einsums of operands that are computed element by element, and what is computed from their products: fused and not."""

import os

import ml_dtypes
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


WIDENED = {
    "x @ (w.astype(x.dtype) * s)": "kn",
    "x @ (w.astype(x.dtype) * s[:, None]).T": "nk",
    "(w.astype(x.dtype) * s[:, None]) @ x.T": "nk",
    "(w.astype(x.dtype) * s).T @ x.T": "kn",
    "einsum('ik,kj->ij', x, -w.astype(x.dtype) + s)": "kn",
}


@pytest.mark.parametrize("types", [("f4", "i1"), ("f8", "f4"), ("f4", "u1"), ("f8", "i2"), ("c16", "i1"), ("i8", "i4"),
                                   (ml_dtypes.bfloat16, "i1")], ids=str)
@pytest.mark.parametrize("size", [(3, 700, 400), (17, 513, 520), (2, 64, 5003), (65, 5003, 64)], ids=str)
@pytest.mark.parametrize("program", WIDENED)
def test_widened_operands_as_numpy(program, size, types):
    """A kernel in which the widened weights are never stored, and one that turns a result of few columns, perhaps;
    integers, so that sums are exact."""
    m, k, n = size
    wide, narrow = types
    rng = np.random.default_rng(m)
    x = rng.integers(-1, 2, (m, k)).astype(wide)
    w = rng.integers(0 if narrow == "u1" else -1, 2, (k, n) if WIDENED[program] == "kn" else (n, k)).astype(narrow)
    s = rng.integers(1, 3, n).astype(wide)
    text = program.replace("x.dtype", repr(np.dtype(wide).name))
    plan = ricci.compile(text, x=x, w=w, s=s).plan()
    kernels = [step["kernel"] for step in plan.steps]
    assert "prologue" in kernels[0] and (len(kernels) == 1 or (len(kernels) == 2 and "transpose" in kernels[1]))
    assert plan.peak_bytes <= (len(kernels) - 1) * (m * n * np.dtype(wide).itemsize + 64)
    exact = {name: a.astype("c16" if wide == "c16" else "f8") for name, a in {"x": x, "w": w, "s": s}.items()}
    want = eval(program, {"einsum": np.einsum, **exact})
    got = ricci.evaluate(text, x=x, w=w, s=s)
    assert np.array_equal(got, want.astype(wide))
    # Any strides: perhaps in another way.
    turned = ricci.evaluate(text, x=np.asfortranarray(x), w=w[::-1, ::-1][::-1, ::-1], s=np.repeat(s, 3)[::3])
    assert np.array_equal(turned, got)


def test_widened_operands_on_threads():
    rng = np.random.default_rng(0)
    x, s = rng.standard_normal((40, 1000)).astype("f4"), rng.standard_normal(3000).astype("f4")
    w = rng.integers(-128, 128, (1000, 3000)).astype("i1")
    results = []
    for threads in (1, 2, 5):
        ricci.set_num_threads(threads)
        results.append(ricci.evaluate("x @ (w.astype('f4') * s)", x=x, w=w, s=s))
    ricci.set_num_threads(os.cpu_count())
    assert np.allclose(results[0], x.astype("f8") @ (w * s.astype("f8")), rtol=1e-3, atol=1e-1)
    assert all(np.array_equal(r, results[0]) for r in results[1:])
