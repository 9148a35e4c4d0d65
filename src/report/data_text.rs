//! Data classes for a terminal.

use std::fmt::Write;

use super::answer::LossAnswer;
use super::answer_text::{loss_words, rough, told};
use super::at_once::LevelAtOnce;
use super::data_class::{
    DataCause, DataMeasures, DataReport, DataStageCause, Durability, PromisedBy, Survival,
    WindowOfData,
};
use super::number::{duration, grouped, nines, percent, significant};
use super::text::{first_table, section, table, wrapped};
use crate::exact::Simultaneous;
use crate::measure::{
    Bounded, CopyEstimates, CycleEstimates, DataEstimates, Nines, RPO_SHARE, Stage, StageCause,
    TimeToLoss, Verdict,
};
use crate::stats::Estimate;
use crate::units::{SECONDS_PER_YEAR, SimSpan};

/// What is to be minded of a mean time to loss that is worked out from a rate, and of one that is known.
const AS_IF_AT_ONE_RATE: &str =
    ", as if losses came at one rate from the beginning on: no length of time that anything lasts";
const OF_NOTHING: &str = ": no length of time that anything lasts";
/// Causes that a reader takes in at a glance.
const TOP_CAUSES: usize = 3;
/// Share of what is lost from which on a cause is worth a word.
const LEAST_SHARE: f64 = 0.005;
/// Groups whose lost positions are told apart.
const TOP_MARGINS: usize = 6;

/// What is lost of each data class, and how its copies fare.
pub(super) fn data_sections(classes: &[DataReport], horizon: SimSpan) -> String {
    let mut text = String::new();
    let mut firsts = Vec::new();
    for class in classes {
        match &class.measures {
            DataMeasures::Window(window) => text += &class_section(class, window, horizon),
            DataMeasures::Answered(Ok(answer)) => {
                text += &wrapped(&format!("{}: {}", class.name, loss_words(answer)), "");
                if let (Some(told), Some(held)) = (class.durability(), class.held) {
                    // A mean time that the route knows has been told already.
                    let time_to_loss = told.time_to_loss.filter(|_| answer.first_loss_s.is_none());
                    text += of_copies_alone(class);
                    text += &durability_by_another(
                        &Durability { time_to_loss, ..told },
                        held.groups,
                        AS_IF_AT_ONE_RATE,
                    );
                }
                text.push('\n');
            }
            DataMeasures::Answered(Err(why)) => {
                text += &wrapped(&format!("{}: no answer: {why}", class.name), "");
                text.push('\n');
            }
            DataMeasures::FirstLoss(first) => {
                firsts.extend(Some(&class.name).zip(first.as_ref()));
            }
        }
    }
    if !firsts.is_empty() {
        text += &first_table("data", "loss", &firsts);
    }
    let held: Vec<_> = classes.iter().filter_map(|one| Some((one, one.survival?))).collect();
    if !held.is_empty() && firsts.is_empty() {
        text += "What copies survive\n";
        text += &survival_table(&held);
    }
    text
}

