"""What the experiments share: calling the program, comparing with what was found, and the look of figures."""

import json
import math
import os
import pathlib
import subprocess
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend comes first)

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Distinct for colour-blind readers and in black and white (Okabe and Ito).
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#666666"
# Decimals are the same on every machine, but for the last digits of divisions printed by another library.
RELATIVE_TOLERANCE = 1e-9

plt.rcParams.update(
    {
        "font.size": 11,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "figure.figsize": (9, 4.8),
        "figure.dpi": 120,
        "svg.hashsalt": "ninefold",
    }
)


def ninefold(*arguments):
    """Runs the program and returns its JSON; missed objectives (status 1) are results too."""
    program = os.environ.get("NINEFOLD")
    command = [program] if program else ["cargo", "run", "--quiet", "--release", "--"]
    words = command + [str(argument) for argument in arguments] + ["--format", "json"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(words)}\n{done.stderr}")
    return json.loads(done.stdout)


def check(folder, found):
    """Compares what was found with expected.json, or writes it there."""
    path = pathlib.Path(folder) / "expected.json"
    if os.environ.get("UPDATE_EXPECTED"):
        path.write_text(json.dumps(found, indent=1) + "\n")
        return
    expected = json.loads(path.read_text())
    wrong = list(differences("", expected, found))
    if wrong:
        sys.exit("not what expected.json says:\n" + "\n".join(wrong))
    print(f"as {path.relative_to(ROOT)} says")


def differences(place, expected, found):
    """Every place where two results differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted(expected.keys() | found.keys()):
            yield from differences(f"{place}/{key}", expected.get(key), found.get(key))
    elif isinstance(expected, float) and isinstance(found, (int, float)):
        if not math.isclose(expected, found, rel_tol=RELATIVE_TOLERANCE):
            yield f"{place}: {expected} expected, {found} found"
    elif expected != found:
        yield f"{place}: {expected} expected, {found} found"


def save(figure, folder, name):
    """Saves a figure beside its experiment."""
    figure.savefig(pathlib.Path(folder) / f"{name}.png", bbox_inches="tight", metadata={"Software": None})
