"""Random elementwise operations."""

import numpy as np
from random_rules import REALS, exactly, known_signs, nearly, nearly_largest, nearly_wave, need, number, spelled

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
        x = g.add("sin({0})" if low >= -1 and high >= 1 else "sin({0}) * 0.5", [x], nearly_wave)
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
          nearly_largest if name == "gelu" else nearly_wave if name in ("sin", "cos") else nearly)


def unary_exact(g):
    x = g.pick()
    kind = g.values[x].dtype.kind
    choices = {
        "b": ["~{0}", "logical_not({0})", "isnan({0})", "abs({0})"],
        "i": ["-{0}", "~{0}", "abs({0})", "sign({0})", "square({0})", "floor({0})", "{0}.conj()"],
        "u": ["-{0}", "~{0}", "abs({0})", "sign({0})", "square({0})", "ceil({0})", "+{0}"],
        "f": ["-{0}", "abs({0})", "fabs({0})", "square({0})", "sign({0})", "floor({0})", "ceil({0})", "trunc({0})",
              "rint({0})", "isnan({0})", "isinf({0})", "isfinite({0})", "signbit({0})", "reciprocal({0})", "sqrt({0})",
              "logical_not({0})", "{0}.round()", "round({0}, 1)", "around({0}, decimals=-1)", "nan_to_num({0})",
              "relu({0})"],
        "c": ["-{0}", "{0}.conj()", "{0}.real", "imag({0})", "isfinite({0})", "conjugate({0})"],
    }[kind]
    template = g.choice(choices)
    if "sqrt" in template:
        x = in_domain(g, x, 0, 1e9)
    if "round({0}, " in template or "around" in template:
        need(g.values[x].is_exact)
    if "signbit" in template:
        known_signs(g, x)
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
    form, rule = g.choice([("hypot", nearly), ("arctan2", nearly), ("logaddexp", nearly_largest),
                           ("logaddexp2", nearly_largest), ("copysign", exactly), ("heaviside", exactly), ("nextafter", exactly)])
    if form in ("copysign", "arctan2"):
        known_signs(g, *names)
    if form == "nextafter":
        need(all(g.values[n].is_exact for n in names))
    g.add(f"{form}({a}, {b})", names, rule)


def powers(g):
    x = g.pick(lambda v: v.dtype.kind in "iuf")
    v = g.values[x]
    if v.dtype.kind in "iu":
        if g.chance(0.5):
            y = g.partner(x, lambda w: w.dtype.kind in "iu" and (w.size == 0 or w.array.min() >= 0))
            # int64 ** uint64 is a float.
            g.add("{0} ** {1}", [x, y], nearly)
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
        bounds = [("1", "5")] if g.values[x].dtype.kind in "iu" else [("-1.0", "1.0"), ("0", "2"), ("-0.5", "1.5")]
        low, high = g.choice(bounds)
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
    name = "bool_" if target.kind == "b" else target.name
    g.add(g.choice([f"{{0}}.astype({name})", f"{{0}}.astype('{name}')"]), [x], exactly)
