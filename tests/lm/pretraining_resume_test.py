"""What a pretraining is begun with and gone on with: python3 pretraining_resume_test.py ELMO."""
import json
import math
import os
import pathlib
import shutil
import sys
import unittest

import h5py
import numpy

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from trained import ProgramTest, datasets, write_corpus  # noqa: E402

ProgramTest.ELMO = sys.argv.pop(1)


class ResumeTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.share(100)
        cls.dev = write_corpus(cls.shared / "dev.txt", 20)
        cls.other = cls.shared / "other.model"
        cls.words = cls.shared / "words.txt"
        for path, more in ((cls.other, ("--size", 900)),
                           (cls.words, ("--size", 100, "--type", "word"))):
            cls.elmo("vocab", "--input", cls.corpus, "--output", path, *more)

    def pretrain(self, name, *more, status=0, vocabulary=True, text=None):
        """Forward, 8 streams of 10 units, with a fixed learning rate unless `more` says otherwise."""
        words = ["pretrain", "--direction", "forward", "--input", text or self.corpus, "--output",
                 self.folder / name, "--batch-size", 8, "--unroll", 10, "--threads", 1,
                 "--precision", "f32"]
        if vocabulary and "--vocab" not in more:
            words += ["--vocab", self.vocabulary]
        # A new model is a tiny one; another one has its own size.
        if not {"--preset", "--init", "--resume"} & set(more):
            words += ["--preset", "tiny"]
        for option, value in (("--schedule", "constant"), ("--warmup", 0)):
            if option not in more:
                words += [option, value]
        return self.elmo(*words, *more, status=status)

    def refused(self, done, *parts):
        last = done.stderr.strip().splitlines()[-1]
        for part in parts:
            self.assertIn(str(part), last)

    def log(self, name):
        return [json.loads(line) for line in
                (self.folder / name / "log.jsonl").read_text().splitlines()]

    def state(self, name):
        with h5py.File(self.folder / name / "forward.checkpoint.h5") as file:
            return json.loads(file.attrs["settings"])

    def test_what_the_model_has_may_be_said_again_and_nothing_else(self):
        self.pretrain("m", "--steps", 3)
        same = self.shared / "same.model"
        shutil.copy(self.vocabulary, same)
        model = self.folder / "m"
        starts = {"init": ("--init", model, "--overwrite", "--steps", 1),
                  "encoder": ("--encoder-from", model / "forward.h5", "--overwrite", "--steps", 1),
                  "resume": ("--resume", "--steps", 4)}
        for kind, start in starts.items():
            output = "m" if kind == "resume" else kind
            contradictions = [("--vocab", self.other, "of 1000 rows"),
                              ("--split", "punctuation", "split is spaces"),
                              ("--encoder", "characters", "encoder is pieces"),
                              ("--preset", "small", "1x128/64" if kind != "encoder" else "64")]
            for option, value, part in contradictions:
                with self.subTest(kind=kind, option=option):
                    done = self.pretrain(output, option, value, *start, status=2,
                                         vocabulary=False)
                    self.refused(done, f"{option} {value}", part)
            with self.subTest(kind=kind, option="missing"):
                missing = self.folder / "no-such-file"
                done = self.pretrain(output, "--vocab", missing, *start, status=1,
                                     vocabulary=False)
                self.refused(done, missing)
        for kind in ("init", "encoder"):
            self.pretrain(kind, *starts[kind], vocabulary=False)
            before = datasets(self.folder / kind / "forward.h5")
            self.pretrain(kind, "--vocab", same, "--split", "spaces", "--encoder", "pieces",
                          "--preset", "tiny", *starts[kind])
            self.assertEqual(datasets(self.folder / kind / "forward.h5"), before)
        self.pretrain("m", "--vocab", same, "--split", "spaces", "--encoder", "pieces", "--preset",
                      "tiny", *starts["resume"])
        self.pretrain("whole", "--steps", 4)
        self.assert_equal_files(model / "forward.h5", self.folder / "whole" / "forward.h5")

    def test_every_option_that_decides_the_result_is_guarded(self):
        self.pretrain("init", "--steps", 1)
        self.pretrain("m", "--steps", 2)
        other = self.folder / "other.txt"
        other.write_text(self.corpus.read_text() + "one more line\n")
        for option, value in (("--invalid", "skip"), ("--batch-size", 7), ("--unroll", 9),
                              ("--carry-state", None), ("--optimizer", "adagrad"),
                              ("--learning-rate", 0.1), ("--schedule", "cosine"), ("--warmup", 5),
                              ("--softmax-bias", "zero"),
                              ("--clip", 1), ("--dropout", 0.2), ("--seed", 2), ("--samples", 50),
                              ("--precision", "auto"), ("--init", self.folder / "init"),
                              ("--input", other)):
            words = ["pretrain", "--direction", "forward", "--input", self.corpus, "--output",
                     self.folder / "m", "--batch-size", 8, "--unroll", 10, "--precision", "f32",
                     "--schedule", "constant", "--steps", 4, "--resume"]
            if option in words:
                words[words.index(option) + 1] = value
            else:
                words += [option] if value is None else [option, value]
            with self.subTest(option=option):
                # What `auto` chose was chosen at the start.
                done = self.elmo(*words, status=0 if option == "--precision" else 2)
                if done.returncode != 0:
                    self.refused(done, f"another {option}:")

    def test_a_bad_development_text_is_found_before_the_work(self):
        for name, content, part in (("blank", b"\n \n", "no line with a word"),
                                    ("latin", b"he went .\nhe w\xe9nt .\n", ":2: not UTF-8"),
                                    ("empty", b"", "empty")):
            with self.subTest(name):
                path = self.folder / name
                path.write_bytes(content)
                done = self.pretrain("m", "--steps", 4, "--dev", path, status=1)
                self.refused(done, path, part)
                self.assertFalse((self.folder / "m").exists())

    def test_a_finished_run_shows_true_numbers(self):
        self.pretrain("m", "--epochs", 3)
        last = self.log("m")[-1]
        self.assertEqual(last["epoch"], 3)
        self.assertTrue(0 < last["gradient_norm"] and 0 <= last["clipped"] <= 1)
        again = self.pretrain("m", "--epochs", 3, "--resume")
        self.assertNotIn("loss", again.stderr)
        self.assertIn("finished already", again.stderr)
        done = self.pretrain("n", "--epochs", 3)
        self.assertIn("epoch 3 step", done.stderr)
        self.assertNotIn("epoch 4", done.stderr)
        self.assertIn("other commands read only forward.h5; forward.checkpoint.h5", done.stderr)

    def test_more_epochs_go_on_without_losing_a_line(self):
        for schedule in ("constant", "cosine"):
            self.pretrain(schedule, "--epochs", 1, "--schedule", schedule)
            one = self.state(schedule)
            done = self.pretrain(schedule, "--epochs", 3, "--schedule", schedule, "--resume")
            three = self.state(schedule)
            self.assertEqual((three["units"], three["sentences"]),
                             (3 * one["units"], 3 * one["sentences"]))
            self.assertEqual("stretched" in done.stderr, schedule == "cosine")
            self.assertIn("--epochs 3 instead of --epochs 1", done.stderr)
            # As many epochs as steps.
            self.pretrain(schedule, "--steps", three["step"] + 5, "--schedule", schedule,
                          "--resume")
            self.assertEqual(self.state(schedule)["step"], three["step"] + 5)

    def test_what_is_left_to_the_program_follows_from_the_length(self):
        for words, warmup, dropout in ((("--steps", 9), 1, 0), (("--epochs", 3), None, 0.1)):
            self.elmo("pretrain", "--direction", "forward", "--preset", "tiny", "--vocab",
                      self.vocabulary, "--input", self.corpus, "--output",
                      self.folder / words[0], "--batch-size", 8, "--unroll", 10, *words)
            run = self.state(words[0])["run"]
            self.assertEqual(run["derived"]["learning-rate"], 0.003)
            self.assertEqual(run["derived"]["dropout"], dropout)
            # A tenth of the steps.
            expected = self.state(words[0])["step"] / 10 if warmup is None else warmup
            self.assertAlmostEqual(run["derived"]["warmup"], expected, delta=1)

    def test_a_new_softmax_begins_with_the_frequencies_of_the_text(self):
        self.pretrain("zero", "--steps", 1, "--softmax-bias", "zero", "--learning-rate", 1e-9)
        self.pretrain("frequency", "--steps", 1, "--learning-rate", 1e-9)
        bias = {}
        for name in ("zero", "frequency"):
            with h5py.File(self.folder / name / "forward.h5") as file:
                bias[name] = file["softmax/bias"][()].astype("f8")
        self.assertLess(abs(bias["zero"]).max(), 1e-6)
        # Probabilities, and one of them that of the sentences' end.
        self.assertAlmostEqual(numpy.exp(bias["frequency"]).sum(), 1, places=5)
        done = self.elmo("perplexity", "--model", self.folder / "zero", "--input", self.corpus,
                         "--json")
        units = json.loads(done.stdout)["forward"]["units"]
        sentences = len(self.corpus.read_text(encoding="utf-8").splitlines())
        ends = (sentences + 1) / (units + len(bias["zero"]))
        self.assertLess(abs(numpy.exp(bias["frequency"]) - ends).min(), 1e-6)
        self.assertLess(self.log("frequency")[0]["loss"], self.log("zero")[0]["loss"] - 0.5)

    def test_tied_weights_are_one_matrix_and_refused_where_there_are_two(self):
        words = ("--tie",)
        self.pretrain("whole", "--steps", 6, *words)
        self.pretrain("part", "--steps", 3, "--schedule", "constant", *words)
        self.pretrain("part", "--steps", 6, *words, "--resume")
        self.assert_equal_files(self.folder / "whole" / "forward.h5",
                                self.folder / "part" / "forward.h5")
        with h5py.File(self.folder / "whole" / "forward.h5") as file:
            self.assertNotIn("weights", file["softmax"])
            self.assertIn("bias", file["softmax"])
        for more in (("--encoder", "characters", "--vocab", self.words), ("--samples", 20),
                     ("--encoder-from", self.folder / "whole" / "forward.h5")):
            self.refused(self.pretrain("m", "--steps", 1, "--tie", *more, status=2), "--tie",
                         more[0])
        both = [word if word != "forward" else "both" for word in
                ("pretrain", "--direction", "forward", "--input", self.corpus, "--output",
                 self.folder / "m", "--preset", "tiny", "--vocab", self.vocabulary)]
        self.refused(self.elmo(*both, "--tie", "--share-encoder", "--steps", 1, status=2), "--tie",
                     "--share-encoder")
        # What the model has is not contradicted.
        model = ("--init", self.folder / "whole", "--steps", 1)
        self.refused(self.pretrain("m", *model, "--no-tie", status=2), "--no-tie", "whole")
        self.refused(self.pretrain("m", *model, "--samples", 20, status=2), "--samples", "--tie")
        self.pretrain("m", *model)
        # A second model on its encoder, which is not trained, has a softmax of its own.
        self.pretrain("n", "--encoder-from", self.folder / "whole" / "forward.h5", "--steps", 1)
        with h5py.File(self.folder / "n" / "forward.h5") as file:
            self.assertIn("weights", file["softmax"])

    def test_the_log_is_of_one_run(self):
        self.pretrain("m", "--steps", 9, "--report-every", 2)
        self.pretrain("m", "--steps", 4, "--report-every", 2, "--overwrite")
        self.assertEqual([line["step"] for line in self.log("m")], [2, 4])
        # Lines behind the checkpoint were written by a process that was killed.
        with open(self.folder / "m" / "log.jsonl", "a") as file:
            file.write('{"direction":"forward","step":6,"loss":1}\n{"direction":"forw')
        self.pretrain("m", "--steps", 8, "--report-every", 2, "--resume")
        self.assertEqual([line["step"] for line in self.log("m")], [2, 4, 6, 8])

    def test_a_model_without_its_checkpoint(self):
        self.pretrain("m", "--steps", 2)
        model, checkpoint = (self.folder / "m" / name for name in ("forward.h5",
                                                                   "forward.checkpoint.h5"))
        before = datasets(model)
        checkpoint.unlink()
        done = self.pretrain("m", "--steps", 2, status=1)
        self.refused(done, "--overwrite", "--resume", "--init")
        done = self.pretrain("m", "--steps", 4, "--resume", "--preset", "tiny")
        self.assertIn("starts at step 0", done.stderr)
        self.assertEqual(datasets(self.folder / "m" / "forward.old.h5"), before)
        self.pretrain("n", "--steps", 4)
        self.assert_equal_files(model, self.folder / "n" / "forward.h5")
        # Killed before its first model: the checkpoint alone is enough.
        self.pretrain("k", "--steps", 1, "--checkpoint-every", 1)
        self.refused(self.pretrain("k", "--steps", 1, status=1), "--resume")

    def test_another_development_text_starts_the_best_anew(self):
        first, second = self.folder / "dev1.txt", self.folder / "dev2.txt"
        lines = self.dev.read_text().splitlines(keepends=True)
        first.write_text("".join(lines[:15]))
        second.write_text("".join(lines[15:]))
        self.pretrain("m", "--steps", 20, "--dev", first, "--dev-every", 5)
        best = self.state("m")["best"]["value"]
        done = self.pretrain("m", "--steps", 25, "--dev", self.folder / "dev?.txt", "--dev-every",
                             5, "--resume")
        self.assertIn("--dev is another text than before: the best so far starts anew", done.stderr)
        self.assertEqual(self.state("m")["best"]["at"], 25)
        self.assertNotEqual(self.state("m")["best"]["value"], best)
        # All files of the pattern are measured.
        nll = units = 0
        for path in (first, second):
            done = self.elmo("perplexity", "--model", self.folder / "m", "--input", path, "--json")
            one = json.loads(done.stdout)["forward"]
            nll += math.log(one["perplexity_unit"]) * one["units"]
            units += one["units"]
        self.assertAlmostEqual(self.state("m")["best"]["value"], math.exp(nll / units), places=4)

    def test_patience_ends_and_more_of_it_goes_on(self):
        words = ("--dev", self.dev, "--dev-every", 2, "--optimizer", "adagrad", "--learning-rate", 3)
        done = self.pretrain("m", "--steps", 60, *words, "--patience", 2)
        self.assertIn("stopping", done.stderr)
        ended = self.state("m")["step"]
        self.assertLess(ended, 60)
        self.pretrain("m", "--steps", 60, *words, "--patience", 2, "--resume")
        self.assertEqual(self.state("m")["step"], ended)
        self.pretrain("m", "--steps", ended + 1, *words, "--patience", 9, "--resume")
        self.assertEqual(self.state("m")["step"], ended + 1)

    def test_a_loss_worse_than_guessing_is_a_failure(self):
        words = ("--optimizer", "adam", "--learning-rate", 30, "--clip", 0, "--report-every", 5)
        done = self.pretrain("m", "--steps", 20, *words, status=1)
        self.refused(done, "worse than a guess among the 1000 outcomes (6.91)", "--learning-rate")
        warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: ")]
        self.assertEqual(len(warnings), 1, done.stderr)
        self.assertTrue((self.folder / "m" / "forward.checkpoint.h5").exists())
        self.pretrain("m", "--steps", 20, *words, "--resume", status=1)

    def test_a_text_that_can_be_read_only_once_is_refused_by_name(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        self.refused(self.pretrain("m", "--steps", 1, text=pipe, status=2), pipe, "only once",
                     "--input")
        self.refused(self.pretrain("m", "--steps", 1, "--dev", pipe, status=2), pipe, "only once",
                     "--dev")

    def test_options_without_an_effect_are_refused(self):
        for words, part in ((("--patience", 3), "--patience"), (("--dev-every", 3), "--dev-every"),
                            (("--epochs", 2), "--steps")):
            done = self.pretrain("m", "--steps", 1, *words, status=2)
            self.refused(done, part)
        done = self.pretrain("m", "--steps", 1, "--dev", "-", status=2)
        self.refused(done, "--dev -")


if __name__ == "__main__":
    unittest.main()
