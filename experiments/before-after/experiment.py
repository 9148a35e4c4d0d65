# %% [markdown]
# # Before and after the high-availability guide
#
# The add-ons of a cluster as they were, and as the guide has them. Both live through the same failures
# (common random numbers), so that the difference is the guide and not the luck.

# %%
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import lab  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import polars as pl  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BEFORE, AFTER = "topologies/seed-addons-before.yaml", "topologies/seed-addons-after.yaml"
SEED, LIVES = 1, 10_000
HOUR = 3600

# %%
result = lab.ninefold("compare", BEFORE, AFTER, "--seed", SEED, "-n", LIVES)
rows = [
    {
        "journey": name,
        "before_h": journey["first_downtime_s_per_year"]["mean"] / HOUR,
        "after_h": journey["second_downtime_s_per_year"]["mean"] / HOUR,
        "difference_h": journey["difference_s_per_year"]["mean"] / HOUR,
        "low_h": journey["difference_s_per_year"]["ci95"][0] / HOUR,
        "high_h": journey["difference_s_per_year"]["ci95"][1] / HOUR,
        "is": journey["is"],
        "variance_ratio": journey["variance_ratio"],
    }
    for name, journey in result["journeys"].items()
]
table = pl.DataFrame(rows).sort("difference_h")
with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=120):
    print(table)

# %% [markdown]
# How many lives without common random numbers would give an interval as narrow?

# %%
print(table.select("journey", unpaired_lives=(LIVES / pl.col("variance_ratio")).round_sig_figs(2)))

# %%
figure, axes = plt.subplots()
ordered = table.sort("difference_h", descending=True)
places = range(ordered.height)
axes.hlines(places, ordered["before_h"], ordered["after_h"], color=lab.GREY, linewidth=1.5, zorder=1)
axes.scatter(ordered["before_h"], places, color=lab.ORANGE, marker="o", s=60, label="before", zorder=2)
axes.scatter(ordered["after_h"], places, color=lab.BLUE, marker="s", s=60, label="after", zorder=2)
for place, row in enumerate(ordered.iter_rows(named=True)):
    half = (row["high_h"] - row["low_h"]) / 2
    text = f"{row['difference_h']:+.2f} ± {half:.2f} h"
    axes.annotate(text, (max(row["before_h"], row["after_h"]), place), xytext=(9, -4), textcoords="offset points")
axes.set_yticks(places, ordered["journey"])
axes.set_xlim(0, 1.2 * max(ordered["before_h"].max(), ordered["after_h"].max()))
axes.set_xlabel("downtime, hours a year (mean of 10,000 lives)")
axes.set_title("The guide helps every journey but the reading of secrets", loc="left")
axes.legend(loc="upper right", frameon=False)
lab.save(figure, HERE, "before-after")

# %%
lab.check(HERE, {row["journey"]: {key: row[key] for key in row if key != "journey"} for row in rows})
