//! Numbers without luck, from the same model: what formulas say, right or wrong.

mod blast;
mod markov;
mod product;
mod simultaneous;

pub use blast::{BlastRadius, blast_radii};
pub use markov::{
    Exact, LongRun, Unsolved, Within, long_run, mean_time_until, probability_within, within,
};
pub use product::{Omission, Product, product_of_availabilities};
pub use simultaneous::{Simultaneous, simultaneous_loss, simultaneous_losses};
