//===- spec.cpp - operand specifications -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/spec.h"
#include "frontend/size_list.h"

#include <fmt/format.h>

namespace ricci {

static Diagnostic specError(std::string_view text, std::string message, Span span) {
  Diagnostic d = inputError(std::move(message));
  d.source = std::string(text);
  d.spans = {span};
  return d;
}

Expected<TensorType> parseSpec(std::string_view text) {
  size_t open = text.find('[');
  if (open == std::string_view::npos)
    return specError(text,
                     "expected '[' and the sizes after the dtype, as in f32[1024,768] or f32[]",
                     {text.size(), text.size() + 1});
  std::optional<DType> dtype = parseDType(text.substr(0, open));
  if (!dtype) {
    std::string names;
    for (int i = 0; i < kNumDTypes; ++i)
      names += fmt::format("{}{}", i ? " " : "", shortName(DType(i)));
    Diagnostic d = specError(text, "not a dtype", {0, std::max<size_t>(open, 1)});
    d.notes = {"the dtypes: " + names};
    return d;
  }
  Expected<Shape> shape = detail::parseSizes(text, open + 1, ']', false);
  if (!shape)
    return std::move(shape.error());
  if (auto count = elementCount(*shape, *dtype); !count)
    return specError(text, count.error().message, {open, text.size()});
  Strides strides = contiguousStrides(*shape);
  return TensorType{*dtype, std::move(*shape), std::move(strides)};
}

} // namespace ricci
