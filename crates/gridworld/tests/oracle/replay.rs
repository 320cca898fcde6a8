//! The recorded games under the right rules, and under wrong ones.

use crate::traces::{Failure, Matched, replay, replay_varied};
use crate::{COGRID, fixture};
use dyad_gridworld::overcooked::variation::Variation;
use std::io::Cursor;

#[test]
fn every_recorded_step_and_observation_is_ours() {
    for (name, soups) in COGRID {
        let (matched, failure) = replay(fixture(name));
        assert!(failure.is_none(), "{name}: {}", failure.unwrap());
        let expected = Matched { episodes: 10, steps: 4_000, soups, observations: 8_020 };
        assert_eq!(matched, expected, "{name}");
    }
}

/// Whether some recorded game shows that rules are wrong, and not just that it can't be read.
fn is_found_out<V: Variation>() -> bool {
    COGRID.iter().any(|(name, _)| {
        matches!(replay_varied::<V>(fixture(name)), (_, Some(Failure::Differs { .. })))
    })
}

macro_rules! wrong_rules_are_found_out {
    ($($test:ident: $constant:ident = $value:literal;)+) => {$(
        #[test]
        fn $test() {
            struct Wrong;
            impl Variation for Wrong {
                const $constant: bool = $value;
            }
            assert!(is_found_out::<Wrong>());
        }
    )+};
}

wrong_rules_are_found_out! {
    priority_ignored: PRIORITY = false;
    free_following: FREE_FOLLOWING = true;
    reversed_interactions: REVERSED_INTERACTIONS = true;
    no_floor_drop: FLOOR_DROP = false;
    mixed_pots: MIXED_POTS = true;
    late_tick: LATE_TICK = true;
    late_rewards: LATE_REWARDS = true;
}

fn text(name: &str) -> String {
    std::io::read_to_string(fixture(name)).expect("the fixture is text")
}

#[test]
fn another_cook_time_is_found_out() {
    let text = text("cramped_room").replacen("\"cook_time\":30", "\"cook_time\":29", 1);
    let (_, failure) = replay(Cursor::new(text));
    assert!(matches!(failure, Some(Failure::Differs { .. })));
}

#[test]
fn a_difference_names_the_step_and_shows_both_boards() {
    // The first recorded step leaves the agents at (2, 3) and (1, 3).
    let text = text("cramped_room").replacen("[[2,3,0,\".\"],", "[[2,2,0,\".\"],", 1);
    let (matched, failure) = replay(Cursor::new(text));
    assert_eq!(matched.steps, 0);
    let report = failure.unwrap().to_string();
    for part in ["line 3", "step 1", "agents", "ours:\n", "recorded:\n", "C  >C", "C > C"] {
        assert!(report.contains(part), "{part:?} in\n{report}");
    }
}

#[test]
fn what_is_no_record_is_refused_with_its_line() {
    let lines = text("cramped_room");
    let head: Vec<&str> = lines.lines().take(3).collect();
    let cases = [
        ("{}".to_owned(), 1),
        (head[1].to_owned(), 1),
        (head[0].replace("\"format\":1", "\"format\":2"), 1),
        (head[0].replace("\"n_agents\":2", "\"n_agents\":3"), 1),
        (head[0].replace("CCUCC", "CC?CC"), 1),
        ([head[0], head[2]].join("\n"), 2),
        ([head[0], &head[1].replace("[2,3,2,", "[9,3,2,")].join("\n"), 2),
        ([head[0], &head[1].replace("[2,3,2,", "[0,0,2,")].join("\n"), 2),
        ([head[0], head[1], &head[2].replace("\"first\":0", "\"first\":2")].join("\n"), 3),
        ([head[0], head[1], &head[2].replace("[3,3]", "[3,7]")].join("\n"), 3),
    ];
    for (text, expected) in cases {
        match replay(Cursor::new(&text)) {
            (_, Some(Failure::NotARecord { line, .. })) => assert_eq!(line, expected, "{text}"),
            (matched, failure) => panic!("{matched:?}, {failure:?} for {text}"),
        }
    }
}
