//===- emit_fused.cpp - fused kernels
//-----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// elements: a thread for each point, or for a few neighbours; tiled: a block for each tile of
// points teams:    for each point: for each pass: what is known by now; the threads of the team
// share the
//           reduced indices and reduce; then their results meet, in a fixed order
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/emit.h"
#include "compiler/cuda/fused_nodes.h"
#include "compiler/cuda/scalars.h"
#include "compiler/fuse/schedule.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>
#include <functional>

namespace ricci {

using Kind = LoopProgram::Kind;

namespace {

constexpr int kWarp = 32;

class FusedEmitter {
public:
  FusedEmitter(const FusedGrid &grid, unsigned inputs)
      : grid_(grid), loops_(grid.loops), text_(kernel_.body), nodes_(text_, grid, inputs) {
    kernel_.parameters = nodes_.parameters();
  }

  KernelText emit() {
    DType type = loops_.accesses[size_t(loops_.stores[0].access)].type;
    std::string shape = !grid_.reduces() ? grid_.tileAxis < 0 ? "elements" : "tiled"
                        : grid_.rows()   ? "rows"
                                         : "columns";
    kernel_.name = fmt::format("fused_{}_{}", shape, shortName(type));
    kernel_.title = fmt::format("fused {} {}", shape, shortName(type));
    if (grid_.points == 0) {
      kernel_.schedule = "nothing to compute";
      return std::move(kernel_);
    }
    if (grid_.reduces())
      emitTeams();
    else if (grid_.tileAxis >= 0)
      emitTiles();
    else
      emitElements();
    return std::move(kernel_);
  }

private:
  const LoopProgram::Node &node(int i) const { return loops_.nodes[size_t(i)]; }
  const char *indexType() const { return nodes_.indexType(); }
  static std::string axisName(int axis) { return "i" + std::to_string(axis); }
  std::vector<FusedNodes::Named> axes(int first, int last) const {
    std::vector<FusedNodes::Named> list;
    for (int axis = first; axis < last; ++axis)
      list.push_back({axisName(axis), loops_.axes[size_t(axis)].extent});
    return list;
  }

  //===--- elements ----------------------------------------------------===//

  void emitElements() {
    int lanes = grid_.lanes, last = int(loops_.axes.size()) - 1;
    kernel_.schedule =
        lanes > 1 ? fmt::format("{} elements a thread", lanes) : "an element a thread";
    kernel_.grid.threads = {uint32_t(grid_.perBlock), 1, 1};
    defineBlock(kernel_, grid_.blocks(), indexType());
    text_.line("const {} point = block * {} + (int)threadIdx.x;", indexType(), grid_.perBlock);
    if (grid_.points % grid_.perBlock != 0)
      text_.line("if (point >= {}) return;", grid_.points);
    std::vector<FusedNodes::Named> list = axes(0, last + 1);
    if (lanes == 1) {
      nodes_.indices(list, "point");
      return storeAll();
    }
    list.back() = {"group", list.back().extent / lanes};
    nodes_.indices(list, "point");
    std::vector<int> packed = loadPacks();
    for (const LoopProgram::Store &store : loops_.stores)
      text_.line("Pack<{}, {}> result{};", storageTypeName(accessOf(store).type), lanes,
                 store.access);
    text_.unrolled("lane", lanes, [&] {
      nodes_.scope([&] {
        text_.line("const {} i{} = group * {} + lane;", indexType(), last, lanes);
        for (int i : packed)
          nodes_.define(i, loaded(node(i).type, fmt::format("pack{}.at[lane]", i)));
        for (const LoopProgram::Store &store : loops_.stores) {
          std::string value = nodes_.get(store.node);
          text_.line("result{}.at[lane] = {};", store.access, stored(accessOf(store).type, value));
        }
      });
    });
    text_.line("const {} i{} = group * {};", indexType(), last, lanes);
    for (const LoopProgram::Store &store : loops_.stores)
      text_.line("storePack(&{}, result{}, isAligned{});", nodes_.element(store.access),
                 store.access, store.access);
  }

