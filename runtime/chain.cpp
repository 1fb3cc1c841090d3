//===- chain.cpp - launches that run block of rows by block of rows ------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/decisions/0010-row-blocks.md. A worker's memory is the pointers of all launches, the block
// of rows, and the workspace of each launch. The kernels address what is handed on as the whole
// that it is part of: the pointer to it is moved back by the rows before the block.
//
//===----------------------------------------------------------------------===//
#include "runtime/chain.h"

#include <algorithm>

namespace ricci {
namespace {

int64_t roundedUp(int64_t bytes) { return (bytes + 63) / 64 * 64; }

int64_t pointerBytes(size_t buffers) { return roundedUp(int64_t(buffers * sizeof(void *))); }

/// A launch's own part: at least what is kept there.
int64_t workspaceBytes(const Launch &launch) {
  return std::max<int64_t>(roundedUp(launch.workspaceBytes), 64);
}

} // namespace

LaunchGroup LaunchGroup::at(const std::vector<Launch> &launches, size_t first) {
  return {&launches[first], size_t(std::max<int64_t>(launches[first].chain.launches, 1))};
}

int64_t LaunchGroup::tasks() const {
  const Chain &chain = launches->chain;
  return isChain() ? chain.entries * chain.blocksPerEntry() : launches->tasks;
}

size_t LaunchGroup::buffers() const {
  size_t buffers = 0;
  for (const Launch &launch : *this)
    buffers += launch.buffers.size();
  return buffers;
}

Expected<int64_t> LaunchGroup::workerBytes() const {
  if (!isChain())
    return roundedUp(launches->workspaceBytes);
  int64_t bytes = pointerBytes(buffers()) + roundedUp(launches->chain.blockBytes);
  for (const Launch &launch : *this)
    if (__builtin_add_overflow(bytes, workspaceBytes(launch), &bytes))
      return machineError("the workspaces of a chain together exceed 2**63 bytes");
  return bytes;
}

GroupRun::GroupRun(const LaunchGroup &group, void *const *buffers, std::byte *workspace,
                   int64_t workerBytes)
    : group_(group), buffers_(buffers), workspace_(workspace), workerBytes_(workerBytes),
      reports_(std::any_of(group.begin(), group.end(), [](const Launch &launch) {
        return std::any_of(launch.buffers.begin(), launch.buffers.end(), [](const BufferRef &ref) {
          return ref.kind == BufferRef::Kind::Status;
        });
      })) {}

void GroupRun::run(void *ctx, int64_t begin, int64_t end, int worker) {
  GroupRun &self = *static_cast<GroupRun *>(ctx);
  std::byte *memory = self.workspace_ + worker * self.workerBytes_;
  begin += self.first, end += self.first;
  if (!self.reports_)
    return self.runPart(self.buffers_, memory, begin, end);
  LaunchStatus status;
  BufferTable table;
  void **buffers = table.resize(self.group_.buffers());
  size_t next = 0;
  for (const Launch &launch : self.group_)
    for (const BufferRef &ref : launch.buffers) {
      buffers[next] = ref.kind == BufferRef::Kind::Status ? &status : self.buffers_[next];
      ++next;
    }
  self.runPart(buffers, memory, begin, end);
  if (!status.failed)
    return;
  std::lock_guard lock(self.mutex_);
  if (begin < self.reported_) {
    self.reported_ = begin;
    self.status_ = status;
  }
}

void GroupRun::runPart(void *const *buffers, std::byte *memory, int64_t begin, int64_t end) const {
  if (group_.isChain())
    return runChain(buffers, memory, begin, end);
  const Launch &launch = *group_.launches;
  launch.kernel->entry()(buffers, launch.descriptor.data(), memory, begin, end);
}

void GroupRun::runChain(void *const *buffers, std::byte *memory, int64_t begin, int64_t end) const {
  const Chain &chain = group_.launches->chain;
  const size_t count = group_.buffers();
  void **table = reinterpret_cast<void **>(memory);
  std::copy(buffers, buffers + count, table);
  std::byte *block = memory + pointerBytes(count);
  std::byte *const workspaces = block + roundedUp(chain.blockBytes);
  std::byte *workspace = workspaces;
  for (const Launch &launch : group_) {
    *reinterpret_cast<int64_t *>(workspace) = kNothingKept;
    workspace += workspaceBytes(launch);
  }
  const int64_t blocks = chain.blocksPerEntry();
  for (int64_t task = begin; task < end; ++task) {
    const int64_t entry = task / blocks, at = task % blocks;
    const int64_t firstRow = entry * chain.rows + at * chain.blockRows;
    workspace = workspaces;
    void **pointers = table;
    for (const Launch &launch : group_) {
      for (size_t i = 0; i < launch.buffers.size(); ++i)
        if (const BufferRef &ref = launch.buffers[i]; ref.kind == BufferRef::Kind::Block)
          pointers[i] = reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(block) +
                                                 uintptr_t(ref.byteOffset - firstRow * ref.index));
      const int64_t tasksPerEntry = launch.tasks / chain.entries;
      const int64_t from = entry * tasksPerEntry + at * launch.tasksPerBlock;
      const int64_t to = std::min(from + launch.tasksPerBlock, (entry + 1) * tasksPerEntry);
      if (from < to)
        launch.kernel->entry()(pointers, launch.descriptor.data(), workspace, from, to);
      workspace += workspaceBytes(launch);
      pointers += launch.buffers.size();
    }
  }
}

} // namespace ricci
