//===- object_sizes.cpp - launches as formulas of a size -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/decisions/0009-size-arguments.md: a program has been compiled at a few sizes. What it
// decided must be the same at all of them, and every extent, stride and offset a linear function of
// the size. That gives the schedules at any size, hence any descriptor; a formula is then fitted to
// each of its words, and compared with it at thousands of sizes.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/object_sizes.h"

#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/fit_formula.h"
#include "compiler/cpu/fused_kernel.h"
#include "compiler/fuse/loop_program.h"

#include "llvm/Support/MathExtras.h"

#include <fmt/format.h>

#include <map>

namespace ricci {

namespace {

int64_t alignTo64(int64_t bytes) { return int64_t(llvm::alignTo(uint64_t(bytes), 64)); }

Diagnostic dependsOnSize(std::string_view what) {
  Diagnostic error = inputError(fmt::format("{}, so the size cannot be an argument", what));
  error.notes = {"an object for one size has it in the type, such as f32[64,32]"};
  return error;
}

/// Every extent, stride and offset of a schedule. What they are at one size says nothing about
/// code.
std::vector<int64_t *> numbersOf(Schedule &s, LoopProgram *loops) {
  std::vector<int64_t *> numbers;
  for (Dims *dims : {&s.batch, &s.m, &s.n, &s.k})
    for (Dim &dim : *dims) {
      numbers.push_back(&dim.extent);
      for (int64_t &stride : dim.strides)
        numbers.push_back(&stride);
    }
  if (!loops)
    return numbers;
  auto add = [&](LoopProgram::Numbers &list) {
    for (int64_t &number : list)
      numbers.push_back(&number);
  };
  auto addIndex = [&](LoopProgram::Index &index) {
    numbers.push_back(&index.offset);
    add(index.factors);
  };
  for (LoopProgram::Axis &axis : loops->axes)
    numbers.push_back(&axis.extent);
  for (LoopProgram::Access &access : loops->accesses) {
    numbers.push_back(&access.offset);
    add(access.strides);
  }
  for (LoopProgram::Node &node : loops->nodes) {
    addIndex(node.index);
    for (LoopProgram::Guard &guard : node.guards) {
      addIndex(guard.index);
      numbers.push_back(&guard.extent);
    }
    for (LoopProgram::Gathered &gathered : node.gathered) {
      numbers.push_back(&gathered.stride);
      numbers.push_back(&gathered.extent);
    }
  }
  return numbers;
}

/// A schedule that can be written to.
struct OwnSchedule {
  Schedule schedule;
  std::shared_ptr<LoopProgram> loops;
  std::vector<int64_t *> numbers;

  explicit OwnSchedule(const Schedule &from) : schedule(from) {
    if (from.spec.loops)
      schedule.spec.loops = loops = std::make_shared<LoopProgram>(*from.spec.loops);
    numbers = numbersOf(schedule, loops.get());
  }
  OwnSchedule(const OwnSchedule &) = delete;
};

/// The line through the first two values, where the others lie on it.
std::optional<SizeFormula> lineThrough(llvm::ArrayRef<int64_t> values,
                                       const std::vector<int64_t> &sizes) {
  int64_t rise = values[1] - values[0], run = sizes[1] - sizes[0];
  if (rise % run != 0)
    return std::nullopt;
  SizeFormula line{values[0] - rise / run * sizes[0], rise / run};
  for (size_t i = 0; i < values.size(); ++i)
    if (line.at(sizes[i]) != values[i])
      return std::nullopt;
  return line;
}

/// A launch at any size.
class SizedLaunch {
public:
  /// Fails where the schedules differ in more than their numbers.
  static std::optional<SizedLaunch> make(llvm::ArrayRef<const Schedule *> schedules,
                                         const std::vector<int64_t> &sizes, const Target &target) {
    SizedLaunch launch(*schedules[0], target);
    size_t count = launch.own_->numbers.size();
    std::vector<std::unique_ptr<OwnSchedule>> all;
    for (const Schedule *schedule : schedules) {
      all.push_back(std::make_unique<OwnSchedule>(*schedule));
      // Any tile will do; which is best depends on what is left over at the edges.
      KernelSpec spec = schedule->spec;
      spec.tileRows = schedules[0]->spec.tileRows;
      spec.tileColumns = schedules[0]->spec.tileColumns;
      if (spec.key() != schedules[0]->spec.key() || schedule->swapped != schedules[0]->swapped ||
          schedule->secondFirst != schedules[0]->secondFirst ||
          all.back()->numbers.size() != count || !sameConstants(*schedule, *schedules[0]))
        return std::nullopt;
    }
    for (size_t i = 0; i < count; ++i) {
      llvm::SmallVector<int64_t> values;
      for (const auto &each : all)
        values.push_back(*each->numbers[i]);
      auto line = lineThrough(values, sizes);
      if (!line)
        return std::nullopt;
      launch.lines_.push_back(*line);
    }
    launch.typical_ = describeLaunch(*schedules[0], target);
    if (schedules[0]->spec.family == Family::Fused)
      launch.findSlots();
    return launch;
  }

