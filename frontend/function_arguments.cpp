//===- function_arguments.cpp - arguments of functions as what they stand for ------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/function_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace ricci {

static Diagnostic at(std::string message, Span span) {
  Diagnostic error = inputError(std::move(message));
  error.spans = {span};
  return error;
}

std::string describe(const Value &value) {
  struct Visitor {
    std::string operator()(NoneValue) { return "None"; }
    std::string operator()(bool x) { return x ? "True" : "False"; }
    std::string operator()(int64_t x) { return fmt::format("the integer {}", x); }
    std::string operator()(double x) {
      std::string digits = fmt::format("{}", x);
      bool isWhole = digits.find_first_not_of("-0123456789") == std::string::npos;
      return "the float " + digits + (isWhole ? ".0" : "");
    }
    std::string operator()(std::complex<double>) { return "a complex number"; }
    std::string operator()(const std::string &) { return "a string"; }
    std::string operator()(DType) { return "a dtype"; }
    std::string operator()(TensorValue) { return "a tensor"; }
    std::string operator()(const SequenceValue &x) { return x.isList ? "a list" : "a tuple"; }
    std::string operator()(const SliceValue &) { return "a slice"; }
    std::string operator()(EllipsisValue) { return "an ellipsis"; }
  };
  return std::visit(Visitor{}, value.state);
}

/// The end of a message that says what stands where something known at compile time must.
static std::string notThat(const Value &value) {
  return value.is<TensorValue>() ? "a tensor, whose elements are read only when the program runs"
                                 : describe(value);
}

Expected<int64_t> normalizeAxis(int64_t axis, int64_t rank, Span span) {
  if (axis < -rank || axis >= rank)
    return at(fmt::format("axis {} is out of bounds for an array of dimension {}", axis, rank),
              span);
  return axis < 0 ? axis + rank : axis;
}

Expected<std::vector<int64_t>> axesArgument(const std::optional<Value> &value, int64_t rank,
                                            Span span) {
  std::vector<int64_t> axes;
  if (!value || value->is<NoneValue>()) {
    for (int64_t axis = 0; axis < rank; ++axis)
      axes.push_back(axis);
    return axes;
  }
  if (const auto *list = value->as<SequenceValue>(); list && list->isList)
    return at("several axes are a tuple, not a list", value->span);
  Expected<std::vector<int64_t>> given = integersArgument(*value, "axis");
  if (!given)
    return given;
  std::vector<bool> seen(size_t(rank), false);
  for (int64_t axis : *given) {
    Expected<int64_t> normal = normalizeAxis(axis, rank, value->span.end ? value->span : span);
    if (!normal)
      return std::move(normal.error());
    if (seen[size_t(*normal)])
      return at(fmt::format("axis {} stands twice in 'axis'", *normal), value->span);
    seen[size_t(*normal)] = true;
  }
  for (int64_t axis = 0; axis < rank; ++axis)
    if (seen[size_t(axis)])
      axes.push_back(axis);
  return axes;
}

Expected<int64_t> integerArgument(const Value &value, std::string_view what) {
  if (const auto *integer = value.as<int64_t>())
    return *integer;
  if (const auto *boolean = value.as<bool>())
    return int64_t(*boolean);
  return at(fmt::format("{} is an integer, not {}", what, notThat(value)), value.span);
}

Expected<std::vector<int64_t>> integersArgument(const Value &value, std::string_view what) {
  const auto *sequence = value.as<SequenceValue>();
  std::vector<int64_t> integers;
  if (!sequence) {
    if (!value.is<int64_t>() && !value.is<bool>())
      return at(
          fmt::format("{} is an integer or a tuple of integers, not {}", what, notThat(value)),
          value.span);
    integers.push_back(*integerArgument(value, what));
    return integers;
  }
  for (const Value &item : sequence->items) {
    Expected<int64_t> integer = integerArgument(item, fmt::format("an item of {}", what));
    if (!integer)
      return std::move(integer.error());
    integers.push_back(*integer);
  }
  return integers;
}

