//===- contract_tiles.cpp - tiles of A and B on their way ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Several tiles are in shared memory at once: while the oldest is multiplied, the others come.
//
//   fetch(stage, depth)  copies that are under way, or loads into registers
//   land(stage)          registers into the tile, for what is cast or cannot be copied
//
//   for each step: wait for the oldest tile; barrier; fetch into the place of the one before it;
//                  multiply; land
//
// The barrier says both that the oldest tile is there for everyone and that nobody reads the one
// before any more. Groups of warps go on before their products are done: they still read the one
// before, and the one before that is free.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"
#include "compiler/cuda/scalars.h"

#include <algorithm>

namespace ricci {

/// Of the type in CUDA C++.
static size_t alignmentOf(DType type) {
  return kindOf(type) == DTypeKind::Complex ? itemSize(type) / 2 : itemSize(type);
}

std::string ContractText::tileType(int side) const {
  return g_.unit == ContractGrid::Unit::F16 || g_.unit == ContractGrid::Unit::Bf16
             ? storageTypeName(g_.operands[side])
             : sum_;
}

size_t ContractText::tileItemBytes(int side) const {
  return tileType(side) == sum_ ? sumBytes_ : itemSize(g_.operands[side]);
}

std::string ContractText::inTile(int side, const std::string &stage, const std::string &row,
                                 const std::string &place) const {
  const ContractGrid::Side &s = g_.sides[side];
  if (!s.swizzled)
    return fmt::format("tile{}[{}][{}][{}]", letter(side), stage, row, place);
  // Of a row that is longer than the tile's the pieces follow each other.
  bool isInPieces = !s.deep && s.pitch < g_.sideOfTile(side);
  std::string piece = isInPieces ? fmt::format(" + ({}) / {} * {}", place, s.pitch, g_.depth) : "",
              at = isInPieces ? fmt::format("({}) % {}", place, s.pitch) : place;
  return fmt::format("tile{0}[{1}][{2}{3}][placeIn{0}({2}, {4})]", letter(side), stage, row, piece,
                     at);
}

void ContractText::eachMove(int side, llvm::function_ref<void()> body) {
  const ContractGrid::Side &s = g_.sides[side];
  // Neighbouring threads are along what is contiguous in memory.
  int inside = (s.depthFirst ? g_.depth : g_.sideOfTile(side)) / s.run;
  const char *inner = s.depthFirst ? "k" : "side", *outer = s.depthFirst ? "side" : "k";
  std::string by = s.run == 1 ? "" : fmt::format(" * {}", s.run);
  text_.unrolled("i", movesOfThread(side), [&] {
    if (s.deep && !s.depthFirst && !s.turned) {
      // Sectors of 32 bytes of memory, and all banks of the tile.
      text_.line("const int at = thread + i * {};", g_.threads());
      text_.line("const int side = at % 8 + at / 32 % {} * 8, k = at / 8 % 4 + at / {} * 4;",
                 inside / 8, inside * 4);
    } else if (s.turned) {
      text_.line("const int at = thread + i * {}, step = at % {};", g_.threads(), inside);
      text_.line(
          "const int {3} = step / {0} % {0} + step % {0} * {0} + step / {1} * {1}, {4} = at / {2};",
          kPiece, kPiece * kPiece, inside, inner, outer);
    } else if (g_.threads() % inside == 0) {
      text_.line("const int {} = thread % {}{}, {} = thread / {} + i * {};", inner, inside, by,
                 outer, inside, g_.threads() / inside);
    } else {
      text_.line("const int at = thread + i * {};", g_.threads());
      text_.line("const int {0} = at % {2}{3}, {1} = at / {2};", inner, outer, inside, by);
    }
    std::string exists;
    if (moves(side) % g_.threads() != 0)
      exists = fmt::format("if ({} < {})", outer, s.depthFirst ? g_.sideOfTile(side) : g_.depth);
    text_.block(exists, body);
  });
}

std::string ContractText::isInside(int side, const std::string &place,
                                   const std::string &depth) const {
  std::string text;
  int64_t extent = side == 0 ? m_ : n_;
  if (extent % g_.sideOfTile(side) != 0)
    text = fmt::format("{} + {} < {}", side == 0 ? "row0" : "column0", place, extent);
  if (k_ % g_.depth != 0)
    text += fmt::format("{}depth + {} < {}", text.empty() ? "" : " && ", depth, k_);
  return text;
}

std::string ContractText::elementAt(const std::string &buffer, int side, const std::string &along,
                                    const std::string &depth) {
  return side == 0
             ? fmt::format("rowOf{0}(row0 + {1}) + depthOf{0}(depth + {2})", buffer, along, depth)
             : fmt::format("depthOf{0}(depth + {2}) + columnOf{0}(column0 + {1})", buffer, along,
                           depth);
}

//===- the arrays -------------------------------------------------------------------------===//

void ContractText::declareTiles() {
  if (g_.isSharedDynamic()) {
    kernel_.grid.sharedBytes = uint32_t(g_.sharedBytes());
    text_.line("extern __shared__ __align__({}) char shared[];",
               g_.byGroups ? kGroupAlignment : kTileAlignment);
  }
  for (int side : {0, 1}) {
    const ContractGrid::Side &s = g_.sides[side];
    if (s.swizzled) {
      // Eight rows of a matrix are in different banks: of 128 bytes, or of several rows together.
      int run = kVectorBytes / int(tileItemBytes(side));
      int runs = s.pitch / run, rowsOfLine = std::max(1, 8 / runs);
      std::string row = rowsOfLine == 1 ? "row" : fmt::format("row / {}", rowsOfLine);
      kernel_.helpers.line(
          "FN int placeIn{}(int row, int place) {{ return place ^ {} % {} * {}; }}", letter(side),
          row, std::min(runs, 8), run);
    }
    if (g_.isSharedDynamic())
      text_.line("auto *const tile{0} = ({1} (*)[{2}][{3}])(shared{4});", letter(side),
                 tileType(side), s.rows, s.pitch,
                 side == 0 ? "" : fmt::format(" + {}", g_.stages * g_.tileBytes[0]));
    else
      text_.line("__shared__ __align__({}) {} tile{}[{}][{}][{}];",
                 g_.byGroups ? kGroupAlignment : kTileAlignment, tileType(side), letter(side),
                 g_.stages, s.rows, s.pitch);
    bool isHalf = tileType(side) != sum_;
    if (!s.async)
      text_.line("{} next{}[{}]{};",
                 side == g_.computed ? storageTypeName(memoryType(side)) : tileType(side),
                 letter(side), movesOfThread(side), isHalf ? fmt::format("[{}]", s.run) : "");
  }
}

//===- into them --------------------------------------------------------------------------===//

std::string ContractText::placeOfMove(int side, const std::string &more) const {
  return g_.sides[side].deep ? inTile(side, "stage", "side", "k" + more)
                             : inTile(side, "stage", "k", "side" + more);
}

bool ContractText::mayBeUnaligned(int side) const {
  const ContractGrid::Side &s = g_.sides[side];
  return s.async && s.run * itemSize(g_.operands[side]) > alignmentOf(g_.operands[side]);
}

void ContractText::copy(int side, const char *function) {
  eachMove(side, [&] {
    std::string inside = isInside(side, "side", "k");
    std::string cast = tileType(side) == storageTypeName(g_.operands[side])
                           ? ""
                           : fmt::format("(const {} *)", tileType(side));
    text_.line("{}<{}>(&{}, {}{} + ({}), {});", function, g_.sides[side].run, placeOfMove(side, ""),
               cast, side == 0 ? "a" : "b", elementAt(letter(side), side, "side", "k"),
               inside.empty() ? "true" : inside);
  });
}

void ContractText::loadRegisters(int side) {
  const ContractGrid::Side &s = g_.sides[side];
  auto load = [&](const std::string &to, const char *lane) {
    std::string along = std::string("side") + (s.depthFirst ? "" : lane),
                depth = std::string("k") + (s.depthFirst ? lane : "");
    std::string element =
        fmt::format("{}[{}]", side == 0 ? "a" : "b", elementAt(letter(side), side, along, depth));
    std::string value = element, type = tileType(side), inside = isInside(side, along, depth);
    if (side == g_.computed) // when it lands
      type = storageTypeName(memoryType(side));
    else if (type == sum_)
      value = summand(g_.operands[side], element);
    text_.line("{} = {};", to,
               inside.empty() ? value : fmt::format("{} ? {} : {}{{}}", inside, value, type));
  };
  eachMove(side, [&] {
    if (tileType(side) == sum_)
      return load(fmt::format("next{}[i]", letter(side)), "");
    text_.unrolled("j", s.run, [&] { load(fmt::format("next{}[i][j]", letter(side)), " + j"); });
  });
}

void ContractText::storeRegisters(int side) {
  bool isHalf = tileType(side) != sum_, depthFirst = g_.sides[side].depthFirst;
  auto store = [&](const std::string &to, const std::string &from, const char *lane) {
    if (side != g_.computed)
      return text_.line("{} = {};", to, from);
    // The operations of nothing may be something.
    std::string along = std::string("side") + (depthFirst ? "" : lane),
                depth = std::string("k") + (depthFirst ? lane : ""),
                inside = isInside(side, along, depth);
    if (!inside.empty())
      text_.line("{} = {}{{}};", to, tileType(side));
    text_.block(inside.empty() ? "{" : fmt::format("if ({})", inside), [&] {
      std::string value = prologue(from, along, depth);
      text_.line("{} = {};", to, isHalf ? value : summand(g_.operands[side], value));
    });
  };
  eachMove(side, [&] {
    std::string from = fmt::format("next{}[i]", letter(side));
    if (!isHalf)
      return store(placeOfMove(side, ""), from, "");
    text_.unrolled("j", g_.sides[side].run,
                   [&] { store(placeOfMove(side, " + j"), from + "[j]", " + j"); });
  });
}

//===- step by step -----------------------------------------------------------------------===//

void ContractText::emitSteps(Multiply multiply) {
  text_.blank();
  std::string aligned;
  for (int side : {0, 1})
    if (mayBeUnaligned(side))
      aligned +=
          fmt::format("{}isAlignedTo({}, {})", aligned.empty() ? "" : " && ",
                      g_.sides[side].run * itemSize(g_.operands[side]), side == 0 ? "a" : "b");
  if (usesRegisters())
    text_.lambda(fmt::format("auto land = [&](int stage{})",
                             g_.prologue ? fmt::format(", {} depth", index_) : ""),
                 [&] {
                   for (int side : {0, 1})
                     if (!g_.sides[side].async)
                       storeRegisters(side);
                 });
  if (aligned.empty()) {
    emitLoop("copyAsync", "#pragma unroll", multiply);
  } else {
    text_.block(fmt::format("if ({})", aligned),
                [&] { emitLoop("copyAsync", "#pragma unroll", multiply); });
    // At other addresses element by element, in few lines: they are rare.
    text_.block("else", [&] { emitLoop("copyElements", "#pragma unroll 2", multiply); });
  }
  defineAlignment();
}

void ContractText::emitLoop(const char *copyVectors, const char *unroll, Multiply multiply) {
  text_.lambda(fmt::format("auto fetch = [&](int stage, {} depth)", index_), [&] {
    for (int side : {0, 1})
      if (!g_.sides[side].async)
        loadRegisters(side);
      else
        copy(side, mayBeUnaligned(side) ? copyVectors : "copyAsync");
    if (isAsync())
      text_.line("commitCopies();");
  });
  // Of a short sum all tiles come at once. Groups of warps may still read the tile before.
  int held = g_.byGroups ? 2 : 1;
  int ahead = int(std::min<int64_t>(g_.stages - held, (k_ + g_.depth - 1) / g_.depth));
  int last = ahead + held - 1;
  text_.line("#pragma unroll 1");
  text_.block(fmt::format("for (int stage = 0; stage < {}; ++stage)", ahead), [&] {
    text_.line("fetch(stage, stage * {});", g_.depth);
    if (usesRegisters())
      text_.line("land(stage{});", g_.prologue ? fmt::format(", stage * {}", g_.depth) : "");
  });
  text_.line("int now = 0;");
  text_.block(fmt::format("for ({} depth = 0; depth < {}; depth += {})", index_, k_, g_.depth),
              [&] {
                // Of the groups of copies one is as old as its tile; at the end they are empty.
                if (isAsync())
                  text_.line("waitForCopies<{}>();", ahead - 1);
                if (g_.byGroups)
                  text_.line("publishTiles();");
                text_.line("__syncthreads();");
                if (held == 1)
                  text_.line("const int next = now == 0 ? {} : now - 1;", ahead);
                else
                  text_.line("const int next = now < {} ? now + {} : now - {};", held, ahead, held);
                text_.line("const bool isMore = depth + {} < {};", ahead * g_.depth, k_);
                text_.line("if (isMore) fetch(next, depth + {});", ahead * g_.depth);
                if (isAsync())
                  text_.line("else commitCopies();");
                multiply(unroll);
                if (usesRegisters())
                  text_.line("if (isMore) land(next{});",
                             g_.prologue ? fmt::format(", depth + {}", ahead * g_.depth) : "");
                text_.line("now = now == {} ? 0 : now + 1;", last);
              });
}

} // namespace ricci
