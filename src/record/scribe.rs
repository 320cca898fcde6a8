//! The writer's thread: carries out orders, drives the recorder, writes the files.

use super::files::Files;
use super::forensics::{AROUND, Dumps};
use super::identity::KeptKey;
use super::writer::{Order, Report, Session};
use bevy::log::{error, info, warn};
use dyad_gridworld::{Phase, World};
use dyad_netplay::transport::Path;
use dyad_netplay::{Committed, Telemetry};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::local::Row;
use dyad_recording::recorder::{self, Refusal};
use dyad_recording::statement::{Message, Say};
use dyad_recording::{Effect, Recorder, Statement};
use smol::channel::{Receiver, Sender};
use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write as _};
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Rows that wait for a picture: half a second of play. A window that nobody sees may draw none.
const MOST_UNSEEN: usize = 15;

/// The thread's side.
pub(super) struct Scribe {
    recorder: Recorder,
    seat: Seat,
    directory: PathBuf,
    participant: ParticipantId,
    started: SystemTime,
    files: BTreeMap<u16, Files>,
    /// Rows of the local table whose episode has not opened its files yet, or whose key is not known to have
    /// been seen.
    rows: VecDeque<Row>,
    partners_focused: Option<bool>,
    /// When keys were pressed, by the frame in which they act; of frames that are not confirmed yet.
    key_events: BTreeMap<u32, Duration>,
    /// When the display first got a picture of the world after so many frames; none that only show frames
    /// whose rows are made.
    shown: BTreeMap<u32, Duration>,
    dumps: Dumps,
    refused: u64,
    report: Sender<Report>,
}

