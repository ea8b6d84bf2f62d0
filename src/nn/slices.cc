#include "nn/slices.h"

#include <algorithm>
#include <utility>

namespace elmo {
namespace {

// Values that one thread handles at a time; also the blocks of the norm's sum.
constexpr std::int64_t kBlock = 65536;

std::int64_t size_of(const Parameter& parameter) {
  return static_cast<std::int64_t>(parameter.value.size());
}

std::int64_t row_of(const Parameter& parameter) {
  return std::max<std::int64_t>(1,
                                size_of(parameter) / std::max<std::int64_t>(1, parameter.shape[0]));
}

// A block has whole rows if they are shorter than kBlock.
std::int64_t block_of(const Parameter& parameter) {
  const std::int64_t row = row_of(parameter);
  return row > kBlock ? kBlock : kBlock / row * row;
}

}  // namespace

Slices::Slices(std::vector<Parameter*> parameters, Processes& processes)
    : parameters_(std::move(parameters)),
      processes_(processes),
      exchange_(processes),
      kept_(parameters_.size()) {
  std::int64_t blocks = 0;
  for (const Parameter* parameter : parameters_) {
    first_block_.push_back(blocks);
    blocks += (size_of(*parameter) + block_of(*parameter) - 1) / block_of(*parameter);
  }
}

std::vector<Slices::Block> Slices::blocks() const { return cut(false); }
std::vector<Slices::Block> Slices::all_blocks() const { return cut(true); }

// Blocks are assigned to processes in turn, so that each has its share of every large parameter. So
// are the rows of sparse parameters, because touched rows are often adjacent.
std::vector<Slices::Block> Slices::cut(bool all_rows) const {
  std::vector<Block> result;
  const std::int64_t processes = processes_.size();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Parameter& parameter = *parameters_[i];
    const std::int64_t total = size_of(parameter), row = row_of(parameter);
    if (parameter.sparse) {
      const auto add = [&](std::int64_t at) {
        result.push_back({i, at * row, row, static_cast<int>(at % processes)});
      };
      if (all_rows) {
        for (std::int64_t at = 0; at < parameter.shape[0]; ++at) add(at);
      } else {
        for (const std::int64_t at : parameter.touched) add(at);
      }
      continue;
    }
    const std::int64_t block = block_of(parameter);
    for (std::int64_t at = 0; at < total; at += block) {
      result.push_back({i, at, std::min(block, total - at),
                        static_cast<int>((first_block_[i] + at / block) % processes)});
    }
  }
  return result;
}

std::size_t Slices::index_of(const Parameter& parameter) const {
  return static_cast<std::size_t>(std::ranges::find(parameters_, &parameter) - parameters_.begin());
}

int Slices::owner_of_row(const Parameter& parameter, std::int64_t row) const {
  if (parameter.sparse) return static_cast<int>(row % processes_.size());
  const std::int64_t block = row * row_of(parameter) / block_of(parameter);
  return static_cast<int>((first_block_[index_of(parameter)] + block) % processes_.size());
}

void Slices::keep(const Parameter& parameter, std::size_t subtree, std::size_t subtrees) {
  const std::size_t index = index_of(parameter);
  if (index == parameters_.size() || subtree + 1 == subtrees) return;
  const std::size_t size = parameter.value.size();
  auto& kept = kept_[index];
  if (kept.size() < (subtrees - 1) * size) kept = AlignedArray<float>((subtrees - 1) * size);
  std::ranges::copy(parameter.gradient.span(), kept.data() + subtree * size);
}

std::function<void()> Slices::sum(std::span<Parameter* const> parameters,
                                  const StreamGroups& batch) {
  std::vector<Block> blocks;
  std::vector<Piece> pieces;
  for (const Block& block : this->blocks()) {
    Parameter* const parameter = parameters_[block.parameter];
    if (std::ranges::find(parameters, parameter) == parameters.end()) continue;
    blocks.push_back(block);
    pieces.push_back({parameter->gradient.data() + block.begin, block.size, block.owner});
  }
  return [this, batch, blocks = std::move(blocks), pieces = std::move(pieces)] {
    const std::size_t last =
        batch.held_by(processes_.rank(), processes_.size()).subtrees().size() - 1;
    Workers alone(1);
    exchange_.sum(
        batch, pieces,
        [&](std::size_t piece, std::size_t subtree) -> float* {
          if (subtree == last) return pieces[piece].place;
          const Block& block = blocks[piece];
          const Parameter& parameter = *parameters_[block.parameter];
          return kept_[block.parameter].data() + subtree * parameter.value.size() + block.begin;
        },
        alone);
  };
}

