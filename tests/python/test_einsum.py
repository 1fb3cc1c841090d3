"""ricci.einsum: its arguments, the kind of its result, views, out=, errors."""

import inspect
import pickle

import numpy as np
import pytest
import ricci

A = np.arange(12.0).reshape(3, 4)
B = np.arange(20.0).reshape(4, 5)


def test_result_is_a_new_c_contiguous_array():
    result = ricci.einsum("ij,jk->ki", A, B)
    assert type(result) is np.ndarray
    assert np.array_equal(result, (A @ B).T)
    assert result.flags.c_contiguous and result.flags.writeable and result.flags.aligned
    again = ricci.einsum("ij,jk->ki", A, B)
    assert not np.shares_memory(result, again)


@pytest.mark.parametrize("n", [1, 20, 400])
def test_result_owns_its_memory(n):
    """Whatever its size: freed operands and later calls don't touch it."""
    a = np.full((n, n), 2.0)
    result = ricci.einsum("ij,ij->ij", a, a)
    del a
    for _ in range(5):
        ricci.einsum("ij,ij->ij", np.ones((n, n)), np.ones((n, n)))
    assert (result == 4).all()
    view = result[0]
    del result
    ricci.einsum("ij,ij->ij", np.ones((n, n)), np.ones((n, n)))
    assert (view == 4).all()


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.float32, np.complex64])
def test_no_axes_give_a_scalar(dtype):
    a = np.ones(3, dtype)
    for result, want in [(ricci.einsum("i,i->", a, a), np.einsum("i,i->", a, a)),
                         (ricci.einsum("i->", a), np.einsum("i->", a)),
                         (ricci.einsum("->", a[0]), np.einsum("->", a[0]))]:
        assert type(result) is type(want)
        assert result == want


def test_sublists():
    assert np.array_equal(ricci.einsum(A, [0, 1], B, [1, 2], [0, 2]), A @ B)
    assert np.array_equal(ricci.einsum(A, (51, 1), B, (1, 0)), (A @ B).T)  # implicit: ascending labels
    assert np.array_equal(ricci.einsum(A, [..., 1], B, [1, 2], [..., 2]), A @ B)
    assert np.array_equal(ricci.einsum(A, np.array([0, 1]), [1]), A.sum(0))
    assert np.array_equal(ricci.einsum(A, range(2), [1]), A.sum(0))


@pytest.mark.parametrize("arguments, exception", [
    ((A, [0, 52]), ValueError),
    ((A, [0, 10**30]), TypeError),
    ((A, [-1, 0]), ValueError),
    ((A, [0, "j"]), TypeError),
    ((A, [0, 1.0]), TypeError),
    ((A, [..., ...]), ValueError),
    ((A, 3), TypeError),
    ((A,), ValueError),
    ((A, [0, 1], B), TypeError),
    ((A, [0, 1], [0, 0]), ValueError),
    ((A, [0, 1], [2]), ValueError),
    ((), ValueError),
    (("ij",), ValueError),
    ((None,) * 63, TypeError),
])
def test_wrong_sublists_raise_as_numpy(arguments, exception):
    for einsum in np.einsum, ricci.einsum:
        with pytest.raises(exception):
            einsum(*arguments)


def test_unicode_and_bytes():
    assert np.array_equal(ricci.einsum("αβ,β語->α語", A, B), A @ B)
    assert np.array_equal(ricci.einsum(b"ij,jk->ik", A, B), A @ B)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_lists_scalars_and_subclasses():
    assert ricci.einsum("i,i->", [1, 2], [3, 4]) == 11
    assert ricci.einsum(",", 2, 3.5) == 7.0
    assert type(ricci.einsum(",", 2, 3)) is np.int64
    matrix = np.matrix([[1, 2], [3, 4]])
    assert type(ricci.einsum("ij->ji", matrix)) is np.ndarray
    assert np.array_equal(ricci.einsum("ij,jk->ik", matrix, matrix), np.asarray(matrix @ matrix))


