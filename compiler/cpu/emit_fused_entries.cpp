//===- emit_fused_entries.cpp - fused kernels of many small entries -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows of three or ten numbers: a vector has the same number of many of them, and the axes inside
// are unrolled (docs/decisions/0021-entries-in-lanes.md).
//
//   for each task (outer index, slab of entries): for entries, a vector of them at a time:
//     what is stored, in the order of its places, and for it every node at the indices it needs
//
// The last vector of a slab does entries again that the one before has done.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/entry_access.h"
#include "compiler/cpu/fused_emitter.h"

#include <deque>

using namespace mlir;

namespace ricci {

using Kind = LoopProgram::Kind;

namespace {

class EntriesEmitter {
public:
  using Values = FusedKernel::Values;
  /// Of the axes inside.
  using Indices = SmallVector<int64_t, 4>;

  EntriesEmitter(LoopBuilder &b, ModuleOp module, const std::string &name,
                 const LoopProgram &program, const Target &target)
      : k(b, module, name, program, target), states_(k), b(b), program(program),
        first_(program.vectorAxis + 1) {
    for (int axis = first_; axis < int(program.axes.size()); ++axis)
      extents_.push_back(program.axes[size_t(axis)].extent);
    for (size_t access = 0; access < program.accesses.size(); ++access) {
      const LoopProgram::Access &a = program.accesses[access];
      const int64_t apart = a.strides[size_t(program.vectorAxis)];
      values_.push_back(k.values(a.type));
      access_.emplace_back(b, values_.back(), k.lanes, k.buffers[access], a.type,
                           Entry::isFar(apart) ? Entry::kFar : apart, numbersOf(int(access)));
    }
  }

  void emit() {
    using Word = FusedLayout::Word;
    const int axis = program.vectorAxis;
    b.forLoop(k.begin, k.end, b.idx(1), [&](Value task) {
      Value slabs = k.word(Word::InnerBlocks), slab = b.rem(task, slabs), rest = b.div(task, slabs);
      Values base = k.start();
      for (int outer = axis - 1; outer >= 0; --outer) {
        Value extent = k.extent(outer);
        base = k.advance(base, outer, outer == 0 ? rest : b.rem(rest, extent));
        rest = b.div(rest, extent);
      }
      Value first = b.mul(slab, k.word(Word::InnerBlock));
      Value end = b.select(b.eq(b.add(slab, 1), slabs), k.extent(axis),
                           b.add(first, k.word(Word::InnerBlock)));
      Value last = b.sub(end, b.idx(k.lanes));
      b.forLoop(first, end, b.idx(k.lanes), [&](Value at) {
        k.scope([&] { group(k.advance(base, axis, b.opaque(b.min(at, last)))); });
      });
    });
    b.endFunction();
  }

private:
  struct Place {
    int base = 0;       ///< combination of indices of axes with far strides
    int64_t number = 0; ///< from there
  };

  const LoopProgram::Node &node(int i) const { return program.nodes[size_t(i)]; }

  /// Calls the function for all indices of the axes inside that a bit is set for; 0 of the others.
  void forIndices(uint32_t axes, llvm::function_ref<void(const Indices &)> body) const {
    Indices indices(extents_.size(), 0);
    for (;;) {
      body(indices);
      size_t axis = extents_.size();
      while (axis-- > 0)
        if (axes >> axis & 1) {
          if (++indices[axis] < extents_[axis])
            break;
          indices[axis] = 0;
        }
      if (axis == SIZE_MAX)
        return;
    }
  }

  uint32_t all() const { return (uint32_t(1) << extents_.size()) - 1; }
  uint32_t reducedAxes() const {
    uint32_t axes = 0;
    for (size_t i = 0; i < extents_.size(); ++i)
      axes |= uint32_t(program.axes[size_t(first_) + i].reduced) << i;
    return axes;
  }

  Place placeOf(int access, const Indices &indices) const {
    Place place;
    int bases = 1;
    for (size_t i = 0; i < extents_.size(); ++i) {
      int64_t stride = program.accesses[size_t(access)].strides[size_t(first_) + i];
      if (!Entry::isFar(stride)) {
        place.number += indices[i] * stride;
      } else {
        place.base += int(indices[i]) * bases;
        bases *= int(extents_[i]);
      }
    }
    return place;
  }

  SmallVector<int64_t> numbersOf(int access) const {
    llvm::SmallSetVector<int64_t, 16> numbers;
    auto addAll = [&](uint32_t axes, llvm::function_ref<bool(const Indices &)> isThere) {
      forIndices(axes, [&](const Indices &indices) {
        if (isThere(indices))
          numbers.insert(placeOf(access, indices).number);
      });
    };
    for (auto [i, n] : llvm::enumerate(program.nodes))
      if (n.access == access)
        addAll(all(), [&, at = size_t(i)](const Indices &indices) {
          return program.wantedInside(indices)[at] &&
                 program.holdsInside(program.nodes[at], indices);
        });
    for (const LoopProgram::Store &store : program.stores)
      if (store.access == access)
        addAll(store.full ? all() : all() & ~reducedAxes(), [](const Indices &) { return true; });
    if (numbers.empty()) // guards hold nowhere: nothing is read
      numbers.insert(0);
    return SmallVector<int64_t>(numbers.begin(), numbers.end());
  }

