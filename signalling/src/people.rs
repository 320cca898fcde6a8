//! Participants: where each is on the way through the study, as a function of what has happened.

use dyad_experiment::{Assigned, BlockId, ConditionId, Outcome, Place};
use dyad_protocol::players::Program;
use dyad_protocol::study::{Answer, Computer, GameEnd};
use dyad_protocol::{ParticipantId, SceneId, Seat, SessionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A line of the journal about somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRecord {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Who.
    pub participant: ParticipantId,
    /// What.
    #[serde(flatten)]
    pub fact: PersonFact,
}

/// What has happened to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum PersonFact {
    /// They came for the first time.
    Enrolled {
        /// Their own seed.
        seed: u64,
        /// Their condition, if people have one from the start.
        condition: Option<ConditionId>,
        /// Where they begin.
        place: Place,
    },
    /// They were screened.
    Screened {
        /// What their client says of the computer.
        computer: Computer,
        /// Their median round trip to the lab, in milliseconds, if it was measured.
        rtt_ms: Option<u32>,
        /// The rule that they do not meet, if there is one.
        failed: Option<String>,
        /// Where they go on.
        place: Place,
        /// What they read at the end, if the rule says so.
        message: Option<String>,
    },
    /// They are in a condition from now on.
    Grouped {
        /// Which.
        condition: ConditionId,
        /// Whether it counts: for one of each group.
        counts: bool,
    },
    /// The game with which their condition came has come to nothing: they are in none again.
    Ungrouped {
        /// Which.
        condition: ConditionId,
        /// Whether it had counted.
        counted: bool,
    },
    /// They have a seat in a game.
    Seated {
        /// Which.
        session: SessionId,
        /// Which seat.
        seat: Seat,
    },
    /// A game came to nothing, or they wait for another partner: they are at the same place.
    Unseated {
        /// Which.
        session: SessionId,
        /// How it ended for their client, if it has said so.
        end: Option<GameEnd>,
        /// The score of each finished episode, in thousandths.
        scores: Vec<i64>,
    },
    /// They go through a block in the order of a group, with these alone; nobody came, if there are none.
    Joined {
        /// Which block.
        block: BlockId,
        /// What its order follows from.
        seed: u64,
        /// The others of the group.
        with: Vec<ParticipantId>,
    },
    /// They play the game at this place with programs, from the next time that they ask for it.
    Alone(Alone),
    /// A scene is over.
    Went {
        /// Which.
        scene: SceneId,
        /// How often it was on their way before.
        repetition: u32,
        /// The game, if it was one.
        session: Option<SessionId>,
        /// What they answered.
        answer: Option<Answer>,
        /// How it ended.
        outcome: Outcome,
        /// Where they go on.
        place: Place,
        /// What they read at the end, if it is not what the outcome says.
        message: Option<String>,
    },
}

/// A game that somebody plays with programs in the seats of all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alone {
    /// What plays in the others' places.
    pub program: Program,
    /// How many episodes are left to play; all, if it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episodes: Option<u16>,
}

/// The group with which somebody goes through a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// The last block that had a group.
    pub block: BlockId,
    /// The others.
    pub with: Vec<ParticipantId>,
}

/// Somebody on the way through the study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// What was drawn for them.
    pub assigned: Assigned,
    /// Where they are.
    pub place: Place,
    /// Whether they were screened.
    pub screened: bool,
    /// The game at this place in which they have a seat.
    pub session: Option<SessionId>,
    /// The seat that they had in the last game, and have where they play alone; the first before it.
    pub seat: Seat,
    /// What they play with at this place, if not with other people.
    pub alone: Option<Alone>,
    /// The last group with which they went through a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Company>,
    /// What they read at the end, if it is not what the outcome says.
    pub message: Option<String>,
}

/// Somebody who is through, with as little as it takes to tell them so when they come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// How it ended.
    pub outcome: Outcome,
    /// What they read, if it is not what the outcome says.
    pub message: Option<Box<str>>,
}

/// What is kept of somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    /// They are on their way. Boxed, so that it takes no room of those who are not.
    Here(Box<Person>),
    Gone(Gone),
}

/// Everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    all: BTreeMap<ParticipantId, Kept>,
    counts: BTreeMap<ConditionId, u32>,
}

impl People {
    /// Somebody who is on their way through the study.
    #[must_use]
    pub fn get(&self, participant: &ParticipantId) -> Option<&Person> {
        match self.all.get(participant)? {
            Kept::Here(person) => Some(person),
            Kept::Gone(_) => None,
        }
    }

    /// Somebody who is through.
    #[must_use]
    pub fn gone(&self, participant: &ParticipantId) -> Option<&Gone> {
        match self.all.get(participant)? {
            Kept::Here(_) => None,
            Kept::Gone(gone) => Some(gone),
        }
    }

    /// Whether somebody has ever come.
    #[must_use]
    pub fn knows(&self, participant: &ParticipantId) -> bool {
        self.all.contains_key(participant)
    }

