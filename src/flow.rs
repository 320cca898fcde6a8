//! What happens in which order, from the join link to the last receipt.
//!
//! ```text
//! Start ─▶ Connecting ─▶ Waiting ─▶ Meeting ─▶ Game ─▶ Saving ─▶ Done
//!              │            │          │         │        │
//!              └────────────┴──────────┴─────────┴────────┴────▶ Problem
//! ```
//!
//! The same systems run in a window and without one; screens only draw what they find here.

use crate::input::keyboard::Keyboard;
use crate::input::{Player, PolicyChoice};
use crate::lab::{LabConnection, LabEvent};
use crate::record::spool::{Destination, Record, Spool};
use crate::record::upload::{Progress, Uploader};
use crate::record::writer::{self, Order, Report, Writer};
use bevy::log::{info, warn};
use bevy::prelude::{
    App, AppExtStates as _, Commands, IntoScheduleConfigs as _, NextState, Real, Res, ResMut,
    Resource, State, States, SystemCondition as _, SystemSet, Time, Update, resource_exists,
};
use dyad_gridworld::{Game, Settings, World};
use dyad_impair::Impairment;
use dyad_netplay::session::Statement;
use dyad_netplay::transport::{Impaired, Transport};
use dyad_netplay::webrtc::{Signalling, WebRtc};
use dyad_netplay::{Ending, MatchSettings, Netplay, Simulation, Stage};
use dyad_protocol::ParticipantId;
use dyad_protocol::lobby::{FromClient, FromLab, Ticket};
use dyad_protocol::records::Verdict;
use dyad_recording::log::SessionInfo;
use dyad_rollback::SessionParameters;
use dyad_rollback::peering::LeaveReason;
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Where a participant is.
#[derive(States, Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    /// In a window that was opened without a link: which lab?
    Start,
    /// The lab has not answered yet.
    #[default]
    Connecting,
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
}

