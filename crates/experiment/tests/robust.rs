//! Files that nobody would write: no text panics, and random settings come back as they were.

use dyad_experiment::{Experiment, Mistakes};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::Path;

/// Files beside the examples, and a layout.
fn files(name: &str) -> std::io::Result<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/experiments");
    std::fs::read(folder.join(name))
}

fn parse(text: &str) -> Result<Experiment, Mistakes> {
    Experiment::parse(text, files)
}

/// A file that is right or has mistakes, each with a place in it and a hint.
fn check(text: &str) {
    let Err(Mistakes(mistakes)) = parse(text) else { return };
    assert!(!mistakes.is_empty(), "{text}");
    let lines = text.lines().count() + 1;
    for mistake in mistakes {
        assert!((1..=lines).contains(&mistake.line) && mistake.column > 0, "{text}\n{mistake}");
        assert!(!mistake.hint.is_empty() && !mistake.problem.is_empty(), "{text}\n{mistake:?}");
    }
}

fn examples() -> Vec<String> {
    let names = ["two_speeds", "far_apart", "with_a_program", "goal_finding"];
    names
        .iter()
        .map(|name| {
            String::from_utf8(files(&format!("{name}.toml")).expect("an example")).expect("a text")
        })
        .collect()
}

#[test]
fn a_line_may_be_missing_or_doubled_anywhere() {
    let (mut right, mut wrong) = (0, 0);
    for text in examples() {
        let lines: Vec<&str> = text.lines().collect();
        for at in 0..lines.len() {
            let (before, after) = lines.split_at(at);
            let without = [before, &after[1..]].concat().join("\n");
            let doubled = [before, &[after[0]], after].concat().join("\n");
            for text in [without, doubled] {
                check(&text);
                *if parse(&text).is_ok() { &mut right } else { &mut wrong } += 1;
            }
        }
    }
    assert!(
        right > 100 && wrong > 100,
        "{right} right, {wrong} wrong: the test does not test much"
    );
}

#[test]
fn a_file_may_end_anywhere_and_hold_anything_somewhere() {
    for text in examples().iter().take(2) {
        for (at, letter) in text.char_indices().step_by(7) {
            check(&text[..at]);
            for other in ["ü", "\"", "]", "=", "\n", "0", "\0"] {
                check(&format!("{}{other}{}", &text[..at], &text[at + letter.len_utf8()..]));
            }
        }
    }
}

#[test]
fn files_that_are_nothing_but_mistakes_are_told_so_soon() {
    let started = std::time::Instant::now();
    for text in ["x\n", "[[scene]]\n", "a = [", "\u{feff}", "[[block]]\nid = \"b\"\n", "x = 1\n"] {
        check(&text.repeat(100_000 / text.len()));
    }
    let lines: String = (0..20_000).map(|line| format!("x{line} = {line}\n")).collect();
    check(&lines);
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
}

#[test]
fn a_file_may_begin_with_a_byte_order_mark_and_have_lines_of_windows() {
    let text = &examples()[0];
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let (unix, windows) = (parse(text).expect("right"), parse(&windows).expect("right"));
    assert_eq!(unix.scenes().len(), windows.scenes().len());
}

/// A value as it could stand in a file.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[0-9]{1,20}",
        "-?[0-9]{1,3}\\.[0-9]{1,3}",
        "\"[a-z_ ]{0,8}\"",
        Just("true".to_owned()),
        Just("nan".to_owned()),
        Just("1979-05-27".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|it| format!("[{}]", it.join(", "))),
            prop::collection::btree_map(field(), inner, 0..4).prop_map(|it| {
                let entries: Vec<_> = it.iter().map(|(key, it)| format!("{key} = {it}")).collect();
                format!("{{ {} }}", entries.join(", "))
            }),
        ]
    })
}

