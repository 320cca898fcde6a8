//! The pictures of a study, fetched from the lab when a text or a question names them.
//!
//! A thread of its own asks for one after the other. A lab that does not answer is asked again for a
//! while; what it does not have, or what is no picture, is gone for good and told in words. However
//! much a study or a lab would send, so much is kept and no more.

use bevy::log::warn;
use bevy::prelude::Resource;
use dyad_experiment::MAX_PICTURE;
use dyad_experiment::form::{Form, QuestionKind};
use dyad_experiment::text::{Picture, PictureFormat, Pictures, Text};
use dyad_protocol::{HexDigest, JoinLink};
use smol::channel::{Receiver, Sender, bounded};
use std::collections::BTreeSet;
use std::thread::Builder;
use std::time::Duration;

/// Pictures of a study at most; those after them are told in words.
const MOST: usize = 200;
/// Bytes of all pictures together at most.
const MOST_BYTES: usize = 128 * 1024 * 1024;
/// Bytes of a picture's path at most.
const LONGEST_PATH: usize = 500;
/// How long one request may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Pauses between attempts while the lab does not answer.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(10),
    Duration::from_secs(10),
];

/// The pictures of a study, as far as they are here.
#[derive(Clone, Debug, Default)]
pub struct Album {
    here: Pictures,
    coming: BTreeSet<String>,
}

impl From<Pictures> for Album {
    fn from(here: Pictures) -> Self {
        Self { here, coming: BTreeSet::new() }
    }
}

impl Album {
    /// The picture of this path; `None` if it is not here.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Picture> {
        self.here.get(path)
    }

    /// Whether the picture is not here yet but may come.
    #[must_use]
    pub fn is_coming(&self, path: &str) -> bool {
        self.coming.contains(path)
    }

    /// Whether any picture may still come.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        !self.coming.is_empty()
    }

    fn bytes(&self) -> usize {
        self.here.values().map(|picture| picture.bytes.len()).sum()
    }

    /// An album that waits for these pictures.
    #[cfg(test)]
    pub(crate) fn waiting_for(paths: &[&str]) -> Self {
        let coming = paths.iter().map(ToString::to_string).collect();
        Self { coming, ..Self::default() }
    }
}

/// A picture that is wanted.
struct Wish {
    path: String,
    url: String,
    /// The fingerprint of the lab's certificate, if it has one.
    cert: Option<HexDigest>,
}

impl Wish {
    fn of(lab: &JoinLink, path: &str) -> Self {
        Self { path: path.to_owned(), url: url(lab, path), cert: lab.cert.clone() }
    }
}

/// The pictures that are here, and the thread that fetches more.
#[derive(Resource, Default)]
pub struct Library {
    album: Album,
    /// What has been asked for, whatever came of it.
    asked: BTreeSet<String>,
    thread: Option<Fetching>,
}

struct Fetching {
    wishes: Sender<Wish>,
    arrivals: Receiver<(String, Option<Picture>)>,
}

impl Library {
    /// What is here.
    #[must_use]
    pub const fn album(&self) -> &Album {
        &self.album
    }

    /// Asks a lab for pictures that have not been asked for.
    pub fn want(&mut self, lab: &JoinLink, paths: impl IntoIterator<Item = String>) {
        for path in paths {
            let is_new = path.len() <= LONGEST_PATH && !self.asked.contains(&path);
            if !is_new || self.asked.len() >= MOST {
                continue;
            }
            self.asked.insert(path.clone());
            let Some(thread) = self.thread() else { return };
            let wish = Wish::of(lab, &path);
            // There is room for as many as can be asked for.
            if thread.wishes.try_send(wish).is_ok() {
                self.album.coming.insert(path);
            }
        }
    }

    fn thread(&mut self) -> Option<&Fetching> {
        if self.thread.is_none() {
            let (wishes, wanted) = bounded(MOST);
            let (found, arrivals) = bounded(MOST);
            let run = move || fetch_all(&wanted, &found, &PAUSES);
            match Builder::new().name("pictures".to_owned()).spawn(run) {
                Ok(_) => self.thread = Some(Fetching { wishes, arrivals }),
                Err(error) => warn!("no pictures are fetched: {error}"),
            }
        }
        self.thread.as_ref()
    }