  const LoopProgram::Access &accessOf(const LoopProgram::Store &store) const {
    return loops_.accesses[size_t(store.access)];
  }

  /// What lies beside each other is loaded at once. Addresses are what the caller gave: whether
  /// they allow it is looked up.
  std::vector<int> loadPacks() {
    auto declareAligned = [&](int access) {
      size_t bytes = itemSize(loops_.accesses[size_t(access)].type) * size_t(grid_.lanes);
      text_.line("const bool isAligned{} = isAlignedTo({}, {});", access, bytes,
                 nodes_.pointer(access));
    };
    for (const LoopProgram::Store &store : loops_.stores)
      declareAligned(store.access);
    std::vector<int> packed;
    for (auto [i, n] : llvm::enumerate(loops_.nodes)) {
      if (n.kind != Kind::Load || loops_.isGuarded(int(i)) ||
          !isPackable(grid_, loops_.accesses[size_t(n.access)]))
        continue;
      declareAligned(n.access);
      // The element at the first lane.
      LoopProgram::Numbers strides = loops_.accesses[size_t(n.access)].strides;
      strides.pop_back();
      text_.line("const auto pack{0} = loadPack<{1}>({2} + {3} + group * {1}, isAligned{4});", i,
                 grid_.lanes, nodes_.pointer(n.access), nodes_.sum(strides, 0, false), n.access);
      packed.push_back(int(i));
    }
    return packed;
  }

  void storeAll() {
    for (const LoopProgram::Store &store : loops_.stores)
      nodes_.store(store);
  }

  //===--- tiles -------------------------------------------------------===//

  void emitTiles() {
    int last = int(loops_.axes.size()) - 1, across = grid_.tileAxis;
    int64_t extent = loops_.axes[size_t(last)].extent,
            acrossExtent = loops_.axes[size_t(across)].extent;
    auto tiles = [](int64_t n) { return (n + kTileSide - 1) / kTileSide; };
    kernel_.schedule = fmt::format("{0} x {0} points a block, through shared memory", kTileSide);
    kernel_.grid.threads = {kTileSide, kTileThreads, 1};
    std::vector<FusedNodes::Named> list;
    int64_t blocks = tiles(extent) * tiles(acrossExtent);
    for (int axis = 0; axis < last; ++axis)
      if (axis != across) {
        list.push_back({axisName(axis), loops_.axes[size_t(axis)].extent});
        blocks *= loops_.axes[size_t(axis)].extent;
      }
    list.push_back({"acrossTile", tiles(acrossExtent)});
    list.push_back({"tile", tiles(extent)});
    defineBlock(kernel_, blocks, indexType());
    nodes_.indices(list, "block");
    text_.line("const int column = (int)threadIdx.x;");
    for (int i : grid_.tiled)
      text_.line("__shared__ {} tile{}[{}][{}];", storageTypeName(node(i).type), i, kTileSide,
                 kTileSide + 1);
    auto each = [&](const char *alongLast, const char *alongAcross,
                    llvm::function_ref<void()> body) {
      text_.line("#pragma unroll");
      text_.block(
          fmt::format("for (int step = 0; step < {}; step += {})", kTileSide, kTileThreads), [&] {
            text_.line("const int row = step + (int)threadIdx.y;");
            text_.line("const {} i{} = tile * {} + {};", indexType(), last, kTileSide, alongLast);
            text_.line("const {} i{} = acrossTile * {} + {};", indexType(), across, kTileSide,
                       alongAcross);
            nodes_.block(
                fmt::format("if (i{} < {} && i{} < {})", last, extent, across, acrossExtent), body);
          });
    };
    each("row", "column", [&] {
      for (int i : grid_.tiled)
        text_.line("tile{}[row][column] = {};", i, nodes_.element(node(i).access));
    });
    text_.line("__syncthreads();");
    each("column", "row", [&] {
      for (int i : grid_.tiled)
        nodes_.define(i, loaded(node(i).type, fmt::format("tile{}[column][row]", i)));
      storeAll();
    });
  }

  //===--- teams: points and their threads -----------------------------===//

