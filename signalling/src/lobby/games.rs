//! Waiting rooms, probes, tickets and the end of games: what matchmaking says is done here.

use super::scenes::Ended;
use super::{Effect, Game, Lobby, Stage};
use crate::journal::Entry;
use crate::people::PersonFact;
use crate::study::rooms::Purpose;
use crate::ticket::{Client, Order, Prepared, SessionRecord};
use dyad_experiment::Outcome;
use dyad_matchmaking::participant::Departure;
use dyad_matchmaking::session::SessionState;
use dyad_matchmaking::{self as matchmaking, EndReason, MatchId, RoomStatus, Timestamp};
use dyad_protocol::lobby::{FromLab, Refusal, Ticket};
use dyad_protocol::{ParticipantId, SceneId};
use std::collections::BTreeSet;

impl Lobby {
    pub(super) fn follow_matchmaking(&mut self, now: Timestamp) {
        loop {
            self.write_down_matchmaking();
            let Some(effect) = self.matchmaking.poll_effect() else { return };
            self.follow(now, effect);
        }
    }

    fn follow(&mut self, now: Timestamp, effect: matchmaking::Effect) {
        match effect {
            matchmaking::Effect::Waiting { participant, status } => {
                self.tell_waiting(&participant, status);
            }
            matchmaking::Effect::Probe { id, pair, within_ms } => self.probe(id, pair, within_ms),
            matchmaking::Effect::Register { id, scene, participants } => {
                self.register(now, id, &scene, participants);
            }
            matchmaking::Effect::Validate { id, .. } | matchmaking::Effect::Start { id } => {
                self.give_tickets(id);
            }
            matchmaking::Effect::TicketAgain { participant, id } => {
                self.give_ticket(id, &participant);
            }
            matchmaking::Effect::WaitingAgain { participant, id } => {
                self.effects.push_back(Effect::CloseProbes(id));
                let session = self.games.get(&id).map(|game| game.record.session.clone());
                self.tell(&participant, FromLab::WaitingAgain { session });
            }
            matchmaking::Effect::Dismissed { participant, cause, .. } => {
                if cause == Departure::TimedOut {
                    self.found_nobody(now, &participant);
                }
            }
            matchmaking::Effect::Ended { id, reason, participants } => {
                self.ended(now, id, &reason, &participants);
            }
        }
    }

    /// Nobody came to play with somebody in time.
    fn found_nobody(&mut self, now: Timestamp, participant: &ParticipantId) {
        let person = self.person(participant);
        match person.and_then(|person| self.study.without_partner(person)) {
            Some(_) if person.is_some_and(|it| self.study.is_to_join(it).is_some()) => {
                self.join_nobody(now, participant);
            }
            Some(alone) => self.go_alone(now, participant, alone),
            None => self.go_on(now, participant, Ended::with(Outcome::NoPartner)),
        }
    }

    fn tell_waiting(&mut self, participant: &ParticipantId, status: RoomStatus) {
        let RoomStatus { waiting, needed, remaining_ms } = status;
        let shown = self.study.experiment.rules.waiting_room.show_count;
        let waiting = shown.then_some(waiting);
        self.tell(participant, FromLab::Waiting { waiting, needed, remaining_ms });
    }

    fn probe(&mut self, group: MatchId, pair: [ParticipantId; 2], within_ms: u64) {
        let connection = |who: &ParticipantId| self.present.get(who).copied();
        let [one, two] = pair;
        // Who is not connected is not in a group; if it were so, the probe would time out.
        if let (Some(first), Some(second)) = (connection(&one), connection(&two)) {
            let pair = [(first, one), (second, two)];
            self.effects.push_back(Effect::OpenProbe { group, pair, within_ms });
        }
    }

    fn register(
        &mut self,
        now: Timestamp,
        id: MatchId,
        room: &SceneId,
        participants: Vec<ParticipantId>,
    ) {
        self.effects.push_back(Effect::CloseProbes(id));
        let people: Option<Vec<Client>> = participants.iter().map(|it| self.client(it)).collect();
        let purpose = self.study.rooms().purpose(room).cloned();
        if let Some(Purpose { block: Some(block), .. }) = &purpose {
            return self.join(now, id, block, &participants);
        }
        let (Some(people), Some(Purpose { scene, condition, alone, .. })) = (people, purpose)
        else {
            tracing::error!(%id, "a group cannot be looked up: no game");
            return self.arrange(now, matchmaking::Event::NotRegistered(id));
        };
        let scene = self.study.experiment.scenes()[scene].id.clone();
        let drawn = self.draw_for_group(&format!("group-{}", id.0), condition.as_ref());
        self.drawn.extend(drawn.clone().map(|condition| (id, condition)));
        let (drawn, condition) = (drawn.is_some(), condition.or(drawn));
        let person = participants.first().and_then(|one| self.person(one)).filter(|_| alone);
        let alone = person.and_then(|person| Some((person.seat, person.alone.clone()?)));
        self.effects.push_back(Effect::Register(Order {
            id,
            scene,
            condition,
            drawn,
            people,
            alone,
        }));
    }

