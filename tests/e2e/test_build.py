"""`ricci build`: objects and headers for C, without any library behind them."""

import ctypes
import json
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest

import ricci

DRIVER = Path(ricci.__file__).parents[2] / "bin" / "ricci"
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
DTYPES = {"b1": np.bool_, "f16": np.float16, "f32": np.float32, "f64": np.float64, "i8": np.int8, "i32": np.int32,
          "i64": np.int64, "u8": np.uint8, "c64": np.complex64, "c128": np.complex128}
TASKS = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int)
PARALLEL_FOR = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int, TASKS, ctypes.c_void_p)


def run(*command, cwd, check=True):
    result = subprocess.run([str(c) for c in command], cwd=cwd, check=False, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert not check or result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result


class Built:
    """An object, linked into a library that may need no other, and called with NumPy's arrays."""

    def __init__(self, folder: Path, program: str, specs: dict[str, str], *options: str, name="f"):
        self.folder, self.sized = folder, any("[N" in spec for spec in specs.values())
        self.facts = json.loads(run(DRIVER, "build", program, *(f"{n}={s}" for n, s in specs.items()), "-o", name,
                                    "--json", *options, cwd=folder).stdout)
        self.parallel = "--parallel" in options
        assert self.facts["function"] == name
        symbols = run("nm", "--extern-only", "--format=posix", f"{name}.o", cwd=folder).stdout
        assert [line.split()[:2] for line in symbols.splitlines()] == [[name, "T"]]
        for compiler in (["cc", "-std=c99"], ["c++", "-std=c++17"]):
            (folder / "include.c").write_text(f'#include "{name}.h"\n#include "{name}.h"\n')
            language = ["-x", "c++"] if compiler[0] == "c++" else []
            run(*compiler, *STRICT, "-fsyntax-only", *language, "include.c", cwd=folder)
        run("cc", "-shared", "-nostdlib", "-Wl,-z,defs", f"{name}.o", "-o", f"{name}.so", cwd=folder)
        self.function = getattr(ctypes.CDLL(str(folder / f"{name}.so")), name)

    def bytes(self, size=0, workers=1):
        arena, worker = self.facts["arena_bytes"], self.facts["worker_bytes"]
        return (arena["constant"] + arena["per_size"] * size
                + workers * (worker["constant"] + worker["per_size"] * size))

    def __call__(self, arrays, results, size=None, workers=1, parallel_for=None):
        """The status; `results` are shapes and dtypes, which become arrays."""
        outputs = []
        guard = 64
        for shape, dtype in results:
            whole = np.full(int(np.prod(shape)) * np.dtype(dtype).itemsize + 2 * guard, 0xAB, np.uint8)
            outputs.append(whole[guard:len(whole) - guard].view(dtype).reshape(shape))
        need = self.bytes(size or 0, workers)
        memory = np.full(need + 3 * guard, 0xCD, np.uint8)
        start = -memory.ctypes.data % 64 + guard
        arguments = [] if size is None else [ctypes.c_int64(size)]
        arguments += [ctypes.c_void_p(a.ctypes.data) for a in [*arrays, *outputs]]
        arguments.append(ctypes.c_void_p(memory.ctypes.data + start))
        if self.parallel:
            arguments += [ctypes.c_int(workers), parallel_for, None]
        status = self.function(*arguments)
        assert (memory[:start] == 0xCD).all() and (memory[start + need:] == 0xCD).all()
        for output in outputs:
            whole = output.base
            while whole.base is not None:
                whole = whole.base
            assert (whole[:guard] == 0xAB).all() and (whole[len(whole) - guard:] == 0xAB).all()
        return status, outputs


def make(spec: str, rng, size=None):
    dtype, _, extents = spec.rstrip("]").partition("[")
    shape = [size if e.startswith("N") else int(e) for e in extents.split(",") if e]
    kind = np.dtype(DTYPES[dtype])
    if kind.kind == "b":
        return rng.random(shape) < 0.5
    if kind.kind in "iu":
        return rng.integers(0 if kind.kind == "u" else -5, 6, shape).astype(kind)
    values = rng.standard_normal(shape)
    return (values + 1j * rng.standard_normal(shape) if kind.kind == "c" else values).astype(kind)


def expect(program, arrays):
    """Of Ricci in this process, which tests/e2e compares with NumPy."""
    result = ricci.evaluate(program, **arrays)
    return list(result) if isinstance(result, tuple) else [result]


def same(actual, wanted):
    return actual.shape == np.shape(wanted) and np.array_equal(actual, wanted, equal_nan=actual.dtype.kind in "fc")


PROGRAMS = {
    "softmax": ("softmax(x, axis=-1)", {"x": "f32[37,65]"}),
    "attention": ("s = einsum('bhid,bhjd->bhij', q, k) / 4.0; softmax(s, axis=-1) @ v",
                  {"q": "f32[2,3,17,16]", "k": "f32[2,3,19,16]", "v": "f32[2,3,19,16]"}),
    "einsum": ("einsum('ij,jk->ik', a, b)", {"a": "f32[33,20]", "b": "f32[20,47]"}),
    "transpose": ("einsum('abcd->dbca', x)", {"x": "f64[5,6,7,8]"}),
    "chain": ("einsum('ij,jk,kl->il', a, b, c)", {"a": "f64[30,40]", "b": "f64[40,50]", "c": "f64[50,6]"}),
    "results": ("(x.mean(axis=0), x.argmax(axis=1), x > 0)", {"x": "f32[20,30]"}),
    "complex": ("einsum('ij,jk->ik', a, b) * conj(c)", {"a": "c64[9,7]", "b": "c64[7,5]", "c": "c64[9,5]"}),
    "half": ("gelu(x @ w) + b", {"x": "f16[16,24]", "w": "f16[24,40]", "b": "f16[40]"}),
    "bool": ("where(m, x, -x)", {"m": "b1[6,7]", "x": "i8[6,7]"}),
    "scalar": ("a * x + y", {"a": "f64[]", "x": "f64[13]", "y": "f64[13]"}),
    "constant": ("x + array([1, 2, 3]) @ arange(12).reshape(3, 4)", {"x": "i64[4]"}),
    "itself": ("(x, x + 1)", {"x": "i32[5]"}),
    "empty": ("x @ y", {"x": "f32[3,0]", "y": "f32[0,4]"}),
    "keywords": ("int_ + default + workspace", {"int_": "i64[3]", "default": "i64[3]", "workspace": "i64[3]"}),
    "gather": ("table[index]", {"table": "f32[10,8]", "index": "i64[6]"}),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_is_that_of_the_process(tmp_path, name):
    program, specs = PROGRAMS[name]
    built = Built(tmp_path, program, specs)
    rng = np.random.default_rng(7)
    arrays = {n: make(spec, rng) for n, spec in specs.items()}
    wanted = expect(program, arrays)
    status, results = built(arrays.values(), [(np.shape(w), w.dtype) for w in wanted])
    assert status == 0
    for result, value in zip(results, wanted, strict=True):
        assert same(result, value)


def test_agrees_with_numpy(tmp_path):
    built = Built(tmp_path, "einsum('bij,bjk->bik', a, b)", {"a": "f64[3,20,30]", "b": "f64[3,30,40]"})
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((3, 20, 30)), rng.standard_normal((3, 30, 40))
    status, (result,) = built([a, b], [((3, 20, 40), np.float64)])
    assert status == 0
    np.testing.assert_allclose(result, a @ b, rtol=1e-12)


def test_index_out_of_range(tmp_path):
    built = Built(tmp_path, "x[i]", {"x": "f64[5]", "i": "i64[3]"})
    x = np.arange(5.0)
    assert built([x, np.array([4, -5, 0])], [((3,), np.float64)])[0] == 0
    for wrong in (5, -6):
        assert built([x, np.array([0, wrong, 0])], [((3,), np.float64)])[0] == 1


def test_parallel(tmp_path):
    program, specs = PROGRAMS["attention"]
    specs = {"q": "f32[4,8,64,64]", "k": "f32[4,8,64,64]", "v": "f32[4,8,64,64]"}
    built = Built(tmp_path, program, specs, "--parallel")
    rng = np.random.default_rng(3)
    arrays = {n: make(spec, rng) for n, spec in specs.items()}
    wanted = expect(program, arrays)
    calls, running, most = [], [], []

    def parallel_for(_, tasks, workers, work, context):
        calls.append(workers)
        parts = np.linspace(0, tasks, workers + 1).astype(int)
        threads = [threading.Thread(target=work, args=(context, begin, end, worker))
                   for worker, (begin, end) in enumerate(zip(parts, parts[1:]))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    for workers in (1, 2, 3):
        calls.clear()
        status, (result,) = built(arrays.values(), [(wanted[0].shape, np.float32)], workers=workers,
                                  parallel_for=PARALLEL_FOR(parallel_for))
        assert status == 0 and same(result, wanted[0])
        assert all(2 <= w <= workers for w in calls) and bool(calls) == (workers > 1)
    status, (result,) = built(arrays.values(), [(wanted[0].shape, np.float32)], workers=2,
                              parallel_for=ctypes.cast(None, PARALLEL_FOR))
    assert status == 0 and same(result, wanted[0])


def test_several_cpus(tmp_path):
    program, specs = PROGRAMS["half"]
    built = Built(tmp_path, program, specs, "--cpu=x86-64,x86-64-v3,x86-64-v4")
    rng = np.random.default_rng(7)
    arrays = {n: make(spec, rng) for n, spec in specs.items()}
    # The highest level of this machine is what a build for it alone runs.
    flags = next(line for line in open("/proc/cpuinfo") if line.startswith("flags")).split()
    level = "x86-64-v4" if "avx512vl" in flags else "x86-64-v3" if "avx2" in flags else "x86-64"
    other = Built(tmp_path, program, specs, f"--cpu={level}", name="g")
    shape = [((16, 40), np.float16)]
    (status, (result,)), (_, (wanted,)) = built(arrays.values(), shape), other(arrays.values(), shape)
    assert status == 0 and same(result, wanted)


def test_machine_without_the_instructions(tmp_path):
    if " xop " in Path("/proc/cpuinfo").read_text():
        pytest.skip("this machine has them")
    built = Built(tmp_path, "x + x", {"x": "f32[100]"}, "--cpu=bdver4")
    assert built([np.zeros(100, np.float32)], [((100,), np.float32)])[0] == 3


SIZED = {
    "rows": ("softmax(x, axis=-1)", {"x": "f32[N,65]"}),
    "elements": ("exp(x) * 2 + b", {"x": "f32[N,10]", "b": "f32[10]"}),
    "vector": ("x * x", {"x": "f64[N]"}),
    "layer": ("gelu(x @ w + b)", {"x": "f32[N,40]", "w": "f32[40,50]", "b": "f32[50]"}),
    "network": ("h = maximum(x @ w, 0); (h @ v, h.sum(axis=1))",
                {"x": "f64[N,20]", "w": "f64[20,33]", "v": "f64[33,7]"}),
    "attention": ("s = einsum('bhid,bhjd->bhij', q, k) / 4.0; softmax(s, axis=-1) @ v",
                  {"q": "f32[N,3,7,16]", "k": "f32[N,3,9,16]", "v": "f32[N,3,9,16]"}),
    "columns": ("x.T @ w", {"x": "f32[N,20]", "w": "f32[N,30]"}),
    "transposed": ("w @ x.T", {"x": "f32[N,20]", "w": "f32[30,20]"}),
    "gram": ("x @ x.T", {"x": "f32[N,13]"}),
    "distances": ("sum((x[:, None, :] - c[None, :, :])**2, axis=-1)", {"x": "f32[N,33]", "c": "f32[50,33]"}),
    "distances to": ("sum((c[:, None, :] - x[None, :, :])**2, axis=-1)", {"x": "f32[N,33]", "c": "f32[50,33]"}),
    "matrix times vector": ("einsum('ij,j->i', x, c)", {"x": "f32[N,33]", "c": "f32[33]"}),
    "sum": ("(x.sum(axis=0), x.max())", {"x": "f64[N,21]"}),
    "joined": ("concatenate([x, y, x], axis=0)", {"x": "i32[N,3]", "y": "i32[2,3]"}),
    "reversed": ("x[::-1, 1:]", {"x": "i64[N,4]"}),
    "transpose": ("einsum('nij->jin', x)", {"x": "f32[N,8,6]"}),
    "gather": ("table[i]", {"table": "f32[10,8]", "i": "i64[N]"}),
    "complex": ("einsum('nij,jk->nik', x, w)", {"x": "c64[N,3,4]", "w": "c64[4,5]"}),
    "half": ("layer_norm(x, w, b)", {"x": "f16[N,48]", "w": "f16[48]", "b": "f16[48]"}),
}


@pytest.mark.parametrize("name", SIZED)
def test_size_argument(tmp_path, name):
    program, specs = SIZED[name]
    built = Built(tmp_path, program, specs)
    rng = np.random.default_rng(11)
    for size in [*range(1, 20), 31, 64, 100, 257, 300, 1025]:
        arrays = {n: make(spec, rng, size) for n, spec in specs.items()}
        wanted = expect(program, arrays)
        status, results = built(arrays.values(), [(np.shape(w), w.dtype) for w in wanted], size)
        assert status == 0
        for result, value in zip(results, wanted, strict=True):
            # A schedule for another size adds in another order.
            if result.dtype.kind in "fc":
                unit = np.finfo(result.dtype).eps
                np.testing.assert_allclose(result, value, rtol=200 * unit, atol=2000 * unit)
            else:
                assert same(result, value)
    assert built(arrays.values(), [(np.shape(w), w.dtype) for w in wanted], 0)[0] == 2
