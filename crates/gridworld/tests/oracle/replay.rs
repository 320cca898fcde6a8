//! The recorded games under the right rules, and under wrong ones.

use crate::traces::{Failure, Matched, replay, replay_varied};
use crate::{COGRID, OVERCOOKED_AI, fixture, human};
use dyad_gridworld::overcooked::variation as in_cogrid;
use dyad_gridworld::overcooked_ai::variation as in_overcooked_ai;
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

#[test]
fn every_step_of_the_human_games_is_ours() {
    for (name, episodes, steps, soups) in OVERCOOKED_AI {
        let (matched, failure) = replay(human(name));
        assert!(failure.is_none(), "{name}: {}", failure.unwrap());
        assert_eq!(matched, Matched { episodes, steps, soups, observations: 0 }, "{name}");
    }
}

/// Whether a recorded game shows that rules are wrong, and not just that it can't be read.
fn differs(outcome: (Matched, Option<Failure>)) -> bool {
    matches!(outcome, (_, Some(Failure::Differs { .. })))
}

/// Whether some of CoGrid's games show it.
fn cogrid_shows<V: in_cogrid::Variation>() -> bool {
    let replay = |name| replay_varied::<V, in_overcooked_ai::Exact>(fixture(name));
    COGRID.iter().any(|(name, _)| differs(replay(name)))
}

/// Whether some of the human games show it.
fn people_show<V: in_overcooked_ai::Variation>() -> bool {
    let replay = |name| replay_varied::<in_cogrid::Exact, V>(human(name));
    OVERCOOKED_AI.iter().any(|(name, ..)| differs(replay(name)))
}

macro_rules! wrong_rules_are_found_out {
    ($rules:ident by $shows:ident: $($test:ident: $constant:ident = $value:literal;)+) => {$(
        #[test]
        fn $test() {
            struct Wrong;
            impl $rules::Variation for Wrong {
                const $constant: bool = $value;
            }
            assert!($shows::<Wrong>());
        }
    )+};
}

wrong_rules_are_found_out! {
    in_cogrid by cogrid_shows:
    priority_ignored: PRIORITY = false;
    free_following: FREE_FOLLOWING = true;
    reversed_interactions: REVERSED_INTERACTIONS = true;
    no_floor_drop: FLOOR_DROP = false;
    mixed_pots: MIXED_POTS = true;
    late_tick: LATE_TICK = true;
    late_rewards: LATE_REWARDS = true;
}

wrong_rules_are_found_out! {
    in_overcooked_ai by people_show:
    people_who_interact_in_reverse: REVERSED_INTERACTIONS = true;
    people_who_cannot_follow: FOLLOWING = false;
    people_who_change_places: SWAPPING = true;
    people_of_whom_the_first_comes_first: FIRST_GETS_IT = true;
    soup_that_cooks_before_people_interact: EARLY_TICK = true;
    soup_that_stops_counting: CAPPED = true;
    soup_that_is_ready_late: LATE_READY = true;
    floors_that_things_are_put_on: FLOOR_DROP = true;
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
fn a_difference_in_a_human_game_shows_both_boards() {
    let text = std::io::read_to_string(human("cramped_room")).unwrap();
    let text = text.replacen("[1,2,\"N\",\"\"],", "[1,2,\"W\",\"o\"],", 2);
    // The first was the trial itself, whose start state we take as it is.
    let (matched, failure) =
        replay(Cursor::new(text.replacen("[1,2,\"W\",\"o\"],", "[1,2,\"N\",\"\"],", 1)));
    assert_eq!((matched.episodes, matched.steps), (1, 0));
    let report = failure.unwrap().to_string();
    for part in ["line 2", "step 1", "players", "ours:\n", "recorded:\n", "C^  C", "C<  C", "onion"]
    {
        assert!(report.contains(part), "{part:?} in\n{report}");
    }
}

#[test]
fn what_is_no_record_is_refused_with_its_line() {
    let lines = text("cramped_room");
    let head: Vec<&str> = lines.lines().take(3).collect();
    let people = std::io::read_to_string(human("cramped_room")).unwrap();
    let trial: Vec<&str> = people.lines().take(3).collect();
    let cases = [
        (trial[1].to_owned(), 1),
        (trial[0].replace("\"k\":\"trial\"", "\"k\":\"trial\",\"format\":2"), 1),
        (trial[0].replace("\"trial\",", "\"session\","), 1),
        (trial[0].replace("XXPXX", "XXZXX"), 1),
        (trial[0].replace("[1,2,", "[0,2,"), 1),
        (trial[0].replace("[1,2,", "[1,20,"), 1),
        ([trial[0], trial[2]].join("\n"), 2),
        ([trial[0], &trial[1].replace("\"..\"", "\"...\"")].join("\n"), 2),
        ([trial[0], &trial[1].replace("\"..\"", "\"x.\"")].join("\n"), 2),
        ([head[0], trial[1]].join("\n"), 2),
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
