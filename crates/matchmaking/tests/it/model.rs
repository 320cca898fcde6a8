//! Random runs against a simple model: what happens to people between events is followed from the
//! records, and held against what the events allow.

use crate::lab::{Lab, heard_well, id, scene};
use dyad_matchmaking::fact::Objection;
use dyad_matchmaking::settings::{MatchmakerSettings, Probing, Validation};
use dyad_matchmaking::{
    Departure, Effect, Event, Fact, HandleError, MatchId, Matchmaking, ParticipantState, Record,
    RoomSettings, Timestamp,
};
use dyad_protocol::ParticipantId;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof, proptest};
use std::collections::{BTreeMap, BTreeSet};

const PEOPLE: u8 = 9;
const MAX_SERVER_RTT_MS: u32 = 100;

/// What a random run does.
#[derive(Clone, Debug)]
enum Step {
    /// With anybody, or with those of the own group alone.
    Ready(u8, Option<u32>, bool),
    RoundTrip(u8, Option<u32>),
    Person(fn(ParticipantId) -> Event, u8),
    /// The oldest task that the lab has given is done, in one of a few ways.
    Task(u8),
    /// Something that nobody asked for.
    Nonsense(u64, u8, u8),
    Time(u64),
    /// The lab is killed and restored, with or without having noticed.
    Kill(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let person = 0..PEOPLE;
    let rtt = proptest::option::of(0..120_u32);
    let step = prop_oneof![
        8 => (person.clone(), rtt.clone(), 0..3_u8)
            .prop_map(|(who, rtt, kind)| Step::Ready(who, rtt, kind == 0)),
        3 => (person.clone(), rtt).prop_map(|(who, rtt)| Step::RoundTrip(who, rtt)),
        1 => person.clone().prop_map(|who| Step::Person(Event::Left, who)),
        1 => person.clone().prop_map(|who| Step::Person(Event::Finished, who)),
        2 => person.clone().prop_map(|who| Step::Person(Event::Lost, who)),
        3 => person.clone().prop_map(|who| Step::Person(Event::Back, who)),
        10 => any::<u8>().prop_map(Step::Task),
        1 => (0..12_u64, person.clone(), person)
            .prop_map(|(number, one, two)| Step::Nonsense(number, one, two)),
        4 => (0..3000_u64).prop_map(Step::Time),
        1 => any::<bool>().prop_map(Step::Kill),
    ];
    proptest::collection::vec(step, 0..150)
}

fn settings() -> impl Strategy<Value = RoomSettings> {
    let matchmaker = prop_oneof![
        Just(MatchmakerSettings::Fifo),
        Just(MatchmakerSettings::LatencyFifo { max_server_rtt_ms: MAX_SERVER_RTT_MS }),
        (proptest::option::of(0..2000_u64), any::<bool>()).prop_map(|(fallback_after_ms, near)| {
            let max_server_rtt_ms = near.then_some(MAX_SERVER_RTT_MS);
            MatchmakerSettings::GroupReunion { fallback_after_ms, max_server_rtt_ms }
        }),
    ];
    let times = (
        proptest::option::of(1..6000_u64),
        prop_oneof![Just(0), 1..2000_u64],
        proptest::option::of(1..5000_u64),
    );
    let checks = (any::<bool>(), any::<bool>());
    (1..=4_u8, matchmaker, times, checks).prop_map(
        |(size, matchmaker, (wait, grace, expire), (probed, validated))| RoomSettings {
            matchmaker,
            wait_at_most_ms: wait,
            waiting_grace_ms: grace,
            playing_grace_ms: 3000,
            probing: probed.then_some(Probing { max_p2p_rtt_ms: 100, within_ms: 1500 }),
            validation: validated.then_some(Validation { within_ms: 1500 }),
            failed_pairs_expire_ms: expire,
            ..RoomSettings::new(scene(), size.try_into().unwrap())
        },
    )
}

/// What the test itself knows of somebody, from the events alone.
#[derive(Clone, Debug, Default)]
struct Known {
    connected: bool,
    rtt_ms: Option<u32>,
    /// Asked for a game more often than it was dismissed, left or done.
    here: bool,
    /// The others of their group, if they play with these alone.
    company: Vec<ParticipantId>,
}

struct Run {
    settings: RoomSettings,
    lab: Lab,
    now: u64,
    people: BTreeMap<ParticipantId, Known>,
    tasks: Vec<Effect>,
    failed: BTreeSet<[ParticipantId; 2]>,
    groups: BTreeMap<ParticipantId, MatchId>,
    read: usize,
}

impl Run {
    fn new(settings: RoomSettings) -> Self {
        Self {
            lab: Lab::new(settings.clone()),
            settings,
            now: 0,
            people: BTreeMap::new(),
            tasks: Vec::new(),
            failed: BTreeSet::new(),
            groups: BTreeMap::new(),
            read: 0,
        }
    }

