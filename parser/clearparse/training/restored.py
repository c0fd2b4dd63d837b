"""Validation of checkpoint contents, which are untrusted: the state of a network in training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearparse.model.record_schema import checked_record
from clearparse.network.classifier import Parameters
from clearparse.stages.validation import check

State = Mapping[str, NDArray[Any]]


def check_epochs(epochs: Sequence[Mapping[str, Any]]) -> None:
    """Raise ValueError or ClearparseError unless these are the scores of the first epochs, in order."""
    checked_record({"epochs": list(epochs)})
    for number, each in enumerate(epochs, 1):
        complete = each["epoch"] == number and None not in (each["loss"], each["UAS"], each["LAS"]) and "CLAS" in each
        check(complete, "the scores by epoch")


def check_arrays(arrays: State, params: Parameters) -> None:
    """Raise ValueError unless the arrays of a parameter, such as optimizer.L.m, have its shape and are finite."""
    expected = params._asdict()
    for name, array in arrays.items():
        letters = [letter for letter in name.split(".") if letter in expected]
        like = expected[letters[0]] if letters else array
        right = array.shape == like.shape and array.dtype == like.dtype
        check(right, f"the shape of {name}")
        check(bool(np.isfinite(array).all()), f"numbers of {name} that are not finite")
    for name in ("optimizer.t", "average.t", "average.weight"):
        check(name not in arrays or (arrays[name].shape == () and bool(arrays[name] >= 0)), name)


def check_place(order: NDArray[Any], values: Mapping[str, Any], sentences: int) -> None:
    """Raise ValueError unless `order` is an ordering of sentence indices, and `place` a position in it."""
    check(order.ndim == 1 and order.dtype == np.intp and len(order) <= sentences, "the order of sentences")
    check(not len(order) or bool(0 <= order.min() <= order.max() < sentences), "the order of sentences")
    check(is_count(values["place"], max(len(order), 1) - 1), "the place in an epoch")
    loss = values["loss"]
    check(isinstance(loss, float | int) and math.isfinite(loss) and is_count(values["examples"]), "the loss")


def is_count(value: object, maximum: float = math.inf) -> bool:
    """Return True for an integer from 0 to `maximum`."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= maximum
