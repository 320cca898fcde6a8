//! The study as the lobby sees it: what comes next for somebody, what is shown there, and what an
//! answer leads to. Pure functions of the experiment and of what was drawn for a person.
//!
//! - [`rooms`]: which waiting rooms there are;
//! - [`screening`]: who may take part.

pub mod rooms;
pub mod screening;

use crate::identities::Identity;
use crate::people::{Alone, Gone, Person};
use crate::secrets::Secrets;
use crate::ticket::program;
use dyad_experiment::form::{Answer as FormAnswer, Form};
use dyad_experiment::gym::GymScene;
use dyad_experiment::rules::{AfterDropout, AfterWaiting};
use dyad_experiment::words::AssignPer;
use dyad_experiment::{
    BlockId, ConditionId, Content, Experiment, Flow, Gym, Outcome, Place, Scene, Step, seed,
};
use dyad_protocol::study::{self as protocol, Answer, Completed, SceneKind, Upcoming};
use dyad_protocol::{HexDigest, PanelId, ParticipantId, SceneId, Token};
use rooms::{Purpose, Rooms};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The study, and who may come in.
#[derive(Clone, Debug)]
pub struct Study {
    /// The experiment.
    pub experiment: Arc<Experiment>,
    /// What follows from the lab's secret.
    pub secrets: Secrets,
    /// The general join link's token; `None` admits everybody.
    pub token: Option<Token>,
    rooms: Rooms,
}

/// Why something is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It answers another kind of scene.
    #[error("the answer is of another kind than the scene")]
    Kind,
    /// They have read another text than the study's.
    #[error("the text that was consented to is not the study's")]
    Text,
    /// An answer that the form does not allow, or to a question that it does not have.
    #[error("an answer is none of those that the form allows")]
    Form,
}

impl Study {
    /// The study of an experiment.
    #[must_use]
    pub fn new(experiment: Arc<Experiment>, secrets: Secrets, token: Option<Token>) -> Self {
        let rooms = Rooms::of(&experiment);
        Self { experiment, secrets, token, rooms }
    }

    /// The waiting rooms.
    #[must_use]
    pub const fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// Somebody's own seed.
    #[must_use]
    pub fn own_seed(&self, participant: &ParticipantId) -> u64 {
        seed::derive(self.secrets.seed(), "order", participant.as_str())
    }

    /// The condition of somebody who comes for the first time, if people have one from the start.
    #[must_use]
    pub fn first_condition(
        &self,
        participant: &ParticipantId,
        counts: &BTreeMap<ConditionId, u32>,
    ) -> Option<ConditionId> {
        let from_start = self.experiment.assignment.per == AssignPer::Participant;
        from_start.then(|| self.condition(participant.as_str(), counts)).flatten()
    }

    /// The condition of the next person or group, called so.
    #[must_use]
    pub fn condition(
        &self,
        name: &str,
        counts: &BTreeMap<ConditionId, u32>,
    ) -> Option<ConditionId> {
        let Experiment { assignment, conditions, .. } = &*self.experiment;
        let seed = seed::derive(self.secrets.seed(), "condition", name);
        assignment.choose(conditions, counts, seed).map(|condition| condition.id.clone())
    }

    fn flow(&self, person: &Person) -> Flow {
        self.experiment.flow(&person.assigned)
    }

    /// The step somebody is at, and its scene; `None` at the end.
    #[must_use]
    pub fn at(&self, person: &Person) -> Option<(Step, &Scene)> {
        let step = self.flow(person).step(person.place)?.clone();
        let scene = &self.experiment.scenes()[step.scene];
        Some((step, scene))
    }

    /// The block before which a group is to be found for somebody, because it has its order from the
    /// group; `None` if they are not there.
    #[must_use]
    pub fn is_to_join(&self, person: &Person) -> Option<BlockId> {
        if self.is_to_screen(person) || person.place.outcome != Outcome::Finished {
            return None;
        }
        let block = self.at(person)?.0.group?;
        (!person.assigned.groups.contains_key(&block)).then_some(block)
    }

    /// What the order of a block follows from, for the group called so.
    #[must_use]
    pub fn group_seed(&self, name: &str) -> u64 {
        seed::derive(self.secrets.seed(), "group", name)
    }

