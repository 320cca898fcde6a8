//! Records on this computer: what is unsent, and what a crash leaves of it.

use super::spool::{Destination, Record, Spool};
use super::writer::{Order, Report, Writer};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Action, ConfirmedFrame, Game, MAX_PLAYERS, PlayerInput, Settings, World};
use dyad_netplay::{Committed, Telemetry};
use dyad_protocol::Seat;
use dyad_protocol::records::Receipt;
use dyad_recording::bundle;
use dyad_recording::log::{Ending, SessionInfo, read};
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

const STEPS: u32 = 40;

fn game() -> Arc<Game> {
    let name = "cramped_room";
    Game::new(Settings {
        task: TaskSettings::default(),
        layout: name.to_owned(),
        layout_text: dyad_gridworld::layout::classic(name).unwrap().to_owned(),
        players: 2,
        steps_per_second: 30,
        max_steps: STEPS,
        episodes: 1,
        countdown_frames: 3,
        pause_frames: 1,
        seed: 5,
        episode_seeds: EpisodeSeeds::Derived,
    })
    .unwrap()
}

fn destination() -> Destination {
    Destination {
        study: "study".parse().unwrap(),
        session: "s-1".parse().unwrap(),
        scene: "scene".parse().unwrap(),
        participant: "p-a".parse().unwrap(),
        lab: "http://127.0.0.1:9".to_owned(),
        token: "secret".parse().unwrap(),
    }
}

/// Records so many frames of a session through the writer, as the game would, and stops without
/// a word: `end` says whether the session is ended first.
fn record(spool: &Spool, frames: u32, end: bool) -> Record {
    let destination = destination();
    let directory = spool.open(&destination).unwrap();
    let game = game();
    let info = SessionInfo {
        program: "test".to_owned(),
        study: destination.study.clone(),
        id: destination.session.clone(),
        scene: destination.scene.clone(),
        participants: vec![destination.participant.clone(), "p-b".parse().unwrap()],
    };
    let started = SystemTime::now();
    let writer =
        Writer::start(directory.clone(), &destination, info, Seat(0), &game, started).unwrap();
    let mut world = World::new(game);
    for frame in 0..frames {
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        inputs[0] = PlayerInput::new(Action::ALL[frame as usize % 7]);
        writer.order(Order::Issued(frame, inputs[0]));
        world.step(&inputs);
        let frame = ConfirmedFrame { frame, inputs, digest: world.digest() };
        let committed = Committed { frame, telemetry: Telemetry::default() };
        writer.order(Order::Confirmed(Box::new(committed)));
    }
    writer.order(if end { Order::End } else { Order::Sync });
    let awaited = if end { Report::Done } else { Report::Committed(Vec::new()) };
    let deadline = Instant::now() + Duration::from_secs(10);
    while !writer
        .poll()
        .any(|report| std::mem::discriminant(&report) == std::mem::discriminant(&awaited))
    {
        assert!(Instant::now() < deadline, "the writer says nothing");
        std::thread::yield_now();
    }
    if !end {
        // As a kill would: the thread gets no chance to close anything.
        std::mem::forget(writer);
    }
    Record { destination, episode: 0, directory }
}

fn spool() -> (TempDir, Spool) {
    let directory = tempfile::tempdir().unwrap();
    let spool = Spool::at(directory.path().to_owned());
    (directory, spool)
}

#[test]
fn a_record_is_unsent_until_its_receipt_lies_beside_it() {
    let (_directory, spool) = spool();
    assert_eq!(spool.unsent(), []);
    let record = record(&spool, 20, true);
    assert_eq!(spool.unsent(), std::slice::from_ref(&record));
    let bytes = record.bundle().unwrap();
    let receipt = Receipt {
        name: record.name(),
        digest: blake3::hash(&bytes).to_hex().as_str().parse().unwrap(),
        bytes: bytes.len() as u64,
        received_ms: 1,
    };
    record.keep_receipt(&receipt).unwrap();
    assert_eq!(spool.unsent(), []);
}

#[test]
fn a_record_that_was_cut_off_anywhere_is_made_whole_before_it_is_sent() {
    let (_directory, spool) = spool();
    let record = record(&spool, 30, false);
    let whole = fs::read(record.log_path()).unwrap();
    let table = fs::read(record.table_path()).unwrap();
    let frames = read(&whole).unwrap().frames.len();
    assert_eq!(frames, 30);
    for cut in (whole.len() - 60)..=whole.len() {
        fs::write(record.log_path(), &whole[..cut]).unwrap();
        fs::write(record.table_path(), &table[..cut.min(table.len() - 3)]).unwrap();
        let bundle = bundle::unpack(&record.bundle().unwrap()).unwrap();
        let log = read(&bundle.log).unwrap();
        assert_eq!(log.ending, Ending::Cut { at: bundle.log.len() }, "cut at {cut}");
        assert!(whole.starts_with(&bundle.log) && table.starts_with(&bundle.table));
        assert_eq!(fs::read(record.log_path()).unwrap(), bundle.log);
        assert_eq!(fs::read(record.table_path()).unwrap(), bundle.table);
        assert!(frames - log.frames.len() <= 3, "only what was cut off is lost");
    }
}

#[test]
fn rubbish_in_the_data_directory_is_left_alone() {
    let (directory, spool) = spool();
    let record = record(&spool, 10, true);
    let local = directory.path().join("records/study/s-1/scene/local");
    fs::write(local.join("p-x_lab.json"), "{").unwrap();
    fs::write(directory.path().join("records/study/notes.txt"), "mine").unwrap();
    fs::write(record.directory.join("p-a_ep1.dlog"), "not a log").unwrap();
    let unsent = spool.unsent();
    assert_eq!(unsent.len(), 2);
    assert!(unsent[1].bundle().is_err());
    assert_eq!(fs::read(record.directory.join("p-a_ep1.dlog")).unwrap(), b"not a log");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let error = Spool::at(file.join("data")).check().unwrap_err().to_string();
    assert!(error.contains("file/data") && error.contains("--data"), "{error}");
    assert!(Spool::at(directory.path().join("new")).check().is_ok());
}
