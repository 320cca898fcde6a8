//! Conditions, each given to as many as the others.

use crate::lab::{Lab, groups_of, id, ready, scene};
use dyad_matchmaking::balance::Conditions;
use dyad_matchmaking::settings::{ConditionSettings, Unit};
use dyad_matchmaking::{Effect, Event, MatchId, RoomSettings};
use std::collections::BTreeMap;

fn lab(per: Unit, seed: u64) -> Lab {
    let names = ["red", "green", "blue"].map(str::to_owned).to_vec();
    let conditions = Some(ConditionSettings { names, per, seed });
    Lab::new(RoomSettings { conditions, ..groups_of(2) })
}

/// Lets so many pairs begin and finish; their conditions.
fn pairs(lab: &mut Lab, from: u32, number: u32) -> Vec<Conditions> {
    (from..from + number).map(|pair| one_pair(lab, pair)).collect()
}

fn one_pair(lab: &mut Lab, pair: u32) -> Conditions {
    lab.after(0, ready(&format!("a{pair}")));
    let effects = lab.after(0, ready(&format!("b{pair}")));
    let [Effect::Register { id, conditions, .. }] = &effects[..] else { panic!("{effects:?}") };
    lab.after(0, Event::Registered(*id));
    conditions.clone()
}

fn counts(lab: &Lab) -> [u64; 3] {
    let state = lab.matchmaking.state();
    let tally = state.tally(&scene()).unwrap();
    ["red", "green", "blue"].map(|name| tally.count(name))
}

#[test]
fn groups_get_conditions_in_balance() {
    let mut lab = lab(Unit::Group, 5);
    for block in 0..10 {
        let mut drawn = BTreeMap::new();
        for conditions in pairs(&mut lab, block * 3, 3) {
            let Conditions::Group(condition) = conditions else { panic!("{conditions:?}") };
            *drawn.entry(condition).or_insert(0) += 1;
        }
        assert!(drawn.values().all(|&times| times == 1), "block {block}: {drawn:?}");
    }
    assert_eq!(counts(&lab), [10; 3]);
}

#[test]
fn ties_are_decided_by_the_seed_and_by_nothing_else() {
    let order = |seed| pairs(&mut lab(Unit::Group, seed), 0, 12);
    assert_eq!(order(1), order(1));
    let orders: std::collections::BTreeSet<String> =
        (0..8).map(|seed| format!("{:?}", order(seed))).collect();
    assert!(orders.len() > 4, "seeds make no difference: {orders:?}");
    let first = |seed| order(seed)[0].clone();
    let starts: std::collections::BTreeSet<String> =
        (0..20).map(|seed| format!("{:?}", first(seed))).collect();
    assert_eq!(starts.len(), 3, "every condition comes first with some seed");
}

#[test]
fn what_a_match_drew_that_never_began_is_given_back() {
    let mut lab = lab(Unit::Group, 5);
    pairs(&mut lab, 0, 3);
    lab.after(0, ready("x"));
    lab.after(0, ready("y"));
    assert_eq!(counts(&lab).iter().sum::<u64>(), 4);
    lab.after(1, Event::Left(id("x")));
    assert_eq!(counts(&lab), [1; 3]);
}

#[test]
fn people_get_conditions_in_balance_and_keep_them() {
    let mut lab = lab(Unit::Participant, 9);
    let drawn = pairs(&mut lab, 0, 6);
    assert_eq!(counts(&lab), [4; 3]);
    let again: Vec<_> = (0..6)
        .map(|pair| {
            for name in ["a", "b"] {
                lab.after(0, Event::Finished(id(&format!("{name}{pair}"))));
            }
            one_pair(&mut lab, pair)
        })
        .collect();
    assert_eq!(again, drawn, "who has played keeps the condition");
    assert_eq!(counts(&lab), [4; 3]);
}

#[test]
fn who_never_played_gives_the_condition_back_when_leaving() {
    let mut lab = lab(Unit::Participant, 9);
    lab.after(0, ready("x"));
    let effects = lab.after(0, ready("y"));
    let [Effect::Register { conditions: Conditions::Seats(drawn), .. }] = &effects[..] else {
        panic!("{effects:?}");
    };
    let of_y = drawn[1].clone();
    lab.after(1, Event::Left(id("x")));
    assert_eq!(counts(&lab).iter().sum::<u64>(), 1, "y still has one");
    let effects = lab.after(2, ready("z"));
    let [Effect::Register { id: MatchId(1), conditions: Conditions::Seats(drawn), .. }] =
        &effects[..]
    else {
        panic!("{effects:?}");
    };
    assert_eq!(drawn[0], of_y);
    lab.after(3, Event::NotRegistered(MatchId(1)));
    assert_eq!(counts(&lab), [0; 3]);
}
