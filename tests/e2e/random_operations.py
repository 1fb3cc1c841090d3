"""Random operations for random_programs: each adds statements over values that are there already.

Every function takes the generator g, picks operands whose dtypes, shapes and values suit, and adds a
statement with `g.add(template, operands, rule)`, where `rule(operands, value, function)` gives the
bounds (bounded.py). It raises Unusable where it has no use for what it picked.
"""

import numpy as np
import oracle
from bounded import LIBRARY, Unusable, chain, contracted, elementwise, extreme, moved, multiplied, summed

FLOATS = ("f",)
REALS = ("f", "i", "u", "b")


def exactly(operands, value, function):
    return elementwise(function, operands, value)


def nearly(operands, value, function):
    return elementwise(function, operands, value, LIBRARY)


def nearly_largest(operands, value, function):
    """A sum, the larger operand first: as much off as that may be."""
    largest = np.broadcast_arrays(value, *[np.abs(x.array) for x in operands], subok=False)
    with np.errstate(all="ignore"):
        size = np.max([np.where(np.isfinite(a), np.abs(a.astype(float)), 0) for a in largest], axis=0)
    return nearly(operands, value, function) + LIBRARY * oracle.roundoff(np.asarray(value).dtype) * size


def no_zeros(g, *names):
    """A zero's sign may be either where maximum or minimum chose."""
    need(all((g.values[n].array != 0).all() for n in names))


def places(operands, value, function):
    return moved(function, operands, value)


def need(condition):
    if not condition:
        raise Unusable("does not suit")


def spelled(g, name):
    return f"np.{name}" if g.chance(0.15) else name


# Elementwise


def number(x, low, high):
    """Whether all of the values, with their bounds, lie between."""
    with np.errstate(all="ignore"):
        return bool(np.all((x.array - x.bound >= low) & (x.array + x.bound <= high)))


DOMAINS = {
    "exp": (-20, 8), "exp2": (-20, 10), "expm1": (-20, 8), "log": (1e-3, 1e9), "log2": (1e-3, 1e9),
    "log10": (1e-3, 1e9), "log1p": (-0.9, 1e9), "cbrt": (-1e9, 1e9), "sin": (-100, 100), "cos": (-100, 100),
    "tan": (-1, 1), "arcsin": (-1, 1), "arccos": (-1, 1), "arctan": (-1e9, 1e9), "sinh": (-8, 8), "cosh": (-8, 8),
    "tanh": (-1e9, 1e9), "arcsinh": (-1e9, 1e9), "arccosh": (1, 1e9), "arctanh": (-0.99, 0.99), "erf": (-1e9, 1e9),
    "sigmoid": (-50, 50), "silu": (-50, 50), "gelu": (-50, 50),
}


def in_domain(g, x, low, high):
    """x, or a value made from it that lies in the domain."""
    if number(g.values[x], low, high) or g.chance(0.02):
        return x
    need(g.values[x].dtype.kind in REALS)
    if low > -2 and high < 2:
        x = g.add("sin({0})" if low >= -1 and high >= 1 else "sin({0}) * 0.5", [x], nearly)
    elif low >= 0:
        x = g.add("abs({0})" if g.values[x].dtype.kind != "b" else "{0} + 0", [x], exactly)
        x = g.add("{0} + 1", [x], exactly)
    elif low > -1:
        x = g.add("abs({0})", [x], exactly)
    else:
        x = g.add("tanh({0})", [x], nearly)
    need(number(g.values[x], low, high))
    return x


def unary_library(g):
    name = g.choice(DOMAINS)
    x = g.pick(lambda v: v.dtype.kind in REALS)
    if name in ("sigmoid", "silu", "gelu"):
        need(g.values[x].dtype.kind == "f")
    low, high = DOMAINS[name]
    if g.values[x].dtype == np.float16:
        low = max(low, -10)  # exp(10) is a float16
    x = in_domain(g, x, low, high)
    g.add(f"{spelled(g, name) if name not in ('erf', 'sigmoid', 'silu', 'gelu') else name}({{0}})", [x],
          nearly_largest if name == "gelu" else nearly)


