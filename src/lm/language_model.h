// One direction's language model: token encoder, LSTM stack, softmax; its file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compute/precision.h"
#include "compute/workers.h"
#include "io/tensor_file.h"
#include "nn/character_encoder.h"
#include "nn/embedding.h"
#include "nn/lstm.h"
#include "nn/projected_embedding.h"
#include "nn/softmax.h"
#include "text/dictionary.h"
#include "text/normalisation.h"
#include "text/piece_vocabulary.h"
#include "text/streams.h"
#include "text/word_vocabulary.h"
#include "text/words.h"

namespace elmo {

// The token encoder: what a unit is and how its vector is computed. kPieces, kWords: a learned
// vector for each SentencePiece piece or each word of a list. kCharacters: a character CNN computes
// the vector of any word. kDictionaries (ELMoForManyLangs): the learned vector of a listed word
// combined with a character CNN over code points of a list; either may be missing.
enum class Encoder { kPieces, kWords, kCharacters, kDictionaries };
std::string_view encoder_name(Encoder encoder);  // pieces, words, characters, dictionaries

// What defines a model. Stored in its file; options that contradict it are refused.
struct ModelSettings {
  Encoder encoder = Encoder::kPieces;
  CharacterShape characters;  // kCharacters, kDictionaries (if no characters: positions only)
  int word_dimension = 0;     // kDictionaries: of a listed word's own vector; 0: characters only
  Normalisation normalisation = Normalisation::kNone;  // kDictionaries only
  // The softmax uses the embedding's weights (Press and Wolf 2017; Inan et al. 2017). kPieces only.
  bool tied = false;
  bool softmax = true;  // official weights and those of ELMoForManyLangs have none
  Direction direction = Direction::kForward;
  int layers = 2;
  int hidden = 1024;     // H, cells
  int projection = 128;  // P
  float cell_clip = 3.0f;
  float projection_clip = 3.0f;
  bool skip_connections = true;  // residual connections from the second layer on
  Split split = Split::kSpaces;

  nlohmann::json to_json() const;
  // Throws Error (naming `source`) for a missing key, a wrong type or an unreasonable size.
  static ModelSettings from_json(const nlohmann::json& json, const std::string& source);
};

// Sets the sizes of a preset, layers x hidden/projection: tiny 1x128/64, small 2x1024/128, medium
// 2x2048/256, original 2x4096/512. With kCharacters, to be set before, also the official filters
// (tiny: the three narrowest) and 1 highway layer (original: 2). Throws UsageError.
void apply_preset(const std::string& preset, ModelSettings& settings);

class LanguageModel {
 public:
  static constexpr char kFormat[] = "elmo language model";
  // Version 2 added dictionaries and words between tabs, version 3 tied weights. A model that uses
  // none of them has the oldest version that can hold it.
  static constexpr std::int64_t kVersion = 3;

  // All parameters are zero; call initialise() or load(). For kPieces:
  LanguageModel(const ModelSettings& settings, std::shared_ptr<const PieceVocabulary> vocabulary);
  // For kWords and kCharacters. `words`: the rows of the softmax and, for kWords, of the embedding;
  // may be null for characters without a softmax.
  LanguageModel(const ModelSettings& settings, std::shared_ptr<const WordVocabulary> words);
  // For kDictionaries. The dictionaries must have the sizes in the settings.
  LanguageModel(const ModelSettings& settings,
                std::shared_ptr<const DictionaryReader> dictionaries);

  // Reads DIR/forward.h5 or another file of this format. Throws Error if the file is of another
  // kind, damaged, or has wrong shapes.
  static std::unique_ptr<LanguageModel> load(const std::filesystem::path& path);
  void save(const std::filesystem::path& path);
  // Makes a model with zero parameters and the vocabulary in a model file or a checkpoint.
  static std::unique_ptr<LanguageModel> make(const ModelSettings& settings,
                                             const TensorFileReader& reader);
  // Adds all parameters and the vocabulary to a file.
  void add_to(TensorSink& file);
  // The format version of this model's file: the oldest that can hold the model.
  std::int64_t file_version() const;
  // "forward.h5" in a model folder.
  static std::filesystem::path file(const std::filesystem::path& folder, Direction direction);

  // LSTM matrices are Glorot uniform; embedding and softmax rows normal with deviation 1/sqrt(P),
  // as bilm-tf's softmax (a tenth of it learns several times more slowly); biases zero. The
  // character encoder is as in bilm-tf: characters uniform in [-1, 1), filters in [-0.05, 0.05),
  // the other matrices normal with deviation 1/sqrt(F), carry biases -2. Random numbers are keyed
  // by seed, direction and parameter.
  void initialise(std::uint64_t seed);
  // Initialises only the softmax; the other weights stay.
  void initialise_softmax(std::uint64_t seed);