    fn known(&mut self, who: &ParticipantId) -> &mut Known {
        self.people.entry(who.clone()).or_default()
    }

    /// The others of somebody's group: people with the numbers before and after.
    fn company(&self, who: u8) -> Vec<ParticipantId> {
        let size = self.settings.group_size.get();
        let first = who / size * size;
        (first..first + size).filter(|other| *other != who).map(person).collect()
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Ready(who, rtt_ms, closed) => {
                // Whose time ran out while they were in a match that came to nothing is dismissed
                // first, and arrives anew.
                self.due();
                let participant = person(who);
                let company = if closed { self.company(who) } else { Vec::new() };
                let known = self.known(&participant);
                if !known.here {
                    known.rtt_ms = rtt_ms;
                    known.company.clone_from(&company);
                }
                (known.connected, known.here) = (true, true);
                self.handle(Event::Ready { participant, scene: scene(), rtt_ms, company });
            }
            Step::RoundTrip(who, rtt_ms) => {
                let participant = person(who);
                self.known(&participant).rtt_ms = rtt_ms;
                self.handle(Event::RoundTrip { participant, rtt_ms });
            }
            Step::Person(event, who) => {
                let participant = person(who);
                match event(participant.clone()) {
                    Event::Lost(_) => self.known(&participant).connected = false,
                    Event::Back(_) => self.known(&participant).connected = true,
                    _ => {}
                }
                self.handle(event(participant));
            }
            Step::Task(how) => self.task(how),
            Step::Nonsense(number, one, two) => {
                let (id, by, with) = (MatchId(number), person(one), person(two));
                self.handle(Event::Registered(id));
                let of = with.clone();
                self.handle(Event::Validation { id, by: by.clone(), of, heard: heard_well() });
                self.handle(Event::ProbeReport { id, by, with, rtt_ms: Some(1) });
            }
            Step::Time(ms) => {
                self.now += ms;
                self.due();
            }
            Step::Kill(noticed) => self.kill(noticed),
        }
    }

    fn due(&mut self) {
        self.lab.matchmaking.handle_timeout(Timestamp(self.now)).unwrap();
        self.follow();
    }

    fn handle(&mut self, event: Event) {
        let outcome = self.lab.matchmaking.handle(Timestamp(self.now), event);
        assert!(!matches!(outcome, Err(HandleError::Illegal(_))), "{outcome:?}");
        self.follow();
    }

    fn task(&mut self, how: u8) {
        if self.tasks.is_empty() {
            return;
        }
        match self.tasks.remove(0) {
            Effect::Register { id, .. } if how < 20 => self.handle(Event::NotRegistered(id)),
            Effect::Register { id, .. } => self.handle(Event::Registered(id)),
            Effect::Probe { id, pair: [one, two], .. } => {
                let rtt_ms = (how > 30).then_some(u32::from(how) / 2);
                let (by, with) = (one.clone(), two.clone());
                self.handle(Event::ProbeReport { id, by, with, rtt_ms: Some(100) });
                self.handle(Event::ProbeReport { id, by: two, with: one, rtt_ms });
            }
            Effect::Validate { id, .. } => {
                let session = self.lab.matchmaking.state().session(id);
                let people = session.map(|session| session.participants()).unwrap_or_default();
                for (by, of) in people.iter().flat_map(|by| people.iter().map(move |of| (by, of))) {
                    let (by, of) = (by.clone(), of.clone());
                    let mut heard = heard_well();
                    heard.unreliable = how > 20;
                    self.handle(Event::Validation { id, by, of, heard });
                }
            }
            other => panic!("{other:?} is no task"),
        }
    }