@pytest.mark.parametrize("equation", ["ij->ji", "ij->ij", "ij", "ba", "...", "...->...", "i...->...i"])
def test_permutations_are_views(equation):
    a = np.arange(12).reshape(3, 4)
    got, want = ricci.einsum(equation, a), np.einsum(equation, a)
    assert np.array_equal(got, want) and got.strides == want.strides
    assert np.shares_memory(got, a) and got.base is want.base
    got[...] = 5
    assert (a == 5).all()


@pytest.mark.parametrize("equation, shape", [("ii->i", (3, 3)), ("iij->ji", (3, 3, 2)), ("iii->i", (4, 4, 4)),
                                             ("...ii->...i", (2, 3, 3)), ("i...i->...i", (0, 2, 0))])
@pytest.mark.parametrize("dtype", ["i4", ">f8", "c16"])
def test_diagonals_are_views(equation, shape, dtype):
    a = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    got, want = ricci.einsum(equation, a), np.einsum(equation, a)
    assert np.array_equal(got, want) and got.dtype == want.dtype
    assert all(stride % got.itemsize == 0 for stride in got.strides)
    if a.size:
        assert got.strides == want.strides and np.shares_memory(got, a)
        got[...] = 7
        assert (want == 7).all()


def test_views_are_read_only_where_the_operand_is():
    a = np.ones((3, 3))
    a.flags.writeable = False
    for view in ricci.einsum("ij->ji", a), ricci.einsum(np.broadcast_to(1.0, (2, 3)), [1, 0]):
        assert not view.flags.writeable


def test_views_of_misaligned_memory():
    buffer = np.zeros(73, np.uint8)
    a = buffer[1:].view("f8").reshape(3, 3)
    view = ricci.einsum("ii->i", a)
    view[...] = 1
    assert np.array_equal(a, np.eye(3))


def test_a_view_keeps_its_operand_alive():
    view = ricci.einsum("ij->ji", np.full((300, 300), 3.0))
    filler = [np.zeros((300, 300)) for _ in range(5)]
    assert (view == 3).all() and len(filler) == 5


def test_computations_are_not_views():
    a = np.ones((3, 3))
    for equation in "ij->i", "ii->", "ij->":
        assert not np.shares_memory(ricci.einsum(equation, a), a)
    out = np.empty((3, 3))
    assert ricci.einsum("ij->ji", a, out=out) is out and not np.shares_memory(out, a)


@pytest.mark.parametrize("device", [None, *ricci.devices()])
def test_out(device):
    out = np.full((3, 5), np.nan)
    assert ricci.einsum("ij,jk->ik", A, B, out=out, device=device) is out
    assert np.array_equal(out, A @ B)
    scalar = np.empty(())
    assert ricci.einsum("ij->", A, out=scalar, device=device) is scalar and scalar == A.sum()


@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize("device", ricci.devices())
@pytest.mark.parametrize("make", [
    lambda: np.zeros((5, 3)).T,
    lambda: np.zeros((3, 10))[:, ::2],
    lambda: np.zeros((3, 5))[::-1, ::-1],
    lambda: np.zeros((3, 5), ">f8"),
    lambda: np.zeros(121, np.uint8)[1:].view("f8").reshape(3, 5),
    lambda: np.zeros((3, 5), [("pad", "u1"), ("x", "f8")])["x"],
    lambda: np.zeros((3, 5)).view(np.matrix),
], ids=["transposed", "step 2", "reversed", "byte order", "misaligned", "odd strides", "matrix"])
def test_out_of_any_layout(make, device):
    out = make()
    assert ricci.einsum("ij,jk->ik", A, B, out=out, device=device) is out
    assert np.array_equal(out, A @ B)
    ricci.einsum("ij,jk->ik", A, B, out=out, accumulate=True, device=device)
    assert np.array_equal(out, 2 * (A @ B))


