"""Fails when a file names a path of somebody's machine, or a folder has no README.md.

usage: repository.py ROOT | --self-test
"""

import re
import sys
import tempfile
from pathlib import Path

from files import repository_files

# Folders of people and workplaces; in pieces, so that this file does not name one itself.
PRIVATE = re.compile(r"(?<![\w.$}~-])/(?:" + "|".join(["home", "root", "work", "workspace", "Users",
                                                       "mnt", "scratch"]) + r")/[\w.]")


def machine_paths(root: Path, files: list[Path]) -> list[str]:
    checkout = str(root.resolve())
    found = []
    for path in files:
        try:
            text = (root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # an array or an image
        for number, line in enumerate(text.splitlines(), 1):
            if PRIVATE.search(line) or (checkout.count("/") > 1 and checkout in line):
                found.append(f"{path}:{number}: an absolute path of one machine: {line.strip()[:100]}")
    return found


def folders_without_readme(files: list[Path]) -> list[str]:
    folders = {folder for path in files for folder in path.parents}
    described = {path.parent for path in files if path.name == "README.md"}
    # Folders with a dot are settings of tools; Inputs belongs to the tests beside it.
    return [f"{folder}: no README.md" for folder in sorted(folders - described)
            if not any(part.startswith(".") or part == "Inputs" for part in folder.parts)]


def violations(root: Path) -> list[str]:
    files = repository_files(root)
    if not files:
        return [f"{root}: no files"]
    return machine_paths(root, files) + folders_without_readme(files)


def self_test() -> int:
    person = "/home" + "/someone/ricci"
    cases = {
        "README.md": "see /usr/lib/llvm-22 and https://example.org/home/page and $PREFIX/work/x",
        "good/README.md": "/proc/cpuinfo, /tmp/dump and runtime/work/file.h",
        "good/a.h": "// a header",
        "bad/b.cpp": f'open("{person}/x.npy")',
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in cases.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text + "\n")
        (root / "good/README.md").write_text(f"{cases['good/README.md']}\n{root.resolve()}/out\n")
        found = [text.rsplit(":", 1)[0] if "README.md" in text.rsplit(":", 1)[1] else text.split(": ")[0]
                 for text in violations(root)]
    expected = ["bad/b.cpp:1", "good/README.md:2", "bad"]
    if found != expected:
        print(f"found {found}, not {expected}")
    return 0 if found == expected else 1


def main() -> int:
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = violations(Path(sys.argv[1]))
    print("\n".join(found))
    print(f"{len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
