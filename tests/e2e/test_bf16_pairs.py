"""Contractions of bfloat16 where the CPU multiplies it in pairs: NumPy's result within the bound of sums in float32,
and the widened path elsewhere."""

import json
import os
import subprocess
import sys

import numpy as np
import oracle
import pytest
import ricci

BF16 = oracle.BF16


def has_pairs():
    driver = os.path.join(os.path.dirname(ricci.__file__), "../../bin/ricci")
    report = json.loads(subprocess.run([driver, "doctor", "--json"], capture_output=True, text=True, check=True).stdout)
    return "avx512bf16" in report["target"]["features"]


needs_pairs = pytest.mark.skipif(not has_pairs(), reason="this CPU has no AVX512-BF16")

# Packed along rows, along K, across and by gathering, of either operand, in several orders of K.
EQUATIONS = ["mk,kn->mn", "km,kn->mn", "mk,nk->mn", "km,nk->nm", "bmk,bkn->bmn", "mk,kxn->mnx", "mkj,kjn->mn",
             "mjk,nkj->mn", "mkj,jkn->nm", "xmk,kn->mxn", "mkk,kn->mn"]


def operands(rng, equation, extents, strides):
    array = oracle.random_array if strides else oracle.random_values
    return [array(rng, [extents[label] for label in term], BF16) for term in equation.split("->")[0].split(",")]


@needs_pairs
@pytest.mark.parametrize("strides", [False, True], ids=["in-order", "any-strides"])
@pytest.mark.parametrize("equation", EQUATIONS)
def test_as_numpy(equation, strides):
    rng = np.random.default_rng(5)
    for m, n, k in [(1, 1, 1), (2, 3, 0), (14, 32, 2), (15, 33, 3), (13, 31, 33), (61, 67, 129), (150, 70, 257)]:
        extents = {"m": m, "n": n, "k": k, "b": 2, "x": 17, "j": 5 if k % 3 else 6}
        arrays = operands(rng, equation, extents, strides)
        oracle.check(equation, arrays, ricci.einsum(equation, *arrays))


@needs_pairs
def test_several_blocks():
    rng = np.random.default_rng(6)
    for m, n, k in [(100, 90, 5001), (700, 30, 2049), (33, 1100, 4098)]:
        arrays = operands(rng, "mk,kn->mn", {"m": m, "n": n, "k": k}, False)
        oracle.check("mk,kn->mn", arrays, ricci.einsum("mk,kn->mn", *arrays))


@needs_pairs
def test_memory_at_odd_addresses():
    rng = np.random.default_rng(7)
    arrays = []
    for shape in [(50, 77), (77, 90)]:
        room = np.zeros(2 * shape[0] * shape[1] + 1, np.uint8)
        arrays.append(room[1:].view(BF16).reshape(shape))
        arrays[-1][...] = oracle.random_values(rng, shape, BF16)
    oracle.check("mk,kn->mn", arrays, ricci.einsum("mk,kn->mn", *arrays))


@needs_pairs
def test_adds_to_what_is_there():
    rng = np.random.default_rng(8)
    for k in 0, 1, 77, 300:
        a, b = operands(rng, "mk,kn->mn", {"m": 45, "n": 70, "k": k}, False)
        out = oracle.random_values(rng, (45, 70), BF16)
        want = out.astype(np.float64) + a.astype(np.float64) @ b.astype(np.float64)
        ricci.einsum("mk,kn->mn", a, b, out=out, accumulate=True)
        bound = 2.0**-7 * (np.abs(want) + 4) + 2.0**-20 * k
        assert (np.abs(out.astype(np.float64) - want) <= bound).all()


@needs_pairs
def test_any_threads_and_any_rows():
    """The bits of an element depend on its own row and column alone."""
    rng = np.random.default_rng(9)
    a, b = (oracle.random_values(rng, shape, BF16) for shape in [(300, 501), (501, 400)])
    ricci.set_num_threads(1)
    want = ricci.einsum("mk,kn->mn", a, b)
    try:
        for threads in 2, 3:
            ricci.set_num_threads(threads)
            assert np.array_equal(ricci.einsum("mk,kn->mn", a, b), want)
    finally:
        ricci.set_num_threads(os.cpu_count())
    for m, n in [(7, 400), (300, 9), (15, 40)]:
        assert np.array_equal(ricci.einsum("mk,kn->mn", a[:m], b[:, :n]), want[:m, :n])


@needs_pairs
def test_epilogues():
    rng = np.random.default_rng(10)
    a, b, c = (oracle.random_values(rng, shape, BF16) for shape in [(130, 201), (201, 170), (170,)])
    got = ricci.evaluate("maximum(a @ b + c, 0)", a=a, b=b, c=c)
    product = ricci.evaluate("a @ b", a=a, b=b)
    want = np.maximum((product.astype(np.float32) + c.astype(np.float32)).astype(BF16), BF16.type(0))
    assert got.dtype == BF16 and np.array_equal(got, want)


@needs_pairs
def test_rows_in_blocks(monkeypatch):
    """In a chain (docs/decisions/0010-row-blocks.md) as alone, bit for bit."""
    rng = np.random.default_rng(11)
    for program, shapes in [("softmax(q @ k.mT / 8.0, axis=-1) @ v", {"q": (2, 101, 17), "k": (2, 151, 17), "v": (2, 151, 33)}),
                            ("maximum(q @ k, 0) @ v", {"q": (211, 33), "k": (33, 131), "v": (131, 50)}),
                            ("q @ k @ v", {"q": (211, 33), "k": (33, 131), "v": (131, 50)})]:
        arrays = {name: oracle.random_values(rng, shape, BF16) for name, shape in shapes.items()}
        got = []
        for chain_bytes in 1, 1 << 60:
            monkeypatch.setenv("RICCI_CHAIN_BYTES", str(chain_bytes))
            got.append(ricci.evaluate(program, **arrays))
        assert np.array_equal(*got)


@needs_pairs
def test_the_plan_shows_it():
    specs = "bf16[600,481]", "bf16[481,800]"
    assert "contract bf16 14x32 pairs" in str(ricci.plan("mk,kn->mn", *specs))
    assert "pairs" not in str(ricci.plan("mk,kn->mn", "f16[600,481]", "f16[481,800]"))


def test_widened_without_the_instruction():
    """The target is a process's own: RICCI_CPU is read once."""
    code = "import ricci; print(ricci.plan('mk,kn->mn', 'bf16[600,481]', 'bf16[481,800]'))"
    plan = subprocess.run([sys.executable, "-c", code], env=dict(os.environ, RICCI_CPU="x86-64-v3"),
                          capture_output=True, text=True, check=True).stdout
    assert "contract bf16" in plan and "pairs" not in plan
