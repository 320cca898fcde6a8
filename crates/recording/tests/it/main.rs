//! Tests of the record as a whole.
//!
//! - `formats`: logs cut and damaged at every byte; the golden record;
//! - `sessions`: recorders in whole sessions, regular and not;
//! - `judgement`: verification, relations and verdicts;
//! - `tables`: columns, and what the reference platform's tool says of them;
//! - `support`: the sessions that the others use.

mod formats;
mod judgement;
mod sessions;
mod support;
mod tables;
