//===- cost_model.cpp - predicted times that choose between kernels -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/cost_model.h"

#include <algorithm>
#include <cmath>

namespace ricci {

/// Bytes a second from memory: of any access, and of streams at their best; from the L3 cache.
static constexpr double kBandwidth = 12e9, kStreamBandwidth = 25e9, kCacheBandwidth = 50e9;
static constexpr double kLaunchSeconds = 2e-7;
/// Cycles of what is computed for a scan from which on vectors of it, which go through memory, pay.
static constexpr double kScannedCycles = 6;
/// Cycles of the two lines that a run of what is stored past the caches begins and ends within.
static constexpr double kRunEnd = 150;
/// Elements so far apart are on pages of their own.
static constexpr int64_t kFarBytes = 4096;
/// Cycles between two lines, or a few that follow each other, that come from pages of their own.
static constexpr double kFarCycles = 38;

bool leavesCaches(double bytes, const Target &target) { return bytes > double(target.l3Bytes) / 2; }

bool readsRowByRow(double row, double bytes, const Target &target) {
  return leavesCaches(bytes, target) && row > 64 && row < 4096;
}

double leastSaved(double seconds) {
  return std::max(std::min(1e-3, 0.5 * seconds), 0.15 * seconds);
}

static double roundedUp(int64_t n, int tile) { return double((n + tile - 1) / tile) * tile; }

/// Cycles to write a register tile that is cut, row by row through a buffer, and the share of tiles
/// that are.
static std::pair<double, double> cutTiles(const Schedule &s, double lanes) {
  if (s.streams) // every tile is written another way
    return {0, 0};
  double rows = s.spec.tileRows, tile = s.spec.tileColumns, inner = double(s.n[0].extent);
  if (s.spec.panels) {
    double panels = std::ceil(inner / tile);
    return {rows * (2 * tile / lanes + 8), std::fmod(inner, tile) != 0 ? 1 / panels : 0};
  }
  if (s.n.size() == 1 || std::fmod(inner, tile) == 0)
    return {0, 0};
  double strips = std::ceil(tile / std::min(inner, lanes)) + 1;
  return {rows * 12 * strips, std::min(1.0, tile / inner)};
}

double bytesOf(const Schedule &s, size_t operand) {
  double bytes = double(itemSize(s.spec.stored(operand)));
  for (const Dims *dims : {&s.batch, &s.m, &s.n, &s.k})
    for (const Dim &dim : *dims)
      bytes *= dim.strides[operand] ? double(dim.extent) : 1;
  return bytes;
}

/// Elements that a stream of the result writes before it goes on elsewhere: along joined rows, and
/// columns that follow each other. Several streams, one for each panel of a period, do not wait for
/// the next columns to come at once.
static double streamRun(const Schedule &s) {
  int64_t run = s.n[0].extent * joinedRows(s);
  bool several = s.n[0].extent <= s.spec.tileColumns;
  for (const Dim &dim : llvm::ArrayRef<Dim>(s.n).drop_front()) {
    if (dim.strides[2] == run)
      run *= dim.extent;
    else if (!several)
      break;
  }
  return double(std::max<int64_t>(run, 1));
}

/// Cycles to read the lines of a row of a tile before they are written, which short sums do not
/// hide.
static double readForWrite(double bytes, double rows, double tileCycles) {
  double lines = bytes / 64;
  return lines * (8 + std::max(0.0, 8 - tileCycles / (rows * lines) / 4));
}

/// Bytes of pages that the CPU knows the places of.
static constexpr double kPagesBytes = 8 << 20;

/// Bytes from one number of a batch entry to the next that is nearest in this buffer: those of all
/// entries, where it is contiguous along the batch.
static double bytesApart(const Schedule &s, size_t buffer, DType stored) {
  double apart = HUGE_VAL, item = double(itemSize(stored));
  for (const Dims *dims : {&s.m, &s.n, &s.k})
    for (const Dim &dim : *dims)
      if (dim.strides[buffer] != 0)
        apart = std::min(apart, std::abs(double(dim.strides[buffer])) * item);
  return apart == HUGE_VAL ? item : apart;
}

/// Cycles to store the columns of a row of a tile that are apart: each store waits for its line,
/// where the L1 cache does not hold those of an entry.
static double scatteredCycles(const Schedule &s, const Target &target) {
  constexpr double kNumber = 2, kLine = 10;
  const double bytes = std::min(64.0, bytesApart(s, 2, s.spec.result)),
               m = double(totalExtent(s.m)), n = double(totalExtent(s.n));
  const bool misses = bytes * m * n > double(target.l1Bytes) / 2;
  return std::min(double(s.spec.tileColumns), n) * (kNumber + (misses ? kLine * bytes / 64 : 0));
}

double contractCycles(const Schedule &s, const Target &target) {
  double batch = double(totalExtent(s.batch)), k = double(totalExtent(s.k));
  double steps = s.spec.pairs ? std::ceil(k / 2) : k;
  int64_t m = totalExtent(s.m);
  DType compute = computeType(s.spec.result);
  double parts = kindOf(compute) == DTypeKind::Complex ? 4 : 1;
  double lanes = target.lanes(componentDType(compute));
  double n = double(totalExtent(s.n)), rows = s.spec.tileRows, vectors = s.spec.tileColumns / lanes;
  double columns =
      s.spec.panels ? double(paddedColumns(s)) : roundedUp(totalExtent(s.n), s.spec.tileColumns);
  double tiles = roundedUp(m, s.spec.tileRows) / rows * columns / s.spec.tileColumns;
  // One vector multiply-add of 64 bytes, or two of 32, a cycle; without FMA half of it. Two loads
  // in the time of two multiply-adds, nearly.
  double perCycle = (target.vectorBytes == 64 ? 1 : 2) * (target.fma ? 1 : 0.5);
  double loads = target.vectorBytes == 64 ? 0.97 : 0.5;
  double step = std::max(rows * vectors * parts / perCycle, loads * (rows + vectors)) + 0.5;
  // An element that is gathered from beyond the caches costs a line.
  auto pack = [&](Packing p, double numbers, size_t operand, bool panels) {
    double bytes = numbers * double(packedItemSize(s.spec));
    bool isFar = bytes > double(target.l2Bytes),
         isFromMemory = batch * bytes > double(target.l3Bytes) / 2;
    double apart = bytesApart(s, operand, s.spec.stored(operand)),
           lines = numbers * std::min(apart, 64.0);
    double gather = lines > double(target.l3Bytes) / 2 ? 15
                    : numbers * apart > kPagesBytes    ? 6
                    : lines > double(target.l2Bytes)   ? 3
                                                       : 1.5;
    // Pairs along K are moved as one. A strip of K that is less than a vector is turned as a whole
    // one, under a mask.
    double strip = s.k.empty() ? 1 : double(s.k[0].extent);
    double vector = p == Packing::Across                    ? 8
                    : p == Packing::AlongK && strip < lanes ? 8 * lanes / strip
                    : p == Packing::AlongK && s.spec.pairs  ? 2
                    // A vector of every row in turn, where panels take some rows together.
                    : p == Packing::AlongRows && isFar && !panels ? 8
                    : isFromMemory                                ? 6
                                                                  : 4;
    // Parts of complex numbers are turned together, then taken apart.
    double takenApart = isFar ? 3 * double(packedItemSize(s.spec)) / 8 : 1.6;
    bool isTurned = p == Packing::Across || p == Packing::AlongK;
    return numbers * (p == Packing::Gather    ? gather
                      : parts > 1 && isTurned ? takenApart
                                              : vector * (parts > 1 ? 2 : 1) / lanes);
  };
  // Rows are turned a vector of them at a time, from panel to panel.
  double turned =
      s.spec.packing[0] == Packing::AlongK ? roundedUp(int64_t(rows), int(lanes)) / rows : 1;
  // A panel of rows takes a vector of each step, however few they are.
  if (s.spec.packing[0] == Packing::AlongRows)
    turned = roundedUp(int64_t(rows), int(lanes)) / rows * 0.875;
  double packing = pack(s.spec.packing[0], turned * double(m) * k, 0, false) +
                   pack(s.spec.packing[1], n * k, 1, s.spec.panels);
  auto [cut, share] = s.n.empty() ? std::pair(0.0, 0.0) : cutTiles(s, lanes);
  // A row of a tile that is less than a cache line is written to a line that leaves the L1 cache
  // and comes back.
  double write = vectors + (vectors * target.vectorBytes < 64 ? 12 : 4);
  if (!s.n.empty() && s.n[0].strides.back() != 1) // one by one
    write = scatteredCycles(s, target) * (parts > 1 ? 2 : 1);
  // Past the caches: through a buffer, in pieces of joined rows. One that does not go on where
  // another ends reads two lines, and other stores wait for them; one that goes on much later finds
  // what it carries in the L2 cache.
  if (s.streams) {
    double pieces = std::max(1.0, rows / double(joinedRows(s)));
    int64_t period = streamPeriod(s, target);
    // Memory that begins on a line has rows of whole lines stored as they are.
    bool lines = s.n[0].extent * int64_t(itemSize(s.spec.result)) % 64 == 0;
    write = 3 * vectors +
            pieces / rows *
                (period == 1 ? (lines ? 8 : 40)
                 : period    ? 200
                             : 300) +
            kRunEnd * std::min(double(s.spec.tileColumns), double(s.n[0].extent)) / streamRun(s);
  } else if (leavesCaches(batch * double(m) * n * double(itemSize(s.spec.result)), target)) {
    write += readForWrite(std::min(double(s.spec.tileColumns), n) * double(itemSize(s.spec.result)),
                          rows, steps * step);
  }
  double epilogue = 0;
  if (s.spec.epilogue) {
    for (const LoopProgram::Node &node : s.spec.epilogue->nodes)
      epilogue +=
          node.kind == LoopProgram::Kind::Scalar ? scalarCycles(node.scalar, node.computed) : 0.5;
    epilogue *= rows * vectors;
  }
  if (s.spec.prologue) { // stored, and packed from there
    double computed = 1;
    for (const LoopProgram::Node &node : s.spec.prologue->nodes)
      computed +=
          node.kind == LoopProgram::Kind::Scalar ? scalarCycles(node.scalar, node.computed) : 0.5;
    packing += computed * (s.spec.computed ? n : double(m)) * k / lanes;
  }
  return batch *
         (tiles * (steps * step + rows * write + share * cut + epilogue + 10) + packing + 400);
}

static double directCycles(const Schedule &s, const Target &target) {
  double batch = double(totalExtent(s.batch)), k = double(totalExtent(s.k));
  double steps = s.spec.pairs ? std::ceil(k / 2) : k;
  int vectors = s.spec.tileColumns / target.lanes(componentDType(computeType(s.spec.result)));
  double rows = s.spec.tileRows;
  double tiles = roundedUp(totalExtent(s.m), s.spec.tileRows) / rows *
                 roundedUp(totalExtent(s.n), s.spec.tileColumns) / s.spec.tileColumns;
  double perCycle = (target.vectorBytes == 64 ? 1 : 2) * (target.fma ? 1 : 0.5);
  // Every broadcast is a load, and on many rows so is its pointer. Halves of pairs are loaded one
  // by one and joined.
  double joins = s.spec.pairs ? 3 * (rows + vectors) / 2 : 0;
  double step =
      std::max(rows * vectors / perCycle, rows * (rows > 8 ? 0.9 : 0.6) + 0.5 * vectors + joins) +
      0.5;
  // A piece of a row that comes from memory, far from the row before.
  double distance = s.k.empty() ? 0 : std::abs(double(s.k[0].strides[1]));
  if (distance * double(itemSize(s.spec.stored(1))) >= kFarBytes &&
      bytesOf(s, 1) > double(target.l3Bytes) / 2)
    step = std::max(step, kFarCycles);
  // The pointers of the rows, and the results. Columns that do not fill a tile are stored under a
  // mask, which without AVX-512 is slow.
  double stores = totalExtent(s.n) < s.spec.tileColumns && !target.avx512 ? 8 : 1;
  double ends = 0.2 * rows * rows + stores * rows * vectors + 10;
  double copy = s.spec.copies ? 2 * k * double(totalExtent(s.n)) : 0;
  return batch * (tiles * (steps * step + ends) + 20) + copy;
}

/// Cycles to read, or to write, what one buffer has of a vector of entries that lie this far apart:
/// so many streams of numbers that lie close together in an entry.
static double entryCycles(int64_t apart, double streams, double numbers, DType stored,
                          double lanes) {
  constexpr double kLine = 64, kLineCycles = 4;
  const double parts = kindOf(stored) == DTypeKind::Complex ? 2 : 1, components = parts * numbers,
               step = std::abs(parts * double(apart)),
               size = double(itemSize(componentDType(stored)));
  if (step == 0) // in registers, or loaded with each product
    return 0;
  if (step == 1)
    return 0.5 * streams * components;
  if (step == 2)
    return 1.2 * streams * components;
  // A piece of every entry, and as many shuffles as turn them. Most of a line may be of no use.
  double width = std::min(lanes, 16 / size);
  double cycles = std::ceil(components / width) * (0.4 * lanes + 0.5 * width * std::log2(width));
  bool isSparse = step * size >= kLine && components * size < kLine / 2;
  return streams * (cycles + (isSparse ? kLineCycles * lanes : 0));
}

/// What an entry has of a buffer: numbers that follow each other, and how many such pieces.
static std::pair<double, double> piecesOf(llvm::SmallVector<std::pair<int64_t, int64_t>> dims) {
  llvm::sort(dims); // by stride
  int64_t run = 1;
  double pieces = 1;
  for (auto [stride, extent] : dims)
    if (stride == run)
      run *= extent;
    else
      pieces *= double(extent);
  return {double(run), pieces};
}

static double lanesCycles(const Schedule &s, const Target &target) {
  const Entry &entry = *s.spec.entry;
  const DType compute = computeType(s.spec.result);
  const double lanes = std::min(target.vectorBytes, kEntryVectorBytes) /
                       double(itemSize(componentDType(compute))),
               entries = double(s.m[0].extent);
  double parts = kindOf(compute) == DTypeKind::Complex ? 4 : 1;
  double products = std::max<double>(1, double(s.spec.operands.size()) - 1);
  double arithmetic = double(entry.points()) * products * parts;
  double numbers = 0, held = 0, moved = 0;
  for (size_t buffer = 0; buffer < entry.apart.size(); ++buffer) {
    llvm::SmallVector<std::pair<int64_t, int64_t>> own;
    for (const Dims *dims : {&entry.kept, &entry.summed})
      for (const Dim &dim : *dims)
        if (dim.strides[buffer])
          own.push_back({std::abs(dim.strides[buffer]), dim.extent});
    auto [close, streams] = piecesOf(std::move(own));
    const bool isResult = buffer + 1 == entry.apart.size();
    numbers += close * streams;
    held += close * streams * (parts > 1 ? 2 : 1);
    moved += entryCycles(s.m[0].strides[buffer], streams, close,
                         isResult ? s.spec.result : s.spec.operands[buffer], lanes);
  }
  // What the registers do not hold is loaded again.
  double reloads = arithmetic * std::max(0.0, 1 - target.vectorRegisters / std::max(held, 1.0));
  double single = arithmetic + numbers + 4,
         group = arithmetic / (target.fma ? 2 : 1) + reloads + moved + 6;
  double each = entries < lanes ? entries * single : std::ceil(entries / lanes) * group;
  return double(totalExtent(s.batch)) * (30 + each);
}

/// Cycles to load a vector from beyond the L2 cache, row by row.
static constexpr double kFarLoad = 2;

static double elementwiseCycles(const Schedule &s, const Target &target) {
  double lanes = s.spec.vectorized ? target.lanes(componentDType(computeType(s.spec.result))) : 1;
  double loads = 0.5 * double(s.spec.operands.size()) + 0.5;
  // A complex number is two vectors, a complex product four multiply-adds.
  if (kindOf(s.spec.result) == DTypeKind::Complex)
    loads *= s.spec.operands.size() > 1 ? 6 : 2;
  double kept = double(totalExtent(s.batch));
  switch (s.spec.family) {
  case Family::Map: {
    double inner = s.batch.empty() ? 1 : double(s.batch[0].extent);
    return kept / std::max(inner, 1.0) * (std::ceil(inner / lanes) * (loads + 0.5) + 8);
  }
  case Family::Transpose: {
    // T loads, T stores and log2(T) shuffles of each vector move T * T numbers. What is narrower
    // than a tile moves one by one. A task finds its place.
    double tile = std::min(16.0, double(target.vectorBytes / int(itemSize(s.spec.result)))),
           rows = double(totalExtent(s.m)), columns = double(totalExtent(s.n));
    double number = rows < tile || columns < tile ? 2 : (2 + std::log2(tile)) / tile;
    double tasks =
        kept * std::ceil(rows / double(s.blockRows)) * std::ceil(columns / double(s.blockColumns));
    return kept * rows * columns * number + 250 * tasks;
  }
  case Family::ReduceRows: {
    double inner = s.k.empty() ? 1 : double(s.k[0].extent), reduced = double(totalExtent(s.k));
    double strips = reduced / std::max(inner, 1.0);
    // A lone chain of scalar additions waits for each.
    double step = s.spec.vectorized ? loads : 4;
    return kept * (strips * (std::ceil(inner / lanes) * step + (s.spec.vectorized ? 4 : 10)) +
                   (s.spec.vectorized ? 8 : 10));
  }
  case Family::ReduceColumns: {
    double inner = s.batch.empty() ? 1 : double(s.batch[0].extent),
           reduced = double(totalExtent(s.k));
    // What is read again for other rows, and no longer in the L2 cache.
    double far = 0;
    for (size_t operand = 0; operand < s.spec.operands.size(); ++operand)
      if (bytesOf(s, operand) > double(target.l2Bytes) / 2 &&
          llvm::any_of(s.batch, [&](const Dim &dim) { return dim.strides[operand] == 0; }))
        far += kFarLoad;
    double bytes = inner * double(itemSize(s.spec.result)),
           cycles = reduced * (loads + 0.25 + far) + 8;
    double write = leavesCaches(kept / std::max(inner, 1.0) * bytes, target)
                       ? readForWrite(bytes, 1, std::ceil(inner / lanes) * cycles)
                       : 0;
    return kept / std::max(inner, 1.0) *
           (std::ceil(inner / lanes) * cycles + write + reduced * 3 + 30);
  }
  case Family::Contract:
  case Family::ContractDirect:
  case Family::Lanes:
  case Family::Fused:
    break;
  }
  return 0;
}

double scalarCycles(ScalarOp op, DType computed) {
  bool isInteger = kindOf(computed) == DTypeKind::Int || kindOf(computed) == DTypeKind::UInt;
  double parts = kindOf(computed) == DTypeKind::Complex ? 3 : 1;
  // Half-width floats are rounded after each operation.
  double rounding = computed == DType::f16 || computed == DType::bf16 ? 4 : 0;
  switch (op) {
  case ScalarOp::Divide:
  case ScalarOp::Sqrt:
    return 8 * parts + rounding;
  case ScalarOp::FloorDivide:
  case ScalarOp::Remainder:
  case ScalarOp::Fmod:
    return isInteger ? 60 : 30;
  case ScalarOp::Power:
    return isInteger ? 100 : 40;
  case ScalarOp::Exp:
  case ScalarOp::Exp2:
  case ScalarOp::Log:
  case ScalarOp::Log2:
  case ScalarOp::Tanh:
  case ScalarOp::Erf:
    return 16 * parts;
  case ScalarOp::Expm1:
  case ScalarOp::Log10:
  case ScalarOp::Log1p:
  case ScalarOp::Cbrt:
  case ScalarOp::Sin:
  case ScalarOp::Cos:
  case ScalarOp::Tan:
  case ScalarOp::Arcsin:
  case ScalarOp::Arccos:
  case ScalarOp::Arctan:
  case ScalarOp::Arctan2:
  case ScalarOp::Sinh:
  case ScalarOp::Cosh:
  case ScalarOp::Arcsinh:
  case ScalarOp::Arccosh:
  case ScalarOp::Arctanh:
  case ScalarOp::Hypot:
  case ScalarOp::Logaddexp:
  case ScalarOp::Logaddexp2:
    return 25;
  default:
    return parts + rounding;
  }
}

bool scansByVectors(const LoopProgram &program, llvm::ArrayRef<int> nodes) {
  double cycles = 0;
  for (int i : nodes)
    if (const LoopProgram::Node &node = program.nodes[size_t(i)];
        node.kind == LoopProgram::Kind::Scalar && !program.isUniform(i))
      cycles += scalarCycles(node.scalar, node.computed);
  return cycles >= kScannedCycles;
}

/// Cycles: of the end of a row that is stored in parts, of the next row of a group in a pass, of a
/// reduction across the lanes of one row, and of as many rows, for each; of the next row of
/// columns; of the end of a guard along the vectors.
static constexpr double kEndOfRow = 4, kNextRow = 4, kAcrossLanes = 8, kAcrossGroup = 4,
                        kNextRowOfColumns = 6, kNextPart = 10;

/// Of what goes by entries.
static double entriesCycles(const LoopProgram &program, const Target &target) {
  const double lanes = program.lanes(target);
  const size_t first = size_t(program.vectorAxis) + 1;
  double computed = 0, moved = 0, held = 0, groups = 1;
  for (auto [i, node] : llvm::enumerate(program.nodes)) {
    bool reduces = program.isReduction(int(i));
    double times = double(program.timesInside(reduces ? node.operands[0] : int(i)));
    if (node.kind == LoopProgram::Kind::Scalar)
      computed += times * scalarCycles(node.scalar, node.computed);
    else if (node.kind == LoopProgram::Kind::Cast)
      computed += times;
    else if (reduces)
      computed += times * (node.kind == LoopProgram::Kind::ArgReduce ? 3 : 1);
  }
  for (const LoopProgram::Access &access : program.accesses) {
    llvm::SmallVector<std::pair<int64_t, int64_t>> own;
    for (size_t axis = first; axis < program.axes.size(); ++axis)
      if (int64_t stride = access.strides[axis])
        own.push_back({std::abs(stride), program.axes[axis].extent});
    auto [close, streams] = piecesOf(std::move(own));
    held += close * streams;
    moved += entryCycles(access.strides[first - 1], streams, close, access.type, lanes);
  }
  for (size_t axis = 0; axis < first; ++axis)
    groups *= axis + 1 < first ? double(program.axes[axis].extent)
                               : std::ceil(double(program.axes[axis].extent) / lanes);
  double reloads = 0.5 * std::max(0.0, held - target.vectorRegisters);
  // Two of them a cycle, where one does not wait for the other.
  return groups * (0.6 * computed + moved + reloads + 6);
}

double fusedCycles(const LoopProgram &program, const Target &target) {
  if (program.mode == LoopProgram::Mode::Entries)
    return entriesCycles(program, target);
  double kept = 1, full, lanes = program.lanes(target) / (program.wide ? 2 : 1);
  for (const LoopProgram::Axis &axis : program.axes)
    kept *= axis.reduced ? 1 : double(axis.extent);
  full = kept * double(program.reducedExtent());
  double cycles = 0;
  bool rows = program.mode == LoopProgram::Mode::Rows;
  // Rows and columns end in a masked vector, in which strided loads go lane by lane.
  double masked = 0;
  if (program.vectorAxis >= 0) {
    double extent = std::max(1.0, double(program.axes[size_t(program.vectorAxis)].extent));
    double vectors = std::ceil(extent / lanes);
    masked = std::fmod(extent, lanes) == 0 ? 0 : 1 / vectors;
    lanes = extent / vectors;
  }
  bool scans = program.has(LoopProgram::Kind::Scan), byNumber = false;
  // Rows that lie far apart, as those of a long scan do, drive each other out of the L1 cache.
  auto byLane = [&](const LoopProgram::Access &access) {
    int64_t bytes = std::abs(program.stride(access)) * int64_t(itemSize(access.type));
    return (scans && bytes >= kFarBytes ? 16 : 2) * (byNumber ? 1 : lanes);
  };
  auto loadCycles = [&](int index) {
    const LoopProgram::Access &access = program.accesses[size_t(index)];
    int64_t step = std::abs(program.step(access));
    if (step <= 1)
      return 0.5;
    // As a vector of a square of vectors, into the L1 cache and from it.
    if (program.turns(access))
      return 3 + std::log2(lanes);
    if (step == LoopProgram::kAnyStep || byNumber)
      return byLane(access);
    // A vector for each number between two lanes, each but the first shuffled in.
    return masked * byLane(access) + (1 - masked) * 1.5 * double(step);
  };
  auto storeCycles = [&](int store) {
    const LoopProgram::Access &access =
        program.accesses[size_t(program.stores[size_t(store)].access)];
    return program.step(access) == LoopProgram::kAnyStep ? byLane(access) : 1;
  };
  auto nodeCycles = [&](int i) {
    const LoopProgram::Node &node = program.nodes[size_t(i)];
    if (node.kind == LoopProgram::Kind::Scalar)
      return scalarCycles(node.scalar, node.computed);
    if (node.kind == LoopProgram::Kind::Scan && rows)
      return byNumber ? 2 : 3 * lanes;
    // Vectors begin anew where a guard ends along them.
    if (node.kind == LoopProgram::Kind::Pad) {
      double ends = double(llvm::count_if(
          node.guards, [&](const LoopProgram::Guard &guard) { return program.endsAlong(guard); }));
      double vectors = ends ? double(program.axes[size_t(program.vectorAxis)].extent) / lanes : 1;
      return (node.access < 0 ? 1 : 1 + loadCycles(node.access)) +
             ends * kNextPart / std::max(1.0, vectors);
    }
    if (node.access < 0)
      return 1.0;
    // Every lane checks an index of its own.
    if (node.kind == LoopProgram::Kind::Gather &&
        !llvm::all_of(node.operands, [&](int index) { return program.isUniform(index); }))
      return 6 * lanes;
    return loadCycles(node.access);
  };
  // What lives on the kept axes of grouped rows is in vectors along the last of them.
  double keptLanes = rows ? 1 : lanes;
  if (program.grouped) {
    const double whole = program.lanes(target) / (program.wide ? 2 : 1),
                 extent = std::max(1.0, double(program.axes[size_t(program.kept()) - 1].extent));
    keptLanes = extent / std::ceil(extent / whole);
  }
  const std::optional<LoopProgram> acrossRows =
      program.grouped ? std::optional(program.acrossRows()) : std::nullopt;
  auto keptCycles = [&](int i) {
    const int access = program.nodes[size_t(i)].access;
    if (acrossRows && access >= 0 &&
        acrossRows->step(acrossRows->accesses[size_t(access)]) == LoopProgram::kAnyStep)
      return 2 * keptLanes;
    return nodeCycles(i);
  };
  // Each row of vectors along a kept axis is a loop of its own.
  if (!rows && program.vectorAxis >= 0 && program.axes.size() > 1)
    cycles += full / std::max(1.0, double(program.axes[size_t(program.vectorAxis)].extent)) *
              kNextRowOfColumns;
  for (const LoopProgram::Pass &pass : program.passes()) {
    for (int i : pass.kept)
      cycles += kept / keptLanes * keptCycles(i);
    if (program.grouped)
      cycles += kept * kNextRow;
    byNumber = rows && scans && !scansByVectors(program, pass.full);
    double points = full / (byNumber ? 1 : lanes);
    for (int i : pass.full)
      cycles += (program.isUniform(i) ? points / 16 : points) * nodeCycles(i);
    for (int i : pass.guarded) // as if every part were half of all
      cycles += 0.5 *
                (program.nodes[size_t(i)].full || program.kept() == int(program.axes.size())
                     ? points
                     : kept / keptLanes) *
                nodeCycles(i);
    // A row ends in a masked vector and a reduction across lanes.
    const double across = program.grouped ? kAcrossGroup : kAcrossLanes;
    cycles += double(pass.reductions.size()) * (rows ? points + across * kept : 3 * points);
    // Without masked stores the end of a row is stored in parts.
    if (rows && masked > 0 && !target.avx512)
      cycles += double(pass.fullStores.size()) * kept * kEndOfRow;
    for (int store : pass.fullStores)
      cycles += points * storeCycles(store);
    for (int store : pass.keptStores)
      cycles += rows ? kept : kept / lanes * storeCycles(store);
  }
  return cycles;
}

/// What a reduction reads again, from memory, of operands that some of its results share; a stream
/// of nothing else is faster than what `kBandwidth` stands for.
static double rereadBytes(const Schedule &s, const Target &target) {
  if (s.spec.family != Family::ReduceRows && s.spec.family != Family::ReduceColumns)
    return 0;
  double reread = 0;
  for (size_t operand = 0; operand < s.spec.operands.size(); ++operand)
    if (double bytes = bytesOf(s, operand); bytes > double(target.l3Bytes) / 2)
      for (const Dim &dim : s.batch)
        reread += dim.strides[operand] == 0 ? 0.1 * double(dim.extent - 1) * bytes : 0;
  return reread;
}

double predictSeconds(const Schedule &s, const Target &target, Memory memoryIs) {
  double cycles = s.spec.family == Family::Fused            ? fusedCycles(*s.spec.loops, target)
                  : s.spec.family == Family::Contract       ? contractCycles(s, target)
                  : s.spec.family == Family::ContractDirect ? directCycles(s, target)
                  : s.spec.family == Family::Lanes          ? lanesCycles(s, target)
                                                            : elementwiseCycles(s, target);
  double bytes = s.bytes + rereadBytes(s, target);
  double bandwidth = memoryIs == Memory::Slow      ? kBandwidth
                     : leavesCaches(bytes, target) ? kStreamBandwidth
                                                   : kCacheBandwidth;
  double memory = bytes > double(target.l2Bytes) ? bytes / bandwidth : 0;
  // Arithmetic and memory overlap, never wholly.
  double compute = cycles / kClock;
  return kLaunchSeconds + std::max(compute, memory) + 0.25 * std::min(compute, memory);
}

} // namespace ricci
