"""The oracle must refuse what is wrong by little, and take what is right."""

import numpy as np
import oracle
import pytest

rng = np.random.default_rng(1)
FLOATS = ["f16", "bf16", "f32", "f64", "c64", "c128"]


def product(dtype):
    operands = [oracle.random_values(rng, shape, oracle.DTYPES[dtype]) for shape in [(5, 7), (7, 3)]]
    wide = np.clongdouble if oracle.is_complex(operands[0].dtype) else np.longdouble
    result = np.einsum("ij,jk->ik", *[op.astype(wide) for op in operands])
    return operands, result.astype(oracle.DTYPES[dtype])


@pytest.mark.parametrize("dtype", FLOATS)
def test_takes_the_rounded_result(dtype):
    operands, result = product(dtype)
    oracle.check("ij,jk->ik", operands, result)


@pytest.mark.parametrize("dtype", FLOATS)
def test_refuses_one_element_off(dtype):
    operands, result = product(dtype)
    # 100 units in the last place of the sum of magnitudes: below any loose tolerance of float32 on.
    scale = float(np.einsum("j,j->", *[np.abs(op).astype(float) for op in (operands[0][4], operands[1][:, 2])]))
    result[4, 2] += oracle.DTYPES[dtype].type(scale * 100 * oracle.roundoff(oracle.DTYPES[dtype]))
    with pytest.raises(AssertionError, match="1 of 15 elements are wrong"):
        oracle.check("ij,jk->ik", operands, result)


def test_refuses_nan():
    operands, result = product("f32")
    result[0, 0] = np.nan
    with pytest.raises(AssertionError, match="1 of 15"):
        oracle.check("ij,jk->ik", operands, result)


def test_an_infinity_must_be_an_overflow():
    a = np.full(7, 2.0**13, np.float16)
    oracle.check("i->", [a], np.float16(7 * 2.0**13))
    oracle.check("i,j->", [a, a], np.float16(np.inf))
    for operands, wrong in [(("i->", a), np.inf), (("i,j->", a, a), -np.inf), (("i,j->", a, a), 65504)]:
        with pytest.raises(AssertionError, match="1 of 1"):
            oracle.check(operands[0], operands[1:], np.float16(wrong))


def test_refuses_an_integer_off_by_one():
    a = oracle.random_values(rng, (5, 7), np.int64)
    result = np.einsum("ij->j", a)
    oracle.check("ij->j", [a], result)
    result[6] += 1
    with pytest.raises(AssertionError, match="is not"):
        oracle.check("ij->j", [a], result)


def test_refuses_another_dtype_or_shape():
    a = oracle.random_values(rng, (5, 7), np.float32)
    with pytest.raises(AssertionError, match="dtype float64"):
        oracle.check("ij->j", [a], np.einsum("ij->j", a.astype(float)))
    with pytest.raises(AssertionError, match="shape"):
        oracle.check("ij->j", [a], np.einsum("ij->j", a)[:, None])


def test_terms():
    terms = oracle.Terms("i...j, jk... -> ...k", [3, 4])
    assert terms.operands == [["i", ".0", "j"], ["j", "k", ".1", ".0"]]
    assert terms.output == [".1", ".0", "k"]
    assert terms.summed([(2, 1, 5), (5, 3, 4, 6)]) == 10
    assert oracle.Terms("b...a", [3]).output == [".0", "a", "b"]


def test_random_arrays_have_every_kind_of_strides():
    kinds = set()
    for _ in range(300):
        a = oracle.random_array(rng, (3, 5, 4), np.int16)
        assert a.shape == (3, 5, 4)
        strides = np.array(a.strides)
        kinds |= {"negative"} if (strides < 0).any() else set()
        kinds |= {"zero"} if (strides == 0).any() else set()
        kinds |= {"gaps"} if np.abs(strides).min() > 2 else set()
        kinds |= {"permuted"} if (np.diff(np.abs(strides)) > 0).any() else set()
        kinds |= {"contiguous"} if a.flags.c_contiguous else set()
    assert kinds == {"negative", "zero", "gaps", "permuted", "contiguous"}
