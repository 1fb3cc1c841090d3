//===- loop_program.cpp - the structure of loop programs ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/loop_program.h"
#include "compiler/fuse/cost_model.h"
#include "compiler/fuse/schedule.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ricci {

/// More lanes than this make code longer and not faster.
static constexpr int kMaxLanes = 32;

llvm::StringRef LoopProgram::modeName() const {
  static constexpr llvm::StringLiteral names[] = {"rows", "columns", "entries"};
  return names[int(mode)];
}

int LoopProgram::kept() const {
  return int(llvm::count_if(axes, [](const Axis &a) { return !a.reduced; }));
}

std::optional<double> LoopProgram::floatOf(const Node &node) {
  if (node.kind != Kind::Constant)
    return std::nullopt;
  if (node.type == DType::f32) {
    float value;
    std::memcpy(&value, node.data.data(), sizeof value);
    return value;
  }
  if (node.type == DType::f64) {
    double value;
    std::memcpy(&value, node.data.data(), sizeof value);
    return value;
  }
  return std::nullopt;
}

bool LoopProgram::isParameter(const Node &node) {
  std::optional<double> value = floatOf(node);
  return value && !llvm::is_contained({0.0, 0.5, 1.0, 2.0}, std::abs(*value));
}

int LoopProgram::users(int node) const {
  int count = 0;
  for (const Node &user : nodes)
    count += llvm::is_contained(user.operands, node);
  for (const Store &store : stores)
    count += store.node == node;
  return count;
}

int64_t LoopProgram::reducedExtent() const {
  int64_t extent = 1;
  for (const Axis &axis : axes)
    extent *= axis.reduced ? axis.extent : 1;
  return extent;
}

int64_t LoopProgram::step(const Access &access) const {
  constexpr int64_t kMostBytes = 32;
  const int64_t s = stride(access), distance = std::abs(s);
  const bool isStored = llvm::any_of(
      stores, [&](const Store &store) { return &accesses[size_t(store.access)] == &access; });
  const bool isShort =
      distance <= kMostStep && distance * int64_t(itemSize(access.type)) <= kMostBytes;
  return distance <= 1 || (isShort && !isStored) ? s : kAnyStep;
}

bool LoopProgram::turns(const Access &access) const {
  const int before = kept() - 2;
  if (mode != Mode::Columns || before < 0 || size_t(kept()) != axes.size() ||
      step(access) != kAnyStep || access.strides[size_t(before)] != 1 ||
      kindOf(access.type) == DTypeKind::Complex)
    return false;
  auto isThis = [&](int index) { return index >= 0 && &accesses[size_t(index)] == &access; };
  // A block is read whole.
  return llvm::none_of(stores, [&](const Store &store) { return isThis(store.access); }) &&
         llvm::none_of(llvm::enumerate(nodes), [&](auto each) {
           const Node &node = each.value();
           return isThis(node.access) && (node.kind != Kind::Load || isGuarded(int(each.index())));
         });
}

bool LoopProgram::goesByLane() const {
  if (mode == Mode::Entries)
    return false;
  bool strided = llvm::any_of(
      accesses, [&](const Access &access) { return step(access) == kAnyStep && !turns(access); });
  bool gathers = llvm::any_of(nodes, [&](const Node &node) {
    return node.kind == Kind::Gather &&
           llvm::any_of(node.operands, [&](int index) { return !isUniform(index); });
  });
  return strided || gathers || (mode == Mode::Rows && has(Kind::Scan)) ||
         (grouped && keptGoByLane());
}

bool LoopProgram::keptGoByLane() const {
  const LoopProgram across = acrossRows();
  auto isStrided = [&](int access) {
    return access >= 0 && across.step(across.accesses[size_t(access)]) == kAnyStep;
  };
  return llvm::any_of(nodes,
                      [&](const Node &node) { return !node.full && isStrided(node.access); }) ||
         llvm::any_of(stores,
                      [&](const Store &store) { return !store.full && isStrided(store.access); });
}

