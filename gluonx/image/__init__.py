"""Images on the host: reading, resizing, cropping, augmenting, and batches of them: ``mx.image``.

Decoding needs Pillow, or OpenCV; what follows needs neither.
"""

from ._augmenters import Augmenter as Augmenter
from ._augmenters import CastAug as CastAug
from ._augmenters import CenterCropAug as CenterCropAug
from ._augmenters import ForceResizeAug as ForceResizeAug
from ._augmenters import HorizontalFlipAug as HorizontalFlipAug
from ._augmenters import RandomCropAug as RandomCropAug
from ._augmenters import RandomOrderAug as RandomOrderAug
from ._augmenters import RandomSizedCropAug as RandomSizedCropAug
from ._augmenters import ResizeAug as ResizeAug
from ._augmenters import SequentialAug as SequentialAug
from ._color_augmenters import BrightnessJitterAug as BrightnessJitterAug
from ._color_augmenters import ColorJitterAug as ColorJitterAug
from ._color_augmenters import ColorNormalizeAug as ColorNormalizeAug
from ._color_augmenters import ContrastJitterAug as ContrastJitterAug
from ._color_augmenters import CreateAugmenter as CreateAugmenter
from ._color_augmenters import HueJitterAug as HueJitterAug
from ._color_augmenters import LightingAug as LightingAug
from ._color_augmenters import RandomGrayAug as RandomGrayAug
from ._color_augmenters import SaturationJitterAug as SaturationJitterAug
from ._decode import imdecode as imdecode
from ._decode import imread as imread
from ._det_iter import ImageDetIter as ImageDetIter
from ._detection import CreateDetAugmenter as CreateDetAugmenter
from ._detection import CreateMultiRandCropAugmenter as CreateMultiRandCropAugmenter
from ._detection import DetAugmenter as DetAugmenter
from ._detection import DetBorrowAug as DetBorrowAug
from ._detection import DetHorizontalFlipAug as DetHorizontalFlipAug
from ._detection import DetRandomCropAug as DetRandomCropAug
from ._detection import DetRandomPadAug as DetRandomPadAug
from ._detection import DetRandomSelectAug as DetRandomSelectAug
from ._functions import center_crop as center_crop
from ._functions import color_normalize as color_normalize
from ._functions import copyMakeBorder as copyMakeBorder
from ._functions import fixed_crop as fixed_crop
from ._functions import imresize as imresize
from ._functions import random_crop as random_crop
from ._functions import random_size_crop as random_size_crop
from ._functions import resize_short as resize_short
from ._functions import scale_down as scale_down
from ._iter import ImageIter as ImageIter
from ._rotate import imrotate as imrotate
from ._rotate import random_rotate as random_rotate

__all__ = [
    "Augmenter", "BrightnessJitterAug", "CastAug", "CenterCropAug", "ColorJitterAug",
    "ColorNormalizeAug", "ContrastJitterAug", "CreateAugmenter", "CreateDetAugmenter",
    "CreateMultiRandCropAugmenter", "DetAugmenter", "DetBorrowAug", "DetHorizontalFlipAug",
    "DetRandomCropAug", "DetRandomPadAug", "DetRandomSelectAug", "ForceResizeAug",
    "HorizontalFlipAug", "HueJitterAug", "ImageDetIter", "ImageIter", "LightingAug",
    "RandomCropAug", "RandomGrayAug", "RandomOrderAug", "RandomSizedCropAug", "ResizeAug",
    "SaturationJitterAug", "SequentialAug", "center_crop", "color_normalize", "copyMakeBorder",
    "fixed_crop", "imdecode", "imread", "imresize", "imrotate", "random_crop", "random_rotate",
    "random_size_crop", "resize_short", "scale_down",
]  # fmt: skip
