# cmake --install: the program, its completions, headers, libraries and the package that find_package(hanok) reads. cpack -G DEB: a package of the program; cpack -G External: a bundle for MCP hosts.
include(GNUInstallDirs)
foreach(shell bash zsh fish)
  add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/completions/hanok.${shell}
                     COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/completions
                     COMMAND $<TARGET_FILE:hanok> completion ${shell} > ${CMAKE_BINARY_DIR}/completions/hanok.${shell}
                     DEPENDS hanok)
  list(APPEND completions ${CMAKE_BINARY_DIR}/completions/hanok.${shell})
endforeach()
add_custom_target(completions ALL DEPENDS ${completions})

install(TARGETS hanok RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(FILES ${CMAKE_BINARY_DIR}/completions/hanok.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME hanok COMPONENT program)
install(FILES ${CMAKE_BINARY_DIR}/completions/hanok.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
        RENAME _hanok COMPONENT program)
install(FILES ${CMAKE_BINARY_DIR}/completions/hanok.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
        COMPONENT program)
if(HANOK_TRAIN)
  install(TARGETS hanok-train RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT train)
endif()
install(FILES LICENSE NOTICE README.md README.ko.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(DIRECTORY include/hanok DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)
get_property(rooms GLOBAL PROPERTY HANOK_ROOMS)
install(TARGETS ${rooms} hanok_house EXPORT hanok ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/hanok COMPONENT library)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/hanok)
install(EXPORT hanok FILE hanokTargets.cmake NAMESPACE hanok:: DESTINATION ${package} COMPONENT library)
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/hanokConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES cmake/hanokConfig.cmake cmake/HanokLibraries.cmake ${CMAKE_BINARY_DIR}/hanokConfigVersion.cmake
        DESTINATION ${package} COMPONENT library)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "hanok authors <hanok@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL program)
if(HANOK_TRAIN)
  list(APPEND CPACK_COMPONENTS_ALL train)
  set(CPACK_DEBIAN_TRAIN_PACKAGE_NAME hanok-train)
  set(CPACK_DEBIAN_TRAIN_PACKAGE_DEPENDS "hanok, libopenblas0-pthread")
endif()
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME hanok)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "poppler-utils, poppler-data")
set(CPACK_STRIP_FILES ON)
set(CPACK_EXTERNAL_ENABLE_STAGING ON)
set(CPACK_EXTERNAL_PACKAGE_SCRIPT ${CMAKE_SOURCE_DIR}/packaging/mcpb.cmake)
set(CPACK_HANOK_SOURCE ${CMAKE_SOURCE_DIR})
set(CPACK_HANOK_ARCHITECTURE ${CMAKE_SYSTEM_PROCESSOR})
include(CPack)
