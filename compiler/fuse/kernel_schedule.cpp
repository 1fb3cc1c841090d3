//===- kernel_schedule.cpp - schedules as attributes of kernels -----------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/fuse/kernel_schedule.h"

#include "compiler/fuse/fusion.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/types.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace ricci {

ScheduleAttr toAttribute(const Schedule &s, MLIRContext *context) {
  Builder b(context);
  NamedAttrList params;
  if (s.spec.loops) {
    params.append("mode", b.getStringAttr(s.spec.loops->modeName()));
    params.append("order", b.getDenseI64ArrayAttr(s.order));
    if (s.spec.loops->inside)
      params.append("inside", b.getI64IntegerAttr(s.spec.loops->inside));
    if (s.spec.loops->wide)
      params.append("wide", b.getUnitAttr());
    if (s.spec.loops->inParts)
      params.append("parts", b.getUnitAttr());
    if (s.spec.loops->grouped)
      params.append("grouped", b.getUnitAttr());
    if (s.spec.loops->rowByRow)
      params.append("row_by_row", b.getUnitAttr());
    if (s.keepsUnits)
      params.append("units", b.getUnitAttr());
    SmallVector<int64_t> cached;
    for (auto [i, node] : llvm::enumerate(s.spec.loops->nodes))
      if (node.cached)
        cached.push_back(int64_t(i));
    if (!cached.empty())
      params.append("cached", b.getDenseI64ArrayAttr(cached));
  }
  auto strings = [&](auto &&range, auto name) {
    SmallVector<Attribute> attrs;
    for (auto item : range)
      attrs.push_back(b.getStringAttr(llvm::StringRef(name(item))));
    return b.getArrayAttr(attrs);
  };
  if (!s.spec.loops)
    params.append("operands", strings(s.spec.operands, [](DType t) { return shortName(t); }));
  if (!s.spec.loops)
    params.append("result", b.getStringAttr(llvm::StringRef(shortName(s.spec.result))));
  auto group = [&](StringRef name, const Dims &dims) {
    if (dims.empty())
      return;
    SmallVector<Attribute> attrs;
    for (const Dim &d : dims) {
      SmallVector<int64_t> numbers{d.extent};
      numbers.append(d.strides.begin(), d.strides.end());
      attrs.push_back(b.getDenseI64ArrayAttr(numbers));
    }
    params.append(name, b.getArrayAttr(attrs));
  };
  group("batch", s.batch), group("m", s.m), group("n", s.n), group("k", s.k);
  if (isContraction(s.spec.family))
    params.append("tile", b.getDenseI64ArrayAttr({s.spec.tileRows, s.spec.tileColumns}));
  if (isContraction(s.spec.family) && s.swapped)
    params.append("swapped", b.getUnitAttr());
  if (s.spec.pairs)
    params.append("pairs", b.getUnitAttr());
  if (s.spec.copies)
    params.append("copies", b.getUnitAttr());
  if (s.spec.family == Family::Contract) {
    params.append("blocks", b.getDenseI64ArrayAttr({s.blockRows, s.blockColumns, s.blockK}));
    params.append("packing", strings(s.spec.packing, packingName));
    if (s.spec.panels)
      params.append("panels", b.getStringAttr(s.secondFirst ? "second first" : "run by run"));
  } else if (s.spec.family == Family::Transpose) {
    params.append("blocks", b.getDenseI64ArrayAttr({s.blockRows, s.blockColumns}));
  } else if (s.spec.vectorized && !s.spec.loops) {
    params.append("unit", b.getI64IntegerAttr(s.spec.unit));
    if (s.spec.rowsAtOnce > 1)
      params.append("at_once", b.getI64IntegerAttr(s.spec.rowsAtOnce));
    if (s.spec.inPieces)
      params.append("pieces", b.getUnitAttr());
  }
  if (const auto &r = s.rowBlocks)
    params.append("rows", b.getDenseI64ArrayAttr({r->entries, r->rows, r->blockRows, r->passed}));
  if (s.accumulate)
    params.append("accumulate", b.getUnitAttr());
  if (s.streams)
    params.append("streams", b.getUnitAttr());
  if (s.prefetches)
    params.append("prefetches", b.getUnitAttr());
  // Counts print as integers while they are exact ones.
  auto count = [&](double value) -> Attribute {
    return value < 9e15 ? Attribute(b.getI64IntegerAttr(int64_t(value)))
                        : Attribute(b.getF64FloatAttr(value));
  };
  params.append("flops", count(s.flops));
  params.append("bytes", count(s.bytes));
  params.append("seconds", b.getF64FloatAttr(s.predictedSeconds));
  return ScheduleAttr::get(context, b.getStringAttr(familyName(s.spec.family)),
                           params.getDictionary(context));
}