def unary_exact(g):
    x = g.pick()
    kind = g.values[x].dtype.kind
    choices = {
        "b": ["~{0}", "logical_not({0})", "isnan({0})", "abs({0})"],
        "i": ["-{0}", "~{0}", "abs({0})", "sign({0})", "square({0})", "floor({0})", "{0}.conj()"],
        "u": ["-{0}", "~{0}", "abs({0})", "sign({0})", "square({0})", "ceil({0})", "+{0}"],
        "f": ["-{0}", "abs({0})", "fabs({0})", "square({0})", "sign({0})", "floor({0})", "ceil({0})", "trunc({0})",
              "rint({0})", "isnan({0})", "isinf({0})", "isfinite({0})", "signbit({0})", "reciprocal({0})", "sqrt({0})",
              "logical_not({0})", "{0}.round()", "round({0}, 1)", "around({0}, decimals=-1)", "nan_to_num({0})", "relu({0})"],
        "c": ["-{0}", "{0}.conj()", "{0}.real", "imag({0})", "isfinite({0})", "conjugate({0})"],
    }[kind]
    template = g.choice(choices)
    if "sqrt" in template:
        x = in_domain(g, x, 0, 1e9)
    if "round({0}, " in template or "around" in template:
        need(g.values[x].is_exact)
    if "signbit" in template:
        no_zeros(g, x)
    if "relu" in template:
        need(np.isfinite(g.values[x].array).all())
    if "reciprocal" in template:
        need(x in g.arrays or number(g.values[x], 0.01, 1e9) or number(g.values[x], -1e9, -0.01))
    g.add(template, [x], exactly)


def unary_complex(g):
    x = g.pick(lambda v: v.dtype.kind == "c")
    template = g.choice(["abs({0})", "exp({0})", "sqrt({0})", "square({0})", "{0} * 1j", "{0} ** 2"])
    if template.startswith("exp"):
        need(np.all(np.abs(g.values[x].array) < 10))
    g.add(template, [x], nearly)


def literal(g, dtype):
    kind = dtype.kind
    if kind in "bui" and g.chance(0.75):
        return g.choice(["0", "1", "2", "3", "5", "7"] + (["-1", "-2", "-3"] if kind == "i" else []))
    if g.chance(0.05):
        return g.choice(["sqrt(2.0)", "float32(1.5)", "int8(3)", "float64(0.25)", "(2 ** 3)", "-(7 // 2)", "(pi / 4)"])
    if kind == "c" and g.chance(0.3):
        return g.choice(["1j", "(2 - 1j)"])
    return g.choice(["2", "3", "0.5", "2.0", "-1.5", "0.1", "1e-3", "10", "-1", "True", "pi"]
                    if kind in "fc" else ["0.5", "2.0", "0.1", "True"])


def operands(g, x, kinds="biufc"):
    """x with a second operand (variable or literal) on either side, as (template parts, names)."""
    if g.chance(0.3):
        parts = ["{0}", literal(g, g.values[x].dtype)]
        names = [x]
    else:
        parts, names = ["{0}", "{1}"], [x, g.partner(x, lambda v: v.dtype.kind in kinds)]
    if g.chance(0.3):
        parts.reverse()
    return parts, names


def arithmetic(g):
    x = g.pick()
    (a, b), names = operands(g, x)
    form = g.choice(["{a} + {b}", "{a} - {b}", "{a} * {b}", "{a} / {b}", "add({a}, {b})", "multiply({a}, {b})",
                     "subtract({a}, {b})", "{a} + {b}", "{a} * {b}"])
    is_complex = any(g.values[n].dtype.kind == "c" for n in names) or "j" in a + b
    if "/" in form:
        bottom = g.values[names[int(b[1])]] if b[0] == "{" else None
        if bottom is not None and not (names[int(b[1])] in g.arrays and g.chance(0.1)):
            need(np.all(np.abs(bottom.array) > 0.01))
    g.add(form.format(a=a, b=b), names, nearly if is_complex and form[4] in "*/l" or "multiply" in form and is_complex
          else exactly)