std::vector<LoopProgram::Pass> LoopProgram::passes() const {
  int count = 0;
  for (const Node &node : nodes)
    if (node.kind == Kind::Reduce || node.kind == Kind::ArgReduce)
      count = std::max(count, node.stage);
  for (const Store &store : stores)
    if (store.full)
      count = std::max(count, nodes[size_t(store.node)].stage + 1);
  std::vector<Pass> passes(size_t(count) + 1);
  for (auto [i, store] : llvm::enumerate(stores)) {
    const Node &node = nodes[size_t(store.node)];
    auto &list =
        store.full ? passes[size_t(node.stage)].fullStores : passes[size_t(node.stage)].keptStores;
    list.push_back(int(i));
  }
  std::vector<bool> cachedBefore(nodes.size(), false);
  for (auto [p, pass] : llvm::enumerate(passes)) {
    llvm::SmallVector<int> work;
    for (auto [i, node] : llvm::enumerate(nodes)) {
      if (!node.full && size_t(node.stage) == p)
        (isGuarded(int(i)) ? pass.guarded : pass.kept).push_back(int(i));
      if (isReduction(int(i)) && size_t(node.stage) == p + 1) {
        pass.reductions.push_back(int(i));
        work.push_back(node.operands[0]);
      }
    }
    for (int store : pass.fullStores)
      work.push_back(stores[size_t(store)].node);
    std::vector<bool> needed(nodes.size(), false);
    while (!work.empty()) {
      int i = work.pop_back_val();
      if (needed[size_t(i)] || !nodes[size_t(i)].full)
        continue;
      needed[size_t(i)] = true;
      if (!cachedBefore[size_t(i)])
        work.append(nodes[size_t(i)].operands.begin(), nodes[size_t(i)].operands.end());
    }
    for (size_t i = 0; i < nodes.size(); ++i)
      if (needed[i]) {
        (isGuarded(int(i)) ? pass.guarded
         : cachedBefore[i] ? pass.read
                           : pass.full)
            .push_back(int(i));
        cachedBefore[i] = cachedBefore[i] || nodes[i].cached;
      }
  }
  return passes;
}

int LoopProgram::lanes(const Target &native) const {
  Target target = native;
  if (mode == Mode::Entries)
    target.vectorBytes = std::min(target.vectorBytes, kEntryVectorBytes);
  int lanes = kMaxLanes;
  for (const Node &node : nodes)
    for (DType type : {node.type, node.kind == Kind::Scalar ? node.computed : node.type}) {
      // Half-width floats are computed in f32; a bool is a bit of a mask.
      DType held = computeType(type) == DType::f32 ? DType::f32 : componentDType(type);
      if (held != DType::b1)
        lanes = std::min(lanes, target.lanes(held));
    }
  for (const Access &access : accesses)
    lanes = std::min(lanes, target.lanes(componentDType(access.type)));
  return std::max(lanes, 2) * (wide ? 2 : 1);
}

/// Every list of numbers by axis, those of guards last.
template <typename Program, typename Fn, typename GuardFn>
static void forNumbers(Program &program, Fn fn, GuardFn ofGuard) {
  for (auto &access : program.accesses)
    fn(access.strides);
  for (auto &node : program.nodes)
    if (node.kind == LoopProgram::Kind::Position)
      fn(node.index.factors);
  for (auto &node : program.nodes)
    for (auto &guard : node.guards)
      ofGuard(guard);
}

template <typename Program, typename Fn> static void forNumbers(Program &program, Fn fn) {
  forNumbers(program, fn, [&](auto &guard) { fn(guard.index.factors); });
}

