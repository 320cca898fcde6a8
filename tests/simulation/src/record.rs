//! A seat's record: the list of what became final, and the statements about it.
//!
//! The list is what peers are compared by. Files are made of it in [`crate::books`], and a program
//! that is started again has its list from them.

use crate::books::{Books, Disk};
use crate::scenario::Scenario;
use dyad_gridworld::{ConfirmedFrame, Digest, Entry, Hold, Phase, PlayerInput, World};
use dyad_protocol::Seat;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a peer states of an episode: its rows, frames so far, and the world's digest.
type Summary = [u8; 40];

/// The record of a seat.
pub struct Record {
    seat: Seat,
    /// What became final, as a log has it: a hold is a part of it when a frame has followed.
    entries: Vec<Entry>,
    /// How many of them the files have: after the last episode, nothing is recorded.
    recorded: usize,
    /// How often it was written.
    syncs: u32,
    /// The world after the entries: it tells when an episode is over.
    replica: World,
    rows: u32,
    /// Of the finished episodes.
    own: Vec<Summary>,
    statements: VecDeque<(u16, Vec<u8>)>,
    /// What others stated, by seat and episode.
    theirs: Vec<(Seat, u16, Summary)>,
    /// How many entries others have said to have on disk.
    committed: Vec<(Seat, u32)>,
    illegible: u32,
    books: Books,
}

impl Record {
    /// The record of a seat that goes on with the files on its disk, at first none.
    #[must_use]
    pub fn found(scenario: &Scenario, seat: Seat, disk: Disk) -> Self {
        let (books, entries) = Books::found(scenario, seat, disk);
        let mut record = Self {
            seat,
            entries: Vec::new(),
            recorded: 0,
            syncs: 0,
            replica: World::new(Arc::clone(&scenario.game)),
            rows: 0,
            own: Vec::new(),
            statements: VecDeque::new(),
            theirs: Vec::new(),
            committed: Vec::new(),
            illegible: 0,
            books,
        };
        for entry in &entries {
            match entry {
                Entry::Frame(frame) => record.step(frame),
                Entry::Hold(hold) => record.stand_still(hold),
            }
        }
        record
    }

    /// Takes an input that this seat's computer has given.
    pub fn issued(&mut self, frame: u32, input: PlayerInput) {
        self.books.issued(frame, input);
    }

    /// Takes a confirmed frame, and the form in which it goes to the files: of a healthy computer,
    /// the same.
    pub fn frame(&mut self, frame: &ConfirmedFrame, filed: &ConfirmedFrame) {
        self.books.confirmed(filed);
        self.step(frame);
    }

    /// Takes a frame that an earlier run of the program has played: it is on the disk, or the
    /// partners have it.
    pub fn supplied(&mut self, frame: &ConfirmedFrame) {
        self.books.supplied(frame);
        self.step(frame);
    }

    fn step(&mut self, frame: &ConfirmedFrame) {
        self.entries.push(Entry::Frame(*frame));
        if self.replica.phase() != Phase::Coasting {
            self.recorded = self.entries.len();
        }
        let outcome = self.replica.step(&frame.inputs);
        self.rows += u32::from(outcome.is_some());
        if self.own.len() < usize::from(self.replica.episodes_over()) {
            self.finish_episode(&frame.digest);
        }
    }

    /// Takes a resumption. If it was interrupted before a frame was confirmed, the next takes its
    /// place.
    pub fn hold(&mut self, hold: &Hold) {
        self.stand_still(hold);
        self.books.hold(hold);
    }

    fn stand_still(&mut self, hold: &Hold) {
        self.entries.truncate(self.entries().len());
        self.entries.push(Entry::Hold(*hold));
        self.replica.hold(hold.frames);
    }

    fn finish_episode(&mut self, digest: &Digest) {
        let mut summary = [0; 40];
        let numbers = [std::mem::take(&mut self.rows), self.replica.frame()];
        for (bytes, number) in summary.chunks_exact_mut(4).zip(numbers) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        summary[8..].copy_from_slice(&digest.0);
        let episode = u16::try_from(self.own.len()).expect("there are a few episodes");
        self.own.push(summary);
        let books = self.books.take_statement().map(|statement| statement.encode());
        let bytes = summary.into_iter().chain(books.into_iter().flatten()).collect();
        self.statements.push_back((episode, bytes));
    }

