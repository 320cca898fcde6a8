//! Statements about finished episodes, and the handshake with which a session closes.

use super::{Event, MAX_STATEMENT, Peer, PeerMessage, Peering, Stage, Statement};
use std::time::Duration;

/// How often an unacknowledged statement is repeated.
const SEALED_EVERY: Duration = Duration::from_millis(250);
/// How often SETTLED is repeated.
const SETTLED_EVERY: Duration = Duration::from_millis(250);
/// How long SETTLED is repeated after everybody has said it, and said to have heard it of all.
const LINGER: Duration = Duration::from_secs(1);
/// How long it is repeated where the latter does not come: the other end may be gone.
const LINGER_MOST: Duration = Duration::from_secs(5);

impl Peering {
    /// States what this side's record of a finished episode holds.
    pub fn seal(&mut self, now: Duration, episode: u16, statement: Vec<u8>) {
        debug_assert!(statement.len() <= MAX_STATEMENT, "a statement is at most 1 KiB");
        self.statements.push((episode, statement));
        for peer in &mut self.peers {
            peer.next_sealed = now;
        }
        self.poll(now);
    }

    pub(super) fn sealed(&mut self, now: Duration, at: usize, episode: u16, statement: Vec<u8>) {
        if episode >= self.over.unwrap_or(self.planned) || statement.len() > MAX_STATEMENT {
            self.malformed += 1;
            return;
        }
        let peer = &mut self.peers[at];
        let seat = peer.seat;
        let connection = peer.connection;
        if !peer.received.contains(&episode) {
            peer.received.push(episode);
            let stated = Statement::Sealed { seat, episode, bytes: statement };
            self.events.push_back(Event::Stated(stated));
        }
        if let Some(connection) = connection {
            self.say(now, connection, &PeerMessage::SealedAck { episode });
        }
    }

    pub(super) fn settled(&mut self, at: usize, everybody: bool) {
        self.peers[at].settled = Some(everybody);
    }

    pub(super) fn repeat_statements(&mut self, now: Duration) {
        for at in 0..self.peers.len() {
            let peer = &mut self.peers[at];
            let Some(connection) = peer.connection else { continue };
            // Who has settled has acknowledged everything.
            if now < peer.next_sealed || peer.settled.is_some() {
                continue;
            }
            peer.next_sealed = now + SEALED_EVERY;
            let acknowledged = peer.acknowledged.clone();
            let open =
                self.statements.iter().filter(|(episode, _)| !acknowledged.contains(episode));
            let open: Vec<_> = open.cloned().collect();
            for (episode, statement) in open {
                self.say(now, connection, &PeerMessage::Sealed { episode, statement });
            }
        }
    }

    pub(super) fn linger(&mut self, now: Duration) {
        let everybody = self.peers.iter().all(|peer| peer.settled.is_some());
        if now >= self.next_settled {
            self.next_settled = now + SETTLED_EVERY;
            self.say_to_all(now, &PeerMessage::Settled { everybody });
        }
        let everybody_knows = self.peers.iter().all(|peer| peer.settled == Some(true));
        match &mut self.stage {
            Stage::Lingering { until } if everybody => {
                let longest = if everybody_knows { LINGER } else { LINGER_MOST };
                *until = (*until).min(now + longest);
            }
            _ => self.look_for_losses(now),
        }
    }

    pub(super) fn close(&mut self) {
        self.stage = Stage::Closed;
        self.events.push_back(Event::Closed);
    }

    /// Whether every episode's statement has gone out and come in on every side.
    pub(super) fn is_settled(&self) -> bool {
        let has_ours = |peer: &Peer| peer.settled.is_some() || self.are_all(&peer.acknowledged);
        self.is_whole() && self.peers.iter().all(has_ours)
    }

    /// Whether every episode's statement was made here and has come from everybody.
    pub(super) fn is_whole(&self) -> bool {
        let stated: Vec<u16> = self.statements.iter().map(|(episode, _)| *episode).collect();
        self.are_all(&stated) && self.peers.iter().all(|peer| self.are_all(&peer.received))
    }

    /// Whether these are all episodes that there were. Nobody knows before the game is over.
    fn are_all(&self, episodes: &[u16]) -> bool {
        self.over.is_some_and(|over| (0..over).all(|episode| episodes.contains(&episode)))
    }
}
