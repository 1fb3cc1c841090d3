import os
from typing import Any, Literal, NamedTuple, Sequence, Union, overload

import numpy as np
from numpy.typing import ArrayLike

__version__: str

_Device = str  # "cpu", "cuda", "cuda:N", "reference"
_Stage = Literal["ast", "tensor", "ordered", "kernels", "loops", "llvm", "asm", "cuda", "ptx"]
_Optimize = Union[bool, Literal["auto", "greedy", "optimal"], float, Sequence[Union[str, Sequence[int]]]]

class Error(ValueError):
    message: str
    span: tuple[int, int] | None
    notes: tuple[str, ...]
    kind: Literal["input", "usage", "machine", "internal"]

class PathError(Error, RuntimeError): ...

class Plan:
    equation: str
    path: list[tuple[int, ...]]
    ordered_by: str
    flops: float
    naive_flops: float
    scaling: int
    naive_scaling: int
    largest_intermediate: float
    peak_bytes: int
    workspace_bytes: int
    slices: int
    steps: list[dict[str, Any]]
    def _repr_html_(self) -> str: ...

class Spec:
    dtype: np.dtype
    shape: tuple[int, ...]

def spec(dtype: Any, shape: int | Sequence[int] = ()) -> Spec: ...

class Function:
    def __call__(
        self, *args: Any, out: np.ndarray | Sequence[np.ndarray] | None = None, **arrays: Any
    ) -> Any: ...
    @overload
    def emit(self, stage: _Stage = "kernels") -> str: ...
    @overload
    def emit(self, stage: Literal["obj", "cubin"]) -> bytes: ...
    def plan(self) -> Plan: ...
    @property
    def parameters(self) -> dict[str, Spec]: ...
    @property
    def results(self) -> tuple[Spec, ...]: ...
    @property
    def source(self) -> str: ...

def evaluate(
    program: str,
    /,
    *,
    out: np.ndarray | Sequence[np.ndarray] | None = None,
    device: _Device | None = None,
    allow_tf32: bool = False,
    **arrays: Any,
) -> Any: ...
def compile(
    program: str, /, *, device: _Device | None = None, allow_tf32: bool = False, **arguments: Any
) -> Function: ...
class Built(NamedTuple):
    object: str
    header: str
    function: str
    declaration: str
    arena_bytes: tuple[int, int]
    worker_bytes: tuple[int, int]

def build(
    program: str,
    prefix: str | os.PathLike[str],
    /,
    *,
    name: str | None = None,
    cpu: str | Sequence[str] = "native",
    parallel: bool = False,
    optimize: _Optimize = "auto",
    memory_limit: int | None = None,
    **specs: str | Spec,
) -> Built: ...
def einsum(
    *args: Any,
    out: np.ndarray | None = None,
    accumulate: bool = False,
    alpha: complex = 1,
    optimize: _Optimize = "auto",
    memory_limit: int | None = None,
    device: _Device | None = None,
    allow_tf32: bool = False,
) -> Any: ...
def plan(
    *args: Any,
    optimize: _Optimize = "auto",
    memory_limit: int | None = None,
    device: _Device | None = None,
) -> Plan: ...
@overload
def emit(
    *args: Any,
    stage: _Stage = "kernels",
    optimize: _Optimize = "auto",
    memory_limit: int | None = None,
    device: _Device | None = None,
) -> str: ...
@overload
def emit(
    *args: Any,
    stage: Literal["obj", "cubin"],
    optimize: _Optimize = "auto",
    memory_limit: int | None = None,
    device: _Device | None = None,
) -> bytes: ...
class DeviceArray:
    shape: tuple[int, ...]
    ndim: int
    size: int
    dtype: np.dtype
    device: str
    def numpy(self) -> np.ndarray: ...
    def __dlpack__(
        self, *, stream: Any = None, max_version: Any = None, dl_device: Any = None, copy: Any = None
    ) -> Any: ...
    def __dlpack_device__(self) -> tuple[int, int]: ...

@overload
def to_device(array: Any, device: Literal["cpu"]) -> np.ndarray: ...
@overload
def to_device(array: Any, device: str) -> DeviceArray: ...
def devices() -> list[str]: ...
def set_log_callback(callback: Callable[[str, str], object] | None, level: str = "warning") -> None: ...
def set_num_threads(n: int) -> None: ...
def clear_cache() -> None: ...
