"""Kernels that run block of rows by block of rows: as NumPy, and bit for bit as the same kernels one after the other."""

import os

import numpy as np
import pytest
import ricci

ATTENTION = "softmax(q @ k.mT / 8.0, axis=-1) @ v"

# Programs and the shapes of their arrays. Blocks of rows are a few register tiles: batch entries with fewer rows than a
# block, whole blocks, and a rest of every kind occur.
CASES = [(ATTENTION, {"q": (b, i, d), "k": (b, j, d), "v": (b, j, e)})
         for b, i, j, d, e in [(1, 1, 300, 8, 8), (3, 5, 300, 8, 8), (2, 100, 300, 64, 64), (1, 1009, 257, 16, 31),
                               (2, 509, 1025, 24, 40), (2, 127, 2111, 16, 64), (7, 33, 64, 64, 64), (1, 300, 300, 1, 300)]]
CASES += [
    (ATTENTION, {"q": (100, 64), "k": (300, 64), "v": (300, 64)}),
    # one key and value for all heads: rows are heads and queries
    (ATTENTION, {"q": (2, 3, 101, 16), "k": (2, 1, 150, 16), "v": (2, 1, 150, 16)}),
    ("einsum('bhij,bjd->bhid', softmax(einsum('bhid,bjd->bhij', q, k)), v)",
     {"q": (2, 3, 101, 16), "k": (2, 150, 16), "v": (2, 150, 16)}),
    # keys, then queries stored across
    ("einsum('bhij,bhjd->bihd', softmax(einsum('bihd,bjhd->bhij', q, k)), v)",
     {"q": (2, 101, 3, 16), "k": (2, 150, 3, 16), "v": (2, 3, 150, 16)}),
    ("einsum('bhij,bhjd->bhdi', softmax(einsum('bhdi,bhdj->bhij', q, k)), v)",
     {"q": (2, 3, 16, 101), "k": (2, 3, 16, 150), "v": (2, 3, 150, 16)}),
    ("s = q @ k.mT + m\np = softmax(s)\n(p @ v, log(exp(s / 8.0).sum(axis=-1)))",
     {"q": (2, 101, 16), "k": (2, 150, 16), "v": (2, 150, 16), "m": (101, 150)}),
    ("p = softmax(q @ k.mT)\n(p @ v, p)", {"q": (2, 101, 16), "k": (2, 150, 16), "v": (2, 150, 16)}),
    ("softmax(where(tril(q @ k.mT) == 0, -1e9, q @ k.mT)) @ v", {"q": (131, 16), "k": (131, 16), "v": (131, 16)}),
    ("(cumsum(q @ k.mT, axis=-1) @ v)", {"q": (131, 16), "k": (77, 16), "v": (77, 16)}),
    ("(q @ k.mT)[:, ::-1] @ v", {"q": (131, 16), "k": (77, 16), "v": (77, 16)}),
    ("log_softmax(q @ w + b)", {"q": (211, 33), "w": (33, 130), "b": (130,)}),
    ("y = q @ w\n(y - y.mean(axis=-1, keepdims=True)) / sqrt(y.var(axis=-1, keepdims=True) + 1e-5)",
     {"q": (3, 70, 33), "w": (33, 130)}),
    ("maximum(q @ w, 0) @ u", {"q": (211, 33), "w": (33, 130), "u": (130, 50)}),
    ("maximum(q @ w, 0) @ u", {"q": (3, 71, 33), "w": (33, 130), "u": (130, 50)}),
    ("q @ w @ u", {"q": (211, 33), "w": (33, 130), "u": (130, 50)}),
    ("exp(x / 8.0) @ w", {"x": (211, 33), "w": (33, 130)}),
    ("argmax(q @ w, axis=-1)", {"q": (211, 33), "w": (33, 130)}),
    ("argmax(softmax(q @ w) @ u, axis=-1)", {"q": (211, 33), "w": (33, 130), "u": (130, 50)}),
    ("(q @ w).sum(axis=0)", {"q": (211, 33), "w": (33, 130)}),
    (ATTENTION, {"q": (0, 5, 8), "k": (0, 6, 8), "v": (0, 6, 8)}),
    (ATTENTION, {"q": (2, 50, 8), "k": (2, 60, 8), "v": (2, 60, 0)}),
    (ATTENTION, {"q": (2, 50, 0), "k": (2, 60, 0), "v": (2, 60, 8)}),
]

TOLERANCE = {"f2": 2e-2, "f4": 2e-5, "f8": 1e-12, "c8": 2e-5}


@pytest.fixture(params=[1, 3])
def threads(request):
    ricci.set_num_threads(request.param)
    yield request.param
    ricci.set_num_threads(os.cpu_count())


def arrays_of(shapes, dtype, rng):
    def one(shape):
        values = rng.standard_normal(shape)
        return (values + 1j * rng.standard_normal(shape) if dtype == "c8" else values).astype(dtype)

    return {name: one(shape) for name, shape in shapes.items()}


