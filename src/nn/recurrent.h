// Recurrent layers over texts of any length: the simple RNN, LSTM and GRU, one way or both, one
// above another.
//
//   rnn   h = f(W x + U h' + b)                        f is tanh or relu
//   lstm  z = W x + U h' + b                           in blocks of H: i, j, f, o
//         c = sigma(z_f) c' + sigma(z_i) tanh(z_j)     h = sigma(z_o) tanh(c)
//   gru   r = sigma(W_r x + U_r h' + b_r)              z = sigma(W_z x + U_z h' + b_z)
//         n = tanh(W_n x + b_n + r (U_n h' + b_q))     h = (1 - z) n + z h'
//
// Hochreiter and Schmidhuber 1997 with forget gates; Cho et al. 2014 with the reset after the
// product, as PyTorch and Keras (reset_after) have it. States begin with zeros.
//
// There is no padding: a batch goes by steps, its texts ordered by falling length, and a text
// leaves when it ends. So a text has the same bits in any batch.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "compute/aligned.h"
#include "compute/matmul.h"
#include "compute/random.h"
#include "compute/workers.h"
#include "nn/initialiser.h"
#include "nn/parameter.h"
#include "nn/ragged.h"

namespace elmo {

enum class RecurrentKind { kRnn, kLstm, kGru };
RecurrentKind parse_recurrent(std::string_view name);  // rnn|lstm|gru; throws UsageError
std::string_view recurrent_name(RecurrentKind kind);
enum class Activation { kTanh, kRelu };
Activation parse_activation(std::string_view name);  // tanh|relu; throws UsageError
std::string_view activation_name(Activation activation);

// How a batch goes by steps: text order[r] has rank r, and step t holds the ranks below
// starts[t + 1] - starts[t] as rows starts[t] + r.
struct StepOrder {
  explicit StepOrder(const Ragged& texts);
  std::vector<std::int64_t> order, starts;

  std::int64_t steps() const { return static_cast<std::int64_t>(starts.size()) - 1; }
  std::int64_t start(std::int64_t t) const { return starts[static_cast<std::size_t>(t)]; }
  std::int64_t count(std::int64_t t) const { return start(t + 1) - start(t); }
};

// What one layer of one direction keeps of a batch: rows in step order. Without a backward pass to
// come it is a block of steps only, so that a text of any length takes little more than its input
// and output.
struct RecurrentLayerTape {
  AlignedArray<float> x;          // of the input
  AlignedArray<float> gates;      // of W x, then of the gates; the backward pass makes it d(W x)
  AlignedArray<float> recurrent;  // gru: of U h', b_q added; the backward pass makes it d(U h')
  AlignedArray<float> previous;   // of h'
  AlignedArray<float> h;
  AlignedArray<float> c;  // lstm
  // The states that the texts end with (texts x H, in the order of the batch): the backward
  // reader's is the one at the first word. Of an empty text zeros. last_c is the lstm's.
  std::vector<float> last_h, last_c;
};

// One layer of one direction.
class RecurrentLayer {
 public:
  // `reverse` reads each text from its last word to its first.
  RecurrentLayer(const std::string& name, RecurrentKind kind, Activation activation, int input,
                 int hidden, bool reverse);

  template <typename F>
  void for_each_parameter(F&& f) {
    f(weights);
    f(recurrent_weights);
    f(bias);
  }
  // G is 1 (rnn), 4 (lstm: i, j, f, o) or 3 (gru: r, z, n).
  Parameter weights;            // W (G H, input)
  Parameter recurrent_weights;  // U (G H, H)
  Parameter bias;               // b (G H); gru: (4 H), the last H being b_q

  // W by Glorot, U orthogonal, b zero but for the lstm's forget gate, which begins with 1.
  void initialise(Initialiser& initialiser);
  void prepare(bool training);
  void pack();

