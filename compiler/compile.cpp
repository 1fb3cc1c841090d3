//===- compile.cpp - programs to executables ------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/compile_cuda.h"
#include "compiler/cpu/descriptor.h"
#include "compiler/cpu/emit.h"
#include "compiler/cpu/object_sizes.h"
#include "compiler/cpu/shared_functions.h"
#include "compiler/cuda/nvrtc.h"
#include "compiler/fuse/kernel_schedule.h"
#include "compiler/fuse/loop_program.h"
#include "compiler/ir/build_module.h"
#include "compiler/ir/context.h"
#include "compiler/launches.h"
#include "compiler/pipeline.h"
#include "compiler/prebuilt.h"
#include "compiler/reference/interpreter.h"
#include "runtime/cache.h"
#include "runtime/chain.h"
#include "runtime/interrupt.h"
#include "runtime/parallel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Config/llvm-config.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>

using namespace mlir;

namespace ricci {

namespace {

/// MLIR contexts keep every type and attribute they have seen, so each serves a bounded number of
/// programs. One serves one thread at a time.
class ContextPool {
public:
  struct Entry {
    std::unique_ptr<MLIRContext> context;
    int uses = 0;
  };
  class Lease {
  public:
    Lease(ContextPool &pool, Entry entry) : pool_(pool), entry_(std::move(entry)) {}
    Lease(const Lease &) = delete;
    ~Lease() { pool_.giveBack(std::move(entry_)); }
    MLIRContext &operator*() { return *entry_.context; }

  private:
    ContextPool &pool_;
    Entry entry_;
  };

  Lease lease() {
    {
      std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        Entry entry = std::move(free_.back());
        free_.pop_back();
        return Lease(*this, std::move(entry));
      }
    }
    return Lease(*this, {makeContext(), 0});
  }

private:
  static constexpr int kMaxUses = 200;
  static constexpr size_t kMaxFree = 4;

  void giveBack(Entry entry) {
    if (++entry.uses >= kMaxUses)
      return;
    std::lock_guard lock(mutex_);
    if (free_.size() < kMaxFree)
      free_.push_back(std::move(entry));
  }

  std::mutex mutex_;
  std::vector<Entry> free_;
};

/// More points than this are not for the n-ary interpreter: the ordered program is interpreted.
constexpr double kReferencePoints = 1e8;

class Compiler final : public CompilerInterface {
  using KernelPtr = std::shared_ptr<const Kernel>;

public:
  Expected<std::shared_ptr<const Executable>> compile(const Program &program,
                                                      const CompileOptions &options) override {
    auto target = resolveTarget(options.cpu);
    if (!target)
      return std::move(target.error());
    if (Status s = checkPassName(options.printIrAfter); !s)
      return std::move(s.error());
    auto lease = contexts_.lease();
    Pipeline pipeline(*lease, program, options, **target);
    auto executable = std::make_shared<Executable>();
    executable->device = options.device;
    executable->accumulates = options.accumulate;
    if (options.device.kind == DeviceKind::Cpu)
      executable->lacking = lackingFeatures(**target);
    describeSignature(program, options, *executable);
    if (Status s = pipeline.toTensor(); !s)
      return std::move(s.error());
    auto kernelsOf = [&](ArrayRef<Schedule> schedules) {
      return kernelsFor(schedules, **target, options, *lease, pipeline.times());
    };
    Status s = options.device.kind == DeviceKind::Reference
                   ? interpret(program, pipeline, *executable)
                   : generate(program, **target, options, pipeline, kernelsOf, *executable);
    if (!s)
      return std::move(s.error());
    executable->times = std::move(pipeline.times());
    return std::shared_ptr<const Executable>(std::move(executable));
  }

