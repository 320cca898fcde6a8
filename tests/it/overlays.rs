//! What people read in the window while something is wrong: the right words at the right time to each of
//! the two, none that are about something else, and all gone when it is over. A picture of each is kept for
//! people to look at, in `overlays` in the `tmp` folder of cargo's target directory.

use anyhow::{Context as _, ensure};
use std::path::Path;
use std::time::{Duration, Instant};
use system_tests::display::run_test;
use system_tests::network::{Network, available};
use system_tests::person::Person;
use system_tests::process::wait_for;
use system_tests::require::skip;
use system_tests::session::Lab;

const WITHIN: Duration = Duration::from_secs(60);
/// Between a lost connection and its words: two seconds of silence, and what a busy machine adds.
const NOTICED_WITHIN: Duration = Duration::from_secs(6);
/// Between a lost focus and its words, on a machine that draws three pictures a second.
const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// For how long partners who have lost each other look for each other.
const LIMIT: u32 = 30;

const LOST: &str = "The connection to your partner was lost";
const STALLED: &str = "Waiting for your partner";
const ME_AWAY: &str = "Click here to come back to the game";
const PARTNER_AWAY: &str = "Your partner is away";
const SLOW: &str = "Your connection has become slow";
const NO_LAB: &str = "The lab is out of reach";
/// Each of them is about another fault.
const FAULTS: [&str; 6] = [LOST, STALLED, ME_AWAY, PARTNER_AWAY, SLOW, NO_LAB];

fn study(head: &str, scenes: &str, game: &str) -> String {
    format!(
        "id = \"test\"\ntitle = \"Cooking together\"\n{head}\n{scenes}\n[[scene]]\nid = \
         \"cramped_room\"\nlayout = \"cramped_room\"\ncountdown_seconds = 1\n{game}\n"
    )
}

/// In this person's window, these words may stand, and none about another fault.
fn reads_only(person: &Person, words: &[&str]) -> anyhow::Result<()> {
    let others: Vec<&str> = FAULTS.into_iter().filter(|it| !words.contains(it)).collect();
    let wrong = person.reads(&others)?;
    ensure!(wrong.is_empty(), "beside {words:?} stands {wrong:?}");
    Ok(())
}

/// Both play on without a word about any fault.
fn nothing_is_wrong(pair: &[Person; 2]) -> anyhow::Result<()> {
    for person in pair {
        for words in FAULTS {
            person.wait_without(words)?;
        }
        play_on(person)?;
        // A busy machine may be late by more than the partner's patience.
        reads_only(person, &[STALLED])?;
    }
    Ok(())
}

/// Waits for a second of play.
fn play_on(person: &Person) -> anyhow::Result<()> {
    person.client.wait_for_rows(person.client.rows() + 30, WITHIN)
}

/// Waits for words, which may take as long as that after `since`.
fn is_told(person: &Person, words: &str, since: Instant, within: Duration) -> anyhow::Result<()> {
    person.wait_for(words)?;
    let after = since.elapsed();
    ensure!(after < within, "{words:?} only after {after:?}\n{}", person.client.process.log());
    // A busy machine may keep the partner waiting besides.
    reads_only(person, &[words, STALLED])
}

/// The seconds that stand in the words about a lost connection.
fn seconds_left(person: &Person) -> anyhow::Result<u32> {
    let said = person.reads(&["Please stay here, for "])?;
    let said = said.first().context("nothing is said about how long it may take")?;
    let number = said.split("for ").last().and_then(|it| it.split(' ').next());
    Ok(number.context("no number of seconds")?.parse()?)
}

/// They lose each other for the `number`th time: they are told so in time, and for how long they are
/// looked for.
fn lose_each_other(pair: &[&Person], number: usize, since: Instant) -> anyhow::Result<()> {
    for person in pair {
        let log = || person.client.process.log();
        wait_for("the loss to be noticed", WITHIN, || {
            Ok((log().matches("play is interrupted").count() >= number).then_some(()))
        })?;
        let after = since.elapsed();
        ensure!(after < NOTICED_WITHIN, "it was noticed after {after:?}\n{}", log());
    }
    for person in pair {
        person.wait_for(LOST)?;
        reads_only(person, &[LOST])?;
        let (left, passed) = (seconds_left(person)?, since.elapsed().as_secs_f64());
        let off = f64::from(left) + passed - f64::from(LIMIT);
        ensure!(off.abs() < 5.0, "{left} s are left after {passed:.1} s, of {LIMIT} s");
        wait_for("the time that is left to run down", WITHIN, || {
            Ok((seconds_left(person)? + 2 <= left).then_some(()))
        })?;
        reads_only(person, &[LOST])?;
    }
    Ok(())
}

