//! What identifies participants: what panels call them, and answers to identifying questions. It is kept
//! apart from everything else, in one file that nothing but this reads or writes, encrypted with age to
//! the experimenter's public key. The lab cannot read it; it recognises who comes back by a keyed hash
//! ([`crate::secrets`]).
//!
//! A line for each thing that is known of somebody:
//!
//! ```text
//! {"participant":"p-7f3a9c","sealed":"YWdlLWVuY3J5cHRpb24u..."}     base64 of what age has encrypted
//! {"participant":"p-7f3a9c","panel":"5f1d"}                          where there is no key
//! ```

use age::x25519;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dyad_collector::folder::{private, replace};
use dyad_protocol::{PanelId, ParticipantId, SceneId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// The file in a lab's folder.
pub(crate) const FILE: &str = "identities.jsonl";

/// The file of the public key in a lab's folder, where the experiment names none.
pub const KEY_FILE: &str = "identities-key";

/// Something that says who somebody is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// What a panel calls them.
    Panel(PanelId),
    /// What they answered to identifying questions.
    Answers {
        /// The form.
        scene: SceneId,
        /// How often it was on their way before.
        repetition: u32,
        /// By question.
        answers: BTreeMap<String, Value>,
    },
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(..)")
    }
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    participant: ParticipantId,
    #[serde(flatten)]
    content: Content,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Sealed(String),
    #[serde(untagged)]
    Open(Identity),
}

/// Why identities cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The storage fails.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something is no public key.
    #[error(
        "{0} is no public key of age, which begins with age1; `dyad-signalling keygen` makes one"
    )]
    PublicKey(String),
    /// A file holds no secret key.
    #[error("{0} holds no secret key; give the file that `dyad-signalling keygen` has written")]
    SecretKey(String),
    /// A line that is none.
    #[error("line {0} of {FILE} is not understood")]
    Line(usize),
    /// A line that was encrypted to another key.
    #[error("line {line} of {FILE} cannot be decrypted with this key: {why}")]
    Sealed {
        /// Which.
        line: usize,
        /// Why.
        why: String,
    },
    /// Nothing can be encrypted.
    #[error("cannot encrypt: {0}")]
    Seal(String),
}

/// The list of who is who.
pub struct Identities {
    file: File,
    key: Option<x25519::Recipient>,
}

impl Identities {
    /// Opens the list of a lab's folder, making it if necessary. Encrypted is to `key`, the public key that
    /// the experiment names, or to that of the folder. What is in the clear there is encrypted now,
    /// if there is a key now.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn open(folder: &Path, key: Option<&str>) -> Result<Self, IdentityError> {
        let key = public_key(folder, key)?;
        if let Some(key) = &key {
            seal_all(folder, key)?;
        } else {
            tracing::warn!(
                "there is no key for identities: what panels call people and their identifying \
                 answers stand in {FILE} as they are; `dyad-signalling keygen` makes a key"
            );
        }
        Ok(Self { file: private().append(true).create(true).open(folder.join(FILE))?, key })
    }

    /// Notes something that identifies a participant. It is on the disk when this returns.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub fn note(
        &mut self,
        participant: &ParticipantId,
        identity: &Identity,
    ) -> Result<(), IdentityError> {
        let content = match &self.key {
            Some(key) => seal(key, identity)?,
            None => Content::Open(identity.clone()),
        };
        let line = Line { participant: participant.clone(), content };
        self.file.write_all(text(&line).as_bytes())?;
        Ok(self.file.sync_data()?)
    }
}

/// Makes a pair of keys: the secret one into a file that is not there yet, in the form of age's own
/// program; the public one is returned.
///
/// # Errors
/// Whatever the system says.
pub fn make_keys(secret: &Path) -> io::Result<String> {
    use age::secrecy::ExposeSecret as _;
    let pair = x25519::Identity::generate();
    let public = pair.to_public().to_string();
    let mut file = private().write(true).create_new(true).open(secret)?;
    writeln!(file, "# public key: {public}\n{}", pair.to_string().expose_secret())?;
    file.sync_all()?;
    Ok(public)
}

/// Puts a public key into a lab's folder, for experiments that name none.
///
/// # Errors
/// Whatever the system says.
pub fn keep_key(folder: &Path, public: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    replace(folder, KEY_FILE, format!("{public}\n").as_bytes())
}

/// Everything that identifies anybody, in the order in which it came, decrypted with the secret key in
/// a file.
///
/// # Errors
/// [`IdentityError`].
pub fn read(
    folder: &Path,
    secret: Option<&Path>,
) -> Result<Vec<(ParticipantId, Identity)>, IdentityError> {
    let secret = secret.map(secret_key).transpose()?;
    let open = |(line, number): (Line, usize)| {
        let sealed = match line.content {
            Content::Open(identity) => return Ok((line.participant, identity)),
            Content::Sealed(sealed) => sealed,
        };
        let fails = |why: &dyn std::fmt::Display| IdentityError::Sealed {
            line: number,
            why: why.to_string(),
        };
        let secret = secret.as_ref().ok_or_else(|| fails(&"none was given"))?;
        let bytes = STANDARD.decode(sealed).map_err(|error| fails(&error))?;
        let bytes = age::decrypt(secret, &bytes).map_err(|error| fails(&error))?;
        let identity = serde_json::from_slice(&bytes).map_err(|error| fails(&error))?;
        Ok((line.participant, identity))
    };
    lines(folder)?.into_iter().zip(1..).map(open).collect()
}

