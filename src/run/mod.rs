//! Many lives: threads, blocks, the rule when to stop. Threads end here.
//!
//! Lives are dealt to threads in blocks and come back in order, so that the result is the same for
//! any number of threads; whether to go on is asked only after whole rounds of blocks.

mod exact;
mod lives;
mod plan;
mod rare;

pub use exact::{
    ExactLoss, ExactOutages, MOST_STATES, MOST_STATES_BESIDE, exact_loss, exact_outages,
};
pub(crate) use lives::Runner;
pub use lives::{LifeWatcher, Progress, Tally, live, run};
pub use plan::{Plan, PrecisionOf, RunError, Summary, Until};
pub(crate) use rare::{Aim, estimate_rare};
pub use rare::{Chosen, NotEstimated, OtherMethod, RareEstimate, RareMethod, Twin};
