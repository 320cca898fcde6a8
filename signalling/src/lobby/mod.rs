//! The lobby: who is connected, where each is in the study, who waits and who plays. A plain state
//! machine around matchmaking, driven like it: [`Lobby::handle`] and [`Lobby::handle_timeout`],
//! then drain [`Lobby::poll_effect`].
//!
//! A connection is `Fresh` until it says hello, `Admitting` while the store is asked who this is,
//! and `Admitted` then. One participant has one connection at a time.
//!
//! Everything that outlives the lab is an entry of the [`crate::journal`]. Entries come among the
//! effects; those of one drain are to be on the disk before anything else of it is done.
//!
//! - `hello.rs`, `admission.rs`: coming in and going;
//! - `scenes.rs`: from scene to scene;
//! - `blocks.rs`: groups that go through a block of scenes together;
//! - `games.rs`: waiting rooms, probes, tickets, the end of games;
//! - `watch.rs`: round trips during play;
//! - [`reports`]: what clients report;
//! - `restore.rs`: going on after the lab was killed;
//! - `connection.rs`, `owner.rs`: the shell.

mod admission;
mod blocks;
pub(crate) mod connection;
mod games;
mod hello;
pub(crate) mod owner;
pub mod reports;
mod restore;
mod scenes;
#[cfg(test)]
mod tests;
mod watch;

pub use restore::RestoreError;

use crate::identities::Identity;
use crate::journal::Entry;
use crate::people::{People, Person, PersonFact, PersonRecord};
use crate::study::Study;
use crate::ticket::{Client, Order, Prepared, SessionRecord};
use dyad_collector::Registration;
use dyad_experiment::{ConditionId, Outcome};
use dyad_matchmaking::{self as matchmaking, HandleError, MatchId, Matchmaking, Timestamp};
use dyad_protocol::lobby::{FromClient, FromLab, Refusal, Ticket};
use dyad_protocol::records::Verdict;
use dyad_protocol::study::Computer;
use dyad_protocol::{PanelId, ParticipantId, PublicKey, SessionId, Token};
use reports::{Batch, Reports};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use watch::Watch;

/// How long a new connection may stay silent.
pub const HELLO_WITHIN_MS: u64 = 10_000;

/// Messages that are not understood, after which a connection ends.
pub const MAX_MALFORMED: u32 = 100;

/// Round trips of a connection that are kept; their median counts.
const ROUND_TRIPS: usize = 25;

/// A connection's number, counted since the lab started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The lab was started again: the first event after [`Lobby::restore`].
    Restarted,
    /// Somebody connected.
    Opened(ConnectionId),
    /// A message came.
    Said(ConnectionId, FromClient),
    /// A message came that is none.
    Garbled(ConnectionId),
    /// The round trip of a connection was measured, in milliseconds.
    RoundTrip(ConnectionId, u32),
    /// A connection is gone.
    Closed(ConnectionId),
    /// The store knows who this is; the token is theirs for the next time.
    Admitted(ConnectionId, ParticipantId, Token),
    /// The store does not know who this is, or cannot be asked.
    NotAdmitted(ConnectionId, Refusal),
    /// A session is written down and its room is open.
    Registered(Box<Prepared>),
    /// A session could not be written down.
    NotRegistered(MatchId),
    /// All records of an episode are there.
    Judged(Box<Registration>, u16, Verdict),
    /// The last [`Effect::Note`] is carried out, or cannot be.
    Noted,
    /// The lab stops.
    Stopping,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Write this down before anything else is done.
    Persist(Entry),
    /// Send a message.
    Send(ConnectionId, FromLab),
    /// End a connection, after what was sent to it.
    Close(ConnectionId),
    /// Find out who this is, or enrol somebody new; then say [`Event::Admitted`].
    Admit(ConnectionId, AdmitBy),
    /// Note, before all else, something that says who somebody is.
    Identify(ParticipantId, Identity),
    /// Prepare a session for these people and write it down; then say [`Event::Registered`].
    Register(Order),
    /// Open a signalling room with these passwords.
    OpenRoom(String, Vec<Token>),
    /// A session is over, or never came to be: close its signalling room.
    CloseRoom(String),
    /// Open a signalling room for two who are to measure their round trip, and tell them.
    OpenProbe {
        /// The group.
        group: MatchId,
        /// The two.
        pair: [(ConnectionId, ParticipantId); 2],
        /// How long they have.
        within_ms: u64,
    },
    /// Close all rooms for probes of a group.
    CloseProbes(MatchId),
    /// Store what these people report; then say [`Event::Noted`].
    Note(Batch),
}

/// How somebody is to be admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdmitBy {
    /// As the one who has this resume token.
    Resume(Token),
    /// As the one who has this resume token, or as somebody new who gets it: they are known from
    /// outside.
    Known(Token),
    /// As somebody new.
    New,
}

