//===- npz_test.cpp - .npz files -----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/npy.h"

#include "tests/runtime/temp_dir.h"

#include <minizip/zip.h>

using namespace ricci;

namespace {

class Npz : public TempDir {
protected:
  struct Member {
    std::string name, bytes;
    bool deflate = false;
  };
  std::string writeZip(const std::string &name, const std::vector<Member> &members) {
    zipFile zip = zipOpen64(path(name).c_str(), APPEND_STATUS_CREATE);
    EXPECT_NE(zip, nullptr);
    for (const Member &member : members) {
      zip_fileinfo info{};
      EXPECT_EQ(zipOpenNewFileInZip64(zip, member.name.c_str(), &info, nullptr, 0, nullptr, 0,
                                      nullptr, member.deflate ? 8 : 0, 6, 0),
                ZIP_OK);
      EXPECT_EQ(zipWriteInFileInZip(zip, member.bytes.data(), unsigned(member.bytes.size())),
                ZIP_OK);
      EXPECT_EQ(zipCloseFileInZip(zip), ZIP_OK);
    }
    EXPECT_EQ(zipClose(zip, nullptr), ZIP_OK);
    return path(name);
  }
  /// Counts 0, 1, 2, … as int32.
  static std::string counting(int n) {
    std::string bytes = makeNpyHeader(DType::i32, {n});
    for (int i = 0; i < n; ++i)
      bytes.append(reinterpret_cast<const char *>(&i), 4);
    return bytes;
  }
  static void fails(const std::string &file, const std::string &name, const std::string &why) {
    Expected<Tensor> t = readNpz(file, name);
    ASSERT_FALSE(t);
    EXPECT_EQ(t.error().message.rfind(file, 0), 0u) << t.error().message;
    EXPECT_NE(t.error().message.find(why), std::string::npos) << t.error().message;
  }
};

} // namespace

TEST_F(Npz, StoredAndDeflated) {
  const std::string file =
      writeZip("a.npz", {{"x.npy", counting(1000), false},
                         {"y.npy", counting(100000), true},
                         {"empty.npy", makeNpyHeader(DType::f32, {0, 3}), true},
                         {"plain", counting(3), false}});
  for (auto [name, n] : {std::pair("x", 1000), {"y", 100000}, {"y.npy", 100000}, {"plain", 3}}) {
    Expected<Tensor> t = readNpz(file, name);
    ASSERT_TRUE(t) << t.error().message;
    ASSERT_EQ(t->shape(), Shape{n});
    for (int i = 0; i < n; ++i)
      ASSERT_EQ(t->data<int>()[i], i);
  }
  EXPECT_EQ(readNpz(file, "empty")->shape(), (Shape{0, 3}));
  fails(file, "z", "it has 'x', 'y', 'empty', 'plain'");
  fails(file, "X", "no member 'X'");
  fails(file, "", "no member ''");
}

TEST_F(Npz, ConvertsAsPlainFilesDo) {
  const std::string header = makeNpyHeader(DType::i32, {1});
  std::string big = header + std::string("\0\0\1\0", 4);
  big.replace(big.find("<i4"), 3, ">i4");
  const std::string bf16 = makeNpyHeader(DType::bf16, {1}) + "\x80\x3f";
  const std::string file = writeZip("a.npz", {{"big.npy", big}, {"bf16.npy", bf16}});
  EXPECT_EQ(*readNpz(file, "big")->data<int>(), 256);
  fails(file, "bf16", "bf16:");
  EXPECT_EQ(readNpz(file, "bf16", {true})->dtype(), DType::bf16);
}

TEST_F(Npz, ManyMembersAreListedInPart) {
  std::vector<Member> members;
  for (int i = 0; i < 30; ++i)
    members.push_back({"m" + std::to_string(i) + ".npy", counting(1)});
  fails(writeZip("a.npz", members), "x", "'m19' and 10 more");
}

