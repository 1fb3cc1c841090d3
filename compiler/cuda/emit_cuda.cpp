//===- emit_cuda.cpp - CUDA C++ text of a kernel
//------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/emit_cuda.h"

#include "compiler/cuda/device_code.h"
#include "compiler/cuda/einsum_loops.h"
#include "compiler/cuda/emit.h"
#include "compiler/ir/dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace ricci {

void defineBlock(KernelText &kernel, int64_t blocks, const char *type) {
  constexpr int64_t kMostBlocks = 0x7fffffff, kAlongX = 1 << 30;
  if (blocks <= kMostBlocks) {
    kernel.grid.blocks[0] = uint32_t(blocks);
    kernel.body.line("const {0} block = ({0})blockIdx.x;", type);
    return;
  }
  kernel.grid.blocks = {uint32_t(kAlongX), uint32_t((blocks + kAlongX - 1) / kAlongX), 1};
  kernel.body.line("const i64 block = (i64)blockIdx.y * {} + blockIdx.x;", kAlongX);
  kernel.body.line("if (block >= {}ll) return;", blocks);
}

void defineOffset(KernelText &kernel, const std::string &name, const Dims &dims, size_t buffer,
                  const char *type) {
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
  kernel.helpers.line("FN {0} {1}({0} index) {{ return {2}; }}", type, name,
                      sum.empty() ? "0" : sum);
}

namespace {

/// The operations of the kernel, without what differs between kernels that share their code: where
/// their buffers lie, and how they run on a CPU.
std::string comment(KernelOp kernel, const KernelText &text) {
  std::string lines;
  llvm::raw_string_ostream out(lines);
  out << "// " << text.title << ": " << text.schedule << "\n";
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(16);
  AsmState state(kernel, flags);
  for (Operation &op : kernel.block()) {
    op.print(out << "//   ", state);
    out << "\n";
  }
  if (auto layouts = kernel.getLayouts()) {
    out << "// strides of the operands, then of the results:";
    for (Attribute strides : *layouts)
      out << " ["
          << llvm::join(llvm::map_range(cast<DenseI64ArrayAttr>(strides).asArrayRef(),
                                        [](int64_t s) { return std::to_string(s); }),
                        ", ")
          << "]";
    out << "\n";
  }
  return lines;
}

CudaKernel assemble(KernelOp kernel, KernelText text) {
  CudaKernel result;
  std::string body = text.body.str();
  result.reportsStatus = body.find("checkedIndex(") != std::string::npos;
  if (result.reportsStatus)
    text.parameters.push_back("LaunchStatus *status");
  const auto &threads = text.grid.threads;
  CudaText function;
  function.line("extern \"C\" __global__ void __launch_bounds__({}{})",
                threads[0] * threads[1] * threads[2],
                text.blocksAtOnce == 0 ? "" : fmt::format(", {}", text.blocksAtOnce));
  // Kernels of one program stand in one text, and in one profile.
  std::string parameters = llvm::join(text.parameters, ",\n    "), helpers = text.helpers.str();
  uint64_t hash = llvm::xxh3_64bits(helpers + parameters + body);
  text.name += "_" + llvm::utohexstr(hash >> 32, /*LowerCase=*/true, /*Width=*/8);
  std::string code = helpers + function.str() + text.name + "(" + parameters + ") {\n";
  for (llvm::StringRef rest = body; !rest.empty();) {
    auto [line, more] = rest.split('\n');
    code += (line.empty() ? "" : "  " + line.str()) + "\n";
    rest = more;
  }
  code += "}\n";
  std::string preamble = deviceCodeFor(code);
  result.source = comment(kernel, text) + "\n" + preamble + (preamble.empty() ? "" : "\n") + code;
  result.name = std::move(text.name);
  result.title = std::move(text.title);
  result.grid = text.grid;
  return result;
}

bool isWideType(DType type) {
  return type == DType::f64 || type == DType::c128 || type == DType::i64 || type == DType::u64;
}

CudaWork workOf(const ContractGrid &grid) {
  CudaWork work;
  switch (grid.unit) {
  case ContractGrid::Unit::Scalar:
    work.unit = isWideType(grid.result) ? CudaUnit::Scalar64 : CudaUnit::Scalar32;
    break;
  case ContractGrid::Unit::F16:
  case ContractGrid::Unit::Bf16:
    work.unit = CudaUnit::MatrixHalf;
    break;
  case ContractGrid::Unit::Tf32:
    work.unit = CudaUnit::MatrixTf32;
    break;
  case ContractGrid::Unit::F64:
    work.unit = CudaUnit::MatrixF64;
    break;
  }
  double product = kindOf(grid.result) == DTypeKind::Complex ? 8 : 2;
  work.blocks = double(grid.blocks());
  work.flopsOfBlock = product * grid.rows * grid.columns * double(totalExtent(grid.k));
  work.efficiency = grid.efficiency;
  work.isLarge = true;
  return work;
}

/// Of the products; what is done with a score besides shows in the efficiency.
CudaWork workOf(const AttentionGrid &grid) {
  CudaWork work;
  work.unit = grid.unit == AttentionGrid::Unit::Scalar ? CudaUnit::Scalar32 : CudaUnit::MatrixHalf;
  const Attention &a = grid.attention;
  work.blocks = double(grid.blocks());
  work.flopsOfBlock = 2.0 * grid.rows * double(totalExtent(a.keys)) *
                      double(totalExtent(a.depth) + totalExtent(a.columns));
  work.efficiency = grid.efficiency;
  work.isLarge = true;
  return work;
}

/// An operation for each node at each point; what moves bytes counts none.
CudaWork workOf(const FusedGrid &grid) {
  CudaWork work;
  double flops = 0;
  for (const LoopProgram::Node &node : grid.loops.nodes) {
    bool computes =
        node.kind == LoopProgram::Kind::Scalar || node.kind == LoopProgram::Kind::Scan ||
        node.kind == LoopProgram::Kind::Reduce || node.kind == LoopProgram::Kind::ArgReduce;
    bool isEach = node.full || node.kind == LoopProgram::Kind::Reduce ||
                  node.kind == LoopProgram::Kind::ArgReduce;
    flops += computes ? double(grid.points) * (isEach ? double(grid.reduced) : 1) : 0;
    if (computes && isWideType(node.computed))
      work.unit = CudaUnit::Scalar64;
  }
  work.blocks = std::max(1.0, double(grid.blocks()));
  work.flopsOfBlock = flops / work.blocks;
  // About half of a kernel's instructions are addresses, loads and conversions.
  work.efficiency = 0.5;
  return work;
}

/// Whether the kernel's result is added to what the function's memory holds.
bool accumulates(KernelOp kernel) {
  auto function = kernel->getParentOfType<func::FuncOp>();
  return function && function->hasAttr(kAccumulateAttr) &&
         llvm::is_contained(function.getBody().front().getTerminator()->getOperands(),
                            kernel.getResult(0));
}

} // namespace

