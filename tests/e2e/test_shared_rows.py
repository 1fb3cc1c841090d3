"""Reductions of rows that share operands, and of short ones: several rows at once, in blocks or as columns."""

import os

import numpy as np
import pytest
import ricci

PROGRAMS = [
    "sum((a[:, None, :] - c[None, :, :])**2, axis=-1)",
    "sqrt(sum((a[:, None, :] - c[None, :, :])**2, axis=-1))",
    "max(abs(a[:, None, :] - c[None, :, :]), axis=-1)",
    "sum(a[:, None, :] * c[None, :, :] + b[None, :, None], axis=-1)",
    "sum((a[:, None, :] - c) * c, axis=-1)",
    "(a[:, None, :] == c[None, :, :]).sum(axis=-1)",
    "s = a[:, None, :] + c[None, :, :]\n(s.min(axis=-1), s.sum(axis=-1))",
    "sum((a[:, None, :] - c[None, :, :])**2, axis=-1) / (b + 8)",
]
SIZES = [(1, 1, 1), (2, 3, 5), (3, 4, 16), (5, 5, 17), (4, 9, 64), (33, 31, 100), (7, 70, 500), (2, 1000, 3), (5, 6, 9000)]


def arrays_of(size, dtype):
    rng = np.random.default_rng(size)
    m, n, d = size
    whole = {"a": rng.integers(-4, 5, (m, d)), "c": rng.integers(-4, 5, (n, d)), "b": rng.integers(1, 5, n)}
    if np.dtype(dtype).kind in "f" and dtype != "f2":
        whole = {name: x + rng.integers(0, 8, x.shape) / 8 for name, x in whole.items()}
    return {name: x.astype(dtype) for name, x in whole.items()}


def evaluate(program, arrays):
    values = ricci.evaluate(program, **arrays)
    return values if isinstance(values, tuple) else (values,)


def in_numpy(program, arrays):
    wide = {name: x.astype("f8") if x.dtype.kind == "f" else x for name, x in arrays.items()}
    scope = {**{name: getattr(np, name) for name in dir(np)}, **wide}
    *before, last = program.split("\n")
    exec("\n".join(before), scope)
    values = eval(last, scope)
    return values if isinstance(values, tuple) else (values,)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i4", "u1", "f2", "c8"])
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("program", PROGRAMS)
def test_as_numpy_and_as_single_rows(program, size, dtype):
    if dtype == "c8" and ("max" in program or "min" in program or "==" in program or "abs" in program):
        pytest.skip("an order")
    if dtype == "f2" and size[2] > 1000:
        pytest.skip("sums beyond the type")
    arrays = arrays_of(size, dtype)
    got, want = evaluate(program, arrays), in_numpy(program, arrays)
    for x, y in zip(got, want):
        assert x.shape == y.shape
        if x.dtype.kind in "fc":
            assert np.allclose(x, y, rtol=3e-3 if x.dtype == np.float16 else 1e-5, atol=1e-3)
        else:
            assert np.array_equal(x, y)
    for j in {0, size[1] // 2, size[1] - 1}:
        single = dict(arrays, c=arrays["c"][j:j + 1], b=arrays["b"][j:j + 1])
        for x, y in zip(evaluate(program, single), got):
            assert np.array_equal(x[:, 0], y[:, j])


def test_threads_and_strides():
    rng = np.random.default_rng(0)
    a = rng.standard_normal((64, 150)).astype("f4")[::-2, ::3]
    c = rng.standard_normal((50, 77)).astype("f4").T[::-1]
    results = []
    for threads in (1, 2, 5):
        ricci.set_num_threads(threads)
        results.append(ricci.evaluate(PROGRAMS[0], a=a, c=c))
    ricci.set_num_threads(os.cpu_count())
    assert np.allclose(results[0], ((a[:, None, :] - c[None, :, :])**2).sum(axis=-1), rtol=1e-5)
    assert all(np.array_equal(r, results[0]) for r in results[1:])


def test_short_rows_with_what_depends_on_one_kept_axis_have_kernels_of_their_own():
    rng = np.random.default_rng(0)
    x, b = rng.random((40, 30, 20), np.float32), rng.random((38, 28), np.float32)
    b0, b1 = np.repeat(b, 2, axis=1)[:, :30], np.repeat(b, 2, axis=0)[:40]
    programs = [
        "max(x, axis=-1) * arange(40)[:, None]",
        "max(x, axis=-1) * arange(30)",
        "max(x, axis=-1) + pad(b0, ((1, 1), (0, 0)))",
        "max(x, axis=-1) + pad(b1, ((0, 0), (1, 1)))",
    ]
    arrays = {"x": x, "b0": b0, "b1": b1}
    for program in programs + programs[::-1]:
        used = {name: value for name, value in arrays.items() if name in program.replace("max", "")}
        (got,), (want,) = evaluate(program, used), in_numpy(program, used)
        assert np.allclose(got, want, rtol=1e-6)
