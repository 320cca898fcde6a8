//! Telling everybody in a waiting room how it stands, whenever it has changed.

use super::Matchmaking;
use crate::event::Effect;
use crate::time::Timestamp;
use dyad_protocol::{ParticipantId, SceneId};
use std::collections::{BTreeMap, BTreeSet};

/// How often everybody in a waiting room is told how it stands, at most. Who arrives is told at
/// once. In between, clients count the remaining time down themselves.
pub const ANNOUNCE_EVERY_MS: u64 = 1000;

/// What was announced. Not persisted: after a restart nobody has been told anything.
#[derive(Debug, Default)]
pub(super) struct Announcer {
    changed: BTreeSet<SceneId>,
    announced: BTreeMap<SceneId, Timestamp>,
    /// Those who have just arrived.
    newcomers: Vec<ParticipantId>,
}

impl Announcer {
    pub(super) fn changed(&mut self, scene: SceneId) {
        self.changed.insert(scene);
    }

    pub(super) fn newcomer(&mut self, participant: ParticipantId) {
        self.newcomers.push(participant);
    }

    /// When the next announcement is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.changed.iter().map(|scene| self.due_for(scene)).min()
    }

    fn due_for(&self, scene: &SceneId) -> Timestamp {
        self.announced.get(scene).map_or(Timestamp(0), |last| last.plus_ms(ANNOUNCE_EVERY_MS))
    }

    fn take_due(&mut self, now: Timestamp) -> Vec<SceneId> {
        let due: Vec<_> =
            self.changed.iter().filter(|scene| self.due_for(scene) <= now).cloned().collect();
        for scene in &due {
            self.changed.remove(scene);
            self.announced.insert(scene.clone(), now);
        }
        due
    }
}

impl Matchmaking {
    pub(super) fn announce_if_due(&mut self) {
        let mut listeners = std::mem::take(&mut self.announcer.newcomers);
        for scene in self.announcer.take_due(self.now) {
            let Some(room) = self.state.index().room(&scene) else { continue };
            listeners.retain(|participant| {
                self.state.person(participant).is_none_or(|person| person.scene != scene)
            });
            listeners.extend(room.in_order().map(|(_, participant)| participant.clone()));
        }
        for participant in listeners {
            let here = self.state.person(&participant).is_some_and(|it| it.away_until.is_none());
            if let Some(status) = self.status(&participant).filter(|_| here) {
                self.effects.push_back(Effect::Waiting { participant, status });
            }
        }
    }
}
