//! A seat's files, in memory: in the client, the recorder, the writer thread and what they write.
//!
//! A program that is started again goes on in the files that the one before it left, cut wherever
//! the power was cut; it plays on from what it finds there, and from nothing else.

use crate::scenario::Scenario;
use dyad_gridworld::{ConfirmedFrame, Entry, Hold, PlayerInput};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::bundle::Bundle;
use dyad_recording::recorder::Left;
use dyad_recording::{Committed, Effect, Recorder, Statement};
use std::collections::{BTreeMap, VecDeque};

/// A recorder and what it wrote.
pub struct Books {
    recorder: Recorder,
    participant: ParticipantId,
    files: Disk,
    /// So many bytes of an episode's log survive a loss of power.
    synced: BTreeMap<u16, usize>,
    statements: VecDeque<Statement>,
    marks: Vec<Effect>,
    refused: Vec<String>,
}

/// The files of a session, by episode.
pub type Disk = BTreeMap<u16, Files>;

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
        Self::found(scenario, seat, Disk::new()).0
    }

    /// Goes on with the files that an earlier run of the program left, and tells what is recorded
    /// in them.
    ///
    /// # Panics
    /// If that cannot be done: an earlier run of the same program wrote them.
    #[must_use]
    pub fn found(scenario: &Scenario, seat: Seat, mut files: Disk) -> (Self, Vec<Entry>) {
        let session = scenario.session();
        let participant = session.participants[seat.index()].clone();
        let logs: Vec<_> = files.values().map(|files| files.log.clone()).collect();
        let (game, key) = (&scenario.game, scenario.key(seat));
        let (recorder, resumption) = Recorder::resume(session, seat, game, key, &logs)
            .unwrap_or_else(|error| panic!("seat {seat} cannot go on with its logs: {error}"));
        for (episode, left) in (0..).zip(resumption.episodes) {
            match left {
                Left::Closed => {}
                Left::Open { log_length, table } => {
                    let mut log = std::mem::take(&mut files.entry(episode).or_default().log);
                    log.truncate(log_length);
                    files.insert(episode, Files { log, table, closed: None });
                }
                Left::Nothing => {
                    files.remove(&episode);
                }
            }
        }
        let mut books = Self {
            recorder,
            participant,
            files,
            synced: BTreeMap::new(),
            statements: VecDeque::new(),
            marks: Vec::new(),
            refused: Vec::new(),
        };
        books.drain();
        books.sync();
        (books, resumption.entries)
    }

    /// Brings all logs to the disk.
    pub fn sync(&mut self) {
        let lengths = self.files.iter().map(|(&episode, files)| (episode, files.log.len()));
        self.synced = lengths.collect();
    }

    /// How many bytes a loss of power can cost.
    #[must_use]
    pub fn at_risk(&self) -> usize {
        self.files.iter().map(|(episode, files)| self.at_risk_of(*episode, files)).sum()
    }

    fn at_risk_of(&self, episode: u16, files: &Files) -> usize {
        files.log.len() - self.synced.get(&episode).copied().unwrap_or_default()
    }

    /// The files after a loss of power that cost so many bytes, the newest first; at most
    /// [`Self::at_risk`].
    #[must_use]
    pub fn left_after(&self, mut bytes: usize) -> Disk {
        let mut left = self.files.clone();
        for (&episode, files) in left.iter_mut().rev() {
            let lost = bytes.min(self.at_risk_of(episode, files));
            files.log.truncate(files.log.len() - lost);
            bytes -= lost;
        }
        left
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

    /// What this seat has recorded; it is to be brought to the disk before it is told.
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
                Effect::Close { episode, complete } => {
                    self.open(episode).closed = Some(complete);
                    self.sync_log(episode);
                }
                // After a loss of power the end of an episode could come about otherwise.
                Effect::Statement(statement) => {
                    self.sync_log(statement.episode);
                    self.statements.push_back(statement);
                }
                mark => self.marks.push(mark),
            }
        }
    }

    fn sync_log(&mut self, episode: u16) {
        if let Some(files) = self.files.get(&episode) {
            self.synced.insert(episode, files.log.len());
        }
    }

    fn open(&mut self, episode: u16) -> &mut Files {
        let files = self.files.get_mut(&episode).filter(|files| files.closed.is_none());
        files.expect("the recorder writes between opening and closing")
    }

    /// The files so far, by episode.
    #[must_use]
    pub const fn files(&self) -> &Disk {
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
