"""elmo.Vectorizer in scikit-learn: Debian's here, PyPI's newest under the label extras."""
import pickle
import shutil

import numpy
import pytest
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import elmo
from conftest import run

TEXTS = [text for i in range(20) for text in (f"그 배를 타고 강을 건넜다 {i % 5}",
                                              f"the bank of the river {i % 5}")]
LABELS = ["ko", "en"] * 20


@pytest.fixture
def vectorizer(made):
    return elmo.Vectorizer(str(made / "model"))


def test_parameters(vectorizer, made):
    assert vectorizer.get_params() == {
        "model": str(made / "model"), "layers": None, "pool": "mean", "mix": None, "pooling": "",
        "precision": "f32", "batch_size": 8192, "threads": 0}
    assert vectorizer.set_params(pool="max", layers="top") is vectorizer
    assert (vectorizer.pool, vectorizer.layers) == ("max", "top")
    with pytest.raises(ValueError, match="Invalid parameter 'poll'"):
        vectorizer.set_params(poll="max")
    copied = clone(vectorizer)
    assert copied is not vectorizer and copied.get_params() == vectorizer.get_params()
    assert repr(vectorizer) == f"Vectorizer(model={str(made / 'model')!r}, layers='top', pool='max')"


def test_vectors_are_the_models(vectorizer, model):
    numpy.testing.assert_array_equal(vectorizer.fit_transform(TEXTS, LABELS),
                                     model.embed(TEXTS, pool="mean"))
    words = [text.split() for text in TEXTS]
    numpy.testing.assert_array_equal(vectorizer.transform(iter(words)), vectorizer.transform(TEXTS))
    both = elmo.Vectorizer(model, layers=[0, 1], pool="last")
    matrix = both.transform(numpy.array(TEXTS))
    assert matrix.shape == (40, 256) and len(both.get_feature_names_out()) == 256
    numpy.testing.assert_array_equal(matrix[:, 128:], model.embed(TEXTS, layers=1, pool="last"))
    mixed = elmo.Vectorizer(model, mix=elmo.ScalarMix([1, 2]))
    assert clone(mixed).transform(TEXTS[:3]).shape == (3, 128)
    assert vectorizer.get_feature_names_out()[-1] == "elmo127"
    assert vectorizer.transform([]).shape == (0, 128)
    with pytest.raises(ValueError, match="one text"):
        vectorizer.transform("a text")
    with pytest.raises(ValueError, match="median"):
        vectorizer.set_params(pool="median").fit(TEXTS)


def test_weights_are_not_in_pickles_and_are_read_when_asked_for(vectorizer, tmp_path):
    vectorizer.transform(TEXTS[:2])
    assert len(pickle.dumps(vectorizer)) < 1000
    elsewhere = elmo.Vectorizer(tmp_path / "none")
    assert clone(pickle.loads(pickle.dumps(elsewhere))).fit(TEXTS).model == tmp_path / "none"
    with pytest.raises(OSError, match="none: no such folder"):
        elsewhere.transform(TEXTS)


def test_models_by_name(made, monkeypatch):
    monkeypatch.setenv("ELMO_MODEL_PATH", str(made))
    expected = elmo.Vectorizer(made / "model").transform(TEXTS[:2])
    monkeypatch.chdir("/")
    numpy.testing.assert_array_equal(elmo.Vectorizer("model").transform(TEXTS[:2]), expected)


def test_a_model_that_was_trained_anew_is_read_anew(made, tmp_path):
    shutil.copytree(made / "model", tmp_path / "model")
    vectorizer = elmo.Vectorizer(tmp_path / "model")
    before = vectorizer.transform(TEXTS[:2])
    run("pretrain", "--direction", "both", "--preset", "tiny", "--input", made / "text.txt", "--vocab",
        made / "v.model", "--output", tmp_path / "model", "--steps", 1, "--overwrite")
    after = vectorizer.transform(TEXTS[:2])
    assert not numpy.array_equal(before, after)
    numpy.testing.assert_array_equal(after, elmo.load(tmp_path / "model").embed(TEXTS[:2], pool="mean"))


def test_pipeline_search_and_validation(vectorizer):
    pipeline = Pipeline([("vectors", vectorizer), ("scale", StandardScaler()),
                         ("classifier", LogisticRegression(max_iter=500))])
    assert pipeline.fit(TEXTS, LABELS).score(TEXTS, LABELS) == 1
    assert pipeline[:-1].get_feature_names_out()[0] == "elmo0"
    assert pickle.loads(pickle.dumps(pipeline)).score(TEXTS, LABELS) == 1
    assert cross_val_score(pipeline, TEXTS, LABELS, cv=2, n_jobs=2, error_score="raise").min() > 0.9
    grid = {"vectors__pool": ["mean", "max"], "vectors__layers": ["top", "average"]}
    search = GridSearchCV(pipeline, grid, cv=2, n_jobs=2, error_score="raise").fit(TEXTS, LABELS)
    assert search.best_score_ > 0.9 and search.predict(TEXTS[:2]).tolist() == LABELS[:2]
    union = FeatureUnion([("one", vectorizer), ("two", elmo.Vectorizer(vectorizer.model, pool="max"))])
    assert union.fit_transform(TEXTS).shape == (40, 256)
    assert "Vectorizer" in repr(pipeline)
    assert "Vectorizer" in pipeline._repr_html_()


def test_output_of_pandas(vectorizer):
    import pandas
    series = pandas.Series(TEXTS[:4], index=[3, 1, 4, 2])
    plain = vectorizer.transform(series)
    assert isinstance(plain, numpy.ndarray)
    frame = clone(vectorizer.set_output(transform="pandas")).fit_transform(series)
    assert list(frame.index) == [3, 1, 4, 2] and list(frame.columns) == list(
        vectorizer.get_feature_names_out())
    numpy.testing.assert_array_equal(frame.to_numpy(), plain)
    scaled = make_pipeline(clone(vectorizer), StandardScaler()).set_output(transform="pandas")
    assert list(scaled.fit_transform(series).columns)[:2] == ["elmo0", "elmo1"]
    vectorizer.set_output(transform="default")
    assert isinstance(vectorizer.transform(series), numpy.ndarray)
    with pytest.raises(ValueError, match="excel"):
        vectorizer.set_output(transform="excel")
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(elmo.Vectorizer(vectorizer.model).transform(series), pandas.DataFrame)
