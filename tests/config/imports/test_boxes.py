"""What boxes are filled with."""

from __future__ import annotations

import pytest

from tests.config.imports.importing import run, said, transforms

TORCH = "from torchvision import transforms as T\nt = T.Compose([{}])"
ALBU = "import albumentations as A\nt = A.Compose([{}])"


@pytest.mark.parametrize(
    ("operations", "cval"),
    [
        ("T.ToTensor(), T.RandomErasing()", None),
        ("T.ToTensor(), T.RandomErasing(value=0.5)", 127.5),
        ("T.PILToTensor(), T.RandomErasing(value=255)", 255),
        ("T.ToTensor(), T.Normalize([0.4], [0.2]), T.RandomErasing()", 102),
        ("T.ToTensor(), T.Normalize([0.4], [0.2]), T.RandomErasing(value=1)", 153),
        ("T.ToTensor(), T.Normalize([.5, .4, .3], [.2] * 3), T.RandomErasing()", None),
    ],
)
def test_the_fill_of_torchvision_is_in_levels_after_what_was_done_to_them(
    operations: str, cval: float | None
) -> None:
    assert transforms(TORCH.format(operations)).get("cval") == cval


def test_zero_is_the_mean_after_a_normalisation() -> None:
    colour = "T.ToTensor(), T.Normalize([.6, .4, .2], [.2, .2, .2]), T.RandomErasing()"
    assert transforms(TORCH.format(colour))["cval"] == [153, 102, 51]
    hole = "A.CoarseDropout(p=1)"
    for held in (hole, f"A.OneOf([{hole}])", f"A.Sequential([A.OneOf([{hole}, A.Blur()])])"):
        found = transforms(ALBU.format(f"A.Normalize(), {held}"))
        assert found["cval"] == [123.67, 116.28, 103.53]


def test_a_fill_that_is_not_the_borders_is_said() -> None:
    code = TORCH.format("T.RandomRotation(5, fill=255), T.ToTensor(), T.RandomErasing()")
    assert transforms(code)["cval"] == 255
    assert "filled with 255; originally with 0" in said(code)


@pytest.mark.parametrize(
    ("operations", "note"),
    [
        ("T.ToTensor(), T.RandomErasing(value='random')", "originally with noise"),
        ("T.Normalize(MEAN, STD), T.RandomErasing()", "a normalisation that is not in the code"),
    ],
)
def test_a_fill_that_is_no_level_is_said(operations: str, note: str) -> None:
    assert note in said(TORCH.format(operations))
    assert "cval" not in transforms(TORCH.format(operations))


def test_the_fill_of_albumentations_is_in_levels() -> None:
    code = ALBU.format("A.CoarseDropout(num_holes_range=(1, 1), fill=[1, 2, 3], p=1)")
    assert transforms(code)["cval"] == [1, 2, 3]
    assert run(code).missing == ()
