//===- keep_statics.cpp - static objects of the library stay --------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of libricci and libricci_compiler each. While the process ends, destructors of the program and
// other threads may still call, and compile with static objects of LLVM and MLIR. So none of these
// libraries is ever destroyed: what would register a destructor finds this function, hidden in the
// library, in the place of libc's.
//
//===----------------------------------------------------------------------===//

extern "C" __attribute__((visibility("hidden"))) int __cxa_atexit(void (*)(void *), void *, void *) {
  return 0;
}
