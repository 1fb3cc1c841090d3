//===- block.cpp - the threads of a block as fibers ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/cuda/emulator/block.h"

#include "runtime/half.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// Saves what a function must keep, stores the stack pointer, and goes on on another stack.
asm(R"(
.text
.type ricci_emulator_switch, @function
ricci_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size ricci_emulator_switch, .-ricci_emulator_switch
)");
extern "C" void ricci_emulator_switch(void **from, void *to);

namespace ricci::emulator {

using ricci_emulator::Access;
using ricci_emulator::BarrierOp;
using ricci_emulator::WarpCall;
using ricci_emulator::WarpOp;

constexpr size_t kStackBytes = 128 << 10; ///< the lowest page of each may not be touched
constexpr size_t kStackGuard = 4096;
constexpr uint64_t kPoison = 0x7ff7baadfff7baad; ///< a NaN as f64 and as two f32

BlockRunner *BlockRunner::running_ = nullptr;

namespace {

#ifdef __SANITIZE_ADDRESS__
extern "C" void __asan_set_shadow_00(uintptr_t shadow, size_t bytes); // in no header
const void *schedulerStack;
size_t schedulerStackBytes;
#endif

/// Tells the sanitizer, where there is one, on which stack it goes on.
void switchTo(void **from, void *to, const void *stack, size_t bytes, bool forGood) {
#ifdef __SANITIZE_ADDRESS__
  void *fake = nullptr;
  __sanitizer_start_switch_fiber(forGood ? nullptr : &fake, stack, bytes);
  ricci_emulator_switch(from, to);
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#else
  ricci_emulator_switch(from, to);
#endif
}

/// Frames that were left for good have marked their stack. Not by __asan_unpoison_memory_region,
/// which does nothing where LLVM's headers may poison nothing (tests/CMakeLists.txt).
void forgetFrames(const char *stack, size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  size_t scale, offset;
  __asan_get_shadow_mapping(&scale, &offset);
  __asan_set_shadow_00((reinterpret_cast<uintptr_t>(stack) >> scale) + offset, bytes >> scale);
#endif
}

std::string threadText(const uint3 &i) { return fmt::format("({},{},{})", i.x, i.y, i.z); }

} // namespace

BlockRunner::BlockRunner(ricci_emulator::Services &services, MemoryChecker &memory,
                         const Grid &grid, uint64_t seed)
    : services_(services), memory_(memory), grid_(grid), random_(seed) {
  const auto [x, y, z] = grid.threads;
  fibers_.resize(size_t(x) * y * z);
  warpEpochs_.resize((fibers_.size() + 31) / 32);
  void *stacks = mmap(nullptr, kStackBytes * fibers_.size(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stacks == MAP_FAILED)
    abort();
  stacks_ = static_cast<char *>(stacks);
  for (size_t i = 0; i < fibers_.size(); ++i) {
    char *stack = stacks_ + i * kStackBytes;
    mprotect(stack, kStackGuard, PROT_NONE);
    ricci_emulator::Thread &thread = fibers_[i].thread;
    thread.threadIdx = {uint32_t(i % x), uint32_t(i / x % y), uint32_t(i / x / y)};
    thread.blockDim = {x, y, z};
    thread.gridDim = {grid.blocks[0], grid.blocks[1], grid.blocks[2]};
    thread.lane = unsigned(i % 32);
    thread.stackBegin = stack + kStackGuard;
    thread.stackEnd = stack + kStackBytes;
  }
  services_.access = access;
  services_.barrier = barrier;
  services_.warp = warp;
  services_.copyAsync = copyAsync;
  services_.commitCopies = commitCopies;
  services_.waitForCopies = waitForCopies;
  services_.product = product;
  services_.commitProducts = commitProducts;
  services_.waitForProducts = waitForProducts;
  services_.fail = fail;
  services_.halfToFloat = halfToFloat;
  services_.floatToHalf = halfFromFloat;
  services_.doubleToHalf = halfFromDouble;
  services_.bfloatToFloat = bf16ToFloat;
  services_.floatToBfloat = bf16FromFloat;
}

BlockRunner::~BlockRunner() {
  forgetFrames(stacks_, kStackBytes * fibers_.size());
  munmap(stacks_, kStackBytes * fibers_.size());
}

size_t BlockRunner::index() const {
  const auto *fiber = reinterpret_cast<const Fiber *>(services_.current);
  return size_t(fiber - fibers_.data());
}

Moment BlockRunner::now() const {
  const size_t i = index();
  return {blocksRun_, blockEpoch_, warpEpochs_[i / 32], uint16_t(i)};
}

void BlockRunner::makeReady(size_t fiber) {
  fibers_[fiber].state = State::Ready;
  ready_.push_back(fiber);
}

/// Back to the scheduler, until the fiber is ready again.
void BlockRunner::yield() {
  Fiber &fiber = fibers_[index()];
#ifdef __SANITIZE_ADDRESS__
  switchTo(&fiber.stackPointer, scheduler_, schedulerStack, schedulerStackBytes,
           fiber.state == State::Ended);
#else
  switchTo(&fiber.stackPointer, scheduler_, nullptr, 0, false);
#endif
}

std::string BlockRunner::whatIsRunning() const {
  const ricci_emulator::Thread &t = *services_.current;
  return fmt::format("thread {} of block {}", threadText(t.threadIdx), threadText(t.blockIdx));
}

/// Nothing on the fiber's stack may need its end: it is left as it is.
void BlockRunner::stop() {
  while (true)
    yield();
}

void BlockRunner::fail(const char *message, unsigned line) {
  running_->error_ = fmt::format("{}: {} (line {})", running_->whatIsRunning(), message, line);
  running_->stop();
}

void BlockRunner::checkAccess(const void *address, size_t bytes, Access kind) {
  if (!isAllowed(address, bytes, kind))
    stop();
}

bool BlockRunner::isAllowed(const void *address, size_t bytes, Access kind) {
  const std::string wrong = memory_.check(address, bytes, kind, now());
  if (!wrong.empty())
    error_ = fmt::format("{} {}", whatIsRunning(), wrong);
  return wrong.empty();
}

void BlockRunner::access(const void *address, unsigned long bytes, Access kind) {
  // Its own description, which lies among the fibers.
  const auto *p = static_cast<const char *>(address);
  const auto *begin = reinterpret_cast<const char *>(running_->fibers_.data());
  if (p >= begin && p < begin + running_->fibers_.size() * sizeof(Fiber))
    return;
  running_->checkAccess(address, bytes, kind);
}

//===- barriers ---------------------------------------------------------------------------===//

int BlockRunner::barrier(BarrierOp op, unsigned line, int predicate) {
  BlockRunner &self = *running_;
  Fiber &fiber = self.fibers_[self.index()];
  fiber.state = State::AtBarrier;
  fiber.line = line;
  fiber.barrierOp = op;
  fiber.predicate = predicate;
  if (++self.atBarrier_ == self.fibers_.size())
    self.finishBarrier();
  self.yield();
  return fiber.barrierResult;
}

void BlockRunner::finishBarrier() {
  int count = 0;
  for (const Fiber &fiber : fibers_) {
    count += fiber.predicate;
    if (fiber.line != fibers_[0].line || fiber.barrierOp != fibers_[0].barrierOp) {
      error_ = fmt::format(
          "threads of block {} meet at different barriers: {} in line {}, {} in line {}",
          threadText(fiber.thread.blockIdx), threadText(fibers_[0].thread.threadIdx),
          fibers_[0].line, threadText(fiber.thread.threadIdx), fiber.line);
      stop();
    }
  }
  atBarrier_ = 0;
  ++blockEpoch_;
  for (size_t i = 0; i < fibers_.size(); ++i) {
    const BarrierOp op = fibers_[i].barrierOp;
    fibers_[i].barrierResult = op == BarrierOp::Count ? count
                               : op == BarrierOp::And ? count == int(fibers_.size())
                                                      : count != 0;
    makeReady(i);
  }
}

//===- warps ------------------------------------------------------------------------------===//

void BlockRunner::warp(WarpCall *call) {
  BlockRunner &self = *running_;
  const size_t i = self.index();
  if (!(call->mask >> (i % 32) & 1))
    fail("the mask lacks the lane that calls", call->line);
  if (call->width <= 0 || call->width > 32 || (call->width & (call->width - 1)))
    fail("the width is no power of two up to 32", call->line);
  self.fibers_[i].state = State::InWarp;
  self.fibers_[i].line = call->line;
  self.fibers_[i].call = call;
  self.tryFinishWarp(i / 32);
  self.yield();
}

/// The lane that a shuffle reads; its own where that is outside of the segment.
static int sourceLane(const WarpCall &call, int lane) {
  const int begin = lane & ~(call.width - 1), end = begin + call.width;
  int source = lane;
  switch (call.op) {
  case WarpOp::Shuffle:
    return begin + (call.argument & (call.width - 1));
  case WarpOp::ShuffleUp:
    source = lane - call.argument;
    return source < begin ? lane : source;
  case WarpOp::ShuffleDown:
    source = lane + call.argument;
    return source >= end ? lane : source;
  default:
    source = lane ^ call.argument;
    return source >= end ? lane : source;
  }
}

/// Completes what lanes wait for once every lane of their mask that has not ended is there.
void BlockRunner::tryFinishWarp(size_t warp) {
  const size_t begin = 32 * warp, end = std::min(begin + 32, fibers_.size());
  for (size_t first = begin; first < end; ++first) {
    if (fibers_[first].state != State::InWarp)
      continue;
    const WarpCall &wanted = *fibers_[first].call;
    bool complete = true;
    for (size_t i = begin; complete && i < end; ++i) {
      const Fiber &fiber = fibers_[i];
      if (!(wanted.mask >> (i - begin) & 1) || fiber.state == State::Ended)
        continue;
      complete = fiber.state == State::InWarp;
      if (complete && (fiber.call->mask != wanted.mask || fiber.call->op != wanted.op ||
                       fiber.call->line != wanted.line)) {
        error_ =
            fmt::format("lanes of a warp of block {} meet in different operations: {} in line {} "
                        "with mask {:#010x}, {} in line {} with mask {:#010x}",
                        threadText(fiber.thread.blockIdx),
                        threadText(fibers_[first].thread.threadIdx), wanted.line, wanted.mask,
                        threadText(fiber.thread.threadIdx), fiber.line, fiber.call->mask);
        stop();
      }
    }
    if (!complete)
      continue;
    unsigned ballot = 0, present = 0;
    for (size_t i = begin; i < end; ++i)
      if (wanted.mask >> (i - begin) & 1 && fibers_[i].state == State::InWarp) {
        present |= 1u << (i - begin);
        ballot |= unsigned(fibers_[i].call->argument != 0) << (i - begin);
      }
    const WarpOp op = wanted.op;
    for (size_t i = begin; i < end; ++i) {
      if (!(present >> (i - begin) & 1))
        continue;
      WarpCall &call = *fibers_[i].call;
      switch (op) {
      case WarpOp::Sync:
        break;
      case WarpOp::Ballot:
        call.result = ballot;
        break;
      case WarpOp::Any:
        call.result = ballot != 0;
        break;
      case WarpOp::All:
        call.result = ballot == present;
        break;
      case WarpOp::Exchange:
        for (size_t j = 0; j < 32; ++j)
          call.pointers[j] = present >> j & 1
                                 ? reinterpret_cast<const void *>(fibers_[begin + j].call->value)
                                 : nullptr;
        break;
      default:
        const int source = sourceLane(call, int(i - begin));
        call.result = present >> source & 1 ? fibers_[begin + size_t(source)].call->value : kPoison;
      }
    }
    if (op == WarpOp::Sync)
      ++warpEpochs_[warp];
    for (size_t i = begin; i < end; ++i)
      if (present >> (i - begin) & 1)
        makeReady(i);
  }
}

//===- copies -----------------------------------------------------------------------------===//

void BlockRunner::copyAsync(void *to, const void *from, unsigned bytes, unsigned sourceBytes) {
  BlockRunner &self = *running_;
  if ((bytes != 4 && bytes != 8 && bytes != 16) || sourceBytes > bytes ||
      reinterpret_cast<uintptr_t>(to) % bytes ||
      (sourceBytes && reinterpret_cast<uintptr_t>(from) % bytes)) {
    self.error_ = self.whatIsRunning() + " copies bytes that are not aligned, or not 4, 8 or 16";
    self.stop();
  }
  // The hardware may read and write from now on until the thread has waited.
  if (sourceBytes)
    self.checkAccess(from, sourceBytes, Access::Read);
  self.checkAccess(to, bytes, Access::Write);
  poison(to, bytes);
  self.fibers_[self.index()].copies.back().push_back({to, from, bytes, sourceBytes});
}

void BlockRunner::commitCopies() { running_->fibers_[running_->index()].copies.emplace_back(); }

void BlockRunner::waitForCopies(unsigned groupsLeft) {
  BlockRunner &self = *running_;
  auto &groups = self.fibers_[self.index()].copies;
  while (groups.size() - 1 > groupsLeft) {
    for (const Copy &copy : groups.front()) {
      if (copy.sourceBytes)
        self.checkAccess(copy.from, copy.sourceBytes, Access::Read);
      self.checkAccess(copy.to, copy.bytes, Access::Write);
      std::memset(copy.to, 0, copy.bytes);
      std::memcpy(copy.to, copy.from, copy.sourceBytes);
    }
    groups.erase(groups.begin());
  }
}

//===- products of four warps -------------------------------------------------------------===//

void BlockRunner::product(void (*run)(const void *), const void *what, unsigned bytes) {
  const char *begin = static_cast<const char *>(what);
  running_->fibers_[running_->index()].products.back().push_back({run, {begin, begin + bytes}});
}

void BlockRunner::commitProducts() { running_->fibers_[running_->index()].products.emplace_back(); }

void BlockRunner::waitForProducts(unsigned groupsLeft) {
  auto &groups = running_->fibers_[running_->index()].products;
  while (groups.size() - 1 > groupsLeft) {
    for (const Product &product : groups.front())
      product.run(product.what.data());
    groups.erase(groups.begin());
  }
}

//===- the scheduler ----------------------------------------------------------------------===//

void BlockRunner::fiberMain() {
  BlockRunner &self = *running_;
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(nullptr, &schedulerStack, &schedulerStackBytes);
#endif
  self.kernel_(self.parameters_);
  const auto &products = self.fibers_[self.index()].products;
  if (products.size() > 1 || !products.front().empty())
    fail("products are never waited for", 0);
  const size_t i = self.index();
  self.fibers_[i].state = State::Ended;
  ++self.ended_;
  // Others may have waited for it to come or to end.
  self.tryFinishWarp(i / 32);
  self.yield();
  __builtin_unreachable();
}

std::string BlockRunner::deadlock() const {
  std::string text = fmt::format("threads of block {} wait for each other:",
                                 threadText(fibers_[0].thread.blockIdx));
  for (State state : {State::AtBarrier, State::InWarp, State::Ended}) {
    size_t count = 0;
    const Fiber *first = nullptr;
    for (const Fiber &fiber : fibers_)
      if (fiber.state == state) {
        first = first ? first : &fiber;
        ++count;
      }
    if (count == 0)
      continue;
    const std::string who = threadText(first->thread.threadIdx);
    if (state == State::Ended)
      text += fmt::format(" {} have ended, such as {};", count, who);
    else
      text +=
          fmt::format(" {} are at a {}, such as {} in line {};", count,
                      state == State::AtBarrier ? "barrier" : "warp operation", who, first->line);
  }
  text.pop_back();
  return text;
}

Status BlockRunner::run(KernelEntry kernel, void **parameters, std::array<uint32_t, 3> block) {
  running_ = this;
  kernel_ = kernel;
  parameters_ = parameters;
  ++blocksRun_;
  ++blockEpoch_;
  atBarrier_ = ended_ = 0;
  error_.clear();
  ready_.clear();
  for (size_t i = 0; i < fibers_.size(); ++i) {
    Fiber &fiber = fibers_[i];
    fiber.thread.blockIdx = {block[0], block[1], block[2]};
    fiber.copies.assign(1, {});
    fiber.products.assign(1, {});
    forgetFrames(fiber.thread.stackBegin, size_t(fiber.thread.stackEnd - fiber.thread.stackBegin));
    // Six registers, fiberMain to return to, and the stack as after a call: 8 off a multiple of 16.
    auto *top = reinterpret_cast<void **>(const_cast<char *>(fiber.thread.stackEnd));
    *--top = nullptr;
    *--top = reinterpret_cast<void *>(&fiberMain);
    top -= 6;
    std::memset(top, 0, 6 * sizeof *top);
    fiber.stackPointer = top;
    makeReady(i);
  }
  while (!ready_.empty() && error_.empty()) {
    const size_t at = random_() % ready_.size();
    const size_t next = ready_[at];
    ready_[at] = ready_.back();
    ready_.pop_back();
    services_.current = &fibers_[next].thread;
    const ricci_emulator::Thread &thread = fibers_[next].thread;
    switchTo(&scheduler_, fibers_[next].stackPointer, thread.stackBegin,
             size_t(thread.stackEnd - thread.stackBegin), false);
  }
  if (error_.empty() && ended_ != fibers_.size())
    error_ = deadlock();
  return error_.empty() ? success() : Status(inputError(error_));
}

} // namespace ricci::emulator
