//! Nobody leaves a study in the belief that a program was a person.

use super::Check;
use crate::condition::Condition;
use crate::flow::Item;
use crate::gym::Gym;
use crate::ids::ConditionId;
use crate::raw::{self, scene};
use crate::read::tree::Span;
use crate::scene::Scene;
use crate::words::{DropoutThen, Order, WaitingThen};
use std::io;

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    /// A program that is not announced needs a debriefing page, which everybody comes to who may
    /// have met it: later in the file, for all of their conditions, and in no block that may leave
    /// it out or bring it too early.
    pub(super) fn debriefing(
        &mut self,
        file: &raw::File,
        raw_scenes: &[scene::Scene],
        scenes: &[Option<Scene>],
        items: &Option<Vec<Item>>,
        conditions: &[Condition],
    ) {
        let Some(items) = items else { return };
        let certain = certain(items);
        let substitutes = substitutes(file);
        let all: Vec<Option<&ConditionId>> = if conditions.is_empty() {
            vec![None]
        } else {
            conditions.iter().map(|condition| Some(&condition.id)).collect()
        };
        for (at, (scene, raw)) in scenes.iter().zip(raw_scenes).enumerate() {
            let (Some(scene), Some(scene::Body::Gym(raw))) = (scene, &raw.body) else { continue };
            let Some(gym) = scene.gym() else { continue };
            for condition in all.iter().copied().filter(|condition| scene.is_in(*condition)) {
                let played = gym.in_condition(condition);
                let own = unannounced(raw, condition).filter(|_| played.programs.is_some());
                let places = own.into_iter().chain(if played.people() > 1 {
                    substitutes.clone()
                } else {
                    Vec::new()
                });
                let debriefed = certain.iter().filter(|index| **index > at).any(|index| {
                    scenes[*index]
                        .as_ref()
                        .is_some_and(|it| it.is_debriefing() && it.is_in(condition))
                });
                if !debriefed {
                    places.for_each(|place| self.deceived(&place, played));
                }
            }
        }
    }

    fn deceived(&mut self, place: &Span, gym: &Gym) {
        let problem = format!(
            "people who play {:?} may take the program for a person, and nothing tells them \
             afterwards",
            gym.id.as_str()
        );
        let hint = "add a page with debriefing = true after the game, for every condition that plays \
                    it, in no block that is shuffled or keeps only some; or remove announced = false";
        self.wrong(place, "announced", problem, hint);
    }
}

/// Where the game's own program is kept secret.
fn unannounced(raw: &raw::gym::GymFile, condition: Option<&ConditionId>) -> Option<Span> {
    let is_own = |id: &str| condition.is_some_and(|own| own.as_str() == id);
    let changed = raw.in_conditions.iter().find(|(id, _, _)| is_own(id.as_str()));
    let gym = changed.map_or(&raw.base, |(_, _, gym)| gym);
    let announced = gym.partner.announced.as_ref()?;
    (!**announced).then(|| announced.span.clone())
}

/// Where programs that take a person's place later are kept secret.
fn substitutes(file: &raw::File) -> Vec<Span> {
    let (dropout, waiting) = (&file.dropout, &file.waiting_room);
    let after_dropout =
        dropout.announced.as_ref().filter(|_| *dropout.then == DropoutThen::Program);
    let after_waiting =
        waiting.announced.as_ref().filter(|_| *waiting.then == WaitingThen::Program);
    let both = after_dropout.into_iter().chain(after_waiting);
    both.filter(|announced| !***announced).map(|announced| announced.span.clone()).collect()
}

/// The scenes that everybody comes to whose condition has them, after all that stand before them.
fn certain(items: &[Item]) -> Vec<usize> {
    let of = |item: &Item| match item {
        Item::Scene(index) => vec![*index],
        Item::Block(block) if block.order == Order::Fixed && block.keep.is_none() => {
            certain(&block.items)
        }
        Item::Block(_) => Vec::new(),
    };
    items.iter().flat_map(of).collect()
}
