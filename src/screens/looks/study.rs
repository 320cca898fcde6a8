//! How the screens of a study look: consent, pages, forms, the end.

use super::approved::look;
use crate::lab::pictures::Album;
use crate::screens::completion::{self, End, Leaving, Upload};
use crate::screens::consent::{self, Reading};
use crate::screens::form::tests::form;
use crate::screens::form::{self, Draft};
use crate::screens::pictures::tests::album;
use crate::screens::reading::{self, Opened};
use crate::screens::screening::{self, Asked};
use crate::screens::tests::{consent, experiment, words};
use crate::words::Words;
use dyad_experiment::scene::Page;
use dyad_experiment::text::Text;
use dyad_experiment::{Content, Outcome};
use std::time::{Duration, SystemTime};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

#[test]
fn consent_and_declining() {
    let show = |name, declining, words: &Words| {
        let (consent, pictures) = (consent(), Album::default());
        look(name, |ctx| {
            let mut state = Reading { declining };
            consent::show(ctx, "Cooking together", &consent, &pictures, &mut state, NOW, words)
        });
    };
    show("consent", false, &words());
    show("consent-declined", true, &words());
    show("consent-german", false, &Words::of("de").unwrap());
}

fn page(markdown: &str, wait: u64) -> Page {
    let title = Some("How to play".to_owned());
    let text = Text { markdown: markdown.to_owned() };
    let wait = Duration::from_secs(wait);
    Page { title, text, button: None, wait, debriefing: false }
}

#[test]
fn pages() {
    let show = |name, page: &Page| {
        let pictures = album();
        look(name, |ctx| {
            let mut opened = Opened(Some(Duration::ZERO));
            reading::show(ctx, "", page, &pictures, &mut opened, Duration::from_secs(2), &words())
        });
    };
    let introduction = include_str!("../../../assets/experiments/texts/introduction.md");
    let introduction = introduction.replace("pictures/keys.png", "keys.png");
    show("page", &page(&introduction, 5));
    let coming = Album::waiting_for(&["later.png"]);
    let later = page("![The kitchen from above.](later.png)", 0);
    look("page-coming", |ctx| {
        let mut opened = Opened(Some(Duration::ZERO));
        reading::show(ctx, "", &later, &coming, &mut opened, Duration::ZERO, &words())
    });
    let all = "## A smaller heading\n\nText that is **strong**, *stressed*, ~~struck~~, `code` and \
               [a link](https://example.org) in one paragraph that is long enough for a second line \
               of it.\n\n1. one\n2. two\n   - inside\n   - of it\n\n> A quotation that goes on for a \
               while, so that it has to be wrapped at the end of its first line.\n\n| What | How \
               much |\n|---|---|\n| onions | three |\n| plates | one |\n\n---\n\n```\nkept  as it is\n```\n\
               ![a picture that is broken](broken.png)\n";
    show("page-markdown", &page(all, 0));
    let long = "This sentence is here many times, so that the text does not fit. ".repeat(150);
    show("page-long", &page(&long, 0));
}

#[test]
fn forms() {
    let study = experiment();
    let pictures = Album::from(study.pictures.clone());
    let forms = study.scenes().iter().find_map(|scene| match &scene.content {
        Content::Form(form) => Some(form),
        _ => None,
    });
    let questionnaire = forms.unwrap();
    let show = |name, draft: &Draft| {
        look(name, |ctx| {
            let mut draft = draft.clone();
            form::show(ctx, "", questionnaire, &pictures, 1, &mut draft, &words())
        });
    };
    show("form", &Draft::default());
    let mut asked = Draft::default();
    assert_eq!(asked.send(questionnaire), None);
    show("form-missing", &asked);
    look("form-end", |ctx| {
        let mut draft = Draft::filled(questionnaire, "remarks");
        form::show(ctx, "", questionnaire, &pictures, 1, &mut draft, &words())
    });
}

#[test]
fn questions_with_pictures_and_long_scales() {
    let form = form(
        "[[scene.question]]\nid = \"a\"\ntext = \"Which of these?\"\nkind = \"choice\"\n\
         options = [\"The first\", \"The other one, which takes more words to describe\"]\n\
         pictures = [\"keys.png\", \"keys.png\"]\nother = \"Something else\"\n\
         [[scene.question]]\nid = \"b\"\ntext = \"How much?\"\nkind = \"scale\"\npoints = 101\n\
         labels = [\"nothing at all\", \"everything that one could wish for\"]\n\
         [[scene.question]]\nid = \"c\"\ntext = \"How often?\"\nkind = \"scale\"\npoints = 5\n\
         labels = [\"never\", \"seldom\", \"sometimes\", \"often\", \"always\"]\n",
    );
    look("form-pictures", |ctx| {
        form::show(ctx, "", &form, &album(), 1, &mut Draft::filled(&form, ""), &words())
    });
}

#[test]
fn ends() {
    let (study, pictures) = (experiment(), Album::default());
    let show = |name, outcome, upload, copied| {
        let end = End {
            study: "Cooking together",
            outcome,
            page: None,
            completion: &study.completion,
            panel_id: "",
            reason: None,
            pictures: &pictures,
            upload,
        };
        look(name, |ctx| completion::show(ctx, &end, &mut Leaving { copied }, &words()));
    };
    let all = Upload { all: 3, saved: 3, received: 3, trouble: false };
    show("end-finished", Outcome::Finished, all, false);
    show("end-uploading", Outcome::Finished, Upload { received: 1, ..all }, true);
    let trouble = Upload { received: 1, trouble: true, ..all };
    show("end-partner-left", Outcome::PartnerLeft, trouble, false);
    show("end-no-partner", Outcome::NoPartner, Upload::default(), false);
    show("end-withdrew", Outcome::Withdrew, Upload::default(), false);
}

#[test]
fn screening() {
    let asked = [Asked {
        text: "Do you see well enough to read this, with glasses if you wear some?".to_owned(),
        options: ["yes", "no"].map(str::to_owned).into(),
    }];
    look("screening", |ctx| {
        screening::show(
            ctx,
            "Cooking together",
            &asked,
            &Album::default(),
            &mut Draft::default(),
            &words(),
        )
    });
}
