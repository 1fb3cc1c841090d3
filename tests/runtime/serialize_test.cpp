//===- serialize_test.cpp - executables as bytes ------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/serialize.h"

#include "tests/runtime/stored_program.h"

#include <cstring>

using namespace ricci;

namespace {

class NoImage final : public Kernel {
public:
  KernelFn entry() const override { return nullptr; }
  const std::string &key() const override { return key_; }
  size_t codeBytes() const override { return 0; }

private:
  std::string key_ = "none";
};

class NoProgram final : public HostProgram {
public:
  Status run(const std::vector<Tensor> &, const std::vector<Tensor> &) const override {
    return success();
  }
};

Expected<std::shared_ptr<Executable>> readBack(std::string_view bytes) {
  const KernelPtr kernel = storedProgram().launches[0].kernel;
  return deserialize(
      bytes, [&](const std::string &key) { return key == kernel->key() ? kernel : nullptr; });
}

/// Whether a block of the reference's rows lies in a worker's memory of the launch's chain.
bool isInChain(const Executable &e, const Launch &launch, const BufferRef &ref) {
  for (size_t l = 0; l < e.launches.size(); ++l) {
    const Chain &chain = e.launches[l].chain;
    const size_t at = size_t(&launch - e.launches.data());
    if (l <= at && at < l + size_t(chain.launches))
      return l + size_t(chain.launches) <= e.launches.size() && ref.byteOffset >= 0 &&
             ref.byteOffset + chain.blockRows * ref.index <= chain.blockBytes;
  }
  return false;
}

/// What `deserialize` promises of anything that it accepts.
void expectConsistent(const Executable &e) {
  for (const Launch &launch : e.launches) {
    ASSERT_TRUE(launch.kernel);
    ASSERT_GT(launch.tasksPerWorker, 0);
    ASSERT_GE(launch.workspaceBytes, 0);
    for (const BufferRef &ref : launch.buffers) {
      const uint64_t index = uint64_t(ref.index), offset = uint64_t(ref.byteOffset);
      switch (ref.kind) {
      case BufferRef::Kind::Input:
        ASSERT_LT(index, e.inputs.size());
        break;
      case BufferRef::Kind::Output:
        ASSERT_LT(index, e.outputs.size());
        break;
      case BufferRef::Kind::Constant:
        ASSERT_LT(index, e.constants.size());
        break;
      case BufferRef::Kind::Arena:
        ASSERT_LE(offset, uint64_t(e.arenaBytes));
        break;
      case BufferRef::Kind::Block:
        ASSERT_TRUE(isInChain(e, launch, ref));
        break;
      default:
        ASSERT_EQ(ref.kind, BufferRef::Kind::Status);
      }
    }
  }
  for (Span span : e.gathers) {
    ASSERT_LE(span.begin, span.end);
    ASSERT_LE(span.end, e.source.size());
  }
  for (const TensorType &type : e.inputs)
    ASSERT_EQ(type.shape.size(), type.strides.size());
}

} // namespace

TEST(Serialize, GivesBackAllOfIt) {
  const Executable e = storedProgram();
  EXPECT_EQ(kernelsOf(e).size(), 1u);
  Expected<std::string> bytes = serialize(e);
  ASSERT_TRUE(bytes);
  Expected<std::shared_ptr<Executable>> back = readBack(*bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(isStoredProgram(**back));

  Expected<std::shared_ptr<Executable>> empty = readBack(*serialize(Executable()));
  ASSERT_TRUE(empty);
  EXPECT_TRUE((*empty)->launches.empty());
}

TEST(Serialize, RefusesWhatIsCutOffOrTooLong) {
  const std::string bytes = *serialize(storedProgram());
  for (size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(readBack(std::string_view(bytes).substr(0, size))) << size;
  EXPECT_FALSE(readBack(bytes + '\0'));
}

TEST(Serialize, AcceptsNothingInconsistent) {
  const std::string bytes = *serialize(storedProgram());
  size_t refused = 0;
  for (size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[at] = char(flipped[at] ^ (1 << bit));
      if (Expected<std::shared_ptr<Executable>> back = readBack(flipped))
        expectConsistent(**back);
      else
        ++refused;
    }
  EXPECT_GT(refused, bytes.size());
  // Lengths that no memory holds, anywhere.
  for (uint64_t length : {UINT64_MAX, UINT64_MAX / 8, uint64_t(INT64_MAX), uint64_t(1) << 40})
    for (size_t at = 0; at + sizeof length <= bytes.size(); ++at) {
      std::string changed = bytes;
      std::memcpy(changed.data() + at, &length, sizeof length);
      if (Expected<std::shared_ptr<Executable>> back = readBack(changed))
        expectConsistent(**back);
    }
}

TEST(Serialize, NeedsEveryKernel) {
  auto none = [](const std::string &) { return KernelPtr(); };
  Expected<std::shared_ptr<Executable>> back = deserialize(*serialize(storedProgram()), none);
  ASSERT_FALSE(back);
  EXPECT_NE(back.error().message.find("store 42"), std::string::npos);
}

TEST(Serialize, KernelsKeepTheirCode) {
  const KernelPtr kernel = storedProgram().launches[0].kernel;
  Expected<std::string> bytes = serializeKernel(*kernel);
  ASSERT_TRUE(bytes);
  Expected<Image> image = deserializeImage(*bytes);
  ASSERT_TRUE(image);
  EXPECT_EQ(image->entry, 1u);
  EXPECT_EQ(image->bytes.size(), kernel->codeBytes());
  EXPECT_EQ(std::memcmp(image->bytes.data(), kernel->code(), kernel->codeBytes()), 0);
  for (size_t size = 0; size < bytes->size(); ++size)
    ASSERT_FALSE(deserializeImage(std::string_view(*bytes).substr(0, size)));
  EXPECT_FALSE(deserializeImage(*bytes + "x"));
  std::string outside = *bytes;
  outside[0] = char(kernel->codeBytes());
  EXPECT_FALSE(deserializeImage(outside));
}

TEST(Serialize, RefusesWhatHasNoBytes) {
  EXPECT_FALSE(serializeKernel(NoImage()));
  Executable host;
  host.host = std::make_shared<NoProgram>();
  EXPECT_FALSE(serialize(host));
}
