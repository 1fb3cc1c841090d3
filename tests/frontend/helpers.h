//===- helpers.h - short forms for the frontend's tests -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/einsum.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ricci::test {

inline TensorType typeOf(Shape shape, DType dtype = DType::f32) {
  Strides strides = contiguousStrides(shape);
  return {dtype, std::move(shape), std::move(strides)};
}

inline std::vector<TensorType> typesOf(const std::vector<Shape> &shapes, DType dtype = DType::f32) {
  std::vector<TensorType> types;
  for (const Shape &shape : shapes)
    types.push_back(typeOf(shape, dtype));
  return types;
}

inline Expected<Program> program(std::string_view equation, const std::vector<TensorType> &types) {
  Expected<EinsumSyntax> syntax = parseEinsum(equation);
  if (!syntax)
    return std::move(syntax.error());
  return resolveEinsum(*syntax, types);
}

inline Expected<Program> program(std::string_view equation, const std::vector<Shape> &shapes) {
  return program(equation, typesOf(shapes));
}

/// The rendered error, or "" where the equation is accepted.
inline std::string errorOf(std::string_view equation, const std::vector<Shape> &shapes) {
  Expected<Program> p = program(equation, shapes);
  return p ? "" : p.error().render();
}

inline const Program::Node &result(const Program &program) {
  return program.nodes.at(size_t(program.results.at(0)));
}

/// The resolved equation, or the error.
inline std::string resolved(std::string_view equation, const std::vector<Shape> &shapes) {
  Expected<Program> p = program(equation, shapes);
  return p ? result(*p).einsum.equation() : p.error().render();
}

} // namespace ricci::test
