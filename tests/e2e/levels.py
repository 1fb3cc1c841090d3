"""Tests at the levels of x86-64: each runs in a process of its own, since RICCI_CPU is read once."""

import json
import os
import subprocess
import sys

import pytest
import ricci

LEVELS = ["x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"]
# Each level on one thread, and the machine's own CPU on two.
LEVELS_AND_THREADS = [*[(level, 1) for level in LEVELS], ("native", 2)]


def machine_level():
    driver = os.path.join(os.path.dirname(ricci.__file__), "../../bin/ricci")
    report = json.loads(subprocess.run([driver, "doctor", "--json"], capture_output=True, text=True, check=True).stdout)
    return report["target"]["level"]


def run_at(level, file, *arguments, threads=None):
    """Runs a Python file at this level; skips the test where the machine lacks it."""
    if level in LEVELS and LEVELS.index(level) > LEVELS.index(machine_level()):
        pytest.skip(f"this machine has no {level}")
    environment = dict(os.environ, RICCI_CPU=level)
    if threads is not None:
        environment["RICCI_THREADS"] = str(threads)
    result = subprocess.run([sys.executable, file, *map(str, arguments)], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