  void emitTeams() {
    std::string threads = grid_.team == 1 ? "a thread" : fmt::format("{} threads", grid_.team);
    kernel_.schedule = fmt::format(
        "{} a point, {} points a block; {}", threads, grid_.perBlock,
        grid_.cache == FusedGrid::Cache::Registers ? "kept between passes in registers"
        : grid_.cache == FusedGrid::Cache::Shared  ? "kept between passes in shared memory"
                                                   : "nothing kept between passes");
    uint32_t team = uint32_t(grid_.team), perBlock = uint32_t(grid_.perBlock);
    kernel_.grid.threads = grid_.rows() ? std::array<uint32_t, 3>{team, perBlock, 1}
                                        : std::array<uint32_t, 3>{perBlock, team, 1};
    defineBlock(kernel_, grid_.blocks(), indexType());
    std::string x = "(int)threadIdx.x", y = "(int)threadIdx.y";
    text_.line("const int slot = {}, worker = {};", grid_.rows() ? y : x,
               grid_.team == 1 ? "0"
               : grid_.rows()  ? x
                               : y);
    isExact_ = grid_.points % grid_.perBlock == 0;
    std::string point = fmt::format("block * {} + slot", grid_.perBlock);
    // Threads behind the last point come along, as others wait for them, and do nothing.
    if (!isExact_) {
      text_.line("const bool isPoint = {} < {};", point, grid_.points);
      point = fmt::format("isPoint ? {} : {}", point, grid_.points - 1);
    }
    text_.line("const {} point = {};", indexType(), point);
    int kept = loops_.kept();
    nodes_.indices(axes(0, kept), "point");
    declareCaches();
    for (auto [p, pass] : llvm::enumerate(loops_.passes())) {
      storeKept(pass);
      if (pass.reductions.empty() && pass.fullStores.empty())
        continue;
      text_.blank();
      text_.line("// pass {}", p);
      emitPass(pass);
    }
  }

  void declareCaches() {
    for (auto [i, n] : llvm::enumerate(loops_.nodes)) {
      if (!n.cached)
        continue;
      if (grid_.cache == FusedGrid::Cache::Registers)
        text_.line("{} kept{}[{}];", valueTypeName(n.type), i, grid_.items);
      else
        text_.line("__shared__ {} kept{}[{}];", valueTypeName(n.type), i,
                   grid_.reduced * grid_.perBlock);
    }
  }

  /// Where the thread keeps the node's value at the reduced index r.
  std::string kept(int i) const {
    if (grid_.cache == FusedGrid::Cache::Registers)
      return fmt::format("kept{}[{}]", i, grid_.items == 1 ? "0" : "item");
    if (grid_.perBlock == 1)
      return fmt::format("kept{}[r]", i);
    return grid_.rows() ? fmt::format("kept{}[slot * {} + r]", i, grid_.reduced)
                        : fmt::format("kept{}[r * {} + slot]", i, grid_.perBlock);
  }

  void storeKept(const LoopProgram::Pass &pass) {
    if (pass.keptStores.empty())
      return;
    std::string condition = grid_.team > 1 ? "worker == 0" : "";
    if (!isExact_)
      condition += condition.empty() ? "isPoint" : " && isPoint";
    nodes_.block(condition.empty() ? "" : "if (" + condition + ")", [&] {
      for (int store : pass.keptStores)
        nodes_.store(loops_.stores[size_t(store)]);
    });
  }

  //===--- teams: one pass ---------------------------------------------===//

