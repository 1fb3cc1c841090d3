# MLIR's CMake package serves for TableGen and include paths only: nearly all of its targets pull in
# libLLVM.so. The static archives are linked by name instead, hidden inside whatever links them.
find_program(RICCI_LLVM_CONFIG NAMES llvm-config-22 REQUIRED)
execute_process(COMMAND ${RICCI_LLVM_CONFIG} --prefix OUTPUT_VARIABLE llvm_prefix OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
find_package(MLIR 22.1 REQUIRED CONFIG HINTS ${llvm_prefix})
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

execute_process(COMMAND ${RICCI_LLVM_CONFIG} --link-static --libfiles x86codegen x86asmparser orcjit passes
                OUTPUT_VARIABLE RICCI_LLVM_ARCHIVES OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(RICCI_LLVM_ARCHIVES)
file(GLOB RICCI_MLIR_ARCHIVES ${LLVM_LIBRARY_DIR}/libMLIR*.a)

add_library(ricci_mlir INTERFACE)
target_include_directories(ricci_mlir SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_compile_definitions(ricci_mlir INTERFACE ${LLVM_DEFINITIONS})
# Only what ends up in a shared library or program links the archives.
add_library(ricci_mlir_archives INTERFACE)
target_link_libraries(ricci_mlir_archives INTERFACE -Wl,--start-group ${RICCI_MLIR_ARCHIVES} ${RICCI_LLVM_ARCHIVES}
                      -Wl,--end-group -Wl,--gc-sections -Wl,-z,pack-relative-relocs zstd z rt ${CMAKE_DL_LIBS} m Threads::Threads)
