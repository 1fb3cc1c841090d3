//===- schedule.cpp - names and types of kernels --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/schedule.h"

#include "compiler/fuse/loop_program.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/xxhash.h"

namespace ricci {

llvm::StringRef familyName(Family family) {
  switch (family) {
  case Family::Contract:
    return "contract";
  case Family::ContractDirect:
    return "direct";
  case Family::Map:
    return "map";
  case Family::Transpose:
    return "transpose";
  case Family::Lanes:
    return "lanes";
  case Family::ReduceRows:
    return "reduce_rows";
  case Family::ReduceColumns:
    return "reduce_columns";
  case Family::Fused:
    return "fused";
  }
  llvm_unreachable("a family without a name");
}

llvm::StringRef packingName(Packing packing) {
  static constexpr llvm::StringLiteral names[] = {"rows", "k", "across", "gather"};
  return names[int(packing)];
}

int64_t totalExtent(const Dims &dims) {
  int64_t total = 1;
  for (const Dim &d : dims)
    total *= d.extent;
  return total;
}

uint32_t sharedOperands(const Schedule &s) {
  uint32_t shared = 0;
  if (s.spec.family == Family::ReduceRows && s.spec.rowsAtOnce > 1 && !s.batch.empty())
    for (size_t i = 0; i < s.spec.operands.size(); ++i)
      shared |= uint32_t(s.batch[0].strides[i] == 0) << i;
  return shared & s.spec.unit;
}

std::string Entry::structure() const {
  std::string text;
  llvm::raw_string_ostream out(text);
  auto list = [&](auto &&strides) {
    for (int64_t stride : strides)
      (stride == kFar ? out << " far" : out << ' ' << stride);
  };
  auto dims = [&](const char *name, const Dims &dims) {
    out << name;
    for (const Dim &dim : dims) {
      out << ' ' << dim.extent << ':';
      list(dim.strides);
    }
  };
  out << "apart";
  list(apart);
  dims(" kept", kept);
  dims(" summed", summed);
  return text;
}

std::shared_ptr<const Entry> entryOf(const Schedule &s) {
  /// Points, and numbers of all buffers, that are unrolled at most; streams of a buffer that
  /// prefetchers follow.
  constexpr int64_t kMostPoints = 343, kMostNumbers = 150, kMostStreams = 16;
  auto isSmall = [](const Dims &dims) {
    int64_t total = 1;
    for (const Dim &dim : dims) // no product of large extents
      if (dim.extent < 1 || dim.extent > kMostPoints || (total *= dim.extent) > kMostPoints)
        return false;
    return true;
  };
  if (s.m.size() != 1 || !isSmall(s.n) || !isSmall(s.k))
    return nullptr;
  auto nearOnly = [](int64_t stride) { return Entry::isFar(stride) ? Entry::kFar : stride; };
  for (const Dim &dim : s.k)
    if (dim.strides.back() != 0) // a sum is one number
      return nullptr;
  Entry entry{s.n, s.k, s.m[0].strides};
  int64_t numbers = 0;
  for (size_t buffer = 0; buffer < entry.apart.size(); ++buffer) {
    int64_t ofBuffer = 1, streams = 1, &apart = entry.apart[buffer];
    for (Dims *dims : {&entry.kept, &entry.summed})
      for (Dim &dim : *dims) {
        int64_t &stride = dim.strides[buffer];
        ofBuffer *= stride ? dim.extent : 1;
        streams *= Entry::isFar(stride) || (stride && apart == 1) ? dim.extent : 1;
        stride = nearOnly(stride);
      }
    numbers += ofBuffer;
    if (streams > kMostStreams || (apart < 0 && Entry::isFar(apart)))
      return nullptr;
    apart = nearOnly(apart);
  }
  if (entry.points() > kMostPoints || numbers > kMostNumbers || entry.apart.back() < 1)
    return nullptr;
  return std::make_shared<const Entry>(std::move(entry));
}

int64_t paddedColumns(const Schedule &s) {
  if (s.n.empty())
    return s.spec.tileColumns;
  int64_t inner = s.n[0].extent, tile = s.spec.tileColumns;
  return inner ? totalExtent(s.n) / inner * ((inner + tile - 1) / tile * tile) : 0;
}

int64_t joinedRows(const Schedule &s) {
  int64_t rows = 1, inner = s.n[0].extent;
  if (inner > s.spec.tileColumns)
    return rows;
  for (const Dim &dim : s.m) {
    if (dim.strides[2] != inner * rows)
      break;
    rows *= dim.extent;
  }
  return rows;
}

int64_t streamPeriod(const Schedule &s, const Target &target) {
  int64_t inner = s.n[0].extent, period = 0;
  if (inner > s.spec.tileColumns) {
    period = s.secondFirst ? s.n[1].extent : 1;
  } else {
    int64_t panels = 1;
    for (const Dim &dim : llvm::ArrayRef<Dim>(s.n).drop_front()) {
      if (dim.strides[2] == inner * joinedRows(s)) {
        period = panels;
        break;
      }
      panels *= dim.extent;
    }
  }
  int64_t rows = s.blockRows ? s.blockRows : totalExtent(s.m);
  return period <= target.l2Bytes / 2 / 64 / std::max<int64_t>(rows, 1) ? period : 0;
}

DType computeType(DType result) {
  switch (result) {
  case DType::f16:
  case DType::bf16:
    return DType::f32;
  case DType::i8:
  case DType::u8:
  case DType::u16:
    return DType::i16;
  case DType::u32:
    return DType::i32;
  case DType::u64:
    return DType::i64;
  default:
    return result;
  }
}

DType componentDType(DType dtype) {
  return dtype == DType::c64 ? DType::f32 : dtype == DType::c128 ? DType::f64 : dtype;
}

bool mayPair(llvm::ArrayRef<DType> operands, DType result) {
  return operands.size() == 2 && operands[0] == DType::bf16 && operands[1] == DType::bf16 &&
         (result == DType::bf16 || result == DType::f32);
}

int64_t packedItemSize(const KernelSpec &spec) {
  return int64_t(itemSize(spec.pairs ? DType::bf16 : computeType(spec.result)));
}

/// The types: one name when all are the same.
static std::string typesOf(const KernelSpec &spec) {
  std::string names;
  bool same = true;
  for (DType t : spec.operands) {
    same &= t == spec.result;
    names += std::string(shortName(t)) + "_";
  }
  return same ? std::string(shortName(spec.result)) : names + std::string(shortName(spec.result));
}

std::string KernelSpec::key() const {
  if (loops)
    return loops->structure();
  return name() + (entry ? entry->structure() : "") + (epilogue ? epilogue->structure() : "") +
         (prologue ? prologue->structure() : "");
}

std::string KernelSpec::keyOn(const Target &target) const { return key() + "|" + target.key(); }

size_t KernelSpec::prologueBuffers() const {
  return operands.size() + 1 + (epilogue ? operandsOf(*epilogue).size() : 0);
}

size_t KernelSpec::buffers() const {
  return prologueBuffers() + (prologue ? otherOperandsOf(*prologue).size() : 0);
}

DType KernelSpec::stored(size_t operand) const {
  return int(operand) == computed ? prologue->accesses[0].type : operands[operand];
}

void arrangePrologue(Schedule &s) {
  LoopProgram program = *s.spec.prologue;
  size_t computed = size_t(s.spec.computed), next = s.spec.prologueBuffers();
  const Dims &dims = s.spec.packing[computed] != Packing::AlongRows ? s.k : computed ? s.n : s.m;
  Dim along = dims.empty() ? Dim{1, llvm::SmallVector<int64_t, 3>(s.spec.buffers(), 0)} : dims[0];
  program.axes = {{along.extent, false}};
  int stored = program.stores[0].access;
  for (auto [i, access] : llvm::enumerate(program.accesses))
    access.strides = {int(i) == stored ? 1 : along.strides[i == 0 ? computed : next++]};
  program.arrange({0}, LoopProgram::Mode::Columns);
  s.spec.prologue = std::make_shared<LoopProgram>(std::move(program));
}

/// Short for a structure.
static std::string hashOf(llvm::StringRef structure) {
  std::string hash;
  llvm::raw_string_ostream(hash) << llvm::format_hex_no_prefix(llvm::xxh3_64bits(structure), 16);
  return hash;
}

std::string KernelSpec::name() const {
  if (loops)
    return "fused_" + loops->modeName().str() + "_" + hashOf(loops->structure());
  std::string name = familyName(family).str() + "_" + typesOf(*this);
  if (isContraction(family))
    name += "_" + std::to_string(tileRows) + "x" + std::to_string(tileColumns) +
            (pairs ? "_pairs" : "") + (prefetches ? "_ahead" : "") + (copies ? "_copied" : "");
  if (family == Family::Contract) {
    for (Packing p : packing)
      name += "_" + packingName(p).str();
    name += panels ? "_panels" : "";
    name += streams ? "_past" : "";
    name += epilogue ? "_then_" + hashOf(epilogue->structure()) : "";
    name += prologue ? (computed ? "_columns_" : "_rows_") + hashOf(prologue->structure()) : "";
  } else if (family == Family::Lanes) {
    name += "_" + hashOf(entry->structure());
  } else if (!isContraction(family) && family != Family::Transpose) {
    // How each buffer advances along the innermost loop: 1, 0, or by any stride.
    name += "_";
    for (size_t i = 0; i <= operands.size(); ++i)
      name += !vectorized ? 's' : shared >> i & 1 ? 'r' : unit >> i & 1 ? '1' : '0';
    name += rowsAtOnce > 1 ? "_by_" + std::to_string(rowsAtOnce) : "";
    name += inPieces ? "_pieces" : "";
  }
  if (family == Family::Transpose && streams)
    name += "_past";
  return accumulate ? name + "_add" : name;
}

std::string KernelSpec::title() const {
  if (loops)
    return "fused " + loops->modeName().str() + " " + std::string(shortName(result)) +
           (loops->goesByLane() ? " by lane" : "");
  std::string family = familyName(this->family).str(), title;
  for (char c : family + " " + typesOf(*this))
    title += c == '_' ? ' ' : c;
  if (isContraction(this->family)) {
    title += " " + std::to_string(tileRows) + "x" + std::to_string(tileColumns);
    title += pairs ? " pairs" : "";
    // The slow way to pack shows in the plan.
    bool gathers = this->family == Family::Contract &&
                   (packing[0] == Packing::Gather || packing[1] == Packing::Gather);
    if (prologue)
      title += prologue->goesByLane() ? " + prologue by lane" : " + prologue";
    if (epilogue)
      title += epilogue->goesByLane() ? " + epilogue by lane" : " + epilogue";
    return gathers ? title + " gather" : title;
  }
  if (this->family == Family::Transpose)
    return title;
  if (this->family == Family::Lanes)
    return title + " " + std::to_string(totalExtent(entry->kept)) + "x" +
           std::to_string(totalExtent(entry->summed));
  return title + (vectorized ? " vector" : " scalar");
}

} // namespace ricci
