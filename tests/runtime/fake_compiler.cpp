//===- fake_compiler.cpp - libraries that the loader accepts or refuses --------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/compiler_interface.h"

#if defined(FAKE_no_entry)

extern "C" __attribute__((visibility("default"))) int ricci_something_else() { return 0; }

#else

namespace {

class FakeCompiler final : public ricci::CompilerInterface {
public:
  ricci::Expected<std::shared_ptr<const ricci::Executable>>
  compile(const ricci::Program &, const ricci::CompileOptions &) override {
    return ricci::inputError("the fake compiler compiles nothing");
  }
  ricci::Expected<std::string> emit(const ricci::Program &, const ricci::CompileOptions &,
                                    ricci::Stage) override {
    return std::string("emitted");
  }
  ricci::Expected<ricci::ObjectFile> build(const std::vector<ricci::Program> &,
                                           const ricci::CompileOptions &,
                                           const ricci::ObjectOptions &) override {
    return ricci::inputError("the fake compiler builds nothing");
  }
  ricci::Expected<ricci::TargetInfo> describeTarget(const std::string &cpu) override {
    return ricci::TargetInfo{cpu};
  }
  ricci::Expected<std::string> describeNvrtc() override { return std::string("fake"); }
  std::string versions() const override { return "fake"; }
  void clearCaches() override {}
};

#if defined(FAKE_other_version)
constexpr int kVersion = ricci::kCompilerInterfaceVersion + 1;
#else
constexpr int kVersion = ricci::kCompilerInterfaceVersion;
#endif

} // namespace

extern "C" __attribute__((visibility("default"))) ricci::CompilerInterface *
ricci_compiler_entry(int version) {
  static FakeCompiler compiler;
  return version == kVersion ? &compiler : nullptr;
}

#endif
