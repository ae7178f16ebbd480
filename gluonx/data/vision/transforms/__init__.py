"""Transforms of images, as blocks: for ``dataset.transform_first(transforms.ToTensor())``.

Each takes an NDArray, as in MXNet, or a NumPy array, of which it makes a NumPy array without JAX.
Datasets of images and the DataLoader use the second way wherever they can.
"""

from ._basic import Cast as Cast
from ._basic import Compose as Compose
from ._basic import HybridCompose as HybridCompose
from ._basic import HybridRandomApply as HybridRandomApply
from ._basic import Normalize as Normalize
from ._basic import RandomApply as RandomApply
from ._basic import ToTensor as ToTensor
from ._colour import RandomBrightness as RandomBrightness
from ._colour import RandomColorJitter as RandomColorJitter
from ._colour import RandomContrast as RandomContrast
from ._colour import RandomGray as RandomGray
from ._colour import RandomHue as RandomHue
from ._colour import RandomLighting as RandomLighting
from ._colour import RandomSaturation as RandomSaturation
from ._geometry import CenterCrop as CenterCrop
from ._geometry import CropResize as CropResize
from ._geometry import RandomCrop as RandomCrop
from ._geometry import RandomFlipLeftRight as RandomFlipLeftRight
from ._geometry import RandomFlipTopBottom as RandomFlipTopBottom
from ._geometry import RandomResizedCrop as RandomResizedCrop
from ._geometry import RandomRotation as RandomRotation
from ._geometry import Resize as Resize
from ._geometry import Rotate as Rotate

__all__ = [
    "Cast",
    "CenterCrop",
    "Compose",
    "CropResize",
    "HybridCompose",
    "HybridRandomApply",
    "Normalize",
    "RandomApply",
    "RandomBrightness",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomFlipLeftRight",
    "RandomFlipTopBottom",
    "RandomGray",
    "RandomHue",
    "RandomLighting",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSaturation",
    "Resize",
    "Rotate",
    "ToTensor",
]