def division(g):
    x = g.pick(lambda v: v.dtype.kind in "iuf" and v.is_exact)
    (a, b), names = operands(g, x, "iuf")
    need(all(g.values[n].is_exact for n in names))
    form = g.choice(["{a} // {b}", "{a} % {b}", "fmod({a}, {b})", "floor_divide({a}, {b})", "remainder({a}, {b})",
                     "divmod({a}, {b})[0]", "divmod({a}, {b})[1]"])
    g.add(form.format(a=a, b=b), names, exactly)


def extremes(g):
    x = g.pick(lambda v: v.dtype.kind in REALS)
    (a, b), names = operands(g, x, REALS)
    form = g.choice(["maximum({a}, {b})", "minimum({a}, {b})", "fmax({a}, {b})", "fmin({a}, {b})"])
    g.add(form.format(a=a, b=b), names, exactly)


def binary_float(g):
    x = g.pick(lambda v: v.dtype.kind in REALS)
    (a, b), names = operands(g, x, REALS)
    form, rule = g.choice([("hypot", nearly), ("arctan2", nearly), ("logaddexp", nearly_largest), ("logaddexp2", nearly_largest),
                           ("copysign", exactly), ("heaviside", exactly), ("nextafter", exactly)])
    if form in ("copysign", "arctan2"):
        no_zeros(g, *names)
    if form == "nextafter":
        need(all(g.values[n].is_exact for n in names))
    g.add(f"{form}({a}, {b})", names, rule)


def powers(g):
    x = g.pick(lambda v: v.dtype.kind in "iuf")
    v = g.values[x]
    if v.dtype.kind in "iu":
        if g.chance(0.5):
            y = g.partner(x, lambda w: w.dtype.kind in "iu" and (w.size == 0 or w.array.min() >= 0))
            g.add("{0} ** {1}", [x, y], exactly)
        else:
            g.add("{0} ** " + g.choice(["0", "1", "2", "3", "4", "5"]), [x], exactly)
    elif g.chance(0.6):
        exponent = g.choice(["2", "3", "2.0", "1", "0", "0.5", "-1", "-2", "1.5", "-0.5", "4"])
        if exponent not in ("2", "3", "2.0", "1", "0", "4"):
            x = in_domain(g, x, 0.01, 1e4)
        form = g.choice(["{0} ** %s", "power({0}, %s)"]) % exponent
        g.add(form, [x], exactly if exponent in ("1", "0") else nearly)
    else:
        x = in_domain(g, x, 0.01, 1e4)
        y = g.partner(x, lambda w: w.dtype.kind in REALS and number(w, -8, 8))
        g.add("{0} ** {1}", [x, y], nearly)


def bits(g):
    x = g.pick(lambda v: v.dtype.kind in "biu")
    is_bool = g.values[x].dtype.kind == "b"
    y = g.partner(x, lambda v: v.dtype.kind in ("b" if is_bool else "biu"))
    if is_bool or g.chance(0.6):
        g.add(g.choice(["{0} & {1}", "{0} | {1}", "{0} ^ {1}", "bitwise_xor({0}, {1})"]), [x, y], exactly)
    elif g.chance(0.5):
        g.add(g.choice(["{0} << ", "{0} >> "]) + g.choice(["0", "1", "2", "3", "7", "9", "31"]), [x], exactly)
    else:
        need(g.values[y].dtype.kind != "b" and (g.values[y].size == 0 or g.values[y].array.min() >= 0))
        g.add(g.choice(["{0} << {1}", "{0} >> {1}"]), [x, y], exactly)


def comparison(g):
    x = g.pick()
    v = g.values[x]
    (a, b), names = operands(g, x, "c" if v.dtype.kind == "c" else REALS)
    if v.dtype.kind in "iu" and len(names) == 1 and g.chance(0.5):
        # In comparisons any integer will do.
        a, b = "{0}", g.choice(["300", "-1", "-129", "255", "70000", "2 ** 40", "-2 ** 40", "0"])
    relation = g.choice(["==", "!="] if v.dtype.kind == "c" else ["<", "<=", ">", ">=", "==", "!="])
    need("j" not in a + b or relation in ("==", "!="))
    g.add(f"{a} {relation} {b}", names, exactly)


