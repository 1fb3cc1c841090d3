"""Programs that read large operands across, which are copied first, against NumPy: several types, signs of strides,
reductions, several results, results in the caller's memory."""

import itertools
import sys

import numpy as np
import pytest
import ricci
from levels import LEVELS_AND_THREADS, run_at

EXTENTS = [(24, 50, 3, 31), (32, 50, 16, 31)]


def shapes_of(a, b, c, d):
    return {"x": (a, b, c, d), "w": (d, b, a, c), "v": (c, a, d, b), "u": (1, b, 1, d)}


# The axes of w and v as those of x.
W, V = "transpose(w, (2, 1, 3, 0))", "transpose(v, (1, 3, 0, 2))"
PROGRAMS = [
    f"x * x + {W}",
    f"{W} * {V} - x",
    f"x + u * {V}",
    f"({W} + x)[:, ::-1] * u[:, ::-1]",
    f"z = {W} + u\nz - z.max(axis=-1, keepdims=True)",
    f"z = {W} + u\nz - z.sum(axis=(0, 2), keepdims=True)",
    f"(x * {W}).sum(axis=(1, 3))",
    f"({W} - {V}, x * {W})",
    "transpose(x * x, (3, 2, 1, 0)) + 1",
    "transpose(x * u + x, (2, 0, 3, 1)) * 2",
    f"where(x > {W}, x, {V})",
    "x.reshape(-1, x.shape[3]) + transpose(w.reshape(w.shape[0], w.shape[1], -1), (2, 1, 0)).reshape(-1, w.shape[0]) * 2",
    f"maximum({W}[3:, :, 1:], 0) + x[3:, :, 1:]",
    f"({W} * {V})[..., None] * 2",
    "x + transpose(w.reshape(w.shape[0], -1).T.reshape(w.shape[1], w.shape[2], -1, w.shape[0]), (1, 0, 2, 3))",
]
DTYPES = ["i1", "i4", "f2", "f4", "f8", "c8"]


def data(rng, shape, dtype, flips):
    """Whole numbers, whose sums are exact in every type."""
    x = rng.integers(-3, 4, shape).astype(dtype)
    return np.flip(x) if flips else x


def main():
    rng = np.random.default_rng(17)
    scope = {name: getattr(np, name) for name in dir(np)}
    for program in PROGRAMS:
        for dtype in DTYPES:
            if dtype == "c8" and ("max" in program or "where" in program):
                continue
            for flips, extents in itertools.product((False, True), EXTENTS):
                arrays = {name: data(rng, shape, dtype, flips) for name, shape in shapes_of(*extents).items()}
                arrays = {name: x for name, x in arrays.items() if name in program.replace("where", "").replace("max", "")}
                *statements, last = program.split("\n")
                scope.update(arrays)
                exec("\n".join(statements), scope)
                wanted = eval(last, scope)
                result = ricci.evaluate(program, **arrays)
                single = not isinstance(wanted, tuple)
                for a, b in [(result, wanted)] if single else zip(result, wanted):
                    if a.dtype != b.dtype or not np.array_equal(a, b):
                        sys.exit(f"{program!r} of {dtype}{', flipped' if flips else ''}")
                if single:
                    out = np.zeros(wanted.shape[::-1], wanted.dtype).T
                    ricci.evaluate(program, out=out, **arrays)
                    if not np.array_equal(out, wanted):
                        sys.exit(f"{program!r} of {dtype} in the caller's memory")


@pytest.mark.parametrize("level, threads", LEVELS_AND_THREADS)
def test_aligned_kernels(level, threads):
    run_at(level, __file__, threads=threads)


def test_copies_are_launches():
    plan = ricci.compile("transpose(x * x, (3, 2, 1, 0)) + 1", x=ricci.spec("f32", shapes_of(*EXTENTS[1])["x"])).plan()
    assert [step["kernel"].split()[0] for step in plan.steps] == ["transpose", "fused"]


if __name__ == "__main__":
    main()