/// Removes all that identifies a participant; says how many things that were. No lab may be running.
///
/// # Errors
/// [`IdentityError`].
pub fn remove(folder: &Path, participant: &ParticipantId) -> Result<usize, IdentityError> {
    let all = lines(folder)?;
    let count = all.len();
    let kept: Vec<String> =
        all.iter().filter(|line| line.participant != *participant).map(text).collect();
    if kept.len() < count {
        replace(folder, FILE, kept.concat().as_bytes())?;
    }
    Ok(count - kept.len())
}

fn public_key(
    folder: &Path,
    named: Option<&str>,
) -> Result<Option<x25519::Recipient>, IdentityError> {
    let text = match named {
        Some(named) => named.to_owned(),
        None => match fs::read_to_string(folder.join(KEY_FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        },
    };
    let key = text.trim().parse();
    key.map(Some).map_err(|_why| IdentityError::PublicKey(text.trim().to_owned()))
}

fn secret_key(path: &Path) -> Result<x25519::Identity, IdentityError> {
    let text = fs::read_to_string(path)?;
    let key = text.lines().find_map(|line| line.trim().parse().ok());
    key.ok_or_else(|| IdentityError::SecretKey(path.display().to_string()))
}

fn seal(key: &x25519::Recipient, identity: &Identity) -> Result<Content, IdentityError> {
    let plain = serde_json::to_vec(identity).map_err(io::Error::other)?;
    let sealed =
        age::encrypt(key, &plain).map_err(|error| IdentityError::Seal(error.to_string()))?;
    Ok(Content::Sealed(STANDARD.encode(sealed)))
}

fn seal_all(folder: &Path, key: &x25519::Recipient) -> Result<(), IdentityError> {
    let mut all = lines(folder)?;
    let mut changed = false;
    for line in &mut all {
        if let Content::Open(identity) = &line.content {
            line.content = seal(key, identity)?;
            changed = true;
        }
    }
    if changed {
        let all: Vec<String> = all.iter().map(text).collect();
        replace(folder, FILE, all.concat().as_bytes())?;
    }
    Ok(())
}

/// The lines of a folder's list. A last one that was cut off while it was written counts as not
/// written.
fn lines(folder: &Path) -> Result<Vec<Line>, IdentityError> {
    let all = match fs::read_to_string(folder.join(FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let whole = all.rfind('\n').map_or(0, |end| end + 1);
    let lines = all[..whole].lines().zip(1..);
    let parse = |(text, number)| {
        serde_json::from_str(text).map_err(|_may_quote_it| IdentityError::Line(number))
    };
    lines.map(parse).collect()
}

fn text(line: &Line) -> String {
    serde_json::to_string(line).expect("a line is plain data") + "\n"
}

#[cfg(test)]
mod tests {
    use super::{FILE, Identities, Identity, IdentityError, keep_key, make_keys, read, remove};
    use std::path::Path;

    fn panel(id: &str) -> Identity {
        Identity::Panel(id.parse().unwrap())
    }

    fn stored(folder: &Path) -> String {
        std::fs::read_to_string(folder.join(FILE)).unwrap()
    }

    #[test]
    fn what_identifies_people_is_read_with_the_experimenters_key_only() {
        let (lab, desk) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let [folder, key] = [lab.path(), &desk.path().join("key")];
        let (ann, bob) = ("p-ann".parse().unwrap(), "p-bob".parse().unwrap());
        let answers = Identity::Answers {
            scene: "last".parse().unwrap(),
            repetition: 0,
            answers: [("mail".to_owned(), "bob@example.org".into())].into(),
        };

        // Before there is a key, it stands there as it is; with the first start after, no longer.
        let mut identities = Identities::open(folder, None).unwrap();
        identities.note(&ann, &panel("5f1d0c")).unwrap();
        assert!(stored(folder).contains("5f1d0c"));
        let public = make_keys(key).unwrap();
        keep_key(folder, &public).unwrap();
        let mut identities = Identities::open(folder, None).unwrap();
        identities.note(&bob, &answers).unwrap();
        assert!(!stored(folder).contains("5f1d0c") && !stored(folder).contains("example"));

        let everybody = read(folder, Some(key)).unwrap();
        assert_eq!(everybody, [(ann.clone(), panel("5f1d0c")), (bob.clone(), answers.clone())]);
        let other = desk.path().join("other");
        let other_public = make_keys(&other).unwrap();
        for secret in [None, Some(other.as_path())] {
            let error = read(folder, secret).unwrap_err();
            assert!(matches!(error, IdentityError::Sealed { line: 1, .. }), "{error}");
        }
        assert!(make_keys(key).is_err(), "no key is overwritten");

        // What the experiment names comes before what lies in the folder.
        let mut identities = Identities::open(folder, Some(&other_public)).unwrap();
        identities.note(&ann, &panel("again")).unwrap();
        assert!(matches!(read(folder, Some(key)), Err(IdentityError::Sealed { line: 3, .. })));

        assert_eq!(remove(folder, &ann).unwrap(), 2);
        assert_eq!(read(folder, Some(key)).unwrap(), [(bob, answers)]);
        let wrong = Identities::open(folder, Some("age1no")).map(drop).unwrap_err();
        assert!(matches!(wrong, IdentityError::PublicKey(_)), "{wrong}");
    }

    #[test]
    fn a_line_that_was_cut_off_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut identities = Identities::open(folder.path(), None).unwrap();
        identities.note(&"p-1".parse().unwrap(), &panel("one")).unwrap();
        let whole = stored(folder.path());
        std::fs::write(folder.path().join(FILE), format!("{whole}{{\"partic")).unwrap();
        assert_eq!(read(folder.path(), None).unwrap().len(), 1);
        std::fs::write(folder.path().join(FILE), format!("no\n{whole}")).unwrap();
        let error = read(folder.path(), None).unwrap_err();
        assert!(matches!(error, IdentityError::Line(1)), "{error}");
    }
}
