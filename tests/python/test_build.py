"""ricci.build: the files are the driver's, written both or not at all."""

import os
import subprocess
from pathlib import Path

import pytest
import ricci

DRIVER = Path(ricci.__file__).parents[2] / "bin/ricci"
LAYER = ("gelu(x @ w + b)", {"x": "f32[N=1000,64]", "w": ricci.spec("f32", (64, 32)), "b": "f32[32]"})


def test_it_writes_what_the_driver_writes(tmp_path):
    program, specs = LAYER
    built = ricci.build(program, tmp_path / "my-layer", cpu=["x86-64", "x86-64-v3"], parallel=True, **specs)
    assert built.function == "my_layer" and built.declaration.startswith("int my_layer(int64_t N, const float *x")
    assert built.declaration in " ".join(Path(built.header).read_text().split())
    assert built.arena_bytes[0] >= 0 and built.worker_bytes[0] > 0
    (tmp_path / "driver").mkdir()
    subprocess.run([DRIVER, "build", program, *(f"{name}={spec}" for name, spec in specs.items()), "--parallel",
                    "--cpu=x86-64,x86-64-v3", "-o", "driver/my-layer"], cwd=tmp_path, check=True, stdout=subprocess.PIPE)
    assert sorted(os.listdir(tmp_path)) == ["driver", "my-layer.h", "my-layer.o"]
    for file in (built.object, built.header):
        assert Path(file).read_bytes() == (tmp_path / "driver" / Path(file).name).read_bytes()
        assert os.stat(file).st_mode == os.stat(tmp_path / "driver" / Path(file).name).st_mode


def test_errors_leave_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for error, message, call in [
        (ricci.Error, "'2d' cannot be the name", lambda: ricci.build("x + 1", "2d", x="f32[4]")),
        (ricci.Error, "'while' cannot be", lambda: ricci.build("x + 1", "f", name="while", x="f32[4]")),
        (ricci.Error, "depends on the size", lambda: ricci.build("x - x.mean(axis=0)", "f", x="f32[N,4]")),
        (ricci.Error, "there is one size", lambda: ricci.build("x + y", "f", x="f32[N]", y="f32[M]")),
        (ricci.Error, "pentium99", lambda: ricci.build("x + 1", "f", cpu="pentium99", x="f32[4]")),
        (ricci.Error, "the limit is 8", lambda: ricci.build("x + 1", "f", memory_limit=8, x="f32[4]")),
        (TypeError, "'x' is a str or a ricci.spec, not int", lambda: ricci.build("x + 1", "f", x=4)),
        (FileNotFoundError, "no", lambda: ricci.build("x + 1", "no/f", x="f32[4]")),
    ]:
        with pytest.raises(error, match=message):
            call()
    assert os.listdir() == []
    os.mkdir("f.h")
    with pytest.raises(IsADirectoryError):
        ricci.build("x + 1", "f", x="f32[4]")
    assert os.listdir() == ["f.h"]