    /// How many people, or groups, each condition has.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<ConditionId, u32> {
        &self.counts
    }

    /// The one place where anything about anybody changes. What is said of somebody unknown, or of
    /// somebody who is through, changes nothing.
    pub fn apply(&mut self, PersonRecord { participant, fact, .. }: &PersonRecord) {
        if let PersonFact::Enrolled { seed, condition, place } = fact {
            let person = Box::new(Person::new(*seed, condition.clone(), *place));
            self.all.insert(participant.clone(), Kept::Here(person));
            self.count(condition.as_ref(), true);
            return;
        }
        let Some(kept) = self.all.get_mut(participant) else { return };
        let Kept::Here(person) = kept else { return };
        let before = person.place.outcome;
        match fact {
            PersonFact::Enrolled { .. } => {}
            PersonFact::Screened { place, message, .. } => {
                person.screened = true;
                person.place = *place;
                person.message.clone_from(message);
            }
            PersonFact::Grouped { condition, counts } => {
                person.assigned.condition = Some(condition.clone());
                if *counts {
                    self.count(Some(condition), true);
                }
                return;
            }
            PersonFact::Ungrouped { condition, counted } => {
                person.assigned.condition = None;
                if *counted {
                    self.count(Some(condition), false);
                }
                return;
            }
            PersonFact::Seated { session, seat } => {
                person.session = Some(session.clone());
                person.seat = *seat;
            }
            PersonFact::Unseated { session, .. } => {
                person.session.take_if(|own| own == session);
            }
            PersonFact::Joined { block, seed, with } => {
                person.assigned.groups.insert(block.clone(), *seed);
                person.company = Some(Company { block: block.clone(), with: with.clone() });
            }
            PersonFact::Alone(alone) => person.alone = Some(alone.clone()),
            PersonFact::Went { place, message, .. } => {
                person.session = None;
                person.alone = None;
                person.place = *place;
                if message.is_some() {
                    person.message.clone_from(message);
                }
            }
        }
        // Their place in a condition is free for another who plays.
        let never_played =
            matches!(person.place.outcome, Outcome::ScreenedOut | Outcome::NoPartner);
        let frees = before == Outcome::Finished && never_played;
        let condition = person.assigned.condition.clone().filter(|_| frees);
        if person.place.done {
            *kept = Kept::Gone(Gone::of(person));
        }
        self.count(condition.as_ref(), false);
    }

    fn count(&mut self, condition: Option<&ConditionId>, more: bool) {
        let Some(condition) = condition else { return };
        let count = self.counts.entry(condition.clone()).or_insert(0);
        *count = if more { count.saturating_add(1) } else { count.saturating_sub(1) };
    }
}

impl Gone {
    /// What is kept of somebody who is through.
    #[must_use]
    pub fn of(person: &Person) -> Self {
        let message = person.message.as_deref().map(Box::from);
        Self { outcome: person.place.outcome, message }
    }
}

impl Person {
    /// Somebody who has just come.
    #[must_use]
    pub fn new(seed: u64, condition: Option<ConditionId>, place: Place) -> Self {
        let groups = BTreeMap::<BlockId, u64>::new();
        Self {
            assigned: Assigned { condition, seed, groups },
            place,
            screened: false,
            session: None,
            seat: Seat::default(),
            alone: None,
            company: None,
            message: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Gone, Kept, People, PersonFact, PersonRecord};
    use dyad_experiment::{Flow, Outcome, Place};
    use dyad_protocol::ParticipantId;
    use dyad_protocol::study::Computer;

    #[test]
    fn who_is_screened_out_leaves_the_place_in_a_condition_to_another() {
        let mut people = People::default();
        let mut happens = |name: &str, fact| {
            let participant = name.parse().unwrap();
            people.apply(&PersonRecord { at: 0, participant, fact });
            people.counts().values().copied().collect::<Vec<_>>()
        };
        assert_eq!(happens("a", enrolled()), [1]);
        assert_eq!(happens("b", enrolled()), [2]);
        assert_eq!(happens("a", out()), [1]);
        assert_eq!(happens("a", out()), [1], "once");
        assert_eq!(happens("nobody", out()), [1]);
    }

    #[test]
    fn of_those_who_are_through_little_is_kept() {
        let mut people = People::default();
        let (a, b) = ("a".parse().unwrap(), "b".parse().unwrap());
        for (participant, fact) in [(&a, enrolled()), (&b, enrolled()), (&a, out()), (&a, out())] {
            let participant = ParticipantId::clone(participant);
            people.apply(&PersonRecord { at: 0, participant, fact });
        }
        let gone = Gone { outcome: Outcome::ScreenedOut, message: Some("Sorry.".into()) };
        assert_eq!((people.gone(&a), people.get(&a)), (Some(&gone), None));
        assert!(people.get(&b).is_some() && people.gone(&b).is_none());
        assert!(people.knows(&a) && people.knows(&b) && !people.knows(&"c".parse().unwrap()));
        assert_eq!(people.counts().values().copied().collect::<Vec<_>>(), [1], "once");
        let text = serde_json::to_string(&people).unwrap();
        assert_eq!(serde_json::from_str::<People>(&text).unwrap(), people);
        assert!(size_of::<Kept>() <= 24, "{}", size_of::<Kept>());
    }

    fn enrolled() -> PersonFact {
        let condition = Some("quick".parse().unwrap());
        PersonFact::Enrolled { seed: 1, condition, place: Flow::start() }
    }

    fn out() -> PersonFact {
        PersonFact::Screened {
            computer: Computer::default(),
            rtt_ms: None,
            failed: Some("system".to_owned()),
            place: Place { step: 9, outcome: Outcome::ScreenedOut, done: true },
            message: Some("Sorry.".to_owned()),
        }
    }
}
