//! Mistakes in games, pages and forms.

use crate::{FILE, after_game, in_game, in_question, one};

#[test]
fn values_of_a_game() {
    in_game("players = ^5", "players", "must be 1 to 4, not 5\n  hint: leave the line out for 2");
    in_game("players = ^\"two\"", "players", "must be a whole number, not a text");
    in_game("players = ^2.0", "players", "must be a whole number");
    in_game("held_keys = ^1", "held_keys", "must be true or false, not a number");
    in_game(
        "^playerz = 2",
        "playerz",
        "unknown field `playerz`\n  hint: did you mean \"players\"?",
    );
    in_game("^colour = 2", "colour", "there is id, kind,");
    in_game("^debriefing = true", "debriefing", "kind = \"gym\" does not have it, \"page\" does");
    in_game("countdown_seconds = ^0.5", "countdown_seconds", "must be 1 to 600, not 0.5");
    in_game("countdown_seconds = ^0.5", "countdown_seconds", "must be 1 to 600");
    in_game("countdown_seconds = ^nan", "countdown_seconds", "not NaN");
    in_game("countdown_seconds = ^1979-05-27", "countdown_seconds", "a date");
    in_game("pause_seconds = ^0", "pause_seconds", "must be 0.1 to 600, not 0");
    in_game("steps_per_second = ^121", "steps_per_second", "must be 1 to 120");
    in_game("input_delay = ^0", "input_delay", "must be 1 to 30, not 0");
    in_game("prediction_window = ^61", "prediction_window", "must be 1 to 60");
    in_game("max_steps = ^0", "max_steps", "must be 1 to 1000000");
    in_game("episodes = ^1001", "episodes", "must be 1 to 1000");
    in_game("seed = ^-1", "seed", "not -1");
    in_game("seed = ^99999999999999999999", "seed", "too large");
    in_game("repeats = ^0", "repeats", "must be 1 to 100");
    in_game("kind = ^\"forms\"", "kind", "no kind of scene\n  hint: did you mean \"form\"?");
    in_game("kind = ^\"chess\"", "kind", "kinds are consent, page, form, gym, completion");
    in_game("kind = ^3", "kind", "must be a text");
    in_game("episode_seeds = ^\"sme\"", "episode_seeds", "none of \"derived\", \"same\"");
    in_game("layout_file = ^\"x\"", "layout_file", "there is a layout as well");
    in_game("layouts = [^\"x\"]", "layouts", "there is a layout as well");
    in_game("focus = ^3", "focus", "must be a table, not a number");
}

#[test]
fn tasks_and_layouts() {
    in_game("task = ^{ name = \"chess\" }", "task", "unknown variant");
    in_game("task = { name = \"cogrid-overcooked\", ^cok_time = 1 }", "task", "cok_time");
    in_game("task = ^{ name = \"cogrid-overcooked\", cook_time = 0 }", "task", "1 to 1000, not 0");
    in_game("task = ^{ name = \"goal-finding\", payment = \"never\" }", "task", "never");
    in_game(
        "task = ^{ name = \"overcooked-ai-2019\", rewards = \"mug\" }",
        "task",
        "recorded-2019",
    );
    let game = |layout: &str| format!("{FILE}[[scene]]\nid = \"a\"\n{layout}\n");
    one(&game("layout = ^\"cramped_rom\""), "layout", "did you mean \"cramped_room\"?");
    one(&game("layout = ^\"gone.txt\""), "layout", "no gone.txt here");
    one(&game("layout = ^\"foreign.txt\""), "layout", "has no goal");
    one(&game("layout = ^3"), "layout", "must be a text, not a number");
    one(&game("layout_file = ^\"latin1.md\""), "layout_file", "no text in UTF-8");
    one(&game("layouts = [\"cramped_room\", ^\"nowhere\"]"), "layouts", "no layout \"nowhere\"");
    one(&game("layouts = [\"cramped_room\", ^\"cramped_room\"]"), "layouts", "given twice");
    one(&game("layouts = ^[]"), "layouts", "must have 1 to 100 items, not 0");
    one(&format!("{FILE}^[[scene]]\nid = \"a\"\n"), "layout", "it is missing");
}

