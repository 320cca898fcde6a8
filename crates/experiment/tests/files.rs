//! Experiment files: the defaults, what arrives of a game's settings, layouts and included files.

use dyad_experiment::rules::{AfterDropout, AfterWaiting, Matchmaker, Program, ScreeningRule};
use dyad_experiment::words::{Policy, System};
use dyad_experiment::{Content, Experiment, Mistake, Network, Outcome};
use dyad_gridworld::settings::EpisodeSeeds;
use dyad_gridworld::task::TaskSettings;
use dyad_gridworld::{Action, FocusRule, Game};
use dyad_protocol::lobby::Reconnection;
use std::io;
use std::path::Path;
use std::time::Duration;

const SMALL: &str = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\n";

fn no_files(name: &str) -> io::Result<Vec<u8>> {
    Err(io::Error::new(io::ErrorKind::NotFound, format!("no {name} here")))
}

fn mistakes(text: &str) -> Vec<Mistake> {
    let Err(mistakes) = Experiment::parse(text, no_files) else { panic!("accepted:\n{text}") };
    mistakes.0
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
    assert!(!scene.held_keys && !scene.sounds);
    assert_eq!(scene.reconnection, Reconnection::default());
}

#[test]
fn every_field_arrives() {
    let text = "id = \"s\"\ntitle = \"T\"\nnetwork = { stun = [\"stun:h:1\"], turn = [\"turn:h\"], \
        turn_secret_file = \"f\", relay_only = true }\n[[scene]]\nid = \"a\"\n\
        kind = \"gym\"\nlayout = \"counter_circuit\"\nplayers = 4\nsteps_per_second = 20\n\
        max_steps = 7\nepisodes = 3\ncountdown_seconds = 1.26\npause_seconds = 1\ninput_delay = 1\n\
        prediction_window = 8\nheld_keys = true\nsounds = true\nseed = 5\nepisode_seeds = \"same\"\n\
        task = { name = \"cogrid-overcooked\", cook_time = 12 }\n[scene.reconnection]\n\
        connect_seconds = 90\nlimit_seconds = 600\ncountdown_seconds = 1\n";
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
    assert!(scene.held_keys && scene.sounds);
    let expected = Reconnection { connect_seconds: 90, limit_seconds: 600, countdown_seconds: 1 };
    assert_eq!(scene.reconnection, expected);
    let game = scene.game(9).unwrap();
    assert_eq!(game.settings["task"]["cook_time"], 12);
    assert_eq!(game.settings["seed"], 9);
    assert_eq!(game.digest.as_str(), Game::new(scene.settings(9)).unwrap().digest().to_string());
}

#[test]
fn a_layout_file_is_read_and_checked() {
    let with = |text: &'static str| {
        let file = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout_file = \"my/room.txt\"\n";
        Experiment::parse(file, move |name| {
            assert_eq!(name, "my/room.txt");
            Ok(text.as_bytes().to_vec())
        })
    };
    let experiment = with("CUC\nO =\n@ C\n").unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(experiment.scene().layouts[0].name, "room");
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
            let layout = scene.layout(0);
            assert_eq!((&scene.task, layout.name.as_str()), (&task, *name));
            assert_eq!(layout.text, *text);
        }
    }
}