def test_out_beside_other_memory():
    room = np.zeros((5, 12))
    ricci.einsum("ij,jk->ik", A, B, out=room[1:4, 2:12:2])
    assert np.array_equal(room[1:4, 2:12:2], A @ B)
    room[1:4, 2:12:2] = 0
    assert not room.any()


@pytest.mark.parametrize("device", ricci.devices())
def test_accumulate(device):
    out = np.ones((3, 5))
    assert ricci.einsum("ij,jk->ik", A, B, out=out, accumulate=True, device=device) is out
    assert np.array_equal(out, 1 + A @ B)
    total = np.array(5.0)
    ricci.einsum("ij->", A, out=total, accumulate=True, device=device)
    assert total == 5 + A.sum()
    empty = np.ones((3, 5))
    ricci.einsum("ij,jk->ik", A[:, :0], B[:0], out=empty, accumulate=True, device=device)
    assert (empty == 1).all()
    with pytest.raises(ricci.Error, match="needs out="):
        ricci.einsum("ij,jk->ik", A, B, accumulate=True)


@pytest.mark.parametrize("alpha", [1, -2])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "c8", "f2"])
def test_accumulate_what_is_computed_apart(dtype, alpha):
    # Moved elements, and a result that leaves the caches.
    a = (np.arange(100 * 203).reshape(100, 203) % 3).astype(dtype)
    out = np.ones((203, 100), dtype)
    ricci.einsum("ij->ji", a, out=out[::-1], accumulate=True, alpha=alpha)
    assert np.array_equal(out[::-1], 1 + alpha * a.T)
    if dtype in ("f4", "i2"):
        x, y = (np.arange(5000 * 3) % 4).astype(dtype).reshape(5000, 3), (np.arange(3 * 5003) % 5).astype(dtype).reshape(3, 5003)
        out = np.ones((5003, 5000), dtype)
        ricci.einsum("ij,jk->ki", x, y, out=out, accumulate=True, alpha=alpha)
        assert np.array_equal(out, 1 + alpha * (x @ y).T)


@pytest.mark.parametrize("device", ricci.devices())
@pytest.mark.parametrize("dtype, alpha", [
    ("f8", 2.5), ("f4", -3), ("i4", 7), ("u1", 3), ("c8", 1 - 2j), ("c16", 0.5), ("f8", np.float32(0.5)),
    ("i8", np.int16(-2)), ("c8", np.complex64(2j)), ("f8", 1.0), ("f8", 0),
])
def test_alpha(dtype, alpha, device):
    a, b = (np.arange(12).reshape(3, 4) % 5).astype(dtype), (np.arange(20).reshape(4, 5) % 3).astype(dtype)
    want = (alpha * (a @ b)).astype(dtype)
    assert np.array_equal(ricci.einsum("ij,jk->ik", a, b, alpha=alpha, device=device), want)
    assert np.array_equal(ricci.einsum(a, [0, 1], b, [1, 2], alpha=alpha, device=device), want)
    out = np.ones((3, 5), dtype)
    assert ricci.einsum("ij,jk", a, b, out=out, accumulate=True, alpha=alpha, device=device) is out
    assert np.array_equal(out, 1 + want)
    # What would be a view is computed.
    assert np.array_equal(ricci.einsum("ij->ji", a, alpha=alpha, device=device), (alpha * a.T).astype(dtype))
    # A path counts the operands alone.
    c = np.ones((5, 2), dtype)
    assert np.array_equal(ricci.einsum("ij,jk,kl->il", a, b, c, alpha=alpha, optimize=[(1, 2), (0, 1)]),
                          (alpha * (a @ (b @ c))).astype(dtype))


@pytest.mark.parametrize("dtype, alpha, says", [
    ("i4", 0.5, "alpha of type f64 does not scale a result of type i32"),
    ("f4", 1j, "alpha of type c128 does not scale a result of type f32"),
    ("?", 2, "alpha of type i64 does not scale a result of type b1"),
    ("u1", 300, "300"),
])
def test_alpha_keeps_the_dtype(dtype, alpha, says):
    with pytest.raises(ricci.Error, match=says):
        ricci.einsum("i->i", np.ones(3, dtype), alpha=alpha)
    with pytest.raises(TypeError):
        ricci.einsum("i->i", np.ones(3), alpha="2")
    with pytest.raises(ricci.Error, match="label 'j' is 4 in operand 1 and 3 in operand 2"):
        ricci.einsum("ij,jk->ik", np.ones((2, 4)), np.ones((3, 2)), alpha=2)


