//! Whole sessions in virtual time: what Dyad promises, under every network that a seed can draw,
//! and whatever befalls the computers and the people.
//!
//! A run is a function of a [`Profile`] and a seed. Two to four peers, each a [`Peer`] that is
//! netplay without Bevy (a shell over [`dyad_rollback::Session`], a ggrs session, a recorder),
//! talk through seeded [`dyad_impair`] links under a clock that only the simulation moves. Links
//! are cut and connections made anew; computers stand still; programs are killed and started
//! again with what they had on disk; players are lost, or leave. ggrs reads the simulation's clock
//! because this workspace replaces its `instant` crate; so minutes of play take milliseconds, and
//! the same seed gives the same run, bit for bit.
//!
//! ```
//! use dyad_simulation::{Scenario, check, profile, simulation};
//!
//! let scenario = Scenario::draw(profile::by_name("loss").expect("a profile"), 17);
//! let run = simulation::run(&scenario);
//! assert!(check::check(&scenario, &run).is_ok());
//! ```
//!
//! The one thing in ggrs that still reads the system clock is its ping. It bends nothing here but
//! the bytes of a datagram: the slow-down of a peer that is ahead comes from the simulation's own
//! knowledge of everybody's frames, never from ggrs's estimate, and no run compares those bytes.
//!
//! What this deliberately does not do: it opens no socket or file and starts no Bevy. That the
//! Bevy shell does the same is shown by [`lockstep`]: a test of netplay repeats its schedules.
//!
//! Modules, in reading order:
//! - [`profile`], [`mishap`] and [`scenario`]: what a run is determined by;
//! - [`script`]: the players, and [`golden`]: the session without any network;
//! - [`network`]: what connects the computers;
//! - [`pace`], [`engine`], [`record`], [`books`], [`peer`]: one computer;
//! - [`simulation`]: the event loop, and [`check`]: what must hold of every run;
//! - [`lockstep`]: schedules of deliveries for the comparison with Bevy;
//! - [`trial`], [`tally`] and [`summary`]: many runs, and what came of them.

pub mod books;
pub mod check;
pub mod engine;
pub mod golden;
pub mod lockstep;
pub mod mishap;
pub mod network;
pub mod pace;
pub mod peer;
pub mod profile;
pub mod record;
pub mod scenario;
pub mod script;
pub mod simulation;
pub mod summary;
pub mod tally;
pub mod trial;

pub use peer::Peer;
pub use profile::Profile;
pub use scenario::{Fault, Scenario};
pub use simulation::Run;
