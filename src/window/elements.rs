//! What stands in the window, as assistive technology is told: `elements.json` beside the pictures of the
//! screens. Tests steer the window's pointer and keyboard by it.

use crate::lab::pictures::Library;
use bevy::log::warn;
use bevy::prelude::{App, IntoScheduleConfigs as _, Local, PostUpdate, Query, Res, Resource};
use bevy_egui::egui::accesskit::{Node, Toggled, TreeUpdate};
use bevy_egui::{EguiOutput, EguiPostUpdateSet};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The file's name.
const FILE: &str = "elements.json";
/// Updates after which nothing moves any more, whatever is written there: a clock goes on.
const SETTLED: u32 = 3;

#[derive(Resource)]
struct Directory(PathBuf);

/// Keeps the file up to date in this directory.
pub(super) fn plugin(app: &mut App, directory: PathBuf) {
    app.insert_resource(Directory(directory))
        .add_systems(PostUpdate, tell.after(EguiPostUpdateSet::ProcessOutput));
}

/// What is told, what stands there, and for how many updates it has.
#[derive(Default)]
struct Seen {
    told: Vec<Value>,
    now: Vec<Value>,
    updates: u32,
}

/// Tells what stands in the window once it stands still: whoever aims at something hits it.
fn tell(
    outputs: Query<&EguiOutput>,
    directory: Res<Directory>,
    library: Res<Library>,
    mut seen: Local<Seen>,
) {
    let Seen { told, now, updates } = &mut *seen;
    let shown = outputs.iter().filter_map(|it| it.platform_output.accesskit_update.as_ref());
    let shown: Vec<Value> = shown.flat_map(elements).collect();
    *updates = if is_in_place(&shown, now) { updates.saturating_add(1) } else { 0 };
    *now = shown;
    if *updates < SETTLED || library.album().is_waiting() || told == now {
        return;
    }
    if let Err(error) = write(&directory.0, now) {
        warn!("{FILE} cannot be written: {error}");
    }
    told.clone_from(now);
}

/// Whether the same things are at the same places.
fn is_in_place(one: &[Value], other: &[Value]) -> bool {
    let places = |seen: &[Value]| -> Vec<_> {
        seen.iter().map(|it| (it["role"].clone(), it["rect"].clone())).collect()
    };
    places(one) == places(other)
}

/// Whoever reads finds the old file or the new one.
fn write(directory: &Path, elements: &[Value]) -> std::io::Result<()> {
    let part = directory.join(format!("{FILE}.part"));
    fs::write(&part, serde_json::to_vec(elements)?)?;
    fs::rename(part, directory.join(FILE))
}

/// All elements that say something, in the order in which they were drawn.
fn elements(update: &TreeUpdate) -> impl Iterator<Item = Value> + '_ {
    update.nodes.iter().filter_map(|(id, node)| element(node, *id == update.focus))
}

fn element(node: &Node, focused: bool) -> Option<Value> {
    let label = node.label().or_else(|| node.value())?;
    let bounds = node.bounds()?;
    Some(json!({
        "role": format!("{:?}", node.role()),
        "label": label,
        "value": node.value(),
        "rect": [bounds.x0, bounds.y0, bounds.x1, bounds.y1],
        "enabled": !node.is_disabled(),
        "chosen": node.toggled() == Some(Toggled::True),
        "focused": focused,
    }))
}

#[cfg(test)]
mod tests {
    use super::{elements, is_in_place};
    use crate::lab::Unreached;
    use crate::screens::connecting;
    use crate::theme;
    use crate::words::Words;
    use bevy_egui::egui::{Context, RawInput};
    use serde_json::json;

    #[test]
    fn a_clock_goes_on_in_its_place() {
        let clock = |seconds: &str, left: f64| {
            [json!({ "role": "Label", "label": seconds, "rect": [left, 0.0, 90.0, 20.0] })]
        };
        assert!(is_in_place(&clock("24 s", 10.0), &clock("23 s", 10.0)));
        assert!(!is_in_place(&clock("24 s", 10.0), &clock("24 s", 11.0)));
        assert!(!is_in_place(&clock("24 s", 10.0), &[]));
    }

    #[test]
    fn what_can_be_pressed_has_a_name_and_a_place() {
        let ctx = Context::default();
        theme::apply(&ctx);
        ctx.enable_accesskit();
        let mut found = Vec::new();
        for _ in 0..3 {
            let mut output = ctx.run_ui(RawInput::default(), |ui| {
                connecting::show(ui.ctx(), "", Some(&Unreached::NoAnswer), &Words::english());
            });
            output.textures_delta.clear();
            let update = output.platform_output.accesskit_update.unwrap();
            found = elements(&update).collect();
        }
        let button = found.iter().find(|it| it["label"] == "Use another link").unwrap();
        assert_eq!((&button["role"], &button["enabled"]), (&"Button".into(), &true.into()));
        let side = |at: usize| button["rect"][at].as_f64().unwrap();
        assert!(side(2) - side(0) > 100.0 && side(3) - side(1) > 30.0, "{button}");
        assert!(
            found.iter().any(|it| it["label"] == "The lab machine does not answer."),
            "texts are told, too"
        );
    }
}