#[derive(Debug)]
enum Stage {
    Fresh,
    Admitting(PublicKey),
    Admitted(Client),
}

#[derive(Debug)]
struct Connection {
    stage: Stage,
    malformed: u32,
    /// Refused: nothing that it still says counts.
    dismissed: bool,
    /// When it was admitted.
    since: Timestamp,
    /// Whether an earlier one of the same person was lost, and not because the lab was away.
    is_replacement: bool,
    panel: Option<PanelId>,
    /// In milliseconds, the newest last.
    round_trips: VecDeque<u32>,
    /// What was said in screening, until enough round trips are measured.
    screening: Option<Computer>,
}

/// A game that has its tickets.
#[derive(Debug)]
struct Game {
    record: SessionRecord,
    /// Of its people, in the order of their seats.
    tickets: Vec<Ticket>,
    /// Whether they have them.
    given: bool,
    /// Whose connection is gone, since the lab was started.
    gone: BTreeSet<ParticipantId>,
}

/// The lobby.
pub struct Lobby {
    study: Study,
    matchmaking: Matchmaking,
    people: People,
    connections: BTreeMap<ConnectionId, Connection>,
    present: BTreeMap<ParticipantId, ConnectionId>,
    games: BTreeMap<MatchId, Game>,
    /// Conditions of games that are being prepared.
    drawn: BTreeMap<MatchId, ConditionId>,
    /// Why the lab has ended a game for somebody, and what they read of it.
    over: BTreeMap<ParticipantId, (SessionId, Outcome, Option<String>)>,
    watch: Watch,
    /// When each connection must have said hello, in order.
    hellos_due: VecDeque<(Timestamp, ConnectionId)>,
    reports: Reports,
    malformed: u64,
    stale: u64,
    effects: VecDeque<Effect>,
}

impl Lobby {
    /// An empty lobby.
    #[must_use]
    pub fn new(study: Study) -> Self {
        let matchmaking = Matchmaking::new(study.rooms().settings());
        Self::with(study, matchmaking)
    }

    fn with(study: Study, matchmaking: Matchmaking) -> Self {
        Self {
            study,
            matchmaking,
            people: People::default(),
            connections: BTreeMap::new(),
            present: BTreeMap::new(),
            games: BTreeMap::new(),
            drawn: BTreeMap::new(),
            over: BTreeMap::new(),
            watch: Watch::default(),
            hellos_due: VecDeque::new(),
            reports: Reports::default(),
            malformed: 0,
            stale: 0,
            effects: VecDeque::new(),
        }
    }

    /// What those who play have reported last.
    #[must_use]
    pub const fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Everybody who has ever come.
    #[must_use]
    pub const fn people(&self) -> &People {
        &self.people
    }

    /// Takes in one event. Drain [`Self::poll_effect`] afterwards.
    pub fn handle(&mut self, now: Timestamp, event: Event) {
        match event {
            Event::Restarted => self.restarted(now),
            Event::Opened(id) => self.opened(now, id),
            Event::Said(id, message) => self.said(now, id, message),
            Event::Garbled(id) => self.garbled(id),
            Event::RoundTrip(id, rtt_ms) => self.round_trip(now, id, rtt_ms),
            Event::Closed(id) => self.closed(now, id),
            Event::Admitted(id, participant, token) => self.admitted(now, id, participant, token),
            Event::NotAdmitted(id, refusal) => self.refuse(id, refusal, hello::sentence(refusal)),
            Event::Registered(prepared) => self.registered(now, *prepared),
            Event::NotRegistered(id) => self.arrange(now, matchmaking::Event::NotRegistered(id)),
            Event::Judged(session, episode, verdict) => self.judged(&session, episode, &verdict),
            Event::Noted => self.reports.stored(),
            Event::Stopping => self.stopping(),
        }
        self.follow_matchmaking(now);
        self.effects.extend(self.reports.poll(now).map(Effect::Note));
    }

