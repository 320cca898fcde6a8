//! Reading layouts, and what is said of bad ones.

use super::{CLASSIC, FURTHER, Layout, LayoutError, LayoutWarning, Tile, classic};
use crate::geometry::{Cell, Direction};
use crate::task::TaskSettings;

const AIMS: &[Tile] = &[Tile::Pot, Tile::Delivery];

#[test]
fn layouts_that_come_along_are_layouts() {
    for (name, text) in CLASSIC.into_iter().chain(FURTHER) {
        let layout = Layout::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(layout.check_room(2).is_ok(), "{name}");
        assert!(layout.cells_with(Tile::Pot).count() >= 1, "{name}");
        assert_eq!(classic(name), Some(text));
    }
}

#[test]
fn grid_is_read_row_by_row() {
    let layout = Layout::parse("CU\n+ ").unwrap();
    assert_eq!((layout.width(), layout.height()), (2, 2));
    assert_eq!(layout.tiles(), [Tile::Counter, Tile::Pot, Tile::Floor, Tile::Floor]);
    assert_eq!(layout.spawns(), [Cell(2)]);
    assert_eq!(layout.neighbour(Cell(2), Direction::Up), Some(Cell(0)));
    assert_eq!(layout.neighbour(Cell(2), Direction::Left), None);
    assert_eq!(layout.neighbour(Cell(3), Direction::Down), None);
}

#[test]
fn mistakes_name_their_place() {
    let narrow =
        |line, column, width| LayoutError::NotRectangular { line, column, width, expected: 2 };
    let cases = [
        ("", LayoutError::Empty),
        ("name: x\n\n", LayoutError::Empty),
        ("name: x\n\nCC\nC?", LayoutError::UnknownTile { line: 4, column: 2, letter: '?' }),
        ("CC\nC", narrow(2, 2, 1)),
        ("CC\nCC ", narrow(2, 3, 3)),
        ("CC\n\nCC", narrow(2, 1, 0)),
        ("name: x\n\nCC\n\nCC", narrow(4, 1, 0)),
    ];
    for (text, error) in cases {
        assert_eq!(Layout::parse(text), Err(error), "{text:?}");
    }
    assert_eq!(Layout::parse("CC\r\nCC\r\n\r\n"), Layout::parse("CC\nCC"), "ends of lines");
    let wide = "C".repeat(257);
    assert_eq!(Layout::parse(&wide), Err(LayoutError::TooLarge { cells: 257 }));
}

#[test]
fn room_is_marked_spawns_or_free_floor() {
    let marked = Layout::parse("+ C").unwrap();
    assert!(marked.check_room(1).is_ok());
    assert_eq!(marked.check_room(2), Err(LayoutError::NoRoom { room: 1, players: 2 }));
    assert!(Layout::parse("  C").unwrap().check_room(2).is_ok());
}

#[test]
fn players_take_start_cells_by_number_or_row_by_row() {
    let spawns = |text| Layout::parse(text).map(|layout| layout.spawns().to_vec());
    assert_eq!(spawns(" +\n++"), Ok(vec![Cell(1), Cell(2), Cell(3)]));
    assert_eq!(spawns(" 3\n21"), Ok(vec![Cell(3), Cell(2), Cell(1)]));
    let refused = |text, line, column, letter, reason: &str| match spawns(text) {
        Err(LayoutError::Spawn { why, .. }) => {
            let expected = LayoutError::Spawn { line, column, letter, why };
            assert_eq!(spawns(text), Err(expected));
            assert!(why.contains(reason), "{why}");
        }
        other => panic!("{text:?}: {other:?}"),
    };
    refused("1 2\n +1", 2, 2, '+', "no number");
    refused("1 2\n 1 ", 2, 2, '1', "twice");
    refused("k: v\n\n1 3", 3, 3, '3', "the number before it");
    assert!(matches!(spawns("5"), Err(LayoutError::UnknownTile { letter: '5', .. })));
}

#[test]
fn layouts_that_come_along_have_the_warnings_they_deserve() {
    for task in TaskSettings::all() {
        for (name, text) in task.layouts() {
            let layout = Layout::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let none = LayoutWarning::Missing { tile: Tile::Delivery };
            match *name {
                "forced_coordination@0.2.1" => assert_eq!(layout.warnings(task.aims()), [none]),
                _ => assert_eq!(layout.warnings(task.aims()), [], "{}: {name}", task.name()),
            }
        }
    }
}

#[test]
fn warnings_point_at_what_nobody_reaches() {
    let closed = "name: closed in\n\nUCC@\nC+CC\nCCC \nC@CU";
    let warnings = Layout::parse(closed).unwrap().warnings(AIMS);
    let place = |tile, line, column| LayoutWarning::OutOfReach { tile, line, column };
    assert_eq!(
        warnings,
        [
            place(Tile::Pot, 3, 1),
            place(Tile::Delivery, 3, 4),
            place(Tile::Delivery, 6, 2),
            place(Tile::Pot, 6, 4)
        ]
    );
    assert_eq!(warnings[0].to_string(), "line 3, column 1: no player can get to this pot ('U')");
    let anywhere = closed.replace('+', " ");
    let warnings = Layout::parse(&anywhere).unwrap().warnings(AIMS);
    assert!(!warnings.contains(&place(Tile::Pot, 6, 4)), "someone may start beside it");
}

#[test]
fn a_kitchen_without_pot_or_delivery_zone_is_warned_of() {
    let warnings = Layout::parse("+ ").unwrap().warnings(AIMS);
    assert_eq!(warnings, [Tile::Pot, Tile::Delivery].map(|tile| LayoutWarning::Missing { tile }));
}
