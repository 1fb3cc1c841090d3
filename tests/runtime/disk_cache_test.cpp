//===- disk_cache_test.cpp - compiled programs of earlier processes -----------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "runtime/disk_cache.h"

#include "runtime/build_id.h"
#include "runtime/cache_entry.h"
#include "runtime/cpu_id.h"
#include "tests/runtime/stored_program.h"
#include "tests/runtime/temp_dir.h"

#include <fmt/format.h>

#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace ricci;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kLimit = 1 << 20;

/// Sets a variable, or takes it away, for as long as it lives.
class Variable {
public:
  Variable(const char *name, const char *value) : name_(name) {
    if (const char *before = std::getenv(name))
      before_ = before;
    value ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }

private:
  const char *name_;
  std::optional<std::string> before_;
};

class DiskCacheTest : public TempDir {
protected:
  std::string folder() const { return path("cache"); }

  DiskCache cache(int64_t limit = kLimit, std::string build = "build", std::string cpu = "cpu") {
    Expected<std::optional<CacheFolder>> opened = CacheFolder::open(folder(), false);
    EXPECT_TRUE(opened) << opened.error().message;
    return DiskCache({folder(), "", limit}, std::move(*opened), std::move(build), std::move(cpu));
  }
  bool finds(std::string_view key = "key", uint8_t value = 42) {
    auto found = cache().findProgram(key);
    return found && isStoredProgram(*found, value);
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder()))
      if (entry.path().filename() != ".total")
        names.push_back(entry.path().string());
    return names;
  }
  std::string fileOf(const std::string &extension) const {
    for (const std::string &name : files())
      if (fs::path(name).extension() == extension)
        return name;
    return "";
  }
  static void overwrite(const std::string &file, const std::string &bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    chmod(file.c_str(), 0600);
  }
  static void setLastUse(const std::string &file, int64_t secondsAgo) {
    const timespec time{std::time(nullptr) - secondsAgo, 0};
    const timespec times[] = {time, time};
    ASSERT_EQ(utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  }

  /// Runs `body` in a process of its own, of a user without privileges, whose the folder is.
  template <typename F> int asOrdinaryUser(F body) {
    const bool isRoot = geteuid() == 0;
    if (isRoot) {
      chmod(directory.c_str(), 0755);
      for (const fs::directory_entry &entry : fs::recursive_directory_iterator(directory))
        EXPECT_EQ(chown(entry.path().c_str(), 65534, 65534), 0);
    }
    const pid_t child = fork();
    if (child == 0) {
      if (isRoot && setuid(65534) != 0)
        _exit(99);
      _exit(body());
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

} // namespace

TEST_F(DiskCacheTest, FindsWhatAnotherHasStored) {
  EXPECT_FALSE(finds());
  EXPECT_FALSE(fs::exists(folder())); // looking makes nothing
  cache().storeProgram("key", "a title", storedProgram());
  struct stat s;
  ASSERT_EQ(stat(folder().c_str(), &s), 0);
  EXPECT_EQ(s.st_mode & 0777, 0700u);
  EXPECT_EQ(files().size(), 2u);
  auto found = cache().findProgram("key");
  ASSERT_TRUE(found);
  EXPECT_TRUE(isStoredProgram(*found));
  ASSERT_EQ(found->times.stages.size(), 1u);
  EXPECT_EQ(found->times.stages[0].first, "disk cache");
  EXPECT_TRUE(cache().findKernel("store 42"));
  EXPECT_FALSE(cache().findKernel("store 43"));
}

TEST_F(DiskCacheTest, TheWholeKeyCounts) {
  cache().storeProgram("key", "", storedProgram());
  EXPECT_FALSE(finds("kez"));
  EXPECT_FALSE(cache(kLimit, "another build").findProgram("key"));
  EXPECT_FALSE(cache(kLimit, "another build").findKernel("store 42"));
  EXPECT_FALSE(cache(kLimit, "build", "another cpu").findProgram("key"));
  // The code is for any CPU that has the features that its own key tells.
  EXPECT_TRUE(cache(kLimit, "build", "another cpu").findKernel("store 42"));
  EXPECT_TRUE(finds());

  // A file that has the name of another key, as if their hashes were equal.
  cache().storeProgram("other", "", storedProgram(43));
  std::vector<std::string> programs;
  for (const std::string &name : files())
    if (fs::path(name).extension() == ".program")
      programs.push_back(name);
  ASSERT_EQ(programs.size(), 2u);
  const std::string first = readFile(programs[0]);
  overwrite(programs[0], readFile(programs[1]));
  overwrite(programs[1], first);
  EXPECT_FALSE(finds("key"));
  EXPECT_FALSE(finds("other", 43));
  EXPECT_EQ(files().size(), 4u);
}

TEST(CacheEntry, GivesBackItsParts) {
  const std::string entry = makeEntry("title", std::string("k\0y", 3), "body");
  std::optional<EntryParts> parts = partsOf(entry);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->title, "title");
  EXPECT_EQ(parts->key, std::string("k\0y", 3));
  EXPECT_EQ(parts->body, "body");
  EXPECT_EQ(entryTitle(entry.substr(0, entry.size() - 7)), "title");
  EXPECT_EQ(entryTitle(entry.substr(0, entry.size() - 8)), "");
  EXPECT_TRUE(partsOf(makeEntry("", "", "")));
  EXPECT_NE(entryName("a", "kernel"), entryName("b", "kernel"));
  EXPECT_EQ(entryName("a", "kernel").size(), 32 + std::string(".kernel").size());
}

TEST(CacheEntry, EveryChangeIsSeen) {
  const std::string entry = makeEntry("title", "key", *serialize(storedProgram()));
  ASSERT_TRUE(partsOf(entry));
  for (size_t at = 0; at < entry.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = entry;
      flipped[at] = char(flipped[at] ^ (1 << bit));
      ASSERT_FALSE(partsOf(flipped)) << at;
    }
    ASSERT_FALSE(partsOf(std::string_view(entry).substr(0, at))) << at;
  }
  EXPECT_FALSE(partsOf(entry + '\0'));
}

