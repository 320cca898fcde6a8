//! What happens in which order, from the join link to the last receipt.
//!
//! ```text
//!                        ┌────────────────────────────────────────┐
//!                        ▼                                        │
//! Start ─▶ Connecting ─▶ Scene ─▶ Waiting ─▶ Meeting ─▶ Game ─▶ Saving
//!              │          │         │          │         │        │
//!              │          └▶ Done   │          │         │        │
//!              └────────────────────┴──────────┴─────────┴────────┴────▶ Problem
//! ```
//!
//! The lab says what comes next ([`crate::course`]); a game is one of the scenes.
//!
//! The same systems run in a window and without one; screens only draw what they find here.

use crate::autopilot;
use crate::begin::{self, Unfinished};
use crate::cli::launched;
use crate::course;
use crate::input::PolicyChoice;
use crate::input::keyboard::Keyboard;
use crate::lab::{LabConnection, LabEvent, Unreached, probe};
use crate::outcome::{self, AwayTooLong};
use crate::record::forensics::{AROUND, SimulatedWorlds};
use crate::record::spool::{Destination, Record, Spool};
use crate::record::upload::{Progress, Uploader};
use crate::record::writer::{self, Order, Report, Writer};
use crate::reporting::{self, Reporting};
use crate::window::display::{Picture, Pictures};
use crate::words::{Language, Words};
use bevy::log::{debug, info, warn};
use bevy::prelude::{
    App, AppExtStates as _, Commands, IntoScheduleConfigs as _, Local, NextState, Real, Res,
    ResMut, Resource, State, States, SystemCondition as _, SystemSet, Time, Update, World,
    resource_exists,
};
use dyad_gridworld::End;
use dyad_impair::Impairment;
use dyad_netplay::session::Statement;
use dyad_netplay::{Ending, Netplay, RecordItem, Stage};
use dyad_protocol::ParticipantId;
use dyad_protocol::lobby::{FromLab, Refusal, Ticket};
use dyad_protocol::records::{RecordName, Verdict};
use dyad_protocol::study::Completed;
use dyad_rollback::peering::LeaveReason;
use serde_json::json;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

/// Where a participant is.
#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    /// In a window that was opened without a link: which lab?
    Start,
    /// The lab has not answered yet.
    #[default]
    Connecting,
    /// Something to read or to answer, or the lab has not said yet what comes next.
    Scene,
    /// In the waiting room.
    Waiting,
    /// A partner is found; the two computers connect.
    Meeting,
    /// Frames are simulated.
    Game,
    /// The game is over; records are on their way to the lab.
    Saving,
    /// Everything is over.
    Done,
    /// Something went wrong that cannot be mended here.
    Problem,
}

/// What the person or the command line chose.
#[derive(Resource, Clone, Debug)]
pub struct JoinOptions {
    /// Where records are kept.
    pub spool: Spool,
    /// A bad network to rehearse on.
    pub impairment: Option<Impairment>,
    /// Who plays, if not a person.
    pub policy: Option<PolicyChoice>,
    /// Seed of the scripted player.
    pub seed: u64,
    /// Developer option: the frame before which this computer's world goes wrong.
    pub force_desync: Option<u32>,
    /// What corrections of the picture are eased over, whatever the study says; no time turns easing off.
    pub smoothing: Option<Duration>,
}

/// Something that a person should know while they play.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The lab's words; without them the program has its own.
    pub message: Option<String>,
    /// When it was said, since the program started.
    pub at: Duration,
}

/// What is known so far, for screens to show.
#[derive(Resource, Clone, Debug, Default)]
pub struct Status {
    /// The study's title.
    pub title: String,
    /// What corrections of the picture are eased over, if the study says so.
    pub motion_easing: Option<Duration>,
    /// This person's pseudonym.
    pub participant: Option<ParticipantId>,
    /// When the lab first said welcome, since the program started.
    pub welcomed: Option<Duration>,
    /// People who wait, and people that a game needs.
    pub waiting: Option<(u32, u32)>,
    /// Why the lab is not reached, if it is not.
    pub lab_trouble: Option<Unreached>,
    /// When waiting is over at the latest, since the program started.
    pub waits_until: Option<Duration>,
    /// What the person should know while they play.
    pub warning: Option<Warning>,
    /// How the study has ended.
    pub completed: Option<Completed>,
    /// What went wrong for good.
    pub problem: Option<String>,
    /// Why the lab has not let this person in, where that was the problem.
    pub turned_away: Option<Refusal>,
    /// How the match ended.
    pub ending: Option<Ending>,
    /// Who was away for so long that the game ended before its last episode was over.
    pub away: Option<AwayTooLong>,
    /// Doubts about the record.
    pub marks: Vec<String>,
    /// How often what a partner said of its record was not to be believed, at least.
    pub refused: u64,
    /// Episodes whose files are closed.
    pub closed: BTreeSet<u16>,
    /// Episodes that the lab has received.
    pub received: BTreeSet<u16>,
    /// Why an upload waits or was refused.
    pub upload_trouble: Option<String>,
    /// What the lab found out about episodes, by number.
    pub verdicts: Vec<(u16, Verdict)>,
    /// Records of earlier matches that the lab has not received.
    pub earlier: BTreeSet<RecordName>,
}

