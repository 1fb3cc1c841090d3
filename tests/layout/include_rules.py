"""Fails when an #include breaks the one-way dependencies between the folders.

usage: include_rules.py ROOT | --self-test
"""

import re
import sys
import tempfile
from pathlib import Path

from files import repository_files

# What each part may include besides itself; the first prefix that fits a file counts. "mlir" stands
# for MLIR and LLVM, "ricci" for the public headers (frontend/api).
PARTS = {
    "runtime/": set(),
    "frontend/": {"runtime/", "ricci/"},
    "compiler/target/": {"runtime/", "frontend/", "mlir"},
    "compiler/ir/": {"runtime/", "frontend/", "mlir"},
    "compiler/contract/": {"runtime/", "frontend/", "mlir", "compiler/target/", "compiler/ir/"},
    "compiler/fuse/": {"runtime/", "frontend/", "mlir", "compiler/target/", "compiler/ir/",
                       "compiler/contract/"},
    "compiler/cpu/": {"runtime/", "frontend/", "mlir", "compiler/target/", "compiler/ir/",
                      "compiler/contract/", "compiler/fuse/"},
    "compiler/cuda/": {"runtime/", "frontend/", "mlir", "compiler/target/", "compiler/ir/",
                       "compiler/contract/", "compiler/fuse/"},
    "compiler/reference/": {"runtime/", "frontend/", "mlir", "compiler/ir/"},
    # passes.h and passes.td declare every folder's passes; compile and pipeline see all.
    "compiler/": {"runtime/", "frontend/", "mlir", "compiler/target/", "compiler/ir/",
                  "compiler/contract/", "compiler/fuse/", "compiler/cpu/", "compiler/cuda/",
                  "compiler/reference/"},
    # The driver and the module are clients of libricci alone.
    "tools/ricci/": {"runtime/", "frontend/", "ricci/"},
    "tools/python/": {"runtime/", "frontend/", "ricci/"},
    "tools/": {"runtime/", "frontend/", "ricci/", "compiler/*", "mlir"},
    "tests/": {"runtime/", "frontend/", "ricci/", "compiler/*", "tools/", "mlir"},
}
# Headers of the compiler's top that its folders include: pass declarations, no dependency.
SHARED = {"compiler/passes.h", "compiler/passes.h.inc", "compiler/passes.td"}
FOREIGN = {"mlir", "mlir-c", "llvm", "llvm-c", "clang", "lld"}