    /// Takes what has arrived. Returns whether anything has.
    pub fn take(&mut self) -> bool {
        let Some(thread) = &self.thread else { return false };
        let mut has_changed = false;
        while let Ok((path, picture)) = thread.arrivals.try_recv() {
            has_changed = true;
            self.album.coming.remove(&path);
            match picture {
                Some(picture) if self.album.bytes() + picture.bytes.len() <= MOST_BYTES => {
                    self.album.here.insert(path, picture);
                }
                Some(_) => warn!("{path}: the study's pictures take too much memory"),
                None => {}
            }
        }
        has_changed
    }
}

/// The address of a picture at a lab.
fn url(lab: &JoinLink, path: &str) -> String {
    let mut url = lab.address("http", "/pictures/");
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            url.push(byte.into());
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

fn fetch_all(
    wanted: &Receiver<Wish>,
    found: &Sender<(String, Option<Picture>)>,
    pauses: &[Duration],
) {
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT));
    let config = config.http_status_as_error(false).build();
    // As a rule all wishes are for one lab, and its connection is kept.
    let mut last: Option<(Option<HexDigest>, ureq::Agent)> = None;
    while let Ok(Wish { path, url, cert }) = wanted.recv_blocking() {
        let agent = match last.take().filter(|(of, _)| *of == cert) {
            Some((_, agent)) => agent,
            None => dyad_tls::agent(config.clone(), cert.as_ref()),
        };
        last = Some((cert, agent.clone()));
        let mut picture = fetch(&agent, &url);
        for pause in pauses {
            if picture.is_ok() || found.is_closed() {
                break;
            }
            std::thread::sleep(*pause);
            picture = fetch(&agent, &url);
        }
        let picture = picture.unwrap_or_else(|error| Err(error.to_string()));
        let picture = picture.map_err(|why| warn!("{path}: {why}")).ok();
        if found.send_blocking((path, picture)).is_err() {
            return;
        }
    }
}

/// Asks once. The outer error is one that may pass.
fn fetch(agent: &ureq::Agent, url: &str) -> Result<Result<Picture, String>, ureq::Error> {
    let mut response = agent.get(url).call()?;
    let status = response.status().as_u16();
    if status != 200 {
        return Ok(Err(format!("the lab does not give this picture (HTTP {status})")));
    }
    // What is larger may be so another time; asking again does no harm.
    let bytes = response.body_mut().with_config().limit(MAX_PICTURE + 1).read_to_vec()?;
    let format = PictureFormat::of(&bytes);
    Ok(format
        .map(|format| Picture { bytes: bytes.into(), format })
        .ok_or_else(|| "what the lab gives is neither PNG nor JPEG".to_owned()))
}

/// The pictures that a text shows.
#[must_use]
pub fn of_text(text: &str) -> Vec<String> {
    Text { markdown: text.to_owned() }.pictures()
}

