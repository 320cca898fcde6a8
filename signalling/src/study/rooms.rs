//! Waiting rooms: one for each game, and in studies with conditions one for each condition of it,
//! because only people of the same one play together. Who has none yet has a room of their own. Where
//! programs take the places of people, there is a second one, in which nobody is waited for. A block with
//! games for several people in an order that is drawn has a room too: there the group is found that goes
//! through it together.

use dyad_experiment::rules::{AfterDropout, AfterWaiting, Matchmaker, Rules};
use dyad_experiment::{BlockId, ConditionId, Experiment, Gym, SharedBlock};
use dyad_matchmaking::settings::{
    GRACE_MS, MatchmakerSettings, Probing, Validation, WAITING_GRACE_MS,
};
use dyad_matchmaking::{GroupSize, RoomSettings};
use dyad_protocol::SceneId;
use std::time::Duration;

/// The rooms of a study.
#[derive(Clone, Debug, Default)]
pub struct Rooms {
    purposes: Vec<Purpose>,
    settings: Vec<RoomSettings>,
}

/// What a room is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// The scene, by its index; the first game of a block.
    pub scene: usize,
    /// The condition of those who come here.
    pub condition: Option<ConditionId>,
    /// Whether those who come here play with programs in the places of all others.
    pub alone: bool,
    /// The block that they go through together afterwards, where that is what they meet for.
    pub block: Option<BlockId>,
}

impl Rooms {
    pub(super) fn of(experiment: &Experiment) -> Self {
        let mut rooms = Self::default();
        for (at, scene) in experiment.scenes().iter().enumerate() {
            let Some(gym) = scene.gym() else { continue };
            let conditions = experiment.conditions.iter().map(|condition| Some(&condition.id));
            for condition in std::iter::once(None).chain(conditions) {
                let gym = gym.in_condition(condition);
                let name = rooms.free_name(&scene.id, condition);
                rooms.settings.push(settings(experiment, gym, name));
                let condition = condition.cloned();
                let purpose = Purpose { scene: at, condition, alone: false, block: None };
                rooms.purposes.push(purpose.clone());
                if gym.people() > 1 && has_substitutes(&experiment.rules) {
                    let name = rooms.free_name(&scene.id, purpose.condition.as_ref());
                    let playing_grace_ms = grace_ms(gym);
                    let alone = RoomSettings::new(name, GroupSize::ONE);
                    rooms.settings.push(RoomSettings { playing_grace_ms, ..alone });
                    rooms.purposes.push(Purpose { alone: true, ..purpose });
                }
            }
        }
        for block in experiment.shared_blocks() {
            let conditions = experiment.conditions.iter().map(|condition| Some(&condition.id));
            for condition in std::iter::once(None).chain(conditions) {
                rooms.add_block(experiment, &block, condition);
            }
        }
        rooms
    }

    /// A room for those of a condition who are to go through a block together.
    fn add_block(
        &mut self,
        experiment: &Experiment,
        SharedBlock { id, games }: &SharedBlock,
        condition: Option<&ConditionId>,
    ) {
        let scenes = experiment.scenes();
        let Some(&scene) = games.iter().find(|game| scenes[**game].is_in(condition)) else {
            return;
        };
        let Some(gym) = scenes[scene].gym() else { return };
        let wished = id.as_str().parse().unwrap_or_else(|_| scenes[scene].id.clone());
        let name = self.free_name(&wished, condition);
        let gym = gym.in_condition(condition);
        // Nothing is played here, so there is no connection to check.
        self.settings.push(RoomSettings { validation: None, ..settings(experiment, gym, name) });
        let (condition, block) = (condition.cloned(), Some(id.clone()));
        self.purposes.push(Purpose { scene, condition, alone: false, block });
    }

    /// The scene's name, with the condition's; another one if that is too long or taken.
    fn free_name(&self, scene: &SceneId, condition: Option<&ConditionId>) -> SceneId {
        let is_free = |name: &SceneId| self.settings.iter().all(|room| room.scene != *name);
        let wished = match condition {
            None => Ok(scene.clone()),
            Some(condition) => format!("{scene}_{}", condition.as_str()).parse(),
        };
        let numbered = |number| format!("room-{number}").parse().expect("a word and a number");
        let mut others = (self.settings.len()..).map(numbered);
        let wished = wished.ok().filter(is_free);
        wished.or_else(|| others.find(is_free)).expect("numbers do not end")
    }

    /// The room for a purpose.
    #[must_use]
    pub fn room(&self, purpose: &Purpose) -> Option<&SceneId> {
        let at = self.purposes.iter().position(|it| it == purpose)?;
        self.settings.get(at).map(|settings| &settings.scene)
    }

    /// The room of a block, for those of a condition.
    #[must_use]
    pub fn of_block(&self, block: &BlockId, condition: Option<&ConditionId>) -> Option<&SceneId> {
        let is_it =
            |it: &Purpose| it.block.as_ref() == Some(block) && it.condition.as_ref() == condition;
        let at = self.purposes.iter().position(is_it)?;
        self.settings.get(at).map(|settings| &settings.scene)
    }

    /// What a room is for.
    #[must_use]
    pub fn purpose(&self, room: &SceneId) -> Option<&Purpose> {
        let at = self.settings.iter().position(|settings| settings.scene == *room)?;
        self.purposes.get(at)
    }

    /// What matchmaking needs to know of them.
    pub fn settings(&self) -> impl Iterator<Item = RoomSettings> + '_ {
        self.settings.iter().cloned()
    }
}

/// Whether programs may take the places of people.
const fn has_substitutes(rules: &Rules) -> bool {
    matches!(rules.waiting_room.then, AfterWaiting::Program(_))
        || matches!(rules.dropout, AfterDropout::Program(_))
}

fn settings(experiment: &Experiment, gym: &Gym, name: SceneId) -> RoomSettings {
    let rules = &experiment.rules;
    let people = GroupSize::try_from(gym.people()).unwrap_or(GroupSize::TWO);
    let connect_ms = u64::from(gym.reconnection.connect_seconds) * 1000;
    RoomSettings {
        matchmaker: match rules.matchmaking.matchmaker {
            Matchmaker::Fifo => MatchmakerSettings::Fifo,
            Matchmaker::Latency { max_server_rtt } => {
                MatchmakerSettings::LatencyFifo { max_server_rtt_ms: ms(max_server_rtt) }
            }
            Matchmaker::Reunion { fallback } => MatchmakerSettings::GroupReunion {
                fallback_after_ms: fallback.then_some(0),
                max_server_rtt_ms: None,
            },
        },
        wait_at_most_ms: Some(ms(rules.waiting_room.limit).into()),
        waiting_grace_ms: WAITING_GRACE_MS.max(u64::from(gym.reconnection.limit_seconds) * 1000),
        playing_grace_ms: grace_ms(gym),
        probing: rules
            .matchmaking
            .max_p2p_rtt
            .map(|most| Probing { max_p2p_rtt_ms: ms(most), within_ms: PROBE_WITHIN_MS }),
        validation: Some(Validation { within_ms: connect_ms }),
        ..RoomSettings::new(name, people)
    }
}

/// How long two people have for connecting and measuring.
pub const PROBE_WITHIN_MS: u64 = 15_000;

/// How long somebody whose connection to the lab is gone counts as playing: longer than the partners
/// wait, with time to start the program again and to notice that a connection is dead.
fn grace_ms(gym: &Gym) -> u64 {
    GRACE_MS.max(u64::from(gym.reconnection.limit_seconds) * 1000 + 60_000)
}

fn ms(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
