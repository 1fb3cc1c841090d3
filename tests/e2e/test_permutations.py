"""Permutations against NumPy: sizes around tiles and blocks, outputs anywhere in a cache line, strides, threads."""

import sys

import numpy as np
import pytest
import ricci
from levels import LEVELS_AND_THREADS, run_at

DTYPES = ["u1", "i2", "f4", "f8", "c16"]
# The first three leave the L3 cache of most machines at 4 bytes or more, past which they are stored.
CASES = [
    ("ij->ji", (2100, 2113)),
    ("ij->ji", (4096, 1100)),
    ("abcd->dbca", (33, 48, 40, 80)),
    ("ij->ji", (1, 700)),
    ("ij->ji", (129, 63)),
    ("ij->ji", (1000, 17)),
    ("abc->cba", (64, 64, 64)),
    ("abc->bca", (37, 50, 130)),
    ("abcd->badc", (5, 6, 70, 66)),
    ("abc->acb", (300, 3, 5)),
    ("abc->acb", (40, 64, 128)),
]


def data(rng, shape, dtype):
    bytes_ = rng.integers(0, 256, (int(np.prod(shape)) * np.dtype(dtype).itemsize,), dtype=np.uint8)
    return bytes_.view(dtype).reshape(shape)


def output(shape, dtype, offset):
    """Memory that begins `offset` bytes after a cache line."""
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    raw = np.zeros(count + 128, np.uint8)
    start = -raw.ctypes.data % 64 + offset
    return raw[start : start + count].view(dtype).reshape(shape)


def main():
    rng = np.random.default_rng(3)
    for equation, shape in CASES:
        for dtype in DTYPES:
            if np.prod(shape) * np.dtype(dtype).itemsize > 5e7:
                continue
            x = data(rng, shape, dtype)
            views = [x, x[::-1], np.broadcast_to(x[:1], shape)] if x.size < 1e6 else [x]
            for view in views:
                wanted = np.ascontiguousarray(np.einsum(equation, view))
                for offset in (0, 16, np.dtype(dtype).itemsize):
                    out = output(wanted.shape, dtype, offset)
                    ricci.einsum(equation, view, out=out)
                    if out.tobytes() != wanted.tobytes():  # bit by bit, since elements only move
                        sys.exit(f"{equation!r} of {dtype}{view.shape} strides {view.strides} to {offset} after a line")


@pytest.mark.parametrize("level, threads", LEVELS_AND_THREADS)
def test_permutations(level, threads):
    run_at(level, __file__, threads=threads)


if __name__ == "__main__":
    main()
