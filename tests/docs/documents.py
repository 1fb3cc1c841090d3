"""What README.md and docs/ show, taken apart and carried out.

The kinds of fenced blocks, which start at the left margin:

    ```console      commands after `$ `, each followed by what it prints (stdout and stderr). All
                    commands of a document run in one shell, and each must exit with 0.
    ```python, cpp, mlir, c
                    after the line "`NAME`:", a file that a later command uses;
                    after the line "From `PATH`:", lines that stand so in that file of the repository.
    ```sh           calls of tools/dev. They are not run: tools/dev --help must know command and options.
    ```text         pictures. They are not run.

What is printed must agree with the document to the letter, except for four things:

    a line `…`      stands for one or more lines
    … in a line     stands for one or more characters
    a final \\       the line goes on in the next, whose indentation does not count
    measured times  in a line that begins with "compile " or has "Gflop/s", every number, unit of
                    time and CPU

usage: documents.py --update|--update-times [DOCUMENT...]
    writes what is printed today into the documents; measured times that differ by --update-times only
"""

import os
import re
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("python", "cpp", "mlir", "c")
CUT = "…"
MARK = "\x1e"
WIDTH = 100


class DocumentError(Exception):
    """A document that breaks the rules above."""


@dataclass
class Command:
    text: str
    expected: list[str]
    line: int  # of the first expected line, from 0
    actual: str = ""
    status: int | None = None


@dataclass
class Document:
    path: Path
    lines: list[str]
    commands: list[Command] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)
    excerpts: list[tuple[str, list[str]]] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)


def all_documents() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(lines):
    """(kind, number of the first line, lines, the last line of text before it) of every block."""
    start = kind = None
    before = ""
    for number, line in enumerate(lines):
        fence = re.match(r"(\s*)```(.*)", line)
        if not fence:
            if start is None and line.strip():
                before = line
            continue
        if fence[1]:
            raise DocumentError(f"line {number + 1}: a fence that does not start at the left margin")
        if start is None:
            start, kind = number + 1, fence[2].strip()
        else:
            yield kind, start, lines[start:number], before
            start, before = None, ""
    if start is not None:
        raise DocumentError(f"line {start}: a block without an end")


def parse_commands(lines, first) -> list[Command]:
    commands = []
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.startswith("$ "):
            text = line[2:]
            while text.endswith("\\"):
                number += 1
                text += "\n" + lines[number]
            if text.rstrip().endswith(("|", "&&")):
                raise DocumentError(f"line {first + number + 1}: a command that goes on without a backslash")
            commands.append(Command(text, [], first + number + 1))
        elif commands:
            commands[-1].expected.append(line)
        else:
            raise DocumentError(f"line {first + number + 1}: output without a command")
        number += 1
    return commands


def parse(path: Path, text: str) -> Document:
    document = Document(path, text.split("\n"))
    for kind, first, lines, before in blocks(document.lines):
        if kind == "console":
            document.commands += parse_commands(lines, first)
        elif kind == "sh":
            document.scripts += lines
        elif kind in CODE and (name := re.fullmatch(r"`([\w.-]+)`:", before)):
            if name[1] in document.files:
                raise DocumentError(f"line {first}: a second file {name[1]}")
            document.files[name[1]] = "\n".join(lines) + "\n"
        elif kind in CODE and (name := re.fullmatch(r"From `([\w./-]+)`:", before)):
            document.excerpts.append((name[1], lines))
        elif kind != "text":
            raise DocumentError(f"line {first}: a block of kind '{kind}' that nothing would check")
    for name in document.files:
        if not any(name in command.text for command in document.commands):
            raise DocumentError(f"no command uses {name}")
    return document


def sandbox(folder: Path, build: Path) -> dict[str, str]:
    """Makes the folder look like the checkout, built; returns the environment for its shell."""
    for entry in ROOT.iterdir():
        if entry.name != "build" and not entry.name.startswith("."):
            (folder / entry.name).symlink_to(entry)
    (folder / "build").mkdir()
    (folder / "build/release").symlink_to(build)
    (folder / "build/venv").symlink_to(sys.prefix)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RICCI_")}
    environment["PATH"] = f"{folder}/build/release/bin:{folder}/build/venv/bin:{environment['PATH']}"
    environment["PYTHONPATH"] = f"{folder}/build/release/python"
    environment["LC_ALL"] = "C.UTF-8"
    environment["RICCI_CACHE_DIR"] = "off"
    return environment


def run(document: Document, folder: Path, build: Path) -> None:
    """Carries out the commands in the folder, and notes what they print and how they end."""
    environment = sandbox(folder, build)
    for name, text in document.files.items():
        (folder / name).write_text(text, encoding="utf-8")
    script = "exec 2>&1\n"
    for command in document.commands:
        script += f"{command.text}\nprintf '{MARK}%d{MARK}' $?\n"
    shell = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                           stdout=subprocess.PIPE, timeout=500, check=False)
    pieces = shell.stdout.decode("utf-8", "replace").split(MARK)
    for command, output, status in zip(document.commands, pieces[::2], pieces[1::2]):
        command.actual, command.status = output, int(status)


