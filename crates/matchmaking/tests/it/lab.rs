//! A lab for tests: events in, everything that comes out kept, the log audited at the end.

use dyad_matchmaking::log::{Audit, audit, line, read};
use dyad_matchmaking::session::{Greeting, Heard};
use dyad_matchmaking::settings::{Probing, Validation};
use dyad_matchmaking::{
    Effect, Event, GroupSize, HandleError, MatchId, Matchmaking, Record, RoomSettings, Timestamp,
};
use dyad_protocol::{ParticipantId, SceneId};

pub(crate) fn id(name: &str) -> ParticipantId {
    name.parse().unwrap()
}

pub(crate) fn ids(names: &str) -> Vec<ParticipantId> {
    names.split_whitespace().map(id).collect()
}

pub(crate) fn scene() -> SceneId {
    "kitchen".parse().unwrap()
}

/// First come, first served, in groups of this size.
pub(crate) fn groups_of(size: u8) -> RoomSettings {
    RoomSettings::new(scene(), size.try_into().unwrap())
}

/// Pairs that may be 100 ms from each other, and are validated.
pub(crate) fn measured_pairs() -> RoomSettings {
    RoomSettings {
        probing: Some(Probing { max_p2p_rtt_ms: 100, within_ms: 15_000 }),
        validation: Some(Validation { within_ms: 10_000 }),
        ..RoomSettings::new(scene(), GroupSize::TWO)
    }
}

pub(crate) fn ready(name: &str) -> Event {
    Event::Ready { participant: id(name), scene: scene(), rtt_ms: None, company: vec![] }
}

pub(crate) fn ready_at(name: &str, rtt_ms: u32) -> Event {
    Event::Ready { participant: id(name), scene: scene(), rtt_ms: Some(rtt_ms), company: vec![] }
}

pub(crate) fn report(number: u64, by: &str, with: &str, rtt_ms: Option<u32>) -> Event {
    Event::ProbeReport { id: MatchId(number), by: id(by), with: id(with), rtt_ms }
}

pub(crate) fn greeting(program: &str) -> Greeting {
    let game = "0a".repeat(32).parse().unwrap();
    Greeting { protocol: 1, rules: 1, program: program.to_owned(), game }
}

pub(crate) fn heard_well() -> Heard {
    let (own, partner) = (greeting("1.0"), greeting("1.0"));
    Heard { reliable: true, unreliable: true, own, partner }
}

pub(crate) fn validation(number: u64, by: &str, of: &str, heard: Heard) -> Event {
    Event::Validation { id: MatchId(number), by: id(by), of: id(of), heard }
}

pub(crate) struct Lab {
    pub(crate) matchmaking: Matchmaking,
    pub(crate) log: Vec<Record>,
}

impl Lab {
    pub(crate) fn new(settings: RoomSettings) -> Self {
        Self { matchmaking: Matchmaking::new([settings]), log: Vec::new() }
    }

    /// Handles an event and returns all effects but the waiting room's announcements.
    #[track_caller]
    pub(crate) fn after(&mut self, ms: u64, event: Event) -> Vec<Effect> {
        self.matchmaking.handle(Timestamp(ms), event).unwrap();
        self.drain()
    }

    #[track_caller]
    pub(crate) fn refused(&mut self, ms: u64, event: Event) -> HandleError {
        let before = self.matchmaking.state().clone();
        let error = self.matchmaking.handle(Timestamp(ms), event).unwrap_err();
        assert_eq!(self.drain(), []);
        assert_eq!(*self.matchmaking.state(), before, "a refused event changes nothing");
        error
    }

    #[track_caller]
    pub(crate) fn wait_until(&mut self, ms: u64) -> Vec<Effect> {
        self.matchmaking.handle_timeout(Timestamp(ms)).unwrap();
        self.drain()
    }

    pub(crate) fn drain_all(&mut self) -> Vec<Effect> {
        self.log.extend(std::iter::from_fn(|| self.matchmaking.poll_record()));
        std::iter::from_fn(|| self.matchmaking.poll_effect()).collect()
    }

    fn drain(&mut self) -> Vec<Effect> {
        let effects = self.drain_all().into_iter();
        effects.filter(|effect| !matches!(effect, Effect::Waiting { .. })).collect()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.matchmaking.state().available(&scene())
    }

    /// The log as text.
    pub(crate) fn text(&self) -> String {
        self.log.iter().map(line).collect()
    }

    /// What the log tells, read back from text.
    #[track_caller]
    pub(crate) fn audit(&self) -> Audit {
        let records = read(&self.text()).unwrap();
        assert_eq!(records, self.log, "a log says the same when it is read");
        audit(&records).unwrap()
    }

    /// Lets two people begin a game, without probe and validation.
    pub(crate) fn play(&mut self, names: [&str; 2]) -> MatchId {
        let mut effects: Vec<Effect> =
            names.iter().flat_map(|name| self.after(0, ready(name))).collect();
        let Some(Effect::Register { id, .. }) = effects.pop() else { panic!("no match") };
        assert_eq!(self.after(0, Event::Registered(id)), [Effect::Start { id }]);
        id
    }
}

pub(crate) fn register(number: u64, names: &str) -> Effect {
    Effect::Register { id: MatchId(number), scene: scene(), participants: ids(names) }
}

pub(crate) fn probe(number: u64, names: &str) -> Effect {
    let pair = ids(names).try_into().unwrap();
    Effect::Probe { id: MatchId(number), pair, within_ms: 15_000 }
}

pub(crate) fn again(number: u64, name: &str) -> Effect {
    Effect::WaitingAgain { participant: id(name), id: MatchId(number) }
}
