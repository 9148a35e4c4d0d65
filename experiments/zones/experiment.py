# %% [markdown]
# # What do zones help a quorum?
#
# Three or five members, a majority of which is needed, over one, two and three zones. Zones fail as a whole
# once in two years.

# %%
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import lab  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import polars as pl  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
SEED, LIVES = 1, 40_000
SIZES, ZONES = (3, 5), (1, 2, 3)
MINUTE = 60

# %%
files = [HERE / "topologies" / f"quorum-{size}-zones-{zones}.yaml" for size in SIZES for zones in ZONES]
results = lab.ninefold("simulate", *files, "--seed", SEED, "-n", LIVES)
rows = []
for (size, zones), result in zip([(size, zones) for size in SIZES for zones in ZONES], results):
    write = result["journeys"]["write"]
    rows.append(
        {
            "members": size,
            "zones": zones,
            "downtime_min_per_year": write["downtime_s_per_year"]["mean"] / MINUTE,
            "low": write["downtime_s_per_year"]["ci95"][0] / MINUTE,
            "high": write["downtime_s_per_year"]["ci95"][1] / MINUTE,
            "outages_per_year": write["outages_per_year"]["mean"],
            "first_cause": write["causes"][0]["mode"],
            "share_of_first_cause": write["causes"][0]["downtime_share"],
        }
    )
table = pl.DataFrame(rows)
with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=140):
    print(table)

# %%
figure, axes = plt.subplots()
for size, colour, marker, shift in ((3, lab.ORANGE, "o", -0.06), (5, lab.BLUE, "s", 0.06)):
    part = table.filter(pl.col("members") == size)
    middle = part["downtime_min_per_year"]
    errors = [middle - part["low"], part["high"] - middle]
    places = [zones + shift for zones in part["zones"]]
    axes.errorbar(places, middle, yerr=errors, color=colour, marker=marker, markersize=8, capsize=4,
                  linestyle="none", label=f"{size} members (95 % interval)")
    for place, value in zip(places, middle):
        axes.annotate(f"{value:,.3g}", (place, value), xytext=(12 if shift > 0 else -12, -4),
                      textcoords="offset points", ha="left" if shift > 0 else "right")
axes.set_yscale("log")
axes.yaxis.set_major_formatter("{x:g}")
axes.set_ylim(1, 1000)
axes.set_xlim(0.6, 3.4)
axes.set_xticks(ZONES)
axes.set_xlabel("zones")
axes.set_ylabel("downtime, minutes a year")
axes.set_title("Two zones are as good as one, and three members in three zones as good as five", loc="left")
axes.legend(frameon=False)
lab.save(figure, HERE, "zones")

# %%
lab.check(HERE, {f"{row['members']} over {row['zones']}": row for row in rows})
