//! Checking a dataset: is every file what was exported, and is that what the logs lead to?
//!
//! The first question is the manifest's; the second is answered by exporting once more, in
//! memory, from what is in `data/raw`. A changed log changes what follows from it, so what is
//! derived is compared only where its sources are as they were.

use super::differ::{differ, in_log};
use super::{Check, Finding, VerifyError, walk};
use crate::export::Progress;
use crate::folder::{self, Loaded};
use crate::names::{self, Names};
use crate::options::{MADE, Made};
use crate::package::manifest::{DIGEST_OF, MANIFEST, VERIFY};
use crate::package::{self, Part, manifest, sha256};
use crate::render::{self, Facts, Rendered};
use crate::session::Entry;
use crate::study::{STUDY, Study};
use crate::{FORMAT, PROGRAM, parallel};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Digests by path.
type Digests = BTreeMap<String, String>;

pub(super) fn check(
    root: &Path,
    jobs: NonZeroUsize,
    progress: Progress<'_>,
) -> Result<Check, VerifyError> {
    if root.extension().is_some_and(|it| it == "unfinished") {
        return Err(VerifyError::Unfinished(root.to_owned()));
    }
    let mut check = Check { what: "dataset", ..Check::default() };
    let made = made(root, &mut check)?;
    let digests = digests(root, jobs, &mut check)?;
    let changed = against_manifest(root, &digests, &mut check);
    // By damaged options nothing can be made again.
    let made = made.filter(|_| !changed.contains(MADE));
    let study = study(root, &changed, &mut check);
    let entries = entries(root, &digests, &changed, &mut check);
    let names = Names::new(entries.iter());
    let dataset =
        Dataset { root, digests: &digests, changed: &changed, names: &names, made: made.as_ref() };
    let done = AtomicUsize::new(0);
    let sessions = parallel::map(jobs, &entries, |_, entry| {
        let session = dataset.session(entry);
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, entries.len());
        Ok::<_, VerifyError>(session)
    })?;
    let mut known: BTreeSet<String> = BTreeSet::new();
    // What is about the dataset follows from all sessions. Where one of them is damaged, the
    // manifest has said already which other files are.
    let lost = check.findings.iter().any(|finding| finding.path.starts_with("data/raw/"));
    let whole = made.is_some() && study.is_some() && !lost;
    let (mut intact, mut facts, mut parts) = (whole, vec![], vec![]);
    for session in sessions {
        check.findings.extend(session.findings);
        if let Some(of_session) = session.facts {
            check.take(&of_session);
            intact &= session.intact && of_session.foreign_rules.is_none();
            facts.push(of_session);
        }
        known.extend(session.parts.iter().map(|part| part.path.clone()));
        parts.extend(session.parts);
    }
    if let (true, Some(made), Some(study)) = (intact, &made, &study) {
        known.extend(dataset.about(&facts, &parts, (study, made), &mut check));
        dataset.surplus(&known, &mut check);
    }
    let explained: BTreeSet<String> = check.findings.iter().map(|it| it.path.clone()).collect();
    for path in changed.iter().filter(|path| !explained.contains(*path)) {
        check.find(path.clone(), dataset.what_changed(path));
    }
    check.files = digests.len();
    check.findings.sort();
    check.findings.dedup();
    Ok(check)
}

/// By what the dataset was made.
fn made(root: &Path, check: &mut Check) -> Result<Option<Made>, VerifyError> {
    let Ok(bytes) = fs::read(root.join(MADE)) else {
        check.find(MADE, "is missing: the dataset was not copied whole, or is none of Dyad's");
        return Ok(None);
    };
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(&bytes)
        && let Some(found) = value["format"].as_u64()
        && found > u64::from(FORMAT)
        && is_listed(root, &bytes)
    {
        return Err(VerifyError::Newer { found });
    }
    match serde_json::from_slice::<Made>(&bytes) {
        Ok(made) => {
            if made.program != PROGRAM {
                let note = format!(
                    "the dataset was exported by version {}; descriptions are checked by their digests only",
                    made.program
                );
                check.notes.push(note);
            }
            Ok(Some(made))
        }
        Err(error) => {
            check.find(MADE, format!("cannot be read: {error}"));
            Ok(None)
        }
    }
}

/// What the lab knew of the study; nothing follows from it if it was changed.
fn study(root: &Path, changed: &BTreeSet<String>, check: &mut Check) -> Option<Study> {
    if changed.contains(STUDY) {
        return None;
    }
    let read = fs::read(root.join(STUDY)).map_err(|error| error.to_string());
    let parsed = read.and_then(|it| serde_json::from_slice(&it).map_err(|it| it.to_string()));
    parsed.map_err(|error| check.find(STUDY, format!("cannot be read: {error}"))).ok()
}

