//! Records on this computer: what is unsent, and what a crash leaves of it.

use super::identity::KeptKey;
use super::receipt::ReceiptError;
use super::spool::{Destination, Record, Spool};
use super::writer::{Order, Report, Session, Writer};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{
    Action, ConfirmedFrame, Digest, Entry, Game, MAX_PLAYERS, PlayerInput, Settings, World,
};
use dyad_netplay::{Committed, Telemetry};
use dyad_protocol::records::{Receipt, RecordName, Uploads};
use dyad_protocol::{ParticipantId, Seat};
use dyad_recording::forensics::Dump;
use dyad_recording::log::{Certificate, Ending, SessionInfo, read};
use dyad_recording::receipt::sign;
use dyad_recording::verify::verify;
use dyad_recording::{KeyPair, Recorder, bundle};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
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
        focus: Default::default(),
    })
    .unwrap()
}

pub(super) fn destination() -> Destination {
    Destination {
        study: "study".parse().unwrap(),
        session: "s-1".parse().unwrap(),
        scene: "scene".parse().unwrap(),
        participant: "p-a".parse().unwrap(),
        lab: "http://127.0.0.1:9".to_owned(),
        cert: None,
        token: "secret".parse().unwrap(),
        uploads: Uploads { key: Some(lab_key().public()), ..Uploads::default() },
    }
}

/// What the lab signs receipts with.
pub(crate) fn lab_key() -> KeyPair {
    KeyPair::from_seed(&[77; 32])
}

fn key(seat: u8) -> KeyPair {
    KeyPair::from_seed(&[seat + 1; 32])
}

fn session(spool: &Spool, seat: u8) -> Session {
    let participant = ["p-a", "p-b"].map(|id| id.parse::<ParticipantId>().unwrap());
    let destination =
        Destination { participant: participant[usize::from(seat)].clone(), ..destination() };
    Session {
        directory: spool.open(&destination).unwrap(),
        participant: destination.participant,
        info: SessionInfo {
            program: "test".to_owned(),
            study: destination.study,
            id: destination.session,
            scene: destination.scene,
            participants: participant.into(),
            keys: [0, 1].map(|seat| key(seat).public()).into(),
        },
        seat: Seat(seat),
        game: game(),
        started: SystemTime::now(),
    }
}

/// The frames of a session.
fn frames(count: u32) -> Vec<ConfirmedFrame> {
    let mut world = World::new(game());
    let frame = |frame| {
        let mut inputs = [PlayerInput::default(); MAX_PLAYERS];
        inputs[0] = PlayerInput::new(Action::ALL[frame as usize % 7]);
        world.step(&inputs);
        ConfirmedFrame { frame, inputs, digest: world.digest() }
    };
    (0..count).map(frame).collect()
}

/// When the key was pressed that acts in a frame.
fn pressed_at(frame: u32) -> Duration {
    Duration::from_micros(1_000_000 + u64::from(frame))
}

/// A key for every other frame, and a picture of each.
fn play(writer: &mut Writer, seat: u8, frames: &[ConfirmedFrame]) {
    for frame in frames {
        play_unseen(writer, seat, std::slice::from_ref(frame));
        writer.order(Order::Shown(frame.frame + 1, pressed_at(frame.frame)));
    }
}

fn play_unseen(writer: &mut Writer, seat: u8, frames: &[ConfirmedFrame]) {
    for &frame in frames {
        let key = frame.frame.is_multiple_of(2).then(|| pressed_at(frame.frame));
        writer.order(Order::Issued(frame.frame, frame.inputs[usize::from(seat)], key));
        let committed = Committed { frame, telemetry: Telemetry::default() };
        writer.order(Order::Confirmed(Box::new(committed)));
    }
}

/// All reports until one of a kind comes, that one included.
fn until(writer: &Writer, is_awaited: impl Fn(&Report) -> bool) -> Vec<Report> {
    let mut reports = Vec::new();
    while !reports.last().is_some_and(&is_awaited) {
        reports.push(writer.wait().expect("the writer says more"));
    }
    reports
}

fn synced(writer: &mut Writer) {
    writer.order(Order::Sync);
    until(writer, |report| matches!(report, Report::Committed(_)));
}

fn end(mut writer: Writer) -> Vec<Report> {
    writer.order(Order::End);
    until(&writer, |report| *report == Report::Done)
}