Value knownIntegers(const ProgramBuilder &builder, const Value &value) {
  constexpr int64_t kMost = 1 << 16; // far more than any use of them has
  const auto *tensor = value.as<TensorValue>();
  if (!tensor)
    return value;
  const Program::Node &node = builder.program().nodes[size_t(tensor->node)];
  const auto &[dtype, shape, strides] = node.type;
  const bool isInteger =
      kindOf(dtype) == DTypeKind::Int || (kindOf(dtype) == DTypeKind::UInt && dtype != DType::u64);
  if (node.kind != Program::NodeKind::Constant || !isInteger || shape.size() > 1 ||
      (!shape.empty() && shape[0] > kMost))
    return value;
  const size_t bytes = itemSize(dtype);
  auto element = [&](size_t i) {
    const uint8_t *data = node.data.data() + (node.data.size() == bytes ? 0 : i * bytes);
    int64_t integer = 0;
    std::memcpy(&integer, data, bytes);
    const unsigned unused = unsigned(64 - 8 * bytes);
    return kindOf(dtype) == DTypeKind::Int ? integer << unused >> unused : integer;
  };
  if (shape.empty())
    return Value(element(0), value.span);
  SequenceValue list{{}, true};
  for (size_t i = 0; i < size_t(shape[0]); ++i)
    list.items.emplace_back(element(i), value.span);
  return Value(std::move(list), value.span);
}

Expected<std::vector<int64_t>> integersArgument(const ProgramBuilder &builder, const Value &value,
                                                std::string_view what) {
  const auto *tensor = value.as<TensorValue>();
  Value known = knownIntegers(builder, value);
  if (tensor && known.is<TensorValue>()) {
    const Program::Node &node = builder.program().nodes[size_t(tensor->node)];
    if (node.kind == Program::NodeKind::Constant)
      return at(fmt::format("{} is an integer or a tuple of integers, not an array {} of {}", what,
                            formatShape(node.type.shape), numpyName(node.type.dtype)),
                value.span);
  }
  return integersArgument(known, what);
}

Expected<bool> boolArgument(const Value &value, std::string_view what) {
  if (const auto *boolean = value.as<bool>())
    return *boolean;
  if (const auto *integer = value.as<int64_t>())
    return *integer != 0;
  return at(fmt::format("{} is True or False, not {}", what, notThat(value)), value.span);
}

// NumPy's names, and its codes that count bytes: 'f4' is float32. Codes that mean another type as a
// short name of ours are errors.
static constexpr DTypeName kDTypeNames[] = {
    {"bool_", DType::b1},    {"int8", DType::i8},       {"int16", DType::i16},
    {"int32", DType::i32},   {"int64", DType::i64},     {"uint8", DType::u8},
    {"uint16", DType::u16},  {"uint32", DType::u32},    {"uint64", DType::u64},
    {"float16", DType::f16}, {"bfloat16", DType::bf16}, {"float32", DType::f32},
    {"float64", DType::f64}, {"complex64", DType::c64}, {"complex128", DType::c128},
    {"byte", DType::i8},     {"short", DType::i16},     {"intc", DType::i32},
    {"int_", DType::i64},    {"intp", DType::i64},      {"longlong", DType::i64},
    {"ubyte", DType::u8},    {"ushort", DType::u16},    {"uintc", DType::u32},
    {"uint", DType::u64},    {"uintp", DType::u64},     {"ulonglong", DType::u64},
    {"half", DType::f16},    {"single", DType::f32},    {"double", DType::f64},
    {"csingle", DType::c64}, {"cdouble", DType::c128}};
static constexpr DTypeName kDTypeCodes[] = {
    {"bool", DType::b1}, {"int", DType::i64}, {"float", DType::f64}, {"complex", DType::c128},
    {"?", DType::b1},    {"i1", DType::i8},   {"i2", DType::i16},    {"i4", DType::i32},
    {"u1", DType::u8},   {"u2", DType::u16},  {"u4", DType::u32},    {"f2", DType::f16},
    {"f4", DType::f32},  {"f8", DType::f64},  {"c8", DType::c64},    {"c16", DType::c128}};
static constexpr std::pair<std::string_view, std::string_view> kTwoMeanings[] = {
    {"i8", "int64"}, {"u8", "uint64"}, {"f16", "longdouble"}};

/// NumPy's one-character codes, on 64-bit Linux.
static constexpr std::pair<char, DType> kCharacterCodes[] = {
    {'b', DType::i8},  {'h', DType::i16}, {'i', DType::i32}, {'l', DType::i64}, {'q', DType::i64},
    {'p', DType::i64}, {'B', DType::u8},  {'H', DType::u16}, {'I', DType::u32}, {'L', DType::u64},
    {'Q', DType::u64}, {'P', DType::u64}, {'e', DType::f16}, {'f', DType::f32}, {'d', DType::f64},
    {'F', DType::c64}, {'D', DType::c128}};

