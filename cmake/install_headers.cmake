# Installs the public headers: those named in ROOTS and all that they include, found by following
# their #include lines. frontend/api/x.h becomes ricci/x.h, others keep their folder below ricci/,
# and an include is written as <ricci/…>, so that no folder of ours is on a user's include path.
# Set by the install rule: SOURCE_DIR, INCLUDE_DIR, ROOTS.

cmake_policy(VERSION 3.25)

# Where a header goes below include/: what users include stands in ricci/ itself.
function(installed_name header result)
  get_filename_component(name ${header} NAME)
  if(header MATCHES "^frontend/api/" OR name MATCHES "^dlpack")
    set(name ricci/${name})
  else()
    set(name ricci/${header})
  endif()
  set(${result} ${name} PARENT_SCOPE)
endfunction()

set(pending ${ROOTS})
set(done)
while(pending)
  list(POP_FRONT pending header)
  if(header IN_LIST done)
    continue()
  endif()
  list(APPEND done ${header})
  file(READ ${SOURCE_DIR}/${header} text)
  string(REGEX MATCHALL "#[ ]*include \"[^\"]+\"" includes "${text}")
  foreach(include ${includes})
    string(REGEX REPLACE ".*\"(.*)\"" "\\1" included ${include})
    if(NOT EXISTS ${SOURCE_DIR}/${included})
      message(FATAL_ERROR "${header} includes ${included}, which is no file of the source tree")
    endif()
    installed_name(${included} name)
    string(REPLACE "${include}" "#include <${name}>" text "${text}")
    list(APPEND pending ${included})
  endforeach()
  installed_name(${header} name)
  message(STATUS "Installing: $ENV{DESTDIR}${INCLUDE_DIR}/${name}")
  file(WRITE $ENV{DESTDIR}${INCLUDE_DIR}/${name} "${text}")
  list(APPEND CMAKE_INSTALL_MANIFEST_FILES ${INCLUDE_DIR}/${name})
endwhile()