fn record_in(spool: &Spool) -> Record {
    let destination = destination();
    let directory = spool.open(&destination).unwrap();
    Record { destination, episode: 0, directory }
}

/// Records so many frames of a session through the writer, as the game would, to its end.
fn record(spool: &Spool, count: u32) -> Record {
    let mut writer = Writer::start(session(spool, 0), &key(0)).unwrap();
    play(&mut writer, 0, &frames(count));
    end(writer);
    record_in(spool)
}

/// A data directory with one finished record that the lab does not have.
pub(crate) fn with_unsent() -> (TempDir, Spool, Record) {
    let (directory, spool) = spool();
    let record = record(&spool, 20);
    (directory, spool, record)
}

/// What a kill after so many frames leaves: a copy of the disk at that moment.
fn killed(count: u32) -> (TempDir, Spool) {
    let (directory, before) = spool();
    let mut writer = Writer::start(session(&before, 0), &key(0)).unwrap();
    play(&mut writer, 0, &frames(count));
    synced(&mut writer);
    let after = tempfile::tempdir().unwrap();
    copy(directory.path(), after.path());
    let spool = Spool::at(after.path().to_owned());
    (after, spool)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, target) = {
            let entry = entry.unwrap();
            (entry.path(), to.join(entry.file_name()))
        };
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(path, target).unwrap();
        }
    }
}

fn spool() -> (TempDir, Spool) {
    let directory = tempfile::tempdir().unwrap();
    let spool = Spool::at(directory.path().to_owned());
    (directory, spool)
}

/// A column of the first episode's local table, by frame, of a session that is played like this.
fn local_column(name: &str, play: impl FnOnce(&mut Writer)) -> Vec<(u32, String)> {
    let (_kept, spool) = spool();
    let session = session(&spool, 0);
    let directory = session.directory.clone();
    let mut writer = Writer::start(session, &key(0)).unwrap();
    play(&mut writer);
    end(writer);
    let table = fs::read_to_string(directory.join("local").join("p-a_ep0.csv")).unwrap();
    let mut lines = table.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().unwrap();
    let column = |name| names.iter().position(|known| *known == name).unwrap();
    let (frame, wanted) = (column("frame"), column(name));
    let told: Vec<_> =
        lines.map(|row| (row[frame].parse().unwrap(), row[wanted].to_owned())).collect();
    assert!(told.len() >= 7, "{table}");
    told
}

#[test]
fn the_local_table_knows_when_keys_were_pressed() {
    // What was issued before an interruption is issued anew.
    let early = Some(Duration::from_secs(9));
    let column = local_column("key_event_us", |writer| {
        for frame in [5, 6] {
            writer.order(Order::Issued(frame, PlayerInput::default(), early));
        }
        play(writer, 0, &frames(10));
    });
    for (frame, key) in column {
        let pressed = frame.is_multiple_of(2).then(|| pressed_at(frame).as_micros().to_string());
        assert_eq!(key, pressed.unwrap_or_default(), "frame {frame}");
    }
}

#[test]
fn the_local_table_knows_how_long_keys_took_to_be_seen() {
    let frames = frames(10);
    let after = |frame, us| pressed_at(frame) + Duration::from_micros(us);
    let column = local_column("input_to_display_us", |writer| {
        // Of an earlier game, and of frames that were given up in an interruption.
        writer.order(Order::Shown(900, after(0, 0) - Duration::from_millis(1)));
        writer.order(Order::Shown(3, after(0, 0) - Duration::from_millis(1)));
        play_unseen(writer, 0, &frames[..2]);
        // Frames 0 and 2 are seen after they are final, and frame 4, as most are, before.
        writer.order(Order::Shown(1, after(0, 100)));
        play_unseen(writer, 0, &frames[2..4]);
        writer.order(Order::Shown(3, after(2, 200)));
        writer.order(Order::Shown(5, after(4, 300)));
        writer.order(Order::Shown(6, after(4, 400)));
        play_unseen(writer, 0, &frames[4..6]);
        // There is no picture of frame 6 alone, and none at all of frame 8.
        play_unseen(writer, 0, &frames[6..8]);
        writer.order(Order::Shown(8, after(6, 500)));
        play_unseen(writer, 0, &frames[8..]);
    });
    let expected = [(0, "100"), (2, "200"), (4, "300"), (6, "500")];
    for (frame, took) in column {
        let expected = expected.iter().find(|(of, _)| *of == frame);
        assert_eq!(took, expected.map_or("", |(_, took)| took), "frame {frame}");
    }
}

