//! What holds in every game: random kitchens, numbers of players, settings and inputs.
//!
//! - `games.rs`: the random games;
//! - `worlds.rs`: stepping, going back, encoding;
//! - `focus.rs`: players who are away;
//! - `batches.rs`: many worlds in one step;
//! - `items.rs`: nothing appears or vanishes but by the rules; `people.rs`: nor in Overcooked-AI;
//! - `sights.rs`: observations, against slow and plain versions of them;
//! - `golden.rs`: digests of long games, which must be the same on every machine.

mod batches;
mod focus;
mod games;
mod golden;
mod items;
mod people;
mod sights;
mod worlds;
