"""Programs run by NumPy, and how far a right result may be from them.

Integers and bools: NumPy's result, bit for bit. Floats are compared with the same text run on operands
in extended precision, e. With u the unit roundoff of the result's dtype, and D the most by which any
element of the result is moved by one of two things, NumPy's own rounding in the operands' dtypes and a
change of every float of the operands by u, an element may be off by

    16 u |e| + 8 D.
"""

import ast
import math

import numpy as np
import oracle


def elementwise(function):
    wide = np.vectorize(function, otypes=[np.float64])

    def apply(x):
        x = np.asarray(x)
        dtype = x.dtype if x.dtype.kind == "f" else np.result_type(x.dtype, np.float16)
        return wide(x).astype(dtype)[()]

    return apply


def softmax(x, axis=-1):
    y = np.exp(x - x.max(axis=axis, keepdims=True))
    return y / y.sum(axis=axis, keepdims=True)


def logsumexp(x, axis=None, keepdims=False):
    m = x.max(axis=axis, keepdims=True)
    m = np.where(np.isfinite(m), m, m.dtype.type(0))
    y = np.log(np.exp(x - m).sum(axis=axis, keepdims=True)) + m
    return y if keepdims else np.squeeze(y, axis=axis)


def log_softmax(x, axis=-1):
    return x - logsumexp(x, axis=axis, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.where(x > 0, x, x.dtype.type(0))


erf = elementwise(math.erf)


def gelu(x):
    return x * (1 + erf(x / math.sqrt(2))) / 2


def silu(x):
    return x * sigmoid(x)


def layer_norm(x, g=None, h=None, axis=-1, eps=1e-5):
    y = (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    y = y if g is None else y * g
    return y if h is None else y + h


def rms_norm(x, g=None, axis=-1, eps=1e-6):
    y = x / np.sqrt((x * x).mean(axis=axis, keepdims=True) + eps)
    return y if g is None else y * g


def attention(q, k, v, mask=None, scale=None):
    s = q @ k.mT * (1 / math.sqrt(q.shape[-1]) if scale is None else scale)
    if mask is not None:
        s = np.where(mask, s, s.dtype.type(-np.inf)) if mask.dtype == bool else s + mask
    return softmax(s) @ v


PRELUDE = {f.__name__: f for f in [softmax, logsumexp, log_softmax, sigmoid, relu, gelu, silu, layer_norm, rms_norm,
                                   attention]}
NAMES = {**{name: getattr(np, name) for name in dir(np) if not name.startswith("_")}, "np": np, "erf": erf,
         "sliding_window_view": np.lib.stride_tricks.sliding_window_view, **PRELUDE}


def run(text, arrays):
    """The results as a list, and whether they are a tuple."""
    tree = ast.parse(text)
    last = ast.Expression(tree.body.pop().value)
    names = {**NAMES, **arrays}
    with np.errstate(all="ignore"):
        exec(compile(tree, "program", "exec"), names)
        value = eval(compile(last, "program", "eval"), names)
    is_tuple = isinstance(value, tuple)
    return [np.asarray(v) for v in (value if is_tuple else [value])], is_tuple


def wide_dtype(dtype):
    if dtype.kind == "c":
        return np.dtype(np.clongdouble)
    return np.dtype(np.longdouble) if dtype.kind == "f" or dtype == oracle.BF16 else dtype


def widened(arrays):
    return {name: a.astype(wide_dtype(a.dtype)) for name, a in arrays.items()}


def changed(arrays, rng):
    """Every float a little up or down."""
    def change(a):
        wide = a.astype(wide_dtype(a.dtype))
        return wide if wide.dtype == a.dtype else wide * (1 + rng.choice([-1, 1], a.shape) * oracle.roundoff(a.dtype))
    return {name: change(a) for name, a in arrays.items()}


def largest_difference(a, b):
    with np.errstate(all="ignore"):
        difference = np.abs(a.astype(b.dtype) - b)
    return np.max(difference, where=np.isfinite(difference), initial=0)


def check(text, arrays, got):
    """Fails unless `got`, what evaluate returned, may be the result of the program on these arrays."""
    want, is_tuple = run(text, arrays)
    assert isinstance(got, tuple) == is_tuple, f"{type(got)} for a program that ends in {'' if is_tuple else 'no '}tuple"
    got = list(got) if is_tuple else [got]
    assert len(got) == len(want), f"{len(got)} results, not {len(want)}"
    exact, _ = run(text, widened(arrays))
    moved, _ = run(text, changed(arrays, np.random.default_rng(0)))
    for i in range(len(want)):
        check_result(f"result {i}", np.asarray(got[i]), want[i], exact[i], moved[i])


def check_result(name, got, want, exact, moved):
    assert got.dtype == want.dtype, f"{name}: dtype {got.dtype}, not {want.dtype}"
    assert got.shape == want.shape, f"{name}: shape {got.shape}, not {want.shape}"
    if oracle.is_exact(want.dtype):
        assert np.array_equal(got, want), f"{name}: {got!r} is not {want!r}"
        return
    u = oracle.roundoff(want.dtype)
    spread = max(largest_difference(want, exact), largest_difference(moved, exact))
    finite = np.isfinite(want)
    size = np.abs(np.where(finite, exact, 0))
    bound = 16 * u * size + 8 * spread + oracle.tiny(want.dtype)
    with np.errstate(invalid="ignore"):
        error = np.abs(got.astype(exact.dtype) - exact)
    # What is not finite must be the same.
    wrong = np.where(finite & np.isfinite(exact), ~(error <= bound), ~((got == want) | (np.isnan(got) & np.isnan(want))))
    assert not wrong.any(), (
        f"{name}: {np.count_nonzero(wrong)} of {wrong.size} elements are wrong; the first is {got[wrong][0]}, not "
        f"{want[wrong][0]} (exactly {exact[wrong][0]}), where {np.broadcast_to(bound, wrong.shape)[wrong][0]:.3g} is allowed")
