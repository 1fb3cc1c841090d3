//===- files.cpp - tensors in .npy and .npz files -------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "frontend/api/files.h"

#include "runtime/npy.h"

namespace ricci {
namespace {

NpyOptions npyOptions(const LoadOptions &options) { return {false, options.map, options.bf16}; }

/// What calls of the system would read as the end.
Status checkPath(const std::string &path) {
  const size_t zero = path.find('\0');
  if (zero == std::string::npos)
    return success();
  return inputError(path.substr(0, zero) + "…: the name of the file has a zero byte");
}

} // namespace

Expected<Tensor> try_load(const std::string &path, const LoadOptions &options) {
  if (Status s = checkPath(path); !s)
    return std::move(s.error());
  return readNpy(path, npyOptions(options));
}

Status try_save(const std::string &path, const Tensor &tensor) { return writeNpy(path, tensor); }

Expected<std::vector<NamedTensor>> try_load_npz(const std::string &path,
                                                const LoadOptions &options) {
  if (Status s = checkPath(path); !s)
    return std::move(s.error());
  Expected<std::vector<NpzMember>> members = readNpz(path, npyOptions(options));
  if (!members)
    return std::move(members.error());
  std::vector<NamedTensor> tensors;
  for (NpzMember &member : *members)
    tensors.push_back({std::move(member.name), std::move(member.tensor)});
  return tensors;
}

Expected<Tensor> try_load_npz_member(const std::string &path, const std::string &name,
                                     const LoadOptions &options) {
  if (Status s = checkPath(path); !s)
    return std::move(s.error());
  return readNpz(path, name, npyOptions(options));
}

Status try_save_npz(const std::string &path, const std::vector<NamedTensor> &tensors) {
  std::vector<NpzMember> members;
  for (const NamedTensor &named : tensors)
    members.push_back({named.name, named.tensor});
  return writeNpz(path, members);
}

Tensor load(const std::string &path, const LoadOptions &options) {
  return try_load(path, options).value();
}
void save(const std::string &path, const Tensor &tensor) { try_save(path, tensor).value(); }
std::vector<NamedTensor> load_npz(const std::string &path, const LoadOptions &options) {
  return try_load_npz(path, options).value();
}
Tensor load_npz_member(const std::string &path, const std::string &name,
                       const LoadOptions &options) {
  return try_load_npz_member(path, name, options).value();
}
void save_npz(const std::string &path, const std::vector<NamedTensor> &tensors) {
  try_save_npz(path, tensors).value();
}

} // namespace ricci