  Expected<std::string> emit(const Program &program, const CompileOptions &options,
                             Stage stage) override {
    auto target = resolveTarget(options.cpu);
    if (!target)
      return std::move(target.error());
    if (Status s = checkPassName(options.printIrAfter); !s)
      return std::move(s.error());
    auto lease = contexts_.lease();
    Pipeline pipeline(*lease, program, options, **target);
    Plan plan;
    // Each stage starts from the one before.
    const std::pair<Stage, std::function<Status()>> steps[] = {
        {Stage::Tensor, [&] { return pipeline.toTensor(); }},
        {Stage::Ordered, [&] { return pipeline.toOrdered(&plan); }},
        {Stage::Kernels, [&] { return pipeline.toKernels(); }},
        {Stage::Loops, [&] { return pipeline.toLoops(); }},
        {Stage::Llvm, [&] { return pipeline.toLlvmDialect(); }},
    };
    for (const auto &[reached, step] : steps) {
      if (reached > stage || (isCudaStage(stage) && reached > Stage::Kernels))
        break;
      if (Status s = step(); !s)
        return std::move(s.error());
    }
    if (isCudaStage(stage)) {
      auto cudaTarget = resolveCudaTarget(options.arch);
      if (!cudaTarget)
        return std::move(cudaTarget.error());
      return emitCudaStage(functionOf(pipeline), *cudaTarget, options, stage);
    }
    if (stage < Stage::Llvm)
      return printModule(pipeline.module());
    auto llvmModule = translateAndOptimize(pipeline.module(), **target);
    if (!llvmModule)
      return std::move(llvmModule.error());
    switch (stage) {
    case Stage::Asm:
      return emitAssembly(*llvmModule->module, **target);
    case Stage::Obj:
      return emitObject(*llvmModule->module, **target);
    default:
      return printLlvm(*llvmModule->module);
    }
  }

  Expected<ObjectFile> build(const std::vector<Program> &programs, const CompileOptions &options,
                             const ObjectOptions &object) override {
    llvm::LLVMContext context; // outlives the modules
    std::vector<ObjectVariant> variants;
    for (const std::string &cpu : object.cpus) {
      auto target = resolveTarget(cpu);
      if (!target)
        return std::move(target.error());
      CompileOptions forCpu = options;
      forCpu.cpu = cpu;
      auto variant = buildVariant(programs, forCpu, **target, object, context);
      if (!variant)
        return std::move(variant.error());
      variants.push_back(std::move(*variant));
    }
    // The one that may use most is asked for first.
    llvm::stable_sort(variants, [](const ObjectVariant &a, const ObjectVariant &b) {
      return std::pair(a.target->level, a.target->features.size()) >
             std::pair(b.target->level, b.target->features.size());
    });
    ObjectFile file;
    for (const ObjectVariant &variant : variants)
      for (auto [all, one] : {std::pair(&file.arenaBytes, &variant.arenaBytes),
                              std::pair(&file.workerBytes, &variant.workerBytes)}) {
        all->constant = std::max(all->constant, one->constant);
        all->factor = std::max(all->factor, one->factor);
      }
    size_t inputs = llvm::count_if(programs[0].nodes, [](const Program::Node &node) {
      return node.kind == Program::NodeKind::Input;
    });
    auto bytes =
        emitProgramObject(context, std::move(variants), inputs, programs[0].results.size(), object);
    if (!bytes)
      return std::move(bytes.error());
    file.bytes = std::move(*bytes);
    return file;
  }

  Expected<TargetInfo> describeTarget(const std::string &cpu) override {
    auto target = resolveTarget(cpu);
    if (!target)
      return std::move(target.error());
    return describe(**target);
  }

  std::string versions() const override { return "LLVM " LLVM_VERSION_STRING; }

  Expected<std::string> describeNvrtc() override {
    Expected<const Nvrtc *> nvrtc = Nvrtc::get();
    if (!nvrtc)
      return std::move(nvrtc.error());
    return fmt::format("{} ({})", (*nvrtc)->version(), (*nvrtc)->path());
  }

  void clearCaches() override { kernels_.clear(); }

private:
  static func::FuncOp functionOf(Pipeline &pipeline) {
    return *pipeline.module().getOps<func::FuncOp>().begin();
  }

  static void describeSignature(const Program &program, const CompileOptions &options,
                                Executable &executable) {
    for (const Program::Node &node : program.nodes)
      if (node.kind == Program::NodeKind::Input)
        executable.inputs.push_back(node.type);
    for (size_t i = 0; i < program.results.size(); ++i) {
      TensorType type = program.nodes[size_t(program.results[i])].type;
      type.strides = i < options.outputStrides.size() ? options.outputStrides[i]
                                                      : contiguousStrides(type.shape);
      executable.outputs.push_back(std::move(type));
    }
  }

  Status interpret(const Program &program, Pipeline &pipeline, Executable &executable) {
    double points = 0;
    for (const Program::Node &node : program.nodes) {
      double extents = 1;
      for (int64_t extent : node.einsum.extents)
        extents *= double(extent);
      points = std::max(points, extents);
    }
    if (points > kReferencePoints)
      if (Status s = pipeline.toOrdered(&executable.plan); !s)
        return s;
    auto host = makeReferenceProgram(pipeline.module(), program.source);
    if (!host)
      return std::move(host.error());
    executable.host = *host;
    return success();
  }

