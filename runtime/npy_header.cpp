//===- npy_header.cpp - headers of .npy files ----------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/npy_header.h"

#include "runtime/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace ricci {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

/// Reads the dictionary literal of a header: strings, True and False, tuples of integers. Nothing
/// nests deeper.
class HeaderParser {
public:
  HeaderParser(std::string_view text, NpyOptions options) : text_(text), options_(options) {}

  Expected<NpyHeader> parse() {
    if (!take('{'))
      return malformed("expected '{'");
    while (!take('}')) {
      Expected<std::string_view> key = string();
      if (!key)
        return std::move(key.error());
      if (!take(':'))
        return malformed("expected ':'");
      if (Status s = value(*key); !s)
        return std::move(s.error());
      if (!take(',') && !peek('}'))
        return malformed("expected ',' or '}'");
    }
    skipSpace();
    if (at_ != text_.size())
      return malformed("expected nothing after '}'");
    for (auto [seen, name] :
         {std::pair(seenDescr_, "descr"), std::pair(seenOrder_, "fortran_order"),
          std::pair(seenShape_, "shape")})
      if (!seen)
        return inputError(fmt::format("malformed header: it has no '{}'", name));
    Expected<int64_t> count = elementCount(header_.shape, header_.dtype);
    if (!count)
      return std::move(count.error());
    header_.elements = *count;
    return std::move(header_);
  }

private:
  void skipSpace() {
    while (at_ < text_.size() &&
           std::string_view(" \t\n\r\f").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool peek(char c) {
    skipSpace();
    return at_ < text_.size() && text_[at_] == c;
  }
  bool take(char c) {
    if (!peek(c))
      return false;
    ++at_;
    return true;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (text_.substr(at_, word.size()) != word)
      return false;
    at_ += word.size();
    return true;
  }
  Diagnostic malformed(std::string_view what) const {
    return inputError(fmt::format("malformed header: {} at byte {} of the dictionary", what, at_));
  }

  Expected<std::string_view> string() {
    skipSpace();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"')
      return malformed("expected a string");
    const size_t begin = at_ + 1, end = text_.find(quote, begin);
    if (end == std::string_view::npos)
      return malformed("a string without an end");
    at_ = end + 1;
    return text_.substr(begin, end - begin);
  }

  Status once(bool &seen, std::string_view key) {
    if (seen)
      return inputError(fmt::format("malformed header: '{}' occurs twice", key));
    seen = true;
    return success();
  }

  Status value(std::string_view key) {
    if (key == "descr") {
      if (Status s = once(seenDescr_, key); !s)
        return s;
      return descr();
    }
    if (key == "fortran_order") {
      if (Status s = once(seenOrder_, key); !s)
        return s;
      header_.fortranOrder = takeWord("True");
      if (!header_.fortranOrder && !takeWord("False"))
        return malformed("expected True or False");
      return success();
    }
    if (key == "shape") {
      if (Status s = once(seenShape_, key); !s)
        return s;
      return shape();
    }
    return inputError(fmt::format("malformed header: unknown key '{}'", printable(elide(key, 40))));
  }

  Status shape() {
    if (!take('('))
      return malformed("expected a tuple");
    bool comma = true;
    while (!take(')')) {
      if (!comma)
        return malformed("expected ',' or ')'");
      skipSpace();
      int64_t extent = 0;
      const char *begin = text_.data() + at_, *end = text_.data() + text_.size();
      auto [rest, error] = std::from_chars(begin, end, extent);
      if (error == std::errc::result_out_of_range)
        return inputError("malformed header: the shape has an extent beyond 63 bits");
      if (error != std::errc())
        return malformed("expected an integer");
      at_ += size_t(rest - begin);
      takeWord("L"); // a long integer, as Python 2 wrote them
      header_.shape.push_back(extent);
      comma = take(',');
    }
    if (header_.shape.size() == 1 && !comma)
      return malformed("expected a tuple, but (n) is a number");
    return success();
  }

  Status descr() {
    if (peek('[') || peek('('))
      return inputError("structured dtypes are not supported: save one field as a plain array");
    Expected<std::string_view> text = string();
    if (!text)
      return std::move(text.error());
    std::string_view name = *text;
    char order = '=';
    if (!name.empty() && std::string_view("<>|=").find(name[0]) != std::string_view::npos) {
      order = name[0];
      name.remove_prefix(1);
    }
    const std::string shown = printable(elide(*text, 40));
    if (name == "V2") {
      if (!options_.bf16 && !options_.voidIsBf16)
        return inputError(
            fmt::format("dtype '{}' is a two-byte void; if it holds bfloat16, say so: bf16:FILE, "
                        "LoadOptions::bf16 or RICCI_LOAD_BF16",
                        shown));
      header_.dtype = DType::bf16;
      header_.swapped = order == '>';
      return success();
    }
    if (name == "O" || name == "O8" || name == "O4")
      return inputError(
          fmt::format("object dtype '{}' is not supported: it would have to be unpickled", shown));

    struct Code {
      std::string_view code;
      DType dtype;
    };
    static constexpr Code codes[] = {{"b1", DType::b1},  {"?", DType::b1},   {"i1", DType::i8},
                                     {"i2", DType::i16}, {"i4", DType::i32}, {"i8", DType::i64},
                                     {"u1", DType::u8},  {"u2", DType::u16}, {"u4", DType::u32},
                                     {"u8", DType::u64}, {"f2", DType::f16}, {"f4", DType::f32},
                                     {"f8", DType::f64}, {"c8", DType::c64}, {"c16", DType::c128}};
    const Code *found = std::find_if(std::begin(codes), std::end(codes),
                                     [&](const Code &c) { return c.code == name; });
    if (found == std::end(codes))
      return inputError(
          fmt::format("dtype '{}' is not supported: use bool, an integer, float or complex dtype "
                      "of at most 64 bits a part",
                      shown));
    if (options_.bf16)
      return inputError(
          fmt::format("the elements are {}, not the two-byte void ('<V2') that holds bfloat16",
                      numpyName(found->dtype)));
    header_.dtype = found->dtype;
    header_.swapped = order == '>' && itemSize(found->dtype) > 1;
    return success();
  }

  std::string_view text_;
  NpyOptions options_;
  size_t at_ = 0;
  NpyHeader header_;
  bool seenDescr_ = false, seenOrder_ = false, seenShape_ = false;
};

std::string_view descrOf(DType dtype) {
  static constexpr std::string_view names[kNumDTypes] = {"|b1", "|i1", "<i2", "<i4", "<i8",
                                                         "|u1", "<u2", "<u4", "<u8", "<f2",
                                                         "<V2", "<f4", "<f8", "<c8", "<c16"};
  return names[int(dtype)];
}

} // namespace

Strides NpyHeader::strides() const {
  if (!fortranOrder)
    return contiguousStrides(shape);
  Shape reversed(shape.rbegin(), shape.rend());
  Strides strides = contiguousStrides(reversed);
  std::reverse(strides.begin(), strides.end());
  return strides;
}

Expected<int64_t> npyDataOffset(std::string_view preamble) {
  if (preamble.substr(0, kMagic.size()) != kMagic)
    return inputError(preamble.empty() ? "the file is empty"
                      : preamble.substr(0, 4) == "PK\x03\x04" ||
                              preamble.substr(0, 4) == "PK\x05\x06"
                          ? "this is a zip file, such as an .npz, and no .npy file"
                          : "this is no .npy file (wrong magic bytes)");
  auto byte = [&](size_t i) { return int64_t(static_cast<uint8_t>(preamble[i])); };
  const Diagnostic truncated = inputError("the file ends within its header");
  if (preamble.size() < 10)
    return truncated;
  const int64_t major = byte(6), minor = byte(7);
  if (major < 1 || major > 3 || minor != 0)
    return inputError(
        fmt::format("format version {}.{} is unknown: 1.0, 2.0 and 3.0 can be read", major, minor));
  int64_t length = byte(8) | byte(9) << 8, begin = 10;
  if (major > 1) {
    if (preamble.size() < 12)
      return truncated;
    length |= byte(10) << 16 | byte(11) << 24;
    begin = 12;
  }
  if (length > kNpyMaxHeader)
    return inputError(fmt::format("the header claims {} bytes; more than {} are not read", length,
                                  kNpyMaxHeader));
  return begin + length;
}

Expected<NpyHeader> parseNpyHeader(std::string_view bytes, NpyOptions options) {
  Expected<int64_t> offset = npyDataOffset(bytes.substr(0, size_t(kNpyPreamble)));
  if (!offset)
    return std::move(offset.error());
  if (*offset > int64_t(bytes.size()))
    return inputError(fmt::format("the file ends within its header: it has {} bytes of {}",
                                  bytes.size(), *offset));
  const size_t begin = bytes[6] == 1 ? 10 : 12;
  Expected<NpyHeader> header =
      HeaderParser(bytes.substr(begin, size_t(*offset) - begin), options).parse();
  if (header)
    header->dataOffset = *offset;
  return header;
}

std::string makeNpyHeader(DType dtype, const Shape &shape) {
  std::string dict = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}",
                                 descrOf(dtype), formatShape(shape));
  // np.save leaves room for the first axis to grow to 21 digits.
  if (!shape.empty())
    dict.append(21 - fmt::formatted_size("{}", shape[0]), ' ');
  int version = 1;
  size_t begin = 10;
  auto padded = [&] { return (begin + dict.size() + 1 + 63) / 64 * 64; };
  if (padded() - begin > 0xffff) {
    version = 2;
    begin = 12;
  }
  const size_t total = padded(), length = total - begin;
  std::string header(kMagic);
  header += char(version);
  header += '\0';
  for (size_t i = 0; i < begin - 8; ++i)
    header += char(length >> (8 * i) & 0xff);
  header += dict;
  header.append(total - 1 - header.size(), ' ');
  return header + '\n';
}

} // namespace ricci
