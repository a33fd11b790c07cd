# weir_room(NAME LINKS dep…): the library weir_NAME from every .cpp of the
# current folder (and its subfolders). Only what LINKS names can be linked; what
# may be included is checked by tests/house.
function(weir_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/node_modules/")
  if(sources)
    add_library(weir_${name} STATIC ${sources})
    target_link_libraries(weir_${name} PUBLIC weir_options ${ROOM_LINKS})
    weir_precompile_room(weir_${name} ${name} weir_precompiled)
  else()
    add_library(weir_${name} INTERFACE)
    target_link_libraries(weir_${name} INTERFACE weir_options ${ROOM_LINKS})
  endif()
endfunction()

# Every test program.
add_custom_target(weir_tests)
add_library(weir_doctest_main OBJECT EXCLUDE_FROM_ALL ${PROJECT_SOURCE_DIR}/tests/doctest_main.cpp)
target_link_libraries(weir_doctest_main PRIVATE weir_options)

# weir_test(NAME LINKS dep…): the doctest program build/tests/NAME_test from
# every .cpp of the current folder.
function(weir_test name)
  cmake_parse_arguments(TEST "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_executable(${name}_test ${sources})
  target_link_libraries(${name}_test PRIVATE weir_options weir_doctest_main ${TEST_LINKS})
  weir_precompile_room(${name}_test ${name} weir_precompiled_tests)
  set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  add_dependencies(weir_tests ${name}_test)
endfunction()

# weir_bpf_object(SOURCE OBJECT DEPENDS file...): compiles a program that runs in the kernel.
function(weir_bpf_object source object)
  cmake_parse_arguments(arg "" "" "DEPENDS" ${ARGN})
  add_custom_command(OUTPUT ${object}
    COMMAND ${WEIR_CLANG_BPF} -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -std=gnu11
            -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.
            -I${PROJECT_SOURCE_DIR} -isystem /usr/include/x86_64-linux-gnu
            -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    DEPENDS ${source} ${arg_DEPENDS}
    COMMENT "Compiling the kernel program ${source}"
    VERBATIM)
endfunction()
