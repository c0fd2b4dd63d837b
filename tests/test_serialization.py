"""Stages as a model file stores them: they come back the same, in 32 and in 16 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mutations import MODEL

from clearparse.model.container import load_arrays
from clearparse.model.model import Model, load
from clearparse.model.serialization import Stages
from clearparse.stages.lemmatizer import Lemmatizer
from clearparse.stages.tagger import Tagger
from clearparse.stages.tokenizer import Tokenizer


def test_stages_name_their_networks() -> None:
    stages = load(MODEL).stages
    upstream = [*Tokenizer.NETWORKS, *Tagger.NETWORKS, *Lemmatizer.NETWORKS]
    assert list(stages.to_stored()) == [*stages.ensemble.names(stages.to_stored()), *upstream]
    assert list(stages.window_classifiers()) == upstream


def test_a_loaded_model_is_saved_as_it_was(tmp_path: Path) -> None:
    load(MODEL).save(tmp_path / "again.model")
    (arrays, metadata), (before, metadata_before) = load_arrays(tmp_path / "again.model"), load_arrays(MODEL)
    for name, network in metadata_before["networks"].items():  # this one has no from_end and no lexicon yet
        assert {**metadata["networks"][name], **network} == metadata["networks"][name]
    assert metadata["record"] == metadata_before["record"]
    assert arrays.keys() == before.keys()
    for name, array in arrays.items():
        assert array.dtype == before[name].dtype
        assert np.array_equal(array, before[name])


def test_float16_rounds_every_parameter_once(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    stored = {
        name: network._replace(params=network.params._make(a + rng.random(a.shape, np.float32) for a in network.params))
        for name, network in load(MODEL).stages.to_stored().items()
    }
    rounded = Stages.from_stored(stored).to_float16()
    Model(rounded, {}).save(tmp_path / "half.model")
    again = load(tmp_path / "half.model").stages
    assert again.float16
    for name, network in again.to_stored().items():
        for array, same, before in zip(
            network.params, rounded.to_stored()[name].params, stored[name].params, strict=True
        ):
            assert array.dtype == np.float32
            assert np.array_equal(array, same)
            assert not np.array_equal(array, before)
            np.testing.assert_allclose(array, before, rtol=1e-3)
