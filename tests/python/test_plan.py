"""ricci.plan, ricci.emit and the rest of the module."""

import importlib.metadata
import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import ricci


def test_plan():
    plan = ricci.plan("ij,jk,kl->il", (100, 200), (200, 300), (300, 50))
    assert plan.path == [(1, 2), (0, 1)]
    assert plan.flops == 2 * 200 * 300 * 50 + 2 * 100 * 200 * 50
    assert plan.naive_flops == 3 * 100 * 200 * 300 * 50
    assert plan.largest_intermediate == 200 * 50
    assert plan.peak_bytes >= 200 * 50 * 8
    assert plan.slices == 1
    assert [step["contraction"].replace(",", "").isalpha() for step in plan.steps] == [False, False]
    assert plan.steps[-1]["remaining"].endswith("->il")
    for text in "Complete contraction:  ij,jk,kl->il", "Optimized FLOP count:  8.000e+06":
        assert text in str(plan)
    assert "ij,jk,kl->il" in repr(plan) and "2 steps" in repr(plan)


def test_plan_agrees_with_numpy():
    operands = [np.ones(s) for s in [(7, 8), (8, 9), (9, 3), (3, 4)]]
    equation = "ij,jk,kl,lm->im"
    path, text = np.einsum_path(equation, *operands, optimize="optimal")
    plan = ricci.plan(equation, *operands, optimize=path)
    assert plan.path == path[1:]
    facts = dict(line.strip().split(":") for line in text.splitlines() if line.count(":") == 1)
    assert plan.naive_flops == 4 * (7 * 8 * 9 * 3 * 4)
    assert facts["Naive FLOP count"].strip() == f"{plan.naive_flops:.3e}"
    assert facts["Optimized FLOP count"].strip() == f"{plan.flops + 1:.3e}"  # NumPy begins at 1
    assert plan.largest_intermediate == float(facts["Largest intermediate"].split()[0])


def test_plan_takes_arrays_types_and_sublists():
    a = np.ones((3, 4), np.float32)
    want = str(ricci.plan("ij,jk->ik", "f32[3,4]", "f32[4,5]"))
    assert str(ricci.plan("ij,jk->ik", a, np.ones((4, 5), np.float32))) == want
    assert ricci.plan(a, [0, 1], "f32[4,5]", [1, 2]).path == [(0, 1)]
    assert "f64" in ricci.plan("ij,jk->ik", (300, 400), (400, 500)).steps[0]["kernel"]


def test_plan_for_html():
    html = ricci.plan("ij,jk->ik", (3, 4), (4, 5))._repr_html_()
    assert html.startswith("<table>") and "ij,jk-&gt;ik" in html and "->" not in html


@pytest.mark.parametrize("arguments, keywords, exception", [
    (("ij,jk->ik", (3, 4), (5, 6)), {}, ricci.Error),
    (("ij,jk->ik", (3, 4)), {}, ricci.Error),
    (("ij->i", (3, "4")), {}, TypeError),
    (("ij->i", (3, -4)), {}, ricci.Error),
    (("ij->i", (3, 2**70)), {}, OverflowError),
    (("ij->i", "f32[3,4"), {}, ricci.Error),
    (("ij->i", (3, 4)), {"optimize": "best"}, ricci.Error),
    (("i,j->ij", (3000,), (4000,)), {"memory_limit": 1000}, ricci.Error),
    (("ij,jk,kl->il", (3, 4), (4, 5), (5, 6)), {"optimize": [(0, 1)]}, ricci.PathError),
    ((), {}, ValueError),
    (("ij->i", (3, 4)), {"colour": 1}, TypeError),
])
def test_wrong_plans(arguments, keywords, exception):
    with pytest.raises(exception):
        ricci.plan(*arguments, **keywords)


