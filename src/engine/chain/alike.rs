//! Units that may stand in for one another, so that states which differ only by which of them it is are one.
//!
//! A permutation of such units, with all that stands on them, changes no rate and nothing that was asked for; so the
//! chain on the states up to it is the same process watched less closely (Kemeny and Snell, *Finite Markov Chains*,
//! 1960, section 6.3).

use std::collections::BTreeMap;
use std::ops::Range;

use super::words::Present;
use crate::dist::Law;
use crate::model::{Clock, Holding, Model, Repair, Stage, Task, TimeToFailure, UnitId, Watch};
use crate::scheme::Scheme;
use crate::spec::Discipline;

/// Sets of units that may stand in for one another, those on others first.
#[derive(Clone, Debug, Default)]
pub(super) struct Alike {
    sets: Vec<Vec<Vec<Range<usize>>>>,
    /// Room for what is sorted.
    rows: Vec<Vec<u32>>,
}

/// Numbers for laws, and for all that tells units apart.
#[derive(Default)]
struct Signs {
    laws: Vec<Law>,
    signs: BTreeMap<Vec<u64>, u64>,
}

impl Signs {
    fn of_law(&mut self, law: &Law) -> u64 {
        let known = self.laws.iter().position(|other| other == law);
        known.unwrap_or_else(|| {
            self.laws.push(law.clone());
            self.laws.len() - 1
        }) as u64
    }

    fn of(&mut self, sign: Vec<u64>) -> u64 {
        let next = self.signs.len() as u64;
        *self.signs.entry(sign).or_insert(next)
    }

    fn of_task(&mut self, model: &Model, task: Task) -> Vec<u64> {
        let stages = model.stages_of(task).iter();
        let of = |stage: &Stage| {
            [self.of_law(&stage.law), number_of(stage.crew.map(|c| c.index())), stage.people.into()]
        };
        stages.flat_map(of).collect()
    }
}

fn number_of(index: Option<usize>) -> u64 {
    index.map_or(0, |index| index as u64 + 1)
}

/// Between the parts of a sign, so that no two ways of cutting it up are the same.
const END: u64 = u64::MAX;

impl Alike {
    /// Finds the units of what is explored that may stand in for one another; `spans` is where the words of each are.
    pub(super) fn new(present: &Present<'_>, spans: &[Range<usize>]) -> Alike {
        let model = present.model;
        let mut span_of = vec![None; model.units.len()];
        for (unit, span) in present.units.iter().zip(spans) {
            span_of[unit.index()] = Some(span.clone());
        }
        let mut children = vec![Vec::new(); model.units.len()];
        for &unit in &present.units {
            if let Some(host) = model.hosts.of(unit.index()).first() {
                children[host.index()].push(unit);
            }
        }
        let mut signs = Signs::default();
        let mut sign_of = vec![0; model.units.len()];
        let mut sets: BTreeMap<(std::cmp::Reverse<usize>, Vec<u64>), Vec<UnitId>> = BTreeMap::new();
        let mut depth_of = vec![0; model.units.len()];
        for &unit in &present.units {
            let hosts = model.hosts.of(unit.index()).iter();
            depth_of[unit.index()] =
                hosts.map(|host| depth_of[host.index()] + 1).max().unwrap_or(0_usize);
        }
        // Guests come after hosts.
        for &unit in present.units.iter().rev() {
            let guests = &children[unit.index()];
            let own = sign(present, unit, guests, &mut signs);
            let mut whole = own.unwrap_or_else(|| vec![END, unit.index() as u64]);
            whole.push(END);
            whole.extend(guests.iter().map(|guest| sign_of[guest.index()]));
            sign_of[unit.index()] = signs.of(whole);
            // Those alike must be in one place.
            let hosts = model.hosts.of(unit.index()).iter();
            let mut place: Vec<u64> = hosts.map(|host| host.index() as u64).collect();
            place.extend([END, sign_of[unit.index()]]);
            sets.entry((std::cmp::Reverse(depth_of[unit.index()]), place)).or_default().push(unit);
        }
        let with_guests = |unit: &UnitId| {
            let mut units = vec![*unit];
            let mut next = 0;
            while let Some(unit) = units.get(next) {
                next += 1;
                units.extend(&children[unit.index()]);
            }
            units.iter().filter_map(|unit| span_of[unit.index()].clone()).collect()
        };
        let sets = sets.into_values().filter(|set| set.len() > 1);
        Alike {
            sets: sets.map(|set| set.iter().map(with_guests).collect()).collect(),
            rows: Vec::new(),
        }
    }

