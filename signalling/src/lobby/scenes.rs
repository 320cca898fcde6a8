//! From scene to scene: what is shown, what is answered, where people go on.

use super::{ConnectionId, Effect, Game, Lobby};
use crate::people::{Alone, Gone, PersonFact};
use crate::study::screening;
use dyad_experiment::words::AssignPer;
use dyad_experiment::{ConditionId, Outcome};
use dyad_matchmaking::session::{Greeting, Heard, SessionState};
use dyad_matchmaking::{self as matchmaking, MatchId, Timestamp};
use dyad_protocol::lobby::FromLab;
use dyad_protocol::study::{self as protocol, Answer, Checked, GameEnd};
use dyad_protocol::{HexDigest, ParticipantId, SessionId};

/// How a scene has ended for somebody.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) answer: Option<Answer>,
    /// What they read at the end, if it is not what the outcome says.
    pub(super) message: Option<String>,
}

impl Ended {
    pub(super) const fn with(outcome: Outcome) -> Self {
        Self { outcome, answer: None, message: None }
    }
}

impl Lobby {
    /// Shows somebody where they are.
    pub(super) fn show(&mut self, participant: &ParticipantId) {
        let Some(&id) = self.present.get(participant) else { return };
        let person = self.person(participant);
        let message = match person.and_then(|person| self.study.show(person)) {
            Some(scene) => FromLab::Scene(Box::new(scene)),
            None => {
                // The file that the lab has now may have fewer scenes than the one they began with.
                let gone = self.people.gone(participant).cloned();
                let Some(gone) = gone.or_else(|| person.map(Gone::of)) else { return };
                let panel = self.connections.get(&id).and_then(|it| it.panel.as_ref());
                FromLab::Completed(Box::new(self.study.completed(&gone, panel)))
            }
        };
        self.send(id, message);
    }

    /// Somebody's scene is over: they go on.
    pub(super) fn go_on(&mut self, now: Timestamp, participant: &ParticipantId, ended: Ended) {
        let Ended { outcome, answer, message } = ended;
        let Some(person) = self.person(participant) else { return };
        let Some((step, scene)) = self.study.at(person) else { return };
        let (scene, session) = (scene.id.clone(), person.session.clone());
        let repetition = step.repetition;
        let (answer, identity) = self.study.kept_apart(&scene, repetition, answer);
        let identity = identity.map(|it| Effect::Identify(participant.clone(), it));
        let alone = outcome == Outcome::NoPartner && person.assigned.condition.is_none();
        if let Some(condition) = alone.then(|| self.draw(participant.as_str())).flatten() {
            // Who goes on without a partner is a group of their own.
            self.record(now, participant, PersonFact::Grouped { condition, counts: true });
        }
        let Some(person) = self.person(participant) else { return };
        let place = self.study.next(person, outcome);
        self.effects.extend(identity);
        let company = self.companions(participant);
        let fact = PersonFact::Went { scene, repetition, session, answer, outcome, place, message };
        self.record(now, participant, fact);
        self.watch.forget(participant);
        self.over.remove(participant);
        self.show(participant);
        self.release(now, &company);
    }

    /// The condition of the next group, called so, where groups get theirs when they meet and this one has
    /// none.
    pub(super) fn draw_for_group(
        &self,
        name: &str,
        has: Option<&ConditionId>,
    ) -> Option<ConditionId> {
        let per_group = self.study.experiment.assignment.per == AssignPer::Group;
        if has.is_none() && per_group { self.draw(name) } else { None }
    }

    /// The condition of the next group, called so; games that are being prepared count.
    pub(super) fn draw(&self, name: &str) -> Option<ConditionId> {
        let mut counts = self.people.counts().clone();
        for condition in self.drawn.values() {
            *counts.entry(condition.clone()).or_insert(0) += 1;
        }
        self.study.condition(name, &counts)
    }

    /// Whether a message is about a step that somebody is not at: then it is counted and not answered.
    pub(super) fn is_stale(&mut self, participant: &ParticipantId, step: u32) -> bool {
        let theirs = self.person(participant).map(|person| self.study.step(person));
        let stale = theirs != Some(step);
        self.stale += u64::from(stale);
        stale
    }

