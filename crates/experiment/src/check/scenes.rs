//! Scenes, one at a time.

use super::study::seconds;
use super::{Check, narrow, plain};
use crate::condition::Condition;
use crate::gym::GymScene;
use crate::ids::ConditionId;
use crate::raw::scene::{self, Body};
use crate::scene::{CompletionPage, Consent, Content, Page, Scene};
use dyad_protocol::SceneId;
use std::collections::BTreeMap;
use std::io;

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    /// A scene; `None` if it has a mistake that leaves nothing to go on with.
    pub(super) fn scene(&mut self, raw: &scene::Scene, conditions: &[Condition]) -> Option<Scene> {
        let id = self.id(raw.head.id.as_ref(), "id");
        let content = self.content(raw, id.as_ref());
        let mut own: Vec<ConditionId> = Vec::new();
        for name in &raw.head.conditions {
            match conditions.iter().find(|it| it.id.as_str() == name.value) {
                Some(condition) => own.push(condition.id.clone()),
                None => {
                    let names = conditions.iter().map(|it| it.id.as_str());
                    self.nothing(name, "conditions", "condition", names);
                }
            }
        }
        let repeats = narrow(*raw.head.repeats);
        Some(Scene { id: id?, conditions: own, repeats, content: content? })
    }

    fn content(&mut self, raw: &scene::Scene, id: Option<&SceneId>) -> Option<Content> {
        Some(match raw.body.as_ref()? {
            Body::Consent(body) => Content::Consent(Consent {
                title: plain(body.title.as_ref()),
                text: self.required_text(&raw.span, body.text.as_ref(), body.file.as_ref())?,
                agree: plain(body.agree.as_ref()),
                decline: plain(body.decline.as_ref()),
                declined: self.text_at("declined", body.declined.as_ref()),
            }),
            Body::Page(body) => Content::Page(Page {
                title: plain(body.title.as_ref()),
                text: self.required_text(&raw.span, body.text.as_ref(), body.file.as_ref())?,
                button: plain(body.button.as_ref()),
                wait: seconds(*body.min_seconds),
                debriefing: *body.debriefing,
            }),
            Body::Form(body) => Content::Form(self.form(body)),
            Body::Completion(body) => Content::Completion(CompletionPage {
                title: plain(body.title.as_ref()),
                text: self.text(body.text.as_ref(), body.file.as_ref()),
            }),
            Body::Gym(body) => {
                let base = self.gym(id, &body.base, &raw.span);
                let mut in_conditions = BTreeMap::new();
                for (condition, span, gym) in &body.in_conditions {
                    let gym = self.gym(id, gym, span);
                    if let (Ok(condition), Some(gym)) = (condition.value.parse(), gym) {
                        in_conditions.insert(condition, gym);
                    }
                }
                Content::Gym(Box::new(GymScene { base: base?, in_conditions }))
            }
        })
    }
}
