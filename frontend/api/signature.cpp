//===- signature.cpp - a call as a byte string ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/signature.h"

#include "runtime/thread_own.h"

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

  void add(const ProgramOptions &options, std::string_view cpu) {
    add(options.order.method);
    add(options.order.seconds);
    add(options.order.path);
    add(options.memoryLimit.has_value());
    add(options.memoryLimit.value_or(0));
    add(options.device.kind);
    add(options.device.index);
    add(std::string_view(options.arch));
    add(fuses(options));
    add(chainBytes());
    add(options.allowTf32);
    add(cpu);
  }
  void addStrides(const OperandTypes *outputs) {
    for (size_t i = 0; outputs && i < outputs->size(); ++i) {
      const TensorType &type = (*outputs)[i];
      bool inOrder = isContiguous(type.shape, type.strides);
      add(inOrder ? '-' : 's');
      if (!inOrder)
        add(type.strides);
    }
  }

private:
  std::string &key;
};
} // namespace

std::string &signatureBuffer() {
  struct Buffer {
    std::string bytes;
  };
  return ownOfThread<Buffer>().bytes;
}

void writeSignature(std::string &key, EinsumEquation equation, const OperandTypes &operands,
                    const EinsumOptions &options, std::string_view cpu,
                    const OperandTypes *outputs) {
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
  writer.add(options, cpu);
  writer.add(options.accumulate);
  writer.addStrides(outputs);
}

void writeSignature(std::string &key, std::string_view program,
                    const std::vector<NamedTensor> &arguments, const ProgramOptions &options,
                    std::string_view cpu, const OperandTypes *outputs) {
  Writer writer(key);
  writer.add('p');
  writer.add(program);
  writer.add(arguments.size());
  for (const NamedTensor &argument : arguments) {
    writer.add(std::string_view(argument.name));
    writer.add(argument.tensor.type());
  }
  writer.add(options, cpu);
  writer.addStrides(outputs);
}

void writeSignature(std::string &key, uint64_t function, const OperandTypes &arguments,
                    const OperandTypes *outputs) {
  Writer writer(key);
  writer.add('f');
  writer.add(function);
  for (size_t i = 0; i < arguments.size(); ++i)
    writer.add(arguments[i].strides);
  writer.addStrides(outputs);
}

} // namespace ricci::detail
