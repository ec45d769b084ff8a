"""Albumentations' operations, each alone in a `Compose`, by the name of augtool's.

Ranges are those of augtool's starter config, or the nearest that Albumentations has.
"""

from __future__ import annotations

import os
from typing import Any

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"

import albumentations as A
import cv2
import numpy as np
import numpy.typing as npt
from serving import Work, serve

_EDGE = {"border_mode": cv2.BORDER_REPLICATE}
_STILL: dict[str, Any] = {
    "brightness": (1, 1),
    "contrast": (1, 1),
    "saturation": (1, 1),
    "hue": (0, 0),
}


def _jitter(**moved: tuple[float, float]) -> A.ColorJitter:
    return A.ColorJitter(**{**_STILL, **moved}, p=1)


def operations(size: tuple[int, int]) -> dict[str, Any]:
    """Return the operations for images of a size."""
    return {
        "rotation_range": A.Rotate((-20, 20), p=1, **_EDGE),
        "width_shift_range": A.Affine(
            translate_percent={"x": (-0.1, 0.1), "y": (0, 0)}, p=1, **_EDGE
        ),
        "height_shift_range": A.Affine(
            translate_percent={"x": (0, 0), "y": (-0.1, 0.1)}, p=1, **_EDGE
        ),
        "shear_range": A.Affine(shear={"x": (-10, 10), "y": (0, 0)}, p=1, **_EDGE),
        "vertical_shear_range": A.Affine(shear={"x": (0, 0), "y": (-10, 10)}, p=1, **_EDGE),
        "zoom_range": A.Affine(scale=(0.9, 1.1), keep_ratio=False, p=1, **_EDGE),
        "scale_range": A.Affine(scale=(0.8, 1.2), keep_ratio=True, p=1, **_EDGE),
        "horizontal_flip": A.HorizontalFlip(p=1),
        "vertical_flip": A.VerticalFlip(p=1),
        "rotate_90": A.RandomRotate90(p=1),
        "perspective_range": A.Perspective((0.05, 0.1), p=1, **_EDGE),
        "crop_range": A.RandomResizedCrop(size, scale=(0.08, 1), p=1),
        "channel_shuffle": A.ChannelShuffle(p=1),
        "saturation_range": _jitter(saturation=(0.7, 1.3)),
        "grayscale": A.ToGray(p=1),
        "hue_range": _jitter(hue=(-0.05, 0.05)),
        "contrast_range": _jitter(contrast=(0.7, 1.3)),
        "channel_shift_range": A.RGBShift(p=1),
        "brightness_range": _jitter(brightness=(0.8, 1.2)),
        "gamma_range": A.RandomGamma((70, 130), p=1),
        "autocontrast": A.AutoContrast(p=1),
        "equalize": A.Equalize(p=1),
        "invert": A.InvertImg(p=1),
        "solarize_threshold": A.Solarize((0.5, 0.5), p=1),
        "posterize_bits": A.Posterize(4, p=1),
        "gaussian_blur_range": A.GaussianBlur(0, (0.01, 2), p=1),
        "motion_blur_range": A.MotionBlur((3, 7), p=1),
        "median": A.MedianBlur((3, 3), p=1),
        "sharpness_range": A.Sharpen(p=1),
        "downscale_range": A.Downscale(
            (0.3, 0.9),
            {"downscale": cv2.INTER_AREA, "upscale": cv2.INTER_NEAREST},
            p=1,
        ),
        "gaussian_noise_range": A.GaussNoise((0, 10 / 255), (0, 0), p=1),
        "salt_pepper_range": A.SaltAndPepper((0.001, 0.05), (0.5, 0.5), p=1),
        "jpeg_range": A.ImageCompression("jpeg", (30, 90), p=1),
        "clahe": A.CLAHE(p=1),
        "elastic": A.ElasticTransform(p=1, **_EDGE),
        "grid_dropout_range": A.GridDropout(p=1),
        "erasing_range": A.Erasing((0.02, 0.33), (0.3, 3.3), p=1),
    }


def prepare(operation: str, image: npt.NDArray[np.uint8]) -> Work | None:
    """Return what makes copies with one operation."""
    height, width = image.shape[:2]
    found = operations((height, width)).get(operation)
    if found is None:
        return None
    transform = A.Compose([found], seed=0)

    def work(copies: int) -> None:
        for _ in range(copies):
            transform(image=image)

    return work


if __name__ == "__main__":
    cv2.setNumThreads(1)
    serve(prepare)
