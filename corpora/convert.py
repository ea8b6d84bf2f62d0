#!/usr/bin/env python3
"""Converts public corpora into the formats that elmo reads.

    python3 corpora/convert.py conllu en_ewt-ud-train.conllu > pos.conll
    curl -L URL | python3 corpora/convert.py nsmc > nsmc.tsv

From FILE or standard input to standard output:

    conllu      Universal Dependencies -> `token<TAB>tag`, a blank line behind each sentence
    conllu-text Universal Dependencies -> one tokenised sentence a line
    conll2003   CoNLL-2003 entities (IOB1 or BIO) -> `token<TAB>tag` in BIO
    nsmc        Naver movie reviews -> `label<TAB>text`
    wikitext    WikiText (tokenised) -> one sentence a line, without headings
    imdb        the archive of the Large Movie Review Dataset -> its unlabelled reviews, one sentence a line
    wikipedia   a dump's pages-articles.xml (bzip2 or unpacked) -> one sentence of an article a line, without markup

imdb and wikipedia give raw text: pass --split punctuation to elmo vocab and elmo pretrain.
"""

import argparse
import bz2
import contextlib
import html
import io
import re
import sys
import tarfile
import xml.etree.ElementTree


class BadLine(ValueError):
    """A line that is not what the format says."""


def _conllu_sentences(lines, column):
    """[(token, value of a column)] of each sentence. Takes the syntactic words: the ranges
    (1-2) and the empty nodes (1.1) are passed over."""
    sentence = []
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")
        if not line:
            if sentence:
                yield sentence
            sentence = []
        elif not line.startswith("#"):
            fields = line.split("\t")
            if len(fields) != 10:
                raise BadLine(f"{number}: {len(fields)} columns, expected 10 of CoNLL-U")
            if fields[0].isdigit():
                # A word of elmo holds no space, some tokens of UD do ("1 000").
                sentence.append((re.sub(r"\s", "_", fields[1]), fields[column]))
    if sentence:
        yield sentence


def _columns(sentences):
    for sentence in sentences:
        for token, tag in sentence:
            yield f"{token}\t{tag}"
        yield ""


def conllu(lines, column="upos"):
    return _columns(_conllu_sentences(lines, {"upos": 3, "xpos": 4}[column]))


def conllu_text(lines):
    for sentence in _conllu_sentences(lines, 3):
        yield " ".join(token for token, _ in sentence)


def _bio(tags):
    """IOB1 (B- only between neighbours of a type) or BIO into BIO."""
    result, previous = [], "O"
    for tag in tags:
        if tag.startswith("I-") and previous[1:] != tag[1:]:
            tag = "B" + tag[1:]
        result.append(tag)
        previous = tag
    return result


def _conll2003_sentences(lines):
    sentence = []
    for number, line in enumerate(lines, 1):
        fields = line.split()
        if not fields:
            if sentence:
                yield sentence
            sentence = []
        elif fields[0] != "-DOCSTART-":
            if len(fields) < 2 or not re.fullmatch(r"O|[BI]-\S+", fields[-1]):
                raise BadLine(f"{number}: `{line.strip()}` does not end in an entity tag (O, B-... or I-...)")
            sentence.append((fields[0], fields[-1]))
    if sentence:
        yield sentence


def conll2003(lines):
    def bio(sentence):
        return list(zip([token for token, _ in sentence], _bio([tag for _, tag in sentence])))

    return _columns(bio(sentence) for sentence in _conll2003_sentences(lines))


def nsmc(lines):
    """Rows `id<TAB>document<TAB>label`; those without a text are left out."""
    for number, line in enumerate(lines, 1):
        fields = line.rstrip("\r\n").split("\t")
        if number == 1 and fields[:1] == ["id"]:
            continue
        if len(fields) != 3 or fields[2] not in ("0", "1"):
            raise BadLine(f"{number}: expected id, document and a label of 0 or 1")
        text = " ".join(fields[1].split())
        if text:
            yield f"{('negative', 'positive')[int(fields[2])]}\t{text}"


def _sentences(words):
    """Splits a paragraph behind . ? and ! and the closing marks that follow."""
    sentence, quotes = [], 0
    for i, word in enumerate(words):
        sentence.append(word)
        quotes += word == '"'
        following = words[i + 1] if i + 1 < len(words) else ""
        # A straight quotation mark closes when it is the second, the fourth ...
        closing = following in (")", "'", "''", ".") or (following == '"' and quotes % 2 == 1)
        ended = word in ".?!" or (word in (")", "'", "''") or word == '"' and quotes % 2 == 0) and (
            len(sentence) > 1 and sentence[-2] in ".?!")
        if ended and not closing:
            yield " ".join(sentence)
            sentence = []
    if sentence:
        yield " ".join(sentence)


def wikitext(lines):
    """Headings and blank lines are dropped; @-@ @,@ @.@ are undone."""
    for line in lines:
        line = line.strip()
        if line and not re.fullmatch(r"=( .*)? =", line):
            yield from _sentences(re.sub(r" @([-,.])@ ", r"\1", line).split())


# A sentence of raw text ends behind . ? or ! and closing marks, where white space follows.
_END = re.compile(r"(?<=[.?!])([\"'”’)\]]*)\s+")


def _raw_sentences(text):
    for sentence in _END.sub(r"\1\n", " ".join(text.split())).split("\n"):
        if sentence:
            yield sentence


