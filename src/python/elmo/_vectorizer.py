"""A transformer for scikit-learn, which need not be installed."""
import inspect
import os
import sys

import numpy

from ._model import Model, installed, shared_model


class Vectorizer:
    """Turns texts into one vector each: a transformer for scikit-learn's pipelines and searches.

        make_pipeline(elmo.Vectorizer("model"), LogisticRegression()).fit(texts, labels)

    model: a Model, or the path of one as for elmo.load(). A path is loaded when vectors are first
    computed, once in each process; copies and pickles store only the path.
    layers: as for Model.embed(); the vectors of several layers are concatenated. None: "average".
    pool: how the vectors of a text's words become one: "mean", "max", "first" or "last".
    mix, pooling, batch_size, threads: as for Model.embed().
    precision: format of the operands of matrix products, "f32", "bf16" or "auto", for a model given
    by its path.

    Samples are an iterable of texts or of lists of words. fit() learns nothing.
    """

    def __init__(self, model, layers=None, pool="mean", mix=None, pooling="", precision="f32",
                 batch_size=8192, threads=0):
        self.model = model
        self.layers = layers
        self.pool = pool
        self.mix = mix
        self.pooling = pooling
        self.precision = precision
        self.batch_size = batch_size
        self.threads = threads

    def _loaded(self):
        if isinstance(self.model, Model):
            return self.model
        return shared_model(os.path.abspath(installed(os.fspath(self.model))), self.precision)

    def fit(self, X, y=None):
        """Checks the parameters, as far as that needs no model. Learns and reads nothing."""
        if self.pool not in ("mean", "max", "first", "last"):
            raise ValueError(f"pool {self.pool!r} is not one of mean, max, first, last")
        return self

    def transform(self, X):
        """Returns float32 of shape (samples, features), or as set_output() says."""
        matrix = self._matrix(X)
        container = self._container()
        if container == "default":
            return matrix
        if container == "pandas":
            import pandas
            index = X.index if isinstance(X, (pandas.Series, pandas.DataFrame)) else None
            return pandas.DataFrame(matrix, columns=self.get_feature_names_out(), index=index)
        import polars
        return polars.DataFrame(matrix, schema=list(self.get_feature_names_out()), orient="row")

    def fit_transform(self, X, y=None):
        return self.fit(X, y).transform(X)

    def _matrix(self, X):
        if isinstance(X, str):
            raise ValueError("samples are an iterable of texts; this is one text")
        vectors = self._loaded().embed(X, self.layers, self.mix, self.pooling,
                                       batch_size=self.batch_size, threads=self.threads,
                                       pool=self.pool)
        features = numpy.prod(vectors.shape[1:], dtype=int)
        return vectors.reshape(len(vectors), features)

    def get_feature_names_out(self, input_features=None):
        """Returns elmo0, elmo1, ...; layer by layer if there are several."""
        return numpy.asarray([f"elmo{i}" for i in range(self._matrix([]).shape[1])], dtype=object)

    # The interface that scikit-learn requires of an estimator.

    @classmethod
    def _parameters(cls):
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep=True):
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params):
        known = self._parameters()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"Invalid parameter {name!r} for estimator {self}. "
                                 f"Valid parameters are: {known}.")
            setattr(self, name, value)
        return self

    def set_output(self, *, transform=None):
        """Sets what transform() returns: "default" (a NumPy array), "pandas" or "polars"."""
        if transform is not None:
            if transform not in ("default", "pandas", "polars"):
                raise ValueError(f"transform {transform!r} is not one of default, pandas, polars")
            # sklearn.base.clone() copies the setting under this name.
            self._sklearn_output_config = {"transform": transform}
        return self

    def _container(self):
        config = getattr(self, "_sklearn_output_config", {})
        if "transform" in config:
            return config["transform"]
        sklearn = sys.modules.get("sklearn")  # sklearn.set_config(transform_output=...)
        return sklearn.get_config().get("transform_output", "default") if sklearn else "default"

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_clone__(self):
        """Shares the model and the mix, which never change, instead of copying them deeply."""
        clone = type(self)(**self.get_params())
        if hasattr(self, "_sklearn_output_config"):
            clone._sklearn_output_config = dict(self._sklearn_output_config)
        return clone

    def __sklearn_tags__(self):
        """Used by scikit-learn 1.6 and newer."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags
        return Tags(estimator_type=None, target_tags=TargetTags(required=False),
                    transformer_tags=TransformerTags(), requires_fit=False, no_validation=True,
                    input_tags=InputTags(two_d_array=False, string=True))

    def _more_tags(self):
        """Used by scikit-learn before 1.6."""
        return {"X_types": ["string"], "no_validation": True, "requires_fit": False}

    def __repr__(self):
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [f"{name}={value!r}" for name, value in self.get_params().items()
                   if value is not defaults[name].default]
        return f"Vectorizer({', '.join(changed)})"
