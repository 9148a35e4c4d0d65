"""Solves exports with Storm, in exact arithmetic, and compares them with our exact answers.

Usage: check.py NINEFOLD TOPOLOGY...

Storm's long-run averages in double precision are only absolutely accurate to about 1e-6, so everything here is
rational. Ends with 1 if an answer differs.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import stormpy
import stormpy.dft

# Rates are written as doubles, and so are our answers.
TOLERANCE = 1e-9


def ours(program, topology):
    run = [program, "simulate", topology, "--exact", "only", "--format", "json"]
    text = subprocess.run(run, capture_output=True, text=True, check=False).stdout
    (journey,) = json.loads(text)["journeys"].values()
    return journey["exact"]


def export(program, topology, language):
    run = [program, "export", f"--{language}", topology]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout


def long_run(text, folder):
    """The long-run share of time in `down`, of a model in the PRISM language."""
    path = folder / "model.sm"
    path.write_text(text)
    program = stormpy.parse_prism_program(str(path), True)
    formulas = stormpy.parse_properties('LRA=? ["down"]', program)
    options = stormpy.BuilderOptions([formula.raw_formula for formula in formulas])
    model = stormpy.build_sparse_exact_model_with_options(program, options)
    result = stormpy.model_checking(model, formulas[0])
    return float(result.at(model.initial_states[0])), model.nr_states


def by_one(text, folder):
    """The probability of the top event of a Galileo tree by time 1."""
    path = folder / "tree.dft"
    path.write_text(text)
    tree = stormpy.dft.load_dft_galileo_file(str(path))
    formula = stormpy.parse_properties('P=? [ F<=1 "failed" ]')[0].raw_formula
    return stormpy.dft.analyze_dft(tree, [formula])[0]


def main():
    program, *topologies = sys.argv[1:]
    worst = 0.0

    def compare(topology, how, exact, theirs):
        nonlocal worst
        worst = max(worst, abs(theirs / exact - 1))
        print(f"{topology}, {how}: {exact:.12e} here, {theirs:.12e} by Storm")

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for topology in topologies:
            theirs, states = long_run(export(program, topology, "prism"), folder)
            exact = ours(program, topology)["long_run"]["unavailability"]["mean"]
            compare(topology, f"{states} states", exact, theirs)
            run = [program, "export", "--galileo", topology]
            tree = subprocess.run(run, capture_output=True, text=True, check=False)
            if tree.returncode == 0:
                compare(topology, "fault tree", exact, by_one(tree.stdout, folder))
            run = [program, "export", "--prism-modules", topology]
            modules = subprocess.run(run, capture_output=True, text=True, check=False)
            if modules.returncode == 0:
                theirs, states = long_run(modules.stdout, folder)
                compare(topology, f"modules of {states} states", exact, theirs)
    if worst > TOLERANCE:
        print(f"they differ by {worst:.1e}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
