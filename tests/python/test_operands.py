"""Operands in every form: strides, byte order, alignment, bfloat16, DLPack."""

import ctypes

import ml_dtypes
import numpy as np
import pytest
import ricci

A = np.arange(12.0).reshape(3, 4)


def doubled(a):
    return ricci.einsum("...,->...", a, a.dtype.type(2))


@pytest.mark.parametrize("a", [
    A.T, A[::-1], A[:, ::-2], A[::2, 1:3], np.broadcast_to(A[0], (5, 4)), A[:, None, :], A[:0], A[1:2, ::3],
    np.lib.stride_tricks.sliding_window_view(np.arange(9.0), 4), np.asfortranarray(A),
])
def test_strides(a):
    assert np.array_equal(doubled(a), 2 * a)


@pytest.mark.parametrize("dtype", [">i2", ">u4", ">f4", ">f8", ">c8", ">c16", ">f2"])
def test_byte_order(dtype):
    a = A.astype(dtype)
    result = doubled(a)
    assert result.dtype.isnative and np.array_equal(result, 2 * A)


@pytest.mark.parametrize("dtype", ["i2", "f4", "f8", "c16"])
def test_misaligned(dtype):
    size = np.dtype(dtype).itemsize * 12
    a = np.zeros(size + 1, np.uint8)[1:].view(dtype).reshape(3, 4)
    a[...] = A
    assert np.array_equal(doubled(a), 2 * A)


def test_strides_that_are_no_multiple_of_the_item_size():
    records = np.zeros((3, 4), np.dtype({"names": ["x"], "formats": ["f8"], "offsets": [8], "itemsize": 20}))
    records["x"] = A
    assert records["x"].strides[1] % 8
    assert np.array_equal(ricci.einsum("ij,jk->ik", records["x"], A.T), A @ A.T)


def test_aligned_strides_that_are_no_multiple_of_the_item_size():
    records = np.zeros((3, 4), np.dtype({"names": ["x"], "formats": ["c16"], "offsets": [8], "itemsize": 24}))
    records["x"] = A
    assert records["x"].flags.aligned and records["x"].strides[1] % 16
    assert np.array_equal(ricci.einsum("ij,jk->ik", records["x"], A.T), A @ A.T)


def test_strides_of_short_axes_do_not_matter():
    a = np.lib.stride_tricks.as_strided(A, (1, 4), (13, 8))
    assert np.array_equal(doubled(a), 2 * a)
    empty = np.lib.stride_tricks.as_strided(A, (0, 4), (8, 3))
    assert doubled(empty).shape == (0, 4)


def test_c_integers_of_one_size():
    for code in "lqLQ":
        a = np.arange(4, dtype=code)
        assert ricci.einsum("i,i->i", a, a).dtype == a.dtype


def test_read_only_operands():
    a = A.copy()
    a.flags.writeable = False
    assert np.array_equal(ricci.einsum("ij,kj->ik", a, a), A @ A.T)


def test_operands_are_not_changed():
    a = A.copy()
    ricci.einsum("ij,kj->ik", a, a)
    ricci.einsum("ij->j", a)
    assert np.array_equal(a, A)


def test_bfloat16():
    a = A.astype(ml_dtypes.bfloat16)
    result = ricci.einsum("ij,kj->ik", a, a)
    assert result.dtype == ml_dtypes.bfloat16
    assert np.array_equal(result, (A @ A.T).astype(ml_dtypes.bfloat16))
    scalar = ricci.einsum("ij->", a)
    assert type(scalar) is ml_dtypes.bfloat16 and scalar == 66
    assert ricci.einsum("ij->ji", a).dtype == ml_dtypes.bfloat16
    out = np.zeros((3, 3), ml_dtypes.bfloat16)
    assert ricci.einsum("ij,kj->ik", a, a, out=out) is out and np.array_equal(out, result)
    assert ricci.einsum("ij,ij->", a, A.astype(np.float16)).dtype == np.float32


def test_other_types_of_ml_dtypes_are_refused():
    with pytest.raises(TypeError, match="float8"):
        ricci.einsum("ij->", A.astype(ml_dtypes.float8_e5m2))


class Exporter:
    """Something that is no NumPy array and exports its memory by DLPack."""

    def __init__(self, array):
        self.array = array
        self.exported = 0

    def __dlpack__(self, **keywords):
        self.exported += 1
        return self.array.__dlpack__(**keywords)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_dlpack():
    a = Exporter(A.copy())
    assert np.array_equal(ricci.einsum("ij,kj->ik", a, a), A @ A.T)
    assert a.exported == 2
    view = ricci.einsum("ij->ji", a)
    assert np.shares_memory(view, a.array)
    for array in A.T, A[::-1], A.astype(np.int8), A.astype(np.complex64), A > 3:
        assert np.array_equal(ricci.einsum("ij->j", Exporter(array.copy("K"))), np.einsum("ij->j", array))


def test_dlpack_errors_pass_through():
    class Refuses(Exporter):
        def __dlpack__(self, **keywords):
            raise BufferError("requires grad")

    class Elsewhere(Exporter):
        def __dlpack_device__(self):
            return (2, 0)

        def __dlpack__(self, **keywords):
            raise BufferError("it is on a GPU")

    with pytest.raises(BufferError, match="requires grad"):
        ricci.einsum("ij->j", Refuses(A))
    with pytest.raises((BufferError, RuntimeError)):
        ricci.einsum("ij->j", Elsewhere(A))


class DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


DELETER = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class DLManagedTensor(ctypes.Structure):
    _fields_ = [("tensor", DLTensor), ("context", ctypes.c_void_p), ("deleter", DELETER)]


class Bfloat16Tensor:
    """Exports bfloat16, which NumPy's own from_dlpack does not know, as PyTorch does."""

    def __init__(self, array, code=4, bits=16):
        self.array = array
        self.deleted = 0
        rank = array.ndim
        shape = (ctypes.c_int64 * rank)(*array.shape)
        strides = (ctypes.c_int64 * rank)(*(s // array.itemsize for s in array.strides))

        @DELETER
        def deleter(_):
            self.deleted += 1

        self.managed = DLManagedTensor(
            DLTensor(array.ctypes.data, 1, 0, rank, code, bits, 1, shape, strides, 0), None, deleter)
        self.held = shape, strides, deleter

    def __dlpack__(self, **keywords):
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(self.managed), b"dltensor", None)

    def __dlpack_device__(self):
        return (1, 0)


def test_bfloat16_dlpack():
    array = A.astype(ml_dtypes.bfloat16)
    for source in array, array.T.copy().T, array[:, ::2]:
        tensor = Bfloat16Tensor(source)
        result = ricci.einsum("ij,kj->ik", tensor, source)
        assert np.array_equal(result, (source.astype(float) @ source.astype(float).T).astype(ml_dtypes.bfloat16))
        assert tensor.deleted == 1
    tensor = Bfloat16Tensor(array)
    view = ricci.einsum("ij->ji", tensor)
    assert np.shares_memory(view, array) and view.dtype == ml_dtypes.bfloat16 and tensor.deleted == 0
    del view
    assert tensor.deleted == 1


def test_dlpack_types_that_nobody_knows():
    with pytest.raises((RuntimeError, BufferError)):
        ricci.einsum("ij->ji", Bfloat16Tensor(A.astype(np.int16), code=3, bits=16))
