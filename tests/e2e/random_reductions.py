"""Random reductions and scans, chains of them as in softmax, and the prelude."""

import numpy as np
from bounded import Unusable, chain, contracted
from random_rules import (axes_of, exactly, extreme_rule, mean_rule, nearly, need, number, places, product_rule, spelled,
                          sum_rule, var_rule)


def reduction_text(g, name, axis, keepdims, more=""):
    arguments = [] if axis is None and g.chance(0.7) else [f"axis={axis}"]
    arguments += ["keepdims=True"] * keepdims + [more] * bool(more)
    if g.chance(0.4) and name not in ("count_nonzero", "ptp"):
        return f"{{0}}.{name}({', '.join(arguments)})"
    return f"{spelled(g, name)}({', '.join(['{0}', *arguments])})"


def reduction(g, x=None, name=None, axis="random", keepdims=None):
    x = x or g.pick()
    v = g.values[x]
    kind = v.dtype.kind
    names = {"b": ["sum", "any", "all", "argmax", "mean", "max", "count_nonzero", "prod"],
             "i": ["sum", "prod", "max", "min", "argmax", "argmin", "mean", "var", "ptp", "any", "count_nonzero"],
             "f": ["sum", "sum", "max", "min", "mean", "mean", "var", "std", "prod", "argmax", "argmin", "ptp", "all"],
             "c": ["sum", "mean", "prod"]}
    name = name or g.choice(names["i" if kind == "u" else kind])
    if axis == "random":
        axis = axes_of(g, v.ndim)
    keepdims = g.chance(0.35) if keepdims is None else keepdims
    more = ""
    if name in ("any", "all", "count_nonzero", "argmax", "argmin"):
        need(v.is_exact and (name[:3] != "arg" or not isinstance(axis, tuple)))
        rule = exactly
    elif name in ("max", "min", "ptp"):
        rule = extreme_rule(axis, keepdims, name == "ptp")
    elif name in ("sum", "prod"):
        more = "dtype=float64" if kind in "fiu" and g.chance(0.1) else ""
        rule = (sum_rule if name == "sum" else product_rule)(axis, keepdims)
    elif name == "mean":
        rule = mean_rule(axis, keepdims)
    else:
        ddof = int(g.chance(0.2))
        more = f"ddof={ddof}" if ddof else ""
        rule = var_rule(axis, keepdims, ddof, name == "std")
    return g.add(reduction_text(g, name, axis, keepdims, more), [x], rule)


def scan(g):
    x = g.pick(lambda v: v.size > 0)
    v = g.values[x]
    axis = None if not v.ndim or g.chance(0.15) else int(g.rng.integers(-v.ndim, v.ndim))
    name, rule = g.choice([("cumsum", sum_rule), ("cumsum", sum_rule), ("cumprod", product_rule)])
    rule = rule(axis, scans=True)
    g.add(reduction_text(g, name, axis, False), [x], rule)


def one_axis(g, v):
    need(v.ndim)
    return int(g.rng.integers(-v.ndim, v.ndim)) if g.chance(0.7) else axes_of(g, v.ndim)


def softmax_chain(g):
    """Reduce, broadcast back, reduce again."""
    x = g.pick(lambda v: v.dtype.kind == "f" and v.size > 0)
    axis = one_axis(g, g.values[x])
    top = reduction(g, x, "max", axis, True)
    x = g.add("{0} - {1}", [x, top], exactly)
    if not number(g.values[x], -100, 0):
        raise Unusable("an exponential that vanishes")
    x = g.add("exp({0})", [x], nearly)
    bottom = reduction(g, x, "sum", axis, True)
    x = g.add("{0} / {1}", [x, bottom], exactly)
    if g.chance(0.4):
        reduction(g, x, axis=one_axis(g, g.values[x]))


