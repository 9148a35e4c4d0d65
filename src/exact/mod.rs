//! Numbers without luck, from the same model: what formulas say, right or wrong.

mod basic_event;
mod blast;
mod cut_set;
mod decision_diagram;
mod family;
mod fault_tree;
mod markov;
mod product;
mod quadrature;
mod regenerative;
mod simultaneous;
mod skeleton;
mod static_answer;
mod table;
mod transient;

pub use blast::{BlastRadius, blast_radii};
pub use cut_set::{Cut, CutSets, CutsBy, DownAlone, Element, OrderOfCuts, cut_sets};
pub use fault_tree::{FaultEvent, FaultGate, FaultInput, FaultLaw, FaultTree, fault_tree};
pub use markov::{
    Exact, LongRun, Unsolved, Within, long_run, mean_time_until, probability_never_within,
    probability_within, within,
};
pub use product::{Omission, Product, product_of_availabilities};
pub use simultaneous::{
    Simultaneous, simultaneous_loss, simultaneous_losses, simultaneous_losses_of_places,
};
pub use static_answer::{
    Importance, Importances, IntervalAnswer, NotStatic, StaticAnswer, static_answer,
};
