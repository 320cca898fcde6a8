//! The way of one person through a study: a pure function of the experiment and of what was drawn
//! for them.
//!
//! Blocks without games for several people are ordered by the person's own seed. A block with
//! such games must come in the same order for all who play them together. So people are matched
//! when they come to it, and the match's seed orders it: [`Assigned::groups`] has the seeds of
//! such blocks that a group was found for. Until then the flow has the block in the file's order,
//! as a placeholder of the same length. What comes before it never changes.

use crate::Experiment;
use crate::ids::{BlockId, ConditionId};
use crate::rules::AfterWaiting;
use crate::seed;
use crate::words::{Order, Outcome};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Scenes and blocks in the order of the file; scenes by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    Scene(usize),
    Block(Block),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) id: BlockId,
    pub(crate) order: Order,
    pub(crate) keep: Option<usize>,
    pub(crate) repeats: usize,
    pub(crate) items: Vec<Item>,
    /// Whether a game for several people is in it.
    pub(crate) is_shared: bool,
}

impl Block {
    /// Whether anything about it is drawn.
    pub(crate) fn is_drawn(&self) -> bool {
        self.order == Order::Random || self.keep.is_some()
    }
}

/// What was drawn for a person so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// Their condition. `None` in a study without conditions, and where a group has one until it
    /// is matched.
    pub condition: Option<ConditionId>,
    /// Their own seed.
    pub seed: u64,
    /// The match's seed for each block that a group goes through together ([`Step::group`]).
    pub groups: BTreeMap<BlockId, u64>,
}

/// A scene on somebody's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its index in [`Experiment::scenes`].
    pub scene: usize,
    /// How often the scene was on the way before.
    pub repetition: u32,
    /// The block that a group must be found for before this step is known.
    pub group: Option<BlockId>,
}

/// Where somebody is, and how it went so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The step; the number of steps stands for the completion page.
    pub step: usize,
    /// [`Outcome::Finished`] until something else has happened.
    pub outcome: Outcome,
    /// Whether that is the completion page: the study is over for them.
    pub done: bool,
}

/// One person's way: the steps before the completion page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    steps: Vec<Step>,
}

impl Experiment {
    /// The way of a person for whom this was drawn.
    #[must_use]
    pub fn flow(&self, assigned: &Assigned) -> Flow {
        let condition = assigned.condition.as_ref();
        let mut walk = Walk { experiment: self, condition, assigned, times: BTreeMap::new() };
        let mut scenes = Vec::new();
        walk.items(&self.items, None, &mut scenes);
        let mut times = BTreeMap::new();
        let steps = scenes.into_iter().map(|(scene, group)| {
            let repetition = times.entry(scene).and_modify(|times| *times += 1).or_insert(0);
            Step { scene, repetition: *repetition, group }
        });
        Flow { steps: steps.collect() }
    }
}

/// Unrolls blocks.
struct Walk<'a> {
    experiment: &'a Experiment,
    condition: Option<&'a ConditionId>,
    assigned: &'a Assigned,
    /// How often each block was gone through.
    times: BTreeMap<&'a BlockId, u32>,
}

impl<'a> Walk<'a> {
    fn items(
        &mut self,
        items: impl IntoIterator<Item = &'a Item>,
        group: Option<&BlockId>,
        out: &mut Vec<(usize, Option<BlockId>)>,
    ) {
        for item in items {
            match item {
                Item::Scene(index) => {
                    let scene = &self.experiment.scenes()[*index];
                    if scene.is_in(self.condition) {
                        let times = usize::from(scene.repeats);
                        out.extend(std::iter::repeat_n((*index, group.cloned()), times));
                    }
                }
                Item::Block(block) => {
                    let is_outermost = group.is_none() && block.is_shared && block.is_drawn();
                    let group = if is_outermost { Some(&block.id) } else { group };
                    for _ in 0..block.repeats {
                        let chosen = self.choose(block, group);
                        self.items(chosen, group, out);
                    }
                }
            }
        }
    }

    /// The parts of a block that come this time, in their order.
    fn choose(&mut self, block: &'a Block, group: Option<&BlockId>) -> Vec<&'a Item> {
        let items = block.items.iter().enumerate().filter(|(_, item)| self.has_any(item));
        let mut items: Vec<_> = items.collect();
        let time = *self.times.entry(&block.id).and_modify(|times| *times += 1).or_insert(0);
        let seed = match group {
            Some(group) if block.is_shared => self.assigned.groups.get(group).copied(),
            _ => Some(self.assigned.seed),
        };
        if let Some(seed) = seed.filter(|_| block.is_drawn()) {
            seed::shuffle(&mut items, seed::derive(seed, "block", &format!("{}/{time}", block.id)));
        }
        items.truncate(block.keep.unwrap_or(usize::MAX));
        if block.order == Order::Fixed {
            items.sort_by_key(|(at, _)| *at);
        }
        items.into_iter().map(|(_, item)| item).collect()
    }

    /// Whether the person's condition has a scene of it.
    fn has_any(&self, item: &Item) -> bool {
        match item {
            Item::Scene(index) => self.experiment.scenes()[*index].is_in(self.condition),
            Item::Block(block) => block.items.iter().any(|item| self.has_any(item)),
        }
    }
}

impl Flow {
    /// All steps before the completion page.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Where everybody begins.
    #[must_use]
    pub const fn start() -> Place {
        Place { step: 0, outcome: Outcome::Finished, done: false }
    }

    /// The step at a place; `None` for the completion page.
    #[must_use]
    pub fn step(&self, place: Place) -> Option<&Step> {
        self.steps.get(place.step)
    }

    /// Where somebody goes on whose step has ended in this way: to the next one, if it was
    /// finished. Otherwise to the completion page, by way of the debriefing pages that are left
    /// if they have played; unless the waiting room's rule has a scene for those without partner.
    #[must_use]
    pub fn next(&self, experiment: &Experiment, place: Place, ended: Outcome) -> Place {
        let scene = |step: &Step| &experiment.scenes()[step.scene];
        let end = self.steps.len();
        let later = place.step.saturating_add(1).min(end);
        let first_later = |is: &dyn Fn(&Step) -> bool| {
            self.steps[later..].iter().position(is).map(|at| later + at)
        };
        let debriefing = || first_later(&|step| scene(step).is_debriefing()).unwrap_or(end);
        let at = |step, outcome| Place { step, outcome, done: step == end };
        match (place.outcome, ended) {
            (Outcome::Finished, Outcome::Finished) => at(later, place.outcome),
            (Outcome::Finished, _) => {
                let target = match &experiment.rules.waiting_room.then {
                    AfterWaiting::Scene(id) if ended == Outcome::NoPartner => {
                        first_later(&|step| scene(step).id == *id)
                    }
                    _ => None,
                };
                if let Some(step) = target {
                    return at(step, place.outcome);
                }
                // Who finds no partner has not played the game of this step.
                let until = if ended == Outcome::NoPartner { place.step } else { later };
                let played =
                    self.steps[..until.min(end)].iter().any(|it| scene(it).gym().is_some());
                at(if played { debriefing() } else { end }, ended)
            }
            // On the pages that are left to those who have ended early.
            (_, Outcome::Finished) => at(debriefing(), place.outcome),
            (_, _) => at(end, place.outcome),
        }
    }
}