/// The pictures that a form shows: in its text, its questions and their options.
#[must_use]
pub fn of_form(form: &Form) -> Vec<String> {
    let mut paths: Vec<String> = form.text.iter().flat_map(Text::pictures).collect();
    for question in &form.questions {
        paths.extend(question.text.pictures());
        paths.extend(question.picture.clone());
        if let QuestionKind::Choice(options) | QuestionKind::Choices { options, .. } =
            &question.kind
        {
            paths.extend(options.pictures.iter().cloned());
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::{Library, MOST, Wish, fetch_all, of_text, url};
    use crate::screens::pictures::tests::pictures;
    use dyad_protocol::JoinLink;
    use smol::channel::bounded;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread::{Builder, JoinHandle};
    use std::time::{Duration, Instant};

    /// A lab that gives these answers, one a connection; `None` hangs up. It tells what was asked for.
    fn lab(answers: Vec<Option<(u16, Vec<u8>)>>) -> (JoinLink, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let link = listener.local_addr().unwrap().to_string().parse().unwrap();
        let serve = move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                asked.push(head.split(' ').nth(1).unwrap().to_owned());
                let Some((status, body)) = answer else { continue };
                let length = body.len();
                let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
                write!(stream, "{head}content-length: {length}\r\n\r\n").unwrap();
                // Whoever wants no more of it hangs up.
                drop(stream.write_all(&body));
            }
            asked
        };
        (link, Builder::new().spawn(serve).unwrap())
    }

    fn wait_for(library: &mut Library, mut condition: impl FnMut(&Library) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !condition(library) {
            assert!(Instant::now() < deadline, "{:?}", library.album);
            library.take();
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_is_named_comes_and_is_asked_for_once() {
        let keys = pictures()["keys.png"].bytes.to_vec();
        let (link, asked) = lab(vec![Some((200, keys.clone())), Some((404, Vec::new()))]);
        let mut library = Library::default();
        let text = "![a](p/the%20keys.png) ![b](gone.png) ![a](p/the%20keys.png)";
        library.want(&link, of_text(text));
        library.want(&link, of_text(text));
        assert!(library.album().is_coming("gone.png"));
        wait_for(&mut library, |library| library.album.coming.is_empty());
        let picture = library.album().get("p/the%20keys.png").unwrap();
        assert_eq!(picture.bytes[..], keys[..]);
        assert!(library.album().get("gone.png").is_none());
        assert_eq!(asked.join().unwrap(), ["/pictures/p/the%2520keys.png", "/pictures/gone.png"]);
    }

    #[test]
    fn a_lab_that_hangs_up_is_asked_again_and_nonsense_is_refused() {
        let keys = pictures()["keys.png"].bytes.to_vec();
        let nonsense = Some((200, b"<svg onload=\"x\"/>".to_vec()));
        let (link, asked) = lab(vec![None, None, Some((200, keys)), nonsense]);
        let (wishes, wanted) = bounded(MOST);
        let (found, arrivals) = bounded(MOST);
        for path in ["a.png", "b.svg"] {
            wishes.try_send(Wish::of(&link, path)).unwrap();
        }
        drop(wishes);
        fetch_all(&wanted, &found, &[Duration::ZERO; 3]);
        let arrived: Vec<_> = std::iter::from_fn(|| arrivals.try_recv().ok()).collect();
        let here = arrived.iter().map(|(path, picture)| (path.as_str(), picture.is_some()));
        assert_eq!(here.collect::<Vec<_>>(), [("a.png", true), ("b.svg", false)]);
        assert_eq!(asked.join().unwrap().len(), 4);
    }

    #[test]
    fn neither_size_nor_number_is_without_bounds() {
        let mut large = b"\x89PNG\r\n\x1a\n".to_vec();
        large.resize(6 * 1024 * 1024, 0);
        let (link, asked) = lab(vec![Some((200, large))]);
        let (wishes, wanted) = bounded(1);
        let (found, arrivals) = bounded(1);
        wishes.try_send(Wish::of(&link, "a.png")).unwrap();
        drop(wishes);
        fetch_all(&wanted, &found, &[]);
        assert!(arrivals.try_recv().unwrap().1.is_none(), "6 MiB are too many");
        assert_eq!(asked.join().unwrap().len(), 1);

        let mut library = Library::default();
        // Nobody listens there.
        let link: JoinLink = "127.0.0.1:1".parse().unwrap();
        library.want(&link, (0..MOST + 50).map(|number| format!("{number}.png")));
        library.want(&link, ["x".repeat(501)]);
        assert_eq!(library.asked.len(), MOST);
    }

    #[test]
    fn a_path_stays_a_path() {
        let link: JoinLink = "dyad://lab.example:99/join?token=abc".parse().unwrap();
        let url = |path| url(&link, path);
        assert_eq!(url("a/b-1.png"), "http://lab.example:99/pictures/a/b-1.png");
        assert_eq!(url("ä?x#y"), "http://lab.example:99/pictures/%C3%A4%3Fx%23y");
    }
}