def results(program, arrays, monkeypatch, chain_bytes):
    monkeypatch.setenv("RICCI_CHAIN_BYTES", str(chain_bytes))
    values = ricci.evaluate(program, **arrays)
    return values if isinstance(values, tuple) else (values,)


def numpy_results(program, arrays):
    def softmax(x, axis=-1):
        e = np.exp(x - x.max(axis=axis, keepdims=True))
        return e / e.sum(axis=axis, keepdims=True)

    names = {name: getattr(np, name) for name in dir(np)}
    names.update(softmax=softmax, log_softmax=lambda x: np.log(softmax(x)))
    wide = {name: a.astype("c16" if a.dtype.kind == "c" else "f8") for name, a in arrays.items()}
    *before, last = program.split("\n")
    scope = dict(names, **wide)
    exec("\n".join(before), scope)
    values = eval(last, scope)
    return values if isinstance(values, tuple) else (values,)


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
@pytest.mark.parametrize("program, shapes", CASES, ids=range(len(CASES)))
def test_as_alone_and_as_numpy(program, shapes, dtype, threads, monkeypatch):
    arrays = arrays_of(shapes, dtype, np.random.default_rng(0))
    chained = results(program, arrays, monkeypatch, 1)
    alone = results(program, arrays, monkeypatch, 1 << 60)
    for got, want in zip(chained, alone):
        assert got.dtype == want.dtype and np.array_equal(got, want, equal_nan=True)
    if "arg" in program:  # of rounded numbers
        return
    for got, want in zip(chained, numpy_results(program, arrays)):
        assert got.shape == want.shape
        bound = TOLERANCE[dtype] * max(1.0, np.abs(want).max(initial=0.0)) * 10
        assert np.abs(got - want).max(initial=0.0) <= bound


def test_complex_numbers(threads, monkeypatch):
    arrays = arrays_of({"q": (3, 71, 33), "w": (33, 130), "u": (130, 50)}, "c8", np.random.default_rng(0))
    program = "(exp(q @ w / 10.0) @ u)"
    (chained,), (alone,) = (results(program, arrays, monkeypatch, n) for n in (1, 1 << 60))
    assert np.array_equal(chained, alone)
    (want,) = numpy_results(program, arrays)
    assert np.abs(chained - want).max() <= 1e-4 * np.abs(want).max()


def test_operands_of_any_strides(threads, monkeypatch):
    rng = np.random.default_rng(1)
    q = rng.standard_normal((202, 2, 32)).astype("f4").transpose(1, 0, 2)[:, ::-2, ::2]
    k = rng.standard_normal((16, 150, 2)).astype("f4").transpose(2, 1, 0)
    v = np.broadcast_to(rng.standard_normal((150, 16)).astype("f4"), (2, 150, 16))
    arrays = {"q": q, "k": k, "v": v}
    (chained,), (alone,) = (results(ATTENTION, arrays, monkeypatch, n) for n in (1, 1 << 60))
    assert np.array_equal(chained, alone)
    (want,) = numpy_results(ATTENTION, arrays)
    assert np.abs(chained - want).max() <= 1e-4


def test_rows_on_several_axes(threads, monkeypatch):
    """What is divided repeats along the first axis, so rows are on two axes, and blocks of them may end elsewhere."""
    rng = np.random.default_rng(4)
    for rows in (7, 49, 64, 100):
        arrays = {"x": np.broadcast_to(rng.standard_normal((3, rows, 7)).astype("f4"), (2, 3, rows, 7)),
                  "w": rng.standard_normal((7, 17)).astype("f4"), "c": rng.standard_normal((2, 1, 1, 1)).astype("f4")}
        for program in ("(x / 3.0) @ w + True", "tanh(x @ w / c) @ w.T", "softmax((x / c) @ w) @ w.T"):
            (chained,), (alone,) = (results(program, arrays, monkeypatch, n) for n in (1, 1 << 60))
            assert np.array_equal(chained, alone)
            (want,) = numpy_results(program, arrays)
            assert np.abs(chained - want).max() <= 1e-4 * max(1, np.abs(want).max())


def test_results_in_place(threads, monkeypatch):
    monkeypatch.setenv("RICCI_CHAIN_BYTES", "1")
    arrays = arrays_of({"q": (2, 101, 16), "k": (2, 150, 16), "v": (2, 150, 16)}, "f4", np.random.default_rng(2))
    f = ricci.compile(ATTENTION, **arrays)
    want = f(**arrays)
    base = np.full((2, 16, 105), np.float32(7))
    out = base[:, :, 2:103].transpose(0, 2, 1)
    ricci.evaluate(ATTENTION, **arrays, out=out)
    assert np.array_equal(out, want)
    assert (base[:, :, :2] == 7).all() and (base[:, :, 103:] == 7).all()