def logic(g):
    x = g.pick(lambda v: v.is_exact and v.dtype.kind in REALS)
    y = g.partner(x, lambda v: v.is_exact and v.dtype.kind in REALS)
    g.add(g.choice(["logical_and({0}, {1})", "logical_or({0}, {1})", "logical_xor({0}, {1})"]), [x, y], exactly)


def selection(g):
    x = g.pick()
    condition = g.partner(x, lambda v: v.dtype.kind == "b")
    if g.chance(0.1):
        a, b = g.choice(["1", "0.5", "2.0", "-3", "True", "nan"]), g.choice(["0", "1.5", "False", "inf", "7"])
        g.add(f"where({{0}}, {a}, {b})", [condition], exactly)
    elif g.chance(0.4):
        value = literal(g, g.values[x].dtype)
        g.add(g.choice([f"where({{0}}, {{1}}, {value})", f"where({{0}}, {value}, {{1}})"]), [condition, x], exactly)
    else:
        y = g.partner(x)
        need(g.fits(condition, x, y))
        g.add("where({0}, {1}, {2})", [condition, x, y], exactly)


def clipping(g):
    x = g.pick(lambda v: v.dtype.kind in "iuf")
    if g.chance(0.7):
        low, high = ("1", "5") if g.values[x].dtype.kind in "iu" else g.choice([("-1.0", "1.0"), ("0", "2"), ("-0.5", "1.5")])
        g.add(g.choice([f"clip({{0}}, {low}, {high})", f"{{0}}.clip({low}, {high})", f"clip({{0}}, {low}, None)",
                        f"clip({{0}}, max={high})"]), [x], exactly)
    else:
        y = g.partner(x, lambda v: v.dtype.kind in "iuf")
        g.add("clip({0}, None, {1})", [x, y], exactly)


def cast(g):
    x = g.pick()
    v = g.values[x]
    target = np.dtype(g.choice(["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
                                "float16", "float32", "float64", "float32", "float64", "complex64", "complex128"]))
    if v.dtype.kind == "c":
        need(target.kind == "c")
    if v.dtype.kind == "f" and target.kind in "iu":
        need(v.size and number(v, 0 if target.kind == "u" else -100, 100))
    g.add(g.choice(["{0}.astype(%s)", "{0}.astype('%s')"]) % ("bool_" if target.kind == "b" else target.name), [x], exactly)


# Reductions


def axes_of(g, ndim):
    """None, one axis or some."""
    choice = g.rng.random()
    if choice < 0.2 or not ndim:
        return None
    if choice < 0.75:
        return int(g.rng.integers(-ndim, ndim))
    return tuple(int(a) - (ndim if g.chance(0.3) else 0) for a in g.rng.permutation(ndim)[: g.rng.integers(1, ndim + 1)])


def count_of(shape, axis):
    if axis is None:
        return int(np.prod(shape))
    return int(np.prod([shape[a] for a in np.atleast_1d(axis)]))


def reduction_text(g, name, axis, keepdims, more=""):
    arguments = [] if axis is None and g.chance(0.7) else [f"axis={axis}"]
    arguments += ["keepdims=True"] * keepdims + [more] * bool(more)
    if g.chance(0.4) and name not in ("count_nonzero", "ptp"):
        return f"{{0}}.{name}({', '.join(arguments)})"
    return f"{spelled(g, name)}({', '.join(['{0}', *arguments])})"


def mean_rule(axis, keepdims):
    def rule(operands, value, function):
        x, value = operands[0], np.asarray(value)
        terms = max(count_of(x.shape, axis), 1)
        total = summed(lambda a: np.sum(a, axis=axis, keepdims=keepdims), x, value * terms, terms)
        with np.errstate(all="ignore"):
            bound = total / terms * 1.01 + np.where(total > 0, 4 * np.finfo(value.dtype).eps * np.abs(value), 0)
        # NumPy rounds float16 twice, and multiplies complex numbers by 1 / n.
        more = 2 * np.finfo(value.dtype).eps if value.dtype in ("f2", "c8", "c16") else 0
        return bound + more * np.abs(np.where(np.isfinite(value), value, 0))
    return rule


