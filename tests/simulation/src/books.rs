//! A seat's files, in memory: in the client, the recorder, the writer thread and what they write.
//!
//! A program that is started again writes its files anew from the entries that it finds; the real
//! one goes on in those that are there, which tests of the recorder compare.

use crate::scenario::Scenario;
use dyad_gridworld::{ConfirmedFrame, Entry, Hold, PlayerInput};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::bundle::Bundle;
use dyad_recording::{Committed, Effect, Recorder, Statement};
use std::collections::{BTreeMap, VecDeque};

/// A recorder and what it wrote.
pub struct Books {
    recorder: Recorder,
    participant: ParticipantId,
    files: BTreeMap<u16, Files>,
    statements: VecDeque<Statement>,
    marks: Vec<Effect>,
    refused: Vec<String>,
}

/// The files of one episode that all peers must have alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// The log.
    pub log: Vec<u8>,
    /// The table.
    pub table: Vec<u8>,
    /// Whether they were closed, and then whether with everybody's statement.
    pub closed: Option<bool>,
}

impl Books {
    /// The books of a scenario's session at a seat.
    #[must_use]
    pub fn new(scenario: &Scenario, seat: Seat) -> Self {
        let session = scenario.session();
        let participant = session.participants[seat.index()].clone();
        Self {
            recorder: Recorder::new(session, seat, &scenario.game, scenario.key(seat))
                .expect("a scenario fits"),
            participant,
            files: BTreeMap::new(),
            statements: VecDeque::new(),
            marks: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Takes an input that this seat's computer has given.
    pub fn issued(&mut self, frame: u32, input: PlayerInput) {
        self.recorder.issued(frame, input).expect("an input is given before it is confirmed");
    }

    /// Takes a confirmed frame.
    pub fn confirmed(&mut self, frame: &ConfirmedFrame) {
        self.recorder.confirmed(frame).expect("frames leave the journal in order");
        self.drain();
    }

    /// Takes a confirmed frame whose own input an earlier run of the program gave.
    pub fn supplied(&mut self, frame: &ConfirmedFrame) {
        let taken = self.recorder.supplied(&Entry::Frame(*frame));
        taken.expect("what is supplied follows what is there");
        self.drain();
    }

    /// Takes a hold.
    pub fn hold(&mut self, hold: &Hold) {
        self.recorder.hold(*hold).expect("a hold is about the next frame");
    }

    /// Takes what a partner states about an episode.
    pub fn statement(&mut self, bytes: &[u8]) {
        let taken = Statement::decode(bytes)
            .map_err(|error| error.to_string())
            .and_then(|it| self.recorder.statement(it).map_err(|refusal| refusal.to_string()));
        self.refused.extend(taken.err());
        self.drain();
    }

    /// Takes what a partner has on disk.
    pub fn committed_by(&mut self, bytes: &[u8]) {
        let taken = Committed::decode(bytes)
            .map_err(|error| error.to_string())
            .and_then(|it| self.recorder.committed_by(it).map_err(|refusal| refusal.to_string()));
        self.refused.extend(taken.err());
    }

    /// What this seat has on disk; memory is a disk that is always flushed.
    #[must_use]
    pub fn committed(&self) -> Option<Committed> {
        self.recorder.committed()
    }

    /// The next statement to tell the partners.
    pub fn take_statement(&mut self) -> Option<Statement> {
        self.statements.pop_front()
    }

    /// Closes what is still open.
    pub fn end(&mut self) {
        self.recorder.end();
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(effect) = self.recorder.poll_effect() {
            match effect {
                Effect::Open { episode } => {
                    let opened = self.files.insert(episode, Files::default());
                    assert!(opened.is_none(), "episode {episode} was opened twice");
                }
                Effect::Log { episode, bytes } => self.open(episode).log.extend(bytes),
                Effect::Table { episode, bytes } => self.open(episode).table.extend(bytes),
                Effect::Close { episode, complete } => self.open(episode).closed = Some(complete),
                Effect::Statement(statement) => self.statements.push_back(statement),
                mark => self.marks.push(mark),
            }
        }
    }

    fn open(&mut self, episode: u16) -> &mut Files {
        let files = self.files.get_mut(&episode).filter(|files| files.closed.is_none());
        files.expect("the recorder writes between opening and closing")
    }

    /// The files so far, by episode.
    #[must_use]
    pub const fn files(&self) -> &BTreeMap<u16, Files> {
        &self.files
    }

    /// What the recorder found wrong.
    #[must_use]
    pub fn marks(&self) -> &[Effect] {
        &self.marks
    }

    /// Why messages of partners were not taken.
    #[must_use]
    pub fn refused(&self) -> &[String] {
        &self.refused
    }

    /// An episode's files as they travel to the collector, without a local table.
    #[must_use]
    pub fn bundle(&self, episode: u16) -> Option<Bundle> {
        let Files { log, table, .. } = self.files.get(&episode)?.clone();
        let participant = self.participant.clone();
        let (local, divergence) = (Vec::new(), None);
        Some(Bundle { participant, episode, log, table, local, divergence })
    }
}
