//! Experiment files: the examples, the defaults, and what is said about mistakes.

use dyad_experiment::{Experiment, Mistake, Network};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{FocusRule, Game};
use std::io;
use std::path::Path;

const SMALL: &str = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n";

fn no_files(name: &str) -> io::Result<String> {
    Err(io::Error::new(io::ErrorKind::NotFound, format!("no {name} here")))
}

fn mistakes(text: &str) -> Vec<Mistake> {
    let Err(mistakes) = Experiment::parse(text, no_files) else { panic!("accepted:\n{text}") };
    mistakes.0
}

#[test]
fn the_examples_are_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/experiments");
    let mut seen = 0;
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let experiment = Experiment::load(&path).unwrap_or_else(|error| panic!("{error}"));
        assert!(Game::new(experiment.scene().settings(1)).is_ok());
        seen += 1;
    }
    assert!(seen >= 2, "cramped_room.toml and demo.toml are gone");
}

#[test]
fn a_scene_says_only_what_differs_from_the_defaults() {
    let experiment = Experiment::parse(SMALL, no_files).unwrap();
    assert_eq!(experiment.title, "s");
    assert_eq!(experiment.network, Network::default());
    let scene = experiment.scene();
    assert_eq!((scene.players, scene.steps_per_second), (2, 30));
    assert_eq!((scene.max_steps, scene.episodes), (1350, 1));
    assert_eq!((scene.countdown_frames, scene.pause_frames), (90, 90));
    assert_eq!((scene.netcode.input_delay, scene.netcode.prediction_window), (2, 16));
    assert_eq!((scene.seed, scene.episode_seeds), (None, EpisodeSeeds::Derived));
    assert!(!scene.held_keys);
    assert_eq!(scene.focus, FocusRule::default());
}

#[test]
fn every_field_arrives() {
    let text = "id = \"s\"\ntitle = \"T\"\nnetwork = { stun = [\"stun:h:1\"], turn = [\"turn:h\"], \
        turn_secret_file = \"f\", relay_only = true }\n[[scene]]\nid = \"a\"\n\
        kind = \"gym\"\nlayout = \"counter_circuit\"\nplayers = 4\nsteps_per_second = 20\n\
        max_steps = 7\nepisodes = 3\ncountdown_s = 1.26\npause_s = 1\ninput_delay = 1\n\
        prediction_window = 8\nheld_keys = true\nseed = 5\nepisode_seeds = \"same\"\n\
        task = { name = \"cogrid-overcooked\", cook_time = 12 }\n";
    let experiment = Experiment::parse(text, no_files).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(experiment.title, "T");
    assert_eq!(experiment.network.turn_secret_file.as_deref(), Some(Path::new("f")));
    let ice = experiment.network.ice_servers();
    assert_eq!((ice.urls, ice.relay_only), (vec!["stun:h:1".into(), "turn:h".into()], true));
    assert_eq!((ice.username, ice.credential), (None, None));
    let scene = experiment.scene();
    assert_eq!((scene.players, scene.steps_per_second, scene.max_steps), (4, 20, 7));
    assert_eq!((scene.episodes, scene.countdown_frames, scene.pause_frames), (3, 26, 20));
    assert_eq!((scene.netcode.input_delay, scene.netcode.prediction_window), (1, 8));
    assert_eq!((scene.seed, scene.episode_seeds), (Some(5), EpisodeSeeds::Same));
    assert!(scene.held_keys);
    let game = scene.game(9).unwrap();
    assert_eq!(game.settings["task"]["cook_time"], 12);
    assert_eq!(game.settings["seed"], 9);
    assert_eq!(game.digest.as_str(), Game::new(scene.settings(9)).unwrap().digest().to_string());
}

