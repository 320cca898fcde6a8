//! Identifiers. Names of studies, scenes, sessions and people are pseudonyms or words of the
//! experimenter: 1 to 64 characters of `a-z`, `0-9`, `-` and `_`, starting with a letter or a
//! digit. They can stand in a path, a file name or a table as they are.
//!
//! The short ones that the lab issues lie in the identifier itself: a lab clones them with every
//! message, and keeps those of everybody who has ever come.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;
use std::str::FromStr;

/// Why a text is no identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Empty, or longer than an identifier may be.
    #[error("has {length} characters, 1 to {most} are allowed")]
    Length {
        /// Its length in bytes.
        length: usize,
        /// The most there may be.
        most: usize,
    },
    /// A character outside the alphabet.
    #[error("contains {letter:?}; only a-z, 0-9, '-' and '_' are allowed, a letter or digit first")]
    Letter {
        /// The first such character.
        letter: char,
    },
}

const MAX_LENGTH: usize = 64;

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() || text.len() > MAX_LENGTH {
        return Err(IdError::Length { length: text.len(), most: MAX_LENGTH });
    }
    let word = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let allowed =
        |(at, letter): &(usize, char)| word(*letter) || (*at > 0 && matches!(letter, '-' | '_'));
    match text.char_indices().find(|indexed| !allowed(indexed)) {
        Some((_, letter)) => Err(IdError::Letter { letter }),
        None => Ok(()),
    }
}

macro_rules! identifier {
    ($(#[doc = $doc:literal] $name:ident;)*) => {$(
        #[doc = $doc]
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(SmolStr);

        impl $name {
            /// The identifier's text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                check(text).map(|()| Self(text.into()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.into()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

identifier! {
    #[doc = "A study: one experiment file."] StudyId;
    #[doc = "A scene of a study."] SceneId;
    #[doc = "A session: one match of participants in one scene."] SessionId;
    #[doc = "A participant, under the pseudonym that the lab issued."] ParticipantId;
}

/// A secret that gives access, 1 to 128 characters of the URL-safe base64 alphabet. Its debug
/// form is redacted, so that it stays out of logs.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(String);

impl Token {
    const MAX_LENGTH: usize = 128;

    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether two secrets are the same, found out in a time that does not tell where they
    /// differ.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let pairs = self.0.bytes().zip(other.0.bytes());
        self.0.len() == other.0.len() && pairs.fold(0, |bits, (a, b)| bits | (a ^ b)) == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl TryFrom<String> for Token {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(IdError::Length { length: text.len(), most: Self::MAX_LENGTH });
        }
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        match text.chars().find(|&letter| !allowed(letter)) {
            Some(letter) => Err(IdError::Letter { letter }),
            None => Ok(Self(text)),
        }
    }
}

impl FromStr for Token {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::try_from(text.to_owned())
    }
}

impl From<Token> for String {
    fn from(token: Token) -> Self {
        token.0
    }
}

/// What a panel such as Prolific calls a person: 1 to 128 letters, digits and `-._~@+`. It identifies,
/// so its debug form is redacted, and it stays out of records and logs.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PanelId(String);

impl PanelId {
    const MAX_LENGTH: usize = 128;

    /// The id itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PanelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PanelId(..)")
    }
}

impl TryFrom<String> for PanelId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        if text.is_empty() || text.len() > Self::MAX_LENGTH {
            return Err(IdError::Length { length: text.len(), most: Self::MAX_LENGTH });
        }
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-._~@+".contains(letter);
        match text.chars().find(|&letter| !allowed(letter)) {
            Some(letter) => Err(IdError::Letter { letter }),
            None => Ok(Self(text)),
        }
    }
}

impl FromStr for PanelId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::try_from(text.to_owned())
    }
}

impl From<PanelId> for String {
    fn from(id: PanelId) -> Self {
        id.0
    }
}

/// A password for somebody else's server: 1 to 256 visible ASCII characters. Its debug form is
/// redacted, so that it stays out of logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Password(String);

impl Password {
    const MAX_LENGTH: usize = 256;

    /// The password itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

impl TryFrom<String> for Password {
    type Error = PasswordError;

    fn try_from(text: String) -> Result<Self, PasswordError> {
        let length = text.len();
        if length == 0 || length > Self::MAX_LENGTH {
            return Err(PasswordError::Length { length, most: Self::MAX_LENGTH });
        }
        if text.chars().all(|letter| letter.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(PasswordError::Letter)
        }
    }
}

impl FromStr for Password {
    type Err = PasswordError;
    fn from_str(text: &str) -> Result<Self, PasswordError> {
        Self::try_from(text.to_owned())
    }
}

impl From<Password> for String {
    fn from(password: Password) -> Self {
        password.0
    }
}

/// Why a text is no password. It does not tell any of its letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Empty, or longer than a password may be.
    #[error("has {length} characters, 1 to {most} are allowed")]
    Length {
        /// Its length in bytes.
        length: usize,
        /// The most there may be.
        most: usize,
    },
    /// A character that is not allowed.
    #[error("contains a space or a character outside ASCII")]
    Letter,
}

/// A BLAKE3 digest as text: 64 lowercase hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexDigest(String);

