//===- npy_test.cpp - .npy files -----------------------------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/npy.h"

#include "tests/runtime/temp_dir.h"

#include <cstring>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace ricci;

using Npy = TempDir;

static std::string npy(const std::string &descr, const std::string &shape, const std::string &data,
                       bool fortran = false, size_t misalign = 0) {
  std::string dict = "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
                     ", 'shape': " + shape + ", }";
  dict.append(127 - 10 - dict.size() + misalign, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\0", 8);
  header += char(dict.size());
  header += '\0';
  return header + dict + data;
}

template <typename T> static std::string bytesOf(std::vector<T> values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

template <typename T> static std::vector<T> valuesOf(const Tensor &t) {
  Tensor c = *t.contiguous();
  return std::vector<T>(c.data<T>(), c.data<T>() + c.size());
}

TEST_F(Npy, MapsWithoutACopy) {
  const std::string file =
      writeFile("a.npy", npy("<f4", "(2, 3)", bytesOf<float>({1, 2, 3, 4, 5, 6})));
  Expected<Tensor> t = readNpy(file);
  ASSERT_TRUE(t) << t.error().message;
  EXPECT_EQ(t->shape(), (Shape{2, 3}));
  EXPECT_TRUE(t->readOnly());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(t->raw()) % 4096, 128u); // in the mapping, after the header
  unlink(file.c_str());
  EXPECT_EQ(valuesOf<float>(*t), (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Npy, FortranOrderBecomesStrides) {
  Expected<Tensor> t =
      readNpy(writeFile("a.npy", npy("<i2", "(2, 3)", bytesOf<int16_t>({1, 4, 2, 5, 3, 6}), true)));
  ASSERT_TRUE(t);
  EXPECT_EQ(t->strides(), (Strides{1, 2}));
  EXPECT_EQ(valuesOf<int16_t>(*t), (std::vector<int16_t>{1, 2, 3, 4, 5, 6}));
}

TEST_F(Npy, ConvertsWhatCannotBeMapped) {
  Expected<Tensor> big =
      readNpy(writeFile("a.npy", npy(">i4", "(2,)", std::string("\0\0\1\2\xff\xff\xff\xfe", 8))));
  ASSERT_TRUE(big);
  EXPECT_FALSE(big->readOnly());
  EXPECT_EQ(valuesOf<int32_t>(*big), (std::vector<int32_t>{258, -2}));
  Expected<Tensor> fortran =
      readNpy(writeFile("b.npy", npy(">u2", "(2, 2)", std::string("\0\1\0\3\0\2\0\4", 8), true)));
  ASSERT_TRUE(fortran);
  EXPECT_EQ(valuesOf<uint16_t>(*fortran), (std::vector<uint16_t>{1, 2, 3, 4}));
  // 1 + 2i: the parts are swapped by themselves.
  Expected<Tensor> complex =
      readNpy(writeFile("c.npy", npy(">c8", "()", std::string("\x3f\x80\0\0\x40\0\0\0", 8))));
  ASSERT_TRUE(complex);
  EXPECT_EQ(complex->data<float>()[0], 1);
  EXPECT_EQ(complex->data<float>()[1], 2);
  Expected<Tensor> misaligned =
      readNpy(writeFile("d.npy", npy("<f8", "(2,)", bytesOf<double>({1.5, -2.5}), false, 3)));
  ASSERT_TRUE(misaligned);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(misaligned->raw()) % 8, 0u);
  EXPECT_EQ(valuesOf<double>(*misaligned), (std::vector<double>{1.5, -2.5}));
  Expected<Tensor> bools =
      readNpy(writeFile("e.npy", npy("|b1", "(4,)", std::string("\0\1\2\xff", 4))));
  ASSERT_TRUE(bools);
  EXPECT_EQ(valuesOf<uint8_t>(*bools), (std::vector<uint8_t>{0, 1, 1, 1}));
  Expected<Tensor> plain = readNpy(writeFile("f.npy", npy("|b1", "(2,)", std::string("\0\1", 2))));
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->readOnly());
}

TEST_F(Npy, EmptyAndScalar) {
  Expected<Tensor> scalar = readNpy(writeFile("a.npy", npy("<f8", "()", bytesOf<double>({7}))));
  ASSERT_TRUE(scalar);
  EXPECT_EQ(scalar->rank(), 0);
  EXPECT_EQ(*scalar->data<double>(), 7);
  Expected<Tensor> empty = readNpy(writeFile("b.npy", npy("<f8", "(3, 0)", "")));
  ASSERT_TRUE(empty) << empty.error().message;
  EXPECT_EQ(empty->size(), 0);
  EXPECT_TRUE(readNpy(writeFile("c.npy", npy(">f8", "(0,)", ""))));
}

TEST_F(Npy, BFloat16OnlyWhenAsked) {
  const std::string file = writeFile("a.npy", npy("<V2", "(1,)", "\x80\x3f"));
  Expected<Tensor> t = readNpy(file, {true});
  ASSERT_TRUE(t);
  EXPECT_EQ(t->dtype(), DType::bf16);
  Expected<Tensor> plain = readNpy(file);
  ASSERT_FALSE(plain);
  EXPECT_NE(plain.error().message.find("bf16:"), std::string::npos);
}

static void fails(const std::string &file, const std::string &why) {
  Expected<Tensor> t = readNpy(file);
  ASSERT_FALSE(t) << file;
  EXPECT_EQ(t.error().message.rfind(file + ": ", 0), 0u) << t.error().message;
  EXPECT_NE(t.error().message.find(why), std::string::npos) << t.error().message;
}

TEST_F(Npy, FilesThatCannotBeRead) {
  fails(path("missing.npy"), "No such file");
  fails(path("missing/a.npy"), "No such file");
  fails(directory.string(), "a directory");
  fails(writeFile("empty.npy", ""), "empty");
  fails(writeFile("text.npy", "hello"), "no .npy file");
  ASSERT_EQ(mkfifo(path("fifo.npy").c_str(), 0600), 0);
  fails(path("fifo.npy"), "a pipe"); // and does not wait for a writer
  fails("/dev/zero", "a device");
  ASSERT_EQ(symlink("loop.npy", path("loop.npy").c_str()), 0);
  fails(path("loop.npy"), "symbolic links");
  fails(path(std::string(300, 'n')), "name too long");
  const std::string secret = writeFile("secret.npy", npy("<f4", "(1,)", "1234"));
  chmod(secret.c_str(), 0);
  if (access(secret.c_str(), R_OK) != 0) // the superuser may read everything
    fails(secret, "Permission denied");
}

TEST_F(Npy, DataShorterThanTheHeaderSays) {
  const std::string good = npy("<f4", "(3, 4)", std::string(48, 'x'));
  fails(writeFile("cut.npy", good.substr(0, good.size() - 1)), "needs 48 bytes, but 47 follow");
  fails(writeFile("none.npy", npy("<f4", "(1000000000000, 1000)", "")),
        "needs 4000000000000000 bytes, but 0 follow");
  fails(writeFile("big.npy", npy(">f4", "(1000000000000,)", "")), "needs 4000000000000 bytes");
  for (size_t length = 0; length < good.size(); length += 5)
    EXPECT_FALSE(readNpy(writeFile("part.npy", good.substr(0, length)))) << length;
  // More data than needed is no error, as for np.load.
  EXPECT_TRUE(readNpy(writeFile("more.npy", good + "rest")));
}

TEST_F(Npy, WritesAndReadsBack) {
  for (int i = 0; i < kNumDTypes; ++i) {
    Tensor t = *Tensor::allocate(DType(i), {3, 5});
    auto *bytes = t.data<unsigned char>();
    for (size_t b = 0; b < 15 * itemSize(DType(i)); ++b)
      bytes[b] = (unsigned char)(DType(i) == DType::b1 ? b % 2 : b * 7);
    ASSERT_TRUE(writeNpy(path("a.npy"), t));
    Expected<Tensor> back = readNpy(path("a.npy"), {DType(i) == DType::bf16});
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->type(), t.type());
    EXPECT_EQ(std::memcmp(back->raw(), bytes, 15 * itemSize(DType(i))), 0);
  }
  EXPECT_EQ(entries(), 1);
}

