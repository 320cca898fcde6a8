//! Commands that work on the data of a lab, without running one.

pub(crate) mod dataset;
