"""Minimax polynomials of compiler/cpu/vector_math_tables.h.

Each approximates g(t) on [a, b] so that max |w(t) (p(t) - g(t))| is least (Remez exchange), its
first coefficients rounded one after the other to f32 or f64 and the rest fitted again (Muller and
others, Handbook of Floating-Point Arithmetic). Prints the table; needs mpmath.
"""

import mpmath as mp

mp.mp.prec = 200


def solve(points, g, w, n):
    """p of n coefficients and e with w(t_i) (p(t_i) - g(t_i)) = (-1)^i e."""
    matrix, right = mp.matrix(n + 1, n + 1), mp.matrix(n + 1, 1)
    for i, t in enumerate(points):
        for j in range(n):
            matrix[i, j] = t**j
        matrix[i, n] = -((-1) ** i) / w(t)
        right[i] = g(t)
    x = mp.lu_solve(matrix, right)
    return [x[j] for j in range(n)]


def remez(g, w, a, b, n):
    """The n coefficients, on a grid that is dense towards the ends."""
    if n == 0:
        return []
    count = 24 * n
    angles = [mp.pi * (i + mp.mpf(1) / 2) / count for i in range(count)]
    grid = [(a + b) / 2 - (b - a) / 2 * mp.cos(angle) for angle in angles]
    gs, ws = [g(t) for t in grid], [w(t) for t in grid]
    heavy = [i for i, u in enumerate(ws) if u > max(ws) / 1000]
    index = [heavy[int((2 * i + 1) * len(heavy) / (2 * (n + 1)))] for i in range(n + 1)]
    for _ in range(30):
        lookup = {grid[i]: (gs[i], ws[i]) for i in index}
        p = solve([grid[i] for i in index], lambda t: lookup[t][0], lambda t: lookup[t][1], n)
        errors = [u * (mp.polyval(p[::-1], t) - y) for t, y, u in zip(grid, gs, ws)]
        runs = []
        for i, e in enumerate(errors):
            if runs and (e > 0) == (errors[runs[-1]] > 0):
                if abs(e) > abs(errors[runs[-1]]):
                    runs[-1] = i
            else:
                runs.append(i)
        while len(runs) > n + 1:
            least = min(range(len(runs)), key=lambda i: abs(errors[runs[i]]))
            if least in (0, len(runs) - 1):
                runs.pop(least)
            elif len(runs) == n + 2:
                runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
            else:  # its neighbours have one sign
                both = runs[least - 1], runs[least + 1]
                runs[least - 1 : least + 2] = [max(both, key=lambda i: abs(errors[i]))]
        if len(runs) < n + 1 or runs == index:
            break
        index = runs
    return p


def rounded(x, bits):
    with mp.workprec(bits):
        return +x


def fit(g, w, a, b, degree, bits):
    """Coefficients from t^0 on, and the greatest error."""
    a, b = mp.mpf(a), mp.mpf(b)
    coefficients = []
    for k in range(degree + 1):
        if k > degree / 2 + 1:  # how these are rounded matters little
            coefficients += [rounded(c, bits) for c in rest[1:]]
            break
        done = list(coefficients)
        rest = remez(lambda t: (g(t) - mp.polyval(done[::-1], t)) / t**k if k else g(t),
                     lambda t: w(t) * abs(t) ** k, a, b, degree + 1 - k)
        coefficients.append(rounded(rest[0], bits))
    worst = max(abs(w(t) * (mp.polyval(coefficients[::-1], t) - g(t)))
                for t in [a + (b - a) * i / mp.mpf(401) for i in range(1, 401)])
    return coefficients, worst


L2, PI, S2 = mp.log(2), mp.pi, mp.sqrt(2)
sqrt = mp.sqrt


def odd(f):
    """p in f(x) = x + x^3 p(x^2)."""
    return lambda z: (f(sqrt(z)) / sqrt(z) - 1) / z


def identity(z):
    return z


def exp_tail(r):
    return (mp.exp(r) - 1 - r) / r**2


def atanh_ratio(z):
    return 2 * mp.atanh(sqrt(z)) / sqrt(z)


def log2_erfc_ratio(a):
    return mp.log(mp.erfc(a)) / L2 / a


def erfc_weight(a):
    return a * L2 * mp.erfc(a)


