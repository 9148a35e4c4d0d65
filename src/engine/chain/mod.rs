//! Everything that can happen to a model, as a Markov chain: the transition function of the engine, with every choice
//! made in every way instead of one by luck.
//!
//! A state is what decides what happens next: which modes are active, who serves, who works on what, and in which
//! phase everything is that is under way: memoryless, or for one thing at a time of a set time. Only what can matter to what was asked for is explored, and
//! units that may stand in for one another are not told apart.

mod alike;
mod chooser;
mod phases;
mod words;

use alike::Alike;
use chooser::Enumerator;
use phases::{AT_ONCE, IDLE};
use words::Present;

use super::event::{Event, Slot};
use super::step::{Chooser, DataChooser, step};
use crate::model::{
    Chain, ClockId, Cone, CrewId, DataId, JourneyId, Model, SeatId, SetTimes, ShockId,
    TimeToFailure, UnitId,
};
use crate::rng::Stream;
use crate::spec::CatchUp;

/// Events of no length that may follow one another, beside those for each unit.
const MOST_AT_ONCE: usize = 1_000;
/// Words that may be read and written for each of the states that may be explored: of a few dozen units a state has
/// some hundred words and as many ways on.
const MOST_WORDS_PER_STATE: usize = 20_000;
/// Ways that the choices of one step may go.
const MOST_WAYS: usize = 100_000;

/// Why a model, or the part of it that was asked about, is no Markov chain of a size that can be explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMarkov {
    /// The law of a failure mode is not made of memoryless phases.
    Failure(ClockId),
    /// The law of a repair is not made of memoryless phases and set times, or it is put aside in a set time.
    Repair(ClockId),
    /// The law of a start is not.
    Start(UnitId),
    /// The law of a failover or a failback is not.
    Failover(SeatId),
    /// The law by which a crew responds is not.
    Response(CrewId),
    /// The law of a common cause is not.
    Shock(ShockId),
    /// A crew works by the hours of the week.
    Hours(CrewId),
    /// Jobs go from a crew to others that nobody answers in time.
    Escalation(CrewId),
    /// Two things take set times that may be under way at once.
    SetTimes(Event, Event),
    /// Work is planned for fixed times.
    Plan,
    /// Controllers place replicas.
    Platform,
    /// Failures look like health until they are noticed.
    Grey,
    /// How long rebuilds take is not made of memoryless phases.
    Rebuild,
    /// When defects appear and are found is not.
    Defects,
    /// What happens to data depends on when it was written, or copies are read.
    Data,
    /// There are more states than may be explored.
    TooManyStates(usize),
    /// There are so many ways on from each state that exploring them takes too long.
    TooMuchWork,
    /// What happens at one instant does not come to an end.
    Endless,
}

/// What a chain is to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'q> {
    /// When a journey is down.
    Outages(JourneyId),
    /// When data of these copies of a class, by their numbers in it, are lost for the first time, with
    /// which the chain ends. No group has copies both among them and elsewhere.
    Loss(DataId, &'q [u32]),
}

/// Explores everything that can happen to a model, as far as it matters to a question; at most so many states.
///
/// # Errors
///
/// If that part of the model is no Markov chain, or one of too many states.
pub fn explore(
    model: &Model,
    question: Question<'_>,
    most_states: usize,
) -> Result<Chain, NotMarkov> {
    explored(model, question, most_states, true)
}

/// The same without lumping: all units are told apart.
///
/// # Errors
///
/// The same.
#[cfg(test)]
pub(crate) fn explore_apart(
    model: &Model,
    question: Question<'_>,
    most_states: usize,
) -> Result<Chain, NotMarkov> {
    explored(model, question, most_states, false)
}

