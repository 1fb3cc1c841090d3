"""ricci.evaluate, ricci.compile, ricci.spec: arguments, kinds of results, out=, errors."""

import inspect
import threading

import numpy as np
import pytest
import ricci

X = np.arange(12.0, dtype=np.float32).reshape(3, 4)


@pytest.fixture(params=ricci.devices(), autouse=True)
def device(request, monkeypatch):
    monkeypatch.setitem(globals(), "DEVICE", request.param)


def evaluate(program, **arguments):
    return ricci.evaluate(program, device=DEVICE, **arguments)


def compile(program, **arguments):
    return ricci.compile(program, device=DEVICE, **arguments)


def test_result_is_a_new_c_contiguous_array():
    result = evaluate("x.T", x=X)
    assert type(result) is np.ndarray and result.flags.c_contiguous and result.flags.writeable
    assert np.array_equal(result, X.T)
    assert not np.shares_memory(result, X)
    same = evaluate("x", x=X)
    assert np.array_equal(same, X) and not np.shares_memory(same, X)


def test_tuples():
    assert type(evaluate("(x,)", x=X)) is tuple
    total, top = evaluate("x.sum(), x.max(axis=0)", x=X)
    assert total == 66 and type(total) is np.float32
    assert np.array_equal(top, X.max(axis=0))


def test_python_scalars_are_0d_arrays():
    for value, dtype in [(2, np.int64), (0.5, np.float64), (True, np.bool_), (1j, np.complex128)]:
        result = evaluate("s", s=value)
        assert type(result) is dtype and result == value
    assert evaluate("x * s", x=X, s=2.0).dtype == np.float64  # not a literal, so not weak
    assert evaluate("x * s", x=X, s=np.float32(2)).dtype == np.float32
    assert evaluate("x * 2.0", x=X).dtype == np.float32


def test_operands_are_read_as_einsum_reads_them():
    for x in [X[::-1, ::2], np.asfortranarray(X), X.astype(">f4"), X.tolist(), np.broadcast_to(X[0], (3, 4))]:
        result = evaluate("x + 1", x=x)
        assert np.array_equal(result, np.asarray(x) + 1)
    misaligned = np.frombuffer(b"\0" + X.tobytes(), np.float32, offset=1)
    assert np.array_equal(evaluate("x * 2", x=misaligned), misaligned * 2)


def test_dlpack():
    class Foreign:
        def __init__(self, array):
            self.array = array
        def __dlpack__(self, **keywords):
            return self.array.__dlpack__(**keywords)
        def __dlpack_device__(self):
            return self.array.__dlpack_device__()
    assert np.array_equal(evaluate("x + 1", x=Foreign(X)), X + 1)


def test_no_arrays():
    assert np.array_equal(evaluate("arange(3) * 2"), [0, 2, 4])


def test_out():
    out = np.full((4, 3), -1, np.float32)
    assert evaluate("x.T * 2", x=X, out=out) is out
    assert np.array_equal(out, X.T * 2)
    strided = np.full((4, 6), -1, np.float32)
    assert evaluate("x.T", x=X, out=strided[::-1, ::2]).base is strided
    assert np.array_equal(strided[::-1, ::2], X.T) and (strided[:, 1::2] == -1).all()
    swapped = np.zeros((4, 3), ">f4")
    evaluate("x.T", x=X, out=swapped)
    assert np.array_equal(swapped, X.T)


def test_out_of_several_results():
    outs = np.zeros(4, np.float32), np.zeros((), np.float32)
    result = evaluate("x.sum(axis=0), x.sum()", x=X, out=outs)
    assert type(result) is tuple and result[0] is outs[0] and result[1] is outs[1]
    assert np.array_equal(outs[0], X.sum(axis=0)) and outs[1] == 66


def test_out_may_be_an_operand():
    x = X.copy()
    evaluate("x[::-1] + 1", x=x, out=x)
    assert np.array_equal(x, X[::-1] + 1)
    square = np.arange(9.0).reshape(3, 3)
    want = square.T @ square
    compile("x.T @ x", x=square)(x=square, out=square)
    assert np.array_equal(square, want)


@pytest.mark.parametrize("out, says", [
    (np.zeros((3, 4), np.float32), r"out is f32\[3,4\], but the result is f32\[4,3\]"),
    (np.zeros((4, 3)), r"out is f64\[4,3\], but the result is f32\[4,3\]"),
    (np.broadcast_to(np.float32(0), (4, 3)), "read-only"),
    ((np.zeros((4, 3), np.float32),) * 2, "2 outputs for a program of 1 result"),
])
def test_wrong_out(out, says):
    for call in [lambda: evaluate("x.T", x=X, out=out), lambda: compile("x.T", x=X)(x=X, out=out)]:
        with pytest.raises(ricci.Error, match=says):
            call()
    with pytest.raises(TypeError, match="out must be a NumPy array, not int"):
        evaluate("x", x=X, out=3)


