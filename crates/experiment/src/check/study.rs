//! What concerns the study as a whole: network, matchmaking, waiting room, screening, completion.

use super::{Check, narrow, plain};
use crate::mistake::Warning;
use crate::network::{self, Network};
use crate::raw::{self, scene, study};
use crate::read::{At, Sub};
use crate::rules::{
    AfterDropout, AfterWaiting, Completion, Matchmaker, Matchmaking, Program, Rules, Screening,
    ScreeningRule, WaitingRoom, WatchRtt,
};
use crate::scene::Scene;
use crate::words::{DropoutThen, MatchmakerKind, Outcome, Policy, WaitingThen};
use std::io;
use std::time::Duration;

const OF_PROGRAM: &str = "then = \"program\" needs it, and nothing else";

/// The fields of a table that has one for each outcome.
macro_rules! by_outcome {
    ($table:expr) => {
        [
            (Outcome::Finished, &$table.finished),
            (Outcome::NoPartner, &$table.no_partner),
            (Outcome::PartnerLeft, &$table.partner_left),
            (Outcome::LostConnection, &$table.lost_connection),
            (Outcome::Excluded, &$table.excluded),
            (Outcome::ScreenedOut, &$table.screened_out),
            (Outcome::Withdrew, &$table.withdrew),
        ]
    };
}

impl<R: FnMut(&str) -> io::Result<Vec<u8>>> Check<R> {
    pub(super) fn network(&mut self, raw: Option<&Sub<study::Network>>) -> Network {
        let Some(raw) = raw else { return Network::default() };
        let network = Network {
            stun: self.servers("stun", &raw.stun),
            turn: self.servers("turn", &raw.turn),
            turn_secret_file: raw.turn_secret_file.as_ref().map(|file| file.value.clone().into()),
            relay_only: *raw.relay_only,
        };
        if network.turn.is_empty() {
            let turn = "add turn = [\"turn:HOST:3478\"], the address of a TURN server";
            if *raw.relay_only {
                let problem = "there is no TURN server to relay";
                self.wrong(&raw.relay_only.span, "network.relay_only", problem, turn);
            }
            if let Some(file) = &raw.turn_secret_file {
                let problem = "there is no TURN server to share a secret with";
                self.wrong(&file.span, "network.turn_secret_file", problem, turn);
            }
        } else if raw.turn_secret_file.is_none()
            && !self.reader.is_mistaken(&raw.span, "network.turn_secret_file")
        {
            let at = raw.turn.first().map_or(&raw.span, |first| &first.span).clone();
            let problem = "it is missing, and a TURN server serves nobody without";
            let hint = "add turn_secret_file = \"FILE\": a text file with the server's secret, \
                        which coturn calls static-auth-secret";
            self.wrong(&at, "network.turn_secret_file", problem, hint);
        }
        network
    }

    fn servers(&mut self, scheme: &str, urls: &[At<String>]) -> Vec<String> {
        for url in urls {
            if let Some(problem) = network::problem(url, scheme) {
                let hint = "an address looks like \"stun:192.168.1.20:3478\" or \
                            \"turn:turn.example.org:3478\"; all of it goes over UDP";
                self.wrong(&url.span, &format!("network.{scheme}"), problem, hint);
            }
        }
        urls.iter().map(|url| url.value.clone()).collect()
    }

    pub(super) fn rules(
        &mut self,
        file: &raw::File,
        raw_scenes: &[scene::Scene],
        scenes: &[Option<Scene>],
    ) -> Rules {
        Rules {
            matchmaking: self.matchmaking(&file.matchmaking),
            waiting_room: self.waiting_room(&file.waiting_room, raw_scenes, scenes),
            screening: file.screening.as_ref().map(|raw| self.screening(raw)).unwrap_or_default(),
            watch_rtt: file.monitoring.as_ref().and_then(|raw| self.watch_rtt(raw.rtt.as_ref()?)),
            dropout: self.dropout(&file.dropout),
        }
    }

    fn matchmaking(&mut self, raw: &Sub<study::Matchmaking>) -> Matchmaking {
        let kind = *raw.kind;
        if let Some(most) = &raw.max_server_rtt_ms
            && kind != MatchmakerKind::Latency
        {
            let problem = format!("the matchmaker \"{kind}\" does not look at it");
            let hint = "write kind = \"latency\", or remove the line";
            self.wrong(&most.span, "matchmaking.max_server_rtt_ms", problem, hint);
        }
        if let Some(fallback) = &raw.fallback
            && kind != MatchmakerKind::Reunion
        {
            let problem = format!("the matchmaker \"{kind}\" does not look at it");
            let hint = "write kind = \"reunion\", or remove the line";
            self.wrong(&fallback.span, "matchmaking.fallback", problem, hint);
        }
        let matchmaker = match kind {
            MatchmakerKind::Fifo => Matchmaker::Fifo,
            MatchmakerKind::Latency => {
                let most = raw.max_server_rtt_ms.as_ref().map(millis);
                let field = "matchmaking.max_server_rtt_ms";
                if most.is_none() && !self.reader.is_mistaken(&raw.span, field) {
                    let problem = "it is missing, and the matchmaker \"latency\" goes by it";
                    let hint = "add max_server_rtt_ms = 200: milliseconds of both round trips";
                    self.wrong(&raw.kind.span, field, problem, hint);
                }
                Matchmaker::Latency { max_server_rtt: most.unwrap_or_default() }
            }
            MatchmakerKind::Reunion => {
                Matchmaker::Reunion { fallback: raw.fallback.as_ref().is_none_or(|it| **it) }
            }
        };
        Matchmaking { matchmaker, max_p2p_rtt: raw.max_p2p_rtt_ms.as_ref().map(millis) }
    }