/// A field's name, mostly one that there is.
fn field() -> impl Strategy<Value = String> {
    let names = "id kind text file options question task layout layouts players partner keys focus seats \
                 settings name block keep order repeats conditions then scene announced policy min max \
                 pattern points labels up debriefing codes url rtt max_ms defaults condition assignment \
                 matchmaking waiting_room dropout screening monitoring completion network language";
    let names: Vec<&str> = names.split_whitespace().collect();
    prop_oneof![9 => prop::sample::select(names).prop_map(str::to_owned), 1 => "[a-z]{1,5}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,200}") {
        check(&text);
    }

    #[test]
    fn no_entries_make_the_parser_panic(
        entries in prop::collection::btree_map(field(), value(), 0..8),
        scenes in prop::collection::vec(prop::collection::btree_map(field(), value(), 0..8), 0..4),
    ) {
        let mut text = String::new();
        for (key, value) in entries {
            writeln!(text, "{key} = {value}").unwrap();
        }
        for scene in scenes {
            writeln!(text, "[[scene]]").unwrap();
            for (key, value) in scene {
                writeln!(text, "{key} = {value}").unwrap();
            }
        }
        check(&text);
    }

    #[test]
    fn settings_come_back_as_they_were(
        (players, seats) in (1_u8..=4).prop_flat_map(|players| (Just(players), 0..players)),
        (speed, max_steps, episodes) in (1_u16..=120, 1_u32..=1_000_000, 1_u16..=1000),
        (delay, window) in (1_u8..=30, 1_u8..=60),
        (countdown, pause) in (10_u32..=6000, 1_u32..=6000),
        seed in prop::option::of(0_u64..(1 << 53)),
        flags in any::<[bool; 3]>(),
        (warn, limit) in (0_u32..=3600).prop_flat_map(|limit| (0..=limit, Just(limit))),
        layouts in prop::sample::subsequence(
            vec!["cramped_room", "counter_circuit", "coordination_ring", "asymmetric_advantages"], 1..=4,
        ),
    ) {
        let [held, pauses, announced] = flags;
        let warn = if limit == 0 { 7 } else { warn };
        // A game cannot wait for somebody without end.
        let pauses = pauses && limit > 0;
        let mut text = format!(
            "id = \"s\"\n[[scene]]\nid = \"a\"\nlayouts = {layouts:?}\nplayers = {players}\n\
             steps_per_second = {speed}\nmax_steps = {max_steps}\nepisodes = {episodes}\n\
             input_delay = {delay}\nprediction_window = {window}\nheld_keys = {held}\n\
             countdown_seconds = {}\npause_seconds = {}\n\
             focus = {{ warn_after_seconds = {warn}, limit_seconds = {limit}, pause = {pauses} }}\n",
            f64::from(countdown) / 10.0,
            f64::from(pause) / 10.0,
        );
        if let Some(seed) = seed {
            writeln!(text, "seed = {seed}").unwrap();
        }
        if seats > 0 {
            let partner = "partner = { kind = \"program\", policy = \"random\"";
            writeln!(text, "{partner}, seats = {seats}, announced = {announced} }}").unwrap();
        }
        text += "[[scene]]\nid = \"p\"\nkind = \"page\"\ntext = \"x\"\ndebriefing = true\n";
        // Four cooks do not fit into each kitchen, and nothing else is wrong.
        let experiment = match parse(&text) {
            Ok(experiment) => experiment,
            Err(Mistakes(mistakes)) => {
                prop_assert!(mistakes.iter().all(|it| it.field == "layout"), "{text}\n{mistakes:?}");
                return Ok(());
            }
        };
        let gym = experiment.scene();
        let names: Vec<&str> = gym.layouts.iter().map(|layout| layout.name.as_str()).collect();
        prop_assert_eq!(names, layouts);
        prop_assert_eq!((gym.players, gym.people()), (players, players - seats));
        prop_assert_eq!((gym.steps_per_second, gym.max_steps, gym.episodes), (speed, max_steps, episodes));
        prop_assert_eq!((gym.netcode.input_delay, gym.netcode.prediction_window), (delay, window));
        prop_assert_eq!((gym.held_keys, gym.seed), (held, seed));
        let frames = |tenths: u32| (tenths * u32::from(speed)).div_ceil(10);
        prop_assert_eq!((gym.countdown_frames, gym.pause_frames), (frames(countdown), frames(pause)));
        prop_assert_eq!(gym.focus.rule.pause, pauses);
        prop_assert_eq!(gym.focus.rule.warn_frames, warn * u32::from(speed));
        prop_assert_eq!(gym.focus.rule.limit.unwrap_or(0), limit * u32::from(speed));
        prop_assert_eq!(gym.programs.map(|it| it.program.announced), (seats > 0).then_some(announced));
        prop_assert_eq!(parse(&text).unwrap(), experiment);
    }
}
