//! What follows a receipt: tidy files for people, the verdict once everybody's record of an
//! episode is there, and the session's page in JSON. All of it can be made again.

use crate::examine;
use crate::index::{Index, IndexError, Settled};
use crate::store::{Registration, Store, StoreError, bundle_key};
use dyad_protocol::records::{Receipt, RecordName, Verdict};
use dyad_protocol::{HexDigest, ParticipantId, PublicKey, SceneId, SessionId, StudyId};
use dyad_recording::bundle::Bundle;
use dyad_recording::statement::Committed;
use serde::{Deserialize, Serialize};

/// What is known of an episode besides its verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whose records are not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<ParticipantId>,
    /// As long as some are: the verdict on those that are there. `one_side_only` where nothing is
    /// known of what the others had; otherwise what all are known to have had, by what they signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub so_far: Option<Verdict>,
    /// What is remarkable, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Something that the lab may want to tell people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A record is on disk.
    Received(Receipt),
    /// Somebody sent another record under the name of one that is there.
    Conflict(RecordName),
    /// Everybody's record of an episode is there.
    Judged {
        /// The session.
        session: Registration,
        /// The episode.
        episode: u16,
        /// What was found.
        verdict: Verdict,
    },
}

impl Store {
    /// Does what follows one receipt, if there is one that still waits for it; whatever is to be
    /// told is given to `tell`. False when there is nothing to do.
    pub fn settle_next(&mut self, tell: &mut dyn FnMut(Notice)) -> bool {
        let name = match self.index.next_unsettled() {
            Ok(Some(name)) => name,
            Ok(None) => return false,
            Err(error) => {
                tracing::error!(%error, "cannot read what is to be done");
                return false;
            }
        };
        let how = match self.settle(&name, tell) {
            Ok(()) => Settled::Done,
            Err(error) => {
                let record = name.path();
                tracing::error!(record, %error, "the record is kept but not unpacked yet");
                Settled::Failed
            }
        };
        // Without this note the same record would be settled forever.
        match self.index.set_settled(&name, how) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "cannot note what is done; trying again later");
                false
            }
        }
    }

    fn settle(
        &mut self,
        name: &RecordName,
        tell: &mut dyn FnMut(Notice),
    ) -> Result<(), StoreError> {
        let Some(session) = self.index.session(&name.session)? else {
            tracing::warn!(record = %name.path(), "nothing is known about this record's session");
            return Ok(());
        };
        match examine::open(name, &self.files.read(&bundle_key(name))?) {
            Ok(bundle) => self.unpack(&session, &bundle)?,
            Err(flaw) => tracing::warn!(record = %name.path(), flaw, "the bundle is not sound"),
        }
        let verdict = self.judge(&session, name)?;
        self.write_page(&session)?;
        if let Some(verdict) = verdict {
            tell(Notice::Judged { session, episode: name.episode, verdict });
        }
        Ok(())
    }

    fn unpack(&mut self, session: &Registration, bundle: &Bundle) -> Result<(), StoreError> {
        let Registration { study, session, scene, .. } = session;
        for (name, content) in bundle.files() {
            self.files.replace(&format!("{study}/{session}/{scene}/{name}"), content)?;
        }
        Ok(())
    }

    /// The verdict on the episode of a record, if everybody's is there; otherwise what can be said
    /// so far. Where several came at once, the last one that is settled brings it.
    fn judge(
        &mut self,
        session: &Registration,
        name: &RecordName,
    ) -> Result<Option<Verdict>, StoreError> {
        let mut bundles = Vec::new();
        for participant in &session.participants {
            let theirs = RecordName { participant: participant.clone(), ..name.clone() };
            if self.index.record(&theirs)?.is_none() {
                continue;
            }
            if theirs != *name && self.index.is_unsettled(&theirs)? {
                return Ok(None);
            }
            let bundle = self.files.read(&bundle_key(&theirs))?;
            bundles.push((theirs, bundle));
        }
        let said = self.index.committed(&session.session)?;
        let is_whole = bundles.len() == session.participants.len();
        let (verdict, finding) = if is_whole {
            let (verdict, finding) = examine::verdict(session, &bundles, &said);
            self.index.set_verdict(name, &verdict)?;
            (Some(verdict), finding)
        } else {
            (None, examine::so_far(session, name.episode, &bundles, &said))
        };
        if is_whole {
            for note in &finding.notes {
                tracing::warn!(session = %session.session, episode = name.episode, note);
            }
        }
        self.index.set_finding(name, &finding)?;
        Ok(verdict)
    }

    fn write_page(&mut self, session: &Registration) -> Result<(), StoreError> {
        let text = page(&self.index, session)?;
        let key = format!("{}/{}/session.json", session.study, session.session);
        Ok(self.files.replace(&key, text.as_bytes())?)
    }
}

