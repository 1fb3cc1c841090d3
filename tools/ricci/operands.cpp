//===- operands.cpp - OPERAND arguments -------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "tools/ricci/operands.h"

#include "frontend/spec.h"
#include "runtime/npy.h"
#include "runtime/random.h"

#include <fmt/format.h>

#include <sys/stat.h>

namespace ricci::driver {

static Expected<Operand> fromFile(const std::string &text, Expected<Tensor> tensor) {
  if (!tensor)
    return tensor.error();
  return Operand{text, tensor->type(), std::move(*tensor)};
}

Expected<Operand> openOperand(const std::string &text) {
  constexpr std::string_view kBf16 = "bf16:", kMember = ".npz:";
  NpyOptions options;
  std::string path = text;
  if (path.starts_with(kBf16)) {
    options.bf16 = true;
    path = path.substr(kBf16.size());
  }
  if (size_t at = path.rfind(kMember); at != std::string::npos) {
    size_t colon = at + kMember.size() - 1;
    return fromFile(text, readNpz(path.substr(0, colon), path.substr(colon + 1), options));
  }
  struct stat info;
  bool exists = stat(path.c_str(), &info) == 0;
  if (path.ends_with(".npz"))
    return inputError(
        fmt::format("'{}' may hold several arrays: name one, as {}:NAME", text, text));
  if (path.ends_with(".npy") || exists || options.bf16)
    return fromFile(text, readNpy(path, options));
  if (path.find('[') == std::string::npos)
    return inputError(
        fmt::format("operand '{}' is neither a file nor a type: x.npy, x.npz:name and "
                    "f32[1024,768] are operands",
                    text));
  Expected<TensorType> type = parseSpec(text);
  if (!type)
    return type.error();
  return Operand{text, std::move(*type), std::nullopt};
}

Expected<Tensor> Operand::load(uint64_t seed, size_t position) const {
  if (file)
    return *file;
  // Unrelated streams for neighbouring seeds and positions.
  uint64_t stream = seed * 0xd1342543de82ef95u + (position + 1) * 0xaf251af3b0f025b5u;
  return randomTensor(type.dtype, type.shape, stream);
}

Expected<std::vector<Operand>> openOperands(const std::vector<std::string> &texts) {
  std::vector<Operand> operands;
  for (const std::string &text : texts) {
    Expected<Operand> operand = openOperand(text);
    if (!operand)
      return operand.error();
    operands.push_back(std::move(*operand));
  }
  return operands;
}

std::vector<TensorType> typesOf(const std::vector<Operand> &operands) {
  std::vector<TensorType> types;
  for (const Operand &operand : operands)
    types.push_back(operand.type);
  return types;
}

Expected<int64_t> generatedBytes(const std::vector<Operand> &operands) {
  int64_t total = 0;
  for (const Operand &operand : operands) {
    if (operand.file)
      continue;
    Expected<int64_t> elements = elementCount(operand.type.shape, operand.type.dtype);
    if (!elements)
      return elements.error();
    if (__builtin_add_overflow(total, *elements * int64_t(itemSize(operand.type.dtype)), &total))
      return inputError("the operands need more bytes than 63 bits can count");
  }
  return total;
}

} // namespace ricci::driver
