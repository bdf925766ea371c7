"""How Sphinx builds the site: `make docs`."""

import os
import re
import tomllib
import zlib
from importlib.metadata import version as installed_version
from pathlib import Path

import matplotlib as mpl
import sphinx_gallery.notebook
from docutils import nodes
from sphinx.search import WordCollector

from sk_neuron._base import BaseNeuron

HERE = Path(__file__).parent
URLS = tomllib.loads((HERE.parent / "pyproject.toml").read_text())[
    "project"
]["urls"]

project = "sk-neuron"
author = "the sk-neuron developers"
version = release = installed_version("sk-neuron")

extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinx-mathjax-offline",
]
exclude_patterns = [
    "_build",
    "tutorial",
    "how_to",
    "displays",
    "**sg_execution_times.rst",
]
default_role = "literal"
autodoc_typehints = "none"  # the docstrings tell types in words
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = "sk-neuron"
html_logo = html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("fold.js", {"defer": "defer"})]
html_context = {"default_mode": "auto"}
html_show_sourcelink = False
html_theme_options = {
    "logo": {"text": "sk-neuron"},
    "header_links_before_dropdown": 6,
    "show_prev_next": False,
    "github_url": URLS["Source"],
    "navbar_end": ["theme-switcher", "navbar-icon-links"],
    "show_toc_level": 2,  # the methods of a class
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_sidebars = {"*": []}
toc_object_entries_show_parents = "hide"

numpydoc_show_class_members = False
templates_path = ["_templates"]
# The pages of Displays show a picture, from the script of that name.
plot_formats = [("png", 150)]
plot_html_show_source_link = plot_html_show_formats = False
autosummary_context = {
    "pictures": [path.stem for path in HERE.glob("displays/*.py")]
}

copybutton_exclude = ".linenos, .gp, .go"

# Pictures of the gallery are sharp on any screen; the animation is played by the page.
mpl.use("agg")
# A progress bar is printed once, at its end, as wide as a page.
os.environ |= {"TTY_COMPATIBLE": "0", "COLUMNS": "72"}
sphinx_gallery_conf = {
    "examples_dirs": ["tutorial", "how_to"],
    "gallery_dirs": ["auto_tutorial", "auto_how_to"],
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("sk_neuron",),
    "backreferences_dir": "generated/examples",
    "reference_url": {"sk_neuron": None},
    "matplotlib_animations": True,
    # What is shown already, or says nothing to a reader.
    "ignore_repr_types": r"FuncAnimation|matplotlib\.|Display",
    "image_srcset": ["2x"],
    "default_thumb_file": str(HERE / "_static" / "logo.svg"),
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "abort_on_example_error": True,
}

# The diagram of an estimator links to its page.
BaseNeuron._doc_link_module = "sk_neuron"
BaseNeuron._doc_link_template = (
    "../generated/{estimator_module}.{estimator_name}.html"
)


def pack_inventories():
    """Return intersphinx's mapping, from the names in inventories/ that the site links to.

    They lie here rather than being fetched so that the site builds offline.
    """
    (HERE / "_build").mkdir(exist_ok=True)
    for listed in sorted(HERE.glob("inventories/*.txt")):
        address, _, names = listed.read_text().partition("\n")
        packed = HERE / "_build" / f"{listed.stem}.inv"
        header = f"# Sphinx inventory version 2\n# Project: {listed.stem}\n# Version: \n"
        packed.write_bytes(
            f"{header}# The remainder of this file is compressed using zlib.\n".encode()
            + zlib.compress(names.encode())
        )
        yield listed.stem, (address, str(packed))


intersphinx_mapping = dict(pack_inventories())


SITE = URLS["Documentation"].rstrip("/")
write_markdown = sphinx_gallery.notebook.rst2md


def write_notebook_text(text, *options):
    """Return the text of a notebook, without what only the site understands."""

    def link(match):
        title, page = match.groups()
        if page.startswith("/"):
            return f"`{title} <{SITE}{page}.html>`_"
        (script,) = (
            path
            for folder in ("tutorial", "how_to")
            for path in HERE.glob(f"{folder}/{page}.py")
        )
        return (
            f"`{title} <{SITE}/auto_{script.parent.name}/{page}.html>`_"
        )

    text = re.sub(r":doc:`([^`<]+?)\s*<([^`>]+)>`", link, text)
    text = re.sub(
        r":(?!math)\w+:`~?(?:[\w.]+\.)?(\w+)`", r"``\1``", text
    )
    return write_markdown(text, *options)


sphinx_gallery.notebook.rst2md = write_notebook_text


def skip_raw(collector, node, visit=WordCollector.dispatch_visit):
    """Keep the settings in diagrams of estimators out of the search."""
    if isinstance(node, nodes.raw):
        raise nodes.SkipNode
    visit(collector, node)


WordCollector.dispatch_visit = skip_raw


def drop_remote_icons(app, docname, source):
    """Leave out the link to icons elsewhere that Matplotlib writes: the theme has them."""
    source[0] = re.sub(
        r'<link rel="stylesheet"\s+href="[^"]*font-awesome[^"]*">',
        "",
        source[0],
    )


def end_code(app, docname, source):
    """Leave out the empty line with which code ends in Markdown, for doctest."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def setup(app):
    app.connect("source-read", drop_remote_icons)
    app.connect("source-read", end_code)
