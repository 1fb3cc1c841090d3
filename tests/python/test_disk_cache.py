"""Compiled programs that outlive the process: what a second one finds, and what it must not."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import ricci

BUILD = Path(ricci.__file__).parents[2]
DRIVER = BUILD / "bin/ricci"
EINSUM = ["einsum", "bhid,bhjd->bhij", "f32[2,4,64,64]", "f32[2,4,64,64]"]

# Prints a line and a checksum for each result, then which of Ricci's libraries are loaded.
PROGRAM = """
import numpy as np, ricci, zlib
x = np.linspace(-3, 3, 35, dtype=np.float32).reshape(5, 7)
out = np.ones((5, 5), np.float32)
results = [ricci.einsum("ij,kj->ik", x, x),
           ricci.einsum("ij,kj->ik", x, x, out=out, accumulate=True),
           ricci.evaluate("softmax(x @ x.T, axis=-1) + [1, 2, 3, 4, 5], argmax(x, axis=0)", x=x)[0],
           ricci.compile("x[[2, 0]] * 2", x=x)(x=x)]
for result in results:
    print(result.shape, zlib.crc32(np.ascontiguousarray(result)))
print("libricci_compiler" in open("/proc/self/maps").read())
"""


@pytest.fixture
def environment(tmp_path):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RICCI_")}
    return {**kept, "RICCI_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(BUILD / "python")}


def run(command, environment, **options):
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, **options)


def entries(environment, driver=DRIVER):
    found = json.loads(run([driver, "cache", "--json"], environment).stdout)["entries"]
    return [entry["what"] for entry in found if entry["kind"] == "program"]


def test_a_second_process_loads_no_compiler(environment, tmp_path):
    runs = [run([sys.executable, "-c", PROGRAM], environment) for _ in range(3)]
    first, second, third = [result.stdout.splitlines() for result in runs]
    assert first[-1] == "True" and second[-1] == third[-1] == "False"
    assert first[:-1] == second[:-1] == third[:-1] and len(first) == 5
    assert not any(result.stderr for result in runs)
    off = run([sys.executable, "-c", PROGRAM], {**environment, "RICCI_CACHE_DIR": "off"}).stdout.splitlines()
    assert off[:-1] == first[:-1] and off[-1] == "True"
    # The same from elsewhere, and after a change of what decides nothing.
    moved = {**environment, "RICCI_CACHE_DIR": os.path.relpath(tmp_path / "cache"), "RICCI_THREADS": "1"}
    assert run([sys.executable, "-c", PROGRAM], moved).stdout.splitlines() == second


def test_errors_of_a_stored_program_point_into_it(environment):
    """With each spelling into its own text."""
    program = """
import numpy as np, ricci, sys
for text in "x * 2 + x[i]", "(x*2) + x[ i ]":
    try:
        ricci.evaluate(text, x=np.ones(3), i=np.array([0, 1, 7]))
    except ricci.Error as error:
        print(error.span, str(error).splitlines())