def mask(line: str) -> str:
    if not line.startswith("compile ") and "Gflop/s" not in line:
        return line
    line = re.sub(r"x86-64\S* \([^)]*\)", "CPU", line)
    line = re.sub(r"\d+(\.\d+)?(e[+-]?\d+)?", "N", line)
    return re.sub(r"N (ns|us|ms|s)\b", "N TIME", line).replace("threads", "thread")


def tidy(lines: list[str]) -> list[str]:
    """Without blanks at the ends of lines and blank lines at the end."""
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").split("\n")


def joined(lines: list[str]) -> list[str]:
    result, going_on = [], False
    for line in lines:
        goes_on = line.endswith(" \\")
        text = line[:-2] if goes_on else line
        if going_on:
            result[-1] += " " + text.lstrip()
        else:
            result.append(text)
        going_on = goes_on
    return result


def matches(expected: list[str], actual: str) -> bool:
    pattern = ""
    for line in map(mask, tidy(joined(expected))):
        if line.strip() == CUT:
            pattern += r"(?:[^\n]*\n)+?"
        else:
            pattern += "[^\n]+?".join(map(re.escape, line.split(CUT))) + r"\n"
    text = "".join(mask(line) + "\n" for line in tidy(actual.split("\n")))
    return re.fullmatch(pattern, text) is not None


def differences(document: Document) -> list[str]:
    found = []
    for command in document.commands:
        where = f"{document.path.name}:{command.line}: $ {command.text}\n"
        if command.status is None:
            found.append(where + "  did not run to its end")
        elif command.status != 0:
            found.append(where + f"  exit code {command.status}\n" + textwrap.indent(command.actual, "  | "))
        elif not matches(command.expected, command.actual):
            found.append(where + "  prints\n" + textwrap.indent(command.actual, "  | ") + "\n  but the document shows\n"
                         + textwrap.indent("\n".join(command.expected), "  | "))
    return found


def wrong_excerpts(document: Document) -> list[str]:
    """Indentation does not count; a line `…` stands for lines of the file that are left out."""
    def tight(lines):
        return "\n" + "\n".join(line.strip() for line in lines) + "\n"

    found = []
    for path, lines in document.excerpts:
        text, position = tight((ROOT / path).read_text(encoding="utf-8").split("\n")), 0
        for part in tight(lines).split(f"\n{CUT}\n"):
            part = "\n" + part.strip("\n") + "\n"
            position = text.find(part, position)
            if position < 0:
                found.append(f"{document.path.name}: {path} does not have:{part}")
                break
            position += len(part) - 1
    return found


def wrong_scripts(document: Document, known: str) -> list[str]:
    found = []
    for line in document.scripts:
        words = line.split("#")[0].split()
        if len(words) < 2 or words[0] != "tools/dev" or not re.search(rf"^  {re.escape(words[1])}\b", known, re.M):
            found.append(f"{document.path.name}: no command of tools/dev: {line}")
        found += [f"{document.path.name}: tools/dev knows no {word}: {line}"
                  for word in words[2:] if word.startswith("-") and word.split("=")[0] not in known]
    return found


def wrong_links(document: Document) -> list[str]:
    text = re.sub(r"```.*?```|`[^`]*`", "", "\n".join(document.lines), flags=re.S)
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    return [f"{document.path.name}: a link to {target}, which is not there"
            for target in targets if "://" not in target and not (document.path.parent / target).exists()]


def wrapped(line: str) -> list[str]:
    """Breaks a long line at single blanks, so that `joined` gives it back."""
    result, indent = [], " " * (len(line) - len(line.lstrip()) + 4)
    while len(line) > WIDTH:
        at = max((m.start() for m in re.finditer(r"(?<=\S) (?=\S)", line[: WIDTH - 1])), default=-1)
        if at <= len(indent):
            break
        result.append(line[:at] + " \\")
        line = indent + line[at + 1:]
    return result + [line]


def update(document: Document, times: bool) -> list[str]:
    """Writes the output of commands that run into the document; returns what is left to do by hand."""
    left = []
    for command in reversed(document.commands):
        if command.status != 0:
            left.append(f"{document.path.name}:{command.line}: does not run: $ {command.text}\n{command.actual}")
        elif not matches(command.expected, command.actual) or (times and "compile " in command.actual):
            if CUT in "".join(command.expected):
                left.append(f"{document.path.name}:{command.line}: has cuts: $ {command.text}")
                continue
            output = [part for line in tidy(command.actual.split("\n")) for part in wrapped(line)]
            document.lines[command.line: command.line + len(command.expected)] = [] if output == [""] else output
    document.path.write_text("\n".join(document.lines), encoding="utf-8")
    return left


def main() -> int:
    import tempfile

    import ricci

    arguments = sys.argv[1:]
    option = arguments.pop(0) if arguments else ""
    if option not in ("--update", "--update-times"):
        print(__doc__.split("\n\n")[-1].strip(), file=sys.stderr)
        return 2
    left = []
    for path in [Path(a).resolve() for a in arguments] or all_documents():
        document = parse(path, path.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            run(document, Path(folder), Path(ricci.__file__).parents[2])
        left += update(document, option == "--update-times")
    print("\n".join(left) or "every document shows what is printed")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
