//! Copying and pasting between this window and others.

use arboard::Clipboard;
use bevy::log::warn;
use bevy::prelude::{App, IntoScheduleConfigs as _, NonSendMut, PostUpdate, PreUpdate, Query};
use bevy_egui::egui::{Event, Key, OutputCommand};
use bevy_egui::{EguiInput, EguiOutput, EguiPostUpdateSet, EguiPreUpdateSet};

/// The clipboard, opened when it is first needed. It is kept open: on some systems what was copied
/// goes with it.
#[derive(Default)]
struct Kept(Option<Clipboard>);

/// Adds the clipboard to an app with a window.
pub(super) fn plugin(app: &mut App) {
    app.insert_non_send(Kept::default())
        .add_systems(
            PreUpdate,
            take.after(EguiPreUpdateSet::ProcessInput).before(EguiPreUpdateSet::BeginPass),
        )
        .add_systems(PostUpdate, give.after(EguiPostUpdateSet::ProcessOutput));
}

impl Kept {
    fn with<T>(
        &mut self,
        act: impl FnOnce(&mut Clipboard) -> Result<T, arboard::Error>,
    ) -> Option<T> {
        if self.0.is_none() {
            self.0 = Clipboard::new().map_err(|error| warn!("no clipboard: {error}")).ok();
        }
        act(self.0.as_mut()?).ok()
    }
}

fn take(mut clipboard: NonSendMut<Kept>, mut inputs: Query<&mut EguiInput>) {
    for mut input in &mut inputs {
        let asked = asked(&input.events, || clipboard.with(Clipboard::get_text));
        if !asked.is_empty() {
            input.events.extend(asked);
        }
    }
}

/// What the keys for copying and pasting ask for.
fn asked(events: &[Event], mut text: impl FnMut() -> Option<String>) -> Vec<Event> {
    let ask = |event: &Event| match event {
        Event::Key { key, pressed: true, modifiers, .. } if modifiers.command => match key {
            Key::C => Some(Event::Copy),
            Key::X => Some(Event::Cut),
            Key::V => text().map(|text| Event::Paste(text.replace("\r\n", "\n"))),
            _ => None,
        },
        _ => None,
    };
    events.iter().filter_map(ask).collect()
}

fn give(mut clipboard: NonSendMut<Kept>, outputs: Query<&EguiOutput>) {
    let commands = outputs.iter().flat_map(|output| &output.platform_output.commands);
    for command in commands {
        if let OutputCommand::CopyText(text) = command
            && !text.is_empty()
        {
            clipboard.with(|clipboard| clipboard.set_text(text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::asked;
    use bevy_egui::egui::{Event, Key, Modifiers};

    #[test]
    fn the_usual_keys_copy_and_paste() {
        let key = |key, modifiers, pressed| Event::Key {
            key,
            physical_key: None,
            pressed,
            repeat: false,
            modifiers,
        };
        let ctrl = Modifiers::CTRL | Modifiers::COMMAND;
        let ask = |event| asked(&[event], || Some("a\r\nb".to_owned()));
        assert_eq!(ask(key(Key::V, ctrl, true)), [Event::Paste("a\nb".to_owned())]);
        assert_eq!(ask(key(Key::C, ctrl, true)), [Event::Copy]);
        assert_eq!(ask(key(Key::X, ctrl, true)), [Event::Cut]);
        assert_eq!(ask(key(Key::V, Modifiers::NONE, true)), []);
        assert_eq!(ask(key(Key::V, ctrl, false)), []);
        let nothing = asked(&[key(Key::V, ctrl, true)], || None);
        assert_eq!(nothing, [], "there is nothing to paste");
    }
}
