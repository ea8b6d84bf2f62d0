"""Korean text in morphemes instead of eojeols, by kiwipiepy's offsets (pip install kiwipiepy).

    python3 tests/reference/morphemes.py text reviews.txt > reviews.morphemes.txt
    python3 tests/reference/morphemes.py labelled nsmc.tsv > nsmc.morphemes.tsv
    python3 tests/reference/morphemes.py tags klue.char.conll > klue.morphemes.conll
    python3 tests/reference/morphemes.py score predicted.conll klue.word.conll

A morpheme stands as it is written: what lies between two neighbouring borders of the analysis, so that
the words of a line without the spaces are the line without its own. Nothing is looked for in the text.
`tags` takes KLUE's entities, one syllable a line and U+2581 for a space; a morpheme has the tag of its
first syllable that has one. `score` brings the tags that `elmo predict` gave morphemes back to
eojeols (the first that is not O) and prints the entities' F1 there, so that it compares with a tagger of
eojeols.
"""
import argparse
import sys

from arms import entities, lines_of, read_sentences, read_texts

SPACE = "\u2581"


def borders(tokens, text):
    """Where a word may end: at each border of a morpheme and of white space."""
    cuts = {0, len(text)}
    for token in tokens:
        cuts |= {token.start, token.start + token.len}
    for at, character in enumerate(text):
        if character.isspace():
            cuts |= {at, at + 1}
    return sorted(cuts)


def morphemes(texts):
    """Of each text the spans [(begin, end)] of its morphemes."""
    from kiwipiepy import Kiwi
    texts = list(texts)
    for text, tokens in zip(texts, Kiwi().tokenize(texts)):
        cuts = borders(tokens, text)
        yield text, [(b, e) for b, e in zip(cuts, cuts[1:]) if not text[b:e].isspace()]


def joined(text, spans):
    return " ".join(text[begin:end] for begin, end in spans)


def tag_of(tags):
    """Of some syllables: the first tag that is not O."""
    return next((tag for tag in tags if tag != "O"), "O")


def eojeol_tags(morphemes_of, eojeols):
    """The tags of morphemes [(token, tag)] on the eojeols that they make up."""
    left = iter(morphemes_of)
    for eojeol in eojeols:
        tags, length = [], 0
        while length < len(eojeol):
            token, tag = next(left)
            tags.append(tag)
            length += len(token)
        if length != len(eojeol):
            sys.exit(f"{eojeol}: the morphemes do not end where the eojeol does")
        yield eojeol, tag_of(tags)


def f1(predicted, actual):
    found = [(entities(one), entities(other)) for one, other in zip(predicted, actual, strict=True)]
    right = sum(len(one & other) for one, other in found)
    return 2 * right / max(1, sum(len(one) + len(other) for one, other in found))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=("text", "labelled", "tags", "score"))
    parser.add_argument("file")
    parser.add_argument("eojeols", nargs="?", help="for score: the eojeols with their true tags")
    arguments = parser.parse_args()
    if arguments.mode == "text":
        for text, spans in morphemes(lines_of(arguments.file)):
            print(joined(text, spans))
    elif arguments.mode == "labelled":
        labels, texts = zip(*read_texts(arguments.file))
        for label, (text, spans) in zip(labels, morphemes(texts)):
            print(label, joined(text, spans), sep="\t")
    elif arguments.mode == "tags":
        sentences = read_sentences(arguments.file)
        texts = ["".join(syllable for syllable, _ in one).replace(SPACE, " ") for one in sentences]
        for sentence, (text, spans) in zip(sentences, morphemes(texts)):
            for begin, end in spans:
                print(text[begin:end], tag_of(tag for _, tag in sentence[begin:end]), sep="\t")
            print()
    else:
        actual = read_sentences(arguments.eojeols)
        predicted = [list(eojeol_tags(one, [eojeol for eojeol, _ in other]))
                     for one, other in zip(read_sentences(arguments.file), actual, strict=True)]
        print(f"{100 * f1(predicted, actual):.2f}")


if __name__ == "__main__":
    main()
