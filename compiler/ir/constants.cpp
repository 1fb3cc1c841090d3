//===- constants.cpp - the elements of constants as bytes -------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/ir/constants.h"

#include "compiler/ir/types.h"

#include "mlir/IR/Matchers.h"

#include <algorithm>
#include <cstring>

namespace ricci {

using namespace mlir;

TypedAttr splatOf(Value value) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) || !elements.isSplat())
    return nullptr;
  return dyn_cast<TypedAttr>(elements.getSplatValue<Attribute>());
}

// MLIR keeps the elements as memory does, but for bools.
DenseElementsAttr constantFromBytes(RankedTensorType type, ArrayRef<uint8_t> bytes) {
  if (type.getElementType().isInteger(1)) {
    SmallVector<bool> values(bytes.begin(), bytes.end());
    return DenseElementsAttr::get(type, values);
  }
  // Equal elements are one, however they came: equal constants are then equal attributes.
  size_t size = itemSize(elementDType(type));
  bool allEqual = bytes.size() > size &&
                  std::memcmp(bytes.data(), bytes.data() + size, bytes.size() - size) == 0;
  ArrayRef<uint8_t> stored = allEqual ? bytes.take_front(size) : bytes;
  return DenseElementsAttr::getFromRawBuffer(
      type, ArrayRef(reinterpret_cast<const char *>(stored.data()), stored.size()));
}

std::vector<uint8_t> constantToBytes(DenseElementsAttr elements) {
  if (elements.getElementType().isInteger(1)) {
    if (elements.isSplat())
      return {uint8_t(elements.getSplatValue<bool>())};
    auto values = elements.getValues<bool>();
    return std::vector<uint8_t>(values.begin(), values.end());
  }
  ArrayRef<char> raw = elements.getRawData();
  return std::vector<uint8_t>(raw.begin(), raw.end());
}

} // namespace ricci