    /// With whom alone somebody plays the game at their place; `None` if with anybody. Nobody is left of
    /// those for whom nobody came.
    #[must_use]
    pub fn company<'a>(&self, person: &'a Person) -> Option<&'a [ParticipantId]> {
        let company = person.company.as_ref()?;
        let (step, _) = self.at(person)?;
        let (gym, _) = self.game(person)?;
        let is_theirs = step.group.as_ref() == Some(&company.block);
        (is_theirs && gym.people() > 1 && person.alone.is_none()).then_some(&company.with)
    }

    /// Whether somebody of a group can still come to the step at which another one is.
    #[must_use]
    pub fn may_come(&self, other: &Person, to: &Person) -> bool {
        let Some((step, _)) = self.at(to) else { return false };
        let group = |person: &Person| person.assigned.groups.get(step.group.as_ref()?).copied();
        let flow = self.flow(other);
        let left = flow.steps().get(other.place.step..).unwrap_or_default();
        other.place.outcome == Outcome::Finished
            && group(other) == group(to)
            && left.contains(&step)
            && (other.alone.is_none() || left.first() != Some(&step))
    }

    /// Whether somebody has still to be screened.
    #[must_use]
    pub fn is_to_screen(&self, person: &Person) -> bool {
        let undecided = person.place.outcome == Outcome::Finished && !person.screened;
        undecided && !self.experiment.rules.screening.rules.is_empty()
    }

    /// What may stand beside other data of an answer, and what says who somebody is and is kept apart.
    #[must_use]
    pub fn kept_apart(
        &self,
        scene: &SceneId,
        repetition: u32,
        answer: Option<Answer>,
    ) -> (Option<Answer>, Option<Identity>) {
        let Some(Answer::Form { mut answers }) = answer else { return (answer, None) };
        let marked = self.experiment.data.identifying.iter().filter(|(of, _)| of == scene);
        let apart: BTreeMap<String, _> =
            marked.filter_map(|(_, question)| answers.remove_entry(question.as_str())).collect();
        let identity = (!apart.is_empty()).then(|| {
            let scene = scene.clone();
            Identity::Answers { scene, repetition, answers: apart }
        });
        (Some(Answer::Form { answers }), identity)
    }

    /// The number of somebody's place, as messages have it.
    #[must_use]
    pub fn step(&self, person: &Person) -> u32 {
        let place = if self.is_to_screen(person) { 0 } else { person.place.step + 1 };
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// The waiting room at somebody's place: that of a block before which a group is to be found, or that
    /// of a game; `None` if there is none.
    #[must_use]
    pub fn room(&self, person: &Person) -> Option<&SceneId> {
        let Some(block) = self.is_to_join(person) else {
            return self.game(person).map(|(_, room)| room);
        };
        self.rooms.of_block(&block, person.assigned.condition.as_ref())
    }

    /// The game at somebody's place, and its waiting room; `None` if there is none, or if it is not known
    /// before a group is found.
    #[must_use]
    pub fn game(&self, person: &Person) -> Option<(&Gym, &SceneId)> {
        if self.is_to_screen(person) || self.is_to_join(person).is_some() {
            return None;
        }
        let (step, scene) = self.at(person)?;
        let condition = person.assigned.condition.as_ref();
        let gym = scene.gym()?.in_condition(condition);
        let (condition, alone) = (condition.cloned(), person.alone.is_some());
        let purpose = Purpose { scene: step.scene, condition, alone, block: None };
        let room = self.rooms.room(&purpose)?;
        Some((gym, room))
    }

    /// Whether a waiting room is one for the game at somebody's place. Those who get their condition with
    /// the game have come to another room than the one that they would come to now.
    #[must_use]
    pub fn is_theirs(&self, person: &Person, room: &SceneId) -> bool {
        let Some(Purpose { scene, alone, block, .. }) = self.rooms.purpose(room) else {
            return false;
        };
        let is_at = self.at(person).is_some_and(|(step, _)| step.scene == *scene);
        match self.is_to_join(person) {
            Some(theirs) => *block == Some(theirs),
            None => block.is_none() && is_at && *alone == person.alone.is_some(),
        }
    }

    /// Where somebody goes on whose scene has ended so.
    #[must_use]
    pub fn next(&self, person: &Person, ended: Outcome) -> Place {
        self.flow(person).next(&self.experiment, person.place, ended)
    }

    /// Whether the study ends for those who stay when a partner has gone.
    #[must_use]
    pub fn ends_after_dropout(&self) -> bool {
        self.experiment.rules.dropout == AfterDropout::End
    }

    /// What somebody plays with for whom nobody came in time; `None` if nothing.
    #[must_use]
    pub fn without_partner(&self, person: &Person) -> Option<Alone> {
        self.room(person)?;
        match self.experiment.rules.waiting_room.then {
            AfterWaiting::Program(it) => Some(Alone { program: program(it), episodes: None }),
            AfterWaiting::End | AfterWaiting::Scene(_) => None,
        }
    }

    /// What somebody goes on with whose partner has gone in this episode, the first being 1; `None` if
    /// with nothing. The episode is played again.
    #[must_use]
    pub fn after_dropout(&self, person: &Person, episode: usize) -> Option<Alone> {
        let (gym, _) = self.game(person)?;
        let over = u16::try_from(episode.saturating_sub(1)).unwrap_or(u16::MAX);
        let episodes = Some(gym.episodes.saturating_sub(over).max(1));
        match self.experiment.rules.dropout {
            AfterDropout::Program(it) => Some(Alone { program: program(it), episodes }),
            AfterDropout::End | AfterDropout::Wait => None,
        }
    }

    /// What to show somebody; `None` at the end.
    #[must_use]
    pub fn show(&self, person: &Person) -> Option<protocol::Scene> {
        let steps = u32::try_from(self.flow(person).steps().len()).unwrap_or(u32::MAX);
        let (scene, kind, content) = if self.is_to_screen(person) {
            let asked = screening::asked(&self.experiment.rules.screening);
            let name = "screening".parse().expect("a word is an id");
            (name, SceneKind::Screening, serde_json::to_value(asked))
        } else if let Some(block) = self.is_to_join(person) {
            // They are waited for as before a game.
            let name = block.as_str().parse().expect("a block is called as a scene could be");
            (name, SceneKind::Game, Ok(serde_json::json!({})))
        } else {
            let (_, scene) = self.at(person)?;
            let (kind, content) = match &scene.content {
                Content::Consent(consent) => (SceneKind::Consent, serde_json::to_value(consent)),
                Content::Page(page) => (SceneKind::Page, serde_json::to_value(page)),
                Content::Form(form) => (SceneKind::Form, serde_json::to_value(form)),
                Content::Gym(gym) => {
                    let condition = person.assigned.condition.as_ref();
                    (SceneKind::Game, serde_json::to_value(upcoming(gym, condition)))
                }
                Content::Completion(_) => return None,
            };
            (scene.id.clone(), kind, content)
        };
        Some(protocol::Scene {
            step: self.step(person),
            steps: steps.saturating_add(1),
            scene,
            kind,
            content: content.expect("scenes are plain data"),
            seed: person.assigned.seed,
            session: person.session.clone(),
        })
    }

    /// How the scene has ended that somebody is at and answers so. Screening and games have their
    /// own ways.
    ///
    /// # Errors
    /// [`Unfit`] if it is no answer to it.
    pub fn judge(&self, person: &Person, answer: &Answer) -> Result<Outcome, Unfit> {
        let (_, scene) = self.at(person).ok_or(Unfit::Kind)?;
        match (&scene.content, answer) {
            (Content::Consent(consent), Answer::Consent { agreed, text, .. }) => {
                if consent.text.digest().to_string() != text.as_str() {
                    return Err(Unfit::Text);
                }
                Ok(if *agreed { Outcome::Finished } else { Outcome::Withdrew })
            }
            (Content::Page(_), Answer::Page) => Ok(Outcome::Finished),
            (Content::Form(form), Answer::Form { answers }) => {
                if are_answers(form, answers) {
                    Ok(Outcome::Finished)
                } else {
                    Err(Unfit::Form)
                }
            }
            _ => Err(Unfit::Kind),
        }
    }

    /// What somebody reads at the end who declines the consent that they are at.
    #[must_use]
    pub fn declined(&self, person: &Person) -> Option<String> {
        match &self.at(person)?.1.content {
            Content::Consent(consent) => consent.declined.as_ref().map(|it| it.markdown.clone()),
            _ => None,
        }
    }

    /// The end of the study for somebody.
    #[must_use]
    pub fn completed(&self, gone: &Gone, panel: Option<&PanelId>) -> Completed {
        let completion = &self.experiment.completion;
        let outcome = gone.outcome;
        let page = self.experiment.scenes().iter().find_map(|scene| match &scene.content {
            Content::Completion(page) if outcome == Outcome::Finished => Some(page),
            _ => None,
        });
        let text = page.and_then(|page| page.text.as_ref()).map(|text| text.markdown.clone());
        let needs_panel = completion.url.as_ref().is_some_and(|url| url.contains("{panel_id}"));
        let url = completion.url(outcome, panel.map_or("", PanelId::reveal));
        Completed {
            outcome: outward(outcome),
            code: completion.codes.get(&outcome).cloned(),
            url: url.filter(|_| panel.is_some() || !needs_panel),
            title: page.and_then(|page| page.title.clone()),
            message: gone
                .message
                .as_deref()
                .map(str::to_owned)
                .or(text)
                .or_else(|| completion.messages.get(&outcome).cloned()),
        }
    }

    /// Digest of the experiment file.
    #[must_use]
    pub fn digest(&self) -> HexDigest {
        let digest = self.experiment.digest.to_string();
        digest.parse().expect("a digest prints as 64 hex digits")
    }
}

