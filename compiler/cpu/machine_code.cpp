//===- machine_code.cpp - LLVM IR to assembly and objects --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/machine_code.h"

#include "compiler/cpu/codegen.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

#include <map>
#include <mutex>

namespace ricci {
namespace {

std::unique_ptr<llvm::TargetMachine> makeMachine(const Target &target) {
  static const llvm::Target *x86 = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser(); // for inline assembly
    std::string error;
    return llvm::TargetRegistry::lookupTarget(llvm::Triple(kTriple), error);
  }();
  llvm::TargetOptions options;
  std::unique_ptr<llvm::TargetMachine> machine(x86->createTargetMachine(
      llvm::Triple(kTriple), target.cpu, target.features, options, llvm::Reloc::PIC_,
      llvm::CodeModel::Small, llvm::CodeGenOptLevel::Less, /*JIT=*/false));
  machine->setO0WantsFastISel(false);
  return machine;
}

struct Pool {
  std::mutex mutex;
  std::map<std::string, std::vector<std::unique_ptr<llvm::TargetMachine>>> idle;
};

/// Never destroyed: at exit, other threads may still compile.
Pool &pool() {
  static Pool &instance = *new Pool;
  return instance;
}

Expected<std::string> emit(llvm::Module &module, const Target &target,
                           llvm::CodeGenFileType fileType) {
  TargetMachineLease machine(target);
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  llvm::TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  passes.add(new llvm::TargetLibraryInfoWrapperPass(library));
  if (machine->addPassesToEmitFile(passes, stream, nullptr, fileType, /*DisableVerify=*/true))
    return internalError("LLVM cannot emit this kind of file");
  passes.run(module);
  return bytes.str().str();
}

} // namespace

TargetMachineLease::TargetMachineLease(const Target &target) : key_(target.key()) {
  {
    std::lock_guard lock(pool().mutex);
    auto &idle = pool().idle[key_];
    if (!idle.empty()) {
      machine_ = std::move(idle.back());
      idle.pop_back();
      return;
    }
  }
  machine_ = makeMachine(target);
}

TargetMachineLease::~TargetMachineLease() {
  std::lock_guard lock(pool().mutex);
  pool().idle[key_].push_back(std::move(machine_));
}

Expected<std::string> emitAssembly(llvm::Module &module, const Target &target) {
  return emit(module, target, llvm::CodeGenFileType::AssemblyFile);
}

Expected<std::string> emitObject(llvm::Module &module, const Target &target) {
  return emit(module, target, llvm::CodeGenFileType::ObjectFile);
}

} // namespace ricci
