//! Reading layouts, and what is said of bad ones.

use super::{CLASSIC, FURTHER, Layout, LayoutError, LayoutWarning, Tile, classic};
use crate::geometry::{Cell, Direction};

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
    let cases = [
        ("", LayoutError::Empty),
        ("name: x\n\n", LayoutError::Empty),
        ("name: x\n\nCC\nC?", LayoutError::UnknownTile { line: 4, column: 2, letter: '?' }),
        ("CC\nC", LayoutError::NotRectangular { line: 2, width: 1, expected: 2 }),
    ];
    for (text, error) in cases {
        assert_eq!(Layout::parse(text), Err(error), "{text:?}");
    }
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
fn layouts_that_come_along_have_the_warnings_they_deserve() {
    for (name, text) in CLASSIC.into_iter().chain(FURTHER) {
        let warnings = Layout::parse(text).unwrap().warnings();
        match name {
            "forced_coordination@0.2.1" => assert_eq!(warnings, [LayoutWarning::NoDelivery]),
            _ => assert_eq!(warnings, [], "{name}"),
        }
    }
}

#[test]
fn warnings_point_at_what_nobody_reaches() {
    let closed = "name: closed in\n\nUCC@\nC+CC\nCCC \nC@CU";
    let warnings = Layout::parse(closed).unwrap().warnings();
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
    let warnings = Layout::parse(&anywhere).unwrap().warnings();
    assert!(!warnings.contains(&place(Tile::Pot, 6, 4)), "someone may start beside it");
}

#[test]
fn a_kitchen_without_pot_or_delivery_zone_is_warned_of() {
    let warnings = Layout::parse("+ ").unwrap().warnings();
    assert_eq!(warnings, [LayoutWarning::NoPot, LayoutWarning::NoDelivery]);
}
