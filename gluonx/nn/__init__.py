"""Layers, as blocks."""

from ..block import Block as Block
from ..block import HybridBlock as HybridBlock
from ..symbol_block import SymbolBlock as SymbolBlock
from .activations import ELU as ELU
from .activations import GELU as GELU
from .activations import SELU as SELU
from .activations import Activation as Activation
from .activations import LeakyReLU as LeakyReLU
from .activations import PReLU as PReLU
from .activations import SiLU as SiLU
from .activations import Swish as Swish
from .attention import MultiHeadAttention as MultiHeadAttention
from .attention import RotaryEmbedding as RotaryEmbedding
from .basic_layers import Dense as Dense
from .basic_layers import Dropout as Dropout
from .basic_layers import Embedding as Embedding
from .containers import Concatenate as Concatenate
from .containers import HybridConcatenate as HybridConcatenate
from .containers import HybridSequential as HybridSequential
from .containers import Sequential as Sequential
from .conv_layers import Conv1D as Conv1D
from .conv_layers import Conv2D as Conv2D
from .conv_layers import Conv3D as Conv3D
from .conv_transpose import Conv1DTranspose as Conv1DTranspose
from .conv_transpose import Conv2DTranspose as Conv2DTranspose
from .conv_transpose import Conv3DTranspose as Conv3DTranspose
from .deformable import DeformableConvolution as DeformableConvolution
from .deformable import ModulatedDeformableConvolution as ModulatedDeformableConvolution
from .functions import Flatten as Flatten
from .functions import HybridLambda as HybridLambda
from .functions import Identity as Identity
from .functions import Lambda as Lambda
from .global_pooling import GlobalAvgPool1D as GlobalAvgPool1D
from .global_pooling import GlobalAvgPool2D as GlobalAvgPool2D
from .global_pooling import GlobalAvgPool3D as GlobalAvgPool3D
from .global_pooling import GlobalMaxPool1D as GlobalMaxPool1D
from .global_pooling import GlobalMaxPool2D as GlobalMaxPool2D
from .global_pooling import GlobalMaxPool3D as GlobalMaxPool3D
from .group_norm import GroupNorm as GroupNorm
from .group_norm import RMSNorm as RMSNorm
from .normalization import BatchNorm as BatchNorm
from .normalization import BatchNormReLU as BatchNormReLU
from .normalization import InstanceNorm as InstanceNorm
from .normalization import LayerNorm as LayerNorm
from .padding import ReflectionPad2D as ReflectionPad2D
from .pixel_shuffle import PixelShuffle1D as PixelShuffle1D
from .pixel_shuffle import PixelShuffle2D as PixelShuffle2D
from .pixel_shuffle import PixelShuffle3D as PixelShuffle3D
from .pooling import AvgPool1D as AvgPool1D
from .pooling import AvgPool2D as AvgPool2D
from .pooling import AvgPool3D as AvgPool3D
from .pooling import MaxPool1D as MaxPool1D
from .pooling import MaxPool2D as MaxPool2D
from .pooling import MaxPool3D as MaxPool3D
from .sync_norm import SyncBatchNorm as SyncBatchNorm
from .transformer import TransformerDecoderLayer as TransformerDecoderLayer
from .transformer import TransformerEncoderLayer as TransformerEncoderLayer

__all__ = [
    "SymbolBlock",
    "Activation",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "BatchNorm",
    "BatchNormReLU",
    "Block",
    "Concatenate",
    "Conv1D",
    "Conv1DTranspose",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "DeformableConvolution",
    "Conv3DTranspose",
    "Dense",
    "Dropout",
    "ELU",
    "Embedding",
    "Flatten",
    "GELU",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GroupNorm",
    "HybridBlock",
    "HybridConcatenate",
    "HybridLambda",
    "HybridSequential",
    "Identity",
    "InstanceNorm",
    "Lambda",
    "LayerNorm",
    "LeakyReLU",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "ModulatedDeformableConvolution",
    "PReLU",
    "PixelShuffle1D",
    "PixelShuffle2D",
    "PixelShuffle3D",
    "ReflectionPad2D",
    "MultiHeadAttention",
    "PReLU",
    "RMSNorm",
    "RotaryEmbedding",
    "SELU",
    "Sequential",
    "SiLU",
    "Swish",
    "SyncBatchNorm",
    "TransformerDecoderLayer",
    "TransformerEncoderLayer",
]
