//! Where each sprite is in the atlas. Made by `cargo xtask sprites` from the drawings beside this
//! file, which are what to change.
//!
//! drawings 4122ee064b06abbe64dae7aac946f147
//! pictures d4521449b1e28dcc2536f521b2f7873c

use super::Sprite;

/// An apron from the front.
pub(crate) const APRON_DOWN: Sprite = Sprite { at: [286, 387], extent: [40, 25], offset: [20, 50] };

/// An apron from the side.
pub(crate) const APRON_RIGHT: Sprite =
    Sprite { at: [330, 387], extent: [45, 25], offset: [25, 50] };

/// An apron's bow from behind.
pub(crate) const APRON_UP: Sprite = Sprite { at: [208, 387], extent: [40, 30], offset: [20, 40] };

/// The player of seat 3, seen from the front.
pub(crate) const BODY_HEXAGON_DOWN: Sprite =
    Sprite { at: [506, 101], extent: [70, 65], offset: [5, 15] };

/// The player of seat 3, looking right; mirrored, looking left.
pub(crate) const BODY_HEXAGON_RIGHT: Sprite =
    Sprite { at: [2, 185], extent: [70, 65], offset: [5, 15] };

/// The player of seat 3, seen from behind.
pub(crate) const BODY_HEXAGON_UP: Sprite =
    Sprite { at: [76, 185], extent: [70, 65], offset: [5, 15] };

/// The player of seat 0, seen from the front.
pub(crate) const BODY_ROUND_DOWN: Sprite =
    Sprite { at: [150, 185], extent: [70, 65], offset: [5, 15] };

/// The player of seat 0, looking right; mirrored, looking left.
pub(crate) const BODY_ROUND_RIGHT: Sprite =
    Sprite { at: [224, 185], extent: [70, 65], offset: [5, 15] };

/// The player of seat 0, seen from behind.
pub(crate) const BODY_ROUND_UP: Sprite =
    Sprite { at: [298, 185], extent: [70, 65], offset: [5, 15] };

/// The player of seat 1, seen from the front.
pub(crate) const BODY_SQUARE_DOWN: Sprite =
    Sprite { at: [372, 185], extent: [70, 65], offset: [5, 15] };

/// The player of seat 1, looking right; mirrored, looking left.
pub(crate) const BODY_SQUARE_RIGHT: Sprite =
    Sprite { at: [446, 185], extent: [70, 65], offset: [5, 15] };

/// The player of seat 1, seen from behind.
pub(crate) const BODY_SQUARE_UP: Sprite =
    Sprite { at: [520, 185], extent: [70, 65], offset: [5, 15] };

/// The player of seat 2, seen from the front.
pub(crate) const BODY_TRIANGLE_DOWN: Sprite =
    Sprite { at: [2, 254], extent: [70, 65], offset: [5, 15] };

/// The player of seat 2, looking right; mirrored, looking left.
pub(crate) const BODY_TRIANGLE_RIGHT: Sprite =
    Sprite { at: [76, 254], extent: [70, 65], offset: [5, 15] };

/// The player of seat 2, seen from behind.
pub(crate) const BODY_TRIANGLE_UP: Sprite =
    Sprite { at: [150, 254], extent: [70, 65], offset: [5, 15] };

/// Water in a pot, as soon as something is in it.
pub(crate) const BROTH: Sprite = Sprite { at: [2, 387], extent: [50, 35], offset: [15, 10] };

/// A counter's top; its neighbours go on without a gap.
pub(crate) const COUNTER: Sprite = Sprite { at: [338, 2], extent: [80, 80], offset: [0, 0] };

/// A counter's front, where one can stand before it.
pub(crate) const COUNTER_FRONT: Sprite =
    Sprite { at: [447, 387], extent: [80, 20], offset: [0, 60] };

/// The place for finished soups: a mat with a bell.
pub(crate) const DELIVERY: Sprite = Sprite { at: [550, 254], extent: [80, 60], offset: [0, 0] };

/// The front below the place for finished soups.
pub(crate) const DELIVERY_FRONT: Sprite =
    Sprite { at: [531, 387], extent: [80, 20], offset: [0, 60] };

/// The near edge of what is solid, below its front.
pub(crate) const EDGE_BOTTOM: Sprite = Sprite { at: [318, 426], extent: [80, 5], offset: [0, 75] };

/// The left edge of what is solid; the right one is its mirror image.
pub(crate) const EDGE_SIDE: Sprite = Sprite { at: [422, 2], extent: [5, 80], offset: [0, 0] };

/// The far edge of what is solid.
pub(crate) const EDGE_TOP: Sprite = Sprite { at: [402, 426], extent: [80, 5], offset: [0, 0] };

/// Floor, the darker of its two tones.
pub(crate) const FLOOR_DARK: Sprite = Sprite { at: [431, 2], extent: [80, 80], offset: [0, 0] };

/// Floor, the lighter of its two tones.
pub(crate) const FLOOR_LIGHT: Sprite = Sprite { at: [515, 2], extent: [80, 80], offset: [0, 0] };

/// A goal: a flag on a mark that one walks onto.
pub(crate) const GOAL: Sprite = Sprite { at: [2, 101], extent: [80, 80], offset: [0, 0] };

/// A hand, around the middle of its view box.
pub(crate) const HAND: Sprite = Sprite { at: [615, 387], extent: [20, 20], offset: [30, 30] };

/// The hat of the cook of seat 3.
pub(crate) const HAT_HEXAGON: Sprite =
    Sprite { at: [356, 323], extent: [60, 40], offset: [10, -5] };

