//===- emit_contract.cpp - tiled contractions
//---------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block computes a tile of the result. Step by step along k, tiles of A and B go through
// registers into shared memory, where the next ones are laid down beside those that are multiplied;
// each thread multiplies rows of the one and columns of the other into sums in registers.
//
// Indices along groups of several dims become offsets by functions before the kernel.
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/emit.h"
#include "compiler/cuda/scalars.h"

#include "llvm/ADT/StringExtras.h"

#include <algorithm>

namespace ricci {

namespace {

/// Tiles of rows that are walked through before the next column, so that B stays in the cache.
constexpr int64_t kGroup = 8;
constexpr int kVectorBytes = 16;

bool isHalf(DType type) { return type == DType::f16 || type == DType::bf16; }

class ContractEmitter {
public:
  explicit ContractEmitter(const ContractGrid &grid)
      : g_(grid), text_(kernel_.body), index_(grid.isWide ? "i64" : "int") {
    DTypeKind kind = kindOf(g_.result);
    computed_ = isHalf(g_.result) ? DType::f32 : g_.result;
    bool isInteger = kind == DTypeKind::Int || kind == DTypeKind::UInt;
    sum_ = !isInteger ? valueTypeName(computed_) : itemSize(computed_) == 8 ? "u64" : "u32";
    sumBytes_ = isInteger ? std::max<size_t>(itemSize(computed_), 4) : itemSize(computed_);
    m_ = totalExtent(g_.m), n_ = totalExtent(g_.n), k_ = totalExtent(g_.k);
  }

  KernelText emit() {
    std::string types = typeNames();
    kernel_.name = fmt::format("contract_{}_{}x{}x{}", types, g_.rows, g_.columns, g_.depth);
    std::replace(types.begin(), types.end(), '_', ' ');
    kernel_.title = fmt::format("contract {} {}x{}x{}", types, g_.rows, g_.columns, g_.depth);
    kernel_.schedule =
        fmt::format("tiles of {} x {} a block and {} x {} a thread, {} steps at once", g_.rows,
                    g_.columns, g_.threadRows, g_.threadColumns, g_.depth);
    kernel_.grid.threads = {uint32_t(g_.threads()), 1, 1};
    const char *names[3] = {"a", "b", "c"};
    DType dtypes[3] = {g_.operands[0], g_.operands[1], g_.result};
    for (int i : g_.swapped ? std::array{1, 0, 2} : std::array{0, 1, 2})
      kernel_.parameters.push_back(fmt::format("{}{} *__restrict__ {}", i < 2 ? "const " : "",
                                               storageTypeName(dtypes[i]), names[i]));
    defineOffsets();
    emitStart();
    emitLoads();
    emitSteps();
    emitResult();
    return std::move(kernel_);
  }

private:
  std::string typeNames() const {
    std::string result(shortName(g_.result));
    if (g_.operands[0] == g_.result && g_.operands[1] == g_.result)
      return result;
    return fmt::format("{}_{}_{}", shortName(g_.operands[0]), shortName(g_.operands[1]), result);
  }

  //===--- offsets -----------------------------------------------------===//

  /// `offset of an index of the group` in a buffer, innermost dim first.
  void defineOffset(const std::string &name, const Dims &dims, size_t buffer) {
    std::string sum;
    int64_t inner = 1;
    for (auto [i, dim] : llvm::enumerate(dims)) {
      std::string at = inner == 1 ? "index" : fmt::format("index / {}", inner);
      if (i + 1 < dims.size())
        at += fmt::format(" % {}", dim.extent);
      inner *= dim.extent;
      int64_t stride = dim.strides[buffer];
      if (stride == 0)
        continue;
      std::string place = at == "index" ? at : "(" + at + ")";
      std::string term = stride == 1 ? at : fmt::format("{} * {}", place, stride);
      sum += (sum.empty() ? "" : " + ") + term;
    }
    kernel_.helpers.line("FN {0} {1}({0} index) {{ return {2}; }}", index_, name,
                         sum.empty() ? "0" : sum);
  }

  void defineOffsets() {
    defineOffset("rowOfA", g_.m, 0), defineOffset("depthOfA", g_.k, 0);
    defineOffset("depthOfB", g_.k, 1), defineOffset("columnOfB", g_.n, 1);
    defineOffset("rowOfC", g_.m, 2), defineOffset("columnOfC", g_.n, 2);
    if (g_.batch.empty())
      return;
    defineOffset("batchOfA", g_.batch, 0), defineOffset("batchOfB", g_.batch, 1);
    defineOffset("batchOfC", g_.batch, 2);
  }

  //===--- the block's tile --------------------------------------------===//

