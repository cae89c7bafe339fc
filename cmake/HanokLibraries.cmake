# What the libraries of the rooms link. The build includes this file, and so does the installed package (hanokConfig.cmake),
# so that a program outside links the same things. What is not found is named in HANOK_MISSING_LIBRARIES.
set(HANOK_MISSING_LIBRARIES)
foreach(package Threads PkgConfig CURL OpenSSL Boost spdlog nlohmann_json)  # of Boost the headers alone
  find_package(${package} QUIET)
  if(NOT ${package}_FOUND)
    list(APPEND HANOK_MISSING_LIBRARIES ${package})
  endif()
endforeach()
if(PkgConfig_FOUND)
  foreach(need sqlite3:sqlite3 utf8proc:libutf8proc uchardet:uchardet gumbo:gumbo pugixml:pugixml libzip:libzip zlib:zlib
               md4c:md4c simdjson:simdjson yamlcpp:yaml-cpp re2:re2 png:libpng jpeg:libjpeg)
    string(REPLACE ":" ";" need ${need})
    list(GET need 0 target)
    list(GET need 1 module)
    pkg_check_modules(${target} QUIET IMPORTED_TARGET ${module})
    if(NOT ${target}_FOUND)
      list(APPEND HANOK_MISSING_LIBRARIES ${module})
    endif()
  endforeach()
endif()
# Debian's CRoaring ships neither a working CMake package nor a pkg-config file.
find_path(ROARING_INCLUDE roaring/roaring.hh)
find_library(ROARING_LIBRARY roaring)
if(NOT ROARING_INCLUDE OR NOT ROARING_LIBRARY)
  list(APPEND HANOK_MISSING_LIBRARIES roaring)
elseif(NOT TARGET roaring::roaring)
  add_library(roaring::roaring UNKNOWN IMPORTED)
  set_target_properties(roaring::roaring PROPERTIES IMPORTED_LOCATION ${ROARING_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${ROARING_INCLUDE})
endif()