@pytest.mark.parametrize("stage, says", [
    ("ast", "einsum"), ("tensor", "ricci.einsum"), ("ordered", "ricci.einsum"), ("kernels", "ricci.kernel"),
    ("loops", "memref"), ("llvm", "define"), ("asm", "ret"),
])
def test_emit(stage, says):
    text = ricci.emit("ij,jk->ik", "f32[64,64]", "f32[64,64]", stage=stage)
    assert isinstance(text, str) and says in text


def test_emit_obj():
    assert ricci.emit("ij,jk->ik", (64, 64), (64, 64), stage="obj")[:4] == b"\x7fELF"


def test_emit_errors():
    with pytest.raises(ricci.Error, match="no stage 'spirv'"):
        ricci.emit("ij,jk->ik", (3, 4), (4, 5), stage="spirv")
    with pytest.raises(ricci.Error, match="label 'j'"):
        ricci.emit("ij,jk->ik", (3, 4), (5, 6), stage="ast")


def test_devices():
    assert ricci.devices() == ["cpu", "reference"]


def test_set_num_threads():
    a = np.random.default_rng(0).standard_normal((500, 500))
    results = []
    for n in 1, 2, 1:
        ricci.set_num_threads(n)
        results.append(ricci.einsum("ij,jk->ik", a, a))
    assert np.array_equal(results[0], results[1]) and np.array_equal(results[0], results[2])
    for wrong in 0, -3:
        with pytest.raises(ricci.Error):
            ricci.set_num_threads(wrong)
    with pytest.raises(TypeError):
        ricci.set_num_threads("2")


def test_clear_cache():
    a = np.ones((3, 4))
    before = ricci.einsum("ij,kj->ik", a, a)
    ricci.clear_cache()
    assert np.array_equal(ricci.einsum("ij,kj->ik", a, a), before)


def test_package():
    folder = Path(ricci.__file__).parent
    assert (folder / "py.typed").exists()
    stub = (folder / "__init__.pyi").read_text()
    for name in ricci.__all__:
        assert getattr(ricci, name).__doc__, f"{name} has no docstring"
        assert name in stub
    assert ricci.__version__.count(".") == 2
    assert importlib.metadata.version("numpy")


def test_stub_has_the_keywords_of_einsum():
    stub = (Path(ricci.__file__).parent / "__init__.pyi").read_text()
    declared = stub[stub.index("\ndef einsum(") : stub.index("\ndef plan(")]
    for name in list(inspect.signature(ricci.einsum).parameters)[1:]:
        assert f"    {name}: " in declared


def test_import_loads_no_compiler():
    code = "import ricci; print('ricci_compiler' in open('/proc/self/maps').read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("False", "")


