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

# Without our packages' names: a consumer needs none of them.
run("" ${CMAKE_COMMAND} -G Ninja -S ${CONSUMER} -B ${WORK}/build
  -D CMAKE_PREFIX_PATH=${WORK}/prefix -D CMAKE_CXX_COMPILER=${CXX}
  -D "CMAKE_CXX_FLAGS=${CXX_FLAGS} -Wall -Wextra -Werror -pedantic")
run("" ${CMAKE_COMMAND} --build ${WORK}/build)
make_model()
set(expected "배 in layer 0: .*배 in layer 1: ")
run("${expected}" ${WORK}/build/consumer ${WORK}/model)

# The same by way of pkg-config.
set(ENV{PKG_CONFIG_PATH} ${WORK}/prefix/${LIBDIR}/pkgconfig)
execute_process(COMMAND pkg-config --cflags --libs elmo OUTPUT_VARIABLE flags
  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
separate_arguments(own_flags UNIX_COMMAND "${CXX_FLAGS}")
run("" ${CXX} -std=c++20 ${own_flags} ${CONSUMER}/main.cc -o ${WORK}/by-pkg-config ${flags}
  -Wl,-rpath,${WORK}/prefix/${LIBDIR})
run("${expected}" ${WORK}/by-pkg-config ${WORK}/model)
file(REMOVE_RECURSE ${WORK})
