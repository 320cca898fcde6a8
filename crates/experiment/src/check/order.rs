//! Blocks and conditions: which scenes somebody goes through, and in which order.

use super::{Check, narrow};
use crate::condition::Condition;
use crate::flow::{Block, Item, shared_blocks};
use crate::ids::BlockId;
use crate::raw::{self, scene};
use crate::read::{At, Sub};
use crate::rules::Assignment;
use crate::scene::Scene;
use crate::words::{AssignMethod, AssignPer};
use std::io;

/// The most scenes on one person's way.
const MAX_STEPS: usize = 1000;

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    pub(super) fn conditions(
        &mut self,
        file: &raw::File,
        scenes: &[scene::Scene],
    ) -> Vec<Condition> {
        self.twice(file.condition.iter().filter_map(|it| it.id.as_ref()), "condition.id");
        let mut conditions = Vec::new();
        for raw in &file.condition {
            self.changed_scenes(raw, scenes);
            if let Some(id) = self.id(raw.id.as_ref(), "condition.id") {
                conditions.push(Condition { id, weight: narrow(*raw.weight) });
            }
        }
        conditions
    }

    /// A condition changes games that there are, and that it has.
    fn changed_scenes(&mut self, raw: &raw::Condition, scenes: &[scene::Scene]) {
        let is_gym = |it: &&scene::Scene| matches!(it.body, Some(scene::Body::Gym(_)));
        for (name, _) in &raw.settings.0.0 {
            let has_name =
                |it: &&scene::Scene| it.head.id.as_ref().is_some_and(|id| **id == **name);
            let Some(scene) = scenes.iter().filter(is_gym).find(has_name) else {
                let names = scenes.iter().filter(is_gym).filter_map(|it| it.head.id.as_ref());
                let names = names.map(|id| id.as_str());
                self.nothing(name, "condition.settings", "gym scene", names);
                continue;
            };
            let own = &scene.head.conditions;
            let has = |id: &At<String>| own.iter().any(|condition| **condition == **id);
            if let Some(id) = raw.id.as_ref().filter(|id| !own.is_empty() && !has(id)) {
                let problem = format!("the condition {:?} does not have this scene", id.value);
                let hint = "add it to the scene's conditions, or remove the table";
                self.wrong(&name.span, "condition.settings", problem, hint);
            }
        }
    }

    /// The tree of blocks and scenes, without the completion page; `None` if it has mistakes.
    pub(super) fn items(
        &mut self,
        file: &raw::File,
        raw_scenes: &[scene::Scene],
        scenes: &[Option<Scene>],
    ) -> Option<Vec<Item>> {
        let before = self.reader.found.len();
        self.twice(file.block.iter().filter_map(|it| it.id.as_ref()), "block.id");
        let mut open = Open { blocks: Vec::new(), items: vec![Vec::new()], closed: Vec::new() };
        for (index, raw) in raw_scenes.iter().enumerate() {
            let path = match &raw.head.block {
                Some(name) => self.path(file, name)?,
                None => Vec::new(),
            };
            open.close_to(&path, file);
            for block in path.iter().skip(open.blocks.len()).copied().collect::<Vec<_>>() {
                if open.closed.contains(&block) {
                    let name = raw.head.block.as_ref().expect("only a block has a path");
                    let problem = format!("other scenes stand inside the block {:?}", name.value);
                    let hint = "the scenes of a block stand together in the file";
                    self.wrong(&name.span, "block", problem, hint);
                }
                open.blocks.push(block);
                open.items.push(Vec::new());
            }
            if !matches!(raw.body, Some(scene::Body::Completion(_))) {
                open.items.last_mut().expect("the study's own list").push(Item::Scene(index));
            }
        }
        open.close_to(&[], file);
        let used = &open.closed;
        for (at, block) in file.block.iter().enumerate().filter(|(at, _)| !used.contains(at)) {
            let name = block.id.as_ref().map_or("ID", |id| id.as_str());
            let is_same = |it: &Sub<raw::Block>| it.id.as_ref().is_some_and(|id| **id == *name);
            if file.block[..at].iter().any(is_same) {
                continue;
            }
            let hint = format!("write block = \"{name}\" into its scenes, or remove it");
            self.wrong(&block.span, "block", "no scene belongs to it", &hint);
        }
        let mut items = open.items.pop().unwrap_or_default();
        self.keeps(file, &items);
        if steps(&items, scenes) > MAX_STEPS {
            let problem = format!("somebody would go through more than {MAX_STEPS} scenes");
            let hint = "repeat less";
            let repeats = |it: &Sub<raw::Block>| (*it.repeats > 1).then(|| it.repeats.span.clone());
            let of_blocks = file.block.iter().find_map(repeats);
            let first = raw_scenes.iter().find(|it| *it.head.repeats > 1);
            let at = of_blocks.or_else(|| first.map(|it| it.head.repeats.span.clone()));
            self.wrong(&at.unwrap_or(0..0), "repeats", problem, hint);
        }
        mark_shared(&mut items, scenes);
        self.groups(raw_scenes, scenes, &items);
        (self.reader.found.len() == before).then_some(items)
    }

    /// The blocks around something in this block, by index, the outermost first.
    fn path(&mut self, file: &raw::File, name: &At<String>) -> Option<Vec<usize>> {
        let mut path = Vec::new();
        let mut next = Some(name);
        while let Some(name) = next {
            let has_name = |it: &Sub<raw::Block>| it.id.as_ref().is_some_and(|id| **id == **name);
            let Some(at) = file.block.iter().position(has_name) else {
                let names = file.block.iter().filter_map(|it| it.id.as_ref());
                self.nothing(name, "block", "block", names.map(|id| id.as_str()));
                return None;
            };
            if path.contains(&at) {
                let problem = format!("the block {:?} would be inside itself", name.value);
                self.wrong(&name.span, "block", problem, "remove one of the lines block = ...");
                return None;
            }
            path.insert(0, at);
            next = file.block[at].block.as_ref();
        }
        Some(path)
    }

    /// No block keeps more than it has.
    fn keeps(&mut self, file: &raw::File, items: &[Item]) {
        for item in items {
            let Item::Block(block) = item else { continue };
            self.keeps(file, &block.items);
            let Some(keep) = block.keep.filter(|keep| *keep > block.items.len()) else { continue };
            let is_own =
                |it: &&Sub<raw::Block>| it.id.as_ref().is_some_and(|id| **id == *block.id.as_str());
            let raw = file.block.iter().find(is_own).and_then(|it| it.keep.as_ref());
            let problem = format!("{keep} of {} cannot be kept", block.items.len());
            let span = raw.map_or(0..0, |keep| keep.span.clone());
            self.wrong(&span, "block.keep", problem, "keep fewer, or leave the line out for all");
        }
    }

    /// One group goes through all games of a block that has its order from the group.
    fn groups(&mut self, raw_scenes: &[scene::Scene], scenes: &[Option<Scene>], items: &[Item]) {
        let gym = |scene: usize| scenes[scene].as_ref().and_then(Scene::gym);
        for block in shared_blocks(items, &|scene| is_shared(&scenes[scene])) {
            let people = |scene: &usize| {
                gym(*scene).into_iter().flat_map(|gym| gym.variants().map(|(_, gym)| gym.people()))
            };
            let first = block.games.iter().flat_map(people).next();
            let odd = block.games.iter().find(|game| people(game).any(|it| Some(it) != first));
            let Some(raw) = odd.and_then(|game| raw_scenes.get(*game)) else { continue };
            let problem = format!(
                "must have as many people as the other games of the block {:?}, which a group goes \
                 through together, in every condition",
                block.id.as_str()
            );
            let hint = "give these games the same number of people, or leave out order and keep";
            let span = raw.head.id.as_ref().map_or(0..0, |id| id.span.clone());
            self.wrong(&span, "players", problem, hint);
        }
    }

    pub(super) fn assignment(
        &mut self,
        file: &raw::File,
        raw_scenes: &[scene::Scene],
        scenes: &[Option<Scene>],
        items: &Option<Vec<Item>>,
    ) -> Assignment {
        let Some(raw) = &file.assignment else {
            return Assignment { per: AssignPer::Participant, method: AssignMethod::Balanced };
        };
        if file.condition.is_empty() {
            let problem = "there are no conditions to assign";
            self.wrong(&raw.span, "assignment", problem, "add [[condition]] tables");
        } else if *raw.per == AssignPer::Group
            && let Some(items) = items
        {
            self.per_group(raw, raw_scenes, scenes, items);
        }
        Assignment { per: *raw.per, method: *raw.method }
    }

    /// A group's condition is known when the group is: nothing before may depend on it.
    fn per_group(
        &mut self,
        raw: &raw::Assignment,
        raw_scenes: &[scene::Scene],
        scenes: &[Option<Scene>],
        items: &[Item],
    ) {
        let hint = "the condition of a group is drawn when it is matched: write per = \
                    \"participant\", or let nothing before depend on it";
        let Some(last) = last_before_match(items, scenes) else {
            let problem = "no game brings a group together";
            return self.wrong(&raw.per.span, "assignment.per", problem, hint);
        };
        for scene in raw_scenes.iter().take(last + 1) {
            if let Some(first) = scene.head.conditions.first() {
                let problem = "whether the scene comes is not known yet";
                self.wrong(&first.span, "conditions", problem, hint);
            }
        }
        for (raw, scene) in raw_scenes.iter().zip(scenes) {
            let (Some(scene::Body::Gym(raw)), Some(gym)) =
                (&raw.body, scene.as_ref().and_then(Scene::gym))
            else {
                continue;
            };
            for (condition, span, _) in &raw.in_conditions {
                let changed = gym
                    .variants()
                    .find(|(id, _)| id.is_some_and(|id| *id.as_str() == *condition.value));
                if changed.is_some_and(|(_, changed)| changed.people() != gym.base.people()) {
                    let problem = "how many people play depends on the condition";
                    self.wrong(span, "condition.settings", problem, hint);
                }
            }
        }
    }
}