#[test]
fn partners_keys_and_focus() {
    in_game("partner = { policy = ^\"idle\" }", "partner.policy", "the partner is a person");
    in_game("partner = { kind = ^\"robot\" }", "partner.kind", "none of \"person\", \"program\"");
    in_game(
        "partner = { kind = \"program\", seats = ^2 }",
        "partner.seats",
        "no seat for a person",
    );
    in_game(
        "players = 1\npartner = { kind = ^\"program\" }",
        "partner.kind",
        "no seat for a program",
    );
    in_game("tutorial = true\npartner = { kind = ^\"person\" }", "partner.kind", "not with people");
    in_game(
        "tutorial = true\nplayers = 3\npartner = { seats = ^1 }",
        "partner.seats",
        "one person",
    );
    in_game("keys = { up = [^\"w\"] }", "keys.up", "did you mean \"KeyW\"?");
    in_game("keys = { up = [\"KeyQ\"], down = [^\"KeyQ\"] }", "keys.down", "given twice");
    in_game("keys = ^{ toggle = [\"KeyW\", \"ArrowUp\"] }", "keys.up", "none of its own");
    in_game("keys = { ^jump = [\"KeyQ\"] }", "keys.jump", "unknown field");
    in_game("focus = { ^warn_after = 3 }", "focus.warn_after", "there is warn_after_seconds");
    in_game(
        "focus = { warn_after_seconds = ^9, limit_seconds = 5 }",
        "focus.warn_after_seconds",
        "ended after 5 seconds already",
    );
    in_game("focus = { pause = ^true, limit_seconds = 0 }", "focus.pause", "without end");
    in_game("reconnection = { connect_seconds = ^1 }", "reconnection.connect_seconds", "5 to 600");
    in_game("reconnection = { limit_seconds = ^4 }", "reconnection.limit_seconds", "5 to 600");
    in_game(
        "reconnection = { countdown_seconds = ^0 }",
        "reconnection.countdown_seconds",
        "1 to 60",
    );
    in_game("reconnection = { ^limit_s = 9 }", "reconnection.limit_s", "unknown field");
}

#[test]
fn texts_and_pictures() {
    let page = |lines: &str| format!("[[scene]]\nid = \"p\"\nkind = \"page\"\n{lines}");
    after_game("^[[scene]]\nid = \"p\"\nkind = \"page\"", "text", "it is missing");
    after_game(&page("text = ^3"), "text", "must be a text");
    after_game(&page("text = \"x\"\nfile = ^\"text.md\""), "file", "there is a text as well");
    after_game(&page("file = ^\"gone.md\""), "file", "no gone.md here");
    after_game(&page("file = ^\"latin1.md\""), "file", "no text in UTF-8");
    after_game(&page("file = ^\"text.md\""), "file", "no missing.png here");
    after_game(&page("text = ^\"![x](http://h/x.png)\""), "text", "not in the experiment's folder");
    after_game(&page("text = ^\"![x](/x.png)\""), "text", "not in the experiment's folder");
    after_game(&page("text = ^\"![x](picture.gif)\""), "text", "neither PNG nor JPEG");
    after_game(&page("text = ^\"![x](large.png)\""), "text", "4194304 are allowed");
    after_game(&page("text = \"x\"\nmin_seconds = ^-1"), "min_seconds", "0 to 3600");
}

#[test]
fn questions() {
    let text = "text = \"?\"\n";
    in_question(&format!("{text}kind = ^\"essay\""), "question.kind", "kinds are choice");
    in_question(
        &format!("{text}kind = \"text\"\n^points = 5"),
        "question.points",
        "\"scale\" does",
    );
    in_question(
        &format!("{text}kind = \"choice\"\noptions = ^[\"x\"]"),
        "question.options",
        "2 to 50",
    );
    in_question(
        &format!("{text}kind = \"choice\"\noptions = [\"x\", ^\"x\"]"),
        "question.options",
        "given twice",
    );
    in_question(
        &format!(
            "{text}kind = \"choice\"\noptions = [\"x\", \"y\", \"z\"]\n\
             pictures = [^\"picture.png\", \"picture.png\"]"
        ),
        "question.pictures",
        "2 pictures for 3 options",
    );
    in_question(
        &format!("{text}kind = \"choices\"\noptions = [\"x\", \"y\"]\nat_most = ^3"),
        "question.at_most",
        "1 to 3 of 2",
    );
    in_question(
        &format!("{text}kind = \"scale\"\npoints = 3\nlabels = [^\"x\"]"),
        "question.labels",
        "1 labels do not fit on 3 points",
    );
    in_question(&format!("{text}kind = \"scale\"\npoints = ^1"), "question.points", "2 to 101");
    in_question(
        &format!("{text}kind = \"number\"\nmin = 3\nmax = ^2"),
        "question.max",
        "at least 3",
    );
    in_question(&format!("{text}kind = \"text\"\npattern = ^'['"), "question.pattern", "regular");
    in_question(
        &format!("{text}kind = \"text\"\npattern = ^'a)(b'"),
        "question.pattern",
        "regular",
    );
    in_question(
        &format!("{text}kind = \"text\"\npattern_message = ^\"x\""),
        "question.pattern_message",
        "no pattern",
    );
    in_question(
        &format!("{text}kind = \"text\"\nmin_length = ^9\nmax_length = 8"),
        "question.min_length",
        "no text has 9 to 8",
    );
    in_question(
        &format!("{text}kind = \"text\"\npicture = ^\"x.png\""),
        "question.picture",
        "x.png",
    );
}

#[test]
fn forms() {
    let form = "[[scene]]\nid = \"f\"\nkind = \"form\"\n";
    after_game(&format!("^{form}"), "question", "it is missing");
    let question = "[[scene.question]]\nkind = \"number\"\ntext = \"?\"\n";
    after_game(
        &format!("{form}{question}id = \"q\"\n{question}id = ^\"q\""),
        "question.id",
        "twice",
    );
    after_game(&format!("{form}^{question}"), "question.id", "it is missing");
}