fn keep(pair: &[Person], test: &str) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("overlays").join(test);
    for (person, name) in pair.iter().zip(["a", "b"]) {
        // The last screen, too.
        if person.reads(&["Everything is saved"])?.len() == 1 {
            person.wait_for_picture("done")?;
        }
        person.keep_pictures(&folder.join(name))?;
    }
    Ok(())
}

fn connections(directory: &Path) -> anyhow::Result<()> {
    let game = format!(
        "max_steps = 1200\n[scene.reconnection]\nlimit_seconds = {LIMIT}\ncountdown_seconds = 1\n"
    );
    let network = Network::new(2)?;
    let lab = Lab::start_on(&network.lab, directory, &study("", "", &game))?;
    let join = |at: usize, name| Person::join_on(&network.participants[at], &lab, directory, name);
    let pair = [join(0, "a")?, join(1, "b")?];
    let [a, b] = &pair;
    for person in &pair {
        person.client.wait_for_rows(30, WITHIN)?;
    }
    nothing_is_wrong(&pair)?;

    // A cable that is out.
    let host = network.participants[0].host();
    network.router().set_down(host, true);
    lose_each_other(&[a, b], 1, Instant::now())?;
    network.router().set_down(host, false);
    nothing_is_wrong(&pair)?;

    // A computer that sleeps, and wakes up.
    b.client.process.stand_still(true)?;
    lose_each_other(&[a], 2, Instant::now())?;
    b.client.process.stand_still(false)?;
    nothing_is_wrong(&pair)?;
    keep(&pair, "connections")
}

#[test]
fn a_connection_that_is_lost() {
    run_test("overlays::a_connection_that_is_lost", |directory| match available() {
        Ok(()) => connections(directory),
        Err(why) => {
            skip("tun", &why);
            Ok(())
        }
    });
}

/// By this rule, every connection is too slow.
fn slow(directory: &Path) -> anyhow::Result<()> {
    let head = "[monitoring.rtt]\nmax_ms = 1\nwindow = 8\nviolations = 8\n";
    let lab = Lab::start(directory, &study(head, "", "max_steps = 1500\n"))?;
    let join = |name| Person::join(&lab, directory, name, true);
    let pair = [join("a")?, join("b")?];
    for person in &pair {
        person.wait_for(SLOW)?;
        reads_only(person, &[SLOW, STALLED])?;
        person.press("All right")?;
        person.wait_without(SLOW)?;
    }
    // One of the two is excluded first.
    let mut said = Vec::new();
    for person in &pair {
        person.wait_for("Everything is saved")?;
        reads_only(person, &[])?;
        said.extend(person.reads(&["The connection was too slow", "Your partner has left"])?);
        let why = said.last().context("the end says why")?;
        let title =
            if why.contains("slow") { "The game has ended" } else { "Your partner has left" };
        person.wait_for(title)?;
    }
    ensure!(said.iter().any(|why| why.contains("slow")), "{said:?}");
    keep(&pair, "slow")
}

#[test]
fn a_connection_that_is_too_slow() {
    run_test("overlays::a_connection_that_is_too_slow", slow);
}

