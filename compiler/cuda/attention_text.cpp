//===- attention_text.cpp - what kernels of attention have in common -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/attention_text.h"

#include "compiler/cuda/scalars.h"

#include <algorithm>
#include <cmath>

namespace ricci {

static constexpr const char *kPointers[] = {"q", "k", "v", "o"}, *kLetters[] = {"Q", "K", "V", "O"};

static FusedGrid gridOf(const Attention &attention, bool isWide) {
  FusedGrid grid;
  grid.loops = attention.logits;
  grid.isWide = isWide;
  return grid;
}

AttentionText::AttentionText(const AttentionGrid &grid, unsigned inputs)
    : g_(grid), a_(grid.attention), text_(kernel_.body), index_(grid.isWide ? "i64" : "int"),
      logits_(gridOf(grid.attention, grid.isWide)), nodes_(text_, logits_, inputs) {
  m_ = totalExtent(a_.rows), n_ = totalExtent(a_.keys);
  depth_ = totalExtent(a_.depth), columns_ = totalExtent(a_.columns);
}

const char *AttentionText::pointer(Buffer buffer) const { return kPointers[buffer]; }

std::string AttentionText::offset(const char *dims, Buffer buffer, const std::string &index) const {
  return fmt::format("{}Of{}({})", dims, kLetters[buffer], index);
}

std::string AttentionText::scale() const {
  return literal(DType::f32, double(float(a_.scale * M_LOG2E)));
}

//===- the block --------------------------------------------------------------------------===//

void AttentionText::open(const std::string &schedule) {
  std::string types(shortName(a_.type));
  if (a_.result != a_.type)
    types = fmt::format("{0}_{0}_{1}", types, shortName(a_.result));
  kernel_.name = fmt::format("attention_{}_{}x{}", types, g_.rows, g_.keys);
  std::replace(types.begin(), types.end(), '_', ' ');
  kernel_.title = fmt::format("attention {} {}x{}", types, g_.rows, g_.keys);
  kernel_.schedule = schedule;
  kernel_.blocksAtOnce = g_.blocksAtOnce > 1 ? g_.blocksAtOnce : 0;
  kernel_.grid.threads = {uint32_t(g_.threads()), 1, 1};
  for (Buffer buffer : {Attention::Q, Attention::K, Attention::V, Attention::Result}) {
    bool isResult = buffer == Attention::Result;
    kernel_.parameters.push_back(fmt::format("{}{} *__restrict__ {}", isResult ? "" : "const ",
                                             storageTypeName(isResult ? a_.result : a_.type),
                                             pointer(buffer)));
    if (!a_.batch.empty())
      defineOffset("batch", a_.batch, buffer);
  }
  for (int access : a_.read)
    kernel_.parameters.push_back(fmt::format(
        "const {} *__restrict__ {}", storageTypeName(a_.logits.accesses[size_t(access)].type),
        nodes_.pointer(access)));
  defineOffset("row", a_.rows, Attention::Q);
  defineOffset("depth", a_.depth, Attention::Q);
  defineOffset("key", a_.keys, Attention::K);
  defineOffset("depth", a_.depth, Attention::K);
  defineOffset("key", a_.keys, Attention::V);
  defineOffset("column", a_.columns, Attention::V);
  defineOffset("row", a_.rows, Attention::Result);
  defineOffset("column", a_.columns, Attention::Result);

  defineBlock(kernel_, g_.blocks(), index_);
  if (a_.batch.empty()) {
    text_.line("const {} row0 = block * {};", index_, g_.rows);
  } else {
    text_.line("const {} batch = block / {};", index_, g_.tilesOfRows());
    text_.line("const {} row0 = block % {} * {};", index_, g_.tilesOfRows(), g_.rows);
    for (Buffer buffer : {Attention::Q, Attention::K, Attention::V, Attention::Result})
      text_.line("{} += {};", pointer(buffer), offset("batch", buffer, "batch"));
    if (!a_.isPlain())
      defineAxes(a_.batchAxes, "batch");
  }
  // The compiler knows that it is not negative.
  text_.line("const int thread = (int)threadIdx.x & {};", g_.threads() - 1);
}

void AttentionText::defineOffset(const char *name, const Dims &dims, Buffer buffer) {
  ricci::defineOffset(kernel_, fmt::format("{}Of{}", name, kLetters[buffer]), dims, buffer, index_);
}

//===- tiles ------------------------------------------------------------------------------===//

void AttentionText::declareShared(const std::string &type, llvm::ArrayRef<Array> arrays) {
  auto extents = [](llvm::ArrayRef<int> list) {
    std::string text;
    for (int extent : list)
      text += fmt::format("[{}]", extent);
    return text;
  };
  auto elements = [](const Array &array) {
    int64_t count = 1;
    for (int extent : array.extents)
      count *= extent;
    return count;
  };
  int alignment = g_.byGroups ? kGroupAlignment : kTileAlignment;
  int64_t bytes = 0;
  for (const Array &array : arrays)
    bytes += elements(array) * (type == "float" ? 4 : 2);
  if (bytes <= kStaticSharedBytes) {
    for (const Array &array : arrays)
      text_.line("__shared__ __align__({}) {} {}{};", alignment, type, array.name,
                 extents(array.extents));
    return;
  }
  kernel_.grid.sharedBytes = uint32_t(bytes);
  text_.line("extern __shared__ __align__({}) {} shared[];", alignment, type);
  int64_t from = 0;
  for (const Array &array : arrays) {
    std::string inner = extents(llvm::ArrayRef(array.extents).drop_front());
    text_.line("{0} (*const {1}){2} = ({0} (*){2})(shared + {3});", type, array.name, inner, from);
    from += elements(array);
  }
}

void AttentionText::declareAlignments() {
  auto declare = [&](Buffer buffer, int run, DType type) {
    if (run > 1)
      text_.line("const bool isAligned{} = isAlignedTo({}, {});", kLetters[buffer],
                 run * int(itemSize(type)), pointer(buffer));
  };
  declare(Attention::Q, g_.queryRun, a_.type);
  declare(Attention::K, g_.k.run, a_.type);
  declare(Attention::V, g_.v.run, a_.type);
  declare(Attention::Result, g_.resultRun, a_.result);
}

void AttentionText::eachCopy(bool mayBeUnaligned, const char *letter,
                             llvm::function_ref<void(const char *copy)> body) {
  if (!mayBeUnaligned)
    return body("copyAsync");
  text_.block(fmt::format("if (isAligned{})", letter), [&] { body("copyAsync"); });
  text_.block("else", [&] { body("copyElements"); });
}

/// Eight lines of a group's tile are in different banks.
std::string AttentionText::inTile(const AttentionGrid::Side &side, const std::string &tile) {
  if (!side.swizzled)
    return tile + "[line][place]";
  return fmt::format("{0}[place / {1} * {2} + line][place % {1} ^ line % 8 * {3}]", tile,
                     side.pitch, side.lines, side.pitch / 8);
}

void AttentionText::fetchTile(Buffer buffer, const std::string &to) {
  const AttentionGrid::Side &side = buffer == Attention::K ? g_.k : g_.v;
  bool isK = buffer == Attention::K;
  int perLine = side.length / side.run, moves = side.lines * perLine, threads = g_.threads();
  const char *inner = isK ? "depth" : "column";
  int64_t extent = isK ? depth_ : columns_;
  std::string exists;
  if (n_ % g_.keys != 0)
    exists = fmt::format("key0 + key < {}", n_);
  if (extent != (isK ? g_.depth : g_.columns))
    exists += fmt::format("{}{} < {}", exists.empty() ? "" : " && ", inner, extent);
  std::string from = fmt::format("{} + {}", offset("key", buffer, "key0 + key"),
                                 offset(inner, buffer, inner)),
              place = inTile(side, to), address = pointer(buffer);
  bool isAsync = side.run * itemSize(a_.type) >= 4;
  eachCopy(side.run > 1, kLetters[buffer], [&](const char *copy) {
    text_.unrolled("i", (moves + threads - 1) / threads, [&] {
      text_.line("const int move = thread + i * {};", threads);
      if (side.linesFirst)
        text_.line("const int line = move % {0}, place = move / {0};", side.lines);
      else
        text_.line("const int line = move / {0}, place = move % {0}{1};", perLine,
                   side.run == 1 ? "" : fmt::format(" * {}", side.run));
      text_.line("const int key = {}, {} = {};", side.keysInside ? "place" : "line", inner,
                 side.keysInside ? "line" : "place");
      text_.block(moves % threads == 0 ? "" : fmt::format("if (move < {})", moves), [&] {
        if (isAsync)
          text_.line("{}<{}>(&{}, {} + ({}), {});", copy, side.run, place, address, from,
                     exists.empty() ? "true" : exists);
        else
          text_.line("{} = {};", place,
                     exists.empty() ? fmt::format("{}[{}]", address, from)
                                    : fmt::format("{} ? {}[{}] : {}{{}}", exists, address, from,
                                                  storageTypeName(a_.type)));
      });
    });
  });
}

//===- logits -----------------------------------------------------------------------------===//

bool AttentionText::readsAxis(int axis) const {
  auto uses = [&](const LoopProgram::Numbers &numbers) { return numbers[size_t(axis)] != 0; };
  for (const LoopProgram::Node &node : a_.logits.nodes) {
    if (node.kind == LoopProgram::Kind::Position && uses(node.index.factors))
      return true;
    for (const LoopProgram::Guard &guard : node.guards)
      if (uses(guard.index.factors))
        return true;
  }
  return llvm::any_of(a_.read,
                      [&](int access) { return uses(a_.logits.accesses[size_t(access)].strides); });
}

void AttentionText::defineAxes(llvm::ArrayRef<int> axes, const std::string &linear) {
  int64_t inner = 1;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    int64_t extent = a_.logits.axes[size_t(axis)].extent;
    std::string at = inner == 1 ? linear : fmt::format("{} / {}", linear, inner);
    if (i + 1 < axes.size())
      at += fmt::format(" % {}", extent);
    inner *= extent;
    if (readsAxis(axis))
      text_.line("const {} i{} = {};", index_, axis, at);
  }
}

void AttentionText::emitRescale(const std::string &most) {
  text_.line("largest = fmaxf({}, largest * {});", most, scale());
  text_.line("// So far there may be no logit but -infinity: its power is 0, not NaN.");
  text_.line("const float shift = largest == -kInfinity ? 0.0f : largest;");
  text_.line("const float rescale = exp2Approximate({} - shift);", most);
  text_.line("{} = largest;", most);
}

void AttentionText::logit(const std::string &score) {
  std::string exists;
  if (n_ % g_.keys != 0)
    exists = fmt::format("key < {}", n_);
  if (!a_.read.empty() && m_ % g_.rows != 0)
    exists += fmt::format("{}row < {}", exists.empty() ? "" : " && ", m_);
  text_.line("const float score = {};", score);
  if (!exists.empty())
    text_.line("{} = -kInfinity;", score);
  nodes_.block(exists.empty() ? "{" : "if (" + exists + ")", [&] {
    defineAxes(a_.rowAxes, "row");
    defineAxes({a_.keyAxis}, "key");
    nodes_.set(a_.score, "score");
    text_.line("{} = {};", score, nodes_.get(a_.logit));
  });
}

} // namespace ricci
