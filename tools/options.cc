#include "tools/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <deque>
#include <limits>
#include <sstream>
#include <type_traits>
#include <utility>

#include "base/file.h"
#include "base/printable.h"
#include "elmo/error.h"
#include "tools/output.h"

namespace po = boost::program_options;

namespace elmo {
namespace {

constexpr unsigned kHelpWidth = 96;

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};

// A number as one would type it: 0.2, not 0.200000003.
template <typename T>
std::string shortest(T value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

template <typename T>
std::string default_of(const T& value) {
  if constexpr (IsOptional<T>::value) {
    return value ? default_of(*value) : "";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return shortest(value);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return fmt::format("{}", fmt::join(value, " "));
  } else {
    return std::string(value);
  }
}

// Breaks `text` into lines of kHelpWidth, each after `indent` spaces; the first line begins at
// column `column`.
std::string wrapped(std::string_view text, std::size_t column, std::size_t indent) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (at > 0 && column + 1 + word.size() > kHelpWidth) {
      result += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (at > 0) {
      result += ' ';
      ++column;
    }
    result += word;
    column += word.size();
    at = end + 1;
  }
  return result;
}

// Edits (insert, delete, replace, swap neighbours) that turn one word into the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min(
          {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const bool prefix = word.size() >= 2 && candidate.starts_with(word);
    const std::size_t distance = prefix ? 1 : edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

Option::Option(std::string name, std::string shown, std::string value_name, std::string help)
    : name_(std::move(name)),
      shown_(std::move(shown)),
      value_name_(std::move(value_name)),
      help_(std::move(help)) {}

Option& Option::required() {
  required_ = true;
  default_.clear();
  return *this;
}
Option& Option::at_least(double lowest) {
  lowest_ = {lowest, true};
  return *this;
}
Option& Option::at_most(double highest) {
  highest_ = {highest, true};
  return *this;
}
Option& Option::above(double lowest) {
  lowest_ = {lowest, false};
  return *this;
}
Option& Option::below(double highest) {
  highest_ = {highest, false};
  return *this;
}
Option& Option::between(double lowest, double highest) { return at_least(lowest).at_most(highest); }
Option& Option::choices(std::vector<std::string> values) {
  choices_ = std::move(values);
  return *this;
}
Option& Option::resolved_by(std::function<std::string(const std::string&)> resolve) {
  resolve_ = std::move(resolve);
  return *this;
}
Option& Option::default_text(std::string text) {
  default_ = std::move(text);
  return *this;
}

// "at least 1", "one of a, b"; empty if every value is allowed.
std::string Option::limits() const {
  if (!choices_.empty()) return "one of " + join_words(choices_, "or");
  const bool ends_included = lowest_.included && highest_.included;
  if (lowest_.value && highest_.value && ends_included) {
    return fmt::format("between {} and {}", shortest(*lowest_.value), shortest(*highest_.value));
  }
  std::vector<std::string> ends;
  if (lowest_.value) {
    ends.push_back((lowest_.included ? "at least " : "above ") + shortest(*lowest_.value));
  }
  if (highest_.value) {
    ends.push_back((highest_.included ? "at most " : "below ") + shortest(*highest_.value));
  }
  return join_words(ends, "and");
}

std::string Option::description() const {
  std::string text = help_;
  if (const std::string range = limits(); !range.empty()) text += "; " + range;
  if (!default_.empty()) text += " (default: " + default_ + ")";
  return text;
}

template <typename T>
T Option::parse_number(const std::string& text) const {
  std::string range = limits();
  if (range.empty() && std::is_unsigned_v<T>) range = "at least 0";
  const auto refuse = [&] {
    throw UsageError(fmt::format("{} takes a {}number{}, not `{}`", shown_,
                                 std::is_integral_v<T> ? "whole " : "",
                                 range.empty() ? "" : " (" + range + ")", text));
  };
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && range.empty()) {
    range = fmt::format("between {} and {}", shortest(std::numeric_limits<T>::lowest()),
                        shortest(std::numeric_limits<T>::max()));
  }
  if (error != std::errc{} || end != text.data() + text.size()) refuse();
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) refuse();
  }
  // 0.1f is not equal to the double 0.1, so limits of floats are rounded to float.
  const auto limit = [](double bound) -> long double {
    if constexpr (std::is_same_v<T, float>) return static_cast<float>(bound);
    return bound;
  };
  const long double number = value;
  if (lowest_.value) {
    const long double low = limit(*lowest_.value);
    if (lowest_.included ? number < low : number <= low) refuse();
  }
  if (highest_.value) {
    const long double high = limit(*highest_.value);
    if (highest_.included ? number > high : number >= high) refuse();
  }
  return value;
}