/// "d", or a code behind a byte order that is this machine's: "<f4", "=i8", "|b1". There "i8" has
/// one meaning, NumPy's.
static std::optional<DType> characterCode(std::string_view name) {
  const bool hasOrder = name.size() > 1 && std::string_view("<=|").find(name[0]) != name.npos;
  if (hasOrder)
    name.remove_prefix(1);
  for (auto [code, dtype] : kCharacterCodes)
    if (name.size() == 1 && name[0] == code)
      return dtype;
  if (!hasOrder)
    return std::nullopt;
  for (auto [code, dtype] :
       {std::pair("?", DType::b1), {"b1", DType::b1}, {"i8", DType::i64}, {"u8", DType::u64}})
    if (name == code)
      return dtype;
  for (const DTypeName &row : kDTypeCodes)
    if (name == row.name && name.size() <= 3 && name.back() >= '0' && name.back() <= '9')
      return row.dtype;
  return std::nullopt;
}

std::span<const DTypeName> dtypeNames() { return kDTypeNames; }

Expected<DType> dtypeArgument(const Value &value) {
  if (const auto *dtype = value.as<DType>())
    return *dtype;
  const auto *name = value.as<std::string>();
  if (!name)
    return at(fmt::format("a dtype is a name, as float32, not {}", notThat(value)), value.span);
  for (auto [code, numpys] : kTwoMeanings)
    if (*name == code)
      return at(fmt::format("the dtype '{}' is {} to NumPy and {} to Ricci: write the long name",
                            code, numpys, numpyName(*parseDType(code))),
                value.span);
  for (std::span<const DTypeName> table : {std::span<const DTypeName>(kDTypeNames), {kDTypeCodes}})
    for (const DTypeName &row : table)
      if (*name == row.name)
        return row.dtype;
  if (std::optional<DType> dtype = parseDType(*name))
    return *dtype;
  if (std::optional<DType> dtype = characterCode(*name))
    return *dtype;
  return at(fmt::format("there is no dtype '{}'", *name), value.span);
}

// NumPy's array(…) of numbers: the dtype that holds them all.
namespace {

struct NumberList {
  Shape shape;
  std::vector<const Value *> numbers;
};

/// Fills `list` from the items at `depth`; all siblings have one length.
Status flatten(const Value &value, size_t depth, bool first, NumberList &list) {
  if (const auto *sequence = value.as<SequenceValue>()) {
    if (depth == size_t(kMaxRank))
      return at(fmt::format("lists are nested more than {} deep", kMaxRank), value.span);
    if (first) {
      list.shape.push_back(int64_t(sequence->items.size()));
    } else if (depth >= list.shape.size() || list.shape[depth] != int64_t(sequence->items.size())) {
      return at(fmt::format("the lists at depth {} differ in length", depth), value.span);
    }
    for (size_t i = 0; i < sequence->items.size(); ++i)
      if (Status status = flatten(sequence->items[i], depth + 1, first && i == 0, list); !status)
        return status;
    return success();
  }
  if (value.is<TensorValue>())
    return at("a list with tensors in it is no tensor: join them with stack or concatenate",
              value.span);
  if (!value.isNumber())
    return at(fmt::format("{} is no number", describe(value)), value.span);
  if (depth != list.shape.size())
    return at("numbers and lists are mixed at one depth", value.span);
  list.numbers.push_back(&value);
  return success();
}

} // namespace

Expected<TensorValue> toTensor(ProgramBuilder &builder, const Value &value) {
  auto located = [&](Diagnostic error) {
    error.source = builder.source();
    return error;
  };
  if (const auto *tensor = value.as<TensorValue>())
    return *tensor;
  if (value.isNumber())
    return constantOf(builder, value, dtypeOfNumber(value));
  if (!value.is<SequenceValue>())
    return located(at(fmt::format("{} is not a tensor", describe(value)), value.span));
  NumberList list;
  if (Status status = flatten(value, 0, true, list); !status)
    return located(std::move(status.error()));
  DType dtype = list.numbers.empty() ? DType::f64 : DType::b1;
  for (const Value *number : list.numbers)
    dtype = promote(dtype, dtypeOfNumber(*number));
  std::vector<uint8_t> data;
  for (const Value *number : list.numbers) {
    Expected<std::vector<uint8_t>> bytes = encodeNumber(*number, dtype);
    if (!bytes)
      return located(std::move(bytes.error()));
    data.insert(data.end(), bytes->begin(), bytes->end());
  }
  return builder.constant(dtype, std::move(list.shape), std::move(data), value.span);
}

} // namespace ricci