print("libricci_compiler" in open("/proc/self/maps").read())
"""
    first, second = [run([sys.executable, "-c", program], environment).stdout.splitlines() for _ in range(2)]
    message = "index 7 is out of bounds for axis 0 with size 3"
    assert first[0] == f"(10, 11) {[message, '  x * 2 + x[i]', '            ^']}"
    assert first[1] == f"(11, 12) {[message, '  (x*2) + x[ i ]', '             ^']}"
    assert second == first[:2] + ["False"] and first[2] == "True"


def test_clear_cache_leaves_the_disk_alone(environment):
    program = "import ricci; ricci.compile('x + 1', x=ricci.spec('f32', (3,))); ricci.clear_cache()"
    run([sys.executable, "-c", program], environment)
    assert len(entries(environment)) == 1


def test_what_counts_is_in_the_key(environment):
    def count(*options, **variables):
        run([DRIVER, *EINSUM, *options], {**environment, **variables})
        return len(entries(environment))

    assert count() == 1 and count() == 1
    assert count("--cpu=x86-64") == 2
    assert count(RICCI_CPU="x86-64") == 2
    assert count("--optimize=greedy") == 3
    assert count("--memory-limit=64M") == 4
    assert count(RICCI_FUSION="off") == 5
    # Not stored: what runs on the reference device, prints on its way, or is asked not to be.
    assert count("--device=reference") == 5
    assert count("--print-ir-after=ricci-simplify", "--seed=1") == 5
    assert count("--emit=asm", "--optimize=optimal") == 5
    assert count("--no-cache", "--optimize=optimal") == 5
    assert count("--time-passes", "--optimize=optimal") == 5
    assert count("--optimize=optimal") == 6


def test_options_that_need_a_compiler_get_one(environment):
    run([DRIVER, *EINSUM], environment)
    assert "disk cache" in run([DRIVER, *EINSUM, "--time"], environment).stdout
    assert "codegen" in run([DRIVER, *EINSUM, "--time-passes"], environment).stdout
    assert "codegen" in run([DRIVER, *EINSUM, "--time", "--no-cache"], environment).stdout
    assert "IR after" in run([DRIVER, *EINSUM, "--print-ir-after=ricci-simplify"], environment).stderr
    assert "agree" in run([DRIVER, *EINSUM, "--check"], environment).stdout


def test_a_plan_is_in_the_labels_of_the_call(environment):
    for labels in ("ij,jk->ik", "ab,bc->ac", "ij,jk->ik"):
        for command in ("plan", "einsum"):
            out = run([DRIVER, command, labels, "f32[3,4]", "f32[4,5]", "--json"], environment).stdout
            plan = json.loads(out)
            assert plan.get("plan", plan)["equation"] == labels
    assert len(entries(environment)) == 2


def test_kernels_are_shared(environment):
    for size in (1000, 2000, 3000):
        run([DRIVER, "eval", "x * y", f"x=f32[{size}]", f"y=f32[{size}]"], environment)
    found = json.loads(run([DRIVER, "cache", "list", "--json"], environment).stdout)["entries"]
    assert sorted(entry["kind"] for entry in found) == ["kernel", "program", "program", "program"]
    # A program whose kernel is there is compiled without code generation.
    out = run([DRIVER, "eval", "x * y", "x=f32[4000]", "y=f32[4000]", "--time"], environment).stdout
    assert "tensor" in out and "codegen" not in out


def copy_of_the_build(folder):
    libraries = (BUILD / "lib").glob("libricci.so*")  # a file and the links to it
    for path in (BUILD / "bin/ricci", BUILD / "lib/libricci_compiler.so", *libraries):
        copy = folder / path.relative_to(BUILD)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy, follow_symlinks=False)
    return folder / "bin/ricci"


@pytest.mark.parametrize("library", ["libricci", "libricci_compiler"])
def test_another_build_misses(environment, tmp_path, library):
    driver = copy_of_the_build(tmp_path / "build")
    run([DRIVER, *EINSUM], environment)
    run([driver, *EINSUM], environment)
    assert len(entries(environment)) == 1  # a copy is the same build
    path = (tmp_path / f"build/lib/{library}.so").resolve()
    content = bytearray(path.read_bytes())
    note = content.find(b"\x03\0\0\0GNU\0")  # NT_GNU_BUILD_ID
    assert note > 0
    content[note + 8] ^= 1
    path.unlink()
    path.write_bytes(content)
    run([driver, *EINSUM], environment)
    assert len(entries(environment)) == 2


def test_without_a_compiler_nothing_is_found(environment, tmp_path):
    driver = copy_of_the_build(tmp_path / "build")
    run([driver, *EINSUM], environment)
    (tmp_path / "build/lib/libricci_compiler.so").unlink()
    assert subprocess.run([driver, *EINSUM], env=environment, capture_output=True).returncode == 3


def test_many_processes_at_once(environment):
    processes = [subprocess.Popen([DRIVER, *EINSUM, "--json", "--print"], env=environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE) for _ in range(16)]
    outputs = {process.communicate() for process in processes}
    assert len(outputs) == 1 and not next(iter(outputs))[1]
    assert len(entries(environment)) == 1


def test_a_damaged_entry_is_compiled_again(environment, tmp_path):
    wanted = run([DRIVER, *EINSUM, "--print"], environment).stdout
    for file in (tmp_path / "cache").glob("[!.]*"):
        content = bytearray(file.read_bytes())
        content[-3] ^= 4
        file.write_bytes(content)
        again = run([DRIVER, *EINSUM, "--print", "--time"], environment)
        assert wanted.splitlines()[0] == again.stdout.splitlines()[0] and not again.stderr
        assert "disk cache" not in again.stdout
        assert run([DRIVER, *EINSUM, "--print"], environment).stdout == wanted
    assert len(entries(environment)) == 1


def test_a_folder_that_is_not_to_be_trusted_is_ignored(environment, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache").chmod(0o777)
    command = [sys.executable, "-c", PROGRAM]
    result = run(command, environment)
    assert result.stderr.count("warning") == 1 and "others may write to it" in result.stderr
    assert not run(command, {**environment, "RICCI_LOG": "off"}).stderr
    assert not any((tmp_path / "cache").iterdir())
    refused = subprocess.run([DRIVER, "cache", "clear"], env=environment, capture_output=True, text=True)
    assert refused.returncode == 3 and "others may write to it" in refused.stderr
    assert "others may write to it" in run([DRIVER, "doctor"], environment).stdout


def test_without_a_home_there_is_none(environment):
    bare = {name: value for name, value in environment.items()
            if name not in ("RICCI_CACHE_DIR", "HOME", "XDG_CACHE_HOME")}
    for home in ({"HOME": ""}, {"HOME": "/nonexistent"}, {}):
        stderr = run([DRIVER, *EINSUM], {**bare, **home}).stderr
        assert stderr == "ricci: warning: there is no home directory; nothing is cached on disk\n"
        assert "there is no home directory" in run([DRIVER, "cache"], {**bare, **home}).stdout
    # Once in a process, and not where nobody wants a cache.
    assert run([sys.executable, "-c", PROGRAM], {**bare, "HOME": "", "PYTHONPATH": environment["PYTHONPATH"]}) \
        .stderr.count("warning") == 1
    assert not run([DRIVER, *EINSUM], {**bare, "RICCI_CACHE_DIR": "off"}).stderr
    assert not run([DRIVER, *EINSUM, "--no-cache"], bare).stderr
    assert not run([DRIVER, *EINSUM], {**bare, "RICCI_LOG": "off"}).stderr


def test_clear_removes_what_is_ours(environment, tmp_path):
    run([DRIVER, *EINSUM], environment)
    others = [".new-notes", ".new-12-3", ".new-12-3-xyz", ".new-1-2-3.txt", ".newer", "notes.program", ".new-12--3f"]
    for name in [*others, ".new-1234-0-187b3c5d9f00a1b2"]:
        (tmp_path / "cache" / name).write_text("")
    assert "removed 3 files" in run([DRIVER, "cache", "clear"], environment).stdout
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == sorted(others)


def test_the_limit_is_kept(environment, tmp_path):
    small = {**environment, "RICCI_CACHE_LIMIT": "30K"}
    for size in range(10, 30):
        run([DRIVER, "einsum", "ij->ji", f"f32[{size},{size}]", f"--cpu=x86-64{'-v2' if size % 2 else ''}"], small)
    total = sum(file.stat().st_size for file in (tmp_path / "cache").iterdir())
    assert 5_000 < total <= 30 * 1024
    wrong = run([DRIVER, *EINSUM], {**environment, "RICCI_CACHE_LIMIT": "lots"})
    assert wrong.stderr == "ricci: warning: RICCI_CACHE_LIMIT is 'lots', but must be a number of bytes, such as " \
        "1073741824, 512M or 2G; the limit is 256 MiB\n"