    /// Does what is due by now. Harmless if nothing is. Drain [`Self::poll_effect`] afterwards.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.hellos_due.pop_front_if(|(due, _)| *due <= now) {
            if matches!(self.connections.get(&id), Some(Connection { stage: Stage::Fresh, .. })) {
                let message = "the first message, hello, did not come in time".to_owned();
                self.refuse(id, Refusal::Malformed, message);
            }
        }
        let done = self.matchmaking.handle_timeout(now);
        note_error(&mut self.stale, done);
        self.follow_matchmaking(now);
        self.effects.extend(self.reports.poll(now).map(Effect::Note));
    }

    /// When [`Self::handle_timeout`] has something to do, if no event comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let hello = self.hellos_due.front().map(|(due, _)| *due);
        let reports = self.reports.next_deadline();
        hello.into_iter().chain(self.matchmaking.next_deadline()).chain(reports).min()
    }

    /// The next thing to do, in order; `None` when all is done.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Messages that were not understood, since the start.
    #[must_use]
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Messages about something that is over, or that they could not be about, since the start.
    #[must_use]
    pub const fn stale(&self) -> u64 {
        self.stale
    }

    fn said(&mut self, now: Timestamp, id: ConnectionId, message: FromClient) {
        let Some(connection) = self.undismissed(id) else { return };
        let participant = match (&connection.stage, &message) {
            (_, FromClient::Ping { nonce }) => {
                let nonce = *nonce;
                return self.send(id, FromLab::Pong { nonce });
            }
            (Stage::Fresh, FromClient::Hello(_)) => None,
            (Stage::Admitted(client), _) => Some(client.participant.clone()),
            (Stage::Fresh | Stage::Admitting(_), _) => return self.garbled(id),
        };
        let Some(participant) = participant else {
            let FromClient::Hello(hello) = message else { return };
            return self.hello(id, hello);
        };
        match message {
            FromClient::Ready { step } | FromClient::Done { step, .. }
                if self.is_stale(&participant, step) => {}
            FromClient::Ready { .. } => self.ready(now, id, &participant),
            FromClient::Leave => self.leave(now, participant),
            FromClient::Done { answer, .. } => self.done(now, id, &participant, answer),
            FromClient::Withdraw => self.withdraw(now, &participant),
            FromClient::Probed { group, with, rtt_ms } => {
                let id = MatchId(group);
                let by = participant;
                self.arrange(now, matchmaking::Event::ProbeReport { id, by, with, rtt_ms });
            }
            FromClient::Checked(checked) => self.checked(now, participant, *checked),
            FromClient::Report(report) => {
                self.watch_report(&participant, &report);
                self.reports.take(now, participant, *report);
            }
            FromClient::Hello(_) => self.garbled(id),
            FromClient::Ping { .. } => {}
        }
    }

    fn garbled(&mut self, id: ConnectionId) {
        let Some(connection) = self.undismissed(id) else { return };
        connection.malformed += 1;
        let too_many = connection.malformed >= MAX_MALFORMED;
        self.malformed += 1;
        if too_many {
            let message = format!("{MAX_MALFORMED} messages were not understood");
            self.refuse(id, Refusal::Malformed, message);
        }
    }

    fn judged(&mut self, session: &Registration, episode: u16, verdict: &Verdict) {
        for (_, participant) in session.people() {
            let (session, scene) = (session.session.clone(), session.scene.clone());
            let verdict = verdict.clone();
            self.tell(participant, FromLab::Verdict { session, scene, episode, verdict });
        }
    }

    fn stopping(&mut self) {
        self.effects.extend(self.reports.last().map(Effect::Note));
        let everybody: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in everybody {
            self.refuse(id, Refusal::Closed, "the lab closes; a running game goes on".to_owned());
        }
    }

    fn arrange(&mut self, now: Timestamp, event: matchmaking::Event) {
        let done = self.matchmaking.handle(now, event);
        note_error(&mut self.stale, done);
        self.write_down_matchmaking();
    }

    /// In the order in which things happen: a journal that is cut off has no effect without its cause.
    fn write_down_matchmaking(&mut self) {
        while let Some(record) = self.matchmaking.poll_record() {
            self.effects.push_back(Effect::Persist(Entry::Match(record)));
        }
    }

    /// Somebody who is on their way.
    fn person(&self, participant: &ParticipantId) -> Option<&Person> {
        self.people.get(participant)
    }

    /// The one place where anything about a person changes.
    fn record(&mut self, now: Timestamp, participant: &ParticipantId, fact: PersonFact) {
        let record = PersonRecord { at: now.0, participant: participant.clone(), fact };
        self.people.apply(&record);
        self.effects.push_back(Effect::Persist(Entry::Person(record)));
    }

    fn tell(&mut self, participant: &ParticipantId, message: FromLab) {
        if let Some(&id) = self.present.get(participant) {
            self.send(id, message);
        }
    }

    fn undismissed(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(&id).filter(|connection| !connection.dismissed)
    }

    fn refuse(&mut self, id: ConnectionId, code: Refusal, message: String) {
        let Some(connection) = self.undismissed(id) else { return };
        connection.dismissed = true;
        self.send(id, FromLab::Refused { code, message });
        self.effects.push_back(Effect::Close(id));
    }

    fn send(&mut self, id: ConnectionId, message: FromLab) {
        self.effects.push_back(Effect::Send(id, message));
    }
}

/// Who says something that cannot be, or is about something that is over, is counted and not heard.
fn note_error(stale: &mut u64, done: Result<(), HandleError>) {
    match done {
        Ok(()) => {}
        Err(HandleError::Illegal(error)) => {
            tracing::error!(%error, "matchmaking was told what cannot be");
        }
        Err(error) => {
            *stale += 1;
            tracing::debug!(%error, "a message is about something that is over");
        }
    }
}