#[test]
fn what_is_no_layouts_name_may_be_a_path() {
    let read = |name: &str| match name {
        "kitchens/mine.txt" => Ok(b"UC@\nC+C\n  +".to_vec()),
        _ => no_files(name),
    };
    let file = with("cogrid-overcooked", "kitchens/mine.txt");
    let experiment = Experiment::parse(&file, read).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(experiment.scene().layouts[0].name, "mine");
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
    let read = |text: &'static str| move |_: &str| Ok(text.as_bytes().to_vec());
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
fn a_match_draws_one_of_several_layouts() {
    let file = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayouts = [\"cramped_room\", \"counter_circuit\", \
                \"my/room.txt\"]\n";
    let read = |_: &str| Ok(b"CUC\nO =\n@ C\n".to_vec());
    let experiment = Experiment::parse(file, read).unwrap_or_else(|error| panic!("{error}"));
    let gym = experiment.scene();
    let mut counts = std::collections::BTreeMap::new();
    for seed in 0..3000 {
        let settings = gym.settings(seed);
        assert_eq!((settings.layout, settings.seed), (gym.layout(seed).name.clone(), seed));
        *counts.entry(gym.layout(seed).name.as_str()).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 3);
    assert!(counts.values().all(|count| (900..1100).contains(count)), "{counts:?}");
}

#[test]
fn settings_lie_over_defaults_and_under_conditions() {
    let file = r#"
        id = "s"
        [defaults]
        layouts = ["cramped_room", "counter_circuit"]
        max_steps = 100
        focus = { limit_seconds = 5, pause = true }
        partner = { kind = "program", policy = "idle" }
        task = { name = "cogrid-overcooked", cook_time = 12 }
        [[condition]]
        id = "c"
        [condition.settings.a]
        layout = "forced_coordination"
        focus = { warn_after_seconds = 1 }
        task = { name = "cogrid-overcooked" }
        [[condition]]
        id = "d"
        [[scene]]
        id = "a"
        max_steps = 200
        partner = { kind = "person" }
        [[scene]]
        id = "b"
    "#;
    let experiment = Experiment::parse(file, no_files).unwrap_or_else(|error| panic!("{error}"));
    let gym = |at: usize, condition: &str| {
        let id = condition.parse().unwrap();
        experiment.scenes()[at].gym().unwrap().in_condition(Some(&id)).clone()
    };
    let (changed, same, other) = (gym(0, "c"), gym(0, "d"), gym(1, "c"));
    assert_eq!((changed.max_steps, same.max_steps, other.max_steps), (200, 200, 100));
    assert_eq!(changed.layouts.len(), 1);
    assert_eq!((same.layouts.len(), other.layouts.len()), (2, 2));
    let rule = FocusRule { limit: Some(150), pause: true, return_frames: 90, warn_frames: 30 };
    assert_eq!(changed.focus.rule, rule);
    assert_eq!(changed.settings(0).focus, rule);
    assert_eq!(same.focus.rule, FocusRule { warn_frames: 90, ..rule });
    let short = "id = \"s\"\n[[scene]]\nid = \"a\"\nlayout = \"cramped_room\"\nfocus = { limit_seconds = 2 }\n";
    let short = Experiment::parse(short, no_files).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(short.scene().focus.rule.warn_frames, 60, "a default makes way");
    assert_eq!((changed.people(), same.people(), other.people()), (2, 2, 1));
    assert_eq!(changed.task, TaskSettings::default());
    assert_ne!(same.task, TaskSettings::default());
}

#[test]
fn what_is_included_is_a_part_of_the_digest() {
    let file = "id = \"s\"\n[data]\nnotice = \"\"\n[[scene]]\nid = \"c\"\nkind = \"consent\"\nfile = \"c.md\"\n[[scene]]\n\
                id = \"a\"\nlayout = \"cramped_room\"\n";
    let with = |file: &str, consent: &'static str, picture: &'static [u8]| {
        let read = move |name: &str| match name {
            "c.md" => Ok(consent.as_bytes().to_vec()),
            _ => Ok([b"\xff\xd8\xff", picture].concat()),
        };
        Experiment::parse(file, read).unwrap_or_else(|error| panic!("{error}"))
    };
    let first = with(file, "![p](p.jpg)", b"1");
    assert_eq!(first.digest, with(file, "![p](p.jpg)", b"1").digest);
    assert_eq!(first.pictures["p.jpg"].bytes[3..], *b"1");
    let others = [
        with(file, "![p](p.jpg)", b"2"),
        with(file, "![q](p.jpg)", b"1"),
        with(&format!("{file}\n"), "![p](p.jpg)", b"1"),
    ];
    assert!(others.iter().all(|other| other.digest != first.digest));
    let Content::Consent(consent) = &first.scenes()[0].content else { panic!("no consent") };
    assert_eq!(consent.text.digest(), dyad_gridworld::Digest::of(b"![p](p.jpg)"));
}

#[test]
fn rules_arrive() {
    let file = r#"
        id = "s"
        language = "de-AT"
        sounds = true
        motion_easing_ms = 0
        [matchmaking]
        kind = "reunion"
        fallback = false
        max_p2p_rtt_ms = 100
        [waiting_room]
        limit_seconds = 1.5
        show_count = false
        then = "program"
        policy = "random"
        [dropout]
        then = "program"
        [monitoring.rtt]
        max_ms = 9
        [screening.system]
        allow = ["linux"]
        message = "Only penguins."
        [screening.rtt]
        max_ms = 80
        [[screening.question]]
        text = "?"
        options = ["a", "b", "c"]
        accept = ["c", "a"]
        [completion.codes]
        finished = "F"
        [[scene]]
        id = "a"
        layout = "cramped_room"
        keys = { toggle = ["KeyE"] }
    "#;
    let experiment = Experiment::parse(file, no_files).unwrap_or_else(|error| panic!("{error}"));
    let presentation = &experiment.presentation;
    assert_eq!((presentation.language.as_deref(), presentation.sounds), (Some("de-AT"), true));
    assert_eq!(presentation.motion_easing, Duration::ZERO);
    let rules = &experiment.rules;
    assert_eq!(rules.matchmaking.matchmaker, Matchmaker::Reunion { fallback: false });
    assert_eq!(rules.matchmaking.max_p2p_rtt, Some(Duration::from_millis(100)));
    assert_eq!(rules.waiting_room.limit, Duration::from_millis(1500));
    let random = Program { policy: Policy::Random, announced: true };
    assert_eq!(rules.waiting_room.then, AfterWaiting::Program(random));
    let scripted = Program { policy: Policy::Scripted, announced: true };
    assert_eq!(rules.dropout, AfterDropout::Program(scripted));
    let watch = rules.watch_rtt.as_ref().unwrap();
    assert_eq!((watch.most, watch.window, watch.violations), (Duration::from_millis(9), 5, 3));
    let penguins = Some("Only penguins.".to_owned());
    let screening = &rules.screening.rules;
    assert_eq!(screening[0], (ScreeningRule::System(vec![System::Linux]), penguins));
    let rtt = ScreeningRule::Rtt { most: Duration::from_millis(80), pings: 5 };
    assert_eq!(screening[1], (rtt, None));
    let ScreeningRule::Question { accept, .. } = &screening[2].0 else { panic!("no question") };
    assert_eq!(*accept, [2, 0]);
    assert_eq!(experiment.completion.codes[&Outcome::Finished], "F");
    assert_eq!(experiment.scene().keys.action("KeyE"), Some(Action::Toggle));
    let warnings: Vec<String> = experiment.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].contains("no completion code for no_partner, partner_left"),
        "{warnings:?}"
    );
}