  void emitStart() {
    defineBlock(kernel_, g_.blocks(), index_);
    int64_t rowTiles = g_.tilesOfRows(), columnTiles = g_.tilesOfColumns();
    std::string tile = "block";
    if (!g_.batch.empty()) {
      text_.line("const {} batch = block / {};", index_, rowTiles * columnTiles);
      text_.line("const {} tile = block % {};", index_, rowTiles * columnTiles);
      for (const char *name : {"a", "b", "c"})
        text_.line("{} += batchOf{}(batch);", name, char(name[0] - 'a' + 'A'));
      tile = "tile";
    }
    if (rowTiles > kGroup && columnTiles > 1) {
      text_.line("// Neighbouring blocks share rows and columns.");
      text_.line("const {0} group = {1} / {2} * {3}, inGroup = {1} % {2};", index_, tile,
                 kGroup * columnTiles, kGroup);
      text_.line("const {0} rowsInGroup = {1} - group < {2} ? {1} - group : {2};", index_, rowTiles,
                 kGroup);
      text_.line("const {} row0 = (group + inGroup % rowsInGroup) * {};", index_, g_.rows);
      text_.line("const {} column0 = inGroup / rowsInGroup * {};", index_, g_.columns);
    } else {
      text_.line("const {} row0 = {} % {} * {};", index_, tile, rowTiles, g_.rows);
      text_.line("const {} column0 = {} / {} * {};", index_, tile, rowTiles, g_.columns);
    }
    text_.line("const int thread = (int)threadIdx.x;");
    // Rows of the tiles are a vector longer: those along k go into different banks.
    int pad = int(std::max<size_t>(1, kVectorBytes / sumBytes_));
    text_.line("__shared__ __align__({}) {} tileA[2][{}][{}];", kVectorBytes, sum_, g_.depth,
               g_.rows + pad);
    text_.line("__shared__ __align__({}) {} tileB[2][{}][{}];", kVectorBytes, sum_, g_.depth,
               g_.columns + pad);
    text_.line("{} nextA[{}], nextB[{}];", sum_, perThread(g_.rows), perThread(g_.columns));
    text_.line("{} sums[{}][{}] = {{}};", sum_, g_.threadRows, g_.threadColumns);
  }

  int perThread(int side) const { return side * g_.depth / g_.threads(); }

  //===--- from memory into tiles --------------------------------------===//

  /// An element as it is summed.
  std::string summand(DType type, const std::string &element) const {
    std::string value = loaded(type, element);
    if (type != computed_ && !(isHalf(type) && computed_ == DType::f32))
      value = converted(type, computed_, "(" + value + ")");
    return valueTypeName(computed_) == sum_ ? value : fmt::format("({})({})", sum_, value);
  }

  /// The lines of a loop over a thread's elements of the tile of A (side 0) or B.
  void eachElement(int side, llvm::function_ref<void()> body) {
    int extent = side == 0 ? g_.rows : g_.columns;
    text_.unrolled("i", perThread(extent), [&] {
      text_.line("const int at = thread + i * {};", g_.threads());
      if (g_.depthFirst[side])
        text_.line("const int k = at % {0}, side = at / {0};", g_.depth);
      else
        text_.line("const int side = at % {0}, k = at / {0};", extent);
      body();
    });
  }

  void emitLoads() {
    text_.blank();
    text_.lambda(fmt::format("auto load = [&]({} depth)", index_), [&] {
      for (int side : {0, 1}) {
        eachElement(side, [&] {
          bool isA = side == 0;
          std::vector<std::string> inside;
          if ((isA ? m_ : n_) % (isA ? g_.rows : g_.columns) != 0)
            inside.push_back(
                fmt::format("{} + side < {}", isA ? "row0" : "column0", isA ? m_ : n_));
          if (k_ % g_.depth != 0)
            inside.push_back(fmt::format("depth + k < {}", k_));
          std::string element = isA ? "a[rowOfA(row0 + side) + depthOfA(depth + k)]"
                                    : "b[depthOfB(depth + k) + columnOfB(column0 + side)]";
          std::string value = summand(g_.operands[side], element);
          text_.line("next{}[i] = {};", isA ? "A" : "B",
                     inside.empty() ? value
                                    : fmt::format("{} ? {} : {}{{}}", llvm::join(inside, " && "),
                                                  value, sum_));
        });
      }
    });
    text_.lambda("auto put = [&](int buffer)", [&] {
      for (int side : {0, 1})
        eachElement(side, [&] {
          text_.line("tile{0}[buffer][k][side] = next{0}[i];", side == 0 ? "A" : "B");
        });
    });
  }
  //===--- products ----------------------------------------------------===//

  /// Rows (columns) of a thread: runs of a vector each, spread over the tile.
  int run(int count) const {
    return std::min(count, int(std::max<size_t>(1, kVectorBytes / sumBytes_)));
  }
  /// The position in the tile of the i-th row or column of a thread.
  std::string position(int count, int side, const std::string &thread, const std::string &i) const {
    int length = run(count), runs = count / length;
    if (runs == 1)
      return length == 1 ? thread : fmt::format("{} * {} + {}", thread, length, i);
    return fmt::format("{0} / {1} * {2} + {3} * {1} + {0} % {1}", i, length, side / runs, thread);
  }