/// What is said of a game before there is a ticket. Who gets a condition with the game may get its keys, too.
fn upcoming(gym: &GymScene, condition: Option<&ConditionId>) -> Upcoming {
    let keys = &gym.in_condition(condition).keys;
    let are_known = condition.is_some() || gym.variants().all(|(_, gym)| gym.keys == *keys);
    Upcoming { controls: are_known.then(|| keys.controls()) }
}

/// Whether these are answers to all questions of a form, and to no others.
fn are_answers(form: &Form, answers: &BTreeMap<String, serde_json::Value>) -> bool {
    let known = |id: &String| form.questions.iter().any(|question| question.id.as_str() == id);
    answers.keys().all(known)
        && form.questions.iter().all(|question| {
            let answer = answers.get(question.id.as_str());
            let parsed = answer.map(|it| serde_json::from_value::<FormAnswer>(it.clone()));
            match parsed.transpose() {
                Ok(answer) => question.check(answer.as_ref()).is_ok(),
                Err(_no_answer) => false,
            }
        })
}

/// An outcome as messages have it.
#[must_use]
pub const fn outward(outcome: Outcome) -> protocol::Outcome {
    match outcome {
        Outcome::Finished => protocol::Outcome::Finished,
        Outcome::NoPartner => protocol::Outcome::NoPartner,
        Outcome::PartnerLeft => protocol::Outcome::PartnerLeft,
        Outcome::LostConnection => protocol::Outcome::LostConnection,
        Outcome::Excluded => protocol::Outcome::Excluded,
        Outcome::ScreenedOut => protocol::Outcome::ScreenedOut,
        Outcome::Withdrew => protocol::Outcome::Withdrew,
    }
}