def var_rule(axis, keepdims, ddof, root):
    def rule(operands, value, function):
        value = np.asarray(value)
        x = np.asarray(operands[0].array, np.longdouble)
        need(np.isfinite(x).all() and x.size)
        terms = count_of(x.shape, axis)
        need(terms > ddof)
        u = np.finfo(value.dtype).eps
        mean = x.mean(axis=axis, keepdims=True)
        # How far a difference from the mean may be off.
        off = operands[0].bound + np.mean(operands[0].bound, axis=axis, keepdims=True)
        off = off + 2 * terms * u * np.mean(np.abs(x), axis=axis, keepdims=True) + u * np.abs(x - mean)
        squares = (2 * np.abs(x - mean) * off + off * off + 2 * u * (x - mean) ** 2).sum(axis=axis, keepdims=keepdims)
        total = ((x - mean) ** 2).sum(axis=axis, keepdims=keepdims)
        bound = (squares + 2 * terms * u * total) / (terms - ddof)
        variance = total / (terms - ddof)
        if root:
            bound = np.sqrt(variance + bound) - np.sqrt(np.maximum(variance - bound, 0))
        bound = bound.astype(float) + 4 * u * np.abs(value) + 4 * float(np.finfo(value.dtype).smallest_subnormal)
        return np.where(total + squares > float(np.finfo(value.dtype).max) / 4, np.inf, bound)
    return rule


def extreme_rule(axis, keepdims, spans):
    def rule(operands, value, function):
        bound = extreme(operands[0], value, axis, keepdims)
        if not spans:
            return bound
        eps = np.finfo(operands[0].dtype).eps if operands[0].is_float else 0
        return 2 * bound + np.where(bound > 0, eps * np.abs(value), 0)
    return rule


def sum_rule(axis, keepdims=False, scans=False):
    keep = {"axis": axis} if scans else {"axis": axis, "keepdims": keepdims}
    total = np.cumsum if scans else np.sum

    def rule(operands, value, function):
        terms = max(count_of(operands[0].shape, axis), 1)
        return summed(lambda a: total(a, **keep), operands[0], value, terms)
    return rule


def product_rule(axis, keepdims=False, scans=False):
    keep = {"axis": axis} if scans else {"axis": axis, "keepdims": keepdims}
    product, total = (np.cumprod, np.cumsum) if scans else (np.prod, np.sum)

    def rule(operands, value, function):
        terms = max(count_of(operands[0].shape, axis), 1)
        return multiplied(lambda a: product(a, **keep), lambda a: total(a, **keep), operands[0], value, terms)
    return rule


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
            ("{0} @ {0}.mT", [0], product), (f"{{0}} * {1 / np.sqrt(n)!r}".replace("np.float64(", "").replace(")", ""),
                                            [1], exactly),
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


# Shapes


