#!/usr/bin/env python3
"""Makes the corpora beside this script. README.md says what each file is.

    python3 corpora/generate.py            write all files anew
    python3 corpora/generate.py --check    compare the files with a fresh run; status 1 if they differ

The same Python 3 program gives the same bytes everywhere: only random.random() is used.
"""

import argparse
import collections
import pathlib
import sys
import tempfile

import distance
import labelled_en
import labelled_ko
from english import English
from grammar import Dice, text_of
from korean import Korean

SEED = 1
HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = {"en": (English, labelled_en), "ko": (Korean, labelled_ko)}

# Sentences of the unlabelled text: for each sense, for each general subject, of the other kinds.
TEXT = {"en": {"sense": 250, "general": 120, "entities": 1000, "reviews": 1600},
        "ko": {"sense": 330, "general": 120, "entities": 1000, "reviews": 1600}}
SENSES = 300
POS = {"train": 350, "dev": 200}
NER = {"train": 350, "dev": 300}
SENTIMENT = {"train": 200, "dev": 300}
# Names of people that are names of places too, and so on: sentences of each name and label. Those of dev are
# not in train.
UNSEEN = {
    "en": {"labels": ["LOC", "PER"], "train": 10, "dev": 16, "names": {
        "train": "Victoria Jordan Houston Washington Madison Carter Paris Georgia Orlando Sydney".split(),
        "dev": "Hudson Austin Florence Obama Lincoln Jackson Charlotte Chelsea Milan Santiago".split()}},
    "ko": {"labels": ["LOC", "ORG"], "train": 14, "dev": 23, "names": {
        "train": "링컨 아마존 조던 보라 광주 한강 파리".split(),
        "dev": "소라 제주 오바마 워싱턴 강남 가람 샛별".split()}}}


class Sets:
    """All sets of one language. No sentence comes twice, in one set or in two."""

    def __init__(self, language):
        self.language = language
        self.seen = set()

    def start(self, name):
        grammar, self.labelled = LANGUAGES[self.language]
        self.dice = Dice(SEED, self.language, name)
        self.grammar = grammar(self.dice)

    def new(self, make):
        """A sentence that make() has not given yet."""
        for _ in range(1000):
            tokens = make()
            text = text_of(tokens)
            if text not in self.seen and 4 <= len(tokens) <= 30:
                self.seen.add(text)
                return tokens
        raise RuntimeError("the grammar has run dry: ask for fewer sentences")

    def about(self, domain):
        return self.new(lambda: self.grammar.sentence(domain))

    def of_sense(self, domain):
        """A sentence with the word of the domain in it, once."""
        word, sense = domain.split("/")
        while True:
            tokens = self.about(domain)
            if [token.text.lower().startswith(word) for token in tokens if token.sense == sense] == [True]:
                return tokens

    def entities(self):
        return self.new(lambda: self.labelled.entity_sentence(self.grammar))

    def review(self, label):
        return self.new(lambda: self.labelled.review(self.grammar, label))

    def any(self):
        kind = self.dice.weighted({"about": 6, "entities": 2, "review": 2})
        if kind == "about":
            return self.about(self.dice.pick(list(self.grammar.lexicon)))
        return self.entities() if kind == "entities" else self.review(self.dice.pick(["positive", "negative"]))

    # Each of these gives the lines of a file.

    def text(self):
        self.start("text")
        size = TEXT[self.language]
        lines = []
        for domain in self.grammar.lexicon:
            make = self.of_sense if domain in self.grammar.sense_domains else self.about
            lines += [make(domain) for _ in range(size["sense" if "/" in domain else "general"])]
        lines += [self.entities() for _ in range(size["entities"])]
        lines += [self.review(self.dice.pick(["positive", "negative"])) for _ in range(size["reviews"])]
        self.dice.shuffle(lines)
        return [text_of(tokens) for tokens in lines]

    def senses(self):
        self.start("senses")
        domains = self.grammar.sense_domains
        lines = []
        for i in range(SENSES):
            word, sense = domains[i % len(domains)].split("/")
            tokens = self.of_sense(f"{word}/{sense}")
            index = [token.sense for token in tokens].index(sense)
            lines.append(f"{word}\t{sense}\t{index}\t{text_of(tokens)}")
        return sorted(lines, key=lambda line: line.split("\t")[:2])

    def pos(self, part):
        self.start(f"pos.{part}")
        sentences = [self.any() for _ in range(POS[part])]
        return _columns([[(token.text, token.tag) for token in tokens] for tokens in sentences])

    def ner(self, part):
        self.start(f"ner.{part}")
        sentences = [self.entities() for _ in range(NER[part])]
        return _columns([[(token.text, token.entity) for token in tokens] for tokens in sentences])

    def unseen(self, part):
        """Sentences with one name, which stands alone in English; its label is for the context to tell."""
        self.start(f"unseen.{part}")
        plan = UNSEEN[self.language]
        every = plan["names"]["train"] + plan["names"]["dev"]
        wanted = {(label, name): plan[part] for label in plan["labels"] for name in plan["names"][part]}
        lines = []
        while any(wanted.values()):
            tokens = self.labelled.entity_sentence(self.grammar)
            names = [i for i, token in enumerate(tokens) if any(token.text.startswith(name) for name in every)]
            text = text_of(tokens)
            if len(names) != 1 or text in self.seen or not 4 <= len(tokens) <= 30:
                continue
            token, behind = tokens[names[0]], tokens[names[0] + 1]
            case = (token.entity.removeprefix("B-"), token.text)
            if wanted.get(case, 0) == 0 or (self.language == "en" and behind.entity.startswith("I-")):
                continue
            wanted[case] -= 1
            self.seen.add(text)
            lines.append("\t".join([*case, text]))
        self.dice.shuffle(lines)
        return lines

    def sentiment(self, part):
        self.start(f"sentiment.{part}")
        lines = []
        for i in range(SENTIMENT[part]):
            label = ["negative", "positive"][i % 2]
            lines.append(f"{label}\t{text_of(self.review(label))}")
        self.dice.shuffle(lines)
        return lines


