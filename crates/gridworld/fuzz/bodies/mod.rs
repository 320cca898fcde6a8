//! What the fuzz targets hold to be true, in one place for libFuzzer and for `tests/corpus.rs`.

pub(crate) mod decode;
mod games;
pub(crate) mod layout;
pub(crate) mod step;
