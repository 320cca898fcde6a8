//! Walks, and who is paid for them. The rewards of the published variant are those that
//! cogrid 0.3.2 gave for the same actions.

use super::{Parameters, Payment, Rules, Walk};
use crate::environment::Environment as _;
use crate::layout::Layout;
use crate::rng::Rng;
use crate::settings::SettingsError;
use crate::{Action, Reward};

fn rules(payment: Payment) -> Rules {
    let parameters = Parameters { payment, ..Parameters::default() };
    let (_, text) = Walk::LAYOUTS[0];
    Walk::rules(&parameters, &Layout::parse(text).unwrap(), 2).unwrap()
}

/// Both players' rewards and whether each is over, step by step: player 0 does what the letters
/// say, player 1 nothing.
fn play(payment: Payment, script: &str) -> Vec<([i32; 2], [bool; 2])> {
    let rules = rules(payment);
    let mut rng = Rng::new(3);
    let mut walk = Walk::start(&rules, 0, &mut rng);
    let mut played = Vec::new();
    for letter in script.chars() {
        let action = match letter {
            'u' => Action::Up,
            'd' => Action::Down,
            'r' => Action::Right,
            'p' => Action::PickupDrop,
            _ => Action::Noop,
        };
        let step = walk.step(&rules, &[action, Action::Noop], &mut rng);
        let [a, b, ..] = step.rewards;
        let [over, other, ..] = step.terminated;
        assert_eq!(step.score, a.max(b));
        played.push(([a.0 / 1000, b.0 / 1000], [over, other]));
    }
    played
}

const NOTHING: ([i32; 2], [bool; 2]) = ([0, 0], [false, false]);

#[test]
fn as_published_who_arrives_is_never_paid_and_the_other_is_ever_after() {
    let played = play(Payment::AsPublished, "ruuuu...");
    assert_eq!(played[..4], [NOTHING; 4]);
    assert_eq!(played[4], ([0, 0], [true, false]));
    assert_eq!(played[5..], [([0, 1], [true, false]); 3]);
}

#[test]
fn as_published_who_arrives_can_walk_on() {
    let played = play(Payment::AsPublished, "ruuuudd");
    assert_eq!(played[4..], [([0, 0], [true, false]), ([0, 1], [false, false]), NOTHING]);
}

#[test]
fn on_arrival_both_are_paid_once_and_who_arrives_stays() {
    let played = play(Payment::OnArrival, "ruuuuddu");
    assert_eq!(played[..4], [NOTHING; 4]);
    assert_eq!(played[4], ([1, 1], [true, false]));
    assert_eq!(played[5..], [([0, 0], [true, false]); 3]);
}

#[test]
fn a_goal_that_was_taken_away_is_none() {
    assert_eq!(play(Payment::AsPublished, "ruuupu.."), [NOTHING; 8]);
}

#[test]
fn layouts_that_leave_something_open_are_refused() {
    let rules = |text: &str| {
        let layout = Layout::parse(text).unwrap();
        Walk::rules(&Parameters::default(), &layout, 2).map(|_| ())
    };
    assert_eq!(rules("++G"), Ok(()));
    let missing = SettingsError::NoSpawns { task: "goal-finding", players: 2 };
    assert_eq!(rules("+ G"), Err(missing));
    let too_many = SettingsError::TooMany { what: "goals", found: 9, most: 8 };
    assert_eq!(rules("++GGGGGGGGG"), Err(too_many));
}

#[test]
fn payments_and_rewards_are_read_from_settings() {
    let read = |json: &str| serde_json::from_str::<Parameters>(json).ok();
    assert_eq!(read("{}"), Some(Parameters::default()));
    let corrected = Parameters { reward: Reward(500), payment: Payment::OnArrival };
    assert_eq!(read(r#"{"payment":"on-arrival","reward":"0.5"}"#), Some(corrected));
    assert_eq!(read(r#"{"payment":"never"}"#), None);
}
