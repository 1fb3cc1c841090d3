//===- miscompiler.cpp - a compiler whose code is wrong ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Stands in for libricci_compiler, whose path RICCI_REAL_COMPILER tells: programs for the CPU get
// their last element changed a little. --check must notice.
//
//===----------------------------------------------------------------------===//
#include "runtime/compiler_interface.h"
#include "runtime/compiler_loader.h"

#include <cstdlib>

using namespace ricci;

namespace {

class WrongProgram : public HostProgram {
public:
  explicit WrongProgram(std::shared_ptr<const Executable> right) : right_(std::move(right)) {}

  Status run(const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs) const override {
    if (Status s = right_->run(inputs, outputs); !s)
      return s;
    const Tensor &out = outputs[0];
    int64_t last = out.size() - 1;
    if (out.dtype() == DType::f32)
      out.data<float>()[last] += 1e-3f;
    else if (out.dtype() == DType::i32)
      out.data<int32_t>()[last] ^= 1;
    return success();
  }

private:
  std::shared_ptr<const Executable> right_;
};

class Miscompiler : public CompilerInterface {
public:
  explicit Miscompiler(CompilerInterface *real) : real_(real) {}

  Expected<std::shared_ptr<const Executable>> compile(const Program &program,
                                                      const CompileOptions &options) override {
    auto right = real_->compile(program, options);
    if (!right || options.device == DeviceKind::Reference)
      return right;
    auto wrong = std::make_shared<Executable>();
    wrong->device = DeviceKind::Reference; // which runs host programs
    wrong->inputs = (*right)->inputs;
    wrong->outputs = (*right)->outputs;
    wrong->plan = (*right)->plan;
    wrong->host = std::make_shared<WrongProgram>(*right);
    return std::shared_ptr<const Executable>(wrong);
  }
  Expected<std::string> emit(const Program &program, const CompileOptions &options,
                             Stage stage) override {
    return real_->emit(program, options, stage);
  }
  Expected<ObjectFile> build(const std::vector<Program> &programs, const CompileOptions &options,
                             const ObjectOptions &object) override {
    return real_->build(programs, options, object);
  }
  Expected<TargetInfo> describeTarget(const std::string &cpu) override {
    return real_->describeTarget(cpu);
  }
  std::string versions() const override { return real_->versions(); }
  Expected<std::string> describeNvrtc() override { return real_->describeNvrtc(); }
  void clearCaches() override { real_->clearCaches(); }

private:
  CompilerInterface *real_;
};

} // namespace

extern "C" __attribute__((visibility("default"))) CompilerInterface *ricci_compiler_entry(int) {
  Expected<CompilerInterface *> real = loadCompilerFrom(std::getenv("RICCI_REAL_COMPILER"));
  return real ? new Miscompiler(*real) : nullptr;
}
