"""Random contractions against NumPy: rank, sizes around tiles, strides, dtypes, and every level of CPU."""

import string
import sys

import numpy as np
import oracle
import pytest
import ricci
from levels import LEVELS, run_at

# 0, 1, primes, and one below, at and above the register tiles of every level.
SIZES = [1, 1, 2, 3, 5, 7, 13, 14, 15, 16, 17, 31, 32, 33, 64, 65, 100]
MOST_POINTS = 2e6
CASES_A_LEVEL = 500


def random_equation(rng):
    """Operands, output and extents of up to 8 labels, or of up to 30 that are 1 or 2; mostly
    contractions, some with private labels, diagonals and three operands."""
    many = rng.random() < 0.1
    labels = list(string.ascii_letters[: rng.integers(9, 31) if many else rng.integers(1, 9)])
    while True:
        extents = {label: int(rng.choice([1, 2] if many else SIZES)) for label in labels}
        if rng.random() < 0.03:
            extents[labels[0]] = 0
        if np.prod([max(float(n), 1) for n in extents.values()]) < MOST_POINTS:
            break
    if rng.random() < 0.65:
        terms, output = [[], []], []
        for label in labels:
            role = rng.choice(["batch", "row", "column", "k"], p=[0.1, 0.3, 0.3, 0.3])
            for i, other in enumerate(["column", "row"]):
                if role != other:
                    terms[i].append(label)
            if role != "k":
                output.append(label)
    else:
        terms = [list(rng.choice(labels, rng.integers(0, min(len(labels), 5) + 1), replace=rng.random() < 0.15))
                 for _ in range(rng.integers(1, 4))]
        output = [label for label in sorted(set(sum(terms, []))) if rng.random() < 0.5]
    for term in terms:
        rng.shuffle(term)
    rng.shuffle(output)
    return terms, output, extents


def random_case(rng):
    terms, output, extents = random_equation(rng)
    names = list(oracle.DTYPES)
    dtype = rng.choice(names)
    operands = []
    for term in terms:
        shape = [extents[label] for label in term]
        if len(set(term)) == len(term):
            shape = [1 if rng.random() < 0.04 else n for n in shape]
        own = dtype if rng.random() < 0.9 else rng.choice(names)
        operands.append(oracle.random_array(rng, shape, oracle.DTYPES[own]))
    return ",".join("".join(t) for t in terms) + "->" + "".join(output), operands


def in_numpy(equation, operands):
    """Random terms may ask for the diagonal of an axis that was made 1: no einsum."""
    try:
        np.einsum(equation, *[np.zeros(op.shape, np.int8) for op in operands])
    except ValueError:
        return False
    return True


def main(seed, count):
    rng = np.random.default_rng(seed)
    done = 0
    while done < count:
        equation, operands = random_case(rng)
        # A label that a term repeats may ask for more elements than the oracle has memory for.
        if max(op.size for op in operands) > 10 * MOST_POINTS or not in_numpy(equation, operands):
            continue
        done += 1
        what = "; ".join(f"{op.dtype}{op.shape} strides {op.strides}" for op in operands)
        try:
            oracle.check(equation, operands, ricci.einsum(equation, *operands))
        except (AssertionError, ricci.Error) as error:
            sys.exit(f"{equation!r} of {what}: {error}")


def test_some_random_contractions():
    main(11, 60)


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_random_contractions(level):
    run_at(level, __file__, 7 + LEVELS.index(level), CASES_A_LEVEL)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
