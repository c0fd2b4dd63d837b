"""`python scripts/check_gradients.py`: what it prints, and that it can fail."""

from __future__ import annotations

import pytest

from clearparse.commands import check_gradients
from clearparse.errors import ClearparseError
from clearparse.network import gradient_check


def test_it_prints_a_line_for_each_identity_and_gradient(capsys: pytest.CaptureFixture[str]) -> None:
    check_gradients.main(["--dims", "B=3,C=5", "--seed", "2"])
    out = capsys.readouterr().out
    for name in [f"({k}) " for k in range(1, 8)] + [f"dJ/d{name} " for name in ("U", "b_2", "W", "b_1", "L")]:
        assert sum(line.startswith(name) for line in out.splitlines()) == 1
    assert out.endswith("all within 1e-06\n")


def test_it_fails_where_a_bound_is_exceeded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = [gradient_check.Check("dJ/dW", (2, 3), 0.5), gradient_check.Check("dJ/dU", (3, 2), 0.0)]
    monkeypatch.setattr(check_gradients, "all_checks", lambda seed, dims: wrong)
    with pytest.raises(ClearparseError, match="1 of the gradients"):
        check_gradients.main([])
    assert "5.0e-01   1e-06  WRONG" in capsys.readouterr().out


@pytest.mark.parametrize("dims", ["B", "B=0", "B=x", "Q=3", "B=-1", "V=99999999", "B=²"])
def test_invalid_dims(dims: str) -> None:
    with pytest.raises(ClearparseError, match="--dims"):
        check_gradients.main(["--dims", dims])


def test_an_invalid_seed() -> None:
    with pytest.raises(ClearparseError, match="--seed: -1"):
        check_gradients.main(["--seed", "-1"])


def test_a_network_that_cannot_stay_off_the_kink_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gradient_check, "DRAWS", 3)
    with pytest.raises(ClearparseError, match="kink"):
        check_gradients.main(["--dims", "B=3000,V=3000,H=20,m=1,d=1"])
