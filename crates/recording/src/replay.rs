//! From a log back to the game: re-simulates it, checks every stored digest, and derives the
//! table again.

use crate::log::{self, Frame, HeaderError, Log, StartError};
use crate::programs::{ProgramError, Programs};
use crate::table;
use dyad_gridworld::{ConfirmedFrame, End, Entry, Outcome, World};

/// A log that is played again, frame by frame.
#[derive(Debug)]
pub struct Replay<'a> {
    log: &'a Log,
    world: World,
    taken: usize,
    finished: bool,
}

/// One frame of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The frame as it stands in the log.
    pub frame: Frame,
    /// What happened, if the frame is a row of the episode.
    pub outcome: Option<Outcome>,
}

/// Why a log doesn't give a game.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It cannot be started.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The rules lead elsewhere than the log says.
    #[error("frame {frame} leads to a world with digest {found:016x}, the log says {stored:016x}")]
    Digest {
        /// The first such frame.
        frame: u32,
        /// The first eight bytes of the digest in the log.
        stored: u64,
        /// The same of the world that the rules lead to.
        found: u64,
    },
    /// A frame after the episode's last.
    #[error("frame {0} comes after the episode's last one")]
    AfterEnd(u32),
}

impl<'a> Replay<'a> {
    /// A replay before the log's first frame.
    ///
    /// # Errors
    /// [`StartError`] where this program cannot re-simulate the log.
    pub fn start(log: &'a Log) -> Result<Self, StartError> {
        Ok(Self { log, world: log.header.start()?, taken: 0, finished: false })
    }

    /// Plays the next frame; `None` after the last.
    ///
    /// # Errors
    /// [`ReplayError`] where the log contradicts the rules. Nothing sensible follows then.
    pub fn step(&mut self) -> Result<Option<Step>, ReplayError> {
        self.step_watched(|_, _| {})
    }

    /// The same; `watch` sees the world before the frame.
    fn step_watched(
        &mut self,
        watch: impl FnOnce(&World, &Frame),
    ) -> Result<Option<Step>, ReplayError> {
        let Some(&frame) = self.log.frames.get(self.taken) else { return Ok(None) };
        if self.finished {
            return Err(ReplayError::AfterEnd(frame.number));
        }
        self.taken += 1;
        for hold in self.log.holds_before(frame.number) {
            self.world.hold(hold.frames);
        }
        watch(&self.world, &frame);
        let outcome = self.world.step(&frame.inputs);
        let found = self.world.digest().short();
        if found != frame.digest {
            return Err(ReplayError::Digest { frame: frame.number, stored: frame.digest, found });
        }
        self.finished = self.world.episodes_over() > self.log.header.episode;
        Ok(Some(Step { frame, outcome }))
    }

    /// The world after the frames that were played so far.
    #[must_use]
    pub const fn world(&self) -> &World {
        &self.world
    }

    /// Whether the episode is over.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.finished
    }
}

/// What a log leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// The table's bytes.
    pub table: Vec<u8>,
    /// Where each row starts in the table.
    pub rows: Vec<RowAt>,
    /// Whether the episode is over by its log.
    pub finished: bool,
    /// Why the session is over, if it is with this episode.
    pub end: Option<End>,
    /// What speaks against the inputs of programs.
    pub programs: Option<ProgramError>,
}

/// Where a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowAt {
    /// The row's frame.
    pub frame: u32,
    /// Its first byte in the table.
    pub start: usize,
}

impl Derived {
    /// The bytes of a frame's row with its line end, if the frame has one.
    #[must_use]
    pub fn row(&self, frame: u32) -> Option<&[u8]> {
        let at = self.rows.binary_search_by_key(&frame, |row| row.frame).ok()?;
        let end = self.rows.get(at + 1).map_or(self.table.len(), |next| next.start);
        self.table.get(self.rows[at].start..end)
    }

    /// The bytes before the first row.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        let end = self.rows.first().map_or(self.table.len(), |row| row.start);
        &self.table[..end]
    }
}

/// Re-simulates a log and derives its table: the same bytes that were recorded.
///
/// # Errors
/// [`ReplayError`] names the first frame at which the log contradicts the rules.
pub fn derive(log: &Log) -> Result<Derived, ReplayError> {
    let mut replay = Replay::start(log)?;
    let (table, rows) = (Vec::new(), Vec::new());
    let mut derived = Derived { table, rows, finished: false, end: None, programs: None };
    let seed = replay.world().game().settings().seed;
    let mut programs = Programs::of(&log.header.session, seed);
    table::put_header(replay.world().game(), &mut derived.table);
    let participants = &log.header.session.participants;
    let step = |replay: &mut Replay<'_>, programs: &mut Programs| {
        replay.step_watched(|world, frame| programs.check(world, frame))
    };
    while let Some(Step { frame, outcome }) = step(&mut replay, &mut programs)? {
        let Some(outcome) = outcome else { continue };
        derived.rows.push(RowAt { frame: frame.number, start: derived.table.len() });
        table::put_row(replay.world(), &frame.inputs, &outcome, participants, &mut derived.table);
    }
    derived.finished = replay.is_finished();
    derived.end = replay.world().end();
    derived.programs = programs.wrong();
    Ok(derived)
}

/// Re-simulates a log and gives everything in it, in order, with whole digests.
///
/// # Errors
/// [`ReplayError`] names the first frame at which the log contradicts the rules.
pub fn entries(log: &Log) -> Result<Vec<Entry>, ReplayError> {
    let mut replay = Replay::start(log)?;
    let mut entries = Vec::with_capacity(log.frames.len() + log.holds.len());
    while let Some(Step { frame: Frame { number, inputs, .. }, .. }) = replay.step()? {
        entries.extend(log.holds_before(number).copied().map(Entry::Hold));
        let digest = replay.world().digest();
        entries.push(Entry::Frame(ConfirmedFrame { frame: number, inputs, digest }));
    }
    Ok(entries)
}

/// What a crash left of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The length to cut the log to: what follows is the beginning of an entry, or zeros.
    pub log_length: usize,
    /// The table that the log gives, to be written anew.
    pub table: Vec<u8>,
}

/// Why nothing can be recovered.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// There is no whole header, so no frame was recorded.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The log contradicts the rules.
    #[error(transparent)]
    Replay(#[from] ReplayError),
}

/// Says how to make a record whole again after the program or the computer stopped, from the
/// bytes of its log. A record that was closed comes back as it is.
///
/// # Errors
/// [`RecoverError`] where no frame can be trusted. The files should be kept for people.
pub fn recover(bytes: &[u8]) -> Result<Recovered, RecoverError> {
    let log = log::read(bytes)?;
    let log_length = log.ending.sound_length().unwrap_or(bytes.len());
    Ok(Recovered { log_length, table: derive(&log)?.table })
}