  template <typename F>
  void for_each_parameter(F&& f) {
    for_each_encoder_parameter(f);
    for (LstmLayer& layer : layers) layer.for_each_parameter(f);
    if (settings.softmax) softmax.for_each_parameter(f);
  }
  template <typename F>
  void for_each_encoder_parameter(F&& f) {
    if (characters) characters->for_each_parameter(f);
    if (listed_words) listed_words->for_each_parameter(f);
    if (!characters && !listed_words) embedding.for_each_parameter(f);
  }
  std::vector<Parameter*> encoder_parameters();
  // The weight matrix of the softmax.
  Parameter& softmax_weights() { return settings.tied ? embedding.table : softmax.weights; }
  // The parameters of the token encoder and of the layers.
  std::vector<Parameter*> parameters_below_softmax();
  std::int64_t parameter_count();
  // The vocabulary that the softmax predicts, pieces or words; null if there is none.
  const Vocabulary* units() const;
  // Size of that vocabulary; 0 if there is none.
  std::int32_t outcomes() const { return units() != nullptr ? units()->rows() : 0; }

  // prepare() allocates the packed weights. pack() fills them after loading and after each update;
  // the workers share the work.
  void prepare(Precision precision, bool training);
  void pack(Workers& workers);
  // With a sampled softmax, training does not use its packed weights; they are packed only if
  // `with_softmax`, for evaluation.
  void pack(Workers& workers, bool with_softmax);

  ModelSettings settings;
  std::shared_ptr<const PieceVocabulary> vocabulary;     // kPieces; null otherwise
  std::shared_ptr<const WordVocabulary> words;           // kWords and kCharacters
  std::shared_ptr<const DictionaryReader> dictionaries;  // kDictionaries; null otherwise
  // For a loaded model TensorFileReader::content_hash() of its file; 0 otherwise.
  std::uint64_t content_hash = 0;
  EmbeddingLayer embedding;  // without rows if words are encoded from characters or dictionaries
  // Null unless the model encodes words from characters.
  std::unique_ptr<CharacterEncoder> characters;
  std::unique_ptr<ProjectedEmbedding> listed_words;  // kDictionaries; null otherwise
  std::vector<LstmLayer> layers;
  SoftmaxLayer softmax;

 private:
  LanguageModel(const ModelSettings& settings, std::shared_ptr<const PieceVocabulary> vocabulary,
                std::shared_ptr<const WordVocabulary> words,
                std::shared_ptr<const DictionaryReader> dictionaries);
};

// Throws Error if this is not a model folder: it is missing, a file, or has another program's
// model, for which the message names the options to use.
void check_model_folder(const std::filesystem::path& folder);

// Loads forward.h5 and backward.h5 of a folder, those that exist, in this order. Throws Error if
// there is neither, or if they do not agree.
std::vector<std::unique_ptr<LanguageModel>> load_directions(const std::filesystem::path& folder);

// LanguageModel::load() of a file named after its direction. Throws Error if it has the other
// direction.
std::unique_ptr<LanguageModel> load_direction(const std::filesystem::path& path,
                                              Direction direction);

// Throws Error, naming the folder, unless both directions have the same kind of token encoder,
// number of layers, projection and split.
void check_directions_agree(const std::string& folder, const ModelSettings& forward,
                            const ModelSettings& backward);

// Do both have the same kind of token encoder, of the same shape and with the same vocabulary?
bool have_same_units(LanguageModel& a, LanguageModel& b);
// Copies the token encoder's weights to a model for which have_same_units() is true.
void copy_encoder(LanguageModel& from, LanguageModel& to);

// Turns lines into the sequences that a language model reads. Has a cache; not thread-safe.
class LineEncoder {
 public:
  // The model must outlive the encoder.
  explicit LineEncoder(const LanguageModel& model);

  // Reads a line into `sequence`. Returns its words: views, valid until the next call and as long
  // as the line is.
  const std::vector<std::string_view>& read(std::string_view line, Sequence& sequence);
  // The units of word i of that line, and whether a part of the word is unknown to the model or
  // encoded as bytes.
  std::span<const std::int32_t> units_of(std::size_t i) const;
  bool is_unknown(std::size_t i) const;

 private:
  const LanguageModel& model_;
  const Vocabulary* vocabulary_;      // null if the model has no softmax
  std::optional<PieceCache> pieces_;  // kPieces
  std::vector<std::string_view> words_;
  std::vector<std::int32_t> units_;  // of the line
  std::vector<std::size_t> ends_;    // for each word, the number of units up to its end
};

}  // namespace elmo
