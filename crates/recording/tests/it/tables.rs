//! The shared table's columns, and what the reference platform's tool says of them.

use crate::support::{game, play, record};
use dyad_recording::compare::compare;
use dyad_recording::reference_tool::{EXCLUDED, REQUIRED, compare_mode, directory_mode};
use dyad_recording::{bundle, table};

#[test]
fn columns_are_the_reference_platforms_in_its_order() {
    let names = table::names(&game(10, 1)).join(" ");
    let expected = "\
        actions.0 actions.1 rewards.0 rewards.1 \
        terminateds.0 terminateds.1 terminateds.__all__ \
        truncateds.0 truncateds.1 truncateds.__all__ \
        infos.0.row infos.0.col infos.0.direction infos.0.holding infos.0.delivery_reward \
        infos.0.onion_in_pot_reward infos.0.soup_in_dish_reward \
        infos.1.row infos.1.col infos.1.direction infos.1.holding infos.1.delivery_reward \
        infos.1.onion_in_pot_reward infos.1.soup_in_dish_reward \
        isFocused.0 isFocused.1 episode_num t player_subjects.0 player_subjects.1 \
        state.score state.deliveries state.pot0.contents state.pot0.timer \
        state.counters state.floor";
    assert_eq!(names, expected);
}

#[test]
fn rows_are_exactly_the_steps_of_the_episode() {
    let game = game(40, 1);
    let frames = play(&game, 3);
    let [peer, _] = record(&game, &frames);
    for (episode, bytes) in &peer.tables {
        assert!(bytes.is_ascii() && !bytes.contains(&b'\r') && bytes.ends_with(b"\n"));
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        let names = reader.headers().unwrap().clone();
        let first = if *episode == 0 { 5 } else { 5 + 40 + 4 + 5 };
        let mut rows = 0;
        for (t, row) in reader.records().enumerate() {
            let row = row.unwrap();
            let cell = |name: &str| &row[names.iter().position(|other| other == name).unwrap()];
            let inputs = frames[first + t].inputs;
            assert_eq!(cell("t"), t.to_string());
            assert_eq!(cell("episode_num"), episode.to_string());
            assert_eq!(cell("actions.1"), inputs[1].action().number().to_string());
            assert_eq!(cell("isFocused.0"), if inputs[0].focused() { "True" } else { "False" });
            assert_eq!(cell("truncateds.__all__"), if t == 39 { "True" } else { "False" });
            assert_eq!(cell("terminateds.__all__"), "False");
            assert_eq!(cell("player_subjects.1"), "p-bob");
            rows += 1;
        }
        assert_eq!(rows, 40);
    }
}

#[test]
fn the_reference_platforms_tool_accepts_our_files() {
    let game = game(40, 1);
    let peers = record(&game, &play(&game, 3));
    let mut files = Vec::new();
    for peer in &peers {
        for episode in [0, 1] {
            let bundle = peer.bundle(episode);
            files.push((bundle::table_name(&bundle.participant, episode), bundle.table));
        }
    }
    assert_eq!(directory_mode(&files).unwrap(), Vec::<String>::new());
    assert_eq!(compare_mode(&files[0].1, &files[2].1).unwrap(), Vec::<String>::new());
    assert!(!compare_mode(&files[0].1, &files[1].1).unwrap().is_empty(), "two episodes");
    let names = table::names(&game);
    assert!(REQUIRED.iter().all(|column| names.iter().any(|name| name == column)));
    assert!(EXCLUDED[..3].iter().all(|column| names.iter().all(|name| name != column)));
}

#[test]
fn ours_compares_every_cell() {
    let game = game(40, 1);
    let [a, b] = record(&game, &play(&game, 3));
    let (a, b) = (&a.tables[&0], &b.tables[&0]);
    assert_eq!(compare(a, b).unwrap().to_string(), "identical: 40 rows, 36 columns");
    let text = String::from_utf8(a.clone()).unwrap();
    let changed = text.replacen("True", "False", 1);
    let comparison = compare(a, changed.as_bytes()).unwrap().to_string();
    assert_eq!(comparison, r#"divergent at row 0, column isFocused.0: "True" and "False""#);
}