def norm_chain(g):
    x = g.pick(lambda v: v.dtype.kind == "f" and v.size > 0)
    axis = one_axis(g, g.values[x])
    mean = reduction(g, x, "mean", axis, True)
    x = g.add("{0} - {1}", [x, mean], exactly)
    square = g.add(g.choice(["{0} * {0}", "square({0})"]), [x], exactly)
    square = reduction(g, square, "mean", axis, True)
    square = g.add("{0} + 1e-3", [square], exactly)
    square = g.add("sqrt({0})", [square], exactly)
    g.add("{0} / {1}", [x, square], exactly)


def back_chain(g):
    x = g.pick(lambda v: v.size > 0 and v.ndim > 0)
    v = g.values[x]
    part = reduction(g, x, axis=one_axis(g, v), keepdims=True)
    need(g.values[part].dtype.kind in v.dtype.kind + "fiub")
    form = g.choice(["{0} - {1}", "{0} + {1}", "maximum({0}, {1})", "{0} * {1}"])
    need(v.dtype.kind != "c" and (form != "{0} - {1}" or "b" not in (v.dtype.kind, g.values[part].dtype.kind)))
    y = g.add(form, [x, part], exactly)
    reduction(g, y, axis=one_axis(g, v))


def softmax_steps(axis):
    keep = f"axis={axis}, keepdims=True"
    return [(f"max({{0}}, {keep})", [0], extreme_rule(axis, True, False)), ("{0} - {1}", [0, 1], exactly),
            ("exp({0})", [2], nearly), (f"sum({{0}}, {keep})", [3], sum_rule(axis, True))]


def prelude(g):
    x = g.pick(lambda v: v.dtype.kind == "f" and v.ndim > 0 and v.size > 0 and np.isfinite(v.array).all())
    v = g.values[x]
    axis = int(g.rng.integers(-v.ndim, v.ndim))
    kind = g.choice(["softmax", "log_softmax", "logsumexp", "layer_norm", "rms_norm", "attention"])
    if kind in ("softmax", "log_softmax", "logsumexp"):
        axis = g.choice([axis, None, axis, -1])
        steps = softmax_steps(axis)
        if kind == "softmax":
            steps.append(("{0} / {1}", [3, 4], exactly))
        else:
            steps += [("log({0})", [4], nearly), ("{0} + {1}", [5, 1], exactly)]
            if kind == "log_softmax":
                steps.append(("{0} - {1}", [0, 6], exactly))
            else:
                steps.append((f"squeeze({{0}}, axis={axis})", [6], places))
        g.add(f"{kind}({{0}}, axis={axis})", [x], chain(*steps))
    elif kind == "attention":
        need(v.ndim >= 2 and v.shape[-1] and v.shape[-2] < 40 and np.abs(v.array).max() < 50)
        n = v.shape[-1]
        product = lambda operands, value, function: contracted(function, operands, value, n)  # noqa: E731
        mixed = lambda operands, value, function: contracted(function, operands, value, v.shape[-2])  # noqa: E731
        steps = softmax_steps(-1)
        shifted = [(t, [i + 2 for i in names], r) for t, names, r in steps]
        g.add("attention({0}, {0}, {0})", [x], chain(
            ("{0} @ {0}.mT", [0], product), (f"{{0}} * {float(n) ** -0.5!r}", [1], exactly),
            *shifted, ("{0} / {1}", [5, 6], exactly), ("{0} @ {1}", [7, 0], mixed)))
    else:
        keep = {"axis": axis, "keepdims": True}
        text = f"axis={axis}, keepdims=True"
        if kind == "layer_norm":
            steps = [(f"mean({{0}}, {text})", [0], mean_rule(**keep)), ("{0} - {1}", [0, 1], exactly),
                     (f"var({{0}}, {text})", [0], var_rule(**keep, ddof=0, root=False)), ("{0} + 1e-5", [3], exactly),
                     ("sqrt({0})", [4], exactly), ("{0} / {1}", [2, 5], exactly)]
        else:
            steps = [("{0} * {0}", [0], exactly), (f"mean({{0}}, {text})", [1], mean_rule(**keep)),
                     ("{0} + 1e-6", [2], exactly), ("sqrt({0})", [3], exactly), ("{0} / {1}", [0, 4], exactly)]
        g.add(f"{kind}({{0}}, axis={axis})", [x], chain(*steps))