namespace {

/// Reads the dictionary; the first thing that is amiss is reported once.
class Reader {
public:
  Reader(DictionaryAttr params, Operation *op) : params_(params), op_(op) {}

  bool ok() const { return ok_; }
  void fail(const Twine &why) {
    if (ok_)
      op_->emitError("bad schedule: ") << why;
    ok_ = false;
  }
  template <typename T> T get(StringRef name) {
    auto attr = params_.getAs<T>(name);
    if (!attr)
      fail("'" + name + "' is missing or of the wrong kind");
    return attr;
  }
  DType dtype(Attribute attr) {
    auto name = dyn_cast_or_null<StringAttr>(attr);
    auto type = name ? parseDType(std::string_view(name.getValue())) : std::nullopt;
    if (!type)
      fail("not a dtype");
    return type.value_or(DType::f32);
  }
  SmallVector<int64_t> numbers(StringRef name, size_t count) {
    auto attr = get<DenseI64ArrayAttr>(name);
    if (attr && attr.size() != int64_t(count))
      fail("'" + name + "' has the wrong length");
    return ok_ ? SmallVector<int64_t>(attr.asArrayRef()) : SmallVector<int64_t>(count, 1);
  }
  Dims group(StringRef name, size_t buffers) {
    Dims dims;
    auto attr = params_.getAs<ArrayAttr>(name);
    for (Attribute item : attr ? attr.getValue() : ArrayRef<Attribute>()) {
      auto values = dyn_cast<DenseI64ArrayAttr>(item);
      if (!values || values.size() != int64_t(buffers) + 1 || values[0] < 0) {
        fail("a dim of '" + name + "' is not [extent, stride of each buffer]");
        break;
      }
      ArrayRef<int64_t> v = values.asArrayRef();
      dims.push_back({v[0], SmallVector<int64_t, 3>(v.drop_front())});
    }
    return dims;
  }

private:
  DictionaryAttr params_;
  Operation *op_;
  bool ok_ = true;
};

/// The loops are those of the kernel's block, in the order that the attribute says.
void readFused(Reader &read, DictionaryAttr params, Operation *op, Schedule &s) {
  auto kernel = dyn_cast<KernelOp>(op);
  auto program = kernel && kernel.getLayouts() ? buildLoopProgram(kernel) : std::nullopt;
  if (!program)
    return read.fail("the kernel is not one of fused loops");
  auto mode = read.get<StringAttr>("mode");
  auto order = read.numbers("order", program->axes.size());
  if (!read.ok())
    return;
  const bool rows = mode.getValue() == "rows", entries = mode.getValue() == "entries";
  if (!rows && !entries && mode.getValue() != "columns")
    read.fail("'mode' is 'rows', 'columns' or 'entries'");
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  bool reducedSeen = false;
  for (auto [i, axis] : llvm::enumerate(sorted))
    if (axis != int64_t(i))
      return read.fail("'order' has every axis once");
  for (int64_t axis : order) {
    if (reducedSeen && !program->axes[size_t(axis)].reduced)
      return read.fail("kept axes come before reduced ones in 'order'");
    reducedSeen |= program->axes[size_t(axis)].reduced;
  }
  if (rows != reducedSeen && (rows || program->kept() == 0))
    return read.fail("'rows' needs a reduced axis, 'columns' a kept one");
  if (auto cached = params.getAs<DenseI64ArrayAttr>("cached"))
    for (int64_t node : cached.asArrayRef()) {
      if (node < 0 || size_t(node) >= program->nodes.size() || !program->nodes[size_t(node)].full)
        return read.fail("'cached' names nodes on all axes");
      if (program->nodes[size_t(node)].kind == LoopProgram::Kind::Scan)
        return read.fail("a scan, which is in one pass, is not cached");
      program->nodes[size_t(node)].cached = true;
    }
  if (!read.ok())
    return;
  s.keepsUnits = params.contains("units");
  if (auto inside = params.getAs<IntegerAttr>("inside"))
    program->inside = int(std::clamp<int64_t>(inside.getInt(), 0, int64_t(program->axes.size())));
  program->arrange(order,
                   rows      ? LoopProgram::Mode::Rows
                   : entries ? LoopProgram::Mode::Entries
                             : LoopProgram::Mode::Columns,
                   s.keepsUnits);
  if (entries && !program->mayUnroll())
    return read.fail("'entries' have few numbers 'inside', after an axis of many");
  program->wide = params.contains("wide");
  program->inParts = params.contains("parts");
  program->grouped = params.contains("grouped");
  program->rowByRow = params.contains("row_by_row");
  if (entries && (program->wide || s.rowBlocks))
    return read.fail("'entries' are neither 'wide' nor run by 'rows'");
  if (program->rowByRow && (rows || entries))
    return read.fail("rows are summed 'row_by_row' along columns");
  if (program->inParts && !program->hasParts())
    return read.fail("'parts' need a few guards that end at the same columns of every row");
  if (program->grouped && !program->mayGroup())
    return read.fail("'grouped' needs rows that share nothing, no scan, and no pad along them");
  s.order = order;
  s.spec.result = program->accesses[size_t(program->stores[0].access)].type;
  s.spec.loops = std::make_shared<LoopProgram>(std::move(*program));
}

} // namespace

