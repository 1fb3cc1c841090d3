"""Ricci compiles tensor expressions to machine code for this CPU.

>>> import numpy as np, ricci
>>> ricci.einsum("ij,jk->ik", np.eye(2), np.ones((2, 3)))
array([[1., 1., 1.],
       [1., 1., 1.]])
>>> ricci.evaluate("softmax(x, axis=-1)", x=np.zeros((1, 4)))
array([[0.25, 0.25, 0.25, 0.25]])

Operands are NumPy arrays, objects with ``__dlpack__`` in the CPU's memory (PyTorch, JAX, …), and
what np.asarray takes; results are NumPy arrays. Arrays of a GPU are DeviceArrays, or come by
``__dlpack__``; results are on it then. Any number of threads may call at once, and the GIL
is released while Ricci compiles and runs.
"""

from ._build import Built, build
from ._errors import Error, PathError
from ._plan import Plan
from ._ricci import (
    DeviceArray,
    Function,
    __version__,
    clear_cache,
    compile,
    devices,
    einsum,
    emit,
    evaluate,
    plan,
    set_log_callback,
    set_num_threads,
    to_device,
)
from ._spec import Spec, spec

__all__ = [
    "Built", "DeviceArray", "Error", "Function", "PathError", "Plan", "Spec", "build", "clear_cache", "compile", "devices",
    "einsum", "emit", "evaluate", "plan", "set_log_callback", "set_num_threads", "spec", "to_device",
]
