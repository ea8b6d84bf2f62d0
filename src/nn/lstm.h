// One layer of ELMo's LSTM: cells with a projection, clipping and an optional residual connection.
//
//   z = W [x; h'] + b            in blocks of H: i, j, f, o
//   c = clip(sigma(z_f + 1) c' + sigma(z_i) tanh(z_j))
//   h = clip(W_p (sigma(z_o) tanh(c)))
//   output = h, or h + x with the residual (x after its dropout); the next step gets h alone
//
// Sak, Senior, Beaufays 2014; clipping, gate order and residual as in bilm-tf (Peters et al. 2018).
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

// The intermediate values of a window that the backward pass needs. T is float or Bf16.
template <typename T>
struct LstmTape {
  LstmTape(const LstmShape& shape, int steps, int streams);
  AlignedArray<T> xh;  // (steps + 1) * B rows of [x; h']; the last B only hold h'
  // The activated gates by step, and within a step by the layer's blocks of cells: kStepCells in
  // training. A block has B rows of its cells' (i, j, f, o), so that it is an operand without gaps.
  // backward() replaces them by d_z.
  AlignedArray<T> gates;
  AlignedArray<float> c;  // (steps + 1) * B rows of H: block t is the cell before step t
  AlignedArray<T> m;      // steps * B rows of H
  AlignedArray<float> h;  // steps * B rows of P
  AlignedArray<T> d_h;    // steps * B rows of P: gradient of the projection before clipping
};

// Scratch memory of one thread for up to `rows` rows.
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

  // The rows and cells of a step that are computed together: z is 128 x 4 x 256 floats, 512 kB, and
  // a block's weights are read once for all rows of a step. Fastest on Zen 3 among 64 and 128 rows,
  // 128 and 256 cells. Scratch memory for kStepRows rows serves step() with any number.
  static constexpr std::int64_t kStepRows = 128;
  static constexpr std::int64_t kStepCells = 256;
  // Without a backward pass, fewer cells are faster: their weights stay in the second-level cache
  // for all rows (512 kB in bf16 for inputs and projections of 512). The backward pass wants deeper
  // products. The bits are the same.
  static constexpr std::int64_t kInferenceCells = 64;
  // Cells whose d_m is computed together in the backward pass: 512 kB for kStepRows.
  static constexpr std::int64_t kBackCells = 1024;
  // prepare() allocates the packed weights. pack() fills one part of them, and must be repeated for
  // every part when weights change. Several threads may pack different parts, in any order.
  void prepare(Precision precision, bool training);
  int pack_parts() const { return static_cast<int>(packed_weights_.size()) + 1; }
  void pack(int part);

  // Where step() writes the gates: `step` is the step's part of a tape's gates, which has `rows`
  // streams, and the gates go to stream `first` and following. If null, they are not written.
  template <typename T>
  struct Gates {
    T* step = nullptr;
    std::int64_t rows = 0, first = 0;
  };
  // One step of `rows` rows; all operands are dense. xh: [x; h']. For a row whose reset is 1, c' is
  // taken as 0 (its h' in xh must already be zero); resets may be null. c may be c_previous. Writes
  // c and m (H per row) and h (P per row).
  template <typename T>
  void step(const T* xh, std::int64_t rows, const float* c_previous, const std::uint8_t* resets,
            const Gates<T>& gates, float* c, T* m, float* h, LstmScratch& scratch) const;

  // A window, for streams [first, last). `x`: steps * B rows of the input, after its dropout.
  // Writes the output to `y` (steps * B rows of P), which must not be x. resets: steps * B, as in
  // step().
  template <typename T>
  void forward(LstmTape<T>& tape, const float* x, float* y, const std::uint8_t* resets, int steps,
               int streams, int first, int last, LstmScratch& scratch) const;
  // Replaces the gradient of y in `d` by the gradient of x, for the same streams.
  template <typename T>
  void backward(LstmTape<T>& tape, float* d, const std::uint8_t* resets, int steps, int streams,
                int first, int last, LstmScratch& scratch) const;
  // Computes the parameters' gradients after backward() for all streams. They are summed over the
  // rows of these groups in the order of tree_sum.h, in strips that are divided among the workers.
  // The tape holds the groups' arrays.
  template <typename T>
  void weight_gradients(LstmTape<T>& tape, const StreamGroups& groups, Workers& workers);
  // Copies the state at the window's end to its beginning, for the next window.
  template <typename T>
  void carry_state(LstmTape<T>& tape, int steps, int streams) const;

 private:
  // A block of cells that are computed together.
  struct Block {
    std::int64_t cell, cells;  // the first cell, and the number of cells
  };
  std::vector<Block> blocks() const;  // of block_cells_ cells, or fewer in the last
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
  std::int64_t block_cells_ = kStepCells;
  // For each block: its rows of i, j, f, o, and the same for the backward pass.
  std::vector<PackedMatrix> packed_weights_, packed_weights_back_;
  PackedMatrix packed_projection_;
  std::vector<PackedMatrix> packed_projection_back_;  // kBackCells cells each
  // Operands of the weight gradients, for each group of the tape; the sums of each worker.
  std::vector<PackedMatrix> packed_rows_, packed_m_;
  std::vector<AlignedArray<float>> sums_;
  AlignedArray<float> step_bias_;  // in packed_weights_' order, the forget gate's 1 added
};

}  // namespace elmo
