//! Stores are exported and checked; whatever is changed is found.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod exports;
mod psych_ds;
mod stores;
mod support;
