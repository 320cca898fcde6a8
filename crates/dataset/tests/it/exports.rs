//! What an export holds, and that it depends on nothing but its store.

use crate::support::{Fate, Plan, alone, finished, make_store, mixed, study};
use dyad_dataset::study::Study;
use dyad_dataset::{ExportError, Options, codebook, export_study, parallel, verify};
use dyad_protocol::Seat;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use tempfile::TempDir;

/// A folder with a store in `store`.
pub(crate) fn folder(plans: &[Plan]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    make_store(&folder.path().join("store"), plans);
    folder
}

/// Exports the store of a folder.
pub(crate) fn export_to(folder: &Path, name: &str, options: &Options) -> Result<(), ExportError> {
    let done = |_, _| {};
    let (store, out) = (folder.join("store"), folder.join(name));
    export_study(&store, &out, options, study(), parallel::cores(), &done).map(|_| ())
}

/// All files of a folder, by path.
pub(crate) fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

pub(crate) fn findings(root: &Path) -> Vec<String> {
    let check = verify(root, parallel::cores(), &|_, _| {}).unwrap();
    check.findings.iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
}

const EVERYTHING: Options =
    Options { since_ms: None, scene: None, only_identical: false, parquet: true, bids: true };

#[test]
fn the_same_store_gives_the_same_bytes() {
    let folder = folder(&mixed(8));
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    export_to(folder.path(), "a", &EVERYTHING).unwrap();
    let one = NonZeroUsize::MIN;
    let store = folder.path().join("store");
    export_study(&store, &b, &EVERYTHING, study(), one, &|_, _| {}).unwrap();
    let (a, b) = (files(&a), files(&b));
    assert!(a.len() > 60, "{}", a.len());
    let unlike: Vec<_> = a.iter().filter(|(path, bytes)| b.get(*path) != Some(bytes)).collect();
    assert!(unlike.is_empty() && a.len() == b.len(), "{unlike:?}");
}

#[test]
fn a_dataset_verifies_in_every_form() {
    let folder = folder(&mixed(15));
    let scene = Some("goals".parse().unwrap());
    let since_ms = Some(1_795_000_000_000 + 5 * 90_000_000);
    let plain = Options::default();
    for (name, options) in [
        ("plain", plain.clone()),
        ("all", EVERYTHING),
        ("identical", Options { only_identical: true, ..EVERYTHING }),
        ("scene", Options { scene, ..plain.clone() }),
        ("since", Options { since_ms, ..plain }),
    ] {
        export_to(folder.path(), name, &options).unwrap();
        assert_eq!(findings(&folder.path().join(name)), [""; 0], "{name}");
    }
    let sessions = |name: &str| {
        let table =
            fs::read_to_string(folder.path().join(name).join("data/description-sessions_data.csv"));
        table.unwrap().lines().count() - 1
    };
    assert_eq!(["plain", "all", "scene", "since"].map(sessions), [15, 15, 5, 10]);
    // Both episodes of those that went well, and the first of those that did not end so.
    let episodes =
        fs::read_to_string(folder.path().join("identical/data/description-episodes_data.csv"));
    let episodes = episodes.unwrap();
    assert!(episodes.lines().skip(1).all(|line| line.contains(",identical,")), "{episodes}");
    assert!(episodes.lines().count() > 10, "{episodes}");
}

