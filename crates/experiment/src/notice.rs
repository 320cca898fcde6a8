//! What a consent form says of the data by itself, after the words of its author: what withdrawal deletes,
//! how long copies stay, and that computers learn each other's addresses. It is a part of the form's text,
//! so the digest that is kept with an answer is over it too.

use crate::scene::{Content, Scene};
use crate::text::Text;
use crate::words::Withdrawal;

/// The words of one language. A number of days stands where `{days}` does.
struct Words {
    language: &'static str,
    title: &'static str,
    /// Withdrawal deletes games, which had several people in them.
    games_of_several: &'static str,
    /// The same, where everybody plays alone or with programs.
    games: &'static str,
    /// Withdrawal deletes answers and identities only.
    person: &'static str,
    /// Copies that go a number of days after the receipt.
    copies: &'static str,
    /// The same, for a single day.
    copies_one_day: &'static str,
    /// The same, as soon as there is a receipt.
    copies_until_received: &'static str,
    /// Copies of games that were withdrawn.
    recalled: &'static str,
    /// People's computers connect directly.
    addresses: &'static str,
}

const LANGUAGES: [Words; 2] = [
    Words {
        language: "en",
        title: "Your data",
        games_of_several: "**Taking them back.** You can take your data back afterwards: tell the experimenter. \
            Then everything of yours is deleted: your answers, what says who you are, and the games that you \
            played. The records of these games that your partners made are deleted too, because a game's \
            record holds what all of its players did.",
        games: "**Taking them back.** You can take your data back afterwards: tell the experimenter. Then \
            everything of yours is deleted: your answers, what says who you are, and the games that you played.",
        person: "**Taking them back.** You can take your data back afterwards: tell the experimenter. Then your \
            answers and what says who you are are deleted. The games that you played stay, under a random name.",
        copies: "**Copies on this computer.** Records of your games also lie on the computer that you play at. \
            Dyad deletes them when it runs {days} days or more after the lab has received them.",
        copies_one_day: "**Copies on this computer.** Records of your games also lie on the computer that you \
            play at. Dyad deletes them when it runs a day or more after the lab has received them.",
        copies_until_received: "**Copies on this computer.** Records of your games also lie on the computer that \
            you play at. Dyad deletes them the next time that it runs after the lab has received them.",
        recalled: "Those of a game that was taken back it deletes the next time that it runs.",
        addresses: "**Network addresses.** Your computer and your partners' connect directly, and so learn each \
            other's network address. It is recorded nowhere.",
    },
    Words {
        language: "de",
        title: "Ihre Daten",
        games_of_several: "**Rücknahme.** Sie können Ihre Daten nachträglich zurücknehmen: Sagen Sie es der \
            Versuchsleitung. Dann wird alles gelöscht, was von Ihnen ist: Ihre Antworten, was sagt, wer Sie sind, \
            und die Spiele, an denen Sie teilgenommen haben. Auch die Aufzeichnungen Ihrer Partner von diesen \
            Spielen werden gelöscht, denn in der Aufzeichnung eines Spiels steht, was alle darin getan haben.",
        games: "**Rücknahme.** Sie können Ihre Daten nachträglich zurücknehmen: Sagen Sie es der Versuchsleitung. \
            Dann wird alles gelöscht, was von Ihnen ist: Ihre Antworten, was sagt, wer Sie sind, und Ihre Spiele.",
        person: "**Rücknahme.** Sie können Ihre Daten nachträglich zurücknehmen: Sagen Sie es der Versuchsleitung. \
            Dann werden Ihre Antworten gelöscht, und was sagt, wer Sie sind. Die Spiele, an denen Sie teilgenommen \
            haben, bleiben unter einem zufälligen Namen erhalten.",
        copies: "**Kopien auf diesem Computer.** Aufzeichnungen Ihrer Spiele liegen auch auf dem Computer, an dem \
            Sie spielen. Dyad löscht sie, wenn es {days} Tage oder mehr nach der Ankunft im Labor läuft.",
        copies_one_day: "**Kopien auf diesem Computer.** Aufzeichnungen Ihrer Spiele liegen auch auf dem Computer, \
            an dem Sie spielen. Dyad löscht sie, wenn es einen Tag oder mehr nach der Ankunft im Labor läuft.",
        copies_until_received: "**Kopien auf diesem Computer.** Aufzeichnungen Ihrer Spiele liegen auch auf dem \
            Computer, an dem Sie spielen. Dyad löscht sie, wenn es nach der Ankunft im Labor das nächste Mal läuft.",
        recalled: "Die eines zurückgenommenen Spiels löscht es, sobald es das nächste Mal läuft.",
        addresses: "**Netzwerkadressen.** Ihr Computer und die Ihrer Partner verbinden sich direkt und erfahren so \
            die Netzwerkadressen voneinander. Sie werden nirgends aufgezeichnet.",
    },
];

/// What of a study the words depend on.
pub(crate) struct Promised {
    /// What withdrawal deletes.
    pub(crate) withdrawal: Withdrawal,
    /// Days for which copies stay.
    pub(crate) keep_days: u16,
    /// Whether people meet each other only through relays.
    pub(crate) relay_only: bool,
}

/// Whether there are words in this language, as BCP 47 writes it.
pub(crate) fn speaks(language: &str) -> bool {
    LANGUAGES.iter().any(|words| is_of(words, language))
}

fn is_of(words: &Words, language: &str) -> bool {
    language.split('-').next() == Some(words.language)
}

/// The words in a study's language, or in English.
pub(crate) fn words(promised: &Promised, language: Option<&str>, scenes: &[Scene]) -> String {
    let known = LANGUAGES.iter().find(|words| language.is_some_and(|it| is_of(words, it)));
    let words = known.unwrap_or(&LANGUAGES[0]);
    let several = scenes.iter().any(is_for_several);
    let deleted = match promised.withdrawal {
        Withdrawal::Games if several => words.games_of_several,
        Withdrawal::Games => words.games,
        Withdrawal::Person => words.person,
    };
    let copies = match promised.keep_days {
        0 => words.copies_until_received,
        1 => words.copies_one_day,
        _ => words.copies,
    };
    let copies = copies.replace("{days}", &promised.keep_days.to_string());
    let mut text = format!("## {}\n\n- {deleted}\n- {copies}", words.title);
    if promised.withdrawal == Withdrawal::Games {
        text.push_str(&format!(" {}", words.recalled));
    }
    if several && !promised.relay_only {
        text.push_str(&format!("\n- {}", words.addresses));
    }
    text.push('\n');
    text
}

/// Adds the notice to the consent forms; whether there is one.
pub(crate) fn add(scenes: &mut [Scene], notice: &str) -> bool {
    let mut any = false;
    for scene in scenes {
        let Content::Consent(consent) = &mut scene.content else { continue };
        any = true;
        if !notice.is_empty() {
            let markdown = format!("{}\n\n{notice}", consent.text.markdown.trim_end());
            consent.text = Text { markdown };
        }
    }
    any
}

fn is_for_several(scene: &Scene) -> bool {
    match &scene.content {
        Content::Gym(gym) => gym.variants().any(|(_, gym)| gym.people() > 1),
        _ => false,
    }
}
