//===- session.cpp - calls to cached executables ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/session.h"
#include "frontend/api/dump.h"
#include "frontend/types.h"
#include "runtime/build_id.h"
#include "runtime/cache.h"
#include "runtime/cuda_device.h"
#include "runtime/device_interface.h"
#include "runtime/disk_cache.h"
#include "runtime/fork.h"
#include "runtime/interrupt.h"
#include "runtime/log.h"
#include "runtime/machine.h"
#include "runtime/nvrtc_library.h"
#include "runtime/pool.h"
#include "runtime/thread_own.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <unordered_map>

namespace ricci {

using ExecutablePtr = std::shared_ptr<const Executable>;

namespace detail {

std::vector<TensorType> OperandTypes::list() const {
  std::vector<TensorType> result;
  result.reserve(count);
  for (size_t i = 0; i < count; ++i)
    result.push_back((*this)[i]);
  return result;
}

namespace {

constexpr size_t kMaxExecutables = 4096;
constexpr int64_t kMaxBytes = int64_t(1) << 28; ///< of code and launch tables

using ExecutableCache = LruCache<Executable>;

/// Never destroyed: threads may still call while the process ends.
ExecutableCache &sharedCache() {
  static auto *cache = new ExecutableCache(kMaxExecutables, kMaxBytes);
  return *cache;
}

int64_t bytesOf(const Executable &executable) {
  size_t bytes = sizeof executable;
  for (const Launch &launch : executable.launches)
    bytes += sizeof launch + launch.kernel->codeBytes() +
             launch.buffers.size() * sizeof(BufferRef) + launch.descriptor.size() * sizeof(int64_t);
  for (const std::vector<uint8_t> &constant : executable.constants)
    bytes += constant.size();
  bytes += executable.source.size() + executable.gathers.size() * sizeof(Span);
  return int64_t(bytes);
}

std::atomic<bool> compilerLoaded{false};

Expected<CompilerInterface *> compiler() {
  Expected<CompilerInterface *> result = loadCompiler();
  if (result)
    compilerLoaded = true;
  return result;
}

struct ThreadEntry {
  std::string key;
  std::weak_ptr<const Executable> executable;
  bool returnsTuple = false;
};

/// Direct-mapped: a call's place follows from its hash, the last writer keeps it.
ThreadEntry &threadEntry(std::string_view key) {
  struct Entries {
    std::array<ThreadEntry, 64> all;
  };
  auto &entries = ownOfThread<Entries>().all;
  return entries[std::hash<std::string_view>()(key) % entries.size()];
}

} // namespace

bool fuses(const ProgramOptions &options) {
  const char *variable = std::getenv("RICCI_FUSION");
  const std::string_view fusion = variable ? variable : "";
  static std::atomic<bool> warned{false};
  if (fusion != "" && fusion != "on" && fusion != "off" && !warned.exchange(true))
    warn(fmt::format("RICCI_FUSION is '{}', but must be on or off; operations are fused", fusion));
  return options.fuse && fusion != "off";
}

int64_t chainBytes() {
  const Expected<int64_t> bytes = environmentBytes("RICCI_CHAIN_BYTES", 0);
  static std::atomic<bool> warned{false};
  if (!bytes && !warned.exchange(true))
    warn(fmt::format("{}; the size of the L2 cache is taken", bytes.error().message));
  return bytes ? *bytes : 0;
}

CompileOptions compileOptions(const ProgramOptions &options, bool accumulate) {
  checkLogVariable();
  CompileOptions result;
  result.device = options.device;
  result.arch = archOf(options);
  result.fuse = fuses(options);
  result.chainBytes = chainBytes();
  result.allowTf32 = options.allowTf32;
  result.cpu = cpuOf(options);
  result.order = options.order;
  result.memoryLimit = options.memoryLimit;
  result.printIrAfter = options.printIrAfter;
  result.accumulate = accumulate;
  return result;
}

namespace {

const TensorType &resultType(const Program &program, size_t i) {
  return program.nodes[size_t(program.results[i])].type;
}

Status checkMemory(const Program &program, const ProgramOptions &options) {
  if (!options.memoryLimit)
    return success();
  if (*options.memoryLimit < 0)
    return usageError(fmt::format("the memory limit {} is negative", *options.memoryLimit));
  int64_t total = 0;
  for (size_t i = 0; i < program.results.size(); ++i) {
    const TensorType &result = resultType(program, i);
    Expected<int64_t> count = elementCount(result.shape, result.dtype);
    if (!count)
      return std::move(count.error());
    if (__builtin_add_overflow(total, *count * int64_t(itemSize(result.dtype)), &total))
      return inputError("the results need more bytes than 63 bits can count");
  }
  if (total <= *options.memoryLimit)
    return success();
  std::string what = program.results.size() == 1
                         ? fmt::format("the result {} takes", describeType(resultType(program, 0)))
                         : fmt::format("the {} results take", program.results.size());
  return inputError(fmt::format("{} {} bytes, more than the memory limit of {}", what, total,
                                *options.memoryLimit));
}

Status checkOutputType(const TensorType &result, const TensorType &output, size_t i, size_t count) {
  if (result.dtype == output.dtype && result.shape == output.shape)
    return success();
  std::string number = count == 1 ? "" : fmt::format(" {}", i + 1);
  return inputError(fmt::format("out{} is {}, but {}result{} is {}", number, describeType(output),
                                count == 1 ? "the " : "", number, describeType(result)));
}

template <typename TypeOf>
Status checkOutputTypes(const OperandTypes *outputs, size_t results, TypeOf resultType) {
  if (!outputs)
    return success();
  if (outputs->size() != results)
    return inputError(fmt::format("{} output{} for a program of {} result{}", outputs->size(),
                                  outputs->size() == 1 ? "" : "s", results,
                                  results == 1 ? "" : "s"));
  for (size_t i = 0; i < results; ++i)
    if (Status s = checkOutputType(resultType(i), (*outputs)[i], i, results); !s)
      return s;
  return success();
}

/// Empty where all are in C order.
std::vector<Strides> outputStrides(const OperandTypes *outputs) {
  std::vector<Strides> strides;
  bool inOrder = true;
  for (size_t i = 0; outputs && i < outputs->size(); ++i) {
    const TensorType &type = (*outputs)[i];
    inOrder &= isContiguous(type.shape, type.strides);
    strides.push_back(normalizeType(type).value().strides);
  }
  return inOrder ? std::vector<Strides>() : strides;
}

/// The spelling of the program's equations, which its key leaves out.
std::string spelling(const Program &program) {
  std::string text;
  for (const Program::Node &node : program.nodes)
    if (node.kind == Program::NodeKind::Einsum)
      text += " " + node.einsum.equation();
  return text;
}

void logFound(const Program &program, const Executable &executable, std::string_view how) {
  constexpr size_t kMost = 100; // bytes of a program's text
  if (!logs(LogLevel::Info))
    return;
  const bool whole = program.source.size() <= kMost;
  inform(fmt::format("{} '{}{}' for {}: {} kernel{}", how,
                     whole ? program.source : program.source.substr(0, kMost), whole ? "" : "…",
                     executable.device.str(), executable.launches.size(),
                     executable.launches.size() == 1 ? "" : "s"));
}

Expected<ExecutablePtr> compile(const Program &program, const CompileOptions &options) {
  Expected<CompilerInterface *> loaded = compiler();
  if (!loaded)
    return std::move(loaded.error());
  if (dumpsStages())
    dumpStages(**loaded, program, options);
  Expected<ExecutablePtr> compiled = (*loaded)->compile(program, options);
  if (compiled)
    logFound(program, **compiled, fmt::format("compiled in {:.1f} ms", (*compiled)->times.total()));
  return compiled;
}

std::string cudaIdentity(const std::string &arch, const std::string &nvrtc) {
  return fmt::format("{} nvrtc={}", arch, nvrtc);
}

/// What the code of a program depends on besides the program and Ricci.
std::string codeIdentity(const CompileOptions &options) {
  if (!options.device.isCuda())
    return options.cpu;
  Expected<const NvrtcLibrary *> nvrtc = NvrtcLibrary::get();
  return cudaIdentity(options.arch, nvrtc ? (*nvrtc)->version : "none");
}

/// Programs that differ in their leading extents alone, and the kernels that they run with.
class Families {
public:
  static Families &shared() {
    static auto &families = *new Families; // outlives every user
    return families;
  }
  static std::string keyOf(const Program &program, const CompileOptions &options) {
    std::string key = options.key() + "\n" + program.source;
    for (const Program::Node &node : program.nodes)
      if (node.kind == Program::NodeKind::Input)
        key += fmt::format("\n{}[{}:{}]", shortName(node.type.dtype), node.type.shape.size(),
                           fmt::join(node.type.shape.begin() + !node.type.shape.empty(),
                                     node.type.shape.end(), ","));
    return key;
  }
  std::vector<std::string> kernelsOf(const std::string &key) {
    std::lock_guard lock(mutex_);
    auto found = kernels_.find(key);
    return found == kernels_.end() ? std::vector<std::string>() : found->second;
  }
  void add(const std::string &key, const Executable &executable) {
    std::lock_guard lock(mutex_);
    if (kernels_.size() >= kMost)
      kernels_.clear();
    std::vector<std::string> &kernels = kernels_[key];
    for (const Launch &launch : executable.launches)
      if (std::find(kernels.begin(), kernels.end(), launch.kernel->key()) == kernels.end())
        kernels.push_back(launch.kernel->key());
    if (kernels.size() > kMostKernels)
      kernels.erase(kernels.begin(), kernels.end() - kMostKernels);
  }