    /// Another lab, restored from the log or from a snapshot, is the same one.
    fn kill(&mut self, noticed: bool) {
        let settings = || [self.settings.clone()];
        let old = self.lab.matchmaking.state();
        let mut from_log = Matchmaking::restore(settings(), None, self.lab.log.clone()).unwrap();
        // Round trips are not in the log; clients report them again.
        let mut state = from_log.state().clone();
        for (participant, person) in old.persons() {
            let (participant, rtt_ms) = (participant.clone(), person.rtt_ms);
            state.apply(Timestamp(0), &Fact::RoundTrip { participant, rtt_ms }).unwrap();
        }
        assert_eq!(state, *old, "from the log");
        let json = serde_json::to_string(old).unwrap();
        let snapshot = serde_json::from_str(&json).unwrap();
        from_log = Matchmaking::restore(settings(), Some(snapshot), []).unwrap();
        assert_eq!(from_log.state(), old, "from a snapshot");
        self.lab.matchmaking = from_log;
        if noticed {
            self.people.values_mut().for_each(|known| known.connected = false);
            self.handle(Event::Restarted);
        }
    }

    /// Takes in what has come out.
    fn follow(&mut self) {
        for effect in self.lab.drain_all() {
            match effect {
                Effect::Register { ref participants, .. } => {
                    for participant in participants {
                        assert!(self.people[participant].connected, "{participant} is gone");
                    }
                    self.tasks.push(effect);
                }
                Effect::Probe { .. } | Effect::Validate { .. } => self.tasks.push(effect),
                _ => {}
            }
        }
        while let Some(record) = self.lab.log.get(self.read).cloned() {
            self.read += 1;
            self.record(&record);
        }
        for (participant, known) in &self.people {
            let state = self.lab.matchmaking.state().participant_state(participant);
            assert_eq!(known.here, state != ParticipantState::Idle, "{participant} is {state}");
        }
        self.nobody_waits_in_vain();
    }

    fn record(&mut self, Record { at, fact, .. }: &Record) {
        match fact {
            Fact::Departed { participant, cause } => {
                let known = self.known(participant);
                assert!(known.here, "{participant} departed twice");
                if *cause == Departure::ConnectionLost {
                    assert!(!known.connected, "{participant} was there");
                }
                if *cause == Departure::TimedOut {
                    assert!(self.settings.wait_at_most_ms.is_some());
                }
                self.known(participant).here = false;
            }
            Fact::SeatLeft { participant, .. } => {
                self.groups.remove(participant);
                self.known(participant).here = false;
            }
            Fact::Rejected { id, .. } => self.groups.retain(|_, group| group != id),
            Fact::Ended { id, back, .. } => {
                let over = self.groups.extract_if(.., |_, group| group == id);
                let over: Vec<_> = over.map(|(participant, _)| participant).collect();
                assert!(back.iter().all(|participant| over.contains(participant)));
                for participant in over {
                    self.known(&participant).here = back.contains(&participant);
                }
            }
            Fact::PairFailed { pair, .. } => {
                self.failed.insert(sorted(pair));
            }
            Fact::PairForgiven { pair } => {
                self.failed.remove(&sorted(pair));
            }
            Fact::Proposed { id, members, .. } => {
                self.proposed(*at, fact);
                for member in members {
                    let before = self.groups.insert(member.participant.clone(), *id);
                    assert_eq!(before, None, "{} is in two groups", member.participant);
                }
            }
            _ => {}
        }
    }

    /// Everybody who was passed over has a reason that the test knows to be true.
    fn proposed(&self, at: Timestamp, fact: &Fact) {
        let Fact::Proposed { members, passed_over, .. } = fact else { return };
        let group: BTreeSet<_> = members.iter().map(|member| &member.participant).collect();
        assert_eq!(group.len(), self.settings.group_size.people(), "a seat is doubled or empty");
        for member in members {
            let known = &self.people[&member.participant];
            assert_eq!(known.rtt_ms, member.rtt_ms, "{}", member.participant);
            assert!(member.waited_ms <= at.0);
            let own: BTreeSet<_> = known.company.iter().chain([&member.participant]).collect();
            assert!(known.company.is_empty() || own == group, "{member:?} has others with them");
        }
        for passed in passed_over {
            let known = &self.people[&passed.participant];
            let true_ = match passed.because {
                Objection::Away => !known.connected,
                Objection::ServerRtt { sum_ms, limit_ms } => {
                    let sums = |other: &&ParticipantId| {
                        known.rtt_ms.zip(self.people[*other].rtt_ms).map(|(one, two)| one + two)
                    };
                    assert_eq!(limit_ms, MAX_SERVER_RTT_MS);
                    sum_ms > limit_ms && group.iter().any(|other| sums(other) == Some(sum_ms))
                }
                Objection::FailedPair => group.iter().any(|other| {
                    self.failed.contains(&sorted(&[passed.participant.clone(), (*other).clone()]))
                }),
                Objection::Reserved | Objection::Reunion => {
                    matches!(self.settings.matchmaker, MatchmakerSettings::GroupReunion { .. })
                }
                Objection::Company => !known.company.is_empty(),
                Objection::Closed => group.iter().all(|it| !self.people[*it].company.is_empty()),
                Objection::Combinations => false,
            };
            assert!(true_, "{passed:?} is not so");
        }
    }