  void group(const Values &base) {
    computed_.clear();
    for (size_t access = 0; access < access_.size(); ++access) {
      Values bases{base[access]};
      for (size_t i = 0; i < extents_.size(); ++i) {
        const int axis = first_ + int(i);
        if (!Entry::isFar(program.accesses[access].strides[size_t(axis)]))
          continue;
        Value stride = k.word(k.layout.factor(int64_t(access), axis));
        Values further;
        for (int64_t index = 0; index < extents_[i]; ++index)
          for (Value from : bases)
            further.push_back(index ? b.add(from, b.mul(stride, index)) : from);
        bases = further;
      }
      access_[access].begin(true, bases,
                            k.word(k.layout.factor(int64_t(access), program.vectorAxis)));
    }
    for (const LoopProgram::Store &store : program.stores) {
      std::vector<std::pair<Place, Indices>> places;
      forIndices(store.full ? all() : all() & ~reducedAxes(), [&](const Indices &indices) {
        places.emplace_back(placeOf(store.access, indices), indices);
      });
      llvm::sort(places, [](const auto &x, const auto &y) {
        return std::pair(x.first.base, x.first.number) < std::pair(y.first.base, y.first.number);
      });
      DType type = program.accesses[size_t(store.access)].type;
      for (const auto &[place, indices] : places)
        access_[size_t(store.access)].write(place.base, place.number,
                                            k.toSlot(get(store.node, indices), type));
    }
  }

  Number get(int i, const Indices &indices) {
    if (node(i).kind == Kind::Constant)
      return k.get(i, {k.start(), {}, {}, k.lanes});
    // At the indices that it depends on.
    Indices own(indices);
    for (size_t axis = 0; axis < own.size(); ++axis)
      if (!(program.axesInside(i) >> axis & 1))
        own[axis] = 0;
    int64_t key = 0;
    for (size_t axis = 0; axis < own.size(); ++axis)
      key = key * extents_[axis] + own[axis];
    if (auto known = computed_.find({i, key}); known != computed_.end())
      return known->second;
    return computed_[{i, key}] = compute(i, own);
  }

  Number compute(int i, const Indices &indices) {
    const LoopProgram::Node &n = node(i);
    auto load = [&] {
      Place place = placeOf(n.access, indices);
      return k.toRegister(access_[size_t(n.access)].read(place.base, place.number),
                          program.accesses[size_t(n.access)].type);
    };
    SmallVector<Number> operands;
    if (n.kind == Kind::Scalar || n.kind == Kind::Cast)
      for (int operand : n.operands)
        operands.push_back(get(operand, indices));
    switch (n.kind) {
    case Kind::Load:
      return load();
    case Kind::Pad:
      if (!program.holdsInside(n, indices))
        return get(n.operands[0], indices);
      return n.access >= 0 ? load() : get(n.operands[1], indices);
    case Kind::Scalar:
      return k.scalars.apply(n.scalar, n.computed, operands);
    case Kind::Cast:
      return k.scalars.cast(operands[0], node(n.operands[0]).type, n.type);
    case Kind::Reduce:
    case Kind::ArgReduce:
      return reduce(n, indices);
    case Kind::Constant:
    case Kind::Gather:
    case Kind::Position:
    case Kind::Scan:
      break;
    }
    llvm_unreachable("not in Mode::Entries");
  }

  Number reduce(const LoopProgram::Node &n, const Indices &indices) {
    const LoopProgram::Node &term = node(n.operands[0]);
    const bool addsProducts =
        ReductionStates::addsProducts(n, term) && term.full && program.users(n.operands[0]) == 1;
    ReductionState state = states_.initial(n, k.lanes);
    int64_t count = 0;
    forIndices(reducedAxes(), [&](const Indices &reduced) {
      Indices at(indices);
      for (size_t axis = 0; axis < at.size(); ++axis)
        at[axis] += reduced[axis];
      Value index;
      if (n.kind == Kind::ArgReduce)
        index = b.op<arith::ConstantOp>(DenseElementsAttr::get(
            VectorType::get({int64_t(k.lanes)}, b.getI64Type()), b.getI64IntegerAttr(count)));
      ++count;
      state = addsProducts ? states_.stepOfProduct(n, state, get(term.operands[0], at),
                                                   get(term.operands[1], at), {})
                           : states_.step(n, state, get(n.operands[0], at), index, {});
    });
    return states_.finished(n, state);
  }

  FusedKernel k;
  ReductionStates states_;
  LoopBuilder &b;
  const LoopProgram &program;
  const int first_; ///< of the axes inside
  Indices extents_;
  std::deque<ValueBuilder> values_; ///< of each access
  std::deque<EntryAccess> access_;
  std::map<std::pair<int, int64_t>, Number> computed_;
};

} // namespace

void emitFusedEntries(LoopBuilder &b, ModuleOp module, const std::string &name,
                      const LoopProgram &program, const Target &target) {
  EntriesEmitter(b, module, name, program, target).emit();
}

} // namespace ricci