  /// Cuts into tasks are those of the typical size, or none: any cut gives the same result.
  LaunchData at(int64_t size) const {
    for (auto [number, line] : llvm::zip(own_->numbers, lines_))
      *number = line.at(size);
    const Schedule &s = own_->schedule;
    LaunchData data = describeLaunch(s, *target_);
    auto &words = data.descriptor;
    if (s.spec.family == Family::Contract) {
      using W = ContractWord;
      const auto &typical = typical_.descriptor;
      int64_t batch = totalExtent(s.batch);
      bool alongM = typical[W::TasksM] > 1, alongN = typical[W::TasksN] > 1;
      words[W::TaskM] = alongM ? typical[W::TaskM] : words[W::M];
      words[W::TaskN] = alongN ? typical[W::TaskN] : words[W::N];
      words[W::TasksM] = alongM ? llvm::divideCeil(words[W::M], words[W::TaskM]) : 1;
      words[W::TasksN] = alongN ? llvm::divideCeil(words[W::N], words[W::TaskN]) : 1;
      data.tasks = batch * words[W::TasksM] * words[W::TasksN];
    } else if (s.spec.family == Family::ContractDirect) {
      words[DirectWord::TaskM] = words[DirectWord::M];
      words[DirectWord::TasksM] = 1;
      words[DirectWord::RowsFirst] = typical_.descriptor[DirectWord::RowsFirst];
      data.tasks = totalExtent(s.batch);
    } else if (!slots_.empty()) {
      std::copy(slots_.begin(), slots_.end(), words.begin() + firstSlot_);
      data.workspaceBytes = slotBytes_;
    }
    return data;
  }

  /// No number of a schedule leaves 63 bits up to this size.
  int64_t largestSize() const {
    int64_t factor = 1;
    for (const SizeFormula &line : lines_)
      factor = std::max(factor, std::abs(line.factor));
    return std::clamp<int64_t>((int64_t(1) << 52) / factor, 1 << 16, int64_t(1) << 31);
  }

private:
  SizedLaunch(const Schedule &schedule, const Target &target)
      : own_(std::make_unique<OwnSchedule>(schedule)), target_(&target) {}

  /// Slots hold blocks of columns, of which there are no more than in the largest block, for each
  /// of the reduced indices. Where these are always as many, slots for the largest block do at any
  /// size.
  void findSlots() {
    auto reducedAt = [&](int64_t size) {
      for (auto [number, line] : llvm::zip(own_->numbers, lines_))
        *number = line.at(size);
      return own_->loops->reducedExtent();
    };
    if (reducedAt(1) != reducedAt(largestSize()))
      return;
    FusedLayout layout(*own_->loops);
    LaunchData data = at(largestSize());
    firstSlot_ = layout.slots;
    slots_.assign(data.descriptor.begin() + layout.slots,
                  data.descriptor.begin() + layout.constants);
    slotBytes_ = data.workspaceBytes;
  }

