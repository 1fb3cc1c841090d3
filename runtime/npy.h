//===- npy.h - tensors in files ------------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/npy_header.h"

namespace ricci {

class FileReplacement;

/// Maps a .npy file: the data is not copied, the tensor is read-only and in the file's order (C or
/// Fortran). Big-endian or misaligned data, and bools other than 0 and 1, are converted into a
/// copy. Only regular files are opened. The file must keep its size while the tensor lives. Without
/// `options.map` the data is read into memory, and the tensor is writable.
Expected<Tensor> readNpy(const std::string &path, NpyOptions options = {});

/// Reads the member `name` (or `name`.npy) of an .npz file into memory, stored or deflated. Where
/// there is none, the error lists the members.
Expected<Tensor> readNpz(const std::string &path, const std::string &name, NpyOptions options = {});

/// Writes C order, the bytes that np.save would write, also from a GPU's memory. The file appears
/// complete under its name or not at all (file_replacement.h). bfloat16 is written as '<V2'. A
/// character device (/dev/null, /dev/stdout) is written to directly.
Status writeNpy(const std::string &path, const Tensor &tensor);

/// An array of an .npz file; its member is `name`.npy.
struct NpzMember {
  std::string name;
  Tensor tensor;
};
/// All members of an .npz file, in its order, as readNpz reads them.
Expected<std::vector<NpzMember>> readNpz(const std::string &path, NpyOptions options = {});
/// Writes what np.savez would: C order, stored. The file appears complete or not at all. A usage
/// error for a name that occurs twice, is too long or has a zero byte.
Status writeNpz(const std::string &path, const std::vector<NpzMember> &members);
/// The same into a file in the making, which is closed and committed by whoever made it.
Status writeNpz(FileReplacement &file, const std::string &path,
                const std::vector<NpzMember> &members);

namespace detail {
/// What is written of `tensor`: in the CPU's memory and C order.
Expected<Tensor> forFile(const std::string &path, const Tensor &tensor);
/// Of a tensor in C order.
std::string_view bytesOf(const Tensor &tensor);
/// Opens a regular file for reading; -1 never: an error that names the path instead.
Expected<int> openRegular(const std::string &path, int64_t &bytes);
/// The tensor of `header` over its data in `flat`, a writable tensor of that many bytes.
Tensor npyFromOwned(const NpyHeader &header, Tensor flat);
/// "PATH: message".
Diagnostic inFile(const std::string &path, Diagnostic error);
Diagnostic shortData(const NpyHeader &header, int64_t available);
} // namespace detail

} // namespace ricci
