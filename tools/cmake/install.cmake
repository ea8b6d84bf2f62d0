# cmake --install: the program, the library and what other projects need to find it. Components:
# runtime, devel and, of the Python module, python.
include(${CMAKE_CURRENT_LIST_DIR}/package.cmake)
if(NOT ELMO_BUILD_PROGRAM)
  # The library alone.
elseif(ELMO_BUNDLE)
  # DT_RPATH: unlike DT_RUNPATH it also holds for what the libraries beside the program need.
  target_link_options(elmo PRIVATE -Wl,--disable-new-dtags)
  install(TARGETS elmo RUNTIME_DEPENDENCY_SET elmo_needs RUNTIME COMPONENT runtime)
  install(RUNTIME_DEPENDENCY_SET elmo_needs
    PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|resolv)[.]so"  # glibc
    LIBRARY COMPONENT runtime)
else()
  install(TARGETS elmo RUNTIME COMPONENT runtime)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/elmo COMPONENT runtime)

include(CMakePackageConfigHelpers)
set(ELMO_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/elmo)
set(libraries elmo_library)
if(BUILD_SHARED_LIBS)
  list(APPEND libraries elmo_shared)
endif()
install(TARGETS ${libraries} EXPORT elmoTargets
  ARCHIVE COMPONENT devel
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT devel
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/elmo TYPE INCLUDE COMPONENT devel
  FILES_MATCHING PATTERN "*.h")
install(EXPORT elmoTargets NAMESPACE elmo:: DESTINATION ${ELMO_CMAKE_DIR} COMPONENT devel)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/elmoConfig.cmake.in
  ${PROJECT_BINARY_DIR}/elmoConfig.cmake INSTALL_DESTINATION ${ELMO_CMAKE_DIR})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/elmoConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/elmoConfig.cmake ${PROJECT_BINARY_DIR}/elmoConfigVersion.cmake
  DESTINATION ${ELMO_CMAKE_DIR} COMPONENT devel)

# The prefix is found from the file's own place, so the folder may be moved.
file(RELATIVE_PATH ELMO_PREFIX_FROM_PC
  /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
# The shared library brings what it needs itself; of a static one the program names it.
set(ELMO_PC_NEEDS "")
foreach(need IN LISTS ELMO_STATIC_NEEDS)
  if(NOT IS_ABSOLUTE ${need})
    set(need -l${need})
  endif()
  string(APPEND ELMO_PC_NEEDS " ${need}")
endforeach()
set(ELMO_PC_LIBS "Libs: -L\${libdir} -lelmo\nLibs.private:${ELMO_PC_NEEDS}")
if(NOT BUILD_SHARED_LIBS)
  set(ELMO_PC_LIBS "Libs: -L\${libdir} -lelmo${ELMO_PC_NEEDS}")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/elmo.pc.in ${PROJECT_BINARY_DIR}/elmo.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/elmo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT devel)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE RENAME copyright
  DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/elmo-dev COMPONENT devel)
