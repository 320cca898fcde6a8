//! A session's page: `session.json`, everything that the index says of it.

use crate::index::{Conflict, Index, IndexError};
use crate::settle::Finding;
use crate::store::Registration;
use dyad_protocol::records::{Receipt, RecordName, Verdict};
use dyad_protocol::{HexDigest, ParticipantId, PublicKey, SceneId, SessionId, StudyId};
use serde::{Deserialize, Serialize};

/// The text of a session's `session.json`, by what the index says.
///
/// # Errors
/// [`IndexError`].
pub fn page(index: &dyn Index, session: &Registration) -> Result<String, IndexError> {
    page_saying(index, session, last_said(index, session)?)
}

/// The same as it was when participants had said this. A page is not written anew for what they
/// say, which is every two seconds while they play.
///
/// # Errors
/// [`IndexError`].
pub fn page_saying(
    index: &dyn Index,
    session: &Registration,
    on_disk: Vec<LastSaid>,
) -> Result<String, IndexError> {
    let known = Known {
        records: index.records(&session.session)?,
        conflicts: index.conflicts(&session.session)?,
        verdicts: index.verdicts(&session.session)?,
        findings: index.findings(&session.session)?,
        on_disk,
        closed_ms: index.closed(&session.session)?,
    };
    let page = Page::new(session, &known);
    let mut text = serde_json::to_string_pretty(&page).expect("a page is plain data");
    text.push('\n');
    Ok(text)
}

/// What participants have said last of their disks.
///
/// # Errors
/// [`IndexError`].
pub fn last_said(index: &dyn Index, session: &Registration) -> Result<Vec<LastSaid>, IndexError> {
    let said = index.committed(&session.session)?.into_iter();
    Ok(said
        .map(|(participant, message)| {
            let (episode, frame) = (message.episode, message.said.frame);
            LastSaid { participant, episode, frame }
        })
        .collect())
}

/// What the index says of a session.
struct Known {
    records: Vec<Receipt>,
    conflicts: Vec<Conflict>,
    verdicts: Vec<(u16, Verdict)>,
    findings: Vec<(u16, Finding)>,
    on_disk: Vec<LastSaid>,
    closed_ms: Option<u64>,
}

fn others<'a>(conflicts: &'a [Conflict], name: &RecordName) -> Vec<&'a HexDigest> {
    let others = conflicts.iter().filter(|conflict| conflict.name == *name);
    others.map(|conflict| &conflict.digest).collect()
}

/// `session.json`.
#[derive(Serialize)]
struct Page<'a> {
    session: &'a SessionId,
    study: &'a StudyId,
    scene: &'a SceneId,
    game: &'a HexDigest,
    /// By seat, as the logs have it: participants and the names of programs.
    players: &'a [ParticipantId],
    /// By which the signatures in the logs are to be checked, by seat; zeros for programs.
    keys: &'a [PublicKey],
    /// When the books were closed, milliseconds since 1970. Missing while records are waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_ms: Option<u64>,
    episodes: Vec<Episode<'a>>,
    /// The last frame that each participant signed that it had on disk, when this was written.
    on_disk: &'a [LastSaid],
}

/// The last frame that a participant signed that it had on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastSaid {
    /// Who.
    pub participant: ParticipantId,
    /// Of which episode's log.
    pub episode: u16,
    /// The frame of the session.
    pub frame: u32,
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
    /// Digests of other records that were sent under this one's name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    conflicts: Vec<&'a HexDigest>,
}

impl<'a> Page<'a> {
    fn new(session: &'a Registration, known: &'a Known) -> Self {
        let Known { records, conflicts, verdicts, findings, on_disk, closed_ms } = known;
        let episode = |number| {
            let verdict = verdicts.iter().find(|(of, _)| *of == number).map(|(_, found)| found);
            let records = records.iter().filter(|receipt| receipt.name.episode == number);
            let record = |receipt: &'a Receipt| Record {
                participant: &receipt.name.participant,
                digest: &receipt.digest,
                bytes: receipt.bytes,
                received_ms: receipt.received_ms,
                conflicts: others(conflicts, &receipt.name),
            };
            let finding = findings.iter().find(|(of, _)| *of == number).map(|(_, found)| found);
            let so_far = finding.and_then(|finding| finding.so_far.as_ref());
            let summary = verdict.map(Verdict::to_string);
            let summary = summary.or_else(|| so_far.map(|verdict| format!("so far {verdict}")));
            let records = records.map(record).collect();
            Episode { episode: number, verdict, summary, finding, records }
        };
        Self {
            session: &session.session,
            study: &session.study,
            scene: &session.scene,
            game: &session.game,
            players: &session.players,
            keys: &session.keys,
            closed_ms: *closed_ms,
            episodes: (0..session.episodes).map(episode).collect(),
            on_disk,
        }
    }
}
