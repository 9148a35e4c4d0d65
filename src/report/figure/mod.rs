//! What figures show, as data: a finding for a title, and curves, panels, bars, lanes or places.
//! Nothing here draws.

mod data;
mod places;
mod run;
mod stairs;
mod strip;

pub use places::topology_figure;
pub use run::figures;
pub use strip::life_figure;

/// A picture, with everything in it said in words and numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Part of its file name.
    pub name: &'static str,
    /// The finding.
    pub title: String,
    /// What it is of, in a line.
    pub subtitle: String,
    /// How it is to be read, and what was left out.
    pub note: Option<String>,
    /// What is drawn.
    pub content: Content,
}

/// What is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Falling curves over a length of time.
    Curves(Curves),
    /// For each journey a line with its band.
    Panels(Panels),
    /// For each journey its causes as bars.
    Rankings(Vec<Ranking>),
    /// For each data class amounts as bars, and what they are amounts of.
    Amounts(String, Vec<Amounts>),
    /// One life, lane by lane.
    Strip(Strip),
    /// What stands where.
    Places(Places),
}

/// Curves over a length of time on a logarithmic axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Curves {
    /// What lies to the right.
    pub x_label: String,
    /// From where to where, seconds.
    pub x_range: (f64, f64),
    /// What lies above.
    pub y_label: String,
    /// How it is scaled.
    pub y_axis: YAxis,
    /// One for each journey.
    pub curves: Vec<Curve>,
    /// Lengths of time that matter.
    pub marks: Vec<Mark>,
}

/// The vertical axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum YAxis {
    /// A share from 0 to 1, in percent.
    Share,
    /// A number on a logarithmic axis, from where to where.
    Logarithmic(f64, f64),
}

/// A falling line.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// As the legend names it.
    pub name: String,
    /// Seconds and height.
    pub points: Vec<(f64, f64)>,
}

/// A vertical line.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where, seconds.
    pub at: f64,
    /// What it is.
    pub label: String,
}

/// Small pictures of one kind, each with a scale of its own: downtime a year against something.
#[derive(Clone, Debug, PartialEq)]
pub struct Panels {
    /// What lies to the right of each.
    pub x_label: String,
    /// How that is scaled.
    pub x_axis: XAxis,
    /// From where to where: seconds or lives.
    pub x_range: (f64, f64),
    /// What lies above, in seconds.
    pub y_label: String,
    /// One for each journey.
    pub panels: Vec<Panel>,
}

/// The horizontal axis of panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum XAxis {
    /// Seconds.
    Time,
    /// Lives, logarithmic.
    Lives,
}

/// A line with its band.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Whose.
    pub name: String,
    /// Up to where it is shown, seconds; it begins with zero.
    pub y_most: f64,
    /// From left to right.
    pub points: Vec<PanelPoint>,
    /// What is allowed, seconds, if that can be shown.
    pub budget: Option<f64>,
}

/// An estimate somewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PanelPoint {
    /// Where: seconds or lives.
    pub x: f64,
    /// The estimate, seconds.
    pub mean: f64,
    /// Its 95 % interval, seconds.
    pub interval: (f64, f64),
}

/// What the downtime of a journey comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The journey and its downtime.
    pub name: String,
    /// The longest first.
    pub bars: Vec<Bar>,
}

/// A cause.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is.
    pub label: String,
    /// Its share of all downtime, from 0 to 1.
    pub share: f64,
    /// Whether somebody meant it to happen.
    pub is_planned: bool,
}

/// Amounts as bars over an axis of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Amounts {
    /// Of what.
    pub name: String,
    /// How the axis is scaled.
    pub axis: AmountAxis,
    /// From top to bottom.
    pub amounts: Vec<Amount>,
}

/// The axis of amounts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AmountAxis {
    /// Seconds, from zero to so many.
    Time(f64),
    /// Numbers on a logarithmic axis, from where to where.
    Logarithmic(f64, f64),
}