#[test]
fn every_verdict_has_its_rows_where_they_belong() {
    let folder = folder(&mixed(7));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let files = files(&folder.path().join("out"));
    let text = |path: &str| String::from_utf8(files[path].clone()).unwrap();
    let episodes = text("data/description-episodes_data.csv");
    let mut reader = csv::Reader::from_reader(episodes.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let verdict = |session: usize, episode: &str| {
        let id = format!("s-20261120-{session:012x}");
        let row = rows.iter().find(|row| row[0] == id && row[2] == *episode).unwrap();
        (row[3].to_owned(), row[4].to_owned(), row[5].to_owned())
    };
    let of = |verdict: &str, rows: &str, longest: &str| {
        (verdict.to_owned(), rows.to_owned(), longest.to_owned())
    };
    assert_eq!(verdict(0, "1"), of("identical", "40", "40"));
    assert_eq!(verdict(1, "0"), of("identical", "40", "40"));
    assert_eq!(verdict(2, "1").0, "prefix_with_tail");
    assert_eq!(verdict(3, "1").0, "prefix");
    assert_eq!(verdict(4, "0"), of("one_side_only", "0", "40"));
    assert_eq!(verdict(5, "1").0, "prefix_with_tail");
    let (diverged, common, _) = verdict(6, "1");
    assert_eq!(diverged, "diverged");
    let stem = |session: usize, rest: &str| {
        format!("data/session-s20261120{session:012x}/session-s20261120{session:012x}_{rest}")
    };
    let lines = |path: String| text(&path).lines().count() - 1;
    let (_, common_tail, longest) = verdict(2, "1");
    let tail = lines(stem(2, "subject-p000004_task-goals_trial-ep1_description-apart_data.csv"));
    assert_eq!(common_tail.parse::<usize>().unwrap() + tail, longest.parse::<usize>().unwrap());
    assert_eq!(
        lines(stem(4, "subject-p000008_task-kitchentwo_trial-ep0_description-apart_data.csv")),
        40
    );
    assert!(!files.contains_key(&stem(4, "task-kitchentwo_trial-ep0_data.csv")));
    assert_eq!(lines(stem(6, "task-kitchenone_trial-ep1_data.csv")).to_string(), common);
    let records = text("data/description-records_data.csv");
    assert!(records.contains(",cut,") && records.contains(",one_side,"), "{records}");
}

/// The first cell of a table that is not what the codebook says of its column.
fn odd_cell(table: &[u8], may_be_empty: &dyn Fn(&str) -> bool) -> Option<String> {
    let mut reader = csv::Reader::from_reader(table);
    let columns: Vec<_> =
        reader.headers().unwrap().iter().map(|name| codebook::column(name).unwrap()).collect();
    reader.records().map(Result::unwrap).find_map(|row| {
        let mut cells = columns.iter().zip(&row);
        let odd = cells.find(|(column, cell)| {
            let is_level = |(level, _): &(&str, &str)| level == cell;
            let listed = column.levels.is_empty() || column.levels.iter().any(is_level);
            let number = cell.parse::<i64>().ok();
            let in_range =
                column.range.zip(number).is_none_or(|((a, b), it)| (a..=b).contains(&it));
            if cell.is_empty() {
                !may_be_empty(&column.name)
            } else {
                !(column.kind.holds(cell) && listed && in_range)
            }
        });
        odd.map(|(column, cell)| format!("{}: {cell:?}", column.name))
    })
}

#[test]
fn every_cell_is_what_the_codebook_says() {
    let folder = folder(&mixed(9));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let files = files(&folder.path().join("out"));
    let json = |path: &str| -> Value { serde_json::from_slice(&files[path]).unwrap() };
    let resources = json("datapackage.json")["resources"].as_array().unwrap().clone();
    let tables = files.keys().filter(|path| path.ends_with("_data.csv")).count();
    assert_eq!(resources.len(), tables, "every table is a resource");
    for resource in resources {
        let path = resource["path"].as_str().unwrap();
        let schema = json(resource["schema"].as_str().unwrap());
        let fields = schema["fields"].as_array().unwrap();
        let optional = |name: &str| {
            let field = fields.iter().find(|field| field["name"] == name).unwrap();
            field["constraints"]["required"] == false
        };
        assert_eq!(odd_cell(&files[path], &optional), None, "{path}");
    }
    let table = b"session,episode,verdict,message\ns-1,0,identical,\n";
    assert_eq!(odd_cell(table, &|name| name == "message"), None);
    for (from, to, odd) in [
        ("0", "-1", "episode"),
        ("0", "1.0", "episode"),
        ("identical", "good", "verdict"),
        ("s-1", "", "session"),
    ] {
        let text = String::from_utf8_lossy(table).replacen(from, to, 1);
        let found = odd_cell(text.as_bytes(), &|name| name == "message");
        assert!(found.is_some_and(|found| found.starts_with(odd)), "{text}");
    }
}

#[test]
fn nothing_is_overwritten() {
    let folder = folder(&finished(1, 20, 1));
    let out = folder.path().join("out");
    fs::create_dir(&out).unwrap();
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let before = files(&out);
    assert!(matches!(export_to(folder.path(), "out", &EVERYTHING), Err(ExportError::Exists(_))));
    assert_eq!(files(&out), before);
    fs::write(folder.path().join("file"), "mine").unwrap();
    assert!(matches!(export_to(folder.path(), "file", &EVERYTHING), Err(ExportError::Exists(_))));
    fs::create_dir(folder.path().join("new.unfinished")).unwrap();
    let error = export_to(folder.path(), "new", &EVERYTHING).unwrap_err();
    assert!(matches!(error, ExportError::Unfinished(_)), "{error}");
    let nowhere = export_to(folder.path(), "no/such/folder", &EVERYTHING).unwrap_err();
    assert!(nowhere.to_string().contains("no/such/folder.unfinished"), "{nowhere}");
}

#[test]
fn a_damaged_record_stops_an_export_and_leaves_nothing() {
    let folder = folder(&finished(2, 20, 1));
    let bundle =
        folder.path().join("store/_bundles/s-20261120-000000000001/kitchen_one/p-000002_ep0.tar");
    let mut bytes = fs::read(&bundle).unwrap();
    bytes[3000] ^= 1;
    fs::write(&bundle, &bytes).unwrap();
    let error = export_to(folder.path(), "out", &EVERYTHING).unwrap_err().to_string();
    assert!(error.contains("p-000002_ep0.tar is not what was received"), "{error}");
    fs::remove_file(&bundle).unwrap();
    let error = export_to(folder.path(), "out", &EVERYTHING).unwrap_err().to_string();
    assert!(error.contains("cannot read") && error.contains("p-000002_ep0.tar"), "{error}");
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(left, ["store"]);
}

#[test]
fn a_selection_of_nothing_is_said() {
    let folder = folder(&finished(2, 20, 1));
    let scene = Some("elsewhere".parse().unwrap());
    let error = export_to(folder.path(), "out", &Options { scene, ..EVERYTHING }).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there are no sessions to export; the folder has 2 of them altogether"
    );
}