  static bool isOneEinsum(const Program &program) {
    return llvm::all_of(program.nodes,
                        [](const Program::Node &node) {
                          return node.kind == Program::NodeKind::Input ||
                                 node.kind == Program::NodeKind::Einsum;
                        }) &&
           llvm::count_if(program.nodes, [](const Program::Node &node) {
             return node.kind == Program::NodeKind::Einsum;
           }) == 1;
  }

  /// The kernels of launches.
  using KernelSource = llvm::function_ref<Expected<std::vector<KernelPtr>>(ArrayRef<Schedule>)>;

  Status generate(const Program &program, const Target &target, const CompileOptions &options,
                  Pipeline &pipeline, KernelSource kernelsOf, Executable &executable,
                  std::optional<int64_t> objectSize = std::nullopt) {
    if (Status s = pipeline.toOrdered(&executable.plan); !s)
      return s;
    if (Status s = pipeline.toKernels(objectSize); !s)
      return s;
    numberGathers(functionOf(pipeline), program.source, executable);
    if (options.device.isCuda()) {
      auto cudaTarget = resolveCudaTarget(options.arch);
      if (!cudaTarget)
        return std::move(cudaTarget.error());
      if (Status s = linkCuda(functionOf(pipeline), *cudaTarget, options, kernels_,
                              pipeline.times(), executable);
          !s)
        return s;
    } else if (Status s = link(functionOf(pipeline), target, kernelsOf, executable); !s) {
      return s;
    }
    // The facts about an equation are those of a program that is one einsum.
    if (!isOneEinsum(program)) {
      executable.plan.equation.clear();
      executable.plan.orderedBy.clear();
    }
    executable.plan.peakBytes = executable.arenaBytes;
    int64_t bytes = executable.arenaBytes;
    for (const TensorType &type : executable.outputs) {
      auto elements = elementCount(type.shape, type.dtype);
      if (!elements)
        return std::move(elements.error());
      if (__builtin_add_overflow(bytes, *elements * int64_t(itemSize(type.dtype)), &bytes))
        return inputError("intermediates and results together exceed 63 bits of bytes");
    }
    if (options.memoryLimit && bytes > *options.memoryLimit)
      return inputError(fmt::format("intermediates and results need {} bytes, the limit is {}",
                                    bytes, *options.memoryLimit));
    return success();
  }

  /// A launch for every kernel of the function.
  static Status link(func::FuncOp function, const Target &target, KernelSource kernelsOf,
                     Executable &executable) {
    std::vector<Schedule> schedules;
    for (KernelOp op : function.getOps<KernelOp>()) {
      auto schedule = fromAttribute(*op.getSchedule(), op);
      if (failed(schedule))
        return internalError("a schedule does not read back");
      schedules.push_back(std::move(*schedule));
    }
    auto kernels = kernelsOf(schedules);
    if (!kernels)
      return std::move(kernels.error());
    ValuePlaces places(function, executable);
    PlanRows rows(executable.plan);
    int64_t chained = 0; // the chain's launches so far
    double chainSeconds = 0;
    for (auto [op, schedule, kernel] :
         llvm::zip_equal(function.getOps<KernelOp>(), schedules, *kernels)) {
      places.addResults(op);
      LaunchData data = describeLaunch(schedule, target);
      Launch launch;
      launch.kernel = kernel;
      launch.descriptor = std::move(data.descriptor);
      launch.tasks = data.tasks;
      launch.tasksPerWorker = data.tasksPerWorker;
      launch.partsPerWorker = data.partsPerWorker;
      launch.workspaceBytes = data.workspaceBytes;
      for (const BufferUse &use : buffersOf(op, schedule))
        launch.buffers.push_back(places(op, use.buffer, use.offset));
      if (schedule.spec.loops && schedule.spec.loops->has(LoopProgram::Kind::Gather))
        launch.buffers.push_back({BufferRef::Kind::Status, 0, 0});
      launch.tasksPerBlock = data.tasksPerBlock;
      executable.launches.push_back(std::move(launch));

      PlanStep estimate;
      estimate.kernel = schedule.spec.title();
      estimate.flops = schedule.flops;
      estimate.bytes = schedule.bytes;
      estimate.predictedSeconds = schedule.predictedSeconds;
      const auto &blocks = schedule.rowBlocks;
      estimate.blockRows = blocks && blocks->passed >= 0 ? blocks->blockRows : 0;
      rows.add(op, estimate);
      if (blocks) {
        ++chained, chainSeconds += schedule.predictedSeconds;
        if (blocks->passed >= 0)
          continue;
        Launch &first = executable.launches[executable.launches.size() - size_t(chained)];
        first.chain = {chained, blocks->entries, blocks->rows, blocks->blockRows,
                       places.takeBlockBytes()};
        first.tasksPerWorker =
            tasksPerWorker(chainSeconds, blocks->entries * first.chain.blocksPerEntry());
        // Every part packs the columns that its blocks share.
        first.partsPerWorker = blocks->entries == 1 ? 1 : Launch().partsPerWorker;
        chained = 0, chainSeconds = 0;
      }
    }
    for (size_t l = 0; l < executable.launches.size();) {
      LaunchGroup group = LaunchGroup::at(executable.launches, l);
      auto bytes = group.workerBytes();
      if (!bytes)
        return std::move(bytes.error());
      executable.plan.workspaceBytes = std::max(executable.plan.workspaceBytes, *bytes);
      l += group.count;
    }
    return success();
  }

