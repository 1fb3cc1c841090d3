# Python and nanobind for the module; the pytest and script tests need the interpreter alone.
# Python_EXECUTABLE is build/venv's in the presets.
if(RICCI_PYTHON)
  find_package(Python 3.9 REQUIRED COMPONENTS Interpreter Development.Module)
  execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir
                  OUTPUT_VARIABLE nanobind_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  find_package(nanobind REQUIRED CONFIG)
else()
  find_package(Python 3.9 REQUIRED COMPONENTS Interpreter)
endif()
