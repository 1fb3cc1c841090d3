"""Many small entries against NumPy: every case of small_entries.json and small_programs.json, fewer of them, in several
types and memory orders."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import ricci
from levels import LEVELS_AND_THREADS, run_at

FOLDER = Path(__file__).parents[1] / "cases"
CASES = json.loads((FOLDER / "small_entries.json").read_text())
PROGRAMS = json.loads((FOLDER / "small_programs.json").read_text())
DTYPES = ["?", "i1", "f2", "f4", "f8", "c8"]
# Entries: less than a vector, and several tasks of them.
COUNTS = [9, 3001]


# Types of programs, and how far from what NumPy computes in f64 a result may be.
TOLERANCES = {"f2": 2e-2, "f4": 1e-4, "f8": 1e-12}


def data(rng, shape, dtype):
    """Whole numbers, whose sums are exact in every type; a view of larger memory, or reversed, sometimes."""
    pad = [int(n) for n in rng.integers(0, 2, len(shape))] if len(shape) < 5 else [0] * len(shape)
    x = rng.integers(-2, 3, [extent + p for extent, p in zip(shape, pad)]).astype(dtype)
    x = x[tuple(slice(0, extent) for extent in shape)]
    return x[::-1] if rng.integers(4) == 0 else x


def softmax(x, axis):
    y = np.exp(x - x.max(axis=axis, keepdims=True))
    return y / y.sum(axis=axis, keepdims=True)


def in_numpy(program, arrays):
    return eval(program, {**{name: getattr(np, name) for name in dir(np)}, "softmax": softmax, **arrays})


def run_programs(rng):
    for case in PROGRAMS:
        shapes = {name: shape for name, (_, shape) in case["params"].items()}
        largest = max(max(shape) for shape in shapes.values())
        for count in [*COUNTS, 33]:
            for dtype, tolerance in TOLERANCES.items():
                arrays = {}
                for name, shape in shapes.items():
                    # Fractions that every type holds; none is 0, which something is divided by.
                    values = rng.integers(1, 65, [count if extent == largest else extent for extent in shape])
                    arrays[name] = (values * rng.choice([-1, 1], values.shape) / 32).astype(dtype)
                wanted = in_numpy(case["program"], {name: x.astype("f8") for name, x in arrays.items()})
                result = ricci.evaluate(case["program"], **arrays)
                if result.shape != wanted.shape or not np.allclose(result, wanted, rtol=tolerance, atol=10 * tolerance):
                    sys.exit(f"{case['name']} of {dtype} with {count} entries")


def main():
    rng = np.random.default_rng(3)
    run_programs(rng)
    for case in CASES:
        largest = max(max(shape) for shape in case["shapes"])
        for count in COUNTS if largest > 2 else [2]:
            shapes = [[count if extent == largest else extent for extent in shape] for shape in case["shapes"]]
            if case["name"] == "kronecker":
                shapes[0][0] = 5
            for dtype in DTYPES if largest > 2 else ["f4", "c8"]:
                operands = [data(rng, shape, dtype) for shape in shapes]
                wide = [x.astype("f8") for x in operands] if dtype == "f2" else operands
                wanted = np.einsum(case["equation"], *wide).astype(dtype)
                result = ricci.einsum(case["equation"], *operands)
                if not np.array_equal(result, wanted):
                    sys.exit(f"{case['name']} of {dtype} {shapes} strides {[x.strides for x in operands]}")


@pytest.mark.parametrize("level, threads", LEVELS_AND_THREADS)
def test_small_entries(level, threads):
    run_at(level, __file__, threads=threads)


if __name__ == "__main__":
    main()
