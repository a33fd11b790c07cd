set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "weir is built with clang 19: use a preset, such as cmake --preset release")
endif()
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")

set(WEIR_SANITIZE "" CACHE STRING "Sanitizers, such as address,undefined or thread")

add_library(weir_options INTERFACE)
target_compile_options(weir_options INTERFACE
  -Wall -Wextra -Wno-missing-designated-field-initializers -Werror -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wthread-safety
  -fno-omit-frame-pointer -ffunction-sections -fdata-sections)
target_link_options(weir_options INTERFACE -fuse-ld=lld-19 -Wl,--gc-sections)
target_include_directories(weir_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
if(WEIR_SANITIZE)
  target_compile_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all -O1 -g1)
  target_link_options(weir_options INTERFACE -fsanitize=${WEIR_SANITIZE})
else()
  # One file that starts fast: the C++ runtime is linked in, so that the loader has little to do.
  target_link_options(weir_options INTERFACE -static-libstdc++ -static-libgcc -Wl,-z,relro,-z,now)
endif()

# What every file includes is parsed once: a third of a cold build. The executables' -fPIE would need a second one,
# so they are compiled like the libraries. The time stamps would differ on every build and keep ccache from its work.
option(WEIR_PCH "Precompile the headers that nearly every file includes" ON)
if(WEIR_PCH)
  set(CMAKE_CXX_COMPILE_OPTIONS_PIE -fPIC)
endif()

# weir_precompiled(NAME HEADER…): headers for weir_precompile().
function(weir_precompiled name)
  if(WEIR_PCH)
    file(WRITE ${PROJECT_BINARY_DIR}/${name}.cpp "")
    add_library(${name} OBJECT EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE weir_options dep::fmt Threads::Threads)
    target_precompile_headers(${name} PRIVATE ${ARGN})
    target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp -fpch-instantiate-templates)
  endif()
endfunction()

# weir_precompile(TARGET NAME): the target begins each of its files with those headers.
function(weir_precompile target name)
  if(WEIR_PCH)
    target_precompile_headers(${target} REUSE_FROM ${name})
  endif()
endfunction()

set(precompiled ${PROJECT_SOURCE_DIR}/base/precompiled.h)
set(precompiled_above ${PROJECT_SOURCE_DIR}/runtime/precompiled.h)
weir_precompiled(weir_precompiled ${precompiled})
weir_precompiled(weir_precompiled_above ${precompiled} ${precompiled_above})
weir_precompiled(weir_precompiled_tests ${precompiled} <doctest/doctest.h>)
weir_precompiled(weir_precompiled_tests_above ${precompiled} ${precompiled_above} <doctest/doctest.h>)

# weir_precompile_room(TARGET ROOM NAME): NAME, or NAME_above where the room knows the runtime.
function(weir_precompile_room target room name)
  if(room MATCHES "^(runtime|components|web|cli)$")
    string(APPEND name _above)
  endif()
  weir_precompile(${target} ${name})
endfunction()
