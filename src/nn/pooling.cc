#include "nn/pooling.h"

#include <algorithm>

#include "elmo/error.h"
#include "nn/heads.h"

namespace elmo {

TextPooling parse_text_pooling(std::string_view name) {
  for (const TextPooling pooling :
       {TextPooling::kLast, TextPooling::kMax, TextPooling::kMean, TextPooling::kAttention}) {
    if (name == text_pooling_name(pooling)) return pooling;
  }
  throw UsageError("pooling '" + std::string(name) + "' is not one of last, max, mean, attention");
}

std::string_view text_pooling_name(TextPooling pooling) {
  switch (pooling) {
    case TextPooling::kLast:
      return "last";
    case TextPooling::kMax:
      return "max";
    case TextPooling::kMean:
      return "mean";
    case TextPooling::kAttention:
      return "attention";
  }
  return {};
}

PoolingLayer::PoolingLayer(const std::string& name, TextPooling pooling, std::int64_t width,
                           std::int64_t forward_width)
    : query(name + "/query", {pooling == TextPooling::kAttention ? width : 0}),
      pooling_(pooling),
      width_(width),
      forward_width_(forward_width) {}

void PoolingLayer::forward(const Ragged& texts, const float* x, PoolingTape& tape, float* y) const {
  std::fill_n(y, texts.texts() * width_, 0.0f);
  if (pooling_ == TextPooling::kMax) {
    tape.winners.assign(static_cast<std::size_t>(texts.texts() * width_), -1);
  }
  if (pooling_ == TextPooling::kAttention) {
    tape.attention.assign(static_cast<std::size_t>(texts.rows()), 0.0f);
  }
  for (std::int64_t i = 0; i < texts.texts(); ++i, y += width_) {
    const std::int64_t begin = texts.begin(i), end = texts.end(i);
    if (begin == end) continue;
    switch (pooling_) {
      case TextPooling::kLast:
        std::copy_n(x + (end - 1) * width_, forward_width_, y);
        std::copy_n(x + begin * width_ + forward_width_, width_ - forward_width_,
                    y + forward_width_);
        break;
      case TextPooling::kMax: {
        std::int64_t* winners = tape.winners.data() + i * width_;
        std::copy_n(x + begin * width_, width_, y);
        std::fill_n(winners, width_, begin);
        for (std::int64_t row = begin + 1; row < end; ++row) {
          for (std::int64_t k = 0; k < width_; ++k) {
            if (x[row * width_ + k] <= y[k]) continue;
            y[k] = x[row * width_ + k];
            winners[k] = row;
          }
        }
        break;
      }
      case TextPooling::kMean:
        for (std::int64_t row = begin; row < end; ++row) {
          for (std::int64_t k = 0; k < width_; ++k) y[k] += x[row * width_ + k];
        }
        for (std::int64_t k = 0; k < width_; ++k) y[k] /= static_cast<float>(end - begin);
        break;
      case TextPooling::kAttention: {
        float* a = tape.attention.data() + begin;
        const std::int64_t length = end - begin;
        for (std::int64_t t = 0; t < length; ++t) {
          double score = 0;
          for (std::int64_t k = 0; k < width_; ++k) {
            score += static_cast<double>(query.value.data()[k]) * x[(begin + t) * width_ + k];
          }
          a[t] = static_cast<float>(score);
        }
        softmax(std::span<const float>(a, static_cast<std::size_t>(length)), a);
        for (std::int64_t t = 0; t < length; ++t) {
          for (std::int64_t k = 0; k < width_; ++k) y[k] += a[t] * x[(begin + t) * width_ + k];
        }
        break;
      }
    }
  }
}

void PoolingLayer::backward(const Ragged& texts, const float* x, const PoolingTape& tape,
                            const float* d_y, float* d_x) {
  std::fill_n(d_x, texts.rows() * width_, 0.0f);
  for (std::int64_t i = 0; i < texts.texts(); ++i, d_y += width_) {
    const std::int64_t begin = texts.begin(i), end = texts.end(i);
    if (begin == end) continue;
    switch (pooling_) {
      case TextPooling::kLast:
        for (std::int64_t k = 0; k < width_; ++k) {
          d_x[(k < forward_width_ ? end - 1 : begin) * width_ + k] = d_y[k];
        }
        break;
      case TextPooling::kMax:
        for (std::int64_t k = 0; k < width_; ++k) {
          d_x[tape.winners[static_cast<std::size_t>(i * width_ + k)] * width_ + k] = d_y[k];
        }
        break;
      case TextPooling::kMean:
        for (std::int64_t row = begin; row < end; ++row) {
          for (std::int64_t k = 0; k < width_; ++k) {
            d_x[row * width_ + k] = d_y[k] / static_cast<float>(end - begin);
          }
        }
        break;
      case TextPooling::kAttention: {
        // d a_t = d_y . x_t;  d score_t = a_t (d a_t - sum_u a_u d a_u)
        const float* a = tape.attention.data() + begin;
        const std::int64_t length = end - begin;
        std::vector<double> d_a(static_cast<std::size_t>(length), 0.0);
        double mean = 0;
        for (std::int64_t t = 0; t < length; ++t) {
          double& sum = d_a[static_cast<std::size_t>(t)];
          for (std::int64_t k = 0; k < width_; ++k) {
            sum += static_cast<double>(d_y[k]) * x[(begin + t) * width_ + k];
          }
          mean += a[t] * sum;
        }
        for (std::int64_t t = 0; t < length; ++t) {
          const auto d_score = static_cast<float>(a[t] * (d_a[static_cast<std::size_t>(t)] - mean));
          for (std::int64_t k = 0; k < width_; ++k) {
            const std::int64_t at = (begin + t) * width_ + k;
            query.gradient.data()[k] += d_score * x[at];
            d_x[at] = a[t] * d_y[k] + d_score * query.value.data()[k];
          }
        }
        break;
      }
    }
  }
}

}  // namespace elmo
