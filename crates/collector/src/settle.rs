//! What follows a receipt: tidy files for people, the verdict once everybody's record of an
//! episode is there, and the session's page in JSON. All of it can be made again.

use crate::examine;
use crate::index::Settled;
use crate::names::bundle_key;
use crate::page::page;
use crate::store::{Registration, Store, StoreError};
use dyad_protocol::ParticipantId;
use dyad_protocol::records::{Receipt, RecordName, Verdict};
use dyad_recording::bundle::Bundle;
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
    /// Whether the session is over with this episode: of later ones there are no records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_last: bool,
    /// What became of verdicts after the session's books were closed, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<String>,
}

/// Something that the lab may want to tell people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A record is on disk.
    Received(Receipt),
    /// Somebody sent another record under the name of one that is there.
    Conflict(RecordName),
    /// Everybody's record of an episode is there, or the session's books are closed.
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
        // Whatever else was on its way in pieces is not needed any more.
        self.discard_pieces(name)?;
        let verdict = self.judge(&session, name)?;
        self.write_page(&session)?;
        if let Some(verdict) = verdict {
            tell(Notice::Judged { session, episode: name.episode, verdict });
        }
        Ok(())
    }

    fn unpack(&mut self, session: &Registration, bundle: &Bundle) -> Result<(), StoreError> {
        let Registration { study, session, scene, .. } = session;
        let files = bundle.files();
        let files = files.map(|(name, it)| (format!("{study}/{session}/{scene}/{name}"), it));
        let made = self.files.replace_all(&files.collect::<Vec<_>>());
        Ok(made.into_iter().collect::<Result<_, _>>()?)
    }

    /// The verdict on the episode of a record, if everybody's is there or the session's books are
    /// closed; otherwise what can be said so far. Where several came at once, the last one that is
    /// settled brings it.
    fn judge(
        &mut self,
        session: &Registration,
        name: &RecordName,
    ) -> Result<Option<Verdict>, StoreError> {
        for (_, participant) in session.people() {
            let theirs = RecordName { participant: participant.clone(), ..name.clone() };
            if theirs != *name && self.index.is_unsettled(&theirs)? {
                return Ok(None);
            }
        }
        let (verdict, mut finding) = self.examine(session, name.episode)?;
        let before = self.index.findings(&session.session)?;
        let before = before.into_iter().find(|(of, _)| *of == name.episode);
        finding.revisions = before.map(|(_, finding)| finding.revisions).unwrap_or_default();
        let verdict = match (verdict, self.index.closed(&session.session)?) {
            (verdict, None) => verdict,
            (verdict, Some(_)) => {
                let verdict = verdict.or_else(|| finding.so_far.take());
                finding.revisions.extend(self.revision(name, verdict.as_ref())?);
                verdict
            }
        };
        if let Some(verdict) = &verdict {
            self.index.set_verdict(name, verdict)?;
            for note in &finding.notes {
                tracing::warn!(session = %session.session, episode = name.episode, note);
            }
        }
        self.index.set_finding(name, &finding)?;
        Ok(verdict)
    }

    /// What the records of an episode say: a verdict if everybody's is there.
    pub(crate) fn examine(
        &self,
        session: &Registration,
        episode: u16,
    ) -> Result<(Option<Verdict>, Finding), StoreError> {
        let mut bundles = Vec::new();
        for (_, participant) in session.people() {
            let theirs = session.record(participant, episode);
            if self.index.record(&theirs)?.is_some() {
                let bundle = self.files.read(&bundle_key(&theirs))?;
                bundles.push((theirs, bundle));
            }
        }
        let said = self.index.committed(&session.session)?;
        if bundles.len() == session.people().count() {
            let (verdict, finding) = examine::verdict(session, &bundles, &said);
            return Ok((Some(verdict), finding));
        }
        Ok((None, examine::so_far(session, episode, &bundles, &said)))
    }

    /// What is to be said of a record that came after the session's books were closed.
    fn revision(
        &self,
        name: &RecordName,
        verdict: Option<&Verdict>,
    ) -> Result<Option<String>, StoreError> {
        let before = self.index.verdicts(&name.session)?;
        let before = before.into_iter().find(|(of, _)| *of == name.episode);
        let before = before.map(|(_, verdict)| verdict);
        if before.as_ref() == verdict {
            return Ok(None);
        }
        let before = before.map_or_else(|| "that there is none".to_owned(), |it| it.to_string());
        Ok(Some(format!(
            "the record of {} came after the books were closed; until then the verdict was: {before}",
            name.participant
        )))
    }

    pub(crate) fn write_page(&mut self, session: &Registration) -> Result<(), StoreError> {
        let text = page(self.index.as_ref(), session)?;
        let key = format!("{}/{}/session.json", session.study, session.session);
        Ok(self.files.replace(&key, text.as_bytes())?)
    }
}
