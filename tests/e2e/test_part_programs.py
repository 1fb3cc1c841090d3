"""Concatenations, stacks, pads and slices against NumPy: every program of part_programs.json, in three types, each with
contiguous and with reversed or transposed operands."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import ricci
from levels import LEVELS_AND_THREADS, run_at

CASES = json.loads((Path(__file__).parents[1] / "cases" / "part_programs.json").read_text())
# How far from what NumPy computes in f64 a result may be.
TOLERANCES = {"f2": 5e-3, "f4": 1e-5, "f8": 1e-13}


def data(rng, shape, dtype, disorder):
    x = (rng.integers(-64, 65, shape) / 32).astype(dtype)
    if not disorder:
        return x
    return np.ascontiguousarray(x[::-1].T).T[::-1]


def main():
    rng = np.random.default_rng(5)
    scope = {name: getattr(np, name) for name in dir(np)}
    for case in CASES:
        for dtype, tolerance in TOLERANCES.items():
            for disorder in (False, True):
                arrays = {name: data(rng, shape, dtype, disorder) for name, (_, shape) in case["params"].items()}
                wanted = eval(case["program"], {**scope, **{name: x.astype("f8") for name, x in arrays.items()}})
                result = ricci.evaluate(case["program"], **arrays)
                if result.shape != wanted.shape or not np.allclose(result, wanted, rtol=tolerance, atol=2 * tolerance):
                    sys.exit(f"{case['name']} of {dtype}{', disordered' if disorder else ''}")


@pytest.mark.parametrize("level, threads", LEVELS_AND_THREADS)
def test_part_programs(level, threads):
    run_at(level, __file__, threads=threads)


if __name__ == "__main__":
    main()
