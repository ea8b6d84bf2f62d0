#!/usr/bin/env python3
"""The long-distance task: a cue word decides the label of a text, 5 to 500 words of filler away.

    python3 corpora/distance.py --output build/distance
    python3 corpora/distance.py --output build/distance --cue middle --language ko --train 4000

Writes to a folder: train.tsv and dev.tsv (`label<TAB>text`), dev.5.tsv, dev.10.tsv ... (the texts of
dev.tsv of one distance each) and, for train and dev, a file of places (train.places.tsv): one line
per text, `distance<TAB>index of the cue<TAB>cue`.

A text is, with a distance of d:

    early     [up to 3 words] CUE [d words up to the end: ". filler what was it ?"]
    late      [d words: "what was it ? filler it was"] CUE [a full stop, and up to 3 words]
    middle    [d words] CUE [d words]
    mixed     half of the texts early, half late

A reader from left to right must carry the cue over d words when it comes early, one from right to
left when it is late, each of them when it stands in the middle. No cue word occurs in the filler,
so the distance can always be told from the text itself. Each label is as frequent as the other at
every distance.
"""

import argparse
import dataclasses
import pathlib

from english import English
from grammar import Dice, text_of
from korean import Korean

DISTANCES = (5, 10, 20, 50, 100, 200, 500)
CUES = ("early", "late", "middle", "mixed")
_FILLER_SENTENCES = 1500


@dataclasses.dataclass(frozen=True)
class _Language:
    grammar: type
    labels: dict  # label: its cue words
    leads: tuple  # what may stand in front of an early cue
    question: str  # ends a text with an early cue; with its full stop 5 words
    opening: str  # begins a text with a late cue: 4 words
    carrier: str  # the word in front of a late cue
    tails: tuple  # what may stand behind a late cue
    pads: tuple  # filler of one word
    subjects: tuple  # domains of the filler


_LANGUAGES = {
    "en": _Language(
        grammar=English,
        labels={"sweet": ("honey", "sugar", "syrup", "caramel"),
                "sour": ("vinegar", "lemons", "pickles", "limes")},
        leads=("", "she bought", "we found some", "they sold"),
        question="what was it ?", opening="what was it ?", carrier="maybe",
        tails=("", "we think so", "who knows"), pads=("well", "so", "then"),
        subjects=("general: school", "general: travel", "general: weather", "general: office",
                  "general: music", "general: health")),
    "ko": _Language(
        grammar=Korean,
        labels={"단맛": ("꿀", "설탕", "엿", "조청"), "신맛": ("식초", "레몬", "매실", "유자")},
        leads=("", "그녀가 고른", "우리가 찾은", "시장에서 산"),
        question="그것은 무슨 맛이었을까 ?", opening="그것은 무슨 맛이었을까 ?", carrier="아마",
        tails=("", "그럴 것이다", "아무도 모른다"), pads=("그래서", "그런데", "그리고"),
        subjects=("일반: 학교", "일반: 여행", "일반: 직장", "일반: 날씨", "일반: 음악")),
}


@dataclasses.dataclass(frozen=True)
class Text:
    label: str
    words: list
    distance: int
    place: int  # index of the cue

    def line(self):
        return f"{self.label}\t{' '.join(self.words)}"


class Maker:
    """Makes texts of one language with a dice."""

    def __init__(self, dice, language):
        self.dice = dice
        self.language = _LANGUAGES[language]
        cues = {cue for words in self.language.labels.values() for cue in words}
        grammar = self.language.grammar(dice)
        self.filler = {}  # length: sentences
        for _ in range(_FILLER_SENTENCES):
            words = text_of(grammar.sentence(dice.pick(self.language.subjects))).split(" ")
            if not cues & {word.lower() for word in words}:
                self.filler.setdefault(len(words), []).append(words)

    def words(self, n):
        """Filler of exactly n words: whole sentences, and single words for what remains."""
        result = []
        while len(result) < n:
            rest = n - len(result)
            fitting = [length for length in self.filler if length <= rest and rest - length not in (1, 2, 3)]
            if fitting:
                result += self.dice.pick(self.filler[self.dice.pick(sorted(fitting))])
            else:
                result.append(self.dice.pick(self.language.pads))
        return result

    def before(self, n):
        """n words in front of a late cue."""
        return self.language.opening.split() + self.words(n - 5) + [self.language.carrier]

    def after(self, n):
        """n words behind an early cue."""
        return ["."] + self.words(n - 5) + self.language.question.split()

    def text(self, label, distance, cue):
        """One text; `cue` is early, late or middle."""
        word = self.dice.pick(self.language.labels[label])
        if cue == "early":
            before = self.dice.pick(self.language.leads).split()
        else:
            before = self.before(distance)
        if cue == "late":
            tail = self.dice.pick(self.language.tails).split()
            after = tail + ["."]
        else:
            after = self.after(distance)
        return Text(label, before + [word] + after, distance, len(before))

    def texts(self, count, cue):
        """`count` texts, the distances and labels in turn, then shuffled."""
        labels = list(self.language.labels)
        result = []
        for i in range(count):
            distance = DISTANCES[i // 2 % len(DISTANCES)]
            # Both labels see both ends: the ends change once a round of all distances.
            place = ("early", "late")[i // (2 * len(DISTANCES)) % 2] if cue == "mixed" else cue
            result.append(self.text(labels[i % 2], distance, place))
        self.dice.shuffle(result)
        return result


def places(texts):
    """Lines of the file of places."""
    return [f"{text.distance}\t{text.place}\t{text.words[text.place]}" for text in texts]


def sample(seed, language):
    """The few texts that are kept in the repository: every distance, label and place, sorted."""
    maker = Maker(Dice(seed, language, "distance"), language)
    return [maker.text(label, distance, cue) for distance in DISTANCES for cue in ("early", "late", "middle")
            for label in maker.language.labels]


def write(folder, language, cue, seed, train, dev):
    folder.mkdir(parents=True, exist_ok=True)

    def save(name, lines):
        (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")

    for part, count in (("train", train), ("dev", dev)):
        texts = Maker(Dice(seed, language, "distance", part), language).texts(count, cue)
        save(f"{part}.tsv", [text.line() for text in texts])
        save(f"{part}.places.tsv", places(texts))
    for distance in DISTANCES:  # texts is the dev set here
        save(f"dev.{distance}.tsv", [text.line() for text in texts if text.distance == distance])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=pathlib.Path, required=True, metavar="DIR", help="folder to write to")
    parser.add_argument("--language", choices=sorted(_LANGUAGES), default="en")
    parser.add_argument("--cue", choices=CUES, default="early", help="where the cue stands (default: early)")
    parser.add_argument("--train", type=int, default=2800, metavar="N", help="texts of train.tsv (default: 2800)")
    parser.add_argument("--dev", type=int, default=1400, metavar="N", help="texts of dev.tsv (default: 1400)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if min(options.train, options.dev) < 1:
        parser.error("--train and --dev need at least 1 text")
    write(options.output, options.language, options.cue, options.seed, options.train, options.dev)


if __name__ == "__main__":
    main()