    /// The program of a rule that may put one into a person's place.
    fn program(
        &mut self,
        path: &str,
        is_program: bool,
        policy: Option<&At<Policy>>,
        announced: Option<&At<bool>>,
    ) -> Program {
        if !is_program {
            if let Some(policy) = policy {
                let problem = "there is no program to go by it";
                self.wrong(&policy.span, &format!("{path}.policy"), problem, OF_PROGRAM);
            }
            if let Some(announced) = announced {
                let problem = "there is no program to announce";
                self.wrong(&announced.span, &format!("{path}.announced"), problem, OF_PROGRAM);
            }
        }
        Program {
            policy: policy.map_or(Policy::Scripted, |policy| **policy),
            announced: announced.is_none_or(|announced| **announced),
        }
    }

    fn dropout(&mut self, raw: &study::Dropout) -> AfterDropout {
        let is_program = *raw.then == DropoutThen::Program;
        let (policy, announced) = (raw.policy.as_ref(), raw.announced.as_ref());
        let program = self.program("dropout", is_program, policy, announced);
        match *raw.then {
            DropoutThen::End => AfterDropout::End,
            DropoutThen::Wait => AfterDropout::Wait,
            DropoutThen::Program => AfterDropout::Program(program),
        }
    }

    fn waiting_room(
        &mut self,
        raw: &Sub<study::WaitingRoom>,
        raw_scenes: &[scene::Scene],
        scenes: &[Option<Scene>],
    ) -> WaitingRoom {
        let is_program = *raw.then == WaitingThen::Program;
        let (policy, announced) = (raw.policy.as_ref(), raw.announced.as_ref());
        let program = self.program("waiting_room", is_program, policy, announced);
        let field = "waiting_room.scene";
        let then = match (*raw.then, &raw.scene) {
            (WaitingThen::Scene, Some(scene)) => {
                self.later_scene(scene, raw_scenes, scenes);
                scene.value.parse().map_or(AfterWaiting::End, AfterWaiting::Scene)
            }
            (WaitingThen::Scene, None) => {
                let problem = "it is missing, and then = \"scene\" goes there";
                if !self.reader.is_mistaken(&raw.span, field) {
                    self.wrong(&raw.then.span, field, problem, "add scene = \"ID\"");
                }
                AfterWaiting::End
            }
            (_, Some(scene)) => {
                let hint = "write then = \"scene\", or remove the line";
                self.wrong(&scene.span, field, "nobody is sent there", hint);
                AfterWaiting::End
            }
            (WaitingThen::End, None) => AfterWaiting::End,
            (WaitingThen::Program, None) => AfterWaiting::Program(program),
        };
        let limit = seconds(*raw.limit_seconds);
        WaitingRoom { limit, show_count: *raw.show_count, then }
    }

    /// The scene that follows for those who find no partner: everybody can come to it, and passes
    /// over no debriefing.
    fn later_scene(
        &mut self,
        target: &At<String>,
        raw_scenes: &[scene::Scene],
        scenes: &[Option<Scene>],
    ) {
        let field = "waiting_room.scene";
        let is_target =
            |scene: &scene::Scene| scene.head.id.as_ref().is_some_and(|id| **id == **target);
        let Some(at) = raw_scenes.iter().position(is_target) else {
            let names = raw_scenes.iter().filter_map(|scene| scene.head.id.as_ref());
            return self.nothing(target, field, "scene", names.map(|id| id.as_str()));
        };
        let is_shared = |scene: &Option<Scene>| {
            scene.as_ref().and_then(Scene::gym).is_some_and(|gym| gym.is_shared())
        };
        let hint = "name a scene after the games, in no block, for all conditions";
        let head = &raw_scenes[at].head;
        if head.block.is_some() || !head.conditions.is_empty() {
            return self.wrong(&target.span, field, "not everybody comes to this scene", hint);
        }
        let Some(first) = scenes.iter().position(is_shared) else { return };
        if at <= first {
            return self.wrong(
                &target.span,
                field,
                "people wait for a game after this scene",
                hint,
            );
        }
        let skipped = scenes[first..at].iter().flatten().find(|scene| scene.is_debriefing());
        if let Some(skipped) = skipped {
            let problem =
                format!("people would pass over the debriefing page {:?}", skipped.id.as_str());
            self.wrong(&target.span, field, problem, "name that page, or one before it");
        }
    }

