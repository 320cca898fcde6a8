//! Opens gamepads: from what the system tells of them to the latch. A pad can do what keys can do in the
//! game at hand.

use super::keyboard::Keyboard;
use super::pad::{Button, Pad, Told, Way};
use bevy::input::InputSystems;
use bevy::input::gamepad::{GamepadAxis, GamepadButton, GamepadEvent};
use bevy::prelude::{
    App, Entity, IntoScheduleConfigs as _, Local, MessageReader, PreUpdate, Real, Res, Time,
};
use dyad_netplay::NetplaySystems;
use std::collections::BTreeMap;

/// Hands what gamepads tell to the latch, in time for the frames of the same update.
pub fn plugin(app: &mut App) {
    app.add_systems(PreUpdate, listen.after(InputSystems).before(NetplaySystems::Receive));
}

fn listen(
    mut events: MessageReader<GamepadEvent>,
    mut pads: Local<BTreeMap<Entity, Pad>>,
    keyboard: Res<Keyboard>,
    time: Res<Time<Real>>,
) {
    for event in events.read() {
        let Some((device, told)) = told(event) else { continue };
        for change in pads.entry(device).or_default().hear(told) {
            keyboard.hear_pad(device.to_bits(), change, time.elapsed());
        }
    }
}

/// What is told of a part that plays, and by which device.
fn told(event: &GamepadEvent) -> Option<(Entity, Told)> {
    match event {
        GamepadEvent::Connection(it) => Some((it.gamepad, Told::Changed)),
        GamepadEvent::Button(it) => {
            let told = Told::Button(button(it.button)?, it.state.is_pressed());
            Some((it.entity, told))
        }
        GamepadEvent::Axis(it) => match it.axis {
            GamepadAxis::LeftStickX => Some((it.entity, Told::StickRight(it.value))),
            GamepadAxis::LeftStickY => Some((it.entity, Told::StickUp(it.value))),
            _ => None,
        },
    }
}

const fn button(button: GamepadButton) -> Option<Button> {
    match button {
        GamepadButton::DPadUp => Some(Button::Cross(Way::Up)),
        GamepadButton::DPadDown => Some(Button::Cross(Way::Down)),
        GamepadButton::DPadLeft => Some(Button::Cross(Way::Left)),
        GamepadButton::DPadRight => Some(Button::Cross(Way::Right)),
        GamepadButton::South | GamepadButton::East => Some(Button::Act),
        GamepadButton::West | GamepadButton::North => Some(Button::Use),
        _ => None,
    }
}