    /// The next statement to tell the partners.
    pub fn take_statement(&mut self) -> Option<(u16, Vec<u8>)> {
        self.statements.pop_front()
    }

    /// Takes what a partner states about an episode.
    pub fn statement(&mut self, seat: Seat, episode: u16, bytes: &[u8]) {
        let Some((summary, books)) = bytes.split_first_chunk() else {
            self.illegible += 1;
            return;
        };
        self.theirs.push((seat, episode, *summary));
        if !books.is_empty() {
            self.books.statement(books);
        }
    }

    /// Writes everything to the disk, and says so; with the recorder's signature, which is dear,
    /// in one of four times.
    pub fn sync(&mut self) -> Vec<u8> {
        self.books.sync();
        self.syncs += 1;
        let count = u32::try_from(self.recorded).unwrap_or(u32::MAX).to_le_bytes();
        let signed = self.syncs.is_multiple_of(4).then(|| self.books.committed()).flatten();
        let books = signed.map(|committed| committed.encode());
        count.into_iter().chain(books.into_iter().flatten()).collect()
    }

    /// Takes what a partner has on disk.
    pub fn committed_by(&mut self, seat: Seat, bytes: &[u8]) {
        let Some((count, books)) = bytes.split_first_chunk() else {
            self.illegible += 1;
            return;
        };
        self.committed.push((seat, u32::from_le_bytes(*count)));
        if !books.is_empty() {
            self.books.committed_by(books);
        }
    }

    /// Closes what is still open.
    pub fn end(&mut self) {
        self.books.end();
    }

    /// Loses everything but what the program left on its disk.
    ///
    /// # Panics
    /// If that is something else than what became final.
    pub fn keep(&mut self, scenario: &Scenario, disk: Disk) {
        let left = Self::found(scenario, self.seat, disk);
        assert!(self.entries.starts_with(left.entries()), "seat {}'s files differ", self.seat);
        self.entries.truncate(left.entries().len());
    }

    /// What became final.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        match self.entries.split_last() {
            Some((Entry::Hold(_), before)) => before,
            _ => &self.entries,
        }
    }

    /// The confirmed frames.
    pub fn frames(&self) -> impl Iterator<Item = &ConfirmedFrame> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Frame(frame) => Some(frame),
            Entry::Hold(_) => None,
        })
    }

    /// How many episodes are finished.
    #[must_use]
    pub const fn finished(&self) -> usize {
        self.own.len()
    }

    /// The world after what became final.
    #[must_use]
    pub const fn replica(&self) -> &World {
        &self.replica
    }

    /// Whether the session's game is over, and every episode of it is finished.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let all = usize::from(self.replica.episodes_over());
        self.replica.end().is_some() && self.own.len() == all
    }

    /// What a partner has said that this record contradicts, or that cannot be read.
    #[must_use]
    pub fn disagreement(&self) -> Option<String> {
        if self.illegible > 0 {
            return Some("a statement is too short".to_owned());
        }
        let differs = |(_, episode, theirs): &&(Seat, u16, Summary)| {
            self.own.get(usize::from(*episode)).is_some_and(|own| own != theirs)
        };
        let (seat, episode, _) = self.theirs.iter().find(differs)?;
        Some(format!("seat {seat} states something else about episode {episode}"))
    }

    /// How many entries a partner has said to have on disk, at the most.
    #[must_use]
    pub fn promised_by(&self, seat: Seat) -> u32 {
        let promises = self.committed.iter().filter(|(whose, _)| *whose == seat);
        promises.map(|(_, count)| *count).max().unwrap_or(0)
    }

    /// Whose it is.
    #[must_use]
    pub const fn seat(&self) -> Seat {
        self.seat
    }

    /// The files.
    #[must_use]
    pub const fn books(&self) -> &Books {
        &self.books
    }
}