#[cfg(test)]
mod tests {
    use super::upcoming;
    use crate::ticket::{Client, Order, prepare};
    use dyad_experiment::Experiment;
    use dyad_matchmaking::MatchId;
    use dyad_protocol::PublicKey;
    use dyad_protocol::controls::Controls;

    const STUDY: &str = r#"
id = "s"
[[condition]]
id = "usual"
[[condition]]
id = "letters"
[condition.settings.a]
keys = { up = ["KeyI", "Digit8"] }
[[scene]]
id = "a"
layout = "cramped_room"
"#;

    #[test]
    fn a_games_keys_are_said_before_it_if_they_are_known_and_with_it() {
        let experiment = Experiment::parse(STUDY, |_| Err(std::io::ErrorKind::NotFound.into()));
        let experiment = experiment.unwrap_or_else(|error| panic!("{error}"));
        let gym = experiment.scenes()[0].gym().expect("it is a game");
        let up = |controls: &Controls| controls.0["up"].join(" ");
        assert_eq!(upcoming(gym, None).controls, None, "the condition decides, and is not known");
        for (condition, keys) in [("usual", "ArrowUp KeyW"), ("letters", "KeyI Digit8")] {
            let condition = Some(condition.parse().expect("it is an id"));
            let before = upcoming(gym, condition.as_ref()).controls.expect("they are known");
            let client = |name: &str| {
                let participant = name.parse().expect("it is an id");
                Client { participant, key: PublicKey([1; 32]) }
            };
            let order = Order {
                id: MatchId(1),
                scene: "a".parse().expect("it is an id"),
                condition,
                drawn: false,
                people: ["p-1", "p-2"].map(client).into(),
                alone: None,
            };
            let tickets = prepare(&experiment, &order, 0).expect("it can be played").tickets;
            assert_eq!((up(&before), up(&tickets[1].controls)), (keys.into(), keys.into()));
        }
    }
}
