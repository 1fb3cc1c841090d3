//===- entry_access.cpp - the same numbers of many entries, lane by lane ----------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/entry_access.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <numeric>

using namespace mlir;

namespace ricci {

/// Bytes that instructions permute without crossing the halves, or quarters, of a register.
static constexpr int64_t kPieceBytes = 16;

EntryAccess::EntryAccess(LoopBuilder &b, ValueBuilder &values, int lanes, Value memory,
                         DType storage, int64_t apart, ArrayRef<int64_t> numbers)
    : b_(b), values_(values), memory_(memory), storage_(storage),
      parts_(ValueBuilder::componentsOf(storage)), lanes_(lanes),
      width_(std::min(lanes_, kPieceBytes / int64_t(itemSize(componentDType(storage))))),
      apart_(apart == Entry::kFar ? apart : apart * parts_) {
  for (int64_t number : numbers)
    for (int64_t part = 0; part < parts_; ++part)
      components_.push_back(number * parts_ + part);
  llvm::sort(components_);
  const int64_t first = components_.front(), last = components_.back();
  for (int64_t at : components_) {
    if (runs_.empty() || at != runs_.back().first + runs_.back().count)
      runs_.push_back({at, 0});
    ++runs_.back().count;
    // Windows end where the entry does, unless all of it is less than one.
    if (windows_.empty() || at >= windows_.back() + width_)
      windows_.push_back(std::max(first, std::min(at, last + 1 - width_)));
  }
}

void EntryAccess::begin(bool isVector, ArrayRef<Value> bases, Value apart) {
  isVector_ = isVector;
  bases_.clear();
  for (Value base : bases)
    bases_.push_back(b_.mul(base, parts_));
  entryApart_ = apart_ == Entry::kFar ? b_.mul(apart, parts_) : Value();
  found_.clear(), written_.clear(), read_.clear();
}

Value EntryAccess::place(int base, int64_t entry, int64_t at) {
  Value from = bases_[size_t(base)];
  if (apart_ != Entry::kFar)
    return b_.add(from, entry * apart_ + at);
  return b_.add(entry ? b_.add(from, b_.mul(entryApart_, entry)) : from, at);
}

Value EntryAccess::loadVector(int64_t width, Value at) {
  auto type = VectorType::get({width}, ValueBuilder::storageType(b_.getContext(), storage_));
  return b_.op<vector::LoadOp>(type, memory_, ValueRange{at});
}

void EntryAccess::storeVector(Value vector, Value at) {
  b_.op<vector::StoreOp>(vector, memory_, ValueRange{at});
}

Value EntryAccess::shuffle(Value x, Value y, ArrayRef<int64_t> from) {
  return b_.op<vector::ShuffleOp>(x, y, from);
}

Value EntryAccess::joined(ArrayRef<Value> pieces) {
  if (pieces.size() == 1)
    return pieces[0];
  Value low = joined(pieces.take_front(pieces.size() / 2)),
        high = joined(pieces.drop_front(pieces.size() / 2));
  SmallVector<int64_t> all(size_t(2 * cast<VectorType>(low.getType()).getNumElements()));
  std::iota(all.begin(), all.end(), 0);
  return shuffle(low, high, all);
}

Number EntryAccess::read(int base, int64_t number) {
  auto [known, isNew] = read_.try_emplace({base, number});
  if (!isNew)
    return known->second;
  Number n;
  if (!isVector_ || apart_ == 0) {
    Value at = b_.add(bases_[size_t(base)], number * parts_);
    n.re = b_.load(memory_, at);
    if (parts_ == 2)
      n.im = b_.load(memory_, b_.add(at, 1));
    n = values_.converted(n, storage_, 0);
    if (isVector_)
      n = values_.broadcast(n, int(lanes_));
  } else {
    n.re = component(base, number * parts_);
    if (parts_ == 2)
      n.im = component(base, number * parts_ + 1);
    n = values_.converted(n, storage_, int(lanes_));
  }
  return known->second = n;
}

Value EntryAccess::component(int base, int64_t at) {
  if (auto known = found_.find({base, at}); known != found_.end())
    return known->second;
  const int64_t last = components_.back();
  if (apart_ == 1)
    return found_[{base, at}] = loadVector(lanes_, place(base, 0, at));
  if (apart_ == 2 && (at < last || llvm::is_contained(components_, at - 1)))
    readPairs(base, at < last ? at : at - 1);
  else
    readWindow(base, *std::prev(llvm::upper_bound(windows_, at)));
  return found_.at({base, at});
}

/// Components `first` and the next one, of entries that are two long.
void EntryAccess::readPairs(int base, int64_t first) {
  Value low = loadVector(lanes_, place(base, 0, first)),
        high = loadVector(lanes_, place(base, lanes_ / 2, first));
  for (int64_t odd : {0, 1}) {
    SmallVector<int64_t> from;
    for (int64_t l = 0; l < lanes_; ++l)
      from.push_back(2 * l + odd);
    found_[{base, first + odd}] = shuffle(low, high, from);
  }
}

/// The components from `first` on that fit in a piece.
///   lanes 8, width 4:  row j is the pieces of entries j and j + 4
void EntryAccess::readWindow(int base, int64_t first) {
  // What lies between the first and the last component of all entries, from the first entry's 0.
  const int64_t spread = apart_ == Entry::kFar ? 0 : (lanes_ - 1) * apart_,
                end = components_.back() + 1 + std::max<int64_t>(0, spread);
  SmallVector<Value> rows;
  for (int64_t j = 0; j < width_; ++j) {
    SmallVector<Value> pieces;
    for (int64_t entry = j; entry < lanes_; entry += width_) {
      int64_t begin = first, beyond = 0;
      if (apart_ != Entry::kFar)
        beyond = std::max<int64_t>(0, entry * apart_ + first + width_ - end);
      else if (entry == lanes_ - 1)
        beyond = std::max<int64_t>(0, first + width_ - end);
      Value piece = loadVector(width_, place(base, entry, begin - beyond));
      if (beyond) {
        SmallVector<int64_t> from;
        for (int64_t c = 0; c < width_; ++c)
          from.push_back(std::min(c + beyond, width_ - 1));
        piece = shuffle(piece, piece, from);
      }
      pieces.push_back(piece);
    }
    rows.push_back(joined(pieces));
  }
  SmallVector<Value> columns = transposeBlocks(b_, rows);
  for (int64_t c = 0; c < width_; ++c)
    found_[{base, first + c}] = columns[size_t(c)];
}

void EntryAccess::write(int base, int64_t number, Number value) {
  const int lanes = isVector_ ? int(lanes_) : 0;
  Value parts[] = {values_.toStorage(value.re, storage_),
                   value.im ? values_.toStorage(value.im, storage_) : Value()};
  for (int64_t part = 0; part < parts_; ++part) {
    int64_t at = number * parts_ + part;
    if (!lanes)
      b_.store(parts[part], memory_, b_.add(bases_[size_t(base)], at));
    else if (apart_ == 1)
      storeVector(parts[part], place(base, 0, at));
    else
      writeComponent(base, at, parts[part]);
  }
}

/// Stores the component with those before it, as soon as they fill a piece or end a run.
void EntryAccess::writeComponent(int base, int64_t at, Value value) {
  written_[{base, at}] = value;
  const Run run = *std::prev(
      llvm::upper_bound(runs_, at, [](int64_t at, const Run &run) { return at < run.first; }));
  const int64_t done = at - run.first + 1;
  if (done != run.count && done % width_ != 0)
    return;
  if (apart_ == 2 && run.count == 2)
    writePairs(base, run.first);
  else if (run.count < width_)
    writeWindow(base, run.first, run.count);
  else // the last piece of a run begins within the one before
    writeWindow(base, at - width_ + 1, width_);
}

void EntryAccess::writePairs(int base, int64_t first) {
  for (int64_t half : {0, 1}) {
    SmallVector<int64_t> from;
    for (int64_t l = 0; l < lanes_; ++l)
      from.push_back((half * lanes_ + l) / 2 + (l % 2 ? lanes_ : 0));
    storeVector(shuffle(written_.at({base, first}), written_.at({base, first + 1}), from),
                place(base, half * lanes_ / 2, first));
  }
}

/// `count` components of a run, at most a piece.
void EntryAccess::writeWindow(int base, int64_t first, int64_t count) {
  Value any = written_.at({base, first});
  if (count == 1) {
    for (int64_t entry = 0; entry < lanes_; ++entry)
      b_.store(b_.op<vector::ExtractOp>(any, entry), memory_, place(base, entry, first));
    return;
  }
  SmallVector<Value> columns;
  for (int64_t c = 0; c < width_; ++c)
    columns.push_back(c < count ? written_.at({base, first + c})
                                : Value(b_.op<LLVM::PoisonOp>(any.getType())));
  SmallVector<Value> rows = transposeBlocks(b_, columns), pieces;
  auto part = [&](Value vector, int64_t from, int64_t width) -> Value {
    return b_.op<vector::ExtractStridedSliceOp>(vector, ArrayRef<int64_t>{from},
                                                ArrayRef<int64_t>{width}, ArrayRef<int64_t>{1});
  };
  for (int64_t entry = 0; entry < lanes_; ++entry)
    pieces.push_back(part(rows[size_t(entry % width_)], entry / width_ * width_, width_));
  if (count < width_ && count == apart_)
    return writeDense(base, first, count, pieces);
  for (int64_t entry = 0; entry < lanes_; ++entry) {
    // Parts of a piece, the largest first.
    int64_t from = 0;
    for (int64_t width = width_; width > 0; width /= 2)
      if (count - from >= width) {
        Value piece = pieces[size_t(entry)], at = place(base, entry, first + from);
        if (width == 1)
          b_.store(b_.op<vector::ExtractOp>(piece, from), memory_, at);
        else
          storeVector(width == width_ ? piece : part(piece, from, width), at);
        from += width;
      }
  }
}

/// Entries of `count` components that are all there is between them: a piece is more than one, and
/// the next entries go over what it has too much. The last piece ends with the last entry.
void EntryAccess::writeDense(int base, int64_t first, int64_t count, ArrayRef<Value> pieces) {
  const int64_t tail = lanes_ * count - width_;
  Value last;
  for (int64_t entry = 0; entry < lanes_; ++entry) {
    Value piece = pieces[size_t(entry)];
    if (entry * count <= tail)
      storeVector(piece, place(base, entry, first));
    if ((entry + 1) * count <= tail)
      continue;
    SmallVector<int64_t> from;
    for (int64_t c = 0; c < width_; ++c) {
      int64_t within = tail + c - entry * count;
      from.push_back(within < 0 ? c : width_ + std::min(within, width_ - 1));
    }
    last = shuffle(last ? last : piece, piece, from);
  }
  storeVector(last, place(base, 0, first + tail));
}

} // namespace ricci
