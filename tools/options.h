// The command line of a command: options bound to the fields of its config structs.
//
//   VocabularyOptions config;
//   std::vector<std::string> inputs;
//   Options options(arguments, "elmo vocab --input corpora/ko.txt --size 8000 --output ko.model");
//   options.group("Data");
//   options.add("input", &inputs, "FILE...", "text, one sentence a line").required();
//   options.add("size", &config.size, "N", "number of entries").at_least(1);
//   if (!options.parse()) return 0;  // --help was asked for and has been printed
//
// The value of a field when it is added is the default that --help shows.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace elmo {

// The arguments of a command: its row in main.cc's table and the words after its name.
struct Arguments {
  std::string_view command;
  std::string_view summary;
  std::span<const std::string> words;
};

// A field that an option may be bound to. A std::optional has no default; a vector takes one or
// more values and may be given repeatedly.
using OptionField =
    std::variant<std::string*, std::filesystem::path*, std::vector<std::string>*, int*,
                 std::int64_t*, std::uint32_t*, std::uint64_t*, float*, double*,
                 std::optional<std::string>*, std::optional<std::filesystem::path>*,
                 std::optional<int>*, std::optional<std::int64_t>*, std::optional<std::uint64_t>*,
                 std::optional<float>*, std::optional<double>*>;

// The value type of a field: E for E and for std::optional<E>.
template <typename Field>
struct OptionValueOf {
  using type = Field;
};
template <typename E>
struct OptionValueOf<std::optional<E>> {
  using type = E;
};
template <typename Field>
using OptionValue = typename OptionValueOf<Field>::type;

// One option; the functions set its properties and can be chained after Options::add().
class Option {
 public:
  // The option must be given.
  Option& required();
  // Numbers: the allowed values. above() and below() exclude the bound, the others include it. A
  // later call replaces the same bound: at_least(0).below(1) is [0, 1).
  Option& at_least(double lowest);
  Option& at_most(double highest);
  Option& above(double lowest);
  Option& below(double highest);
  Option& between(double lowest, double highest);
  // Strings: the allowed values.
  Option& choices(std::vector<std::string> values);
  // The field gets what `resolve` returns for a value; it may throw Error.
  Option& resolved_by(std::function<std::string(const std::string&)> resolve);
  // The default that the help shows, if the field's value does not tell it ("the cores there are");
  // an empty text hides the default.
  Option& default_text(std::string text);

 private:
  friend class Options;
  using Values = std::vector<std::string>;
  struct Bound {
    std::optional<double> value;
    bool included = true;
  };

  // `shown` is how messages and the help name it: "--size" or "PATH".
  Option(std::string name, std::string shown, std::string value_name, std::string help);
  void bind(OptionField field);
  // Sets the field from `values`; throws UsageError.
  void assign(const Values& values) const;
  template <typename T>
  T parse(const std::string& text) const;
  template <typename T>
  T parse_number(const std::string& text) const;
  std::string limits() const;
  std::string description() const;
  // Is the value the name of a file or folder, according to value_name?
  bool names_files() const;

  std::string name_, shown_, value_name_, help_, default_, group_;
  std::function<void(const Option&, const Values&)> set_;
  std::function<std::string(const std::string&)> resolve_;
  std::vector<std::string> choices_;
  Bound lowest_, highest_;
  Values values_;  // as given
  bool required_ = false, positional_ = false, repeatable_ = false, given_ = false;
};

class Options {
 public:
  // `example` is a complete command line that works; --help shows it.
  Options(Arguments arguments, std::string example);

  // The options added from here on appear under this title in the help: "Data", "Training". A title
  // may be continued later. Options without a title appear under "Options".
  void group(std::string title);
  // --NAME VALUE. `value_name` stands for the value in the help: "FILE", "N".
  Option& add(std::string name, OptionField field, std::string value_name, std::string help);
  // --NAME, which sets the field to true.
  Option& flag(std::string name, bool* field, std::string help);
  // --NAME and --no-NAME.
  void toggle(const std::string& name, bool* field, const std::string& help);
  // --NAME VALUE, where VALUE is one of a few words that stand for values of an enumeration E.
  // `field` points to an E, or to a std::optional<E>, which has no default.
  template <typename Field, typename E = OptionValue<Field>>
  Option& choice(std::string name, Field* field,
                 const std::vector<std::pair<std::string, std::type_identity_t<E>>>& values,
                 std::string help);
  // A value without an option name; values are assigned in the order in which they are added.
  Option& positional(std::string value_name, OptionField field, std::string help);
  // At most one of these may be given.
  void exclusive(std::vector<std::string> names);
  // These options only have an effect if holds() is true; it is called when all fields are set, and
  // an option given without effect is refused. `condition` describes this to the user: "with
  // --encoder cnn". If an option is in several rules, all must hold.
  void only_when(std::vector<std::string> names, std::string condition,
                 std::function<bool()> holds);
  // A paragraph at the end of the help.
  void note(std::string text);

  // Parses the words. Returns false after --help, which has then been printed. Throws UsageError
  // that names the option and what it takes.
  bool parse();
  // Was this option on the command line?
  bool given(std::string_view name) const;
  // The files and folders named on the command line, as given, except --output.
  std::vector<std::string> inputs() const;

 private:
  Option& append(Option option);
  Option* find(std::string_view name);
  // Marks the option as given and sets its field.
  void take(Option& option, const std::vector<std::string>& values) const;
  void check_complete() const;
  void check_rules() const;
  // --output must not replace a file that another option names.
  void check_output() const;
  std::string unknown_message(std::string_view dashed_name) const;
  std::string help() const;

  Arguments arguments_;
  std::string example_;
  std::string group_;
  std::deque<Option> options_;  // a deque, because add() returns references
  std::vector<std::vector<std::string>> exclusive_;
  struct Rule {
    std::vector<std::string> names;
    std::string condition;
    std::function<bool()> holds;
  };
  std::vector<Rule> rules_;
  std::vector<std::string> notes_;
};

// The candidate of which `word` is most likely a misspelling; empty if none is close.
std::string nearest_name(std::string_view word, const std::vector<std::string>& candidates);

template <typename Field, typename E>
Option& Options::choice(std::string name, Field* field,
                        const std::vector<std::pair<std::string, std::type_identity_t<E>>>& values,
                        std::string help) {
  const std::string shown = "--" + name;
  Option option(std::move(name), shown, "WORD", std::move(help));
  for (const auto& [text, value] : values) {
    option.choices_.push_back(text);
    if (value == *field) option.default_ = text;
  }
  option.set_ = [field, values](const Option&, const Option::Values& words) {
    for (const auto& [text, value] : values) {
      if (text == words.front()) *field = value;
    }
  };
  return append(std::move(option));
}

}  // namespace elmo