def reshaping(g):
    x = g.pick()
    v = g.values[x]
    kind = g.choice(["reshape", "ravel", "transpose", "T", "mT", "swapaxes", "moveaxis", "expand_dims", "squeeze", "flip",
                     "roll", "broadcast_to", "rot90"])
    if kind == "reshape":
        rest, shape = v.size, []
        while rest > 1 and len(shape) < 3:
            divisors = [d for d in range(1, min(rest, 70) + 1) if rest % d == 0]
            shape.append(int(g.choice(divisors)))
            rest //= shape[-1]
        shape.append(rest)
        g.rng.shuffle(shape)
        if g.chance(0.3) and v.size:
            shape[int(g.rng.integers(len(shape)))] = -1
        text = ", ".join(map(str, shape))
        template = g.choice([f"{{0}}.reshape({text})", f"reshape({{0}}, ({text},))"])
    elif kind == "ravel":
        template = g.choice(["{0}.ravel()", "ravel({0})", "{0}.reshape(-1)"])
    elif kind in ("T", "mT"):
        need(kind == "T" or v.ndim >= 2)
        template = f"{{0}}.{kind}"
    elif kind == "transpose":
        template = f"transpose({{0}}, {tuple(map(int, g.rng.permutation(v.ndim)))})" if v.ndim else "transpose({0})"
    elif kind in ("swapaxes", "moveaxis"):
        need(v.ndim)
        a, b = g.rng.integers(-v.ndim, v.ndim, 2)
        template = f"{kind}({{0}}, {a}, {b})"
    elif kind == "expand_dims":
        need(v.ndim < 5)
        template = f"expand_dims({{0}}, {g.rng.integers(-v.ndim - 1, v.ndim + 1)})"
    elif kind == "squeeze":
        need(1 in v.shape)
        template = "squeeze({0})"
    elif kind == "flip":
        axis = axes_of(g, v.ndim)
        template = "flip({0})" if axis is None else f"flip({{0}}, axis={axis})"
    elif kind == "roll":
        axis = None if not v.ndim or g.chance(0.2) else int(g.rng.integers(-v.ndim, v.ndim))
        template = f"roll({{0}}, {g.rng.integers(-5, 6)}" + (")" if axis is None else f", axis={axis})")
    elif kind == "rot90":
        need(v.ndim >= 2)
        template = f"rot90({{0}}, {g.rng.integers(-1, 4)})"
    else:
        shape = [int(g.choice([2, 3, 5])) if n == 1 else n for n in v.shape]
        if len(shape) < 4 and g.chance(0.6):
            shape = [int(g.choice([1, 2, 3])), *shape]
        template = f"broadcast_to({{0}}, {tuple(shape)})"
    g.add(template, [x], places)


def a_slice(g, extent):
    def bound():
        return str(int(g.rng.integers(-extent - 1, extent + 2))) if g.chance(0.5) else ""
    step = g.choice(["", "", "", ":2", ":-1", ":3", ":-2", ":"])
    return f"{bound()}:{bound()}{step}"


def slicing(g):
    x = g.pick(lambda v: v.ndim > 0)
    v = g.values[x]
    items = []
    for extent in v.shape[: g.rng.integers(1, v.ndim + 1)]:
        if g.chance(0.1):
            items.append("None")
        items.append(str(int(g.rng.integers(-extent, extent))) if extent and g.chance(0.2) else a_slice(g, extent))
    if g.chance(0.2):
        items.append("...")
    if g.chance(0.1):
        items.append("newaxis")
    g.add(f"{{0}}[{', '.join(items)}]", [x], places)


def gathering(g):
    x = g.pick(lambda v: v.ndim > 0 and 0 not in v.shape)
    v = g.values[x]
    axis = int(g.rng.integers(v.ndim))
    extent = v.shape[axis]
    if g.chance(0.4):
        index, names = str([int(i) for i in g.rng.integers(-extent, extent, g.rng.integers(1, 5))]), [x]
    else:
        shape = [[], [5], [16], [2, 3], [0]][g.rng.choice(5, p=[0.1, 0.35, 0.3, 0.2, 0.05])]
        dtype = g.choice(["int64", "int32", "uint8", "int8", "int64"])
        extent = min(extent, 100)
        low = -extent if dtype[0] == "i" else 0
        index, names = "{1}", [x, g.leaf(np.asarray(g.rng.integers(low, extent, shape)).astype(dtype))]
    if v.ndim >= 2 and g.chance(0.25):
        # Several index arrays, side by side or apart.
        items, names = [], [x]
        shape = g.choice([[4], [3, 1], [], [1], [17]])
        for extent in v.shape:
            kind = g.choice(["array", "array", ":", "::-1", "integer"])
            if kind == "array":
                items.append(f"{{{len(names)}}}")
                part = shape[int(g.rng.integers(0, len(shape) + 1)):] if g.chance(0.3) else shape
                names.append(g.leaf(np.asarray(g.rng.integers(-extent, extent, part))))
            else:
                items.append(str(int(g.rng.integers(-extent, extent))) if kind == "integer" else kind)
        need(len(names) > 1)
        g.add(f"{{0}}[{', '.join(items)}]", names, places)
    elif g.chance(0.1):
        order = g.leaf(np.asarray(g.rng.integers(-v.shape[axis], v.shape[axis], v.shape)))
        g.add(f"take_along_axis({{0}}, {{1}}, axis={axis})", [x, order], places)
    elif g.chance(0.3):
        g.add(f"take({{0}}, {index}, axis={axis})", names, places)
    else:
        g.add(f"{{0}}[{':, ' * axis}{index}]", names, places)


