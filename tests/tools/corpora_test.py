#!/usr/bin/env python3
"""Tests of corpora/: the committed files, the generators and the converters."""

import bz2
import collections
import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

CORPORA = pathlib.Path(__file__).resolve().parents[2] / "corpora"
sys.path.insert(0, str(CORPORA))
sys.dont_write_bytecode = True

import convert  # noqa: E402
import distance  # noqa: E402
import english  # noqa: E402
import generate  # noqa: E402
import hangul  # noqa: E402
from grammar import Dice, Token, entity_marks  # noqa: E402

TAGS = {"ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT",
        "SCONJ", "SYM", "VERB", "X"}


def lines(name):
    text = (CORPORA / name).read_text(encoding="utf-8")
    assert text.endswith("\n") and "\r" not in text, name
    return text[:-1].split("\n")


def conll(name):
    """[[(token, tag)]] of a file."""
    sentences = [[]]
    for line in lines(name):
        if line:
            token, tag = line.split("\t")
            sentences[-1].append((token, tag))
        else:
            sentences.append([])
    assert sentences.pop() == [], f"{name} ends in a blank line"
    return sentences


class CommittedFiles(unittest.TestCase):
    def test_are_what_the_generator_gives(self):
        self.assertEqual(generate.check(CORPORA), [])

    def test_check_sees_a_changed_byte_and_a_missing_file(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            for path in CORPORA.glob("*.*"):
                if path.suffix in (".txt", ".tsv", ".conll"):
                    (folder / path.name).write_bytes(path.read_bytes())
            changed = bytearray((folder / "en.txt").read_bytes())
            changed[1000] ^= 1
            (folder / "en.txt").write_bytes(changed)
            (folder / "senses.ko.tsv").unlink()
            self.assertEqual(generate.check(folder), ["en.txt", "senses.ko.tsv"])

    def test_sizes(self):
        sizes = [path.stat().st_size for path in CORPORA.iterdir() if path.is_file()]
        self.assertTrue(1_000_000 < sum(sizes) < 2_200_000, sum(sizes))
        self.assertLess(max(sizes), 1_000_000)

    def test_text(self):
        for language in ("en", "ko"):
            sentences = lines(f"{language}.txt")
            self.assertGreater(len(sentences), 8500)
            self.assertEqual(len(set(sentences)), len(sentences))
            for sentence in sentences:
                words = sentence.split(" ")
                self.assertTrue(4 <= len(words) <= 30 and all(words), sentence)
                self.assertRegex(words[-1], r'^[.?!]$' if words[-1] != '"' else '"', sentence)
                self.assertNotRegex(sentence, r"[\[\]{}<>*+#=_|]", "an unexpanded template")

    def test_unseen_words(self):
        for language, plan in generate.UNSEEN.items():
            text = {word for line in lines(f"{language}.txt") for word in line.split(" ")}
            train = {word for line in lines(f"unseen.{language}.train.tsv") for word in line.split(" ")}
            for part in ("train", "dev"):
                examples = [line.split("\t") for line in lines(f"unseen.{language}.{part}.tsv")]
                names = plan["names"][part]
                # Each name as often with either label.
                self.assertEqual(collections.Counter(tuple(example[:2]) for example in examples),
                                 {(label, name): plan[part] for label in plan["labels"] for name in names})
                for _, name, sentence in examples:
                    # The name of the line, and none of another line.
                    self.assertEqual([token for token in sentence.split(" ") if token in names], [name], sentence)
                    if part == "dev":
                        self.assertNotIn(name, train)
                        self.assertIn(name, text)

    def test_senses(self):
        for language, (grammar, _) in generate.LANGUAGES.items():
            text = set(lines(f"{language}.txt"))
            count = collections.Counter()
            for line in lines(f"senses.{language}.tsv"):
                word, sense, index, sentence = line.split("\t")
                self.assertTrue(sentence.split(" ")[int(index)].lower().startswith(word[:3]), line)
                self.assertNotIn(sentence, text)
                count[word, sense] += 1
            self.assertEqual(set(count), {tuple(name.split("/")) for name in grammar.sense_domains})
            self.assertGreaterEqual(min(count.values()), 12)
            words = collections.Counter(word for word, _ in count)
            self.assertTrue(len(words) >= 8 and min(words.values()) >= 2)

    def test_part_of_speech(self):
        for language in ("en", "ko"):
            train, dev = (conll(f"pos.{language}.{part}.conll") for part in ("train", "dev"))
            self.assertEqual({tag for s in train + dev for _, tag in s} - TAGS, set())
            self.assertFalse({tuple(s) for s in train} & {tuple(s) for s in dev})
            # Some words have several tags, so that a tagger needs the context.
            tags = collections.defaultdict(set)
            for word, tag in (pair for s in train for pair in s):
                tags[word.lower()].add(tag)
            self.assertGreater(sum(len(t) > 1 for t in tags.values()), 2)

    def test_entities(self):
        for language, obama in (("en", "Obama"), ("ko", "오바마")):
            kinds = set()
            for sentence in conll(f"ner.{language}.train.conll") + conll(f"ner.{language}.dev.conll"):
                previous = "O"
                for token, tag in sentence:
                    self.assertRegex(tag, r"^(O|[BI]-(PER|ORG|LOC|MISC))$")
                    if tag[0] == "I":
                        self.assertEqual(tag[1:], previous[1:], sentence)
                    if token.startswith(obama):
                        kinds.add(tag[2:])
                    previous = tag
            self.assertGreaterEqual(kinds, {"PER", "ORG"}, language)

    def test_sentiment(self):
        for language in ("en", "ko"):
            sets = {part: [line.split("\t") for line in lines(f"sentiment.{language}.{part}.tsv")]
                    for part in ("train", "dev")}
            for rows in sets.values():
                labels = collections.Counter(label for label, _ in rows)
                self.assertEqual(labels["positive"], labels["negative"])
                self.assertEqual(len(labels), 2)
            self.assertFalse({text for _, text in sets["train"]} & {text for _, text in sets["dev"]})

    def test_distance_sample(self):
        for language in ("en", "ko"):
            cues = {cue: label for label, words in distance._LANGUAGES[language].labels.items() for cue in words}
            texts = lines(f"distance.{language}.sample.tsv")
            places = lines(f"distance.{language}.sample.places.tsv")
            self.assertEqual(len(texts), len(places))
            seen = collections.Counter()
            for text, place in zip(texts, places):
                label, words = text.split("\t")
                words = words.split(" ")
                gap, index, cue = place.split("\t")
                gap, index = int(gap), int(index)
                self.assertEqual([w for w in words if w.lower() in cues], [cue])
                self.assertEqual(words[index], cue)
                self.assertEqual(cues[cue], label)
                behind = len(words) - 1 - index
                self.assertIn(gap, (index, behind))
                seen[gap, label] += 1
            self.assertEqual(set(seen.values()), {3})
            self.assertEqual({gap for gap, _ in seen}, set(distance.DISTANCES))


class Generators(unittest.TestCase):
    def test_dice_depends_on_nothing_but_the_seed(self):
        dice = Dice(1, "en", "x")
        self.assertEqual([dice.below(10) for _ in range(8)], [Dice(1, "en", "x").below(10)]
                         + [n for n in _throws(Dice(1, "en", "x"), 8)[1:]])
        self.assertNotEqual(_throws(Dice(1, "x"), 20), _throws(Dice(2, "x"), 20))

    def test_entity_marks(self):
        self.assertEqual(entity_marks("a <PER x y >+은 b".split()),
                         [("a", "O"), ("x", "B-PER"), ("y+은", "I-PER"), ("b", "O")])

    def test_english_verbs(self):
        self.assertEqual([english.past(v) for v in ("rob", "carry", "play", "bake", "go", "fix")],
                         ["robbed", "carried", "played", "baked", "went", "fixed"])
        self.assertEqual([english.gerund(v) for v in ("rob", "bake", "see", "lie", "dye")],
                         ["robbing", "baking", "seeing", "lying", "dyeing"])
        self.assertEqual([english.present(v) for v in ("miss", "carry", "play", "be", "go")],
                         ["misses", "carries", "plays", "is", "goes"])
        self.assertEqual([english.plural(n) for n in ("mouse#animal", "berry", "match", "boy")],
                         ["mice#animal", "berries", "matches", "boys"])
        tokens = english.English(Dice(1)).finish([Token("a", "DET"), Token("old", "ADJ"), Token("a", "DET"),
                                                  Token("uniform", "NOUN"), Token("an", "DET"), Token("euro", "NOUN")])
        self.assertEqual([t.text for t in tokens], "An old a uniform a euro .".split())

    def test_korean_endings(self):
        for stem, ending, adjective, expected in (
                ("먹", "었다", False, "먹었다"), ("듣", "었다", False, "들었다"), ("춥", "은", True, "추운"),
                ("살", "는다", False, "산다"), ("부르", "었다", False, "불렀다"), ("들르", "아서", False, "들러서"),
                ("하얗", "은", True, "하얀"), ("낫", "니까", False, "나으니까"), ("만들", "습니다", False, "만듭니다"),
                ("맛있", "는", True, "맛있는"), ("아프", "었어요", True, "아팠어요"), ("돕", "아서", False, "도와서"),
                ("걷", "을", False, "걸을"), ("팔", "려고", False, "팔려고"), ("마시", "요", False, "마셔요"),
                ("피", "었다", False, "피었다"), ("닫", "었다", False, "닫았다"), ("입", "아서", False, "입어서")):
            self.assertEqual(hangul.conjugate(stem, ending, adjective), expected)

    def test_korean_particles(self):
        for word, name, expected in (("배", "을", "배를"), ("밤", "를", "밤을"), ("서울", "으로", "서울로"),
                                     ("부산", "로", "부산으로"), ("나", "이", "내가"), ("차", "과", "차와"),
                                     ("물", "은", "물은"), ("집", "에서", "집에서")):
            self.assertEqual(hangul.particle(word, name), expected)
        with self.assertRaises(ValueError):
            hangul.particle("배", "무엇")

    def test_distance_writes_a_folder(self):
        for cue in distance.CUES:
            with tempfile.TemporaryDirectory() as folder:
                subprocess.run([sys.executable, CORPORA / "distance.py", "--output", folder, "--cue", cue,
                                "--train", "28", "--dev", "56"], check=True)
                folder = pathlib.Path(folder)
                texts = (folder / "dev.tsv").read_text().splitlines()
                places = [line.split("\t") for line in (folder / "dev.places.tsv").read_text().splitlines()]
                self.assertEqual((len(texts), len(places)), (56, 56))
                parts = [line for d in distance.DISTANCES for line in (folder / f"dev.{d}.tsv").read_text().splitlines()]
                self.assertEqual(sorted(parts), sorted(texts))
                labels = collections.Counter((gap, text.split("\t")[0]) for text, (gap, _, _) in zip(texts, places))
                self.assertEqual(set(labels.values()), {4})
                for text, (gap, index, cue_word) in zip(texts, places):
                    words = text.split("\t")[1].split(" ")
                    self.assertEqual(words[int(index)], cue_word)
                    early, late = len(words) - 1 - int(index) == int(gap), int(index) == int(gap)
                    self.assertTrue({"early": early, "late": late, "middle": early and late,
                                     "mixed": early or late}[cue])


def _throws(dice, n):
    return [dice.below(10) for _ in range(n)]


class Converters(unittest.TestCase):
    CONLLU = ("# text = 우리는 간다 .\n1\t우리는\t우리\tPRON\tnpp\t_\t2\tnsubj\t_\t_\n2\t간다\t가\tVERB\tpvg\t_\t0\troot\t_\t_\n\n"
              "1-2\tcan't\t_\t_\t_\t_\t_\t_\t_\t_\n1\tca\tcan\tAUX\tMD\t_\t3\taux\t_\t_\n2\tn't\tnot\tPART\tRB\t_\t3\tadv\t_\t_\n"
              "2.1\tgo\tgo\tVERB\tVB\t_\t_\t_\t_\t_\n3\t1 000\t1000\tNUM\tCD\t_\t0\troot\t_\t_\n")

    def test_conllu(self):
        rows = self.CONLLU.splitlines(keepends=True)
        self.assertEqual(list(convert.conllu(rows)),
                         ["우리는\tPRON", "간다\tVERB", "", "ca\tAUX", "n't\tPART", "1_000\tNUM", ""])
        self.assertEqual(list(convert.conllu(rows, "xpos"))[0], "우리는\tnpp")
        self.assertEqual(list(convert.conllu_text(rows)), ["우리는 간다", "ca n't 1_000"])
        with self.assertRaisesRegex(convert.BadLine, "1: 2 columns"):
            list(convert.conllu(["1\tword\n"]))

    def test_conll2003_from_iob1(self):
        rows = ("-DOCSTART- -X- -X- O\n\nAnna NNP I-NP I-PER\nLee NNP I-NP I-PER\nOslo NNP B-NP I-LOC\nRome NNP B-NP B-LOC\n"
                "sings VB I-VP O\nJo NNP I-NP I-PER\n\nx X X O\n").splitlines(keepends=True)
        self.assertEqual(list(convert.conll2003(rows)),
                         ["Anna\tB-PER", "Lee\tI-PER", "Oslo\tB-LOC", "Rome\tB-LOC", "sings\tO", "Jo\tB-PER", "", "x\tO", ""])

    def test_conll2003_keeps_bio(self):
        rows = ["A X X B-ORG\n", "B X X I-ORG\n", "C X X B-ORG\n"]
        self.assertEqual(list(convert.conll2003(rows)), ["A\tB-ORG", "B\tI-ORG", "C\tB-ORG", ""])
        with self.assertRaisesRegex(convert.BadLine, "1: .*entity tag"):
            list(convert.conll2003(["A X X ORG\n"]))

    def test_nsmc(self):
        rows = ["id\tdocument\tlabel\n", "1\t정말  좋다\t1\n", "2\t\t0\n", "3\t별로 .\t0\n"]
        self.assertEqual(list(convert.nsmc(rows)), ["positive\t정말 좋다", "negative\t별로 ."])
        with self.assertRaisesRegex(convert.BadLine, "1: expected"):
            list(convert.nsmc(["1\t좋다\t2\n"]))

    def test_wikitext(self):
        rows = [" = A Title = \n", " \n", " = = Part = = \n",
                ' Mr. X sold 1 @,@ 200 well @-@ made hats . " Why ? " he asked . It cost 3 @.@ 5 . \n']
        self.assertEqual(list(convert.wikitext(rows)),
                         ["Mr. X sold 1,200 well-made hats .", '" Why ? "', "he asked .", "It cost 3.5 ."])

    def test_imdb(self):
        def archive(files):
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w:gz") as tar:
                for name, text in files.items():
                    entry = tarfile.TarInfo(name)
                    entry.size = len(text.encode())
                    tar.addfile(entry, io.BytesIO(text.encode()))
            return packed.getvalue()

        files = {"aclImdb/README": "Large Movie Review Dataset", "aclImdb/train/pos/0_9.txt": "A labelled one.",
                 "aclImdb/train/unsup/0_0.txt": 'Great film!<br /><br />I said "wow." Twice &amp; more.',
                 "aclImdb/train/unsup/1_0.txt": "No newline at the end"}
        self.assertEqual(list(convert.imdb(io.BytesIO(archive(files)))),
                         ["Great film!", 'I said "wow."', "Twice & more.", "No newline at the end"])
        for broken in (archive(files)[:200], b"text", archive({"aclImdb/README": ""})):
            with self.assertRaises(convert.BadLine):
                list(convert.imdb(io.BytesIO(broken)))

    def test_wikipedia(self):
        def page(space, text, more=""):
            return (f"<page><title>t</title><ns>{space}</ns>{more}<revision><text>{text}</text></revision></page>")

        article = ("{{정보상자|이름={{lang|ko|배}}}}\n'''배'''는 [[물]]에 뜨는 [[탈것|탈것]]이다.&lt;ref&gt;출처&lt;/ref&gt; "
                   "크다.\n== 역사 ==\n* 목록\n{| class=a\n| 표\n|}\n[[파일:a.jpg|섬네일|[[강]]의 배]]\n"
                   "[http://example.org 누리집]이 있다.\n[[분류:배]]\n")
        dump = ('<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/">' + page(0, article)
                + page(1, "토론이다.") + page(0, "#넘겨주기 [[배]]", "<redirect title='x'/>") + "</mediawiki>").encode()
        expected = ["배는 물에 뜨는 탈것이다.", "크다.", "누리집이 있다."]
        for packed in (dump, bz2.compress(dump)):
            self.assertEqual(list(convert.wikipedia(io.BytesIO(packed))), expected)
        for broken in (dump[:-20], bz2.compress(dump)[:-20], b"", b"<page></page>"):
            with self.assertRaises(convert.BadLine):
                list(convert.wikipedia(io.BytesIO(broken)))

    def test_command(self):
        def run(*arguments, text=b""):
            return subprocess.run([sys.executable, CORPORA / "convert.py", *arguments], input=text, capture_output=True)

        done = run("nsmc", text="1\t좋다\u2028네\t1\n".encode())
        self.assertEqual((done.returncode, done.stdout.decode()), (0, "positive\t좋다 네\n"))
        for arguments, text, message in ((("nsmc",), "좋다".encode("cp949"), b"iconv"),
                                         (("nsmc", "/nonexistent"), b"", b"/nonexistent: No such file"),
                                         (("conllu",), b"x\n", b"-:1: 1 columns")):
            done = run(*arguments, text=text)
            self.assertEqual(done.returncode, 1)
            self.assertIn(message, done.stderr)
            self.assertNotIn(b"Traceback", done.stderr)


if __name__ == "__main__":
    unittest.main()
