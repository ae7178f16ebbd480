"""What tests of programs with gluonx need: random arrays, comparisons, checks of gradients.

The names are those of MXNet's ``mx.test_utils``.
"""

from ._checks import check_consistency as check_consistency
from ._checks import check_gluon_hybridize_consistency as check_gluon_hybridize_consistency
from ._checks import check_numeric_gradient as check_numeric_gradient
from ._checks import check_speed as check_speed
from ._checks import check_symbolic_backward as check_symbolic_backward
from ._checks import check_symbolic_forward as check_symbolic_forward
from ._checks import numeric_grad as numeric_grad
from ._checks import simple_forward as simple_forward
from ._compare import almost_equal as almost_equal
from ._compare import assert_allclose as assert_allclose
from ._compare import assert_almost_equal as assert_almost_equal
from ._compare import assert_almost_equal_ignore_nan as assert_almost_equal_ignore_nan
from ._compare import assert_almost_equal_with_err as assert_almost_equal_with_err
from ._compare import assert_exception as assert_exception
from ._compare import checkShapes as checkShapes
from ._compare import compare_ndarray_tuple as compare_ndarray_tuple
from ._compare import default_atols as default_atols
from ._compare import default_numeric_eps as default_numeric_eps
from ._compare import default_rtols as default_rtols
from ._compare import effective_dtype as effective_dtype
from ._compare import get_atol as get_atol
from ._compare import get_rtol as get_rtol
from ._compare import get_tolerance as get_tolerance
from ._compare import get_tols as get_tols
from ._compare import same as same
from ._compare import same_array as same_array
from ._compare import same_symbol_structure as same_symbol_structure
from ._datasets import download as download
from ._datasets import get_bz2_data as get_bz2_data
from ._datasets import get_cifar10 as get_cifar10
from ._datasets import get_im2rec_path as get_im2rec_path
from ._datasets import get_mnist as get_mnist
from ._datasets import get_mnist_iterator as get_mnist_iterator
from ._datasets import get_mnist_pkl as get_mnist_pkl
from ._datasets import get_mnist_ubyte as get_mnist_ubyte
from ._datasets import get_zip_data as get_zip_data
from ._generators import DummyIter as DummyIter
from ._generators import chi_square_check as chi_square_check
from ._generators import compare_optimizer as compare_optimizer
from ._generators import gen_buckets_probs_with_ppf as gen_buckets_probs_with_ppf
from ._generators import mean_check as mean_check
from ._generators import var_check as var_check
from ._generators import verify_generator as verify_generator
from ._random import assign_each as assign_each
from ._random import assign_each2 as assign_each2
from ._random import collapse_sum_like as collapse_sum_like
from ._random import create_2d_tensor as create_2d_tensor
from ._random import create_sparse_array as create_sparse_array
from ._random import create_sparse_array_zd as create_sparse_array_zd
from ._random import create_vector as create_vector
from ._random import np_reduce as np_reduce
from ._random import rand_coord_2d as rand_coord_2d
from ._random import rand_ndarray as rand_ndarray
from ._random import rand_shape_2d as rand_shape_2d
from ._random import rand_shape_3d as rand_shape_3d
from ._random import rand_shape_nd as rand_shape_nd
from ._random import rand_sparse_ndarray as rand_sparse_ndarray
from ._random import random_arrays as random_arrays
from ._random import random_sample as random_sample
from ._random import random_uniform_arrays as random_uniform_arrays
from ._random import shuffle_csr_column_indices as shuffle_csr_column_indices
from ._surroundings import default_context as default_context
from ._surroundings import default_dtype as default_dtype
from ._surroundings import discard_stderr as discard_stderr
from ._surroundings import environment as environment
from ._surroundings import list_gpus as list_gpus
from ._surroundings import retry as retry
from ._surroundings import set_default_context as set_default_context

__all__ = [k for k in globals() if k[0] != "_"]  # pyright: ignore[reportUnsupportedDunderAll]
