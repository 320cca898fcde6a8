//! A block in an order of the group's: people meet once, and go through its games together.

use crate::crowd::{STEPS, is_identical, logs};
use crate::study::start;
use anyhow::{Context as _, ensure};
use std::time::Duration;
use system_tests::journal::{Game, Journal};
use system_tests::namespace::run_test;
use system_tests::session::Lab;

const WITHIN: Duration = Duration::from_secs(120);

/// Two of three kitchens, each with a page after it. People are measured when they meet.
fn study() -> String {
    let mut study = "id = \"test\"\n[matchmaking]\nmax_p2p_rtt_ms = 1000\n[waiting_room]\n\
                     limit_seconds = 60\n[[block]]\nid = \"kitchens\"\norder = \"random\"\nkeep = 2\n"
        .to_owned();
    for (name, layout) in
        [("one", "cramped_room"), ("two", "coordination_ring"), ("three", "counter_circuit")]
    {
        study.push_str(&format!(
            "[[block]]\nid = \"b_{name}\"\nblock = \"kitchens\"\n[[scene]]\nid = \"{name}\"\n\
             block = \"b_{name}\"\nlayout = \"{layout}\"\nmax_steps = {STEPS}\n\
             countdown_seconds = 1\n[[scene]]\nid = \"after_{name}\"\nblock = \"b_{name}\"\n\
             kind = \"page\"\ntext = \"{name}\"\n"
        ));
    }
    study
}

#[test]
fn pairs_go_through_a_block_together() {
    run_test("blocks::pairs_go_through_a_block_together", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &study())?;
        let mut clients = Vec::new();
        for (name, seed) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
            clients.push(start(&lab, name, seed, &[])?);
        }
        for client in &mut clients {
            let summary = client.finish(WITHIN).with_context(|| logs(&lab, [&*client]))?;
            ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
        }
        let journal = Journal::of(&lab)?;
        let joined: Vec<_> = journal.events("person", "joined").collect();
        ensure!(joined.len() == 4, "{joined:?}");
        let games = journal.games();
        ensure!(games.len() == 4, "two for each pair: {games:?}");
        for game in &games {
            is_identical(&lab, &game.session, 1)?;
            // Seats go by who comes to a game first.
            let has = |it: &Game, who: &String| it.participants.contains(who);
            let same = games.iter().filter(|it| game.participants.iter().all(|who| has(it, who)));
            let scenes: Vec<_> = same.map(|it| &it.scene).collect();
            ensure!(scenes.len() == 2 && scenes[0] != scenes[1], "{games:?}");
        }
        // Those who meet are measured, and not again before each game.
        ensure!(journal.count("match", "probe_started") == 2, "twice");
        Ok(())
    });
}

#[test]
fn a_match_begins_over_the_connection_that_was_measured() {
    run_test("blocks::a_match_begins_over_the_connection_that_was_measured", || {
        let directory = tempfile::tempdir()?;
        let study = format!(
            "id = \"test\"\n[matchmaking]\nmax_p2p_rtt_ms = 1000\n[[scene]]\nid = \"kitchen\"\n\
             layout = \"cramped_room\"\nmax_steps = {STEPS}\ncountdown_seconds = 1\n"
        );
        let lab = Lab::start(directory.path(), &study)?;
        let (mut a, mut b) = (start(&lab, "a", 1, &[])?, start(&lab, "b", 2, &[])?);
        for client in [&mut a, &mut b] {
            let summary = client.finish(WITHIN).with_context(|| logs(&lab, [&*client]))?;
            is_identical(&lab, summary.text("session")?, 1)?;
            let log = client.process.log();
            ensure!(log.contains("begins over the connection that was measured"), "{log}");
            ensure!(summary.count("interruptions")? == 0, "it was good to the end");
        }
        Ok(())
    });
}
