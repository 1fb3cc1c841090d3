//===- dlpack.h - tensors of other libraries, by DLPack -----------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/dlpack_abi.h"
#include "runtime/tensor.h"

namespace ricci {

/// Takes over a tensor in the memory of the CPU or a GPU: shares it, without a copy, and calls its
/// deleter once nothing refers to it any more. A GPU's must be there already, or come in the order
/// of the legacy default stream. After an error it is still the caller's. An input error for
/// another device or major version, a type that Ricci lacks, and data that are not aligned; a usage
/// error for null.
Expected<Tensor> try_from_dlpack(DLManagedTensorVersioned *managed);
/// The same in the form without a version; the tensor is writable.
Expected<Tensor> try_from_dlpack(DLManagedTensor *managed);
Tensor from_dlpack(DLManagedTensorVersioned *managed);
Tensor from_dlpack(DLManagedTensor *managed);

/// Shares a tensor: the receiver calls the deleter, from any thread, once it is done. Memory that
/// the tensor borrows must outlive that.
DLManagedTensorVersioned *to_dlpack(const Tensor &tensor);
/// The same in the form without a version, for older libraries; an error for a read-only tensor.
Expected<DLManagedTensor *> try_to_dlpack_unversioned(const Tensor &tensor);

} // namespace ricci
