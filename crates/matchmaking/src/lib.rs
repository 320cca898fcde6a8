//! Who waits, who plays with whom, and how a session lives, without any IO.
//!
//! [`Matchmaking`] is a plain struct: events and the time go in, records and effects come out.
//!
//! ```text
//!                 enough people      all pairs near       written down       checked
//!   (waiting ───────────────► Waiting ─────────► Matched ────────► Validating ─────► Playing
//!    room)  ◄──────────────────  │  ◄──────────────  │  ◄─────────────  │                │
//!                 rejected       ▼     no good,      ▼     left         ▼  everyone left ▼
//!                              Ended    or lost    Ended              Ended            Ended
//! ```
//!
//! A session is a group from the moment it is proposed. While it is `Waiting` its people are being
//! probed and keep their places in the waiting room; it holds no seats. It is `Matched` when all of
//! its seats are assigned, in one place, so a game exists only then. Whatever ends it before it
//! plays takes everybody back to the place they had. Scenes without probing skip `Waiting` in the
//! same call, scenes without validation skip `Validating`.
//!
//! # The loop of the shell
//!
//! One task owns the struct. It calls [`Matchmaking::handle`] with each event and the time, or
//! [`Matchmaking::handle_timeout`] when [`Matchmaking::next_deadline`] has come, and after each call
//! first drains [`Matchmaking::poll_record`] and persists what comes (one append, one sync), and
//! then drains [`Matchmaking::poll_effect`] and does what they say. In this order, a lab that is
//! killed has promised nothing that it does not know again.
//!
//! ```
//! use dyad_matchmaking::{log, Effect, Event, GroupSize, Matchmaking, RoomSettings, Timestamp};
//!
//! let scene: dyad_protocol::SceneId = "kitchen".parse()?;
//! let rooms = || [RoomSettings::new(scene.clone(), GroupSize::TWO)];
//! let mut matchmaking = Matchmaking::new(rooms());
//! let mut disk = String::new();
//!
//! // What arrives over time; a real shell takes it from a queue, or wakes at the deadline.
//! let ready = |name: &str| -> Result<Event, Box<dyn std::error::Error>> {
//!     Ok(Event::Ready { participant: name.parse()?, scene: scene.clone(), rtt_ms: Some(20), company: vec![] })
//! };
//! let mut events = std::collections::VecDeque::from([(10, ready("ann")?), (25, ready("ben")?)]);
//! let mut started = 0;
//! while let Some((ms, event)) = events.pop_front() {
//!     if let Err(refused) = matchmaking.handle(Timestamp(ms), event) {
//!         eprintln!("{refused}"); // An answer to a client, or a line for the experimenter.
//!     }
//!     while let Some(record) = matchmaking.poll_record() {
//!         disk.push_str(&log::line(&record));
//!     }
//!     while let Some(effect) = matchmaking.poll_effect() {
//!         match effect {
//!             // Write down who belongs to the match, and say so.
//!             Effect::Register { id, .. } => events.push_back((30, Event::Registered(id))),
//!             // Give everybody a ticket.
//!             Effect::Start { .. } => started += 1,
//!             // Send messages, open rooms for probes, ...
//!             _ => {}
//!         }
//!     }
//! }
//! assert_eq!(started, 1);
//!
//! // The lab is killed. Another one goes on: the game is still there, nobody is connected.
//! let records = log::read(&disk)?;
//! let mut restored = Matchmaking::restore(rooms(), None, records)?;
//! assert_eq!(restored.state(), matchmaking.state());
//! restored.handle(Timestamp(5_000), Event::Restarted)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The time goes on over restarts (the lab's milliseconds since 1970, held back where they would go
//! back), because records hold moments. A log that grows long is cut by serialising
//! [`Matchmaking::state`] and starting a new one; [`Matchmaking::restore`] takes both, and skips
//! records that the snapshot has.
//!
//! What comes with probing and validation: for [`Effect::Probe`], the shell opens a signalling room
//! for two and tells both; they connect, send five pings on the unreliable channel, and report the
//! median. If the group is accepted, a pair's connection may serve the game, too. For
//! [`Effect::Validate`] everybody gets the ticket, and reports for each partner what was heard.
//! [`Effect::WaitingAgain`] ends either, and closes the room.
//!
//! # Rules
//!
//! - A place in the queue belongs to a person until they leave, time out, or have played. Nothing
//!   that fails on the way costs it.
//! - A game goes on, for whoever is in it, until the last has left. What a study gives to those who
//!   stay when somebody drops out is for the shell to say.
//! - Order of arrival is broken only for a reason that stands in the [`fact::Fact::Proposed`] record:
//!   a connection that is gone, round trips that add up to too much, two who have failed together,
//!   earlier partners, people who wait for each other alone.
//! - Any call may come at any time, about anybody: it is refused with an error that changes
//!   nothing, or does nothing, as [`Event`] says of each.
//! - An arrival costs the same with ten people waiting as with ten thousand, save for logarithms and
//!   for the number of different round trips below the limit.
//!
//! Seats are counted among the people of a group, in the order of their places. Which seat of a game
//! that is, with programs in others, is for the shell to say.
//!
//! What this crate deliberately does not do: it knows no socket and no clock, writes no file, and
//! leaves nothing to chance. Matches are numbered; the ids in the data are the lab's.
//!
//! Modules, in reading order: [`settings`], [`event`], [`participant`] and [`session`] (the states
//! and their tables), [`fact`] and [`state`] (what has happened, and what that makes),
//! [`matchmaker`] (who is put together), [`matchmaking`] (the whole), [`log`] (the match log, and
//! what can be read from it), [`time`].

pub mod event;
pub mod fact;
mod index;
pub mod log;
pub mod matchmaker;
pub mod matchmaking;
pub mod participant;
pub mod session;
pub mod settings;
pub mod state;
pub mod time;

pub use event::{Effect, Event, HandleError, RoomStatus};
pub use fact::{Fact, Record};
pub use matchmaker::Matchmaker;
pub use matchmaking::Matchmaking;
pub use participant::{Departure, ParticipantState};
pub use session::{EndReason, MatchId, SessionState};
pub use settings::{GroupSize, RoomSettings};
pub use state::State;
pub use time::Timestamp;