  /// A function of an object.
  class NamedKernel final : public Kernel {
  public:
    explicit NamedKernel(std::string name) : name_(std::move(name)) {}
    KernelFn entry() const override { return nullptr; }
    const std::string &key() const override { return name_; }
    size_t codeBytes() const override { return 0; }

  private:
    std::string name_;
  };

  /// The launches of a program, or of the same at several sizes, and the code of its kernels.
  Expected<ObjectVariant> buildVariant(const std::vector<Program> &programs,
                                       const CompileOptions &options, const Target &target,
                                       const ObjectOptions &object, llvm::LLVMContext &context) {
    auto lease = contexts_.lease();
    std::vector<SizedLaunches> sized;
    for (auto [i, program] : llvm::enumerate(programs)) {
      int64_t size = object.sizes.empty() ? 0 : object.sizes[i];
      Pipeline pipeline(*lease, program, options, target);
      SizedLaunches each;
      auto kernelsOf = [&](ArrayRef<Schedule> schedules) -> Expected<std::vector<KernelPtr>> {
        each.schedules.assign(schedules.begin(), schedules.end());
        std::vector<KernelPtr> kernels;
        for (const Schedule &schedule : schedules)
          kernels.push_back(std::make_shared<NamedKernel>(schedule.spec.name()));
        return kernels;
      };
      describeSignature(program, options, each.executable);
      if (Status s = pipeline.toTensor(); !s)
        return std::move(s.error());
      if (Status s = generate(program, target, options, pipeline, kernelsOf, each.executable, size);
          !s)
        return std::move(s.error());
      sized.push_back(std::move(each));
    }
    auto variant = describeVariant(sized, object.sizes, target);
    if (!variant || variant->launches.empty())
      return variant;
    ScopedDiagnosticCapture capture(&*lease);
    OwningOpRef<ModuleOp> module(ModuleOp::create(UnknownLoc::get(&*lease)));
    for (const Schedule &schedule : sized[0].schedules)
      if (!module->lookupSymbol(schedule.spec.name()))
        emitKernel(*module, schedule.spec, target);
    if (failed(lowerLoopsToLLVM(*module, target)))
      return capture.take(ErrorKind::Internal, "lowering the kernels of an object");
    auto kernels = translateAndOptimize(*module, target, context);
    if (!kernels)
      return std::move(kernels.error());
    variant->kernels = std::move(*kernels);
    return variant;
  }