impl Status {
    /// Episodes that are saved on this computer and that the lab has not received.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.earlier.len() + self.closed.difference(&self.received).count()
    }

    /// Another match begins: what is known of the last one makes room.
    pub(crate) fn next_match(&mut self, last: Option<&Destination>) {
        if let Some(Destination { session, scene, participant, .. }) = last {
            let name = |&episode: &u16| RecordName {
                session: session.clone(),
                scene: scene.clone(),
                participant: participant.clone(),
                episode,
            };
            let kept: Vec<_> = self.closed.difference(&self.received).map(name).collect();
            self.earlier.extend(kept);
        }
        *self = Self {
            title: std::mem::take(&mut self.title),
            participant: self.participant.take(),
            welcomed: self.welcomed,
            lab_trouble: self.lab_trouble.take(),
            earlier: std::mem::take(&mut self.earlier),
            ..Self::default()
        };
    }
}

/// The match that is played or was played last.
#[derive(Resource, Clone, Debug)]
pub struct CurrentMatch {
    /// The lab's ticket.
    pub ticket: Ticket,
    /// Where its records belong.
    pub destination: Destination,
    /// The directory they lie in.
    pub directory: PathBuf,
}

/// The order of the flow's systems within `Update`.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowSystems {
    /// What the lab says.
    Lab,
    /// What netplay and the writer have to tell each other.
    Record,
    /// Whether it is time for the next screen.
    Advance,
}

/// How long after the last episode closed the lab may take to receive everything before the
/// person is told that the rest is sent at the next start.
const UPLOAD_WITHIN: Duration = Duration::from_secs(20);
/// After how long a silence a partner counts as gone once everything is closed here. Until then it
/// says twice a second that it is there.
const LEFT_ALONE_AFTER: Duration = Duration::from_millis(700);
/// How often what is confirmed is brought to the disk. A loss of power costs at most this much.
const SYNC_EVERY: Duration = Duration::from_millis(250);

/// Clocks of the flow, since the program started.
#[derive(Resource, Default)]
pub(crate) struct Clocks {
    next_sync: Duration,
    game_over: Option<Duration>,
    writer_done: bool,
}

/// Adds the flow to an app.
pub fn plugin(app: &mut App) {
    app.init_state::<Screen>()
        .add_plugins((reporting::plugin, course::plugin, autopilot::plugin, probe::plugin))
        .init_resource::<Status>()
        .init_resource::<Clocks>()
        .configure_sets(
            Update,
            (FlowSystems::Lab, FlowSystems::Record, FlowSystems::Advance).chain(),
        )
        .add_systems(
            Update,
            (
                hear_the_lab.in_set(FlowSystems::Lab).run_if(resource_exists::<LabConnection>),
                record
                    .in_set(FlowSystems::Record)
                    .run_if(resource_exists::<Netplay>.and_then(resource_exists::<Writer>)),
                follow_uploads.in_set(FlowSystems::Record),
                advance.in_set(FlowSystems::Advance),
            ),
        );
}

