//===- image_test.cpp - machine code in memory ---------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/image.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <sstream>

using namespace ricci;

#if defined(__x86_64__)
TEST(Image, RunsAndIsNeverWritable) {
  // nop; mov rax, [rdi]; mov dword [rax], 42; ret: stores 42 into buffers[0].
  Image image{{0x90, 0x48, 0x8b, 0x07, 0xc7, 0x00, 0x2a, 0x00, 0x00, 0x00, 0xc3}, 1};
  Expected<std::shared_ptr<const Kernel>> kernel = loadImage("answer", image);
  ASSERT_TRUE(kernel);
  EXPECT_EQ((*kernel)->key(), "answer");
  EXPECT_EQ((*kernel)->codeBytes(), 11u);
  int value = 0;
  void *buffers[] = {&value};
  (*kernel)->entry()(buffers, nullptr, nullptr, 0, 1);
  EXPECT_EQ(value, 42);

  // The mapping's line in /proc/self/maps says r-xp, and is gone with the kernel.
  const auto address = reinterpret_cast<uintptr_t>((*kernel)->entry());
  auto permissions = [&] {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      unsigned long begin = 0, end = 0;
      char mode[8] = {};
      if (std::sscanf(line.c_str(), "%lx-%lx %7s", &begin, &end, mode) == 3 && address >= begin &&
          address < end)
        return std::string(mode);
    }
    return std::string();
  };
  EXPECT_EQ(permissions(), "r-xp");
  std::shared_ptr<const Kernel> second = *kernel;
  *kernel = nullptr;
  EXPECT_EQ(permissions(), "r-xp");
  second = nullptr;
  EXPECT_EQ(permissions(), "");
}
#endif

TEST(Image, EntryMustBeInside) {
  EXPECT_FALSE(loadImage("empty", Image{}));
  Expected<std::shared_ptr<const Kernel>> outside = loadImage("outside", Image{{0xc3}, 1});
  ASSERT_FALSE(outside);
  EXPECT_EQ(outside.error().kind, ErrorKind::Internal);
}
