//! From a scene and a group of people to a session: its registration and everybody's ticket.

use crate::mint;
use dyad_collector::Registration;
use dyad_experiment::Experiment;
use dyad_protocol::lobby::Ticket;
use dyad_protocol::{ParticipantId, Seat};

/// A session that is about to start.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What the collector is told.
    pub registration: Registration,
    /// The tickets, by seat.
    pub tickets: Vec<Ticket>,
}

/// Prepares a session of the experiment's scene for these people, by seat.
#[must_use]
pub fn prepare(experiment: &Experiment, participants: &[ParticipantId]) -> Prepared {
    let scene = experiment.scene();
    let seed = scene.seed.unwrap_or_else(mint::seed);
    let game = scene.game(seed).expect("the experiment file was checked with its layout");
    let session = mint::session();
    let room = mint::room();
    let registration = Registration {
        study: experiment.study.clone(),
        session: session.clone(),
        scene: scene.id.clone(),
        participants: participants.to_vec(),
        episodes: scene.episodes,
        game: game.digest.clone(),
    };
    let ticket = |seat| Ticket {
        study: experiment.study.clone(),
        session: session.clone(),
        scene: scene.id.clone(),
        seat,
        participants: participants.to_vec(),
        settings: game.settings.clone(),
        game: game.digest.clone(),
        netcode: scene.netcode,
        held_keys: scene.held_keys,
        room: room.clone(),
        room_token: mint::token(),
        ice: experiment.ice.clone(),
    };
    let tickets = Seat::all(participants.len()).map(ticket).collect();
    Prepared { registration, tickets }
}
