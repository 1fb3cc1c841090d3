//===- guarded_statics.cpp - static objects in the making, and forks -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A static object of a function that another thread is making at a fork is never finished in the
// child, and who wants it waits for ever. Code that makes one calls these functions, hidden in the
// library, in the place of the C++ library's; they count, so that a fork waits for the end. Not for
// statics of libricci_compiler: these are made while something is compiled (ForkGuard).
//
//===----------------------------------------------------------------------===//
#include "runtime/fork.h"

#include <cstdint>
#include <cstdlib>
#include <dlfcn.h>

namespace {

/// Of the C++ library.
template <typename Function> Function *original(const char *name) {
  void *found = dlsym(RTLD_DEFAULT, name);
  if (!found)
    std::abort();
  return reinterpret_cast<Function *>(found);
}

} // namespace

extern "C" {

__attribute__((visibility("hidden"))) int __cxa_guard_acquire(int64_t *guard) {
  ricci::beginStatic();
  const int isMine = original<int(int64_t *)>("__cxa_guard_acquire")(guard);
  if (!isMine) // another thread has made it meanwhile
    ricci::endStatic();
  return isMine;
}

__attribute__((visibility("hidden"))) void __cxa_guard_release(int64_t *guard) {
  original<void(int64_t *)>("__cxa_guard_release")(guard);
  ricci::endStatic();
}

__attribute__((visibility("hidden"))) void __cxa_guard_abort(int64_t *guard) {
  original<void(int64_t *)>("__cxa_guard_abort")(guard);
  ricci::endStatic();
}
}