  static bool sameConstants(const Schedule &a, const Schedule &b) {
    if (!a.spec.loops)
      return true;
    for (auto [x, y] : llvm::zip(a.spec.loops->nodes, b.spec.loops->nodes))
      if (x.data != y.data)
        return false;
    return true;
  }

  std::unique_ptr<OwnSchedule> own_;
  const Target *target_;
  std::vector<SizeFormula> lines_;
  LaunchData typical_;
  int64_t firstSlot_ = 0, slotBytes_ = 0;
  std::vector<int64_t> slots_; ///< words of the descriptor; empty: those of each size
};

/// A line that nowhere lies below the term, in steps of 64.
SizeFormula boundOf(const SizeTerm &term) {
  if (term.isConstant())
    return {alignTo64(term.add), 0};
  if (term.cap != INT64_MAX)
    return {alignTo64(term.add + term.mul * term.cap), 0};
  // ceil(x / d) <= (x + d - 1) / d.
  int64_t factor = llvm::divideCeil(term.mul * term.factor, term.divisor);
  int64_t constant = llvm::divideCeil(term.mul * (term.offset + term.divisor - 1), term.divisor);
  return {alignTo64(std::max<int64_t>(0, term.add + constant)), alignTo64(factor)};
}

/// Every number of a launch at every size: tasks, workspace, descriptor.
class Fitted {
public:
  explicit Fitted(const SizedLaunch &launch) : launch_(launch) {}

  /// What follows no formula; empty once all do.
  std::string fit() {
    add(fitSizes(launch_.largestSize()));
    // A formula that fits by chance is found out where it steps, and fitted again.
    for (int round = 0; round < 40; ++round) {
      terms_.clear();
      std::vector<int64_t> sizes, values, tests;
      for (const auto &[size, row] : rows_)
        sizes.push_back(size);
      for (size_t column = 0; column < rows_.begin()->second.size(); ++column) {
        values.clear();
        for (const auto &[size, row] : rows_)
          values.push_back(row[column]);
        auto term = fitFormula(sizes, values);
        if (!term)
          return column == 0   ? "the number of tasks"
                 : column == 1 ? "the scratch memory"
                               : fmt::format("word {} of the descriptor", column - 2);
        addEdges(*term, launch_.largestSize(), tests);
        terms_.push_back(*term);
      }
      if (add(tests))
        return {};
    }
    return "a word of the descriptor";
  }

  const SizeTerm &tasks() const { return terms_[0]; }
  const SizeTerm &workspace() const { return terms_[1]; }
  llvm::ArrayRef<SizeTerm> descriptor() const { return llvm::ArrayRef(terms_).drop_front(2); }

private:
  /// Whether the terms have what is added.
  bool add(const std::vector<int64_t> &sizes) {
    bool all = true;
    for (int64_t size : sizes) {
      auto [it, isNew] = rows_.try_emplace(size);
      if (!isNew)
        continue;
      LaunchData data = launch_.at(size);
      it->second = {data.tasks, data.workspaceBytes};
      it->second.insert(it->second.end(), data.descriptor.begin(), data.descriptor.end());
      for (size_t column = 0; column < terms_.size(); ++column)
        all &= terms_[column].at(size) == it->second[column];
    }
    return all;
  }

