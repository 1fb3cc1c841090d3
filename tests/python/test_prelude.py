"""The prelude is a Python text, too: run by NumPy, it gives what it promises."""

import math
from pathlib import Path

import numpy as np
import pytest

TEXT = Path(__file__).resolve().parents[2] / "frontend/prelude.ricci"


@pytest.fixture(scope="module")
def prelude():
    names = {name: getattr(np, name) for name in np.__all__}
    names |= {"max": np.max, "sum": np.sum, "abs": np.abs, "bool": bool}
    names["erf"] = lambda x: np.vectorize(math.erf, otypes=[float])(x).astype(x.dtype)
    exec(TEXT.read_text(encoding="utf-8"), names)
    return names


X = np.random.default_rng(0).normal(size=(4, 7)) * 30


def test_softmax(prelude):
    wide = np.exp(X.astype(np.longdouble))
    np.testing.assert_allclose(prelude["softmax"](X), (wide / wide.sum(-1, keepdims=True)).astype(float))
    np.testing.assert_allclose(prelude["softmax"](X, axis=0).sum(axis=0), 1)
    np.testing.assert_allclose(prelude["log_softmax"](X), np.log(prelude["softmax"](X)))


def test_logsumexp(prelude):
    logsumexp = prelude["logsumexp"]
    wide = np.log(np.exp(X.astype(np.longdouble)).sum(axis=1)).astype(float)
    np.testing.assert_allclose(logsumexp(X, axis=1), wide)
    assert logsumexp(X).shape == () and logsumexp(X, axis=(0, 1), keepdims=True).shape == (1, 1)
    with np.errstate(divide="ignore"):
        found = [logsumexp(np.array(x)) for x in ([-np.inf, -np.inf], [np.inf, 1], [np.nan, 1], [1000.0, 1000.0])]
    np.testing.assert_allclose(found, [-np.inf, np.inf, np.nan, 1000 + math.log(2)])


def test_activations(prelude):
    x = np.array([-np.inf, -1000, -1, 0, 1, 1000, np.inf, np.nan])
    y = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose(prelude["sigmoid"](x), [0, 0, 1 - y, 0.5, y, 1, 1, np.nan])
    np.testing.assert_allclose(prelude["silu"](x[1:]), [0, y - 1, 0, y, 1000, np.inf, np.nan])
    np.testing.assert_allclose(prelude["relu"](x), [0, 0, 0, 0, 1, 1000, np.inf, np.nan])
    z = (1 + math.erf(math.sqrt(0.5))) / 2
    np.testing.assert_allclose(prelude["gelu"](x[1:6]), [0, z - 1, 0, z, 1000], atol=1e-15)


def test_norms(prelude):
    g, h = np.arange(7.0), np.ones(7)
    y = (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(prelude["layer_norm"](X), y)
    np.testing.assert_allclose(prelude["layer_norm"](X, g, h), y * g + h)
    y = X / np.sqrt((X**2).mean(-1, keepdims=True) + 1e-6)
    np.testing.assert_allclose(prelude["rms_norm"](X, g), y * g)


def test_attention(prelude):
    random = np.random.default_rng(1)
    q, k, v = random.normal(size=(2, 5, 4)), random.normal(size=(2, 7, 4)), random.normal(size=(2, 7, 3))
    mask, bias = random.random((5, 7)) > 0.3, random.normal(size=(5, 7))

    def expected(weights):
        return weights / weights.sum(-1, keepdims=True) @ v

    scores = q @ k.swapaxes(-1, -2)
    attention = prelude["attention"]
    np.testing.assert_allclose(attention(q, k, v), expected(np.exp(scores / 2)))
    np.testing.assert_allclose(attention(q, k, v, mask), expected(np.where(mask, np.exp(scores / 2), 0)))
    np.testing.assert_allclose(attention(q, k, v, bias, scale=1.5), expected(np.exp(scores * 1.5 + bias)))


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp", "sigmoid", "relu", "gelu", "silu", "layer_norm",
                                  "rms_norm"])
def test_float32_stays(prelude, name):
    assert prelude[name](X.astype(np.float32)).dtype == np.float32
