//===- process_end_test.cpp - calls while a process ends -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Destructors of objects of the thread and of static objects call Ricci, while another thread
// compiles. What is compiled runs; what is not gets an error.
//
//===----------------------------------------------------------------------===//
#include "frontend/api/ricci.h"

#include <atomic>
#include <cstdio>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace ricci;

namespace {

void require(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "%s\n", what);
  _exit(1);
}

Expected<std::vector<Tensor>> evaluated(const std::string &text) {
  float x[] = {1, 2, 3};
  return try_evaluate(text, {{"x", Tensor::borrow(x, {3})}});
}

bool isThree(const Expected<std::vector<Tensor>> &results) {
  return results && results->front().data<float>()[1] == 3;
}

struct AtEnd {
  const char *newText; ///< what may be compiled, or nothing
  ~AtEnd() {
    require(isThree(evaluated("x + 1")), "what is compiled does not run at the end");
    if (newText) {
      require(isThree(evaluated(newText)), "a thread-local object cannot compile");
      return;
    }
    auto refused = evaluated("x + 2");
    require(!refused && refused.error().kind == ErrorKind::Machine &&
                refused.error().message.find("while a thread or the process ends") !=
                    std::string::npos,
            "a static object compiles");
    require(!evaluated("x +"), "a wrong program is no error at the end");
  }
};
AtEnd before{nullptr};

} // namespace

int main() {
  require(isThree(evaluated("x + 1")), "it does not even run");
  static AtEnd meanwhile{nullptr};
  static thread_local AtEnd ofThread{"x * 2 - 1"};
  require(ofThread.newText, "");
  static std::atomic<int> compiled{0};
  std::thread([] {
    for (;; ++compiled)
      require(bool(evaluated("x * " + std::to_string(compiled) + " + x")),
              "another thread cannot compile");
  }).detach();
  while (compiled < 3)
    std::this_thread::yield();
}
