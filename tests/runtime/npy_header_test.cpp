//===- npy_header_test.cpp - headers of .npy files -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/npy_header.h"

#include <gtest/gtest.h>

using namespace ricci;

static std::string withHeader(const std::string &dict, int version = 1) {
  std::string header = "\x93NUMPY";
  header += char(version);
  header += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    header += char(dict.size() >> (8 * i) & 0xff);
  return header + dict;
}

static std::string dict(const std::string &descr, const std::string &shape, bool fortran = false) {
  return "{'descr': " + descr + ", 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }\n";
}

static std::string errorOf(const std::string &bytes, NpyOptions options = {}) {
  Expected<NpyHeader> header = parseNpyHeader(bytes, options);
  return header ? "(none)" : header.error().message;
}

#define EXPECT_ERROR(bytes, part)                                                                  \
  EXPECT_NE(errorOf(bytes).find(part), std::string::npos) << errorOf(bytes)

TEST(NpyHeader, Forms) {
  for (int version : {1, 2, 3}) {
    Expected<NpyHeader> header =
        parseNpyHeader(withHeader(dict("'<f4'", "(3, 4)"), version) + "data");
    ASSERT_TRUE(header) << header.error().message;
    EXPECT_EQ(header->dtype, DType::f32);
    EXPECT_EQ(header->shape, (Shape{3, 4}));
    EXPECT_EQ(header->strides(), (Strides{4, 1}));
    EXPECT_FALSE(header->swapped);
    EXPECT_EQ(header->dataBytes(), 48);
    EXPECT_EQ(header->dataOffset, int64_t(withHeader(dict("'<f4'", "(3, 4)"), version).size()));
  }
  Expected<NpyHeader> fortran = parseNpyHeader(withHeader(dict("'>c16'", "(2, 1, 3)", true)));
  ASSERT_TRUE(fortran);
  EXPECT_EQ(fortran->strides(), (Strides{1, 2, 2}));
  EXPECT_TRUE(fortran->swapped);

  // Other spellings that Python reads: order, quotes, spaces, long integers, no last comma.
  Expected<NpyHeader> odd = parseNpyHeader(
      withHeader("  {\"shape\":(3L,4L,),'fortran_order'\n:False,\t'descr':\"|u1\"}   \n"));
  ASSERT_TRUE(odd) << odd.error().message;
  EXPECT_EQ(odd->shape, (Shape{3, 4}));
}

TEST(NpyHeader, Shapes) {
  auto shapeOf = [](const std::string &text) {
    Expected<NpyHeader> header = parseNpyHeader(withHeader(dict("'<f8'", text)));
    EXPECT_TRUE(header) << header.error().message;
    return header ? header->shape : Shape{-99};
  };
  EXPECT_EQ(shapeOf("()"), Shape{});
  EXPECT_EQ(shapeOf("( )"), Shape{});
  EXPECT_EQ(shapeOf("(3,)"), Shape{3});
  EXPECT_EQ(shapeOf("(0, 5)"), (Shape{0, 5}));
  EXPECT_EQ(shapeOf("( 3 , 4 )"), (Shape{3, 4}));
  for (const char *wrong : {"(3)", "3", "[3]", "(3 4)", "(,)", "(3,,)", "(3.0,)", "('3',)",
                            "((3,),)", "(3", "None", "(True,)", "(0x3,)", "(3, 4"})
    EXPECT_ERROR(withHeader(dict("'<f8'", wrong)), "malformed header");
}

TEST(NpyHeader, LyingShapes) {
  EXPECT_ERROR(withHeader(dict("'<f8'", "(-1, 3)")), "negative");
  EXPECT_ERROR(withHeader(dict("'<f8'", "(4294967296, 4294967296)")), "(4294967296, 4294967296)");
  EXPECT_ERROR(withHeader(dict("'<f8'", "(0, 4294967296, 4294967296)")), "2**63");
  EXPECT_ERROR(withHeader(dict("'<f8'", "(99999999999999999999,)")), "63 bits");
  EXPECT_ERROR(withHeader(dict("'<f8'", "(2305843009213693952,)")), "bytes");
}