TEST_F(Npz, BrokenFiles) {
  fails(path("missing.npz"), "x", "No such file");
  fails(directory.string(), "x", "a directory");
  fails(writeFile("empty.npz", ""), "x", "no zip file");
  fails(writeFile("text.npz", "hello"), "x", "no zip file");
  const std::string file = writeZip("a.npz", {{"x.npy", counting(10000), true},
                                              {"text.npy", "hello"},
                                              {"cut.npy", counting(10).substr(0, 150)}});
  fails(file, "text", "no .npy file");
  fails(file, "cut", "needs 40 bytes, but 22 follow");

  const std::string good = readFile(file);
  // A changed byte in the compressed data: the decoder or the checksum finds it.
  for (size_t at : {100u, 1000u, 5000u}) {
    std::string bad = good;
    bad[at] = char(bad[at] ^ 0x55);
    fails(writeFile("bad.npz", bad), "x", "corrupt");
  }
  // Any cut, any changed byte of the directory: an error or the right data, never a crash.
  for (size_t length = 0; length < good.size(); length += 97)
    EXPECT_FALSE(readNpz(writeFile("part.npz", good.substr(0, length)), "x"));
  for (size_t at = good.size() - 300; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = char(bad[at] ^ 0xff);
    Expected<Tensor> t = readNpz(writeFile("bad.npz", bad), "x");
    if (t) {
      EXPECT_EQ(t->data<int>()[9999], 9999);
    }
  }
}

TEST_F(Npz, AMemberThatClaimsTooMuchIsRefused) {
  const std::string file = writeZip("a.npz", {{"x.npy", counting(10)}});
  std::string bytes = readFile(file);
  // The directory entry: signature, then the uncompressed size at offset 24.
  const size_t entry = bytes.rfind("PK\x01\x02");
  ASSERT_NE(entry, std::string::npos);
  bytes.replace(entry + 24, 4, "\xf0\xff\xff\xff");
  fails(writeFile("bomb.npz", bytes), "x", "claims 4294967280 bytes");
}

TEST_F(Npz, WritesWhatItReads) {
  std::vector<int32_t> data{0, 1, 2, 3, 4, 5};
  const Tensor a = Tensor::borrow(data.data(), {2, 3});
  const Tensor transposed = Tensor::borrow(data.data(), {3, 2}, {1, 3});
  const Tensor empty = Tensor::borrow(data.data(), {0, 7}), scalar = Tensor::borrow(&data[5], {});
  ASSERT_TRUE(
      writeNpz(path("a.npz"), {{"arr_0", a}, {"t", transposed}, {"e", empty}, {"s", scalar}}));
  EXPECT_EQ(readNpz(path("a.npz"), "arr_0").value().shape(), (Shape{2, 3}));
  Tensor t = readNpz(path("a.npz"), "t").value();
  EXPECT_TRUE(t.isContiguous()) << "written in C order";
  EXPECT_EQ(std::vector<int32_t>(t.data<int32_t>(), t.data<int32_t>() + 6),
            (std::vector<int32_t>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(readNpz(path("a.npz"), "e").value().shape(), (Shape{0, 7}));
  EXPECT_EQ(*readNpz(path("a.npz"), "s").value().data<int32_t>(), 5);
  // Equal arrays make equal files.
  ASSERT_TRUE(writeNpz(path("b.npz"), {{"x", a}}));
  ASSERT_TRUE(writeNpz(path("c.npz"), {{"x", a}}));
  EXPECT_EQ(readFile(path("b.npz")), readFile(path("c.npz")));
}

TEST_F(Npz, CannotWrite) {
  const Status s = writeNpz(path("no/such.npz"), {});
  ASSERT_FALSE(s);
  EXPECT_EQ(s.error().message, path("no/such.npz") + ": cannot write: No such file or directory");
  int32_t data[1024] = {};
  EXPECT_FALSE(writeNpz("/dev/full", {{"x", Tensor::borrow(data, {1024})}}));
}
