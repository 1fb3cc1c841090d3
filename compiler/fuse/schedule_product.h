//===- schedule_product.h - what choosers of schedules share ---------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "compiler/fuse/dims.h"
#include "compiler/fuse/schedule.h"

#include <optional>
#include <vector>

namespace ricci {

/// A product of operands, its labels sorted into kept and reduced ones.
class ProductChooser {
public:
  ProductChooser(const LabelledProduct &product, const Target &target);

protected:
  size_t result() const { return operands_; } ///< its buffer
  /// What a kernel must save of the time that one takes which exists.
  double newSeconds(const KernelSpec &spec, double seconds) const;
  bool isKnown(const KernelSpec &spec) const;
  Schedule start(Family family) const;
  /// Wherever the CPU can, so that sums are the same for every M and N.
  bool pairs() const;
  /// Whether the result leaves the caches.
  bool isLarge() const;
  /// Rows of a register tile of so many vectors, at most.
  int mostRows(int vectors) const;

  const LabelledProduct &product_;
  const Target &target_;
  size_t operands_;
  llvm::SmallVector<Dim> kept_, reduced_;
  double bytes_ = 0, flops_ = 0;
};

/// schedule_packed.cpp: a contraction that packs its operands. Nothing where it has no rows or no
/// columns. `turned`: with vectors along the rows of a result of few columns; nothing of another.
std::optional<Schedule> choosePacked(const LabelledProduct &product, const Target &target,
                                     bool turned = false);

/// schedule_direct.cpp: the same contraction in place, where that is possible.
std::optional<Schedule> chooseDirect(const LabelledProduct &product, const Target &target,
                                     const Schedule &packed);

/// schedule_lanes.cpp: the fastest way to take one dim of what is kept for entries, if there is
/// any.
std::optional<Schedule> chooseLanes(const LabelledProduct &product, const Target &target);

} // namespace ricci