    pub(super) fn ready(&mut self, now: Timestamp, id: ConnectionId, participant: &ParticipantId) {
        let Some(person) = self.person(participant) else { return };
        let Some(room) = self.study.room(person).cloned() else { return self.garbled(id) };
        let waits_for = self.matchmaking.state().person(participant).map(|it| it.scene.clone());
        if waits_for.as_ref().is_some_and(|scene| !self.study.is_theirs(person, scene)) {
            // The lab was killed between two lines of the journal: they are done with that one.
            self.arrange(now, matchmaking::Event::Left(participant.clone()));
            return self.ready(now, id, participant);
        }
        if person.session.is_some() && waits_for.is_none() {
            // They were away for so long that the game went on, and ended, without them.
            return self.go_on(now, participant, Ended::with(Outcome::LostConnection));
        }
        if waits_for.is_none() && self.is_left_behind(participant) {
            return self.go_without(now, participant);
        }
        let company = self.study.company(person).unwrap_or_default().to_vec();
        let (participant, scene) = (participant.clone(), waits_for.unwrap_or(room));
        let rtt_ms = self.median(id);
        self.arrange(now, matchmaking::Event::Ready { participant, scene, rtt_ms, company });
    }

    pub(super) fn leave(&mut self, now: Timestamp, participant: ParticipantId) {
        match self.person(&participant).map(|person| person.session.is_some()) {
            Some(false) => self.arrange(now, matchmaking::Event::Left(participant)),
            _ => self.stale += 1,
        }
    }

    pub(super) fn withdraw(&mut self, now: Timestamp, participant: &ParticipantId) {
        self.arrange(now, matchmaking::Event::Left(participant.clone()));
        self.go_on(now, participant, Ended::with(Outcome::Withdrew));
    }

    pub(super) fn done(
        &mut self,
        now: Timestamp,
        id: ConnectionId,
        participant: &ParticipantId,
        answer: Answer,
    ) {
        let Some(person) = self.person(participant) else { return };
        let shown = self.study.show(person).map(|scene| scene.kind);
        if shown != Some(answer.kind()) {
            return self.garbled(id);
        }
        match answer {
            Answer::Screening(computer) => {
                if let Some(connection) = self.undismissed(id) {
                    connection.screening = Some(computer);
                }
                self.try_screening(now, id, participant);
            }
            Answer::Game { session, end, scores } => {
                self.game_over(now, participant, session, end, scores);
            }
            answer => match self.study.judge(person, &answer) {
                Ok(outcome) => {
                    let declined = outcome == Outcome::Withdrew;
                    let message = declined.then(|| self.study.declined(person)).flatten();
                    // Of those who decline, nothing is kept.
                    let answer = (!declined).then_some(answer);
                    self.go_on(now, participant, Ended { outcome, answer, message });
                }
                Err(unfit) => {
                    tracing::debug!(%participant, %unfit, "an answer is not taken");
                    self.garbled(id);
                    self.show(participant);
                }
            },
        }
    }

