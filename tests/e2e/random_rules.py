"""What the random operations share: bounds of their results, and what suits them.

A rule, `rule(operands, value, function)`, gives the bounds (bounded.py) of NumPy's value of function.
"""

import numpy as np
import oracle
from bounded import LIBRARY, Unusable, elementwise, extreme, moved, multiplied, summed

REALS = ("f", "i", "u", "b")


def exactly(operands, value, function):
    return elementwise(function, operands, value)


def nearly(operands, value, function):
    return elementwise(function, operands, value, LIBRARY)


def nearly_wave(operands, value, function):
    """Of sin and cos: no further apart than their arguments, wherever in the waves these are."""
    return np.maximum(nearly(operands, value, function), np.minimum(operands[0].bound, 2))


def nearly_largest(operands, value, function):
    """A sum, the larger operand first: as much off as that may be."""
    largest = np.broadcast_arrays(value, *[np.abs(x.array) for x in operands], subok=False)
    with np.errstate(all="ignore"):
        size = np.max([np.where(np.isfinite(a), np.abs(a.astype(float)), 0) for a in largest], axis=0)
    return nearly(operands, value, function) + LIBRARY * oracle.roundoff(np.asarray(value).dtype) * size


def known_signs(g, *names):
    """A zero's sign may be either where maximum or minimum chose, and a NaN's always."""
    need(all(((a != 0) & (a == a)).all() for a in (g.values[n].array for n in names)))


def places(operands, value, function):
    return moved(function, operands, value)


def need(condition):
    if not condition:
        raise Unusable("does not suit")


def spelled(g, name):
    return f"np.{name}" if g.chance(0.15) else name


def number(x, low, high):
    """Whether all of the values, with their bounds, lie between."""
    with np.errstate(all="ignore"):
        return bool(np.all((x.array - x.bound >= low) & (x.array + x.bound <= high)))


# Reductions


def axes_of(g, ndim):
    """None, one axis or some."""
    choice = g.rng.random()
    if choice < 0.2 or not ndim:
        return None
    if choice < 0.75:
        return int(g.rng.integers(-ndim, ndim))
    return tuple(int(a) - (ndim if g.chance(0.3) else 0) for a in g.rng.permutation(ndim)[: g.rng.integers(1, ndim + 1)])


def count_of(shape, axis):
    if axis is None:
        return int(np.prod(shape))
    return int(np.prod([shape[a] for a in np.atleast_1d(axis)]))


def mean_rule(axis, keepdims):
    def rule(operands, value, function):
        x, value = operands[0], np.asarray(value)
        terms = max(count_of(x.shape, axis), 1)
        total = summed(lambda a: np.sum(a, axis=axis, keepdims=keepdims), x, value * terms, terms)
        with np.errstate(all="ignore"):
            bound = total / terms * 1.01 + np.where(total > 0, 4 * np.finfo(value.dtype).eps * np.abs(value), 0)
        # NumPy rounds float16 twice, and multiplies complex numbers by 1 / n.
        more = 2 * np.finfo(value.dtype).eps if value.dtype in ("f2", "c8", "c16") else 0
        return bound + more * np.abs(np.where(np.isfinite(value), value, 0))
    return rule


def var_rule(axis, keepdims, ddof, root):
    def rule(operands, value, function):
        value = np.asarray(value)
        x = np.asarray(operands[0].array, np.longdouble)
        need(np.isfinite(x).all() and x.size)
        terms = count_of(x.shape, axis)
        need(terms > ddof)
        u = np.finfo(value.dtype).eps
        mean = x.mean(axis=axis, keepdims=True)
        # How far a difference from the mean may be off.
        off = operands[0].bound + np.mean(operands[0].bound, axis=axis, keepdims=True)
        off = off + 2 * terms * u * np.mean(np.abs(x), axis=axis, keepdims=True) + u * np.abs(x - mean)
        squares = (2 * np.abs(x - mean) * off + off * off + 2 * u * (x - mean) ** 2).sum(axis=axis, keepdims=keepdims)
        total = ((x - mean) ** 2).sum(axis=axis, keepdims=keepdims)
        bound = (squares + 2 * terms * u * total) / (terms - ddof)
        variance = total / (terms - ddof)
        if root:
            bound = np.sqrt(variance + bound) - np.sqrt(np.maximum(variance - bound, 0))
        bound = bound.astype(float) + 4 * u * np.abs(value) + 4 * float(np.finfo(value.dtype).smallest_subnormal)
        return np.where(total + squares > float(np.finfo(value.dtype).max) / 4, np.inf, bound)
    return rule


def extreme_rule(axis, keepdims, spans):
    def rule(operands, value, function):
        bound = extreme(operands[0], value, axis, keepdims)
        if not spans:
            return bound
        eps = np.finfo(operands[0].dtype).eps if operands[0].is_float else 0
        return 2 * bound + np.where(bound > 0, eps * np.abs(value), 0)
    return rule


def sum_rule(axis, keepdims=False, scans=False):
    keep = {"axis": axis} if scans else {"axis": axis, "keepdims": keepdims}
    total = np.cumsum if scans else np.sum

    def rule(operands, value, function):
        terms = max(count_of(operands[0].shape, axis), 1)
        return summed(lambda a: total(a, **keep), operands[0], value, terms)
    return rule


def product_rule(axis, keepdims=False, scans=False):
    keep = {"axis": axis} if scans else {"axis": axis, "keepdims": keepdims}
    product, total = (np.cumprod, np.cumsum) if scans else (np.prod, np.sum)

    def rule(operands, value, function):
        terms = max(count_of(operands[0].shape, axis), 1)
        return multiplied(lambda a: product(a, **keep), lambda a: total(a, **keep), operands[0], value, terms)
    return rule