def joining(g):
    x = g.pick(lambda v: v.ndim > 0)
    v = g.values[x]
    same = [n for n in g.values if g.values[n].shape == v.shape and g.values[n].dtype.kind in (v.dtype.kind, "f")]
    y = g.choice(same)
    axis = int(g.rng.integers(-v.ndim, v.ndim))
    template = g.choice([f"concatenate([{{0}}, {{1}}], axis={axis})", f"stack([{{0}}, {{1}}], axis={axis})",
                         f"concatenate(({{0}}, {{1}}, {{0}}), axis={axis})", "hstack([{0}, {1}])", "vstack(({0}, {1}))", "append({0}, {1})",
                         "column_stack([{0}, {1}])", "dstack([{0}, {1}])", "broadcast_arrays({0}, {1})[1]"])
    g.add(template, [x, y], places)


def repeating(g):
    x = g.pick(lambda v: v.ndim > 0)
    v = g.values[x]
    axis = int(g.rng.integers(-v.ndim, v.ndim))
    kind = g.choice(["repeat", "tile", "pad", "window", "tri", "split", "diagonal", "diag", "parts"])
    if kind == "repeat":
        template = f"repeat({{0}}, {g.rng.integers(1, 4)}, axis={axis})"
    elif kind == "tile":
        reps = tuple(int(r) for r in g.rng.integers(1, 3, g.rng.integers(1, v.ndim + 1)))
        template = f"tile({{0}}, {reps})"
    elif kind == "pad":
        widths = [tuple(int(w) for w in g.rng.integers(0, 3, 2)) for _ in v.shape]
        value = "" if g.chance(0.5) else f", constant_values={g.choice('0123')}"
        template = f"pad({{0}}, {widths if g.chance(0.7) else int(g.rng.integers(0, 3))}{value})"
    elif kind == "window":
        need(v.shape[axis])
        template = f"sliding_window_view({{0}}, {g.rng.integers(1, min(v.shape[axis], 5) + 1)}, axis={axis})"
    elif kind == "tri":
        need(v.ndim >= 2)
        template = f"{g.choice(['tril', 'triu'])}({{0}}, {g.rng.integers(-2, 3)})"
    elif kind == "split":
        need(v.shape[axis] > 1)
        parts = g.choice([d for d in range(2, v.shape[axis] + 1) if v.shape[axis] % d == 0])
        template = f"split({{0}}, {parts}, axis={axis})[{g.rng.integers(0, parts)}]"
    elif kind == "diag":
        need(v.ndim <= 2 and v.size < 70)
        template = f"diag({{0}}, {g.rng.integers(-1, 2)})"
    elif kind == "parts":
        parts = int(g.rng.integers(2, 4))
        template = f"array_split({{0}}, {parts}, axis={axis})[{g.rng.integers(0, parts)}]"
    else:
        need(v.ndim >= 2)
        template = f"diagonal({{0}}, {g.rng.integers(-1, 2)})"
    g.add(template, [x], places)


# Contractions


