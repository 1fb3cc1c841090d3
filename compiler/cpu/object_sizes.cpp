//===- object_sizes.cpp - launches as formulas of a size -----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/object_sizes.h"

#include "llvm/Support/MathExtras.h"

namespace ricci {

static int64_t alignTo64(int64_t bytes) { return int64_t(llvm::alignTo(uint64_t(bytes), 64)); }

Expected<ObjectVariant> describeVariant(const std::vector<SizedLaunches> &programs,
                                        const std::vector<int64_t> &sizes, const Target &target) {
  const Executable &executable = programs[0].executable;
  ObjectVariant variant;
  variant.target = &target;
  variant.constants = executable.constants;
  variant.arenaBytes.constant = alignTo64(executable.arenaBytes);
  for (const Launch &launch : executable.launches) {
    ObjectLaunch each;
    each.kernel = launch.kernel->key();
    for (const BufferRef &ref : launch.buffers)
      each.buffers.push_back({ref.kind, ref.index, SizeTerm::of(ref.byteOffset)});
    for (int64_t word : launch.descriptor)
      each.descriptor.push_back(SizeTerm::of(word));
    each.tasks = SizeTerm::of(launch.tasks);
    each.tasksPerWorker = launch.tasksPerWorker;
    variant.workerBytes.constant =
        std::max(variant.workerBytes.constant, alignTo64(launch.workspaceBytes));
    variant.launches.push_back(std::move(each));
  }
  return variant;
}

} // namespace ricci