    /// Puts the words of units that are alike in order.
    pub(super) fn put_in_order(&mut self, words: &mut [u32]) {
        for set in &self.sets {
            self.rows.resize(self.rows.len().max(set.len()), Vec::new());
            let rows = &mut self.rows[..set.len()];
            for (row, spans) in rows.iter_mut().zip(set) {
                row.clear();
                spans.iter().for_each(|span| row.extend_from_slice(&words[span.clone()]));
            }
            if rows.is_sorted() {
                continue;
            }
            rows.sort_unstable();
            for (row, spans) in rows.iter().zip(set) {
                let mut rest = row.as_slice();
                for span in spans {
                    let (own, after) = rest.split_at(span.len());
                    words[span.clone()].copy_from_slice(own);
                    rest = after;
                }
            }
        }
    }
}

/// All that tells a unit apart from others in the same place, without what stands on it; `None` if nothing can stand
/// in for it.
fn sign(
    present: &Present<'_>,
    id: UnitId,
    children: &[UnitId],
    signs: &mut Signs,
) -> Option<Vec<u64>> {
    let model = present.model;
    let unit = &model.units[id.index()];
    // Who serves is told by number, and so is who stands on it beside something else.
    if !model.unit_rosters.of(id.index()).is_empty()
        || model.guests.of(id.index()).iter().any(|guest| !children.contains(guest))
    {
        return None;
    }
    let mut sign = vec![u64::from(unit.renews_on_start), unit.extras().dormancy.to_bits()];
    sign.extend([number_of(unit.extras().starts_with.map(|gate| gate.index()))]);
    sign.extend([number_of(unit.extras().load.map(|load| load.index())), END]);
    sign.extend(model.hosts.of(id.index()).iter().skip(1).map(|host| host.index() as u64));
    sign.push(END);
    sign.extend(model.unit_gates.of(id.index()).iter().map(|gate| gate.index() as u64));
    sign.push(END);
    if let Some(task) = unit.start {
        let task = signs.of_task(model, task);
        sign.extend(task);
    }
    sign.push(END);
    for (index, (_, watch)) in model.watches.iter().enumerate() {
        if let Watch::Crash(units) | Watch::Suspend(units) = watch
            && units.contains(&id)
        {
            sign.push(index as u64);
        }
    }
    // What happens to several at once lines them up by number.
    let is_struck_alone = model.hosts.of(id.index()).is_empty()
        && present.shocks.iter().all(|shock| {
            let targets = &model.shocks[shock.index()].targets;
            targets.iter().all(|clock| model.clocks[clock.index()].unit != id)
        });
    if !is_struck_alone && unit.start.is_some_and(|task| has_crew(model, task)) {
        return None;
    }
    for clock_id in model.unit_clocks.of(id.index()) {
        let clock = &model.clocks[clock_id.index()];
        sign.push(END);
        sign.extend(sign_of_clock(model, clock, signs)?);
        for shock in &present.shocks {
            if model.shocks[shock.index()].targets.contains(clock_id) {
                sign.push(shock.index() as u64);
            }
        }
        if let Repair::After(task) = clock.repair
            && !is_struck_alone
            && has_crew(model, task)
        {
            return None;
        }
    }
    sign.push(END);
    let Some(class) = present.luck.data else { return Some(sign) };
    for &copy in model.data.on_unit.of(id.index()) {
        let (its_class, holding, number) = model.data.holding_of(copy);
        if its_class != class {
            continue;
        }
        let lines_up = holding.rebuild.as_ref().is_some_and(|rebuild| rebuild.at_a_time.is_some());
        let in_turn = !lines_up || is_struck_alone || lines_up_with_its_like(present, id, holding);
        if !matches!(holding.scheme, Scheme::Threshold { .. }) || !in_turn {
            return None;
        }
        let mut groups = holding.groups_of.of(number as usize).to_vec();
        groups.sort_unstable();
        sign.extend(groups.into_iter().map(u64::from));
        sign.push(END);
    }
    Some(sign)
}

