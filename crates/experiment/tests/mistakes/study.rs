//! Mistakes in a study's own tables, blocks and conditions.

use crate::{FILE, GAME, after_game, in_game, in_study, one};

#[test]
fn the_study() {
    one(&format!("id = ^\"A B\"\n{GAME}"), "id", "contains 'A'");
    one(&format!("^{GAME}"), "id", "it is missing");
    one("^id = \"s\"\n", "scene", "it is missing\n  hint: describe each scene");
    one("id = \"s\"\nscene = ^[]\n", "scene", "must have 1 to 200 items");
    one("id = \"s\"\nscene = [^3]\n", "scene", "must be a table, not a number");
    in_study("language = ^\"english\"", "language", "no language");
    in_study("title = ^\"\"", "title", "must have 1 to 200 characters");
    in_study("motion_easing_ms = ^-1", "motion_easing_ms", "0 to 100");
    in_study("[^ice]\nurls = []", "ice", "unknown field `ice`");
    in_study("[defaults]\n^input_dely = 3", "defaults.input_dely", "did you mean \"input_delay\"?");
    in_study("[defaults]\ninput_delay = ^99", "input_delay", "1 to 30");
    one("id = \"s\"\n^[[scene]]\nid = \"p\"\nkind = \"page\"\ntext = \"x\"\n", "scene", "no game");
    after_game("[[scene]]\nid = ^\"a\"\nlayout = \"cramped_room\"", "id", "given twice");
    after_game("[[scene]]\nid = ^\"B\"\nlayout = \"cramped_room\"", "id", "folders and columns");
    after_game("^[[scene]]\nlayout = \"cramped_room\"", "id", "it is missing");
}

#[test]
fn servers_that_cannot_work() {
    let server = |lines: &str, field: &str, said: &str| {
        in_study(&format!("[network]\n{lines}"), &format!("network.{field}"), said);
    };
    server("stun = [^\"turn:h\"]", "stun", "no stun server");
    server("turn = [^\"turns:h\"]\nturn_secret_file = \"f\"", "turn", "TLS");
    server("turn = [^\"turn:h?transport=tcp\"]\nturn_secret_file = \"f\"", "turn", "TCP");
    server("turn = [^\"turn:h\"]", "turn_secret_file", "missing");
    server("turn_secret_file = ^\"f\"", "turn_secret_file", "no TURN server");
    server("relay_only = ^true", "relay_only", "no TURN server");
}

#[test]
fn rules_of_the_study() {
    in_study("[matchmaking]\nmax_server_rtt_ms = ^9", "matchmaking.max_server_rtt_ms", "\"fifo\"");
    in_study("[matchmaking]\nfallback = ^true", "matchmaking.fallback", "\"fifo\" does not look");
    in_study(
        "[matchmaking]\nkind = ^\"latency\"",
        "matchmaking.max_server_rtt_ms",
        "it is missing",
    );
    in_study("[matchmaking]\nkind = ^\"lifo\"", "matchmaking.kind", "did you mean \"fifo\"?");
    in_study("[waiting_room]\nthen = ^\"scene\"", "waiting_room.scene", "it is missing");
    in_study(
        "[matchmaking]\nkind = \"latency\"\nmax_server_rtt_ms = ^0",
        "matchmaking.max_server_rtt_ms",
        "1 to",
    );
    in_study(
        "[waiting_room]\nthen = \"scene\"\nscene = ^3",
        "waiting_room.scene",
        "must be a text",
    );
    in_study("[waiting_room]\nscene = ^\"a\"", "waiting_room.scene", "nobody is sent there");
    in_study(
        "[waiting_room]\nthen = \"scene\"\nscene = ^\"b\"",
        "waiting_room.scene",
        "no scene \"b\"",
    );
    in_study(
        "[waiting_room]\nthen = \"scene\"\nscene = ^\"a\"",
        "waiting_room.scene",
        "wait for a game",
    );
    in_study("[waiting_room]\npolicy = ^\"idle\"", "waiting_room.policy", "no program to go by it");
    in_study("[dropout]\nannounced = ^true", "dropout.announced", "no program to announce");
    in_study("[dropout]\nthen = ^\"pause\"", "dropout.then", "none of \"end\"");
    in_study(
        "[monitoring.rtt]\nmax_ms = 9\nwindow = 2\nviolations = ^3",
        "monitoring.rtt.violations",
        "never 3",
    );
    in_study("^[monitoring.rtt]", "monitoring.rtt.max_ms", "it is missing");
    in_study("^[screening.rtt]", "screening.rtt.max_ms", "it is missing");
    in_study(
        "[screening.system]\nallow = [^\"beos\"]",
        "screening.system.allow",
        "none of \"windows\"",
    );
    in_study(
        "[screening.version]\nat_least = ^\"1.0\"",
        "screening.version.at_least",
        "three numbers",
    );
    in_study(
        "[[screening.question]]\ntext = \"?\"\noptions = [\"yes\", \"no\"]\naccept = [^\"yess\"]",
        "screening.question.accept",
        "did you mean \"yes\"?",
    );
    in_study("[completion]\nurl = ^\"prolific\"", "completion.url", "no address");
    in_study("[completion]\nurl = ^\"https://x/{id}\"", "completion.url", "only {code}");
    in_study(
        "[completion.codes]\nfinished = ^\"a b\"",
        "completion.codes.finished",
        "no completion code",
    );
    in_study("[completion.codes]\n^done = \"x\"", "completion.codes.done", "there is finished,");
    in_study(
        "[completion.messages]\nwithdrew = ^\"![x](gone.png)\"",
        "completion.messages.withdrew",
        "gone.png",
    );
}

