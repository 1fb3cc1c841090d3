"""Arrays of a GPU: ricci.DeviceArray, DLPack. ctest runs this with the fake driver: tests/cuda/fake."""

import gc

import numpy as np
import pytest
import ricci

pytestmark = pytest.mark.skipif(
    "cuda:1" not in ricci.devices(), reason="no two GPUs; ctest's environment has fake ones (tests/cuda/fake)")

A = np.arange(12, dtype=np.float32).reshape(3, 4)
B = np.arange(20, dtype=np.float32).reshape(4, 5) - 7


class Exporter:
    """What another library's array is to Ricci."""

    def __init__(self, array, versions=True):
        self.array, self.versions, self.streams = array, versions, []

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

    def __dlpack__(self, *, stream=None, **rest):
        if rest and not self.versions:
            raise TypeError("no max_version")
        self.streams.append(stream)
        return self.array.__dlpack__(stream=stream, **rest)


def test_there_and_back():
    there = ricci.to_device(A.T, "cuda:1")
    assert (there.shape, there.ndim, there.size, there.dtype, there.device) == ((4, 3), 2, 12, A.dtype, "cuda:1")
    assert repr(there) == "<ricci.DeviceArray f32[4,3] on cuda:1>"
    assert there.__dlpack_device__() == (2, 1)
    assert np.array_equal(there.numpy(), A.T)
    assert np.array_equal(ricci.to_device(there, "cpu"), A.T)
    assert ricci.to_device(there, "cuda").device == "cuda:0"
    copy = ricci.to_device(A, "cpu")
    copy[0, 0] = 99
    assert A[0, 0] == 0


def test_results_are_where_operands_are():
    a, b = ricci.to_device(A, "cuda"), ricci.to_device(B, "cuda")
    product = ricci.einsum("ij,jk->ik", a, b)
    assert product.device == "cuda:0"
    assert np.array_equal(product.numpy(), A @ B)
    total, most = ricci.evaluate("(x.sum(axis=0), x.max())", x=product)
    assert np.array_equal(total.numpy(), (A @ B).sum(axis=0))
    assert most.shape == () and most.numpy() == (A @ B).max()
    f = ricci.compile("x @ y + 1", x=a, y=b, device="cuda:0")
    assert np.array_equal(f(a, b).numpy(), A @ B + 1)
    # Operands on the CPU are copied where the device is named, and then results are there too.
    assert np.array_equal(f(A, B), A @ B + 1)
    there = ricci.einsum("ij->ji", A, device="cuda:1")
    assert np.array_equal(there, A.T) and isinstance(there, np.ndarray)
    assert np.array_equal(ricci.einsum("ij->ji", a, device="cuda:0").numpy(), A.T)


def test_a_view_is_of_the_cpu():
    assert np.shares_memory(ricci.einsum("ij->ji", A), A)
    assert np.shares_memory(ricci.einsum("ij->ji", A, device="cpu"), A)
    for device in ("cuda", "reference"):
        result = ricci.einsum("ij->ji", A, device=device)
        assert np.array_equal(result, A.T) and not np.shares_memory(result, A) and result.flags.c_contiguous
    with pytest.raises(ricci.Error, match="there is no device cuda:9"):
        ricci.einsum("ij->ji", A, device="cuda:9")


def test_out_on_the_device():
    a, b = ricci.to_device(A, "cuda"), ricci.to_device(B, "cuda")
    out = ricci.to_device(np.ones((3, 5), np.float32), "cuda")
    assert ricci.einsum("ij,jk->ik", a, b, out=out, accumulate=True) is out
    assert np.array_equal(out.numpy(), A @ B + 1)
    assert ricci.evaluate("a @ b", a=a, b=b, out=out) is out
    assert np.array_equal(out.numpy(), A @ B)


def test_out_on_the_cpu_where_the_device_is_named():
    out = np.zeros((3, 5), np.float32)
    ricci.einsum("ij,jk->ik", A, B, out=out, device="cuda")
    assert np.array_equal(out, A @ B)
    out[:] = 0
    ricci.evaluate("a @ b", a=ricci.to_device(A, "cuda"), b=B, out=out, device="cuda")
    assert np.array_equal(out, A @ B)


