"""Children of fork, other processes, pickles."""
import copy
import multiprocessing
import os
import pickle
import shutil
import subprocess
import sys
import textwrap
import threading

import numpy
import pytest

import elmo
from conftest import run

SENTENCES = [["그", "배를", "타고"], ["the", "bank"], [], ["river"] * 40] * 20


def equal(some, others):
    return len(some) == len(others) and all(map(numpy.array_equal, some, others))


def vectors_of(model):
    return model.embed(SENTENCES, threads=2)


def status_of_child(work):
    """The exit status of a forked child, 0 where work() is true; 142 where it hangs."""
    child = os.fork()
    if child == 0:
        import signal
        signal.alarm(60)
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_prefork(model):
    """As gunicorn does it: loaded and used before, many children, children of children."""
    expected = vectors_of(model)
    embedder = elmo.Embedder(model, threads=2)
    assert equal(embedder.embed(SENTENCES), expected)
    encoded = embedder.encoded

    def work():
        return (equal(vectors_of(model), expected) and equal(embedder.embed(SENTENCES), expected)
                and embedder.encoded == encoded and equal(vectors_of(model), expected))
    assert [status_of_child(work) for _ in range(3)] == [0, 0, 0]
    assert status_of_child(lambda: work() and status_of_child(work) == 0) == 0
    assert work()


def test_fork_while_others_embed(model, made):
    expected = vectors_of(model)
    stop = threading.Event()

    def others():
        while not stop.is_set():
            model.embed(SENTENCES, threads=2)
            elmo.load(made / "model").embed([["a"]])
    team = [threading.Thread(target=others) for _ in range(2)]
    for one in team:
        one.start()
    statuses = [status_of_child(lambda: equal(vectors_of(model), expected)
                                and equal(vectors_of(elmo.load(made / "model")), expected))
                for _ in range(6)]
    stop.set()
    for one in team:
        one.join()
    assert statuses == [0] * 6


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing(model, method):
    expected = vectors_of(model)
    with multiprocessing.get_context(method).Pool(2) as pool:
        for got in pool.map_async(vectors_of, [model] * 4).get(timeout=100):
            assert equal(got, expected)


def test_joblib(model):
    import joblib
    expected = vectors_of(model)
    for got in joblib.Parallel(n_jobs=2)(joblib.delayed(vectors_of)(model) for _ in range(4)):
        assert equal(got, expected)


def test_models_pickle_as_their_paths(made, tmp_path, monkeypatch):
    shutil.copytree(made / "model", tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    model = elmo.load("model")
    expected = vectors_of(model)
    pickled = pickle.dumps(model)
    assert len(pickled) < 1000
    monkeypatch.chdir("/")  # relative paths were those of the time of loading
    restored = pickle.loads(pickled)
    assert equal(vectors_of(restored), expected)
    assert pickle.loads(pickled) is restored  # once a process
    assert copy.deepcopy(model) is model
    embedder = pickle.loads(pickle.dumps(elmo.Embedder(model, layers="top", threads=2)))
    assert equal(embedder.embed(SENTENCES), model.embed(SENTENCES, layers="top"))
    with pytest.raises(TypeError, match="carry_state"):
        pickle.dumps(elmo.Embedder(model, carry_state=1))

    shutil.rmtree(tmp_path / "model")
    run("pretrain", "--direction", "both", "--preset", "tiny", "--input", made / "text.txt", "--vocab",
        made / "v.model", "--output", tmp_path / "model", "--steps", 1, "--batch-size", 16)
    other_process = subprocess.run(
        [sys.executable, "-c", "import pickle, sys\npickle.load(sys.stdin.buffer)"], input=pickled,
        capture_output=True)
    assert other_process.returncode == 1
    assert b"holds another model than the one that was pickled" in other_process.stderr


def test_one_load_a_process(made):
    code = textwrap.dedent("""
        import pickle, sys
        from elmo import _model
        loads = []
        init = _model.Model.__init__
        def counted(self, *arguments, **settings):
            loads.append(1)
            init(self, *arguments, **settings)
        _model.Model.__init__ = counted
        pickles = pickle.load(sys.stdin.buffer)
        models = [pickle.loads(one) for one in pickles]
        assert all(one is models[0] for one in models) and len(loads) == 1, loads
    """)
    pickles = [pickle.dumps(elmo.load(made / "model")) for _ in range(3)]
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(pickles), check=True)


def test_mixes_pickle_by_value(made, sentences, tmp_path):
    mix = elmo.ScalarMix([0.25, -1.5], gamma=0.1, layer_norm=True)
    again = pickle.loads(pickle.dumps(mix))
    assert again == mix and hash(again) == hash(mix) and again.weights == mix.weights
    assert again.gamma == mix.gamma and again.layer_norm and again != elmo.ScalarMix([0.25, -1.5])
    assert copy.deepcopy(mix) == mix and mix != 3
    rows = [f"{len(words) % 2}\t{' '.join(words)}\n" for words in sentences[:30]]
    (tmp_path / "train.tsv").write_text("".join(rows), "utf-8")
    run("train", "--task", "classify", "--model", made / "model", "--train", tmp_path / "train.tsv",
        "--dev", tmp_path / "train.tsv", "--epochs", 1, "--output", tmp_path / "task.h5")
    learned = elmo.ScalarMix.load(tmp_path / "task.h5")
    again = pickle.loads(pickle.dumps(learned))
    assert again == learned and again.model_hash == elmo.load(made / "model").hash


def test_threads_obey_the_system():
    def seen(affinity=None, **environment):
        code = "import elmo; print(elmo.usable_cores())"
        return int(subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True,
            env={**os.environ, **environment},
            preexec_fn=(lambda: os.sched_setaffinity(0, affinity)) if affinity else None).stdout)
    cores = seen()
    assert 1 <= cores <= len(os.sched_getaffinity(0))
    assert seen(OMP_NUM_THREADS="1") == 1
    assert seen(affinity={min(os.sched_getaffinity(0))}) == 1