llvm::StringSet<> knownKernels(Operation *function) {
  llvm::StringSet<> keys;
  if (auto known = function->getAttrOfType<ArrayAttr>(kKnownAttr))
    for (auto key : known.getAsRange<StringAttr>())
      keys.insert(key.getValue());
  return keys;
}

EinsumOp einsumOf(KernelOp kernel) {
  auto einsums = kernel.block().getOps<EinsumOp>();
  return einsums.empty() ? EinsumOp() : *einsums.begin();
}

SmallVector<BufferUse> buffersOf(KernelOp kernel, const Schedule &schedule) {
  SmallVector<BufferUse> uses;
  if (EinsumOp einsum = einsumOf(kernel)) {
    auto computed = buildPrologue(kernel);
    for (auto [i, input] : llvm::enumerate(einsum.getInputs())) {
      if (computed && computed->operand == i) {
        const LoopProgram::Access &access = computed->prologue.accesses[0];
        uses.push_back({access.buffer, access.offset});
        continue;
      }
      auto view = memoryView(kernel, input);
      uses.push_back({view->first, view->second.offset});
    }
    if (schedule.swapped)
      std::swap(uses[0], uses[1]);
    uses.push_back({unsigned(kernel.getInputs().size()), 0});
    if (auto epilogue = buildEpilogue(kernel))
      for (const LoopProgram::Access *access : operandsOf(*epilogue))
        uses.push_back({access->buffer, access->offset});
    if (computed)
      for (const LoopProgram::Access *access : otherOperandsOf(computed->prologue))
        uses.push_back({access->buffer, access->offset});
    return uses;
  }
  auto program = schedule.spec.loops ? *schedule.spec.loops : *buildLoopProgram(kernel);
  for (const LoopProgram::Access &access : program.accesses)
    uses.push_back({access.buffer, access.offset});
  return uses;
}

