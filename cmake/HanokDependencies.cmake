# Libraries of the distribution. Each has one line of reason in docs/decisions/0002-dependencies.md.
include(HanokLibraries)
if(HANOK_MISSING_LIBRARIES)
  message(FATAL_ERROR "hanok needs these libraries, which are not here: ${HANOK_MISSING_LIBRARIES}. "
                      "BUILD_PACKAGES of tools/packages.sh are the packages that hold them.")
endif()
find_package(CLI11 REQUIRED)
if(HANOK_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
