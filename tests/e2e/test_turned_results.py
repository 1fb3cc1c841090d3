"""Einsums whose results are turned afterwards, against NumPy: every case of turned_results.json, and sums and matrices of
a batch at sizes around vectors and blocks, in several types, orders and signs of strides, written and added."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import ricci
from levels import LEVELS_AND_THREADS, run_at

CASES = json.loads((Path(__file__).parents[1] / "cases" / "turned_results.json").read_text())
# The result is contiguous along a label of both operands, or along few rows; or an operand lies in another order.
EQUATIONS = ["bij,bjk->ikb", "bji,bkj->kib", "ibj,jbk->kbi", "abij,bajk->ikab", "bij,bj->ib", "baij,bjk->iakb", "bijk->kji", "abij->jb",
             "bijk,j->ki"]
SIZES = [(1, 300, 17, 5), (2, 64, 64, 9), (3, 31, 65, 16), (7, 33, 47, 1), (16, 16, 31, 33), (17, 15, 100, 2), (100, 5, 63, 8),
         (65, 1, 129, 7), (33, 64, 0, 3), (40, 20, 30, 0)]
DTYPES = ["?", "i1", "i4", "f2", "f4", "f8", "c8"]


def data(rng, shape, dtype, flips):
    """Whole numbers, whose sums are exact in every type."""
    x = rng.integers(-2, 3, shape).astype(dtype)
    return np.flip(x) if flips else x


def check(equation, operands):
    dtype = operands[0].dtype
    wide = [x.astype("c16" if dtype.kind == "c" else "f8") for x in operands]
    wanted = np.einsum(equation, *wide, optimize=True)
    if dtype.kind in "iu":
        wanted = wanted.astype("i8").astype(dtype)
    elif dtype.kind == "b":
        wanted = wanted != 0
    shapes = f"{equation!r} of {', '.join(str(x.shape) for x in operands)} in {dtype}"
    result = ricci.einsum(equation, *operands)
    if result.shape != wanted.shape or not np.array_equal(result, wanted.astype(dtype)):
        sys.exit(shapes)
    if dtype.kind == "b":
        return
    for out in (np.full(wanted.shape, 3, dtype), np.full(wanted.shape[::-1], 3, dtype).T):
        ricci.einsum(equation, *operands, out=out, accumulate=True)
        if not np.array_equal(out, (wanted + 3).astype(dtype)):
            sys.exit(f"{shapes}, added in strides {out.strides}")


def main():
    rng = np.random.default_rng(11)
    for case in CASES:
        for dtype in ("f4", "f8"):
            check(case["equation"], [data(rng, shape, dtype, False) for shape in case["shapes"]])
    for equation in EQUATIONS:
        for b, i, j, k in SIZES:
            extents = {"a": 3, "b": b, "i": i, "j": j, "k": k}
            for dtype in DTYPES:
                shapes = [[extents[label] for label in term] for term in equation.split("->")[0].split(",")]
                check(equation, [data(rng, shape, dtype, rng.integers(2)) for shape in shapes])


@pytest.mark.parametrize("level, threads", LEVELS_AND_THREADS)
def test_turned_results(level, threads):
    run_at(level, __file__, threads=threads)


def test_plan_shows_both_kernels():
    plan = str(ricci.plan("aebc,aed->dcba", np.zeros((28, 5, 56, 31), "f4"), np.zeros((28, 5, 32), "f4")))
    assert "->dcba" in plan and "transpose" in plan and "contract" in plan


def test_within_a_memory_limit_nothing_is_held_twice():
    operands = [np.ones((28, 5, 56, 31), "f4"), np.ones((28, 5, 32), "f4")]
    result = ricci.einsum("aebc,aed->dcba", *operands, memory_limit=28 * 56 * 31 * 32 * 4)
    assert np.array_equal(result, np.full((32, 31, 56, 28), 5, "f4"))


if __name__ == "__main__":
    main()