void Slices::sum_rows(const Parameter& parameter, std::span<const std::int32_t> rows,
                      std::span<float* const> values, float* result, const StreamGroups& batch,
                      Workers& workers) {
  const std::int64_t row = row_of(parameter);
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    pieces.push_back(
        {result + static_cast<std::int64_t>(i) * row, row, owner_of_row(parameter, rows[i])});
  }
  exchange_.sum(
      batch, pieces,
      [&](std::size_t piece, std::size_t subtree) {
        return values[subtree] + static_cast<std::int64_t>(piece) * row;
      },
      workers);
}

void Slices::share(std::span<const Block> blocks, std::span<double> numbers) {
  const auto processes = static_cast<std::size_t>(processes_.size());
  if (processes == 1) return;
  // Sorted by owner, then restored to the order of the blocks.
  std::vector<Part> parts(processes);
  std::vector<double> dealt(blocks.size());
  std::vector<std::size_t> from;
  for (std::size_t p = 0; p < processes; ++p) {
    parts[p].begin = static_cast<std::int64_t>(from.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      if (blocks[i].owner == static_cast<int>(p)) from.push_back(i);
    }
    parts[p].end = static_cast<std::int64_t>(from.size());
  }
  for (std::size_t j = 0; j < from.size(); ++j) dealt[j] = numbers[from[j]];
  fill_all(processes_, std::span(dealt), parts);
  for (std::size_t j = 0; j < from.size(); ++j) numbers[from[j]] = dealt[j];
}

void Slices::share_values(std::span<const Block> blocks, bool only_touched, Workers& workers) {
  if (processes_.size() == 1) return;
  const auto by_rows = [&](const Parameter& parameter) {
    return only_touched && !parameter.sparse && !parameter.touched.empty();
  };
  std::vector<Piece> pieces;
  for (const Block& block : blocks) {
    Parameter& parameter = *parameters_[block.parameter];
    if (by_rows(parameter)) continue;
    pieces.push_back({parameter.value.data() + block.begin, block.size, block.owner});
  }
  for (Parameter* parameter : parameters_) {
    if (!by_rows(*parameter)) continue;
    const std::int64_t row = row_of(*parameter);
    for (const std::int64_t at : parameter->touched) {
      pieces.push_back({parameter->value.data() + at * row, row, owner_of_row(*parameter, at)});
    }
  }
  exchange_.share(pieces, PieceExchange::To::kAll, workers);
}

void Slices::gather(std::size_t index, std::span<float> values, Workers& workers,
                    const std::function<void(std::span<float>)>& use) {
  if (processes_.size() == 1) {
    use(values);
    return;
  }
  // In temporary memory, so that the state stays divided.
  AlignedArray<float> whole(processes_.is_first() ? values.size() : 0);
  std::vector<Piece> pieces;
  for (const Block& block : all_blocks()) {
    if (block.parameter != index) continue;
    float* place = is_mine(block) || !processes_.is_first() ? values.data() : whole.data();
    pieces.push_back({place + block.begin, block.size, block.owner});
    if (processes_.is_first() && is_mine(block)) {
      std::copy_n(place + block.begin, block.size, whole.data() + block.begin);
    }
  }
  exchange_.share(pieces, PieceExchange::To::kFirst, workers);
  if (processes_.is_first()) use(whole.span());
}

void Slices::scatter(std::size_t index, std::span<float> values,
                     const std::function<void(std::span<float>)>& read) const {
  if (processes_.size() == 1) {
    read(values);
    return;
  }
  AlignedArray<float> whole(values.size());
  read(whole.span());
  for (const Block& block : all_blocks()) {
    if (block.parameter != index || !is_mine(block)) continue;
    std::copy_n(whole.data() + block.begin, block.size, values.data() + block.begin);
  }
}

}  // namespace elmo
