"""NumPy's values of a program, each element with how far another right evaluation may be from it.

A bound of 0 means the same number, which is what operations of IEEE 754 on the same numbers give; inf
means that nothing can be said. Where a value is not finite and the bound is, the other must be the
same. u is the unit roundoff of the dtype, gamma(n) = n u / (1 - n u) (Higham, Accuracy and Stability
of Numerical Algorithms, 3.1); both evaluations round, so every rounding counts twice.
"""

import itertools
import warnings

import numpy as np
import numpy_program
import oracle

LIBRARY = 16.0  # roundoffs between two elementary functions: NumPy's vector code alone has 4 ulps.
MOST = {dtype: float(np.finfo(dtype).max) for dtype in map(np.dtype, ["f2", "f4", "f8", "c8", "c16"])}
MANTISSA = {np.dtype("f2"): 11, np.dtype("f4"): 24, np.dtype("f8"): 53, np.dtype("c8"): 24, np.dtype("c16"): 53}


class Unusable(Exception):
    """What a right evaluation may decide either way, or no use as a test."""


class Bounded:
    def __init__(self, value, bound=None):
        self.value = value  # As NumPy returned it: an array or a NumPy scalar.
        self.array = np.asarray(value)
        self.bound = np.zeros(self.array.shape) if bound is None else np.asarray(bound, float)

    dtype = property(lambda self: self.array.dtype)
    shape = property(lambda self: self.array.shape)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    is_exact = property(lambda self: not self.bound.any())
    is_float = property(lambda self: self.dtype.kind in "fc")


def wide(array):
    if array.dtype.kind == "c":
        return array.astype(np.clongdouble)
    return array.astype(np.longdouble) if array.dtype.kind in "fiu" else array


def gamma(n, u):
    return np.where(n * u < 0.5, n * u / (1 - np.minimum(n * u, 0.5)), np.inf)


def same(a, b):
    return (a == b) | ((a != a) & (b != b))


def limited(value, bound):
    """Near the largest number, whether a result is finite is open."""
    close = np.isfinite(value) & (bound > 0) & (np.abs(wide(value)) + bound > MOST[value.dtype])
    return np.where(close | np.isnan(bound), np.inf, bound)


def integers_below(x, magnitude):
    """Whether sums of these numbers are exact in any order."""
    array = x.array
    with np.errstate(all="ignore"):
        whole = np.all(np.trunc(array.real) == array.real) and np.all(np.trunc(array.imag) == array.imag)
    return x.is_exact and whole and np.all(magnitude <= 2.0 ** MANTISSA[array.dtype])


def elementwise(function, operands, value, roundoffs=0.0):
    """By the values at the corners of the operands' intervals (on circles for complex numbers)."""
    value = np.asarray(value)
    moving = [i for i, x in enumerate(operands) if x.bound.any()]
    doubtful = np.zeros(value.shape, bool)
    moved = np.zeros(value.shape)
    same_everywhere = np.ones(value.shape, bool)
    if moving:
        base = [wide(x.array) if value.dtype.kind in "fc" or i in moving else x.array for i, x in enumerate(operands)]
        centre = np.asarray(function(*base))
        doubtful = np.broadcast_to(np.any(np.broadcast_arrays(*[operands[i].bound > 0 for i in moving]), axis=0),
                                   value.shape)
        unknown = np.any(np.broadcast_arrays(*[np.isinf(operands[i].bound) for i in moving]), axis=0)
        steps = [(1, 1j, -1, -1j) if operands[i].dtype.kind == "c" else (1, -1) for i in moving]
        for corner in itertools.product(*steps):
            at = list(base)
            for i, step in zip(moving, corner):
                bound = np.where(np.isfinite(operands[i].bound), operands[i].bound, 0)
                # What is infinite or NaN is so in both.
                at[i] = np.where(np.isfinite(base[i]), base[i] + step * bound, base[i])
            there = np.asarray(function(*at))
            same_everywhere &= same(there.astype(value.dtype), value)
            if value.dtype.kind in "fc":
                moved = np.fmax(moved, np.where(np.isfinite(there) & np.isfinite(centre), np.abs(there - centre), np.inf))
        same_everywhere &= ~unknown
        moved = np.where(unknown, np.inf, moved)
        if value.dtype.kind not in "fc":
            if not same_everywhere.all():
                raise Unusable("a result that may be either")
            return np.zeros(value.shape)
    if value.dtype.kind not in "fc":
        return np.zeros(value.shape)
    u, tiny = oracle.roundoff(value.dtype), oracle.tiny(value.dtype)
    size = np.abs(wide(value)).astype(float)
    bound = np.where(doubtful, 1.5 * moved + 2 * u * (size + moved) + 2 * tiny, 0)
    if roundoffs:
        bound = bound + roundoffs * u * size + 4 * tiny
    nowhere = ~np.isfinite(value)
    bound = np.where(nowhere, np.where(same_everywhere | ~doubtful, 0, np.inf), bound)
    return limited(value, bound)


def moved(function, operands, value):
    """Elements go to other places; other elements are constants."""
    value = np.asarray(value)
    bounds = function(*[x.bound if x.is_float else x.array for x in operands])
    zeros = function(*[np.zeros(x.shape) if x.is_float else x.array for x in operands])
    return np.zeros(value.shape) if value.dtype.kind not in "fc" else np.abs(np.asarray(bounds) - np.asarray(zeros))