@pytest.mark.parametrize("device", ricci.devices())
def test_out_may_overlap_operands(device):
    a = np.arange(9.0).reshape(3, 3)
    want = a @ a
    assert ricci.einsum("ij,jk->ik", a, a, out=a, device=device) is a
    assert np.array_equal(a, want)
    a = np.arange(9.0).reshape(3, 3)
    ricci.einsum("ij->ji", a, out=a, device=device)
    assert np.array_equal(a, np.arange(9.0).reshape(3, 3).T)
    line = np.arange(6.0)
    ricci.einsum("i->i", line[:5], out=line[1:], device=device)
    assert np.array_equal(line, [0, 0, 1, 2, 3, 4])
    line = np.arange(4.0)
    ricci.einsum("i->i", line[::-1], out=line, accumulate=True, device=device)
    assert np.array_equal(line, [3, 3, 3, 3])


@pytest.mark.parametrize("out, says", [
    (np.zeros((3, 4)), r"out is f64\[3,4\], but the result is f64\[3,5\]"),
    (np.zeros((3, 5), np.float32), r"out is f32\[3,5\], but the result is f64"),
    (np.zeros((3, 5), object), "out has dtype object"),
    (np.broadcast_to(0.0, (3, 5)), "read-only"),
    (np.lib.stride_tricks.as_strided(np.zeros(5), (3, 5), (0, 8)), "one place for several elements"),
])
def test_wrong_out(out, says):
    before = out.copy()
    with pytest.raises(ricci.Error, match=says):
        ricci.einsum("ij,jk->ik", A, B, out=out)
    assert np.array_equal(out, before)


def test_an_error_leaves_out_unchanged():
    out = np.full((3, 5), 7.0)
    with pytest.raises(ricci.Error):
        ricci.einsum("ij,jk->ik", A, A, out=out)
    with pytest.raises(ricci.Error, match="limit"):
        ricci.einsum("ij,jk->ik", A, B, out=out, memory_limit=1)
    assert (out == 7).all()


def test_out_must_be_an_array():
    for out in "x", [1.0], 3:
        with pytest.raises(TypeError, match="out must be a NumPy array"):
            ricci.einsum("ij,jk->ik", A, B, out=out)
    assert np.array_equal(ricci.einsum("ij,jk->ik", A, B, out=None), A @ B)


@pytest.mark.parametrize("keywords, exception, says", [
    ({"optimize": "best"}, ricci.Error, "optimize='best' is none of"),
    ({"optimize": -1.0}, ricci.Error, "optimize=-1.0"),
    ({"optimize": float("nan")}, ricci.Error, "optimize=nan"),
    ({"optimize": [0, 1]}, ricci.Error, "optimize="),
    ({"optimize": ["path", (0, 1)]}, ricci.Error, "optimize="),
    ({"optimize": {}}, TypeError, "optimize must be"),
    ({"device": "gpu"}, ricci.Error, "no device 'gpu'"),
    ({"device": 0}, TypeError, "device must be"),
    ({"memory_limit": -1}, ricci.Error, "-1 is negative"),
    ({"memory_limit": "1G"}, TypeError, "memory_limit must be"),
    ({"order": "C"}, TypeError, "unexpected keyword argument 'order'"),
])
def test_wrong_keywords(keywords, exception, says):
    with pytest.raises(exception, match=says):
        ricci.einsum("ij,jk->ik", A, B, **keywords)


