"""print.py DIRECTORY: compares --print with NumPy's own text."""

import pathlib
import subprocess
import sys

import numpy as np

root = pathlib.Path(sys.argv[1])
root.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(11)
shapes = [(), (1,), (0,), (2, 0, 3), (30,), (5, 4), (2, 3, 4), (1001,), (40, 30), (7, 200), (8, 5, 5, 6)]
dtypes = ["f2", "f4", "f8", "c8", "c16", "i1", "i4", "i8", "u8", "?"]
sources = [
    lambda shape: rng.standard_normal(shape),
    lambda shape: rng.standard_normal(shape) * 10.0 ** rng.integers(-9, 9),
    lambda shape: rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 6, shape),
    lambda shape: np.round(rng.standard_normal(shape) * 10),
    lambda shape: rng.choice([np.nan, np.inf, -np.inf, 0.0, 1.5, -2.25], shape),
]
for number in range(90):
    shape = shapes[number % len(shapes)]
    dtype = np.dtype(dtypes[rng.integers(len(dtypes))])
    values = np.asarray(sources[number % len(sources)](shape))
    if dtype.kind == "c":
        values = values + 1j * rng.standard_normal(shape)
    if dtype.kind in "iu":
        values = np.nan_to_num(values * 50, posinf=0, neginf=0)
    with np.errstate(all="ignore"):
        np.save(root / "in.npy", np.asarray(values).astype(dtype))
    command = ["ricci", "einsum", "...->...", root / "in.npy", "--print", "-o", root / "out.npy"]
    got = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    line, _, got = got.partition("\n")
    assert line.startswith(f"{root / 'out.npy'}: "), line
    want = str(np.load(root / "out.npy")) + "\n"
    assert got == want, f"{dtype} {shape}\n{got}\nis not\n{want}"