impl HexDigest {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HexDigest {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        if text.len() != 64 {
            return Err(IdError::Length { length: text.len(), most: 64 });
        }
        match text.chars().find(|letter| !matches!(letter, '0'..='9' | 'a'..='f')) {
            Some(letter) => Err(IdError::Letter { letter }),
            None => Ok(Self(text)),
        }
    }
}

impl FromStr for HexDigest {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::try_from(text.to_owned())
    }
}

impl From<HexDigest> for String {
    fn from(digest: HexDigest) -> Self {
        digest.0
    }
}

impl fmt::Display for HexDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The public half of the Ed25519 key pair that a participant's computer made for signing what it
/// says of a record. As text: 64 lowercase hexadecimal digits. Whether these bytes are a point of
/// the curve is for who checks a signature to find out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "HexDigest", into = "HexDigest")]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Nobody's: the key of a seat that a program has. No signature is good for it.
    pub const NOBODY: Self = Self([0; 32]);
}

impl From<HexDigest> for PublicKey {
    fn from(HexDigest(digits): HexDigest) -> Self {
        let mut key = [0; 32];
        for (byte, pair) in key.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            let nibble = |digit: u8| if digit < b'a' { digit - b'0' } else { digit - b'a' + 10 };
            *byte = nibble(pair[0]) * 16 + nibble(pair[1]);
        }
        Self(key)
    }
}

impl From<PublicKey> for HexDigest {
    fn from(key: PublicKey) -> Self {
        Self(key.to_string())
    }
}

impl FromStr for PublicKey {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        text.parse().map(|digits: HexDigest| digits.into())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// An Ed25519 signature. As text: 128 lowercase hexadecimal digits. Whether it is good is for who
/// checks it to find out.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Signature(pub [u8; 64]);

impl TryFrom<String> for Signature {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let length = text.len();
        // Cut among ASCII only: other letters are refused by the halves.
        let (Some(first), Some(second)) = (text.get(..64), text.get(64..)) else {
            return Err(IdError::Length { length, most: 128 });
        };
        let mut bytes = [0; 64];
        for (half, digits) in bytes.chunks_exact_mut(32).zip([first, second]) {
            half.copy_from_slice(&digits.parse::<PublicKey>()?.0);
        }
        Ok(Self(bytes))
    }
}

impl From<Signature> for String {
    fn from(signature: Signature) -> Self {
        signature.to_string()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{
        HexDigest, IdError, Password, PasswordError, PublicKey, SessionId, Signature, Token,
    };

    #[test]
    fn a_signature_is_its_digits() {
        let mut bytes = [0x5a; 64];
        bytes[0] = 1;
        bytes[63] = 0xff;
        let text = Signature(bytes).to_string();
        assert_eq!(Signature::try_from(text.clone()), Ok(Signature(bytes)));
        for bad in [&text[1..], &format!("{text}0"), "", &text.replace('5', "G"), &"ä".repeat(64)]
        {
            assert!(Signature::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_identifier_can_stand_in_a_path() {
        for good in ["a", "p-7f3a", "cramped_room", "0", &"x".repeat(64)] {
            assert!(good.parse::<SessionId>().is_ok(), "{good:?}");
        }
        for bad in ["", "..", "a/b", "A", "-a", "a b", "ä", "a\0", "a\\b", &"x".repeat(65)] {
            assert!(bad.parse::<SessionId>().is_err(), "{bad:?}");
            let json = serde_json::to_string(bad).unwrap();
            assert!(serde_json::from_str::<SessionId>(&json).is_err(), "{bad:?} from JSON");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        let token: Token = "secret-123".parse().unwrap();
        assert_eq!(format!("{token:?}"), "Token(..)");
        assert_eq!(token.reveal(), "secret-123");
        assert!(token.matches(&token.clone()));
        for other in ["secret-124", "secret-12", "secret-1234", "S"] {
            assert!(!token.matches(&other.parse().unwrap()), "{other}");
        }
        assert_eq!("a/b".parse::<Token>(), Err(IdError::Letter { letter: '/' }));
    }

    #[test]
    fn a_password_is_not_printed_either() {
        let password: Password = "a+b/c==".parse().unwrap();
        assert_eq!(format!("{password:?}"), "Password(..)");
        assert_eq!(password.reveal(), "a+b/c==");
        for bad in ["two words", "b\u{f6}se", "line\n"] {
            assert_eq!(bad.parse::<Password>(), Err(PasswordError::Letter), "{bad:?}");
        }
        for bad in [String::new(), "x".repeat(257)] {
            assert!(bad.parse::<Password>().is_err());
        }
    }

    #[test]
    fn a_key_comes_back_from_its_digits() {
        let key = PublicKey(std::array::from_fn(|at| u8::try_from(at * 37 % 256).unwrap()));
        assert_eq!(key.to_string().parse(), Ok(key));
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), key);
        assert!(json.starts_with("\"00254a6f94b9de"), "{json}");
        assert!("0A".repeat(32).parse::<PublicKey>().is_err());
    }

    #[test]
    fn a_digest_has_64_lowercase_digits() {
        assert!("0a".repeat(32).parse::<HexDigest>().is_ok());
        for bad in ["", "0a", &"0A".repeat(32), &"0g".repeat(32)] {
            assert!(bad.parse::<HexDigest>().is_err(), "{bad:?}");
        }
    }
}
