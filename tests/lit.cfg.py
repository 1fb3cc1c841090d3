"""lit: IR and driver tests. Each file's RUN lines use ricci, ricci-opt, FileCheck and not by name."""

import os

import lit.formats

config.name = "ricci"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
# Folders whose tests are programs or Python, and those that hold a test's inputs.
config.excludes = ["Inputs", "bench", "e2e", "fuzz", "install", "layout", "python", "cases"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.ricci_exec_root

# First on the path. A tool that this build should have made and has not is an error, so that no
# other one of its name is ever tested.
tools = {"ricci": config.ricci_bin, "FileCheck": config.llvm_tools, "not": config.llvm_tools}
if config.ricci_compiler:
    tools["ricci-opt"] = config.ricci_bin
    config.available_features.add("compiler")
for name, folder in tools.items():
    if not os.path.exists(os.path.join(folder, name)):
        lit_config.fatal(f"{os.path.join(folder, name)} is not built")
config.environment["PATH"] = os.pathsep.join(
    [config.ricci_bin, config.llvm_tools, config.environment["PATH"]])
config.substitutions.append(("%python", config.python))
# On machines without a GPU: tests/cuda/fake.
fake_cuda = os.path.join(config.ricci_fake_cuda, "")
config.substitutions.append(("%cuda", f"env LD_LIBRARY_PATH={fake_cuda} RICCI_NVRTC={fake_cuda}libfake_nvrtc.so"))

# Only what a test names itself may change how Ricci behaves.
for name in [name for name in config.environment if name.startswith("RICCI_")]:
    del config.environment[name]
config.environment["RICCI_CACHE_DIR"] = "off"
for name in ("ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
        config.available_features.add("sanitizer")

# `REQUIRES: avx2` where a test runs code for that instruction set on this machine.
with open("/proc/cpuinfo") as cpuinfo:
    flags = next((line.split(":", 1)[1].split() for line in cpuinfo if line.startswith("flags")), [])
config.available_features.update({"avx2", "fma", "avx512f"}.intersection(flags))
