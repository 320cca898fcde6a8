//! What a person has set, kept from one start of the program to the next: `settings.json` in the data
//! directory.
//!
//! A file that is broken or cannot be written costs nothing but the comfort of it. A link that is one
//! person's own is never kept: on a computer of the lab's the next person is somebody else.

use crate::flow::{Screen, Status};
use crate::lab::LabConnection;
use crate::record::spool::replace;
use crate::screens::start::Typed;
use crate::theme::comfort::Comfort;
use crate::words::{Language, Words};
use bevy::log::warn;
use bevy::prelude::{
    Added, App, DetectChangesMut as _, IntoScheduleConfigs as _, Query, Res, ResMut, Resource,
    SystemCondition as _, Update, in_state, not,
};
use bevy_egui::EguiContext;
use dyad_protocol::JoinLink;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The file's name in the data directory.
const FILE: &str = "settings.json";
/// A file of ours is never longer, in bytes.
const LONGEST: u64 = 16 * 1024;

/// What is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The link of the lab that this computer was at last, if it is everybody's.
    pub lab: Option<String>,
    /// Steps above the usual size of text.
    pub larger: usize,
    /// Whether there is more contrast.
    pub contrast: bool,
    /// The language that was chosen, such as `de`.
    pub language: Option<String>,
}

impl Settings {
    /// Those in a file. What is not in order there is left out.
    #[must_use]
    pub fn read(file: &Path) -> Self {
        let mut text = String::new();
        let read = File::open(file).and_then(|it| it.take(LONGEST).read_to_string(&mut text));
        if read.is_err() {
            return Self::default();
        }
        let mut settings: Self = serde_json::from_str(&text).unwrap_or_default();
        settings.lab.take_if(|lab| lab.parse().map_or(true, |link| !may_be_kept(&link)));
        settings.language.take_if(|language| Words::of(language).is_none());
        settings
    }

    fn write(&self, file: &Path) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        file.parent().map_or(Ok(()), fs::create_dir_all)?;
        replace(file, &text)
    }
}

/// Whether a link is everybody's.
fn may_be_kept(link: &JoinLink) -> bool {
    !link.is_personal()
}

/// The settings, and the file they are kept in.
#[derive(Resource, Debug)]
struct Kept {
    file: PathBuf,
    written: Settings,
    settings: Settings,
}

/// Adds settings to an app with a window that has our screens. What is asked for on the command line
/// counts for now, and is not kept.
pub fn plugin(app: &mut App, data: &Path) {
    let file = data.join(FILE);
    let settings = Settings::read(&file);
    let world = app.world_mut();
    if let Some(lab) = &settings.lab {
        *world.resource_mut::<Typed>() = Typed::known(lab.clone());
    }
    let mut language = world.resource_mut::<Language>();
    if language.asked.is_none() {
        language.asked.clone_from(&settings.language);
    }
    app.insert_resource(Kept { file, written: settings.clone(), settings }).add_systems(
        Update,
        (
            begin,
            // A game has no time to wait for the disk.
            keep.run_if(not(in_state(Screen::Game).or_else(in_state(Screen::Meeting)))),
        )
            .chain()
            .after(crate::screens::dress),
    );
}

/// Gives a new window what was set before.
fn begin(mut contexts: Query<&mut EguiContext, Added<EguiContext>>, kept: Res<Kept>) {
    let Settings { larger, contrast, .. } = kept.settings;
    for mut context in &mut contexts {
        Comfort { larger, contrast }.set(context.get_mut());
    }
}

