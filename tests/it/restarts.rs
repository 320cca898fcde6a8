//! A lab that is killed in every state that people can be in, and started again: nobody is lost, and
//! what could go on goes on.

use crate::crowd::{STEPS, is_identical, logs, study};
use crate::study::start;
use anyhow::{Context as _, ensure};
use dyad_protocol::study::{Answer, SceneKind};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::journal::Journal;
use system_tests::namespace::run_test;
use system_tests::session::Lab;
use system_tests::visitor::Visitor;

const SOON: Duration = Duration::from_secs(60);
const WITHIN: Duration = Duration::from_secs(150);

const RULES: &str = "[matchmaking]\nmax_p2p_rtt_ms = 1000\n";
const GAME: &str = "episodes = 2\npause_seconds = 3\n";
/// So far apart that a pair is checked for some time.
const FAR: [&str; 2] = ["--impair", "delay=150ms"];

#[test]
fn a_lab_that_is_killed_in_every_state_loses_nobody() {
    run_test("restarts::a_lab_that_is_killed_in_every_state_loses_nobody", || {
        let directory = tempfile::tempdir()?;
        let mut lab = Lab::start(directory.path(), &study(RULES, GAME))?;
        let answering = Visitor::join(&lab, 1)?;
        let step = answering.step()?;
        let mut clients = vec![start(&lab, "a", 1, &FAR)?];
        Journal::wait(&lab, "match", "arrived", 1, SOON)?;
        lab.kill_and_start_again().context("waiting")?;

        clients.push(start(&lab, "b", 2, &FAR)?);
        Journal::wait(&lab, "match", "probe_started", 1, SOON)
            .with_context(|| logs(&lab, &clients))?;
        lab.kill_and_start_again().context("probing")?;
        let journal = Journal::wait(&lab, "match", "rejected", 1, SOON)?;
        let rejected = journal.events("match", "rejected").next();
        let rejected = rejected.context("a rejection")?;
        ensure!(rejected["why"] == "lab_restarted", "killed while they were probed: {rejected}");

        Journal::wait(&lab, "match", "validating", 1, SOON)
            .with_context(|| logs(&lab, &clients))?;
        lab.kill_and_start_again().context("validating")?;
        let journal = Journal::wait(&lab, "match", "ended", 1, SOON)?;
        let ended = journal.events("match", "ended").next().context("an end")?;
        ensure!(ended["reason"] == "lab_restarted", "killed while they were checked: {ended}");

        Journal::wait(&lab, "match", "started", 1, SOON).with_context(|| logs(&lab, &clients))?;
        lab.kill_and_start_again().context("playing")?;

        for client in &clients {
            client.wait_for_rows(STEPS, SOON).with_context(|| logs(&lab, &clients))?;
        }
        lab.kill_and_start_again().context("between episodes")?;

        // Somebody who has been at a form all the while is still there, and goes on from it.
        let mut answering = answering.come_back(&lab).context("in a form")?;
        let shown = answering.scene.as_ref().context("the form")?;
        ensure!(shown.step == step && shown.kind == SceneKind::Form, "{shown:?}");
        answering
            .done(Answer::Form { answers: BTreeMap::from([("age".to_owned(), json!(30))]) })?;
        let shown = answering.scene.as_ref().context("the game")?;
        ensure!(shown.step == step + 1 && shown.kind == SceneKind::Game, "{shown:?}");
        answering.withdraw()?;

        for number in 0..clients.len() {
            let finished = clients[number].finish(WITHIN);
            let summary = finished.with_context(|| logs(&lab, &clients))?;
            ensure!(summary.json["study"]["outcome"] == "finished", "{}", summary.json);
            ensure!(summary.count("interruptions")? == 0, "the lab disturbed: {}", summary.json);
        }
        let journal = Journal::of(&lab)?;
        let last = journal.games().pop().context("a game")?;
        is_identical(&lab, &last.session, 2)?;
        ensure!(journal.count("match", "started") == 1, "one game was played");
        ensure!(journal.people().len() == 3, "nobody was taken for somebody else");
        journal.audit()?;
        Ok(())
    });
}
