//! Who plays a session: people and programs, by seat.

use crate::{ParticipantId, PublicKey, Seat, Seats};
use serde::{Deserialize, Serialize};

/// What programs are called, before their policies.
const PROGRAM: &str = "program-";

/// Who has a seat. As JSON one is told from the other by what it has: people have a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Player {
    /// Somebody.
    Person {
        /// Who.
        participant: ParticipantId,
        /// What they sign with: their public key, as their client gave it in
        /// [`Hello`](crate::lobby::Hello).
        key: PublicKey,
    },
    /// A program.
    Program(Program),
}

/// A program that has a seat of a game. Each client computes what it does, from the world alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// What it plays by: `idle`, `random` or `scripted`.
    pub policy: String,
    /// Whether people are told that it is none of them.
    pub announced: bool,
}

impl Program {
    /// What it is called in records, where people have their pseudonyms. The lab calls nobody so.
    #[must_use]
    pub fn name(&self) -> Option<ParticipantId> {
        Self::name_of(&self.policy).parse().ok()
    }

    /// What a program is called that plays by this policy.
    #[must_use]
    pub fn name_of(policy: &str) -> String {
        format!("{PROGRAM}{policy}")
    }

    /// The policy of a program that is called so; `None` if no program is.
    #[must_use]
    pub fn policy_of(name: &ParticipantId) -> Option<&str> {
        name.as_str().strip_prefix(PROGRAM)
    }
}

/// All players of a session, by seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Players(pub Vec<Player>);

impl Players {
    /// The people, in the order of their seats.
    pub fn people(&self) -> impl Iterator<Item = (Seat, &ParticipantId)> {
        self.by_seat().filter_map(|(seat, player)| match player {
            Player::Person { participant, .. } => Some((seat, participant)),
            Player::Program(_) => None,
        })
    }

    /// The seats of people.
    #[must_use]
    pub fn seats_of_people(&self) -> Seats {
        self.people().map(|(seat, _)| seat).collect()
    }

    /// The people in all seats but this one.
    pub fn partners(&self, of: Seat) -> impl Iterator<Item = &ParticipantId> {
        self.people().filter(move |(seat, _)| *seat != of).map(|(_, participant)| participant)
    }

    /// The programs, in the order of their seats.
    pub fn programs(&self) -> impl Iterator<Item = (Seat, &Program)> {
        self.by_seat().filter_map(|(seat, player)| match player {
            Player::Person { .. } => None,
            Player::Program(program) => Some((seat, program)),
        })
    }

    /// Who has a seat, if it is somebody.
    #[must_use]
    pub fn participant(&self, seat: Seat) -> Option<&ParticipantId> {
        match self.0.get(seat.index())? {
            Player::Person { participant, .. } => Some(participant),
            Player::Program(_) => None,
        }
    }

    /// What all are called in records, by seat. `None` if a program cannot be called by its policy.
    #[must_use]
    pub fn names(&self) -> Option<Vec<ParticipantId>> {
        let name = |player: &Player| match player {
            Player::Person { participant, .. } => Some(participant.clone()),
            Player::Program(program) => program.name(),
        };
        self.0.iter().map(name).collect()
    }

    /// What all sign with, by seat: [`PublicKey::NOBODY`] for programs, as in records.
    #[must_use]
    pub fn keys(&self) -> Vec<PublicKey> {
        let key = |player: &Player| match player {
            Player::Person { key, .. } => *key,
            Player::Program(_) => PublicKey::NOBODY,
        };
        self.0.iter().map(key).collect()
    }

    fn by_seat(&self) -> impl Iterator<Item = (Seat, &Player)> {
        Seat::all(self.0.len()).zip(&self.0)
    }
}