/// Makes a guard of an axis one of that axis and the next, of this extent, as one: it holds for
/// whole rows of the latter. Nothing where it does not.
static std::optional<LoopProgram::Guard> joined(LoopProgram::Guard guard, size_t outer,
                                                int64_t extent) {
  auto &factors = guard.index.factors;
  if (factors[outer] == 0 && factors[outer + 1] == 0)
    return guard;
  if (factors[outer] != 1 || factors[outer + 1] != 0)
    return std::nullopt;
  bool overflows = __builtin_mul_overflow(guard.extent, extent, &guard.extent) ||
                   __builtin_mul_overflow(guard.index.offset, extent, &guard.index.offset);
  for (int64_t &factor : factors)
    overflows |= __builtin_mul_overflow(factor, extent, &factor);
  factors[outer + 1] = 1;
  return overflows ? std::nullopt : std::optional(std::move(guard));
}

void LoopProgram::arrange(llvm::ArrayRef<int64_t> order, Mode newMode, bool keepsUnits) {
  mode = newMode;
  std::vector<Axis> sorted;
  for (int64_t axis : order)
    sorted.push_back(axes[size_t(axis)]);
  forNumbers(*this, [&](Numbers &numbers) {
    Numbers moved;
    for (int64_t axis : order)
      moved.push_back(numbers[size_t(axis)]);
    numbers = std::move(moved);
  });
  axes = std::move(sorted);
  joinAxes(keepsUnits);
  vectorAxis = mode == Mode::Rows      ? int(axes.size()) - 1
               : mode == Mode::Columns ? kept() - 1
                                       : int(axes.size()) - 1 - inside;
  findUniform();
  sharesRows = sharesColumns = false;
  differs_.clear();
  if (mode == Mode::Entries)
    findInside();
  else
    findShared();
}

void LoopProgram::findInside() {
  axesInside_.clear(), timesInside_.clear();
  const size_t first = size_t(vectorAxis + 1);
  if (vectorAxis < 0 || inside > 31)
    return;
  for (const Node &node : nodes) {
    uint32_t bits = 0;
    for (int operand : node.operands)
      bits |= axesInside_[size_t(operand)];
    for (size_t axis = first; axis < axes.size(); ++axis) {
      const uint32_t bit = uint32_t(1) << (axis - first);
      if (node.access >= 0 && accesses[size_t(node.access)].strides[axis] != 0)
        bits |= bit;
      for (const Guard &guard : node.guards)
        bits |= guard.index.factors[axis] != 0 ? bit : 0;
      if (axes[axis].reduced && (node.kind == Kind::Reduce || node.kind == Kind::ArgReduce))
        bits &= ~bit;
    }
    axesInside_.push_back(bits);
    double times = 1;
    for (size_t axis = first; axis < axes.size(); ++axis)
      times *= bits >> (axis - first) & 1 ? double(axes[axis].extent) : 1;
    timesInside_.push_back(int64_t(std::min(times, 1e9)));
  }
}

bool LoopProgram::mayGroup() const {
  if (mode != Mode::Rows || kept() == 0 || sharesRows || has(Kind::Scan))
    return false;
  // What is known of each row is computed for a vector of them.
  const size_t rows = size_t(kept()) - 1;
  return llvm::none_of(nodes, [&](const Node &node) {
    return !node.full && llvm::any_of(node.guards, [&](const Guard &guard) {
      return guard.index.factors[rows] != 0;
    });
  });
}

