"""Show what run.py measured, or compare two of its tables.

    python benchmarks/report.py RESULTS.csv                   # tables in Markdown
    python benchmarks/report.py RESULTS.csv --figure FOLDER   # and pictures
    python benchmarks/report.py RESULTS.csv --page            # what docs/speed.md shows
    python benchmarks/report.py RESULTS.csv --write docs/speed.md   # written into it
    python benchmarks/report.py --base A.csv --head B.csv     # did ours get slower?

The comparison ends with 1 where something of ours got slower by more than --relative times
and by more than --absolute seconds as well. It goes by the best rounds, which other work
on the machine disturbs least.
"""

import argparse
import csv
import sys
from pathlib import Path

import pages
from speed_page import OURS, SUITES, draw, list_parts, show_seconds

FACTS = ["date", "processor", "cores", "kernel", "python", "sk-neuron"]
FACTS += ["numpy", "scipy", "scikit-learn", "torch", "jax", "numba"]


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def group(rows, *names):
    groups = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def show_cell(row, ours):
    """Return the median and the spread, and how many times ours that is."""
    if not row["median"]:
        return "not reached"
    median, spread = float(row["median"]), float(row["spread"])
    if not row["measure"].startswith("seconds"):
        return f"{median:.4g}"
    text = f"{show_seconds(median)} ± {show_seconds(spread / 2)}"
    if ours and ours["median"] and row is not ours:
        text += f" ({median / float(ours['median']):.2f}×)"
    return text


def print_tables(rows):
    """Print a table of each suite and measure: a row for each problem."""
    print(", ".join(f"{name} {rows[0][name] or 'none'}" for name in FACTS))
    print("\nMedian ± half the distance between the quartiles (times that of sk-neuron).")
    for (suite, kind), some in group(label(rows), "suite", "kind").items():
        contenders = list(dict.fromkeys(row["contender"] for row in some))
        print(f"\n### {suite}: {kind}\n")
        print("| problem | dtype |", " | ".join(contenders), "|")
        print("|---|---|" + "---:|" * len(contenders))
        for (problem, dtype), line in group(some, "problem", "dtype").items():
            cells = {row["contender"]: row for row in line}
            ours = cells.get(OURS)
            shown = [show_cell(cells[c], ours) if c in cells else "" for c in contenders]
            print(f"| {problem} | {dtype} |", " | ".join(shown), "|")


def label(rows):
    """Return the rows with the measure but for what it says of one problem."""
    return [row | {"kind": row["measure"].partition(" (")[0]} for row in rows]


def compare(base, head, relative, absolute):
    """Print ours in both tables and return the number of slowdowns, or None."""
    before, after = find_ours(base), find_ours(head)
    common = [key for key in before if key in after]
    if not common:
        return None
    print("| suite | problem | contender | dtype | measure | base | head | ratio | |")
    print("|---|---|---|---|---|---:|---:|---:|---|")
    slowdowns = 0
    for key in common:
        old, new = before[key], after[key]
        slower = new > relative * old and new - old > absolute
        slowdowns += slower
        shown = *key, show_seconds(old), show_seconds(new), f"{new / old:.2f}"
        print("|", " | ".join(shown), "|", "slower" if slower else "", "|")
    print(
        f"\n{slowdowns} of {len(common)} slower, by {relative:g} times and {absolute:g} s."
    )
    return slowdowns


def find_ours(rows):
    """Return the seconds of ours by what they are of."""
    keys = ("suite", "problem", "contender", "dtype", "measure")
    return {
        tuple(row[key] for key in keys): float(row["best"])
        for row in rows
        if row["contender"].startswith(OURS)
        and row["measure"].startswith("seconds")
        and row["best"]
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="?", type=Path)
    parser.add_argument("--figure", type=Path, metavar="FOLDER")
    parser.add_argument("--page", action="store_true", help="print what the page shows")
    parser.add_argument("--write", nargs="+", type=Path, default=[], metavar="PAGE")
    parser.add_argument("--base", type=Path)
    parser.add_argument("--head", type=Path)
    parser.add_argument("--relative", type=float, default=1.25)
    parser.add_argument("--absolute", type=float, default=1e-5)
    options = parser.parse_args(arguments)
    if options.base and options.head and not options.results:
        slowdowns = compare(
            read(options.base), read(options.head), options.relative, options.absolute
        )
        if slowdowns is None:
            parser.error(f"no times of ours are in both {options.base} and {options.head}")
        return int(slowdowns > 0)
    if not options.results or options.base or options.head:
        parser.error("name one table of results, or --base and --head")
    rows = read(options.results)
    if not rows:
        parser.error(f"{options.results} has no rows")
    if options.write or options.page:
        if missing := SUITES - {row["suite"] for row in rows}:
            parser.error(f"{options.results} lacks the suites {', '.join(sorted(missing))}")
        parts = list_parts(rows)
        pages.write(options.write, "report.py", parts)
        print("\n\n".join(parts.values()))
    else:
        print_tables(rows)
    if options.figure:
        draw(rows, options.figure, options.results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
