"""Configuration of the documentation: `sphinx-build -W docs docs/_build/html`."""

from importlib.metadata import version as installed_version

from sphinx.application import Sphinx
from sphinx.util import logging

project = "gluonx"
copyright = "The gluonx developers"
version = release = installed_version("gluonx")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"gluonx {version}"

# The code on the pages is run on every build, and an error in it fails the build.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_execution_timeout = 120
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "undoc-members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_custom_sections = [("Inputs", "params_style"), ("Outputs", "params_style")]
# Attributes are listed with their class, and are no targets: properties would be there twice.
napoleon_use_ivar = True
napoleon_use_rtype = False


def require_docstring(app, what, name, obj, options, lines):
    """Warn, and so fail the build, when something public has no docstring."""
    if what in ("class", "exception", "function", "method", "property") and not lines:
        logging.getLogger(__name__).warning("%s has no docstring", name)


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-docstring", require_docstring)
