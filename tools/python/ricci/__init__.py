"""Ricci compiles tensor expressions to machine code for this CPU.

>>> import numpy as np, ricci
>>> ricci.einsum("ij,jk->ik", np.eye(2), np.ones((2, 3)))
array([[1., 1., 1.],
       [1., 1., 1.]])

Operands are NumPy arrays, objects with ``__dlpack__`` in the CPU's memory (PyTorch, JAX, …), and
what np.asarray takes; results are NumPy arrays. Any number of threads may call at once, and the GIL
is released while Ricci compiles and runs.
"""

from ._errors import Error, PathError
from ._plan import Plan
from ._ricci import __version__, clear_cache, devices, einsum, emit, plan, set_num_threads

__all__ = ["Error", "PathError", "Plan", "clear_cache", "devices", "einsum", "emit", "plan", "set_num_threads"]
