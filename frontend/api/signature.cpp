//===- signature.cpp - a call as a byte string ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/signature.h"

namespace ricci::detail {

namespace {
class Writer {
public:
  explicit Writer(std::string &key) : key(key) { key.clear(); }

  template <typename T> void add(T value) {
    key.append(reinterpret_cast<const char *>(&value), sizeof value);
  }
  void add(std::string_view text) {
    add(text.size());
    key.append(text);
  }
  void add(const std::vector<int64_t> &list) {
    add(std::string_view(reinterpret_cast<const char *>(list.data()),
                         list.size() * sizeof(int64_t)));
  }
  void add(const std::vector<std::vector<int64_t>> &lists) {
    add(lists.size());
    for (const std::vector<int64_t> &list : lists)
      add(list);
  }
  void add(const TensorType &type) {
    add(type.dtype);
    add(type.shape);
    add(type.strides);
  }

private:
  std::string &key;
};
} // namespace

void writeSignature(std::string &key, EinsumEquation equation, const OperandTypes &operands,
                    const EinsumOptions &options, std::string_view cpu,
                    const Strides *outputStrides) {
  Writer writer(key);
  if (const EinsumLabels *labels = equation.labels()) {
    writer.add(labels->output ? 'L' : 'l');
    writer.add(labels->operands);
    if (labels->output)
      writer.add(*labels->output);
  } else {
    writer.add('t');
    writer.add(equation.text());
  }
  writer.add(operands.size());
  for (size_t i = 0; i < operands.size(); ++i)
    writer.add(operands[i]);
  writer.add(options.order.method);
  writer.add(options.order.seconds);
  writer.add(options.order.path);
  writer.add(options.memoryLimit.has_value());
  writer.add(options.memoryLimit.value_or(0));
  writer.add(options.device);
  writer.add(options.accumulate);
  writer.add(cpu);
  writer.add(outputStrides != nullptr);
  if (outputStrides)
    writer.add(*outputStrides);
}

} // namespace ricci::detail
