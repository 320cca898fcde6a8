//! What to do next. The hand decides: a soup is delivered, a plate goes to a pot that cooks, an
//! ingredient into a pot that takes it, and an empty hand fetches what is missing. What one
//! can't use oneself is handed over a counter to somebody who can.

use super::Mood;
use super::scene::Scene;
use dyad_gridworld::geometry::Cell;
use dyad_gridworld::layout::Tile;
use dyad_gridworld::overcooked::{Item, POT_CAPACITY, Pot};

/// Something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Face the cell and press the key.
    Use(Cell),
    /// Face the pot and press the key when its soup is ready.
    Await(Cell),
    /// Nothing for now, except not being in the way.
    Wait,
}

impl Goal {
    /// The cell to go to.
    pub(super) const fn cell(self) -> Option<Cell> {
        match self {
            Self::Use(cell) | Self::Await(cell) => Some(cell),
            Self::Wait => None,
        }
    }
}

/// What a pot's missing ingredient counts in steps, so that pots are filled one by one.
const STEPS_PER_MISSING: u16 = 6;

/// Decides what the player of a scene does next.
pub(super) fn decide(scene: &Scene<'_>, mood: &Mood) -> Goal {
    let plan = Plan { scene, trusting: mood.trusting };
    let goal = match scene.me().held {
        Some(Item::OnionSoup | Item::TomatoSoup) => plan.deliver(),
        Some(Item::Plate) => plan.use_plate(),
        Some(ingredient) => plan.use_ingredient(ingredient),
        None => plan.fetch().map(Goal::Use),
    };
    let blocked = goal.is_none_or(|goal| goal.cell().is_some_and(|cell| scene.is_cut_off(cell)));
    // Whoever stands in the way may be locked in by what lies on the floor.
    let clear = if blocked { plan.clear_the_floor() } else { None };
    clear.or(goal).unwrap_or(Goal::Wait)
}

struct Plan<'a> {
    scene: &'a Scene<'a>,
    trusting: bool,
}

