//===- size_lines.cpp - a program at every size -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/size_lines.h"

#include <fmt/format.h>

namespace ricci::detail {

namespace {

constexpr int64_t kAny = INT64_MIN;

Diagnostic noProgram(std::string message) {
  Diagnostic error = inputError(std::move(message));
  error.notes = {"an object for one size has it in the type, such as f32[64,32]"};
  return error;
}

} // namespace

ProgramForm::ProgramForm(const Program &program) {
  Program blank = program;
  for (Program::Node &node : blank.nodes) {
    auto take = [&](std::vector<int64_t> &list) {
      numbers.insert(numbers.end(), list.begin(), list.end());
      std::fill(list.begin(), list.end(), 0);
    };
    // Where a slice leaves one index, its step may be anything.
    if (node.kind == Program::NodeKind::Slice)
      for (size_t axis = 0; axis < node.step.size(); ++axis)
        if (node.type.shape[axis] == 1)
          node.step[axis] = kAny;
    take(node.type.shape);
    take(node.start);
    take(node.step);
    std::fill(node.type.strides.begin(), node.type.strides.end(), 0);
  }
  form = blank.key();
}

Expected<SizedProgram> SizedProgram::make(const std::vector<Program> &programs,
                                          const std::vector<int64_t> &sizes) {
  SizedProgram result;
  result.first_ = sizes[0];
  std::vector<ProgramForm> forms(programs.begin(), programs.end());
  result.form_ = forms[0].form;
  for (const ProgramForm &form : forms)
    if (form.form != forms[0].form || form.numbers.size() != forms[0].numbers.size())
      return noProgram("what the program computes depends on the size in more than its shapes");
  for (size_t i = 0; i < forms[0].numbers.size(); ++i) {
    const int64_t rise = forms[1].numbers[i] - forms[0].numbers[i], run = sizes[1] - sizes[0];
    SizeFormula line{forms[0].numbers[i] - rise / run * sizes[0], rise / run};
    for (size_t p = 0; p < forms.size(); ++p)
      if (line.at(sizes[p]) != forms[p].numbers[i])
        return noProgram("a shape in the program is no linear function of the size");
    result.numbers_.push_back(line);
  }
  for (int node : programs[0].results) {
    std::vector<SizeFormula> shape;
    for (size_t axis = 0; axis < programs[0].nodes[size_t(node)].type.shape.size(); ++axis) {
      auto extent = [&](size_t p) { return programs[p].nodes[size_t(node)].type.shape[axis]; };
      int64_t factor = (extent(1) - extent(0)) / (sizes[1] - sizes[0]);
      shape.push_back({extent(0) - factor * sizes[0], factor});
    }
    result.results_.push_back(std::move(shape));
  }
  return result;
}

bool SizedProgram::isAt(const Program &program, int64_t size) const {
  ProgramForm form(program);
  if (form.form != form_ || form.numbers.size() != numbers_.size())
    return false;
  for (size_t i = 0; i < numbers_.size(); ++i)
    if (form.numbers[i] != kAny && form.numbers[i] != numbers_[i].at(size))
      return false;
  return true;
}

Expected<int64_t>
SizedProgram::leastSize(const std::function<Expected<Program>(int64_t size)> &programAt) const {
  auto fits = [&](int64_t size) {
    Expected<Program> program = programAt(size);
    return program && isAt(*program, size);
  };
  constexpr int64_t kLargest = int64_t(1) << 24;
  for (int64_t size = first_; size < kLargest; size += size / 16 + 1)
    if (!fits(size))
      return noProgram(fmt::format("the program at size {} is another than at {}", size, first_));
  int64_t size = first_;
  while (size > 1 && fits(size - 1))
    --size;
  return size;
}

std::vector<SizeFormula> SizedProgram::shapeOf(size_t result) const { return results_[result]; }

} // namespace ricci::detail
