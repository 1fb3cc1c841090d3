//===- image_linker.cpp - objects to relocation-free images ------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cpu/codegen.h"

#include "llvm/ExecutionEngine/JITLink/ELF_x86_64.h"
#include "llvm/ExecutionEngine/JITLink/JITLink.h"
#include "llvm/ExecutionEngine/JITLink/x86_64.h"
#include "llvm/ExecutionEngine/Orc/SymbolStringPool.h"

#include <algorithm>
#include <optional>

namespace ricci {
namespace {

namespace jitlink = llvm::jitlink;

/// Constants of an image are aligned to vectors.
constexpr uint64_t kPrebuiltAlignment = 64;

/// Lays the segments out from address 0, each where the one before it ends.
class ImageMemory : public jitlink::JITLinkMemoryManager {
public:
  explicit ImageMemory(std::vector<uint8_t> &bytes) : bytes(bytes) {}

  void allocate(const jitlink::JITLinkDylib *, jitlink::LinkGraph &graph,
                OnAllocatedFunction onAllocated) override {
    jitlink::BasicLayout layout(graph);
    uint64_t end = 0;
    for (auto &[group, segment] : layout.segments()) {
      segment.Addr = llvm::orc::ExecutorAddr(llvm::alignTo(end, segment.Alignment));
      end = segment.Addr.getValue() + segment.ContentSize + segment.ZeroFillSize;
    }
    bytes.assign(end, 0);
    for (auto &[group, segment] : layout.segments())
      segment.WorkingMem = reinterpret_cast<char *>(bytes.data()) + segment.Addr.getValue();
    if (llvm::Error error = layout.apply())
      return onAllocated(std::move(error));
    onAllocated(std::make_unique<InFlight>());
  }

  void deallocate(std::vector<FinalizedAlloc> allocations,
                  OnDeallocatedFunction onDeallocated) override {
    for (FinalizedAlloc &allocation : allocations)
      allocation.release();
    onDeallocated(llvm::Error::success());
  }

private:
  struct InFlight : InFlightAlloc {
    void abandon(OnAbandonedFunction onAbandoned) override { onAbandoned(llvm::Error::success()); }
    void finalize(OnFinalizedFunction onFinalized) override { onFinalized(FinalizedAlloc()); }
  };

  std::vector<uint8_t> &bytes;
};

struct LinkResult {
  Image image;
  std::optional<std::string> error;
  int entries = 0;
};

llvm::Error refuse(const llvm::Twine &message) {
  return llvm::make_error<llvm::StringError>(message, llvm::inconvertibleErrorCode());
}

llvm::Error refuseSymbols(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  std::string message = "outside symbols:";
  for (const std::string &name : names)
    message += " " + name;
  return refuse(message);
}

/// The image has neither symbols to look up nor, since it runs at any address, absolute pointers.
llvm::Error refuseRelocations(jitlink::LinkGraph &graph) {
  using namespace jitlink::x86_64;
  // These first: a global offset table made for them holds absolute pointers.
  std::vector<std::string> names;
  for (jitlink::Symbol *symbol : graph.external_symbols())
    names.push_back((*symbol->getName()).str());
  if (!names.empty())
    return refuseSymbols(std::move(names));
  for (jitlink::Section &section : graph.sections()) {
    // Never read: kernels do not unwind.
    if (section.getName() == ".eh_frame")
      continue;
    for (jitlink::Block *block : section.blocks())
      for (jitlink::Edge &edge : block->edges())
        if (edge.getKind() >= Pointer64 && edge.getKind() <= Pointer8)
          return refuse("an absolute pointer in section " + section.getName());
  }
  return llvm::Error::success();
}

/// Code of prebuilt functions that the object calls, before that of the kernel: what comes after
/// its entry is the kernel's own (runtime/gdb.h). Runs before anything is pruned, or a table of
/// outside addresses made.
void addPrebuilt(jitlink::LinkGraph &graph, llvm::ArrayRef<PrebuiltFunction> prebuilt) {
  jitlink::Section *text = graph.findSectionByName(".text");
  if (!text || prebuilt.empty())
    return;
  // Blocks of a section are laid out in the order of their addresses.
  for (jitlink::Block *block : text->blocks())
    block->setAddress(block->getAddress() + 1);
  std::vector<jitlink::Symbol *> outside(graph.external_symbols().begin(),
                                         graph.external_symbols().end());
  for (jitlink::Symbol *symbol : outside) {
    llvm::StringRef name = *symbol->getName();
    const auto *found = llvm::find_if(
        prebuilt, [&](const PrebuiltFunction &f) { return llvm::StringRef(f.name) == name; });
    if (found == prebuilt.end())
      continue;
    jitlink::Block &block = graph.createContentBlock(*text, found->code, llvm::orc::ExecutorAddr(),
                                                     kPrebuiltAlignment, 0);
    graph.makeDefined(*symbol, block, found->entry, 0, jitlink::Linkage::Strong,
                      jitlink::Scope::Local, false);
  }
}

class ImageContext : public jitlink::JITLinkContext {
public:
  ImageContext(LinkResult &result, llvm::ArrayRef<PrebuiltFunction> prebuilt)
      : JITLinkContext(nullptr), result(result), prebuilt(prebuilt), memory(result.image.bytes) {}

  jitlink::JITLinkMemoryManager &getMemoryManager() override { return memory; }

  void notifyFailed(llvm::Error error) override { result.error = toString(std::move(error)); }

  void lookup(const LookupMap &symbols,
              std::unique_ptr<jitlink::JITLinkAsyncLookupContinuation> continuation) override {
    std::vector<std::string> names;
    for (const auto &symbol : symbols)
      names.push_back((*symbol.first).str());
    continuation->run(refuseSymbols(std::move(names)));
  }

  llvm::Error notifyResolved(jitlink::LinkGraph &graph) override {
    for (jitlink::Symbol *symbol : graph.defined_symbols()) {
      if (symbol->getScope() == jitlink::Scope::Local || !symbol->isCallable())
        continue;
      result.image.entry = symbol->getAddress().getValue();
      ++result.entries;
    }
    return llvm::Error::success();
  }

  void notifyFinalized(jitlink::JITLinkMemoryManager::FinalizedAlloc allocation) override {
    if (allocation)
      allocation.release();
  }

  llvm::Error modifyPassConfig(jitlink::LinkGraph &, jitlink::PassConfiguration &passes) override {
    passes.PrePrunePasses.insert(passes.PrePrunePasses.begin(), [this](jitlink::LinkGraph &graph) {
      addPrebuilt(graph, prebuilt);
      return llvm::Error::success();
    });
    passes.PostPrunePasses.push_back(refuseRelocations);
    return llvm::Error::success();
  }

private:
  LinkResult &result;
  llvm::ArrayRef<PrebuiltFunction> prebuilt;
  ImageMemory memory;
};

} // namespace

Expected<Image> linkImage(const std::string &object, llvm::ArrayRef<PrebuiltFunction> prebuilt) {
  auto graph = jitlink::createLinkGraphFromELFObject_x86_64(
      llvm::MemoryBufferRef(object, "kernel"), std::make_shared<llvm::orc::SymbolStringPool>());
  if (!graph)
    return internalError("a kernel's object cannot be read: " + toString(graph.takeError()));
  LinkResult result;
  jitlink::link(std::move(*graph), std::make_unique<ImageContext>(result, prebuilt));
  if (result.error)
    return internalError("a kernel cannot be linked: " + *result.error);
  if (result.entries != 1)
    return internalError("a kernel's object has " + std::to_string(result.entries) + " entries");
  return std::move(result.image);
}

} // namespace ricci
