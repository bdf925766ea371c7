"""Write what scripts print into README and the pages, so that nobody copies figures.

A script owns what stands between its marks, which are comments of Markdown:

    <!-- report.py: steps -->
    | X | ours |
    ...
    <!-- end -->

Its `list_parts(rows)` returns the text for each name. tests/test_pages.py compares.
"""

import hashlib
import io
import re
from contextlib import redirect_stdout

BEGIN, END = "<!-- {}: {} -->", "<!-- end -->"


def capture(show, *arguments):
    """Return what a function prints, without the empty lines around it."""
    with redirect_stdout(io.StringIO()) as out:
        show(*arguments)
    return out.getvalue().strip()


def fill(page, script, parts):
    """Return the text of a page with the parts of a script between its marks."""
    begin = re.escape(BEGIN.format(script, "NAME")).replace("NAME", r"(\w+)")
    marked = re.compile(rf"^({begin}\n).*?^({END})$", re.MULTILINE | re.DOTALL)
    page, n = marked.subn(lambda found: f"{found[1]}{parts[found[2]]}\n{found[3]}", page)
    if not n:
        raise ValueError(f"the page has no mark of {script}")
    return page


def write(paths, script, parts):
    """Write the parts of a script into pages."""
    for path in paths:
        page = path.read_text(encoding="utf-8")
        path.write_text(fill(page, script, parts), encoding="utf-8")


def save(figure, path, results):
    """Save a picture that names the table it was drawn from, by its hash."""
    figure.savefig(path, dpi=150, metadata={"Description": hash_file(results)})


def hash_file(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
