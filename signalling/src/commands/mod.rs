//! Commands that need no running lab.

pub(crate) mod check;
pub(crate) mod dataset;
pub(crate) mod links;
pub(crate) mod people;
pub(crate) mod status;
