"""Random views, joins, indices, contractions and new arrays."""

import numpy as np
from bounded import contracted
from random_rules import axes_of, exactly, nearly, need, places


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
                         f"concatenate(({{0}}, {{1}}, {{0}}), axis={axis})", "hstack([{0}, {1}])", "vstack(({0}, {1}))",
                         "append({0}, {1})",
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
    kind = g.choice(["matmul", "matmul", "einsum", "einsum", "three", "kron", "tensordot", "outer", "inner", "gram", "trace",
                     "dot"])
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
