"""The type of an argument, without the data."""

import operator

from ._ricci import parse_spec


class Spec:
    """A dtype and a shape, as ``ricci.spec`` makes it; ``str(spec)`` is "f32[128,64]".

    dtype: the numpy.dtype (ml_dtypes.bfloat16 for bfloat16)
    shape: a tuple of ints
    """

    __slots__ = ("_text", "dtype", "shape")

    def __init__(self, text):
        self._text, self.dtype, self.shape = parse_spec(text)

    def __str__(self):
        return self._text

    def __repr__(self):
        return f"ricci.spec({self._text.partition('[')[0]!r}, {self.shape})"

    def __eq__(self, other):
        return isinstance(other, Spec) and self._text == other._text

    def __hash__(self):
        return hash(self._text)


def spec(dtype, shape=()):
    """The type of an argument of ``ricci.compile``.

    dtype: a short name ("f32", "bf16", "i64"), a NumPy name, or what np.dtype takes
    shape: a tuple of ints, or an int

    >>> ricci.spec("f32", (128, 64)).shape
    (128, 64)
    """
    if not isinstance(dtype, str):
        import numpy as np
        dtype = np.dtype(dtype).name
    sizes = [shape] if hasattr(shape, "__index__") else shape
    return Spec(f"{dtype}[{','.join(str(operator.index(size)) for size in sizes)}]")
