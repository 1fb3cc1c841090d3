"""results.py DIRECTORY: runs the driver on the files of make_files.py and compares with NumPy."""

import json
import os
import subprocess
import sys

import numpy as np

os.chdir(sys.argv[1])


def ricci(*arguments):
    return subprocess.run(["ricci", *arguments], check=True, capture_output=True, text=True).stdout


a, b, fortran, i, c = (np.load(f"{n}.npy") for n in ("a", "b", "fortran", "i", "c"))
bf16 = (a.view("u4") & 0xFFFF0000).view("f4")
cases = [
    ("ij,jk->ik", ["a.npy", "b.npy"], [a, b]),
    ("ij,jk->ki", ["a.npy", "fortran.npy"], [a, fortran]),
    ("ij,jk", ["a.npy", "big_endian.npy"], [a, np.load("big_endian.npy")]),
    ("ij,jk->k", ["stored.npz:left", "i.npy"], [a, i]),
    ("ij->j", ["packed.npz:left"], [a]),
    ("ij,kj->ik", ["i.npy", "i.npy"], [i, i]),
    ("ij,jk->ik", ["a.npy", "c.npy"], [a, c]),
    ("ij,jk->", ["a.npy", "b.npy"], [a, b]),
    ("...->...", ["a.npy"], [a]),
]
for device in ("cpu", "reference"):
    for equation, names, arrays in cases:
        line = ricci("einsum", equation, *names, "-o", "out.npy", "--check", f"--device={device}")
        got, want = np.load("out.npy"), np.asarray(np.einsum(equation, *arrays))
        assert got.dtype == want.dtype and got.shape == want.shape, (equation, got, want)
        assert got.flags.c_contiguous
        if want.dtype.kind in "iu":
            assert np.array_equal(got, want), equation
        else:
            # At most 35 products of standard normal numbers are summed.
            assert np.max(np.abs(got - want), initial=0) < 1e-4, (equation, got - want)
        assert line.startswith("out.npy: ") and ", C order, " in line and "\ncheck: all" in line, line

ricci("einsum", "ij->ji", "bf16:bf16.npy", "-o", "out.npy")
got = np.load("out.npy")
assert got.dtype == "V2" and np.array_equal(got.view("u2"), (bf16.T.copy().view("u4") >> 16))

# Random operands: the same for the same seed, others for another, and for each operand.
first, again, other = (
    json.loads(ricci("einsum", "i,i->i", "f32[50]", "f32[50]", "--print", "--json", f"--seed={s}"))
    for s in (1, 1, 2)
)
assert first == again and first["data"] != other["data"]
product = np.array(first["data"])
assert (product < 0).any()  # a square would be none

# An existing file keeps its mode, a link stays a link, and the output may be an input.
os.chmod("a.npy", 0o640)
os.symlink("a.npy", "link.npy")
ricci("einsum", "ij->ji", "a.npy", "-o", "link.npy")
assert np.array_equal(np.load("a.npy"), a.T) and os.path.islink("link.npy")
assert os.stat("a.npy").st_mode & 0o777 == 0o640