INCLUDE = re.compile(r'^[ \t]*#?[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.M)
SUFFIXES = {".h", ".cpp", ".td", ".inc", ".c", ".cc", ".cu"}


def part_of(path: str):
    return next((part for part in PARTS if path.startswith(part)), None)


def allowed(including: str, target: str) -> bool:
    allowed_parts = PARTS[including]
    return (target == including or target in allowed_parts
            or ("compiler/*" in allowed_parts and target.startswith("compiler/"))
            or ("tools/" in allowed_parts and target.startswith("tools/")))


def violations(root: Path):
    """One line for each include that breaks a rule, and how many includes were seen."""
    found, seen = [], 0
    for path in repository_files(root):
        including = part_of(path.as_posix())
        if including is None or path.suffix not in SUFFIXES:
            continue
        if including == "compiler/" and len(path.parts) > 2:
            found.append(f"{path}: its folder has no rule yet")
        text = (root / path).read_text(encoding="utf-8")
        for match in INCLUDE.finditer(text):
            quote, name = match.groups()
            seen += 1
            where = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            first = name.split("/", 1)[0]
            if first in FOREIGN:
                target = "mlir"
            elif first == "ricci" and "/" in name:
                target = "ricci/"
            else:
                target = part_of(name)
            if ".." in name.split("/"):
                found.append(f"{where}: '{name}' is not written from the repository root")
            elif target is None:
                if quote == '"':
                    found.append(f"{where}: '{name}' is not written from the repository root")
            elif name not in SHARED and not allowed(including, target):
                found.append(f"{where}: {including} may not include '{name}'")
    return found, seen


def self_test() -> int:
    """Each file of a small tree, and whether its include must be refused."""
    cases = [
        ("runtime/a.cpp", '#include "runtime/b.h"', False),
        ("runtime/b.cpp", '#include "frontend/program.h"', True),
        ("runtime/c.cpp", '#  include "llvm/ADT/SmallVector.h"', True),
        ("runtime/devices/d.cpp", "#include <mlir/IR/Value.h>", True),
        ("runtime/e.cpp", "#include <vector>", False),
        ("frontend/a.cpp", '#include "runtime/b.h"', False),
        ("frontend/b.cpp", '#include "compiler/target/target.h"', True),
        ("frontend/c.cpp", '#include "llvm/ADT/SmallVector.h"', True),
        ("frontend/d.cpp", '#include "program.h"', True),
        ("frontend/api/e.h", "#include <ricci/c_api.h>", False),
        ("compiler/target/a.cpp", '#include "compiler/ir/dialect.h"', True),
        ("compiler/ir/a.cpp", '#include "compiler/contract/path.h"', True),
        ("compiler/ir/b.td", 'include "mlir/IR/OpBase.td"', False),
        ("compiler/ir/c.td", 'include "compiler/fuse/kernel.td"', True),
        ("compiler/ir/d.cpp", '#include "../fuse/kernel.h"', True),
        ("compiler/contract/a.cpp", '#include "compiler/ir/dialect.h"', False),
        ("compiler/contract/b.cpp", '#include "compiler/fuse/kernel.h"', True),
        ("compiler/fuse/a.cpp", '#include "compiler/contract/path.h"', False),
        ("compiler/fuse/b.cpp", '#include "compiler/cpu/codegen.h"', True),
        ("compiler/cpu/a.cpp", '#include "compiler/fuse/kernel.h"', False),
        ("compiler/cpu/b.cpp", '#include "compiler/cuda/print.h"', True),
        ("compiler/cpu/c.cpp", '#include "compiler/pipeline.h"', True),
        ("compiler/cpu/d.cpp", '#include "compiler/passes.h"', False),
        ("compiler/cuda/a.cpp", '#include "compiler/cpu/codegen.h"', True),
        ("compiler/reference/a.cpp", '#include "compiler/ir/dialect.h"', False),
        ("compiler/reference/b.cpp", '#include "compiler/contract/path.h"', True),
        ("compiler/compile.cpp", '#include "compiler/cpu/codegen.h"', False),
        ("compiler/other/a.cpp", "#include <vector>", True),
        ("compiler/pipeline.cpp", '#include "tools/ricci/json.h"', True),
        ("tools/ricci/a.cpp", "#include <ricci/ricci.h>", False),
        ("tools/ricci/b.cpp", '#include "compiler/compile.h"', True),
        ("tools/ricci-opt/a.cpp", '#include "compiler/passes.h"', False),
        ("tools/python/a.cpp", '#include "mlir/IR/Value.h"', True),
        ("tests/ir/a.cpp", '#include "compiler/ir/dialect.h"', False),
    ]
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, line, _ in cases:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(f"// a file\n{line}\n")
        found, seen = violations(root)
        if seen != len(cases):
            print(f"{seen} includes were seen, not {len(cases)}")
            wrong += 1
        for name, line, refused in cases:
            if any(text.startswith((f"{name}:2:", f"{name}: ")) for text in found) != refused:
                print(f"{name}: {line}: should be {'refused' if refused else 'allowed'}")
                wrong += 1
    return 1 if wrong else 0


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found, seen = violations(Path(sys.argv[1]))
    print("\n".join(found))
    if seen == 0:
        print(f"no #include found below {sys.argv[1]}")
        return 1
    print(f"{seen} includes, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
