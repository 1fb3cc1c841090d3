"""For pytest: without the disk cache by hand, so that no test finds what another or the user left; and
after all tests of a session no page of the process is writable code."""

import ctypes
import os
import sys

import pytest

os.environ.setdefault("RICCI_CACHE_DIR", "off")


def writable_code():
    """The mappings of this process that can be written to and run; there should never be any."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        return [line for line in maps if {"w", "x"} <= set(line.split()[1])]


@pytest.fixture(scope="session", autouse=True)
def no_writable_code():
    closure = ctypes.CFUNCTYPE(None)(lambda: None)  # ctypes has a page of them, which is so
    before = writable_code()  # of what else the interpreter has loaded
    yield
    if "ricci" in sys.modules:
        assert [line for line in writable_code() if line not in before] == []
    del closure
