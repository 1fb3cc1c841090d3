//===- tensor.h - strided tensors over shared storage -------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/device.h"
#include "runtime/dtype.h"
#include "runtime/error.h"

#include <initializer_list>
#include <memory>
#include <optional>
#include <vector>

namespace ricci {

using Shape = std::vector<int64_t>;
using Strides = std::vector<int64_t>; ///< in elements; any sign, 0 for a broadcast axis

/// The most axes that a program's tensors have: NumPy 2's limit.
inline constexpr int64_t kMaxRank = 64;

/// What the compiler needs to know of an operand: everything but the data.
struct TensorType {
  DType dtype = DType::f32;
  Shape shape;
  Strides strides = {}; ///< same length as shape

  int64_t rank() const { return int64_t(shape.size()); }
  /// "f32[3,4]".
  std::string str() const;
  bool operator==(const TensorType &o) const {
    return dtype == o.dtype && shape == o.shape && strides == o.strides;
  }
};

/// C-order strides of a shape. An axis of size 0 or 1 gets the stride it would have with size 1.
Strides contiguousStrides(const Shape &shape);
/// Strides of the same shape in Fortran order: the first axis has stride 1.
Strides fortranStrides(const Shape &shape);
/// Product of the extents; an input error when an extent is negative, or when the product of the
/// nonzero extents exceeds 63 bits in elements or bytes (NumPy's rule: it holds for empty arrays
/// too).
Expected<int64_t> elementCount(const Shape &shape, DType dtype);
/// Whether the elements lie in C order without gaps. Strides of axes of size 1 do not matter, and a
/// tensor without elements is contiguous.
bool isContiguous(const Shape &shape, const Strides &strides);
/// "(3, 4)", "(3,)", "()", as Python prints a shape.
std::string formatShape(const Shape &shape);

/// start:stop:step of Python, with what is left out as nothing.
struct Slice {
  std::optional<int64_t> start, stop, step;
};

class Tensor;
/// Whether the byte ranges that two tensors span have a byte in common. Tensors that interleave
/// without sharing an element count as overlapping.
bool mayOverlap(const Tensor &a, const Tensor &b);

/// A strided view of shared or borrowed memory. Copies are cheap (they allocate nothing) and share
/// the data; so are views (`slice`, `transpose` …), which are read-only where the tensor is, and
/// keep memory that is not borrowed alive. Reading one tensor from many threads is safe; so is
/// dropping it.
class Tensor {
public:
  /// An f32 scalar without data, to assign to.
  Tensor() = default;

  /// A new C-contiguous tensor from the pool; its contents are undefined.
  static Expected<Tensor> allocate(DType dtype, Shape shape, Device device = {});
  /// Wraps memory that stays the caller's and must outlive the tensor. `data` is the element at
  /// index 0 of every axis, aligned for its type (a complex number as its parts): a null or other
  /// pointer to elements throws a usage error. Without strides, C order. Shape and strides are
  /// checked where the tensor is used.
  static Tensor borrow(void *data, DType dtype, Shape shape, Strides strides = {});
  static Tensor borrowConst(const void *data, DType dtype, Shape shape, Strides strides = {});
  /// The same, kept alive by `owner`.
  static Tensor share(std::shared_ptr<void> owner, void *data, DType dtype, Shape shape,
                      Strides strides, bool readOnly, Device device = {});
  template <typename T> static Tensor borrow(T *data, Shape shape, Strides strides = {});

  DType dtype() const { return type().dtype; }
  const Shape &shape() const { return type().shape; }
  const Strides &strides() const { return type().strides; }
  const TensorType &type() const { return type_ ? *type_ : emptyType(); }
  int64_t rank() const { return type().rank(); }
  int64_t size() const; ///< number of elements
  bool readOnly() const { return readOnly_; }
  /// Whose memory it is in: the CPU's or a GPU's. The CPU must not touch a GPU's.
  Device device() const { return device_; }
  bool isContiguous() const { return ricci::isContiguous(shape(), strides()); }
  void *raw() const { return data_; }
  template <typename T> T *data() const { return static_cast<T *>(data_); }