/// The blocks that scenes stand in, while the file is gone through.
struct Open {
    /// Indexes of the blocks, the outermost first.
    blocks: Vec<usize>,
    /// The parts of the study, and of each of those blocks.
    items: Vec<Vec<Item>>,
    /// Blocks whose end was seen.
    closed: Vec<usize>,
}

impl Open {
    /// Closes the blocks that are not on this path.
    fn close_to(&mut self, path: &[usize], file: &raw::File) {
        let common = self.blocks.iter().zip(path).take_while(|(own, it)| own == it).count();
        while self.blocks.len() > common {
            let index = self.blocks.pop().expect("it has some");
            let items = self.items.pop().expect("as many as blocks, and one");
            self.closed.push(index);
            let raw = &file.block[index];
            let Some(Ok(id)) = raw.id.as_ref().map(|id| id.parse::<BlockId>()) else { continue };
            let block = Block {
                id,
                order: *raw.order,
                keep: raw.keep.as_ref().map(|keep| narrow(**keep)),
                repeats: narrow(*raw.repeats),
                items,
                is_shared: false,
            };
            self.items.last_mut().expect("the study's own list").push(Item::Block(block));
        }
    }
}

/// How many scenes somebody goes through at most.
fn steps(items: &[Item], scenes: &[Option<Scene>]) -> usize {
    let of = |item: &Item| match item {
        Item::Scene(index) => scenes[*index].as_ref().map_or(1, |it| usize::from(it.repeats)),
        Item::Block(block) => block.repeats.saturating_mul(steps(&block.items, scenes)),
    };
    items.iter().map(of).fold(0, usize::saturating_add)
}

fn is_shared(scene: &Option<Scene>) -> bool {
    scene.as_ref().is_some_and(Scene::is_shared)
}

/// Marks blocks with a game for several people; says whether there is such a game.
fn mark_shared(items: &mut [Item], scenes: &[Option<Scene>]) -> bool {
    let mut any = false;
    for item in items {
        any |= match item {
            Item::Scene(index) => is_shared(&scenes[*index]),
            Item::Block(block) => {
                block.is_shared = mark_shared(&mut block.items, scenes);
                block.is_shared
            }
        };
    }
    any
}

/// The last scene that may come before a group is there, the game that waits for it included.
fn last_before_match(items: &[Item], scenes: &[Option<Scene>]) -> Option<usize> {
    items.iter().find_map(|item| match item {
        Item::Scene(index) => is_shared(&scenes[*index]).then_some(*index),
        Item::Block(block) if block.is_shared && block.is_drawn() => last_scene(&block.items),
        Item::Block(block) => last_before_match(&block.items, scenes),
    })
}

fn last_scene(items: &[Item]) -> Option<usize> {
    items.last().and_then(|item| match item {
        Item::Scene(index) => Some(*index),
        Item::Block(block) => last_scene(&block.items),
    })
}