  const SizedLaunch &launch_;
  std::map<int64_t, std::vector<int64_t>> rows_;
  std::vector<SizeTerm> terms_;
};

/// The numbers of one launch.
Status describeSized(ObjectLaunch &result, SizeFormula &workspace, const SizedLaunch &launch) {
  Fitted fitted(launch);
  if (std::string odd = fitted.fit(); !odd.empty())
    return dependsOnSize(fmt::format("{} of {} follows no formula", odd, result.kernel));
  result.tasks = fitted.tasks();
  workspace = boundOf(fitted.workspace());
  result.descriptor = fitted.descriptor();
  return success();
}

/// The launches without their descriptors; offsets into buffers are lines.
Expected<ObjectVariant> describeBuffers(const std::vector<SizedLaunches> &programs,
                                        const std::vector<int64_t> &sizes) {
  const Executable &first = programs[0].executable;
  ObjectVariant variant;
  variant.constants = first.constants;
  llvm::SmallVector<int64_t> values;
  for (const SizedLaunches &program : programs) {
    values.push_back(program.executable.arenaBytes);
    if (program.executable.launches.size() != first.launches.size())
      return dependsOnSize("what shares a kernel depends on the size");
    if (program.executable.constants != first.constants)
      return dependsOnSize("a constant depends on the size");
  }
  auto line = [&]() -> std::optional<SizeFormula> {
    return sizes.empty() ? SizeFormula{values[0], 0} : lineThrough(values, sizes);
  };
  auto arena = line();
  if (!arena)
    return dependsOnSize("the memory of the intermediates is no linear function of the size");
  variant.arenaBytes = {alignTo64(std::max<int64_t>(0, arena->constant)), alignTo64(arena->factor)};
  for (size_t l = 0; l < first.launches.size(); ++l) {
    const Launch &launch = first.launches[l];
    ObjectLaunch each;
    each.kernel = launch.kernel->key();
    each.tasksPerWorker = launch.tasksPerWorker;
    for (size_t b = 0; b < launch.buffers.size(); ++b) {
      values.clear();
      for (const SizedLaunches &program : programs) {
        const auto &others = program.executable.launches[l].buffers;
        if (others.size() != launch.buffers.size() || others[b].kind != launch.buffers[b].kind ||
            others[b].index != launch.buffers[b].index)
          return dependsOnSize("what a kernel reads and writes depends on the size");
        values.push_back(others[b].byteOffset);
      }
      auto offset = line();
      if (!offset)
        return dependsOnSize("a place in memory is no linear function of the size");
      SizeTerm term = SizeTerm::of(offset->constant);
      if (offset->factor)
        term.mul = 1, term.factor = offset->factor;
      each.buffers.push_back({launch.buffers[b].kind, launch.buffers[b].index, term});
    }
    variant.launches.push_back(std::move(each));
  }
  return variant;
}

} // namespace

Expected<ObjectVariant> describeVariant(const std::vector<SizedLaunches> &programs,
                                        const std::vector<int64_t> &sizes, const Target &target) {
  auto variant = describeBuffers(programs, sizes);
  if (!variant)
    return variant;
  variant->target = &target;
  SizeFormula &workers = variant->workerBytes;
  for (size_t l = 0; l < variant->launches.size(); ++l) {
    ObjectLaunch &each = variant->launches[l];
    const Launch &launch = programs[0].executable.launches[l];
    SizeFormula workspace{alignTo64(launch.workspaceBytes), 0};
    if (sizes.empty()) {
      for (int64_t word : launch.descriptor)
        each.descriptor.push_back(SizeTerm::of(word));
      each.tasks = SizeTerm::of(launch.tasks);
    } else {
      llvm::SmallVector<const Schedule *> schedules;
      for (const SizedLaunches &program : programs)
        schedules.push_back(&program.schedules[l]);
      auto sized = SizedLaunch::make(schedules, sizes, target);
      if (!sized)
        return dependsOnSize(fmt::format("how {} runs depends on the size", each.kernel));
      if (Status s = describeSized(each, workspace, *sized); !s)
        return std::move(s.error());
    }
    workers.constant = std::max(workers.constant, workspace.constant);
    workers.factor = std::max(workers.factor, workspace.factor);
  }
  return variant;
}

} // namespace ricci