TEST_F(Npy, WritesStridesAsCOrder) {
  int32_t data[6] = {1, 2, 3, 4, 5, 6};
  ASSERT_TRUE(writeNpy(path("a.npy"), Tensor::borrow(data, {3, 2}, {1, 3})));
  EXPECT_EQ(readFile(path("a.npy")),
            makeNpyHeader(DType::i32, {3, 2}) + bytesOf<int32_t>({1, 4, 2, 5, 3, 6}));
  ASSERT_TRUE(writeNpy(path("a.npy"), Tensor::borrow(data + 5, {3}, {-2}))); // replaces the file
  EXPECT_EQ(valuesOf<int32_t>(*readNpy(path("a.npy"))), (std::vector<int32_t>{6, 4, 2}));
  ASSERT_TRUE(writeNpy(path("b.npy"), Tensor::borrow(data, {2, 3}, {0, 1})));
  EXPECT_EQ(valuesOf<int32_t>(*readNpy(path("b.npy"))), (std::vector<int32_t>{1, 2, 3, 1, 2, 3}));
  ASSERT_TRUE(writeNpy(path("c.npy"), Tensor::borrow(data, {0, 3})));
  EXPECT_EQ(readNpy(path("c.npy"))->size(), 0);
}

TEST_F(Npy, FailedWritesLeaveNothing) {
  float data[4] = {};
  Tensor t = Tensor::borrow(data, {4});
  auto failsToWrite = [&](const std::string &file, const std::string &why) {
    Status status = writeNpy(file, t);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message.rfind(file + ": ", 0), 0u) << status.error().message;
    EXPECT_NE(status.error().message.find(why), std::string::npos) << status.error().message;
  };
  failsToWrite(directory.string(), "a directory");
  failsToWrite(path("missing/a.npy"), "No such file");
  failsToWrite(writeFile("file", "x") + "/a.npy", "Not a directory");
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  failsToWrite(path("fifo"), "a pipe");
  failsToWrite("/dev/full", "No space left");
  EXPECT_TRUE(writeNpy("/dev/null", t));
  EXPECT_EQ(entries(), 2);
  struct stat info;
  ASSERT_EQ(stat("/dev/null", &info), 0);
  EXPECT_TRUE(S_ISCHR(info.st_mode));
}

TEST_F(Npy, AWriteThatRunsOutOfSpaceKeepsTheOldFile) {
  const std::string file = writeFile("a.npy", "old");
  Tensor t = *Tensor::allocate(DType::u8, {1 << 16});
  std::memset(t.raw(), 1, 1 << 16);
  struct rlimit before, small;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = {4096, before.rlim_max};
  auto previous = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Status status = writeNpy(file, t);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, previous);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("File too large"), std::string::npos);
  EXPECT_EQ(readFile(file), "old");
  EXPECT_EQ(entries(), 1);
}

TEST_F(Npy, FollowsLinksAndKeepsTheMode) {
  float data[1] = {1};
  const std::string file = writeFile("real.npy", "old");
  chmod(file.c_str(), 0640);
  ASSERT_EQ(symlink("real.npy", path("link.npy").c_str()), 0);
  ASSERT_TRUE(writeNpy(path("link.npy"), Tensor::borrow(data, {1})));
  struct stat info;
  ASSERT_EQ(lstat(path("link.npy").c_str(), &info), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777u, 0640u);
  EXPECT_EQ(valuesOf<float>(*readNpy(file)), std::vector<float>{1});
}