  void clear() {
    std::lock_guard lock(mutex_);
    kernels_.clear();
  }

private:
  static constexpr size_t kMost = 256, kMostKernels = 16;
  ForkMutex mutex_;
  std::unordered_map<std::string, std::vector<std::string>> kernels_;
};

/// From disk, else compiled and stored there.
Expected<ExecutablePtr> compileStored(const Program &program, CompileOptions options,
                                      const std::string &programKey, bool onDisk) {
  std::optional<DiskCache> disk =
      onDisk ? DiskCache::open(codeIdentity(options)) : std::optional<DiskCache>();
  std::string family = Families::keyOf(program, options);
  // An executable's plan is in the labels of whoever stored it.
  std::string key = fmt::format("{}\n{}", programKey, spelling(program));
  if (ExecutablePtr found = disk ? disk->findProgram(key) : nullptr) {
    Families::shared().add(family, *found);
    logFound(program, *found, "found on disk");
    return found;
  }
  KnownKernels known;
  if (options.device.kind == DeviceKind::Cpu) {
    known.keys = Families::shared().kernelsOf(family);
    options.known = &known;
  }
  options.kernels = disk ? &*disk : nullptr;
  Expected<ExecutablePtr> compiled = compile(program, options);
  if (compiled)
    Families::shared().add(family, **compiled);
  // A compiler that was installed meanwhile is not the one that `disk` has keyed by. What took a
  // kernel for another's sake is compiled for its own in the next process.
  if (compiled && disk && !known.areTaken && compilerIsUnchanged()) {
    disk->storeProgram(key, program.source, **compiled);
    // For where there is no NVRTC.
    if (options.device.isCuda())
      if (std::optional<DiskCache> other = DiskCache::open(cudaIdentity(options.arch, "none")))
        other->storeProgram(key, program.source, **compiled);
  }
  return compiled;
}

/// Compiles, or finds the program in the shared cache under its key and `suffix`, or on disk.
Expected<ExecutablePtr> compileCached(const Program &program, const CompileOptions &options,
                                      bool onDisk, std::string_view suffix = {}) {
  if (!options.printIrAfter.empty() || dumpsStages())
    return compile(program, options);
  std::string key = fmt::format("{}\n{}", program.key(), options.key());
  auto find = [&] {
    // The reference device has no code to store.
    return options.device.kind == DeviceKind::Reference
               ? compile(program, options)
               : compileStored(program, options, key, onDisk);
  };
  // An interrupt ends this thread's call, not those that wait for what it computes.
  struct Interruption {
    Diagnostic error;
  };
  auto findOrThrow = [&] {
    Expected<ExecutablePtr> found = find();
    if (!found && interrupted())
      throw Interruption{found.error()};
    return found;
  };
  try {
    return sharedCache().getOrCompute(key + std::string(suffix), findOrThrow, bytesOf);
  } catch (Interruption &interruption) {
    return std::move(interruption.error);
  }
}
} // namespace

std::string_view cpuOf(const ProgramOptions &options) {
  if (!options.cpu.empty() && options.cpu != "native")
    return options.cpu;
  const char *fromEnvironment = std::getenv("RICCI_CPU");
  return fromEnvironment && *fromEnvironment ? fromEnvironment : "native";
}

std::string archOf(const ProgramOptions &options) {
  if (!options.arch.empty())
    return options.arch;
  if (!options.device.isCuda())
    return "sm_80";
  Expected<CudaDevice *> device = CudaDevice::get(options.device.index);
  return device ? (*device)->arch() : "sm_80";
}

namespace {
/// Before anything is compiled to run there.
Status checkDevice(const Device &device) {
  Expected<DeviceInterface *> known = DeviceInterface::of(device);
  return known ? success() : Status(std::move(known.error()));
}
} // namespace

Expected<Compiled> compiledFor(const std::string &signature, const ProgramOptions &options,
                               bool accumulate, const OperandTypes *outputs,
                               const std::function<Expected<Program>()> &makeProgram) {
  ThreadEntry &entry = threadEntry(signature);
  if (entry.key == signature && options.printIrAfter.empty() && !dumpsStages())
    if (ExecutablePtr hit = entry.executable.lock()) {
      auto typeOf = [&](size_t i) -> const TensorType & { return hit->outputs[i]; };
      if (Status s = checkOutputTypes(outputs, hit->outputs.size(), typeOf); !s)
        return std::move(s.error());
      return Compiled{std::move(hit), entry.returnsTuple};
    }

  // Whoever is told of the compile may make calls of its own, with the same buffer.
  std::string key = signature;
  Expected<Program> program = makeProgram();
  if (!program)
    return std::move(program.error());
  auto typeOf = [&](size_t i) -> const TensorType & { return resultType(*program, i); };
  if (Status s = checkOutputTypes(outputs, program->results.size(), typeOf); !s)
    return std::move(s.error());
  if (Status s = checkMemory(*program, options); !s)
    return std::move(s.error());
  if (Status s = checkDevice(options.device); !s)
    return std::move(s.error());
  CompileOptions toCompile = compileOptions(options, accumulate);
  toCompile.outputStrides = outputStrides(outputs);
  Expected<ExecutablePtr> executable = compileCached(*program, toCompile, options.diskCache);
  if (!executable)
    return std::move(executable.error());
  entry.key = std::move(key);
  entry.executable = *executable;
  entry.returnsTuple = program->returnsTuple;
  return Compiled{std::move(*executable), program->returnsTuple};
}

Expected<ExecutablePtr> compileProgram(const Program &program, const ProgramOptions &options) {
  if (Status s = checkMemory(program, options); !s)
    return std::move(s.error());
  if (Status s = checkDevice(options.device); !s)
    return std::move(s.error());
  return compileCached(program, compileOptions(options), options.diskCache);
}

Expected<std::vector<Tensor>> allocateOutputs(const Executable &executable, TensorList operands) {
  const bool onGpu = std::any_of(operands.begin(), operands.end(),
                                 [](const Tensor &t) { return t.device().isCuda(); });
  const Device device = onGpu ? executable.device : Device();
  std::vector<Tensor> outputs;
  outputs.reserve(executable.outputs.size());
  for (const TensorType &type : executable.outputs) {
    Expected<Tensor> output = Tensor::allocate(type.dtype, type.shape, device);
    if (!output)
      return std::move(output.error());
    outputs.push_back(std::move(*output));
  }
  return outputs;
}

Expected<Device> deviceOf(const ProgramOptions &options, TensorList operands, TensorList outputs) {
  Device device = options.device;
  for (size_t i = 0; i < operands.size(); ++i) {
    const Device given = operands[i].device();
    if (!given.isCuda() || given == device)
      continue;
    if (device.isCuda())
      return inputError(
          fmt::format("operand {} is on {}, not on {}", i + 1, given.str(), device.str()));
    if (options.device.kind == DeviceKind::Reference || options.deviceIsFixed)
      return inputError(fmt::format("operand {} is on {}, but the program runs on {}", i + 1,
                                    given.str(), options.device.str()));
    device = given;
  }
  // Without a device that was asked for, nothing moves from one to another.
  for (size_t i = 0; device != options.device && i < operands.size(); ++i)
    if (!operands[i].device().isCuda())
      return inputError(fmt::format("operand {} is on {}, but others are on {}", i + 1,
                                    operands[i].device().str(), device.str()));
  for (size_t i = 0; device != options.device && i < outputs.size(); ++i)
    if (outputs[i].device() != device)
      return inputError(fmt::format("{} is on {}, but the operands are on {}",
                                    outputs.size() == 1 ? "out" : fmt::format("out {}", i + 1),
                                    outputs[i].device().str(), device.str()));
  return device;
}

Status checkOutput(std::string_view name, const TensorType &output) {
  if (!isValid(output))
    return inputError(fmt::format("{}: {}", name, normalizeType(output).error().message));
  const std::optional<bool> aliases = aliasesItself(output);
  if (aliases == false)
    return success();
  return inputError(fmt::format(
      "{} {} with strides [{}] {}", name, describeType(output), fmt::join(output.strides, ","),
      aliases ? "has one place for several elements"
              : "may have one place for several elements: a large output needs strides that nest, "
                "each beyond what the smaller ones reach together"));
}

Expected<TensorList> separateOperands(TensorList operands, TensorList outputs,
                                      std::vector<Tensor> &separate) {
  for (size_t i = 0; i < operands.size(); ++i) {
    auto overlaps = [&](const Tensor &output) { return mayOverlap(operands[i], output); };
    if (!isValid(operands[i].type()) || !operands[i].raw() ||
        std::none_of(outputs.begin(), outputs.end(), overlaps))
      continue;
    if (separate.empty())
      separate = operands.vector();
    Expected<Tensor> copy = operands[i].contiguous();
    if (!copy)
      return std::move(copy.error());
    separate[i] = std::move(*copy);
  }
  return separate.empty() ? operands : TensorList(separate);
}

} // namespace detail

Expected<Plan> plan_program(const Program &program, const ProgramOptions &options) {
  if (Status s = detail::checkMemory(program, options); !s)
    return std::move(s.error());
  // A plan is in the user's labels.
  Expected<ExecutablePtr> executable =
      detail::compileCached(program, detail::compileOptions(options), options.diskCache,
                            "\nplan" + detail::spelling(program));
  if (!executable)
    return std::move(executable.error());
  return (*executable)->plan;
}

Expected<std::string> emit_program(const Program &program, const ProgramOptions &options,
                                   Stage stage) {
  if (stage == Stage::Ast)
    return program.str();
  Expected<CompilerInterface *> loaded = detail::compiler();
  if (!loaded)
    return std::move(loaded.error());
  if (!isCudaStage(stage) || options.device.isCuda())
    return (*loaded)->emit(program, detail::compileOptions(options), stage);
  ProgramOptions onGpu = options;
  onGpu.device = DeviceKind::Cuda;
  return (*loaded)->emit(program, detail::compileOptions(onGpu), stage);
}

void release_memory() { MemoryPool::global().trim(); }

void set_cache_folder(std::string_view path) { chooseCacheFolder(path); }

void set_log_callback(LogCallback callback, void *context, LogLevel most) {
  setLogCallback(callback, context, most);
}

void set_thread_pool(ThreadPool run, void *pool) { setThreadPool(run, pool); }

void clear_cache() {
  detail::sharedCache().clear();
  detail::Families::shared().clear();
  if (!detail::compilerLoaded)
    return;
  if (Expected<CompilerInterface *> loaded = loadCompiler())
    (*loaded)->clearCaches();
}

} // namespace ricci