def test_special_values(threads, monkeypatch):
    rng = np.random.default_rng(3)
    arrays = arrays_of({"q": (1, 101, 16), "k": (1, 150, 16), "v": (1, 150, 16)}, "f4", rng)
    arrays["q"][0, 5], arrays["q"][0, 50, 3], arrays["k"][0, 7, 0] = np.nan, np.inf, -np.inf
    (chained,), (alone,) = (results(ATTENTION, arrays, monkeypatch, n) for n in (1, 1 << 60))
    assert np.array_equal(chained, alone, equal_nan=True)


def test_no_scores_in_memory(monkeypatch):
    specs = ["f32[2,8,1024,64]"] * 3
    plan = ricci.compile(ATTENTION, q=specs[0], k=specs[1], v=specs[2]).plan()
    assert [step["block_rows"] > 0 for step in plan.steps] == [True, True, False]
    assert plan.peak_bytes == 0 and plan.workspace_bytes < 4 << 20
    assert "steps 1 to 3 run together" in str(plan)
    monkeypatch.setenv("RICCI_FUSION", "off")
    plan = ricci.compile(ATTENTION, q=specs[0], k=specs[1], v=specs[2]).plan()
    assert plan.peak_bytes >= 2 * 8 * 1024 * 1024 * 4 and all(step["block_rows"] == 0 for step in plan.steps)


def random_program(rng):
    """Products and operations along rows in random order, of random shapes."""
    batch = [int(n) for n in rng.choice([1, 2, 3, 5], rng.integers(0, 3))]
    rows, width = int(rng.choice([1, 2, 7, 14, 28, 29, 64, 100, 201])), int(rng.choice([1, 3, 16, 33, 64]))
    arrays = {"x": (*batch, rows, width)}
    lines, value, terms = [], "x", []
    for step in range(int(rng.integers(2, 6))):
        kind = rng.choice(["product", "shared", "rows", "elements", "kept", "moved"])
        if kind in ("product", "shared"):
            other = int(rng.choice([1, 5, 16, 31, 48, 100, 130]))
            name = f"w{step}"
            transposed = rng.random() < 0.5
            shape = (other, width) if transposed else (width, other)
            arrays[name] = (*batch, *shape) if kind == "product" else shape
            width = other
            text = f"{value} @ {name}.mT / 4.0" if transposed else f"{value} @ {name} / 4.0"
        elif kind == "rows":
            text = str(rng.choice(["softmax({v}, axis=-1)", "{v} - {v}.max(axis=-1, keepdims=True)", "cumsum({v}, axis=-1) / 9.0",
                                   "{v} / (1.0 + abs({v}).sum(axis=-1, keepdims=True))", "{v}[..., ::-1]"])).format(v=value)
        elif kind == "elements":
            text = str(rng.choice(["tanh({v})", "maximum({v}, 0.5)", "where({v} > 0, {v}, -1.0)", "{v} * 2.0 + 1.0"])).format(v=value)
        elif kind == "kept":
            terms.append(f"exp({value} / 9.0).sum(axis=-1)")
            continue
        else:
            name = f"b{step}"
            arrays[name] = tuple(n if rng.random() < 0.6 else 1 for n in (*batch, rows, width))
            text = f"{value} + {name}"
        value = f"y{step}"
        lines.append(f"{value} = {text}")
    results = ", ".join([value, *terms])
    return "\n".join([*lines, f"({results},)" if terms else value]), arrays


@pytest.mark.parametrize("seed", range(150))
def test_random_chains(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    program, shapes = random_program(rng)
    arrays = arrays_of(shapes, str(rng.choice(["f4", "f4", "f8", "f2"])), rng)
    arrays = {name: a[..., ::-1, :] if a.ndim > 1 and rng.random() < 0.2 else a for name, a in arrays.items()}
    ricci.set_num_threads(int(rng.integers(1, 4)))
    chained = results(program, arrays, monkeypatch, 1)
    alone = results(program, arrays, monkeypatch, 1 << 60)
    ricci.set_num_threads(os.cpu_count())
    assert all(np.array_equal(x, y, equal_nan=True) for x, y in zip(chained, alone)), program


def test_steps_keep_their_flops(monkeypatch):
    """The product between the two of a chain goes first; all three have one equation."""
    monkeypatch.setenv("RICCI_CHAIN_BYTES", "1")
    plan = ricci.compile("softmax(x @ w) @ (v @ u)", x="f32[100,64]", w="f32[64,200]", v="f32[200,32]", u="f32[32,16]").plan()
    products = [step["flops"] for step in plan.steps if "," in step["contraction"]]
    assert products == [2 * 200 * 32 * 16, 2 * 100 * 64 * 200, 2 * 100 * 200 * 16]
    assert [step["block_rows"] > 0 for step in plan.steps] == [False, True, True, False]
