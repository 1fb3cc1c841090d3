//===- files_test.cpp - .npy and .npz files by the C++ API ----------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include <ricci/ricci.h>

#include "tests/runtime/temp_dir.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstring>
#include <sys/resource.h>
#include <thread>

using namespace ricci;

using Files = TempDir;

static std::vector<float> valuesOf(const Tensor &t) {
  Tensor c = t.contiguous().value();
  return std::vector<float>(c.data<float>(), c.data<float>() + c.size());
}

/// The call throws an error of this kind whose message holds `part`.
template <typename Fn> static void fails(Fn fn, ErrorKind kind, const std::string &part) {
  try {
    fn();
    ADD_FAILURE() << "no error, but expected: " << part;
  } catch (const Error &e) {
    EXPECT_EQ(int(e.diagnostic().kind), int(kind)) << e.message();
    EXPECT_NE(e.message().find(part), std::string::npos) << e.message();
  }
}

TEST_F(Files, LoadsWhatWasSaved) {
  float x[6] = {1, 2, 3, 4, 5, 6};
  save(path("a.npy"), Tensor::borrow(x, {2, 3}));
  Tensor a = load(path("a.npy"));
  EXPECT_EQ(a.type(), Tensor::borrow(x, {2, 3}).type());
  EXPECT_EQ(std::memcmp(a.raw(), x, sizeof x), 0);
  // Memory of its own: written to, and not changed by what becomes of the file.
  EXPECT_FALSE(a.readOnly());
  a.data<float>()[0] = 7;
  save(path("a.npy"), a);
  EXPECT_EQ(valuesOf(load(path("a.npy"))), (std::vector<float>{7, 2, 3, 4, 5, 6}));
  writeFile("a.npy", "");
  EXPECT_EQ(valuesOf(a), (std::vector<float>{7, 2, 3, 4, 5, 6}));
  // Strides are written as C order.
  save(path("t.npy"), Tensor::borrow(x, {2, 3}).transpose());
  EXPECT_EQ(load(path("t.npy")).type(), Tensor::borrow(x, {3, 2}).type());
  EXPECT_EQ(valuesOf(load(path("t.npy"))), (std::vector<float>{1, 4, 2, 5, 3, 6}));
}

TEST_F(Files, EveryDType) {
  for (int i = 0; i < kNumDTypes; ++i) {
    Tensor t = Tensor::allocate(DType(i), {3, 5}).value();
    std::memset(t.raw(), 1, 15 * itemSize(DType(i)));
    save(path("a.npy"), t);
    LoadOptions options;
    options.bf16 = true; // which is for two-byte voids alone
    Tensor back = load(path("a.npy"), options);
    EXPECT_EQ(back.type(), t.type());
    EXPECT_EQ(std::memcmp(back.raw(), t.raw(), 15 * itemSize(DType(i))), 0);
  }
  save(path("b.npy"), Tensor::allocate(bf16, {2}).value());
  fails([&] { load(path("b.npy")); }, ErrorKind::Input, "LoadOptions::bf16");
  save(path("empty.npy"), Tensor::allocate(f64, {0, 7}).value());
  EXPECT_EQ(load(path("empty.npy")).shape(), (Shape{0, 7}));
  double number = 5;
  save(path("scalar.npy"), Tensor::borrow(&number, {}));
  EXPECT_EQ(*load(path("scalar.npy")).data<double>(), 5);
}

/// What numpy.save makes of a Fortran array, and of one in the other byte order.
TEST_F(Files, OrdersOfOthers) {
  auto npy = [&](const char *descr, const char *fortran, const std::string &data) {
    std::string dict = std::string("{'descr': '") + descr + "', 'fortran_order': " + fortran +
                       ", 'shape': (2, 3), }";
    dict.append(117 - dict.size(), ' ');
    dict += '\n';
    return writeFile("f.npy",
                     std::string("\x93NUMPY\x01\0", 8) + char(dict.size()) + '\0' + dict + data);
  };
  float x[6] = {1, 4, 2, 5, 3, 6};
  const std::string bytes(reinterpret_cast<const char *>(x), sizeof x);
  for (bool map : {false, true}) {
    LoadOptions options;
    options.map = map;
    Tensor f = load(npy("<f4", "True", bytes), options);
    EXPECT_EQ(f.strides(), (Strides{1, 2}));
    EXPECT_EQ(f.readOnly(), map);
    EXPECT_EQ(valuesOf(f), (std::vector<float>{1, 2, 3, 4, 5, 6}));
    std::string swapped = bytes;
    for (size_t i = 0; i < swapped.size(); i += 4)
      std::swap(swapped[i], swapped[i + 3]), std::swap(swapped[i + 1], swapped[i + 2]);
    EXPECT_EQ(valuesOf(load(npy(">f4", "False", swapped), options)),
              (std::vector<float>(x, x + 6)));
    const std::string whole = readFile(npy("<f4", "False", bytes));
    for (size_t length : {0, 5, 60, 127, 128, 151})
      EXPECT_FALSE(try_load(writeFile("cut.npy", whole.substr(0, length)), options)) << length;
    fails([&] { load(npy("<f4", "False", bytes.substr(1)), options); }, ErrorKind::Input,
          "needs 24 bytes, but 23 follow");
    fails([&] { load(npy("|O", "False", bytes), options); }, ErrorKind::Input, "object dtype");
    fails([&] { load(npy("<M8[s]", "False", bytes), options); }, ErrorKind::Input, "not supported");
  }
}

