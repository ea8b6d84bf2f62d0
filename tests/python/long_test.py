"""Memory over very many calls and forks; minutes."""
import os
import pathlib

import numpy

import elmo


def resident_bytes():
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_memory_is_flat_over_100000_calls(model, sentences):
    embedder = elmo.Embedder(model, threads=2, cached_words=300)

    def calls(count):
        for i in range(count):
            sentence = [f"{word}{i % 997}" for word in sentences[i % len(sentences)][:5]]
            embedder.embed([sentence])
            if i % 10 == 0:
                model.embed([sentence], pool="mean", threads=2)
    calls(5_000)
    before = resident_bytes()
    calls(95_000)
    print("grown by", resident_bytes() - before)
    assert resident_bytes() - before < 4 << 20


def test_memory_is_flat_over_1000_forks(model):
    embedder = elmo.Embedder(model, threads=2)
    expected = embedder.embed(["the bank of the river"])[0]

    def child():
        status = 1
        try:
            same = numpy.array_equal(embedder.embed(["the bank of the river"])[0], expected)
            # Pages that it alone has: a child that copied its parent's would have many.
            text = pathlib.Path("/proc/self/smaps_rollup").read_text()
            private = int(text.split("Private_Dirty:")[1].split()[0])
            status = 0 if same and private < 30_000 else 2
        finally:
            os._exit(status)

    def forks(count):
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                child()
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
            embedder.embed(["the bank"])
    forks(50)
    before = resident_bytes()
    forks(950)
    print("grown by", resident_bytes() - before)
    assert resident_bytes() - before < 2 << 20
