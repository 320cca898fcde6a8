//! Stores are exported and checked; whatever is changed is found.

mod damage;
mod exports;
mod psych_ds;
mod stores;
mod support;
