# %% [markdown]
# # What is the bandwidth of rebuilds worth?
#
# Sixty drives with groups of four data and two parity shards. A drive that died is replaced within the hour,
# and its 4 TB are rebuilt at 10 to 400 MB/s. Drives die 67 times as often as real ones, so that plain
# simulation sees losses: the shape of the curve is the finding, and not its height.

# %%
import math
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import lab  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import polars as pl  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SEED, LIVES = 1, 20_000
BANDWIDTHS = (10, 20, 50, 100, 200, 400)
# Hours until a shard is back: the drive is replaced, the rebuild begins, and it takes its time.
HOUR, SIZE, BEFORE = 3600, 4e12, 1 + 1 / 6

# %%
files = [HERE / "topologies" / f"rebuild-at-{bandwidth}.yaml" for bandwidth in BANDWIDTHS]
results = lab.ninefold("simulate", *files, "--seed", SEED, "-n", LIVES)
rows = []
for bandwidth, result in zip(BANDWIDTHS, results):
    objects = result["data"]["objects"]
    p_loss = objects["p_any_group_lost"]
    rows.append(
        {
            "mb_per_s": bandwidth,
            "rebuild_h": BEFORE + SIZE / (bandwidth * 1e6) / HOUR,
            "p_loss": p_loss["mean"],
            "low": p_loss["ci95"][0],
            "high": p_loss["ci95"][1],
            "groups_lost_per_year": objects["groups_lost_per_year"]["mean"],
            "reduced_share": objects["reduced_share"]["mean"],
        }
    )
table = pl.DataFrame(rows)
with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=140):
    print(table)

# %% [markdown]
# How fast do losses fall with the time to rebuild? As its square, if three shards must be away at once. Rates
# of loss, because a probability cannot be above one.

# %%
rates = [-math.log1p(-row["p_loss"]) if row["p_loss"] < 1 else math.inf for row in rows]
for before, after in zip(range(len(rows)), range(1, len(rows))):
    if math.isfinite(rates[before]):
        hours = math.log(rows[before]["rebuild_h"] / rows[after]["rebuild_h"])
        power = math.log(rates[before] / rates[after]) / hours
        print(f"{rows[before]['mb_per_s']} to {rows[after]['mb_per_s']} MB/s: losses as the time to the {power:.2f}")

# %%
figure, axes = plt.subplots()
errors = [table["p_loss"] - table["low"], table["high"] - table["p_loss"]]
axes.errorbar(table["mb_per_s"], table["p_loss"], yerr=errors, color=lab.BLUE, marker="o", capsize=4,
              label="simulated (95 % interval)")
last = rows[-1]
square = [1 - math.exp(-rates[-1] * (row["rebuild_h"] / last["rebuild_h"]) ** 2) for row in rows]
axes.plot(table["mb_per_s"], square, color=lab.ORANGE, linestyle="--",
          label="from the last point, as the square of the time to rebuild")
for row in rows:
    axes.annotate(f"{100 * row['p_loss']:.2g} %\n{row['rebuild_h']:.3g} h", (row["mb_per_s"], row["p_loss"]),
                  xytext=(8, 4), textcoords="offset points", fontsize=9)
axes.set_xscale("log")
axes.set_yscale("log")
axes.set_xticks(BANDWIDTHS, [str(bandwidth) for bandwidth in BANDWIDTHS])
axes.minorticks_off()
axes.set_xlim(8, 620)
axes.set_ylim(5e-4, 2)
axes.set_yticks([0.001, 0.01, 0.1, 1], ["0.1 %", "1 %", "10 %", "100 %"])
axes.set_xlabel("bandwidth of a rebuild, MB/s (at each point: hours until a shard is back)")
axes.set_ylabel("probability of a loss in a year")
axes.set_title("Ten times the bandwidth, some sixty times fewer losses\n(drives that die 67 times as often as real ones)", loc="left")
axes.legend(frameon=False, loc="lower left")
lab.save(figure, HERE, "rebuild-bandwidth")

# %%
lab.check(HERE, {f"{row['mb_per_s']} MB/s": row for row in rows})
