//===- computation.cpp - what an operation of the tensor IR does --------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "compiler/reference/computation.h"

#include "compiler/ir/constants.h"
#include "compiler/ir/dialect.h"
#include "compiler/ir/types.h"
#include "compiler/reference/operations.h"
#include "compiler/reference/scalar_functions.h"

#include "llvm/ADT/TypeSwitch.h"

#include <fmt/format.h>

#include <numeric>

namespace ricci::reference {
namespace {

using Tensors = std::vector<Tensor>;

Diagnostic unknown(const std::string &name) {
  return internalError(
      fmt::format("the reference interpreter does not know the operation {}", name));
}

Expected<Computation> read(EinsumOp op) {
  EinsumEquation equation = op.parsedEquation();
  EinsumSpec spec;
  for (llvm::ArrayRef<int32_t> labels : equation.operands)
    spec.operands.push_back(labels.vec());
  spec.output.assign(equation.output.begin(), equation.output.end());
  auto extents = equation.extents(op.getInputs().getTypes());
  spec.extents.assign(extents.begin(), extents.end());
  return Computation([spec = std::move(spec)](const Tensors &inputs, const Tensor &out) {
    return einsum(spec, inputs, out);
  });
}

Expected<Computation> read(ElementwiseOp op) {
  ScalarOp scalar = op.scalarOp();
  DType type = elementDType(op.getInputs().back().getType());
  if (!scalarFunction(scalar, type))
    return unknown(fmt::format("{} on {}", nameOf(scalar), shortName(type)));
  return Computation([scalar](const Tensors &inputs, const Tensor &out) {
    elementwise(scalar, inputs, out);
    return success();
  });
}

Reduction reductionOf(ReduceKind kind) {
  switch (kind) {
  case ReduceKind::Sum:
    return Reduction::Sum;
  case ReduceKind::Prod:
    return Reduction::Prod;
  case ReduceKind::Max:
    return Reduction::Max;
  case ReduceKind::Min:
    return Reduction::Min;
  case ReduceKind::Any:
    return Reduction::Any;
  case ReduceKind::All:
    return Reduction::All;
  }
  llvm_unreachable("unknown kind");
}

Expected<Computation> read(ReduceOp op) {
  return Computation([kind = reductionOf(op.getKind()),
                      dims = op.getDims().vec()](const Tensors &inputs, const Tensor &out) {
    reduce(kind, inputs[0], dims, out);
    return success();
  });
}

Expected<Computation> read(ArgReduceOp op) {
  bool isMax = op.getKind() == ArgReduceKind::Argmax;
  return Computation([kind = isMax ? ArgReduction::Argmax : ArgReduction::Argmin,
                      dim = int64_t(op.getDim())](const Tensors &inputs, const Tensor &out) {
    argReduce(kind, inputs[0], dim, out);
    return success();
  });
}

Expected<Computation> read(ScanOp op) {
  bool isSum = op.getKind() == ScanKind::Cumsum;
  return Computation([kind = isSum ? Scan::Cumsum : Scan::Cumprod,
                      dim = int64_t(op.getDim())](const Tensors &inputs, const Tensor &out) {
    scan(kind, inputs[0], inputs.size() > 1 ? &inputs[1] : nullptr, dim, out);
    return success();
  });
}

Expected<Computation> read(CastOp) {
  return Computation([](const Tensors &inputs, const Tensor &out) {
    cast(inputs[0], out);
    return success();
  });
}

Expected<Computation> read(BroadcastOp) {
  return Computation([](const Tensors &inputs, const Tensor &out) {
    copy(inputs[0], out);
    return success();
  });
}

Expected<Computation> read(ReshapeOp) {
  return Computation([](const Tensors &inputs, const Tensor &out) {
    // The result is new and C-contiguous: the input in C order is the result in C order.
    copy(inputs[0], Tensor::borrow(out.raw(), out.dtype(), inputs[0].shape()));
    return success();
  });
}

/// A copy of a view.
Computation copyOfView(std::vector<int64_t> axes, std::vector<int64_t> start,
                       std::vector<int64_t> step) {
  return [axes = std::move(axes), start = std::move(start),
          step = std::move(step)](const Tensors &inputs, const Tensor &out) {
    copy(view(inputs[0], axes, start, out.shape(), step), out);
    return success();
  };
}

std::vector<int64_t> iotaOf(size_t count) {
  std::vector<int64_t> axes(count);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

Expected<Computation> read(TransposeOp op) {
  size_t rank = op.getPerm().size();
  return copyOfView(op.getPerm().vec(), std::vector<int64_t>(rank, 0),
                    std::vector<int64_t>(rank, 1));
}

Expected<Computation> read(SliceOp op) {
  return copyOfView(iotaOf(op.getStart().size()), op.getStart().vec(), op.getStep().vec());
}

Expected<Computation> read(WindowsOp op) {
  size_t rank = size_t(op.getOutput().getType().getRank());
  std::vector<int64_t> axes = iotaOf(rank);
  axes.back() = int64_t(op.getDim());
  return copyOfView(std::move(axes), std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 1));
}

Expected<Computation> read(PadOp op) {
  return Computation([low = op.getLow().vec()](const Tensors &inputs, const Tensor &out) {
    pad(inputs[0], inputs[1], low, out);
    return success();
  });
}

Expected<Computation> read(ConcatenateOp op) {
  return Computation([dim = int64_t(op.getDim())](const Tensors &inputs, const Tensor &out) {
    concatenate(inputs, dim, out);
    return success();
  });
}

Expected<Computation> read(GatherOp op) {
  return Computation([dims = op.getDims().vec(), position = int64_t(op.getPosition())](
                         const Tensors &inputs, const Tensor &out) {
    return gather(inputs[0], {inputs.begin() + 1, inputs.end()}, dims, position, out);
  });
}

Expected<Computation> read(IotaOp) {
  return Computation([](const Tensors &, const Tensor &out) {
    iota(out);
    return success();
  });
}

Expected<Computation> read(ConstantOp op) {
  std::vector<uint8_t> bytes = constantToBytes(mlir::cast<mlir::DenseElementsAttr>(op.getValue()));
  return Computation([bytes = std::move(bytes)](const Tensors &, const Tensor &out) {
    if (bytes.size() == itemSize(out.dtype()))
      fill(bytes.data(), out);
    else
      copy(Tensor::borrowConst(bytes.data(), out.dtype(), out.shape()), out);
    return success();
  });
}

} // namespace

Expected<Computation> computationOf(mlir::Operation &op) {
  return llvm::TypeSwitch<mlir::Operation *, Expected<Computation>>(&op)
      .Case<EinsumOp, ElementwiseOp, ReduceOp, ArgReduceOp, ScanOp, CastOp, BroadcastOp, ReshapeOp,
            TransposeOp, SliceOp, WindowsOp, PadOp, ConcatenateOp, GatherOp, IotaOp, ConstantOp>(
          [](auto typed) { return read(typed); })
      .Default([](mlir::Operation *other) -> Expected<Computation> {
        return unknown(other->getName().getStringRef().str());
      });
}

} // namespace ricci::reference