  void emitPass(const LoopProgram::Pass &pass) {
    // What the pass reads from outside of it is computed before.
    llvm::SmallDenseSet<int> guarded;
    std::function<void(int)> before = [&](int i) {
      if (node(i).full)
        return;
      if (!loops_.isGuarded(i))
        nodes_.get(i);
      else if (guarded.insert(i).second)
        llvm::for_each(node(i).operands, before);
    };
    for (const auto &nodes : {pass.full, pass.guarded})
      for (int i : nodes)
        llvm::for_each(node(i).operands, before);
    for (int i : pass.reductions)
      before(node(i).operands[0]);
    for (int store : pass.fullStores)
      before(loops_.stores[size_t(store)].node);
    for (int i : pass.reductions)
      text_.line("{} s{} = {};", stateType(i), i, initial(i));
    std::vector<int> scans;
    for (int i : pass.full)
      if (node(i).kind == Kind::Scan)
        scans.push_back(i);
    for (int i : scans)
      text_.line("{} s{} = {};", valueTypeName(node(i).type), i,
                 goesOn(i) ? nodes_.get(node(i).operands[1]) : scanIdentity(i));
    if (grid_.team > 1 && !scans.empty())
      alongScan(scans, [&] { emitStep(pass); });
    else
      alongReduced([&] { emitStep(pass); });
    meet(pass.reductions);
    for (int i : pass.reductions)
      finish(i);
  }

  void alongReduced(llvm::function_ref<void()> body) {
    auto step = [&] {
      nodes_.indices(axes(loops_.kept(), int(loops_.axes.size())), "r");
      body();
    };
    if (grid_.items == 0) {
      // A thread that loads one element at a time has many on their way.
      text_.line("#pragma unroll {}", grid_.rows() || grid_.loops.accesses.size() > 3 ? 4 : 8);
      return nodes_.block(
          fmt::format("for ({} r = {}; r < {}; r += {})", indexType(),
                      isExact_ ? "worker" : fmt::format("isPoint ? worker : {}", grid_.reduced),
                      grid_.reduced, grid_.team),
          step);
    }
    auto item = [&](const std::string &r) {
      text_.line("const {} r = {};", indexType(), r);
      std::vector<std::string> conditions;
      if (grid_.items * grid_.team != grid_.reduced)
        conditions.push_back(fmt::format("r < {}", grid_.reduced));
      if (!isExact_)
        conditions.push_back("isPoint");
      nodes_.block(conditions.empty() ? "" : "if (" + llvm::join(conditions, " && ") + ")", step);
    };
    if (grid_.items == 1)
      return nodes_.block("{", [&] { item("worker"); });
    text_.unrolled("item", grid_.items, [&] {
      item(grid_.team == 1 ? "item" : fmt::format("item * {} + worker", grid_.team));
    });
  }

  std::string scanned(int i, const std::string &before, const std::string &element) const {
    ScalarOp op = node(i).isProduct ? ScalarOp::Multiply : ScalarOp::Add;
    return applied(op, node(i).type, {before, element});
  }
  /// Whether something comes before the first element.
  bool goesOn(int i) const { return node(i).operands.size() > 1; }
  /// What changes no element, be it -0.
  std::string scanIdentity(int i) const {
    DType type = node(i).type;
    if (node(i).isProduct)
      return literal(type, 1.0);
    if (kindOf(type) != DTypeKind::Complex)
      return literal(type, -0.0);
    std::string part = literal(type == DType::c64 ? DType::f32 : DType::f64, -0.0);
    return fmt::format("{}{{{}, {}}}", valueTypeName(type), part, part);
  }

  /// The team scans as many elements as it has threads, then the next ones; s is what comes before.
  void alongScan(llvm::ArrayRef<int> scans, llvm::function_ref<void()> body) {
    std::string loop = fmt::format("for ({0} first = 0; first < {1}; first += {2})", indexType(),
                                   grid_.reduced, grid_.team);
    nodes_.block(loop, [&] {
      text_.line("const {} r = first + worker;", indexType());
      text_.line("const bool isElement = {}r < {};", isExact_ ? "" : "isPoint && ", grid_.reduced);
      auto ifElement = [&](llvm::function_ref<void()> then) {
        nodes_.block("if (isElement)", [&] {
          nodes_.indices(axes(loops_.kept(), int(loops_.axes.size())), "r");
          then();
        });
      };
      for (int i : scans) {
        std::string sum = fmt::format("sum{}", i);
        text_.line("{} {} = {};", valueTypeName(node(i).type), sum, scanIdentity(i));
        ifElement([&] { text_.line("{} = {};", sum, nodes_.get(node(i).operands[0])); });
        scanAcross(i, sum);
        nodes_.set(i, sum);
      }
      ifElement(body);
    });
  }

