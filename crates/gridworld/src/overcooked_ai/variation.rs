//! Wrong rules on purpose, as [`crate::overcooked::variation`] explains.

/// A rule book: each constant is right as it stands here.
pub trait Variation {
    /// Whether the last seat interacts first.
    const REVERSED_INTERACTIONS: bool = false;
    /// Whether a player can step onto a cell that another leaves in the same step.
    const FOLLOWING: bool = true;
    /// Whether two players can change places.
    const SWAPPING: bool = false;
    /// Whether of two players who want the same cell the first gets it.
    const FIRST_GETS_IT: bool = false;
    /// Whether a soup cooks before players interact.
    const EARLY_TICK: bool = false;
    /// Whether the count of cooked steps stops when the soup is ready.
    const CAPPED: bool = false;
    /// Whether a soup is ready one step later.
    const LATE_READY: bool = false;
    /// Whether things can be put on the floor.
    const FLOOR_DROP: bool = false;
}

/// Overcooked-AI's rules of 2019.
#[derive(Debug)]
pub struct Exact;

impl Variation for Exact {}
