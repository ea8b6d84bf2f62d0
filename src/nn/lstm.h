// One layer of ELMo's LSTM: cells with a projection, clips, an optional residual.
//
//   z = W [x; h'] + b            in blocks of H: i, j, f, o
//   c = clip(sigma(z_f + 1) c' + sigma(z_i) tanh(z_j))
//   h = clip(W_p (sigma(z_o) tanh(c)))
//   output = h, or h + x with the residual (x after its dropout); h alone goes to the next step
//
// Sak, Senior, Beaufays 2014; clips, gate order and residual as in bilm-tf (Peters et al. 2018).
// T steps of B streams are stored time-major: row t * B + b.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "compute/aligned.h"
#include "compute/matmul.h"
#include "compute/tree_sum.h"
#include "compute/workers.h"
#include "nn/parameter.h"

namespace elmo {

struct LstmShape {
  int input = 0;       // width of x
  int hidden = 0;      // H
  int projection = 0;  // P, width of h
  float cell_clip = 3.0f;
  float projection_clip = 3.0f;
  bool residual = false;  // needs input == projection
};

// What training keeps of a window for the backward pass. T is float or Bf16.
template <typename T>
struct LstmTape {
  LstmTape(const LstmShape& shape, int steps, int streams);
  AlignedArray<T> xh;  // (steps + 1) * B rows of [x; h'], the last block's h' is carried on
  // Step by step, and of each step block by block of cells: B rows of (i, j, f, o) of the block's
  // cells, so that a block is an operand without gaps. The backward pass turns them into d_z.
  AlignedArray<T> gates;
  AlignedArray<float> c;  // (steps + 1) * B rows of H: block t is the cell before step t
  AlignedArray<T> m;      // steps * B rows of H
  AlignedArray<float> h;  // steps * B rows of P
  AlignedArray<T> d_h;    // steps * B rows of P, behind the projection's clip
};

// Scratch of one thread for up to `rows` rows.
struct LstmScratch {
  LstmScratch() = default;
  LstmScratch(const LstmShape& shape, std::int64_t rows, bool training);
  AlignedArray<float> z;     // rows x 4 kStepCells; training uses it for d_[x; h] too
  AlignedArray<float> d_m;   // rows x kBackCells
  AlignedArray<float> d_c;   // rows x H
  AlignedArray<float> d_h;   // rows x P
  AlignedArray<float> zero;  // H zeros
};

class LstmLayer {
 public:
  LstmLayer(const std::string& name, const LstmShape& shape);

  const LstmShape& shape() const { return shape_; }
  template <typename F>
  void for_each_parameter(F&& f) {
    f(weights);
    f(bias);
    f(projection);
  }

  Parameter weights;     // (4H, input + P)
  Parameter bias;        // (4H)
  Parameter projection;  // (P, H)

  // Packs the weights for the products; again after every change. Parts may be packed in any order
  // by several threads.
  // Rows and cells that go through a step together: z is 128 x 4 x 256 floats, 512 kB; a block's
  // weights are read once for all rows of a step. Fastest on Zen 3 among 64 and 128 rows, 128
  // and 256 cells. Scratch for so many rows serves step() with any number.
  static constexpr std::int64_t kStepRows = 128;
  static constexpr std::int64_t kStepCells = 256;
  // Cells whose d_m is made together on the way back: 512 kB for kStepRows.
  static constexpr std::int64_t kBackCells = 1024;
  void prepare(Precision precision, bool training);
  int pack_parts() const { return static_cast<int>(packed_weights_.size()) + 1; }
  void pack(int part);

  // Where a step's gates go: the step's part of a tape's gates, of `rows` streams, from stream
  // `first` on. Null: they are not wanted.
  template <typename T>
  struct Gates {
    T* step = nullptr;
    std::int64_t rows = 0, first = 0;
  };
  // One step of `rows` rows; all operands are dense. xh: [x; h']. A row whose reset is 1 takes
  // c' = 0 (its h' in xh must be zero already); resets may be null. c may be c_previous. Writes
  // c and m (H a row) and h (P a row).
  template <typename T>
  void step(const T* xh, std::int64_t rows, const float* c_previous, const std::uint8_t* resets,
            const Gates<T>& gates, float* c, T* m, float* h, LstmScratch& scratch) const;

  // A window, for streams [first, last). `x`: steps * B rows of the input, after its dropout;
  // writes the output to `y` (steps * B rows of P), which may not be x. resets: steps * B.
  template <typename T>
  void forward(LstmTape<T>& tape, const float* x, float* y, const std::uint8_t* resets, int steps,
               int streams, int first, int last, LstmScratch& scratch) const;
  // `d` comes in as the gradient of y and leaves as the gradient of x (same streams).
  template <typename T>
  void backward(LstmTape<T>& tape, float* d, const std::uint8_t* resets, int steps, int streams,
                int first, int last, LstmScratch& scratch) const;
  // Gradients of the parameters after all streams have gone backward, summed over the rows of these
  // groups in the order of tree_sum.h, in strips that the workers share. The tape holds the groups'
  // arrays.
  template <typename T>
  void weight_gradients(LstmTape<T>& tape, const StreamGroups& groups, Workers& workers);
  // The state at the window's end becomes the one before its beginning.
  template <typename T>
  void carry_state(LstmTape<T>& tape, int steps, int streams) const;

 private:
  // Blocks of cells that go through a step together.
  struct Block {
    std::int64_t cell, cells;  // the first, and how many
  };
  std::vector<Block> blocks() const;
  void pack_block(std::size_t block);
  template <typename T>
  void pack_operands(const LstmTape<T>& tape, const StreamGroups& groups, Workers& workers);
  template <typename T>
  void weights_strip(const LstmTape<T>& tape, const StreamGroups& groups, const Block& block,
                     std::int64_t gate, std::int64_t from, std::int64_t count, float* scratch);
  template <typename T>
  void projection_strip(const LstmTape<T>& tape, const StreamGroups& groups, std::int64_t from,
                        std::int64_t count, float* scratch);

  LstmShape shape_;
  // Of a block each: its rows of i, j, f, o, and the same for the way back.
  std::vector<PackedMatrix> packed_weights_, packed_weights_back_;
  PackedMatrix packed_projection_;
  std::vector<PackedMatrix> packed_projection_back_;  // of kBackCells cells each
  // Operands of the weight gradients, of a group of the tape each; a worker's sums.
  std::vector<PackedMatrix> packed_rows_, packed_m_;
  std::vector<AlignedArray<float>> sums_;
  AlignedArray<float> step_bias_;  // in the order of packed_weights_, the forget gate's 1 added
};

}  // namespace elmo
