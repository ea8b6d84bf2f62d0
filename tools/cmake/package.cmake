# cpack -G DEB: Debian packages elmo (the program and the library) and elmo-dev. tools/package
# configures and runs it.
set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL runtime devel)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_CONTACT "elmo.cpp developers <developers@elmo.invalid>" CACHE STRING
  "Maintainer of the Debian packages")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME elmo)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS gnuplot-nox)
set(CPACK_DEBIAN_DEVEL_PACKAGE_NAME elmo-dev)
set(CPACK_DEBIAN_DEVEL_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVEL_PACKAGE_DEPENDS "elmo (= ${PROJECT_VERSION})")
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "The program elmo and its shared library.")
set(CPACK_COMPONENT_DEVEL_DESCRIPTION "Headers, CMake package and pkg-config file of the library.")
# ldconfig, so that other programs find the library.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_GENERATE_SHLIBS ON)
include(CPack)
