"""What an einsum should give, and how far a right result may be from it.

Integers and bools: NumPy's result, bit for bit. Floats: with K terms in each sum and n operands, any
order of contractions that rounds each operation to unit roundoff u stays within
gamma(K + 4n, u) * sum(prod(abs(operands))), gamma(m, u) = m u / (1 - m u) (Higham, Accuracy and
Stability of Numerical Algorithms, 3.1 and 3.6; the 4 covers complex products). float16 and bfloat16
are summed in float32, then rounded once.
"""

import functools

import ml_dtypes
import numpy as np

DTYPES = {
    "b1": np.bool_, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64,
    "u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64,
    "f16": np.float16, "bf16": ml_dtypes.bfloat16, "f32": np.float32, "f64": np.float64,
    "c64": np.complex64, "c128": np.complex128,
}
DTYPES = {name: np.dtype(dtype) for name, dtype in DTYPES.items()}
BF16 = DTYPES["bf16"]


def is_exact(dtype):
    return np.dtype(dtype).kind in "biu"


def is_complex(dtype):
    return np.dtype(dtype).kind == "c"


def result_dtype(dtypes):
    # ml_dtypes has no promotion of bfloat16 with integers; its products have a type.
    def promote(a, b):
        return a if a == b else np.multiply(np.empty(0, a), np.empty(0, b)).dtype
    return functools.reduce(promote, dtypes)


class Terms:
    """An equation over operands of known ranks: the label of each axis, ellipsis axes among them."""

    def __init__(self, equation, ranks):
        text = equation.replace(" ", "")
        inputs, arrow, output = text.partition("->")
        self.operands = [self._expand(term, rank) for term, rank in zip(inputs.split(","), ranks)]
        ellipsis = max((len([a for a in axes if a[0] == "."]) for axes in self.operands), default=0)
        dots = [f".{i}" for i in reversed(range(ellipsis))]
        if arrow:
            before, found, after = output.partition("...")
            self.output = list(before) + (dots if found else []) + list(after)
        else:
            counts = {}
            for label in inputs.replace(".", "").replace(",", ""):
                counts[label] = counts.get(label, 0) + 1
            self.output = dots + sorted(label for label, count in counts.items() if count == 1)

    @staticmethod
    def _expand(term, rank):
        before, found, after = term.partition("...")
        dots = [f".{i}" for i in reversed(range(rank - len(before) - len(after)))] if found else []
        return list(before) + dots + list(after)

    def extents(self, shapes):
        extents = {}
        for axes, shape in zip(self.operands, shapes):
            for label, extent in zip(axes, shape):
                if extents.get(label, 1) == 1:
                    extents[label] = extent
        return extents

    def summed(self, shapes):
        """The number of terms in each sum."""
        extents = self.extents(shapes)
        return int(np.prod([n for label, n in extents.items() if label not in self.output], dtype=object))


def roundoff(dtype):
    if dtype == BF16:
        return 2.0**-8
    return float(np.finfo(dtype).eps) / 2


def tiny(dtype):
    return float(ml_dtypes.finfo(BF16).smallest_subnormal) if dtype == BF16 else float(
        np.finfo(dtype).smallest_subnormal)


def numpy_einsum(equation, operands):
    dtype = operands[0].dtype
    if all(op.size for op in operands):
        return np.asarray(np.einsum(equation, *operands))
    # NumPy 2.4 adds one element to an empty result, past the end of its memory: for a byte that is room enough.
    return np.asarray(np.einsum(equation, *[np.zeros(op.shape, np.int8) for op in operands])).astype(dtype)


