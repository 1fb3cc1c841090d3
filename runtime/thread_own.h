//===- thread_own.h - objects of each thread -----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

namespace ricci {

/// The calling thread's T, made when it is first asked for. Destructors of other objects of the thread, and of static objects, may ask for it after it was
/// destroyed: then it is made anew, and stays.
template <typename T> T &ownOfThread() {
  static thread_local T *own = nullptr;
  struct End {
    ~End() {
      delete own;
      own = nullptr;
    }
  };
  if (!own) {
    own = new T;
    static thread_local End end;
    (void)end;
  }
  return *own;
}

} // namespace ricci