fn explored(
    model: &Model,
    question: Question<'_>,
    most_states: usize,
    lumps: bool,
) -> Result<Chain, NotMarkov> {
    let (cone, data) = match question {
        Question::Outages(journey) => (Cone::of_gate(model, model.journeys[journey.index()]), None),
        Question::Loss(class, copies) => (Cone::of_copies(model, class, copies), Some(class)),
    };
    check(model, &cone, data)?;
    let luck = Enumerator::new(model, &cone, data);
    let mut explorer = Explorer {
        journey: match question {
            Question::Outages(journey) => Some(journey),
            Question::Loss(..) => None,
        },
        present: Present::new(model, luck),
        alike: Alike::default(),
        states: States::new(),
        words: Vec::new(),
        chain: Chain::default(),
        most_states,
        spent: 0,
        lumps,
    };
    explorer.explore()?;
    Ok(explorer.chain)
}

/// Refuses what would have to be followed through time.
fn check(model: &Model, cone: &Cone, data: Option<DataId>) -> Result<(), NotMarkov> {
    for (index, unit) in model.units.iter().enumerate().filter(|(index, _)| cone.units[*index]) {
        let extras = unit.extras();
        if extras.node.is_some() || extras.pod.is_some() || !model.platform.script.is_empty() {
            return Err(NotMarkov::Platform);
        }
        for clock in model.unit_clocks.of(index) {
            let clock = &model.clocks[clock.index()];
            if clock.extras().plan.is_some() {
                return Err(NotMarkov::Plan);
            }
            if clock.is_grey && !model.rosters.is_empty() {
                return Err(NotMarkov::Grey);
            }
        }
    }
    let is_read = |gate: crate::model::GateId| cone.gates[gate.index()];
    if model.data.holdings.iter().any(|holding| holding.gate.is_some_and(is_read)) {
        return Err(NotMarkov::Data);
    }
    if let Some(class) = data {
        let holding = model.holding(class);
        let follows_time = holding.lag.is_some() || holding.unsynced.is_some();
        if follows_time || !matches!(holding.catch_up, CatchUp::AtOnce) {
            return Err(NotMarkov::Data);
        }
    }
    Ok(())
}

/// One way on from a state.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// A point of a memoryless clock.
    Point(ClockId),
    /// A phase of the life of an aging clock ends.
    Age(ClockId),
    /// A memoryless common cause strikes.
    Strike(ShockId),
    /// A phase of something that is under way ends.
    Timer(Slot),
}

/// Where a way leads: the state, whether what takes a set time goes on, and how often or how probably.
type Transition = (u32, bool, f64);

struct Explorer<'m> {
    /// The journey that is asked about; none, if data are.
    journey: Option<JourneyId>,
    present: Present<'m>,
    alike: Alike,
    states: States,
    words: Vec<u32>,
    chain: Chain,
    most_states: usize,
    /// Words that have been read and written.
    spent: usize,
    /// Whether units that may stand in for one another are not told apart.
    lumps: bool,
}