def test_a_process_ends_quietly():
    code = "import numpy as np, ricci\nx = ricci.einsum('ij,kj->ik', np.ones((90, 9)), np.ones((90, 9)))\n" \
           "try: ricci.einsum('$', x)\nexcept ricci.Error as e: kept = e"
    done = subprocess.run([sys.executable, "-c", code.replace("\\\n", "\n")], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_new_batch_size_takes_the_kernels_that_exist(tmp_path):
    code = """import sys, numpy as np, ricci
w = np.arange(776 * 760).reshape(776, 760).astype("f4") % 7
for rows in map(int, sys.argv[1:]):
    x = np.ones((rows, 776), "f4")
    f = ricci.compile("x @ w", x=ricci.spec("f32", x.shape), w=ricci.spec("f32", w.shape))
    assert np.array_equal(f(x, w), x @ w)
    print(f.plan().steps[0]["kernel"])"""

    def kernels(*rows, cache):
        return subprocess.run([sys.executable, "-c", code, *map(str, rows)], stdout=subprocess.PIPE, text=True, check=True,
                              env={**os.environ, "RICCI_CACHE_DIR": str(cache)}).stdout.splitlines()

    # Tiles of another height suit some of these sizes.
    sizes = [512, 128, 100, 60, 17]
    alone = [kernels(rows, cache="off")[0] for rows in sizes]
    assert len(set(alone)) > 1
    assert kernels(*sizes, cache=tmp_path / "cache") == alone[:1] * len(sizes)
    # What is on disk afterwards is nobody's compromise.
    assert [kernels(rows, cache=tmp_path / "cache")[0] for rows in sizes] == alone


def test_a_batch_of_one_is_a_batch():
    code = """import sys, numpy as np, ricci
for rows in map(int, sys.argv[1:]):
    x = np.linspace(-3, 3, rows * 100, dtype="f4").reshape(rows, 100)
    e = np.exp(x - x.max(1, keepdims=True))
    f = ricci.compile("softmax(x, axis=1)", x=x)
    np.testing.assert_allclose(f(x), e / e.sum(1, keepdims=True), 1e-5)
    print(f.plan().steps[0]["kernel"])"""
    kernels = subprocess.run([sys.executable, "-c", code, "64", "2", "1"], stdout=subprocess.PIPE, text=True, check=True,
                             env={**os.environ, "RICCI_CACHE_DIR": "off"}).stdout.splitlines()
    assert len(kernels) == 3 and len(set(kernels)) == 1


@pytest.mark.parametrize("program, shapes", [
    ("(x - x.mean((0, 2, 3), keepdims=True)) * s[None, :, None, None]", {"x": (-1, 6, 9, 11), "s": (6,)}),
    ("x[:, :, None] * y[:, None, :] + z", {"x": (-1, 40), "y": (-1, 30), "z": (40, 30)}),
    ("sqrt(((x[:, None, :] - y) ** 2).sum(-1))", {"x": (-1, 16), "y": (50, 16)}),
    ("exp(x) + y", {"x": (-1, 7, 33), "y": (7, 1)}),
])
def test_a_batch_of_one_has_the_loops_of_others(program, shapes):
    code = f"""import numpy as np, ricci
for batch in 5, 2, 1:
    operands = {{name: np.random.default_rng(7).standard_normal([batch if n < 0 else n for n in shape]).astype("f4")
                for name, shape in {shapes}.items()}}
    f = ricci.compile({program!r}, **operands)
    np.testing.assert_allclose(f(**operands), eval({program!r}, {{**vars(np), **operands}}), 1e-4, 1e-5)
    print([step["kernel"] for step in f.plan().steps])"""
    kernels = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True,
                             env={**os.environ, "RICCI_CACHE_DIR": "off"}).stdout.splitlines()
    assert len(kernels) == 3 and len(set(kernels)) == 1


def test_a_large_batch_takes_the_kernels_that_exist():
    code = """import sys, numpy as np, ricci
w, h = (np.arange(512 * 4096).reshape(512, 4096) % 7).astype("f4"), np.arange(4096).astype("f4")
for rows in map(int, sys.argv[1:]):
    x = (np.arange(rows * 512).reshape(rows, 512) % 5).astype("f4")
    f = ricci.compile("maximum(x @ w - h, 0)", x=ricci.spec("f32", x.shape), w=w, h=h)
    assert np.array_equal(f(x, w, h), np.maximum(x @ w - h, 0))
    print([step["kernel"] for step in f.plan().steps])"""

    def kernels(*rows):
        return subprocess.run([sys.executable, "-c", code, *map(str, rows)], stdout=subprocess.PIPE, text=True, check=True,
                              env={**os.environ, "RICCI_CACHE_DIR": "off"}).stdout.splitlines()

    # 32 MiB of results, which alone would be one kernel.
    small, large = kernels(256, 2048)
    assert large == small != kernels(2048)[0]


def test_turned_results_show_the_order_they_are_computed_in():
    plan = ricci.plan("aebc,aed,dx->xcba", np.zeros((28, 5, 56, 31), "f4"), np.zeros((28, 5, 32), "f4"), np.zeros((32, 40), "f4"))
    *_, product, turn = [step["contraction"] for step in plan.steps]
    computed, result = turn.split("->")
    assert product.endswith("->" + computed) and result == "xcba" and sorted(computed) == sorted(result)
