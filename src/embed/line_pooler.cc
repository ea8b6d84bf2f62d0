#include "embed/line_pooler.h"

#include <utility>

#include "base/strings.h"

namespace elmo {

LinePooler::LinePooler(std::unique_ptr<DumpSink> target, LinePooling pooling,
                       const std::filesystem::path& output, int layers, int dimension)
    : OrderedSink(output, layers, dimension),
      target_(std::move(target)),
      pooling_(pooling),
      pooled_(width()) {}

void LinePooler::take(std::string_view sentence, std::span<const std::string_view>,
                      std::span<const float> vectors) {
  pool_line(pooling_, vectors, pooled_);
  const std::string_view text = strip_whitespace(sentence);
  target_->append(sentence, {&text, 1}, pooled_, {});
}

}  // namespace elmo
