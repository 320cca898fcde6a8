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

mod state;
mod summary;

pub use state::{CurrentMatch, JoinOptions, Screen, Status, Warning};
pub use summary::{launch, summary};

use crate::autopilot;
use crate::begin::{self, Unfinished};
use crate::course;
use crate::input::keyboard::Keyboard;
use crate::lab::{LabConnection, LabEvent, Unreached, probe};
use crate::outcome::AwayTooLong;
use crate::record::forensics::{AROUND, SimulatedWorlds};
use crate::record::spool::Record;
use crate::record::upload::{Progress, Uploader};
use crate::record::writer::{Order, Report, Writer};
use crate::reporting::{self, Reporting};
use crate::window::display::{Picture, Pictures};
use crate::words::{Language, Words};
use bevy::log::{debug, info, warn};
use bevy::prelude::{
    App, AppExtStates as _, Commands, IntoScheduleConfigs as _, Local, NextState, Real, Res,
    ResMut, Resource, State, SystemCondition as _, SystemSet, Time, Update, World, resource_exists,
};
use dyad_netplay::session::Statement;
use dyad_netplay::{Netplay, RecordItem, Stage};
use dyad_protocol::lobby::{FromLab, Refusal};
use dyad_rollback::peering::LeaveReason;
use std::ops::RangeInclusive;
use std::time::Duration;
use summary::summarize;

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