    fn watch_rtt(&mut self, raw: &Sub<study::WatchRtt>) -> Option<WatchRtt> {
        if *raw.violations > *raw.window {
            let problem =
                format!("of {} measurements never {} are too long", *raw.window, *raw.violations);
            let hint = "violations are counted in the window: make it larger";
            self.wrong(&raw.violations.span, "monitoring.rtt.violations", problem, hint);
        }
        Some(WatchRtt {
            most: millis(raw.max_ms.as_ref()?),
            window: narrow(*raw.window),
            violations: narrow(*raw.violations),
            warning: plain(raw.warning.as_ref()),
            message: plain(raw.message.as_ref()),
        })
    }

    fn screening(&mut self, raw: &study::Screening) -> Screening {
        let mut rules = Vec::new();
        let mut put =
            |rule, message: &Option<At<String>>| rules.push((rule, plain(message.as_ref())));
        if let Some(raw) = &raw.system {
            let allow = raw.allow.iter().map(|system| **system).collect();
            put(ScreeningRule::System(allow), &raw.message);
        }
        if let Some(raw) = &raw.version
            && let Some(least) = &raw.at_least
        {
            match version(least) {
                Some(version) => put(ScreeningRule::Version(version), &raw.message),
                None => {
                    let problem = format!("{:?} is no version", least.value);
                    let hint = "a version has three numbers, such as \"0.2.0\"";
                    self.wrong(&least.span, "screening.version.at_least", problem, hint);
                }
            }
        }
        if let Some(raw) = &raw.display {
            let (width, height) = (narrow(*raw.min_width), narrow(*raw.min_height));
            put(ScreeningRule::Display { width, height }, &raw.message);
        }
        if let Some(raw) = &raw.frame_rate {
            put(ScreeningRule::FrameRate(*raw.at_least), &raw.message);
        }
        if let Some(raw) = &raw.clock {
            put(ScreeningRule::Clock(millis(&raw.max_offset_ms)), &raw.message);
        }
        if let Some(raw) = &raw.rtt
            && let Some(most) = &raw.max_ms
        {
            put(ScreeningRule::Rtt { most: millis(most), pings: narrow(*raw.pings) }, &raw.message);
        }
        for question in &raw.question {
            if let Some(rule) = self.screening_question(question) {
                rules.push((rule, plain(question.message.as_ref())));
            }
        }
        Screening { rules }
    }

    fn screening_question(&mut self, raw: &study::ScreenQuestion) -> Option<ScreeningRule> {
        let mut accept = Vec::new();
        for answer in &raw.accept {
            match raw.options.iter().position(|option| **option == **answer) {
                Some(at) => accept.push(at),
                None => {
                    let options = raw.options.iter().map(|option| option.as_str());
                    self.nothing(answer, "screening.question.accept", "option", options);
                }
            }
        }
        let options = raw.options.iter().map(|option| option.value.clone()).collect();
        Some(ScreeningRule::Question { text: plain(raw.text.as_ref())?, options, accept })
    }

    pub(super) fn completion(&mut self, raw: &study::Completion) -> Completion {
        let mut completion = Completion::default();
        let study::Completion { url, codes, messages } = raw;
        if let Some(url) = url {
            self.panel_url(url);
            completion.url = Some(url.value.clone());
        }
        let mut missing = Vec::new();
        for (outcome, code) in by_outcome!(codes) {
            let Some(code) = code else {
                missing.push(outcome);
                continue;
            };
            let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
            if !(1..=64).contains(&code.len()) || !code.chars().all(is_letter) {
                let problem = format!("{:?} is no completion code", code.value);
                let hint = "a code has 1 to 64 letters, digits, '-' and '_'";
                self.wrong(&code.span, &format!("completion.codes.{outcome}"), problem, hint);
            }
            completion.codes.insert(outcome, code.value.clone());
        }
        for (outcome, message) in by_outcome!(messages) {
            let field = format!("completion.messages.{outcome}");
            if let Some(text) = self.text_at(&field, message.as_ref()) {
                completion.messages.insert(outcome, text.markdown);
            }
        }
        let has_any = !completion.codes.is_empty() || completion.url.is_some();
        if has_any && !missing.is_empty() {
            self.warnings.push(Warning::NoCode { outcomes: missing });
        }
        completion
    }

    fn panel_url(&mut self, url: &At<String>) {
        let field = "completion.url";
        let hint = "for example \"https://app.prolific.com/submissions/complete?cc={code}\"";
        if !url.starts_with("https://") && !url.starts_with("http://") {
            let problem = format!("{:?} is no address of a page", url.value);
            self.wrong(&url.span, field, problem, hint);
        }
        let rest = url.replace("{code}", "").replace("{panel_id}", "");
        if rest.contains(['{', '}']) || rest.contains(char::is_whitespace) {
            let problem = "only {code} and {panel_id} can stand in it, and no spaces";
            self.wrong(&url.span, field, problem, hint);
        }
    }
}

fn millis(number: &At<i64>) -> Duration {
    Duration::from_millis(narrow(**number))
}

/// A time whose range was checked when it was read.
pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn version(text: &str) -> Option<[u32; 3]> {
    let numbers: Option<Vec<u32>> = text.split('.').map(|number| number.parse().ok()).collect();
    numbers?.try_into().ok()
}