template <typename T>
T Option::parse(const std::string& text) const {
  if constexpr (IsOptional<T>::value) {
    return parse<typename T::value_type>(text);
  } else if constexpr (std::is_arithmetic_v<T>) {
    return parse_number<T>(text);
  } else {
    return T(text);
  }
}

void Option::bind(OptionField field) {
  std::visit(
      [this](auto* target) {
        using T = std::remove_pointer_t<decltype(target)>;
        default_ = default_of(*target);
        if constexpr (std::is_same_v<T, Values>) {
          repeatable_ = true;
          set_ = [target](const Option&, const Values& values) { *target = values; };
        } else {
          set_ = [target](const Option& option, const Values& values) {
            *target = option.parse<T>(values.front());
          };
        }
      },
      field);
}

void Option::assign(const Values& values) const {
  for (const auto& value : values) {
    if (value.empty()) throw UsageError(shown_ + " is given an empty value");
    if (!choices_.empty() && std::find(choices_.begin(), choices_.end(), value) == choices_.end()) {
      throw UsageError(fmt::format("{} is {}, not `{}`", shown_, limits(), value));
    }
  }
  if (!resolve_) return set_(*this, values);
  Values resolved;
  for (const auto& value : values) resolved.push_back(resolve_(value));
  set_(*this, resolved);
}

bool Option::names_files() const {
  return value_name_.starts_with("FILE") || value_name_.starts_with("DIR") ||
         value_name_.starts_with("PATH") || value_name_.starts_with("SOURCE") ||
         value_name_.find('.') != std::string::npos;
}

Options::Options(Arguments arguments, std::string example)
    : arguments_(arguments), example_(std::move(example)) {}

void Options::group(std::string title) { group_ = std::move(title); }

Option& Options::append(Option option) {
  option.group_ = group_;
  options_.push_back(std::move(option));
  return options_.back();
}

Option& Options::add(std::string name, OptionField field, std::string value_name,
                     std::string help) {
  std::string shown = "--" + name;
  Option& option =
      append(Option(std::move(name), std::move(shown), std::move(value_name), std::move(help)));
  option.bind(field);
  return option;
}

Option& Options::flag(std::string name, bool* field, std::string help) {
  std::string shown = "--" + name;
  Option& option = append(Option(std::move(name), std::move(shown), "", std::move(help)));
  option.set_ = [field](const Option&, const Option::Values&) { *field = true; };
  return option;
}

void Options::toggle(const std::string& name, bool* field, const std::string& help) {
  const std::string opposite = "no-" + name;
  flag(name, field, *field ? help + " (the default)" : help);
  const std::string not_so = "the opposite of --" + name;
  flag(opposite, field, *field ? not_so : not_so + " (the default)").set_ =
      [field](const Option&, const Option::Values&) { *field = false; };
  exclusive({name, opposite});
}

Option& Options::positional(std::string value_name, OptionField field, std::string help) {
  Option& option = append(Option(value_name, value_name, value_name, std::move(help)));
  option.bind(field);
  option.positional_ = true;
  return option;
}

void Options::exclusive(std::vector<std::string> names) { exclusive_.push_back(std::move(names)); }

void Options::only_when(std::vector<std::string> names, std::string condition,
                        std::function<bool()> holds) {
  rules_.push_back({std::move(names), std::move(condition), std::move(holds)});
}

