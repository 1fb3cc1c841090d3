"""Everything that README.md and docs/ show is so. The rules stand in documents.py."""

import subprocess
import sys
from pathlib import Path

import pytest
import ricci

sys.path.insert(0, str(Path(__file__).parent))
import documents  # noqa: E402

BUILD = Path(ricci.__file__).parents[2]
NAMES = [str(path.relative_to(documents.ROOT)) for path in documents.all_documents()]


def load(name: str) -> documents.Document:
    path = documents.ROOT / name
    return documents.parse(path, path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_commands_print_what_is_shown(name, tmp_path):
    document = load(name)
    documents.run(document, tmp_path, BUILD)
    assert not (found := documents.differences(document)), "\n\n".join(found)


@pytest.mark.parametrize("name", NAMES)
def test_excerpts_links_and_scripts(name):
    document = load(name)
    known = subprocess.run([documents.ROOT / "tools/dev", "--help"], capture_output=True, text=True, check=True).stdout
    found = documents.wrong_excerpts(document) + documents.wrong_links(document) + documents.wrong_scripts(document, known)
    assert not found, "\n".join(found)


SMALL = """# a document

`hello.py`:

```python
print("one\\ntwo\\nthree", 4 * 10)
```

```console
$ cd . && x=5
$ python hello.py; echo $x
{expected}
```
"""


def outcome(tmp_path, expected):
    document = documents.parse(Path("small.md"), SMALL.format(expected=expected))
    documents.run(document, tmp_path, BUILD)
    return documents.differences(document)


@pytest.mark.parametrize("expected", ["one\ntwo\nthree 40\n5", "one\n…\n5", "one\ntwo\nthree \\\n   40\n5",
                                      "one\nt…o\n…\n5"])
def test_agreement_is_seen(tmp_path, expected):
    assert outcome(tmp_path, expected) == []


@pytest.mark.parametrize("expected", ["one\ntwo\nthree 41\n5", "one\nthree 40\n5", "one\ntwo\n…\nthree 40\n5",
                                      "one\ntwo\nthree  40\n5", "", "one\ntwo…\nthree 40\n5", "one\ntwo\nthree 40"])
def test_a_difference_is_seen(tmp_path, expected):
    assert len(outcome(tmp_path, expected)) == 1


def test_a_failure_is_seen(tmp_path):
    document = documents.parse(Path("small.md"), "```console\n$ false\n$ exit 0\n$ echo\n```\n")
    documents.run(document, tmp_path, BUILD)
    found = documents.differences(document)
    assert len(found) == 3 and "exit code 1" in found[0] and "not run to its end" in found[2]


def test_only_measured_times_are_masked():
    times = "compile 3.1 ms (llvm 2.0) · first run 5 us · then min 4 us, median 4.5 us of 50"
    rate = "{} Gflop/s, {}, {} · the plan predicts 2.5 ms on one core"
    assert documents.matches([times], times.replace("3.1", "12").replace("us", "ms"))
    assert not documents.matches([times], times.replace("median", "mean"))
    assert documents.matches([rate.format("1e+03", "2 threads", "x86-64-v4 (znver4)")],
                             rate.format("83.1", "1 thread", "x86-64-v3 (haswell)"))
    assert not documents.matches(["predicted 84 us"], "predicted 85 us")


def test_what_breaks_the_rules_is_refused():
    for text in ["```python\nprint()\n```", "```console\nx\n```", "```console\n$ true |\n  cat\n```", "  ```text\n  ```", "```text\n",
                 "`a.py`:\n```python\n```"]:
        with pytest.raises(documents.DocumentError):
            documents.parse(Path("small.md"), text)


def test_excerpts():
    def wrong(lines):
        text = f"From `tests/docs/test_docs.py`:\n```python\n{lines}\n```\n"
        return documents.wrong_excerpts(documents.parse(Path("small.md"), text))

    assert not wrong('from pathlib import Path\n\nimport pytest')
    assert not wrong('import subprocess\n…\nimport pytest\nimport ricci')
    assert wrong('import subprocess\nimport pytest')
    assert wrong('import pytest\n…\nimport subprocess')
    assert wrong('import pyt')


def test_excerpts_links_and_scripts_can_be_wrong():
    text = ("From `README.md`:\n```cpp\nno such line\n```\n[a](nowhere.md) [b](README.md)\n"
            "```sh\ntools/dev build --presto x\ntools/dev fly\ntools/dev build --preset x  # a comment\n```\n")
    document = documents.parse(documents.ROOT / "small.md", text)
    assert len(documents.wrong_excerpts(document)) == 1
    assert len(documents.wrong_links(document)) == 1
    assert len(documents.wrong_scripts(document, "  build   --preset NAME\n")) == 2
