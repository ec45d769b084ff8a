"""The transforms, one file each; a new one is a file and a line in a registry below.

The order is the order of application, Keras' own: the matrices multiply from left to right
(docs/design.md: ``R · T · S · Z``, then the mirrors), with the window before them and the tilt
after them; the others follow one another, stage by stage (:mod:`augtool.core.stages`).
"""

from __future__ import annotations

from augtool.core.transforms.autocontrast import Autocontrast
from augtool.core.transforms.brightness import Brightness
from augtool.core.transforms.channel_shift import ChannelShift
from augtool.core.transforms.channel_shuffle import ChannelShuffle
from augtool.core.transforms.clahe import Clahe
from augtool.core.transforms.contrast import Contrast
from augtool.core.transforms.crop import Crop
from augtool.core.transforms.downscale import Downscale
from augtool.core.transforms.elastic import Elastic
from augtool.core.transforms.equalize import Equalize
from augtool.core.transforms.erasing import Erasing
from augtool.core.transforms.family import (
    GeometricTransform,
    MatrixTransform,
    PhotometricTransform,
    TiltTransform,
    Transform,
    WindowTransform,
)
from augtool.core.transforms.flip import HorizontalFlip, VerticalFlip
from augtool.core.transforms.gamma import Gamma
from augtool.core.transforms.gaussian_blur import GaussianBlur
from augtool.core.transforms.gaussian_noise import GaussianNoise
from augtool.core.transforms.grayscale import Grayscale
from augtool.core.transforms.grid_dropout import GridDropout
from augtool.core.transforms.hue import Hue
from augtool.core.transforms.invert import Invert
from augtool.core.transforms.jpeg import Jpeg
from augtool.core.transforms.median import Median
from augtool.core.transforms.motion_blur import MotionBlur
from augtool.core.transforms.perspective import Perspective
from augtool.core.transforms.posterize import Posterize
from augtool.core.transforms.rotate_90 import Rotate90
from augtool.core.transforms.rotation import Rotation
from augtool.core.transforms.salt_pepper import SaltPepper
from augtool.core.transforms.saturation import Saturation
from augtool.core.transforms.scale import Scale
from augtool.core.transforms.sharpness import Sharpness
from augtool.core.transforms.shear import Shear, VerticalShear
from augtool.core.transforms.shift import HeightShift, WidthShift
from augtool.core.transforms.solarize import Solarize
from augtool.core.transforms.white_balance import WhiteBalance
from augtool.core.transforms.zoom import Zoom

__all__ = [
    "ALWAYS_LISTED",
    "GEOMETRIC",
    "PHOTOMETRIC",
    "TRANSFORMS",
    "GeometricTransform",
    "MatrixTransform",
    "PhotometricTransform",
    "TiltTransform",
    "Transform",
    "WindowTransform",
]

GEOMETRIC: tuple[type[GeometricTransform], ...] = (
    Crop,
    Rotation,
    WidthShift,
    HeightShift,
    Shear,
    VerticalShear,
    Zoom,
    Scale,
    HorizontalFlip,
    VerticalFlip,
    Rotate90,
    Perspective,
)
#: Those whose columns every manifest has, whether they are on or not: ImageDataGenerator's.
ALWAYS_LISTED: tuple[type[GeometricTransform], ...] = (
    Rotation,
    WidthShift,
    HeightShift,
    Shear,
    Zoom,
    HorizontalFlip,
    VerticalFlip,
)
PHOTOMETRIC: tuple[type[PhotometricTransform], ...] = (
    Elastic,
    WhiteBalance,
    ChannelShuffle,
    Saturation,
    Grayscale,
    Hue,
    Contrast,
    ChannelShift,
    Brightness,
    Gamma,
    Autocontrast,
    Equalize,
    Invert,
    Solarize,
    Posterize,
    Clahe,
    GaussianBlur,
    MotionBlur,
    Median,
    Sharpness,
    Downscale,
    GaussianNoise,
    SaltPepper,
    Jpeg,
    Erasing,
    GridDropout,
)
TRANSFORMS: tuple[type[Transform], ...] = (*GEOMETRIC, *PHOTOMETRIC)