fn class_section(class: &DataReport, window: &WindowOfData, horizon: SimSpan) -> String {
    let estimates = &window.estimates;
    let is_told_by_another = class.is_told_by_another();
    let found = match class.nearer().filter(|_| is_told_by_another) {
        Some(answer) => told_by_another(answer, &window.estimates, horizon),
        None => finding(window),
    };
    let mut text = wrapped(&format!("{}: {found}", class.name), "");
    // Where another route says how often data are lost, lives do not say how often at each stage.
    if !is_told_by_another && !estimates.stages.is_empty() {
        text += &stage_table(window);
    }
    let mut lines = String::new();
    if let Some(rpo) = &estimates.rpo {
        let [p50, p95, p99] = rpo.quantiles.map(duration);
        let line = format!(
            "an incident loses {} in the mean, half of them up to {p50}, 95 % up to {p95}, 99 % up \
             to {p99}, the worst {}",
            duration(rpo.mean.mean),
            duration(rpo.max)
        );
        lines += &wrapped(&line, "  ");
    }
    for by in &window.promised {
        lines += &wrapped(&promised(by), "  ");
    }
    let causes: Vec<String> = window
        .causes
        .iter()
        .take(TOP_CAUSES)
        .filter(|cause| cause.lost_share >= LEAST_SHARE)
        .map(cause_words)
        .collect();
    if !causes.is_empty() {
        lines += &wrapped(&format!("starts from: {}", causes.join("; ")), "  ");
    }
    if let Some(spans) = &estimates.restorations {
        let [_, p95, _] = spans.quantiles.map(duration);
        let mean = duration(spans.mean.mean);
        let line = format!("restored from a backup in {mean} in the mean, 95 % within {p95}");
        lines += &wrapped(&line, "  ");
    }
    lines += &cycle_line("offloads", estimates.offload.as_ref());
    lines += &cycle_line("backups", estimates.backup.as_ref());
    if let Some(copies) = &estimates.copies {
        lines += of_copies_alone(class);
        lines += &match class.durability().filter(|_| class.nearer().is_some()) {
            Some(told) => {
                let is_known = class.nearer().is_some_and(|answer| answer.first_loss_s.is_some());
                let caveat = if is_known { OF_NOTHING } else { AS_IF_AT_ONE_RATE };
                durability_by_another(&told, copies.groups, caveat)
            }
            None => durability(copies),
        };
        lines += &copy_lines(copies);
    }
    lines += &simultaneous_lines(&class.simultaneous, &class.levels_at_once);
    if lines.is_empty() { text + "\n" } else { format!("{text}{lines}\n") }
}

/// Where data are lost, and by what, if not all starts from one thing at one stage.
fn stage_table(window: &WindowOfData) -> String {
    let stages = &window.estimates.stages;
    let knows_bytes = stages.iter().any(|stage| stage.lost_bytes_per_year.is_some());
    let shows_causes = stages.len() > 1 && window.causes.len() > 1;
    let all_lost = window.estimates.lost_s_per_year.estimate.mean;
    let row =
        |what: String, incidents: &Estimate, seconds: &Estimate, bytes_lost: &Option<Estimate>| {
            let mut row = vec![
                what,
                with_interval(incidents, |value| significant(value, 3)),
                with_interval(seconds, duration),
            ];
            if knows_bytes {
                let shown = bytes_lost.as_ref().map(bytes_with_width);
                row.push(shown.unwrap_or_else(|| "-".to_owned()));
            }
            row
        };
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (stage, causes) in stages.iter().zip(&window.stage_causes) {
        let mut of_stage = row(
            stage_words(stage.stage).to_owned(),
            &stage.loss_incidents_per_year,
            &stage.lost_s_per_year,
            &stage.lost_bytes_per_year,
        );
        of_stage.push(percent(stage.share, 1));
        rows.push(of_stage);
        let is_worth_a_word = |cause: &&DataStageCause| {
            shows_causes && cause.estimates.lost_s_per_year.mean >= LEAST_SHARE * all_lost
        };
        for cause in causes.iter().filter(is_worth_a_word).take(TOP_CAUSES) {
            let StageCause {
                loss_incidents_per_year: incidents,
                lost_s_per_year: seconds,
                lost_bytes_per_year: bytes_lost,
                ..
            } = &cause.estimates;
            let branch =
                cause.branch.as_ref().map_or(String::new(), |branch| format!(" ({branch})"));
            let what = format!("  by {} of {}{branch}", cause.mode, cause.unit);
            let mut of_cause = row(what, incidents, seconds, bytes_lost);
            of_cause.push(percent(seconds.mean / all_lost, 1));
            rows.push(of_cause);
        }
    }
    let mut header = vec!["lost", "incidents a year", "data lost a year"];
    if knows_bytes {
        header.push("bytes lost a year");
    }
    header.push("share");
    table(&header, rows)
}

