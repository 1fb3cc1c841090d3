"""Installs the build, moves the tree, and uses it as somebody else's project would.

usage: installed.py BUILD_DIR SOURCE_DIR CXX CC PYTHON|none
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXPECTED = {
    "buffers": ["6 22", "12 44", "72 264"],
    "program": ["4 0", "f32[4,2]", "x @ w\n    ^", "at byte 3"],
    "files": ["input: f32[2,3]", "squares: f32[2,2]", "result.npz: no member 'cubes'; it has 'input', 'squares'"],
    "views": ["20 23", "cannot be viewed as shape (24,)", "f64[2,2] read-only"],
    "from_c": ["4 5 10 11", "7 8", "bytes 1 to 2: label 'j' is 3 in operand 1 and 2 in operand 2"],
}


def run(*command, cwd=None, **variables):
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("PYTHONPATH", "LD_LIBRARY_PATH") and not name.startswith("RICCI_")}
    environment["RICCI_CACHE_DIR"] = os.environ["INSTALL_TEST_CACHE"]
    environment.update(variables)
    result = subprocess.run([str(c) for c in command], cwd=cwd, env=environment, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        sys.exit(f"$ {' '.join(map(str, command))}\n{result.stdout}exit code {result.returncode}")
    return result.stdout


def check_examples(programs: dict[str, Path]):
    for name, program in programs.items():
        output = run(program, cwd=program.parent)
        position = 0
        for part in EXPECTED[name]:
            at = output.find(part, position)
            if at < 0:
                sys.exit(f"{program} prints\n{output}which lacks '{part}'")
            position = at + len(part)


def by_find_package(source: Path, prefix: Path, work: Path):
    build = work / "find_package"
    run("cmake", "-G", "Ninja", "-S", source / "docs/examples", "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
        "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_STANDARD=17", "-DCMAKE_CXX_EXTENSIONS=OFF",
        "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror -pedantic")
    run("cmake", "--build", build, "-j", "2")
    check_examples({name: build / name for name in EXPECTED})


def by_pkg_config(source: Path, prefix: Path, work: Path, cxx: str, cc: str):
    flags = run("pkg-config", "--cflags", "--libs", "ricci",
                PKG_CONFIG_PATH=prefix / "lib/pkgconfig").split()
    rpath = f"-Wl,-rpath,{prefix / 'lib'}"
    run(cc, "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", source / "docs/examples/from_c.c", *flags, rpath,
        "-o", work / "from_c")
    check_examples({"from_c": work / "from_c"})
    # Tensors alone load no compiler; the first einsum does, and LLVM is hidden inside it. The next process finds the
    # code on the disk.
    program = work / "tensors_only"
    run(cxx, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic", source / "tests/install/tensors_only.cpp",
        *flags, rpath, "-o", program)
    for arguments, expected in (([], ["libricci.so"]), (["compile"], ["libricci.so", "libricci_compiler.so"]),
                                (["compile"], ["libricci.so"])):
        mapped = [re.sub(r"(\.\d+)+$", "", name) for name in run(program, *arguments, cwd=work).split()]
        if mapped != expected:
            sys.exit(f"{program.name} {arguments} maps {mapped}, not {expected}")


def check_versions(prefix: Path, program: Path):
    """The library has a version in its name, which programs ask for; libricci.so is for linking alone."""
    version = run("pkg-config", "--modversion", "ricci", PKG_CONFIG_PATH=prefix / "lib/pkgconfig").strip()
    soname = "libricci.so." + ".".join(version.split(".")[:2])
    wanted = {"libricci.so": soname, soname: f"libricci.so.{version}"}
    links = {path.name: str(path.readlink()) for path in (prefix / "lib").glob("libricci.so*") if path.is_symlink()}
    if links != wanted or not (prefix / f"lib/libricci.so.{version}").is_file():
        sys.exit(f"the links are {links}, not {wanted}")
    for file, entry in ((prefix / "lib/libricci.so", "SONAME"), (program, "NEEDED"), (prefix / "bin/ricci", "NEEDED"),
                        (prefix / "lib/libricci_compiler.so", "NEEDED")):
        if not re.search(rf"\({entry}\).*\[{re.escape(soname)}\]", run("readelf", "-d", file)):
            sys.exit(f"{file} has no {entry} {soname}")
    # It runs where the name for linking is missing, as where no development package is installed.
    (prefix / "lib/libricci.so").unlink()
    check_examples({program.name: program})


def check_tree(prefix: Path, source: Path, python: str):
    for header in (prefix / "include/ricci").rglob("*.h"):
        if '#include "' in header.read_text(encoding="utf-8"):
            sys.exit(f"{header} includes by a path of the source tree")
    for library in ("bin/ricci", "lib/libricci.so", "lib/libricci_compiler.so"):
        dynamic = run("readelf", "-d", prefix / library)
        if "$ORIGIN" not in dynamic or str(source) in dynamic or re.search(r"PATH.*(:\]|::|\[:)", dynamic):
            sys.exit(f"{library} does not find its libraries relative to itself:\n{dynamic}")
    output = run(prefix / "bin/ricci", "eval", "x.sum()", "x=f32[3]", "--check")
    if "agree" not in output:
        sys.exit(output)
    if not (prefix / "share/ricci/prelude.ricci").is_file():
        sys.exit("the prelude is not installed")
    if python != "none":
        package, = (prefix / "lib").glob("python*/site-packages")
        code = "import ricci, numpy; print(ricci.__file__, ricci.einsum('i->', numpy.ones(5)))"
        if not (output := run(python, "-c", code, PYTHONPATH=package)).startswith(str(package)) or "5.0" not in output:
            sys.exit(output)


def main():
    build, source = Path(sys.argv[1]), Path(sys.argv[2])
    cxx, cc, python = sys.argv[3:6]
    if not (build / "lib/libricci_compiler.so").is_file():
        print("the compiler is not built")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["INSTALL_TEST_CACHE"] = str(work / "cache")  # empty, so that compiling is compiling
        run("cmake", "--install", build, "--prefix", work / "first")
        prefix = work / "moved/there"
        prefix.parent.mkdir()
        shutil.move(work / "first", prefix)
        check_tree(prefix, source, python)
        by_find_package(source, prefix, work)
        by_pkg_config(source, prefix, work, cxx, cc)
        check_versions(prefix, work / "find_package/buffers")


if __name__ == "__main__":
    main()
