//===- equation.cpp - the equation of an einsum op --------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/equation.h"

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/StringMap.h"

namespace ricci {

using namespace llvm;
using mlir::InFlightDiagnostic;
using mlir::RankedTensorType;
using mlir::Type;
using mlir::TypeRange;

/// Bytes of the letter that the text starts with; 0 when it starts with none.
static size_t letterLength(StringRef text) {
  if (text.empty())
    return 0;
  unsigned char lead = text[0];
  if (lead < 0x80)
    return isAlpha(text[0]) ? 1 : 0;
  size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC2 ? 2 : 0;
  if (length == 0 || lead > 0xF4 || text.size() < length)
    return 0;
  for (size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80)
      return 0;
  return length;
}

std::string spellLabel(StringRef name) {
  if (letterLength(name) == name.size() && !name.empty())
    return name.str();
  return ("{" + name + "}").str();
}

FailureOr<EinsumEquation> EinsumEquation::parse(StringRef text,
                                                function_ref<InFlightDiagnostic()> emitError) {
  EinsumEquation equation;
  StringMap<int32_t> labels;
  std::vector<bool> inOutput;
  bool output = false;
  equation.operands.emplace_back();

  for (StringRef rest = text; !rest.empty();) {
    if (rest.consume_front("->")) {
      if (output)
        return emitError() << "equation has a second '->' at byte "
                           << text.size() - rest.size() - 2;
      output = true;
      inOutput.resize(equation.labelNames.size());
      continue;
    }
    if (rest.consume_front(",")) {
      if (output)
        return emitError() << "equation has a ',' after '->'";
      equation.operands.emplace_back();
      continue;
    }

    StringRef name;
    if (rest.consume_front("{")) {
      name = rest.take_until([](char c) { return c == '}' || c == '{'; });
      if (name.empty() || name.size() == rest.size() || rest[name.size()] == '{')
        return emitError() << "equation has a '{' without a name and a '}' at byte "
                           << text.size() - rest.size() - 1;
      rest = rest.drop_front(name.size() + 1);
    } else {
      size_t length = letterLength(rest);
      if (length == 0)
        return emitError() << "equation has '" << rest.take_front() << "' at byte "
                           << text.size() - rest.size()
                           << ", which is no letter, '{name}', ',' or '->'";
      name = rest.take_front(length);
      rest = rest.drop_front(length);
    }

    if (!output) {
      auto [it, isNew] = labels.try_emplace(name, int32_t(equation.labelNames.size()));
      if (isNew)
        equation.labelNames.push_back(name.str());
      equation.operands.back().push_back(it->second);
      continue;
    }
    auto it = labels.find(name);
    if (it == labels.end())
      return emitError() << "output label '" << name << "' is in no operand";
    if (inOutput[it->second])
      return emitError() << "output label '" << name << "' is there twice";
    inOutput[it->second] = true;
    equation.output.push_back(it->second);
  }
  if (!output)
    return emitError() << "equation has no '->'";
  return equation;
}

std::string EinsumEquation::str() const {
  std::string text;
  auto append = [&](ArrayRef<int32_t> labels) {
    for (int32_t label : labels)
      text += spellLabel(labelNames[label]);
  };
  for (size_t i = 0; i < operands.size(); ++i) {
    if (i > 0)
      text += ',';
    append(operands[i]);
  }
  text += "->";
  append(output);
  return text;
}

SmallVector<int64_t> EinsumEquation::extents(TypeRange inputs) const {
  SmallVector<int64_t> extents(labelNames.size(), 1);
  for (auto [labels, type] : llvm::zip_equal(operands, inputs))
    for (auto [label, extent] : llvm::zip_equal(labels, cast<RankedTensorType>(type).getShape()))
      if (extent != 1)
        extents[label] = extent;
  return extents;
}

LogicalResult EinsumEquation::verify(TypeRange inputs, Type output,
                                     function_ref<InFlightDiagnostic()> emitError) const {
  if (operands.size() != inputs.size())
    return emitError() << "equation has " << operands.size() << " operand(s), the op has "
                       << inputs.size();

  // The extent of a label, and the operand (from 1) that gave it; 0 so long as there is none.
  std::vector<std::pair<int64_t, size_t>> extents(labelNames.size(), {1, 0});
  // The last operand with the label, and its extent there.
  std::vector<std::pair<int64_t, size_t>> last(labelNames.size(), {1, 0});
  for (size_t i = 0; i < operands.size(); ++i) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(inputs[i]).getShape();
    if (shape.size() != operands[i].size())
      return emitError() << "operand " << i + 1 << " has " << shape.size() << " axes and "
                         << operands[i].size() << " labels in the equation";
    for (auto [label, extent] : llvm::zip_equal(operands[i], shape)) {
      if (last[label].second == i + 1 && last[label].first != extent)
        return emitError() << "label '" << labelNames[label] << "' is " << last[label].first
                           << " and " << extent << " in operand " << i + 1;
      last[label] = {extent, i + 1};
      if (extent == 1)
        continue;
      auto &[known, from] = extents[label];
      if (from != 0 && known != extent)
        return emitError() << "label '" << labelNames[label] << "' is " << known << " in operand "
                           << from << " and " << extent << " in operand " << i + 1;
      known = extent;
      from = i + 1;
    }
  }

  ArrayRef<int64_t> shape = cast<RankedTensorType>(output).getShape();
  if (shape.size() != this->output.size())
    return emitError() << "result has " << shape.size() << " axes and " << this->output.size()
                       << " labels in the equation";
  for (auto [label, extent] : llvm::zip_equal(this->output, shape))
    if (extents[label].first != extent)
      return emitError() << "label '" << labelNames[label] << "' is " << extents[label].first
                         << " in the operands and " << extent << " in the result";
  return mlir::success();
}

} // namespace ricci
