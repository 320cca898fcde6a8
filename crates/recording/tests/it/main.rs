//! Tests of the record as a whole.
//!
//! - `formats`: logs cut and damaged at every byte; the golden record;
//! - `sessions`: recorders in whole sessions, regular and not;
//! - `interruptions`: sessions that are held, killed and resumed;
//! - `doubts`: signatures, replayed messages, divergences;
//! - `focus`: sessions that end, or wait, because somebody is away;
//! - `judgement`: verification, relations and verdicts;
//! - `tables`: columns, and what the reference platform's tool says of them;
//! - `support`: the sessions that the others use.

mod doubts;
mod focus;
mod formats;
mod interruptions;
mod judgement;
mod sessions;
mod support;
mod tables;
