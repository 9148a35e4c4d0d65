//! The luck of copies of data: when they are back, when they have defects.

use super::agenda::{Agenda, next_of};
use super::event::Event;
use super::step::DataChooser;
use crate::dist::Law;
use crate::model::{Clock, CopyId, DataId, Model};
use crate::rng::{Purpose, Stream};
use crate::spec::{CatchUp, Rebuild, Scrub, Speed};
use crate::units::{SimSpan, SimTime};

/// How often what is rare is made to happen, where it is.
const OFTEN: f64 = 0.5;

/// The luck of one copy in one life.
#[derive(Clone, Copy, Debug, Default)]
struct CopyLuck {
    /// How often its loss has been noticed, it has been rebuilt, had a defect and been read whole.
    detections: u32,
    rebuilds: u32,
    defects: u32,
    reads: u32,
    /// Bytes that are still to be moved, how many of them a second, and since when; or seconds, one a second.
    left: f64,
    rate: f64,
    since: SimTime,
}

impl CopyLuck {
    /// From now on so much a second.
    fn goes_on_with(&mut self, rate: f64, now: SimTime) {
        self.left = (self.left - self.rate * (now - self.since).seconds()).max(0.0);
        (self.rate, self.since) = (rate, now);
    }
}

/// The luck of all copies in one life.
#[derive(Clone, Debug)]
pub(super) struct Copies {
    /// By copy; empty if the copies of no class need any.
    copies: Vec<CopyLuck>,
    /// How often each class has been deleted, and has lost its newest data.
    deletions: Vec<u32>,
    newest: Vec<u32>,
    /// How often something has struck each copy that takes it with a probability; empty if nothing does.
    strikes: Vec<u32>,
}

impl Copies {
    pub(super) fn new(model: &Model) -> Copies {
        let data = &model.data;
        let is_chancy = |clock: &Clock| clock.wipes && clock.wiping() < 1.0;
        let needs_luck = data.holdings.iter().any(|holding| {
            holding.rebuild.is_some()
                || holding.latent.is_some()
                || holding.unreadable > 0.0
                || matches!(holding.catch_up, CatchUp::After(_))
        });
        Copies {
            copies: vec![CopyLuck::default(); if needs_luck { data.units.len() } else { 0 }],
            deletions: vec![0; data.holdings.len()],
            newest: vec![0; data.holdings.len()],
            strikes: match model.clocks.iter().any(is_chancy) {
                true => vec![0; data.units.len()],
                false => Vec::new(),
            },
        }
    }
}

impl Agenda<'_> {
    /// Begins a life of all copies: there, and without defects.
    pub(super) fn begin_copies(&mut self) {
        let data = &self.model.data;
        self.copies.copies.fill(CopyLuck::default());
        self.copies.deletions.fill(0);
        self.copies.newest.fill(0);
        self.copies.strikes.fill(0);
        for (class, holding) in data.holdings.iter().enumerate() {
            if holding.latent.is_some() {
                (0..holding.count).for_each(|number| self.defect_is_awaited(holding.copy(number)));
            }
            self.deletion_is_awaited(DataId::new(class));
        }
    }

    fn luck_of(&self, copy: CopyId, purpose: Purpose, ordinal: u32) -> Stream {
        self.key.of(self.model.data.names[copy.index()], purpose).draw(ordinal)
    }

    fn rebuild_of(&self, copy: CopyId) -> &Rebuild {
        let (_, holding, _) = self.model.data.holding_of(copy);
        holding.rebuild.as_ref().expect("only what is rebuilt has a timer for it")
    }

    /// How much of the newest data of a class is lost, once more.
    fn newest(&mut self, class: DataId, law: Option<&Law>, purpose: Purpose) -> SimSpan {
        let ordinal = next_of(&mut self.copies.newest[class.index()]);
        let name = self.model.data.holdings[class.index()].name;
        let mut stream = self.key.of(name, purpose).draw(ordinal);
        SimSpan::from_seconds(law.map_or(0.0, |law| law.draw(&mut stream)))
    }
}

