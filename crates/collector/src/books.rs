//! The end of a session: its books are closed when everybody has sent everything, or when nothing was
//! heard for long. Then each episode has the verdict that its records allow. What comes later is taken
//! like any other record, and the verdict revised.

use crate::index::IndexError;
use crate::settle::{Finding, Notice};
use crate::store::{Registration, Store, StoreError};
use dyad_protocol::SessionId;

impl Store {
    /// Closes the books of all sessions that are complete, or of which nothing was heard for
    /// `after_ms`, and tells the verdicts that this gives.
    ///
    /// # Errors
    /// [`StoreError`]; sessions that were not reached stay open.
    pub fn close_due(
        &mut self,
        now_ms: u64,
        after_ms: u64,
        tell: &mut dyn FnMut(Notice),
    ) -> Result<(), StoreError> {
        while self.close_next(now_ms, after_ms, tell)? {}
        Ok(())
    }

    /// The same for one session; false if there is none. Others may want the store in between.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn close_next(
        &mut self,
        now_ms: u64,
        after_ms: u64,
        tell: &mut dyn FnMut(Notice),
    ) -> Result<bool, StoreError> {
        for (id, heard_ms) in self.index.open_sessions()? {
            let Some(session) = self.index.session(&id)? else { continue };
            if self.is_unsettled(&session)? {
                continue;
            }
            let is_complete = self.is_complete(&session)?;
            if is_complete || now_ms >= heard_ms.saturating_add(after_ms) {
                self.close(&session, now_ms, tell)?;
                let how = if is_complete { "everything is here" } else { "nothing came for long" };
                tracing::info!(session = %id, how, "the session's books are closed");
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_unsettled(&self, session: &Registration) -> Result<bool, IndexError> {
        for receipt in self.index.records(&session.session)? {
            if self.index.is_unsettled(&receipt.name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether everybody's record of every episode that was played is there.
    fn is_complete(&self, session: &Registration) -> Result<bool, IndexError> {
        let last = self.last_episode(&session.session)?;
        let last = last.unwrap_or(session.episodes.saturating_sub(1));
        for episode in 0..=last {
            for (_, participant) in session.people() {
                if self.index.record(&session.record(participant, episode))?.is_none() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// The episode with which the session was over, as far as its records say.
    fn last_episode(&self, session: &SessionId) -> Result<Option<u16>, IndexError> {
        let findings = self.index.findings(session)?;
        Ok(findings.iter().find(|(_, finding)| finding.is_last).map(|(episode, _)| *episode))
    }

    fn close(
        &mut self,
        session: &Registration,
        now_ms: u64,
        tell: &mut dyn FnMut(Notice),
    ) -> Result<(), StoreError> {
        let last = self.last_episode(&session.session)?.unwrap_or(u16::MAX);
        let judged = self.index.verdicts(&session.session)?;
        let mut verdicts = Vec::new();
        for episode in 0..session.episodes {
            if episode > last || judged.iter().any(|(of, _)| *of == episode) {
                continue;
            }
            let Some((_, first)) = session.people().next() else { continue };
            let name = session.record(first, episode);
            let (_, mut finding) = self.examine(session, episode)?;
            if finding.missing.len() == session.people().count() {
                let notes = vec!["nobody has sent a record of this episode".to_owned()];
                let missing = finding.missing;
                self.index.set_finding(&name, &Finding { missing, notes, ..Finding::default() })?;
            } else if let Some(verdict) = finding.so_far.take() {
                self.index.set_verdict(&name, &verdict)?;
                self.index.set_finding(&name, &finding)?;
                verdicts.push((episode, verdict));
            }
        }
        self.index.close(&session.session, now_ms)?;
        self.write_page(session)?;
        for (episode, verdict) in verdicts {
            tell(Notice::Judged { session: session.clone(), episode, verdict });
        }
        Ok(())
    }
}
