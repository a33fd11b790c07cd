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