def contraction(g):
    x = g.pick(lambda v: v.ndim > 0 and v.dtype.kind in "fciu" and v.size < 3000)
    v = g.values[x]
    terms = 1
    kind = g.choice(["matmul", "matmul", "einsum", "einsum", "three", "kron", "tensordot", "outer", "inner", "gram", "trace", "dot"])
    if kind == "matmul":
        n = v.shape[-1]
        y = g.matching(x, g.choice([(n,), (n, 3), (n, 17), (n, 1)]))
        template, names, terms = g.choice(["{0} @ {1}", "matmul({0}, {1})"]), [x, y], n
    elif kind == "dot":
        y = g.matching(x, (v.shape[-1], 5) if v.ndim else ())
        template, names, terms = g.choice(["dot({0}, {1})", "{0}.dot({1})"]), [x, y], v.shape[-1]
    elif kind == "gram":
        need(v.ndim >= 2)
        template, names, terms = "{0} @ {0}.mT", [x], v.shape[-1]
    elif kind == "einsum":
        labels = "abcde"[: v.ndim]
        second = [label for label in labels if g.chance(0.6)] + (["z"] if g.chance(0.5) else [])
        g.rng.shuffle(second)
        sizes = dict(zip(labels, v.shape)) | {"z": 4}
        y = g.matching(x, tuple(sizes[label] for label in second))
        every = list(dict.fromkeys(list(labels) + second))
        output = [label for label in every if g.chance(0.5)]
        g.rng.shuffle(output)
        terms = int(np.prod([sizes[label] for label in every if label not in output]))
        need(np.prod([sizes[label] for label in every]) < 50_000)
        template, names = f"einsum('{labels},{''.join(second)}->{''.join(output)}', {{0}}, {{1}})", [x, y]
    elif kind == "three":
        need(v.ndim >= 2 and v.size < 1000)
        labels = "abcde"[: v.ndim]
        y, w = g.matching(x, (v.shape[-1], 3)), g.matching(x, (v.shape[0],))
        output = g.choice(["y", "", "a", labels[1:-1] + "y"])
        template, names = f"einsum('{labels},{labels[-1]}y,a->{output}', {{0}}, {{1}}, {{2}})", [x, y, w]
        terms = v.size * 3
    elif kind == "kron":
        need(v.ndim <= 2 and v.size < 300)
        template, names = "kron({0}, {1})", [x, g.matching(x, (2,) * v.ndim)]
    elif kind == "tensordot":
        count = int(g.rng.integers(0, min(v.ndim, 2) + 1))
        shape = v.shape[v.ndim - count:] + ((3,) if g.chance(0.7) else ())
        template, names = f"tensordot({{0}}, {{1}}, axes={count})", [x, g.matching(x, shape)]
        terms = int(np.prod(v.shape[v.ndim - count:]))
    elif kind == "outer":
        need(v.size < 200)
        template, names = "outer({0}, {1})", [x, g.matching(x, (7,))]
    elif kind == "inner":
        template, names, terms = "inner({0}, {1})", [x, g.matching(x, (2, v.shape[-1]))], v.shape[-1]
    else:
        need(v.ndim >= 2)
        template, names, terms = "trace({0})", [x], min(v.shape[:2])
    g.add(template, names, lambda operands, value, function: contracted(function, operands, value, max(terms, 1)))


def creation(g):
    n, m = (int(g.choice(g.sizes)) for _ in range(2))
    dtype = g.choice(["float32", "float64", "int64", "int32", "float16", "uint8"])
    template = g.choice([f"arange({n})", f"arange({n}, dtype={dtype})", f"arange({m}, {m + n}, 2)", f"eye({n})",
                         f"eye({n}, {m}, k=1, dtype={dtype})", f"zeros(({n}, {m}), dtype={dtype})", f"ones({n})",
                         f"full(({n},), 1.5)", f"linspace(0, 1, {n})", f"tri({n}, {m})"])
    g.add(template, [], nearly if template.startswith("linspace") else exactly)


def like(g):
    x = g.pick()
    g.add(g.choice(["zeros_like({0})", "ones_like({0})", "full_like({0}, 3)"]), [x],
          lambda operands, value, function: np.zeros(np.shape(value)))


def known(g):
    """Numbers known at compile time."""
    x = g.pick(lambda v: v.dtype.kind in "f" and v.ndim > 0)
    g.add(g.choice(["{0} * {0}.shape[-1]", "{0} + {0}.size", "{0} - {0}.ndim",
                    "{0} * (1 / (1 + {0}.shape[0]))"]), [x], exactly)


OPERATIONS = {
    unary_library: 12, unary_exact: 10, unary_complex: 2, arithmetic: 24, division: 4, extremes: 5, binary_float: 4,
    powers: 4, bits: 4, comparison: 6, logic: 2, selection: 6, clipping: 2, cast: 6, reduction: 16, scan: 4,
    softmax_chain: 4, norm_chain: 3, back_chain: 5, prelude: 5, reshaping: 10, slicing: 8, gathering: 4, joining: 4, repeating: 6,
    contraction: 8, creation: 2, like: 1, known: 1,
}