bool LoopProgram::mayUnroll() const {
  /// Of all nodes together, and of numbers of all buffers, that are unrolled.
  constexpr double kMostCycles = 600, kMostNumbers = 150, kMostStreams = 16, kMostPoints = 343;
  if (mode != Mode::Entries || inside < 1 || axesInside_.empty() ||
      axes[size_t(vectorAxis)].reduced || axes[size_t(vectorAxis)].extent < kMaxLanes)
    return false;
  double points = 1, numbers = 0, cycles = 0;
  uint32_t computedAlong = 0; // axes of the guards of what is computed
  for (const Axis &axis : axes) {
    const bool isInside = &axis - axes.data() > vectorAxis;
    if (axis.extent == 0 || (!isInside && axis.reduced))
      return false;
    points *= isInside ? double(axis.extent) : 1;
  }
  if (points > kMostPoints)
    return false;
  for (const Node &node : nodes) {
    if (node.kind == Kind::Gather || node.kind == Kind::Position || node.kind == Kind::Scan)
      return false;
    // Numbers that exist are the same at all far strides, or none of them is.
    for (const Guard &guard : node.guards) {
      bool isNear = false, isFar = false;
      for (size_t axis = 0; axis < axes.size(); ++axis) {
        if (guard.index.factors[axis] == 0)
          continue;
        if (int(axis) <= vectorAxis)
          return false;
        if (node.access >= 0)
          (Entry::isFar(accesses[size_t(node.access)].strides[axis]) ? isFar : isNear) = true;
        else
          computedAlong |= uint32_t(1) << (axis - size_t(vectorAxis) - 1);
      }
      if (isNear && isFar)
        return false;
    }
    double times = double(timesInside(int(&node - nodes.data())));
    if (node.kind == Kind::Reduce || node.kind == Kind::ArgReduce)
      times *= double(reducedExtent());
    cycles += times * (node.kind == Kind::Scalar ? scalarCycles(node.scalar, node.computed) : 1);
  }
  // Nor is it known of each far stride what is read for these.
  for (auto [i, node] : llvm::enumerate(nodes))
    for (size_t axis = size_t(vectorAxis) + 1; axis < axes.size(); ++axis)
      if (node.access >= 0 && isGuarded(int(i)) &&
          computedAlong >> (axis - size_t(vectorAxis) - 1) & 1 &&
          Entry::isFar(accesses[size_t(node.access)].strides[axis]))
        return false;
  for (const Access &access : accesses) {
    const int64_t apart = access.strides[size_t(vectorAxis)];
    double streams = 1, own = 1;
    for (size_t axis = size_t(vectorAxis) + 1; axis < axes.size(); ++axis) {
      const int64_t stride = access.strides[axis];
      own *= stride ? double(axes[axis].extent) : 1;
      streams *= Entry::isFar(stride) || (stride && apart == 1) ? double(axes[axis].extent) : 1;
    }
    numbers += own;
    const bool isStored = llvm::any_of(
        stores, [&](const Store &store) { return &accesses[size_t(store.access)] == &access; });
    if (streams > kMostStreams || (isStored && apart < 1) || (apart < 0 && Entry::isFar(apart)))
      return false;
  }
  return cycles <= kMostCycles && numbers <= kMostNumbers;
}

void LoopProgram::joinAxes(bool keepsUnits) {
  auto erase = [&](size_t axis) {
    axes.erase(axes.begin() + ptrdiff_t(axis));
    forNumbers(*this, [&](Numbers &numbers) { numbers.erase(numbers.begin() + axis); });
  };
  // A scanned or arg-reduced axis is counted along: it stays as it is.
  bool counts = llvm::any_of(
      nodes, [](const Node &n) { return n.kind == Kind::ArgReduce || n.kind == Kind::Scan; });
  // A reduction keeps an axis, be it of extent 1; in columns it also has one to run along. A row is
  // one of several: a batch of one has the structure of any other.
  auto reducedAxes = [&] { return axes.size() - size_t(kept()); };
  auto isNeeded = [&](size_t axis) {
    if (keepsUnits)
      return true;
    if (axes[axis].reduced)
      return counts || reducedAxes() == 1;
    return (mode == Mode::Rows || reducedAxes() != 0) && kept() == 1;
  };
  for (size_t axis = axes.size(); axis-- > 0;)
    if (axes[axis].extent == 1 && !isNeeded(axis))
      erase(axis);
  for (size_t inner = axes.size(); inner-- > 1;) {
    size_t outer = inner - 1;
    bool isUnit = axes[inner].extent == 1 || axes[outer].extent == 1;
    if (axes[inner].reduced != axes[outer].reduced || axes[inner].extent == 0 ||
        (keepsUnits && isUnit))
      continue;
    const int64_t extent = axes[inner].extent;
    bool joins = true;
    forNumbers(
        *this, [&](Numbers &numbers) { joins &= numbers[outer] == numbers[inner] * extent; },
        [&](const Guard &guard) { joins &= joined(guard, outer, extent).has_value(); });
    if (!joins)
      continue;
    forNumbers(
        *this, [](Numbers &) {}, [&](Guard &guard) { guard = *joined(guard, outer, extent); });
    axes[inner].extent *= axes[outer].extent;
    erase(outer);
  }
}