#[test]
fn a_mistake_has_its_line_its_field_and_a_hint() {
    let cases = [
        ("players = 5", "players", "must be 1 to 4, not 5"),
        ("players = \"two\"", "players", "invalid type"),
        ("playerz = 2", "playerz", "unknown field `playerz`"),
        ("countdown_s = 0.5", "countdown_s", "must be 1 to 600 seconds, not 0.5"),
        ("countdown_s = nan", "countdown_s", "not NaN"),
        ("input_delay = 0", "input_delay", "must be 1 to 30, not 0"),
        ("prediction_window = 61", "prediction_window", "must be 1 to 60"),
        ("max_steps = 0", "max_steps", "must be 1 to 1000000"),
        ("seed = -1", "seed", "not -1"),
        ("kind = \"form\"", "kind", "no kind of scene"),
        ("episode_seeds = \"other\"", "episode_seeds", "unknown variant"),
        ("task = { name = \"chess\" }", "task", "unknown variant"),
        ("task = { name = \"cogrid-overcooked\", cok_time = 1 }", "task", "cok_time"),
        ("layout_file = \"x\"", "layout_file", "there is a layout as well"),
        ("task = { name = \"cogrid-overcooked\", cook_time = 0 }", "task", "1 to 1000, not 0"),
        ("task = { name = \"goal-finding\", payment = \"never\" }", "task", "never"),
        ("task = { name = \"overcooked-ai-2019\", rewards = \"mug\" }", "task", "recorded-2019"),
        ("players = 2 2", "players", ""),
    ];
    for (line, field, problem) in cases {
        let found = mistakes(&format!("{SMALL}{line}\n"));
        let [mistake] = &found[..] else { panic!("{line}: {found:?}") };
        assert_eq!((mistake.line, mistake.field.as_str()), (5, field), "{line}: {mistake}");
        assert!(mistake.problem.contains(problem), "{line}: {mistake}");
        assert!(!mistake.hint.is_empty(), "{line}");
    }
}

#[test]
fn a_rule_about_focus_is_counted_in_steps() {
    let rule = |table: &str| {
        let text = format!("{SMALL}steps_per_second = 20\n[scene.focus]\n{table}\n");
        Experiment::parse(&text, no_files).map(|experiment| experiment.scene().focus)
    };
    let limit = FocusRule { limit: Some(200), pause: false, return_frames: 40, warn_frames: 60 };
    assert_eq!(rule("limit_s = 10").ok(), Some(limit));
    assert_eq!(rule("").ok(), Some(FocusRule { limit: None, ..limit }));
    let all = "limit_s = 7.5\npause = true\nreturn_s = 1\nwarn_after_s = 0.5";
    let expected = FocusRule { limit: Some(150), pause: true, return_frames: 20, warn_frames: 10 };
    assert_eq!(rule(all).ok(), Some(expected));
    let cases = [
        ("pause = true", "focus.limit_s", "wait without end"),
        ("limit_s = 0.5", "focus.limit_s", "must be 1 to 600 seconds, not 0.5"),
        ("warn_after_s = 0", "focus.warn_after_s", "must be 0.1 to 600 seconds"),
        ("limit = 3", "limit", "unknown field `limit`"),
    ];
    for (table, field, problem) in cases {
        let Err(mistakes) = rule(table) else { panic!("accepted: {table}") };
        let [mistake] = &mistakes.0[..] else { panic!("{table}: {mistakes:?}") };
        assert_eq!(mistake.field, field, "{table}: {mistake}");
        assert!(mistake.problem.contains(problem) && !mistake.hint.is_empty(), "{mistake}");
    }
}

#[test]
fn servers_that_cannot_work_are_mistakes() {
    let cases = [
        ("stun = [\"turn:h\"]", "stun", "no stun server"),
        ("turn = [\"turns:h\"]\nturn_secret_file = \"f\"", "turn", "TLS"),
        ("turn = [\"turn:h?transport=tcp\"]\nturn_secret_file = \"f\"", "turn", "TCP"),
        ("turn = [\"turn:h\"]", "turn_secret_file", "missing"),
        ("turn_secret_file = \"f\"", "turn_secret_file", "no TURN server"),
        ("relay_only = true", "relay_only", "no TURN server"),
    ];
    for (lines, field, problem) in cases {
        let found = mistakes(&format!("{SMALL}[network]\n{lines}\n"));
        let [mistake] = &found[..] else { panic!("{lines}: {found:?}") };
        assert_eq!((mistake.line, &*mistake.field), (6, &*format!("network.{field}")), "{lines}");
        assert!(mistake.problem.contains(problem), "{lines}: {mistake}");
        assert!(!mistake.hint.is_empty(), "{lines}");
    }
    let old = mistakes(&format!("{SMALL}[ice]\nurls = []\n"));
    assert!(old[0].problem.contains("unknown field `ice`"), "{old:?}");
}

#[test]
fn all_mistakes_are_told_at_once() {
    let found = mistakes(
        "id = \"A B\"\nnetwork = { stun = [\"http://x\"] }\n[[scene]]\nid = \"a\"\nlayout = \"nowhere\"\n\
         players = 0\n[[scene]]\nid = \"b\"\n",
    );
    let places: Vec<_> = found.iter().map(|m| (m.line, m.field.as_str())).collect();
    let expected = [
        (1, "id"),
        (2, "network.stun"),
        (5, "layout"),
        (6, "players"),
        (7, "scene"),
        (7, "layout"),
    ];
    assert_eq!(places, expected, "{found:?}");
    assert_eq!(mistakes("id = \"a\"")[0].problem, "there is none");
}

