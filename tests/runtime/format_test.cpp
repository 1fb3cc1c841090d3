//===- format_test.cpp - texts for people --------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/format.h"
#include "runtime/machine.h"
#include "runtime/utf8.h"

#include <gtest/gtest.h>

#include <cstdlib>

using namespace ricci;

TEST(Format, Bytes) {
  EXPECT_EQ(formatBytes(0), "0 B");
  EXPECT_EQ(formatBytes(1023), "1023 B");
  EXPECT_EQ(formatBytes(1024), "1.0 KiB");
  EXPECT_EQ(formatBytes(40000), "39.1 KiB");
  EXPECT_EQ(formatBytes(102348), "99.9 KiB");
  EXPECT_EQ(formatBytes(102399), "100 KiB");
  EXPECT_EQ(formatBytes(348160), "340 KiB");
  EXPECT_EQ(formatBytes(6291456), "6.0 MiB");
  EXPECT_EQ(formatBytes(1048575), "1.0 MiB");
  EXPECT_EQ(formatBytes(9223372036854775807.0), "8.0 EiB");
}

TEST(Format, Seconds) {
  EXPECT_EQ(formatSeconds(72e-6), "72 us");
  EXPECT_EQ(formatSeconds(3.9e-3), "3.9 ms");
  EXPECT_EQ(formatSeconds(2.42e-3, 3), "2.42 ms");
  EXPECT_EQ(formatSeconds(31.24e-3, 3), "31.2 ms");
  EXPECT_EQ(formatSeconds(312e-6), "312 us");
  EXPECT_EQ(formatSeconds(9.97e-3), "10 ms");
  EXPECT_EQ(formatSeconds(0), "0.0 ns");
  EXPECT_EQ(formatSeconds(0.9999), "1.0 s");
  EXPECT_EQ(formatSeconds(600), "10 min");
}

TEST(Format, Flops) { EXPECT_EQ(formatFlops(6e6), "6.0e+06"); }

TEST(Format, ParsesByteCounts) {
  EXPECT_EQ(parseByteCount("0"), 0);
  EXPECT_EQ(parseByteCount("1073741824"), int64_t(1) << 30);
  EXPECT_EQ(parseByteCount("512M"), int64_t(512) << 20);
  EXPECT_EQ(parseByteCount("2g"), int64_t(2) << 30);
  EXPECT_EQ(parseByteCount("3KiB"), 3072);
  EXPECT_EQ(parseByteCount("1TB"), int64_t(1) << 40);
  for (const char *wrong : {"", "K", "-1", "1.5G", "1 G", "1X", "1KK", "9223372036854775808",
                            "9007199254740992K", "0x10"})
    EXPECT_FALSE(parseByteCount(wrong)) << wrong;
}

TEST(Environment, ValuesAreChecked) {
  const char *name = "RICCI_TEST_VALUE";
  unsetenv(name);
  EXPECT_EQ(*environmentInt(name, 7, 1, 9), 7);
  setenv(name, "3", 1);
  EXPECT_EQ(*environmentInt(name, 7, 1, 9), 3);
  for (const char *wrong : {"0", "10", "abc", "3 ", "3x", "99999999999999999999"}) {
    setenv(name, wrong, 1);
    Expected<int64_t> value = environmentInt(name, 7, 1, 9);
    ASSERT_FALSE(value) << wrong;
    EXPECT_EQ(value.error().kind, ErrorKind::Usage);
    EXPECT_NE(value.error().message.find("RICCI_TEST_VALUE"), std::string::npos);
    EXPECT_NE(value.error().message.find(wrong), std::string::npos);
  }
  setenv(name, "2K", 1);
  EXPECT_EQ(*environmentBytes(name, 1), 2048);
  setenv(name, "lots", 1);
  EXPECT_FALSE(environmentBytes(name, 1));
  unsetenv(name);
}

TEST(Environment, MachineHasMemoryAndCpus) {
  EXPECT_GT(machineMemoryBytes(), int64_t(1) << 20);
  EXPECT_GE(availableCpus(), 1);
}

TEST(Utf8, DecodesAndRefuses) {
  EXPECT_EQ(decodeUtf8("aβ", 1).code, 0x3b2u);
  EXPECT_EQ(decodeUtf8("\xf0\x9f\x98\x80", 0).code, 0x1f600u);
  for (const char *wrong :
       {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
        "\xf8\x88\x80\x80\x80", "\xff", "\xc3(", "\xe2\x82"}) {
    const Utf8Char c = decodeUtf8(wrong, 0);
    EXPECT_FALSE(c.valid);
    EXPECT_EQ(c.bytes, 1u);
  }
  EXPECT_EQ(printable("aβ\xff\n\x1b"), "aβ\\xFF\\x0A\\x1B");
  EXPECT_EQ(printable("a\nb", true), "a\nb");
  EXPECT_EQ(printable("\u202e"), "\\xE2\\x80\\xAE");
  EXPECT_EQ(columns("αβ\xff"), 3);
}

TEST(Utf8, Elides) {
  EXPECT_EQ(elide("abcdef", 6), "abcdef");
  EXPECT_EQ(elide("abcdefgh", 6), "abc…gh");
  EXPECT_EQ(elide("αβγδεζηθ", 5), "αβ…ηθ");
  EXPECT_EQ(elide("abc", 1), "…");
  EXPECT_EQ(elide("abc", 0), "");
}
