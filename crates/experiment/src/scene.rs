//! Scenes: what somebody goes through, one after the other.

use crate::form::Form;
use crate::gym::GymScene;
use crate::ids::ConditionId;
use crate::text::Text;
use dyad_protocol::SceneId;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A scene of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Its id: a folder of the dataset.
    pub id: SceneId,
    /// The conditions that have it; all if there are none.
    pub conditions: Vec<ConditionId>,
    /// How often it comes, one time after the other.
    pub repeats: u16,
    /// What it is.
    pub content: Content,
}

/// What a scene is.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// The consent form.
    Consent(Consent),
    /// A page to read.
    Page(Page),
    /// A form.
    Form(Form),
    /// A game.
    Gym(Box<GymScene>),
    /// The last page, with the code.
    Completion(CompletionPage),
}

impl Scene {
    /// Whether a condition has the scene; without conditions everybody has it.
    #[must_use]
    pub fn is_in(&self, condition: Option<&ConditionId>) -> bool {
        self.conditions.is_empty() || condition.is_some_and(|id| self.conditions.contains(id))
    }

    /// The game, if it is one.
    #[must_use]
    pub const fn gym(&self) -> Option<&GymScene> {
        match &self.content {
            Content::Gym(gym) => Some(gym),
            _ => None,
        }
    }

    /// Whether it is a game for several people, in any condition.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.gym().is_some_and(GymScene::is_shared)
    }

    /// Whether it is a debriefing page.
    #[must_use]
    pub const fn is_debriefing(&self) -> bool {
        matches!(&self.content, Content::Page(Page { debriefing: true, .. }))
    }
}

/// The consent form. [`Text::digest`] says which text somebody consented to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// A heading.
    pub title: Option<String>,
    /// The text.
    pub text: Text,
    /// The button to agree; `None` stands for the program's own words.
    pub agree: Option<String>,
    /// The button to decline.
    pub decline: Option<String>,
    /// What people read who decline.
    pub declined: Option<Text>,
}

/// A page to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// A heading.
    pub title: Option<String>,
    /// The text.
    pub text: Text,
    /// The button to go on; `None` stands for the program's own words.
    pub button: Option<String>,
    /// How long the button cannot be used.
    pub wait: Duration,
    /// Whether it says that a partner was a program. Those who end early read it too.
    pub debriefing: bool,
}

/// The last page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionPage {
    /// A heading.
    pub title: Option<String>,
    /// The text; `None` stands for the message of those who finish.
    pub text: Option<Text>,
}