@pytest.mark.parametrize("versions", [True, False])
def test_dlpack(versions):
    other = Exporter(ricci.to_device(A, "cuda"), versions)
    result = ricci.einsum("ij->ji", other)
    assert result.device == "cuda:0"
    assert np.array_equal(result.numpy(), A.T)
    assert other.streams == [1]
    del other
    gc.collect()
    assert np.array_equal(result.numpy(), A.T)
    result.__dlpack__()  # a capsule that nobody takes
    with pytest.raises(BufferError):
        result.__dlpack__(dl_device=(1, 0))
    with pytest.raises(BufferError):
        result.__dlpack__(copy=True)


@pytest.mark.parametrize("call, message", [
    (lambda a, b: ricci.einsum("ij,jk->ik", a, B), "operand 2 is on cpu, but others are on cuda:0"),
    (lambda a, b: ricci.einsum("ij,jk->ik", a, b), "operand 2 is on cuda:1, not on cuda:0"),
    (lambda a, b: ricci.einsum("ij,jk->ik", a, B, device="cuda:1"), "operand 1 is on cuda:0, not on cuda:1"),
    (lambda a, b: ricci.einsum("ij,jk->ik", a, B, device="reference"),
     "operand 1 is on cuda:0, but the program runs on reference"),
    (lambda a, b: ricci.compile("x + 1", x="f32[3,4]")(a), "operand 1 is on cuda:0, but the program runs on cpu"),
    (lambda a, b: ricci.einsum("ij->ji", a, device="cpu"), "operand 1 is on cuda:0, but the program runs on cpu"),
    (lambda a, b: ricci.einsum("ij,jk->ik", a, B, device="cpu"), "operand 1 is on cuda:0, but the program runs on cpu"),
    (lambda a, b: ricci.einsum("ij,jk->ik", a, a, alpha=2, device="cpu"),
     "operand 1 is on cuda:0, but the program runs on cpu"),
    (lambda a, b: ricci.evaluate("x + 1", x=a, device="cpu"), "operand 1 is on cuda:0, but the program runs on cpu"),
    (lambda a, b: ricci.einsum("ij->ji", a, out=np.empty((4, 3), np.float32)),
     "out is on cpu, but the operands are on cuda:0"),
    (lambda a, b: ricci.einsum("ij->ji", a, out=np.empty((4, 3), np.float32), alpha=2),
     "out is on cpu, but the operands are on cuda:0"),
    (lambda a, b: ricci.evaluate("x + 1", x=a, out=np.empty((3, 4), np.float32)),
     "out is on cpu, but the operands are on cuda:0"),
    (lambda a, b: ricci.evaluate("(x, x)", x=a, out=(ricci.to_device(A, "cuda:0"), np.empty((3, 4), np.float32))),
     "out 2 is on cpu, but the operands are on cuda:0"),
    (lambda a, b: ricci.evaluate("x + 1", x=b, out=a), "out is on cuda:0, but the operands are on cuda:1"),
    (lambda a, b: ricci.einsum("ij->ij", A, device="cuda:9", out=np.empty_like(A)),
     "there is no device cuda:9: the driver knows 2 GPUs"),
])
def test_errors_name_both_devices(call, message):
    with pytest.raises(ricci.Error) as caught:
        call(ricci.to_device(A, "cuda:0"), ricci.to_device(B, "cuda:1"))
    assert caught.value.message == message


def test_emit():
    f = ricci.compile("x * 2", x="f32[8]")
    assert '__global__' in f.emit("cuda")
    assert f.emit("ptx").startswith("// sm_90a: 42 registers")
    assert isinstance(f.emit("cubin"), bytes)


def test_tf32_is_asked_for():
    text = ricci.compile("x @ x", x="f32[64,64]", device="cuda").emit("cuda")
    assert "tf32" not in text
    assert "tf32" in ricci.compile("x @ x", x="f32[64,64]", device="cuda", allow_tf32=True).emit("cuda")
    x = np.full((64, 64), 1 + 2.0**-20, np.float32)  # rounds to 1
    exact = ricci.einsum("ij,jk->ik", x, x, device="cuda")
    assert exact[0, 0] > 64 and ricci.einsum("ij,jk->ik", x, x, device="cuda", allow_tf32=True)[0, 0] == 64
    assert ricci.evaluate("x @ x", x=x, device="cuda", allow_tf32=True)[0, 0] == 64