    /// Screens somebody who has answered, once enough round trips are measured.
    pub(super) fn try_screening(
        &mut self,
        now: Timestamp,
        id: ConnectionId,
        participant: &ParticipantId,
    ) {
        let screening = &self.study.experiment.rules.screening;
        let enough = usize::try_from(screening::pings(screening)).unwrap_or(usize::MAX);
        let rtt_ms = self.median(id);
        let Some(person) = self.person(participant) else { return };
        let Some(connection) = self.connections.get(&id) else { return };
        let measured = connection.round_trips.len() >= enough.min(super::ROUND_TRIPS);
        let Some(computer) = connection.screening.clone() else { return };
        if !measured || !self.study.is_to_screen(person) {
            return;
        }
        let failed = screening::failed(screening, &computer, rtt_ms, now.0);
        let (place, failed, message) = match failed {
            None => (person.place, None, None),
            Some((rule, message)) => {
                let out = self.study.next(person, Outcome::ScreenedOut);
                (out, Some(rule.to_owned()), message)
            }
        };
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.screening = None;
        }
        let fact = PersonFact::Screened { computer, rtt_ms, failed, place, message };
        self.record(now, participant, fact);
        self.show(participant);
    }

    /// Somebody's client says that its game is over.
    fn game_over(
        &mut self,
        now: Timestamp,
        participant: &ParticipantId,
        session: SessionId,
        end: GameEnd,
        scores: Vec<i64>,
    ) {
        if self.person(participant).and_then(|it| it.session.as_ref()) != Some(&session) {
            self.stale += 1;
            // They may believe that they still play.
            return self.show(participant);
        }
        if !matches!(end, GameEnd::NotConnected | GameEnd::Incompatible) {
            self.confirm(now, &session);
        }
        let told = self.over.get(participant).filter(|(of, ..)| *of == session);
        let (outcome, message) = match told {
            Some((_, outcome, message)) => (Some(*outcome), message.clone()),
            None => self.follows(now, participant, &session, end),
        };
        let Some(outcome) = outcome else {
            return self.wait_again(now, participant, session, end, scores);
        };
        let gone = if end == GameEnd::Completed {
            matchmaking::Event::Finished(participant.clone())
        } else {
            matchmaking::Event::Left(participant.clone())
        };
        self.arrange(now, gone);
        let answer = Some(Answer::Game { session, end, scores });
        self.go_on(now, participant, Ended { outcome, answer, message });
    }

    /// What the end of a game leads to; `None` if they wait for another partner.
    fn follows(
        &self,
        now: Timestamp,
        participant: &ParticipantId,
        session: &SessionId,
        end: GameEnd,
    ) -> (Option<Outcome>, Option<String>) {
        let outcome = match end {
            GameEnd::Completed => Some(Outcome::Finished),
            GameEnd::Away => {
                let game = self.person(participant).and_then(|person| self.study.game(person));
                let message = game.and_then(|(gym, _)| gym.focus.message.clone());
                return (Some(Outcome::Excluded), message);
            }
            GameEnd::Failure => Some(Outcome::LostConnection),
            GameEnd::Dismissed => Some(Outcome::Withdrew),
            GameEnd::NotConnected | GameEnd::Incompatible => None,
            GameEnd::PartnerLost | GameEnd::NotResumed
                if self.was_away(now, participant, session) =>
            {
                Some(Outcome::LostConnection)
            }
            GameEnd::PartnerAway
            | GameEnd::PartnerLeft
            | GameEnd::PartnerLost
            | GameEnd::NotResumed => {
                self.study.ends_after_dropout().then_some(Outcome::PartnerLeft)
            }
        };
        (outcome, None)
    }

    /// Whether somebody's own connection was gone lately, since the game has begun.
    fn was_away(&self, now: Timestamp, who: &ParticipantId, session: &SessionId) -> bool {
        let since = self.present.get(who).and_then(|id| self.connections.get(id));
        let game = self.games.values().find(|game| game.record.session == *session);
        let (Some(connection), Some(game)) = (since, game) else { return false };
        let limit = game.tickets.first().map_or(0, |it| it.reconnection.limit_seconds);
        let lately = now.0.saturating_sub(u64::from(limit) * 1000 + 30_000);
        let came = connection.since.0;
        connection.is_replacement && came > game.record.at && came >= lately
    }

    /// The game came to nothing, or another partner is waited for, or a program plays on.
    fn wait_again(
        &mut self,
        now: Timestamp,
        participant: &ParticipantId,
        session: SessionId,
        end: GameEnd,
        scores: Vec<i64>,
    ) {
        let id = self.game_of(&session);
        let state = id.and_then(|id| self.matchmaking.session_state(id));
        if let (Some(id), Some(SessionState::Validating)) = (id, state) {
            self.not_connected(now, id, participant, end);
        } else {
            self.arrange(now, matchmaking::Event::Left(participant.clone()));
        }
        let was_played = !matches!(end, GameEnd::NotConnected | GameEnd::Incompatible);
        let episode = scores.len();
        let end = Some(end);
        self.record(now, participant, PersonFact::Unseated { session, end, scores });
        self.watch.forget(participant);
        let person = self.person(participant).filter(|_| was_played);
        let alone = person.and_then(|person| self.study.after_dropout(person, episode));
        match alone {
            Some(alone) => self.go_alone(now, participant, alone),
            None => self.show(participant),
        }
    }

    /// Programs play in the places of all others from now on.
    pub(super) fn go_alone(&mut self, now: Timestamp, participant: &ParticipantId, alone: Alone) {
        self.record(now, participant, PersonFact::Alone(alone));
        self.show(participant);
        self.release(now, &self.companions(participant));
    }

    /// Nobody was reached: the pair is not put together again, and all of the group wait.
    fn not_connected(&mut self, now: Timestamp, id: MatchId, by: &ParticipantId, end: GameEnd) {
        let Some(game) = self.games.get(&id) else { return };
        let Some(ticket) = game.tickets.first() else { return };
        let other = game.record.players.people().find(|(_, it)| *it != by);
        let Some(of) = other.map(|(_, it)| it.clone()) else { return };
        let connected = end == GameEnd::Incompatible;
        let heard = Heard {
            reliable: connected,
            unreliable: connected,
            own: greeting(&ticket.game, "this one"),
            partner: greeting(&ticket.game, "another one"),
        };
        let by = by.clone();
        self.arrange(now, matchmaking::Event::Validation { id, by, of, heard });
    }

    /// A game that was played had good connections, whoever has not said so yet.
    fn confirm(&mut self, now: Timestamp, session: &SessionId) {
        let Some(id) = self.game_of(session) else { return };
        let is_playing =
            |lobby: &Self| lobby.matchmaking.session_state(id) != Some(SessionState::Validating);
        let Some(game) = self.games.get(&id) else { return };
        let people: Vec<_> = game.record.players.people().map(|(_, who)| who.clone()).collect();
        let Some(greeting) = game.tickets.first().map(|ticket| greeting(&ticket.game, "")) else {
            return;
        };
        for by in &people {
            for of in people.iter().filter(|of| *of != by) {
                if is_playing(self) {
                    return;
                }
                let heard = Heard {
                    reliable: true,
                    unreliable: true,
                    own: greeting.clone(),
                    partner: greeting.clone(),
                };
                let (by, of) = (by.clone(), of.clone());
                self.arrange(now, matchmaking::Event::Validation { id, by, of, heard });
            }
        }
    }

    pub(super) fn checked(&mut self, now: Timestamp, by: ParticipantId, checked: Checked) {
        let Checked { session, of, reliable, unreliable, own, partner } = checked;
        let Some(id) = self.game_of(&session) else {
            self.stale += 1;
            return;
        };
        let greeting = |it: protocol::Greeting| Greeting {
            protocol: it.protocol,
            rules: it.rules,
            program: it.program,
            game: it.game,
        };
        let heard = Heard { reliable, unreliable, own: greeting(own), partner: greeting(partner) };
        self.arrange(now, matchmaking::Event::Validation { id, by, of, heard });
    }

    pub(super) fn game_of(&self, session: &SessionId) -> Option<MatchId> {
        let mut games = self.games.iter();
        games.find(|(_, game)| game.record.session == *session).map(|(id, _)| *id)
    }

    /// The game that goes on in which somebody has a seat.
    pub(super) fn game_with(&mut self, participant: &ParticipantId) -> Option<&mut Game> {
        let id = self.game_of(self.person(participant)?.session.as_ref()?)?;
        self.games.get_mut(&id)
    }
}

/// What a program says of itself.
fn greeting(game: &HexDigest, program: &str) -> Greeting {
    Greeting {
        protocol: dyad_protocol::PROTOCOL_VERSION,
        rules: dyad_experiment::RULES_VERSION,
        program: program.to_owned(),
        game: game.clone(),
    }
}
