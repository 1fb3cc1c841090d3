//===- object_dispatch.cpp - which of several codes this machine can run -------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// CPUID and XGETBV by inline assembly: an object has no outside symbols, so it cannot ask a
// library.
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/object_entry.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"

#include <array>

namespace ricci {

namespace {

/// The 32-bit words that tell features.
enum Word { Leaf1C, Leaf7B, Leaf7C, Leaf7D, Leaf7Sub1A, Leaf7Sub1D, ExtendedC, Saved, WordCount };
using Words = std::array<uint32_t, WordCount>;

struct Feature {
  const char *name;
  Word word;
  int bit;
};

/// What generated code may use. LLVM's other features are instructions that no kernel has.
constexpr Feature kFeatures[] = {
    {"sse3", Leaf1C, 0},
    {"ssse3", Leaf1C, 9},
    {"fma", Leaf1C, 12},
    {"cx16", Leaf1C, 13},
    {"sse4.1", Leaf1C, 19},
    {"sse4.2", Leaf1C, 20},
    {"movbe", Leaf1C, 22},
    {"popcnt", Leaf1C, 23},
    {"avx", Leaf1C, 28},
    {"f16c", Leaf1C, 29},
    {"bmi", Leaf7B, 3},
    {"avx2", Leaf7B, 5},
    {"bmi2", Leaf7B, 8},
    {"avx512f", Leaf7B, 16},
    {"avx512dq", Leaf7B, 17},
    {"avx512ifma", Leaf7B, 21},
    {"avx512cd", Leaf7B, 28},
    {"avx512bw", Leaf7B, 30},
    {"avx512vl", Leaf7B, 31},
    {"avx512vbmi", Leaf7C, 1},
    {"avx512vbmi2", Leaf7C, 6},
    {"gfni", Leaf7C, 8},
    {"avx512vnni", Leaf7C, 11},
    {"avx512bitalg", Leaf7C, 12},
    {"avx512vpopcntdq", Leaf7C, 14},
    {"avx512fp16", Leaf7D, 23},
    {"avxvnni", Leaf7Sub1A, 4},
    {"avx512bf16", Leaf7Sub1A, 5},
    {"avxifma", Leaf7Sub1A, 23},
    {"avxneconvert", Leaf7Sub1D, 5},
    {"avx10.1", Leaf7Sub1D, 19},
    {"egpr", Leaf7Sub1D, 21},
    {"lzcnt", ExtendedC, 5},
    {"sse4a", ExtendedC, 6},
    {"xop", ExtendedC, 11},
    {"fma4", ExtendedC, 16},
    {"tbm", ExtendedC, 21},
};

/// Registers that the operating system saves (XCR0).
constexpr uint32_t kSavesYmm = 0x6, kSavesZmm = 0xe6, kSavesEgpr = 1u << 19;
constexpr uint32_t kHasXgetbv = 1u << 27;

llvm::StringSet<> featuresOf(const Target &target) {
  llvm::SmallVector<llvm::StringRef, 64> names;
  llvm::StringRef(target.features).split(names, ',');
  llvm::StringSet<> features;
  for (llvm::StringRef name : names)
    if (name.consume_front("+"))
      features.insert(name);
  return features;
}

Words neededBy(const Target &target) {
  llvm::StringSet<> features = featuresOf(target);
  Words words{};
  for (const Feature &feature : kFeatures)
    if (features.contains(feature.name))
      words[feature.word] |= 1u << feature.bit;
  if (features.contains("avx"))
    words[Saved] |= kSavesYmm;
  if (features.contains("avx512f"))
    words[Saved] |= kSavesZmm;
  if (features.contains("egpr"))
    words[Saved] |= kSavesEgpr;
  return words;
}

class Builder : public llvm::IRBuilder<> {
public:
  using IRBuilder::IRBuilder;

