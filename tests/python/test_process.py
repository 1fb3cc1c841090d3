"""What a process goes through: forks, signals, other libraries, memory, dumps."""

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import ricci

BUILD = Path(ricci.__file__).parents[2]
DRIVER = BUILD / "bin/ricci"


def environment(**variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RICCI_")}
    return {**kept, "RICCI_CACHE_DIR": "off", "PYTHONPATH": str(BUILD / "python"), **variables}


def python(text, interpreter=sys.executable, **variables):
    return subprocess.run([interpreter, "-c", text], env=environment(**variables), timeout=60, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


FORK = """
import os, numpy as np, ricci, signal
ricci.set_num_threads(2)
a = np.ones((300, 300))
assert ricci.einsum("ij,jk->ik", a, a)[0, 0] == 300       # starts the threads
child = os.fork()
if child == 0:
    signal.alarm(30)                                       # a hang is a failure
    ok = ricci.einsum("ij,jk->ik", a, a)[0, 0] == 300      # known code, in parallel
    ok &= ricci.evaluate("exp(x - x).sum()", x=a) == 90000 # new code
    ok &= np.array_equal(ricci.einsum("ij->ji", a, out=np.empty_like(a)), a.T)
    os._exit(0 if ok else 1)
assert os.waitpid(child, 0)[1] == 0
assert ricci.einsum("ij,jk->ik", a, a)[0, 0] == 300
"""


def test_a_forked_process_works():
    result = python(FORK)
    assert result.returncode == 0, result.stderr


FORK_WHILE_OTHERS_COMPILE = """
import os, numpy as np, ricci, signal, threading
a = np.ones((64, 64))
stop = False
def work(seed):
    i = 0
    while not stop:
        ricci.evaluate(f"exp(x - {seed * 100000 + i}) * 2 + tanh(x)", x=a)   # new code each time
        ricci.einsum("ij,jk->ik", a, a)
        i += 1
        if i % 40 == 0: ricci.clear_cache()
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
for thread in threads: thread.start()
statuses = []
for i in range(60):
    child = os.fork()
    if child == 0:
        signal.alarm(20)                                   # a hang is a failure
        ok = ricci.einsum("ij,jk->ik", a, a)[0, 0] == 64
        ok &= bool(abs(ricci.evaluate(f"log(x) + {i}", x=a)[0, 0] - i) < 1e-9)
        os._exit(0 if ok else 1)
    statuses.append(os.waitpid(child, 0)[1])
stop = True
for thread in threads: thread.join()
assert statuses == [0] * 60, statuses
"""


def test_a_fork_while_other_threads_compile():
    result = python(FORK_WHILE_OTHERS_COMPILE)
    assert result.returncode == 0, result.stderr


FORK_DURING_FIRST_CALLS = """
import os, numpy as np, ricci, signal, sys, threading, time
a = np.ones((64, 64))
def work(seed):
    ricci.evaluate(f"exp(x - {seed}) * 2 + tanh(x)", x=a)
    ricci.einsum("ij,jk->ik", a, a)
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
for thread in threads: thread.start()
time.sleep(float(sys.argv[1]))                             # they make what a process has once
child = os.fork()
if child == 0:
    signal.alarm(20)                                       # a hang is a failure
    ok = ricci.einsum("ij,jk->ik", a, a)[0, 0] == 64
    ok &= bool(abs(ricci.evaluate("log(x) + 1", x=a)[0, 0] - 1) < 1e-9)
    os._exit(0 if ok else 1)
assert os.waitpid(child, 0)[1] == 0
for thread in threads: thread.join()
"""


def test_a_fork_during_first_calls():
    for milliseconds in np.linspace(0, 6, 25):
        subprocess.run([sys.executable, "-c", FORK_DURING_FIRST_CALLS, str(milliseconds / 1000)], env=environment(),
                       timeout=60, check=True)


FORK_DURING_A_LONG_COMPILE = """
import os, numpy as np, ricci, signal, threading, time
x = np.ones((3, 5), 'i8')
text = 'x' + ''.join(f' + ((x + {i}) * (x - {i + 1})).sum()' for i in range(20000))
thread = threading.Thread(target=lambda: ricci.evaluate(text, x=x))
ricci.evaluate("x + 2", x=x)
thread.start()
time.sleep(1)                                              # it is no more in the parser
start = time.time()
child = os.fork()
if child == 0:
    signal.alarm(20)                                       # a hang is a failure
    ok = ricci.evaluate("x + 2", x=x)[0, 0] == 3           # known code
    try:
        ricci.evaluate("x + 1", x=x)
    except ricci.Error as error:
        ok &= "was forked while another thread compiled" in str(error)
    else:
        ok = False
    os._exit(0 if ok else 1)
assert time.time() - start < 5
assert os.waitpid(child, 0)[1] == 0
thread.join()
"""


def test_a_fork_during_a_long_compile():
    result = python(FORK_DURING_A_LONG_COMPILE)
    assert result.returncode == 0, result.stderr


INTERRUPTED = """
import os, numpy as np, ricci, signal, sys, time
def long(): {long}
print("ready", flush=True)
try:
    long()
    print("done")
except KeyboardInterrupt:
    print("interrupted")
assert ricci.evaluate("x + 1", x=np.zeros(2)).tolist() == [1, 1]   # all is well afterwards
"""
LONG = {
    # Far more than 2 s each; a part that is not interrupted takes some tenths of one.
    "einsum": "a = np.ones((8000, 8000)); print('ready', flush=True); ricci.einsum('ij,jk->ik', a, a)",
    "program": "x = np.ones(1 << 15); print('ready', flush=True); "
               "ricci.evaluate('x' + ''.join(f' + tanh(x[:, None] * (x + {i})).sum(axis=1)' for i in range(16)), x=x)",
    "reference": "a = np.ones((1500, 1500)); print('ready', flush=True); ricci.einsum('ij,jk->ik', a, a, device='reference')",
    "reference program": "x = np.ones(1 << 24); print('ready', flush=True); "
                         "ricci.evaluate('+'.join(f'sin(x * {i})' for i in range(20)), x=x, device='reference')",
    "search": "l = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'; "
              "ricci.einsum(','.join(map(str.__add__, l, l[1:])) + '->', *[np.ones((2, 2))] * 51, optimize=100.0)",
    "compile": "text = 'x' + ''.join(f' + ((x + {i}) * (x - {i + 1})).sum()' for i in range(28000)); "
               "print('ready', flush=True); ricci.evaluate(text, x=np.ones((3, 5), 'i8'))",
}


@pytest.mark.parametrize("what", LONG)
def test_an_interrupt_ends_a_call(what):
    process = subprocess.Popen([sys.executable, "-c", INTERRUPTED.format(long=LONG[what])],
                               env=environment(RICCI_THREADS="2"), stdout=subprocess.PIPE, text=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    try:
        for _ in range(2 if "ready" in LONG[what] else 1):
            assert process.stdout.readline() == "ready\n"
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        output, _ = process.communicate(timeout=30)
        assert output == "interrupted\n" and process.returncode == 0
        assert time.monotonic() - start < 6  # on a machine with more to do; else less than 2
    finally:
        process.kill()


@pytest.mark.parametrize("arguments", [["einsum", "ij,jk->ik", "f32[16384,16384]", "f32[16384,16384]"],
                                       ["plan", ",".join(["ab"] * 30) + "->", *["f32[2,2]"] * 30, "--optimize=100"]])
def test_an_interrupt_ends_the_driver(arguments):
    process = subprocess.Popen([DRIVER, *arguments], env=environment(), stdout=subprocess.DEVNULL,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        time.sleep(1.0)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == -signal.SIGINT
    finally:
        process.kill()


WRITABLE_CODE = """
import numpy as np, ricci
x = np.ones((40, 30), np.float32)
kept = [ricci.compile(text, x=x) for text in ("x @ x.T", "softmax(x, axis=1)", "x.argmax(axis=0)", "x[[1, 2]]")]
for function in kept: function(x=x)
assert not [line for line in open("/proc/self/maps") if {"w", "x"} <= set(line.split()[1])]
"""


def test_no_page_is_writable_and_executable():
    result = python(WRITABLE_CODE)
    assert result.returncode == 0, result.stderr


def test_clear_cache_gives_memory_back():
    def resident():
        return int(re.search(r"VmRSS:\s*(\d+)", open("/proc/self/status").read())[1]) << 10

    x = np.ones((1 << 23,), np.float32)
    ricci.einsum("i->i", x, out=np.empty_like(x))
    assert ricci.evaluate("x * 2", x=x)[0] == 2  # 32 MiB that the pool keeps
    before = resident()
    ricci.clear_cache()
    assert before - resident() > 24 << 20


def test_dumps(tmp_path):
    text = "import numpy as np, ricci; x = np.ones((3, 4)); ricci.evaluate('exp(x)', x=x); ricci.evaluate('exp(x)', x=x)"
    result = python(text, RICCI_DUMP_TO=str(tmp_path / "to"), RICCI_CACHE_DIR=str(tmp_path / "cache"))
    assert result.returncode == 0 and not result.stderr
    # The second call finds nothing in a cache.
    assert sorted(os.listdir(tmp_path / "to")) == ["0001", "0002"]
    files = ["1-ast.txt", "2-tensor.mlir", "3-ordered.mlir", "4-kernels.mlir", "5-loops.mlir", "6-llvm.ll", "7-asm.s",
             "8-obj.o"]
    assert sorted(os.listdir(tmp_path / "to" / "0002")) == files
    assert "exp" in (tmp_path / "to/0001/1-ast.txt").read_text()
    assert ".globl\tfused_columns" in (tmp_path / "to/0001/7-asm.s").read_text()
    assert (tmp_path / "to/0001/8-obj.o").read_bytes()[:4] == b"\x7fELF"
    assert not (tmp_path / "cache").exists()
    # A later process goes on counting; an error is the last stage.
    program = "import numpy as np, ricci\ntry: ricci.evaluate('x @ x', x=np.ones((9, 9)), memory_limit=700)\n" \
              "except (ricci.Error, TypeError): pass"
    python(program, RICCI_DUMP_TO=str(tmp_path / "to"))
    (tmp_path / "file").write_text("")
    refused = python(text, RICCI_DUMP_TO=str(tmp_path / "file"))
    assert refused.returncode == 0 and refused.stderr.count("warning: cannot write to") == 1


def test_variables_that_are_wrong():
    text = "import numpy as np, ricci\nfor n in range(2, 5): ricci.evaluate('exp(x) + 1', x=np.ones(n))"
    warning = "ricci: warning: {} is '{}', but must be {}; {}\n"
    number = "a number of bytes, such as 1073741824, 512M or 2G"
    for name, value, wanted, taken in [
            ("RICCI_FUSION", "foo", "on or off", "operations are fused"),
            ("RICCI_LOG", "debug", "off, warning or info", "warnings are printed"),
            ("RICCI_CHAIN_BYTES", "zz", number, "the size of the L2 cache is taken"),
            ("RICCI_CHAIN_BYTES", "-1", number, "the size of the L2 cache is taken")]:
        result = python(text, **{name: value})
        assert result.returncode == 0 and result.stderr == warning.format(name, value, wanted, taken)
    for name, value in [("RICCI_FUSION", "on"), ("RICCI_FUSION", ""), ("RICCI_LOG", "on"), ("RICCI_CHAIN_BYTES", "1M")]:
        assert not python(text, **{name: value}).stderr
    # What a run cannot do without is an error.
    for name, value, message in [
            ("RICCI_THREADS", "abc", "RICCI_THREADS is 'abc', but must be a whole number from 1 to 4096"),
            ("RICCI_POOL_LIMIT", "1Q", f"RICCI_POOL_LIMIT is '1Q', but must be {number}")]:
        result = python(text, **{name: value})
        assert result.returncode == 1 and message in result.stderr


LOGGED = """
import numpy as np, ricci
messages = []
ricci.set_log_callback(lambda level, message: messages.append((level, message)), "info")
x = np.ones((2, 3))
ricci.evaluate("x + 1", x=x)
assert [level for level, _ in messages] == ["info"], messages
assert messages[0][1].startswith("compiled in ") and messages[0][1].endswith(" ms 'x + 1' for cpu: 1 kernel"), messages
ricci.evaluate("x + 1", x=x)                       # nothing new
assert len(messages) == 1
ricci.set_log_callback(messages.append, "warning")
ricci.evaluate("x + 2", x=x)
assert len(messages) == 1
def wrong(level, message): raise RuntimeError("of the callback")
ricci.set_log_callback(wrong, level="info")
assert ricci.evaluate("x + 3", x=x)[0, 0] == 4
ricci.set_log_callback(None)
for arguments, error in [((1,), TypeError), ((print, "debug"), ricci.Error)]:
    try: ricci.set_log_callback(*arguments)
    except error: pass
    else: raise AssertionError(arguments)
"""


def test_a_log_callback():
    result = python(LOGGED)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("RuntimeError: of the callback") == 1, result.stderr


def test_what_is_compiled_is_logged(tmp_path):
    command = [DRIVER, "einsum", "ij->j", "f32[8,64]", "-o", tmp_path / "out.npy"]
    logged = environment(RICCI_LOG="info", RICCI_CACHE_DIR=str(tmp_path / "cache"))
    first, second = (subprocess.run(command, env=logged, capture_output=True, text=True, timeout=60, check=True)
                     for _ in range(2))
    assert re.fullmatch(r"ricci: compiled in [\d.]+ ms 'ij->j' for cpu: 1 kernel\n", first.stderr)
    assert second.stderr == "ricci: found on disk 'ij->j' for cpu: 1 kernel\n"


def test_perf_finds_names(tmp_path):
    text = ("import os, numpy as np, ricci\nx = np.ones((30, 40), np.float32)\n"
            "f = ricci.compile('(x @ x.T).sum(axis=0)', x=x); g = ricci.compile('exp(x - x.max())', x=x)\n"
            "name = f'/tmp/perf-{os.getpid()}.map'\nprint(open(name).read(), end='')\n"
            "for line in open('/proc/self/maps'):\n    if ' r-xp ' in line and line.endswith(' 0 \\n'): print('map', line[:40])\n"
            "os.remove(name)")
    output = python(text, RICCI_PERF="1").stdout
    lines = [line.split() for line in output.splitlines() if not line.startswith("map")]
    names = [name for _, _, tool, name in lines if tool == "ricci"]
    assert any(name.startswith(("contract_f32", "direct_f32")) for name in names)
    assert any(re.fullmatch(r"fused_(rows|columns)_[0-9a-f]{16}", name) for name in names)
    kernels = ricci.compile("exp(x - x.max())", x=np.ones((30, 40), np.float32)).emit("loops")
    assert all(name in kernels for name in re.findall(r"fused_rows_[0-9a-f]{16}", kernels))
    assert set(re.findall(r"fused_\w+_[0-9a-f]{16}", kernels)) & set(names)
    assert not os.path.exists(f"/tmp/perf-{os.getpid()}.map")


@pytest.mark.skipif(not shutil.which("gdb"), reason="gdb is not installed")
@pytest.mark.parametrize("stripped", [False, True])
def test_gdb_shows_names(tmp_path, stripped):
    libraries = BUILD / "lib"
    if stripped:
        name = libraries.joinpath("libricci.so").readlink()  # that of the SONAME
        subprocess.run(["strip", "-o", tmp_path / name, libraries / name], check=True)
        (tmp_path / "libricci_compiler.so").symlink_to(libraries / "libricci_compiler.so")
        libraries = tmp_path
    commands = ["set breakpoint pending on", "set debuginfod enabled off", "break reduce_columns_f32_11_by_8", "run", "bt 2"]
    gdb = subprocess.run(["gdb", "-nx", "-q", "-batch", *(f"--eval-command={command}" for command in commands), "--args",
                          DRIVER, "einsum", "ij->j", "f32[8,64]", "--cpu=x86-64"], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=200,
                         env=environment(RICCI_GDB="1", RICCI_THREADS="1", LD_LIBRARY_PATH=str(libraries)))
    if "ptrace" in gdb.stdout:
        pytest.skip("this machine lets no debugger run programs")
    assert re.search(r"^#0 .* in reduce_columns_f32_11_by_8 \(\)$\n^#1 .* in .*libricci\.so\.[\d.]+$", gdb.stdout, re.M), gdb.stdout
    assert f"{libraries}/libricci.so" in gdb.stdout


# Those of another interpreter of the same version, where RICCI_TEST_PYTHON names one.
OTHERS = {"torch": "torch.einsum('ij,jk->ik', torch.ones(3, 3), torch.ones(3, 3))",
          "jax.numpy": "jax.jit(lambda x: jax.numpy.einsum('ij,jk->ik', x, x))(a)",
          "llvmlite.binding": "llvmlite.binding.initialize_native_target(); llvmlite.binding.parse_assembly('')",
          "triton": "triton.next_power_of_2(5)", "scipy.linalg": "scipy.linalg.inv(np.eye(3))",
          "numba": "numba.njit(lambda x: x + 1)(2)"}
USE = "assert ricci.einsum('ij,jk->ik', a, a)[0, 0] == 3"
INTERPRETER = os.environ.get("RICCI_TEST_PYTHON", sys.executable)


def require(modules):
    for module in modules:
        if python(f"import importlib.util as u, sys; sys.exit(u.find_spec('{module.split('.')[0]}') is None)",
                  INTERPRETER).returncode:
            pytest.skip(f"{module} is not installed")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("other", OTHERS)
def test_beside_other_libraries(other, first):
    require([other])
    imports = ["import ricci", USE, f"import {other}"]
    result = python("\n".join(["import numpy as np", "a = np.ones((3, 3))",
                               *(imports if first else [imports[2], imports[0], imports[1]]), OTHERS[other], USE]),
                    INTERPRETER)
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("order", list(itertools.permutations(["ricci", "torch", "triton", "llvmlite.binding", "jax.numpy"])),
                         ids="-".join)
def test_every_order_of_imports(order):
    require(set(order) - {"ricci"})
    result = python("\n".join(["import numpy as np", "a = np.ones((3, 3))", *(f"import {module}" for module in order),
                               *(OTHERS.get(module, USE) for module in order), USE]), INTERPRETER)
    assert result.returncode == 0, result.stderr