/// An amount.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount {
    /// What it is.
    pub label: String,
    /// How much it is, in words.
    pub words: String,
    /// How much; zero where nothing was seen.
    pub value: f64,
    /// Its 95 % interval, if it is known.
    pub interval: Option<(f64, f64)>,
    /// What is said on a line above it, where the worst begins.
    pub line_above: Option<String>,
}

/// One life, lane by lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Strip {
    /// How long it lasts, seconds.
    pub length_s: f64,
    /// Journeys, and then units.
    pub lanes: Vec<Lane>,
}

/// When one thing was down, or not as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Its name.
    pub name: String,
    /// Whether it is a journey and not a unit.
    pub is_journey: bool,
    /// How often it went down.
    pub times: usize,
    /// When it was down or not as it should be, in order.
    pub stretches: Vec<Stretch>,
}

impl Lane {
    /// How long it was down, seconds.
    pub fn downtime_s(&self) -> f64 {
        let down = self.stretches.iter().filter(|stretch| stretch.is_down);
        down.map(|stretch| stretch.to_s - stretch.from_s).sum()
    }
}

/// A time in one condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// From when, seconds.
    pub from_s: f64,
    /// Until when, seconds.
    pub to_s: f64,
    /// How it is.
    pub condition: Condition,
    /// Whether it is down.
    pub is_down: bool,
}

/// How something is that is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Somebody means it to be down.
    Planned,
    /// Something has failed.
    Down,
    /// No node takes it.
    Pending,
    /// It starts, or gets its image or its volume, or waits for what it needs.
    Starting,
    /// It waits for people who must open it, or they are at it.
    Sealed,
    /// It was told to end, or stays on a node that cannot be told.
    Stuck,
    /// It runs, and cannot be reached or nobody has noticed that it is of no use.
    CutOff,
    /// It has run out of memory, now or a short while ago.
    Short,
    /// A journey that is up and not whole.
    Degraded,
}

impl Condition {
    /// All of them, as a legend has them.
    pub const ALL: [Condition; 9] = [
        Condition::Down,
        Condition::Planned,
        Condition::Pending,
        Condition::Starting,
        Condition::Sealed,
        Condition::Stuck,
        Condition::CutOff,
        Condition::Short,
        Condition::Degraded,
    ];

    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Condition::Down => "failed",
            Condition::Planned => "planned work",
            Condition::Pending => "pending: no node takes it",
            Condition::Starting => "starting, not ready",
            Condition::Sealed => "sealed: waits for people",
            Condition::Stuck => "told to end, or stuck",
            Condition::CutOff => "cut off, or unnoticed",
            Condition::Short => "short of memory",
            Condition::Degraded => "degraded: slow, or reduced",
        }
    }
}

/// What stands where, and what users need of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Places {
    /// What users do, and what they need for that.
    pub journeys: Vec<JourneyNeeds>,
    /// Domains that stand on nothing.
    pub outermost: Vec<Inside>,
    /// Replicas for which no place is given.
    pub nowhere: Vec<Chip>,
    /// The services, in the order of the topology.
    pub services: Vec<ServiceKey>,
}

/// A journey in words.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneyNeeds {
    /// Its name.
    pub name: String,
    /// What must be up for it.
    pub needs: String,
}

/// A service in words.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceKey {
    /// Its name.
    pub name: String,
    /// How many of it there are and are needed, and what it needs of others.
    pub about: String,
}

/// What a domain contains.
#[derive(Clone, Debug, PartialEq)]
pub enum Inside {
    /// A domain.
    Place(Place),
    /// So many more of these.
    More(usize, String),
}

/// A domain with what stands in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// What its failure alone does to journeys, if anything.
    pub warning: Option<String>,
    /// Replicas right in it.
    pub chips: Vec<Chip>,
    /// Domains in it.
    pub inside: Vec<Inside>,
}

/// A replica, or several of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Its name.
    pub name: String,
    /// Index of its service.
    pub service: usize,
    /// Whether its failure alone takes down a journey.
    pub is_single: bool,
}