/// Whether the manifest names a file with these bytes; otherwise they may say anything.
fn is_listed(root: &Path, bytes: &[u8]) -> bool {
    let manifest = fs::read_to_string(root.join(MANIFEST)).unwrap_or_default();
    manifest.contains(&sha256(bytes))
}

/// The digests of all files. A file that cannot be read is a finding.
fn digests(root: &Path, jobs: NonZeroUsize, check: &mut Check) -> Result<Digests, VerifyError> {
    let (files, others) = walk(root)?;
    for path in others {
        check.find(path, "is no file: a dataset has no links or devices");
    }
    let read = parallel::map(jobs, &files, |_, path| {
        Ok::<_, VerifyError>(fs::read(root.join(path)).map(|bytes| sha256(&bytes)))
    })?;
    let mut digests = Digests::new();
    for (path, digest) in files.into_iter().zip(read) {
        match digest {
            Ok(digest) => drop(digests.insert(path, digest)),
            Err(error) => check.find(path, format!("cannot be read: {error}")),
        }
    }
    Ok(digests)
}

/// Compares all digests with the manifest, and that with what `verify.txt` says of it. Gives the
/// files that are not what was exported.
fn against_manifest(root: &Path, digests: &Digests, check: &mut Check) -> BTreeSet<String> {
    let read = |path: &str| fs::read(root.join(path)).ok();
    let (Some(found), Some(words)) = (read(MANIFEST), read(VERIFY)) else {
        for path in [MANIFEST, VERIFY].into_iter().filter(|path| !digests.contains_key(*path)) {
            check.find(path, "is missing: the export was not finished, or not copied whole");
        }
        return BTreeSet::new();
    };
    let words = String::from_utf8_lossy(&words).into_owned();
    let declared = words.lines().find_map(|line| line.strip_prefix(DIGEST_OF)).unwrap_or_default();
    let listed = digests.iter().filter(|(path, _)| !matches!(path.as_str(), MANIFEST | VERIFY));
    let remade: String = listed.map(|(path, digest)| format!("{digest}  {path}\n")).collect();
    if sha256(remade.as_bytes()) == declared {
        // All files are those that `verify.txt` stands for, so if anything it is the list.
        if remade.as_bytes() != found {
            check.find(MANIFEST, differ(MANIFEST, &found, remade.as_bytes()));
        }
        return BTreeSet::new();
    }
    if sha256(&found) != declared {
        let path = if remade.as_bytes() == found { VERIFY } else { MANIFEST };
        let message = format!("{MANIFEST} is not the one that {VERIFY} names ({declared:?})");
        check.find(path, message);
    }
    match manifest::parse(&String::from_utf8_lossy(&found)) {
        Ok(manifest) => compare_digests(digests, &manifest, check),
        Err(line) => {
            check.find(MANIFEST, format!("line {line} is no line of a manifest"));
            BTreeSet::new()
        }
    }
}

fn compare_digests(digests: &Digests, manifest: &Digests, check: &mut Check) -> BTreeSet<String> {
    for path in manifest.keys().filter(|path| !digests.contains_key(*path)) {
        check.find(path.clone(), "is missing: the dataset was not copied whole");
    }
    let others = |path: &&String| !matches!(path.as_str(), MANIFEST | VERIFY);
    for path in digests.keys().filter(others).filter(|path| !manifest.contains_key(*path)) {
        check.find(path.clone(), "does not belong to the dataset");
    }
    let changed = manifest
        .iter()
        .filter(|(path, digest)| digests.get(*path).is_some_and(|found| found != *digest));
    changed.map(|(path, _)| path.clone()).collect()
}

/// What the lab wrote down of each session, in the order of an export.
fn entries(
    root: &Path,
    digests: &Digests,
    changed: &BTreeSet<String>,
    check: &mut Check,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for path in digests.keys() {
        if !path.starts_with("data/raw/") || !path.ends_with("/session.json") {
            continue;
        }
        let read = fs::read(root.join(path)).map_err(|error| error.to_string());
        let entry = read.and_then(|bytes| {
            serde_json::from_slice::<Entry>(&bytes).map_err(|error| error.to_string())
        });
        match entry {
            Ok(entry) => {
                let of = &entry.registration;
                if format!("{}/session.json", names::raw(&of.study, &of.session)) == *path {
                    entries.push(entry);
                } else if !changed.contains(path) {
                    check.find(path.clone(), "is of another session");
                }
            }
            Err(error) => check.find(path.clone(), format!("cannot be read: {error}")),
        }
    }
    let key =
        |entry: &Entry| (entry.registration.study.clone(), entry.registration.session.clone());
    entries.sort_by_key(key);
    entries
}

