# Libraries of the distribution. Each has one line of reason in docs/decisions/0002-dependencies.md.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(CURL REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
foreach(need sqlite3:sqlite3 utf8proc:libutf8proc uchardet:uchardet gumbo:gumbo pugixml:pugixml libzip:libzip
             md4c:md4c simdjson:simdjson)
  string(REPLACE ":" ";" need ${need})
  list(GET need 0 target)
  list(GET need 1 module)
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET ${module})
endforeach()
# Debian's CRoaring ships neither a working CMake package nor a pkg-config file.
find_path(ROARING_INCLUDE roaring/roaring.hh REQUIRED)
find_library(ROARING_LIBRARY roaring REQUIRED)
add_library(roaring::roaring UNKNOWN IMPORTED)
set_target_properties(roaring::roaring PROPERTIES IMPORTED_LOCATION ${ROARING_LIBRARY}
                      INTERFACE_INCLUDE_DIRECTORIES ${ROARING_INCLUDE})
if(HANOK_TESTS)
  find_package(GTest REQUIRED)
  include(GoogleTest)
endif()