    /// Somebody who is connected.
    fn client(&self, participant: &ParticipantId) -> Option<Client> {
        let id = self.present.get(participant)?;
        match &self.connections.get(id)?.stage {
            Stage::Admitted(client) => Some(client.clone()),
            Stage::Fresh | Stage::Admitting(_) => None,
        }
    }

    pub(super) fn registered(&mut self, now: Timestamp, prepared: Prepared) {
        let Prepared { record, tickets, .. } = prepared;
        let id = record.id;
        self.drawn.remove(&id);
        if self.matchmaking.session_state(id).is_none() {
            // Somebody left meanwhile. The registration stays, but nobody gets a ticket.
            return self.effects.push_back(Effect::CloseRoom(record.room));
        }
        self.effects.push_back(Effect::Persist(Entry::Game(record.clone())));
        let mut counts = true;
        for (seat, participant) in record.players.people() {
            if let Some(condition) = record.condition.clone().filter(|_| record.drawn) {
                self.record(now, participant, PersonFact::Grouped { condition, counts });
                counts = false;
            }
            let session = record.session.clone();
            self.record(now, participant, PersonFact::Seated { session, seat });
        }
        self.games.insert(id, Game { record, tickets, given: false, gone: BTreeSet::new() });
        self.arrange(now, matchmaking::Event::Registered(id));
    }

    fn give_tickets(&mut self, id: MatchId) {
        let Some(game) = self.games.get_mut(&id).filter(|game| !game.given) else { return };
        game.given = true;
        for (_, participant) in game.record.players.clone().people() {
            self.give_ticket(id, participant);
        }
    }

    fn give_ticket(&mut self, id: MatchId, participant: &ParticipantId) {
        let Some(game) = self.games.get(&id) else { return };
        let is_theirs =
            |ticket: &&Ticket| ticket.players.participant(ticket.seat) == Some(participant);
        let theirs = game.tickets.iter().find(is_theirs);
        let Some(ticket) = theirs.cloned().map(Box::new) else { return };
        let connect_ms = u64::from(ticket.reconnection.connect_seconds) * 1000;
        let is_to_check = self.matchmaking.session_state(id) == Some(SessionState::Validating);
        let check_within_ms = is_to_check.then_some(connect_ms);
        self.tell(participant, FromLab::Matched { ticket, check_within_ms });
    }

    fn ended(
        &mut self,
        now: Timestamp,
        id: MatchId,
        reason: &EndReason,
        participants: &[ParticipantId],
    ) {
        self.drawn.remove(&id);
        if let Some(game) = self.games.remove(&id) {
            self.effects.push_back(Effect::CloseRoom(game.record.room.clone()));
            let came_to_nothing = matches!(
                reason,
                EndReason::LeftBeforeStart(_)
                    | EndReason::NotValidated(_)
                    | EndReason::NotRegistered
                    | EndReason::LabRestarted
            );
            if came_to_nothing {
                self.unseat(now, &game.record, participants);
            }
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

    /// A game came to nothing before it began: its people have no seats, and no condition from it.
    fn unseat(&mut self, now: Timestamp, game: &SessionRecord, participants: &[ParticipantId]) {
        for participant in participants {
            let theirs = self.person(participant).and_then(|person| person.session.as_ref());
            if theirs != Some(&game.session) {
                continue;
            }
            let (session, scores) = (game.session.clone(), Vec::new());
            self.record(now, participant, PersonFact::Unseated { session, end: None, scores });
            if let Some(condition) = game.condition.clone().filter(|_| game.drawn) {
                let first = game.players.people().next();
                let counted = first.is_some_and(|(_, who)| who == participant);
                self.record(now, participant, PersonFact::Ungrouped { condition, counted });
            }
        }
    }
}
