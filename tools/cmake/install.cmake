# cmake --install: the program, the library and what other projects need to find it.
install(TARGETS elmo RUNTIME)
if(NOT BUILD_SHARED_LIBS)
  # A static library would ask its users for all of ours; the program alone is whole.
  return()
endif()

include(CMakePackageConfigHelpers)
set(ELMO_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/elmo)
install(TARGETS elmo_library EXPORT elmoTargets
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/elmo TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(EXPORT elmoTargets NAMESPACE elmo:: DESTINATION ${ELMO_CMAKE_DIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/elmoConfig.cmake.in
  ${PROJECT_BINARY_DIR}/elmoConfig.cmake INSTALL_DESTINATION ${ELMO_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/elmoConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/elmoConfig.cmake ${PROJECT_BINARY_DIR}/elmoConfigVersion.cmake
  DESTINATION ${ELMO_CMAKE_DIR})

# The prefix is found from the file's own place, so the folder may be moved.
file(RELATIVE_PATH ELMO_PREFIX_FROM_PC
  /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/elmo.pc.in ${PROJECT_BINARY_DIR}/elmo.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/elmo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
