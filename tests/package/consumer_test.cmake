# Run by ctest, see CMakeLists.txt beside this.
function(run expected)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE out ERROR_VARIABLE out RESULT_VARIABLE status)
  if(NOT status EQUAL 0 OR NOT out MATCHES "${expected}")
    message(FATAL_ERROR "${ARGN}\nstatus ${status}, expected 0 and '${expected}':\n${out}")
  endif()
endfunction()

# Which folder of models does not matter: a small one, made by the program as it was built.
function(make_model)
  set(elmo ${ELMO_BUILD}/tools/elmo)
  run("" ${elmo} vocab --input ${CORPUS} --size 2000 --output ${WORK}/ko.model)
  run("" ${elmo} pretrain --direction both --preset tiny --steps 2 --batch-size 8 --input ${CORPUS}
    --vocab ${WORK}/ko.model --output ${WORK}/model)
endfunction()

file(REMOVE_RECURSE ${WORK})
run("elmo/model.h" ${CMAKE_COMMAND} --install ${ELMO_BUILD} --prefix ${WORK}/first)
# Elsewhere than it was installed: nothing in it may depend on the place.
file(RENAME ${WORK}/first ${WORK}/prefix)
run("^elmo ${ELMO_VERSION}\n$" ${WORK}/prefix/${BINDIR}/elmo --version)

# configure_and_build(SOURCE BUILD DEFINITION...): as another project, which sets nothing by itself.
function(configure_and_build source build)
  run("" ${CMAKE_COMMAND} -G Ninja -S ${source} -B ${build} -D CMAKE_PREFIX_PATH=${WORK}/prefix
    -D CMAKE_CXX_COMPILER=${CXX} -D "CMAKE_CXX_FLAGS=${CXX_FLAGS} -Wall -Wextra -Werror -pedantic"
    ${ARGN})
  run("" ${CMAKE_COMMAND} --build ${build})
endfunction()

# The program and the lines of the page.
file(READ ${PAGE} page)
foreach(file main.cc CMakeLists.txt)
  file(READ ${CONSUMER}/${file} content)
  string(FIND "${page}" "\n${content}```" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${PAGE} does not have ${CONSUMER}/${file} in it")
  endif()
endforeach()
configure_and_build(${CONSUMER} ${WORK}/build)
make_model()
set(expected "배 in layer 0: .*배 in layer 1: ")
run("${expected}" ${WORK}/build/program ${WORK}/model)

# Every header, with either library.
set(elmo ${ELMO_BUILD}/tools/elmo)
file(WRITE ${WORK}/text.txt "그 배를 타고\n강을 건넜다\n")
run("" ${elmo} dump --model ${WORK}/model --input ${WORK}/text.txt --output ${WORK}/vectors.h5)
set(works "^caught: /nowhere: no such folder")
foreach(library elmo elmo_static)
  configure_and_build(${EVERYTHING} ${WORK}/${library} -D LIBRARY=elmo::${library})
  run("${works}" ${WORK}/${library}/everything ${WORK}/model ${WORK}/vectors.h5 ${WORK}/text.txt)
endforeach()
# Configured as a part of another project, it leaves that one as it was.
run("" ${CMAKE_COMMAND} -G Ninja -S ${EVERYTHING} -B ${WORK}/part -D ELMO_SOURCE=${ELMO_SOURCE}
  -D LIBRARY=elmo::elmo -D CMAKE_CXX_COMPILER=${CXX})

# The shared library: its name changes with each minor version, and it shows what the headers mark.
string(REGEX MATCH "^[0-9]+.[0-9]+" interface ${ELMO_VERSION})
set(shared ${WORK}/prefix/${LIBDIR}/libelmo.so.${interface})
run("SONAME.*libelmo.so.${interface}" readelf -d ${shared})
execute_process(COMMAND nm -DC --defined-only ${shared} OUTPUT_VARIABLE symbols
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "\n$" "" symbols "${symbols}")
string(REPLACE ";" "," symbols "${symbols}")
string(REPLACE "\n" ";" symbols "${symbols}")
set(types "Embedder|Error|UsageError|Interrupted|Model|ScalarMix|Scorer|VectorFile|WordVectors")
set(functions "describe|find_model|model_folders|usable_cores|version")
foreach(symbol IN LISTS symbols)
  if(NOT symbol MATCHES
      " (typeinfo (name )?for |vtable for )?elmo::((${types})(::.*)?|(${functions})(.abi:cxx11.)?[(].*)$")
    message(FATAL_ERROR "${shared} shows '${symbol}'")
  endif()
endforeach()

# The same by way of pkg-config.
set(ENV{PKG_CONFIG_PATH} ${WORK}/prefix/${LIBDIR}/pkgconfig)
execute_process(COMMAND pkg-config --cflags --libs elmo OUTPUT_VARIABLE flags
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
separate_arguments(own_flags UNIX_COMMAND "${CXX_FLAGS}")
run("" ${CXX} ${own_flags} ${CONSUMER}/main.cc -o ${WORK}/by-pkg-config ${flags}
  -Wl,-rpath,${WORK}/prefix/${LIBDIR})
run("${expected}" ${WORK}/by-pkg-config ${WORK}/model)
# And with the static library, the shared one out of the way.
file(RENAME ${WORK}/prefix/${LIBDIR}/libelmo.so ${WORK}/prefix/${LIBDIR}/aside)
execute_process(COMMAND pkg-config --static --cflags --libs elmo OUTPUT_VARIABLE flags
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
run("" ${CXX} ${own_flags} ${CONSUMER}/main.cc -o ${WORK}/static-by-pkg-config ${flags})
run("${expected}" ${WORK}/static-by-pkg-config ${WORK}/model)
file(REMOVE_RECURSE ${WORK})