struct Dataset<'a> {
    root: &'a Path,
    digests: &'a Digests,
    changed: &'a BTreeSet<String>,
    names: &'a Names,
    made: Option<&'a Made>,
}

/// What checking one session gave.
struct Checked {
    findings: Vec<Finding>,
    facts: Option<Facts>,
    parts: Vec<Part>,
    /// Whether everything about it follows from its logs.
    intact: bool,
}

impl Dataset<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        if self.digests.contains_key(path) { fs::read(self.root.join(path)).ok() } else { None }
    }

    fn session(&self, entry: &Entry) -> Checked {
        let Loaded { session, sources, flaws } =
            folder::load(entry.clone(), self.names, &|path| self.read(path));
        let mut findings = Vec::new();
        let mut find = |path: &str, message: String| {
            findings.push(Finding { path: path.to_owned(), message });
        };
        let folder = names::raw(&entry.registration.study, &entry.registration.session);
        let page = format!("{folder}/session.json");
        let changed = |path: &String| self.changed.contains(path);
        let damaged = sources.iter().any(changed) || changed(&page);
        // A changed source is found by its digest already, and would be named twice.
        for (path, flaw) in flaws.iter().filter(|_| !damaged) {
            find(path, flaw.clone());
        }
        let options = self.made.map(|made| made.options.clone()).unwrap_or_default();
        let (files, facts) = match render::session(&session, self.names, &options) {
            Ok(rendered) => rendered,
            Err(error) => {
                find(&page, error.to_string());
                return Checked { findings, facts: None, parts: Vec::new(), intact: false };
            }
        };
        if let (Some(path), false) = (session.unlinked(), damaged) {
            find(&page, path);
        }
        let intact =
            !damaged && flaws.is_empty() && facts.foreign_rules.is_none() && self.made.is_some();
        if intact {
            for file in &files {
                if let Some(message) = self.compare(file) {
                    find(&file.path, message);
                }
            }
        }
        let parts = if intact { files.iter().map(Part::of).collect() } else { Vec::new() };
        Checked { findings, facts: Some(facts), parts, intact }
    }

    /// How a file differs from what the logs lead to.
    fn compare(&self, file: &Rendered<'_>) -> Option<String> {
        let Some(found) = self.read(&file.path) else {
            let gone = "is missing, and follows from the logs";
            return (!self.digests.contains_key(&file.path)).then(|| gone.to_owned());
        };
        let ours = self.made.is_some_and(|made| made.program == PROGRAM);
        if found == *file.bytes || (!ours && file.path.starts_with("parquet/")) {
            return None;
        }
        let detail = differ(&file.path, &found, &file.bytes);
        let how = if self.changed.contains(&file.path) {
            "was changed after the export"
        } else {
            "does not follow from the logs"
        };
        Some(format!("{how}: {detail}"))
    }

    /// Compares what is about the whole dataset. Gives its paths.
    fn about(
        &self,
        facts: &[Facts],
        parts: &[Part],
        (study, made): (&Study, &Made),
        check: &mut Check,
    ) -> BTreeSet<String> {
        let files = match package::files(facts, parts, study, made) {
            Ok(files) => files,
            Err(error) => {
                check.find(MADE, error.to_string());
                return BTreeSet::new();
            }
        };
        let named: BTreeSet<String> = check.findings.iter().map(|it| it.path.clone()).collect();
        for file in &files {
            // Words may change from one version of the program to the next, tables may not.
            let comparable = made.program == PROGRAM || file.table.is_some() || file.path == MADE;
            let listed = [MANIFEST, VERIFY].contains(&file.path.as_str());
            if !comparable || named.contains(&file.path) || (listed && !check.findings.is_empty()) {
                continue;
            }
            if let Some(message) = self.compare(file) {
                check.find(file.path.clone(), message);
            }
        }
        files.into_iter().map(|file| file.path).collect()
    }

    /// Files that no export of these records has.
    fn surplus(&self, known: &BTreeSet<String>, check: &mut Check) {
        let named: BTreeSet<String> = check.findings.iter().map(|it| it.path.clone()).collect();
        for path in self.digests.keys().filter(|it| !known.contains(*it) && !named.contains(*it)) {
            check.find(path.clone(), "does not belong to the dataset");
        }
    }

    /// What can be said of a changed file of which nothing is known but its digest.
    fn what_changed(&self, path: &str) -> String {
        let what = "is not what was exported: its SHA-256 is not the manifest's";
        match self.read(path) {
            Some(bytes) if path.ends_with(".dlog") => format!("{what}; {}", in_log(&bytes)),
            _ => what.to_owned(),
        }
    }
}
