//! Games of three and four people: the same promises as for two.

use crate::games::STEPS;
use anyhow::{Context as _, ensure};
use dyad_recording::log;
use std::time::Duration;
use system_tests::namespace::run_test;
use system_tests::session::{Client, Lab, Summary};

const SOON: Duration = Duration::from_secs(90);
const WITHIN: Duration = Duration::from_secs(180);

/// A kitchen with so many cooks. `further` are further lines of the file.
fn experiment(layout: &str, players: usize, further: &str) -> String {
    format!(
        "id = \"test\"\n\n[[scene]]\nid = \"kitchen\"\nlayout = \"{layout}\"\nplayers = \
         {players}\nmax_steps = {STEPS}\nepisodes = 1\ncountdown_seconds = 1\n{further}"
    )
}

fn client(lab: &Lab, number: usize) -> anyhow::Result<Client> {
    let seed = number.to_string();
    let arguments = ["--headless", "--policy", "random", "--seed", &seed];
    lab.client(&format!("client{number}"), &arguments)
}

fn clients(lab: &Lab, players: usize) -> anyhow::Result<Vec<Client>> {
    (0..players).map(|number| client(lab, number)).collect()
}

fn logs(lab: &Lab, clients: &[Client]) -> String {
    let logs = clients.iter().map(|client| client.process.log());
    logs.fold(lab.process.log(), |all, log| format!("{all}\n{log}"))
}

/// Waits for everybody and checks everything that a game promises.
fn finish(lab: &Lab, clients: &mut [Client]) -> anyhow::Result<Vec<Summary>> {
    let summaries = clients.iter_mut().map(|client| client.finish(WITHIN));
    let summaries: Vec<Summary> = summaries.collect::<anyhow::Result<_>>()?;
    let first = &summaries[0];
    let (table, log) = (first.file(0, "csv")?, first.file(0, "dlog")?);
    ensure!(table.iter().filter(|&&byte| byte == b'\n').count() == STEPS + 1, "rows are missing");
    for summary in &summaries {
        ensure!(summary.text("session")? == first.text("session")?, "another session");
        ensure!(summary.file(0, "csv")? == table, "another table");
        ensure!(summary.file(0, "dlog")? == log, "another log");
        for zero in ["desyncs", "datagrams_refused", "messages_refused", "statements_refused"] {
            ensure!(summary.count(zero)? == 0, "{zero}: {}", summary.json);
        }
    }
    let verdicts = lab.verdicts("test", first.text("session")?, 1)?;
    let verdict = &verdicts[0]["verdict"];
    ensure!(verdict["verdict"] == "identical" && verdict["rows"] == STEPS, "{verdicts:?}");
    let records = verdicts[0]["records"].as_array().map(Vec::len);
    ensure!(records == Some(clients.len()), "{verdicts:?}");
    Ok(summaries)
}

/// Plays a whole game of random people, who bump into each other.
fn play(layout: &str, players: usize) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let lab = Lab::start(directory.path(), &experiment(layout, players, ""))?;
    let mut clients = clients(&lab, players)?;
    finish(&lab, &mut clients).with_context(|| logs(&lab, &clients)).map(drop)
}

#[test]
fn three_people() {
    run_test("groups::three_people", || play("coordination_ring", 3));
}

#[test]
fn four_people() {
    run_test("groups::four_people", || play("counter_circuit", 4));
}

#[test]
fn one_of_four_is_killed_and_started_again() {
    run_test("groups::one_of_four_is_killed_and_started_again", || {
        let directory = tempfile::tempdir()?;
        let lab = Lab::start(directory.path(), &experiment("counter_circuit", 4, ""))?;
        let mut clients = clients(&lab, 4)?;
        clients[2].wait_for_rows(60, SOON).with_context(|| logs(&lab, &clients))?;
        clients[2].process.kill()?;
        clients[2] = client(&lab, 2)?;
        let summaries = finish(&lab, &mut clients).with_context(|| logs(&lab, &clients))?;
        let held = log::read(&summaries[0].file(0, "dlog")?)?.holds.len();
        ensure!(held >= 1, "the log does not show that the game was interrupted");
        for (number, summary) in summaries.iter().enumerate() {
            ensure!(number == 2 || summary.count("interruptions")? >= 1, "{}", summary.json);
        }
        Ok(())
    });
}

/// Those who remain end together, each with the name of the one who was lost.
#[test]
fn one_of_three_is_lost_for_good() {
    run_test("groups::one_of_three_is_lost_for_good", || {
        let directory = tempfile::tempdir()?;
        let limit = "[scene.reconnection]\nlimit_seconds = 8\n";
        let lab = Lab::start(directory.path(), &experiment("coordination_ring", 3, limit))?;
        let mut clients = clients(&lab, 3)?;
        clients[1].wait_for_rows(60, SOON).with_context(|| logs(&lab, &clients))?;
        clients[1].process.kill()?;
        let remaining = [0, 2].map(|number: usize| clients[number].summary(WITHIN));
        let [a, c] = remaining.map(|summary| summary.with_context(|| logs(&lab, &clients)));
        let (a, c) = (a?, c?);
        let me = |summary: &Summary| summary.text("participant").map(str::to_owned);
        let (me, other) = (me(&a)?, me(&c)?);
        for summary in [&a, &c] {
            ensure!(summary.text("ending")?.contains("PartnerLost"), "{}", summary.json);
            let lost = summary.json["lost"].as_array().context("who was lost")?;
            let [lost] = &lost[..] else { anyhow::bail!("{lost:?}") };
            ensure!(*lost != me && *lost != other, "{}", summary.json);
        }
        ensure!(a.json["lost"] == c.json["lost"], "{} {}", a.json, c.json);
        Ok(())
    });
}