@pytest.mark.parametrize("path, says", [
    ([(0, 1)], "leaves 2 operands"),
    ([(0, 3), (0, 1)], "step 1"),
    ([(1, 1), (0, 1)], "step 1"),
    ([(0, 1), (0, -1)], "step 2"),
    ([(), (0, 1)], "step 1"),
    (["einsum_path", (1,), (0, 1)], "leaves 2 operands"),
])
def test_wrong_paths(path, says):
    with pytest.raises(ricci.PathError, match=says) as caught:
        ricci.einsum("ij,jk,kl->il", A, B, B.T, optimize=path)
    assert isinstance(caught.value, ricci.Error) and isinstance(caught.value, RuntimeError)  # as NumPy


@pytest.mark.parametrize("optimize", ["auto", "greedy", "optimal", True, False, 0.01, 1, [(0, 1), (0, 1)],
                                      ((1, 2), (0, 1)), [[0, 1, 2]], ["einsum_path", (0, 1, 2)],
                                      [(0,), (0, 1), (0, 1)]])
def test_optimize(optimize):
    assert np.array_equal(ricci.einsum("ij,jk,kl->il", A, B, B.T, optimize=optimize), A @ B @ B.T)


def test_a_path_of_numpy():
    path, _ = np.einsum_path("ij,jk,kl->il", A, B, B.T, optimize="optimal")
    assert np.array_equal(ricci.einsum("ij,jk,kl->il", A, B, B.T, optimize=path), A @ B @ B.T)


def test_error():
    with pytest.raises(ValueError) as caught:
        ricci.einsum("ij , jk -> ik", A, A)
    error = caught.value
    assert type(error) is ricci.Error
    assert error.message == "label 'j' is 4 in operand 1 and 3 in operand 2"
    assert error.span == (1, 2) and error.kind == "input"
    assert error.notes == ("operand 1: f64[3,4]", "operand 2: f64[3,4]")
    assert str(error).splitlines()[:3] == [error.message, "  ij , jk -> ik", "   ^   ^"]
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.message, copied.span) == (str(error), error.message, error.span)


def test_error_spans_count_characters():
    with pytest.raises(ricci.Error) as caught:
        ricci.einsum("語β,β$->語", A, B)
    assert caught.value.span == (4, 5)


def test_error_has_no_span_where_there_is_no_text():
    with pytest.raises(ricci.Error) as caught:
        ricci.einsum("ij,jk->ik", A, B, device="gpu")
    assert caught.value.span is None and caught.value.kind == "usage"


@pytest.mark.parametrize("dtype", ["O", "U3", "S2", "g", "G", "M8[s]", "m8[s]", "V4"])
def test_wrong_dtypes(dtype):
    a = np.zeros((3, 4), dtype)
    for operands in (a, B), (A.T, a):
        with pytest.raises(TypeError, match=f"operand {1 if operands[0] is a else 2} has dtype"):
            ricci.einsum("ij,jk->ik", *operands)
    with pytest.raises(TypeError, match="operand 1 has dtype"):
        ricci.einsum("ij->ji", a)


def test_operand_errors_of_numpy_pass_through():
    with pytest.raises(ValueError, match="inhomogeneous"):
        ricci.einsum("ij->ji", [[1], [2, 3]])

    class Broken:
        def __array__(self, *args, **kwargs):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ricci.einsum("i->", Broken())


def test_more_axes_than_numpy_has():
    axes = [chr(0x4E00 + i) for i in range(66)]
    halves = np.ones((1,) * 33), np.ones((1,) * 33)
    with pytest.raises(ValueError, match="64"):
        ricci.einsum("".join(axes[:33]) + "," + "".join(axes[33:]) + "->" + "".join(axes), *halves)


def test_signature():
    parameters = inspect.signature(ricci.einsum).parameters
    assert list(parameters) == ["args", "out", "accumulate", "alpha", "optimize", "memory_limit", "device",
                                "allow_tf32"]
    assert parameters["optimize"].default == "auto"
    assert "view" in ricci.einsum.__doc__ and "overlap" in ricci.einsum.__doc__ or "share" in ricci.einsum.__doc__