#[test]
fn a_record_is_unsent_until_its_receipt_lies_beside_it() {
    let (_directory, spool) = spool();
    assert_eq!(spool.unsent(), []);
    let record = record(&spool, 20);
    assert_eq!(spool.unsent(), std::slice::from_ref(&record));
    let receipt = receipt_for(&record, 1);
    let other = Receipt { name: RecordName { episode: 1, ..record.name() }, ..receipt.clone() };
    for (useless, why) in [
        (sign(receipt.clone(), &key(0)), ReceiptError::Unsigned),
        (sign(other, &lab_key()), ReceiptError::Another),
    ] {
        assert_eq!(record.check_receipt(&useless, None), Err(why));
        record.keep_receipt(&useless).unwrap();
        assert_eq!(spool.unsent(), std::slice::from_ref(&record), "{why}");
    }
    fs::write(record.receipt_path(), "{").unwrap();
    assert_eq!(spool.unsent(), std::slice::from_ref(&record));
    let good = sign(receipt, &lab_key());
    let bytes = "00".repeat(32);
    assert_eq!(record.check_receipt(&good, Some(&bytes)), Err(ReceiptError::Another));
    record.keep_receipt(&good).unwrap();
    assert_eq!(spool.unsent(), []);
}

pub(crate) fn receipt_for(record: &Record, received_ms: u64) -> Receipt {
    let bytes = record.bundle().unwrap();
    let digest = blake3::hash(&bytes).to_hex().as_str().parse().unwrap();
    Receipt { name: record.name(), digest, bytes: bytes.len() as u64, received_ms }
}

#[test]
fn without_a_key_in_the_ticket_that_of_the_first_receipt_counts() {
    let (_directory, spool) = spool();
    let record = record(&spool, 20);
    let mut destination = destination();
    destination.uploads.key = None;
    spool.open(&destination).unwrap();
    let [record] = <[_; 1]>::try_from(spool.unsent()).unwrap_or_else(|_| panic!("{record:?}"));
    record.keep_receipt(&sign(receipt_for(&record, 1), &key(3))).unwrap();
    assert_eq!(spool.unsent(), []);
    // From now on another lab is not believed.
    record.keep_receipt(&sign(receipt_for(&record, 1), &key(4))).unwrap();
    spool
        .open(&Destination {
            uploads: Uploads { key: Some(key(3).public()), ..Uploads::default() },
            ..destination
        })
        .unwrap();
    assert_eq!(spool.unsent().len(), 1);
}

#[test]
fn copies_are_deleted_days_after_the_receipt_and_not_before() {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    let (directory, spool) = spool();
    let record = record(&spool, 20);
    let mut destination = destination();
    destination.uploads.keep_days = 3;
    spool.open(&destination).unwrap();
    assert_eq!(spool.delete_old(u64::MAX), 0, "no receipt, no deletion");
    let receipt = receipt_for(&record, 5 * DAY);
    record.keep_receipt(&sign(receipt.clone(), &key(0))).unwrap();
    assert_eq!(spool.delete_old(u64::MAX), 0, "a forged receipt is none");
    record.keep_receipt(&sign(receipt, &lab_key())).unwrap();
    assert_eq!(spool.delete_old(8 * DAY - 1), 0);
    assert!(record.log_path().exists());
    assert_eq!(spool.delete_old(8 * DAY), 1);
    let left: Vec<_> = files(directory.path());
    assert_eq!(left, [record.receipt_path()], "the receipt alone stays");
    assert_eq!((spool.delete_old(u64::MAX), spool.unsent().len()), (0, 0));
}

