"""Writes PREFIX.program, or compares its results with fusion, without it, and of NumPy."""
import sys

import numpy as np

PROGRAM = """
(
    x * y + x,
    (x - x.max(axis=1, keepdims=True)).sum(axis=1),
    x.sum(axis=(0, 2)) * 3,
    argmax(x + y, axis=2),
    cumsum(x * 2, axis=1),
    x[::-1, :, 1:].transpose((2, 0, 1)) + 1,
    concatenate((y, y * 2, -y), axis=0).sum(axis=0),
    (y * 2)[i] + y[i],
    where(x > 0, x, y).reshape((-1,)),
    arange(5)[:, None] * y + y.max(),
    (x @ y.T) * 2 - x.min(),
    y.T,
    y.T.reshape((-1,)) * 2,
)
"""


def main(prefix, *options):
    if not options:
        with open(prefix + ".program", "w") as file:
            file.write(PROGRAM)
        return
    names = {name: getattr(np, name) for name in ("argmax", "cumsum", "concatenate", "where", "arange")}
    wanted = eval(PROGRAM, {**names, **np.load(prefix + ".npz")})
    on, off = np.load(prefix + ".on.npz"), np.load(prefix + ".off.npz")
    assert list(on) == list(off) == [f"arr_{i}" for i in range(len(wanted))], (list(on), list(off))
    for name, result in zip(on, wanted):
        assert on[name].dtype == off[name].dtype == result.dtype, name
        np.testing.assert_array_equal(on[name], off[name], name)
        np.testing.assert_array_equal(on[name], result, name)


main(*sys.argv[1:])
