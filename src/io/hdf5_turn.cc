#include "io/hdf5_turn.h"

#include <mutex>

namespace elmo {
namespace {

std::mutex mutex;

}  // namespace

Hdf5Turn::Hdf5Turn() { mutex.lock(); }
Hdf5Turn::~Hdf5Turn() { mutex.unlock(); }

}  // namespace elmo