  /// The threads' elements become the sums up to them, and s that of all.
  void scanAcross(int i, const std::string &sum) {
    std::string state = fmt::format("s{}", i), type = valueTypeName(node(i).type),
                before = fmt::format("before{}", i);
    text_.line("#pragma unroll");
    text_.block(fmt::format("for (int distance = 1; distance < {}; distance *= 2)", kWarp), [&] {
      text_.line("const {} {} = shuffledUp({}, distance);", type, before, sum);
      text_.line("if (worker % {} >= distance) {} = {};", kWarp, sum, scanned(i, before, sum));
    });
    if (grid_.team == kWarp) {
      text_.line("{} = {};", sum, scanned(i, state, sum));
      text_.line("{} = shuffledLast({});", state, sum);
      return;
    }
    std::string parts = fmt::format("parts{}", i);
    text_.line("__shared__ {} {}[{}];", type, parts, grid_.team / kWarp);
    text_.line("if (worker % {0} == {1}) {2}[worker / {0}] = {3};", kWarp, kWarp - 1, parts, sum);
    text_.line("__syncthreads();");
    text_.block(fmt::format("for (int part = 0; part < {}; ++part)", grid_.team / kWarp), [&] {
      text_.line("if (part == worker / {}) {} = {};", kWarp, sum, scanned(i, state, sum));
      text_.line("{} = {};", state, scanned(i, state, parts + "[part]"));
    });
    text_.line("__syncthreads();");
  }

  void emitStep(const LoopProgram::Pass &pass) {
    for (int i : pass.read)
      nodes_.set(i, kept(i));
    for (int i : pass.full) {
      const LoopProgram::Node &n = node(i);
      if (n.kind != Kind::Scan) {
        std::string value = nodes_.get(i);
        if (n.cached)
          text_.line("{} = {};", kept(i), value);
        continue;
      }
      if (nodes_.isKnown(i))
        continue;
      // A complex 1 times infinity is not infinity: the first product is the first element.
      std::string state = fmt::format("s{}", i), element = nodes_.get(n.operands[0]);
      std::string next = scanned(i, state, element);
      if (!goesOn(i))
        next = fmt::format("r == 0 ? {} : {}", element, next);
      text_.line("{} = {};", state, next);
      nodes_.set(i, state);
    }
    for (int i : pass.reductions) {
      std::string state = fmt::format("s{}", i), element = nodes_.get(node(i).operands[0]);
      if (node(i).kind == Kind::ArgReduce)
        text_.line("if ({0}.index == kNoIndex || {1}) {0} = {{{2}, r}};", state,
                   isBetter(i, element, state + ".value"), element);
      else
        text_.line("{} = {};", state, combined(i, state, element));
    }
    for (int store : pass.fullStores)
      nodes_.store(loops_.stores[size_t(store)]);
  }

  //===--- teams: sums -------------------------------------------------===//

  std::string stateType(int i) const {
    std::string value = valueTypeName(sumType(node(i)));
    return node(i).kind == Kind::ArgReduce ? "Best<" + value + ">" : value;
  }

  std::string initial(int i) const {
    const LoopProgram::Node &n = node(i);
    DType type = sumType(n);
    if (n.kind == Kind::ArgReduce)
      return fmt::format("{{{}, kNoIndex}}", zeroLiteral(type));
    switch (n.reduce) {
    case ReduceKind::Sum:
    case ReduceKind::Any:
      return zeroLiteral(type);
    case ReduceKind::Prod:
    case ReduceKind::All:
      return literal(type, 1.0);
    case ReduceKind::Max:
      return literal(type, type == DType::b1 ? 0 : -INFINITY);
    case ReduceKind::Min:
      return literal(type, type == DType::b1 ? 1 : INFINITY);
    }
    llvm_unreachable("a kind of reduction without a neutral element");
  }

  std::string combined(int i, const std::string &x, const std::string &y) const {
    static constexpr ScalarOp ops[] = {ScalarOp::Add,       ScalarOp::Multiply,
                                       ScalarOp::Maximum,   ScalarOp::Minimum,
                                       ScalarOp::BitwiseOr, ScalarOp::BitwiseAnd};
    return applied(ops[size_t(node(i).reduce)], sumType(node(i)), {x, y});
  }

