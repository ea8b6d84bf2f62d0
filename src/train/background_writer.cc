#include "train/background_writer.h"

#include "io/hdf5_turn.h"

namespace elmo {

std::future<void> BackgroundWriter::submit(std::function<void()> job) {
  return queue_.submit([job = std::move(job)] {
    // Not while another thread opens a file: HDF5 examines it in a forked child, where a lock that
    // this thread held would never be released.
    const Hdf5Turn turn;
    job();
  });
}

}  // namespace elmo
