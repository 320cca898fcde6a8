//! Ways through a study: orders that are drawn, and what follows when something ends.

use dyad_experiment::{Assigned, Experiment, Flow, Outcome, Place};
use std::collections::{BTreeMap, BTreeSet};

fn experiment(text: &str) -> Experiment {
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    Experiment::parse(text, no_files).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn page(id: &str, lines: &str) -> String {
    format!("[[scene]]\nid = \"{id}\"\nkind = \"page\"\ntext = \"x\"\n{lines}\n")
}

fn game(id: &str, lines: &str) -> String {
    format!("[[scene]]\nid = \"{id}\"\nlayout = \"cramped_room\"\n{lines}\n")
}

/// The scenes' ids, without the blanks.
fn ids(experiment: &Experiment, assigned: &Assigned) -> Vec<String> {
    let flow = experiment.flow(assigned);
    flow.steps().iter().map(|step| experiment.scenes()[step.scene].id.to_string()).collect()
}

fn of_seed(experiment: &Experiment, seed: u64) -> String {
    ids(experiment, &Assigned { seed, ..Assigned::default() }).join(" ")
}

#[test]
fn scenes_come_in_the_order_of_the_file_as_often_as_they_are_repeated() {
    let file =
        format!("id = \"s\"\n{}{}{}", page("p", ""), game("g", "repeats = 2"), page("q", ""));
    let experiment = experiment(&(file + "[[scene]]\nid = \"c\"\nkind = \"completion\"\n"));
    let flow = experiment.flow(&Assigned::default());
    let steps: Vec<_> = flow.steps().iter().map(|step| (step.scene, step.repetition)).collect();
    assert_eq!(steps, [(0, 0), (1, 0), (1, 1), (2, 0)]);
}

/// A study with pages in a block of this kind.
fn block(lines: &str) -> Experiment {
    let pages = ["a", "b", "c", "d"].map(|id| page(id, "block = \"b\"")).concat();
    let file = format!("id = \"s\"\n[[block]]\nid = \"b\"\n{lines}\n{}{pages}", game("g", ""));
    experiment(&file)
}

#[test]
fn a_random_order_is_one_s_own_and_stays() {
    let experiment = block("order = \"random\"");
    let orders: Vec<_> = (0..500).map(|seed| of_seed(&experiment, seed)).collect();
    assert_eq!(orders.iter().collect::<BTreeSet<_>>().len(), 24, "all orders of four come up");
    for (seed, order) in (0..500).zip(&orders) {
        assert_eq!(of_seed(&experiment, seed), *order);
        assert!(order.starts_with("g "));
        assert_eq!(order.split(' ').collect::<BTreeSet<_>>().len(), 5, "none twice: {order}");
    }
    // Studies under way depend on it.
    assert_eq!(orders[..3], ["g a b d c", "g a d b c", "g a c d b"]);
}

#[test]
fn some_are_kept_in_either_order() {
    let (fixed, random) = (block("keep = 2"), block("keep = 2\norder = \"random\""));
    let distinct = |experiment: &Experiment| -> BTreeSet<String> {
        (0..500).map(|seed| of_seed(experiment, seed)).collect()
    };
    let (fixed, random) = (distinct(&fixed), distinct(&random));
    assert_eq!((fixed.len(), random.len()), (6, 12));
    assert!(fixed.iter().all(|order| order[2..].split(' ').is_sorted()), "{fixed:?}");
}

#[test]
fn each_repetition_has_an_order_of_its_own() {
    let experiment = block("order = \"random\"\nrepeats = 2");
    let differs = |seed: &u64| {
        let order = of_seed(&experiment, *seed);
        let (first, second) = order[2..].split_at(8);
        first.trim() != second.trim()
    };
    assert!((0..100).filter(differs).count() > 80);
    let flow = experiment.flow(&Assigned::default());
    let second: Vec<_> = flow.steps().iter().skip(5).map(|step| step.repetition).collect();
    assert_eq!(second, [1; 4]);
}

#[test]
fn blocks_in_blocks_stay_together() {
    let parts = ["x", "y", "z"].map(|id| {
        let lines = format!("block = \"{id}\"");
        let block = format!("[[block]]\nid = \"{id}\"\nblock = \"b\"\n");
        block + &page(&format!("{id}1"), &lines) + &page(&format!("{id}2"), &lines)
    });
    let all = parts.concat();
    let file = format!(
        "id = \"s\"\n[[block]]\nid = \"b\"\norder = \"random\"\nkeep = 2\n{all}{}",
        game("g", "")
    );
    let experiment = experiment(&file);
    let orders: BTreeSet<_> = (0..200).map(|seed| of_seed(&experiment, seed)).collect();
    assert_eq!(orders.len(), 6);
    assert!(orders.contains("y1 y2 x1 x2 g"), "{orders:?}");
}

#[test]
fn conditions_choose_scenes_before_anything_is_drawn() {
    let file = format!(
        "id = \"s\"\n[[condition]]\nid = \"c\"\n[[condition]]\nid = \"d\"\n[[block]]\nid = \"b\"\nkeep = 1\n\
         {}{}{}",
        page("p", "block = \"b\"\nconditions = [\"c\"]"),
        page("q", "block = \"b\"\nconditions = [\"d\"]"),
        game("g", ""),
    );
    let experiment = experiment(&file);
    let of = |condition: &str, seed| {
        let condition = Some(condition.parse().unwrap());
        ids(&experiment, &Assigned { condition, seed, ..Assigned::default() }).join(" ")
    };
    assert!((0..50).all(|seed| of("c", seed) == "p g" && of("d", seed) == "q g"));
    assert_eq!(of_seed(&experiment, 1), "g", "scenes of conditions come only with one");
}

/// Two games for two in random order, after a random block of pages.
fn shared() -> Experiment {
    let pages = ["a", "b", "c"].map(|id| page(id, "block = \"own\"")).concat();
    let games = ["g", "h", "i"].map(|id| game(id, "block = \"games\"")).concat();
    let blocks = "[[block]]\nid = \"own\"\norder = \"random\"\n\
                  [[block]]\nid = \"games\"\norder = \"random\"\nkeep = 2\n";
    experiment(&format!("id = \"s\"\n{blocks}{pages}{games}{}", page("z", "")))
}

#[test]
fn people_who_play_together_have_one_order_of_games() {
    let experiment = shared();
    let mut seen = BTreeSet::new();
    for seed in 0..300 {
        let groups = BTreeMap::from([("games".parse().unwrap(), 7_000 + seed)]);
        let person = |seed| Assigned { seed, groups: groups.clone(), condition: None };
        let alone = |seed| Assigned { seed, ..Assigned::default() };
        let (first, second) =
            (ids(&experiment, &person(seed)), ids(&experiment, &person(seed + 999)));
        assert_eq!(first[3..], second[3..], "the same games in the same order");
        let before = ids(&experiment, &alone(seed));
        assert_eq!(before[..3], first[..3], "what comes before the match never changes");
        assert_eq!(before.len(), first.len());
        assert_eq!(before[3..5], ["g", "h"], "a placeholder in the file's order");
        seen.insert(first[3..].join(" "));
    }
    assert_eq!(seen.len(), 6, "pairs differ: {seen:?}");
    let flow = experiment.flow(&Assigned::default());
    let groups: Vec<_> = flow.steps().iter().map(|step| step.group.is_some()).collect();
    assert_eq!(groups, [false, false, false, true, true, false]);
    let blocks = experiment.shared_blocks();
    let blocks: Vec<_> = blocks.iter().map(|it| (it.id.as_str(), &it.games[..])).collect();
    assert_eq!(blocks, [("games", &[3, 4, 5][..])], "the one before which groups are found");
}

#[test]
fn a_block_without_a_game_for_several_in_one_s_condition_is_one_s_own() {
    let last = game("z", "");
    let game = game("g", "block = \"b\"\nconditions = [\"c\"]");
    let pages = ["p", "q"].map(|id| page(id, "block = \"b\"")).concat();
    let conditions = "[[condition]]\nid = \"c\"\n[[condition]]\nid = \"d\"\n";
    let block = "[[block]]\nid = \"b\"\norder = \"random\"\n";
    let experiment = experiment(&format!("id = \"s\"\n{conditions}{block}{game}{pages}{last}"));
    let of = |condition: &str, seed| {
        let condition = Some(condition.parse().unwrap());
        let assigned = Assigned { condition, seed, ..Assigned::default() };
        let flow = experiment.flow(&assigned);
        (flow.steps()[0].group.is_some(), ids(&experiment, &assigned).join(" "))
    };
    let orders = |condition| (0..50).map(|seed| of(condition, seed)).collect::<BTreeSet<_>>();
    assert_eq!(orders("c").len(), 1, "the group's seed is not there");
    let own: Vec<_> = orders("d").into_iter().collect();
    assert_eq!(own, [(false, "p q z".to_owned()), (false, "q p z".to_owned())]);
}

/// Somebody's scenes when each ends as `ended` says.
fn way(experiment: &Experiment, ended: &[Outcome]) -> (Vec<String>, Outcome) {
    let flow = experiment.flow(&Assigned::default());
    let (mut place, mut way) = (Flow::start(), Vec::new());
    let mut ended = ended.iter();
    while let Some(step) = flow.step(place) {
        way.push(experiment.scenes()[step.scene].id.to_string());
        let next = flow.next(experiment, place, *ended.next().unwrap_or(&Outcome::Finished));
        assert!(next.step > place.step, "nobody goes back");
        place = next;
    }
    assert_eq!(place.step, flow.steps().len());
    (way, place.outcome)
}

#[test]
fn who_ends_early_reads_the_debriefing_if_they_have_played() {
    use Outcome::{Excluded, Finished, NoPartner, PartnerLeft, ScreenedOut, Withdrew};
    let told = page("told", "debriefing = true");
    let file = format!("id = \"s\"\n{}{}{}{told}", page("p", ""), game("g", ""), page("q", ""));
    let experiment = experiment(&file);
    let after = |ended: &[Outcome], scenes: &[&str], outcome| {
        let expected = scenes.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(way(&experiment, ended), (expected, outcome), "{ended:?}");
    };
    after(&[], &["p", "g", "q", "told"], Finished);
    after(&[ScreenedOut], &["p"], ScreenedOut);
    after(&[Withdrew], &["p"], Withdrew);
    after(&[Finished, NoPartner], &["p", "g"], NoPartner);
    after(&[Finished, PartnerLeft], &["p", "g", "told"], PartnerLeft);
    after(&[Finished, Excluded], &["p", "g", "told"], Excluded);
    after(&[Finished, Finished, Withdrew], &["p", "g", "q", "told"], Withdrew);
    after(&[Finished, PartnerLeft, Withdrew], &["p", "g", "told"], PartnerLeft);
    after(&[Finished, Finished, Finished, Withdrew], &["p", "g", "q", "told"], Withdrew);
}

#[test]
fn who_finds_no_partner_may_go_on_elsewhere() {
    let waiting = "[waiting_room]\nthen = \"scene\"\nscene = \"q\"\n";
    let scenes = page("p", "") + &game("g", "") + &game("h", "") + &page("q", "");
    let experiment = experiment(&format!("id = \"s\"\n{waiting}{scenes}"));
    let (scenes, outcome) = way(&experiment, &[Outcome::Finished, Outcome::NoPartner]);
    assert_eq!((scenes.join(" ").as_str(), outcome), ("p g q", Outcome::Finished));
    let (scenes, outcome) = way(&experiment, &[Outcome::Finished, Outcome::PartnerLeft]);
    assert_eq!((scenes.join(" ").as_str(), outcome), ("p g", Outcome::PartnerLeft));
}

#[test]
fn a_place_that_is_not_on_the_way_leads_to_the_end() {
    let experiment = experiment(&format!("id = \"s\"\n{}", game("g", "")));
    let flow = experiment.flow(&Assigned::default());
    for step in [1, 2, usize::MAX] {
        for ended in [Outcome::Finished, Outcome::NoPartner, Outcome::Withdrew] {
            let next = flow.next(&experiment, Place { step, ..Flow::start() }, ended);
            assert_eq!(next.step, 1);
        }
    }
}
