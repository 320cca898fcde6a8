//! Wrong rules on purpose.
//!
//! A test of the rules is worth something only if wrong rules fail it. [`Variation`] names the
//! places where a step can be made wrong, as constants: the step is compiled once for each
//! variation that is used, so the right rules pay nothing for it. Only tests use any but
//! [`Exact`].

/// A rule book: each constant is right as it stands here.
pub trait Variation {
    /// Whether the order of players decides who gets a cell that two want; otherwise seat 0 does.
    const PRIORITY: bool = true;
    /// Whether a player can step onto a cell that another leaves later in the same step.
    const FREE_FOLLOWING: bool = false;
    /// Whether the last seat interacts first.
    const REVERSED_INTERACTIONS: bool = false;
    /// Whether items can be put on the floor.
    const FLOOR_DROP: bool = true;
    /// Whether a pot takes onions and tomatoes together.
    const MIXED_POTS: bool = false;
    /// Whether pots tick after players have interacted.
    const LATE_TICK: bool = false;
    /// Whether rewards are judged on the state after the step.
    const LATE_REWARDS: bool = false;
}

/// CoGrid's rules.
#[derive(Debug)]
pub struct Exact;

impl Variation for Exact {}