/// The hat of the cook of seat 0.
pub(crate) const HAT_ROUND: Sprite = Sprite { at: [420, 323], extent: [60, 40], offset: [10, -5] };

/// The hat of the cook of seat 1.
pub(crate) const HAT_SQUARE: Sprite = Sprite { at: [484, 323], extent: [60, 40], offset: [10, -5] };

/// The hat of the cook of seat 2.
pub(crate) const HAT_TRIANGLE: Sprite =
    Sprite { at: [548, 323], extent: [60, 40], offset: [10, -5] };

/// An onion.
pub(crate) const ONION: Sprite = Sprite { at: [86, 323], extent: [50, 50], offset: [15, 15] };

/// An onion in a pot, around the middle of its view box.
pub(crate) const PIECE_ONION: Sprite =
    Sprite { at: [379, 387], extent: [30, 25], offset: [25, 15] };

/// A tomato in a pot, around the middle of its view box.
pub(crate) const PIECE_TOMATO: Sprite =
    Sprite { at: [413, 387], extent: [30, 25], offset: [25, 15] };

/// An empty plate.
pub(crate) const PLATE: Sprite = Sprite { at: [140, 323], extent: [50, 50], offset: [15, 15] };

/// A plate of onion soup.
pub(crate) const PLATE_ONION_SOUP: Sprite =
    Sprite { at: [194, 323], extent: [50, 50], offset: [15, 15] };

/// A plate of tomato soup.
pub(crate) const PLATE_TOMATO_SOUP: Sprite =
    Sprite { at: [248, 323], extent: [50, 50], offset: [15, 15] };

/// A pot, seen from above and a little from the front; empty.
pub(crate) const POT: Sprite = Sprite { at: [224, 254], extent: [70, 65], offset: [5, 0] };

/// The sign that something is done.
pub(crate) const READY: Sprite = Sprite { at: [252, 387], extent: [30, 30], offset: [50, 0] };

/// The rim of one's own cook of seat 3.
pub(crate) const RIM_COOK_HEXAGON: Sprite =
    Sprite { at: [2, 2], extent: [80, 95], offset: [0, -10] };

/// The rim of one's own cook of seat 0.
pub(crate) const RIM_COOK_ROUND: Sprite =
    Sprite { at: [86, 2], extent: [80, 95], offset: [0, -10] };

/// The rim of one's own cook of seat 1.
pub(crate) const RIM_COOK_SQUARE: Sprite =
    Sprite { at: [170, 2], extent: [80, 95], offset: [0, -10] };

/// The rim of one's own cook of seat 2.
pub(crate) const RIM_COOK_TRIANGLE: Sprite =
    Sprite { at: [254, 2], extent: [80, 95], offset: [0, -10] };

/// The rim of one's own player of seat 3.
pub(crate) const RIM_HEXAGON: Sprite = Sprite { at: [170, 101], extent: [80, 75], offset: [0, 10] };

/// The rim of one's own player of seat 0.
pub(crate) const RIM_ROUND: Sprite = Sprite { at: [254, 101], extent: [80, 75], offset: [0, 10] };

/// The rim of one's own player of seat 1.
pub(crate) const RIM_SQUARE: Sprite = Sprite { at: [338, 101], extent: [80, 75], offset: [0, 10] };

/// The rim of one's own player of seat 2.
pub(crate) const RIM_TRIANGLE: Sprite =
    Sprite { at: [422, 101], extent: [80, 75], offset: [0, 10] };

/// What a counter throws onto the floor below it.
pub(crate) const SHADE: Sprite = Sprite { at: [234, 426], extent: [80, 15], offset: [0, 0] };

/// What a player throws onto the floor.
pub(crate) const SHADOW: Sprite = Sprite { at: [2, 426], extent: [60, 20], offset: [10, 60] };

/// Onion soup in a pot.
pub(crate) const SOUP_ONION: Sprite = Sprite { at: [56, 387], extent: [50, 35], offset: [15, 10] };

/// Tomato soup in a pot.
pub(crate) const SOUP_TOMATO: Sprite =
    Sprite { at: [110, 387], extent: [50, 35], offset: [15, 10] };

/// A crate of onions that never runs out.
pub(crate) const STACK_ONION: Sprite = Sprite { at: [298, 254], extent: [80, 65], offset: [0, -5] };

/// A pile of plates that never runs out.
pub(crate) const STACK_PLATE: Sprite = Sprite { at: [382, 254], extent: [80, 65], offset: [0, -5] };

/// A crate of tomatoes that never runs out.
pub(crate) const STACK_TOMATO: Sprite =
    Sprite { at: [466, 254], extent: [80, 65], offset: [0, -5] };

/// Steam over a soup that is ready.
pub(crate) const STEAM: Sprite = Sprite { at: [164, 387], extent: [40, 35], offset: [20, -15] };

/// A hob, under a pot.
pub(crate) const STOVE: Sprite = Sprite { at: [2, 323], extent: [80, 60], offset: [0, 0] };

/// The oven below a hob.
pub(crate) const STOVE_FRONT: Sprite = Sprite { at: [66, 426], extent: [80, 20], offset: [0, 60] };

/// A tomato.
pub(crate) const TOMATO: Sprite = Sprite { at: [302, 323], extent: [50, 50], offset: [15, 15] };

/// A wall's top.
pub(crate) const WALL: Sprite = Sprite { at: [86, 101], extent: [80, 80], offset: [0, 0] };

/// A wall's front.
pub(crate) const WALL_FRONT: Sprite = Sprite { at: [150, 426], extent: [80, 20], offset: [0, 60] };
