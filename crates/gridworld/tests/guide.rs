//! `ADDING_AN_ENVIRONMENT.md` and the legend of layouts are true to the code.

use dyad_gridworld::task::TaskSettings;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn guide() -> String {
    read("ADDING_AN_ENVIRONMENT.md")
}

/// The quoted pieces of Rust with the file that each names in its first line.
fn quotations(guide: &str) -> Vec<(&str, &str)> {
    let blocks = guide.split("```rust\n").skip(1);
    let quoted = blocks.map(|block| block.split("```").next().expect("the block's text"));
    quoted
        .map(|block| {
            let (file, code) = block.split_once('\n').expect("a line with the file's name");
            (file.strip_prefix("// ").expect("a comment with the file's name"), code)
        })
        .collect()
}

#[test]
fn quoted_code_stands_in_the_files() {
    let guide = guide();
    let quotations = quotations(&guide);
    assert!(quotations.len() >= 10, "{} quotations", quotations.len());
    for (file, code) in quotations {
        assert!(read(file).contains(code), "not in {file}:\n{code}");
    }
}

#[test]
fn files_have_as_many_lines_as_the_guide_says() {
    let guide = guide();
    let rows = guide.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    let mut seen = 0;
    for row in rows {
        let (file, lines) = row.split_once("` | ").expect("a file and a number");
        assert_eq!(lines, read(file).lines().count().to_string(), "lines of {file}");
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn the_legend_has_every_tile() {
    let legend = read("../../assets/layouts/README.md");
    for task in TaskSettings::all() {
        assert!(legend.contains(&format!("`{}`", task.name())), "{}", task.name());
        for tile in task.tiles() {
            let mark = if tile.letter() == ' ' {
                "space".to_owned()
            } else {
                format!("`{}`", tile.letter())
            };
            let row = format!("| {mark} | {}", tile.name());
            assert!(legend.contains(&row), "{row}");
        }
    }
}