/// What was found, in words.
fn finding(window: &WindowOfData) -> String {
    let estimates = &window.estimates;
    let incidents = &estimates.loss_incidents_per_year;
    if estimates.rpo.is_none() {
        let mut text = "no data were lost in this run".to_owned();
        if let Some(bound) = incidents.upper95 {
            let bound = significant(bound, 2);
            let _ = write!(text, ", so that at most {bound} incidents a year are to be expected");
        }
        return text;
    }
    let mut text = String::new();
    // The strictest promise is the one to be broken first; whether it is kept, the journey says.
    let strictest = window.promised.iter().min_by(|a, b| a.target_s.total_cmp(&b.target_s));
    if let Some(by) = strictest {
        let (target, words) = (duration(by.target_s), is_met(by.verdict));
        let _ = write!(text, "RPO {target} of {} is {words}: ", by.journey);
    }
    let _ = write!(
        text,
        "{} incidents a year{} lose {} a year",
        significant(incidents.estimate.mean, 3),
        interval(&incidents.estimate, |value| significant(value, 3)),
        duration(estimates.lost_s_per_year.estimate.mean),
    );
    let largest = estimates.stages.iter().max_by(|a, b| a.share.total_cmp(&b.share));
    if let Some(largest) = largest.filter(|largest| largest.share > 0.0) {
        let share = percent(largest.share, 0);
        let _ = write!(text, ", {share} {}", stage_words(largest.stage));
    }
    text
}

fn promised(by: &PromisedBy) -> String {
    let (journey, target, lives) = (&by.journey, duration(by.target_s), percent(RPO_SHARE, 0));
    let found = match by.share_exceeding {
        Some(share) => format!("{} of incidents lose more", percent(share, 1)),
        None => "nothing was seen to break it".to_owned(),
    };
    format!("{journey} promises to lose at most {target} at once in {lives} of lives: {found}")
}

/// A verdict as part of a sentence.
fn is_met(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::MetUndecided => "met, undecided",
        Verdict::MissedUndecided => "not met, undecided",
        Verdict::Missed => "not met",
        Verdict::NotJudged => "not judged",
    }
}

/// Where data were when they were lost, as what follows "they were".
pub(super) fn stage_words(stage: Stage) -> &'static str {
    match stage {
        Stage::NeverRecorded => "never recorded",
        Stage::Buffer => "in the buffer",
        Stage::Unsynced => "not yet written down",
        Stage::Lagging => "behind on the copy that took over",
        Stage::Missed => "missed by the copies that are left",
        Stage::NotOffloaded => "not yet offloaded",
        Stage::BackupAge => "newer than the backup",
        Stage::AllCopies => "with all copies",
        Stage::Deleted => "deleted",
    }
}

fn cause_words(cause: &DataCause) -> String {
    let mut remarks = format!("{} of incidents", percent(cause.incident_share, 0));
    if let Some(branch) = &cause.branch {
        let _ = write!(remarks, ", {branch}");
    }
    if let Some(grade) = cause.grade {
        let _ = write!(remarks, ", {grade}");
    }
    if cause.is_planned {
        remarks += ", planned";
    }
    format!("{} {} of {} ({remarks})", percent(cause.lost_share, 0), cause.mode, cause.unit)
}

/// How probable a loss is by another route, and what lives saw of it.
fn told_by_another(answer: &LossAnswer, lives: &DataEstimates, horizon: SimSpan) -> String {
    let Some(p_loss) = answer.p_loss else { return loss_words(answer) };
    let seen = match lives.rpo.as_ref().map_or(0, |rpo| rpo.count) {
        0 => "no life of this run saw it".to_owned(),
        1 => "the lives of this run saw it once".to_owned(),
        times => format!("the lives of this run saw it {} times", grouped(times)),
    };
    format!(
        "data are lost within {} with probability {}, by {}; {seen}",
        duration(horizon.seconds()),
        told(p_loss, rough),
        answer.route.words()
    )
}

/// What is to be minded of how durable copies are, if data that are lost with them are brought back.
fn of_copies_alone(class: &DataReport) -> &'static str {
    match class.is_copied {
        true => "  of the copies alone, before what backups and offloads bring back:\n",
        false => "",
    }
}