  // x (rows x input) and y are in the order of the batch; y takes H columns at leading dimension
  // ld_y. `keep`: for a backward pass with this tape.
  void forward(const Ragged& texts, const StepOrder& order, const float* x,
               RecurrentLayerTape& tape, float* y, std::int64_t ld_y, bool keep,
               Workers& workers) const;
  // d_y is laid out as y. Adds to the parameters' gradients, and to d_x (rows x input) unless it
  // is null.
  void backward(const Ragged& texts, const StepOrder& order, RecurrentLayerTape& tape,
                const float* d_y, std::int64_t ld_y, float* d_x, Workers& workers);

 private:
  // Steps [begin, end) of a batch, in the tape behind `carried` rows of the step before.
  struct Block {
    std::int64_t begin = 0, end = 0, carried = 0;
    // Of rank 0 at a step of the block or the step before it.
    std::int64_t row(const StepOrder& order, std::int64_t t) const {
      return order.start(t) - order.start(begin) + carried;
    }
  };

  void forward_block(const Ragged& texts, const StepOrder& order, const Block& block,
                     const float* x, RecurrentLayerTape& tape, float* y, std::int64_t ld_y,
                     Workers& workers) const;
  // Row of the batch that the text of rank r reads at step t.
  std::int64_t place(const Ragged& texts, const StepOrder& order, std::int64_t r,
                     std::int64_t t) const;
  void cells_forward(std::int64_t first, std::int64_t rows, std::int64_t before,
                     RecurrentLayerTape& tape) const;
  void cells_backward(std::int64_t first, std::int64_t rows, std::int64_t before,
                      RecurrentLayerTape& tape, float* d_h, float* d_c) const;

  RecurrentKind kind_;
  Activation activation_;
  std::int64_t input_, hidden_, gates_;
  bool reverse_;
  AlignedArray<float> zeros_;  // H
  PackedMatrix packed_weights_, packed_recurrent_;
  PackedMatrix packed_weights_back_, packed_recurrent_back_;
};

struct RecurrentShape {
  RecurrentKind kind = RecurrentKind::kLstm;
  Activation activation = Activation::kTanh;  // of kRnn
  int input = 0;
  int hidden = 0;  // H of each direction
  int layers = 1;
  bool bidirectional = false;  // an output row is [forward; backward]
  // Between the layers: the same units of a text fall out at all its words (variational dropout,
  // Gal and Ghahramani 2016).
  float dropout = 0;
};

// What a batch leaves behind for the backward pass; kept between batches to keep its memory.
struct RecurrentTape {
  std::vector<RecurrentLayerTape> layers;    // layer 0 forward, layer 0 backward, layer 1 ...
  std::vector<AlignedArray<float>> outputs;  // of each layer: rows x width, in the batch's order
  AlignedArray<float> mask;                  // of the dropout: (layers - 1) x texts x width
};

// Layers one above another.
class Recurrent {
 public:
  // Parameters are named NAME/layer_K/forward/weights and so on.
  Recurrent(const std::string& name, const RecurrentShape& shape);

  const RecurrentShape& shape() const { return shape_; }
  // Columns of the output.
  std::int64_t width() const { return shape_.hidden * directions(); }
  int directions() const { return shape_.bidirectional ? 2 : 1; }
  template <typename F>
  void for_each_parameter(F&& f) {
    for (RecurrentLayer& layer : layers_) layer.for_each_parameter(f);
  }
  void initialise(Initialiser& initialiser);
  void prepare(bool training);
  void pack();

  // The whole sequence of the last layer (rows x width, in the tape); the last states of all
  // layers are in the tape too. `dropout` null: none. `keep`: a backward pass may follow.
  const float* forward(const Ragged& texts, const float* x, RecurrentTape& tape,
                       const Random* dropout, Workers& workers, bool keep = true) const;
  // After a forward pass with this tape: d_y is the gradient of the output; adds to the
  // parameters' gradients and writes d_x (rows x input) unless it is null.
  void backward(const Ragged& texts, RecurrentTape& tape, const float* d_y, float* d_x,
                Workers& workers);

 private:
  RecurrentShape shape_;
  std::vector<RecurrentLayer> layers_;
};

}  // namespace elmo
