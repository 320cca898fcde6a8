//! Sessions from a dataset: from what it holds under `data/raw` and what its computers saw. The
//! published rows are not looked at; they are what is to be checked.

use crate::names::{self, Names};
use crate::session::{Entry, Episode, Session, Unsound};
use dyad_collector::examine;
use dyad_collector::store::digest;
use dyad_protocol::records::{Receipt, RecordName};
use dyad_recording::Bundle;
use dyad_recording::bundle::{divergence_name, local_name, log_name, table_name};
use std::collections::BTreeMap;

/// A session that was put together again, the files that it was put together from, and what does
/// not fit.
#[derive(Debug)]
pub struct Loaded {
    /// The session.
    pub session: Session,
    /// The files that were taken.
    pub sources: Vec<String>,
    /// Files that are missing or don't fit to the receipts, and why.
    pub flaws: Vec<(String, String)>,
}

/// Puts a session together. `read` gives a file of the dataset, `None` if it is not there.
pub fn load(entry: Entry, names: &Names, read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Loaded {
    let folder = names::raw(&entry.registration.study, &entry.registration.session);
    let folder = format!("{folder}/{}", entry.registration.scene);
    let mut loader = Loader { entry: &entry, names, read, folder, sources: vec![], flaws: vec![] };
    let mut by_episode: BTreeMap<u16, Vec<&Receipt>> = BTreeMap::new();
    for receipt in &entry.receipts {
        by_episode.entry(receipt.name.episode).or_default().push(receipt);
    }
    let episodes = by_episode.iter().map(|(number, receipts)| loader.episode(*number, receipts));
    let episodes = episodes.collect();
    let Loader { sources, flaws, .. } = loader;
    Loaded { session: Session { entry, episodes }, sources, flaws }
}

struct Loader<'a> {
    entry: &'a Entry,
    names: &'a Names,
    read: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    folder: String,
    sources: Vec<String>,
    flaws: Vec<(String, String)>,
}

impl Loader<'_> {
    fn episode(&mut self, number: u16, receipts: &[&Receipt]) -> Episode {
        let (mut bundles, mut unsound) = (Vec::new(), Vec::new());
        for receipt in receipts {
            let name = &receipt.name;
            let archive = format!("{}_ep{number}.tar", name.participant);
            if let Some(archive) = self.take(&archive) {
                self.compare(&archive, receipt);
                let flaw = examine::open(name, &archive).err().unwrap_or_default();
                let participant = name.participant.clone();
                unsound.push(Unsound { participant, archive, flaw });
            } else {
                bundles.push(self.parts(name));
            }
        }
        let tables: Vec<Option<Vec<u8>>> = bundles
            .iter()
            .map(|bundle| self.take(&table_name(&bundle.participant, number)))
            .collect();
        let mut episode = Episode::new(number, bundles, unsound);
        self.find_odd_tables(&episode);
        for (at, table) in tables.into_iter().enumerate() {
            let table = table.or_else(|| Some(episode.derived(at)?.table.clone()));
            episode.bundles[at].table = table.unwrap_or_default();
        }
        for bundle in &episode.bundles {
            let receipt = receipts.iter().find(|it| it.name.participant == bundle.participant);
            if let (Some(receipt), Ok(archive)) = (receipt, bundle.pack()) {
                self.compare(&archive, receipt);
            }
        }
        episode
    }

    /// A record without its table, which its log leads to.
    fn parts(&mut self, name: &RecordName) -> Bundle {
        let RecordName { participant, episode, .. } = name;
        let log = log_name(participant, *episode);
        let bytes = self.take(&log);
        if bytes.is_none() {
            self.flaws.push((format!("{}/{log}", self.folder), "is missing".to_owned()));
        }
        let local = self.take(&local_name(participant, *episode));
        let local = local.or_else(|| self.published(name)).unwrap_or_default();
        Bundle {
            participant: participant.clone(),
            episode: *episode,
            log: bytes.unwrap_or_default(),
            table: Vec::new(),
            local,
            divergence: self.take(&divergence_name(participant, *episode)),
        }
    }

    /// What a computer saw, where it is among the tables.
    fn published(&mut self, name: &RecordName) -> Option<Vec<u8>> {
        let path = self.names.table(self.entry, name.episode, Some((&name.participant, "local")));
        let bytes = (self.read)(&path)?;
        self.sources.push(path);
        Some(bytes)
    }

    /// Finds what stands among the tables and is none of what a computer saw.
    fn find_odd_tables(&mut self, episode: &Episode) {
        for (bundle, local) in episode.bundles.iter().zip(&episode.local) {
            let whose = Some((&bundle.participant, "local"));
            let path = self.names.table(self.entry, episode.number, whose);
            if let (Err(flaw), true) = (local, self.sources.contains(&path)) {
                self.flaws.push((path, format!("is no table of what a computer saw: {flaw}")));
            }
        }
    }

    fn take(&mut self, name: &str) -> Option<Vec<u8>> {
        let path = format!("{}/{name}", self.folder);
        let bytes = (self.read)(&path)?;
        self.sources.push(path);
        Some(bytes)
    }

    /// Whether a record is the one that the lab received.
    fn compare(&mut self, archive: &[u8], receipt: &Receipt) {
        let found = digest(archive);
        if found != receipt.digest {
            let path = format!(
                "{}/{}",
                self.folder,
                log_name(&receipt.name.participant, receipt.name.episode)
            );
            let flaw = format!(
                "the record is not the one that the lab received: its archive's digest is {found}, the \
                 receipt says {}",
                receipt.digest
            );
            self.flaws.push((path, flaw));
        }
    }
}