void Options::note(std::string text) { notes_.push_back(std::move(text)); }

Option* Options::find(std::string_view name) {
  const auto found = std::find_if(options_.begin(), options_.end(), [&](const Option& option) {
    return !option.positional_ && option.name_ == name;
  });
  return found == options_.end() ? nullptr : &*found;
}

bool Options::given(std::string_view name) const {
  return std::any_of(options_.begin(), options_.end(),
                     [&](const Option& option) { return option.name_ == name && option.given_; });
}

std::string Options::unknown_message(std::string_view dashed_name) const {
  std::vector<std::string> names = {"--help"};
  for (const auto& option : options_) {
    if (!option.positional_) names.push_back(option.shown_);
  }
  const std::string_view name = dashed_name.substr(0, dashed_name.find('='));
  const std::string nearest = nearest_name(name, names);
  return fmt::format("there is no option {}{}; `elmo {} --help` lists them", name,
                     nearest.empty() ? "" : ", did you mean " + nearest + "?", arguments_.command);
}

void Options::take(Option& option, const std::vector<std::string>& values) const {
  if (option.given_) {
    throw UsageError(option.shown_ + " is given twice; it takes one value");
  }
  option.given_ = true;
  option.values_ = values;
  option.assign(values);
}

bool Options::parse() {
  const std::vector<std::string> words(arguments_.words.begin(), arguments_.words.end());
  const auto terminator = std::find(words.begin(), words.end(), "--");
  if (std::find(words.begin(), terminator, "--help") != terminator ||
      std::find(words.begin(), terminator, "-h") != terminator) {
    print(help());
    return false;
  }
  po::options_description known;
  for (const auto& option : options_) {
    if (option.positional_) continue;
    if (option.value_name_.empty()) {
      known.add_options()(option.name_.c_str(), "");
    } else if (option.repeatable_) {
      known.add_options()(option.name_.c_str(), po::value<std::vector<std::string>>()->multitoken(),
                          "");
    } else {
      known.add_options()(option.name_.c_str(), po::value<std::string>(), "");
    }
  }
  using Style = po::command_line_style::style_t;
  std::vector<po::option> parsed;
  try {
    // Without allow_guessing an abbreviation is an unknown option. Short options are off, so that
    // -1 is a value.
    parsed = po::command_line_parser(words)
                 .options(known)
                 .style(Style::allow_long | Style::long_allow_adjacent | Style::long_allow_next)
                 .allow_unregistered()
                 .run()
                 .options;
  } catch (const po::invalid_command_line_syntax& error) {
    const std::string name = error.get_option_name();
    if (error.kind() == po::invalid_syntax::extra_parameter) {
      throw UsageError(name + " takes no value");
    }
    throw UsageError(name + " needs a value after it");
  }
  std::vector<Option*> positionals;
  for (auto& option : options_) {
    if (option.positional_) positionals.push_back(&option);
  }
  // The values of each repeatable option, from all its uses.
  std::vector<std::pair<Option*, std::vector<std::string>>> repeated;
  std::size_t next_positional = 0;
  for (const auto& entry : parsed) {
    if (entry.unregistered) throw UsageError(unknown_message(entry.original_tokens.front()));
    // Boost takes an --option as the value of the preceding option.
    for (std::size_t i = 1; i < entry.original_tokens.size(); ++i) {
      const std::string& token = entry.original_tokens[i];
      if (!token.starts_with("--") || token.find(' ') != std::string::npos) continue;
      const auto name = std::string_view(token).substr(2);
      if (!find(name.substr(0, name.find('=')))) throw UsageError(unknown_message(token));
      throw UsageError(fmt::format("--{} needs a value after it", entry.string_key));
    }
    if (entry.string_key.empty()) {
      if (next_positional == positionals.size()) {
        throw UsageError(
            fmt::format("unexpected argument `{}`: a value follows the name of its option",
                        entry.value.front()));
      }
      take(*positionals[next_positional++], entry.value);
      continue;
    }
    Option* option = find(entry.string_key);
    if (!option->repeatable_) {
      take(*option, entry.value);
      continue;
    }
    auto found = std::find_if(repeated.begin(), repeated.end(),
                              [&](const auto& pair) { return pair.first == option; });
    if (found == repeated.end()) found = repeated.insert(repeated.end(), {option, {}});
    found->second.insert(found->second.end(), entry.value.begin(), entry.value.end());
  }
  for (const auto& [option, values] : repeated) take(*option, values);
  check_complete();
  check_rules();
  check_output();
  return true;
}