  void emitSteps() {
    int across = g_.columns / g_.threadColumns;
    text_.line("const int threadRow = thread / {0}, threadColumn = thread % {0};", across);
    text_.line("load(0);");
    text_.line("put(0);");
    text_.line("__syncthreads();");
    text_.line("int now = 0;");
    text_.block(
        fmt::format("for ({} depth = 0; depth < {}; depth += {}, now ^= 1)", index_, k_, g_.depth),
        [&] {
          text_.line("const bool isLast = depth + {} >= {};", g_.depth, k_);
          text_.line("if (!isLast) load(depth + {});", g_.depth);
          text_.unrolled("k", g_.depth, [&] { emitProducts(); });
          text_.line("if (!isLast) put(now ^ 1);");
          text_.line("__syncthreads();");
        });
  }

  void emitProducts() {
    text_.line("__align__({}) {} rows[{}], columns[{}];", kVectorBytes, sum_, g_.threadRows,
               g_.threadColumns);
    auto fetch = [&](const char *to, const char *tile, int count, int side, const char *thread) {
      int length = run(count), runs = count / length;
      for (int i = 0; i < runs; ++i) {
        std::string from =
            fmt::format("tile{}[now][k][{}{} * {}]", tile,
                        i == 0 ? "" : fmt::format("{} + ", i * (side / runs)), thread, length);
        if (length == 1) {
          text_.line("{}[{}] = {};", to, i, from);
          continue;
        }
        text_.line("*(Pack<{0}, {1}> *)&{2}[{3}] = *(const Pack<{0}, {1}> *)&{4};", sum_, length,
                   to, i * length, from);
      }
    };
    fetch("rows", "A", g_.threadRows, g_.rows, "threadRow");
    fetch("columns", "B", g_.threadColumns, g_.columns, "threadColumn");
    text_.unrolled("i", g_.threadRows, [&] {
      text_.unrolled("j", g_.threadColumns, [&] {
        text_.line("sums[i][j] = {};", step("rows[i]", "columns[j]", "sums[i][j]"));
      });
    });
  }

  /// x * y + sum. Floats of contractions are the only ones whose products are not rounded.
  std::string step(const char *x, const char *y, const char *sum) const {
    switch (kindOf(computed_)) {
    case DTypeKind::Bool:
      return fmt::format("{} | ({} & {})", sum, x, y);
    case DTypeKind::Int:
    case DTypeKind::UInt:
      return fmt::format("{} * {} + {}", x, y, sum);
    case DTypeKind::Float:
      return fmt::format("{}({}, {}, {})", computed_ == DType::f64 ? "fma" : "fmaf", x, y, sum);
    case DTypeKind::Complex:
      return fmt::format("multiplyAddComplex({}, {}, {})", x, y, sum);
    }
    llvm_unreachable("a kind without a product");
  }

  //===--- the result --------------------------------------------------===//

  void emitResult() {
    text_.unrolled("i", g_.threadRows, [&] {
      text_.line("const {} row = row0 + {};", index_,
                 position(g_.threadRows, g_.rows, "threadRow", "i"));
      bool wholeRows = m_ % g_.rows == 0, wholeColumns = n_ % g_.columns == 0;
      text_.block(wholeRows ? "" : fmt::format("if (row < {})", m_), [&] {
        text_.unrolled("j", g_.threadColumns, [&] {
          text_.line("const {} column = column0 + {};", index_,
                     position(g_.threadColumns, g_.columns, "threadColumn", "j"));
          text_.block(wholeColumns ? "" : fmt::format("if (column < {})", n_), [&] {
            std::string element = "c[rowOfC(row) + columnOfC(column)]", value = "sums[i][j]";
            if (g_.accumulate) {
              std::string before = summand(g_.result, element);
              value = kindOf(computed_) == DTypeKind::Bool ? fmt::format("({}) | {}", before, value)
                                                           : fmt::format("{} + {}", before, value);
            }
            if (valueTypeName(computed_) != sum_)
              value = fmt::format("({})({})", valueTypeName(computed_), value);
            text_.line("{} = {};", element, stored(g_.result, value));
          });
        });
      });
    });
  }

  const ContractGrid &g_;
  KernelText kernel_;
  CudaText &text_;
  const char *index_;
  DType computed_;
  std::string sum_; ///< the type of the sums
  size_t sumBytes_;
  int64_t m_, n_, k_;
};

} // namespace

KernelText emitContract(const ContractGrid &grid) { return ContractEmitter(grid).emit(); }

} // namespace ricci
