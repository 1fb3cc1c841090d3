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
// before any more.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/contract_text.h"
#include "compiler/cuda/scalars.h"

#include <algorithm>

namespace ricci {

/// Bytes of all banks.
static constexpr int kTileAlignment = 128;

/// Of the type in CUDA C++.
static size_t alignmentOf(DType type) {
  return kindOf(type) == DTypeKind::Complex ? itemSize(type) / 2 : itemSize(type);
}

std::string ContractText::tileType(int side) const {
  return g_.unit == ContractGrid::Unit::F16 || g_.unit == ContractGrid::Unit::Bf16
             ? storageTypeName(g_.operands[side])
             : sum_;
}

std::string ContractText::inTile(int side, const std::string &stage, const std::string &row,
                                 const std::string &place) const {
  std::string at =
      g_.sides[side].swizzled ? fmt::format("placeIn{}({}, {})", letter(side), row, place) : place;
  return fmt::format("tile{}[{}][{}][{}]", letter(side), stage, row, at);
}

void ContractText::eachMove(int side, llvm::function_ref<void()> body) {
  const ContractGrid::Side &s = g_.sides[side];
  // Neighbouring threads are along what is contiguous in memory.
  int inside = (s.depthFirst ? g_.depth : g_.sideOfTile(side)) / s.run;
  const char *inner = s.depthFirst ? "k" : "side", *outer = s.depthFirst ? "side" : "k";
  std::string by = s.run == 1 ? "" : fmt::format(" * {}", s.run);
  text_.unrolled("i", movesOfThread(side), [&] {
    if (g_.threads() % inside == 0) {
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

std::string ContractText::elementAt(int side, const std::string &along,
                                    const std::string &depth) const {
  return side == 0 ? fmt::format("rowOfA(row0 + {}) + depthOfA(depth + {})", along, depth)
                   : fmt::format("depthOfB(depth + {}) + columnOfB(column0 + {})", depth, along);
}

//===- the arrays -------------------------------------------------------------------------===//

void ContractText::declareTiles() {
  for (int side : {0, 1}) {
    const ContractGrid::Side &s = g_.sides[side];
    if (s.swizzled) {
      // Eight rows of a matrix are in different banks: of 128 bytes, or of several rows together.
      int runs = s.pitch / s.run, rowsOfLine = std::max(1, 8 / runs);
      std::string row = rowsOfLine == 1 ? "row" : fmt::format("row / {}", rowsOfLine);
      kernel_.helpers.line(
          "FN int placeIn{}(int row, int place) {{ return place ^ {} % {} * {}; }}", letter(side),
          row, std::min(runs, 8), s.run);
    }
    text_.line("__shared__ __align__({}) {} tile{}[{}][{}][{}];", kTileAlignment, tileType(side),
               letter(side), g_.stages, s.deep ? g_.sideOfTile(side) : g_.depth, s.pitch);
    bool isHalf = tileType(side) != sum_;
    if (!s.async)
      text_.line("{} next{}[{}]{};", tileType(side), letter(side), movesOfThread(side),
                 isHalf ? fmt::format("[{}]", s.run) : "");
    // What is a multiple of fewer bytes goes element by element.
    if (s.async && s.run * itemSize(g_.operands[side]) > alignmentOf(g_.operands[side]))
      text_.line("const bool isAligned{} = isAlignedTo({}, {});", letter(side),
                 s.run * itemSize(g_.operands[side]), side == 0 ? "a" : "b");
  }
}

//===- into them --------------------------------------------------------------------------===//

std::string ContractText::placeOfMove(int side, const std::string &more) const {
  return g_.sides[side].deep ? inTile(side, "stage", "side", "k" + more)
                             : inTile(side, "stage", "k", "side" + more);
}

void ContractText::copyAsync(int side) {
  const ContractGrid::Side &s = g_.sides[side];
  size_t bytes = s.run * itemSize(g_.operands[side]);
  bool isAlways = bytes <= alignmentOf(g_.operands[side]);
  eachMove(side, [&] {
    std::string inside = isInside(side, "side", "k");
    std::string cast = tileType(side) == storageTypeName(g_.operands[side])
                           ? ""
                           : fmt::format("(const {} *)", tileType(side));
    text_.line("copyAsync<{}>(&{}, {}{} + ({}), {}, {});", s.run, placeOfMove(side, ""), cast,
               side == 0 ? "a" : "b", elementAt(side, "side", "k"),
               inside.empty() ? "true" : inside,
               isAlways ? "true" : fmt::format("isAligned{}", letter(side)));
  });
}

void ContractText::loadRegisters(int side) {
  const ContractGrid::Side &s = g_.sides[side];
  auto load = [&](const std::string &to, const char *lane) {
    std::string along = std::string("side") + (s.depthFirst ? "" : lane),
                depth = std::string("k") + (s.depthFirst ? lane : "");
    std::string element =
        fmt::format("{}[{}]", side == 0 ? "a" : "b", elementAt(side, along, depth));
    std::string value = tileType(side) == sum_ ? summand(g_.operands[side], element) : element;
    std::string inside = isInside(side, along, depth);
    text_.line("{} = {};", to,
               inside.empty() ? value
                              : fmt::format("{} ? {} : {}{{}}", inside, value, tileType(side)));
  };
  eachMove(side, [&] {
    if (tileType(side) == sum_)
      return load(fmt::format("next{}[i]", letter(side)), "");
    text_.unrolled("j", s.run, [&] { load(fmt::format("next{}[i][j]", letter(side)), " + j"); });
  });
}

void ContractText::storeRegisters(int side) {
  eachMove(side, [&] {
    if (tileType(side) == sum_)
      return text_.line("{} = next{}[i];", placeOfMove(side, ""), letter(side));
    text_.unrolled("j", g_.sides[side].run, [&] {
      text_.line("{} = next{}[i][j];", placeOfMove(side, " + j"), letter(side));
    });
  });
}

//===- step by step -----------------------------------------------------------------------===//

void ContractText::emitSteps(llvm::function_ref<void()> multiply) {
  text_.blank();
  text_.lambda(fmt::format("auto fetch = [&](int stage, {} depth)", index_), [&] {
    for (int side : {0, 1})
      g_.sides[side].async ? copyAsync(side) : loadRegisters(side);
    if (isAsync())
      text_.line("commitCopies();");
  });
  if (usesRegisters())
    text_.lambda("auto land = [&](int stage)", [&] {
      for (int side : {0, 1})
        if (!g_.sides[side].async)
          storeRegisters(side);
    });
  // Of a short sum all tiles come at once.
  int ahead = int(std::min<int64_t>(g_.stages - 1, (k_ + g_.depth - 1) / g_.depth));
  text_.unrolled("stage", ahead, [&] {
    text_.line("fetch(stage, stage * {});", g_.depth);
    if (usesRegisters())
      text_.line("land(stage);");
  });
  text_.line("int now = 0;");
  text_.block(fmt::format("for ({} depth = 0; depth < {}; depth += {})", index_, k_, g_.depth),
              [&] {
                // Of the groups of copies one is as old as its tile; at the end they are empty.
                if (isAsync())
                  text_.line("waitForCopies<{}>();", ahead - 1);
                text_.line("__syncthreads();");
                text_.line("const int next = now == 0 ? {} : now - 1;", ahead);
                text_.line("const bool isMore = depth + {} < {};", ahead * g_.depth, k_);
                text_.line("if (isMore) fetch(next, depth + {});", ahead * g_.depth);
                if (isAsync())
                  text_.line("else commitCopies();");
                multiply();
                if (usesRegisters())
                  text_.line("if (isMore) land(next);");
                text_.line("now = now == {} ? 0 : now + 1;", ahead);
              });
}

} // namespace ricci
