"""Fails when a shared library exports what it must not, or needs LLVM's or MLIR's shared library.

usage: exported_symbols.py ricci|ricci_compiler|ricci_python FILE   (77: FILE does not exist)
"""

import re
import subprocess
import sys
from pathlib import Path

# Other people's code must stay inside: a second copy in the process would take its place.
FOREIGN = re.compile(r"\b(llvm|mlir|fmt|tbb|nanobind)::|^(LLVM|mlir[A-Z])|^(llvm|mlir|tbb|fmt)_")
# All that each library may export: its own names, and what C++ makes for its classes.
OF_RICCI = (r"(ricci_\w+|((typeinfo|typeinfo name|vtable|VTT|guard variable|"
            r"(non-virtual|virtual) thunk) (for|to) )?ricci::.*)")
# Of a stripped library GDB sees exported symbols alone, and looks for these two by name. They are the
# debugger's and other JITs have them too; -Bsymbolic keeps each library's own.
OF_GDB = r"__jit_debug_(descriptor|register_code)"
EXPORTS = {
    "ricci": rf"{OF_RICCI}|{OF_GDB}",
    "ricci_compiler": r"ricci_compiler_entry",
    "ricci_python": r"PyInit_\w+",
}


def run(*command: str) -> list[str]:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode().splitlines()


def main() -> int:
    library, path = sys.argv[1], Path(sys.argv[2])
    if not path.is_file():
        print(f"{path} is not built")
        return 77
    # An address, a letter for the kind, then the name, which may hold spaces; of a version script's
    # nodes (kind A) there are none.
    names = [line.split(None, 2)[2] for line in run("nm", "-D", "-C", "--defined-only", str(path))]
    wrong = [f"{name}: another library's symbol" for name in names if FOREIGN.search(name)]
    wrong += [f"{name}: not an export of {library}" for name in names
              if not FOREIGN.search(name) and not re.fullmatch(EXPORTS[library], name)]
    if not names:
        wrong.append(f"{path} exports nothing")
    wrong += [f"needs {line.split('[')[1].rstrip(']')}" for line in run("readelf", "-d", "-W", str(path))
              if "(NEEDED)" in line and re.search(r"lib(LLVM|MLIR|clang|fmt)", line)]
    print("\n".join(wrong[:40]))
    print(f"{path.name}: {len(names)} exported symbols, {len(wrong)} violations")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