std::optional<LabelledProduct> productOf(EinsumOp einsum, KernelOp kernel, bool accumulate) {
  EinsumEquation equation = einsum.parsedEquation();
  auto extents = equation.extents(einsum.getInputs().getTypes());
  size_t inputs = einsum.getInputs().size();
  LabelledProduct product;
  product.axes.resize(extents.size());
  for (auto [axis, extent] : llvm::zip(product.axes, extents))
    axis = {extent, SmallVector<int64_t, 3>(inputs + 1, 0), false};
  auto addBuffer = [&](size_t buffer, ArrayRef<int32_t> labels, ArrayRef<int64_t> shape,
                       ArrayRef<int64_t> strides) {
    for (auto [label, size, stride] : llvm::zip(labels, shape, strides))
      if (size == extents[label] && size != 1)
        product.axes[label].strides[buffer] += stride;
  };
  auto computed = buildPrologue(kernel);
  for (size_t i = 0; i < inputs; ++i) {
    auto type = cast<RankedTensorType>(einsum.getInputs()[i].getType());
    product.operands.push_back(elementDType(type));
    if (computed && computed->operand == i) {
      addBuffer(i, equation.operands[i], type.getShape(), computed->prologue.accesses[0].strides);
      continue;
    }
    auto view = memoryView(kernel, einsum.getInputs()[i]);
    if (!view)
      return std::nullopt;
    addBuffer(i, equation.operands[i], view->second.shape, view->second.strides);
  }
  // The result may be stored through views.
  StridedView stored;
  Value yielded = kernel.yield().getResults()[0];
  auto type = cast<RankedTensorType>(yielded.getType());
  auto epilogue = buildEpilogue(kernel);
  stored.shape.assign(type.getShape().begin(), type.getShape().end());
  stored.strides.assign(kernel.outputStrides(0).begin(), kernel.outputStrides(0).end());
  // An epilogue's result has the sums' own shape.
  auto through = storeThrough(yielded, stored);
  if (epilogue)
    through = {einsum.getOutput(), stored};
  if (!through || through->first != einsum.getOutput())
    return std::nullopt;
  addBuffer(inputs, equation.output, through->second.shape, through->second.strides);
  if (epilogue) {
    for (const LoopProgram::Access *access : operandsOf(*epilogue)) {
      for (LabelledProduct::Axis &axis : product.axes)
        axis.strides.push_back(0);
      addBuffer(product.axes[0].strides.size() - 1, equation.output, stored.shape, access->strides);
    }
    product.epilogue = std::make_shared<LoopProgram>(alongColumns(std::move(*epilogue)));
  }
  if (computed) {
    size_t operand = computed->operand;
    auto type = cast<RankedTensorType>(einsum.getInputs()[unsigned(operand)].getType());
    for (const LoopProgram::Access *access : otherOperandsOf(computed->prologue)) {
      for (LabelledProduct::Axis &axis : product.axes)
        axis.strides.push_back(0);
      addBuffer(product.axes[0].strides.size() - 1, equation.operands[operand], type.getShape(),
                access->strides);
    }
    product.prologue = std::make_shared<LoopProgram>(std::move(computed->prologue));
    product.computed = int(operand);
  }
  for (int32_t label : equation.output)
    product.axes[label].kept = true;
  product.result = elementDType(type);
  product.accumulate = accumulate;
  return product;
}

std::optional<RowBlocks> rowBlocksOf(KernelOp kernel) {
  auto schedule = kernel.getSchedule();
  auto rows = schedule ? schedule->getParams().getAs<DenseI64ArrayAttr>("rows") : nullptr;
  if (!rows || rows.size() != 4)
    return std::nullopt;
  return RowBlocks{rows[0], rows[1], rows[2], rows[3]};
}

