//===- shared_functions.cpp - functions that kernels have in common -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/shared_functions.h"

#include "compiler/cpu/emit.h"
#include "compiler/cpu/emit_pack.h"
#include "compiler/cpu/offsets.h"
#include "compiler/cpu/pack_steps.h"
#include "compiler/cpu/streaming.h"
#include "compiler/ir/dialect.h"

#include "llvm/ADT/StringMap.h"

#include <algorithm>

using namespace mlir;

namespace ricci {

namespace {

/// Types of operands, and those whose results may be streamed.
constexpr DType kPacked[] = {DType::f32,  DType::f64, DType::f16,
                             DType::bf16, DType::c64, DType::c128};
constexpr DType kStreamed[] = {DType::f32, DType::f64};
/// Buffers of a contraction, with those of its epilogue; two are a transpose's.
constexpr int kMostBuffers = 8;

/// All functions of a module but this one and what it calls, directly or not.
void eraseUncalled(ModuleOp module, StringRef name) {
  llvm::StringMap<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>())
    functions[function.getName()] = function;
  SmallVector<StringRef> work{name};
  while (!work.empty()) {
    auto found = functions.find(work.pop_back_val());
    if (found == functions.end())
      continue;
    func::FuncOp called = found->second;
    functions.erase(found);
    called.walk([&](func::CallOp call) { work.push_back(call.getCallee()); });
  }
  for (auto &[_, function] : functions)
    function.erase();
}

void addPacking(std::vector<SharedFunction> &all, DType storage, bool pairs, const Target &target) {
  DType packed = StepReader::packedType(computeType(storage), pairs);
  auto packs = [=](auto emit) {
    return [=](LoopBuilder &b, ModuleOp module, const Target &target) {
      ValueBuilder values(b, target, packed);
      emit(b, module, values);
    };
  };
  for (Packing packing : {Packing::AlongRows, Packing::AlongK, Packing::Across, Packing::Gather}) {
    std::string name = packedName(storage, pairs, packed, packing);
    if (packing != Packing::Across)
      all.push_back({"pack_" + name, packs([=](LoopBuilder &b, ModuleOp module, auto &values) {
                       emitPack(b, module, values, storage, pairs, packing);
                     })});
    for (int vectors = 1; vectors <= kMostTileVectors; ++vectors) {
      int columns = vectors * target.lanes(componentDType(packed));
      all.push_back({"pack_columns_" + name + "_" + std::to_string(columns),
                     packs([=](LoopBuilder &b, ModuleOp module, auto &values) {
                       emitPackColumns(b, module, values, storage, pairs, packing, columns);
                     })});
    }
  }
}

} // namespace

std::vector<SharedFunction> sharedFunctions(const Target &target) {
  std::vector<SharedFunction> all;
  for (int buffers = 2; buffers <= kMostBuffers; ++buffers)
    all.push_back({"fill_offsets_" + std::to_string(buffers),
                   [=](LoopBuilder &b, ModuleOp module, const Target &) {
                     emitFillOffsets(b, module, buffers);
                   }});
  all.push_back({"fill_runs",
                 [](LoopBuilder &b, ModuleOp module, const Target &) { emitFillRuns(b, module); }});
  all.push_back({"stream_bits", [](LoopBuilder &b, ModuleOp module, const Target &target) {
                   ValueBuilder values(b, target, DType::f32);
                   LineStreams(b, module, values);
                 }});
  for (DType type : kStreamed)
    for (const char *name : {"stream_flush_", "stream_tile_", "stream_ends_"})
      all.push_back({name + std::string(shortName(type)),
                     [=](LoopBuilder &b, ModuleOp module, const Target &target) {
                       ValueBuilder values(b, target, type);
                       LineStreams(b, module, values);
                     }});
  for (DType type : kPacked)
    addPacking(all, type, /*pairs=*/false, target);
  if (target.avx512)
    addPacking(all, DType::bf16, /*pairs=*/true, target);
  return all;
}

OwningOpRef<ModuleOp> emitShared(MLIRContext &context, const SharedFunction &function,
                                 const Target &target) {
  loadEmitterDialects(context);
  OwningOpRef<ModuleOp> module(ModuleOp::create(UnknownLoc::get(&context)));
  LoopBuilder b(&context);
  function.emit(b, *module, target);
  eraseUncalled(*module, function.name);
  if (auto shared = module->lookupSymbol<func::FuncOp>(function.name))
    shared->setAttr(kSharedAttr, UnitAttr::get(&context));
  return module;
}

SmallVector<PrebuiltFunction> usePrebuilt(ModuleOp module, StringRef entry, const Target &target,
                                          ArrayRef<PrebuiltFunction> prebuilt) {
  SmallVector<PrebuiltFunction> used;
  auto order = [](const PrebuiltFunction &f) { return std::pair(f.level, f.name); };
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPrivate() || function.isExternal())
      continue;
    std::pair key(std::string_view(target.level), std::string_view(function.getName()));
    const auto *found =
        std::lower_bound(prebuilt.begin(), prebuilt.end(), key,
                         [&](const PrebuiltFunction &f, auto &key) { return order(f) < key; });
    if (found == prebuilt.end() || order(*found) != key)
      continue;
    function.eraseBody();
    used.push_back(*found);
  }
  if (!used.empty())
    eraseUncalled(module, entry);
  return used;
}

} // namespace ricci
