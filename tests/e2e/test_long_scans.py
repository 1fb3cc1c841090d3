"""Scans and arg-reductions along long axes, which are computed in parts: as NumPy, on any threads."""

import os

import numpy as np
import pytest
import ricci

# Parts of equal length; primes; one where the parts leave a rest.
LENGTHS = [1 << 22, (1 << 22) + 2, 4194319, (1 << 26) + 15]


def arrays_of(length, dtype):
    return {"x": np.random.default_rng(length).integers(-1, 2, length).astype(dtype)}


def numpy_of(program, **arrays):
    return np.asarray(eval(program, {"cumsum": np.cumsum, "cumprod": np.cumprod, **arrays}))


@pytest.mark.parametrize("dtype", ["f4", "i4", "u1", "?", "c16"])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("program", ["cumsum(x)", "cumprod(x)", "cumsum(x[::-1])[::3]", "x.argmax() - (x * x).argmin()"])
def test_as_numpy(program, length, dtype):
    if dtype != "i4" and length > 1 << 25 or dtype == "c16" and "cumsum" not in program:
        pytest.skip("much memory, or never in parts")
    arrays = arrays_of(length, dtype)
    got, want = ricci.evaluate(program, **arrays), numpy_of(program, **arrays)
    # Sums of few integers, which are exact in floats whatever their order.
    assert got.dtype == want.dtype and np.array_equal(got, want)


@pytest.mark.parametrize("shape, axis", [((1 << 20, 4), 0), ((1 << 19, 100), 0), ((2, 1 << 21, 2), 1), ((3, 4194319), 1),
                                         ((1048573, 5), 0)])
@pytest.mark.parametrize("program", ["cumsum(x, {0})", "x.argmax({0})", "cumsum(x.T, {1}) * 2"])
def test_axes_as_numpy(program, shape, axis):
    x = np.random.default_rng(axis).integers(-9, 9, shape).astype("f4")
    program = program.format(axis, len(shape) - 1 - axis)
    assert np.array_equal(ricci.evaluate(program, x=x), numpy_of(program, x=x))


@pytest.mark.parametrize("length", LENGTHS[:3])
@pytest.mark.parametrize("place", [5, 70_000, 3_000_000])
@pytest.mark.parametrize("values", [[np.inf], [np.nan], [np.inf, -np.inf], [-np.inf, np.nan]])
def test_special_values(values, place, length):
    x = arrays_of(length, "f4")["x"]
    for at in (place, length - 70_000):
        x[at:at + len(values)] = values
    for program in ("cumsum(x)", "x.argmax()", "x.argmin()"):
        with np.errstate(invalid="ignore"):
            want = numpy_of(program, x=x)
        assert np.array_equal(ricci.evaluate(program, x=x), want, equal_nan=True)


@pytest.mark.parametrize("places", [[0], [1 << 16, (1 << 16) - 1], [66_576, 4_194_000], [4_194_300]])
def test_the_first_of_equal_elements(places):
    for length in LENGTHS[:3]:
        x = np.zeros(length, "i1")
        x[places] = 1
        assert ricci.evaluate("x.argmax()", x=x) == min(places)


@pytest.mark.parametrize("program", ["cumsum(x)", "cumsum(sin(x))", "exp(x).argmax()"])
def test_threads_change_no_bit(program):
    x = np.random.default_rng(0).standard_normal(5_000_000).astype("f4")
    results = []
    for threads in (1, 2, 7):
        ricci.set_num_threads(threads)
        results.append(ricci.evaluate(program, x=x))
    ricci.set_num_threads(os.cpu_count())
    want = eval(program, {"cumsum": np.cumsum, "sin": np.sin, "exp": np.exp, "x": x.astype("f8")})
    assert np.allclose(results[0], want, rtol=1e-4, atol=1e-5 * np.abs(want).max())
    assert all(np.array_equal(r, results[0]) for r in results[1:])


def test_nothing_is_stored_between():
    for program in ("cumsum(sin(x))", "x.argmax()"):
        plan = ricci.compile(program, x=ricci.spec("f32", (1 << 24,))).plan()
        assert len(plan.steps) > 1 and plan.peak_bytes < 4096