  /// Kernels that are missing are compiled on as many threads as a run may use, of which this one
  /// has a context.
  Expected<std::vector<KernelPtr>> kernelsFor(ArrayRef<Schedule> schedules, const Target &target,
                                              const CompileOptions &options, MLIRContext &context,
                                              CompileTimes &times) {
    // Those of one spec are one kernel.
    std::vector<std::pair<std::string, const KernelSpec *>> missing;
    llvm::StringMap<KernelPtr> known;
    std::vector<std::string> keys;
    for (const Schedule &schedule : schedules) {
      keys.push_back(schedule.spec.keyOn(target));
      auto [entry, isNew] = known.try_emplace(keys.back(), nullptr);
      if (isNew && !(entry->second = kernels_.find(keys.back())))
        missing.emplace_back(keys.back(), &schedule.spec);
    }
    auto threads = numThreads();
    if (!threads)
      return std::move(threads.error());
    std::mutex mutex;
    Status status = success();
    CompileTimes spent;
    Stopwatch watch;
    onThreads(missing.size(), *threads, [&](size_t i, bool isOther) {
      const auto &[key, spec] = missing[i];
      CompileTimes mine;
      auto kernel = kernelFor(key, *spec, target, options, isOther ? nullptr : &context, mine);
      std::lock_guard lock(mutex);
      for (const auto &[stage, milliseconds] : mine.stages)
        addTime(spent, stage, milliseconds);
      if (kernel)
        known[key] = *kernel;
      else
        status = std::move(kernel.error());
    });
    if (!status)
      return std::move(status.error());
    // Stages of several threads take their share of the time that has passed.
    double share = std::min(1.0, watch.lap() / std::max(spent.total(), 1e-9));
    for (const auto &[stage, milliseconds] : spent.stages)
      addTime(times, stage, share * milliseconds);
    std::vector<KernelPtr> kernels;
    for (const std::string &key : keys)
      kernels.push_back(known[key]);
    return kernels;
  }

  /// body(i, whether on another thread) for every i < n, on up to `threads` threads of which this
  /// is one.
  static void onThreads(size_t n, int threads, llvm::function_ref<void(size_t, bool)> body) {
    std::atomic<size_t> next = 0;
    auto work = [&](bool isOther) {
      for (size_t i; (i = next++) < n;)
        body(i, isOther);
    };
    std::vector<std::thread> others;
    try {
      while (others.size() + 1 < std::min(n, size_t(threads)))
        others.emplace_back(work, true);
    } catch (const std::system_error &) {
      // The system gives no more threads: those that run do all of it.
    }
    work(false);
    for (std::thread &other : others)
      other.join();
  }

  /// The kernel's machine code, compiled once for each spec and target. `context`: this thread's,
  /// if it has one.
  Expected<KernelPtr> kernelFor(const std::string &key, const KernelSpec &spec,
                                const Target &target, const CompileOptions &options,
                                MLIRContext *context, CompileTimes &times) {
    if (interrupted())
      return interruptedError();
    auto find = [&]() -> Expected<KernelPtr> {
      if (options.kernels)
        if (auto kernel = options.kernels->findKernel(key))
          return kernel;
      if (context)
        return compileKernel(key, spec, target, context, times);
      auto lease = contexts_.lease();
      return compileKernel(key, spec, target, &*lease, times);
    };
    return kernels_.getOrCompute(key, find,
                                 [](const Kernel &kernel) { return int64_t(kernel.codeBytes()); });
  }

  static Expected<KernelPtr> compileKernel(const std::string &key, const KernelSpec &spec,
                                           const Target &target, MLIRContext *context,
                                           CompileTimes &times) {
    Stopwatch watch;
    ScopedDiagnosticCapture capture(context);
    OwningOpRef<ModuleOp> module(ModuleOp::create(UnknownLoc::get(context)));
    emitKernel(*module, spec, target);
    auto prebuilt = usePrebuilt(*module, spec.name(), target, prebuiltFunctions());
    addTime(times, "loops", watch.lap());
    if (failed(lowerLoopsToLLVM(*module, target)))
      return capture.take(ErrorKind::Internal, "lowering " + spec.name());
    auto llvmModule = translateAndOptimize(*module, target);
    if (!llvmModule)
      return std::move(llvmModule.error());
    addTime(times, "llvm", watch.lap());
    auto object = emitObject(*llvmModule->module, target);
    if (!object)
      return std::move(object.error());
    addTime(times, "codegen", watch.lap());
    auto image = linkImage(*object, prebuilt);
    if (!image)
      return std::move(image.error());
    auto kernel = loadImage(key, *image);
    addTime(times, "image", watch.lap());
    return kernel;
  }

  ContextPool contexts_;
  LruCache<Kernel> kernels_{4096, 64 << 20};
};

} // namespace

} // namespace ricci

/// What libricci looks up when it loads the compiler: null when the versions differ.
extern "C" __attribute__((visibility("default"))) ricci::CompilerInterface *
ricci_compiler_entry(int version) {
  // Never destroyed: kernels may run while the process exits.
  static auto *compiler = new ricci::Compiler;
  return version == ricci::kCompilerInterfaceVersion ? compiler : nullptr;
}