TEST_F(DiskCacheTest, ADamagedEntryIsRemoved) {
  cache().storeProgram("key", "title", storedProgram());
  for (const char *extension : {".program", ".kernel"}) {
    const std::string file = fileOf(extension), program = fileOf(".program");
    const std::string bytes = readFile(file), programBytes = readFile(program);
    auto isRemoved = [&](const std::string &damaged) {
      overwrite(file, damaged);
      const bool removed = !cache().findProgram("key") && !fs::exists(file);
      overwrite(file, bytes);
      overwrite(program, programBytes);
      return removed;
    };
    // Each byte in turn: see CacheEntry.
    for (size_t at = 0; at < bytes.size(); at += 11) {
      std::string flipped = bytes;
      flipped[at] = char(~flipped[at]);
      ASSERT_TRUE(isRemoved(flipped)) << extension << " at " << at;
      ASSERT_TRUE(isRemoved(bytes.substr(0, at))) << extension << " of " << at;
    }
    ASSERT_TRUE(isRemoved(bytes + '\0'));
    ASSERT_TRUE(finds());
  }
  // A program without its kernel is missing, and complete when it is stored again.
  fs::remove(fileOf(".kernel"));
  EXPECT_FALSE(finds());
  cache().storeProgram("key", "title", storedProgram());
  EXPECT_TRUE(finds());
}

TEST_F(DiskCacheTest, TrustsOnlyWhatNobodyElseCanHaveWritten) {
  cache().storeProgram("key", "", storedProgram());
  for (mode_t mode : {0666, 0660, 0602}) {
    chmod(fileOf(".kernel").c_str(), mode);
    EXPECT_FALSE(finds());
    EXPECT_TRUE(fs::exists(fileOf(".kernel")));
    cache().storeProgram("key", "", storedProgram()); // takes the place of the kernel
    EXPECT_TRUE(finds());
  }
  const std::string kernel = fileOf(".kernel"), copy = path("copy");
  fs::copy_file(kernel, copy);
  fs::remove(kernel);
  fs::create_symlink(copy, kernel);
  EXPECT_FALSE(finds());
  fs::remove(kernel);
  ASSERT_EQ(mkfifo(kernel.c_str(), 0600), 0);
  EXPECT_FALSE(finds());
  fs::remove(kernel);
  fs::create_directory(kernel);
  EXPECT_FALSE(finds());
  fs::remove(kernel);
  cache().storeProgram("key", "", storedProgram());
  EXPECT_TRUE(finds());

  auto whyNot = [&] {
    Expected<std::optional<CacheFolder>> opened = CacheFolder::open(folder(), true);
    return opened ? "" : opened.error().message;
  };
  for (mode_t mode : {0770, 0702, 01777}) {
    chmod(folder().c_str(), mode);
    EXPECT_NE(whyNot().find("others may write to it"), std::string::npos);
  }
  chmod(folder().c_str(), 0755);
  EXPECT_EQ(whyNot(), "");
  if (geteuid() == 0) {
    ASSERT_EQ(chown(fileOf(".program").c_str(), 65534, 65534), 0);
    EXPECT_FALSE(finds());
    ASSERT_EQ(chown(folder().c_str(), 65534, 65534), 0);
    EXPECT_NE(whyNot().find("it belongs to another user"), std::string::npos);
  }
  fs::remove_all(folder());
  writeFile("cache", "a file");
  EXPECT_NE(whyNot().find("Not a directory"), std::string::npos);
}

