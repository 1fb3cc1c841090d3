//===- device_code.cpp - functions that kernels call
//--------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/cuda/device_code.h"

#include "compiler/cuda/device_chunks.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

#include <vector>

namespace ricci {

namespace {

/// The position of the chunk that defines each name, in the order of the text.
const llvm::StringMap<size_t> &definitions() {
  static const auto *names = [] {
    auto *map = new llvm::StringMap<size_t>;
    size_t position = 0;
    for (llvm::ArrayRef<DeviceChunk> list : deviceChunks()) {
      for (const DeviceChunk &chunk : list) {
        for (llvm::StringRef rest = chunk.defines; !rest.empty();) {
          auto [name, more] = rest.split(' ');
          map->insert({name, position});
          rest = more;
        }
        ++position;
      }
    }
    return map;
  }();
  return *names;
}

bool isWord(char c) { return llvm::isAlnum(c) || c == '_'; }

} // namespace

bool isDeviceFunction(llvm::StringRef name) { return definitions().contains(name); }

std::string deviceCodeFor(llvm::StringRef text) {
  std::vector<const DeviceChunk *> chunks;
  for (llvm::ArrayRef<DeviceChunk> list : deviceChunks())
    for (const DeviceChunk &chunk : list)
      chunks.push_back(&chunk);
  std::vector<bool> isNeeded(chunks.size(), false);
  std::vector<llvm::StringRef> work = {text};
  while (!work.empty()) {
    llvm::StringRef rest = work.back();
    work.pop_back();
    while (!rest.empty()) {
      llvm::StringRef word = rest.take_while(isWord);
      auto found = definitions().find(word);
      if (found != definitions().end() && !isNeeded[found->second]) {
        isNeeded[found->second] = true;
        work.push_back(chunks[found->second]->text);
      }
      rest = rest.drop_front(word.size()).drop_until(isWord);
    }
  }
  std::string code;
  for (auto [chunk, needed] : llvm::zip(chunks, isNeeded))
    if (needed)
      code += chunk->text.ltrim('\n');
  return code;
}

} // namespace ricci