#[test]
fn blocks_and_conditions() {
    let in_block = |block: &str, blocks: &str, field: &str, said: &str| {
        one(&format!("{FILE}{blocks}{GAME}block = {block}\n"), field, said);
    };
    in_block("^\"b\"", "", "block", "no block \"b\"");
    in_block("^\"bc\"", "[[block]]\nid = \"bb\"\n", "block", "did you mean \"bb\"?");
    in_block("\"b\"", "[[block]]\nid = \"b\"\nblock = ^\"b\"\n", "block", "inside itself");
    in_block("\"b\"", "[[block]]\nid = \"b\"\nkeep = ^2\n", "block.keep", "2 of 1");
    in_block(
        "\"b\"",
        "[[block]]\nid = \"b\"\n^[[block]]\nid = \"c\"\n",
        "block",
        "no scene belongs",
    );
    let three =
        "[[scene]]\nid = ^\"c\"\nlayout = \"counter_circuit\"\nplayers = 3\nblock = \"b\"\n";
    let drawn = "[[block]]\nid = \"b\"\norder = \"random\"\n";
    let file = format!("{FILE}{drawn}{GAME}block = \"b\"\n{three}");
    one(&file, "players", "must have as many people as the other games");
    in_block("\"b\"", "[[block]]\nid = \"b\"\n[[block]]\nid = ^\"b\"\n", "block.id", "given twice");
    in_block(
        "\"b\"\nrepeats = 100",
        "[[block]]\nid = \"b\"\nrepeats = ^100\n",
        "repeats",
        "more than 1000 scenes",
    );
    let page = "[[scene]]\nkind = \"page\"\ntext = \"x\"\n";
    after_game(
        &format!(
            "block = \"b\"\n{page}id = \"p\"\n{page}id = \"q\"\nblock = ^\"b\"\n[[block]]\nid = \"b\""
        ),
        "block",
        "stand inside",
    );
    in_game("conditions = [^\"x\"]", "conditions", "no condition");
    after_game("[[condition]]\nid = \"c\"\n[[condition]]\nid = ^\"c\"", "condition.id", "twice");
    let condition = |lines: &str| format!("[[condition]]\nid = \"c\"\n{lines}");
    after_game(&condition("settings.^b.episodes = 2"), "condition.settings", "no gym scene \"b\"");
    after_game(&condition("settings.a.episodes = ^0"), "episodes", "1 to 1000");
    after_game(
        &condition("settings.a.^players = 3"),
        "condition.settings.a.players",
        "the same in all conditions",
    );
    after_game(
        &format!(
            "conditions = [\"d\"]\n[[condition]]\nid = \"d\"\n{}",
            condition("settings.^a.episodes = 2")
        ),
        "condition.settings",
        "does not have this scene",
    );
    after_game("^[assignment]", "assignment", "no conditions");
}

#[test]
fn conditions_of_groups() {
    let group =
        "[assignment]\nper = \"group\"\n[[condition]]\nid = \"c\"\n[[condition]]\nid = \"d\"\n";
    in_study(
        &format!("{group}settings.a.partner = ^{{ kind = \"program\" }}")
            .replace("= ^{", "= {")
            .replace("settings.a.partner", "settings.^a.partner"),
        "condition.settings",
        "how many people",
    );
    one(&format!("{FILE}{group}{GAME}conditions = [^\"c\"]\n"), "conditions", "not known yet");
    let alone = group.replace("\"group\"", "^\"group\"");
    one(&format!("{FILE}{alone}{GAME}players = 1\n"), "assignment.per", "no game brings a group");
}

#[test]
fn the_completion_page() {
    let page = "[[scene]]\nid = \"c\"\nkind = \"completion\"\n";
    one(&format!("{FILE}^{page}{GAME}"), "scene", "not the last scene");
    after_game(&format!("{page}repeats = ^2"), "repeats", "comes once");
    after_game(
        &format!("{page}conditions = [^\"x\"]\n[[condition]]\nid = \"x\""),
        "conditions",
        "for all",
    );
    after_game(
        &format!("block = \"b\"\n{page}block = ^\"b\"\n[[block]]\nid = \"b\""),
        "block",
        "in no block",
    );
}
