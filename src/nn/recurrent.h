// Recurrent layers over texts of any length: simple RNN, LSTM and GRU, unidirectional or
// bidirectional, stacked.
//
//   rnn   h = f(W x + U h' + b)                        f is tanh or relu
//   lstm  z = W x + U h' + b                           in blocks of H: i, j, f, o
//         c = sigma(z_f) c' + sigma(z_i) tanh(z_j)     h = sigma(z_o) tanh(c)
//   gru   r = sigma(W_r x + U_r h' + b_r)              z = sigma(W_z x + U_z h' + b_z)
//         n = tanh(W_n x + b_n + r (U_n h' + b_q))     h = (1 - z) n + z h'
//
// Hochreiter and Schmidhuber 1997 with forget gates; Cho et al. 2014 with the reset after the
// product, as in PyTorch and Keras (reset_after). Initial states are zero.
//
// There is no padding: a batch is processed step by step, its texts ordered by decreasing length,
// and a text drops out when it ends. So a text's output has the same bits in any batch.
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

// The steps of a batch. Text order[r] has rank r. Step t holds ranks 0 to count(t) - 1; rank r is
// row starts[t] + r.
struct StepOrder {
  explicit StepOrder(const Ragged& texts);
  std::vector<std::int64_t> order, starts;

  std::int64_t steps() const { return static_cast<std::int64_t>(starts.size()) - 1; }
  std::int64_t start(std::int64_t t) const { return starts[static_cast<std::size_t>(t)]; }
  std::int64_t count(std::int64_t t) const { return start(t + 1) - start(t); }
};

// The intermediate values of one layer in one direction: rows in step order. If no backward pass
// follows, only those of a block of steps, so that a text of any length takes little more memory
// than its input and output.
struct RecurrentLayerTape {
  AlignedArray<float> x;          // the input
  AlignedArray<float> gates;      // W x, then the gates; backward() replaces them by d(W x)
  AlignedArray<float> recurrent;  // gru: U h' with b_q; backward() makes it d(U h')
  AlignedArray<float> previous;   // h'
  AlignedArray<float> h;
  AlignedArray<float> c;  // lstm
  // The last state of each text (texts x H, in the order of the batch); in reverse direction, that
  // at its first word. Zero for an empty text. last_c is for kLstm only.
  std::vector<float> last_h, last_c;
};

// One layer of one direction.
class RecurrentLayer {
 public:
  // With `reverse`, each text is read from its last word to its first.
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

  // W by Glorot, U orthogonal, b zero except for the lstm's forget gate, which begins with 1.
  void initialise(Initialiser& initialiser);
  void prepare(bool training);
  void pack();

  // x (rows x input) and y are in the order of the batch; y has H columns and the leading dimension
  // ld_y. `keep`: backward() will be called with this tape.
  void forward(const Ragged& texts, const StepOrder& order, const float* x,
               RecurrentLayerTape& tape, float* y, std::int64_t ld_y, bool keep,
               Workers& workers) const;
  // d_y has y's layout. Adds to the parameters' gradients, and to d_x (rows x input) unless that is
  // null.
  void backward(const Ragged& texts, const StepOrder& order, RecurrentLayerTape& tape,
                const float* d_y, std::int64_t ld_y, float* d_x, Workers& workers);

 private:
  // Steps [begin, end) of a batch. In the tape they follow `carried` rows of the step before.
  struct Block {
    std::int64_t begin = 0, end = 0, carried = 0;
    // The row of rank 0 at a step of the block, or at the step before it.
    std::int64_t row(const StepOrder& order, std::int64_t t) const {
      return order.start(t) - order.start(begin) + carried;
    }
  };

  void forward_block(const Ragged& texts, const StepOrder& order, const Block& block,
                     const float* x, RecurrentLayerTape& tape, float* y, std::int64_t ld_y,
                     Workers& workers) const;
  // The row of the batch that the text of rank r reads at step t.
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
  // Dropout between the layers: the same columns of a text are dropped at all its words
  // (variational dropout, Gal and Ghahramani 2016).
  float dropout = 0;
};

// The intermediate values of a batch for the backward pass. Reused between batches to keep the
// memory.
struct RecurrentTape {
  std::vector<RecurrentLayerTape> layers;    // layer 0 forward, layer 0 backward, layer 1 ...
  std::vector<AlignedArray<float>> outputs;  // of each layer: rows x width, in the batch's order
  AlignedArray<float> mask;                  // dropout: (layers - 1) x texts x width
};

// A stack of recurrent layers.
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

  // Returns the output of the last layer (rows x width), which lies in the tape; so do the last
  // states of all layers. No dropout if `dropout` is null. `keep`: a backward pass may follow.
  const float* forward(const Ragged& texts, const float* x, RecurrentTape& tape,
                       const Random* dropout, Workers& workers, bool keep = true) const;
  // After a forward pass with this tape. d_y is the gradient of the output. Adds to the parameters'
  // gradients and writes d_x (rows x input) unless that is null.
  void backward(const Ragged& texts, RecurrentTape& tape, const float* d_y, float* d_x,
                Workers& workers);

 private:
  RecurrentShape shape_;
  std::vector<RecurrentLayer> layers_;
};

}  // namespace elmo
