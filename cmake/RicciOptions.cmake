# Warnings, sanitizers, ccache and the flags every shared library of ours is linked with.
find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
find_package(fmt REQUIRED)

add_library(ricci_options INTERFACE)
target_compile_options(ricci_options INTERFACE -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers)
target_include_directories(ricci_options INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_link_libraries(ricci_options INTERFACE fmt::fmt-header-only)

# A precompiled header is cached only with this sloppiness; the base directory lets two checkouts
# share one cache.
find_program(RICCI_CCACHE NAMES ccache)
if(RICCI_CCACHE AND (NOT CMAKE_CXX_COMPILER_LAUNCHER OR CMAKE_CXX_COMPILER_LAUNCHER MATCHES "^(.*/)?ccache$"))
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${RICCI_CCACHE})
endif()

# Reports need lines and no more of the debug information. LLVM has no type information, which the
# check of virtual calls wants.
if(RICCI_SANITIZER)
  add_compile_options(-fsanitize=${RICCI_SANITIZER} -fno-sanitize=vptr -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${RICCI_SANITIZER})
endif()

# lld-22: bfd takes 13 s for libricci_compiler, lld 2 s. GCC finds a linker by the name ld.lld only,
# and that name, where it exists, may be another version.
find_program(RICCI_LLD NAMES ld.lld-22 REQUIRED)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/ld)
file(CREATE_LINK ${RICCI_LLD} ${CMAKE_BINARY_DIR}/ld/ld.lld SYMBOLIC)
add_link_options(-B${CMAKE_BINARY_DIR}/ld -fuse-ld=lld)

# ricci_shared_library(TARGET VERSION_SCRIPT): hides every symbol that the script does not name. Never unloaded:
# threads may be inside, and handlers of forks are.
function(ricci_shared_library target script)
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${script})
  target_link_options(${target} PRIVATE -Wl,--version-script=${script} -Wl,--exclude-libs,ALL -Wl,--gc-sections
                      -Wl,-Bsymbolic -Wl,-z,pack-relative-relocs -Wl,-z,nodelete)
  if(NOT RICCI_SANITIZER)
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
endfunction()
