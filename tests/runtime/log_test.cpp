//===- log_test.cpp - what a process is told besides results
//-----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

using namespace ricci;

namespace {

struct Message {
  LogLevel level;
  std::string text;
};
void keep(void *context, LogLevel level, std::string_view message) {
  static_cast<std::vector<Message> *>(context)->push_back({level, std::string(message)});
}

/// RICCI_LOG while it lives.
class Variable {
public:
  explicit Variable(const char *value) { setenv("RICCI_LOG", value, 1); }
  ~Variable() { unsetenv("RICCI_LOG"); }
};

} // namespace

TEST(Log, ACallbackTakesThePlaceOfStderr) {
  std::vector<std::string> lines;
  setLogCallback(
      [](void *context, LogLevel, std::string_view message) {
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

TEST(Log, LevelsOfACallback) {
  std::vector<Message> messages;
  for (LogLevel most : {LogLevel::Off, LogLevel::Warning, LogLevel::Info}) {
    setLogCallback(keep, &messages, most);
    EXPECT_EQ(logs(LogLevel::Warning), most >= LogLevel::Warning);
    EXPECT_EQ(logs(LogLevel::Info), most >= LogLevel::Info);
    messages.clear();
    warn("w");
    inform("i");
    ASSERT_EQ(messages.size(), size_t(most));
  }
  EXPECT_EQ(messages[0].level, LogLevel::Warning);
  EXPECT_EQ(messages[1].level, LogLevel::Info);
  EXPECT_EQ(messages[1].text, "i");
  setLogCallback(nullptr, nullptr);
}

TEST(Log, LevelsOfTheVariable) {
  const std::pair<const char *, const char *> expected[] = {
      {"off", ""},
      {"warning", "ricci: warning: w\n"},
      {"on", "ricci: warning: w\n"},
      {"", "ricci: warning: w\n"},
      {"info", "ricci: warning: w\nricci: i\n"},
      {"nonsense", "ricci: warning: w\n"}};
  for (auto [value, text] : expected) {
    Variable variable(value);
    testing::internal::CaptureStderr();
    warn("w");
    inform("i");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), text) << value;
  }
  Variable variable("nonsense");
  testing::internal::CaptureStderr();
  checkLogVariable();
  checkLogVariable();
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "ricci: warning: RICCI_LOG is 'nonsense', but must be off, warning or info; warnings "
            "are printed\n");
}
