// A dump with one vector for each line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "embed/line_pooling.h"
#include "embed/ordered_sink.h"

namespace elmo {

// Passes each line on as one word, whose text is the line without the white space around it.
class LinePooler : public OrderedSink {
 public:
  // `target` takes one vector for each line; the vectors have these layers and this dimension.
  LinePooler(std::unique_ptr<DumpSink> target, LinePooling pooling,
             const std::filesystem::path& output, int layers, int dimension);

  std::uint64_t resumed_sentences() const override { return target_->resumed_sentences(); }
  void start_at(std::uint64_t first_line) override { target_->start_at(first_line); }
  void finish() override { target_->finish(); }
  std::uint64_t sentences() const override { return target_->sentences(); }
  std::uint64_t words() const override { return target_->words(); }
  std::uint64_t kept_sentences() const override { return target_->kept_sentences(); }

 private:
  void take(std::string_view sentence, std::span<const std::string_view> words,
            std::span<const float> vectors) override;
  void keep() override { target_->close_segment(); }

  std::unique_ptr<DumpSink> target_;
  LinePooling pooling_;
  std::vector<float> pooled_;
};

}  // namespace elmo
