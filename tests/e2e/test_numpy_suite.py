"""NumPy's own einsum tests (test_einsum.py, in its wheel) with Ricci in the place of numpy.einsum.

Every call whose operands have dtypes that Ricci computes with and that has no keyword but `optimize`
goes to Ricci, and what Ricci answers or raises counts; the other calls (longdouble and object
operands; dtype=, out=, order=, casting=) stay NumPy's. The tests run in a process of their own.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SUITE = Path(np.__file__).parent / "_core/tests/test_einsum.py"

# The tests that demand something else than Ricci promises, and what replaces them below.
DIFFERENT = {
    # A result's memory order follows the operands' in NumPy; in Ricci it is always C order.
    "TestEinsum::test_output_order",
}

RUNNER = """
import sys
import numpy as np
import pytest
import ricci

numpy_einsum = np.einsum
calls = {"all": 0, "ricci": 0}
supported = {np.dtype(c) for c in "?bhilqBHILQefdFD"}


def operands_of(args):
    if args and isinstance(args[0], (str, bytes)):
        return args[1:]
    return args[: len(args) // 2 * 2 : 2]


def is_for_ricci(args, keywords):
    if not set(keywords) <= {"optimize"}:
        return False
    return all(np.asarray(op).dtype.newbyteorder("=") in supported for op in operands_of(args))


def einsum(*args, **keywords):
    calls["all"] += 1
    if not is_for_ricci(args, keywords):
        return numpy_einsum(*args, **keywords)
    calls["ricci"] += 1
    return ricci.einsum(*args, **keywords)


np.einsum = einsum
# The suite's conftest imports hypothesis, which einsum's tests do not use.
status = pytest.main(["-q", "--noconftest", "-p", "no:cacheprovider", *sys.argv[1:]])
print("calls: {all}, by Ricci: {ricci}".format(**calls))
sys.exit(status)
"""


def run_suite(tmp_path, *options):
    runner = tmp_path / "runner.py"
    runner.write_text(RUNNER)
    done = subprocess.run([sys.executable, runner, *options], cwd=tmp_path, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=550, env=os.environ)
    print(done.stdout)
    counts = re.search(r"calls: (\d+), by Ricci: (\d+)", done.stdout)
    assert counts, "the suite did not end"
    return done.returncode, int(counts[1]), int(counts[2])


@pytest.mark.slow
def test_numpy_suite(tmp_path, capsys):
    skipped = [f"--deselect={SUITE.name}::{name}" for name in DIFFERENT]
    # Deselection goes by the path relative to pytest's root folder.
    status, total, by_ricci = run_suite(tmp_path, f"--rootdir={SUITE.parent}", *skipped, str(SUITE))
    with capsys.disabled():
        print(f"\nnumpy.einsum was called {total} times, {by_ricci} of them went to Ricci")
    assert status == 0
    assert by_ricci > 8000


def test_results_are_in_c_order():
    """In place of test_output_order: its operands, and what Ricci promises."""
    import ricci

    for order in "CF":
        a, b = np.ones((2, 3, 5), order=order), np.ones((4, 3), order=order)
        for optimize in [True, False]:
            result = ricci.einsum("...ft,mf->...mt", a, b, optimize=optimize)
            assert result.flags.c_contiguous
            assert np.array_equal(result, np.full((2, 4, 5), 3.0))


def test_the_runner_sees_a_failure(tmp_path):
    """A wrong result must turn the run red."""
    broken = tmp_path / "test_broken.py"
    broken.write_text("import numpy as np\ndef test(): assert np.einsum('i->', np.ones(3)) == 4\n")
    status, total, by_ricci = run_suite(tmp_path, str(broken))
    assert (status, total, by_ricci) == (1, 1, 1)