/// How durable data are by another route than lives, which knows how probable a loss is, and not how many groups it
/// takes.
fn durability_by_another(told: &Durability, groups: u32, caveat: &str) -> String {
    let mut parts = Vec::new();
    // What is only known to be at most so much has no nines of all groups together.
    let per_year = told.p_group_lost_per_year.filter(|p| p.upper95.is_none());
    let of_all = per_year.and(told.p_any_lost_per_year);
    if let Some(all) = of_all.as_ref().and_then(Nines::of) {
        let mut part = format!("durability: {} a year", nines_words(all));
        if let (2.., Some(given)) = (groups, told.nines()) {
            let _ = write!(
                part,
                " for all {} groups together, {:.1} for a given one if they are lost one at a time",
                grouped(u64::from(groups)),
                given.nines
            );
        }
        parts.push(part);
    } else if let Some(given) = told.nines() {
        parts.push(format!(
            "durability: a given group is not lost in a year with more than {:.1} nines",
            given.nines
        ));
    }
    if let Some(time) = &told.time_to_loss {
        parts.push(time_to_loss_words(time, caveat));
    }
    match parts.is_empty() {
        true => String::new(),
        false => wrapped(&parts.join("; "), "  "),
    }
}

/// Nines with their interval, where that shows.
fn nines_words(Nines { nines, ci95 }: Nines) -> String {
    let ends = ci95.map(|(low, high)| (format!("{low:.2}"), high.map(|high| format!("{high:.2}"))));
    match ends {
        Some((low, Some(high))) if low != high => format!("{nines:.1} nines ({low} to {high})"),
        Some((low, None)) => format!("{nines:.1} nines ({low} or more)"),
        _ => format!("{nines:.1} nines"),
    }
}

/// How durable data are, by the losses that lives saw.
fn durability(copies: &CopyEstimates) -> String {
    let mut lines = String::new();
    let group = &copies.p_group_lost_per_year;
    let lost_a_year = &copies.groups_lost_per_year.estimate;
    let mut line = match (group.upper95.map(nines), copies.groups) {
        (Some(nines), 1) => format!(
            "durability: the data were not lost; in a year they are not with more than {nines:.1} nines"
        ),
        (Some(nines), _) => format!(
            "durability: no group was lost; a given one is not lost in a year with more than {nines:.1} \
             nines"
        ),
        (None, groups) => {
            let times = significant(lost_a_year.mean, 3);
            let around = interval(lost_a_year, |value| significant(value, 3));
            let what = match groups {
                1 => format!("the data are lost {times} times a year{around},"),
                _ => {
                    let groups = grouped(u64::from(groups));
                    format!("{times} of {groups} groups are lost a year{around}, any")
                }
            };
            let lives = percent(copies.p_any_group_lost.estimate.mean, 2);
            let nines = Nines::of(group).map_or_else(|| "no nines".to_owned(), nines_words);
            format!("durability: {nines}; {what} in {lives} of lives")
        }
    };
    if let (Some(lost), Some(nomdl)) = (&copies.bytes_lost_per_year, &copies.nomdl_per_year) {
        let value = |bounded: &Bounded| bounded.upper95.unwrap_or(bounded.estimate.mean);
        let at_most = if lost.upper95.is_some() { "at most " } else { "" };
        let _ = write!(
            line,
            "; {at_most}{} in lost groups a year, {:.1e} of the data (NOMDL)",
            bytes(value(lost)),
            value(nomdl)
        );
    }
    lines += &wrapped(&line, "  ");
    let line = time_to_loss_words(&copies.time_to_loss, AS_IF_AT_ONE_RATE);
    if !line.is_empty() {
        lines += &wrapped(&line, "  ");
    }
    lines
}