void LoopProgram::findUniform() {
  uniform_.assign(nodes.size(), true);
  if (vectorAxis < 0)
    return;
  size_t v = size_t(vectorAxis);
  for (auto [i, node] : llvm::enumerate(nodes)) {
    bool uniform = true;
    if (node.access >= 0)
      uniform &= accesses[size_t(node.access)].strides[v] == 0;
    if (node.kind == Kind::Position)
      uniform &= node.index.factors[v] == 0;
    for (const Guard &guard : node.guards)
      uniform &= guard.index.factors[v] == 0;
    for (int operand : node.operands)
      uniform &= uniform_[size_t(operand)];
    // Reductions along the vector axis give one value, others one for each lane.
    if (node.kind == Kind::Reduce || node.kind == Kind::ArgReduce)
      uniform = axes[v].reduced;
    if (node.kind == Kind::Scan)
      uniform = false;
    uniform_[i] = uniform;
  }
}

LoopProgram LoopProgram::acrossRows() const {
  LoopProgram across = *this;
  across.vectorAxis = kept() - 1;
  across.findUniform();
  return across;
}

void LoopProgram::findShared() {
  sharesRows = sharesColumns = false;
  differs_.clear();
  auto isPlain = [](const Node &node) {
    return node.kind == Kind::Load || node.kind == Kind::Constant || node.kind == Kind::Position ||
           node.kind == Kind::Scalar || node.kind == Kind::Cast || node.kind == Kind::Reduce;
  };
  const int row = mode == Mode::Rows ? kept() - 1 : kept() - 2;
  std::vector<Pass> all = passes();
  if (row < 0 || all.size() != 2 || !all[0].fullStores.empty() || !all[1].full.empty() ||
      !llvm::all_of(nodes, isPlain))
    return;
  for (const Node &node : nodes) {
    bool differs = node.kind == Kind::Reduce;
    if (node.access >= 0)
      differs |= accesses[size_t(node.access)].strides[size_t(row)] != 0;
    if (node.kind == Kind::Position)
      differs |= node.index.factors[size_t(row)] != 0;
    for (int operand : node.operands)
      differs |= differs_[size_t(operand)];
    differs_.push_back(differs);
  }
  auto loads = [&](bool differing) {
    return llvm::any_of(all[0].full, [&](int i) {
      return nodes[size_t(i)].kind == Kind::Load && !uniform_[size_t(i)] &&
             differs_[size_t(i)] == differing;
    });
  };
  if (mode == Mode::Rows)
    sharesRows = loads(false) && loads(true);
  else
    sharesColumns = loads(false) && !loads(true);
  if (!sharesRows && !sharesColumns)
    differs_.clear();
}

bool LoopProgram::isNeeded(const Pass &pass, int node) const {
  auto reads = [&](int user) { return llvm::is_contained(nodes[size_t(user)].operands, node); };
  return llvm::any_of(pass.full,
                      [&](int user) { return !nodes[size_t(user)].cached && reads(user); }) ||
         llvm::any_of(pass.guarded, reads) || llvm::any_of(pass.reductions, reads) ||
         llvm::any_of(pass.fullStores,
                      [&](int store) { return stores[size_t(store)].node == node; });
}

