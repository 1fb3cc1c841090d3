//===- log_test.cpp - warnings -----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace ricci;

TEST(Log, ACallbackTakesThePlaceOfStderr) {
  std::vector<std::string> lines;
  setLogCallback(
      [](void *context, std::string_view message) {
        static_cast<std::vector<std::string> *>(context)->emplace_back(message);
        setLogCallback(nullptr, nullptr); // it may call back
      },
      &lines);
  testing::internal::CaptureStderr();
  warn("one\nline");
  warn("two");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "ricci: warning: two\n");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].find('\n'), std::string::npos);
  EXPECT_EQ(lines[0].substr(0, 3), "one");
}
