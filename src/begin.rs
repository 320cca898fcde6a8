//! From a ticket to a running match: the record, the connection, the player.
//!
//! A match that an earlier run of this program was killed in begins with what that one left on
//! the disk, and goes on where both sides have it.

use crate::course;
use crate::flow::{Admission, Clocks, CurrentMatch, JoinOptions, Screen, Status};
use crate::input::keyboard::Keyboard;
use crate::input::{Player, Scripted};
use crate::lab::LabConnection;
use crate::lab::probe::Acquaintance;
use crate::record::identity::Identity;
use crate::record::resume::Interrupted;
use crate::record::spool::{Destination, Record};
use crate::record::upload::Uploader;
use crate::record::writer::{Session, Writer};
use crate::reporting::Reporting;
use anyhow::Context as _;
use bevy::log::{info, warn};
use bevy::prelude::{NextState, Real, Resource, Time};
use dyad_gridworld::{Entry, Game, Settings, World};
use dyad_netplay::acquainted::Acquainted;
use dyad_netplay::plugin::clear;
use dyad_netplay::transport::{Impaired, Transport};
use dyad_netplay::webrtc::{Signalling, WebRtc};
use dyad_netplay::{MatchSettings, Netplay, Simulation};
use dyad_protocol::lobby::{Reconnection, Ticket};
use dyad_protocol::{JoinLink, ParticipantId, Seat, Token};
use dyad_recording::log::SessionInfo;
use dyad_recording::recorder::Left;
use dyad_rollback::peering::Patience;
use dyad_rollback::{History, SessionParameters};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A session that an earlier run of this program was killed in and that may still go on.
#[derive(Resource, Debug)]
pub struct Unfinished(pub Interrupted);

/// How long ago a session may have begun that is still tried to go on with.
const UNFINISHED_WITHIN: Duration = Duration::from_secs(3 * 60 * 60);

/// Connects to a lab; as somebody who comes back, if a session there was left unfinished. All other
/// unfinished sessions are closed and sent.
///
/// # Errors
/// If the operating system gives no thread.
pub fn connect(world: &mut bevy::prelude::World, link: JoinLink) -> io::Result<()> {
    let lab = link.address("http", "");
    let is_here = |earlier: &Interrupted| {
        let age = earlier.begun.elapsed().unwrap_or_default();
        earlier.destination.lab == lab && age < UNFINISHED_WITHIN
    };
    let mut unfinished = None;
    for earlier in world.resource::<JoinOptions>().spool.interrupted() {
        if unfinished.is_none() && is_here(&earlier) {
            unfinished = Some(earlier);
        } else {
            abandon(world, earlier);
        }
    }
    let mut token = None;
    if let Some(earlier) = unfinished {
        info!("session {} was interrupted and may go on", earlier.destination.session);
        token = Some(earlier.destination.token.clone());
        // The lab will know this person by it, also if it has another game for them.
        world.insert_resource(Identity(earlier.key.clone()));
        world.insert_resource(Unfinished(earlier));
    }
    let key = world.resource::<Identity>().0.public();
    world.insert_resource(LabConnection::open(link, key, token)?);
    Ok(())
}

/// The lab does not know the person who came back: this is somebody new.
pub fn start_over(world: &mut bevy::prelude::World) {
    forget_unfinished(world);
    let link = world.resource::<LabConnection>().link().clone();
    let opened = Identity::new().and_then(|identity| {
        let lab = LabConnection::open(link, identity.0.public(), None)?;
        world.insert_resource(identity);
        Ok(lab)
    });
    match opened {
        Ok(lab) => world.insert_resource(lab),
        Err(error) => world.resource_mut::<Status>().problem = Some(error.to_string()),
    }
}

/// The session that was left unfinished is over.
pub fn forget_unfinished(world: &mut bevy::prelude::World) {
    if let Some(Unfinished(earlier)) = world.remove_resource::<Unfinished>() {
        abandon(world, earlier);
    }
}

/// Starts the match of a ticket, or shows why it cannot be played.
pub fn meet(world: &mut bevy::prelude::World, ticket: Ticket, participant: Option<ParticipantId>) {
    match begin(world, ticket, participant) {
        Ok(()) => world.resource_mut::<NextState<Screen>>().set(Screen::Meeting),
        Err(error) => {
            let problem = format!("{error:#}");
            warn!("{problem}");
            course::cannot_play(world);
            world.resource_mut::<Status>().problem = Some(problem);
            world.resource_mut::<NextState<Screen>>().set(Screen::Problem);
        }
    }
}