def test_errors_point_into_the_program():
    with pytest.raises(ricci.Error) as caught:
        evaluate("y = x * 2\ny + z", x=X)
    assert isinstance(caught.value, ValueError)
    assert caught.value.message == "name 'z' is not defined"
    assert caught.value.span == (14, 15)
    assert caught.value.kind == "input"
    assert str(caught.value).endswith("\n  y + z\n      ^")


def test_indices_of_the_run_point_into_the_program():
    i, bad, several = np.array([0, 2]), np.array([1, 3]), np.array([0, 0])

    def error(program, **arguments):
        with pytest.raises(ricci.Error) as caught:
            evaluate(program, **arguments)
        return caught.value

    e = error("y = x * 2\ny[i] + y[j]", x=X, i=i, j=bad)
    assert e.message == "index 3 is out of bounds for axis 0 with size 3"
    assert (e.kind, e.span) == ("input", (19, 20))
    assert str(e).endswith("\n  y[i] + y[j]\n           ^")
    # The other of the two gathers, which may be in one kernel; then the same text in other words.
    assert error("y = x * 2\ny[i] + y[j]", x=X, i=bad, j=i).span == (12, 13)
    assert error("z = x * 2\n\n(z[i] + z[j])", x=X, i=bad, j=i).span == (14, 15)
    assert error("x[j] + x[i]", x=X, i=i, j=bad).span == (2, 3)
    # Several index arrays; a function of the program; a compiled one.
    assert error("x[i, j] + 1", x=X, i=several, j=np.array([0, -5])).span == (0, 7)
    assert error("def f(t, k): return t[k + 1] * 2\nf(x, i)", x=X, i=i).span == (22, 27)
    assert error("take(x, i, axis=1)", x=X, i=np.array([4])).span == (8, 9)
    f = compile("(x[i].sum(axis=0), x[::-1][:, i])", x=X, i=i)
    with pytest.raises(ricci.Error) as caught:
        f(x=X[:, ::-1], i=np.array([0, 3]))
    assert caught.value.span == (3, 4)
    assert "index 3 is out of bounds for axis 0 with size 3" in caught.value.message


def test_results_have_at_most_64_axes():
    labels = "".join(chr(0x4E00 + axis) for axis in range(66))
    halves = {"a": np.ones((1,) * 33), "b": np.ones((1,) * 33)}
    with pytest.raises(ricci.Error, match="the result has 66 axes; a tensor has at most 64") as caught:
        ricci.einsum(f"{labels[:33]},{labels[33:]}->{labels}", *halves.values(), device=DEVICE)
    assert caught.value.span == (69, 135)
    with pytest.raises(ricci.Error, match="the result has 66 axes; a tensor has at most 64") as caught:
        evaluate("1 + tensordot(a, b, axes=0)", **halves)
    assert caught.value.span == (4, 27)
    with pytest.raises(ricci.Error, match="the result has 65 axes") as caught:
        evaluate("x" + "[None]" * 10_000, x=np.float32(1))
    assert caught.value.span == (0, 1 + 6 * 65)
    assert evaluate("x" + "[None]" * 64, x=np.float32(1)).shape == (1,) * 64


@pytest.mark.parametrize("call, says", [
    (lambda: ricci.evaluate(), "takes the program"),
    (lambda: ricci.evaluate("x", X), "takes the program"),
    (lambda: ricci.evaluate(3), "must be a str, not int"),
    (lambda: ricci.evaluate("x", x=np.array(["a"])), "argument 'x' has dtype <U1"),
    (lambda: ricci.evaluate("x", x={}), "argument 'x' has dtype object"),
    (lambda: ricci.evaluate("x", x=X, device=3), "device must be a str"),
    (lambda: ricci.compile("x", x=np.array([None])), "argument 'x' has dtype object"),
])
def test_wrong_types(call, says):
    with pytest.raises(TypeError, match=says):
        call()


def test_compiled_function():
    f = compile("softmax(q @ k.T / 8.0, axis=-1)", q=ricci.spec("f32", (3, 4)), k="f32[2,4]")
    assert list(f.parameters) == ["q", "k"]
    assert f.parameters["k"] == ricci.spec("f32", (2, 4))
    assert f.results == (ricci.spec("f32", (3, 2)),)
    assert f.source == "softmax(q @ k.T / 8.0, axis=-1)"
    assert repr(f) == ("<ricci.Function 'softmax(q @ k.T / 8.0, axis=-1)': (q: f32[3,4], k: f32[2,4]) -> f32[3,2]>")
    want = evaluate(f.source, q=X, k=X[:2])
    assert np.array_equal(f(q=X, k=X[:2]), want)
    assert np.array_equal(f(X, k=X[:2]), want)
    assert np.array_equal(f(X, X[:2]), want)
    out = np.zeros((3, 2), np.float32)
    assert f(X, X[:2], out=out) is out and np.array_equal(out, want)
    # Strides that it was not compiled for.
    assert np.array_equal(f(q=np.asfortranarray(X), k=X[::2][::-1]), evaluate(f.source, q=X, k=X[::2][::-1]))