def imdb(file):
    """aclImdb_v1.tar.gz: aclImdb/train/unsup/ID_0.txt is a review without a newline, with HTML's line breaks."""
    found = False
    try:
        with tarfile.open(fileobj=file, mode="r|*") as archive:
            for member in archive:
                if not re.search(r"(^|/)train/unsup/\d+_\d+\.txt$", member.name):
                    continue
                found = True
                text = archive.extractfile(member).read().decode("utf-8")
                for paragraph in re.split(r"(?:<br\s*/?>\s*)+", text):
                    yield from _raw_sentences(html.unescape(paragraph))
    except (tarfile.TarError, EOFError) as error:
        raise BadLine(f" not a whole archive of the reviews ({error})") from error
    if not found:
        raise BadLine(" holds no unlabelled review (train/unsup/*.txt)")


def _without_nested(text, opening, closing):
    """Without what stands between marks that may stand within each other."""
    innermost = re.compile(re.escape(opening) + r"(?:(?!" + re.escape(opening) + "|" + re.escape(closing) + r").)*"
                           + re.escape(closing), re.S)
    while True:
        shorter = innermost.sub("", text)
        if shorter == text:
            return text
        text = shorter


def _plain(markup):
    """The paragraphs of an article without wiki markup."""
    text = re.sub(r"<!--.*?-->", "", markup, flags=re.S)
    text = re.sub(r"<(ref|math|gallery|timeline|syntaxhighlight|nowiki)\b[^>]*?(/>|>.*?</\1\s*>)", "", text,
                  flags=re.S | re.I)
    text = _without_nested(text, "{{", "}}")
    text = _without_nested(text, "{|", "|}")
    # Files, categories and other languages; then links, [[page|text]].
    text = re.sub(r"\[\[[^\[\]|]*:(?:[^\[\]]|\[\[[^\[\]]*\]\])*\]\]", "", text)
    text = re.sub(r"\[\[(?:[^\[\]|]*\|)?([^\[\]]*)\]\]", r"\1", text)
    text = re.sub(r"\[\w+://\S+ ?([^\]]*)\]", r"\1", text)
    text = html.unescape(re.sub(r"</?\w[^>]*>", "", re.sub(r"'{2,}", "", text)))
    for line in text.split("\n"):
        line = line.strip()
        # Headings, lists, tables and indented lines are no sentences.
        if line and line[0] not in "=*#:;|!{}":
            yield line


def wikipedia(file):
    """Articles alone (namespace 0), no redirects."""
    start = file.read(3)
    rest = io.BufferedReader(_Joined(start, file))
    source = bz2.open(rest) if start == b"BZh" else rest
    try:
        for _, element in xml.etree.ElementTree.iterparse(source):
            if element.tag.rpartition("}")[2] != "page":
                continue
            fields = {child.tag.rpartition("}")[2]: child for child in element.iter()}
            if fields["ns"].text == "0" and "redirect" not in fields and fields["text"].text:
                for paragraph in _plain(fields["text"].text):
                    yield from _raw_sentences(paragraph)
            element.clear()
    except (xml.etree.ElementTree.ParseError, KeyError, OSError, EOFError) as error:
        raise BadLine(f" not a whole dump of pages-articles.xml ({error})") from error


class _Joined(io.RawIOBase):
    """A stream with its first bytes, which were read, before it again."""

    def __init__(self, start, rest):
        self._start, self._rest = start, rest

    def readable(self):
        return True

    def readinto(self, buffer):
        taken = self._start[:len(buffer)] or self._rest.read(len(buffer))
        self._start = self._start[len(buffer):] if self._start else b""
        buffer[:len(taken)] = taken
        return len(taken)


_BINARY = {"imdb": imdb, "wikipedia": wikipedia}
_CONVERTERS = {"conllu": conllu, "conllu-text": conllu_text, "conll2003": conll2003, "nsmc": nsmc,
               "wikitext": wikitext, **_BINARY}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("format", choices=sorted(_CONVERTERS))
    parser.add_argument("file", nargs="?", default="-", help="input (default: standard input)")
    parser.add_argument("--column", choices=("upos", "xpos"), default="upos", help="tags to take from CoNLL-U")
    options = parser.parse_args()
    converter = _CONVERTERS[options.format]
    arguments = {"column": options.column} if converter is conllu else {}
    sys.stdin.reconfigure(encoding="utf-8")
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        with contextlib.ExitStack() as stack:
            # A line ends at \n only: splitlines' U+2028 or U+0085 may stand in a text.
            if options.format in _BINARY:
                source = sys.stdin.buffer if options.file == "-" else stack.enter_context(open(options.file, "rb"))
            else:
                source = sys.stdin if options.file == "-" else stack.enter_context(
                    open(options.file, encoding="utf-8", newline="\n"))
            for line in converter(source, **arguments):
                print(line)
    except BadLine as error:
        sys.exit(f"{options.file}:{error}")
    except UnicodeDecodeError as error:
        sys.exit(f"{options.file}: not UTF-8 ({error.reason} at byte {error.start} of a block); "
                 "convert it first (iconv -f CP949 -t UTF-8)")
    except OSError as error:
        sys.exit(f"{options.file}: {error.strerror}")


if __name__ == "__main__":
    main()
