//===- no_writable_code.cpp - after all tests of a program, no page is writable code --------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tests/mappings.h"

#include <gtest/gtest.h>

namespace {

class NoWritableCode : public ::testing::Environment {
  void TearDown() override {
    for (const std::string &line : writableCode())
      ADD_FAILURE() << "writable and executable: " << line;
  }
};

[[maybe_unused]] const auto *const kRegistered =
    ::testing::AddGlobalTestEnvironment(new NoWritableCode);

} // namespace