fn time_to_loss_words(time: &TimeToLoss, caveat: &str) -> String {
    match (&time.mean, time.lower95) {
        (Some(mean), _) => {
            // The interval of what is exact is narrower than what is shown.
            let ends = match mean.std_error {
                Some(0.0) => String::new(),
                _ => interval(mean, long),
            };
            format!("mean time to the first loss (MTTDL): {}{ends}{caveat}", long(mean.mean))
        }
        (None, Some(least)) => {
            format!("mean time to the first loss (MTTDL): more than {}", long(least))
        }
        (None, None) => String::new(),
    }
}

/// A length of time that may be thousands of millions of years.
fn long(seconds: f64) -> String {
    match seconds / SECONDS_PER_YEAR {
        years if years >= 1e6 => format!("{} years", rough(years)),
        _ => duration(seconds),
    }
}

fn copy_lines(copies: &CopyEstimates) -> String {
    let mut lines = String::new();
    let mut line = match copies.reduced_share.mean {
        0.0 => "no copy was missing at any time".to_owned(),
        share => format!("with fewer copies than meant to be {} of the time", percent(share, 3)),
    };
    let unreadable = copies.unreadable_group_s_per_year.mean / 3_600.0;
    let _ = match unreadable {
        0.0 => write!(line, "; no group was seen unreadable"),
        hours => {
            write!(line, "; groups not readable for {} group-hours a year", significant(hours, 3))
        }
    };
    let rebuilt = copies.rebuilt_per_year.mean;
    if rebuilt > 0.0 {
        let _ = write!(line, "; {} copies rebuilt a year", significant(rebuilt, 3));
        if let Some(moved) = &copies.rebuilt_bytes_per_year {
            let _ = write!(line, ", {} moved", bytes(moved.mean));
        }
    }
    if let Some((usable, raw)) = copies.bytes {
        let _ = write!(line, "; {} of data on {}", bytes(usable), bytes(raw));
    }
    lines += &wrapped(&line, "  ");
    let margins: Vec<String> = copies
        .margins_per_year
        .iter()
        .enumerate()
        .filter(|(_, times)| **times > 0.0)
        .take(TOP_MARGINS)
        .map(|(place, times)| format!("{} for {}", significant(*times, 3), place + 1))
        .collect();
    if !margins.is_empty() {
        let list = margins.join(", ");
        lines += &wrapped(&format!("groups so many positions down, times a year: {list}"), "  ");
    }
    lines
}

/// What comes of offloads or backups; nothing if there are none.
fn cycle_line(what: &str, cycles: Option<&CycleEstimates>) -> String {
    let Some(cycles) = cycles else { return String::new() };
    let times = |estimate: &Estimate| significant(estimate.mean, 3);
    let mut line = format!("{what}: {} begun a year", times(&cycles.begun_per_year));
    let ends = [
        (cycles.needs_down_per_year, "found down what they need"),
        (cycles.failed_per_year, "failed"),
        (cycles.refused_per_year, "were not taken where they go"),
        (cycles.lost_per_year, "were the newest and lost there"),
    ];
    for (estimate, words) in ends {
        let Some(estimate) = estimate else { continue };
        let _ = match estimate.mean > 0.0 {
            true => write!(line, ", {}{} {words}", times(&estimate), around(&estimate)),
            false => write!(line, ", none {words}"),
        };
    }
    if let Some(age) = &cycles.age_s {
        let age = with_interval(age, duration);
        let _ = write!(line, "; the newest that can be used is {age} old in the mean");
    }
    if cycles.none_share.mean > 0.0 {
        let share = share(cycles.none_share.mean);
        let _ = write!(line, "; none can be used {share} of the time");
    }
    wrapped(&line, "  ")
}

/// The interval of a number of times.
fn around(estimate: &Estimate) -> String {
    interval(estimate, |value| significant(value, 3))
}