impl DataChooser for Agenda<'_> {
    fn now(&self) -> SimTime {
        self.now
    }

    fn catching_up_begins(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        let CatchUp::After(law) = &holding.catch_up else { return };
        let ordinal = next_of(&mut self.copies.copies[copy.index()].rebuilds);
        let seconds = law.draw(&mut self.luck_of(copy, Purpose::CatchUp, ordinal));
        self.set(Event::Rebuild(copy), SimSpan::from_seconds(seconds));
    }

    fn detection_begins(&mut self, copy: CopyId) {
        let ordinal = next_of(&mut self.copies.copies[copy.index()].detections);
        let mut stream = self.luck_of(copy, Purpose::Detect, ordinal);
        let seconds =
            self.rebuild_of(copy).detect.as_ref().map_or(0.0, |law| law.draw(&mut stream));
        self.set(Event::Rebuild(copy), SimSpan::from_seconds(seconds));
    }

    fn absence_begins(&mut self, copy: CopyId) {
        let ordinal = next_of(&mut self.copies.copies[copy.index()].detections);
        let mut stream = self.luck_of(copy, Purpose::Absence, ordinal);
        let law = self.rebuild_of(copy).gives_up_after.as_ref();
        let seconds = law.map_or(0.0, |law| law.draw(&mut stream));
        self.set(Event::Rebuild(copy), SimSpan::from_seconds(seconds));
    }

    fn rebuild_begins(&mut self, copy: CopyId) {
        let ordinal = next_of(&mut self.copies.copies[copy.index()].rebuilds);
        let mut stream = self.luck_of(copy, Purpose::Rebuild, ordinal);
        let left = match &self.rebuild_of(copy).speed {
            Speed::Law(law) => law.draw(&mut stream),
            Speed::Bandwidth { bytes, .. } => *bytes,
        };
        let luck = &mut self.copies.copies[copy.index()];
        (luck.left, luck.rate, luck.since) = (left, 0.0, self.now);
        self.rebuild_resumes(copy);
    }

    fn rebuild_pauses(&mut self, copy: CopyId) -> bool {
        self.copies.copies[copy.index()].goes_on_with(0.0, self.now);
        self.cancel(Event::Rebuild(copy));
        true
    }

    fn rebuild_resumes(&mut self, copy: CopyId) {
        let is_by_law = matches!(self.rebuild_of(copy).speed, Speed::Law(_));
        let luck = &mut self.copies.copies[copy.index()];
        luck.goes_on_with(if is_by_law { 1.0 } else { 0.0 }, self.now);
        if is_by_law {
            let left = SimSpan::from_seconds(luck.left);
            self.set(Event::Rebuild(copy), left);
        }
    }

    fn rebuild_paces(&mut self, copy: CopyId, rate: f64) {
        let now = self.now;
        let luck = &mut self.copies.copies[copy.index()];
        if luck.rate == rate {
            return;
        }
        luck.goes_on_with(rate, now);
        let takes = SimSpan::from_seconds(luck.left / rate);
        self.cancel(Event::Rebuild(copy));
        self.set(Event::Rebuild(copy), takes);
    }

    fn rebuild_is_called_off(&mut self, copy: CopyId) {
        self.cancel(Event::Rebuild(copy));
    }

    fn is_wiped(&mut self, copy: CopyId, probability: f64) -> bool {
        let ordinal = next_of(&mut self.copies.strikes[copy.index()]);
        self.luck_of(copy, Purpose::Wiped, ordinal).open_unit() < probability
    }

    fn finds_unreadable(&mut self, copy: CopyId, probability: f64, is_fatal: bool) -> bool {
        let ordinal = next_of(&mut self.copies.copies[copy.index()].reads);
        let mut stream = self.luck_of(copy, Purpose::Unreadable, ordinal);
        // Where it takes nothing for good it is common enough, and weights of many rebuilds would grow without bound.
        if self.bias.is_on && is_fatal {
            return self.bias.happens(probability, probability.max(OFTEN), &mut stream);
        }
        stream.open_unit() < probability
    }

    fn picks_group(&mut self, copy: CopyId, among: usize, worst: usize) -> usize {
        let luck = self.copies.copies[copy.index()];
        let mut stream = self.luck_of(copy, Purpose::Group, luck.defects + luck.reads);
        if !self.bias.is_on {
            return stream.below(among);
        }
        let share = 1.0 / among as f64;
        let is_worst = stream.open_unit() < OFTEN;
        let place = if is_worst { worst } else { stream.below(among) };
        let made = (1.0 - OFTEN) * share + if place == worst { OFTEN } else { 0.0 };
        self.bias.weight *= share / made;
        place
    }

    fn picks_other(&mut self, copy: CopyId, among: usize) -> usize {
        let luck = self.copies.copies[copy.index()];
        let mut stream = self.luck_of(copy, Purpose::Group, luck.defects + luck.reads);
        // The words before have been used to pick the group.
        let used = if self.bias.is_on { 2 } else { 1 };
        (0..used).for_each(|_| _ = stream.word());
        stream.below(among)
    }

    fn defect_is_awaited(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        let Some(latent) = &holding.latent else { return };
        let ordinal = next_of(&mut self.copies.copies[copy.index()].defects);
        let seconds = latent.every.draw(&mut self.luck_of(copy, Purpose::Defect, ordinal));
        self.set(Event::Defect(copy), SimSpan::from_seconds(seconds));
    }

    fn scrub_begins(&mut self, copy: CopyId) {
        let (_, holding, _) = self.model.data.holding_of(copy);
        let lasts = match holding.latent.as_ref().and_then(|latent| latent.scrub.as_ref()) {
            Some(Scrub::After(law)) => {
                let ordinal = self.copies.copies[copy.index()].defects;
                let seconds = law.draw(&mut self.luck_of(copy, Purpose::Scrub, ordinal));
                SimSpan::from_seconds(seconds)
            }
            Some(Scrub::Cycle(cycle)) => {
                let cycle = cycle.micros();
                SimSpan::from_micros(cycle - self.now.micros() % cycle)
            }
            None => return,
        };
        self.set(Event::Defect(copy), lasts);
    }

    fn defect_is_called_off(&mut self, copy: CopyId) {
        self.cancel(Event::Defect(copy));
    }

    fn deletion_is_awaited(&mut self, class: DataId) {
        let holding = &self.model.data.holdings[class.index()];
        let Some(law) = &holding.deleted else { return };
        let ordinal = next_of(&mut self.copies.deletions[class.index()]);
        let seconds = law.draw(&mut self.key.of(holding.name, Purpose::Delete).draw(ordinal));
        self.set(Event::Delete(class), SimSpan::from_seconds(seconds));
    }

    fn unsynced(&mut self, class: DataId) -> SimSpan {
        let model = self.model;
        self.newest(class, model.data.holdings[class.index()].unsynced.as_ref(), Purpose::Unsynced)
    }

    fn lag(&mut self, class: DataId) -> SimSpan {
        let model = self.model;
        self.newest(class, model.data.holdings[class.index()].lag.as_ref(), Purpose::Lag)
    }
}