#[test]
fn a_layout_file_is_read_and_checked() {
    let with = |text: &'static str| {
        let file = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout_file = \"my/room.txt\"\n";
        Experiment::parse(file, move |name| {
            assert_eq!(name, "my/room.txt");
            Ok(text.to_owned())
        })
    };
    let experiment = with("CUC\nO =\n@ C\n").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(experiment.scene().layout, "room");
    let bad = with("C?C\n").unwrap_err();
    assert_eq!((bad.0[0].line, bad.0[0].field.as_str()), (4, "layout"));
    assert!(bad.to_string().contains("line 1, column 2"), "{bad}");
    let missing = mistakes("id = \"s\"\n[[scene]]\nid = \"a\"\nlayout_file = \"room.txt\"\n");
    assert!(missing[0].problem.contains("no room.txt here"), "{}", missing[0]);
}

/// An experiment with this task and layout.
fn with(task: &str, layout: &str) -> String {
    format!(
        "id = \"s\"\n[[scene]]\nid = \"a\"\ntask = {{ name = {task:?} }}\nlayout = {layout:?}\n"
    )
}

#[test]
fn every_layout_of_every_task_has_a_name() {
    for task in TaskSettings::all() {
        for (name, text) in task.layouts() {
            let file = with(task.name(), name);
            let experiment = Experiment::parse(&file, no_files).unwrap_or_else(|e| panic!("{e}"));
            let scene = experiment.scene();
            assert_eq!((&scene.task, scene.layout.as_str()), (&task, *name));
            assert_eq!(scene.layout_text, *text);
        }
    }
}

#[test]
fn what_is_no_layouts_name_may_be_a_path() {
    let read = |name: &str| match name {
        "kitchens/mine.txt" => Ok("UC@\nC+C\n  +".to_owned()),
        _ => no_files(name),
    };
    let file = with("cogrid-overcooked", "kitchens/mine.txt");
    let experiment = Experiment::parse(&file, read).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(experiment.scene().layout, "mine");
    let warnings: Vec<String> = experiment.warnings().iter().map(ToString::to_string).collect();
    let lost = |column, tile| {
        format!(
            "scene a: layout \"mine\": line 1, column {column}: no player can get to this {tile}"
        )
    };
    assert_eq!(warnings, [lost(1, "pot ('U')"), lost(3, "delivery zone ('@')")]);
    let missing = mistakes(&with("cogrid-overcooked", "gone.txt"));
    assert!(missing[0].problem.contains("no gone.txt here"), "{}", missing[0]);
}

#[test]
fn hints_list_what_the_task_has() {
    let hint = |task, layout| mistakes(&with(task, layout))[0].hint.clone();
    let layouts = hint("cogrid-overcooked", "simple");
    for name in ["cramped_room", "mixed_kitchen@0.2.1", "\"kitchens/mine.txt\""] {
        assert!(layouts.contains(name), "{name} in {layouts}");
    }
    assert!(hint("goal-finding", "cramped_room").contains("simple"));
    let task = hint("chess", "simple");
    for part in ["goal-finding", "overcooked-ai-2019", "cogrid-0.2", "recorded-2019", "\"0.1\""] {
        assert!(task.contains(part), "{part} in {task}");
    }
}

#[test]
fn a_layout_of_another_task_is_refused_with_its_place() {
    let read = |text: &'static str| move |_: &str| Ok(text.to_owned());
    let refused = |task, text| {
        let found = Experiment::parse(&with(task, "x.txt"), read(text)).unwrap_err();
        let [mistake] = &found.0[..] else { panic!("{found}") };
        assert_eq!((mistake.line, mistake.field.as_str()), (5, "layout"));
        mistake.problem.clone()
    };
    let foreign = refused("goal-finding", "source: x\n\n#+G\n+U ");
    assert!(foreign.contains("line 4, column 2: the task goal-finding has no pot"), "{foreign}");
    let unmarked = refused("overcooked-ai-2019", "U @\n   ");
    assert!(unmarked.contains("needs marked start cells"), "{unmarked}");
    let crooked = refused("cogrid-overcooked", "U @\n  ");
    assert!(crooked.contains("line 2, column 3"), "{crooked}");
}

#[test]
fn no_text_makes_the_parser_panic() {
    for end in 0..SMALL.len() {
        let _unless_panic = Experiment::parse(&SMALL[..end], no_files);
        let _unless_panic =
            Experiment::parse(&SMALL.replace(&SMALL[end..=end], "\u{e4}"), no_files);
    }
}
