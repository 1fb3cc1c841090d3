//===- unsupported_functions.cpp - what to do instead of calling a NumPy function --===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/unsupported_functions.h"

#include <algorithm>
#include <iterator>

namespace ricci {

static constexpr std::string_view kShapeDependsOnData[] = {
    "argwhere",    "bincount",   "compress",      "delete",         "extract",      "flatnonzero",
    "intersect1d", "nonzero",    "setdiff1d",     "setxor1d",       "trim_zeros",   "union1d",
    "unique",      "unique_all", "unique_counts", "unique_inverse", "unique_values"};

static constexpr std::string_view kOrderings[] = {
    "argpartition", "argsort",   "digitize",      "histogram",   "lexsort",
    "median",       "nanmedian", "nanpercentile", "nanquantile", "partition",
    "percentile",   "quantile",  "searchsorted",  "sort"};

static constexpr std::string_view kWrites[] = {
    "copyto", "fill", "fill_diagonal", "place", "put", "put_along_axis", "putmask", "resize"};

static constexpr std::string_view kFiles[] = {"fromfile", "genfromtxt", "load",  "loadtxt",
                                              "print",    "save",       "savez", "tofile"};

static constexpr std::string_view kPython[] = {"item", "tolist"};

static constexpr std::string_view kLoops[] = {"apply_along_axis",
                                              "apply_over_axes",
                                              "enumerate",
                                              "filter",
                                              "fromfunction",
                                              "frompyfunc",
                                              "map",
                                              "range",
                                              "vectorize",
                                              "zip"};

/// Other functions of NumPy that people write.
static constexpr std::string_view kOthers[] = {
    "allclose",       "angle",     "array_equal", "average",     "bartlett",
    "blackman",       "block",     "choose",      "convolve",    "corrcoef",
    "correlate",      "cov",       "cross",       "cummax",      "cumulative_prod",
    "cumulative_sum", "diff",      "ediff1d",     "einsum_path", "float_power",
    "frexp",          "gcd",       "geomspace",   "gradient",    "hamming",
    "hanning",        "i0",        "interp",      "isclose",     "isin",
    "isneginf",       "isposinf",  "isreal",      "iscomplex",   "ix_",
    "kaiser",         "lcm",       "ldexp",       "logspace",    "modf",
    "nanargmax",      "nanargmin", "nancumsum",   "nanmax",      "nanmean",
    "nanmin",         "nanprod",   "nanstd",      "nansum",      "nanvar",
    "piecewise",      "polyfit",   "polyval",     "rollaxis",    "select",
    "sinc",           "spacing",   "trapezoid",   "unwrap",      "vander"};

template <size_t n>
static bool contains(const std::string_view (&names)[n], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::optional<std::string> whyUnsupported(std::string_view name) {
  if (name.starts_with("random."))
    return "a program computes the same result each time; pass random data in";
  if (name.starts_with("linalg."))
    return "use NumPy for it and pass the result in";
  if (name.starts_with("fft."))
    return "use NumPy for it and pass the result in";
  if (contains(kShapeDependsOnData, name))
    return "the shape of its result depends on data; use where(condition, x, y), or NumPy";
  if (contains(kOrderings, name))
    return "nothing sorts; use NumPy for it and pass the result in";
  if (contains(kWrites, name))
    return "nothing writes to an array; use where(condition, x, y) or concatenate";
  if (contains(kFiles, name))
    return "a program does no input or output; pass arrays in";
  if (contains(kPython, name))
    return "an element is known only when the program runs";
  if (contains(kLoops, name))
    return "there are no loops over elements; write it with whole arrays";
  if (contains(kOthers, name))
    return "write it with other functions, or use NumPy and pass the result in";
  return std::nullopt;
}

} // namespace ricci