def _columns(sentences):
    lines = []
    for words in sentences:
        lines += [f"{word}\t{tag}" for word, tag in words] + [""]
    return lines


def files():
    """{name: content} of everything that is committed."""
    result = {}
    for language in LANGUAGES:
        sets = Sets(language)
        result[f"{language}.txt"] = sets.text()
        result[f"senses.{language}.tsv"] = sets.senses()
        for kind, suffix in (("pos", "conll"), ("ner", "conll"), ("sentiment", "tsv"),
                             ("unseen", "tsv")):
            for part in ("train", "dev"):
                result[f"{kind}.{language}.{part}.{suffix}"] = getattr(sets, kind)(part)
        sample = distance.sample(SEED, language)
        result[f"distance.{language}.sample.tsv"] = [text.line() for text in sample]
        result[f"distance.{language}.sample.places.tsv"] = distance.places(sample)
    return {name: "".join(line + "\n" for line in lines) for name, lines in result.items()}


def write(folder):
    for name, content in files().items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")


def check(folder):
    """Names of the committed files that a fresh run does not give."""
    with tempfile.TemporaryDirectory() as fresh:
        write(pathlib.Path(fresh))
        return [path.name for path in sorted(pathlib.Path(fresh).iterdir())
                if not (folder / path.name).is_file() or (folder / path.name).read_bytes() != path.read_bytes()]


def statistics(folder):
    for language in LANGUAGES:
        lines = (folder / f"{language}.txt").read_text(encoding="utf-8").splitlines()
        lengths = [len(line.split(" ")) for line in lines]
        words = collections.Counter(word for line in lines for word in line.split(" "))
        print(f"{language}: {len(lines):,} sentences, {sum(lengths):,} words, {len(words):,} different, "
              f"length {min(lengths)} to {max(lengths)}, mean {sum(lengths) / len(lengths):.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=HERE, metavar="DIR",
                        help="folder to write to (default: the script's own)")
    parser.add_argument("--check", action="store_true", help="compare DIR with a fresh run, write nothing")
    parser.add_argument("--statistics", action="store_true", help="print the size of the texts in DIR, write nothing")
    options = parser.parse_args()
    if options.check:
        different = check(options.output)
        if different:
            sys.exit(f"{', '.join(different)}: not what generate.py gives; run python3 corpora/generate.py")
    elif options.statistics:
        statistics(options.output)
    else:
        options.output.mkdir(parents=True, exist_ok=True)
        write(options.output)
        statistics(options.output)


if __name__ == "__main__":
    main()
