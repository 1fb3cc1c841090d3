//===- compile_cuda.cpp - programs for CUDA devices ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/compile_cuda.h"

#include "compiler/cuda/emit_cuda.h"
#include "compiler/cuda/nvrtc.h"
#include "compiler/ir/types.h"
#include "compiler/launches.h"
#include "compiler/pipeline.h"
#include "runtime/cuda_code.h"
#include "runtime/cuda_device.h"

#include "llvm/ADT/StringSet.h"

#include <fmt/format.h>

using namespace mlir;

namespace ricci {
namespace {

/// Compulsory traffic: every operand and result once.
double bytesOf(KernelOp kernel) {
  double bytes = 0;
  auto add = [&](Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    bytes += double(type.getNumElements()) * double(itemSize(elementDType(type)));
  };
  llvm::for_each(kernel.getInputs(), add);
  llvm::for_each(kernel.getResults(), add);
  return bytes;
}

CudaEmitOptions emitOptions(const CompileOptions &options) {
  CudaEmitOptions emit;
  emit.allowTf32 = options.allowTf32;
  return emit;
}

/// Of the device, where it is what is compiled for.
CudaProperties propertiesOf(const CudaTarget &target, const CompileOptions &options) {
  CudaProperties properties;
  properties.capability = target.capability;
  Expected<CudaDevice *> device = CudaDevice::get(options.device.index);
  if (!device || (*device)->capability() != target.capability)
    return properties;
  properties.processors = (*device)->multiprocessors();
  properties.clock = (*device)->clock();
  properties.memory = (*device)->memoryBandwidth();
  return properties;
}

Expected<std::shared_ptr<const Kernel>> kernelFor(const CudaKernel &made, const CudaTarget &target,
                                                  const CompileOptions &options,
                                                  LruCache<Kernel> &kernels, CompileTimes &times) {
  Expected<const Nvrtc *> nvrtc = Nvrtc::get();
  if (!nvrtc)
    return std::move(nvrtc.error());
  const std::string key = cudaKernelKey(made.title, target.arch, (*nvrtc)->version(), made.source);
  auto find = [&]() -> Expected<std::shared_ptr<const Kernel>> {
    if (options.kernels)
      if (auto kernel = options.kernels->findKernel(key))
        return kernel;
    Stopwatch watch;
    Expected<CudaBinary> binary = (*nvrtc)->compile(made.source, made.name, target);
    addTime(times, "nvrtc", watch.lap());
    if (!binary)
      return std::move(binary.error());
    return makeCudaKernel(key, {made.name, made.title, binary->arch, std::move(binary->image)});
  };
  return kernels.getOrCompute(key, find,
                              [](const Kernel &kernel) { return int64_t(kernel.codeBytes()); });
}

/// The kernels of a function by their texts, each once, and how often each is launched.
struct DistinctKernel {
  CudaKernel kernel;
  int launches = 1;
};

Expected<std::vector<DistinctKernel>>
distinctKernels(func::FuncOp function, const CudaTarget &target, const CudaEmitOptions &options) {
  std::vector<DistinctKernel> kernels;
  for (KernelOp op : function.getOps<KernelOp>()) {
    Expected<CudaKernel> made = emitCuda(op, target, options);
    if (!made)
      return std::move(made.error());
    auto same = llvm::find_if(kernels, [&](const DistinctKernel &other) {
      return other.kernel.source == made->source && other.kernel.grid == made->grid;
    });
    if (same != kernels.end())
      ++same->launches;
    else
      kernels.push_back({std::move(*made), 1});
  }
  return kernels;
}

std::string gridText(const Grid &grid) {
  auto by = [](const std::array<uint32_t, 3> &n) {
    return fmt::format("{}x{}x{}", n[0], n[1], n[2]);
  };
  return fmt::format("{} blocks of {} threads, {} bytes of dynamic shared memory", by(grid.blocks),
                     by(grid.threads), grid.sharedBytes);
}

/// One text of all kernels. Each but a single one is in a namespace, so that what their texts
/// define besides does not meet; that of a kernel itself is C's.
std::string joinTexts(const std::vector<DistinctKernel> &kernels) {
  std::string text;
  llvm::StringSet<> seen;
  for (auto [i, distinct] : llvm::enumerate(kernels)) {
    const CudaKernel &kernel = distinct.kernel;
    text +=
        fmt::format("// {}{}: {}{}\n", i == 0 ? "" : "\n// ", kernel.title, gridText(kernel.grid),
                    distinct.launches == 1 ? "" : fmt::format(", {} launches", distinct.launches));
    // The same text with another grid.
    if (!seen.insert(kernel.source).second)
      continue;
    if (kernels.size() > 1)
      text += fmt::format("namespace kernel_{} {{\n", i);
    text += kernel.source;
    if (!kernel.source.ends_with('\n'))
      text += '\n';
    if (kernels.size() > 1)
      text += "}\n";
  }
  return text;
}

} // namespace

Status linkCuda(func::FuncOp function, const CudaTarget &target, const CompileOptions &options,
                LruCache<Kernel> &kernels, CompileTimes &times, Executable &executable) {
  const CudaProperties properties = propertiesOf(target, options);
  ValuePlaces places(function, executable);
  PlanRows rows(executable.plan);
  for (KernelOp op : function.getOps<KernelOp>()) {
    Stopwatch watch;
    Expected<CudaKernel> made = emitCuda(op, target, emitOptions(options));
    addTime(times, "cuda", watch.lap());
    if (!made)
      return std::move(made.error());
    auto kernel = kernelFor(*made, target, options, kernels, times);
    if (!kernel)
      return std::move(kernel.error());
    places.addResults(op);
    Launch launch;
    launch.kernel = std::move(*kernel);
    launch.descriptor = std::move(made->descriptor);
    launch.grid = made->grid;
    for (const BufferUse &use : made->buffers)
      launch.buffers.push_back(places(op, use.buffer, use.offset));
    if (made->reportsStatus)
      launch.buffers.push_back({BufferRef::Kind::Status, 0, 0});
    executable.launches.push_back(std::move(launch));

    PlanStep estimate;
    estimate.kernel = made->title;
    estimate.bytes = bytesOf(op);
    estimate.flops = made->work.blocks * made->work.flopsOfBlock;
    estimate.predictedSeconds = predictedSeconds(made->work, estimate.bytes, properties);
    rows.add(op, estimate);
  }
  return success();
}

Expected<std::string> emitCudaStage(func::FuncOp function, const CudaTarget &target,
                                    const CompileOptions &options, Stage stage) {
  Expected<std::vector<DistinctKernel>> kernels =
      distinctKernels(function, target, emitOptions(options));
  if (!kernels)
    return std::move(kernels.error());
  std::string text = joinTexts(*kernels);
  if (stage == Stage::Cuda)
    return text;
  if (kernels->empty())
    return usageError("the program has no kernels to compile");
  Expected<const Nvrtc *> nvrtc = Nvrtc::get();
  if (!nvrtc)
    return std::move(nvrtc.error());
  const std::string name = kernels->size() == 1 ? kernels->front().kernel.name : "kernels";
  Expected<CudaBinary> binary = (*nvrtc)->compile(text, name, target);
  if (!binary)
    return std::move(binary.error());
  if (stage == Stage::Ptx)
    return fmt::format("// {}: {} registers, {} bytes spilled\n{}", binary->arch, binary->registers,
                       binary->spillBytes, binary->ptx);
  if (!binary->arch.starts_with("sm_"))
    return machineError(fmt::format("NVRTC {} makes PTX for {}, no cubin; --emit=ptx prints it",
                                    (*nvrtc)->version(), target.arch));
  return binary->image;
}

} // namespace ricci
