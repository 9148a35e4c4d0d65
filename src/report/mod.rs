//! What is shown, and how: a [`Report`] is data with nothing left to compute, and each renderer is a
//! function of it. Formats end here.

mod answer;
mod answer_json;
mod answer_text;
mod at_once;
mod capacity;
mod csv;
mod cuts;
mod data;
mod data_class;
mod data_json;
mod data_text;
mod difference;
mod figure;
mod galileo;
mod html;
mod json;
mod names;
mod not_static;
mod number;
#[cfg(feature = "parquet")]
mod parquet;
mod plotters;
mod precision;
mod prism;
mod rows;
mod scenario;
mod scenario_json;
mod scenario_text;
mod text;
mod timeline;

pub use self::csv::to_csv;
pub use self::plotters::{DrawError, Sheet, Theme, to_png, to_svg};
pub use answer::{
    Answer, Answers, Contradiction, LossAnswer, Method, Over, Route, not_markov_text,
};
pub(crate) use answer::{ByRoute, exact_answers, rare_refusal, tells_of_horizon};
pub use at_once::LevelAtOnce;
pub use capacity::{
    CAPACITY_SCHEMA, CapacityReport, Case, MemoryUse, NodeUse, PendingReplica, capacity,
    capacity_to_json, capacity_to_text, obstacle_text,
};
pub use cuts::{
    CUTS_SCHEMA, CutMode, CutOrder, CutUnit, CutsReport, ExactImportances, JourneyCuts, NamedCut,
    SimulatedImportance, cuts, cuts_to_json, cuts_to_text,
};
pub use data::{
    Blast, Cause, Causes, Comparison, InputBand, JourneyMeasures, JourneyReport, ModeCause, Named,
    ProlongingCause, Report, RunInfo, Stressed, TopologyInfo,
};
pub use data_class::{
    DataCause, DataMeasures, DataReport, DataStageCause, PromisedBy, Survival, WindowOfData,
};
pub use difference::{
    Change, DIFFERENCE_SCHEMA, DifferenceReport, Side, difference_to_json, difference_to_text,
};
pub use figure::{
    Amount, AmountAxis, Amounts, Bar, Chip, Condition, Content, Curve, Curves, Figure, Inside,
    JourneyNeeds, Lane, Mark, Panel, PanelPoint, Panels, Place, Places, Ranking, ServiceKey,
    Stretch, Strip, XAxis, YAxis, figures, life_figure, topology_figure,
};
pub use galileo::to_galileo;
pub use html::to_html;
pub use json::{RESULT_SCHEMA, to_json, to_json_array};
pub use not_static::not_static_text;
pub(crate) use precision::BeyondReach;
pub use precision::{NotReached, PrecisionReport, Sought};
pub use prism::{to_prism, to_prism_modules};
pub use rows::{RowFormat, RowWriter, RowsOf};
pub use scenario::{ScenarioReport, ShownLife};
pub use scenario_json::{SCENARIO_RESULT_SCHEMA, scenarios_to_json, scenarios_to_junit};
pub use scenario_text::{faults_table, scenario_to_text, scenarios_table};
pub use text::to_text;
pub use timeline::{timeline_to_text, timers_to_text};