def test_function_shows_its_stages():
    f = compile("(x.sum(), x + 1)", x=X)
    assert "f32[3,4]" in f.emit("ast")
    assert "func.func @main" in f.emit("tensor")
    plan = f.plan()
    assert isinstance(plan, ricci.Plan)
    assert repr(plan) == f"<ricci.Plan: {len(plan.steps)} steps>" and "contraction" in plan._repr_html_()
    assert "peak memory" in str(plan)
    assert repr(f).endswith("-> (f32[], f32[3,4])>")
    with pytest.raises(ricci.Error, match="no stage 'wasm'"):
        f.emit("wasm")


def test_wrong_calls_of_a_function():
    f = compile("x + s", x=X, s=1.0)
    with pytest.raises(ricci.Error, match=r"argument 'x' is f64\[3,4\], but the function was compiled for f32\[3,4\]"):
        f(x=X.astype(float), s=1.0)
    with pytest.raises(ricci.Error, match=r"argument 's' is i64\[\], but the function was compiled for f64\[\]"):
        f(x=X, s=1)
    for call, says in [(lambda: f(x=X), "argument 's' is missing"), (lambda: f(X, x=X, s=1.0), "'x' is given twice"),
                       (lambda: f(X, 1.0, 2.0), "takes 2 arguments, not 3"), (lambda: f(x=X, s=1.0, t=2), "no argument 't'")]:
        with pytest.raises(TypeError, match=says):
            call()


def test_names_that_keywords_take():
    with pytest.raises(ricci.Error, match="no argument can be called 'out'") as caught:
        compile("x + out * 2", x=X, out=X)
    assert caught.value.span == (4, 7) and caught.value.kind == "usage" and "    ^~~" in str(caught.value)
    with pytest.raises(ricci.Error, match="no argument can be called 'out'") as caught:
        compile("x + 1", x=X, out=X)
    assert caught.value.span is None
    assert compile("out = x + 1; out * 2", x=X)(X).shape == X.shape  # the program's own name
    for call, note in [
        (lambda: evaluate("out + 1", out=X.copy()), "out= is a keyword of evaluate itself"),
        (lambda: ricci.evaluate("x + device", x=X, device="cpu"), "device= is a keyword of evaluate itself"),
        (lambda: ricci.compile("x + device", x=X, device="cpu"), "device= is a keyword of compile itself"),
    ]:
        with pytest.raises(ricci.Error, match="is not defined") as caught:
            call()
        assert caught.value.notes[-1] == note + ": the program needs another name" and caught.value.span
    with pytest.raises(ricci.Error, match="name 'z' is not defined") as caught:
        evaluate("x + z", x=X)
    assert not any("keyword" in note for note in caught.value.notes)


def test_spec():
    spec = ricci.spec("float32", (128, 64))
    assert spec == ricci.spec(np.float32, [128, 64]) and hash(spec) == hash(ricci.spec("f32", (128, 64)))
    assert (str(spec), repr(spec)) == ("f32[128,64]", "ricci.spec('f32', (128, 64))")
    assert spec.dtype == np.float32 and spec.shape == (128, 64)
    assert ricci.spec("i64").shape == () and ricci.spec("f32", 3).shape == (3,)
    assert str(ricci.spec("bf16", (2,)).dtype) == "bfloat16"
    for dtype, shape in [("f33", (2,)), ("f32", (-1,)), ("f32", (2**62, 2**62))]:
        with pytest.raises(ricci.Error):
            ricci.spec(dtype, shape)
    with pytest.raises(TypeError):
        ricci.spec("f32", ("a",))


def test_docstrings():
    assert "program, /, *, out=None, device=None, allow_tf32=False, **arrays" in str(inspect.signature(ricci.evaluate))
    for item in ricci.evaluate, ricci.compile, ricci.Function, ricci.spec, ricci.Spec, ricci.Function.emit:
        assert item.__doc__


def test_threads_share_what_is_compiled():
    f = compile("exp(x) + y", x=X, y=X)
    want, errors = f(X, X), []

    def work(number):
        try:
            for i in range(50):
                y = X if i % 2 else np.asfortranarray(X)
                assert np.array_equal(f(X, y), want)
                assert np.array_equal(evaluate(f"exp(x) + y + {i % 3}", x=X, y=y), want + i % 3)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
