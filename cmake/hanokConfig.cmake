# find_package(hanok CONFIG REQUIRED), then target_link_libraries(x PRIVATE hanok::hanok).
include(${CMAKE_CURRENT_LIST_DIR}/HanokLibraries.cmake)
if(HANOK_MISSING_LIBRARIES)
  set(hanok_FOUND FALSE)
  set(hanok_NOT_FOUND_MESSAGE "hanok links these libraries, which are not here: ${HANOK_MISSING_LIBRARIES}")
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/hanokTargets.cmake)