/// What losing several holders at once destroys, and several units that they stand on; nothing where it is certain, as with
/// one group.
fn simultaneous_lines(holders: &[Simultaneous], levels: &[LevelAtOnce]) -> String {
    let is_certain = |losses: &[Simultaneous]| losses.iter().all(|loss| loss.p_loss.mean >= 1.0);
    let mut lines = String::new();
    if !is_certain(holders) {
        let list = at_once(holders);
        let line =
            format!("so many holders lost at once destroy something, of all such cases: {list}");
        lines += &wrapped(&line, "  ");
    }
    for LevelAtOnce { level, units, losses } in levels {
        // That all of them are too many is nothing new.
        if !is_certain(losses) || losses.iter().any(|loss| loss.lost < *units) {
            let list = at_once(losses);
            let line = format!("so many of level `{level}` with all holders on them: {list}");
            lines += &wrapped(&line, "  ");
        }
    }
    lines
}

/// How probable it is that losing so many at once destroys something, for each number.
fn at_once(losses: &[Simultaneous]) -> String {
    let words = |loss: &Simultaneous| {
        let Simultaneous { lost, p_loss, .. } = loss;
        let lost = grouped(u64::from(*lost));
        let about = if loss.is_exact { "" } else { "about " };
        match (p_loss.mean > 0.0, p_loss.ci95) {
            (false, Some((_, most))) if most > 0.0 => format!("{lost} in at most {}", share(most)),
            (false, _) => format!("{lost} never"),
            (true, _) if p_loss.mean >= 0.9995 => {
                let nearly = if loss.is_exact && p_loss.mean >= 1.0 { "" } else { "nearly " };
                format!("{lost} {nearly}always")
            }
            (true, _) => format!("{lost} in {about}{}", share(p_loss.mean)),
        }
    };
    losses.iter().map(words).collect::<Vec<_>>().join(", ")
}

/// A share in percent, however small.
fn share(share: f64) -> String {
    format!("{} %", significant(100.0 * share, 2))
}

/// Bytes as people read them, in powers of a thousand.
fn bytes(bytes: f64) -> String {
    const UNITS: [(f64, &str); 6] =
        [(1e18, "EB"), (1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    match UNITS.iter().find(|(unit, _)| bytes >= *unit) {
        Some((unit, name)) => format!("{} {name}", significant(bytes / unit, 3)),
        None => format!("{} B", significant(bytes, 2)),
    }
}

/// Bytes and the half-width of their interval, relative to them, to fit into a column.
fn bytes_with_width(estimate: &Estimate) -> String {
    let width = estimate
        .ci95
        .filter(|_| estimate.mean > 0.0)
        .map(|(low, high)| format!(" ± {} %", significant(50.0 * (high - low) / estimate.mean, 2)));
    format!("{}{}", bytes(estimate.mean), width.unwrap_or_default())
}

/// The interval of an estimate, in brackets and after a space; nothing where it is not known.
fn interval(estimate: &Estimate, shown: impl Fn(f64) -> String) -> String {
    let ends = estimate.ci95.map(|(low, high)| format!(" ({} to {})", shown(low), shown(high)));
    ends.unwrap_or_default()
}

fn with_interval(estimate: &Estimate, shown: impl Fn(f64) -> String) -> String {
    format!("{}{}", shown(estimate.mean), interval(estimate, shown))
}

/// What happens to copies when something happens to what holds them.
fn survival_table(held: &[(&DataReport, Survival)]) -> String {
    let mut header = vec!["data", "medium"];
    let rows = held.iter().map(|(class, survival)| {
        let mut row = vec![class.name.clone(), survival.medium_name().to_owned()];
        let power = survival.matrix().len() - 1;
        row.extend(survival.matrix().iter().enumerate().map(|(place, (_, kept))| {
            match (kept, place == power && survival.loses_newest_without_power) {
                (true, true) => "newest lost",
                (true, false) => "kept",
                (false, _) => "lost",
            }
            .to_owned()
        }));
        row
    });
    let rows = rows.collect();
    header.extend(held.iter().take(1).flat_map(|(_, survival)| survival.matrix()).map(|(e, _)| e));
    table(&header, rows)
}

/// Journeys with an RPO, and whether it is kept.
pub(super) fn rpo_section(lines: Vec<String>) -> String {
    section("Data that journeys promise", lines.iter().map(|line| wrapped(line, "  ")).collect())
}
