//! Studies that would leave people in the belief that a program was a person.

use crate::{FILE, GAME, files, one, places};
use dyad_experiment::Experiment;

#[test]
fn programs_that_people_may_take_for_people() {
    let secret = "partner = { kind = \"program\", announced = ^false }";
    let page = "[[scene]]\nid = \"p\"\nkind = \"page\"\ntext = \"x\"\n";
    let told = "debriefing = true\n";
    let refused = |text: &str| one(text, "announced", "debriefing = true");
    refused(&format!("{FILE}{GAME}{secret}\n"));
    refused(&format!("{FILE}{GAME}{secret}\n{page}"));
    // Too early, and in a block that may come before, or not at all.
    refused(&format!("{FILE}{page}{told}{GAME}{secret}\n"));
    let block = "[[block]]\nid = \"b\"\n";
    for drawn in ["order = \"random\"", "keep = 2"] {
        refused(&format!(
            "{FILE}{block}{drawn}\n{GAME}{secret}\nblock = \"b\"\n{page}{told}block = \"b\"\n"
        ));
    }
    // For one of its conditions only.
    let conditions = "[[condition]]\nid = \"c\"\n[[condition]]\nid = \"d\"\n";
    refused(&format!("{FILE}{conditions}{GAME}{secret}\n{page}{told}conditions = [\"c\"]\n"));
    let changed = "[condition.settings.a]\npartner = { kind = \"program\", announced = ^false }\n";
    refused(&format!("{FILE}{conditions}{changed}{GAME}{page}{told}conditions = [\"c\"]\n"));
    // Programs that come later.
    let dropout = "[dropout]\nthen = \"program\"\nannounced = ^false\n";
    let waiting = "[waiting_room]\nthen = \"program\"\nannounced = ^false\n";
    for lines in [dropout, waiting] {
        refused(&format!("{FILE}{lines}{GAME}"));
    }
    let right = [
        format!("{FILE}{GAME}{secret}\n{page}{told}"),
        format!("{FILE}{block}{GAME}{secret}\nblock = \"b\"\n{page}{told}block = \"b\"\n"),
        format!("{FILE}{conditions}{changed}{GAME}{page}{told}conditions = [\"d\"]\n"),
        format!("{FILE}{dropout}{GAME}{page}{told}"),
        // Nobody plays with anybody.
        format!("{FILE}{dropout}{GAME}players = 1\n"),
    ];
    for marked in right {
        let (_, text) = places(&marked);
        Experiment::parse(&text, files).unwrap_or_else(|error| panic!("{text}\n{error}"));
    }
}

#[test]
fn nobody_passes_over_a_debriefing() {
    let waiting = "[waiting_room]\nthen = \"scene\"\nscene = ^\"q\"\n";
    let page = |id: &str, lines: &str| {
        format!("[[scene]]\nid = \"{id}\"\nkind = \"page\"\ntext = \"x\"\n{lines}")
    };
    let told = page("p", "debriefing = true\n");
    one(
        &format!("{FILE}{waiting}{GAME}{told}{}", page("q", "")),
        "waiting_room.scene",
        "pass over the debriefing page \"p\"",
    );
    one(
        &format!(
            "{FILE}{waiting}{GAME}{}",
            page("q", "conditions = [\"c\"]\n[[condition]]\nid = \"c\"\n")
        ),
        "waiting_room.scene",
        "not everybody",
    );
}
