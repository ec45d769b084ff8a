"""torchvision's v2 operations, each alone, on uint8 tensors, by the name of augtool's.

Ranges are those of augtool's starter config, or the nearest that torchvision has. The image is a
tensor of shape (3, H, W) already: what it takes to make one is not measured.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from serving import Work, serve
from torchvision.transforms import InterpolationMode, v2

_LINEAR = InterpolationMode.BILINEAR


def _affine(**moved: Any) -> v2.RandomAffine:
    return v2.RandomAffine(**{"degrees": 0, "interpolation": _LINEAR, **moved})


def _gamma(image: torch.Tensor) -> torch.Tensor:
    return v2.functional.adjust_gamma(image, 0.7 + 0.6 * torch.rand(()).item())


def operations(size: tuple[int, int]) -> dict[str, Any]:
    """Return the operations for images of a size."""
    return {
        "rotation_range": v2.RandomRotation(20, _LINEAR),
        "width_shift_range": _affine(translate=(0.1, 0)),
        "height_shift_range": _affine(translate=(0, 0.1)),
        "shear_range": _affine(shear=(-10, 10)),
        "vertical_shear_range": _affine(shear=(0, 0, -10, 10)),
        "scale_range": _affine(scale=(0.8, 1.2)),
        "horizontal_flip": v2.RandomHorizontalFlip(1),
        "vertical_flip": v2.RandomVerticalFlip(1),
        "perspective_range": v2.RandomPerspective(0.3, 1, _LINEAR),
        "crop_range": v2.RandomResizedCrop(size, (0.08, 1), antialias=True),
        "channel_shuffle": v2.RandomChannelPermutation(),
        "saturation_range": v2.ColorJitter(saturation=0.3),
        "grayscale": v2.Grayscale(3),
        "hue_range": v2.ColorJitter(hue=0.05),
        "contrast_range": v2.ColorJitter(contrast=0.3),
        "brightness_range": v2.ColorJitter(brightness=0.2),
        "gamma_range": _gamma,
        "autocontrast": v2.RandomAutocontrast(1),
        "equalize": v2.RandomEqualize(1),
        "invert": v2.RandomInvert(1),
        "solarize_threshold": v2.RandomSolarize(128, 1),
        "posterize_bits": v2.RandomPosterize(4, 1),
        "gaussian_blur_range": v2.GaussianBlur(7, (0.01, 2)),
        "sharpness_range": v2.RandomAdjustSharpness(1.5, 1),
        "gaussian_noise_range": v2.GaussianNoise(0, 5 / 255),
        "jpeg_range": v2.JPEG((30, 90)),
        "elastic": v2.ElasticTransform(),
        "erasing_range": v2.RandomErasing(1),
    }


def prepare(operation: str, image: npt.NDArray[np.uint8]) -> Work | None:
    """Return what makes copies with one operation."""
    height, width = image.shape[:2]
    transform = operations((height, width)).get(operation)
    if transform is None:
        return None
    tensor = torch.from_numpy(np.ascontiguousarray(image[..., ::-1].transpose(2, 0, 1)))

    def work(copies: int) -> None:
        with torch.inference_mode():
            for _ in range(copies):
                transform(tensor)

    return work


if __name__ == "__main__":
    torch.set_num_threads(1)
    serve(prepare)