HALF_LN2 = (-L2 / 2 - 0.001, L2 / 2 + 0.001)
HALF = (-0.5, 0.5)
ROOTS = (1 / S2 - 1, S2 - 1)
RATIOS = (0, (3 - 2 * S2) ** 2)
QUARTER_PI = (0, (PI / 4 + 0.002) ** 2)
# name: (g, weight, interval, {bits of a coefficient: degree}). The weight makes errors relative to
# the whole function.
table = {
    # exp(r) = 1 + r + r^2 p(r)
    "exp": (exp_tail, lambda r: r**2, HALF_LN2, {24: 4, 53: 9}),
    "expm1": (exp_tail, abs, HALF_LN2, {24: 4, 53: 9}),
    # 2^r = 1 + r p(r); the second one in f64 for results in f32
    "exp2": (lambda r: (2**r - 1) / r, abs, HALF, {24: 5, 53: 11}),
    "exp2Short": (lambda r: (2**r - 1) / r, abs, HALF, {53: 6}),
    # log(1 + f) = f - f^2 / 2 + f^3 p(f)
    "log": (
        lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3,
        lambda f: f**3 / mp.log1p(f),
        ROOTS,
        {24: 7},
    ),
    # log((1 + s) / (1 - s)) = 2 s + s^3 p(s^2) = 2 s + 2/3 s^3 + s^5 q(s^2)
    "logRatio": (lambda z: (atanh_ratio(z) - 2) / z, identity, RATIOS, {53: 6}),
    "logRatioTail": (
        lambda z: (atanh_ratio(z) - 2 - z * 2 / 3) / z**2,
        lambda z: z**2,
        RATIOS,
        {53: 7},
    ),
    # log2(1 + f) = f + f p(f)
    "log2": (
        lambda f: mp.log1p(f) / f / L2 - 1,
        lambda f: f / mp.log1p(f) * L2,
        ROOTS,
        {24: 9},
    ),
    # log2(1 + f) = f p(f), in f64 for results in f32
    "log2Short": (
        lambda f: mp.log1p(f) / f / L2,
        lambda f: f / mp.log1p(f),
        ROOTS,
        {53: 11},
    ),
    # sin(r) = r + r^3 p(r^2); cos(r) = 1 - r^2 / 2 + r^4 p(r^2)
    "sin": (odd(mp.sin), identity, QUARTER_PI, {24: 2, 53: 5}),
    "cos": (
        lambda z: (mp.cos(sqrt(z)) - 1 + z / 2) / z**2,
        lambda z: z**2,
        QUARTER_PI,
        {24: 2, 53: 5},
    ),
    "tan": (odd(mp.tan), identity, QUARTER_PI, {24: 6, 53: 14}),
    "tanh": (odd(mp.tanh), identity, (0, 0.625**2), {24: 4, 53: 10}),
    "atan": (odd(mp.atan), identity, (0, 0.25), {24: 4, 53: 11}),
    "asin": (odd(mp.asin), identity, (0, 0.25), {24: 4, 53: 11}),
    "sinh": (odd(mp.sinh), identity, (0, 1), {24: 3, 53: 6}),
    # erf(x) = x + x p(x^2); erfc(x) = 2^(x p(x))
    "erf": (lambda z: mp.erf(sqrt(z)) / sqrt(z) - 1, lambda z: 1, (0, 0.9375**2), {24: 6}),
    "erfLong": (lambda z: mp.erf(sqrt(z)) / sqrt(z) - 1, lambda z: 1, (0, 1), {53: 13}),
    "erfc": (log2_erfc_ratio, erfc_weight, (0.9375, 4), {24: 7}),
    "erfcLong": (log2_erfc_ratio, erfc_weight, (1, 6), {53: 16}),
    "erfcFromZero": (log2_erfc_ratio, erfc_weight, (0, 4), {24: 8}),
    # m^(1/3), to be refined
    "cbrt": (lambda m: m ** (mp.mpf(1) / 3), lambda m: 1, (1, 2), {24: 2, 53: 5}),
}

HEADER = """//===- vector_math_tables.h - coefficients of elementary functions ----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Written by compiler/cpu/vector_math_minimax.py, which says what each approximates.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/cpu/vector_math_builder.h"

namespace ricci::vector_math::tables {

// clang-format off"""


def main():
    print(HEADER)
    tiny = mp.mpf(10) ** -25
    for name, (g, w, (a, b), degrees) in table.items():

        def away_from_zero(t, g=g):
            return g(t if abs(t) > tiny else tiny)

        arrays = {24: "{}", 53: "{}"}
        for bits, degree in degrees.items():
            coefficients, worst = fit(away_from_zero, w, a, b, degree, bits)
            arrays[bits] = f"{name}F{32 if bits == 24 else 64}"
            error = f"2^{float(mp.log(worst, 2)):.1f}"
            lines = [f"inline constexpr double {arrays[bits]}[] = {{ // error {error}"]
            for c in coefficients:
                text = repr(float(c)) + ", "
                if lines[-1].startswith("inline") or len(lines[-1] + text) > 98:
                    lines.append("    ")
                lines[-1] += text
            print("\n".join(line.rstrip() for line in lines)[:-1] + "};")
        print(f"inline constexpr Polynomial {name}{{{arrays[24]}, {arrays[53]}}};\n")
    print("// clang-format on\n\n} // namespace ricci::vector_math::tables")


if __name__ == "__main__":
    main()