  /// eax, ebx, ecx, edx.
  llvm::Value *cpuid(uint32_t leaf, uint32_t subleaf) {
    auto *results = llvm::StructType::get(getContext(),
                                          {getInt32Ty(), getInt32Ty(), getInt32Ty(), getInt32Ty()});
    auto *type = llvm::FunctionType::get(results, {getInt32Ty(), getInt32Ty()}, false);
    auto *assembly = llvm::InlineAsm::get(
        type, "cpuid", "={ax},={bx},={cx},={dx},{ax},{cx},~{dirflag},~{fpsr},~{flags}",
        /*hasSideEffects=*/true);
    return CreateCall(type, assembly, {getInt32(leaf), getInt32(subleaf)});
  }
  /// The low half of XCR0.
  llvm::Value *savedRegisters() {
    auto *results = llvm::StructType::get(getContext(), {getInt32Ty(), getInt32Ty()});
    auto *type = llvm::FunctionType::get(results, {getInt32Ty()}, false);
    auto *assembly = llvm::InlineAsm::get(
        type, "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}", /*hasSideEffects=*/true);
    return CreateExtractValue(CreateCall(type, assembly, {getInt32(0)}), 0);
  }
  /// `ask()` where the condition holds, else 0.
  llvm::Value *where(llvm::Value *condition, llvm::function_ref<llvm::Value *()> ask) {
    llvm::Function *function = GetInsertBlock()->getParent();
    llvm::BasicBlock *from = GetInsertBlock();
    auto *yes = llvm::BasicBlock::Create(getContext(), "", function);
    auto *after = llvm::BasicBlock::Create(getContext(), "", function);
    CreateCondBr(condition, yes, after);
    SetInsertPoint(yes);
    llvm::Value *value = ask();
    CreateBr(after);
    SetInsertPoint(after);
    llvm::PHINode *phi = CreatePHI(value->getType(), 2);
    phi->addIncoming(value, yes);
    phi->addIncoming(llvm::Constant::getNullValue(value->getType()), from);
    return phi;
  }
};

/// All words of this machine.
std::array<llvm::Value *, WordCount> askMachine(Builder &b) {
  std::array<llvm::Value *, WordCount> words;
  auto part = [&](llvm::Value *registers, unsigned i) {
    return b.CreateExtractValue(registers, i);
  };
  llvm::Value *leaves = part(b.cpuid(0, 0), 0);
  words[Leaf1C] = part(b.cpuid(1, 0), 2);
  llvm::Value *leaf7 =
      b.where(b.CreateICmpUGE(leaves, b.getInt32(7)), [&] { return b.cpuid(7, 0); });
  words[Leaf7B] = part(leaf7, 1), words[Leaf7C] = part(leaf7, 2), words[Leaf7D] = part(leaf7, 3);
  llvm::Value *leaf7sub1 =
      b.where(b.CreateICmpUGE(part(leaf7, 0), b.getInt32(1)), [&] { return b.cpuid(7, 1); });
  words[Leaf7Sub1A] = part(leaf7sub1, 0), words[Leaf7Sub1D] = part(leaf7sub1, 3);
  llvm::Value *extended = part(b.cpuid(0x80000000u, 0), 0);
  words[ExtendedC] = b.where(b.CreateICmpUGE(extended, b.getInt32(0x80000001u)),
                             [&] { return part(b.cpuid(0x80000001u, 0), 2); });
  words[Saved] = b.where(b.CreateIsNotNull(b.CreateAnd(words[Leaf1C], kHasXgetbv)),
                         [&] { return b.savedRegisters(); });
  return words;
}

} // namespace

llvm::Function *emitDispatch(llvm::Module &module, const std::string &name,
                             llvm::ArrayRef<const Target *> targets) {
  llvm::LLVMContext &context = module.getContext();
  Builder b(context);
  llvm::Type *i32 = b.getInt32Ty();
  auto *function = llvm::Function::Create(llvm::FunctionType::get(i32, false),
                                          llvm::GlobalValue::InternalLinkage, name, module);
  setBaseline(*function);
  // The answer, counted from 1; 0 before the first call.
  auto *known =
      new llvm::GlobalVariable(module, i32, /*isConstant=*/false, llvm::GlobalValue::PrivateLinkage,
                               b.getInt32(0), name + ".known");
  auto *entry = llvm::BasicBlock::Create(context, "", function);
  auto *ask = llvm::BasicBlock::Create(context, "ask", function);
  auto *done = llvm::BasicBlock::Create(context, "done", function);
  b.SetInsertPoint(entry);
  llvm::LoadInst *before = b.CreateAlignedLoad(i32, known, llvm::Align(4));
  before->setAtomic(llvm::AtomicOrdering::Monotonic);
  b.CreateCondBr(b.CreateIsNotNull(before), done, ask);

  b.SetInsertPoint(ask);
  std::array<llvm::Value *, WordCount> words = askMachine(b);
  llvm::Value *found = b.getInt32(uint32_t(targets.size()) + 1);
  for (size_t i = targets.size(); i-- > 0;) {
    llvm::Value *offers = b.getTrue();
    Words needed = neededBy(*targets[i]);
    for (int word = 0; word < WordCount; ++word)
      if (uint32_t mask = needed[size_t(word)])
        offers = b.CreateAnd(
            offers, b.CreateICmpEQ(b.CreateAnd(words[size_t(word)], mask), b.getInt32(mask)));
    found = b.CreateSelect(offers, b.getInt32(uint32_t(i) + 1), found);
  }
  llvm::StoreInst *store = b.CreateAlignedStore(found, known, llvm::Align(4));
  store->setAtomic(llvm::AtomicOrdering::Monotonic);
  auto *asked = b.GetInsertBlock();
  b.CreateBr(done);

  b.SetInsertPoint(done);
  llvm::PHINode *answer = b.CreatePHI(i32, 2);
  answer->addIncoming(before, entry);
  answer->addIncoming(found, asked);
  b.CreateRet(b.CreateSub(answer, b.getInt32(1)));
  return function;
}

std::string lackingFeatures(const Target &target) {
  Expected<const Target *> host = resolveTarget("native");
  if (!host || *host == &target)
    return "";
  llvm::StringSet<> used = featuresOf(target), offered = featuresOf(**host);
  std::string lacking;
  for (const Feature &feature : kFeatures)
    if (used.contains(feature.name) && !offered.contains(feature.name))
      lacking += (lacking.empty() ? "" : ", ") + std::string(feature.name);
  return lacking;
}

} // namespace ricci
