//! From a scene and a group of people to a session: its registration and everybody's ticket.

use crate::mint;
use dyad_collector::Registration;
use dyad_experiment::Experiment;
use dyad_protocol::lobby::Ticket;
use dyad_protocol::records::Uploads;
use dyad_protocol::{ParticipantId, PublicKey, Seat};

/// A session that is about to start.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What the collector is told.
    pub registration: Registration,
    /// The tickets, by seat.
    pub tickets: Vec<Ticket>,
}

/// Somebody who takes a seat, and what they sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Player {
    /// Who.
    pub participant: ParticipantId,
    /// Their client's public key.
    pub key: PublicKey,
}

/// Prepares a session of the experiment's scene for these people, by seat. Credentials for TURN
/// servers are missing from the tickets: they expire, so they are made each time that a ticket is
/// given out ([`crate::relay`]).
#[must_use]
pub fn prepare(experiment: &Experiment, players: &[Player]) -> Prepared {
    let participants: Vec<_> = players.iter().map(|player| player.participant.clone()).collect();
    let keys: Vec<_> = players.iter().map(|player| player.key).collect();
    let scene = experiment.scene();
    let seed = scene.seed.unwrap_or_else(mint::seed);
    let game = scene.game(seed).expect("the experiment file was checked with its layout");
    let session = mint::session();
    let room = mint::room();
    let registration = Registration {
        study: experiment.study.clone(),
        session: session.clone(),
        scene: scene.id.clone(),
        participants: participants.clone(),
        keys: keys.clone(),
        episodes: scene.episodes,
        game: game.digest.clone(),
    };
    let ticket = |seat| Ticket {
        study: experiment.study.clone(),
        session: session.clone(),
        scene: scene.id.clone(),
        seat,
        participants: participants.clone(),
        keys: keys.clone(),
        settings: game.settings.clone(),
        game: game.digest.clone(),
        netcode: scene.netcode,
        reconnection: scene.reconnection,
        held_keys: scene.held_keys,
        room: room.clone(),
        room_token: mint::token(),
        ice: experiment.network.ice_servers(),
        uploads: Uploads::default(),
    };
    let tickets = Seat::all(players.len()).map(ticket).collect();
    Prepared { registration, tickets }
}
