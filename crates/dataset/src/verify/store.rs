//! Checking a store: are the archives those that were received, and is everything else in it what
//! they lead to?

use super::differ::differ;
use super::{Check, Finding, VerifyError, walk};
use crate::export::Progress;
use crate::names::Names;
use crate::options::Options;
use crate::parallel;
use crate::render::{self, Facts};
use crate::session::{Entry, Session};
use crate::store::{archive, assemble, entries};
use dyad_collector::index::Sqlite;
use dyad_collector::names::{BUNDLES, PARTIAL, bundle_key, session_key};
use dyad_collector::page::LastSaid;
use dyad_collector::reports;
use dyad_collector::snapshot::{INDEX, SessionEntry, Snapshot, SnapshotError};
use dyad_collector::{examine, page, recover, settle};
use dyad_protocol::ParticipantId;
use dyad_protocol::records::{Receipt, Verdict};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(super) fn check(
    root: &Path,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<Check, VerifyError> {
    let snapshot = Snapshot::read(root)?;
    let mut check = Check { what: "store", ..Check::default() };
    let index = Sqlite::open_to_read(&root.join(INDEX)).map_err(SnapshotError::from)?;
    if let Some(damage) = index.damage().map_err(SnapshotError::from)? {
        check.find(INDEX, damage);
    }
    let by_session: BTreeMap<_, _> =
        snapshot.sessions.iter().map(|it| (&it.registration.session, it)).collect();
    let entries = entries(&snapshot, &Options::default());
    let names = Names::new(entries.iter());
    let done = AtomicUsize::new(0);
    let sessions = parallel::map(jobs, &entries, |_, entry| {
        let known = by_session.get(&entry.registration.session);
        let checked = known.map(|known| session(root, entry, known, &names));
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, entries.len());
        Ok::<_, VerifyError>(checked)
    })?;
    let mut known = BTreeSet::new();
    for session in sessions.into_iter().flatten() {
        check.findings.extend(session.findings);
        check.notes.extend(session.notes);
        if let Some(facts) = session.facts {
            check.take(&facts);
        }
        known.extend(session.files);
    }
    surplus(root, &known, &mut check)?;
    check.findings.sort();
    Ok(check)
}

/// What checking one session gave.
#[derive(Default)]
struct Checked {
    findings: Vec<Finding>,
    notes: Vec<String>,
    facts: Option<Facts>,
    /// Files that it accounts for.
    files: Vec<String>,
}

impl Checked {
    fn find(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.findings.push(Finding { path: path.into(), message: message.into() });
    }
}

fn session(root: &Path, entry: &Entry, known: &SessionEntry, names: &Names) -> Checked {
    let mut checked = Checked::default();
    let mut archives = Vec::new();
    for receipt in &entry.receipts {
        let key = bundle_key(&receipt.name);
        match archive(root, receipt) {
            Ok(bytes) => archives.push((receipt.clone(), bytes)),
            Err(error) => checked.find(&key, error.to_string()),
        }
        checked.files.push(key);
    }
    let complete = archives.len() == entry.receipts.len();
    let so_far = so_far(known, &archives);
    let session = assemble(entry.clone(), archives);
    match render::session(&session, names, &Options::default()) {
        Ok((_, facts)) => {
            if complete {
                verdicts(&facts, known, &so_far, &mut checked);
            }
            checked.facts = Some(facts);
        }
        Err(error) => checked.find(page_key(entry), error.to_string()),
    }
    if let Some(message) = session.unlinked() {
        checked.find(page_key(entry), message);
    }
    for (episode, finding) in &so_far {
        let missing: Vec<_> = finding.missing.iter().map(ParticipantId::as_str).collect();
        let so_far = finding.so_far.as_ref().map(Verdict::to_string).unwrap_or_default();
        let (id, missing) = (&entry.registration.session, missing.join(" and "));
        let note = format!("session {id}, episode {episode}: no record of {missing}; {so_far}");
        checked.notes.push(note);
    }
    tidy_files(root, &session, known, &mut checked);
    registration(root, entry, &mut checked);
    page(root, entry, known, &mut checked);
    checked
}

fn page_key(entry: &Entry) -> String {
    format!("{}/{}/session.json", entry.registration.study, entry.registration.session)
}

/// What is known of the episodes of which some records are there and some are missing.
fn so_far(known: &SessionEntry, archives: &[(Receipt, Vec<u8>)]) -> Vec<(u16, settle::Finding)> {
    let of = &known.registration;
    let examine = |episode| {
        let bundles = archives.iter().filter(|(receipt, _)| receipt.name.episode == episode);
        let bundles: Vec<_> =
            bundles.map(|(receipt, bytes)| (receipt.name.clone(), bytes.clone())).collect();
        let is_part = !bundles.is_empty() && bundles.len() < of.people().count();
        is_part.then(|| (episode, examine::so_far(of, episode, &bundles, &known.said)))
    };
    (0..of.episodes).filter_map(examine).collect()
}

/// Whether the index says of each episode what its records say; where some are missing, with what is
/// known besides.
fn verdicts(
    facts: &Facts,
    known: &SessionEntry,
    so_far: &[(u16, settle::Finding)],
    checked: &mut Checked,
) {
    let session = &known.registration.session;
    for (episode, said) in &known.verdicts {
        let found = match so_far.iter().find(|(of, _)| of == episode) {
            Some((_, finding)) => finding.so_far.as_ref(),
            None => {
                let found = facts.episodes.iter().find(|it| it.number == *episode);
                found.map(|it| &it.verdict)
            }
        };
        if found != Some(said) {
            let found = found.map_or_else(|| "that there are none".to_owned(), Verdict::to_string);
            let message = format!(
                "session {session}, episode {episode}: it says {said}, the records say {found}"
            );
            checked.find(INDEX, message);
        }
    }
}