  std::string isBetter(int i, const std::string &x, const std::string &y) const {
    bool isComplex = kindOf(sumType(node(i))) == DTypeKind::Complex;
    return fmt::format("{}{}({}, {})", node(i).isMin ? "isLess" : "isGreater",
                       isComplex ? "Complex" : "", x, y);
  }

  /// Two states of different elements as one.
  std::string merged(int i, const std::string &x, const std::string &y) const {
    if (node(i).kind != Kind::ArgReduce)
      return combined(i, x, y);
    return fmt::format("mergedBest({}, {}, {}, {})", x, y, isBetter(i, x + ".value", y + ".value"),
                       isBetter(i, y + ".value", x + ".value"));
  }

  /// Whether the order of the two shows: of zeros with different signs, in their maximum.
  bool isOrdered(int i) const {
    DTypeKind kind = kindOf(sumType(node(i)));
    return node(i).kind == Kind::Reduce &&
           (node(i).reduce == ReduceKind::Max || node(i).reduce == ReduceKind::Min) &&
           (kind == DTypeKind::Float || kind == DTypeKind::Complex);
  }

  /// The threads' states become one, which all of them have.
  void meet(llvm::ArrayRef<int> reductions) {
    if (grid_.team == 1 || reductions.empty())
      return;
    if (!grid_.rows())
      return meetInMemory(reductions, grid_.team, "worker", "");
    text_.line("#pragma unroll");
    text_.block(
        fmt::format("for (int bits = {}; bits > 0; bits /= 2)", std::min(grid_.team, kWarp) / 2),
        [&] {
          for (int i : reductions) {
            std::string state = fmt::format("s{}", i), other = fmt::format("other{}", i);
            text_.line("const {} {} = shuffled({}, bits);", stateType(i), other, state);
            if (isOrdered(i))
              text_.line("{} = worker & bits ? {} : {};", state, merged(i, other, state),
                         merged(i, state, other));
            else
              text_.line("{} = {};", state, merged(i, state, other));
          }
        });
    if (grid_.team > kWarp)
      meetInMemory(reductions, grid_.team / kWarp, fmt::format("worker / {}", kWarp),
                   fmt::format("worker % {} == 0", kWarp));
  }

  /// `parts` states of each point meet in shared memory, one after the other.
  void meetInMemory(llvm::ArrayRef<int> reductions, int parts, const std::string &part,
                    const std::string &condition) {
    for (int i : reductions)
      text_.line("__shared__ {} parts{}[{}][{}];", stateType(i), i, parts, grid_.perBlock);
    text_.block(condition.empty() ? "" : "if (" + condition + ")", [&] {
      for (int i : reductions)
        text_.line("parts{0}[{1}][slot] = s{0};", i, part);
    });
    text_.line("__syncthreads();");
    for (int i : reductions)
      text_.line("s{0} = parts{0}[0][slot];", i);
    text_.line("#pragma unroll");
    text_.block(fmt::format("for (int part = 1; part < {}; ++part)", parts), [&] {
      for (int i : reductions) {
        text_.line("const {} other{} = parts{}[part][slot];", stateType(i), i, i);
        text_.line("s{} = {};", i, merged(i, fmt::format("s{}", i), fmt::format("other{}", i)));
      }
    });
  }

  /// The reduction's result is known from here on.
  void finish(int i) {
    const LoopProgram::Node &n = node(i);
    std::string state = fmt::format("s{}", i);
    nodes_.define(i, n.kind == Kind::ArgReduce ? state + ".index"
                                               : converted(sumType(n), n.type, state));
  }

  const FusedGrid &grid_;
  const LoopProgram &loops_;
  KernelText kernel_;
  CudaText &text_;
  FusedNodes nodes_;
  bool isExact_ = true;
};

} // namespace

KernelText emitFused(const FusedGrid &grid, unsigned inputs) {
  return FusedEmitter(grid, inputs).emit();
}

} // namespace ricci