def as_float(x, dtype):
    return Bounded(np.asarray(x.array.astype(dtype)), x.bound)


def summed(function, x, value, terms):
    """function: the sum (or running sum) of an array, in its dtype; terms: the most that one has."""
    value = np.asarray(value)
    if value.dtype.kind not in "fc":
        return np.zeros(value.shape)
    x = as_float(x, value.dtype)
    finite = np.isfinite(x.array)
    magnitude = np.asarray(function(np.where(finite, np.abs(wide(x.array)), 0) + np.where(finite, x.bound, 0))).astype(float)
    if finite.all() and integers_below(x, magnitude):
        return np.zeros(value.shape)
    bound = np.asarray(function(x.bound)) + 2 * gamma(terms, oracle.roundoff(value.dtype)) * magnitude
    bound = np.where(np.isfinite(value) | np.isinf(bound), bound, 0)
    return np.where(magnitude > MOST[value.dtype] / 4, np.inf, limited(value, bound))


def multiplied(function, total, x, value, terms):
    """function: the product; total: the sum of the same elements."""
    value = np.asarray(value)
    if value.dtype.kind not in "fc":
        return np.zeros(value.shape)
    x = as_float(x, value.dtype)
    if not np.isfinite(x.array).all():
        raise Unusable("a product of what is not finite")
    size = np.abs(wide(x.array))
    largest = np.asarray(function(np.maximum(size, 1)))
    if integers_below(x, largest):
        return np.zeros(value.shape)
    with np.errstate(all="ignore"):
        relative = np.where(x.bound == 0, 0, np.log1p(x.bound / size)).astype(float)
        reach = np.asarray(total(np.abs(np.log2(np.where(size == 0, 1, size))))).astype(float)
    u = oracle.roundoff(value.dtype)
    bound = np.abs(value).astype(float) * np.expm1(np.asarray(total(relative)) + 4 * terms * u)
    # Orders differ in what overflows, or loses bits below the normal numbers.
    return np.where(reach > np.log2(MOST[value.dtype]) - 4, np.inf, limited(value, bound))


def extreme(x, value, axis, keepdims):
    value = np.asarray(value)
    bound = np.max(x.bound, axis=axis, keepdims=keepdims, initial=0)
    return np.where(np.isfinite(value) | np.isinf(bound), bound, 0)


def contracted(function, operands, value, terms):
    """A sum of products: function is NumPy's."""
    value = np.asarray(value)
    if value.dtype.kind not in "fc":
        return np.zeros(value.shape)
    operands = [as_float(x, value.dtype) for x in operands]
    if not all(np.isfinite(x.array).all() for x in operands):
        raise Unusable("a contraction of what is not finite")
    sizes = [np.abs(wide(x.array)) for x in operands]
    least = np.asarray(function(*sizes))
    most = np.asarray(function(*[size + x.bound for size, x in zip(sizes, operands)]))
    if all(integers_below(x, most) for x in operands):
        return np.zeros(value.shape)
    u = oracle.roundoff(value.dtype)
    with np.errstate(invalid="ignore"):
        bound = 1.01 * (most - least) + 2 * gamma(terms + 4 * len(operands), u) * most + 2 * terms * oracle.tiny(value.dtype)
    return np.where(most > MOST[value.dtype] / 4, np.inf, limited(value, bound.astype(float)))


def evaluate(template, operands, rule):
    names = [f"v{i}" for i in range(len(operands))]
    code = compile(template.format(*names), "statement", "eval")

    def function(*arguments):
        return eval(code, numpy_program.NAMES, dict(zip(names, arguments)))

    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        try:
            value = function(*[x.value for x in operands])
        except Exception as error:
            raise Unusable(f"NumPy refuses {template}: {error}") from error
        return Bounded(value, rule(operands, value, function))


def chain(*steps):
    """The rule of a function that NumPy computes by these statements: (template, operands, rule), where
    operand i is that of the function, or a step behind them."""
    def rule(operands, value, function):
        values = list(operands)
        for template, names, step in steps:
            values.append(evaluate(template, [values[i] for i in names], step))
        last = values[-1]
        with np.errstate(all="ignore"):
            off = np.where(same(last.array, value), 0, np.abs(wide(last.array) - wide(np.asarray(value)))).astype(float)
        return np.where(np.isnan(off), np.inf, last.bound + off)
    return rule


def disagreement(name, got, want):
    """Why `got` can't be the result whose value and bound is `want`, or None."""
    array = np.asarray(got)
    if array.dtype != want.dtype:
        return f"{name}: dtype {array.dtype}, not {want.dtype}"
    if array.shape != want.shape:
        return f"{name}: shape {array.shape}, not {want.shape}"
    with np.errstate(all="ignore"):
        if want.is_float:
            right = same(array, want.array) | (np.abs(wide(array) - wide(want.array)) <= want.bound) | np.isinf(want.bound)
        else:
            right = array == want.array
    wrong = np.argwhere(~right)
    if not wrong.size and not (~right).any():
        return None
    at = tuple(wrong[0]) if wrong.size else ()
    return (f"{name}: {np.count_nonzero(~right)} of {right.size} elements are wrong; that at {tuple(map(int, at))} is "
            f"{array[at]!r}, not {want.array[at]!r} (within {want.bound[at]:.3g})")
