//! Plays sounds. Without a device there are none, and the game goes on.

use super::{Sound, tone};
use bevy::asset::Asset;
use bevy::audio::{
    AddAudioSource as _, AudioPlayer, ChannelCount, Decodable, PlaybackSettings, SampleRate, Source,
};
use bevy::prelude::{
    App, Assets, Commands, Handle, MessageReader, Res, ResMut, Resource, Startup, TypePath, Update,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Adds what plays sounds to an app that has Bevy's default plugins.
pub(super) fn plugin(app: &mut App) {
    app.add_audio_source::<Wave>()
        .init_resource::<Waves>()
        .add_systems(Startup, prepare)
        .add_systems(Update, play);
}

/// The samples of a sound.
#[derive(Asset, TypePath, Clone, Debug)]
struct Wave(Arc<[f32]>);

impl Decodable for Wave {
    type Decoder = Playing;

    fn decoder(&self) -> Playing {
        Playing { wave: self.0.clone(), next: 0 }
    }
}

/// A sound, and the sample that comes next.
struct Playing {
    wave: Arc<[f32]>,
    next: usize,
}

impl Iterator for Playing {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        let sample = self.wave.get(self.next).copied()?;
        self.next += 1;
        Some(sample)
    }
}

impl Source for Playing {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> ChannelCount {
        ChannelCount::MIN
    }

    fn sample_rate(&self) -> SampleRate {
        SampleRate::new(tone::RATE).unwrap_or(SampleRate::MIN)
    }

    fn total_duration(&self) -> Option<Duration> {
        None
    }
}

/// All sounds, ready to be played.
#[derive(Resource, Default)]
struct Waves(BTreeMap<Sound, Handle<Wave>>);

fn prepare(mut waves: ResMut<Waves>, mut assets: ResMut<Assets<Wave>>) {
    waves.0 = Sound::ALL
        .into_iter()
        .map(|sound| (sound, assets.add(Wave(tone::samples(sound).into()))))
        .collect();
}

fn play(mut sounds: MessageReader<Sound>, waves: Res<Waves>, mut commands: Commands) {
    for handle in sounds.read().filter_map(|sound| waves.0.get(sound)) {
        commands.spawn((AudioPlayer(handle.clone()), PlaybackSettings::DESPAWN));
    }
}