#[test]
fn records_that_cannot_be_trusted_are_kept_and_named() {
    let plan = |number, fate| Plan { number, task: 0, fate, max_steps: 20, episodes: 1 };
    let folder = folder(&[plan(0, Fate::Edited), plan(1, Fate::Garbage), plan(2, Fate::Finished)]);
    export_to(folder.path(), "out", &EVERYTHING).unwrap();
    let found = findings(&folder.path().join("out"));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains("its table is not the one of 20 rows that its log gives"),
        "{found:?}"
    );
    assert!(found[1].contains("record of p-000002: "), "{found:?}");
    let files = files(&folder.path().join("out"));
    let raw = "data/raw/study/s-20261120-000000000001/kitchen_one/p-000002_ep0.tar";
    assert_eq!(files[raw], b"this is no archive");
}

#[test]
fn what_is_known_of_people_is_in_tables_and_verified() {
    let folder = folder(&mixed(8));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let out = folder.path().join("out");
    let text = |table: &str| {
        fs::read_to_string(out.join(format!("data/description-{table}_data.csv"))).unwrap()
    };
    let people = text("participants");
    let row = |who: &str| people.lines().find(|line| line.contains(who)).unwrap().to_owned();
    assert!(row("p-000000").ends_with(",2026-11-20T14:00:00.000Z,quick,finished,"), "{people}");
    assert!(row("p-00ffff").ends_with(",quick,screened_out,rtt"), "{people}");
    assert!(row("p-000002").ends_with(",,,,"), "nothing is known of them: {people}");
    let answers = text("answers");
    let cells =
        ["questions,0,age,0,", ",31\n", ",work,0,", ",\"'=2+5, \"\"formula\"\" in lines\"\n"];
    assert!(cells.iter().all(|part| answers.contains(part)), "{answers}");
    assert_eq!(answers.lines().count(), 4);
    assert_eq!((text("consents").lines().count(), text("scenes").lines().count()), (2, 4));
    assert!(text("matchlog").contains("proposed,p-000000 p-000001,id=0 reason=first"));
    let findings_table = text("findings");
    let missing = findings_table.lines().filter(|line| line.contains(",missing,p-"));
    assert!(missing.count() > 0, "some sessions lack records: {findings_table}");
    assert_eq!(findings(&out), [""; 0]);

    // Where the lab says nothing of people, there are no tables of it.
    let (store, bare) = (folder.path().join("store"), folder.path().join("bare"));
    let options = Options::default();
    export_study(&store, &bare, &options, Study::default(), parallel::cores(), &|_, _| {}).unwrap();
    assert!(!bare.join("data/description-answers_data.csv").exists());
    assert_eq!(findings(&bare), [""; 0]);

    // Of people who are in none of the sessions that are left, nothing is published.
    let identical = Options { only_identical: true, ..Options::default() };
    export_to(folder.path(), "identical", &identical).unwrap();
    let path = folder.path().join("identical/data/raw/study.json");
    assert!(!fs::read_to_string(path).unwrap().contains("p-00ffff"));

    // A changed answer is found, in the table as in what it follows from.
    for path in ["data/raw/study.json", "data/description-answers_data.csv"] {
        let path = out.join(path);
        let good = fs::read_to_string(&path).unwrap();
        fs::write(&path, good.replacen("fetching", "catching", 1)).unwrap();
        let found = findings(&out);
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(found.len() == 1 && found[0].contains(name), "{found:?}");
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn programs_are_named_in_their_seats_and_are_no_participants() {
    let plans = [finished(1, 40, 1)[0], alone(1, Seat(0)), alone(2, Seat(1))];
    let folder = folder(&plans);
    let page = folder.path().join("store/study/s-20261120-000000000002/session.json");
    let page: Value = serde_json::from_slice(&fs::read(page).unwrap()).unwrap();
    assert_eq!(page["players"], serde_json::json!(["program-scripted", "p-000005"]));
    export_to(folder.path(), "out", &Options::default()).unwrap();
    let out = folder.path().join("out");
    assert_eq!(findings(&out), [""; 0]);
    let files = files(&out);
    let rows = |name: &str| -> Vec<BTreeMap<String, String>> {
        let path = files.keys().find(|path| path.contains(name)).unwrap();
        let mut table = csv::Reader::from_reader(files[path].as_slice());
        table.deserialize().collect::<Result<_, _>>().unwrap()
    };
    let column = |name: &str, of: &str| -> Vec<String> {
        rows(name).iter().map(|row| row[of].clone()).collect()
    };
    assert_eq!(column("description-sessions_", "players"), ["2"; 3]);
    assert_eq!(
        column("description-sessions_", "programs"),
        ["", "program-scripted", "program-scripted"]
    );
    let seats = rows("description-seats_");
    let seats: Vec<_> =
        seats.iter().map(|row| (&*row["participant"], &*row["player_kind"])).collect();
    let (program, person) = (("program-scripted", "program"), |name| (name, "person"));
    let [first, second] = [person("p-000000"), person("p-000001")];
    let alone = [person("p-000002"), program, program, person("p-000005")];
    assert_eq!(seats, [&[first, second][..], &alone].concat());
    let keys = column("description-seats_", "public_key");
    assert_eq!(keys.iter().map(String::len).collect::<Vec<_>>(), [64, 64, 64, 0, 0, 64]);
    let people = column("description-participants_", "participant");
    assert!(people.len() == 5 && people.iter().all(|name| name.starts_with("p-")), "{people:?}");
    let with_programs = column("description-participants_", "sessions_with_programs");
    assert_eq!(with_programs, ["0", "0", "1", "1", "0"]);
    assert_eq!(column("description-episodes_", "verdict"), ["identical"; 5]);
}