pub(crate) fn files(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// How a log ends that this side closed alone.
fn closed_alone(log: &[u8]) -> bool {
    matches!(read(log).unwrap().ending, Ending::Closed(Certificate::Survivor { .. }))
}

#[test]
fn a_record_that_was_cut_off_anywhere_is_closed_at_the_next_start_and_sent() {
    let (_directory, left) = killed(30);
    let record = record_in(&left);
    let whole = fs::read(record.log_path()).unwrap();
    let table = fs::read(record.table_path()).unwrap();
    let logged = read(&whole).unwrap();
    assert_eq!((logged.frames.len(), logged.certificate()), (30, None));
    let header = whole.len() - 30 * 23 - 43;
    let some = (header..whole.len() - 60).step_by(41).chain(whole.len() - 60..=whole.len());
    for cut in some {
        let (directory, spool) = spool();
        copy(left.root(), directory.path());
        let record = record_in(&spool);
        // Zeros are what some file systems leave behind a loss of power.
        let tail = vec![0; (cut % 3) * 100];
        fs::write(record.log_path(), [&whole[..cut], &tail].concat()).unwrap();
        fs::write(record.table_path(), &table[..cut.min(table.len() - 3)]).unwrap();
        assert_eq!(spool.unsent(), [], "the session may go on");
        spool.close_interrupted();
        let frames = read(&whole[..cut]).map_or(0, |log| log.frames.len());
        if frames == 0 {
            assert_eq!(spool.unsent(), [], "nothing was recorded");
            continue;
        }
        assert_eq!(spool.unsent(), std::slice::from_ref(&record), "cut at {cut}");
        let bundle = bundle::unpack(&record.bundle().unwrap()).unwrap();
        let log = read(&bundle.log).unwrap();
        assert!(closed_alone(&bundle.log), "cut at {cut}: {}", log.ending);
        assert!(verify(&bundle.log).unwrap().is_sound());
        assert_eq!(log.frames, logged.frames[..frames]);
        assert!(table.starts_with(&bundle.table));
        assert_eq!(fs::read(record.log_path()).unwrap(), bundle.log);
        assert_eq!(fs::read(record.table_path()).unwrap(), bundle.table);
        let note = record.directory.join("local/p-a_session.json");
        assert!(fs::read_to_string(note).unwrap().contains("the computer stopped"));
        assert!(!KeptKey::path(&record.directory, &record.destination.participant).exists());
    }
}

#[test]
fn a_record_without_its_key_is_made_whole_before_it_is_sent() {
    let (_directory, spool) = killed(30);
    let record = record_in(&spool);
    fs::remove_file(KeptKey::path(&record.directory, &record.destination.participant)).unwrap();
    let whole = fs::read(record.log_path()).unwrap();
    let table = fs::read(record.table_path()).unwrap();
    for cut in (whole.len() - 60)..=whole.len() {
        fs::write(record.log_path(), &whole[..cut]).unwrap();
        fs::write(record.table_path(), &table[..cut.min(table.len() - 3)]).unwrap();
        assert_eq!(spool.unsent(), std::slice::from_ref(&record));
        let bundle = bundle::unpack(&record.bundle().unwrap()).unwrap();
        let log = read(&bundle.log).unwrap();
        assert_eq!(log.ending, Ending::Cut { at: bundle.log.len() }, "cut at {cut}");
        assert!(whole.starts_with(&bundle.log) && table.starts_with(&bundle.table));
        assert!(30 - log.frames.len() <= 3, "only what was cut off is lost");
    }
}

#[test]
fn a_key_is_kept_as_long_as_its_session_lasts() {
    let (_directory, spool) = spool();
    let mut writer = Writer::start(session(&spool, 0), &key(0)).unwrap();
    let record = record_in(&spool);
    let path = KeptKey::path(&record.directory, &record.destination.participant);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(spool.interrupted().is_empty(), "a program that runs holds it");
    play(&mut writer, 0, &frames(10));
    end(writer);
    assert!(!path.exists());
    assert_eq!(spool.unsent(), [record]);
}

#[test]
fn a_killed_program_finds_its_key_and_goes_on_with_its_record() {
    let (_whole, whole) = spool();
    let all = frames(3 + STEPS);
    let expected = record(&whole, 3 + STEPS);
    let (_directory, spool) = killed(20);
    let record = record_in(&spool);
    // Power was lost before the last bytes were on disk.
    let log = fs::read(record.log_path()).unwrap();
    fs::write(record.log_path(), &log[..log.len() - 30]).unwrap();
    let [interrupted] = <[_; 1]>::try_from(spool.interrupted()).unwrap();
    assert!(spool.interrupted().is_empty(), "it is held now");
    assert_eq!(interrupted.destination, destination());
    assert_eq!(interrupted.key.public(), key(0).public());
    let (mut writer, resumption) = Writer::resume(session(&spool, 0), interrupted).unwrap();
    let next = resumption.next as usize;
    assert!((18..20).contains(&next));
    let entries: Vec<_> = all.iter().copied().map(Entry::Frame).collect();
    assert_eq!(resumption.entries, entries[..next]);
    // What was lost is the partner's to supply; then the session goes on.
    entries[next..20].iter().for_each(|entry| writer.order(Order::Supplied(Box::new(*entry))));
    play(&mut writer, 0, &all[20..]);
    let reports = end(writer);
    let seals = reports.iter().filter(|report| matches!(report, Report::Seal { .. }));
    assert_eq!(seals.count(), 1);
    for path in [Record::log_path, Record::table_path] {
        assert_eq!(fs::read(path(&record)).unwrap(), fs::read(path(&expected)).unwrap());
    }
    let local = fs::read_to_string(record.local_path()).unwrap();
    assert!(local.starts_with("frame,") && local.lines().count() > STEPS as usize, "{local}");
    assert!(!reports.iter().any(|report| matches!(report, Report::Marked(_))), "{reports:?}");
}

#[test]
fn what_a_partner_says_without_its_signature_is_dropped_and_counted() {
    let (_directory, spool) = spool();
    let mut writer = Writer::start(session(&spool, 0), &key(0)).unwrap();
    let all = frames(3 + STEPS);
    play(&mut writer, 0, &all);
    // The partner's own recorder says the right things.
    let Session { info, game, .. } = session(&spool, 1);
    let mut partner = Recorder::new(info, Seat(1), &game, key(1)).unwrap();
    all.iter().for_each(|frame| partner.confirmed(frame).unwrap());
    let good = partner.stated()[0].encode();
    let mut forged = good.clone();
    *forged.last_mut().unwrap() ^= 1;
    for bytes in [forged, b"rubbish".to_vec(), Vec::new(), vec![0xff; 100_000]] {
        writer.order(Order::Sealed(bytes.clone()));
        writer.order(Order::CommittedBy(bytes));
    }
    writer.order(Order::Sealed(good));
    let reports = until(&writer, |report| matches!(report, Report::Closed { .. }));
    let counts: Vec<u64> =
        reports
            .iter()
            .filter_map(|report| {
                if let Report::Refused { count, .. } = report { Some(*count) } else { None }
            })
            .collect();
    assert_eq!(counts, [1, 2, 4, 8]);
    assert_eq!(reports.last(), Some(&Report::Closed { episode: 0, complete: true }));
    drop(end(writer));
    let report = verify(&fs::read(record_in(&spool).log_path()).unwrap()).unwrap();
    assert!(report.is_sound(), "{report}");
}

#[test]
fn a_divergence_is_kept_with_what_was_simulated_and_sent() {
    let (_directory, spool) = spool();
    let mut writer = Writer::start(session(&spool, 0), &key(0)).unwrap();
    let mut wrong = frames(30);
    wrong[20].digest = Digest([1; 32]);
    play(&mut writer, 0, &wrong);
    let reports = until(&writer, |report| matches!(report, Report::Diverged { .. }));
    let Some(Report::Diverged { reason, frames }) = reports.last() else { panic!() };
    assert_eq!((frames.end(), reason.contains("frame 20")), (&20, true));
    let mut world = World::new(game());
    world.hold(3);
    let simulated = vec![(20, world.encode().as_bytes().to_vec())];
    let (reason, frames) = (reason.clone(), frames.clone());
    writer.order(Order::Dump { reason, frames, simulated });
    // The partner's world was found to be another, too.
    let again = Order::Dump { reason: "later".to_owned(), frames: 15..=25, simulated: vec![] };
    writer.order(again);
    end(writer);
    let record = record_in(&spool);
    let bundle = bundle::unpack(&record.bundle().unwrap()).unwrap();
    let dump = Dump::decode(&bundle.divergence.unwrap()).unwrap();
    assert_eq!((dump.frames[0].frame, dump.frames.last().unwrap().frame), (0, 25));
    let unlike = dump.own_difference().unwrap().unwrap();
    assert_eq!((unlike.frame, unlike.field.as_str()), (20, "frame"));
}

#[test]
fn rubbish_in_the_data_directory_is_left_alone() {
    let (directory, spool) = spool();
    let record = record(&spool, 10);
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
