//! Numbers without luck, from the same model: what formulas say, right or wrong.

mod blast;
mod product;
mod simultaneous;

pub use blast::{BlastRadius, blast_radii};
pub use product::{Omission, Product, product_of_availabilities};
pub use simultaneous::{Simultaneous, simultaneous_loss, simultaneous_losses};
