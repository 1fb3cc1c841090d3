"""Floor division and remainders of integers against NumPy: all pairs of 8 bits; of more bits, numbers at the ends of the
type, multiples of the divisor and their neighbours, and divisors that are literals."""

import sys

import numpy as np
import pytest
import ricci
from levels import LEVELS_AND_THREADS, run_at

LITERALS = [1, 2, 3, 7, 10, 100, 127, 9999, 32767, 65535, 65536, 1000003, 2147483647]


def check(program, **arrays):
    with np.errstate(all="ignore"):
        wanted = eval(program, {}, arrays)
    result = ricci.evaluate(program, **arrays)
    if result.dtype != wanted.dtype or not np.array_equal(result, wanted):
        at = np.nonzero(result != wanted)[0][0]
        numbers = ", ".join(f"{name} = {x[at]}" for name, x in arrays.items())
        sys.exit(f"{program} of {wanted.dtype} with {numbers}: {result[at]}, not {wanted[at]}")


def main():
    rng = np.random.default_rng(23)
    for dtype in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"):
        least, most = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
        if dtype[1] == "1":
            numbers = np.arange(least, most + 1).astype(dtype)
        else:
            ends = [x for d in range(4) for x in (least + d, most - d, least // 2 + d, most // 2 - d, d)]
            ends += [-1, -2, -3, -7] if least else []
            numbers = np.concatenate([np.array(ends, dtype=dtype), rng.integers(least, most, 150, dtype=dtype),
                                      rng.integers(max(least, -300), 300 if most > 300 else most, 50).astype(dtype)])
        a, b = np.repeat(numbers, len(numbers)), np.tile(numbers, len(numbers))
        factors = rng.integers(max(least, -1000), min(most, 1000), len(b)).astype(dtype)
        with np.errstate(all="ignore"):
            multiples = b * factors + rng.integers(0, 2, len(b)).astype(dtype) - rng.integers(0, 2, len(b)).astype(dtype)
        for x in (a, multiples):
            for operator in ("//", "%"):
                check(f"x {operator} y", x=x, y=b)
                for literal in LITERALS:
                    if literal <= most:
                        check(f"x {operator} {literal}", x=x)


@pytest.mark.parametrize("level, threads", LEVELS_AND_THREADS)
def test_integer_division(level, threads):
    run_at(level, __file__, threads=threads)


if __name__ == "__main__":
    main()