TEST_F(DiskCacheTest, AReadOnlyFolderIsRead) {
  cache().storeProgram("key", "", storedProgram());
  chmod(folder().c_str(), 0500);
  const int code = asOrdinaryUser([&] {
    if (!finds())
      return 1;
    cache().storeProgram("other", "", storedProgram(43));
    return finds("other", 43) ? 2 : finds() ? 0 : 3;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(files().size(), 2u);
}

TEST_F(DiskCacheTest, AFolderThatCannotBeMade) {
  fs::create_directory(path("above"));
  chmod(path("above").c_str(), 0500);
  const int code = asOrdinaryUser([&] {
    DiskCache cache({path("above") + "/cache", "", kLimit}, std::nullopt, "build", "cpu");
    cache.storeProgram("key", "", storedProgram());
    return cache.findProgram("key") ? 1 : 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_FALSE(fs::exists(path("above") + "/cache"));
}

TEST_F(DiskCacheTest, AFullDiskLeavesNothingBehind) {
  cache().storeProgram("key", "", storedProgram());
  const int code = asOrdinaryUser([&] {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit none{200, 200};
    setrlimit(RLIMIT_FSIZE, &none);
    cache().storeProgram("other", std::string(300, 'x'), storedProgram(43));
    return finds("other", 43) ? 1 : finds() ? 0 : 2;
  });
  EXPECT_EQ(code, 0);
  for (const std::string &file : files())
    EXPECT_EQ(fs::path(file).filename().string().find(".new-"), std::string::npos) << file;
}

TEST_F(DiskCacheTest, KeepsWhatWasUsedLast) {
  DiskCache writer = cache();
  for (uint8_t i = 0; i < 10; ++i)
    writer.storeProgram(std::to_string(i), "", storedProgram(i));
  ASSERT_EQ(files().size(), 20u);
  for (const std::string &file : files())
    setLastUse(file, 10000);
  EXPECT_TRUE(finds("3", 3)); // a use of the program and of its kernel
  EXPECT_TRUE(finds("7", 7));
  const std::string leftover = writeFile("cache/.new-1-2-3", "left"),
                    fresh = writeFile("cache/.new-4-5-6", "");
  const std::string foreign = writeFile("cache/README", "mine");
  setLastUse(leftover, 10000);
  setLastUse(foreign, 10000);

  int64_t total = 0;
  for (const CacheFile &file : (*CacheFolder::open(folder(), false))->files())
    total += file.bytes;
  Expected<std::optional<CacheFolder>> opened = CacheFolder::open(folder(), false);
  (*opened)->prune(total);
  EXPECT_EQ((*opened)->files().size(), 20u);
  EXPECT_FALSE(fs::exists(leftover));
  EXPECT_TRUE(fs::exists(fresh));
  (*opened)->prune(total / 2);
  EXPECT_TRUE(fs::exists(foreign));
  int64_t left = 0;
  for (const CacheFile &file : (*opened)->files())
    left += file.bytes;
  EXPECT_LE(left, total / 2);
  EXPECT_GT(left, total / 4);
  EXPECT_TRUE(finds("3", 3));
  EXPECT_TRUE(finds("7", 7));
  const size_t kept = (*opened)->files().size();
  EXPECT_EQ((*opened)->clear().size(), kept + 1); // and `fresh`
  EXPECT_EQ(files(), std::vector<std::string>{foreign});
  EXPECT_FALSE(fs::exists(path("cache/.total")));
}

TEST_F(DiskCacheTest, StaysBelowItsLimit) {
  cache().storeProgram("0", "", storedProgram(0));
  int64_t one = 0;
  for (const std::string &file : files())
    one += int64_t(fs::file_size(file));
  cache(one - 1).storeProgram("1", "", storedProgram(1));
  EXPECT_FALSE(finds("1", 1)); // larger than all of it
  for (int i = 0; i < 100; ++i)
    cache(8 * one).storeProgram(std::to_string(i), "", storedProgram(uint8_t(i)));
  int64_t left = 0;
  for (const std::string &file : files())
    left += int64_t(fs::file_size(file));
  EXPECT_LE(left, 8 * one);
  EXPECT_GT(left, 4 * one);
}

TEST_F(DiskCacheTest, KnowsItsSizeWithoutALook) {
  cache().storeProgram("0", "", storedProgram(0));
  auto total = [&] { return int64_t(fs::file_size(path("cache/.total"))) * 1024; };
  EXPECT_GT(total(), 0);
  std::vector<pid_t> children;
  for (uint8_t process = 1; process <= 8; ++process) {
    const pid_t child = fork();
    if (child == 0) {
      for (uint8_t i = 0; i < 10; ++i)
        cache().storeProgram(std::to_string(process * 10 + i), "", storedProgram(process * 10 + i));
      _exit(0);
    }
    children.push_back(child);
  }
  for (pid_t child : children)
    waitpid(child, nullptr, 0);
  int64_t real = 0;
  for (const std::string &file : files())
    real += int64_t(fs::file_size(file));
  EXPECT_EQ(files().size(), 162u);
  EXPECT_GE(total(), real);
  EXPECT_LE(total(), 2 * real + 162 * 1024);
  (*CacheFolder::open(folder(), false))->prune(kLimit);
  EXPECT_GE(total(), real);
  EXPECT_LE(total(), real + 1024);
}

TEST_F(DiskCacheTest, ManyProcessesWriteOneEntry) {
  fs::create_directory(folder());
  chmod(folder().c_str(), 0700);
  std::vector<pid_t> children;
  for (int process = 0; process < 16; ++process) {
    const pid_t child = fork();
    if (child == 0) {
      bool good = true;
      for (int i = 0; i < 20; ++i) {
        if (i % 5 == 4) // one that begins anew
          for (const CacheFile &file : (*CacheFolder::open(folder(), false))->files())
            fs::remove(path("cache/" + file.name));
        cache().storeProgram("key", "", storedProgram());
        auto found = cache().findProgram("key");
        good &= !found || isStoredProgram(*found);
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  cache().storeProgram("key", "", storedProgram());
  EXPECT_TRUE(finds());
  EXPECT_EQ(files().size(), 2u);
}

TEST_F(DiskCacheTest, AWriterThatIsKilledDoesNoHarm) {
  const char *asked = std::getenv("RICCI_TEST_KILLS");
  const int kills = asked ? std::atoi(asked) : 30;
  size_t found = 0;
  for (int kill = 0; kill < kills; ++kill) {
    const pid_t child = fork();
    if (child == 0)
      for (uint8_t i = 0;; i = uint8_t((i + 1) % 8)) {
        for (const char *extension : {".kernel", ".program"})
          if (i == 7 && !fileOf(extension).empty())
            fs::remove(fileOf(extension));
        cache().storeProgram(std::to_string(i), "", storedProgram(i));
      }
    usleep(useconds_t(500 + 977 * kill % 5000));
    ::kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    if (!fs::exists(folder()))
      continue;
    for (uint8_t i = 0; i < 8; ++i)
      if (auto program = cache().findProgram(std::to_string(i))) {
        ASSERT_TRUE(isStoredProgram(*program, i));
        ++found;
      }
    // Nothing was removed for being damaged: a file is whole or not there.
    for (const std::string &file : files()) {
      const std::string extension = fs::path(file).extension();
      if (extension == ".program" || extension == ".kernel") {
        ASSERT_GT(fs::file_size(file), 64u);
      }
    }
  }
  EXPECT_GT(found, 0u);
  for (const std::string &file : files())
    setLastUse(file, 10000);
  (*CacheFolder::open(folder(), false))->prune(kLimit);
  for (const std::string &file : files())
    EXPECT_EQ(fs::path(file).filename().string().find(".new-"), std::string::npos);
}

TEST_F(DiskCacheTest, TheEnvironmentSaysWhere) {
  Variable limit("RICCI_CACHE_LIMIT", nullptr), xdg("XDG_CACHE_HOME", "/xdg"),
      home("HOME", directory.c_str());
  {
    Variable dir("RICCI_CACHE_DIR", "off");
    EXPECT_EQ(cacheLocation().path, "");
    EXPECT_EQ(cacheLocation().whyOff, "RICCI_CACHE_DIR is off");
    EXPECT_FALSE(DiskCache::open("native"));
  }
  {
    Variable dir("RICCI_CACHE_DIR", "/a/b");
    EXPECT_EQ(cacheLocation().path, "/a/b");
  }
  {
    Variable dir("RICCI_CACHE_DIR", "here");
    EXPECT_EQ(cacheLocation().path, fs::current_path().string() + "/here");
  }
  Variable dir("RICCI_CACHE_DIR", "");
  EXPECT_EQ(cacheLocation().path, "/xdg/ricci");
  EXPECT_EQ(cacheLocation().limit, 256 << 20);
  {
    Variable relative("XDG_CACHE_HOME", "xdg");
    EXPECT_EQ(cacheLocation().path, directory.string() + "/.cache/ricci");
  }
  Variable noXdg("XDG_CACHE_HOME", nullptr);
  EXPECT_EQ(cacheLocation().path, directory.string() + "/.cache/ricci");
  for (const char *none : {"", "/nonexistent", "relative"}) {
    Variable noHome("HOME", none);
    EXPECT_EQ(cacheLocation().path, "");
    EXPECT_EQ(cacheLocation().whyOff, "there is no home directory");
  }
  Variable small("RICCI_CACHE_LIMIT", "3M");
  EXPECT_EQ(cacheLocation().limit, 3 << 20);
}

TEST_F(DiskCacheTest, TellsWhatIsThere) {
  Variable dir("RICCI_CACHE_DIR", folder().c_str());
  EXPECT_TRUE(inspectDiskCache().entries.empty());
  cache().storeProgram("key", "x = 1\nx * 2", storedProgram());
  CacheState state = inspectDiskCache();
  ASSERT_EQ(state.entries.size(), 2u);
  const CacheEntry &program = state.entries[state.entries[0].isProgram ? 0 : 1];
  EXPECT_EQ(program.title, "x = 1; x * 2");
  EXPECT_EQ(state.bytes, state.entries[0].bytes + state.entries[1].bytes);
  EXPECT_EQ(clearDiskCache()->size(), 2u);
  EXPECT_TRUE(inspectDiskCache().entries.empty());
  chmod(folder().c_str(), 0777);
  EXPECT_TRUE(inspectDiskCache().problem);
  EXPECT_FALSE(clearDiskCache());
}

TEST_F(DiskCacheTest, BuildsHaveTheirOwnIdentity) {
  EXPECT_EQ(fileIdentity(path("nothing")), "");
  const std::string good = fileIdentity(FAKE_COMPILER_good);
  EXPECT_FALSE(good.empty());
  EXPECT_NE(good, fileIdentity(FAKE_COMPILER_other_version));
  // A copy is the same build, whenever it was made.
  fs::copy_file(FAKE_COMPILER_good, path("copy.so"));
  setLastUse(path("copy.so"), 1000);
  EXPECT_EQ(fileIdentity(path("copy.so")), good);
  const std::string text = writeFile("text", "text"), before = fileIdentity(text);
  setLastUse(text, 1000);
  EXPECT_NE(fileIdentity(text), before);
  EXPECT_FALSE(fileIdentity(writeFile("cut", readFile(FAKE_COMPILER_good).substr(0, 70))).empty());
}

TEST(CpuIdentity, TellsFeaturesAndCaches) {
  const CacheSizes caches = hostCaches();
  EXPECT_GT(caches.l1, 0);
  EXPECT_GE(caches.l2, caches.l1);
  const std::string end = fmt::format(" caches {} {} {}", caches.l1, caches.l2, caches.l3);
  EXPECT_TRUE(cpuIdentity().ends_with(end)) << cpuIdentity();
}