fn begin(
    world: &mut bevy::prelude::World,
    ticket: Ticket,
    participant: Option<ParticipantId>,
) -> anyhow::Result<()> {
    let options = world.resource::<JoinOptions>().clone();
    let lab = world.resource::<LabConnection>().link().clone();
    let admission = world.resource::<Admission>().clone();
    let participant = participant.context("the lab assigned a game before it said welcome")?;
    let game = game(&ticket)?;
    let destination = Destination {
        study: admission.study,
        session: ticket.session.clone(),
        scene: ticket.scene.clone(),
        participant,
        lab: lab.address("http", ""),
        cert: lab.cert.clone(),
        token: admission.resume,
        uploads: ticket.uploads.clone(),
    };
    let directory = options.spool.open(&destination)?;
    let last = world.get_resource::<CurrentMatch>().map(|last| last.destination.clone());
    world.resource_mut::<Status>().next_match(last.as_ref());
    let (writer, past) = writer(world, &ticket, &destination, &directory, &game)?;
    let input = match options.policy {
        Some(policy) => Player::Scripted(policy.make(options.seed)?),
        None => person(world, &ticket)?,
    };
    let programs = programs(&ticket, &game)?;
    clear(world);
    world.insert_resource(Clocks::default());
    let url = room(&lab, &ticket.room, &ticket.room_token);
    let signalling = Signalling { url, cert: lab.cert.clone(), ice: ticket.ice.clone() };
    let fresh = transport(signalling, ticket.seat, options.impairment.as_ref());
    let known = world.remove_resource::<Acquaintance>().and_then(|it| it.of(&ticket));
    let netplay = Netplay::new(
        match_settings(&ticket, &game),
        History::of(game.clone(), &past),
        match known {
            Some(known) => {
                info!("the match begins over the connection that was measured");
                Box::new(Acquainted::new(known, fresh))
            }
            None => fresh,
        },
        input,
        world.resource::<Time<Real>>().elapsed(),
    )?
    .with_programs(programs);
    world.insert_resource(Simulation(World::new(game)));
    world.insert_resource(netplay);
    world.insert_resource(writer);
    world.insert_resource(Reporting::default());
    world.insert_resource(CurrentMatch { ticket, destination, directory });
    Ok(())
}

/// The person at the window, with the keys of this game.
fn person(world: &mut bevy::prelude::World, ticket: &Ticket) -> anyhow::Result<Player> {
    let keyboard = world.get_resource_mut::<Keyboard>();
    let mut keyboard = keyboard.context("a person plays in a window, a program needs --policy")?;
    let (keymap, left_out) = keyboard.keymap.with(&ticket.controls);
    if left_out > 0 {
        warn!("{left_out} keys of this game do nothing: this program does not know them");
    }
    Ok(Player::Person(keyboard.player(ticket.held_keys.into(), keymap)))
}

fn game(ticket: &Ticket) -> anyhow::Result<Arc<Game>> {
    let settings: Settings = serde_json::from_value(ticket.settings.clone()).context(
        "this program does not know the lab's game; ask the experimenter for the matching version",
    )?;
    let game = Game::new(settings).context("the lab's game cannot be played")?;
    anyhow::ensure!(
        game.digest().to_string() == ticket.game.as_str(),
        "this program plays the lab's game by other rules; ask the experimenter for the matching \
         version"
    );
    Ok(game)
}

/// The programs that play, in the order of their seats.
fn programs(ticket: &Ticket, game: &Game) -> anyhow::Result<Vec<Box<dyn dyad_netplay::Program>>> {
    let (seats, players) = (game.players(), ticket.players.0.len());
    anyhow::ensure!(
        players == seats,
        "the lab's game has {seats} seats for {players} players; ask the experimenter for help"
    );
    let seed = game.settings().seed;
    let mut programs: Vec<Box<dyn dyad_netplay::Program>> = Vec::new();
    for (seat, program) in ticket.players.programs() {
        programs.push(Box::new(Scripted::program(&program.policy, seed, seat)?));
        if program.announced {
            info!("a program plays in seat {seat}");
        }
    }
    Ok(programs)
}

/// The record's writer, and what an earlier run of this program has recorded of the session.
fn writer(
    world: &mut bevy::prelude::World,
    ticket: &Ticket,
    destination: &Destination,
    directory: &Path,
    game: &Arc<Game>,
) -> anyhow::Result<(Writer, Vec<Entry>)> {
    let names = ticket.players.names();
    let names = names.context("this program does not know what the lab lets play")?;
    let session = Session {
        directory: directory.to_owned(),
        participant: destination.participant.clone(),
        info: SessionInfo {
            program: crate::VERSION.to_owned(),
            study: destination.study.clone(),
            id: ticket.session.clone(),
            scene: ticket.scene.clone(),
            participants: names,
            keys: ticket.players.keys(),
        },
        seat: ticket.seat,
        game: game.clone(),
        started: wall_clock_at_zero(world.resource::<Time<Real>>()),
    };
    match world.remove_resource::<Unfinished>() {
        Some(Unfinished(earlier)) if earlier.destination.session == ticket.session => {
            let (writer, resumption) = Writer::resume(session, earlier)?;
            info!("the session goes on; {} frames of it are on this computer", resumption.next);
            note_closed(world, destination, directory, &resumption.episodes);
            Ok((writer, resumption.entries))
        }
        earlier => {
            if let Some(Unfinished(earlier)) = earlier {
                abandon(world, earlier);
            }
            Ok((Writer::start(session, &world.resource::<Identity>().0)?, Vec::new()))
        }
    }
}