/// Writes down what is set, when it has changed.
fn keep(
    mut kept: ResMut<Kept>,
    mut contexts: Query<&mut EguiContext>,
    language: Res<Language>,
    status: Res<Status>,
    lab: Option<Res<LabConnection>>,
) {
    let Kept { file, written, settings } = kept.bypass_change_detection();
    for mut context in &mut contexts {
        Comfort { larger: settings.larger, contrast: settings.contrast } =
            Comfort::of(context.get_mut());
    }
    if language.chosen.is_some() {
        settings.language.clone_from(&language.chosen);
    }
    let link = lab.as_ref().map(|lab| lab.link()).filter(|_| status.welcomed.is_some());
    if let Some(link) = link.filter(|link| may_be_kept(link)) {
        let link = link.to_string();
        if settings.lab.as_ref() != Some(&link) {
            settings.lab = Some(link);
        }
    }
    if settings == written {
        return;
    }
    if let Err(error) = settings.write(file) {
        warn!("settings are not kept: {} cannot be written ({error})", file.display());
    }
    // One that cannot be written is not tried again before something changes.
    written.clone_from(settings);
}

#[cfg(test)]
mod tests {
    use super::{FILE, Settings, plugin};
    use crate::flow::{Screen, Status};
    use crate::screens::start::Typed;
    use crate::words::Language;
    use bevy::MinimalPlugins;
    use bevy::prelude::App;
    use bevy::state::app::{AppExtStates as _, StatesPlugin};
    use std::fs;
    use std::path::Path;

    fn app(data: &Path, language: Language) -> App {
        let mut app = App::new();
        app.add_plugins((MinimalPlugins, StatesPlugin))
            .init_state::<Screen>()
            .init_resource::<Status>()
            .init_resource::<Typed>()
            .insert_resource(language);
        plugin(&mut app, data);
        app
    }

    #[test]
    fn what_is_set_is_there_at_the_next_start() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("not there yet");
        let mut first = app(&data, Language::default());
        first.update();
        assert!(!data.exists(), "there is nothing to keep");
        first.world_mut().resource_mut::<Language>().choose("de");
        first.update();
        let file = data.join(FILE);
        assert_eq!(Settings::read(&file).language.as_deref(), Some("de"));

        let second = app(&data, Language::default());
        assert_eq!(second.world().resource::<Language>().asked.as_deref(), Some("de"));
        let asked = Language { asked: Some("en".to_owned()), ..Language::default() };
        let mut third = app(&data, asked);
        third.update();
        assert_eq!(third.world().resource::<Language>().asked.as_deref(), Some("en"));
        assert_eq!(Settings::read(&file).language.as_deref(), Some("de"), "asked for once only");
    }

    #[test]
    fn what_is_broken_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(FILE);
        assert_eq!(Settings::read(&file), Settings::default());
        for text in ["", "{", "[1]", "{\"larger\": -1}", "null", "\u{0}\u{1}", "{\"larger\": {}}"] {
            fs::write(&file, text).unwrap();
            assert_eq!(Settings::read(&file), Settings::default(), "{text:?}");
        }
        fs::write(&file, vec![b' '; 20_000]).unwrap();
        assert_eq!(Settings::read(&file), Settings::default());
        fs::write(&file, b"\xff\xfe").unwrap();
        assert_eq!(Settings::read(&file), Settings::default());
        let text = r#"{"lab": "http://x", "language": "tlh", "contrast": true, "later": [1, 2]}"#;
        fs::write(&file, text).unwrap();
        assert_eq!(Settings::read(&file), Settings { contrast: true, ..Settings::default() });
        fs::create_dir(directory.path().join("folder")).unwrap();
        assert_eq!(Settings::read(&directory.path().join("folder")), Settings::default());
    }

    #[test]
    fn a_link_of_ones_own_is_not_shown_to_the_next_person() {
        let directory = tempfile::tempdir().unwrap();
        let shown = |lab: &str| {
            let settings = Settings { lab: Some(lab.to_owned()), ..Settings::default() };
            settings.write(&directory.path().join(FILE)).unwrap();
            let app = app(directory.path(), Language::default());
            app.world().resource::<Typed>().link.clone()
        };
        let general = "dyad://10.0.0.1:8642/join?token=0123456789abcdef";
        assert_eq!(shown(general), general);
        assert_eq!(shown("dyad://10.0.0.1:8642/join?token=7-0123456789abcdef"), "");
        assert_eq!(shown("dyad://10.0.0.1:8642/join?token=0123456789abcdef&panel=abc"), "");
    }
}