/// What is known so far, for screens to show.
#[derive(Resource, Clone, Debug, Default)]
pub struct Status {
    /// The study's title.
    pub title: String,
    /// This person's pseudonym.
    pub participant: Option<ParticipantId>,
    /// When the lab first said welcome, since the program started.
    pub welcomed: Option<Duration>,
    /// People who wait, and people that a game needs.
    pub waiting: Option<(u32, u32)>,
    /// Why the lab is not reached, if it is not.
    pub lab_trouble: Option<String>,
    /// What went wrong for good.
    pub problem: Option<String>,
    /// How the match ended.
    pub ending: Option<Ending>,
    /// Doubts about the record.
    pub marks: Vec<String>,
    /// Episodes whose files are closed.
    pub closed: u16,
    /// Episodes that the lab has received.
    pub received: u16,
    /// Why an upload waits or was refused.
    pub upload_trouble: Option<String>,
    /// What the lab found out about episodes, by number.
    pub verdicts: Vec<(u16, Verdict)>,
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
/// How often what is confirmed is brought to the disk. A loss of power costs at most this much.
const SYNC_EVERY: Duration = Duration::from_millis(250);
/// How long two computers may take to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(60);
/// How long a partner may be silent.
const GIVE_UP_AFTER: Duration = Duration::from_secs(30);

/// Clocks of the flow, since the program started.
#[derive(Resource, Default)]
struct Clocks {
    next_sync: Duration,
    game_over: Option<Duration>,
    writer_done: bool,
}

/// Adds the flow to an app.
pub fn plugin(app: &mut App) {
    app.init_state::<Screen>()
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
    screen: Res<State<Screen>>,
    mut next: ResMut<NextState<Screen>>,
    time: Res<Time<Real>>,
) {
    for event in lab.poll() {
        let message = match event {
            LabEvent::Says(message) => message,
            LabEvent::Unreachable { reason } => {
                warn!("{reason}");
                status.lab_trouble = Some(reason);
                continue;
            }
        };
        match message {
            FromLab::Welcome { participant, title, study, resume } => {
                info!("welcome to {study}");
                status.lab_trouble = None;
                status.welcomed.get_or_insert(time.elapsed());
                status.title = title;
                status.participant = Some(participant);
                commands.insert_resource(Admission { study, resume });
                if matches!(screen.get(), Screen::Connecting | Screen::Waiting) {
                    lab.say(FromClient::Ready);
                    next.set(Screen::Waiting);
                }
            }
            FromLab::Refused { message, .. }
                if matches!(screen.get(), Screen::Connecting | Screen::Waiting) =>
            {
                status.problem = Some(message);
                next.set(Screen::Problem);
            }
            // A game that has begun needs the lab no more: only its record waits for it.
            FromLab::Refused { message, .. } => status.lab_trouble = Some(message),
            FromLab::Waiting { waiting, needed } => status.waiting = Some((waiting, needed)),
            FromLab::Matched { ticket } => {
                let participant = status.participant.clone();
                commands.queue(move |world: &mut bevy::prelude::World| {
                    meet(world, *ticket, participant);
                });
            }
            FromLab::Verdict { episode, verdict, .. } => {
                info!("episode {episode}: {verdict}");
                status.verdicts.push((episode, verdict));
            }
            FromLab::Pong { .. } => {}
        }
    }
}

/// What the lab's welcome gave.
#[derive(Resource, Clone, Debug)]
struct Admission {
    study: dyad_protocol::StudyId,
    resume: dyad_protocol::Token,
}

/// Starts the match of a ticket, or shows why it cannot be played.
fn meet(world: &mut bevy::prelude::World, ticket: Ticket, participant: Option<ParticipantId>) {
    match begin_match(world, ticket, participant) {
        Ok(()) => world.resource_mut::<NextState<Screen>>().set(Screen::Meeting),
        Err(error) => {
            let problem = format!("{error:#}");
            warn!("{problem}");
            world.resource_mut::<Status>().problem = Some(problem);
            world.resource_mut::<NextState<Screen>>().set(Screen::Problem);
        }
    }
}

fn begin_match(
    world: &mut bevy::prelude::World,
    ticket: Ticket,
    participant: Option<ParticipantId>,
) -> anyhow::Result<()> {
    use anyhow::Context as _;

    let options = world.resource::<JoinOptions>().clone();
    let lab = world.resource::<LabConnection>().link().clone();
    let admission = world.resource::<Admission>().clone();
    let participant = participant.context("the lab assigned a game before it said welcome")?;
    let settings: Settings = serde_json::from_value(ticket.settings.clone()).context(
        "this program does not know the lab's game; ask the experimenter for the matching version",
    )?;
    let game = Game::new(settings).context("the lab's game cannot be played")?;
    anyhow::ensure!(
        game.digest().to_string() == ticket.game.as_str(),
        "this program plays the lab's game by other rules; ask the experimenter for the matching \
         version"
    );
    let destination = Destination {
        study: admission.study,
        session: ticket.session.clone(),
        scene: ticket.scene.clone(),
        participant,
        lab: lab.address("http", ""),
        token: admission.resume,
    };
    let directory = options.spool.open(&destination)?;
    let info = SessionInfo {
        program: crate::VERSION.to_owned(),
        study: destination.study.clone(),
        id: ticket.session.clone(),
        scene: ticket.scene.clone(),
        participants: ticket.participants.clone(),
    };
    let started = wall_clock_at_zero(world.resource::<Time<Real>>());
    let writer = Writer::start(directory.clone(), &destination, info, ticket.seat, &game, started)?;
    let parameters = SessionParameters {
        players: game.players(),
        seat: ticket.seat,
        steps_per_second: game.settings().steps_per_second,
        input_delay: ticket.netcode.input_delay,
        prediction_window: ticket.netcode.prediction_window,
    };
    let settings = MatchSettings {
        game: game.clone(),
        parameters,
        session: ticket.session.clone(),
        program: crate::VERSION.to_owned(),
        connect_within: CONNECT_WITHIN,
        give_up_after: GIVE_UP_AFTER,
    };
    let room = format!("/signal/{}?token={}", ticket.room, ticket.room_token.reveal());
    let url = lab.address("ws", &room);
    let webrtc = WebRtc::new(Signalling { url, ice: ticket.ice.clone() });
    let transport: Box<dyn Transport> = match options.impairment.clone() {
        // Each side has its own fortune, though both were given the same words.
        Some(bad) => {
            let seed = bad.seed.wrapping_mul(2).wrapping_add(u64::from(ticket.seat.0));
            Box::new(Impaired::new(webrtc, bad.with_seed(seed)))
        }
        None => Box::new(webrtc),
    };
    let input = match (options.policy, world.get_resource::<Keyboard>()) {
        (Some(policy), _) => Player::Scripted(policy.make(options.seed)?),
        (None, Some(keyboard)) => Player::Keyboard(keyboard.player(ticket.held_keys.into())),
        (None, None) => anyhow::bail!("a person plays in a window, a program needs --policy"),
    };
    let now = world.resource::<Time<Real>>().elapsed();
    let netplay = Netplay::new(settings, transport, input, now)?;
    world.insert_resource(Simulation(World::new(game)));
    world.insert_resource(netplay);
    world.insert_resource(writer);
    world.insert_resource(CurrentMatch { ticket, destination, directory });
    Ok(())
}

/// The wall clock when the program's own clock was zero: at its first update, which comes only
/// after a window has been made.
fn wall_clock_at_zero(time: &Time<Real>) -> SystemTime {
    let since = time.first_update().map_or(Duration::ZERO, |first| first.elapsed());
    SystemTime::now() - since
}

/// Carries what netplay has to the writer, and what the writer says to netplay.
fn record(
    mut netplay: ResMut<Netplay>,
    writer: Res<Writer>,
    mut clocks: ResMut<Clocks>,
    mut status: ResMut<Status>,
    current: Res<CurrentMatch>,
    uploader: Option<Res<Uploader>>,
    time: Res<Time<Real>>,
) {
    for (frame, input) in netplay.take_issued() {
        writer.order(Order::Issued(frame, input));
    }
    for committed in netplay.take_confirmed() {
        writer.order(Order::Confirmed(Box::new(committed)));
    }
    for statement in netplay.take_statements() {
        writer.order(match statement {
            Statement::Sealed { bytes, .. } => Order::Sealed(bytes),
            Statement::Committed { bytes, .. } => Order::CommittedBy(bytes),
        });
    }
    if time.elapsed() >= clocks.next_sync {
        clocks.next_sync = time.elapsed() + SYNC_EVERY;
        writer.order(Order::Sync);
    }
    for report in writer.poll() {
        match report {
            Report::Seal { episode, statement } => netplay.seal(episode, statement),
            Report::Committed(statement) => netplay.committed(&statement),
            Report::Closed { episode, .. } => {
                status.closed += 1;
                let CurrentMatch { destination, directory, .. } = current.as_ref().clone();
                if let Some(uploader) = &uploader {
                    uploader.send(Record { destination, episode, directory });
                }
            }
            Report::Marked(mark) => status.marks.push(mark),
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
                status.received += u16::from(current.as_deref().is_some_and(is_current));
            }
            Progress::Waiting { name, reason } => {
                warn!("episode {} waits: {reason}", name.episode);
                status.upload_trouble = Some(reason);
            }
            Progress::Refused { name, reason } => {
                warn!("episode {} was refused: {reason}", name.episode);
                status.upload_trouble = Some(reason);
            }
        }
    }
}