fn hear_the_lab(
    mut commands: Commands,
    lab: Res<LabConnection>,
    mut status: ResMut<Status>,
    unfinished: Option<Res<Unfinished>>,
    mut language: Option<ResMut<Language>>,
    screen: Res<State<Screen>>,
    mut next: ResMut<NextState<Screen>>,
    time: Res<Time<Real>>,
) {
    for event in lab.poll() {
        let message = match event {
            LabEvent::Says(message) => message,
            LabEvent::Unreachable(reason) => {
                warn!("{}", reason.sentence(&Words::english()));
                status.lab_trouble = Some(reason);
                continue;
            }
        };
        match message {
            FromLab::Welcome { participant, title, study, presentation, resume } => {
                info!("welcome to {study}");
                status.lab_trouble = None;
                status.welcomed.get_or_insert(time.elapsed());
                status.title = title;
                status.participant = Some(participant);
                if let Some(language) = &mut language {
                    language.study = presentation.language;
                }
                status.motion_easing =
                    presentation.motion_easing_ms.map(|ms| Duration::from_millis(ms.into()));
                commands.insert_resource(Admission { study, resume });
                commands.queue(course::welcomed);
            }
            FromLab::Refused { code: Refusal::Token, .. } if unfinished.is_some() => {
                commands.queue(begin::start_over);
            }
            FromLab::Refused { code, message }
                if matches!(screen.get(), Screen::Connecting | Screen::Scene | Screen::Waiting) =>
            {
                status.problem = Some(message);
                status.turned_away = Some(code);
                next.set(Screen::Problem);
            }
            // A game that has begun needs the lab no more: only its record waits for it.
            FromLab::Refused { code, .. } => {
                status.lab_trouble = Some(Unreached::Refused(code));
            }
            FromLab::Waiting { waiting, needed, remaining_ms } => {
                status.waiting = Some((waiting.unwrap_or(1), needed));
                status.waits_until =
                    remaining_ms.map(|left| time.elapsed() + Duration::from_millis(left));
                commands.queue(begin::forget_unfinished);
            }
            FromLab::Verdict { episode, verdict, .. } => {
                info!("episode {episode}: {verdict}");
                status.verdicts.push((episode, verdict));
            }
            FromLab::Pong { .. } => {}
            said => commands.queue(move |world: &mut World| course::hear(world, said)),
        }
    }
}

/// What the lab's welcome gave.
#[derive(Resource, Clone, Debug)]
pub(crate) struct Admission {
    /// Which study this is.
    pub(crate) study: dyad_protocol::StudyId,
    /// Proves later that this is the same participant.
    pub(crate) resume: dyad_protocol::Token,
}

/// How long the program ran before its own clock began.
#[must_use]
pub fn launch(time: &Time<Real>) -> Option<Duration> {
    Some(time.first_update()?.saturating_duration_since(launched()?))
}

/// Carries what netplay has to the writer, and what the writer says to netplay.
fn record(
    mut netplay: ResMut<Netplay>,
    mut writer: ResMut<Writer>,
    mut clocks: ResMut<Clocks>,
    mut status: ResMut<Status>,
    current: Res<CurrentMatch>,
    uploader: Option<Res<Uploader>>,
    worlds: Res<SimulatedWorlds>,
    mut desynced: Local<Option<u32>>,
    mut reporting: ResMut<Reporting>,
    keyboard: Option<Res<Keyboard>>,
    pictures: Option<Res<Pictures>>,
    time: Res<Time<Real>>,
) {
    let dump = |reason, frames: RangeInclusive<u32>| {
        let simulated = worlds.after(frames.clone());
        Order::Dump { reason, frames, simulated }
    };
    for item in netplay.take_items() {
        if let RecordItem::Issued(_, input) = &item {
            reporting.focused(input.focused());
        }
        writer.order(match item {
            RecordItem::Issued(frame, input) => {
                let read = frame.checked_sub(netplay.settings().parameters.input_delay.into());
                let keys = keyboard.as_ref().zip(read);
                Order::Issued(frame, input, keys.and_then(|(keys, read)| keys.event_of(read)))
            }
            RecordItem::Frame(committed) => Order::Confirmed(Box::new(committed)),
            RecordItem::Hold(hold) => Order::Hold(hold),
            RecordItem::Supplied(entry) => Order::Supplied(Box::new(entry)),
        });
    }
    for Picture { frames, at } in pictures.iter().flat_map(|pictures| pictures.poll()) {
        let start = time.first_update().unwrap_or(at);
        writer.order(Order::Shown(frames, at.saturating_duration_since(start)));
    }
    for statement in netplay.take_statements() {
        writer.order(match statement {
            Statement::Sealed { bytes, .. } => Order::Sealed(bytes),
            Statement::Committed { bytes, .. } => Order::CommittedBy(bytes),
        });
    }
    // The partner's world is another than this one, whichever of the two is right.
    let found = netplay.statistics().session.desynced_at;
    if let Some(frame) = found.filter(|_| *desynced != found) {
        let reason = format!("the computers' worlds were not alike at frame {frame}");
        writer.order(dump(reason, frame.saturating_sub(AROUND)..=frame));
        *desynced = found;
    }
    if time.elapsed() >= clocks.next_sync {
        clocks.next_sync = time.elapsed() + SYNC_EVERY;
        writer.order(Order::Sync);
    }
    while let Some(report) = writer.poll() {
        match report {
            Report::Seal { episode, statement } => netplay.seal(episode, statement),
            Report::Committed(statement) => {
                reporting.on_disk(&statement);
                netplay.committed(&statement);
            }
            Report::Closed { episode, .. } => {
                status.closed.insert(episode);
                let CurrentMatch { destination, directory, .. } = current.as_ref().clone();
                if let Some(uploader) = &uploader {
                    uploader.send(Record { destination, episode, directory });
                }
            }
            Report::Marked(mark) => status.marks.push(mark),
            Report::Diverged { reason, frames } => writer.order(dump(reason, frames)),
            Report::Refused { count, .. } => status.refused = count,
            // Asked for only when a session is resumed.
            Report::Failed(problem) => {
                status.problem = Some(problem);
                netplay.leave(LeaveReason::Failure);
            }
            Report::Done => clocks.writer_done = true,
        }
    }
}