fn focus(directory: &Path) -> anyhow::Result<()> {
    let game = "max_steps = 1500\n[scene.focus]\nlimit_seconds = 8\nwarn_after_seconds = 1\n";
    let lab = Lab::start(directory, &study("", "", game))?;
    let join = |name| Person::join(&lab, directory, name, true);
    let pair = [join("a")?, join("b")?];
    let [a, b] = &pair;
    nothing_is_wrong(&pair)?;
    ensure!(a.title()? == "Dyad", "{}", a.title()?);

    let away = Instant::now();
    a.look_away(true)?;
    is_told(a, ME_AWAY, away, TOLD_WITHIN)?;
    is_told(b, PARTNER_AWAY, away, TOLD_WITHIN)?;
    a.wait_for("It goes on without you. After ")?;
    b.wait_for("Your partner is away. If that lasts for ")?;
    ensure!(a.title()?.starts_with("Come back: the game ends in "), "{}", a.title()?);
    play_on(b)?;
    a.look_away(false)?;
    nothing_is_wrong(&pair)?;
    ensure!(a.title()? == "Dyad", "{}", a.title()?);

    // This time for too long.
    b.look_away(true)?;
    a.wait_for(PARTNER_AWAY)?;
    b.wait_for("You were away from the game for too long")?;
    a.wait_for("Your partner was away for too long")?;
    for person in &pair {
        person.wait_for("Everything is saved")?;
        person.wait_for("The game has ended")?;
        reads_only(person, &[])?;
    }
    keep(&pair, "focus")
}

#[test]
fn somebody_who_looks_away() {
    run_test("overlays::somebody_who_looks_away", focus);
}

fn lab_and_leaving(directory: &Path) -> anyhow::Result<()> {
    let head = "[completion.codes]\npartner_left = \"GONE-17\"\n";
    let page = "[[scene]]\nid = \"page\"\nkind = \"page\"\ntitle = \"How to play\"\ntext = \"Read this.\"\n";
    let study = study(head, page, "max_steps = 1500\n");
    let mut lab = Lab::start(directory, &study)?;
    let lab_is_back = |address| Lab::start_at(directory, &study, address);

    // Before anything, and with an answer on its way.
    lab.process.kill()?;
    let a = Person::join(&lab, directory, "a", true)?;
    a.wait_for("The lab does not answer.")?;
    a.wait_for("Use another link")?;
    let mut lab = lab_is_back(lab.address)?;
    a.wait_for("How to play")?;
    ensure!(a.reads(&["The lab does not answer."])?.is_empty(), "the lab does");
    lab.process.kill()?;
    a.client.process.wait_for_words("closed the connection", WITHIN)?;
    reads_only(&a, &[])?;
    a.press("Continue")?;
    a.wait_for(NO_LAB)?;
    a.wait_for("Dyad keeps trying.")?;
    reads_only(&a, &[NO_LAB])?;
    a.wait_for_picture("scene")?;
    let mut lab = lab_is_back(lab.address)?;
    a.wait_for("Waiting for a partner")?;
    reads_only(&a, &[])?;

    // In a game, which needs no lab.
    let b = Person::join(&lab, directory, "b", true)?;
    b.press("Continue")?;
    let pair = [a, b];
    for person in &pair {
        person.client.wait_for_rows(60, WITHIN)?;
    }
    lab.process.kill()?;
    let [a, b] = &pair;
    a.client.process.wait_for_words("Nothing listens at this address", WITHIN)?;
    nothing_is_wrong(&pair)?;
    let lab = lab_is_back(lab.address)?;
    wait_for("both to be welcome again", WITHIN, || {
        let times = |person: &Person| person.client.process.log().matches("welcome to").count();
        Ok((times(a) >= 3 && times(b) >= 2).then_some(()))
    })?;
    nothing_is_wrong(&pair)?;

    // A window that is closed.
    b.close()?;
    a.wait_for("Your partner has left")?;
    a.wait_for("Your code: GONE-17")?;
    a.wait_for("Everything is saved")?;
    ensure!(!a.reads(&["This is not your fault."])?.is_empty(), "what follows is not said");
    reads_only(a, &[])?;
    drop(lab);
    keep(&pair, "lab")?;
    let [_, mut b] = pair;
    let left = b.client.summary(WITHIN)?;
    ensure!(left.text("reason")? == "left" && left.count("received")? == 1, "{}", left.json);
    Ok(())
}

#[test]
fn a_lab_that_is_gone_and_a_partner_who_leaves() {
    run_test("overlays::a_lab_that_is_gone_and_a_partner_who_leaves", lab_and_leaving);
}