TEST_F(Files, ErrorsNameThePath) {
  fails([&] { load(path("no.npy")); }, ErrorKind::Input, path("no.npy") + ": cannot read: No such");
  fails([&] { load(directory.string()); }, ErrorKind::Input, "a directory");
  fails([&] { load(writeFile("t.npy", "text")); }, ErrorKind::Input, "no .npy file");
  fails([&] { load(std::string("a\0b", 3)); }, ErrorKind::Input, "zero byte");
  float x[2] = {1, 2};
  const Tensor t = Tensor::borrow(x, {2});
  fails([&] { save(path("no/such.npy"), t); }, ErrorKind::Input, "No such file or directory");
  fails([&] { save("", t); }, ErrorKind::Input, "empty");
  fails([&] { save(std::string("a\0b", 3), t); }, ErrorKind::Input, "zero byte");
  fails([&] { save(path("none.npy"), Tensor()); }, ErrorKind::Usage, "no data");
  fails([&] { save_npz("/dev/full", {{"x", t}}); }, ErrorKind::Input, "device");
  save_npz(path("a.npz"), {{"x", t}});
  fails([&] { load(path("a.npz")); }, ErrorKind::Input, "this is a zip file, such as an .npz");
  fails([&] { load_npz(path("t.npy")); }, ErrorKind::Input, "no zip file");
  EXPECT_FALSE(try_save(path("no/such.npy"), t));
  EXPECT_FALSE(std::filesystem::exists(path("none.npy")));
}

TEST_F(Files, Archives) {
  float x[6] = {1, 2, 3, 4, 5, 6};
  const Tensor t = Tensor::borrow(x, {2, 3});
  save_npz(path("a.npz"), {{"weights", t}, {"größe", t.transpose()}});
  std::vector<NamedTensor> all = load_npz(path("a.npz"));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "weights");
  EXPECT_EQ(all[1].name, "größe");
  EXPECT_EQ(valuesOf(all[1].tensor), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  EXPECT_FALSE(all[0].tensor.readOnly());
  EXPECT_EQ(valuesOf(load_npz_member(path("a.npz"), "weights")), (std::vector<float>(x, x + 6)));
  fails([&] { load_npz_member(path("a.npz"), "w"); }, ErrorKind::Input,
        "no member 'w'; it has 'weights', 'größe'");
  fails([&] { save_npz(path("a.npz"), {{"x", t}, {"x", t}}); }, ErrorKind::Usage,
        "'x' occurs twice");
  fails([&] { save_npz(path("a.npz"), {{std::string(1 << 16, 'n'), t}}); }, ErrorKind::Usage,
        "too long");
  EXPECT_EQ(load_npz(path("a.npz")).size(), 2u) << "what was there stays";
  // Bit 11 of the flags says that a name is UTF-8; zip files have another code page without it.
  for (const char *name : {"e", "é"}) {
    save_npz(path("name.npz"), {{name, t}});
    EXPECT_EQ((readFile(path("name.npz")).at(7) & 8) != 0, std::string(name) == "é");
  }
  save_npz(path("none.npz"), {});
  EXPECT_TRUE(load_npz(path("none.npz")).empty());
  fails([&] { load_npz_member(path("none.npz"), "x"); }, ErrorKind::Input, "it has no members");
  LoadOptions options;
  options.bf16 = true;
  save_npz(path("b.npz"), {{"f", t}, {"b", Tensor::allocate(bf16, {2}).value()}});
  EXPECT_EQ(load_npz(path("b.npz"), options)[1].tensor.dtype(), bf16);
  fails([&] { load_npz(path("b.npz")); }, ErrorKind::Input, path("b.npz") + ":b: dtype");
  const std::string bytes = readFile(path("a.npz"));
  for (size_t length = 0; length < bytes.size() - 22; length += 40)
    EXPECT_FALSE(try_load_npz(writeFile("cut.npz", bytes.substr(0, length)))) << length;
}

/// A disk that is full leaves what was there, and nothing else.
TEST_F(Files, AWriteThatFailsLeavesTheOldFile) {
  const Tensor large = Tensor::allocate(u8, {1 << 16}).value();
  std::memset(large.raw(), 1, 1 << 16);
  writeFile("a.npy", "old");
  writeFile("a.npz", "old");
  struct rlimit before, small;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  small = {4096, before.rlim_max};
  auto previous = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status npy = try_save(path("a.npy"), large);
  const Status npz = try_save_npz(path("a.npz"), {{"x", large}});
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, previous);
  for (const Status *status : {&npy, &npz}) {
    ASSERT_FALSE(*status);
    EXPECT_NE(status->error().message.find("File too large"), std::string::npos)
        << status->error().message;
  }
  EXPECT_EQ(readFile(path("a.npy")), "old");
  EXPECT_EQ(readFile(path("a.npz")), "old");
  EXPECT_EQ(entries(), 2);
}

TEST_F(Files, WritersAndReadersOfOnePath) {
  const std::string npy = path("a.npy"), npz = path("a.npz");
  auto filled = [](float value) {
    Tensor t = Tensor::allocate(f32, {4096}).value();
    std::fill_n(t.data<float>(), 4096, value);
    return t;
  };
  save(npy, filled(0));
  save_npz(npz, {{"x", filled(0)}});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      for (int step = 0; step < 20; ++step) {
        save(npy, filled(float(i)));
        save_npz(npz, {{"x", filled(float(i))}});
        for (const Tensor &t : {load(npy), load_npz_member(npz, "x")})
          EXPECT_EQ(t.data<float>()[0], t.data<float>()[4095]);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(entries(), 2);
}