/// Whether copies on a unit get into line together only with others on its only host, and all of them are the same then:
/// by what number they line up makes no difference, as each may stand for another one.
///
/// Whoever gets into line has a unit and a host that are up, so that no failure tells it from the others but by its
/// age; nothing but the host strikes several of them; and none waits by itself before it gets into line.
fn lines_up_with_its_like(present: &Present<'_>, id: UnitId, holding: &Holding) -> bool {
    let model = present.model;
    let &[host] = model.hosts.of(id.index()) else { return false };
    let is_alone = |unit: UnitId| {
        let struck = present.shocks.iter().flat_map(|shock| &model.shocks[shock.index()].targets);
        let crashes = model.watches.iter().any(|(_, watch)| match watch {
            Watch::Crash(units) | Watch::Suspend(units) => units.contains(&unit),
            _ => false,
        });
        let mut clocks = model.unit_clocks.of(unit.index()).iter();
        model.units[unit.index()].start.is_none()
            && !crashes
            && struck.into_iter().all(|clock| model.clocks[clock.index()].unit != unit)
            && clocks.all(|clock| {
                let to_failure = &model.clocks[clock.index()].to_failure;
                matches!(to_failure, TimeToFailure::Memoryless { .. })
            })
    };
    let at_once = holding.rebuild.as_ref().is_some_and(|rebuild| {
        rebuild.detect.is_none()
            && rebuild.gives_up_after.is_none()
            && !rebuild.is_elsewhere
            && rebuild.lazy <= 1
    });
    model.hosts.of(host.index()).is_empty()
        && is_alone(id)
        && is_alone(host)
        && at_once
        && holding.latent.is_none()
}

fn has_crew(model: &Model, task: Task) -> bool {
    model.stages_of(task).iter().any(|stage| stage.crew.is_some())
}

fn sign_of_clock(model: &Model, clock: &Clock, signs: &mut Signs) -> Option<Vec<u64>> {
    let extras = clock.extras();
    // Whom a failure drags along is told by number, and so is whose work is put aside.
    let puts_aside = |stage: &Stage| {
        let crew = stage.crew.map(|crew| &model.crews[crew.index()]);
        crew.is_some_and(|crew| crew.picks == Discipline::Preemptive)
    };
    if extras.burst.is_some() || extras.drag.is_some() || extras.plan.is_some() {
        return None;
    }
    let mut sign = match &clock.to_failure {
        TimeToFailure::Memoryless { mean } => vec![1, mean.to_bits()],
        TimeToFailure::Aging(law) => vec![2, signs.of_law(law)],
        TimeToFailure::SetOff => vec![3],
    };
    match clock.repair {
        Repair::After(task) => {
            if model.stages_of(task).iter().any(puts_aside) {
                return None;
            }
            sign.push(1);
            sign.extend(signs.of_task(model, task));
        }
        Repair::Restart => sign.push(2),
        Repair::Never => sign.push(3),
    }
    let flags = [clock.always, clock.is_grey, clock.cuts_power];
    sign.extend(flags.map(u64::from));
    sign.push(clock.wiping().to_bits());
    sign.extend([extras.priority, extras.kind].map(u64::from));
    sign.push(u64::from(extras.also_renews.is_some()));
    Some(sign)
}
