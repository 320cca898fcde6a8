//! Tests of whole sessions in virtual time.

mod detector;
mod profiles;
mod reproducible;
mod schedules;