def check(equation, operands, got, terms=None):
    """Fails unless `got` may be the einsum of the operands. `terms`: how many each sum has."""
    dtype = result_dtype([operand.dtype for operand in operands])
    got = np.asarray(got)
    assert got.dtype == dtype, f"dtype {got.dtype}, not {dtype}"
    if terms is None:
        terms = Terms(equation, [op.ndim for op in operands]).summed([op.shape for op in operands])
    if is_exact(dtype):
        want = numpy_einsum(equation, [op.astype(dtype) for op in operands])
        assert got.shape == want.shape, f"shape {got.shape}, not {want.shape}"
        assert np.array_equal(got, want), f"{got!r} is not {want!r}"
        return
    wide = np.clongdouble if is_complex(dtype) else np.longdouble
    accumulate = np.float32 if dtype in (BF16, np.float16) else dtype
    operands = [op.astype(dtype).astype(wide) for op in operands]
    want = numpy_einsum(equation, operands)
    assert got.shape == want.shape, f"shape {got.shape}, not {want.shape}"
    magnitude = numpy_einsum(equation, [np.abs(op) for op in operands])
    roundings = (terms + 4 * len(operands)) * roundoff(accumulate)
    assert roundings < 0.5, "too many terms for the bound"
    bound = roundings / (1 - roundings) * magnitude
    if dtype != accumulate:
        bound = bound * (1 + roundoff(dtype)) + roundoff(dtype) * np.abs(want)
    # The oracle's own roundings, and results below the normal range.
    bound = bound * 1.01 + (terms + len(operands)) * tiny(dtype)
    with np.errstate(invalid="ignore"):
        error = np.abs(got.astype(wide) - want)
    wrong = ~(error <= bound)
    if not is_complex(dtype):
        # What may round past the largest number may be infinite.
        largest = float(ml_dtypes.finfo(dtype).max)
        wrong &= ~(np.isinf(got) & (np.sign(got) == np.sign(want)) & (np.abs(want) + bound > largest))
    assert not wrong.any(), (
        f"{np.count_nonzero(wrong)} of {wrong.size} elements are wrong; the first is {got[wrong][0]}, not "
        f"{want[wrong][0]}, an error of {np.max(error[wrong] / bound[wrong]):.3g} times the bound")


def random_values(rng, shape, dtype):
    """Random values. Integers take their whole range, where products and sums wrap."""
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.asarray(rng.integers(info.min, info.max, shape, dtype=dtype, endpoint=True))
    values = np.asarray(rng.standard_normal(shape))
    if dtype.kind == "c":
        values = values + 1j * rng.standard_normal(shape)
    return np.asarray(values).astype(dtype)


def random_array(rng, shape, dtype, writable=False):
    """Random values, mostly in memory with a random order of axes, negative steps, gaps and zero strides.

    Of a writable array every element has a place of its own, and `base` is all of its memory.
    """
    shape = tuple(shape)
    if rng.random() < 0.2:
        return random_values(rng, (1, *shape), dtype)[0, ...]
    repeated = [not writable and rng.random() < 0.15 for _ in shape]
    values = random_values(rng, [1 if one and n else n for one, n in zip(repeated, shape)], dtype)
    order = rng.permutation(len(shape))
    # Gaps along some axes alone: each makes the memory larger by itself.
    most = 6
    gaps = [len(shape) <= most or rng.random() < most / len(shape) for _ in shape]
    steps = [int(rng.choice([1, 1, 1, 2, 3, -1, -2] if gap else [1, 1, -1])) for gap in gaps]
    room = random_values(rng, [values.shape[axis] * abs(steps[axis]) + int(gaps[axis] and rng.integers(0, 2))
                               for axis in order], dtype)
    view = room.transpose(np.argsort(order))
    view = view[(..., *(slice(None, n * abs(step), abs(step)) for n, step in zip(values.shape, steps)))]
    view = view[(..., *(slice(None, None, -1 if step < 0 else 1) for step in steps))]
    view[...] = values
    return view if writable else np.broadcast_to(view, shape)


def random_sizes(rng, terms, shapes, sizes=(0, 1, 2, 3, 5, 7, 11, 13), limit=30_000):
    """New shapes for the same equation: an axis that broadcast (1 against more) still may."""
    old = terms.extents(shapes)
    while True:
        weights = np.array([1.0 if size == 0 else 3.0 for size in sizes])
        new = {label: int(rng.choice(sizes, p=weights / weights.sum())) for label in old}
        if np.prod(list(new.values()), dtype=float) <= limit:
            break
    return [
        tuple(1 if extent == 1 and old[label] != 1 else new[label] for label, extent in zip(axes, shape))
        for axes, shape in zip(terms.operands, shapes)
    ]
