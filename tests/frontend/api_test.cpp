//===- api_test.cpp - the C++ API without a compiler ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/signature.h"
#include "tests/frontend/helpers.h"

#include <ricci/ricci.h>

#include <array>

using namespace ricci;
using namespace ricci::test;

namespace {

TEST(Api, EmitAst) {
  EXPECT_EQ(emit_einsum("ij->ji", typesOf({{2, 3}}), {}, Stage::Ast).value(),
            "%0 = input 0 : f32[2,3]\n"
            "%1 = einsum \"ij->ji\" (%0) {i=2, j=3} : f32[3,2]\n"
            "return %1\n");
}

TEST(Api, TypesWithoutStridesAreInCOrder) {
  std::vector<TensorType> bare = {{f32, {2, 3}, {}}};
  EXPECT_EQ(emit_einsum("ij->ji", bare, {}, Stage::Ast).value(),
            emit_einsum("ij->ji", typesOf({{2, 3}}), {}, Stage::Ast).value());
}

TEST(Api, ViewsOfPermutationsDiagonalsAndTheIdentity) {
  std::array<float, 64> data;
  for (size_t i = 0; i < data.size(); ++i)
    data[i] = float(i);
  Tensor a = Tensor::borrow(data.data(), {4, 4, 4});
  auto view = [&](std::string_view equation) { return einsum_view(equation, a).value(); };

  Tensor t = view("ijk->kij");
  EXPECT_EQ(t.strides(), (Strides{1, 16, 4}));
  EXPECT_EQ(t.raw(), a.raw());
  EXPECT_FALSE(t.readOnly());
  EXPECT_EQ(view("iij->ji").strides(), (Strides{1, 20}));
  EXPECT_EQ(view("iii->i").strides(), (Strides{21}));
  EXPECT_EQ(view("i...->...i").strides(), (Strides{4, 1, 16}));
  EXPECT_EQ(view("...").strides(), a.strides());

  EXPECT_FALSE(einsum_view("ijk->ij", a)) << "a sum is no view";
  EXPECT_FALSE(einsum_view("iij->j", a));
  EXPECT_THROW((void)einsum_view("ij->ji", a), Error);
  EXPECT_TRUE(einsum_view("i->i", Tensor::borrowConst(data.data(), f32, {4}))->readOnly());
}

TEST(Api, ViewsKeepTheirMemory) {
  Tensor a = Tensor::allocate(f32, {2, 2}).value();
  a.data<float>()[3] = 5;
  std::optional<Tensor> diagonal = einsum_view("ii->i", a);
  a = Tensor();
  EXPECT_EQ(diagonal->data<float>()[3], 5);
}

TEST(Api, ErrorsBeforeAnythingIsCompiled) {
  std::array<float, 16> data{};
  Tensor a = Tensor::borrow(data.data(), {2, 3});
  auto message = [](const auto &result) { return result ? "" : result.error().message; };

  EXPECT_EQ(message(try_einsum("ij,jk", {a, a})), "label 'j' is 3 in operand 1 and 2 in operand 2");
  EXPECT_EQ(message(try_einsum(EinsumLabels{{{0, 1}, {1, 2}}, {}}, {a, a})),
            "label 1 is 3 in operand 1 and 2 in operand 2");
  EXPECT_THROW((void)einsum("ij->", {}), Error);

  EinsumOptions options;
  options.memoryLimit = 23;
  EXPECT_EQ(message(try_einsum("ij->ji", {a}, options)),
            "the result f32[3,2] takes 24 bytes, more than the memory limit of 23");
  options.memoryLimit = -1;
  EXPECT_EQ(try_einsum("ij->ji", {a}, options).error().kind, ErrorKind::Usage);
  options = {};
  options.accumulate = true;
  EXPECT_EQ(try_einsum("ij->ji", {a}, options).error().kind, ErrorKind::Usage);
}

TEST(Api, OutIsChecked) {
  std::array<float, 32> data{};
  Tensor a = Tensor::borrow(data.data(), {2, 3});
  auto into = [&](Tensor out) {
    Status s = try_einsum_into("ij->ji", {a}, out);
    return s ? "" : s.error().message;
  };
  float *free = data.data() + 16;
  EXPECT_EQ(into(Tensor::borrow(free, {2, 3})), "out is f32[2,3], but the result is f32[3,2]");
  EXPECT_EQ(into(Tensor::borrow(free, f64, {3, 2})), "out is f64[3,2], but the result is f32[3,2]");
  EXPECT_EQ(into(Tensor::borrow(free, {3, 2}, {0, 1})),
            "out f32[3,2] with strides [0,1] has one place for several elements");
  EXPECT_EQ(into(Tensor::borrow(free, {3, 2}, {INT64_MAX, 1})),
            "out: the strides reach beyond 63 bits of bytes");
  Strides tooFew = {1};
  EXPECT_EQ(try_compile_einsum("ij->ji", typesOf({{2, 3}}), {}, &tooFew).error().kind,
            ErrorKind::Usage);
}

TEST(Api, SignaturesTellCallsApart) {
  std::vector<TensorType> one = typesOf({{4, 4}}), two = typesOf({{4, 4}, {4, 4}});
  EinsumLabels labels{{{0, 1}}, {{1, 0}}}, implicitLabels{{{0, 1}}, {}},
      longer{{{0, 1}, {1, 0}}, {}};
  EinsumOptions plain, greedy, limited, unlimited, reference, accumulate, path;
  greedy.order.method = OrderOptions::Method::Greedy;
  limited.memoryLimit = 0;
  reference.device = DeviceKind::Reference;
  accumulate.accumulate = true;
  path.order.path = {{0, 1}};
  Strides strides = {1, 4};
  auto signature = [](EinsumEquation equation, const std::vector<TensorType> &types,
                      const EinsumOptions &options, std::string_view cpu, const Strides *out) {
    std::string key = "what was there before";
    TensorType type{f32, {4, 4}, out ? *out : Strides()};
    detail::OperandTypes outputs(&type);
    detail::writeSignature(key, equation, types, options, cpu, out ? &outputs : nullptr);
    return key;
  };
  std::vector<std::string> keys = {
      signature("ij->ji", one, plain, "native", nullptr),
      signature("ij->ij", one, plain, "native", nullptr),
      signature("ij->ji", two, plain, "native", nullptr),
      signature("ij->ji", typesOf({{4, 4}}, f64), plain, "native", nullptr),
      signature("ij->ji", {{f32, {4, 4}, {1, 4}}}, plain, "native", nullptr),
      signature(labels, one, plain, "native", nullptr),
      signature(implicitLabels, one, plain, "native", nullptr),
      signature(longer, one, plain, "native", nullptr),
      signature("ij->ji", one, greedy, "native", nullptr),
      signature("ij->ji", one, limited, "native", nullptr),
      signature("ij->ji", one, reference, "native", nullptr),
      signature("ij->ji", one, accumulate, "native", nullptr),
      signature("ij->ji", one, path, "native", nullptr),
      signature("ij->ji", one, plain, "x86-64", nullptr),
      signature("ij->ji", one, plain, "native", &strides),
  };
  for (size_t a = 0; a < keys.size(); ++a)
    for (size_t b = 0; b < a; ++b)
      EXPECT_NE(keys[a], keys[b]) << a << " " << b;
  EXPECT_EQ(keys[0], signature(std::string("ij->ji"), one, EinsumOptions(), "native", nullptr));
}

} // namespace