FailureOr<Schedule> fromAttribute(ScheduleAttr attribute, Operation *op) {
  DictionaryAttr params = attribute.getParams();
  Reader read(params, op);
  Schedule s;
  std::optional<Family> family;
  for (Family f : {Family::Contract, Family::ContractDirect, Family::Map, Family::Transpose,
                   Family::Lanes, Family::ReduceRows, Family::ReduceColumns, Family::Fused})
    if (attribute.getFamily().getValue() == familyName(f))
      family = f;
  if (!family)
    return op->emitError("bad schedule: no family of kernels is called '")
           << attribute.getFamily().getValue() << "'";
  s.spec.family = *family;
  auto number = [&](StringRef name) {
    if (auto attr = params.getAs<IntegerAttr>(name))
      return double(attr.getInt());
    auto attr = params.getAs<FloatAttr>(name);
    return attr ? attr.getValueAsDouble() : 0.0;
  };
  s.streams = params.contains("streams");
  s.prefetches = params.contains("prefetches");
  s.accumulate = params.contains("accumulate");
  if (params.contains("rows")) {
    auto rows = read.numbers("rows", 4);
    s.rowBlocks = RowBlocks{rows[0], rows[1], rows[2], rows[3]};
    auto kernel = dyn_cast<KernelOp>(op);
    int64_t results = kernel ? int64_t(kernel.getNumResults()) : 1;
    if (rows[0] < 1 || rows[1] < 1 || rows[2] < 1 || rows[3] < -1 || rows[3] >= results)
      read.fail("'rows' are entries, rows of each, those of a block, and a result");
    if (*family != Family::Fused && !isContraction(*family))
      read.fail("contractions and fused kernels alone run by 'rows'");
  }
  s.flops = number("flops"), s.bytes = number("bytes"), s.predictedSeconds = number("seconds");
  if (*family == Family::Fused) {
    readFused(read, params, op, s);
    if (!read.ok())
      return failure();
    return s;
  }
  if (auto types = read.get<ArrayAttr>("operands"))
    for (Attribute t : types)
      s.spec.operands.push_back(read.dtype(t));
  s.spec.result = read.dtype(params.get("result"));
  if (s.spec.operands.empty())
    read.fail("a kernel has an operand");
  // An intermediate of a narrow result is f32.
  DType compute = computeType(s.spec.result);
  for (DType t : s.spec.operands)
    if (promote(t, s.spec.result) != s.spec.result && !(t == DType::f32 && compute == DType::f32))
      read.fail(llvm::Twine("operands of type ") + llvm::StringRef(shortName(t)) +
                " do not give a result of type " + llvm::StringRef(shortName(s.spec.result)));
  if (auto kernel = dyn_cast<KernelOp>(op); kernel && kernel.getLayouts())
    if (auto epilogue = buildEpilogue(kernel)) {
      s.spec.epilogue = std::make_shared<LoopProgram>(alongColumns(std::move(*epilogue)));
      if (*family != Family::Contract || !params.contains("panels") || s.accumulate)
        read.fail("an epilogue is that of a contraction with columns in panels, written once");
    }
  if (auto kernel = dyn_cast<KernelOp>(op); kernel && kernel.getLayouts())
    if (auto computed = buildPrologue(kernel)) {
      s.spec.prologue = std::make_shared<LoopProgram>(std::move(computed->prologue));
      s.spec.computed = int(params.contains("swapped") ? 1 - computed->operand : computed->operand);
      if (*family != Family::Contract)
        read.fail("an operand is computed by a packed contraction");
    }
  size_t buffers = s.spec.buffers();
  s.batch = read.group("batch", buffers), s.m = read.group("m", buffers);
  s.n = read.group("n", buffers), s.k = read.group("k", buffers);
  if (isContraction(*family)) {
    auto tile = read.numbers("tile", 2);
    s.spec.tileRows = int(tile[0]), s.spec.tileColumns = int(tile[1]);
    s.swapped = params.contains("swapped");
    s.spec.pairs = params.contains("pairs");
    s.spec.prefetches = s.prefetches && *family == Family::ContractDirect;
    if (s.spec.pairs && !mayPair(s.spec.operands, s.spec.result))
      read.fail("'pairs' are those of a contraction of bf16");
    if (s.spec.operands.size() != 2)
      read.fail("a contraction has two operands");
    if (llvm::any_of(tile, [](int64_t v) { return v < 1 || v > 512; }))
      read.fail("a tile has 1 to 512 rows and columns");
  }
  if (*family == Family::Contract) {
    s.spec.streams = s.streams;
    auto blocks = read.numbers("blocks", 3);
    s.blockRows = blocks[0], s.blockColumns = blocks[1], s.blockK = blocks[2];
    auto packing = read.get<ArrayAttr>("packing");
    if (packing && packing.size() == 2) {
      for (int i = 0; i < 2; ++i) {
        auto name = dyn_cast<StringAttr>(packing[i]);
        bool known = false;
        for (Packing p : {Packing::AlongRows, Packing::AlongK, Packing::Across, Packing::Gather})
          if (name && name.getValue() == packingName(p)) {
            s.spec.packing[i] = p;
            known = true;
          }
        if (!known)
          read.fail("a packing is 'rows', 'k', 'across' or 'gather'");
      }
    } else {
      read.fail("'packing' needs two entries");
    }
    if (auto order = params.getAs<StringAttr>("panels")) {
      s.spec.panels = true;
      s.secondFirst = order.getValue() == "second first";
      if (!s.secondFirst && order.getValue() != "run by run")
        read.fail("panels go 'run by run' or 'second first'");
      if (s.n.empty() || s.n[0].strides[2] != 1)
        read.fail("columns in panels are contiguous in the result");
      else if (s.spec.packing[1] == Packing::AlongRows && s.n[0].strides[1] != 1)
        read.fail("columns packed along rows are contiguous");
    }
    if (s.spec.prologue && read.ok()) {
      if (s.spec.packing[s.spec.computed] == Packing::Across)
        read.fail("what is computed is not packed across");
      arrangePrologue(s);
    }
    if (s.spec.packing[0] == Packing::Across ||
        (s.spec.packing[1] == Packing::Across && (!s.spec.panels || s.n.size() < 2)))
      read.fail("only columns in panels are packed across, along their second dim");
    if (llvm::any_of(blocks, [](int64_t v) { return v < 1; }))
      read.fail("blocks are positive");
    if (s.spec.pairs && blocks[2] % 2 != 0)
      read.fail("a block of K is one of whole 'pairs'");
    if (s.prefetches && !s.spec.mayPrefetch())
      read.fail("columns that are prefetched are packed along 'rows'");
    if (s.streams && (!s.spec.panels || s.accumulate || totalExtent(s.k) > s.blockK))
      read.fail("a result that 'streams' has columns in panels and is written once");
  } else {
    s.spec.accumulate = s.accumulate;
    if (*family == Family::ContractDirect && (s.m.size() > 1 || s.n.size() > 1 || s.k.size() > 1))
      read.fail("a direct contraction has groups of one dim");
    s.spec.copies = *family == Family::ContractDirect && params.contains("copies");
    if (s.spec.copies && !s.batch.empty())
      read.fail("a direct contraction that 'copies' has no batch");
    if (auto unit = params.getAs<IntegerAttr>("unit")) {
      s.spec.vectorized = true;
      s.spec.unit = uint32_t(unit.getInt());
      if (unit.getInt() < 0 || unit.getInt() >> buffers != 0)
        read.fail("'unit' has a bit for each buffer");
      if (auto atOnce = params.getAs<IntegerAttr>("at_once")) {
        s.spec.rowsAtOnce = int(atOnce.getInt());
        if (!llvm::isPowerOf2_64(uint64_t(atOnce.getInt())) || atOnce.getInt() > kMostRowsAtOnce ||
            (*family != Family::ReduceRows && *family != Family::ReduceColumns))
          read.fail("a reduction reads 1, 2, 4 or 8 rows 'at_once'");
      }
      s.spec.shared = sharedOperands(s);
      s.spec.inPieces = params.contains("pieces");
      if (s.spec.inPieces && (*family != Family::ReduceRows || s.k.empty()))
        read.fail("sums of rows come in 'pieces'");
    }
  }
  if (*family == Family::ReduceColumns && (!s.spec.vectorized || s.batch.empty()))
    read.fail("a reduction by columns has 'unit' and a kept dim");
  if (*family == Family::Lanes && read.ok()) {
    s.spec.entry = entryOf(s);
    if (!s.spec.entry)
      read.fail("'lanes' have one dim of entries in 'm', and few numbers in each");
  }
  if (*family == Family::Transpose) {
    if (s.spec.operands.size() != 1 || s.spec.operands[0] != s.spec.result)
      read.fail("a transpose moves elements of one type");
    if (s.n.size() != 1 || s.n[0].strides[0] != 1 || s.m.empty())
      read.fail("a transpose has one dim in 'n', contiguous in the operand, and some in 'm'");
    int64_t run = 1;
    for (const Dim &dim : s.m) {
      if (dim.strides[1] != run)
        read.fail("dims of a transpose's 'm' follow each other in the result");
      run *= dim.extent;
    }
    s.spec.streams = s.streams || s.prefetches;
    auto blocks = read.numbers("blocks", 2);
    s.blockRows = blocks[0], s.blockColumns = blocks[1];
    if (llvm::any_of(blocks, [](int64_t v) { return v < 1 || v % kTransposeUnit != 0; }))
      read.fail("blocks of a transpose are multiples of " + llvm::Twine(kTransposeUnit));
  }
  if (!read.ok())
    return failure();
  return s;
}

} // namespace ricci