void LoopProgram::writeInside(llvm::raw_ostream &out) const {
  for (const Axis &axis : llvm::ArrayRef<Axis>(axes).drop_front(size_t(vectorAxis + 1)))
    out << axis.extent << (axis.reduced ? "r " : " ");
  out << '\n';
  auto write = [&](const Numbers &numbers, size_t from) {
    for (int64_t n : llvm::ArrayRef<int64_t>(numbers).drop_front(from))
      (Entry::isFar(n) ? out << " far" : out << ' ' << n);
  };
  for (const Access &access : accesses) {
    out << "a " << shortName(access.type);
    write(access.strides, size_t(vectorAxis));
    out << '\n';
  }
  // Guards are decided while the code is written: no factor is far.
  for (const Node &node : nodes)
    for (const Guard &guard : node.guards) {
      out << "g " << guard.index.offset << ' ' << guard.extent;
      for (int64_t n : llvm::ArrayRef<int64_t>(guard.index.factors).drop_front(size_t(vectorAxis)))
        out << ' ' << n;
      out << '\n';
    }
}

std::string LoopProgram::structure() const {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << modeName() << (wide ? " wide " : " ") << (inParts ? "in parts " : "")
      << (sharesColumns ? "shared " : "") << (grouped ? "grouped " : "")
      << (rowByRow ? "row by row " : "") << kept() << '+' << axes.size() - size_t(kept()) << '\n';
  auto writeAlong = [&](const LoopProgram &program) {
    for (const Access &access : program.accesses)
      out << "a " << shortName(access.type) << ' ' << program.step(access)
          << (program.turns(access) ? "t\n" : "\n");
    auto along = [&](const Index &index) {
      return program.vectorAxis < 0 ? 0 : index.factors[size_t(program.vectorAxis)];
    };
    // Whether positions are vectors; whether guards end along these, and whether that takes a
    // division.
    for (const Node &node : program.nodes) {
      if (node.kind == Kind::Position)
        out << 'v' << (along(node.index) != 0);
      for (const Guard &guard : node.guards)
        out << 'g' << (along(guard.index) == 0 ? 0 : along(guard.index) == 1 ? 1 : 2);
    }
    out << '\n';
  };
  if (mode != Mode::Entries)
    writeAlong(*this);
  else
    writeInside(out);
  if (grouped)
    writeAlong(acrossRows());
  for (const Node &node : nodes) {
    out << int(node.kind) << (node.cached ? "c " : " ") << shortName(node.type) << ' '
        << node.access << ' ' << int(node.full);
    for (int operand : node.operands)
      out << " %" << operand;
    if (!node.guards.empty())
      out << " g" << node.guards.size();
    if (!node.gathered.empty())
      out << " n" << node.gathered.size();
    if (sharesRows || sharesColumns)
      out << " r" << differs_[&node - nodes.data()];
    if (isParameter(node))
      out << " ?";
    else if (node.kind == Kind::Constant)
      out << " =" << llvm::toHex(node.data);
    if (node.kind == Kind::Scalar)
      out << ' ' << nameOf(node.scalar) << ' ' << shortName(node.computed);
    if (node.kind == Kind::Reduce)
      out << ' ' << stringifyReduceKind(node.reduce);
    if (node.kind == Kind::ArgReduce || node.kind == Kind::Scan)
      out << ' ' << node.isMin << node.isProduct;
    out << '\n';
  }
  if (inParts) {
    auto writeHolds = [&](int64_t at) {
      for (const Node &node : nodes)
        for (const Guard &guard : node.guards)
          out << (endsAlong(guard) && holdsFrom(guard, at));
      out << '\n';
    };
    out << "c ";
    writeHolds(0);
    for (const Cut &cut : cuts()) {
      out << "c " << cut.node << ' ' << cut.guard << ' ' << cut.isEnd << ' ';
      writeHolds(cut.at);
    }
  }
  for (const Store &store : stores)
    out << "s %" << store.node << ' ' << store.access << ' ' << int(store.full) << '\n';
  return text;
}

} // namespace ricci
