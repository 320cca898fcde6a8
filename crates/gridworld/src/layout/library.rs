//! CoGrid's kitchens, which come with the program. Layouts of other tasks are with their tasks.

/// A layout's name and the text of its file.
pub type NamedLayout = (&'static str, &'static str);

/// The classic layouts, by name, as the text of their files.
pub const CLASSIC: [NamedLayout; 5] = [
    ("cramped_room", include_str!("../../../../assets/layouts/cramped_room.txt")),
    ("asymmetric_advantages", include_str!("../../../../assets/layouts/asymmetric_advantages.txt")),
    ("coordination_ring", include_str!("../../../../assets/layouts/coordination_ring.txt")),
    ("forced_coordination", include_str!("../../../../assets/layouts/forced_coordination.txt")),
    ("counter_circuit", include_str!("../../../../assets/layouts/counter_circuit.txt")),
];

/// Further layouts by name: the mixed kitchen, and forms of cogrid 0.2.1 that differ from later
/// ones, with the version in the name. They are what an old experiment ran on, oddities
/// included: `forced_coordination@0.2.1` has nowhere to deliver.
pub const FURTHER: [NamedLayout; 4] = [
    ("cramped_mixed_kitchen", include_str!("../../../../assets/layouts/cramped_mixed_kitchen.txt")),
    (
        "asymmetric_advantages@0.2.1",
        include_str!("../../../../assets/layouts/asymmetric_advantages@0.2.1.txt"),
    ),
    (
        "forced_coordination@0.2.1",
        include_str!("../../../../assets/layouts/forced_coordination@0.2.1.txt"),
    ),
    ("mixed_kitchen@0.2.1", include_str!("../../../../assets/layouts/mixed_kitchen@0.2.1.txt")),
];

/// Both lists in one.
pub(crate) const KITCHENS: [NamedLayout; 9] = {
    let [a, b, c, d, e] = CLASSIC;
    let [f, g, h, i] = FURTHER;
    [a, b, c, d, e, f, g, h, i]
};

/// The text of a CoGrid kitchen that comes with the program, by name: one of [`CLASSIC`] or
/// [`FURTHER`].
#[must_use]
pub fn classic(name: &str) -> Option<&'static str> {
    KITCHENS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