fn follow_uploads(
    uploader: Option<Res<Uploader>>,
    current: Option<Res<CurrentMatch>>,
    mut status: ResMut<Status>,
) {
    let Some(uploader) = uploader else { return };
    for progress in uploader.poll() {
        match progress {
            Progress::Received(name) => {
                status.upload_trouble = None;
                // Records of earlier sessions arrive here as well.
                let is_current = |current: &CurrentMatch| current.ticket.session == name.session;
                if current.as_deref().is_some_and(is_current) {
                    status.received.insert(name.episode);
                } else {
                    status.earlier.remove(&name);
                }
            }
            Progress::Waiting { name, reason } => {
                warn!("episode {} waits: {reason}", name.episode);
                status.upload_trouble = Some(reason);
            }
            Progress::Refused { name, reason } => {
                warn!("episode {} was refused: {reason}", name.episode);
                status.upload_trouble = Some(reason);
            }
            // About records of earlier sessions, which nobody here waits for.
            Progress::Asked { name, answer } => {
                debug!("asked about episode {} of {}: {answer:?}", name.episode, name.session);
            }
        }
    }
}

fn advance(
    mut commands: Commands,
    screen: Res<State<Screen>>,
    mut next: ResMut<NextState<Screen>>,
    netplay: Option<Res<Netplay>>,
    mut writer: Option<ResMut<Writer>>,
    current: Option<Res<CurrentMatch>>,
    mut clocks: ResMut<Clocks>,
    mut status: ResMut<Status>,
    time: Res<Time<Real>>,
) {
    let Some(netplay) = netplay else { return };
    let is_played = matches!(screen.get(), Screen::Meeting | Screen::Game | Screen::Saving);
    if let Stage::Ended(ending) = netplay.stage()
        && clocks.game_over.is_none()
        && is_played
    {
        info!("the match is over: {ending:?}");
        status.ending = Some(ending.clone());
        status.away = AwayTooLong::of(netplay.confirmed(), netplay.settings().parameters.seat);
        clocks.game_over = Some(time.elapsed());
        if let Some(writer) = &mut writer {
            writer.order(Order::End);
        }
        if let Some(current) = &current {
            summarize(current, &netplay, &status, launch(&time));
        }
        next.set(Screen::Saving);
        return;
    }
    match screen.get() {
        Screen::Meeting if *netplay.stage() == Stage::Playing => next.set(Screen::Game),
        Screen::Game => {
            let world = netplay.confirmed();
            let is_whole =
                world.end().is_some() && status.closed.len() >= usize::from(world.episodes_over());
            if is_whole && is_left_alone(netplay.stage(), netplay.silence()) {
                next.set(Screen::Saving);
            }
        }
        Screen::Saving => {
            let Some(since) = clocks.game_over else { return };
            let all_received = clocks.writer_done && status.kept() == 0;
            let too_late = time.elapsed().saturating_sub(since) > UPLOAD_WITHIN;
            if all_received || too_late {
                commands.queue(course::game_is_over);
            }
        }
        _ => {}
    }
}