  /// A C-contiguous copy in new memory of the same device; an error for a tensor without data.
  Expected<Tensor> contiguous() const;
  /// In the memory of this device: itself where it is there, else a C-contiguous copy. An error of
  /// kind Machine where there is no such device or not enough memory.
  Tensor to(Device device) const;
  Expected<Tensor> try_to(Device device) const;

  // Views. Axes count from the end where negative. Each form throws ricci::Error, or returns it.

  /// x[..., start:stop:step, ...] along one axis, with Python's rules: what lies outside is cut.
  Tensor slice(int64_t axis, const Slice &range) const;
  Expected<Tensor> try_slice(int64_t axis, const Slice &range) const;
  /// x[..., index, ...] without the axis; an error where the axis has no such index.
  Tensor select(int64_t axis, int64_t index) const;
  Expected<Tensor> try_select(int64_t axis, int64_t index) const;
  /// Axis i of the view is axis `axes[i]`.
  Tensor transpose(const std::vector<int64_t> &axes) const;
  Expected<Tensor> try_transpose(const std::vector<int64_t> &axes) const;
  /// All axes in reverse.
  Tensor transpose() const;
  /// The same elements in C order under another shape; one extent may be -1, for what is left. An
  /// error where no strides give that view: `contiguous()` makes the copy that it takes.
  Tensor reshape(const Shape &shape) const;
  Expected<Tensor> try_reshape(const Shape &shape) const;
  /// The same elements, which nobody may write to through the view.
  Tensor asReadOnly() const;

private:
  /// Shares memory and write permission.
  Tensor view(int64_t offset, Shape shape, Strides strides) const;
  static const TensorType &emptyType();

  std::shared_ptr<const TensorType> type_; ///< null after the default constructor or a move
  void *data_ = nullptr;
  std::shared_ptr<void> owner_; ///< null when borrowed
  bool readOnly_ = false;
  Device device_;
};

/// Tensors in a row that somebody else holds: a vector, or `{a, b}` during a call.
class TensorList {
public:
  TensorList() = default;
  TensorList(const std::vector<Tensor> &tensors) : data_(tensors.data()), size_(tensors.size()) {}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winit-list-lifetime" // it is for arguments, which live long enough
#endif
  TensorList(std::initializer_list<Tensor> tensors)
      : data_(tensors.begin()), size_(tensors.size()) {}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Tensor &operator[](size_t i) const { return data_[i]; }
  const Tensor *begin() const { return data_; }
  const Tensor *end() const { return data_ + size_; }
  std::vector<Tensor> vector() const { return {begin(), end()}; }

private:
  const Tensor *data_ = nullptr;
  size_t size_ = 0;
};

namespace detail {
template <typename T> struct DTypeOf;
template <> struct DTypeOf<bool> {
  static constexpr DType value = DType::b1;
};
template <> struct DTypeOf<int8_t> {
  static constexpr DType value = DType::i8;
};
template <> struct DTypeOf<int16_t> {
  static constexpr DType value = DType::i16;
};
template <> struct DTypeOf<int32_t> {
  static constexpr DType value = DType::i32;
};
template <> struct DTypeOf<int64_t> {
  static constexpr DType value = DType::i64;
};
template <> struct DTypeOf<uint8_t> {
  static constexpr DType value = DType::u8;
};
template <> struct DTypeOf<uint16_t> {
  static constexpr DType value = DType::u16;
};
template <> struct DTypeOf<uint32_t> {
  static constexpr DType value = DType::u32;
};
template <> struct DTypeOf<uint64_t> {
  static constexpr DType value = DType::u64;
};
template <> struct DTypeOf<float> {
  static constexpr DType value = DType::f32;
};
template <> struct DTypeOf<double> {
  static constexpr DType value = DType::f64;
};
template <typename T> using RemoveConst = std::remove_const_t<T>;
} // namespace detail

template <typename T> Tensor Tensor::borrow(T *data, Shape shape, Strides strides) {
  constexpr DType dtype = detail::DTypeOf<std::remove_const_t<T>>::value;
  if constexpr (std::is_const_v<T>)
    return borrowConst(data, dtype, std::move(shape), std::move(strides));
  else
    return borrow(static_cast<void *>(data), dtype, std::move(shape), std::move(strides));
}

} // namespace ricci
