//===- serialize.cpp - executables as bytes -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/serialize.h"

#include "runtime/cuda_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <unordered_map>

namespace ricci {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "numbers are written as they lie in memory");

class Writer {
public:
  template <typename T> void number(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    bytes_.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  void text(std::string_view text) {
    number(uint64_t(text.size()));
    bytes_.append(text);
  }
  void numbers(const std::vector<int64_t> &list) {
    text({reinterpret_cast<const char *>(list.data()), list.size() * sizeof(int64_t)});
  }
  template <typename T, typename F> void list(const std::vector<T> &items, F write) {
    number(uint64_t(items.size()));
    for (const T &item : items)
      write(item);
  }
  std::string take() { return std::move(bytes_); }

private:
  std::string bytes_;
};

/// Gives zeros and empty lists once something is wrong; `good` tells.
class Reader {
public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <typename T> T number() {
    static_assert(std::is_arithmetic_v<T>);
    T value{};
    if (std::string_view bytes = take(sizeof value); !bytes.empty())
      std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  /// An enumerator up to `last`.
  template <typename E> E choice(E last) {
    const uint8_t value = number<uint8_t>();
    require(value <= uint8_t(last));
    return good() ? E(value) : E{};
  }
  std::string_view text() { return take(number<uint64_t>()); }
  std::vector<int64_t> numbers() {
    std::string_view bytes = text();
    require(bytes.size() % sizeof(int64_t) == 0);
    std::vector<int64_t> list(good() ? bytes.size() / sizeof(int64_t) : 0);
    if (!list.empty())
      std::memcpy(list.data(), bytes.data(), bytes.size());
    return list;
  }
  /// Items that take at least `itemBytes` each.
  template <typename F> auto list(size_t itemBytes, F read) {
    std::vector<decltype(read())> items;
    const uint64_t count = number<uint64_t>();
    require(count <= rest_.size() / itemBytes);
    if (good())
      items.reserve(count);
    for (uint64_t i = 0; good() && i < count; ++i)
      items.push_back(read());
    return items;
  }
  void require(bool condition) { good_ = good_ && condition; }
  bool good() const { return good_; }
  bool atEnd() const { return rest_.empty(); }

private:
  std::string_view take(uint64_t count) {
    require(count <= rest_.size());
    if (!good_)
      return {};
    std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
  bool good_ = true;
};

constexpr size_t kNumber = 8; ///< bytes that a number, a text or a list takes at least

// The writers take structures apart, so that none forgets a field that is added.

void write(Writer &out, const TensorType &type) {
  const auto &[dtype, shape, strides] = type;
  out.number(dtype);
  out.numbers(shape);
  out.numbers(strides);
}

TensorType readType(Reader &in) {
  TensorType type;
  type.dtype = in.choice(DType(kNumDTypes - 1));
  type.shape = in.numbers();
  type.strides = in.numbers();
  in.require(type.shape.size() == type.strides.size() && elementCount(type.shape, type.dtype));
  return type;
}

void write(Writer &out, const Plan &plan) {
  const auto &[equation, path, orderedBy, naiveScaling, optimizedScaling, naiveFlops,
               optimizedFlops, largestIntermediate, peakBytes, workspaceBytes, steps] = plan;
  out.text(equation);
  out.list(path, [&](const std::vector<int64_t> &step) { out.numbers(step); });
  out.text(orderedBy);
  out.number(naiveScaling);
  out.number(optimizedScaling);
  out.number(naiveFlops);
  out.number(optimizedFlops);
  out.number(largestIntermediate);
  out.number(peakBytes);
  out.number(workspaceBytes);
  out.list(steps, [&](const PlanStep &step) {
    const auto &[contraction, kernel, flops, bytes, predictedSeconds, remaining, blockRows] = step;
    out.text(contraction);
    out.text(kernel);
    out.number(flops);
    out.number(bytes);
    out.number(predictedSeconds);
    out.text(remaining);
    out.number(blockRows);
  });
}

Plan readPlan(Reader &in) {
  Plan plan;
  plan.equation = in.text();
  plan.path = in.list(kNumber, [&] { return in.numbers(); });
  plan.orderedBy = in.text();
  plan.naiveScaling = in.number<int64_t>();
  plan.optimizedScaling = in.number<int64_t>();
  plan.naiveFlops = in.number<double>();
  plan.optimizedFlops = in.number<double>();
  plan.largestIntermediate = in.number<double>();
  plan.peakBytes = in.number<int64_t>();
  plan.workspaceBytes = in.number<int64_t>();
  plan.steps = in.list(7 * kNumber, [&] {
    PlanStep step;
    step.contraction = in.text();
    step.kernel = in.text();
    step.flops = in.number<double>();
    step.bytes = in.number<double>();
    step.predictedSeconds = in.number<double>();
    step.remaining = in.text();
    step.blockRows = in.number<int64_t>();
    return step;
  });
  return plan;
}

void write(Writer &out, const Launch &launch, uint64_t number) {
  const auto &[kernel, buffers, descriptor, tasks, tasksPerWorker, workspaceBytes, partsPerWorker,
               grid, chain, tasksPerBlock] = launch;
  out.number(number);
  out.list(buffers, [&](const BufferRef &ref) {
    const auto &[kind, index, byteOffset] = ref;
    out.number(kind);
    out.number(index);
    out.number(byteOffset);
  });
  out.numbers(descriptor);
  out.number(tasks);
  out.number(tasksPerWorker);
  out.number(workspaceBytes);
  out.number(partsPerWorker);
  const auto &[blocks, threads, sharedBytes] = grid;
  for (size_t i = 0; i < 3; ++i) {
    out.number(blocks[i]);
    out.number(threads[i]);
  }
  out.number(sharedBytes);
  const auto &[launches, entries, rows, blockRows, blockBytes] = chain;
  for (int64_t number : {launches, entries, rows, blockRows, blockBytes, tasksPerBlock})
    out.number(number);
}

/// Whether the executable has what the reference names.
bool refersInto(const Executable &executable, const BufferRef &ref) {
  auto isIn = [&](const auto &list) { return ref.index >= 0 && size_t(ref.index) < list.size(); };
  switch (ref.kind) {
  case BufferRef::Kind::Input:
    return isIn(executable.inputs);
  case BufferRef::Kind::Output:
    return isIn(executable.outputs);
  case BufferRef::Kind::Arena:
    return ref.byteOffset >= 0 && ref.byteOffset <= executable.arenaBytes;
  case BufferRef::Kind::Constant:
    return isIn(executable.constants);
  case BufferRef::Kind::Status:
    return true;
  case BufferRef::Kind::Block: // of a chain: checkChains
    return true;
  }
  return false;
}

Launch readLaunch(Reader &in, const std::vector<KernelPtr> &kernels, const Executable &executable) {
  Launch launch;
  const uint64_t kernel = in.number<uint64_t>();
  in.require(kernel < kernels.size());
  if (in.good())
    launch.kernel = kernels[kernel];
  launch.buffers = in.list(1 + 2 * kNumber, [&] {
    BufferRef ref;
    ref.kind = in.choice(BufferRef::Kind::Block);
    ref.index = in.number<int64_t>();
    ref.byteOffset = in.number<int64_t>();
    in.require(refersInto(executable, ref));
    return ref;
  });
  launch.descriptor = in.numbers();
  launch.tasks = in.number<int64_t>();
  launch.tasksPerWorker = in.number<int64_t>();
  launch.workspaceBytes = in.number<int64_t>();
  launch.partsPerWorker = in.number<int64_t>();
  for (size_t i = 0; i < 3; ++i) {
    launch.grid.blocks[i] = in.number<uint32_t>();
    launch.grid.threads[i] = in.number<uint32_t>();
    in.require(launch.grid.threads[i] > 0);
  }
  launch.grid.sharedBytes = in.number<uint32_t>();
  for (int64_t *number : {&launch.chain.launches, &launch.chain.entries, &launch.chain.rows,
                          &launch.chain.blockRows, &launch.chain.blockBytes, &launch.tasksPerBlock})
    *number = in.number<int64_t>();
  in.require(launch.tasksPerWorker > 0 && launch.partsPerWorker > 0 &&
             launch.partsPerWorker <= 64 && launch.workspaceBytes >= 0 &&
             launch.workspaceBytes <= INT64_MAX - 64);
  return launch;
}

/// Whether chains lie within the list, and blocks of rows within chains.
bool hasSoundChains(const std::vector<Launch> &launches) {
  for (size_t first = 0; first < launches.size();) {
    const Chain &chain = launches[first].chain;
    const size_t count = size_t(std::max<int64_t>(chain.launches, 1));
    int64_t rows, bytes;
    if (chain.launches < 0 || count > launches.size() - first || chain.entries < 1 ||
        chain.rows < 1 || chain.blockRows < 1 || chain.blockRows > chain.rows ||
        chain.blockBytes < 0 || chain.blockBytes > INT64_MAX / 2 ||
        __builtin_mul_overflow(chain.entries, chain.rows, &rows))
      return false;
    for (size_t l = first; l < first + count; ++l) {
      const Launch &launch = launches[l];
      if (launch.tasks % chain.entries != 0 || launch.tasksPerBlock < 1 ||
          (l > first && launch.chain.launches != 0))
        return false;
      for (const BufferRef &ref : launch.buffers)
        if (ref.kind == BufferRef::Kind::Block &&
            (chain.launches == 0 || ref.byteOffset < 0 || ref.byteOffset > chain.blockBytes ||
             ref.index < 0 || __builtin_mul_overflow(rows, ref.index, &bytes) ||
             chain.blockRows * ref.index > chain.blockBytes - ref.byteOffset))
          return false;
    }
    first += count;
  }
  return true;
}

Diagnostic corrupt() { return inputError("the bytes of an executable do not read back"); }

} // namespace

std::vector<KernelPtr> kernelsOf(const Executable &executable) {
  std::vector<KernelPtr> kernels;
  std::unordered_map<const Kernel *, bool> seen;
  for (const Launch &launch : executable.launches)
    if (seen.emplace(launch.kernel.get(), true).second)
      kernels.push_back(launch.kernel);
  return kernels;
}

Expected<std::string> serialize(const Executable &executable) {
  const auto &[device, inputs, outputs, launches, arenaBytes, accumulates, lacking, constants,
               source, gathers, host, plan, times, onDevice] = executable;
  if (host)
    return internalError("a host program cannot be written");
  Writer out;
  const auto &[kind, index] = device;
  out.number(kind);
  out.number(index);
  auto writeType = [&](const TensorType &type) { write(out, type); };
  out.list(inputs, writeType);
  out.list(outputs, writeType);
  out.number(arenaBytes);
  out.number(uint8_t(accumulates));
  out.text(lacking);
  out.list(constants, [&](const std::vector<uint8_t> &bytes) {
    out.text({reinterpret_cast<const char *>(bytes.data()), bytes.size()});
  });
  out.text(source);
  out.list(gathers, [&](const Span &span) {
    const auto &[begin, end] = span;
    out.number(uint64_t(begin));
    out.number(uint64_t(end));
  });
  const std::vector<KernelPtr> kernels = kernelsOf(executable);
  std::unordered_map<const Kernel *, uint64_t> numbers;
  for (const KernelPtr &kernel : kernels)
    numbers.emplace(kernel.get(), numbers.size());
  out.list(kernels, [&](const KernelPtr &kernel) { out.text(kernel->key()); });
  out.list(launches,
           [&](const Launch &launch) { write(out, launch, numbers[launch.kernel.get()]); });
  write(out, plan);
  return out.take();
}

Expected<std::shared_ptr<Executable>>
deserialize(std::string_view bytes,
            const std::function<KernelPtr(const std::string &)> &findKernel) {
  Reader in(bytes);
  auto executable = std::make_shared<Executable>();
  executable->device.kind = in.choice(DeviceKind::Cuda);
  executable->device.index = in.number<int>();
  auto type = [&] { return readType(in); };
  executable->inputs = in.list(1 + 2 * kNumber, type);
  executable->outputs = in.list(1 + 2 * kNumber, type);
  executable->arenaBytes = in.number<int64_t>();
  in.require(executable->arenaBytes >= 0);
  executable->accumulates = in.number<uint8_t>() != 0;
  executable->lacking = std::string(in.text());
  executable->constants = in.list(kNumber, [&] {
    std::string_view data = in.text();
    return std::vector<uint8_t>(data.begin(), data.end());
  });
  executable->source = in.text();
  executable->gathers = in.list(2 * kNumber, [&] {
    Span span;
    span.begin = in.number<uint64_t>();
    span.end = in.number<uint64_t>();
    in.require(span.begin <= span.end && span.end <= executable->source.size());
    return span;
  });
  const auto keys = in.list(kNumber, [&] { return std::string(in.text()); });
  if (!in.good())
    return corrupt();
  std::vector<KernelPtr> kernels;
  for (const std::string &key : keys) {
    kernels.push_back(findKernel(key));
    if (!kernels.back())
      return machineError(fmt::format("there is no code for the kernel {}", key));
  }
  for (const KernelPtr &kernel : kernels)
    in.require((kernel->cuda() != nullptr) == executable->device.isCuda());
  executable->launches = in.list(5 * kNumber, [&] { return readLaunch(in, kernels, *executable); });
  in.require(hasSoundChains(executable->launches));
  executable->plan = readPlan(in);
  if (!in.good() || !in.atEnd())
    return corrupt();
  return executable;
}

Expected<std::string> serializeKernel(const Kernel &kernel) {
  if (const CudaCode *cuda = kernel.cuda()) {
    Writer out;
    const auto &[name, title, arch, image] = *cuda;
    for (const std::string &text : {name, title, arch, image})
      out.text(text);
    return out.take();
  }
  const uint8_t *code = kernel.code();
  if (!code)
    return internalError(fmt::format("the kernel {} has no image", kernel.key()));
  Writer out;
  out.number(uint64_t(reinterpret_cast<const uint8_t *>(kernel.entry()) - code));
  out.text({reinterpret_cast<const char *>(code), kernel.codeBytes()});
  return out.take();
}

Expected<Image> deserializeImage(std::string_view bytes) {
  Reader in(bytes);
  Image image;
  image.entry = in.number<uint64_t>();
  std::string_view code = in.text();
  image.bytes.assign(code.begin(), code.end());
  in.require(image.entry < image.bytes.size());
  if (!in.good() || !in.atEnd())
    return inputError("the bytes of a kernel do not read back");
  return image;
}

Expected<KernelPtr> deserializeKernel(const std::string &key, std::string_view bytes) {
  if (!isCudaKernelKey(key)) {
    Expected<Image> image = deserializeImage(bytes);
    if (!image)
      return std::move(image.error());
    return loadImage(key, *image);
  }
  Reader in(bytes);
  CudaCode code;
  for (std::string *text : {&code.name, &code.title, &code.arch, &code.image})
    *text = in.text();
  if (!in.good() || !in.atEnd() || code.image.empty())
    return inputError("the bytes of a kernel do not read back");
  return makeCudaKernel(key, std::move(code));
}

} // namespace ricci
