//===- files.h - tensors in .npy and .npz files ---------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
///
/// \file
/// Part of ricci.h: tensors in NumPy's files. No compiler is loaded for them. All functions may be
/// called from any number of threads at once. A file is read as the call finds it; two writers of
/// one path leave the file of one of them, whole.
///
//===----------------------------------------------------------------------===//
#pragma once

#include "frontend/api/function.h"

#include <string>
#include <vector>

namespace ricci {

struct LoadOptions {
  /// The file's two-byte void elements ('<V2') are bfloat16, as `save` writes them; NumPy has no
  /// name for them. Without it they are refused.
  bool bf16 = false;
  /// For a .npy file: the tensor refers to the file instead of memory, without a copy where the
  /// data are as this machine wants them, and is read-only then. The file may be replaced or
  /// removed, but must keep its size while the tensor or a view of it lives.
  bool map = false;
};

/// The array of a .npy file (formats 1.0 to 3.0), in new memory, writable; its dtype and shape are
/// the file's, and so is its order: an array in Fortran order has such strides. Data in the other
/// byte order are converted. Errors of kind Input name the path: the file is missing, no regular
/// file or no .npy; cut off, in header or data; of a dtype that Ricci lacks (objects, structures,
/// texts, dates, long doubles); of more than 63 bits in bytes. Not enough memory is one of kind
/// Machine.
Tensor load(const std::string &path, const LoadOptions &options = {});
Expected<Tensor> try_load(const std::string &path, const LoadOptions &options = {});

/// Writes what numpy.save would, in C order, whatever strides the tensor has and whether it is in
/// the CPU's memory or a GPU's; bfloat16 as '<V2'. Nothing is appended to the path. A file of that
/// name is replaced once the new one is whole, else it stays as it was: nobody sees, and no error
/// leaves, a part of a file. Links are followed, and the file keeps its mode. Errors of kind Input
/// name the path: its folder is missing or read-only, it is a folder or a pipe, the disk is full.
void save(const std::string &path, const Tensor &tensor);
Status try_save(const std::string &path, const Tensor &tensor);

/// All arrays of an .npz file, in its order, stored or compressed; each as `load` gives it. A name
/// is that of numpy.load: the member's without ".npy". Errors as of `load`, and for an archive that
/// is damaged or has a member that is no array; they name the member.
std::vector<NamedTensor> load_npz(const std::string &path, const LoadOptions &options = {});
Expected<std::vector<NamedTensor>> try_load_npz(const std::string &path,
                                                const LoadOptions &options = {});

/// One of them; the others are not read. Where there is none of the name, the error lists them.
Tensor load_npz_member(const std::string &path, const std::string &name,
                       const LoadOptions &options = {});
Expected<Tensor> try_load_npz_member(const std::string &path, const std::string &name,
                                     const LoadOptions &options = {});

/// Writes what numpy.savez would, not compressed, under the rules of `save`. A usage error where
/// two tensors have one name, or a name is longer than 65531 bytes or has a zero byte. Names are
/// UTF-8.
void save_npz(const std::string &path, const std::vector<NamedTensor> &tensors);
Status try_save_npz(const std::string &path, const std::vector<NamedTensor> &tensors);

} // namespace ricci