impl Explorer<'_> {
    fn explore(&mut self) -> Result<(), NotMarkov> {
        self.begin()?;
        let mut transitions: Vec<Transition> = Vec::new();
        let mut from = Vec::new();
        let mut ways = Vec::new();
        let mut set_times = SetTimes { firsts: vec![0], ..SetTimes::default() };
        self.chain.firsts.push(0);
        let mut next = 0;
        while next < self.states.len() {
            transitions.clear();
            let mut lasts = f64::INFINITY;
            // A loss is the end; an outage is not.
            if self.journey.is_some() || !self.chain.is_so[next] {
                self.states.read(next, &mut from);
                self.present.read(&from);
                let set = self.ways(&mut ways)?;
                self.spend(ways.len() + 1)?;
                if let Some((slot, seconds)) = set {
                    lasts = seconds;
                    self.follow(&from, (Way::Timer(slot), 1.0), None, &mut transitions)?;
                    for (to, _, probability) in merged(&mut transitions) {
                        set_times.to.push(to);
                        set_times.probability.push(probability);
                    }
                    transitions.clear();
                }
                for &way in &ways {
                    self.follow(&from, way, set.map(|(slot, _)| slot), &mut transitions)?;
                }
            }
            // What leads back has changed nothing, unless a set time has begun anew.
            transitions
                .retain(|(to, goes_on, _)| *to != next as u32 || lasts < f64::INFINITY && !goes_on);
            for (to, goes_on, rate) in merged(&mut transitions) {
                self.chain.to.push(to);
                self.chain.rates.push(rate);
                set_times.goes_on.push(goes_on);
            }
            self.chain.firsts.push(self.chain.to.len());
            set_times.lasts.push(lasts);
            set_times.firsts.push(set_times.to.len());
            next += 1;
        }
        let has_set_times = set_times.lasts.iter().any(|lasts| lasts.is_finite());
        self.chain.set_times = has_set_times.then_some(set_times);
        Ok(())
    }

    /// The states in which a life can begin: everything up, and each clock in one of its first phases.
    fn begin(&mut self) -> Result<(), NotMarkov> {
        let model = self.present.model;
        let mut initial = Vec::new();
        loop {
            self.present.state.begin(model);
            self.present.luck.timers.fill(IDLE);
            self.present.luck.rewind();
            for (index, clock) in model.clocks.iter().enumerate() {
                if let TimeToFailure::Aging(_) = clock.to_failure {
                    self.present.luck.clock_renews(ClockId::new(index));
                }
            }
            for index in 0..self.present.shocks.len() {
                self.arm(self.present.shocks[index]);
            }
            if let Some(class) = self.present.luck.data {
                for index in 0..self.present.units.len() {
                    let unit = self.present.units[index];
                    for &copy in model.data.on_unit.of(unit.index()) {
                        self.present.luck.defect_is_awaited(copy);
                    }
                }
                self.present.luck.deletion_is_awaited(class);
            }
            self.happens_at_once()?;
            let spans = self.present.write(&mut self.words);
            if initial.is_empty() {
                self.states.base.clone_from(&self.words);
                self.spend(self.present.units.len())?;
                if self.lumps {
                    self.alike = Alike::new(&self.present, &spans);
                }
            }
            let weight = self.present.luck.weight;
            let state = self.arrive()?;
            initial.push((state, weight));
            if !self.present.luck.chooses_anew() {
                break;
            }
        }
        self.chain.initial = initial;
        Ok(())
    }

    /// Allows for so many ways from one state, each of which costs what the whole present does.
    fn spend(&mut self, ways: usize) -> Result<(), NotMarkov> {
        self.spent += ways * self.states.base.len();
        match self.spent <= MOST_WORDS_PER_STATE * self.most_states {
            true => Ok(()),
            false => Err(NotMarkov::TooMuchWork),
        }
    }

    /// An aging common cause begins to age.
    fn arm(&mut self, shock: ShockId) {
        let model = self.present.model;
        if let TimeToFailure::Aging(law) = &model.shocks[shock.index()].to_failure {
            self.present.luck.begin_shock(shock, law);
        }
    }

    /// All that can happen next in the present, and how often in a second; and what takes a set time, with that time in
    /// seconds.
    fn ways(&self, ways: &mut Vec<(Way, f64)>) -> Result<Option<(Slot, f64)>, NotMarkov> {
        let Present { model, state, luck, .. } = &self.present;
        ways.clear();
        for unit in &self.present.units {
            for &clock in model.unit_clocks.of(unit.index()) {
                let spec = &model.clocks[clock.index()];
                match &spec.to_failure {
                    TimeToFailure::Memoryless { mean } if state.can_strike(model, clock) => {
                        ways.push((Way::Point(clock), spec.extras().top_pace / mean));
                    }
                    TimeToFailure::Aging(_) => {
                        let rate = luck.phases.rate(luck.ages[clock.index()]);
                        ways.push((Way::Age(clock), rate * self.present.pace(clock)));
                    }
                    _ => {}
                }
            }
        }
        for &shock in &self.present.shocks {
            if let TimeToFailure::Memoryless { mean } = model.shocks[shock.index()].to_failure {
                ways.push((Way::Strike(shock), 1.0 / mean));
            }
        }
        let mut set: Option<(Slot, f64)> = None;
        let under_way = luck.timers.iter().enumerate().filter(|(_, phase)| **phase != IDLE);
        for (slot, &phase) in under_way {
            let slot = slot as Slot;
            let Some(seconds) = luck.phases.set_time(phase) else {
                ways.push((Way::Timer(slot), luck.phases.rate(phase)));
                continue;
            };
            if let Some((other, _)) = set.replace((slot, seconds)) {
                return Err(NotMarkov::SetTimes(luck.slots.event(other), luck.slots.event(slot)));
            }
        }
        ways.retain(|(_, rate)| *rate > 0.0);
        Ok(set)
    }

    /// Goes one way on from a state, with every choice made in every way; in `set`, something takes a set time.
    fn follow(
        &mut self,
        from: &[u32],
        (way, rate): (Way, f64),
        set: Option<Slot>,
        transitions: &mut Vec<Transition>,
    ) -> Result<(), NotMarkov> {
        for tried in 0.. {
            if tried == MOST_WAYS {
                return Err(NotMarkov::Endless);
            }
            self.present.read(from);
            self.go(way);
            self.happens_at_once()?;
            let weight = self.present.luck.weight;
            if weight > 0.0 {
                let goes_on = set.is_some_and(|slot| self.present.luck.goes_on(slot));
                self.present.write(&mut self.words);
                let to = self.arrive()?;
                transitions.push((to, goes_on, rate * weight));
            }
            if !self.present.luck.chooses_anew() {
                break;
            }
        }
        Ok(())
    }

    fn go(&mut self, way: Way) {
        let Present { luck, .. } = &mut self.present;
        let event = match way {
            Way::Point(clock) => Event::Fail(clock),
            Way::Strike(shock) => Event::Shock(shock),
            Way::Age(clock) => {
                let next = luck.phases.next(luck.ages[clock.index()]);
                luck.ages[clock.index()] = next;
                if next != IDLE {
                    return;
                }
                if luck.model.clocks[clock.index()].always {
                    luck.clock_renews(clock);
                }
                Event::Fail(clock)
            }
            Way::Timer(slot) => {
                let next = luck.phases.next(luck.timers[slot as usize]);
                luck.enter(slot, next);
                if next != IDLE {
                    return;
                }
                luck.slots.event(slot)
            }
        };
        if let (Event::Shock(shock), Way::Timer(_)) = (event, way) {
            self.arm(shock);
        }
        self.happens(event);
    }

    fn happens(&mut self, event: Event) {
        let Present { model, state, luck, .. } = &mut self.present;
        step(model, state, event, luck);
    }

    /// Goes on until time passes.
    fn happens_at_once(&mut self) -> Result<(), NotMarkov> {
        let most = MOST_AT_ONCE + 10 * self.present.model.units.len();
        for _ in 0..most {
            let luck = &mut self.present.luck;
            if let Some(why) = luck.refusal {
                return Err(why);
            }
            let model = luck.model;
            let timers = &luck.timers;
            luck.at_once.retain(|slot| timers[*slot as usize] == AT_ONCE);
            let Some(&slot) = luck.at_once.iter().min_by_key(|s| model.tie_ranks[**s as usize])
            else {
                return Ok(());
            };
            luck.timers[slot as usize] = IDLE;
            let event = luck.slots.event(slot);
            self.happens(event);
        }
        Err(NotMarkov::Endless)
    }

    /// The number of the state that has just been written down.
    fn arrive(&mut self) -> Result<u32, NotMarkov> {
        let lost = self.present.luck.data;
        let is_lost = lost.is_some_and(|class| self.present.state.data.has_lost_of(class));
        if is_lost {
            // Whatever comes after the first loss was not asked for.
            self.words.clone_from(&self.states.base);
            self.words.push(1);
        } else {
            self.alike.put_in_order(&mut self.words);
        }
        let (state, is_new) = self.states.number_of(&self.words);
        if is_new {
            if self.states.len() > self.most_states {
                return Err(NotMarkov::TooManyStates(self.most_states));
            }
            let journeys = &self.present.state.journeys;
            let is_down = self.journey.is_some_and(|journey| !journeys[journey.index()].is_up);
            self.chain.is_so.push(is_lost || is_down);
        }
        Ok(state)
    }
}

