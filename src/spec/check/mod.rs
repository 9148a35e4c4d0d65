//! From what the file says to what it means: the only place that refuses.

mod all;
mod needs;
mod offers;
mod places;

pub(crate) use all::check;
