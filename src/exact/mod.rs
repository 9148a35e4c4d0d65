//! Numbers without luck, from the same model: what formulas say, right or wrong.

mod product;

pub use product::{Omission, Product, product_of_availabilities};