/// Ways that lead to the same state in the same manner, as one.
fn merged(transitions: &mut [Transition]) -> Vec<Transition> {
    transitions.sort_by_key(|(to, goes_on, _)| (*goes_on, *to));
    let mut merged: Vec<Transition> = Vec::with_capacity(transitions.len());
    for &(to, goes_on, rate) in &*transitions {
        match merged.last_mut() {
            Some((last, manner, sum)) if (*last, *manner) == (to, goes_on) => *sum += rate,
            _ => merged.push((to, goes_on, rate)),
        }
    }
    merged
}

/// The states that have been found, as what differs from the first, one after another.
struct States {
    base: Vec<u32>,
    firsts: Vec<usize>,
    /// Pairs: how many words are as in the first, and one that is not.
    differences: Vec<(u32, u32)>,
    /// By hash, open addressing: the number of the state, plus one.
    table: Vec<u32>,
    row: Vec<(u32, u32)>,
}

impl States {
    fn new() -> States {
        States {
            base: Vec::new(),
            firsts: vec![0],
            differences: Vec::new(),
            table: vec![0; 1 << 10],
            row: Vec::new(),
        }
    }

    fn len(&self) -> usize {
        self.firsts.len() - 1
    }

    fn of(&self, state: usize) -> &[(u32, u32)] {
        &self.differences[self.firsts[state]..self.firsts[state + 1]]
    }

