//! The experiment file's tables as they are read: types of values, defaults and ranges, and where
//! each stands. `check/` gives the values their meaning.
//!
//! The comments on fields here are what authors read, in the JSON Schema and in `EXPERIMENTS.md`.

pub(crate) mod form;
pub(crate) mod gym;
pub(crate) mod scene;
pub(crate) mod study;

use crate::read::{At, Sub, items, optional, or, required, tables, within};
use crate::words::{AssignMethod, AssignPer, Order};
use gym::{Defaults, Overrides};
use scene::Scenes;
use study::{Completion, Data, Dropout, Matchmaking, Monitoring, Network, Screening, WaitingRoom};

/// Seeds travel as JSON numbers, which are exact up to here in every language.
pub(crate) const MAX_SEED: f64 = ((1_u64 << 53) - 1) as f64;

tables! {
    /// An experiment file: a study, from the first page to the completion code.
    File {
        /// The study's id, which becomes a folder of the data: 1 to 64 of a-z, 0-9, '-' and '_', a letter or digit first.
        id: Option<At<String>> = required();
        /// The study's title, for people. Its id, if left out.
        title: Option<At<String>> = within(1, 200);
        /// The language of the program's own words, such as `"en"` or `"de"`. Words that the program does not have in it are English. Left out, every computer's own.
        language: Option<At<String>> = within(1, 100);
        /// Whether games have sounds.
        sounds: At<bool> = or(false);
        /// Milliseconds over which a corrected position is eased on screen; 0 shows it at once.
        motion_easing_ms: At<i64> = within(0, 100).or(100);
        /// Servers that help participants to connect to each other.
        network: Option<Sub<Network>> = optional();
        /// Who plays with whom.
        matchmaking: Sub<Matchmaking> = optional();
        /// How long people wait for a partner, and what then.
        waiting_room: Sub<WaitingRoom> = optional();
        /// Who may take part; looked at before the first scene.
        screening: Option<Sub<Screening>> = optional();
        /// What is watched during a game.
        monitoring: Option<Sub<Monitoring>> = optional();
        /// What somebody gets whose partner has gone.
        dropout: Sub<Dropout> = optional();
        /// Codes and messages at the end.
        completion: Sub<Completion> = optional();
        /// What becomes of the data.
        data: Sub<Data> = optional();
        /// How people come to conditions.
        assignment: Option<Sub<Assignment>> = optional();
        /// Settings for all games, unless a scene says otherwise: any field of a gym scene from task on.
        defaults: Defaults = optional();
        /// The study's conditions.
        condition: Vec<Sub<Condition>> = items(0, 50);
        /// Scenes that belong together, to be shuffled, drawn from or repeated.
        block: Vec<Sub<Block>> = items(0, 200);
        /// The scenes, in order.
        scene: Scenes = items(1, 200).required();
    }

    /// How people come to conditions.
    Assignment {
        /// Whether each person has a condition from the start, and plays with people of the same one; or each group gets one when it is matched.
        per: At<AssignPer> = or("participant");
        /// How a condition is chosen.
        method: At<AssignMethod> = or("balanced");
    }

    /// A condition of the study.
    Condition {
        /// Its id. Scenes name it in their field conditions.
        id: Option<At<String>> = required();
        /// How many people it gets, in relation to the other conditions.
        weight: At<i64> = within(1, 1000).or(1);
        /// Settings of games that differ in this condition, by the scene's id: `[condition.settings.SCENE]`. Any field of a gym scene from task on, but players and tutorial.
        settings: Overrides = optional();
    }

    /// A block: scenes that stand together in the file and name it in their field block.
    Block {
        /// Its id.
        id: Option<At<String>> = required();
        /// The block that it is a part of, if it is.
        block: Option<At<String>> = optional();
        /// The order of its scenes and blocks.
        order: At<Order> = or("fixed");
        /// How many of its scenes and blocks are kept, drawn at random. All, if left out.
        keep: Option<At<i64>> = within(1, 200);
        /// How often it is gone through, each time with an order of its own.
        repeats: At<i64> = within(1, 100).or(1);
    }
}