/// Whether a partner is not heard any more, or looked for. After the last round everything that
/// matters is closed on this side: it only waits in case the partner still needs something, and the
/// person should not be told of a lost connection.
fn is_left_alone(stage: &Stage, silence: Duration) -> bool {
    *stage == Stage::Interrupted || silence >= LEFT_ALONE_AFTER
}

/// Notes beside the records how the session went, for the person who runs the study.
fn summarize(current: &CurrentMatch, netplay: &Netplay, status: &Status, launch: Option<Duration>) {
    let summary = summary(current, netplay, status, launch);
    let participant = &current.destination.participant;
    if let Err(error) = writer::write_summary(&current.directory, participant, &summary) {
        warn!("the session's summary cannot be written: {error}");
    }
}

/// The seats that were away for so long that the game ended.
fn away_too_long(world: &dyad_gridworld::World) -> Vec<usize> {
    match world.end() {
        Some(End::AwayTooLong { who }) => (0..who.len()).filter(|&seat| who[seat]).collect(),
        _ => Vec::new(),
    }
}

/// How a session went, as JSON. `launch` is the time from the program's start to the moment from
/// which its own clock counts.
#[must_use]
pub fn summary(
    current: &CurrentMatch,
    netplay: &Netplay,
    status: &Status,
    launch: Option<Duration>,
) -> serde_json::Value {
    let statistics = netplay.statistics();
    let session = statistics.session;
    let milestones = statistics.milestones;
    let lost = netplay.lost().filter_map(|seat| current.ticket.players.participant(seat));
    // Since the program started.
    let milliseconds = |moment: Option<Duration>| moment.map(|at| at.as_secs_f64() * 1000.0);
    json!({
        "session": current.ticket.session,
        "scene": current.ticket.scene,
        "participant": current.destination.participant,
        "seat": current.ticket.seat,
        "directory": current.directory,
        "ending": status.ending.as_ref().map(|ending| format!("{ending:?}")),
    "lost": lost.collect::<Vec<_>>(),
        "reason": outcome::reason(status),
        "away_too_long": away_too_long(netplay.confirmed()),
        "completed": outcome::is_completed(status),
        "marks": status.marks,
        "frames": session.journal.committed,
        "rollbacks": session.journal.rollbacks,
        "resimulated": session.journal.resimulated,
        "deepest_rollback": session.journal.deepest,
        "frames_ahead": statistics.frames_ahead,
        "attempts": session.attempts,
        "stalls": session.stalls,
        "stalled_s": statistics.stalled.as_secs_f64(),
        "desyncs": session.desyncs,
        "interruptions": session.interruptions,
        "interrupted_s": statistics.interrupted.as_secs_f64(),
        "frames_supplied": session.supplied,
        "rtt_ms": milliseconds(statistics.quality.rtt),
        "jitter_ms": milliseconds(statistics.quality.jitter),
        "loss": statistics.quality.loss,
        "datagrams_sent": session.exchange.sent,
        "datagram_bytes_sent": session.exchange.sent_bytes,
        "datagrams_held_back": session.exchange.held_back,
        "datagrams_refused": session.exchange.malformed,
        "messages_refused": session.malformed,
        "statements_refused": status.refused,
        "relayed": statistics.path.map(|path| path == dyad_netplay::transport::Path::Relayed),
        "impaired": statistics.impaired.map(|counts| json!({
            "sent": counts.sent,
            "dropped": counts.dropped,
            "duplicated": counts.duplicated,
            "reordered": counts.reordered,
            "retransmitted": counts.retransmitted,
        })),
        "start_ms": {
            "launch": milliseconds(launch),
            "welcomed": milliseconds(status.welcomed),
            "matched": milliseconds(Some(milestones.matched)),
            "connected": milliseconds(milestones.connected),
            "barrier": milliseconds(milestones.ready),
            "first_frame": milliseconds(milestones.first_frame),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::is_left_alone;
    use dyad_netplay::Stage;
    use std::time::Duration;

    #[test]
    fn a_partner_who_says_goodbye_is_no_lost_connection() {
        let ms = Duration::from_millis;
        assert!(
            !is_left_alone(&Stage::Playing, ms(500)),
            "it says twice a second that it is there"
        );
        assert!(is_left_alone(&Stage::Playing, ms(700)));
        assert!(is_left_alone(&Stage::Interrupted, ms(0)));
    }
}
