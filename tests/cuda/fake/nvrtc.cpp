//===- nvrtc.cpp - an NVRTC that compiles nothing -----------------------------------------===//
//
// Part of the Ricci project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Its "cubin" is the text, which the fake driver runs on the emulator. A text with `#error` fails.
//
//===----------------------------------------------------------------------===//
#include <cstdlib>
#include <cstring>
#include <string>

#define EXPORT extern "C" __attribute__((visibility("default")))

struct Program {
  std::string source, options, log;
};

constexpr int kCompilationError = 6;

static int give(const std::string &text, char *to) {
  std::memcpy(to, text.c_str(), text.size() + 1);
  return 0;
}

EXPORT int nvrtcVersion(int *major, int *minor) {
  *major = 99;
  const char *given = std::getenv("FAKE_NVRTC_MINOR");
  *minor = given ? std::atoi(given) : 1;
  return 0;
}
EXPORT int nvrtcGetNumSupportedArchs(int *count) {
  *count = 3;
  return 0;
}
EXPORT int nvrtcGetSupportedArchs(int *list) {
  list[0] = 80;
  list[1] = 86;
  list[2] = 90;
  return 0;
}
EXPORT const char *nvrtcGetErrorString(int) { return "NVRTC_ERROR_COMPILATION"; }
EXPORT int nvrtcCreateProgram(Program **program, const char *source, const char *, int,
                              const char *const *, const char *const *) {
  *program = new Program{source, "", ""};
  return 0;
}
EXPORT int nvrtcCompileProgram(Program *program, int count, const char *const *options) {
  for (int i = 0; i < count; ++i)
    program->options += std::string(options[i]) + " ";
  const bool fails = program->source.find("#error") != std::string::npos;
  program->log = fails ? "kernel.cu(1): error: #error directive"
                       : "ptxas info : 8 bytes stack frame, 4 bytes spill stores, 8 bytes spill "
                         "loads\nptxas info : Used 42 registers";
  return fails ? kCompilationError : 0;
}
EXPORT int nvrtcGetProgramLogSize(Program *program, size_t *bytes) {
  *bytes = program->log.size() + 1;
  return 0;
}
EXPORT int nvrtcGetProgramLog(Program *program, char *to) { return give(program->log, to); }
EXPORT int nvrtcGetPTXSize(Program *program, size_t *bytes) {
  *bytes = std::strlen("// emulated: ") + program->options.size() + program->source.size() + 2;
  return 0;
}
EXPORT int nvrtcGetPTX(Program *program, char *to) {
  return give("// emulated: " + program->options + "\n" + program->source, to);
}
EXPORT int nvrtcGetCUBINSize(Program *program, size_t *bytes) {
  return nvrtcGetPTXSize(program, bytes);
}
EXPORT int nvrtcGetCUBIN(Program *program, char *to) { return nvrtcGetPTX(program, to); }
EXPORT int nvrtcDestroyProgram(Program **program) {
  delete *program;
  *program = nullptr;
  return 0;
}
