//! The lobby: who is connected, admitted, waiting, playing. A plain state machine around
//! matchmaking, driven like it: [`Lobby::handle`] and [`Lobby::handle_timeout`], then drain
//! [`Lobby::poll_effect`].
//!
//! A connection is `Fresh` until it says hello, `Admitting` while the store is asked who this
//! is, and `Admitted` then. One participant has one connection at a time.

pub(crate) mod connection;
mod hello;
pub(crate) mod owner;
pub mod reports;
#[cfg(test)]
mod tests;

use crate::ticket::{Player, Prepared};
use dyad_collector::Registration;
use dyad_matchmaking::{
    self as matchmaking, EndReason, HandleError, MatchId, Matchmaking, RoomStatus, Timestamp,
};
use dyad_protocol::lobby::{FromClient, FromLab, Hello, Refusal, Ticket};
use dyad_protocol::records::Verdict;
use dyad_protocol::{ParticipantId, PublicKey, SceneId, StudyId, Token};
use reports::{Batch, Reports};
use std::collections::{BTreeMap, VecDeque};

/// How long a new connection may stay silent.
pub const HELLO_WITHIN_MS: u64 = 10_000;

/// Messages that are not understood, after which a connection ends.
pub const MAX_MALFORMED: u32 = 100;

/// A connection's number, counted since the lab started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Somebody connected.
    Opened(ConnectionId),
    /// A message came.
    Said(ConnectionId, FromClient),
    /// A message came that is none.
    Garbled(ConnectionId),
    /// A connection is gone.
    Closed(ConnectionId),
    /// The store knows who this is; the token is theirs for the next time.
    Admitted(ConnectionId, ParticipantId, Token),
    /// The store does not know who this is, or cannot be asked.
    NotAdmitted(ConnectionId, Refusal),
    /// A session is written down and its room is open.
    Registered(MatchId, Box<Prepared>),
    /// A session could not be written down.
    NotRegistered(MatchId),
    /// All records of an episode are there.
    Judged(Box<Registration>, u16, Verdict),
    /// The last [`Effect::Note`] is carried out, or cannot be.
    Noted,
    /// The lab stops.
    Stopping,
}

/// What is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a message.
    Send(ConnectionId, FromLab),
    /// End a connection, after what was sent to it.
    Close(ConnectionId),
    /// Find out whose token this is, or enrol somebody new; then say [`Event::Admitted`].
    Admit(ConnectionId, Option<Token>),
    /// Prepare a session for these people and write it down; then say [`Event::Registered`].
    Register(MatchId, Vec<Player>),
    /// A session is over, or never came to be: close its signalling room.
    CloseRoom(String),
    /// Store what these people report; then say [`Event::Noted`].
    Note(Batch),
}

/// What the lobby needs to know of the study.
#[derive(Clone, Debug)]
pub struct Study {
    /// Its id.
    pub id: StudyId,
    /// Its title.
    pub title: String,
    /// The scene that people wait for.
    pub scene: SceneId,
    /// The join link's token; `None` admits everybody.
    pub token: Option<Token>,
}

#[derive(Debug)]
enum Stage {
    Fresh,
    Admitting(PublicKey),
    Admitted(Player),
}

#[derive(Debug)]
struct Connection {
    stage: Stage,
    malformed: u32,
    /// Refused: nothing that it still says counts.
    dismissed: bool,
}

/// The lobby.
pub struct Lobby {
    study: Study,
    matchmaking: Matchmaking,
    connections: BTreeMap<ConnectionId, Connection>,
    present: BTreeMap<ParticipantId, ConnectionId>,
    /// Tickets of the sessions that are played, by seat.
    games: BTreeMap<MatchId, Vec<Ticket>>,
    /// When each connection must have said hello, in order.
    hellos_due: VecDeque<(Timestamp, ConnectionId)>,
    reports: Reports,
    malformed: u64,
    effects: VecDeque<Effect>,
}

impl Lobby {
    /// An empty lobby.
    #[must_use]
    pub fn new(study: Study, matchmaking: Matchmaking) -> Self {
        Self {
            study,
            matchmaking,
            connections: BTreeMap::new(),
            present: BTreeMap::new(),
            games: BTreeMap::new(),
            hellos_due: VecDeque::new(),
            reports: Reports::default(),
            malformed: 0,
            effects: VecDeque::new(),
        }
    }

    /// What those who play have reported last.
    #[must_use]
    pub const fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Takes in one event. Drain [`Self::poll_effect`] afterwards.
    pub fn handle(&mut self, now: Timestamp, event: Event) {
        match event {
            Event::Opened(id) => self.opened(now, id),
            Event::Said(id, message) => self.said(now, id, message),
            Event::Garbled(id) => self.garbled(id),
            Event::Closed(id) => self.closed(now, id),
            Event::Admitted(id, participant, token) => self.admitted(now, id, participant, token),
            Event::NotAdmitted(id, refusal) => self.refuse(id, refusal, hello::sentence(refusal)),
            Event::Registered(id, prepared) => self.registered(now, id, *prepared),
            Event::NotRegistered(id) => self.arrange(now, matchmaking::Event::NotRegistered(id)),
            Event::Judged(session, episode, verdict) => self.judged(&session, episode, &verdict),
            Event::Noted => self.reports.stored(),
            Event::Stopping => self.stopping(),
        }
        self.follow_matchmaking();
        self.effects.extend(self.reports.poll(now).map(Effect::Note));
    }