    /// No two people, or in plain queues no full group, are left waiting who could play.
    fn nobody_waits_in_vain(&self) {
        let state = self.lab.matchmaking.state();
        for (participant, person) in state.persons().filter(|(_, it)| !it.company.is_empty()) {
            let all: Vec<_> = person.company.iter().chain([participant]).collect();
            let waits = |one: &ParticipantId| {
                let here = state.person(one).filter(|it| it.is_available());
                let theirs = here.map(|it| &it.company);
                let with = |other: &ParticipantId| theirs.is_some_and(|it| it.contains(other));
                let failed = |other| self.failed.contains(&sorted(&[one.clone(), other]));
                all.iter().all(|it| *it == one || (with(it) && !failed((*it).clone())))
            };
            assert!(!all.iter().all(|one| waits(one)), "could play: {all:?}");
        }
        let limit = match self.settings.matchmaker {
            MatchmakerSettings::Fifo => u32::MAX,
            MatchmakerSettings::LatencyFifo { max_server_rtt_ms } => max_server_rtt_ms,
            MatchmakerSettings::GroupReunion { .. } => return,
        };
        let open: Vec<_> = state.persons().filter(|(_, person)| person.is_open()).collect();
        let suit = |one: usize, two: usize| {
            let ((a, one), (b, two)) = (open[one], open[two]);
            let sum = one.rtt_ms.zip(two.rtt_ms).map(|(one, two)| one + two);
            sum.is_none_or(|sum| sum <= limit)
                && !self.failed.contains(&sorted(&[a.clone(), b.clone()]))
        };
        let size = self.settings.group_size.people();
        let mut groups: Vec<Vec<usize>> = vec![Vec::new()];
        for _ in 0..size {
            let longer = |group: &Vec<usize>| -> Vec<Vec<usize>> {
                let from = group.last().map_or(0, |last| last + 1);
                let next =
                    (from..open.len()).filter(|next| group.iter().all(|one| suit(*one, *next)));
                next.map(|next| [&group[..], &[next]].concat()).collect()
            };
            groups = groups.iter().flat_map(longer).collect();
        }
        assert!(groups.is_empty(), "could play: {groups:?} of {open:?}");
    }

    /// Everybody leaves; nothing may be left of anything.
    fn over(mut self) {
        for who in 0..PEOPLE {
            self.handle(Event::Left(person(who)));
        }
        let mut rounds = 0;
        while let Some(Timestamp(next)) = self.lab.matchmaking.next_deadline() {
            self.now = self.now.max(next);
            self.due();
            rounds += 1;
            assert!(rounds < 1000, "there is always something due");
        }
        let state = self.lab.matchmaking.state();
        assert_eq!((state.persons().count(), state.sessions().count()), (0, 0));
        for (participant, known) in &self.people {
            assert!(!known.here, "{participant} vanished without a match, a timeout or a leave");
        }
        let audit = self.lab.audit();
        for (id, meeting) in audit.meetings {
            let rejected = usize::from(meeting.rejected.is_some());
            assert_eq!(rejected + usize::from(meeting.ended.is_some()), 1, "{id} has one end");
        }
    }
}

fn person(number: u8) -> ParticipantId {
    id(&format!("p{number}"))
}

fn sorted(pair: &[ParticipantId; 2]) -> [ParticipantId; 2] {
    let mut pair = pair.clone();
    pair.sort();
    pair
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn everybody_who_waits_ends_in_a_match_a_timeout_or_a_leave(
        settings in settings(),
        steps in steps(),
    ) {
        let mut run = Run::new(settings);
        steps.into_iter().for_each(|step| run.step(step));
        run.over();
    }
}