void Options::check_complete() const {
  std::vector<std::string> missing;
  for (const auto& option : options_) {
    if (option.required_ && !option.given_) missing.push_back(option.shown_);
  }
  if (!missing.empty()) {
    throw UsageError(fmt::format("{} {} missing; `elmo {} --help` shows an example",
                                 join_words(missing, "and"), missing.size() == 1 ? "is" : "are",
                                 arguments_.command));
  }
  for (const auto& names : exclusive_) {
    std::vector<std::string> together;
    for (const auto& name : names) {
      if (given(name)) together.push_back("--" + name);
    }
    if (together.size() > 1) {
      throw UsageError(join_words(together, "and") + " exclude each other; give one of them");
    }
  }
}

void Options::check_output() const {
  for (const auto& option : options_) {
    if (option.name_ != "output") continue;
    for (const std::string& output : option.values_) refuse_overwriting(output, inputs());
  }
}

std::vector<std::string> Options::inputs() const {
  std::vector<std::string> inputs;
  for (const auto& option : options_) {
    if (!option.names_files() || option.name_ == "output") continue;
    inputs.insert(inputs.end(), option.values_.begin(), option.values_.end());
  }
  return inputs;
}

void Options::check_rules() const {
  for (const Rule& rule : rules_) {
    for (const std::string& name : rule.names) {
      if (!given(name) || rule.holds()) continue;
      throw UsageError(
          fmt::format("--{} has an effect only {}; leave it out otherwise", name, rule.condition));
    }
  }
}

std::string Options::help() const {
  std::string usage = fmt::format("usage: elmo {}", arguments_.command);
  std::string arguments;
  std::deque<std::pair<std::string, po::options_description>> groups;  // by title, in order
  const auto group_of = [&](const std::string& title) -> po::options_description& {
    for (auto& [known, group] : groups) {
      if (known == title) return group;
    }
    const po::options_description group(title, kHelpWidth, kHelpWidth / 2);
    return groups.emplace_back(title, group).second;
  };
  group_of("Options").add_options()("help", "show this help");
  for (const auto& option : options_) {
    const std::string description = option.description();
    if (option.positional_) {
      usage += option.required_ ? " " + option.value_name_ : " [" + option.value_name_ + "]";
      const std::size_t column = 2 + option.value_name_.size() + 2;
      arguments +=
          fmt::format("  {}  {}\n", option.value_name_, wrapped(description, column, column));
      continue;
    }
    if (option.required_) usage += fmt::format(" {} {}", option.shown_, option.value_name_);
    auto group = group_of(option.group_.empty() ? "Options" : option.group_).add_options();
    if (option.value_name_.empty()) {
      group(option.name_.c_str(), description.c_str());
    } else {
      group(option.name_.c_str(), po::value<std::string>()->value_name(option.value_name_),
            description.c_str());
    }
  }
  po::options_description shown("", kHelpWidth, kHelpWidth / 2);
  for (const auto& [title, group] : groups) shown.add(group);
  std::ostringstream text;
  text << usage << " [options]\n\n" << arguments_.summary << "\n";
  if (!arguments.empty()) text << "\nArguments:\n" << arguments;
  text << "\nExample:\n  " << example_ << "\n" << shown;
  for (const auto& note : notes_) text << "\n" << wrapped(note, 0, 0) << "\n";
  return text.str();
}

}  // namespace elmo