    /// Does what is due by now. Harmless if nothing is. Drain [`Self::poll_effect`] afterwards.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.hellos_due.pop_front_if(|(due, _)| *due <= now) {
            if matches!(self.connections.get(&id), Some(Connection { stage: Stage::Fresh, .. })) {
                let message = "the first message, hello, did not come in time".to_owned();
                self.refuse(id, Refusal::Malformed, message);
            }
        }
        let done = self.matchmaking.handle_timeout(now);
        log_error(done);
        self.follow_matchmaking();
        self.effects.extend(self.reports.poll(now).map(Effect::Note));
    }

    /// When [`Self::handle_timeout`] has something to do, if no event comes before.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        let hello = self.hellos_due.front().map(|(due, _)| *due);
        let reports = self.reports.next_deadline();
        hello.into_iter().chain(self.matchmaking.next_deadline()).chain(reports).min()
    }

    /// The next thing to do, in order; `None` when all is done.
    #[must_use]
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// Messages that were not understood, since the start.
    #[must_use]
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    fn opened(&mut self, now: Timestamp, id: ConnectionId) {
        self.connections
            .insert(id, Connection { stage: Stage::Fresh, malformed: 0, dismissed: false });
        self.hellos_due.push_back((now.plus_ms(HELLO_WITHIN_MS), id));
    }

    fn said(&mut self, now: Timestamp, id: ConnectionId, message: FromClient) {
        let Some(connection) = self.undismissed(id) else { return };
        match (&connection.stage, message) {
            (_, FromClient::Ping { nonce }) => self.send(id, FromLab::Pong { nonce }),
            (Stage::Fresh, FromClient::Hello(hello)) => self.hello(id, hello),
            (Stage::Admitted(player), FromClient::Ready) => {
                let (participant, scene) = (player.participant.clone(), self.study.scene.clone());
                let ready = matchmaking::Event::Ready { participant, scene, rtt_ms: None };
                self.arrange(now, ready);
            }
            (Stage::Admitted(player), FromClient::Leave) => {
                let participant = player.participant.clone();
                self.arrange(now, matchmaking::Event::Left(participant));
            }
            (Stage::Admitted(player), FromClient::Report(report)) => {
                let participant = player.participant.clone();
                self.reports.take(now, participant, *report);
            }
            (
                Stage::Fresh | Stage::Admitting(_),
                FromClient::Ready | FromClient::Leave | FromClient::Report(_),
            )
            | (Stage::Admitting(_) | Stage::Admitted(_), FromClient::Hello(_)) => self.garbled(id),
        }
    }

    fn hello(&mut self, id: ConnectionId, hello: Hello) {
        match hello::check(&hello, self.study.token.as_ref()) {
            Err((refusal, message)) => self.refuse(id, refusal, message),
            Ok(()) => {
                if let Some(connection) = self.undismissed(id) {
                    connection.stage = Stage::Admitting(hello.key);
                }
                self.effects.push_back(Effect::Admit(id, hello.resume));
            }
        }
    }

    fn garbled(&mut self, id: ConnectionId) {
        let Some(connection) = self.undismissed(id) else { return };
        connection.malformed += 1;
        let too_many = connection.malformed >= MAX_MALFORMED;
        self.malformed += 1;
        if too_many {
            let message = format!("{MAX_MALFORMED} messages were not understood");
            self.refuse(id, Refusal::Malformed, message);
        }
    }

    fn admitted(
        &mut self,
        now: Timestamp,
        id: ConnectionId,
        participant: ParticipantId,
        resume: Token,
    ) {
        if self.present.contains_key(&participant) {
            let refusal = Refusal::Duplicate;
            return self.refuse(id, refusal, hello::sentence(refusal));
        }
        let Some(connection) = self.undismissed(id) else { return };
        let Stage::Admitting(key) = connection.stage else { return };
        connection.stage = Stage::Admitted(Player { participant: participant.clone(), key });
        self.present.insert(participant.clone(), id);
        let Study { id: study, title, .. } = &self.study;
        let (study, title) = (study.clone(), title.clone());
        self.send(id, FromLab::Welcome { participant: participant.clone(), study, title, resume });
        self.arrange(now, matchmaking::Event::Back(participant));
    }

    fn closed(&mut self, now: Timestamp, id: ConnectionId) {
        let Some(connection) = self.connections.remove(&id) else { return };
        if let Stage::Admitted(Player { participant, .. }) = connection.stage {
            self.present.remove(&participant);
            self.arrange(now, matchmaking::Event::Lost(participant));
        }
    }

    fn registered(&mut self, now: Timestamp, id: MatchId, prepared: Prepared) {
        if self.matchmaking.session_state(id).is_none() {
            // Somebody left meanwhile. The registration stays, but nobody gets a ticket.
            return self.close_room(&prepared.tickets);
        }
        self.games.insert(id, prepared.tickets);
        self.arrange(now, matchmaking::Event::Registered(id));
    }

    fn judged(&mut self, session: &Registration, episode: u16, verdict: &Verdict) {
        for participant in &session.participants {
            if let Some(&id) = self.present.get(participant) {
                let (session, scene) = (session.session.clone(), session.scene.clone());
                let verdict = verdict.clone();
                self.send(id, FromLab::Verdict { session, scene, episode, verdict });
            }
        }
    }

    fn stopping(&mut self) {
        self.effects.extend(self.reports.last().map(Effect::Note));
        let everybody: Vec<ConnectionId> = self.connections.keys().copied().collect();
        for id in everybody {
            self.refuse(id, Refusal::Closed, "the lab closes; a running game goes on".to_owned());
        }
    }

    fn arrange(&mut self, now: Timestamp, event: matchmaking::Event) {
        let done = self.matchmaking.handle(now, event);
        log_error(done);
    }

    fn follow_matchmaking(&mut self) {
        // This lobby forgets everybody when it ends, so there is nothing to restore.
        while self.matchmaking.poll_record().is_some() {}
        while let Some(effect) = self.matchmaking.poll_effect() {
            match effect {
                matchmaking::Effect::Waiting { participant, status } => {
                    let RoomStatus { waiting, needed, .. } = status;
                    self.tell(&participant, FromLab::Waiting { waiting, needed });
                }
                matchmaking::Effect::Register { id, participants, .. } => {
                    let players = participants.iter().map(|it| self.player(it)).collect();
                    self.effects.push_back(Effect::Register(id, players));
                }
                matchmaking::Effect::Start { id } => self.start(id),
                matchmaking::Effect::TicketAgain { participant, id } => {
                    self.send_ticket(id, &participant);
                }
                matchmaking::Effect::Ended { id, reason, participants } => {
                    self.ended(id, &reason, &participants);
                }
                // Who waits again hears so from the next announcement. The others come only in
                // rooms with settings that this lobby's has not.
                matchmaking::Effect::WaitingAgain { .. }
                | matchmaking::Effect::Dismissed { .. }
                | matchmaking::Effect::Probe { .. }
                | matchmaking::Effect::Validate { .. }
                | matchmaking::Effect::Script { .. } => {}
            }
        }
    }

    /// Somebody who has just been matched.
    fn player(&self, participant: &ParticipantId) -> Player {
        let connection = self.present.get(participant).and_then(|id| self.connections.get(id));
        match connection.map(|connection| &connection.stage) {
            Some(Stage::Admitted(player)) => player.clone(),
            _ => unreachable!("only people who are connected wait, and only they are matched"),
        }
    }

    fn start(&mut self, id: MatchId) {
        let participants = self.games.get(&id).and_then(|tickets| tickets.first());
        let participants = participants.map(|ticket| ticket.participants.clone());
        for participant in participants.unwrap_or_default() {
            self.send_ticket(id, &participant);
        }
    }

    fn send_ticket(&mut self, id: MatchId, participant: &ParticipantId) {
        let Some(tickets) = self.games.get(&id) else { return };
        let theirs = tickets
            .iter()
            .find(|ticket| ticket.participants.get(ticket.seat.index()) == Some(participant));
        if let Some(ticket) = theirs.cloned() {
            self.tell(participant, FromLab::Matched { ticket: Box::new(ticket) });
        }
    }

    fn ended(&mut self, id: MatchId, reason: &EndReason, participants: &[ParticipantId]) {
        if let Some(tickets) = self.games.remove(&id) {
            self.close_room(&tickets);
        }
        if *reason == EndReason::NotRegistered {
            for participant in participants {
                if let Some(&connection) = self.present.get(participant) {
                    let message = "the lab cannot start games at the moment".to_owned();
                    self.refuse(connection, Refusal::Closed, message);
                }
            }
        }
    }

    fn close_room(&mut self, tickets: &[Ticket]) {
        if let Some(ticket) = tickets.first() {
            self.effects.push_back(Effect::CloseRoom(ticket.room.clone()));
        }
    }

    fn tell(&mut self, participant: &ParticipantId, message: FromLab) {
        if let Some(&id) = self.present.get(participant) {
            self.send(id, message);
        }
    }

    fn undismissed(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(&id).filter(|connection| !connection.dismissed)
    }

    fn refuse(&mut self, id: ConnectionId, code: Refusal, message: String) {
        let Some(connection) = self.undismissed(id) else { return };
        connection.dismissed = true;
        self.send(id, FromLab::Refused { code, message });
        self.effects.push_back(Effect::Close(id));
    }

    fn send(&mut self, id: ConnectionId, message: FromLab) {
        self.effects.push_back(Effect::Send(id, message));
    }
}

fn log_error(done: Result<(), HandleError>) {
    if let Err(error) = done {
        tracing::error!(%error, "matchmaking was told what cannot be");
    }
}
