//! Hand-written programs that do the work of one topology and nothing else: what the general engine
//! is measured against. Each knows its system by heart, so none of it can be used for another.

pub(crate) mod drives;
pub(crate) mod heap;
pub(crate) mod monitoring;
pub(crate) mod two_of_three;