/// Episodes that an earlier run of this program has closed count as if this one had.
fn note_closed(
    world: &mut bevy::prelude::World,
    destination: &Destination,
    directory: &Path,
    episodes: &[Left],
) {
    let mut status = world.resource_mut::<Status>();
    let closed = (0..).zip(episodes).filter(|(_, left)| **left == Left::Closed);
    for (episode, _) in closed {
        let (destination, directory) = (destination.clone(), directory.to_owned());
        status.closed.insert(episode);
        if (Record { destination, episode, directory }).is_received() {
            status.received.insert(episode);
        }
    }
}

/// A session that nobody waits for any more is closed with what there is of it, and sent.
fn abandon(world: &bevy::prelude::World, earlier: Interrupted) {
    let session = earlier.destination.session.clone();
    if let Err(error) = earlier.close("the session was over when the program came back") {
        warn!("session {session} was interrupted and cannot be closed: {error}");
    }
    let options = world.resource::<JoinOptions>();
    if let Some(uploader) = world.get_resource::<Uploader>() {
        let is_its = |record: &Record| record.destination.session == session;
        options.spool.unsent().into_iter().filter(is_its).for_each(|record| uploader.send(record));
    }
}

fn match_settings(ticket: &Ticket, game: &Arc<Game>) -> MatchSettings {
    let Reconnection { connect_seconds, limit_seconds, countdown_seconds } = ticket.reconnection;
    let parameters = SessionParameters {
        people: ticket.players.seats_of_people(),
        seat: ticket.seat,
        steps_per_second: game.settings().steps_per_second,
        input_delay: ticket.netcode.input_delay,
        prediction_window: ticket.netcode.prediction_window,
    };
    MatchSettings {
        game: game.clone(),
        parameters,
        session: ticket.session.clone(),
        program: crate::VERSION.to_owned(),
        hold: u32::from(countdown_seconds.max(1)) * u32::from(parameters.steps_per_second),
        patience: Patience {
            connect: Duration::from_secs(connect_seconds.into()),
            interruption: Duration::from_secs(limit_seconds.into()),
            ..Patience::default()
        },
    }
}

/// The address of a signalling room.
pub(crate) fn room(lab: &JoinLink, room: &str, password: &Token) -> String {
    format!("{}/signal/{room}?token={}", lab.address("ws", ""), password.reveal())
}

/// A connection to those in a signalling room, through the bad network that was asked for.
pub(crate) fn transport(
    signalling: Signalling,
    seat: Seat,
    impairment: Option<&dyad_impair::Impairment>,
) -> Box<dyn Transport> {
    let webrtc = WebRtc::new(signalling);
    match impairment.cloned() {
        // Each side has its own fortune, though both were given the same words.
        Some(bad) => {
            let seed = bad.seed.wrapping_mul(2).wrapping_add(u64::from(seat.0));
            Box::new(Impaired::new(webrtc, bad.with_seed(seed)))
        }
        None => Box::new(webrtc),
    }
}

/// The wall clock when the program's own clock was zero: at its first update, which comes only
/// after a window has been made.
fn wall_clock_at_zero(time: &Time<Real>) -> SystemTime {
    let since = time.first_update().map_or(Duration::ZERO, |first| first.elapsed());
    SystemTime::now() - since
}

#[cfg(test)]
mod tests {
    use super::match_settings;
    use crate::view::tests::world_after;
    use dyad_protocol::lobby::Ticket;
    use serde_json::json;

    #[test]
    fn a_ticket_says_how_long_players_are_waited_for() {
        let game = world_after(0).game().clone();
        let mut ticket = json!({
            "study": "s", "session": "s-1", "scene": "a", "seat": 1, "players": [],
            "settings": game.settings(), "game": game.digest().to_string(),
            "netcode": { "input_delay": 2, "prediction_window": 16 }, "room": "r", "room_token": "t",
        });
        let mut seconds = |reconnection| {
            ticket["reconnection"] = reconnection;
            let ticket: Ticket = serde_json::from_value(ticket.clone()).unwrap();
            let settings = match_settings(&ticket, &game);
            let patience = settings.patience;
            let speed = u32::from(game.settings().steps_per_second);
            (patience.connect.as_secs(), patience.interruption.as_secs(), settings.hold / speed)
        };
        let other = json!({ "connect_seconds": 9, "limit_seconds": 90, "countdown_seconds": 5 });
        assert_eq!(seconds(other), (9, 90, 5));
        let none = json!({ "connect_seconds": 60, "limit_seconds": 30, "countdown_seconds": 0 });
        assert_eq!(seconds(none), (60, 30, 1), "a session needs a second of countdown");
    }
}
