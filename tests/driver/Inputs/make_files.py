"""make_files.py DIRECTORY: good and bad operand files."""

import os
import pathlib
import shutil
import struct
import sys

import numpy as np

root = pathlib.Path(sys.argv[1])
shutil.rmtree(root, ignore_errors=True)
root.mkdir(parents=True)
os.chdir(root)
rng = np.random.default_rng(7)

a = rng.standard_normal((6, 5)).astype("f4")
np.save("a.npy", a)
np.save("b.npy", rng.standard_normal((5, 7)).astype("f4"))
np.save("fortran.npy", np.asfortranarray(rng.standard_normal((5, 7)).astype("f4")))
np.save("big_endian.npy", rng.standard_normal((5, 7)).astype(">f4"))
np.save("i.npy", rng.integers(-9, 9, (5, 7), dtype="i4"))
np.save("c.npy", (rng.standard_normal((5, 7)) + 1j * rng.standard_normal((5, 7))).astype("c8"))
np.savez("stored.npz", left=a, other=np.arange(3))
np.savez_compressed("packed.npz", left=a)
# bfloat16 as the upper half of float32.
np.save("bf16.npy", (a.view("u4") >> 16).astype("u2").view("V2"))

np.save("objects.npy", np.array([{}, None], dtype=object), allow_pickle=True)
np.save("strings.npy", np.array(["ab", "c"]))
whole = pathlib.Path("a.npy").read_bytes()
pathlib.Path("truncated.npy").write_bytes(whole[:-1])
pathlib.Path("cut_header.npy").write_bytes(whole[:40])
pathlib.Path("empty.npy").write_bytes(b"")
pathlib.Path("text.npy").write_text("1 2 3\n" * 50)


def with_header(name, shape, data=b""):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(117) + "\n"
    start = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
    pathlib.Path(name).write_bytes(start + header.encode() + data)


with_header("lies.npy", "(1000000, 1000000)", b"abcd" * 4)
with_header("overflows.npy", "(9223372036854775807, 9223372036854775807)")
with_header("negative.npy", "(-1, 4)")
pathlib.Path("directory.npy").mkdir()
os.mkfifo("pipe.npy")
pathlib.Path("unreadable.npz").write_bytes(b"PK\x03\x04 no zip at all")