/// Ends the thread: something that cannot be repaired here.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("the record cannot be written ({0}); make room on the disk, or allow writing to it")]
    Disk(#[from] io::Error),
    #[error("the record cannot go on: {0}")]
    Order(#[from] recorder::OrderError),
}

impl Scribe {
    pub(super) fn new(
        session: Session,
        recorder: Recorder,
        files: BTreeMap<u16, Files>,
        report: Sender<Report>,
    ) -> Self {
        let Session { directory, participant, seat, started, .. } = session;
        Self {
            recorder,
            seat,
            directory,
            participant,
            started,
            files,
            rows: VecDeque::new(),
            partners_focused: None,
            key_events: BTreeMap::new(),
            shown: BTreeMap::new(),
            dumps: Dumps::default(),
            refused: 0,
            report,
        }
    }

    /// Runs until the session is over. The key goes when everything is signed; if something fails
    /// it stays, so that the next start can close what is left open.
    pub(super) fn run(mut self, to_do: &Receiver<Order>, key: KeptKey) {
        if let Err(failure) = self.work(to_do) {
            error!("{failure}");
            self.say(Report::Failed(failure.to_string()));
        }
        // Reached in every case: what was confirmed stays on disk as far as it can.
        let closed = self.carry_out(Order::End).map_err(|failure| failure.to_string());
        let removed = closed.and_then(|()| key.remove().map_err(|error| error.to_string()));
        if let Err(failure) = removed {
            error!("{failure}");
        }
        self.say(Report::Done);
    }

    fn work(&mut self, to_do: &Receiver<Order>) -> Result<(), Failure> {
        // A resumed recorder has statements to make.
        self.apply_effects()?;
        while let Ok(order) = to_do.recv_blocking() {
            if matches!(order, Order::End) {
                break;
            }
            self.carry_out(order)?;
        }
        Ok(())
    }

    fn say(&self, report: Report) {
        // Nobody listens any more if the program is ending.
        drop(self.report.send_blocking(report));
    }

    fn carry_out(&mut self, order: Order) -> Result<(), Failure> {
        match order {
            Order::Issued(frame, input, key) => {
                self.recorder.issued(frame, input)?;
                // What was issued before an interruption for the same frame does not count.
                self.key_events.remove(&frame);
                self.key_events.extend(key.map(|at| (frame, at)));
            }
            Order::Shown(frames, at) => self.shown(frames, at),
            Order::Confirmed(committed) => self.confirmed(&committed)?,
            Order::Hold(hold) => self.recorder.hold(hold)?,
            Order::Supplied(entry) => self.recorder.supplied(&entry)?,
            Order::Sealed(bytes) => {
                self.hear(&bytes, |recorder, statement| recorder.statement(statement));
            }
            Order::CommittedBy(bytes) => {
                self.hear(&bytes, |recorder, message| recorder.committed_by(message));
            }
            Order::Dump { reason, frames, simulated } => {
                let at = (self.directory.as_path(), &self.participant, self.seat);
                if let Err(error) = self.dumps.add(at, reason, frames, simulated) {
                    warn!("inputs and states around a divergence are not kept: {error}");
                }
            }
            Order::Sync => self.sync()?,
            Order::End => self.recorder.end(),
        }
        self.apply_effects()
    }

    /// Gives what a partner said to the recorder, which decides whether it is to be believed.
    fn hear<S: Say>(
        &mut self,
        bytes: &[u8],
        take: fn(&mut Recorder, Message<S>) -> Result<(), Refusal>,
    ) {
        let taken = Message::decode(bytes).map_err(|error| error.to_string()).and_then(|message| {
            take(&mut self.recorder, message).map_err(|refusal| refusal.to_string())
        });
        let Err(reason) = taken else { return };
        self.refused += 1;
        // Somebody who says a million wrong things is told of twenty times.
        if self.refused.is_power_of_two() {
            warn!(
                "what a partner said of its record was dropped ({} so far): {reason}",
                self.refused
            );
            self.say(Report::Refused { count: self.refused, reason });
        }
    }

    /// Tells the partners of a finished episode. It is on the disk then: after a loss of power its
    /// end could come about otherwise, and this side would have stated two of them.
    fn seal(&mut self, statement: &Statement) -> Result<(), Failure> {
        let episode = statement.episode;
        if let Some(files) = self.files.get_mut(&episode) {
            files.sync()?;
        }
        self.say(Report::Seal { episode, statement: statement.encode() });
        Ok(())
    }

    fn confirmed(&mut self, committed: &Committed) -> Result<(), Failure> {
        let row = self.local_row(committed);
        self.recorder.confirmed(&committed.frame)?;
        self.rows.push_back(row);
        Ok(())
    }

    fn shown(&mut self, frames: u32, at: Duration) {
        // After an interruption there are other pictures of the same frames.
        self.shown.insert(frames, at);
        let waiting = self.rows.iter_mut().filter(|row| row.frame < frames && waits(row));
        for row in waiting {
            row.input_to_display_us = since_key(row.key_event_us, at);
        }
    }

    fn local_row(&mut self, committed: &Committed) -> Row {
        let Committed { frame, telemetry } = committed;
        let Telemetry { simulated_at, speculated, rollback_depth, stalled, .. } = *telemetry;
        let world = self.recorder.replica();
        let (episode, t) = place(world);
        let wall = self.started + simulated_at;
        let wall = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let players = world.game().players();
        let partner = (0..players).find(|&seat| seat != self.seat.index());
        let key_event_us = self.key_events.remove(&frame.frame).map(micros);
        self.shown = self.shown.split_off(&(frame.frame + 1));
        // What was shown before the key was pressed is of a game or of frames that are no more.
        let input_to_display_us = self.shown.values().find_map(|&at| since_key(key_event_us, at));
        let row = Row {
            frame: frame.frame,
            episode,
            t,
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            monotonic_us: micros(simulated_at),
            step_us: few_micros(telemetry.step),
            key_event_us,
            input_to_display_us,
            speculated,
            rollback_depth,
            rtt_us: telemetry.rtt.map(few_micros),
            jitter_us: telemetry.jitter.map(few_micros),
            loss_permille: telemetry.loss_permille,
            relayed: telemetry.path.map(|path| path == Path::Relayed),
            frames_ahead: telemetry.frames_ahead,
            stalled: stalled > 0,
            stalled_us: few_micros(telemetry.stalled_for),
            focused: frame.inputs[self.seat.index()].focused(),
            partner_focused: self.partners_focused,
        };
        self.partners_focused = partner.map(|seat| frame.inputs[seat].focused());
        row
    }

    fn apply_effects(&mut self) -> Result<(), Failure> {
        while let Some(effect) = self.recorder.poll_effect() {
            match effect {
                Effect::Open { episode } => {
                    // Those before this frame's belong to the episode before.
                    self.put_rows(|waiting| waiting > 1);
                    let files = Files::create(&self.directory, &self.participant, episode)?;
                    self.files.insert(episode, files);
                }
                Effect::Log { episode, bytes } => {
                    if let Some(files) = self.files.get_mut(&episode) {
                        files.log.write_all(&bytes)?;
                        files.dirty = true;
                    }
                }
                Effect::Table { episode, bytes } => {
                    if let Some(files) = self.files.get_mut(&episode) {
                        files.table.write_all(&bytes)?;
                    }
                }
                Effect::Statement(statement) => self.seal(&statement)?,
                Effect::Close { episode, complete } => self.close(episode, complete)?,
                Effect::Divergence(divergence) => {
                    let frame = divergence.frame.frame;
                    let reason = format!("the session diverged from its record at frame {frame}");
                    self.diverged(reason, frame.saturating_sub(AROUND)..=frame);
                }
                Effect::ChainDiffers { seat, agreed, frame } => {
                    let first = agreed.unwrap_or(frame.saturating_sub(AROUND));
                    let reason = format!("seat {seat} has another record by frame {frame}");
                    self.diverged(reason, first..=frame);
                }
                Effect::OtherInput { frame, .. } => {
                    self.mark(format!("another input was confirmed than issued at frame {frame}"));
                }
                Effect::Disagreement { episode, seat, field } => {
                    self.mark(format!("episode {episode}: seat {seat} states another {field}"));
                }
            }
        }
        self.put_rows(|waiting| waiting > MOST_UNSEEN);
        Ok(())
    }

    /// Rows of the local table go to the newest open episode, as the frames between episodes
    /// go to the next one's log. One that waits for the picture of what its key did goes, with all after it,
    /// when that is known, or when so many rows are too many.
    fn put_rows(&mut self, is_too_many: fn(usize) -> bool) {
        let Some(mut newest) = self.files.last_entry() else { return };
        let buffer = &mut newest.get_mut().local_buffer;
        loop {
            let many = is_too_many(self.rows.len());
            let Some(row) = self.rows.pop_front_if(|row| many || !waits(row)) else { return };
            row.put(buffer);
        }
    }

    /// Brings logs to the disk, then says what is there.
    fn sync(&mut self) -> Result<(), Failure> {
        let committed = self.recorder.committed();
        for files in self.files.values_mut() {
            files.sync()?;
        }
        if let Some(committed) = committed {
            self.say(Report::Committed(committed.encode()));
        }
        Ok(())
    }

    fn close(&mut self, episode: u16, complete: bool) -> Result<(), Failure> {
        self.put_rows(|_| true);
        if let Some(files) = self.files.remove(&episode) {
            files.close()?;
        }
        info!("episode {episode} is on disk{}", if complete { "" } else { ", closed alone" });
        self.say(Report::Closed { episode, complete });
        Ok(())
    }

    fn mark(&self, text: String) {
        warn!("{text}");
        self.say(Report::Marked(text));
    }

    /// Asks for what the session simulated in these frames, to keep it with the record's.
    fn diverged(&self, reason: String, frames: RangeInclusive<u32>) {
        self.mark(reason.clone());
        self.say(Report::Diverged { reason, frames });
    }
}

/// Episode and step that the world's next frame is a part of.
fn place(world: &World) -> (Option<u16>, Option<u32>) {
    match world.phase() {
        Phase::Playing => (Some(world.episode()), Some(world.t())),
        Phase::Countdown { .. } | Phase::Paused { .. } => (Some(world.episode()), None),
        Phase::Between { .. } => (Some(world.episode() + 1), None),
        Phase::Coasting => (None, None),
    }
}

/// Whether it is not known yet when the effect of a row's key was seen.
const fn waits(row: &Row) -> bool {
    row.key_event_us.is_some() && row.input_to_display_us.is_none()
}

/// The time from a key event to a picture, in microseconds; none without a key, or if the picture is older.
fn since_key(key_event_us: Option<u64>, shown: Duration) -> Option<u32> {
    let took = micros(shown).checked_sub(key_event_us?)?;
    Some(u32::try_from(took).unwrap_or(u32::MAX))
}

fn few_micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
