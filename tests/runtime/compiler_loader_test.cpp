//===- compiler_loader_test.cpp - loading a compiler ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/compiler_loader.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>
#include <unistd.h>

using namespace ricci;

TEST(CompilerLoader, LoadsOne) {
  Expected<CompilerInterface *> compiler = loadCompilerFrom(FAKE_COMPILER_good);
  ASSERT_TRUE(compiler) << compiler.error().message;
  EXPECT_EQ((*compiler)->versions(), "fake");
  EXPECT_EQ((*compiler)->describeTarget("z")->name, "z");
  EXPECT_EQ(*loadCompilerFrom(FAKE_COMPILER_good), *compiler);
}

static void refuses(const std::string &path, const std::string &why) {
  Expected<CompilerInterface *> compiler = loadCompilerFrom(path);
  ASSERT_FALSE(compiler);
  EXPECT_EQ(compiler.error().kind, ErrorKind::Machine);
  EXPECT_NE(compiler.error().message.find(path), std::string::npos) << compiler.error().message;
  EXPECT_NE(compiler.error().message.find(why), std::string::npos) << compiler.error().message;
}

TEST(CompilerLoader, RefusesWhatDoesNotFit) {
  refuses(FAKE_COMPILER_other_version, "version");
  refuses(FAKE_COMPILER_no_entry, "ricci_compiler_entry");
  refuses("/nonexistent/libricci_compiler.so", "No such file");
  const std::string text =
      ::testing::TempDir() + "/not_a_library_" + std::to_string(getpid()) + ".so";
  std::ofstream(text) << "text";
  refuses(text, "");
  unlink(text.c_str());
}

TEST(CompilerLoader, AnswersOnceForAllThreads) {
  // The library beside libricci may be missing here; the answer is the same for everybody.
  Expected<CompilerInterface *> first = loadCompiler();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      Expected<CompilerInterface *> again = loadCompiler();
      EXPECT_EQ(bool(again), bool(first));
      if (again && first) {
        EXPECT_EQ(*again, *first);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  if (!first) {
    EXPECT_EQ(first.error().kind, ErrorKind::Machine);
    EXPECT_NE(first.error().message.find("/libricci_compiler.so"), std::string::npos);
  }
}