Expected<CudaKernel> emitCuda(KernelOp kernel, const CudaTarget &target,
                              const CudaEmitOptions &options) {
  std::string label = kernel.getLabel().value_or("a kernel").str();
  unsigned inputs = unsigned(kernel.getInputs().size());
  SmallVector<BufferUse> buffers;
  LoopProgram loops;
  if (auto attention = attentionOf(kernel)) {
    auto grid = chooseAttentionGrid(*attention, target, options);
    if (!grid)
      return internalError("no CUDA kernel for " + label + ": attention without a grid");
    CudaKernel result = assemble(kernel, emitAttention(*grid, inputs));
    result.buffers = std::move(attention->buffers);
    result.work = workOf(*grid);
    return result;
  }
  if (EinsumOp einsum = einsumOf(kernel)) {
    auto product = productOf(einsum, kernel, accumulates(kernel));
    if (!product)
      return internalError("no CUDA kernel for " + label + ": an operand is no view of memory");
    buffers = buffersOf(kernel, Schedule{});
    if (auto grid = chooseContractGrid(*product, target, options)) {
      CudaKernel result = assemble(kernel, emitContract(*grid));
      result.buffers = std::move(buffers);
      result.work = workOf(*grid);
      return result;
    }
    loops = einsumLoops(*product, buffers);
  } else if (auto program = buildLoopProgram(kernel)) {
    loops = std::move(*program);
    buffers = buffersOf(kernel, Schedule{});
  } else {
    return internalError("no CUDA kernel for " + label +
                         ": it is neither one einsum nor fused loops");
  }
  FusedGrid grid = chooseFusedGrid(std::move(loops), options.wideIndices);
  CudaKernel result = assemble(kernel, emitFused(grid, inputs));
  result.work = workOf(grid);
  result.buffers = std::move(buffers);
  return result;
}

} // namespace ricci
