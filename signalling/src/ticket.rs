//! From a game and a group of people to a session: its registration and everybody's ticket.

use crate::mint;
use crate::people::Alone;
use dyad_collector::Registration;
use dyad_experiment::{ConditionId, Experiment, Gym, rules};
use dyad_matchmaking::MatchId;
use dyad_protocol::lobby::Ticket;
use dyad_protocol::players::{Player, Players, Program};
use dyad_protocol::records::Uploads;
use dyad_protocol::{ParticipantId, PublicKey, SceneId, Seat, SessionId, Token};
use serde::{Deserialize, Serialize};

/// A session that is about to start.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What was drawn for it.
    pub record: SessionRecord,
    /// What the collector is told.
    pub registration: Registration,
    /// The people's tickets, in the order of their seats.
    pub tickets: Vec<Ticket>,
}

/// Everything about a session that does not follow from the experiment: a line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// When it was prepared, in milliseconds since 1970.
    pub at: u64,
    /// Its match.
    pub id: MatchId,
    /// The session.
    pub session: SessionId,
    /// The scene that is played.
    pub scene: SceneId,
    /// In which condition.
    pub condition: Option<ConditionId>,
    /// Whether its people have that condition from this game.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drawn: bool,
    /// The match's seed.
    pub seed: u64,
    /// Who plays.
    pub players: Players,
    /// How many episodes are played, where it is not as many as the scene has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episodes: Option<u16>,
    /// The signalling room.
    pub room: String,
    /// The people's passwords for it, in the order of their seats.
    pub room_tokens: Vec<Token>,
}

/// Somebody who is to play, and what they sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Who.
    pub participant: ParticipantId,
    /// Their client's public key.
    pub key: PublicKey,
}

/// A game that is to be prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its match.
    pub id: MatchId,
    /// The scene.
    pub scene: SceneId,
    /// The condition.
    pub condition: Option<ConditionId>,
    /// Whether it was drawn for this game.
    pub drawn: bool,
    /// The people who play, in the order of their seats.
    pub people: Vec<Client>,
    /// The seat of the one who is there, and what takes those of the others, if it is to.
    pub alone: Option<(Seat, Alone)>,
}

/// Prepares a session at this time, in milliseconds since 1970. Credentials for TURN servers are
/// missing from the tickets, as is the collector's key: they are added each time that a ticket is given
/// out, since they expire ([`crate::relay`]) or may have changed. `None` if the experiment has no such game.
#[must_use]
pub fn prepare(experiment: &Experiment, order: &Order, at: u64) -> Option<Prepared> {
    let Order { id, scene, condition, drawn, people, alone } = order;
    let episodes = alone.as_ref().and_then(|(_, alone)| alone.episodes);
    let gym = game(experiment, scene, condition.as_ref(), episodes)?;
    let players = seated(&gym, people, alone.as_ref())?;
    let (names, keys) = (players.names()?, players.keys());
    let record = SessionRecord {
        at,
        id: *id,
        session: mint::session(),
        scene: scene.clone(),
        condition: condition.clone(),
        drawn: *drawn,
        seed: gym.seed.unwrap_or_else(mint::seed),
        players,
        room: mint::room(),
        room_tokens: people.iter().map(|_| mint::token()).collect(),
        episodes,
    };
    let tickets = tickets(experiment, &record)?;
    let registration = Registration {
        study: experiment.study.clone(),
        session: record.session.clone(),
        scene: scene.clone(),
        players: names,
        keys,
        episodes: gym.episodes,
        game: tickets.first()?.game.clone(),
    };
    Some(Prepared { record, registration, tickets })
}

/// The tickets of a session's people, in the order of their seats: the same ones each time. `None` if the
/// experiment has no such game any more.
#[must_use]
pub fn tickets(experiment: &Experiment, record: &SessionRecord) -> Option<Vec<Ticket>> {
    let gym = game(experiment, &record.scene, record.condition.as_ref(), record.episodes)?;
    let game = gym.game(record.seed).ok()?;
    let ticket = |(seat, room_token): (Seat, &Token)| Ticket {
        study: experiment.study.clone(),
        session: record.session.clone(),
        scene: record.scene.clone(),
        seat,
        players: record.players.clone(),
        settings: game.settings.clone(),
        game: game.digest.clone(),
        netcode: gym.netcode,
        reconnection: gym.reconnection,
        held_keys: gym.held_keys,
        controls: gym.keys.controls(),
        sounds: gym.sounds,
        room: record.room.clone(),
        room_token: room_token.clone(),
        ice: experiment.network.ice_servers(),
        uploads: Uploads::default(),
    };
    let seats = record.players.seats_of_people().iter().zip(&record.room_tokens);
    Some(seats.map(ticket).collect())
}

/// Who has which seat: people the first ones, one who plays alone the seat that they had, with programs
/// in the places of those who are not there; the scene's own programs the last ones. `None` if that
/// makes more or fewer players than the game has.
fn seated(gym: &Gym, people: &[Client], alone: Option<&(Seat, Alone)>) -> Option<Players> {
    let person = |Client { participant, key }: &Client| Player::Person {
        participant: participant.clone(),
        key: *key,
    };
    let mut players: Vec<Player> = match alone {
        None => people.iter().map(person).collect(),
        Some((seat, Alone { program, .. })) => {
            let mut players = vec![Player::Program(program.clone()); gym.people().into()];
            // A game that comes later in a block may have fewer players.
            let seat = seat.index().min(players.len().saturating_sub(1));
            *players.get_mut(seat)? = person(people.first()?);
            players
        }
    };
    if let Some(own) = gym.programs {
        let seats = usize::from(own.seats);
        players.extend(vec![Player::Program(program(own.program)); seats]);
    }
    (players.len() == usize::from(gym.players)).then_some(Players(players))
}

/// A program of the experiment, as tickets have it.
#[must_use]
pub fn program(rules::Program { policy, announced }: rules::Program) -> Program {
    Program { policy: policy.as_str().to_owned(), announced }
}

/// A game of the experiment, with fewer episodes if that is asked for.
fn game(
    experiment: &Experiment,
    scene: &SceneId,
    condition: Option<&ConditionId>,
    episodes: Option<u16>,
) -> Option<Gym> {
    let gym = experiment.scene_by_id(scene)?.gym()?.in_condition(condition).clone();
    Some(Gym { episodes: episodes.unwrap_or(gym.episodes), ..gym })
}
