//! Coming in and going.

use super::{AdmitBy, Connection, ConnectionId, Effect, HELLO_WITHIN_MS, Lobby, Stage, hello};
use crate::identities::Identity;
use crate::people::PersonFact;
use crate::ticket::Client;
use dyad_experiment::Flow;
use dyad_matchmaking::{self as matchmaking, Timestamp};
use dyad_protocol::lobby::{FromLab, Hello, Presentation, Refusal};
use dyad_protocol::{ParticipantId, PublicKey, Token};
use std::collections::VecDeque;

impl Lobby {
    pub(super) fn opened(&mut self, now: Timestamp, id: ConnectionId) {
        let connection = Connection {
            stage: Stage::Fresh,
            malformed: 0,
            dismissed: false,
            since: now,
            is_replacement: false,
            panel: None,
            round_trips: VecDeque::new(),
            screening: None,
        };
        self.connections.insert(id, connection);
        self.hellos_due.push_back((now.plus_ms(HELLO_WITHIN_MS), id));
    }

    pub(super) fn hello(&mut self, id: ConnectionId, hello: Hello) {
        match hello::check(&hello, &self.study) {
            Err((refusal, message)) => self.refuse(id, refusal, message),
            Ok(by) => {
                if let Some(connection) = self.undismissed(id) {
                    connection.stage = Stage::Admitting(hello.key);
                    connection.panel = hello.panel;
                }
                self.effects.push_back(Effect::Admit(id, by));
            }
        }
    }

    pub(super) fn admitted(
        &mut self,
        now: Timestamp,
        id: ConnectionId,
        participant: ParticipantId,
        resume: Token,
    ) {
        let Some(connection) = self.undismissed(id) else { return };
        let Stage::Admitting(key) = connection.stage else { return };
        let game = self.game_with(&participant);
        let mut is_replacement = game.is_some_and(|game| game.gone.remove(&participant));
        if let Some(&other) = self.present.get(&participant) {
            if self.key(other) != Some(key) {
                let refusal = Refusal::Duplicate;
                return self.refuse(id, refusal, hello::sentence(refusal));
            }
            // The same program over a new connection: the old one is dead.
            self.hang_up(other);
            is_replacement = true;
        }
        let Some(connection) = self.undismissed(id) else { return };
        connection.is_replacement = is_replacement;
        connection.stage = Stage::Admitted(Client { participant: participant.clone(), key });
        connection.since = now;
        let panel = connection.panel.clone();
        self.present.insert(participant.clone(), id);
        if !self.people.knows(&participant) {
            self.enrol(now, &participant);
            if let Some(panel) = panel {
                let panel = Identity::Panel(panel);
                self.effects.push_back(Effect::Identify(participant.clone(), panel));
            }
        }
        let experiment = &self.study.experiment;
        let (study, title) = (experiment.study.clone(), experiment.title.clone());
        let looks = &experiment.presentation;
        let presentation = Presentation {
            language: looks.language.clone(),
            motion_easing_ms: u16::try_from(looks.motion_easing.as_millis()).ok(),
        };
        let their = participant.clone();
        let welcome = FromLab::Welcome { participant: their, study, title, presentation, resume };
        self.send(id, welcome);
        self.arrange(now, matchmaking::Event::Back(participant.clone()));
        self.show(&participant);
    }

    fn enrol(&mut self, now: Timestamp, participant: &ParticipantId) {
        let seed = self.study.own_seed(participant);
        let condition = self.study.first_condition(participant, self.people.counts());
        let place = Flow::start();
        self.record(now, participant, PersonFact::Enrolled { seed, condition, place });
    }

    pub(super) fn closed(&mut self, now: Timestamp, id: ConnectionId) {
        let Some(connection) = self.connections.remove(&id) else { return };
        if let Stage::Admitted(Client { participant, .. }) = connection.stage
            && self.present.get(&participant) == Some(&id)
        {
            self.present.remove(&participant);
            if let Some(game) = self.game_with(&participant) {
                game.gone.insert(participant.clone());
            }
            self.arrange(now, matchmaking::Event::Lost(participant));
        }
    }

    fn key(&self, id: ConnectionId) -> Option<PublicKey> {
        match &self.connections.get(&id)?.stage {
            Stage::Admitted(client) => Some(client.key),
            Stage::Fresh | Stage::Admitting(_) => None,
        }
    }

    /// Ends a connection without a word.
    fn hang_up(&mut self, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.dismissed = true;
            self.effects.push_back(Effect::Close(id));
        }
    }
}

impl AdmitBy {
    /// The token that they bring or are to get, if it is known.
    #[must_use]
    pub const fn token(&self) -> Option<&Token> {
        match self {
            Self::Resume(token) | Self::Known(token) => Some(token),
            Self::New => None,
        }
    }
}
