"""Programs as object files for C."""

import contextlib
import os
from typing import NamedTuple

from ._ricci import build_object
from ._spec import Spec


class Built(NamedTuple):
    """What ``ricci.build`` has written.

    object, header: the paths of the files
    function: the name of the C function, and ``declaration`` as the header has it
    arena_bytes, worker_bytes: pairs (constant, per_size): a call with a size argument of n and w workers
        takes a workspace of constant + per_size * n bytes of each, the second w times
    """

    object: str
    header: str
    function: str
    declaration: str
    arena_bytes: tuple
    worker_bytes: tuple


def build(program, prefix, /, *, name=None, cpu="native", parallel=False, optimize="auto", memory_limit=None, **specs):
    """Compiles a program to an object file with one C function, and the header that declares it.

    As ``ricci build`` does (docs/ahead_of_time.md): the function needs no library, and computes what
    ``ricci.evaluate`` computes.

    >>> built = ricci.build("gelu(x @ w)", "layer", x="f32[N,64]", w="f32[64,32]", cpu="x86-64-v3")

    prefix: writes PREFIX.o and PREFIX.h, both or none
    name: of the function; without it, the last part of the prefix
    cpu: "native", "x86-64", "x86-64-v2" to "x86-64-v4", or a name LLVM knows; for a list of them the
        function chooses when it runs
    parallel: whether the function takes a parallel_for
    optimize, memory_limit: as for ``ricci.einsum``
    specs: the types of the program's names, as texts or ``ricci.spec(...)``. A name in place of a first
        extent, "f32[N,64]" or "f32[N=4096,64]", is an argument of the function.

    Returns a ricci.Built. Raises Error where the program is wrong or its code would depend on the size,
    and OSError where the files cannot be written.
    """
    prefix = os.fspath(prefix)
    cpus = cpu.split(",") if isinstance(cpu, str) else list(cpu)
    for parameter, spec in specs.items():
        if not isinstance(spec, (str, Spec)):
            raise TypeError(f"the type of '{parameter}' is a str or a ricci.spec, not {type(spec).__name__}")
    code, header, function, declaration, arena, worker = build_object(
        program, prefix, name, [] if cpus == ["native"] else cpus, parallel, optimize, memory_limit,
        [(parameter, str(spec)) for parameter, spec in specs.items()])
    _write({prefix + ".o": code, prefix + ".h": header.encode()})
    return Built(prefix + ".o", prefix + ".h", function, declaration, arena, worker)


def _write(files):
    """All of the files or none: each is whole under another name before any gets its own."""
    with contextlib.ExitStack() as temporary:
        whole = {}
        for path, data in files.items():
            if os.path.isdir(path):
                raise IsADirectoryError(f"{path} is a directory")
            whole[path] = f"{path}.{os.urandom(8).hex()}"
            with open(whole[path], "xb") as out:
                temporary.callback(_remove, whole[path])
                out.write(data)
        for path, name in whole.items():
            os.replace(name, path)


def _remove(path):
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
