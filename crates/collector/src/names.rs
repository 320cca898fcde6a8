//! Where things are in a store's folder.

use dyad_protocol::records::RecordName;
use dyad_protocol::{ParticipantId, SessionId};

/// The folder of bundles. No study's folder has this name: ids start with a letter or a digit.
pub const BUNDLES: &str = "_bundles";

/// The folder of what the lab has said of sessions.
pub const SESSIONS: &str = "_sessions";

/// The folder of bundles of which only a part has arrived.
pub const PARTIAL: &str = "_partial";

/// The folder of what is left of those who have withdrawn their data.
pub const WITHDRAWN: &str = "_withdrawn";

fn stem(name: &RecordName) -> String {
    let RecordName { session, scene, participant, episode } = name;
    format!("{session}/{scene}/{participant}_ep{episode}")
}

/// The folder in which a bundle and what contradicts it are.
pub(crate) fn folder(name: &RecordName) -> String {
    format!("{BUNDLES}/{}/{}", name.session, name.scene)
}

/// Where a bundle is in a store's folder.
#[must_use]
pub fn bundle_key(name: &RecordName) -> String {
    format!("{BUNDLES}/{}.tar", stem(name))
}

/// Where bundles are that are kept beside the one that counts: this, the beginning of their digest,
/// and `.tar`.
pub(crate) fn beside(name: &RecordName, why: &str) -> String {
    format!("{BUNDLES}/{}.{why}-", stem(name))
}

/// Where the parts of bundles are: this and the beginning of a bundle's digest.
pub(crate) fn partial(name: &RecordName) -> String {
    format!("{PARTIAL}/{}.", stem(name))
}

/// The folder in which parts of a record's bundle are.
pub(crate) fn partial_folder(name: &RecordName) -> String {
    format!("{PARTIAL}/{}/{}", name.session, name.scene)
}

/// Where a session's registration is.
#[must_use]
pub fn session_key(session: &SessionId) -> String {
    format!("{SESSIONS}/{session}.json")
}

/// Where a tombstone is.
#[must_use]
pub fn tombstone_key(participant: &ParticipantId) -> String {
    format!("{WITHDRAWN}/{participant}.json")
}

/// The inverse of [`bundle_key`]; `None` for a file that is no bundle, such as a conflicting one.
pub(crate) fn name_of(key: &str) -> Option<RecordName> {
    let mut parts = key.strip_prefix(BUNDLES)?.strip_prefix('/')?.split('/');
    let (session, scene) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let (participant, episode) = parts.next()?.strip_suffix(".tar")?.rsplit_once("_ep")?;
    let (participant, episode) = (participant.parse().ok()?, episode.parse().ok()?);
    let name = RecordName { session, scene, participant, episode };
    // The way back tells: "ep007" is a number but no name of ours.
    (bundle_key(&name) == key).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{bundle_key, name_of};

    #[test]
    fn a_key_and_its_name_lead_to_each_other() {
        let key = "_bundles/s-1/room/p_ep7_ep12.tar";
        let name = name_of(key).unwrap();
        assert_eq!((name.participant.as_str(), name.episode), ("p_ep7", 12));
        assert_eq!(bundle_key(&name), key);
        for other in [
            "_bundles/s-1/room/p_ep1.conflict-0123456789abcdef.tar",
            "_bundles/s-1/room/p_ep007.tar",
            "_bundles/s-1/p_ep7.tar",
            "_bundles/s-1/room/p_ep7.tar.old",
            "_bundles/s-1/room/deep/p_ep7.tar",
            "elsewhere/s-1/room/p_ep7.tar",
        ] {
            assert_eq!(name_of(other), None, "{other}");
        }
    }
}
