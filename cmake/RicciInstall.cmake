# `cmake --install`: libraries, headers, driver, Python module, and the files by which find_package
# and pkg-config find them. Everything finds the rest by relative paths, so the tree may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(RICCI_INSTALL_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/ricci)
file(RELATIVE_PATH bin_to_lib ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})

# libricci loads libricci_compiler from beside itself, under its own name: the two are one build, and
# nobody links the second. The build tree has the layout of the prefix, so the paths are the same there.
set_target_properties(ricci PROPERTIES INSTALL_RPATH "$ORIGIN" BUILD_WITH_INSTALL_RPATH ON)
install(TARGETS ricci EXPORT ricci LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET ricci_compiler)
  set_target_properties(ricci_compiler PROPERTIES INSTALL_RPATH "$ORIGIN" BUILD_WITH_INSTALL_RPATH ON)
  install(TARGETS ricci_compiler LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
set_target_properties(ricci-driver PROPERTIES INSTALL_RPATH "$ORIGIN/${bin_to_lib}")
if(bin_to_lib STREQUAL "../lib")
  set_target_properties(ricci-driver PROPERTIES BUILD_WITH_INSTALL_RPATH ON)
endif()
install(TARGETS ricci-driver RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES frontend/prelude.ricci DESTINATION ${CMAKE_INSTALL_DATADIR}/ricci)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(CODE "
  set(SOURCE_DIR \"${CMAKE_SOURCE_DIR}\")
  set(INCLUDE_DIR \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}\")
  set(ROOTS frontend/api/ricci.h frontend/api/c_api.h frontend/api/object.h runtime/dlpack.h)
  include(\"${CMAKE_SOURCE_DIR}/cmake/install_headers.cmake\")")

install(EXPORT ricci NAMESPACE ricci:: FILE ricciTargets.cmake DESTINATION ${RICCI_INSTALL_CMAKEDIR})
configure_package_config_file(cmake/ricciConfig.cmake.in ${CMAKE_BINARY_DIR}/ricciConfig.cmake
                              INSTALL_DESTINATION ${RICCI_INSTALL_CMAKEDIR})
# Before 1.0 a minor version may change the API.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/ricciConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/ricciConfig.cmake ${CMAKE_BINARY_DIR}/ricciConfigVersion.cmake
        DESTINATION ${RICCI_INSTALL_CMAKEDIR})

file(RELATIVE_PATH RICCI_PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/ricci.pc.in ${CMAKE_BINARY_DIR}/ricci.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/ricci.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
