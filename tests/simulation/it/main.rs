//! Tests of whole sessions in virtual time.

mod detector;
mod every_frame;
mod profiles;
mod protocol;
mod reproducible;
mod schedules;
