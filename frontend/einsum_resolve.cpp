//===- einsum_resolve.cpp - einsum syntax and operand types to a program ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Decides as numpy.einsum does: a label that repeats inside one operand needs equal sizes there (1
// and 3 are an error), across operands a size of 1 broadcasts, and the axes of '...' broadcast
// aligned at the right. Time is linear in the number of labels written.
//
//===----------------------------------------------------------------------===//
#include "frontend/einsum_detail.h"
#include "frontend/types.h"

#include <fmt/format.h>

#include <algorithm>

namespace ricci {

namespace {
using detail::quoteLabel;
using Axis = EinsumSyntax::Axis;
using Term = EinsumSyntax::Term;

bool isEllipsis(const Axis &axis) { return axis.label == EinsumSyntax::kEllipsis; }
bool hasEllipsis(const Term &term) {
  return std::any_of(term.axes.begin(), term.axes.end(), isEllipsis);
}

std::string plural(size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

class Resolver {
public:
  Resolver(const EinsumSyntax &syntax, const std::vector<TensorType> &given)
      : syntax(syntax), types(given) {}

  Expected<Program> resolve() {
    for (Status (Resolver::*step)() : {&Resolver::checkTypes, &Resolver::checkRanks,
                                       &Resolver::labelOperands, &Resolver::makeOutput})
      if (Status s = (this->*step)(); !s)
        return std::move(s.error());
    return makeProgram();
  }

private:
  /// What is known of a label, by dense id.
  struct Use {
    int64_t spelled;  ///< the label as written; kEllipsis for an ellipsis axis
    int64_t fromLeft; ///< for an ellipsis axis: its position in the broadcast shape
    size_t count = 0; ///< occurrences in the operands
    size_t fixedBy;   ///< the operand that gave the extent, and where it is written there
    Span fixedAt;
    size_t lastOperand; ///< the last operand that has it, and its axis there
    int64_t lastAxis;
    Span lastSpan;
  };

  std::string note(size_t operand) const {
    return fmt::format("operand {}: {}", operand + 1, describeType(types[operand]));
  }

  Diagnostic error(std::string message, std::vector<Span> spans,
                   std::vector<std::string> notes = {}) const {
    Diagnostic d = detail::syntaxError(syntax, std::move(message), std::move(spans));
    d.notes = std::move(notes);
    return d;
  }

  Status checkTypes() {
    if (types.empty())
      return error("einsum needs at least one operand", {});
    size_t terms = syntax.operands.size();
    if (terms != types.size()) {
      std::vector<std::string> notes;
      constexpr size_t kShown = 8;
      for (size_t i = 0; i < std::min(types.size(), kShown); ++i)
        notes.push_back(note(i));
      if (types.size() > kShown)
        notes.push_back(fmt::format("and {} more", types.size() - kShown));
      std::vector<Span> spans;
      if (terms > types.size())
        spans.push_back(syntax.operands[types.size()].span);
      return error(fmt::format("the equation names {}, but {} given", plural(terms, "operand"),
                               types.size() == 1 ? "1 is" : fmt::format("{} are", types.size())),
                   spans, notes);
    }
    for (size_t i = 0; i < types.size(); ++i) {
      Expected<TensorType> type = normalizeType(types[i]);
      if (!type)
        return error(fmt::format("operand {}: {}", i + 1, type.error().message),
                     {syntax.operands[i].span});
      types[i] = std::move(*type);
    }
    return success();
  }

  Status checkRanks() {
    for (size_t i = 0; i < types.size(); ++i) {
      const Term &term = syntax.operands[i];
      bool ellipsis = hasEllipsis(term);
      size_t labels = term.axes.size() - ellipsis, rank = types[i].shape.size();
      if (ellipsis ? rank < labels : rank != labels)
        return error(fmt::format("operand {} has {}, but the equation gives it {}{}", i + 1,
                                 rank == 1 ? "1 axis" : fmt::format("{} axes", rank),
                                 plural(labels, "label"), ellipsis ? " beside '...'" : ""),
                     {term.span}, {note(i)});
      if (ellipsis)
        ellipsisRank = std::max(ellipsisRank, int64_t(rank - labels));
    }
    return success();
  }

  Status labelOperands() {
    ellipsisIds.assign(size_t(ellipsisRank), -1);
    for (size_t i = 0; i < types.size(); ++i) {
      const Term &term = syntax.operands[i];
      std::vector<Label> &labels = einsum.operands.emplace_back();
      labels.reserve(types[i].shape.size());
      for (const Axis &axis : term.axes) {
        if (!isEllipsis(axis)) {
          if (Status s = addAxis(i, labels, idOf(axis.label), axis.span); !s)
            return s;
          continue;
        }
        int64_t count = types[i].rank() - int64_t(term.axes.size() - 1);
        for (int64_t k = ellipsisRank - count; k < ellipsisRank; ++k)
          if (Status s = addAxis(i, labels, ellipsisId(k), axis.span); !s)
            return s;
      }
    }
    return success();
  }

  Label newId(std::string name, Use use) {
    einsum.labelNames.push_back(std::move(name));
    einsum.extents.push_back(1);
    uses.push_back(use);
    return Label(uses.size() - 1);
  }

  Label idOf(int64_t spelled) {
    auto [it, isNew] = ids.try_emplace(spelled, 0);
    if (isNew)
      it->second = newId(detail::labelName(syntax, spelled), {.spelled = spelled});
    return it->second;
  }

  Label ellipsisId(int64_t fromLeft) {
    Label &id = ellipsisIds[size_t(fromLeft)];
    if (id < 0)
      id = newId(fmt::format("…{}", fromLeft),
                 {.spelled = EinsumSyntax::kEllipsis, .fromLeft = fromLeft});
    return id;
  }

  Status addAxis(size_t operand, std::vector<Label> &labels, Label id, Span span) {
    int64_t axis = int64_t(labels.size());
    int64_t size = types[operand].shape[size_t(axis)];
    int64_t &extent = einsum.extents[size_t(id)];
    Use &use = uses[size_t(id)];
    labels.push_back(id);
    if (use.count && use.lastOperand == operand) {
      int64_t other = types[operand].shape[size_t(use.lastAxis)];
      if (other != size)
        return error(
            fmt::format("label {} repeats in operand {}, where axis {} is {} and axis {} is {}: "
                        "a diagonal needs equal sizes",
                        quoteLabel(syntax, use.spelled), operand + 1, use.lastAxis, other, axis,
                        size),
            {use.lastSpan, span}, {note(operand)});
    } else if (use.count && size != 1 && extent != 1 && size != extent) {
      return conflict(use, extent, operand, size, span);
    }
    if (!use.count || (size != 1 && extent == 1)) {
      extent = size;
      use.fixedBy = operand;
      use.fixedAt = span;
    }
    ++use.count;
    use.lastOperand = operand;
    use.lastAxis = axis;
    use.lastSpan = span;
    return success();
  }

  Diagnostic conflict(const Use &use, int64_t extent, size_t operand, int64_t size,
                      Span span) const {
    std::string what =
        use.spelled == EinsumSyntax::kEllipsis
            ? fmt::format("the axes of '...' do not broadcast: axis {} of them, from the right,",
                          ellipsisRank - use.fromLeft)
            : fmt::format("label {}", quoteLabel(syntax, use.spelled));
    return error(fmt::format("{} is {} in operand {} and {} in operand {}", what, extent,
                             use.fixedBy + 1, size, operand + 1),
                 {use.fixedAt, span}, {note(use.fixedBy), note(operand)});
  }

  Status makeOutput() {
    auto addEllipsis = [&] {
      einsum.output.insert(einsum.output.end(), ellipsisIds.begin(), ellipsisIds.end());
    };
    if (!syntax.output) {
      addEllipsis();
      size_t first = einsum.output.size();
      for (size_t id = 0; id < uses.size(); ++id)
        if (uses[id].spelled != EinsumSyntax::kEllipsis && uses[id].count == 1)
          einsum.output.push_back(Label(id));
      std::sort(einsum.output.begin() + int64_t(first), einsum.output.end(), [&](Label a, Label b) {
        return uses[size_t(a)].spelled < uses[size_t(b)].spelled;
      });
      return success();
    }
    if (ellipsisRank && !hasEllipsis(*syntax.output))
      return missingEllipsis();
    for (const Axis &axis : syntax.output->axes)
      if (isEllipsis(axis))
        addEllipsis();
      else
        einsum.output.push_back(ids.at(axis.label));
    return success();
  }

  Diagnostic missingEllipsis() const {
    const Use &use =
        uses[size_t(ellipsisIds.back())]; // the rightmost axis is in the widest operand too
    return error(fmt::format("the output lacks '...', which stands for {} in the operands",
                             ellipsisRank == 1 ? "1 axis" : fmt::format("{} axes", ellipsisRank)),
                 {use.fixedAt, syntax.output->span}, {note(use.fixedBy)});
  }

  Expected<Program> makeProgram() {
    Program program;
    program.source = syntax.source;
    Program::Node result;
    result.kind = Program::NodeKind::Einsum;
    result.span = {0, syntax.source.size()};
    result.type.dtype = types[0].dtype;
    for (Label label : einsum.output)
      result.type.shape.push_back(einsum.extents[size_t(label)]);
    for (size_t i = 0; i < types.size(); ++i) {
      Program::Node node;
      node.type = types[i];
      node.span = syntax.operands[i].span;
      node.input = int64_t(i);
      program.nodes.push_back(std::move(node));
      result.operands.push_back(int(i));
      result.type.dtype = promote(result.type.dtype, types[i].dtype);
    }
    Span outputSpan = syntax.output ? syntax.output->span : Span{0, syntax.source.size()};
    if (result.type.rank() > kMaxRank)
      return error(fmt::format("the result has {} axes; a tensor has at most {}",
                               result.type.rank(), kMaxRank),
                   {outputSpan});
    if (auto count = elementCount(result.type.shape, result.type.dtype); !count)
      return error("the result is too large: " + count.error().message, {outputSpan});
    result.type.strides = contiguousStrides(result.type.shape);
    result.einsum = std::move(einsum);
    program.results.push_back(int(program.nodes.size()));
    program.nodes.push_back(std::move(result));
    return program;
  }

  const EinsumSyntax &syntax;
  std::vector<TensorType> types;
  Einsum einsum;
  std::vector<Use> uses;
  detail::LabelMap<Label> ids;
  int64_t ellipsisRank = 0;
  std::vector<Label> ellipsisIds; ///< by position in the broadcast shape
};
} // namespace

Expected<Program> resolveEinsum(const EinsumSyntax &syntax,
                                const std::vector<TensorType> &operands) {
  return Resolver(syntax, operands).resolve();
}

} // namespace ricci