    fn read(&self, state: usize, words: &mut Vec<u32>) {
        words.clone_from(&self.base);
        for &(place, word) in self.of(state) {
            words[place as usize] = word;
        }
    }

    /// The number of a state, and whether it is a new one.
    fn number_of(&mut self, words: &[u32]) -> (u32, bool) {
        let mut row = std::mem::take(&mut self.row);
        row.clear();
        for (place, &word) in words.iter().enumerate() {
            if self.base.get(place) != Some(&word) {
                row.push((place as u32, word));
            }
        }
        let mut place = self.place_of(&row);
        let known = self.table[place];
        let found = if known > 0 {
            (known - 1, false)
        } else {
            self.differences.extend_from_slice(&row);
            self.firsts.push(self.differences.len());
            let number = self.len() as u32;
            if 2 * self.len() > self.table.len() {
                self.grow();
                place = self.place_of(&row);
            }
            self.table[place] = number;
            (number - 1, true)
        };
        self.row = row;
        found
    }

    /// Where in the table a state is, or is to be.
    fn place_of(&self, row: &[(u32, u32)]) -> usize {
        let mask = self.table.len() - 1;
        let mut place = hash(row) & mask;
        loop {
            let number = self.table[place];
            if number == 0 || number <= self.len() as u32 && self.of(number as usize - 1) == row {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        self.table = vec![0; 4 * self.table.len()];
        // The last has not been put there yet.
        for state in 0..self.len() - 1 {
            let mask = self.table.len() - 1;
            let mut place = hash(self.of(state)) & mask;
            while self.table[place] != 0 {
                place = (place + 1) & mask;
            }
            self.table[place] = state as u32 + 1;
        }
    }
}

fn hash(row: &[(u32, u32)]) -> usize {
    let mut hash = 0;
    for &(place, word) in row {
        hash = Stream::seeded(hash ^ u64::from(place) << 32 ^ u64::from(word)).word();
    }
    hash as usize
}
