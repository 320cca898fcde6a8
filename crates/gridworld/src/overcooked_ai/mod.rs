//! Overcooked-AI: the kitchen of the human games that were recorded in 2019.
//!
//! The cooks do what they do in CoGrid's Overcooked, and nearly everything about it differs:
//! players interact before they move, a collision stops both, nothing is drawn at random, and
//! nothing can be put on the floor. The rules are those of Overcooked-AI (MIT) as of 2019, where
//! a soup cooks by itself from its third ingredient. They are checked step by step against human
//! games (`tests/oracle`).
//!
//! - [`Parameters`]: what can be set; [`Rules`]: the same with the layout;
//! - [`Kitchen`]: the state of an episode; [`Object`]: what can be carried;
//! - `step.rs`: one step; `columns.rs`: what stands in a table; `board.rs`: the state as text
//!   for people.

mod board;
mod columns;
mod kitchen;
mod object;
mod parameters;
mod rules;
mod step;
#[cfg(test)]
mod tests;
#[doc(hidden)]
pub mod variation;

pub use kitchen::{Agent, Kitchen, Pot};
pub use object::{MAX_COOKED, Object};
pub use parameters::{Parameters, RewardScheme};
pub use rules::{MAX_CELLS, Rules};
pub use step::{DELIVERED, INGREDIENT_IN_POT, SOUP_IN_DISH, USEFUL_DISH};

use crate::layout::NamedLayout;

/// The classic layouts with their start cells.
pub const LAYOUTS: &[NamedLayout] = &[
    ("cramped_room", include_str!("../../../../assets/layouts/overcooked_ai/cramped_room.txt")),
    (
        "asymmetric_advantages",
        include_str!("../../../../assets/layouts/overcooked_ai/asymmetric_advantages.txt"),
    ),
    (
        "coordination_ring",
        include_str!("../../../../assets/layouts/overcooked_ai/coordination_ring.txt"),
    ),
    (
        "forced_coordination",
        include_str!("../../../../assets/layouts/overcooked_ai/forced_coordination.txt"),
    ),
    (
        "counter_circuit",
        include_str!("../../../../assets/layouts/overcooked_ai/counter_circuit.txt"),
    ),
];
