//===- executable.h - a compiled program --------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/tensor.h"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ricci {

/// Entry of every CPU kernel. `buffers[i]` points at the element at index 0 of the launch's i-th
/// buffer, `descriptor` holds the run-time extents and strides (its layout belongs to the kernel's
/// family), `workspace` is this worker's scratch memory (64-byte aligned), and [begin, end) are the
/// tasks to do. Tasks of one launch are independent, and no result depends on how they are divided.
using KernelFn = void (*)(void *const *buffers, const int64_t *descriptor, void *workspace,
                          int64_t begin, int64_t end);

/// A kernel of a CUDA device.
struct CudaCode {
  std::string name;  ///< of its function
  std::string title; ///< for people: "contract f32 128x128x16"
  std::string arch;  ///< "sm_90a" of a cubin, "compute_90" of PTX
  std::string image; ///< cubin, or PTX that the driver compiles
};

/// The code of a kernel: relocation-free machine code mapped read-execute, or what a CUDA device
/// loads. Shared by every executable that uses it.
class Kernel {
public:
  virtual ~Kernel() = default;
  /// Null for a kernel of a CUDA device.
  virtual KernelFn entry() const = 0;
  virtual const std::string &key() const = 0;
  virtual size_t codeBytes() const = 0;
  /// The `codeBytes()` bytes of the image, `entry()` among them; null where it is none.
  virtual const uint8_t *code() const { return nullptr; }
  /// Null for a kernel of the CPU.
  virtual const CudaCode *cuda() const { return nullptr; }
};

/// Where a launch's buffer is found.
struct BufferRef {
  enum class Kind : uint8_t {
    Input,
    Output,
    Arena,
    Constant, ///< of the executable
    Status,   ///< words in which the kernel reports: see LaunchStatus
    Block,    ///< a block of rows in a worker's memory: see Chain
  } kind = Kind::Input;
  int64_t index = 0;      ///< of the input, output or constant; of a block, bytes of a row
  int64_t byteOffset = 0; ///< from its element at index 0, of any sign; into the arena
};

struct Executable;

/// What a kernel has to say: an index array's element that no axis has.
struct LaunchStatus {
  int64_t failed = 0, index = 0, extent = 0;
  int64_t axis = 0; ///< plus kMaxRank times the gather's position in Executable::gathers
};
/// The error that it tells, where it does.
Status statusOf(const LaunchStatus &status, const Executable &executable);

/// The threads of a launch on a CUDA device. The kernel's parameters are the pointers of the
/// launch's buffers, in order, then the words of its descriptor as 64-bit integers.
struct Grid {
  std::array<uint32_t, 3> blocks = {1, 1, 1};
  std::array<uint32_t, 3> threads = {1, 1, 1}; ///< of a block
  uint32_t sharedBytes = 0;                    ///< dynamic shared memory
  bool operator==(const Grid &o) const {
    return blocks == o.blocks && threads == o.threads && sharedBytes == o.sharedBytes;
  }
};

/// Launches that follow each other and run together: a worker does all of them for one block of
/// rows before it takes the next, so that what one hands to the next stays in the cache and only a
/// block of it is ever in memory. A block is a task of the chain.
struct Chain {
  int64_t launches = 0; ///< this one and those after it; 0: it runs alone
  int64_t entries = 1, rows = 1,
          blockRows = 1;  ///< rows of each entry, and of each block but the last
  int64_t blockBytes = 0; ///< for each worker
  int64_t blocksPerEntry() const { return (rows + blockRows - 1) / blockRows; }
};

/// One call of one kernel.
struct Launch {
  std::shared_ptr<const Kernel> kernel;
  std::vector<BufferRef> buffers;
  std::vector<int64_t> descriptor;
  int64_t tasks = 1;
  int64_t tasksPerWorker = 1; ///< fewer are not worth waking another worker for
  int64_t workspaceBytes = 0; ///< for each worker
  /// A worker gets its tasks in so many parts, to even out speeds: 1 where every part does some
  /// work again (packs an operand).
  int64_t partsPerWorker = 4;
  Grid grid;   ///< of a CUDA device, which knows no tasks, workers and workspaces
  Chain chain; ///< of the first of its launches
  /// Of a launch in a chain: its tasks in a block. The first number in its workspace is
  /// kNothingKept when a worker begins with another block than the one after its last.
  int64_t tasksPerBlock = 1;
};

/// A row of the table that `plan` prints.
struct PlanStep {
  std::string contraction; ///< "jk,kl->jl", in the user's labels
  std::string kernel;      ///< family, type and tile: "contract f32 14x32"
  double flops = 0;
  double bytes = 0;            ///< compulsory traffic: every operand and the result once
  double predictedSeconds = 0; ///< by the cost model
  std::string remaining;       ///< the equation that is left after this step
  int64_t blockRows = 0; ///< the next step runs together with this one, so many rows at a time
};

/// What a kernel finds in its workspace that has not kept anything there yet.
inline constexpr int64_t kNothingKept = INT64_MIN;

/// What the compiler decided, for people and for `--json`.
struct Plan {
  std::string equation;                   ///< empty for a program that is more than one einsum
  std::vector<std::vector<int64_t>> path; ///< opt_einsum form: positions popped, result appended
  std::string orderedBy; ///< "dynamic programming (optimal)", "greedy", "given path"
  int64_t naiveScaling = 0, optimizedScaling = 0;
  double naiveFlops = 0, optimizedFlops = 0; ///< as np.einsum_path counts them
  double largestIntermediate = 0;            ///< elements
  int64_t peakBytes = 0;                     ///< of intermediates alive at once
  int64_t workspaceBytes = 0;                ///< packing buffers, one worker
  std::vector<PlanStep> steps;
  /// The table, as np.einsum_path prints it plus kernel, flops, bytes and peak memory.
  std::string str() const;
};

/// Milliseconds of each compile stage, in order.
struct CompileTimes {
  std::vector<std::pair<std::string, double>> stages;
  double total() const;
};

/// A program that runs on the host without machine code: the reference interpreter implements it.
class HostProgram {
public:
  virtual ~HostProgram() = default;
  virtual Status run(const std::vector<Tensor> &inputs,
                     const std::vector<Tensor> &outputs) const = 0;
};

class CudaProgram; // runtime/cuda_program.h

/// A compiled program: launches in order, over the caller's inputs and outputs and one arena.
/// Immutable; any number of threads may run it at once.
struct Executable {
  Device device;
  std::vector<TensorType> inputs;
  std::vector<TensorType> outputs; ///< the strides the outputs must have
  std::vector<Launch> launches;
  int64_t arenaBytes = 0;
  bool accumulates = false; ///< outputs += the results
  /// What the code may use and this machine lacks: it can be looked at, but does not run.
  std::string lacking;
  std::vector<std::vector<uint8_t>> constants; ///< elements in C order
  std::string source;        ///< the program's text, where something points into it
  std::vector<Span> gathers; ///< where `source` has what each gather comes from; empty: nowhere
  std::shared_ptr<const HostProgram> host; ///< set instead of launches, of the reference device
  Plan plan;
  CompileTimes times;
  /// Of a program for a GPU: its constants and code there, from its first run on.
  mutable std::shared_ptr<const CudaProgram> onDevice;

  /// Runs into `outputs`, whose types must equal `this->outputs`. Outputs may not overlap inputs.
  /// An index out of range is an input error afterwards; the outputs are then undefined. Tensors of
  /// a program for a GPU are in its memory, or in the CPU's and copied there and back.
  Status run(TensorList inputs, TensorList outputs) const;
};

} // namespace ricci