/// The text of a session's `session.json`, by what the index says.
///
/// # Errors
/// [`IndexError`].
pub fn page(index: &Index, session: &Registration) -> Result<String, IndexError> {
    let records = index.records(&session.session)?;
    let verdicts = index.verdicts(&session.session)?;
    let findings = index.findings(&session.session)?;
    let said = index.committed(&session.session)?;
    let page = Page::new(session, &records, &verdicts, &findings, &said);
    let mut text = serde_json::to_string_pretty(&page).expect("a page is plain data");
    text.push('\n');
    Ok(text)
}

/// `session.json`.
#[derive(Serialize)]
struct Page<'a> {
    session: &'a SessionId,
    study: &'a StudyId,
    scene: &'a SceneId,
    game: &'a HexDigest,
    participants: &'a [ParticipantId],
    /// By which the signatures in the logs are to be checked.
    keys: &'a [PublicKey],
    episodes: Vec<Episode<'a>>,
    /// The last frame that each participant signed that it had on disk, when this was written.
    on_disk: Vec<OnDisk<'a>>,
}

#[derive(Serialize)]
struct OnDisk<'a> {
    participant: &'a ParticipantId,
    episode: u16,
    frame: u32,
}

#[derive(Serialize)]
struct Episode<'a> {
    episode: u16,
    /// Missing until everybody's record is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<&'a Verdict>,
    /// The verdict in words, or that so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(flatten)]
    finding: Option<&'a Finding>,
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
struct Record<'a> {
    participant: &'a ParticipantId,
    digest: &'a HexDigest,
    bytes: u64,
    received_ms: u64,
}

impl<'a> Page<'a> {
    fn new(
        session: &'a Registration,
        records: &'a [Receipt],
        verdicts: &'a [(u16, Verdict)],
        findings: &'a [(u16, Finding)],
        said: &'a [(ParticipantId, Committed)],
    ) -> Self {
        let episode = |number| {
            let verdict = verdicts.iter().find(|(of, _)| *of == number).map(|(_, found)| found);
            let records = records.iter().filter(|receipt| receipt.name.episode == number);
            let record = |receipt: &'a Receipt| Record {
                participant: &receipt.name.participant,
                digest: &receipt.digest,
                bytes: receipt.bytes,
                received_ms: receipt.received_ms,
            };
            let finding = findings.iter().find(|(of, _)| *of == number).map(|(_, found)| found);
            let so_far = finding.and_then(|finding| finding.so_far.as_ref());
            let summary = verdict.map(Verdict::to_string);
            let summary = summary.or_else(|| so_far.map(|verdict| format!("so far {verdict}")));
            let records = records.map(record).collect();
            Episode { episode: number, verdict, summary, finding, records }
        };
        let on_disk = said.iter().map(|(participant, message)| {
            let (episode, frame) = (message.episode, message.said.frame);
            OnDisk { participant, episode, frame }
        });
        Self {
            session: &session.session,
            study: &session.study,
            scene: &session.scene,
            game: &session.game,
            participants: &session.participants,
            keys: &session.keys,
            episodes: (0..session.episodes).map(episode).collect(),
            on_disk: on_disk.collect(),
        }
    }
}
