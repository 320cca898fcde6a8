//! What a learning program sees of a kitchen.
//!
//! - [`FeatureVector`]: CoGrid's 892 numbers, bit for bit, for partners that were trained on
//!   them;
//! - [`GridPlanes`]: a compact picture of the whole grid in bytes, for training new ones.
//!
//! Both are made once from a kitchen's rules and then write into buffers of the caller; writing
//! allocates nothing. Nothing here has any effect on play.

mod features;
mod planes;

pub use features::{FEATURES, FeatureVector, MASK_COLUMNS, MASK_ROWS, Residue};
pub use planes::{GridPlanes, PLANES};

/// Why a kitchen has no feature vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ObservationError {
    /// The grid does not fit into the masks.
    #[error(
        "the grid has {rows} rows and {columns} columns; \
         the feature vector has room for {MASK_ROWS} and {MASK_COLUMNS}"
    )]
    GridTooLarge {
        /// Rows of the grid.
        rows: usize,
        /// Columns of the grid.
        columns: usize,
    },
    /// The vector is laid out for two players.
    #[error("the feature vector is for 2 players, not for {players}")]
    NotTwoPlayers {
        /// Players of the game.
        players: usize,
    },
}