TEST(NpyHeader, DTypes) {
  auto dtypeOf = [](const std::string &descr, bool bf16 = false) {
    Expected<NpyHeader> header = parseNpyHeader(withHeader(dict(descr, "(2,)")), {bf16});
    return header ? std::string(shortName(header->dtype)) + (header->swapped ? " swapped" : "")
                  : header.error().message;
  };
  const std::pair<const char *, const char *> all[] = {
      {"|b1", "b1"},          {"|i1", "i8"},          {"<i2", "i16"},
      {"<i4", "i32"},         {"<i8", "i64"},         {"|u1", "u8"},
      {"<u2", "u16"},         {"<u4", "u32"},         {"<u8", "u64"},
      {"<f2", "f16"},         {"<f4", "f32"},         {"<f8", "f64"},
      {"<c8", "c64"},         {"<c16", "c128"},       {"?", "b1"},
      {"=f4", "f32"},         {">f4", "f32 swapped"}, {">i8", "i64 swapped"},
      {">c8", "c64 swapped"}, {">u1", "u8"}};
  for (auto [descr, name] : all)
    EXPECT_EQ(dtypeOf("'" + std::string(descr) + "'"), name) << descr;
  EXPECT_EQ(dtypeOf("'<V2'", true), "bf16");
  EXPECT_EQ(dtypeOf("'|V2'", true), "bf16");
  EXPECT_NE(dtypeOf("'<V2'").find("bf16:"), std::string::npos);
  EXPECT_NE(dtypeOf("'<f4'", true).find("float32"), std::string::npos);
  EXPECT_NE(dtypeOf("'|O'").find("object"), std::string::npos);
  EXPECT_NE(dtypeOf("[('a', '<f4'), ('b', '<i4', (2,))]").find("structured"), std::string::npos);
  for (const char *wrong : {"'|S5'", "'<U3'", "'<M8[ns]'", "'<m8'", "'<f16'", "'<c32'", "'|V3'",
                            "''", "'f'", "'<'", "'<<f4'", "'\x1b[2J'"}) {
    const std::string message = dtypeOf(wrong);
    EXPECT_NE(message.find("not supported"), std::string::npos) << wrong << ": " << message;
    EXPECT_EQ(message.find('\x1b'), std::string::npos);
  }
}

TEST(NpyHeader, Malformed) {
  const std::string good = withHeader(dict("'<f4'", "(3,)"));
  EXPECT_ERROR("", "empty");
  EXPECT_ERROR("PK\x03\x04 and so on", "no .npy file");
  EXPECT_ERROR(good.substr(0, 6), "ends within");
  EXPECT_ERROR(good.substr(0, 9), "ends within");
  EXPECT_ERROR(withHeader(dict("'<f4'", "(3,)"), 2).substr(0, 11), "ends within");
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_NE(errorOf(good.substr(0, length)), "(none)") << length;
  EXPECT_ERROR(withHeader(dict("'<f4'", "(3,)"), 4), "version 4.0");
  EXPECT_ERROR(withHeader(dict("'<f4'", "(3,)"), 0), "version 0.0");
  EXPECT_ERROR(std::string("\x93NUMPY\x02\0\xff\xff\xff\xff{", 13), "claims 4294967295 bytes");
  EXPECT_ERROR(std::string("\x93NUMPY\x01\0\xff\xff{", 11), "11 bytes of 65545");

  for (const char *wrong :
       {"",
        "{",
        "}",
        "{}",
        "[]",
        "None",
        "{'descr'",
        "{'descr':",
        "{'descr': '<f4'",
        "{'descr: '<f4'}",
        "{'descr': '<f4' 'shape': (3,)}",
        "{'descr': '<f4', 'shape': (3,)}",
        "{'fortran_order': False, 'shape': (3,)}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (3,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}{}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
        "{'shape': (3,), 'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
        "{,}",
        "{'descr': {'descr': '<f4'}}",
        "{1: 2}"})
    EXPECT_NE(errorOf(withHeader(wrong)), "(none)") << wrong;
  EXPECT_ERROR(withHeader("{'descr': '<f4', 'descr': '<f4'}"), "twice");
  EXPECT_ERROR(withHeader("{'descr': '<f4', 'fortran_order': False}"), "no 'shape'");
  EXPECT_ERROR(withHeader("{'more': 1}"), "unknown key 'more'");
  // Nesting of any depth is refused where it begins.
  EXPECT_ERROR(
      withHeader("{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(60000, '(')),
      "expected an integer");
  EXPECT_ERROR(withHeader(std::string(60000, '{')), "expected a string");
  EXPECT_ERROR(withHeader(std::string("{'descr': '<f4'\0", 17)), "malformed");
}

TEST(NpyHeader, WrittenAsNumPyDoes) {
  // np.save(f, np.zeros((2, 3), np.float32)) and np.save(f, np.zeros((), bool)).
  EXPECT_EQ(makeNpyHeader(DType::f32, {2, 3}),
            std::string("\x93NUMPY\x01\0v\0", 10) +
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }" +
                std::string(58, ' ') + "\n");
  EXPECT_EQ(makeNpyHeader(DType::b1, {}),
            std::string("\x93NUMPY\x01\0v\0", 10) +
                "{'descr': '|b1', 'fortran_order': False, 'shape': (), }" + std::string(62, ' ') +
                "\n");
  for (const Shape &shape :
       {Shape{}, Shape{0}, Shape{1234567890123}, Shape(40, 1), Shape(30000, 1)})
    for (int i = 0; i < kNumDTypes; ++i) {
      const std::string text = makeNpyHeader(DType(i), shape);
      EXPECT_EQ(text.size() % 64, 0u);
      Expected<NpyHeader> back = parseNpyHeader(text, {DType(i) == DType::bf16});
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(back->dtype, DType(i));
      EXPECT_EQ(back->shape, shape);
      EXPECT_EQ(back->dataOffset, int64_t(text.size()));
    }
}