fn advance(
    screen: Res<State<Screen>>,
    mut next: ResMut<NextState<Screen>>,
    netplay: Option<Res<Netplay>>,
    writer: Option<Res<Writer>>,
    current: Option<Res<CurrentMatch>>,
    mut clocks: ResMut<Clocks>,
    mut status: ResMut<Status>,
    time: Res<Time<Real>>,
) {
    let Some(netplay) = netplay else { return };
    match screen.get() {
        Screen::Meeting if *netplay.stage() == Stage::Playing => next.set(Screen::Game),
        Screen::Meeting | Screen::Game => {
            let Stage::Ended(ending) = netplay.stage() else { return };
            info!("the match is over: {ending:?}");
            status.ending = Some(ending.clone());
            clocks.game_over = Some(time.elapsed());
            if let Some(writer) = &writer {
                writer.order(Order::End);
            }
            if let Some(current) = &current {
                summarize(current, &netplay, &status);
            }
            next.set(Screen::Saving);
        }
        Screen::Saving => {
            let since = clocks.game_over.unwrap_or_default();
            let all_received = clocks.writer_done && status.received >= status.closed;
            let too_late = time.elapsed().saturating_sub(since) > UPLOAD_WITHIN;
            if all_received || too_late {
                next.set(if status.problem.is_some() { Screen::Problem } else { Screen::Done });
            }
        }
        _ => {}
    }
}

/// Notes beside the records how the session went, for the person who runs the study.
fn summarize(current: &CurrentMatch, netplay: &Netplay, status: &Status) {
    let summary = summary(current, netplay, status);
    let participant = &current.destination.participant;
    if let Err(error) = writer::write_summary(&current.directory, participant, &summary) {
        warn!("the session's summary cannot be written: {error}");
    }
}

/// How a session went, as JSON.
#[must_use]
pub fn summary(current: &CurrentMatch, netplay: &Netplay, status: &Status) -> serde_json::Value {
    let statistics = netplay.statistics();
    let milestones = statistics.milestones;
    // Since the program started.
    let milliseconds = |moment: Option<Duration>| moment.map(|at| at.as_secs_f64() * 1000.0);
    json!({
        "session": current.ticket.session,
        "scene": current.ticket.scene,
        "participant": current.destination.participant,
        "seat": current.ticket.seat,
        "directory": current.directory,
        "ending": status.ending.as_ref().map(|ending| format!("{ending:?}")),
        "completed": status.ending == Some(Ending::Completed),
        "marks": status.marks,
        "frames": statistics.journal.committed,
        "rollbacks": statistics.journal.rollbacks,
        "resimulated": statistics.journal.resimulated,
        "deepest_rollback": statistics.journal.deepest,
        "attempts": statistics.attempts,
        "stalls": statistics.stalls,
        "desyncs": statistics.desyncs,
        "rtt_ms": statistics.rtt_ms,
        "datagrams_sent": statistics.exchange.sent,
        "datagram_bytes_sent": statistics.exchange.sent_bytes,
        "datagrams_refused": statistics.exchange.malformed,
        "messages_refused": statistics.malformed,
        "relayed": statistics.path.map(|path| path == dyad_netplay::transport::Path::Relayed),
        "impaired": statistics.impaired.map(|counts| json!({
            "sent": counts.sent,
            "dropped": counts.dropped,
            "duplicated": counts.duplicated,
            "reordered": counts.reordered,
            "retransmitted": counts.retransmitted,
        })),
        "start_ms": {
            "welcomed": milliseconds(status.welcomed),
            "matched": milliseconds(Some(milestones.matched)),
            "connected": milliseconds(milestones.connected),
            "barrier": milliseconds(milestones.ready),
            "first_frame": milliseconds(milestones.first_frame),
        },
    })
}
