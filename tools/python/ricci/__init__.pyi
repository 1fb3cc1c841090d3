from typing import Any, Literal, Sequence, Union, overload

import numpy as np
from numpy.typing import ArrayLike

__version__: str

_Device = Literal["cpu", "reference"]
_Stage = Literal["ast", "tensor", "ordered", "kernels", "loops", "llvm", "asm"]
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

def einsum(
    *args: Any,
    out: np.ndarray | None = None,
    accumulate: bool = False,
    optimize: _Optimize = "auto",
    memory_limit: int | None = None,
    device: _Device | None = None,
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
    stage: Literal["obj"],
    optimize: _Optimize = "auto",
    memory_limit: int | None = None,
    device: _Device | None = None,
) -> bytes: ...
def devices() -> list[str]: ...
def set_num_threads(n: int) -> None: ...
def clear_cache() -> None: ...
