"""The random operations of random_programs, with how often each is tried.

Every function takes the generator g, picks operands whose dtypes, shapes and values suit, and adds
statements over values that are there already, with `g.add(template, operands, rule)`. It raises
Unusable where it has no use for what it picked.
"""

from random_elementwise import (arithmetic, binary_float, bits, cast, clipping, comparison, division, extremes, logic,
                                powers, selection, unary_complex, unary_exact, unary_library)
from random_reductions import back_chain, norm_chain, prelude, reduction, scan, softmax_chain
from random_shapes import contraction, creation, gathering, joining, known, like, repeating, reshaping, slicing

OPERATIONS = {
    unary_library: 12, unary_exact: 10, unary_complex: 2, arithmetic: 24, division: 4, extremes: 5, binary_float: 4,
    powers: 4, bits: 4, comparison: 6, logic: 2, selection: 6, clipping: 2, cast: 6, reduction: 16, scan: 4,
    softmax_chain: 4, norm_chain: 3, back_chain: 5, prelude: 5, reshaping: 10, slicing: 8, gathering: 4, joining: 4,
    repeating: 6, contraction: 8, creation: 2, like: 1, known: 1,
}