/// Whether the files for people are those of the archives.
fn tidy_files(root: &Path, session: &Session, known: &SessionEntry, checked: &mut Checked) {
    let of = &session.entry.registration;
    for bundle in session.episodes.iter().flat_map(|episode| &episode.bundles) {
        let waits = known
            .unsettled
            .iter()
            .any(|name| name.participant == bundle.participant && name.episode == bundle.episode);
        if waits {
            let note = format!(
                "session {}: the record of {}, episode {}, is received but not unpacked yet",
                of.session, bundle.participant, bundle.episode
            );
            checked.notes.push(note);
        }
        for (name, expected) in bundle.files() {
            let key = format!("{}/{}/{}/{name}", of.study, of.session, of.scene);
            match fs::read(root.join(&key)) {
                Ok(found) if found == expected => {}
                Ok(found) => {
                    let detail = differ(&key, &found, expected);
                    checked.find(&key, format!("is not what was received: {detail}"));
                }
                Err(_) if waits => {}
                Err(error) => checked.find(&key, format!("cannot be read: {error}")),
            }
            checked.files.push(key);
        }
    }
}

/// Whether the file of what the lab has said of the session is what the index says.
fn registration(root: &Path, entry: &Entry, checked: &mut Checked) {
    let key = session_key(&entry.registration.session);
    let expected = Sqlite::open_to_read(&root.join(INDEX))
        .and_then(|index| recover::text(&index, &entry.registration, entry.registered_ms));
    match (expected, fs::read(root.join(&key))) {
        (Ok(expected), Ok(found)) if found == expected => {}
        (Ok(expected), Ok(found)) => {
            let detail = differ(&key, &found, &expected);
            checked.find(&key, format!("is not what the index says: {detail}"));
        }
        // The lab makes it again when it starts.
        (_, Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            checked.notes.push(format!("{key} is missing; the lab makes it when it starts"));
        }
        (Err(error), _) => checked.find(&key, error.to_string()),
        (_, Err(error)) => checked.find(&key, format!("cannot be read: {error}")),
    }
    checked.files.push(key);
}

/// How often a page is compared: a lab that is running may write one in between.
const ATTEMPTS: usize = 3;

/// Whether the session's page is what the index says.
fn page(root: &Path, entry: &Entry, known: &SessionEntry, checked: &mut Checked) {
    let key = page_key(entry);
    checked.files.push(key.clone());
    // No record: a help for the study's makers.
    checked.files.push(reports::key(&entry.registration));
    if known.receipts.is_empty() || !known.unsettled.is_empty() {
        return;
    }
    let compare = || -> Result<Option<String>, String> {
        let index = Sqlite::open_to_read(&root.join(INDEX)).map_err(|error| error.to_string())?;
        let found =
            fs::read(root.join(&key)).map_err(|error| format!("cannot be read: {error}"))?;
        let said = page::last_said(&index, &entry.registration)
            .map(|latest| earlier(&found, &latest).unwrap_or(latest));
        let expected = said.and_then(|said| page::page_saying(&index, &entry.registration, said));
        let expected = expected.map_err(|error| error.to_string())?;
        Ok((found != expected.as_bytes()).then(|| differ(&key, &found, expected.as_bytes())))
    };
    let results: Vec<_> =
        (0..ATTEMPTS).map(|_| compare()).take_while(|it| *it != Ok(None)).collect();
    match results.into_iter().nth(ATTEMPTS - 1) {
        Some(Ok(Some(detail))) => {
            checked.find(key, format!("is not what the index says: {detail}"));
        }
        Some(Err(error)) => checked.find(key, error),
        Some(Ok(None)) | None => {}
    }
}

/// What a page holds of what participants have said, if they have said as much or more since.
fn earlier(page: &[u8], latest: &[LastSaid]) -> Option<Vec<LastSaid>> {
    #[derive(Deserialize)]
    struct Page {
        on_disk: Vec<LastSaid>,
    }
    let held = serde_json::from_slice::<Page>(page).ok()?.on_disk;
    let moment = |said: &LastSaid| (said.episode, said.frame);
    let is_earlier = |held: &LastSaid| {
        let mut latest = latest.iter();
        let latest = latest.find(|latest| latest.participant == held.participant);
        latest.is_some_and(|latest| moment(held) <= moment(latest))
    };
    held.iter().all(is_earlier).then_some(held)
}

/// Notes what no receipt accounts for. None of it is a part of the records.
fn surplus(root: &Path, known: &BTreeSet<String>, check: &mut Check) -> Result<(), VerifyError> {
    let (files, others) = walk(root)?;
    check.files = files.len();
    for path in files.iter().chain(&others).filter(|path| !known.contains(*path)) {
        let Some((folder, name)) = path.split_once('/') else { continue };
        if matches!(folder, "_incoming" | PARTIAL) {
            continue;
        }
        check.notes.push(if folder != BUNDLES {
            format!("{path} is none of the files that the records lead to")
        } else if name.contains(".damaged-") {
            format!("{path} is what became of a record that was received again")
        } else if name.contains(".conflict-") {
            format!("{path} was sent under the name of another record that came first")
        } else {
            format!("{path} has no receipt yet; it gets one when the lab starts again")
        });
    }
    Ok(())
}