impl Plan<'_> {
    fn deliver(&self) -> Option<Goal> {
        let zone = self.scene.nearest(self.scene.cells_with(Tile::Delivery));
        zone.or_else(|| self.hand_over(Tile::Delivery)).map(Goal::Use)
    }

    fn use_plate(&self) -> Option<Goal> {
        if self.pots_in_reach().next().is_none() {
            return self.hand_over(Tile::Pot).map(Goal::Use);
        }
        let wait = |(cell, pot): (Cell, &Pot)| Some((self.scene.cost(cell)?.max(pot.timer), cell));
        let full = self.pots_in_reach().filter(|(_, pot)| pot.is_full());
        if full.clone().count() > self.ahead_of_me(Item::Plate) {
            return full.filter_map(wait).min().map(|(_, cell)| Goal::Await(cell));
        }
        self.put_away().map(Goal::Use)
    }

    fn use_ingredient(&self, item: Item) -> Option<Goal> {
        if self.pots_in_reach().next().is_none() {
            return self.hand_over(Tile::Pot).map(Goal::Use);
        }
        if self.missing(item) > self.ahead_of_me(item) {
            let price = |(cell, pot): (Cell, &Pot)| {
                let missing = u16::try_from(missing(pot, item)).ok()?;
                Some((self.scene.cost(cell)? + missing * STEPS_PER_MISSING, cell))
            };
            let taking = self.pots_in_reach().filter(|(_, pot)| missing(pot, item) > 0);
            return taking.filter_map(price).min().map(|(_, cell)| Goal::Use(cell));
        }
        let all_full = self.pots_in_reach().all(|(_, pot)| pot.is_full());
        let plate_first = self.plates_missing() > 0 && self.source(Item::Plate).is_some();
        if all_full && !plate_first {
            // It goes into the first pot that is emptied.
            return None;
        }
        self.put_away().map(Goal::Use)
    }

    /// Where to go with an empty hand.
    fn fetch(&self) -> Option<Cell> {
        self.on_the_floor()
            .or_else(|| self.loose_soup())
            .or_else(|| self.plate_for_a_pot())
            .or_else(|| self.ingredient_for_a_pot())
            .or_else(|| self.supply_for_others())
            .or_else(|| self.room_on_shared_counters())
            .or_else(|| self.ingredient_for_later())
    }

    fn loose_soup(&self) -> Option<Cell> {
        let zone = self.scene.cells_with(Tile::Delivery).find(|&cell| self.scene.in_reach(cell));
        zone.and_then(|_| self.scene.nearest(cells(self.scene.loose(), Item::is_soup)))
    }

    /// Nobody can walk where something lies, so it is picked up whatever it is.
    fn on_the_floor(&self) -> Option<Cell> {
        let floor: Vec<Cell> = self.scene.cells_with(Tile::Floor).collect();
        let lying = cells(self.scene.loose(), |_| true).filter(|cell| floor.contains(cell));
        self.scene.nearest(lying.filter(|&cell| !self.scene.is_cut_off(cell)))
    }

    /// A hand that can do nothing else is emptied for what lies in the way.
    fn clear_the_floor(&self) -> Option<Goal> {
        self.scene.me().held.and(self.on_the_floor())?;
        self.put_away().map(Goal::Use)
    }

    fn plate_for_a_pot(&self) -> Option<Cell> {
        (self.plates_missing() > 0).then(|| self.source(Item::Plate))?
    }

    fn ingredient_for_a_pot(&self) -> Option<Cell> {
        [Item::Onion, Item::Tomato]
            .into_iter()
            .filter(|&item| self.missing(item) > self.brought(item))
            .find_map(|item| self.source(item))
    }

    /// What those need who can cook where I can't: plates for their full pots, else ingredients,
    /// as long as there is room on the counters between us. One counter stays free of
    /// ingredients, or no plate could ever get through.
    fn supply_for_others(&self) -> Option<Cell> {
        let scene = self.scene;
        scene.others().filter(|&(seat, _)| scene.is_apart(seat)).find_map(|(seat, _)| {
            let theirs = |cell| scene.reach(seat, cell).is_some();
            let room = scene.free_counters().filter(|&cell| theirs(cell) && scene.in_reach(cell));
            let room = room.count();
            let pots = || scene.pots().filter(|(cell, _)| theirs(*cell));
            let wanted = [
                (Item::Plate, 1, pots().filter(|(_, pot)| pot.is_full()).count()),
                (Item::Onion, 2, pots().map(|(_, pot)| missing(pot, Item::Onion)).sum()),
            ];
            wanted.into_iter().find_map(|(item, room_needed, wanted)| {
                let there = scene.loose().filter(|&(cell, it)| it == item && theirs(cell)).count();
                let brought = scene.others().filter(|(_, other)| other.held == Some(item)).count();
                let theirs_too = self.sources(item).any(theirs);
                let helpful = room >= room_needed && wanted > there + brought && !theirs_too;
                helpful.then(|| self.source(item))?
            })
        })
    }

    /// Something to take off the counters between me and others when none of them is free.
    fn room_on_shared_counters(&self) -> Option<Cell> {
        let shared = |cell: &Cell| self.is_shared(*cell);
        let full = !self.scene.free_counters().any(|cell| shared(&cell));
        let lying = cells(self.scene.loose(), |_| true).filter(shared);
        full.then(|| self.scene.nearest(lying))?
    }

    /// While everything cooks, the next ingredient can already be fetched.
    fn ingredient_for_later(&self) -> Option<Cell> {
        self.pots_in_reach().next()?;
        let items = [Item::Onion, Item::Tomato];
        let carried = items.into_iter().map(|item| self.brought(item)).sum::<usize>();
        (carried < POT_CAPACITY).then(|| items.into_iter().find_map(|item| self.source(item)))?
    }

    /// A free counter from which somebody can go on to a tile that is out of my reach.
    fn hand_over(&self, tile: Tile) -> Option<Cell> {
        let scene = self.scene;
        let able = |seat| scene.cells_with(tile).any(|cell| scene.reach(seat, cell).is_some());
        let taker =
            |cell| scene.others().any(|(seat, _)| scene.reach(seat, cell).is_some() && able(seat));
        scene.nearest(scene.free_counters().filter(|&cell| taker(cell)))
    }

    /// A counter for what is of no use now, rather not one that is needed to hand things over.
    fn put_away(&self) -> Option<Cell> {
        let free = || self.scene.free_counters();
        let own = self.scene.nearest(free().filter(|&cell| !self.is_shared(cell)));
        own.or_else(|| self.scene.nearest(free()))
    }

    /// Whether a cell lies between me and somebody whom only counters connect me with.
    fn is_shared(&self, cell: Cell) -> bool {
        let mut apart = self.scene.others().filter(|&(seat, _)| self.scene.is_apart(seat));
        self.scene.in_reach(cell) && apart.any(|(seat, _)| self.scene.reach(seat, cell).is_some())
    }

    /// The nearest place to get an item.
    fn source(&self, item: Item) -> Option<Cell> {
        let loose = cells(self.scene.loose(), move |it| it == item);
        self.scene.nearest(self.sources(item).chain(loose))
    }

    /// The endless stacks of an item.
    fn sources(&self, item: Item) -> impl Iterator<Item = Cell> {
        let tile = match item {
            Item::Onion => Some(Tile::OnionStack),
            Item::Tomato => Some(Tile::TomatoStack),
            Item::Plate => Some(Tile::PlateStack),
            Item::OnionSoup | Item::TomatoSoup => None,
        };
        tile.into_iter().flat_map(|tile| self.scene.cells_with(tile))
    }

    fn pots_in_reach(&self) -> impl Iterator<Item = (Cell, &Pot)> + Clone {
        let pots: Vec<_> =
            self.scene.pots().filter(|(cell, _)| self.scene.in_reach(*cell)).collect();
        pots.into_iter()
    }

    /// How many of an ingredient the pots in reach take.
    fn missing(&self, item: Item) -> usize {
        self.pots_in_reach().map(|(_, pot)| missing(pot, item)).sum()
    }

    /// How many full pots in reach nobody carries a plate for.
    fn plates_missing(&self) -> usize {
        let full = self.pots_in_reach().filter(|(_, pot)| pot.is_full()).count();
        full.saturating_sub(self.brought(Item::Plate))
    }

    /// How many of an item others carry to a pot that I can reach too.
    fn brought(&self, item: Item) -> usize {
        self.carriers(item).count()
    }

    /// How many of them come before me; seats decide, so that not both give way.
    fn ahead_of_me(&self, item: Item) -> usize {
        self.carriers(item).filter(|&seat| seat < self.scene.seat()).count()
    }

    fn carriers(&self, item: Item) -> impl Iterator<Item = usize> {
        let scene = self.scene;
        scene
            .others()
            .filter(move |(seat, other)| {
                let mut pots =
                    scene.pots().map(|(cell, _)| cell).filter(|&cell| scene.in_reach(cell));
                let able = pots.any(|cell| scene.reach(*seat, cell).is_some());
                self.trusting && able && other.held == Some(item)
            })
            .map(|(seat, _)| seat)
    }
}

/// The cells of the items that `wanted` accepts.
fn cells(
    loose: impl Iterator<Item = (Cell, Item)>,
    wanted: impl Fn(Item) -> bool,
) -> impl Iterator<Item = Cell> {
    loose.filter(move |&(_, item)| wanted(item)).map(|(cell, _)| cell)
}

/// How many of an ingredient a pot takes: none if there is another kind in it.
fn missing(pot: &Pot, item: Item) -> usize {
    let takes = pot.contents.iter().flatten().all(|&inside| inside == item);
    if takes { POT_CAPACITY - pot.count() } else { 0 }
}
