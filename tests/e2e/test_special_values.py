"""Infinities, NaN and zeros where results depend on how they are computed: NumPy's are the same."""

import itertools

import numpy as np
import numpy_program
import pytest
import ricci

DEVICE = pytest.mark.parametrize("device", ricci.devices())
INF, NAN = np.inf, np.nan


def same(got, want, ulps):
    """Infinities and NaN are where NumPy has them; what is finite is off by a few units."""
    assert got.dtype == want.dtype and got.shape == want.shape
    assert np.array_equal(np.isnan(got), np.isnan(want))
    finite = np.isfinite(want)
    assert np.array_equal(got[~finite], want[~finite], equal_nan=True)
    error = np.abs(got[finite].astype(np.float64) - want[finite].astype(np.float64))
    assert np.all(error <= ulps * np.finfo(want.dtype).eps * np.maximum(np.abs(want[finite].astype(np.float64)), 1))


@DEVICE
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("length", [5, 67])
def test_softmax_of_rows_with_special_values(length, axis, dtype, device):
    values = [0.5, -1.0, INF, -INF, NAN]
    rows = [np.resize(row, length) for row in itertools.product(values, repeat=2)]
    rows += [np.where(np.arange(length) == place, value, 0.25) for value in values for place in (0, length // 2, length - 1)]
    rows += [np.full(length, value) for value in values]
    rows += [np.where(np.arange(length) == 1, 0.5, -INF)]
    x = np.array(rows, dtype)
    x = x if axis else np.ascontiguousarray(x.T)
    with np.errstate(all="ignore"):
        want = numpy_program.softmax(x, axis=axis)
    assert np.isnan(want).any() and (want == 0).any() and (want == 1).any()
    same(ricci.evaluate(f"softmax(x, axis={axis})", x=x, device=device), want, 8)
    # A computed operand, and a view.
    same(ricci.evaluate(f"softmax(-(-x), axis={axis})", x=x, device=device), want, 8)
    same(ricci.evaluate(f"softmax(x.T, axis={1 - axis}).T", x=x, device=device), want, 8)


@DEVICE
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("program", ["reciprocal(z)", "z ** -1", "1 / z"])
def test_reciprocals_of_complex_numbers(program, dtype, device):
    parts = [0.0, -0.0, 1.0, -2.5, 1e-20]
    z = np.array([complex(re, im) for re, im in itertools.product(parts, repeat=2)], dtype)
    with np.errstate(all="ignore"):
        want = eval(program, {"z": z, "reciprocal": np.reciprocal})
    got = ricci.evaluate(program, z=z, device=device)
    for part in np.real, np.imag:
        assert np.array_equal(np.isnan(part(got)), np.isnan(part(want)))
    assert program == "1 / z" or np.isnan(got[0].real) and np.isnan(got[0].imag)
    regular = np.isfinite(want)
    assert np.all(np.abs(got[regular] - want[regular]) <= 4 * np.finfo(dtype).eps * np.abs(want[regular]))
